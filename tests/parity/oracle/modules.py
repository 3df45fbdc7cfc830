"""Commands on modules: members, hooks, forward, state dicts, print."""
import collections
import contextlib
import copy
import io

import torch
from torch import nn
from torch.nn.utils import prune
from torch.utils.hooks import RemovableHandle

from .session import Ours, Skipped, UserError, verb
from .tensors import approximate
from .text import make_pattern, one_line, read_list


def products(module):
    """The tensors of the tree that autograd would not let be copied: pruned values."""
    return [t for m in module.modules() for t in m.__dict__.values() if isinstance(t, torch.Tensor) and not t.is_leaf]


def deep_copy(module):
    """copy.deepcopy that takes pruned values as well."""
    memo = {id(t): t.detach().clone().requires_grad_() * 1 for t in products(module)}
    return copy.deepcopy(module, memo)


@verb("clone")
def clone(s, c):
    source = s.module(c[2])
    if products(source):
        s.ours("a pruned module is copied at any time")
    s.keep(c[1], deep_copy(source))


# ---- Members

@verb("parameter")
def parameter(s, c):
    module, t = s.module(c[1]), s.tensor(c[3])
    name = s.member(c[2])
    computed = t is not None and t.grad_fn is not None
    if t is not None and not isinstance(t, nn.Parameter):
        t = nn.Parameter(t, requires_grad=t.is_floating_point())
    module.register_parameter(name, t)
    if computed:
        raise Ours("the value of a pruned parameter is not made one", "value")
    if t is not None:
        s.objects[c[3]] = t


@verb("buffer")
def buffer(s, c):
    module, t = s.module(c[1]), s.tensor(c[3])
    module.register_buffer(s.member(c[2]), t, persistent=c.flag("persistent", True))


@verb("child")
def child(s, c):
    module, given = s.module(c[1]), s.module(c[3])
    name = s.member(c[2])
    if given is not None and any(m is module for m in given.modules()):
        raise Ours("a module is no child of its own", "value")
    module.register_module(name, given)


@verb("set")
def set_member(s, c):
    module, t = s.module(c[1]), s.tensor(c[3])
    name = s.member(c[2])
    if "." in name and not isinstance(t, nn.Parameter):
        raise Ours("an attribute's name has no dot", "key")
    setattr(module, name, t)


@verb("delete")
def delete(s, c):
    delattr(s.module(c[1]), s.member(c[2]))


def existing(s, c):
    module = s.module(c[1])
    t = getattr(module, s.member(c[2]), None)
    if not isinstance(t, torch.Tensor):
        raise Skipped
    return t


@verb("get")
def get(s, c):
    try:
        s.keep(c[1], existing(s, c_with_member(c)))
    except Skipped:
        s.module(c[2])
        return ["none"]


def c_with_member(c):
    moved = copy.copy(c)
    moved.words = [c[0], *c.words[2:]]
    return moved


@verb("fill")
def fill(s, c):
    t = existing(s, c)
    with torch.no_grad():
        t.copy_(make_pattern(t.shape, c[3]))


@verb("requires_grad")
def requires_grad(s, c):
    existing(s, c).requires_grad_(int(c[3]) != 0)


@verb("print_member")
def print_member(s, c):
    return [one_line(str(existing(s, c)))]


# ---- Hooks and forward

class Noop:
    def __call__(self, module, inputs):
        return None


class Fails:
    def __call__(self, module, inputs):
        raise UserError("the hook fails")


@verb("hook")
def hook(s, c):
    handle = s.module(c[1]).register_forward_pre_hook(Noop() if c[2] == "noop" else Fails())
    return [f"id {handle.id}"]


@verb("remove_hook")
def remove_hook(s, c):
    hooks = s.module(c[1])._forward_pre_hooks
    number = int(c[2])
    if number not in hooks:
        raise Ours("a hook that is not there cannot be removed", "key")
    if isinstance(hooks[number], prune.BasePruningMethod):
        raise Ours("pruning hooks go with remove alone", "state")
    del hooks[number]


@verb("run_hooks")
def run_hooks(s, c):
    module = s.module(c[1])
    for m in list(module.modules()) if c.flag("recurse", True) else [module]:
        for each in list(m._forward_pre_hooks.values()):
            each(m, ())


@verb("train")
def train(s, c):
    s.module(c[1]).train(int(c[2]) != 0)


def arguments(module, inputs):
    """LSTM takes its two states as a pair."""
    return (inputs[0], tuple(inputs[1:])) if isinstance(module, nn.LSTM) and len(inputs) == 3 else inputs


def in_double(module):
    """A copy that computes in float64."""
    copied = deep_copy(module).double()
    for m in copied.modules():
        for name, value in vars(m).items():
            if isinstance(value, torch.Tensor):
                vars(m)[name] = value.double()
    return copied


