#!/usr/bin/env python3
"""Weight files that are pruned, against PyTorch.

    python3 tests/parity/checkpoints.py --build build [--files 1000] [--networks 50] [--seed 1]

The command prune_checkpoint: random files of float32, float16, bfloat16 and float64 tensors, some pruned already, through
random options; the files that both make must have the same bits. PyTorch prunes float32 copies, and its masks are applied to
the tensors in their own dtype. And pruned networks through files: from PyTorch into one here that is not pruned, pruned
further in both, and back. Needs torch and safetensors, and a build with the shared library.
"""
import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn.utils import prune

from libprune import Library

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64]
WORDS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, float("inf"), -float("inf"), float("nan")]


def values(r, shape):
    n = torch.Size(shape).numel()
    kind = r.randrange(3)
    if kind == 0:  # ties
        return torch.tensor([r.choice(WORDS) if r.random() < 0.3 else r.randrange(-8, 8) / 4 for _ in range(n)]).view(shape)
    if kind == 1:
        return torch.randn(shape)
    return torch.randn(shape).bfloat16().float()


def make_file(r, path):
    """The tensors, and the names of those that are pruned already."""
    tensors, pairs = {}, set()
    for i in r.sample(range(20), r.randrange(1, 6)):
        shape = [r.randrange(1, 7) for _ in range(r.choice([2, 2, 3, 4]))]
        shape[1] *= 2
        name, t = f"layer{i}.weight", values(r, shape).to(r.choice(DTYPES))
        if r.random() < 0.3:
            pairs.add(name)
            tensors[name + "_orig"] = t
            tensors[name + "_mask"] = (torch.rand(shape) < 0.7).to(t.dtype)
        else:
            tensors[name] = t
    tensors["layer0.bias"] = values(r, [5]).half()
    tensors["steps"] = torch.tensor(7)
    save_file(tensors, path)
    return tensors, pairs


def modules(path, tensors, pairs):
    """A module for each matrix, in the order of the file, pruned where it is."""
    with safe_open(path, "pt") as file:
        keys = file.offset_keys() if hasattr(file, "offset_keys") else file.keys()
    found = {}
    for key in keys:
        name = key.removesuffix("_orig")
        if key.endswith("_mask") or tensors[key].dim() < 2:
            continue
        module = torch.nn.Module()
        module.weight = torch.nn.Parameter(tensors[key].float())
        if name in pairs:
            prune.custom_from_mask(module, "weight", tensors[name + "_mask"])
        found[name] = module
    return found


def choose(r, found):
    """Options, and a function that does the same in PyTorch."""
    kind = r.choice(["l1", "l1", "random", "random", "ln", "channels", "global l1", "global random", "mask"])
    amount = r.choice([0.0, 0.1, 0.5, 0.9, 1.0, r.random(), 0, 1])
    seed = str(r.randrange(1000))
    torch.manual_seed(int(seed))
    options = ["--amount", str(amount), "--seed", seed, "--ties", "torch"]
    every = [(m, "weight") for m in found.values()]
    if kind.startswith("global"):
        method = prune.L1Unstructured if kind.endswith("l1") else prune.RandomUnstructured
        return [*options, "--global", "--method", kind[7:]], lambda: prune.global_unstructured(every, method, amount=amount)
    dim, n = r.choice([0, 1, -1]), r.choice([1, 2, float("inf")])
    each = {
        "l1": (["--method", "l1"], lambda m: prune.l1_unstructured(m, "weight", amount)),
        "random": (["--method", "random"], lambda m: prune.random_unstructured(m, "weight", amount)),
        "ln": (["--method", "ln", "--dim", str(dim), "--n", str(n)],
               lambda m: prune.ln_structured(m, "weight", amount, n, dim)),
        "channels": (["--method", "random", "--dim", str(dim)], lambda m: prune.random_structured(m, "weight", amount, dim)),
    }
    if kind == "mask":
        masks = {name: (torch.rand(m.weight.shape) < 0.5) for name, m in found.items() if r.random() < 0.7}
        return masks, lambda: [prune.custom_from_mask(found[name], "weight", mask) for name, mask in masks.items()]
    words, call = each[kind]
    return [*options, *words], lambda: [call(m) for m in found.values()]


