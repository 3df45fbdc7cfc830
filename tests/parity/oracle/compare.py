"""Answers of both sides: equal, but for results within a tolerance and sentences that need not be PyTorch's."""
import struct

ENTRY_BITS = {"f32": 32, "f64": 64, "f16": 16, "bf16": 16, "i64": 64, "i32": 32, "u8": 8, "bool": 8}


def float_of(digits):
    return struct.unpack(">f", bytes.fromhex(digits))[0]


def close(a, b, allowed):
    if a != a:
        return b != b
    return a == b or abs(a - b) <= allowed


def same_within(expected, got):
    _, shape, tolerance, *values = expected.split(" ")
    words = got.split(" ")
    if words[:2] != ["approx", shape] or len(words) != 2 + len(values):
        return False
    allowed = float.fromhex(tolerance[4:])
    return all(v == "********" or close(float_of(v), float_of(w), allowed) for v, w in zip(values, words[2:]))


def same(expected, got):
    if expected == got or expected == "*":
        return True
    if expected.startswith("approx "):
        return same_within(expected, got)
    return expected.startswith("error ") and expected.endswith(" *") and got.startswith(expected[:-1])


def bits_in(line):
    """How many bits of tensors a line compares."""
    bits = 0
    for word in line.split(" "):
        dtype, bracket, shape = word.partition("[")
        if bracket and dtype in ENTRY_BITS and shape.endswith("]"):
            count = 1
            for size in filter(None, shape[:-1].split(",")):
                count *= int(size)
            bits += count * ENTRY_BITS[dtype]
    return bits


def first_difference(expected, got, counts):
    """(PyTorch's line, the library's) where they first differ, or None."""
    for i in range(max(len(expected), len(got))):
        a = expected[i] if i < len(expected) else "(nothing)"
        b = got[i] if i < len(got) else "(nothing)"
        if not same(a, b):
            return a, b
        counts["lines compared"] += 1
        if not a.startswith("approx "):
            counts["bits compared"] += bits_in(a)
    return None
