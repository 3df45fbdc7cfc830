"""How answers are written: tensors as bits, patterns of values, sentences on one line."""
import re

import numpy as np
import torch

SHOWN_ENTRIES = 16
SENTENCE_BYTES = 4095
GOLDEN = np.uint64(0x9e3779b97f4a7c15)
MASK64 = (1 << 64) - 1

# torch dtype: name, integers of its size, greatest magnitude that is not NaN, the one NaN
DTYPES = {
    torch.float32: ("f32", torch.int32, np.uint32, 0x7f800000, 0x7fc00000),
    torch.float64: ("f64", torch.int64, np.uint64, 0x7ff0000000000000, 0x7ff8000000000000),
    torch.float16: ("f16", torch.int16, np.uint16, 0x7c00, 0x7e00),
    torch.bfloat16: ("bf16", torch.int16, np.uint16, 0x7f80, 0x7fc0),
    torch.int64: ("i64", torch.int64, np.uint64, None, None),
    torch.int32: ("i32", torch.int32, np.uint32, None, None),
    torch.uint8: ("u8", torch.uint8, np.uint8, None, None),
    torch.bool: ("bool", torch.uint8, np.uint8, None, None),
}
DTYPE_NAMES = {entry[0]: dtype for dtype, entry in DTYPES.items()}


def mix(x):
    """splitmix64's finaliser over an array of uint64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return x ^ (x >> np.uint64(31))


def hash_of(bits):
    """write_tensor's hash of an array of unsigned bits."""
    count = np.arange(1, bits.size + 1, dtype=np.uint64)
    return int(mix(bits.astype(np.uint64) + count * GOLDEN).sum(dtype=np.uint64))


def bits_of(t):
    """The elements' bits in logical order, every NaN the same one."""
    _, integers, unsigned, infinity, nan = DTYPES[t.dtype]
    bits = t.detach().contiguous().view(integers).numpy().view(unsigned).reshape(-1)
    if infinity is not None:
        isnan = (bits & unsigned(~0 & (infinity | (infinity - 1)) | infinity)) > unsigned(infinity)
        if isnan.any():
            bits = np.where(isnan, unsigned(nan), bits)
    return bits


def shape_of(t):
    return f"{DTYPES[t.dtype][0]}[{','.join(map(str, t.shape))}]"


def hex_of(bits):
    width = bits.dtype.itemsize
    return "".join(" " + digits for digits in bits.astype(bits.dtype.newbyteorder(">")).tobytes().hex(" ", width).split())


def tensor_text(t, whole=False):
    if t is None:
        return "none"
    bits = bits_of(t)
    if bits.size <= SHOWN_ENTRIES or whole:
        return shape_of(t) + hex_of(bits)
    return f"{shape_of(t)} #{hash_of(bits):016x}"


def approximate_text(t, exact, loose):
    """A float32 result with the tolerance that both sides' distance from `exact`, evaluations in float64, allows: see
    tolerance(). An element that overflowed on one side alone, or, if
    `loose`, is not finite, matches any. Returns the text, the tolerance in relation to
    the largest value, elements compared."""
    values, best = t.detach().numpy().astype(np.float64).reshape(-1), exact[0].detach().numpy().reshape(-1)
    wild = ~np.isfinite(values) & np.isfinite(best) | np.isfinite(values) & ~np.isfinite(best)
    if loose:
        wild = ~np.isfinite(values)
    allowed = tolerance(values, [e.detach().numpy().reshape(-1) for e in exact])
    digits = np.array(hex_of(bits_of(t)).split(), dtype=object)
    digits[wild] = "********"
    text = " ".join([f"approx {shape_of(t)} tol={allowed.hex()}", *digits])
    size = np.abs(best[np.isfinite(best)]).max(initial=0.0)
    return text, allowed / size if size > 2.0**-126 else 0.0, int((~wild).sum())


