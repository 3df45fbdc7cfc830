"""What the comparisons of weight files share: reading with the library, random tensors and names, and the loop over cases.

A check is a function (prune, rng, path, counts) that returns what differs, or nothing; expect() counts what it looks at.
"""
import argparse
import ctypes as c
import os
import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy
import torch

import libprune
from libprune import bits

SKIPPED = c.CFUNCTYPE(None, c.c_void_p, c.c_char_p, c.c_char_p)


class ReadOptions(libprune.Options):
    _fields_ = [("size", c.c_size_t), ("format", c.c_int), ("to_float32", c.c_bool), ("mmap", c.c_bool),
                ("entry", c.c_char_p), ("skipped", SKIPPED), ("context", c.c_void_p)]


def described(tensors):
    return {name: (t.dtype, tuple(t.shape), bits(t)) for name, t in tensors.items()}


def read_metadata(prune, loaded):
    metadata = {}
    while (key := prune.dict_metadata_key(loaded, len(metadata))) is not None:
        metadata[key] = prune.dict_get_metadata(loaded, key)
    return metadata


def load(prune, path, skipped=None, mmap=False):
    """Tensors, described, and metadata."""
    callback = SKIPPED(lambda _, name, dtype: skipped.append(name.decode())) if skipped is not None else SKIPPED()
    options = ReadOptions(skipped=callback, mmap=mmap)
    loaded = prune.dict_from("load", os.fsencode(path), c.byref(options))
    return described(loaded.torch()), read_metadata(prune, loaded)


# ---- Random files

ALPHABET = "abc.XYZ_09/\"\\\n\t\r\b\f\x01\x1f\x7f\x85é€\u2028😀 "


def random_text(rng, longest=12):
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, longest)))


def random_tensor(rng, dtype):
    shape = [rng.choice([0, 1, 1, 2, 3, 4, 5, 7]) for _ in range(rng.randint(0, 5))]
    numel = int(numpy.prod(shape, dtype=numpy.int64))
    raw = bytes(rng.getrandbits(8) for _ in range(numel * dtype.itemsize))
    if dtype == torch.bool:
        raw = bytes(b & 1 for b in raw)
    t = torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if numel else torch.empty(shape, dtype=dtype)
    for _ in range(rng.randint(0, 3)):
        kind = rng.randint(0, 3)
        if kind == 0 and t.dim() > 1:
            t = t.transpose(*rng.sample(range(t.dim()), 2))
        elif kind == 1 and t.dim() > 0:
            dim = rng.randrange(t.dim())
            t = t[(slice(None),) * dim + (slice(rng.randint(0, 1), None, rng.randint(1, 3)),)]
        elif kind == 2 and t.dim() > 0 and t.shape[0] > 0:
            t = t[rng.randrange(t.shape[0])]
        elif kind == 3:
            t = t.unsqueeze(0).expand(rng.randint(1, 3), *t.shape)
    return t


def random_dict(rng, dtypes):
    tensors = {}
    for _ in range(rng.randint(0, 8)):
        tensors[random_text(rng)] = random_tensor(rng, rng.choice(dtypes))
    if rng.random() < 0.02:
        tensors["n" * 100000] = random_tensor(rng, rng.choice(dtypes))
        tensors["large"] = torch.randn(301, 257).t()
    return tensors


def random_metadata(rng, most):
    return {random_text(rng): random_text(rng, 30) for _ in range(rng.randint(0, most))}


# ---- Checks

def expect(counts, what, same):
    counts[what] += 1
    return [] if same else [what]


def parser(doc, cases, needs_build=True):
    """The options of a comparison, whose first line the help shows."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0])
    options.add_argument("--build", required=needs_build, help="where libprune.so is")
    options.add_argument("--cases", type=int, default=cases)
    options.add_argument("--seed", type=int, default=1)
    return options


def run(arguments, name, checks_of):
    """Runs checks_of(case) for every case, each on a file of that name, and prints the counts; whether something differed."""
    prune = libprune.Library(arguments.build)
    counts, differences = Counter(), 0
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / name)
        for case in range(arguments.cases):
            rng = random.Random(f"{arguments.seed} {case}")
            torch.manual_seed(case)
            for check in checks_of(case):
                for what in check(prune, rng, path, counts):
                    differences += 1
                    print(f"difference: {what} (case {case} of seed {arguments.seed}; {prune.last_error()})")
    for what, count in sorted(counts.items()):
        print(f"{count:8}  {what}")
    print(f"{differences} differences")
    return differences > 0
