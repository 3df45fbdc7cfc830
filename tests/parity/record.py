#!/usr/bin/env python3
"""The recorded truth: transcripts of what PyTorch answers, in golden/, which ctest replays on the library without Python.

    python3 tests/parity/record.py             writes them: the programs of oracle/golden.py, which driver.c describes
    python3 tests/parity/record.py --check     asks PyTorch again about the programs that they hold, and shows what differs

Only lines that begin with "approx" may differ, within their
tolerances: PyTorch's own results depend on the processor. Needs torch 2.13, numpy and torchsummary 1.5.1.
"""
import argparse
import sys
import warnings
from pathlib import Path

import numpy
import torch

from oracle import layers, modules, pruning, tensors  # noqa: F401 (they register the commands)
from oracle.comparison import in_pytorch, parse_programs
from oracle.golden import FILES
from oracle.ours import Patches
from oracle.session import Session

GOLDEN = Path(__file__).resolve().parent / "golden"
SHOWN = 10


def transcript(session, programs):
    """A program ends before a command whose outcome hangs on less than a rounding."""
    lines = []
    for name, commands in programs:
        lines.append(f"program {name}")
        for line, (answer, near) in zip(commands, in_pytorch(session, commands)):
            if near:
                break
            lines += [f"> {line}", *answer]
    return "\n".join([*lines, ""])


def write(session):
    GOLDEN.mkdir(exist_ok=True)
    for name, programs in FILES.items():
        (GOLDEN / f"{name}.txt").write_text(transcript(session, programs()))


# ---- Check

def read_approx(line):
    """Shape, tolerance, values; NaN and ******** as NaN."""
    _, shape, tolerance, *digits = line.split()
    values = [float("nan") if word == "********" else numpy.uint32(int(word, 16)).view(numpy.float32) for word in digits]
    return shape, float.fromhex(tolerance.removeprefix("tol=")), numpy.array(values, dtype=numpy.float64)


def alike(old, new):
    if old == new:
        return True
    if not (old.startswith("approx ") and new.startswith("approx ")):
        return False
    shape, tolerance, values = read_approx(old)
    other_shape, other_tolerance, others = read_approx(new)
    return shape == other_shape and values.shape == others.shape and numpy.allclose(
        values, others, rtol=0, atol=max(tolerance, other_tolerance), equal_nan=True)


def differences(old, new):
    """The lines that differ, with their number and the command that they answer."""
    command = ""
    for number, (a, b) in enumerate(zip(old, new), 1):
        command = a if a.startswith("> ") else command
        if not alike(a, b):
            yield f"{number}: {command}\n  recorded: {a}\n  now:      {b}"
    if len(old) != len(new):
        yield f"{len(old)} lines recorded, {len(new)} now"


def check(session):
    count = 0
    for path in sorted(GOLDEN.glob("*.txt")):
        recorded = path.read_text()
        now = transcript(session, parse_programs(recorded))
        found = list(differences(recorded.splitlines(), now.splitlines()))
        count += len(found)
        print("\n".join([f"{path.name}: {now.count(chr(10))} lines, {len(found)} differences",
                         *(f"{path.name}:{each}" for each in found[:SHOWN])]))
    return count > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with golden/ instead of writing it")
    arguments = parser.parse_args()
    if not torch.__version__.startswith("2.13."):
        raise SystemExit(f"the truth is that of PyTorch 2.13, not {torch.__version__}")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    session = Session()
    Patches(session)
    if arguments.check:
        return check(session)
    write(session)
    return 0


if __name__ == "__main__":
    sys.exit(main())