def expected(tensors, pairs, found, keeps, left):
    out = {key: t for key, t in tensors.items() if key in ("layer0.bias", "steps")}
    for name, module in found.items():
        value = tensors[name + "_orig" if name in pairs else name]
        if name in left:
            out |= {key: t for key, t in tensors.items() if key.startswith(name)}
            continue
        mask = getattr(module, "weight_mask", torch.ones(value.shape)).to(value.dtype)
        out |= {name + "_orig": value, name + "_mask": mask} if keeps else {name: mask * value}
    return out


def same_bits(a, b):
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    nan = a.isnan() & b.isnan()
    return torch.equal(a.isnan(), b.isnan()) and torch.equal(a.signbit()[~nan], b.signbit()[~nan]) and torch.equal(a[~nan], b[~nan])


def compare(program, r, folder):
    path, out, mask_path = folder / "in.safetensors", folder / "out.safetensors", folder / "masks.safetensors"
    tensors, pairs = make_file(r, path)
    found = modules(path, tensors, pairs)
    options, work = choose(r, found)
    left = set()
    if isinstance(options, dict):
        left = set(found) - set(options)
        save_file(options, mask_path)
        options = ["--method", "custom-mask", "--mask", str(mask_path)]
    keeps = r.random() < 0.5
    command = [program, path, out, "--report", "none", *options, *(["--keep-masks"] if keeps else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        work()
    except (ValueError, RuntimeError, IndexError) as error:
        return None if done.returncode == 1 and str(error) in done.stderr else f"{command}\n{error!r}\n{done.stderr}"
    if done.returncode != 0:
        return f"{command}\n{done.stderr}"
    got, wanted = load_file(out), expected(tensors, pairs, found, keeps, left)
    if got.keys() != wanted.keys():
        return f"{command}\n{sorted(got)}\n{sorted(wanted)}"
    wrong = [key for key in wanted if not same_bits(got[key], wanted[key])]
    return f"{command}\n{wrong}\n{got[wrong[0]]}\n{wanted[wrong[0]]}" if wrong else None


# ---- Networks

def round_trip(library, folder):
    """Whether a pruned layer comes back as PyTorch would have pruned it."""
    path = str(folder / "network.safetensors")
    theirs, back = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(3, 4, 3)
    prune.l1_unstructured(theirs, "weight", 0.4)
    prune.random_unstructured(theirs, "bias", 1)
    save_file(theirs.state_dict(), path)
    ours = library.layer("Conv2d", 3, 4, 3).eval()
    library.load_pruned_state_dict(ours, library.dict_from("load", path, None), True, None)
    x = torch.rand(1, 3, 8, 8)
    near = torch.allclose(ours(x).torch(), theirs(x), atol=1e-5)
    library.l1_unstructured(ours, "weight", library.fraction(0.5), None)
    prune.l1_unstructured(theirs, "weight", 0.5)
    library.save(path, library.dict_from("module_state_dict", ours, False), 0)
    for name in ("weight", "bias"):
        prune.identity(back, name)
    back.load_state_dict(load_file(path), strict=True)
    wanted = theirs.state_dict()
    return near and all(torch.equal(t, wanted[name]) for name, t in back.state_dict().items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    differences = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i in range(arguments.files):
            r = random.Random(f"{arguments.seed} {i}")
            torch.manual_seed(r.randrange(1 << 30))
            difference = compare(arguments.build / "examples" / "prune_checkpoint", r, folder)
            if difference:
                differences += 1
                print(f"file {i}: {difference}")
        library = Library(arguments.build)
        networks = sum(round_trip(library, folder) for _ in range(arguments.networks))
    print(f"{arguments.files} files, {differences} differences; {networks} of {arguments.networks} networks came back alike")
    return differences > 0 or networks < arguments.networks


if __name__ == "__main__":
    sys.exit(main())
