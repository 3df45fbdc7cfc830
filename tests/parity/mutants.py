#!/usr/bin/env python3
"""Whether the comparison would notice: ten deliberate bugs, each built into a copy of the sources, each of which random
programs must find.

    python3 tests/parity/mutants.py [--programs N] [--seed S] [--jobs J]

Exits with 1 if a bug is not found, or if its place in the sources is not there exactly once. Needs torch 2.13, numpy,
torchsummary 1.5.1, CMake and a compiler.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from oracle.comparison import Comparison, Driver, in_pytorch
from oracle.generate import program

ROOT = Path(__file__).resolve().parents[2]

# What is wrong, the file, the text that is right, the text that is wrong.
MUTANTS = [
    ("amounts round half up", "src/prune/amount.c",
     "rint(amount.fraction * (double)units)",
     "floor(amount.fraction * (double)units + 0.5)"),
    ("the sort that ends a selection turns equal entries round (<= for <)", "src/kernels/select_ties.c",
     "place > 0 && before(entry, a[place - 1])",
     "place > 0 && !before(a[place - 1], entry)"),
    ("one unit too few", "src/prune/amount.c",
     "*count = wanted;",
     "*count = wanted > 1 ? wanted - 1 : wanted;"),
    ("a negative dim counts from the front", "src/prune/compute.c",
     "*out = dim < 0 ? dim + t->ndim : dim;",
     "*out = dim < 0 ? -dim - 1 : dim;"),
    ("a channel that stays forgets its mask", "src/kernels/mask.c",
     "x[i] *= scales[c];",
     "x[i] = scales[c];"),
    ("uniform_ rounds twice", "src/kernels/mt19937_loops.h",
     "fmaf(draw_float(tempered(words[i])), step, from);",
     "draw_float(tempered(words[i])) * step + from;"),
    ("random_unstructured takes a draw too many", "src/prune/entries.c",
     "pruni_generator_draw(p->generator, p->by.draws, part->n);",
     "pruni_generator_draw(p->generator, p->by.draws, part->n);\n        pruni_generator_draw(p->generator, drawn, 1);"),
    ("a removed hook gives its id back", "src/nn/hook.c",
     "pruni_hook *hook = *place;",
     "pruni_hook *hook = *place;\n    next_id = hook->id;"),
    ("the renamed parameter comes first", "src/prune/application.c",
     "put(parameters, &app->orig_name, app->orig, &app->replaced[0]);",
     "put(parameters, &app->orig_name, app->orig, &app->replaced[0]);\n"
     "    for (int64_t i = parameters->count - 1; i > 0; i--) {\n"
     "        pruni_entry later = parameters->items[i];\n"
     "        parameters->items[i] = parameters->items[i - 1];\n"
     "        parameters->items[i - 1] = later;\n"
     "    }"),
    ("of tied entries those of highest index go", "src/prune/fusion.c",
     "pruni_kernel_order_as_torch(entries, count, s->k);",
     "for (int64_t gap = count / 2; gap > 0; gap /= 2)\n"
     "    for (int64_t i = gap; i < count; i++) {\n"
     "        uint64_t entry = entries[i];\n"
     "        int64_t place = i;\n"
     "        for (; place >= gap && (entries[place - gap] ^ UINT32_MAX) > (entry ^ UINT32_MAX); place -= gap)\n"
     "            entries[place] = entries[place - gap];\n"
     "        entries[place] = entry;\n"
     "    }"),
]


class Tree:
    """A copy of the sources and its build."""

    def __init__(self, folder, jobs):
        self.source, self.binary, self.jobs = Path(folder) / "source", Path(folder) / "build", str(jobs)
        for name in ("include", "src", "tests", "examples"):
            shutil.copytree(ROOT / name, self.source / name, ignore=shutil.ignore_patterns("data"))
        shutil.copy(ROOT / "CMakeLists.txt", self.source)
        self.command("cmake", "-S", self.source, "-B", self.binary, "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O1",
                     "-DPRUNE_BUILD_EXAMPLES=OFF", "-DPRUNE_INSTALL=OFF")

    @staticmethod
    def command(*words):
        result = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            raise SystemExit(result.stdout[-4000:])

    def build(self):
        self.command("cmake", "--build", self.binary, "--target", "parity_driver", "-j", self.jobs)

    def driver(self):
        return Driver(self.binary / "tests" / "parity_driver")

    def mutated(self, path, right, wrong):
        """Builds with the bug, and puts the source back."""
        file = self.source / path
        text = file.read_text()
        if text.count(right) != 1:
            raise SystemExit(f"{path} has this {text.count(right)} times, not once: {right}")
        file.write_text(text.replace(right, wrong))
        self.build()
        file.write_text(text)
        return self.driver()


def found_in(comparison, programs, expected):
    """The first program that differs, and how many do."""
    comparison.driver.start(programs)
    answers = comparison.driver.finish()
    names = [name for name, _ in programs if comparison.check(expected[name], answers.get(name, []))]
    return (names or [None])[0], len(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as meanwhile:
        tree = Tree(folder, arguments.jobs)
        built = meanwhile.submit(tree.build)
        comparison = Comparison(None)
        programs = [(f"{arguments.seed}-{k}", program(arguments.seed, k)) for k in range(arguments.programs)]
        expected = {name: in_pytorch(comparison.session, commands) for name, commands in programs}
        built.result()
        comparison.driver = tree.driver()
        first, count = found_in(comparison, programs, expected)
        if count:
            raise SystemExit(f"without a bug {count} programs differ, the first is {first}")
        missed = 0
        for what, path, right, wrong in MUTANTS:
            comparison.driver = tree.mutated(path, right, wrong)
            first, count = found_in(comparison, programs, expected)
            missed += not count
            print(f"{what}: " + (f"found by {count} of {len(programs)} programs, first by {first}" if count else "NOT FOUND"),
                  flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} bugs found ({time.monotonic() - begun:.0f} s)")
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