def tolerance(values, exact):
    """exact[0] is the float64 result, the others are float64 results of weights and inputs that were moved by up to one
    rounding of float32, which is what any order of float32 operations does at least. A second float32 evaluation may be
    as far from float64 as PyTorch's or a few such moves, and PyTorch's own distance comes on top."""
    with np.errstate(all="ignore"):
        finite = np.isfinite(values) & np.isfinite(exact[0])
        if not finite.any():
            return 0.0
        own = np.abs(values - exact[0])[finite].max()
        moved = max([np.nan_to_num(np.abs(e - exact[0])[finite], nan=0.0, posinf=0.0).max() for e in exact[1:]], default=0.0)
        size = np.abs(exact[0][finite]).max()
    return float(3 * own + 16 * moved + 2.0**-22 * size + 2.0**-149)


# ---- Patterns of values, as in driver_tensor.c

SPECIAL = np.array([0x7fc00000, 0x7f800000, 0xff800000, 0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000,
                    0x7f7fffff, 0xff7fffff, 0x7149f2ca, 0x0da24260, 0x3f800000, 0xbf800000, 0x3f000000], dtype=np.uint32)
ODD = np.array([0, 1, 1, 0, 0.5, 2, -1, np.nan], dtype=np.float32)


def uniform(h):
    return ((h >> np.uint64(40)).astype(np.int64) - (1 << 23)).astype(np.float32) * np.float32(2.0**-23)


def pattern_values(pattern, count):
    kind, _, rest = pattern.partition(":")
    if kind == "bits":
        given = np.array([int(digits, 16) for digits in rest.split(",")], dtype=np.uint32)
        return np.resize(given, count).view(np.float32)
    if kind == "fill":
        return np.full(count, np.float64(rest)).astype(np.float32)
    if kind == "arange":
        return np.arange(count).astype(np.float32)
    seed, _, second = rest.partition(":")
    start = np.uint64(int(seed) * int(GOLDEN) & MASK64)
    h = mix(start + np.arange(count, dtype=np.uint64))
    high = h >> np.uint64(32)
    if kind == "uniform":
        return uniform(h)
    if kind == "few":
        k = int(second)
        return ((high % np.uint64(k)).astype(np.int64) - k // 2).astype(np.float32) * np.float32(0.25)
    if kind == "mask":
        return np.where((high & np.uint64(255)) < int(second), np.float32(0), np.float32(1))
    if kind == "odd":
        return ODD[(high % np.uint64(8)).astype(np.int64)]
    if kind == "wide":
        bits = high.astype(np.uint32)
        outside = (bits & np.uint32(0x7f800000)) == 0x7f800000
        return np.where(outside, bits & np.uint32(~0x40000000 & 0xffffffff), bits).view(np.float32)
    if kind == "special":
        chosen = (h >> np.uint64(24) & np.uint64(255)) < int(second)
        return np.where(chosen, SPECIAL[(high % np.uint64(16)).astype(np.int64)].view(np.float32), uniform(h))
    raise SystemExit(f"no pattern {pattern}")


def make_pattern(shape, pattern):
    count = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        return torch.from_numpy(pattern_values(pattern, count).copy()).reshape(shape)


# ---- Words

def read_list(words):
    words = words.strip("[]")
    return [int(number) for number in words.split(",")] if words else []


def read_ints(words):
    numbers = read_list(words)
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def read_amount(words):
    return float(words) if any(ch in words for ch in ".eni") else int(words)


def read_norm(words):
    return words if words in ("fro", "nuc") else float(words)


def one_line(words):
    return re.sub(r" at 0x[0-9a-f]+", " at 0x", words).replace("\\", "\\\\").replace("\n", "\\n")


def cut(sentence):
    """As the library cuts what does not fit."""
    encoded = sentence.encode()
    if len(encoded) <= SENTENCE_BYTES:
        return sentence
    return encoded[:SENTENCE_BYTES - 3].decode("utf-8", "ignore") + "..."
