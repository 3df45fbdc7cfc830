#!/usr/bin/env python3
"""Files of the library against the safetensors package: what either writes the other reads with equal bits, the library
writes the package's bytes (its metadata sorted), and damaged files are refused by both.

    python3 tests/parity/safetensors_interop.py --build DIR [--cases N] [--seed N]

DIR holds libprune.so. Needs torch, numpy and safetensors. Exits with 1 on a difference.
"""
import json
import os
import struct
import sys
import threading
from pathlib import Path

import safetensors
import safetensors.numpy
import safetensors.torch
import torch

import interop
import libprune
from interop import described, expect, load, random_dict, random_metadata
from libprune import DTYPES, bits, dense

NOT_HELD = [torch.int8, torch.int16, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64, torch.uint32]
# Where the library refuses what the package accepts, on purpose (see the header).
STRICTER = ("dup", "overflow", "unsup", "its description is not an object")

SAFETENSORS = 1  # PRUNE_FORMAT_SAFETENSORS
def save(prune, path, tensors, metadata):
    made = prune.dict(tensors)
    for key, text in metadata.items():
        prune.dict_set_metadata(made, key, text)
    prune.save(os.fsencode(path), made, SAFETENSORS)


def parse(prune, data):
    """None, or the error."""
    try:
        prune.dict_from("load_memory", data, len(data), None)
        return None
    except libprune.Failure as failure:
        return failure.sentence


# ---- Checks: each returns what differs, or nothing

def sorted_metadata(data):
    """The package's bytes, as they would be had it sorted its metadata."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    if "__metadata__" in header:
        pairs = header["__metadata__"].items()
        header["__metadata__"] = dict(sorted(pairs, key=lambda pair: pair[0].encode()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + length:]


def check_writing(prune, rng, path, counts):
    tensors = random_dict(rng, DTYPES)
    metadata = random_metadata(rng, 4)
    save(prune, path, tensors, metadata)
    wrong = expect(counts, "torch reads ours", described(safetensors.torch.load_file(path)) == described(tensors))
    with safetensors.safe_open(path, "pt") as file:
        wrong += expect(counts, "metadata read from ours", (file.metadata() or {}) == metadata)
    reference = safetensors.torch.save({name: dense(t) for name, t in tensors.items()}, metadata or None)
    ours = Path(path).read_bytes()
    wrong += expect(counts, "the same bytes",
                    ours == (reference if len(metadata) < 2 else sorted_metadata(reference)))
    if all(t.dtype != torch.bfloat16 for t in tensors.values()):
        arrays = safetensors.numpy.load_file(path)
        same = arrays.keys() == tensors.keys() and all(
            a.shape == tuple(tensors[name].shape) and a.tobytes() == bits(tensors[name]) for name, a in arrays.items())
        wrong += expect(counts, "numpy reads ours", same)
    return wrong


def in_file_order(path):
    data = Path(path).read_bytes()
    header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
    header.pop("__metadata__", None)
    return sorted(header, key=lambda name: (header[name]["data_offsets"], name.encode()))


def check_reading(prune, rng, path, counts):
    tensors = {name: dense(t) for name, t in random_dict(rng, DTYPES).items()}
    metadata = random_metadata(rng, 4)
    safetensors.torch.save_file(tensors, path, metadata or None)
    loaded, got = load(prune, path)
    wrong = expect(counts, "ours reads torch's", loaded == described(tensors))
    wrong += expect(counts, "ours maps torch's", load(prune, path, mmap=True)[0] == described(tensors))
    wrong += expect(counts, "metadata read by ours", got == metadata)
    wrong += expect(counts, "order in the file", list(loaded) == in_file_order(path))
    if all(t.dtype != torch.bfloat16 for t in tensors.values()):
        safetensors.numpy.save_file({name: t.numpy() for name, t in tensors.items()}, path, metadata or None)
        wrong += expect(counts, "ours reads numpy's", load(prune, path)[0] == described(tensors))
    return wrong


def check_other_dtypes(prune, rng, path, counts):
    tensors = {name: dense(t) for name, t in random_dict(rng, DTYPES + NOT_HELD).items()}
    safetensors.torch.save_file(tensors, path)
    skipped = []
    loaded, _ = load(prune, path, skipped)
    held = {name: t for name, t in tensors.items() if t.dtype in DTYPES}
    same = loaded == described(held) and set(skipped) == tensors.keys() - held.keys()
    wrong = expect(counts, "dtypes not held are skipped", same)
    fault = parse(prune, Path(path).read_bytes())
    wrong += expect(counts, "dtypes not held are refused", bool(fault and fault.startswith("unsup: ")) == bool(skipped))
    return wrong


def check_pipe(prune, rng, path, counts):
    tensors = {name: dense(t) for name, t in random_dict(rng, DTYPES).items()}
    data = safetensors.torch.save(tensors)
    pipe = path + ".pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: Path(pipe).write_bytes(data))
    writer.start()
    loaded, _ = load(prune, pipe)
    writer.join()
    os.remove(pipe)
    return expect(counts, "ours reads a pipe", loaded == described(tensors))


def damage(rng, data):
    """The file with something changed, mostly in its header, whose length is mended or not."""
    length = struct.unpack("<Q", data[:8])[0]
    header, rest = bytearray(data[8:8 + length]), data[8 + length:]
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(header)) if header else 0
        kind = rng.randint(0, 5)
        if kind == 0 and header:
            header[at] = rng.getrandbits(8)
        elif kind == 1 and header:
            header[at] = rng.choice(b'0123456789{}[]",:-. \\')
        elif kind == 2:
            del header[at:at + rng.randint(1, 3)]
        elif kind == 3:
            header[at:at] = rng.choice([b"0", b",", b"[", b'"', b"\\u0000", b"18446744073709551615", b" ", b"-",
                                        bytes([rng.randrange(32)]), bytes([rng.randrange(128, 256)])])
        elif kind == 4 and header:
            end = min(len(header), at + rng.randint(1, 60))
            header[at:at] = header[at:end]
        else:
            rest = rest[:-1] if rng.random() < 0.5 else rest + b"\0"
    claimed = len(header) if rng.random() < 0.95 else rng.choice([0, length, 2 ** 63, 100000001])
    return struct.pack("<Q", claimed) + bytes(header) + rest


def accepted_by_package(data):
    try:
        safetensors.deserialize(data)
        return True
    except safetensors.SafetensorError:
        return False


def check_damaged(prune, rng, path, counts):
    tensors = {name: dense(t) for name, t in random_dict(rng, DTYPES).items()}
    data = damage(rng, safetensors.torch.save(tensors, random_metadata(rng, 2) or None))
    fault, accepted = parse(prune, data), accepted_by_package(data)
    on_purpose = [words for words in STRICTER if fault and words in fault]
    if accepted and on_purpose:
        counts[f"damaged, refused on purpose: {on_purpose[0]}"] += 1
    same = accepted if fault is None else not accepted or bool(on_purpose)
    return expect(counts, f"damaged, {'refused' if fault else 'accepted'}", same)


CHECKS = [check_writing, check_reading, check_other_dtypes] + [check_damaged] * 20


def main():
    arguments = interop.parser(__doc__, cases=1000).parse_args()
    return interop.run(arguments, "file.safetensors", lambda case: CHECKS + [check_pipe] * (case % 20 == 0))


if __name__ == "__main__":
    sys.exit(main())
