#!/usr/bin/env python3
"""How much faster each operation is than PyTorch's, and how far from what the machine allows.

    python3 tests/bench/compare.py --build build [--rows GLOB] [--quick] [--json FILE] [--markdown FILE] [--growth STEM]

Needs PyTorch 2.13 and safetensors. Both sides run in this process on the same data, by turns, one thread each; the times
are CPU times of that thread, the ratios medians of the ratios of each turn. Ours repeats in C; PyTorch's own overhead
is what its user pays. onnxruntime (with onnx), frozen TorchScript and the OpenBLAS of numpy join in where they are
installed. Before it is timed, both results are compared. Exits with 1 if a row misses its goal or results differ.
"""
import os

os.environ.pop("OPENBLAS_CORETYPE", None)    # a core that was named for another program halves the speed
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import gc  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from fnmatch import fnmatch  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

import machine  # noqa: E402
import measure  # noqa: E402
import ours  # noqa: E402
import table  # noqa: E402
from goals import goal_of  # noqa: E402


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=Path, help="the build folder")
    parser.add_argument("--rows", default="*", metavar="GLOB", help='those rows alone, such as "l1*"')
    parser.add_argument("--quick", action="store_true",
                        help="few and short repetitions, and what takes over half a second runs once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the samples")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table")
    parser.add_argument("--growth", type=Path, metavar="STEM",
                        help="instead of the table: cost per entry from 10^2 to 10^8, into STEM.csv and STEM.svg")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    os.environ.setdefault("TMPDIR", tempfile.gettempdir())
    torch.set_num_threads(1)
    gc.freeze()    # what was imported stays: collecting the rest before each sample is quick then
    bench = ours.Bench(arguments.build.resolve())
    pace = measure.QUICK if arguments.quick else measure.FULL
    for line in machine.describe(arguments.build):
        print(line)
    if arguments.growth:
        bench.write_growth(arguments.growth, measure.growth(bench, pace))
        return 0
    results = []
    for row in bench.rows():
        if fnmatch(row.name, arguments.rows):
            result = measure.Result(bench, row, goal_of(row.name), pace)
            print(table.text(result, results[-1] if results else None), flush=True)
            results.append(result)
    print("\n" + table.summary(results))
    if arguments.json:
        table.write_json(arguments.json, machine.describe(arguments.build), results)
    if arguments.markdown:
        arguments.markdown.write_text(table.markdown(results))
    return int(not results or any(result.misses for result in results))


if __name__ == "__main__":
    sys.exit(main())
