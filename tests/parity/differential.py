#!/usr/bin/env python3
"""Random programs on the library and on PyTorch, compared after every command.

    python3 tests/parity/differential.py --build DIR [--programs N] [--seed S]     N random programs
    python3 tests/parity/differential.py --build DIR --program FILE                those in FILE, a transcript or not
    python3 tests/parity/differential.py --record FILE > TRANSCRIPT                what PyTorch answers to them

DIR holds tests/parity_driver; driver.c describes the language. A difference is shrunk to the shortest program that shows it
and printed; at the end come the counts. Exits with 1 if there was one. Needs torch 2.13, numpy and torchsummary 1.5.1.
"""
import argparse
import sys
import time
import warnings
from pathlib import Path

import torch

from oracle.comparison import Comparison, Driver, in_pytorch, parse_programs
from oracle.generate import program
from oracle.ours import Patches
from oracle.session import Session

BATCH = 100


def record(path):
    session = Session()
    Patches(session)
    for name, commands in parse_programs(Path(path).read_text()):
        print(f"program {name}")
        for line, (answer, _) in zip(commands, in_pytorch(session, commands)):
            print("\n".join([f"> {line}", *answer]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="the build's folder")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, metavar="K", help="begin with program K of the seed")
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
    comparison = Comparison(Driver(Path(arguments.build) / "tests" / "parity_driver"))
    if arguments.program:
        comparison.run(parse_programs(Path(arguments.program).read_text()))
    else:
        end = arguments.first + arguments.programs
        for start in range(arguments.first, end, BATCH):
            chosen = range(start, min(start + BATCH, end))
            comparison.run([(f"{arguments.seed}-{k}", program(arguments.seed, k)) for k in chosen])
            if sys.stderr.isatty():
                print(f"\r{chosen.stop:,} programs", end="", file=sys.stderr, flush=True)
            if comparison.differences >= arguments.stop:
                break
    seconds = time.monotonic() - begun
    for name, count in sorted(comparison.counts.items()):
        print(f"{count:>14,}  {name}")
    print(f"{comparison.session.largest_tolerance:>14.3g}  largest tolerance, relative to the output")
    print(f"{comparison.differences:>14,}  differences ({comparison.counts['programs'] / seconds:.0f} programs a second)")
    return comparison.differences > 0


if __name__ == "__main__":
    sys.exit(main())
