"""Commands that prune, and on pruning methods."""
import copy

import torch
from torch import nn
from torch.nn.utils import prune

from . import ours
from .session import Ours, Skipped, method_text, verb
from .text import read_amount, read_norm, tensor_text


@verb("identity")
def identity(s, c):
    module = s.module(c[1])
    prune.identity(module, s.member(c[2]))


@verb("random_unstructured")
def random_unstructured(s, c):
    module = s.module(c[1])
    prune.random_unstructured(module, s.member(c[2]), read_amount(c[3]))


@verb("l1_unstructured")
def l1_unstructured(s, c):
    module, scores = s.module(c[1]), s.tensor_option(c, "scores")
    prune.l1_unstructured(module, s.member(c[2]), read_amount(c[3]), importance_scores=scores)


@verb("ln_unstructured")
def ln_unstructured(s, c):
    module, scores = s.module(c[1]), s.tensor_option(c, "scores")
    apply_method(module, s.member(c[2]), lambda: ours.LnUnstructured(read_amount(c[3]), read_norm(c[4])), scores)


@verb("random_structured")
def random_structured(s, c):
    module = s.module(c[1])
    prune.random_structured(module, s.member(c[2]), read_amount(c[3]), int(c[4]))


@verb("ln_structured")
def ln_structured(s, c):
    module, scores = s.module(c[1]), s.tensor_option(c, "scores")
    prune.ln_structured(module, s.member(c[2]), read_amount(c[3]), read_norm(c[4]), int(c[5]), importance_scores=scores)


@verb("n_m")
def n_m(s, c):
    module, scores = s.module(c[1]), s.tensor_option(c, "scores")
    apply_method(module, s.member(c[2]), lambda: ours.NM(int(c[3]), int(c[4]), int(c[5])), scores)


@verb("custom_from_mask")
def custom_from_mask(s, c):
    module, mask = s.module(c[1]), s.tensor(c[3])
    prune.custom_from_mask(module, s.member(c[2]), mask)


@verb("remove")
def remove(s, c):
    module = s.module(c[1])
    prune.remove(module, s.member(c[2]))


def apply_method(module, name, make, scores):
    """Cls.apply with whatever makes the method."""
    prune.BasePruningMethod.apply.__func__(make, module, name, importance_scores=scores)


# ---- Look

@verb("is_pruned")
def is_pruned(s, c):
    return ["true" if prune.is_pruned(s.module(c[1])) else "false"]


def forward_values(module):
    """Each parameter of the tree once, of a pruned one its pruned values."""
    values = {}
    for m in module.modules():
        pruned = {hook._tensor_name + "_orig": hook._tensor_name for hook in m._forward_pre_hooks.values()
                  if isinstance(hook, prune.BasePruningMethod)}
        for name, p in m._parameters.items():
            if p is not None:
                values.setdefault(id(p), getattr(m, pruned.get(name, name), p))
    return values.values()


@verb("sparsity")
def sparsity(s, c):
    module = s.module(c[1])
    tensors = [getattr(module, c.options["name"])] if "name" in c.options else forward_values(module)
    tensors = [t for t in tensors if t is not None]
    return [f"{sum(int((t == 0).sum()) for t in tensors)} of {sum(t.numel() for t in tensors)}"]


def hook_of(module, name):
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, prune.BasePruningMethod) and hook._tensor_name == name:
            return hook
    raise Ours("getters of what is not pruned", "value")


@verb("original")
def original(s, c):
    module, name = s.module(c[1]), s.member(c[2])
    hook_of(module, name)
    return [tensor_text(getattr(module, name + "_orig"))]


@verb("mask")
def mask(s, c):
    module, name = s.module(c[1]), s.member(c[2])
    hook_of(module, name)
    return [tensor_text(getattr(module, name + "_mask"))]


# ---- Several parameters

class Factory:
    """Stands for a class of methods: makes a copy of one, and shows as its class."""

    def __init__(self, method):
        self.method = method

    def __call__(self):
        return copy.copy(self.method)

    def __repr__(self):
        return repr(type(self.method))


