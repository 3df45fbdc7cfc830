#!/usr/bin/env python3
"""Random programs on the library and on PyTorch, compared after every command.

    python3 tests/parity/differential.py --build DIR [--programs N] [--seed S]     N random programs
    python3 tests/parity/differential.py --build DIR --program FILE                the programs in FILE
    python3 tests/parity/differential.py --record FILE > TRANSCRIPT                what PyTorch answers to them

DIR holds tests/parity_driver; driver.c describes the language. A difference is shrunk to the shortest program that shows it
and printed; at the end come the counts. Exits with 1 if there was one. Needs torch 2.13, numpy and torchsummary 1.5.1.
"""
import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path

import torch

from oracle import layers, modules, pruning, tensors  # noqa: F401 (they register the commands)
from oracle.compare import first_difference
from oracle.generate import program
from oracle.ours import Patches
from oracle.session import Session
from oracle.shrink import shrink

BATCH = 100
SHOWN = 10


def parse_programs(text):
    """[(name, commands)]"""
    programs = []
    for line in text.splitlines():
        if line.startswith("program "):
            programs.append((line[8:], []))
        elif line.strip() and not line.startswith("#"):
            if not programs:
                programs.append(("unnamed", []))
            programs[-1][1].append(line)
    return programs


class Driver:
    def __init__(self, build):
        self.path = Path(build) / "tests" / "parity_driver"
        if not self.path.exists():
            raise SystemExit(f"{self.path} is missing: build the target parity_driver")

    def start(self, programs):
        text = "".join(f"program {name}\n" + "".join(f"{line}\n" for line in commands) for name, commands in programs)
        process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return process, text

    @staticmethod
    def finish(started):
        """{program: [[answer's lines] for each command]}; a crash is an answer."""
        process, text = started
        out, err = process.communicate(text)
        answers, present = {}, None
        for line in out.splitlines():
            if line.startswith("program "):
                present = answers.setdefault(line[8:], [])
            elif line.startswith("> "):
                present.append([])
            else:
                present[-1].append(line)
        if process.returncode and present is not None:
            present[-1].append(f"the driver ended with {process.returncode}: {err[-2000:]}")
        return answers

    def answers(self, name, commands):
        return self.finish(self.start([(name, commands)])).get(name, [])


class Comparison:
    def __init__(self, driver):
        self.driver = driver
        self.session = Session()
        self.patches = Patches(self.session)
        self.counts = self.session.counts
        self.differences = 0

    def check(self, commands, answers):
        """The index of the first command whose answers differ and both answers; None if there is none."""
        self.session.begin()
        for i, line in enumerate(commands):
            expected = self.session.run(line)
            got = answers[i] if i < len(answers) else ["no answer"]
            difference = first_difference(expected, got, self.counts)
            if difference and self.session.near:
                self.counts[f"programs left at a near tie: {self.session.near}"] += 1
                return None
            if difference:
                return i, difference
        return None

    def run(self, programs):
        started = self.driver.start(programs)
        process, text = started
        answers = self.driver.finish(started)
        for name, commands in programs:
            self.counts["programs"] += 1
            self.counts["commands"] += len(commands)
            found = self.check(commands, answers.get(name, []))
            if found:
                self.differences += 1
                self.report(name, commands[:found[0] + 1])

    def report(self, name, commands):
        if self.differences > SHOWN:
            return
        counts = self.session.counts.copy()
        shortest = shrink(commands, lambda kept: self.check(kept, self.driver.answers(name, kept)) is not None)
        found = self.check(shortest, self.driver.answers(name, shortest))
        self.session.counts.clear()
        self.session.counts.update(counts)
        print(f"\nDIFFERENCE in program {name}, shrunk to:\n\nprogram {name}")
        print("\n".join(shortest))
        if found:
            expected, got = found[1]
            print(f"\n  PyTorch: {expected}\n  library: {got}", flush=True)


def record(path):
    session = Session()
    Patches(session)
    for name, commands in parse_programs(Path(path).read_text()):
        session.begin()
        print(f"program {name}")
        for line in commands:
            print("\n".join([f"> {line}", *session.run(line)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="the build's folder")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", metavar="FILE", help="run the programs in FILE")
    parser.add_argument("--record", metavar="FILE", help="print PyTorch's transcript of the programs in FILE")
    parser.add_argument("--stop", type=int, default=50, help="give up after so many differences")
    parser.add_argument("--print-program", type=int, metavar="K", help="print program K of the seed, and end")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if arguments.record:
        record(arguments.record)
        return 0
    if arguments.print_program is not None:
        print("\n".join([f"program {arguments.seed}-{arguments.print_program}",
                         *program(arguments.seed, arguments.print_program)]))
        return 0

    begun = time.monotonic()
    comparison = Comparison(Driver(arguments.build))
    if arguments.program:
        comparison.run(parse_programs(Path(arguments.program).read_text()))
    else:
        for start in range(0, arguments.programs, BATCH):
            chosen = range(start, min(start + BATCH, arguments.programs))
            comparison.run([(f"{arguments.seed}-{k}", program(arguments.seed, k)) for k in chosen])
            if comparison.differences >= arguments.stop:
                break
    seconds = time.monotonic() - begun
    for name, count in sorted(comparison.counts.items()):
        print(f"{count:>14,}  {name}")
    print(f"{comparison.session.largest_tolerance:>14.3g}  largest tolerance")
    print(f"{comparison.differences:>14,}  differences ({comparison.counts['programs'] / seconds:.0f} programs a second)")
    return comparison.differences > 0


if __name__ == "__main__":
    sys.exit(main())
