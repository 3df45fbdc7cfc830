"""The two sides of a comparison, and what is reported of it."""
import subprocess
import tempfile
from pathlib import Path

from . import layers, modules, pruning, tensors  # noqa: F401 (they register the commands)
from .compare import first_difference
from .ours import Patches
from .session import Session
from .shrink import shrink


SHOWN = 10


def parse_programs(text):
    """[(name, commands)], of programs or of a transcript."""
    programs = []
    lines = text.splitlines()
    if any(line.startswith("> ") for line in lines):
        lines = [line.removeprefix("> ") for line in lines if line.startswith(("> ", "program "))]
    for line in lines:
        if line.startswith("program "):
            programs.append((line[8:], []))
        elif line.strip() and not line.startswith("#"):
            if not programs:
                programs.append(("unnamed", []))
            programs[-1][1].append(line)
    return programs


class Driver:
    """The built driver, running in the background from start() to finish()."""

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.exists():
            raise SystemExit(f"{path} is missing: build the target parity_driver")

    def start(self, programs):
        self.input = tempfile.TemporaryFile("w+")
        self.output = tempfile.TemporaryFile("w+")
        for name, commands in programs:
            self.input.write("\n".join([f"program {name}", *commands, ""]))
        self.input.seek(0)
        self.process = subprocess.Popen([self.path], stdin=self.input, stdout=self.output, stderr=subprocess.PIPE, text=True)

    def finish(self):
        """{program: [[answer's lines] for each command]}; a crash is an answer."""
        _, errors = self.process.communicate()
        self.output.seek(0)
        answers, present = {}, [[]]
        for line in self.output:
            line = line.rstrip("\n")
            if line.startswith("program "):
                present = answers.setdefault(line[8:], [])
            elif line.startswith("> "):
                present.append([])
            else:
                present[-1].append(line)
        if self.process.returncode:
            present[-1].append(f"the driver ended with {self.process.returncode}: {errors[-2000:]}")
        self.input.close()
        self.output.close()
        return answers

    def answers(self, name, commands):
        self.start([(name, commands)])
        return self.finish().get(name, [])


def in_pytorch(session, commands):
    """[(the answer's lines, why the outcome is not certain or None) for each command]"""
    session.begin()
    return [(session.run(line), session.near) for line in commands]


class Comparison:
    def __init__(self, driver):
        self.driver = driver
        self.session = Session()
        Patches(self.session)
        self.counts = self.session.counts
        self.differences = 0

    def check(self, expected, answers):
        """The first command that is answered differently, its index and both lines; None if there is none."""
        for i, (lines, near) in enumerate(expected):
            difference = first_difference(lines, answers[i] if i < len(answers) else ["(no answer)"], self.counts)
            if difference and near:
                self.counts[f"programs left at a near tie: {near}"] += 1
                return None
            if difference:
                return i, *difference
        return None

    def run(self, programs):
        self.driver.start(programs)
        expected = {name: in_pytorch(self.session, commands) for name, commands in programs}
        answers = self.driver.finish()
        for name, commands in programs:
            self.counts["programs"] += 1
            self.counts["commands"] += len(commands)
            found = self.check(expected[name], answers.get(name, []))
            if found:
                self.differences += 1
                if self.differences <= SHOWN:
                    self.report(name, commands[:found[0] + 1])

    def report(self, name, commands):
        counts = self.counts.copy()

        def difference(kept):
            return self.check(in_pytorch(self.session, kept), self.driver.answers(name, kept))

        shortest = shrink(commands, lambda kept: difference(kept) is not None)
        found = difference(shortest)
        self.counts.clear()
        self.counts.update(counts)
        print(f"\nDIFFERENCE in program {name}, shrunk to:\n\nprogram {name}")
        print("\n".join(shortest))
        if found:
            print(f"\n  PyTorch: {found[1]}\n  library: {found[2]}", flush=True)
