"""Random configurations of every layer and stateless function, for layers.py: mostly sound ones, some that PyTorch refuses."""
from dataclasses import dataclass

import torch

# Entries: what a layer is called in torch.nn, or in torch.nn.functional (all lower case).
CASES = {}


@dataclass
class Case:
    name: str
    arguments: tuple
    keywords: dict
    inputs: list
    seed: int
    outputs: int = 1

    def __str__(self):
        words = [repr(a) for a in self.arguments] + [f"{k}={v!r}" for k, v in self.keywords.items()]
        views = ", ".join(f"{list(x.shape)} with strides {list(x.stride())}" for x in self.inputs)
        return f"{self.name}({', '.join(words)}) on {views}"


def cases(*names):
    """A generator of configurations, registered under these names."""
    def register(make):
        CASES.update({name: make for name in names})
        return make
    return register


def random_case(rng, name):
    arguments, keywords, inputs, *outputs = CASES[name](rng, name)
    return Case(name, tuple(arguments), keywords, inputs, rng.getrandbits(32), *outputs)


# ---- Inputs

SPECIAL = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e-40, -1e-42, 1.5, -2.0]


def values(rng, shape, specials):
    """Random ones; some of few values, so that many are equal; some with what is special put in, where `specials`."""
    generator = torch.Generator().manual_seed(rng.getrandbits(32))
    kind = rng.random()
    if kind < 0.15:
        return torch.randint(-2, 3, shape, generator=generator).float()
    x = torch.randn(shape, generator=generator) * rng.choice([1.0, 1.0, 1e-3, 30.0])
    if specials and kind > 0.75 and x.numel():
        flat = x.view(-1)
        for _ in range(rng.randint(1, 1 + x.numel() // 4)):
            flat[rng.randrange(x.numel())] = rng.choice(SPECIAL)
    return x


def laid_out(rng, x):
    """The same shape in memory of another order: permuted, every second element, a part, expanded."""
    kind = rng.random()
    if kind < 0.4 or x.dim() == 0:
        return x
    if kind < 0.6:
        order = rng.sample(range(x.dim()), x.dim())
        inverse = sorted(range(x.dim()), key=order.__getitem__)
        return x.permute(order).contiguous().permute(inverse)
    dim = rng.randrange(x.dim())
    if kind < 0.7 and x.shape[dim] > 0:
        return x.narrow(dim, 0, 1).expand_as(x)
    step, before = rng.randint(1, 3), rng.randint(0, 2)
    sizes = list(x.shape)
    sizes[dim] = before + sizes[dim] * step
    base = torch.full(sizes, 7.0)
    view = base[(slice(None),) * dim + (slice(before, None, step),)]
    view.copy_(x)
    return view


def tensor(rng, shape, specials=True):
    return laid_out(rng, values(rng, shape, specials))


def size(rng, most, least=1):
    return rng.choice([0, 1]) if rng.random() < 0.05 else rng.randint(least, most)


def batched(rng, sample):
    """A batch of samples of that shape, or one sample alone."""
    return sample if rng.random() < 0.3 else [size(rng, 4)] + sample


def any_shape(rng):
    return [rng.choice([0, 1, 2, 3, 5, 8, 17]) for _ in range(rng.randint(0, 5))]


def numbers(rng, dims, least, most):
    """An int for all dims, or a tuple (of two or more: one number is an int to the library)."""
    drawn = tuple(rng.randint(least, most) for _ in range(dims))
    return drawn[0] if dims == 1 or rng.random() < 0.5 else drawn


def wrong_number(dims):
    return (1,) * (2 if dims != 2 else 3)


def spread(ints, dims):
    return (ints,) * dims if isinstance(ints, int) else ints


def some(rng, keywords):
    """A part of them: the others keep their defaults."""
    return {name: value for name, value in keywords.items() if rng.random() < 0.6}


# ---- Layers with parameters

@cases("Linear")
def linear(rng, name):
    inside, outside = size(rng, 40), size(rng, 20)
    if rng.random() < 0.05:
        inside, outside = rng.randint(300, 2000), rng.randint(1, 9)
    shape = [rng.choice([0, 1, 2, 3, 7]) for _ in range(rng.randint(0, 3))] + [inside]
    if rng.random() < 0.08:
        shape = rng.choice([[], [inside + 1], shape[:-1] + [inside + 1], [2, 0]])
    if rng.random() < 0.03:
        inside = rng.choice([-1, inside])
        outside = rng.choice([-2, outside])
    return [inside, outside], some(rng, {"bias": rng.random() < 0.5}), [tensor(rng, shape)]


@cases("Conv1d", "Conv2d", "Conv3d")
def conv(rng, name):
    dims = int(name[4])
    groups = rng.choice([1, 1, 1, 2, 3])
    in_channels, out_channels = groups * size(rng, 5), groups * size(rng, 4)
    if rng.random() < 0.1:  # depthwise
        groups = in_channels or 1
        out_channels = groups * rng.randint(1, 2)
    kernel = numbers(rng, dims, 1, 6 - dims)
    dilation = numbers(rng, dims, 1, 3)
    stride, padding = numbers(rng, dims, 1, 3), numbers(rng, dims, 0, 3)
    mode = rng.choice(["zeros"] * 3 + ["reflect", "replicate", "circular"])
    if rng.random() < 0.25:
        padding = rng.choice(["same", "valid"])
        stride = 1 if padding == "same" else stride
    keywords = some(rng, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
                          "bias": rng.random() < 0.5, "padding_mode": mode})
    groups = keywords.get("groups", 1)
    dilation, pad = spread(keywords.get("dilation", 1), dims), keywords.get("padding", 0)
    pad = (0,) * dims if isinstance(pad, str) else spread(pad, dims)
    spatial = [max(1, d * (k - 1) + 1 - 2 * p) + rng.randint(0, 8 if dims < 3 else 3)
               for k, d, p in zip(spread(kernel, dims), dilation, pad)]
    if rng.random() < 0.2:
        spatial = [size(rng, 7) for _ in range(dims)]
    sample = [in_channels] + spatial
    if rng.random() < 0.12:
        spoil_conv(rng, dims, keywords, sample)
    x = tensor(rng, batched(rng, sample))
    if rng.random() < 0.03:
        x = tensor(rng, any_shape(rng))
    if rng.random() < 0.03:
        in_channels = rng.choice([-1, in_channels + 1])
    return [in_channels, out_channels, kernel], keywords, [x]


def spoil_conv(rng, dims, keywords, sample):
    what = rng.randrange(9)
    if what == 0:
        sample[0] += 1
    elif what == 1:
        keywords["groups"] = rng.choice([0, -1, 2, 7])
    elif what == 2:
        keywords["padding"] = rng.choice(["full", "", "Same", -1])
    elif what == 3:
        keywords["padding_mode"] = rng.choice(["constant", "", "zero"])
    elif what == 4:
        keywords["stride"] = rng.choice([0, -1])
    elif what == 5:
        keywords["dilation"] = rng.choice([0, -1])
    elif what == 6:
        keywords.update(padding="same", stride=2)
    elif what == 7:
        keywords[rng.choice(["stride", "padding", "dilation"])] = wrong_number(dims)
    else:
        keywords["padding"] = 9


@cases("BatchNorm1d", "BatchNorm2d")
def batch_norm(rng, name):
    features = size(rng, 9)
    ranks = [2, 3] if name == "BatchNorm1d" else [4]
    shape = [size(rng, 5), features] + [size(rng, 6) for _ in range(rng.choice(ranks) - 2)]
    if rng.random() < 0.1:
        shape = rng.choice([shape[1:], shape + [2], [], [2, features + 1] + shape[2:]])
    keywords = some(rng, {"eps": rng.choice([1e-5, 1e-3, 0.0, 0.5]), "momentum": rng.choice([0.1, 0.25]),
                          "affine": rng.random() < 0.6, "bias": rng.random() < 0.5,
                          "track_running_stats": rng.random() < 0.9})
    if rng.random() < 0.03:
        features = -1
    return [features], keywords, [tensor(rng, shape)]


# ---- Layers with states

@cases("LSTM", "GRU")
def recurrent(rng, name):
    inside, hidden, states = rng.choice([1, 2, 3, 7, 20]), rng.choice([1, 2, 3, 5, 8, 17, 33]), 2 if name == "LSTM" else 1
    keywords = some(rng, {"num_layers": rng.randint(1, 3), "bias": rng.random() < 0.5, "batch_first": rng.random() < 0.5,
                          "dropout": rng.choice([0.0, 0.25, 1.0]), "bidirectional": rng.random() < 0.6})
    length, batch = size(rng, rng.choice([9, 9, 40])), size(rng, 4)
    state = [keywords.get("num_layers", 1) * (1 + keywords.get("bidirectional", False)), batch, hidden]
    shape = [batch, length, inside] if keywords.get("batch_first") else [length, batch, inside]
    if rng.random() < 0.3:
        del shape[0 if keywords.get("batch_first") else 1], state[1]
    shapes = [shape] + [list(state) for _ in range(states)]
    if rng.random() < 0.15:
        spoil_shapes(rng, shapes)
    if rng.random() < 0.05:
        inside, hidden = rng.choice([(0, hidden), (inside, 0), (-1, hidden), (inside, -3)])
    if rng.random() < 0.05:
        keywords.update(rng.choice([{"num_layers": 0}, {"num_layers": -1}, {"dropout": -0.5}, {"dropout": 1.5}]))
    inputs = [tensor(rng, shape) for shape in shapes]
    return [inside, hidden], keywords, inputs if rng.random() < 0.5 else inputs[:1], rng.randint(1, 1 + states)


def spoil_shapes(rng, shapes):
    """Another size, one dim less or one more, in one of them."""
    shape = rng.choice(shapes)
    what = rng.randrange(3)
    if what == 0:
        shape[rng.randrange(len(shape))] += 1
    elif what == 1:
        del shape[rng.randrange(len(shape))]
    else:
        shape.append(rng.randint(1, 2))


# ---- Pools

def window(rng, dims, dilated):
    kernel = numbers(rng, dims, 1, 4)
    half = min(spread(kernel, dims)) // 2
    keywords = {"stride": numbers(rng, dims, 1, 4), "padding": numbers(rng, dims, 0, half),
                "ceil_mode": rng.random() < 0.5}
    if dilated:
        keywords["dilation"] = numbers(rng, dims, 1, 3)
    return kernel, some(rng, keywords)


def pool_input(rng, dims):
    shape = batched(rng, [size(rng, 4)] + [size(rng, 14, 3) for _ in range(dims)])
    return tensor(rng, any_shape(rng) if rng.random() < 0.05 else shape)


def spoil_pool(rng, dims, keywords, kernel):
    what = rng.randrange(5)
    if what == 0:
        return rng.choice([0, -1, wrong_number(dims), 40])
    name = rng.choice([k for k in ("stride", "padding", "dilation") if k == "stride" or k in keywords])
    keywords[name] = rng.choice([0, -1, 3, 2 ** 31, wrong_number(dims)])
    return kernel


@cases("MaxPool1d", "max_pool1d", "MaxPool2d", "max_pool2d")
def max_pool(rng, name):
    dims = int(name[-2])
    kernel, keywords = window(rng, dims, True)
    if rng.random() < 0.12:
        kernel = spoil_pool(rng, dims, keywords, kernel)
    return [kernel], keywords, [pool_input(rng, dims)]


@cases("AvgPool2d", "avg_pool2d")
def avg_pool(rng, name):
    kernel, keywords = window(rng, 2, False)
    keywords.update(some(rng, {"count_include_pad": rng.random() < 0.5}))
    if rng.random() < 0.3:
        keywords["divisor_override"] = rng.choice([1, 2, 7, -3])
    if rng.random() < 0.12:
        kernel = spoil_pool(rng, 2, keywords, kernel)
    return [kernel], keywords, [pool_input(rng, 2)]


@cases("AdaptiveAvgPool2d", "adaptive_avg_pool2d")
def adaptive_avg_pool(rng, name):
    sizes = rng.choice([numbers(rng, 2, 1, 6), (rng.randint(1, 9), None), (None, rng.randint(1, 9)), 1, (0, 2), 0])
    if rng.random() < 0.05:
        sizes = rng.choice([-2, (1, -3), (1, 2, 3)])
    return [sizes], {}, [pool_input(rng, 2)]


# ---- The others

@cases("ReLU", "Dropout")
def inplace(rng, name):
    probability = [rng.choice([0.5, 0.0, 1.0, 0.1, -0.1, 1.5])] if name == "Dropout" else []
    return probability + [rng.random() < 0.3], {}, [tensor(rng, any_shape(rng))]


@cases("Sigmoid", "Tanh", "GELU", "Identity", "relu", "sigmoid", "tanh", "gelu")
def plain(rng, name):
    return [], {}, [tensor(rng, any_shape(rng))]


@cases("Softmax", "LogSoftmax", "softmax", "log_softmax")
def along_dim(rng, name):
    x = tensor(rng, any_shape(rng))
    limit = max(x.dim(), 1)
    return [rng.randint(-limit, limit - 1) if rng.random() < 0.93 else rng.choice([limit, -limit - 1])], {}, [x]


@cases("Flatten")
def flatten(rng, name):
    x = tensor(rng, any_shape(rng))
    limit = max(x.dim(), 1)
    dims = sorted(rng.randrange(limit) for _ in range(2)) if rng.random() < 0.8 else \
        [rng.randint(-limit - 1, limit) for _ in range(2)]
    return [dim - limit if rng.random() < 0.3 and dim >= 0 else dim for dim in dims], {}, [x]
