"""Commands on tensors and generators."""
import collections

import torch
from torch.nn.utils import prune

from .session import Ours, Skipped, method_text, verb
from .text import (DTYPE_NAMES, approximate_text, make_pattern, one_line, read_list, read_norm, tensor_text)


def dtype_option(c):
    return DTYPE_NAMES[c.options.get("dtype", "f32")]


@verb("tensor")
def tensor(s, c):
    s.keep(c[1], make_pattern(read_list(c[2]), c[3]).to(dtype_option(c)))


@verb("permute")
def permute(s, c):
    s.keep(c[1], s.tensor(c[2]).detach().permute(read_list(c[3])))


@verb("slice")
def slice_tensor(s, c):
    dim, start, step = read_list(c[3])
    t = s.tensor(c[2]).detach()
    s.keep(c[1], t[(slice(None),) * dim + (slice(start, None, step),)])


@verb("fill_tensor")
def fill_tensor(s, c):
    t = s.tensor(c[1])
    with torch.no_grad():
        t.copy_(make_pattern(t.shape, c[2]))


@verb("print")
def print_tensor(s, c):
    t, options = s.tensor(c[1]), {key: int(number) for key, number in c.options.items()}
    if "sci_mode" in options:
        options["sci_mode"] = None if options["sci_mode"] < 0 else options["sci_mode"] == 1
    try:
        torch.set_printoptions(**options)
        return [one_line(str(t))]
    finally:
        torch.set_printoptions(profile="default")


@verb("norm")
def norm(s, c):
    t, order, dims = s.tensor(c[1]), read_norm(c[2]), read_list(c[3]) or None
    y = torch.norm(t, order, dim=dims, keepdim=c.flag("keepdim", False))
    if order != "nuc":
        return [tensor_text(y)]
    exact = torch.norm(t.double(), order, dim=dims, keepdim=c.flag("keepdim", False))
    return [approximate(s, y, [exact])]


def approximate(s, y, exact, loose=False):
    text, relative, compared = approximate_text(y, exact, loose)
    s.counts["values within a tolerance"] += compared
    s.largest_tolerance = max(s.largest_tolerance, relative)
    return text


@verb("manual_seed")
def manual_seed(s, c):
    torch.manual_seed(int(c[1]))


@verb("generator")
def generator(s, c):
    s.keep(c[1], torch.Generator())


@verb("seed")
def seed(s, c):
    s.find(torch.Generator, c[1]).manual_seed(int(c[2]))


@verb("get_state")
def get_state(s, c):
    g = s.generator_option(c)
    s.keep(c[1], g.get_state() if g else torch.get_rng_state())


@verb("set_state")
def set_state(s, c):
    t, g = s.tensor(c[1]), s.generator_option(c)
    if t.dtype != torch.uint8:
        raise Ours("the words for a state that is none", "type")
    try:
        (g or torch.default_generator).set_state(t)
    except RuntimeError:
        raise Ours("the words for a state that is none", "runtime") from None


@verb("rand")
def rand(s, c):
    t = torch.rand(read_list(c[2]), generator=s.generator_option(c), dtype=dtype_option(c))
    s.keep(c[1], t)
    return [tensor_text(t)]


@verb("uniform_")
def uniform_(s, c):
    t, g = s.tensor(c[1]), s.generator_option(c)
    with torch.no_grad():
        t.uniform_(float(c[2]), float(c[3]), generator=g)
    return [tensor_text(t)]


@verb("show")
def show(s, c):
    thing = s.objects.get(c[1])
    if isinstance(thing, torch.Tensor):
        return [("grad " if thing.requires_grad else "") + tensor_text(thing)]
    if isinstance(thing, collections.OrderedDict):
        return [f"{key} {tensor_text(t)}" for key, t in thing.items()]
    if isinstance(thing, prune.BasePruningMethod):
        return [f"{method_text(thing)} {getattr(thing, '_tensor_name', None) or 'none'}"]
    if isinstance(thing, torch.Generator):
        return [tensor_text(thing.get_state())]
    raise Skipped