@verb("global")
def global_unstructured(s, c):
    for words in c.words[2:]:
        s.member(words.split(":")[1])
    method = s.method(c[1])
    parameters, scores = [], {}
    for words in c.words[2:]:
        module, name, *given = words.split(":")
        parameters.append((s.module(module), name))
        if given:
            scores[parameters[-1]] = s.tensor(given[0])
    for (module, name), t in scores.items():
        present = getattr(module, name, None)
        if isinstance(present, torch.Tensor) and present.shape != t.shape:
            raise Ours("the shapes of all scores are checked", "shape")
    prune.global_unstructured(parameters, Factory(method), importance_scores=scores)


# ---- Methods

MAKERS = {
    "identity": lambda c: prune.Identity(),
    "random_unstructured": lambda c: prune.RandomUnstructured(read_amount(c[3])),
    "l1_unstructured": lambda c: prune.L1Unstructured(read_amount(c[3])),
    "random_structured": lambda c: prune.RandomStructured(read_amount(c[3]), int(c[4])),
    "ln_structured": lambda c: prune.LnStructured(read_amount(c[3]), read_norm(c[4]), int(c[5])),
    "n_m": lambda c: ours.NM(int(c[3]), int(c[4]), int(c[5])),
    "every_other": lambda c: ours.EveryOther(),
    "negate": lambda c: ours.Negate(),
    "first_channel": lambda c: ours.FirstChannel(int(c[3])),
    "refuse": lambda c: ours.Refuse(),
}


@verb("method")
def method(s, c):
    if c[2] == "container":
        made = container([s.method(name) for name in c.words[3:]])
    elif c[2] == "custom_from_mask":
        made = prune.CustomFromMask(s.tensor(c[3]).clone())
    else:
        made = MAKERS[c[2]](c)
    made.lowest_index = "ties" in c.options
    s.keep(c[1], made)


def container(methods):
    made = prune.PruningContainer()
    for m in methods:
        if not len(made):
            made._tensor_name = m._tensor_name
        add_to(made, m)
    return made


def add_to(container, m):
    if container._tensor_name and isinstance(m, prune.PruningContainer):
        raise Ours("containers are not nested", "type")
    container.add_pruning_method(m)


@verb("apply")
def apply(s, c):
    module, m, scores = s.module(c[1]), s.method(c[3]), s.tensor_option(c, "scores")
    name = s.member(c[2])
    if isinstance(m, prune.PruningContainer):
        raise Ours("containers are not applied", "type")
    apply_method(module, name, Factory(m), scores)


def made_tensor(s, c, t):
    s.keep(c[1], t.detach())
    return [tensor_text(t)]


def default_mask(s, c, t):
    default = s.tensor_option(c, "default")
    if default is not None and default.shape != t.shape:
        raise Ours("the shape of a default mask is checked", "shape")
    if default is not None and default.dtype != torch.float32:
        s.ours("masks are float32")
        return default.float()
    return torch.ones_like(t) if default is None else default.detach().clone()


@verb("compute_mask")
def compute_mask(s, c):
    m, t = s.method(c[2]), s.tensor(c[3])
    return made_tensor(s, c, m.compute_mask(t.detach(), default_mask=default_mask(s, c, t)))


@verb("method_prune")
def method_prune(s, c):
    m, t = s.method(c[2]), s.tensor(c[3])
    default, scores = default_mask(s, c, t), s.tensor_option(c, "scores")
    return made_tensor(s, c, m.prune(t.detach(), default_mask=default, importance_scores=scores))


def at_work(s, m):
    modules = [each for root in s.objects.values() if isinstance(root, nn.Module) for each in root.modules()]
    return any(hook is m for each in modules for hook in each._forward_pre_hooks.values())


@verb("tensor_name")
def tensor_name(s, c):
    m = s.method(c[1])
    if isinstance(m, prune.PruningContainer) and len(m) or at_work(s, m):
        raise Ours("a method at work keeps its name", "state")
    m._tensor_name = c[2]


@verb("add")
def add(s, c):
    to, m = s.method(c[1]), s.method(c[2])
    if not isinstance(to, prune.PruningContainer):
        raise Ours("add is a container's", "type")
    if at_work(s, to):
        raise Ours("a container at work is not added to", "state")
    add_to(to, m)


def borrowed(s, c, m):
    s.keep(c[1], m)
    return [f"{method_text(m)} {m._tensor_name}"]


@verb("item")
def item(s, c):
    m = s.method(c[2])
    return borrowed(s, c, m[int(c[3])])


@verb("applied")
def applied(s, c):
    module, name = s.module(c[2]), s.member(c[3])
    return borrowed(s, c, hook_of(module, name))