def evaluations(module, inputs, outputs, moves=2):
    """The forward in float64, as it is and with weights and inputs moved by up to a rounding of float32."""
    random = torch.Generator().manual_seed(1)

    def moved(t):
        return t * (1 + (torch.rand(t.shape, generator=random, dtype=t.dtype) - 0.5) * 2.0**-23)

    results = []
    for move in range(moves + 1):
        exact = in_double(module)
        x = [t.detach().double().clone() for t in inputs]
        if move:
            x = [moved(t) for t in x]
            with torch.no_grad():
                for p in [*exact.parameters(), *(b for b in exact.buffers() if b.is_floating_point())]:
                    p.copy_(moved(p))
        y = exact(*arguments(exact, x))
        results.append(flat_outputs(y, outputs))
    return list(zip(*results))


def flat_outputs(y, count):
    flat = [y] if isinstance(y, torch.Tensor) else [t for part in y for t in ([part] if isinstance(part, torch.Tensor) else part)]
    return [t.detach() for t in flat[:count]]


@verb("call")
def call(s, c):
    module = s.module(c[1])
    inputs = [s.tensor(name) for name in c.words[2:]]
    outputs = int(c.options.get("outputs", "1"))
    if any(t is None for t in inputs):
        raise Ours("the words for an input that is None", "type")
    if any(trains(m) for m in module.modules() if m.training):
        deep_copy(module).eval()(*[t.detach().clone() for t in inputs])  # its errors come first
        raise Ours("training mode is not supported", "unsupported")
    if any(isinstance(m, (nn.Linear, nn.modules.conv._ConvNd)) and getattr(m, "weight", m) is None for m in module.modules()):
        raise Ours("the words for a layer without its weight", "type")
    copies = [t.detach().clone() for t in inputs]
    try:
        y = flat_outputs(module(*arguments(module, inputs)), outputs)
    except NotImplementedError as failure:
        if str(failure).startswith("Padding size"):
            raise Ours("the words of a convolution that pads an input of a wrong rank", "runtime") from None
        raise
    loose = any(pads_with_nan(m) for m in module.modules())
    if loose:
        s.ours("padding takes no part in a product with NaN or infinity")
    return [approximate(s, t, exact, loose) for t, exact in zip(y, evaluations(module, copies, outputs))]


def pads_with_nan(module):
    """PyTorch's convolutions multiply the zeros around the input, the library's leave them out."""
    return isinstance(module, nn.modules.conv._ConvNd) and module.padding not in ("valid", (0,) * len(module.kernel_size)) \
        and not module.weight.isfinite().all()


def trains(module):
    return isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.Dropout))


# ---- State dicts

class Versions(dict):
    """Beside a state dict PyTorch keeps the version of each module's format, and treats keys of an unknown one as of an old
    version, which has no num_batches_tracked. The library's dicts are of the present one."""

    def get(self, key, otherwise=None):
        return {"version": 2}


@verb("state_dict")
def state_dict(s, c):
    d = s.module(c[2]).state_dict()
    if c.flag("copy", False):
        d.update({key: t.clone() for key, t in d.items()})
    d._metadata = Versions()
    s.keep(c[1], d)


@verb("dict_set")
def dict_set(s, c):
    d, t = s.find(collections.OrderedDict, c[1]), s.tensor(c[3])
    d[c[2]] = t


@verb("dict_delete")
def dict_delete(s, c):
    d = s.find(collections.OrderedDict, c[1])
    if c[2] not in d:
        raise Ours("the words for a key that is not in a dict", "key")
    del d[c[2]]


@verb("load_state_dict")
def load_state_dict(s, c):
    module, d = s.module(c[1]), s.find(collections.OrderedDict, c[2])
    keys = module.load_state_dict(d, strict=c.flag("strict", True))
    return [" ".join(["missing", *keys.missing_keys]), " ".join(["unexpected", *keys.unexpected_keys])]


# ---- Print

@verb("repr")
def print_module(s, c):
    return [one_line(repr(s.module(c[1])))]


@verb("summary")
def summary(s, c):
    import torchsummary
    module, sizes = s.module(c[1]), tuple(read_list(c[2]))
    modes = {m: m.training for m in module.modules()}
    random, next_id = torch.get_rng_state(), RemovableHandle.next_id
    page = io.StringIO()
    try:
        module.eval()
        if all(m is module or isinstance(m, nn.Sequential) for m in module.modules()):
            module(torch.zeros(2, *sizes))  # its errors come as they are
            s.ours("the layer table of a module without layers")
            return ["*"]
        with contextlib.redirect_stdout(page):
            torchsummary.summary(module, sizes, batch_size=int(c.options.get("batch", "-1")), device="cpu")
    finally:
        for m, mode in modes.items():
            m.training = mode
            m._forward_hooks.clear()  # torchsummary's, which stay after a failure
        torch.set_rng_state(random)
        RemovableHandle.next_id = next_id
    return [one_line(page.getvalue())]
