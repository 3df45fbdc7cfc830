#!/usr/bin/env python3
"""Layers and stateless functions against PyTorch, on random configurations.

    python3 tests/parity/layers.py --build DIR [--configs N] [--seed N] [--only NAME[:CASE]]

DIR holds libprune.so (built without sanitizers). Needs torch 2.13. Compared are the repr, the default initialisation and
where it leaves the generator (bits), the output's shape and values, or which error comes, where, and in which words (ours
may say more: the function before PyTorch's sentence, the value after it).

Layers that only choose or move values must give PyTorch's bits. Of the others each element must lie as close to the exact
result (PyTorch in double) as FACTOR times PyTorch's own float32 result does, or within the bound that layer_bounds.py
derives; it is counted which of the two it took. Infinities and NaN must stand where PyTorch has them; where its answer
depends on the processor (GELU of infinity is NaN in oneDNN's kernels for AVX-512 alone), as it has them with AVX2.
Exits with 1 on a difference.
"""
import argparse
import copy
import os
import random
import sys
import warnings
from collections import Counter

os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")    # read when PyTorch is loaded

import torch
import torch.nn.functional as F

import libprune
from layer_bounds import BOUNDS, EXACT, exact_gelu
from layer_cases import CASES, random_case
from libprune import bits
from rnn_bounds import RECURRENT, recurrence

FACTOR = 2
WORDS = {"ValueError": ["value"], "TypeError": ["type"], "IndexError": ["index"], "AttributeError": ["attribute"],
         "KeyError": ["key"], "RuntimeError": ["runtime"], "AssertionError": ["shape", "state"]}


class Difference(Exception):
    pass


def attempt(function, *arguments, **keywords):
    """(result, None) or (None, error)."""
    try:
        return function(*arguments, **keywords), None
    except (libprune.Failure, ValueError, TypeError, IndexError, AttributeError, KeyError, RuntimeError,
            AssertionError) as error:
        return None, error


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and bits(a) == bits(b)


# ---- Errors

def known_difference(case, ours, theirs):
    """Where the library differs on purpose, or None."""
    if case.name.startswith("BatchNorm"):
        if ours and ours.word == "unsupported" and "the batch's own statistics" in ours.sentence:
            return "ours: batch norm by the batch's own statistics is not supported"
        if ours is None and case.arguments[0] == 0 and str(theirs).startswith("select(): index 0 out of range"):
            return "ours: batch norm of no channels gives an empty result"
    if ours and ours.sentence.startswith("expected ") and "a single integer value or a list of" in ours.sentence:
        return "ours: a wrong number of numbers is refused when the layer is made"
    for words in ("padding_mode must be one of", "Invalid padding string"):
        if ours and theirs and ours.sentence.startswith(words) and str(theirs).startswith(words):
            return "PyTorch lists the choices in any order"
    if ours and ours.sentence.startswith("dilation should be greater than zero") and "dilation" in str(theirs or "dilation"):
        return "ours: a dilation of 0 is always refused, in one sentence"
    if ours and "value cannot be converted to type int" in ours.sentence and case.name.lower() in ("maxpool1d", "max_pool1d"):
        return "ours: max_pool1d, too, refuses numbers beyond int"
    return None


def compare_errors(case, stage, ours, theirs, counts):
    known = known_difference(case, ours, theirs)
    if known:
        counts[known] += 1
        return
    if ours is None or theirs is None:
        raise Difference(f"{stage}: ours {ours or 'succeeds'}; PyTorch {type(theirs).__name__ if theirs else 'succeeds'}: "
                         f"{theirs}")
    kinds = WORDS[next(kind.__name__ for kind in type(theirs).__mro__ if kind.__name__ in WORDS)]
    sentence = str(theirs).strip().split("\n")[0]
    if ours.word not in kinds or sentence not in ours.sentence:
        raise Difference(f"{stage}: errors differ\n  ours    {ours}\n  PyTorch {type(theirs).__name__}: {sentence}")
    counts["errors" if sentence == ours.sentence else "errors that say more than PyTorch"] += 1


# ---- Values

def references(case, layer, inputs):
    """Of each output the exact values and how far the float32 ones may lie from them."""
    inputs = [x.double() for x in inputs]
    double = copy.deepcopy(layer).double() if layer else None
    exact = [exact_gelu(inputs[0])] if case.name.lower() == "gelu" else forward(case, double, inputs)
    if case.name in RECURRENT:
        return zip(exact, recurrence(case, double, inputs, exact))
    bound = BOUNDS[case.name](case, double, inputs[0], exact[0])
    return [(exact[0], bound.nan_to_num(0.0))]  # NaN of inf * 0, where the result is 0


def compare_outputs(case, layer, inputs, ours, theirs, counts, shares):
    if [y.shape for y in ours] != [y.shape for y in theirs]:
        raise Difference(f"shapes {[list(y.shape) for y in ours]}, PyTorch {[list(y.shape) for y in theirs]}")
    counts["elements"] += sum(y.numel() for y in theirs)
    if case.name in EXACT:
        if not all(map(same_bits, ours, theirs)):
            raise Difference(f"bits differ\n  ours    {ours}\n  PyTorch {theirs}")
    elif any(y.numel() for y in theirs):
        for mine, other, (exact, bound) in zip(ours, theirs, references(case, layer, inputs)):
            compare_values(case, mine, other, exact, bound, counts, shares)


