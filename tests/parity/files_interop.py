#!/usr/bin/env python3
"""Files of the library against PyTorch and NumPy: torch.load reads its .pt files with equal bits, .npy files are
numpy.save's bytes, .npy and .npz that either writes the other reads, safetensors and .pt become each other without loss,
and damaged arrays are refused by both.

    python3 tests/parity/files_interop.py --build DIR [--cases N] [--seed N]

DIR holds libprune.so. Needs torch, numpy and safetensors. Exits with 1 on a difference.
"""
import collections
import ctypes as c
import io
import os
import sys
import threading
from pathlib import Path

import numpy
import torch

import interop
import libprune
from interop import ReadOptions, described, expect, load, random_dict, random_metadata, random_tensor, random_text
from libprune import DTYPES, bits

AUTO, SAFETENSORS, PT, NPY, NPZ = range(5)
NUMPY_DTYPES = [dtype for dtype in DTYPES if dtype != torch.bfloat16]
HELD = ["f2", "f4", "f8", "i4", "i8", "u1", "b1"]
NOT_HELD = ["i1", "i2", "u2", "u4", "u8", "c8", "c16", "f16"]
LONGEST_IN_PT = 65536  # bytes of a name, the library's limit
# Where the library refuses what NumPy accepts, on purpose: dtypes by other names, integers that are not plain digits, a
# key or string with an escape, what follows the data, sizes without a memory, comments.
STRICTER = ("does not exist", "not negative", "a character that no literal has", "goes on after", "too large", "beyond",
            "begins with 0", "a key that is none of", "not a number", "several fields", "not held", "is pickled",
            "neither a comma", "with two", "Python objects", "rank", "of Python 2", "a string without an end")


def failure(call, *arguments):
    try:
        call(*arguments)
    except libprune.Failure as wrong:
        return wrong.sentence
    return None


def save(prune, path, tensors, kind):
    prune.save(os.fsencode(path), prune.dict(tensors), kind)


def parse(prune, data, kind):
    """Tensors, described, from memory."""
    options = ReadOptions(format=kind)
    return described(prune.dict_from("load_memory", data, len(data), c.byref(options)).torch())


# ---- .pt

def short_names(tensors):
    return {name: t for name, t in tensors.items() if len(name.encode()) <= LONGEST_IN_PT}


def check_pt_writing(prune, rng, path, counts):
    tensors = random_dict(rng, DTYPES)
    wrong = []
    if any(len(name.encode()) > LONGEST_IN_PT for name in tensors):
        sentence = failure(save, prune, path, tensors, PT)
        wrong += expect(counts, ".pt with too long a name is refused", sentence is not None and "65536 bytes" in sentence)
        tensors = short_names(tensors)
    save(prune, path, tensors, PT)
    for mmap in (False, True):
        loaded = torch.load(path, weights_only=True, mmap=mmap)
        same = described(loaded) == described(tensors) and list(loaded) == list(tensors)
        same = same and type(loaded) is collections.OrderedDict
        same = same and all(t.is_contiguous() and not t.requires_grad for t in loaded.values())
        wrong += expect(counts, "torch reads our .pt", same)
    return wrong


def check_conversion(prune, rng, path, counts):
    tensors, metadata = short_names(random_dict(rng, DTYPES)), random_metadata(rng, 3)
    made = prune.dict(tensors)
    for key, text in metadata.items():
        prune.dict_set_metadata(made, key, text)
    prune.save(os.fsencode(path), made, SAFETENSORS)
    first = Path(path).read_bytes()
    loaded = prune.dict_from("load", os.fsencode(path), None)
    prune.save(os.fsencode(path), loaded, PT)
    wrong = expect(counts, "torch reads safetensors made .pt",
                   described(torch.load(path, weights_only=True)) == described(tensors))
    mapping = ReadOptions(mmap=True)
    back = prune.dict_from("load", os.fsencode(path), c.byref(mapping))
    for key, text in metadata.items():
        prune.dict_set_metadata(back, key, text)
    prune.save(os.fsencode(path), back, SAFETENSORS)
    return wrong + expect(counts, "safetensors through .pt and back", Path(path).read_bytes() == first)


# ---- .npy

def random_array(rng, kinds, order="<"):
    dtype = numpy.dtype(rng.choice("<>" if order == "any" else order) + rng.choice(kinds))
    shape = [rng.choice([0, 1, 1, 2, 3, 5, 11]) for _ in range(rng.randint(0, 4))]
    count = int(numpy.prod(shape, dtype=numpy.int64))
    raw = rng.randbytes(count * dtype.itemsize)
    if dtype.kind == "b":
        raw = bytes(b & 1 for b in raw)
    array = numpy.frombuffer(raw, dtype).reshape(shape)
    return numpy.asfortranarray(array).reshape(shape, order="F" if array.ndim > 1 else "C") if rng.random() < 0.5 else array


def same_array(loaded, array):
    """What the library made of an array: its values, in the machine's order."""
    native = numpy.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False)).reshape(array.shape)
    return loaded[1:] == (array.shape, native.tobytes()) and str(loaded[0]) == f"torch.{native.dtype.name}"


def saved(array, **keywords):
    buffer = io.BytesIO()
    numpy.save(buffer, array, **keywords)
    return buffer.getvalue()


