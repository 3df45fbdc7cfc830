#!/usr/bin/env python3
"""Files of torch.save, read by the library: equal bits, names and order, whatever the format, the dtypes, the strides and
what else is in the checkpoint; damaged files are refused, or read with what torch reads.

    python3 tests/parity/pt_interop.py --build DIR [--cases N] [--seed N]
    python3 tests/parity/pt_interop.py --seeds tests/fuzz/corpus      # writes the seeds in pt and pickle

DIR holds libprune.so. Needs torch. Exits with 1 on a difference.
"""
import collections
import ctypes as c
import datetime
import io
import os
import random
import sys
import threading
import types
import warnings
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path

import numpy
import torch
import torch.nn.utils.prune

import interop
import libprune
from interop import ReadOptions, SKIPPED, described, expect, random_tensor, random_text
from libprune import DTYPES, bits

NOT_HELD = [torch.int8, torch.int16, torch.uint16, torch.uint32, torch.uint64, torch.complex64, torch.complex128,
            torch.float8_e4m3fn, torch.float8_e5m2]
PT = 2  # PRUNE_FORMAT_PT


class Unknown:
    """A class of the user's own, as hyper-parameters are full of."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class UnknownDict(dict):
    pass


class Subclass(torch.Tensor):
    pass


def load(prune, data, entry=None, skipped=None, path=None):
    """The tensors, described, in order; or the failure."""
    callback = SKIPPED(lambda _, name, dtype: skipped.append(name.decode())) if skipped is not None else SKIPPED()
    options = ReadOptions(skipped=callback, entry=None if entry is None else entry.encode())
    try:
        if path:
            loaded = prune.dict_from("load", os.fsencode(path), c.byref(options))
        else:
            loaded = prune.dict_from("load_memory", data, len(data), c.byref(options))
    except libprune.Failure as failure:
        return failure
    return list(described(loaded.torch()).items())


def saved(value, **options):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, file, **options)
    return file.getvalue()


def ways(rng):
    """The options of torch.save."""
    return {"_use_new_zipfile_serialization": rng.random() < 0.5, "pickle_protocol": rng.choice([2, 2, 2, 1, 3, 4, 5])}


def flattened(value, prefix=""):
    """What the library should find: the tensors, by the path of keys."""
    if isinstance(value, torch.Tensor):
        return [(prefix[:-1], value.detach())]
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        pairs = enumerate(value)
    else:
        return []
    return [found for key, item in pairs for found in flattened(item, f"{prefix}{key}.")]


def expected(value):
    return [(name, (t.dtype, tuple(t.shape), bits(t))) for name, t in flattened(value)]


# ---- Random checkpoints

def random_value(rng):
    return rng.choice([
        None, True, 3, -1, 2 ** 40, -2 ** 63, 2 ** 64 - 1, 10 ** 30, 1.5, float("nan"), "text", "", b"bytes", (), (1, 2),
        [], [1, "two"], {}, {"a": 1}, {1, 2}, frozenset([3]), 1 + 2j, bytearray(b"x"), torch.float16, torch.Size([1, 2]),
        torch.device("cpu"), OrderedDict(a=1), collections.defaultdict(int, a=1), Counter("aab"),
        datetime.timedelta(3), "x" * 300, list(range(1100)), slice(1, 2)])


def random_leaf(rng, dtypes):
    t = random_tensor(rng, rng.choice(dtypes))
    kind = rng.randint(0, 9)
    if kind == 0 and (t.is_floating_point() or t.is_complex()):
        return torch.nn.Parameter(t.clone())
    if kind == 1:
        t = t.clone()
        t.attribute = random_value(rng) if rng.random() < 0.5 else 3
    if kind == 2 and t.is_floating_point():
        parameter = torch.nn.Parameter(t.clone())
        parameter.attribute = 3
        return parameter
    if kind == 3:
        return torch.nn.Buffer(t.clone()) if hasattr(torch.nn, "Buffer") else t
    return t


def random_state_dict(rng, dtypes=DTYPES, others=True):
    made = rng.choice([dict, OrderedDict])()
    for _ in range(rng.randint(1, 8)):
        made[random_text(rng)] = random_leaf(rng, dtypes)
    names = list(made)
    if rng.random() < 0.3:
        made["tied"] = made[names[0]]
    if rng.random() < 0.3:
        base = torch.randn(4, 6)
        made["row"], made["column"], made["whole"] = base[2], base[:, 3], base
    if others and rng.random() < 0.3:
        made["other"] = random_value(rng)
        made["late"] = random_leaf(rng, dtypes)
    if isinstance(made, OrderedDict) and rng.random() < 0.5:
        made._metadata = OrderedDict([("", {"version": 1}), ("layer", {"version": 2})])
    return made


def random_network(rng):
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Linear(4, 2),
                              torch.nn.LSTM(2, 3, rng.randint(1, 2)))
    if rng.random() < 0.3:
        torch.nn.utils.prune.l1_unstructured(net[2], "weight", 3)
    return net.to(rng.choice([torch.float32, torch.float64, torch.bfloat16]))


def random_checkpoint(rng):
    """{'state_dict': …, 'optimizer': …, hyper-parameters of unknown classes}, and the entries that can be read."""
    net = random_network(rng)
    optimizer = rng.choice([torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW])(net.parameters(), lr=0.1)
    for p in net.parameters():
        p.grad = torch.randn_like(p)
    optimizer.step()
    made = {"epoch": rng.randint(0, 9), "state_dict": net.state_dict(), "optimizer": optimizer.state_dict(),
            "loss": 0.5, "ema": {"shadow": random_state_dict(rng), "decay": 0.9}, "list": [torch.ones(2), torch.zeros(1)]}
    if rng.random() < 0.6:
        made["hyper_parameters"] = rng.choice([
            Unknown(a=1, b=[Unknown(), numpy.float64(3)], t=torch.ones(2)), UnknownDict(a=1, b=Unknown()),
            numpy.arange(5), types.SimpleNamespace(a=1), numpy.random.get_state(), Path("x"), print,
            random.Random(3).getstate(), torch.get_rng_state, collections.namedtuple])
    keys = list(made)
    rng.shuffle(keys)
    return {key: made[key] for key in keys}


def equal(got, value):
    return not isinstance(got, libprune.Failure) and got == expected(value)


# ---- Checks: each returns what differs, or nothing

def check_state_dict(prune, rng, path, counts):
    value, options = random_state_dict(rng), ways(rng)
    data = saved(value, **options)
    kind = "zip" if options["_use_new_zipfile_serialization"] else "legacy"
    wrong = expect(counts, f"state dicts, {kind}, from memory", equal(load(prune, data), value))
    Path(path).write_bytes(data)
    return wrong + expect(counts, f"state dicts, {kind}, from a file", equal(load(prune, None, path=path), value))


def check_network(prune, rng, path, counts):
    value = random_network(rng).state_dict()
    torch.save(value, path, **ways(rng))
    return expect(counts, "state dicts of networks", equal(load(prune, None, path=path), value))


def check_checkpoint(prune, rng, path, counts):
    value = random_checkpoint(rng)
    try:
        data = saved(value, **ways(rng))
    except Exception:  # not every object can be pickled by every protocol
        return []
    wrong = []
    for entry in ["state_dict", "optimizer", "optimizer.state", "ema", "ema.shadow", "list"]:
        part = value
        for key in entry.split("."):
            part = part[key]
        wrong += expect(counts, "entries of checkpoints", equal(load(prune, data, entry), part))
    refused = load(prune, data)
    wrong += expect(counts, "checkpoints are no plain state dicts",
                    isinstance(refused, libprune.Failure) and refused.word == "key" and "'state_dict' (" in refused.sentence)
    refused = load(prune, data, "missing")
    wrong += expect(counts, "entries that are missing",
                    isinstance(refused, libprune.Failure) and refused.word == "key" and "'state_dict' (" in refused.sentence)
    everything = load(prune, data, "")
    if "hyper_parameters" in value:
        same = isinstance(everything, libprune.Failure) and everything.sentence.startswith("unsafe: ")
        wrong += expect(counts, "unknown classes are unsafe", same or not unknown(value["hyper_parameters"]))
    else:
        wrong += expect(counts, "whole checkpoints", equal(everything, value))
    return wrong


def unknown(value):
    return not isinstance(value, tuple) or any(isinstance(item, numpy.ndarray) for item in value)


def check_other_dtypes(prune, rng, path, counts):
    value, skipped = random_state_dict(rng, DTYPES + NOT_HELD, others=False), []
    data = saved(value, **ways(rng))
    if rng.random() < 0.3:
        value["sparse"] = torch.eye(3).to_sparse()
        data = saved(value)
    held = {name: t for name, t in value.items() if t.dtype in DTYPES and not t.is_sparse}
    got = load(prune, data, skipped=skipped)
    wrong = expect(counts, "dtypes not held are skipped", equal(got, held) and set(skipped) == value.keys() - held.keys())
    got = load(prune, data)
    refused = isinstance(got, libprune.Failure) and got.sentence.startswith("unsup: ")
    return wrong + expect(counts, "dtypes not held are refused", refused == bool(skipped))


def check_odd(prune, rng, path, counts):
    """Kinds that are refused, each with its reason."""
    t = torch.randn(3)
    wrong = []
    for value, words in [
            ({"w": t.to_sparse()}, "unsup: dtypes that are not held: 'w' (a sparse tensor)"),
            ({"w": torch.eye(3).to_sparse_csr()}, "unsup: dtypes that are not held: 'w' (a sparse tensor)"),
            ({"w": torch.quantize_per_tensor(t, 0.1, 0, torch.qint8)}, "(a quantized tensor)"),
            ({"w": torch.empty(3, device="meta")}, "(a tensor without values)"),
            ({"w": torch._neg_view(t)}, "(negated or conjugated values)"),
            ({"w": torch.complex(t, t).conj()}, "(negated or conjugated values)"),
            ({"w": torch.zeros(1).expand(2 ** 40)}, "limit: tensors of "),
            ({"w": t, "f": Unknown(a=1)}, "unsafe: only running code could make what '__main__.Unknown' stands for"),
            ({"w": t, "f": print}, "print' stands for"),
            (Unknown(w=t), "unsafe: "),
            (torch.nn.Linear(2, 2), "unsafe: only running code could make what 'torch.nn.modules.linear.Linear'"),
            ([t, t], "is no plain state dict; its tensors are in the top (2)"),
            (3, "the file is no state dict: it holds no tensors"),
            ({(1, 2): t}, "unsup: tensors in a dict whose keys are neither strings nor ints"),
            ({1: t, "1": t}, "dup: two tensors have the name '1'")]:
        for zipped in [True, False]:
            if not zipped and isinstance(value, (torch.nn.Module, Unknown)):
                continue
            got = load(prune, saved(value, _use_new_zipfile_serialization=zipped))
            same = isinstance(got, libprune.Failure) and words in got.sentence
            if not same:
                print(value, got)
            wrong += expect(counts, "odd kinds are refused", same)
    for value in [t, t.t() if t.dim() > 1 else t, {}, OrderedDict(), {"epoch": 1}, {0: t, 1: t}]:
        wrong += expect(counts, "odd kinds are read", equal(load(prune, saved(value)), value))
    script = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), script)
    got = load(prune, script.getvalue())
    return wrong + expect(counts, "TorchScript is refused",
                          isinstance(got, libprune.Failure) and "unsup: a TorchScript archive" in got.sentence)


def check_pipe(prune, rng, path, counts):
    value = random_state_dict(rng)
    data = saved(value, **ways(rng))
    pipe = path + ".pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: Path(pipe).write_bytes(data))
    writer.start()
    got = load(prune, None, path=pipe)
    writer.join()
    os.remove(pipe)
    return expect(counts, "state dicts from a pipe", equal(got, value))


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at, kind = rng.randrange(len(data)), rng.randint(0, 4)
        if kind == 0:
            data[at] = rng.getrandbits(8)
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del data[at:at + rng.randint(1, 3)]
        elif kind == 3:
            data[at:at] = bytes(rng.getrandbits(8) for _ in range(rng.randint(1, 3)))
        else:
            del data[at:]
            data += b"\0"
    return bytes(data)


def check_damaged(prune, rng, path, counts):
    """What the library reads of a damaged file is what torch reads, if torch reads it."""
    data = damage(rng, saved(random_state_dict(rng), **ways(rng)))
    got = load(prune, data)
    if isinstance(got, libprune.Failure):
        return expect(counts, "damaged, refused", got.word in ("format", "unsupported", "key"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = torch.load(io.BytesIO(data), weights_only=False)
    except Exception:
        return expect(counts, "damaged, accepted by the library alone", True)
    return expect(counts, "damaged, accepted by both", equal(got, value))


CHECKS = [check_state_dict, check_state_dict, check_network, check_checkpoint, check_other_dtypes] + [check_damaged] * 5


# ---- Seeds

def write_seeds(folder):
    torch.manual_seed(0)
    net = torch.nn.Sequential(OrderedDict(fc=torch.nn.Linear(3, 2), norm=torch.nn.BatchNorm1d(2)))
    with torch.no_grad():
        net.fc.weight.copy_(torch.arange(6.0).reshape(2, 3))
        net.fc.bias.copy_(torch.tensor([0.5, -1.0]))
    base = torch.arange(12.0).reshape(3, 4)
    views = {"whole": base, "row": base[1], "column": base[:, 2], "transposed": base.t(), "scalar": base[2, 3],
             "expanded": torch.tensor([7.0]).expand(2, 3), "empty": torch.zeros(0, 3)}
    dtypes = {str(dtype)[6:]: torch.tensor([0, 1, 3]).to(dtype) for dtype in DTYPES}
    other = {"held": torch.ones(1), "int8": torch.tensor([-1, 2], dtype=torch.int8),
             "uint16": torch.tensor([1, 2], dtype=torch.uint16), "complex": torch.tensor([1 + 2j])}
    nested = {"epoch": 3, "model": net.state_dict(), "list": [torch.ones(2), {"a": torch.zeros(1)}],
              "args": Unknown(a=[1, 2.5, None], b=b"x", c=2 ** 70)}
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    tagged = torch.nn.Parameter(torch.tensor([3.0]))
    tagged.tag = "x"
    for name, value, options in [
            ("state_dict.pt", net.state_dict(), {}), ("legacy.pt", net.state_dict(), {"_use_new_zipfile_serialization": False}),
            ("views.pt", views, {}), ("views_legacy.pt", views, {"_use_new_zipfile_serialization": False}),
            ("dtypes.pt", dtypes, {}), ("other_dtypes.pt", other, {}), ("nested.pt", nested, {}),
            ("protocol4.pt", nested, {"pickle_protocol": 4}), ("protocol1.pt", views, {"pickle_protocol": 1}),
            ("parameters.pt", {"p": parameter, "tagged": tagged, "of_type": torch.ones(2).as_subclass(Subclass)}, {}),
            ("sparse.pt", {"s": torch.eye(2).to_sparse()}, {})]:
        (Path(folder) / "pt" / name).write_bytes(saved(value, **options))
    whole, half, bytes_, ints = (torch.arange(64 // d.itemsize).to(d)
                                 for d in [torch.float32, torch.float16, torch.uint8, torch.uint16])
    for name, value, options in [
            ("views.pkl", {"w": whole.reshape(4, 4).t(), "row": whole[3:7], "h": half, "u": bytes_[None], "v3": ints}, {}),
            ("nested.pkl", {"a": [whole, {"b": (half, 1.5, None)}], 3: OrderedDict(c=whole[1]), "x": Unknown(a=1)}, {}),
            ("parameters.pkl", OrderedDict(p=torch.nn.Parameter(whole), t=half.as_subclass(Subclass), n=2 ** 70), {}),
            ("protocol4.pkl", {"w": whole, "h": half, "s": {1, 2}, "l": [None]}, {"pickle_protocol": 4}),
            ("protocol1.pkl", {"w": whole, "h": half, "n": 10 ** 20, "b": True}, {"pickle_protocol": 1})]:
        with zipfile.ZipFile(io.BytesIO(saved(value, **options))) as archive:
            (Path(folder) / "pickle" / name).write_bytes(archive.read("archive/data.pkl"))


def main():
    parser = interop.parser(__doc__, cases=300, needs_build=False)
    parser.add_argument("--seeds", help="where to write the seeds of the fuzz target")
    arguments = parser.parse_args()
    if arguments.seeds:
        return write_seeds(arguments.seeds)
    checks_of = lambda case: CHECKS + [check_pipe] * (case % 20 == 0) + [check_odd] * (case == 0)
    return interop.run(arguments, "file.pt", checks_of)


if __name__ == "__main__":
    sys.exit(main())