def compare_values(case, ours, theirs, exact, bound, counts, shares):
    finite = torch.isfinite(theirs)
    if not torch.equal(torch.isnan(ours), torch.isnan(theirs)) or not torch.equal(ours[torch.isinf(theirs)],
                                                                                 theirs[torch.isinf(theirs)]):
        raise Difference(f"not finite elsewhere\n  ours    {ours}\n  PyTorch {theirs}")
    exact, bound = exact[finite], bound[finite]
    error, own = (ours[finite].double() - exact).abs(), (theirs[finite].double() - exact).abs()
    by_pytorch, by_bound = error <= FACTOR * own, error <= bound
    if not bool((by_pytorch | by_bound).all()):
        i = int((error - bound).argmax())
        raise Difference(f"value {ours[finite][i]:.9g}, PyTorch {theirs[finite][i]:.9g}, exact {exact[i]:.12g}, off by "
                         f"{error[i]:.3g}, bound {bound[i]:.3g}")
    counts["as close as PyTorch"] += int(by_pytorch.sum())
    counts["within the bound alone"] += int((by_bound & ~by_pytorch).sum())
    counts["beyond the bound"] += int((by_pytorch & ~by_bound).sum())
    if exact.numel():
        shares[case.name] = max(shares[case.name], float((error / bound).nan_to_num(0.0).max()))


def forward(case, layer, inputs):
    """As many outputs as the case asks for."""
    if case.name in RECURRENT:
        states = tuple(inputs[1:])
        y, last = layer(inputs[0], None if not states else states if case.name == "LSTM" else states[0])
        return [y, *(last if case.name == "LSTM" else [last])][:case.outputs]
    return [layer(*inputs) if layer else getattr(F, case.name)(*inputs, *case.arguments, **case.keywords)]


# ---- A case

def generator_state(prune):
    return prune.tensor_from("generator_get_state", None).torch()


def make_layers(prune, case, counts):
    """Ours and PyTorch's, with the same parameters; None if both were refused."""
    torch.manual_seed(case.seed)
    prune.manual_seed(None, case.seed)
    before = generator_state(prune)
    theirs, their_error = attempt(getattr(torch.nn, case.name), *case.arguments, **case.keywords)
    ours, our_error = attempt(prune.layer, case.name, *for_ours(case.arguments), **case.keywords)
    if our_error or their_error:
        compare_errors(case, "constructor", our_error, their_error, counts)
        if not same_bits(generator_state(prune), before):
            raise Difference("the generator moved although the constructor failed")
        return None
    if not same_bits(generator_state(prune), torch.get_rng_state()):
        raise Difference("the generators stand at different places")
    if repr(ours) != repr(theirs):
        raise Difference(f"repr\n  ours    {ours}\n  PyTorch {theirs}")
    initial, expected = ours.state_dict(), theirs.state_dict()
    if list(initial) != list(expected) or not all(same_bits(initial[key], expected[key]) for key in expected):
        raise Difference("the default initialisation differs")
    counts["initialisations"] += len(expected)
    return ours.eval(), theirs.eval()


def randomise(case, ours, theirs):
    """Parameters and running statistics of other sizes than the default's, half of the time."""
    if case.seed % 2:
        return
    generator = torch.Generator().manual_seed(case.seed)
    for name, t in theirs.state_dict().items():
        if t.is_floating_point():
            t.copy_(torch.randn(t.shape, generator=generator))
            if case.name in RECURRENT:  # larger ones make chaos of long sequences
                t.mul_(1 / theirs.hidden_size ** 0.5)
            if name == "running_var":
                t.abs_()
    ours.load_state_dict(theirs.state_dict())


def for_ours(arguments):
    """None, of which adaptive pooling has some, is -1."""
    return [tuple(-1 if n is None else n for n in a) if isinstance(a, tuple) else a for a in arguments]


def run(prune, case, counts, shares):
    inputs, our_inputs = case.inputs, case.inputs
    layer = None
    if case.name[0].isupper():
        layers = make_layers(prune, case, counts)
        if layers is None:
            return
        ours_layer, layer = layers
        randomise(case, ours_layer, layer)
        if True in case.arguments:  # in place: each its own input
            our_inputs = copy.deepcopy(inputs)
        ours, our_error = attempt(ours_layer.call, *our_inputs, outputs=case.outputs)
    else:
        ours, our_error = attempt(prune.functional, case.name, *inputs, *for_ours(case.arguments), **case.keywords)
        ours = [ours]
    originals = [x.clone() for x in inputs]
    theirs, their_error = attempt(forward, case, layer, inputs)
    if our_error or their_error:
        compare_errors(case, "forward", our_error, their_error, counts)
        return
    compare_outputs(case, layer, originals, [y.torch() for y in ours], theirs, counts, shares)
    if not all(map(same_bits, our_inputs, inputs)):
        raise Difference("the input, written in place, differs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="where libprune.so is")
    parser.add_argument("--configs", type=int, default=300, help="of each layer and function")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a layer, or a layer and one case of it: Conv2d:17")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    prune = libprune.Library(options.build)
    only, _, one = options.only.partition(":")
    counts, shares, differences = Counter(), Counter(), 0
    for name in [only] if only else CASES:
        for number in [int(one)] if one else range(options.configs):
            case = random_case(random.Random(f"{options.seed} {name} {number}"), name)
            counts["configurations"] += 1
            try:
                run(prune, case, counts, shares)
            except Difference as difference:
                differences += 1
                print(f"difference in {name}:{number} of seed {options.seed}: {case}\n  {difference}")
    for what, count in counts.items():
        print(f"{count:9}  {what}")
    for name, share in shares.items():
        print(f"{share:9.3f}  of its bound used, at most, by {name}")
    print(f"{differences} differences")
    return differences > 0


if __name__ == "__main__":
    sys.exit(main())