def check_npy(prune, rng, path, counts):
    t = random_tensor(rng, rng.choice(NUMPY_DTYPES))
    save(prune, path, {"any": t}, NPY)
    plain = numpy.ascontiguousarray(t.numpy()).reshape(t.shape)
    wrong = expect(counts, "numpy.save's bytes", Path(path).read_bytes() == saved(plain))
    array = random_array(rng, HELD, "any")
    data = saved(array)
    for version in ((1, 0), (2, 0), (3, 0)):
        buffer = io.BytesIO()
        numpy.lib.format.write_array(buffer, array, version)
        loaded = parse(prune, buffer.getvalue(), AUTO)
        wrong += expect(counts, "ours reads numpy's .npy", same_array(loaded["arr_0"], array))
    pipe = path + ".pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: Path(pipe).write_bytes(data))
    writer.start()
    loaded, _ = load(prune, pipe)
    writer.join()
    os.remove(pipe)
    return wrong + expect(counts, "ours reads a pipe", same_array(loaded["arr_0"], array))


def check_npy_not_held(prune, rng, path, counts):
    array = random_array(rng, NOT_HELD, "any")
    Path(path).write_bytes(saved(array))
    skipped = []
    loaded, _ = load(prune, path, skipped)
    wrong = expect(counts, "arrays not held are skipped", loaded == {} and skipped == ["arr_0"])
    sentence = failure(load, prune, path)
    wrong += expect(counts, "arrays not held are refused", sentence and sentence.startswith("unsup: "))
    for other, fault in ((numpy.array([None]), "unsafe: "), (numpy.array(["a"]), "unsup: "),
                         (numpy.zeros(2, "M8[s]"), "unsup: "), (numpy.zeros(2, [("a", "<f4")]), "unsup: ")):
        Path(path).write_bytes(saved(other, allow_pickle=True))
        sentence = failure(load, prune, path)
        wrong += expect(counts, "no numbers are refused", sentence and sentence.startswith(fault))
    return wrong


def damage(rng, data):
    """The array with something changed, mostly in its header, whose length is mended or not."""
    length = int.from_bytes(data[8:10], "little")
    header, rest = bytearray(data[10:10 + length].rstrip() + b"\n"), data[10 + length:]
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(header)) if header else 0
        kind = rng.randint(0, 5)
        if kind == 0 and header:
            header[at] = rng.getrandbits(8)
        elif kind == 1 and header:
            header[at] = rng.choice(b"0123456789{}[]()',:-. \\LTF")
        elif kind == 2:
            del header[at:at + rng.randint(1, 3)]
        elif kind == 3:
            header[at:at] = rng.choice([b"0", b",", b"(", b"'", b"18446744073709551615", b" ", b"-", b"True", b"\n"])
        elif kind == 4 and header:
            end = min(len(header), at + rng.randint(1, 60))
            header[at:at] = header[at:end]
        else:
            rest = rest[:-1] if rng.random() < 0.5 else rest + b"\0"
    return data[:6] + b"\1\0" + len(header).to_bytes(2, "little") + bytes(header) + rest


def numpy_reads(data):
    try:
        buffer = io.BytesIO(data)
        array = numpy.lib.format.read_array(buffer, allow_pickle=False)
        return array
    except Exception:  # NumPy raises what its parts raise
        return None


def check_damaged(prune, rng, path, counts):
    data = damage(rng, saved(random_array(rng, HELD)))
    array = numpy_reads(data)
    try:
        loaded, sentence = parse(prune, data, NPY), None
    except libprune.Failure as wrong:
        loaded, sentence = None, wrong.sentence
    if loaded is not None:
        return expect(counts, "damaged, accepted", array is not None and same_array(loaded["arr_0"], array))
    twice = any(data.count(key) > 1 for key in (b"descr", b"fortran_order", b"shape"))  # of which Python takes the last
    on_purpose = twice or any(words in sentence for words in STRICTER)
    return expect(counts, "damaged, refused", array is None or on_purpose)


# ---- .npz

def is_record_name(name):
    return name and not name.startswith("/") and ".." not in name and len(name.encode()) < 65000


def check_npz(prune, rng, path, counts):
    tensors = {name: t for name, t in random_dict(rng, NUMPY_DTYPES).items() if is_record_name(name)}
    save(prune, path, tensors, NPZ)
    with numpy.load(path) as arrays:
        got = {name: (arrays[name].dtype.name, arrays[name].shape, arrays[name].tobytes()) for name in arrays.files}
    expected = {name: (t.numpy().dtype.name, tuple(t.shape), bits(t)) for name, t in tensors.items()}
    wrong = expect(counts, "numpy reads our .npz", got == expected and list(got) == list(expected))
    arrays = {random_text(rng): random_array(rng, HELD, "any") for _ in range(rng.randint(0, 4))}
    arrays = {name: array for name, array in arrays.items() if is_record_name(name)}
    numpy.savez(path + ".npz", **arrays)
    loaded, _ = load(prune, path + ".npz")
    same = list(loaded) == list(arrays) and all(same_array(loaded[name], array) for name, array in arrays.items())
    wrong += expect(counts, "ours reads numpy's .npz", same)
    if arrays:
        numpy.savez_compressed(path + ".npz", **arrays)
        sentence = failure(load, prune, path + ".npz")
        wrong += expect(counts, "compressed archives are refused", sentence and "is compressed" in sentence)
    return wrong


CHECKS = [check_pt_writing, check_conversion, check_npy, check_npy_not_held, check_npz] + [check_damaged] * 20


def main():
    return interop.run(interop.parser(__doc__, cases=500).parse_args(), "file", lambda case: CHECKS)


if __name__ == "__main__":
    sys.exit(main())
