"""How far from the exact value a layer's float32 result may lie, element by element.

U = 2^-24 is the largest relative error of one rounding, gamma(n) = n U / (1 - n U) that of n of them in a row. A sum of n
products in any order lies within gamma(n) * sum |a_i b_i| of the exact one (Higham, "Accuracy and Stability of Numerical
Algorithms", 3.1). The C library's expf is taken as right to 1 ulp, tanhf to 2, erfcf to 3, as glibc says of itself, an
ulp being at most 2 U of the value. What is added at the end stands for results below the smallest normal number.

Each function takes the case, the layer in double (None for a stateless function), the input in double and the exact result,
which is not empty.
"""
import copy
import math

import torch
import torch.nn.functional as F

U = 2.0 ** -24
TINY = 2.0 ** -149  # the smallest denormal
EXACT = {"ReLU", "relu", "MaxPool1d", "max_pool1d", "MaxPool2d", "max_pool2d", "Flatten", "Dropout", "Identity"}


def gamma(n):
    return n * U / (1 - n * U)


def spread(ints, dims):
    return (ints,) * dims if isinstance(ints, int) else tuple(ints)


def weighted_sum(case, layer, x, exact):
    """Linear and ConvNd: in/groups * kernel products and the bias."""
    magnitudes = copy.deepcopy(layer)
    for parameter in magnitudes.parameters():
        parameter.abs_()
    terms = layer.weight[0].numel() if layer.weight.shape[0] else 0
    return gamma(terms + 1) * magnitudes(x.abs()) + terms * TINY


def batch_norm(case, layer, x, exact):
    """scale = 1 / sqrt(var + eps) * weight; x * scale + (bias - mean * scale): at most 7 roundings of each part."""
    sizes = [1, -1] + [1] * (x.dim() - 2)
    scale = 1 / torch.sqrt(layer.running_var + layer.eps)
    bias = torch.zeros_like(scale)
    if layer.weight is not None:
        scale = scale * layer.weight.abs()
    if layer.bias is not None:
        bias = layer.bias.abs()
    shift = bias + layer.running_mean.abs() * scale
    return gamma(7) * (x.abs() * scale.view(sizes) + shift.view(sizes)) + 4 * TINY


def average(case, layer, x, exact):
    """A sum of the window's entries and one division."""
    keywords = dict(case.keywords)
    if keywords.get("divisor_override"):
        keywords["divisor_override"] = abs(keywords["divisor_override"])
    terms = math.prod(spread(case.arguments[0], 2))
    return gamma(terms) * F.avg_pool2d(x.abs(), *case.arguments, **keywords) + TINY


def adaptive_average(case, layer, x, exact):
    """A sum of the window's entries and two divisions; a window is at most ceil(in / out) + 1 wide."""
    terms = math.prod(i // o + 2 if o else 0 for i, o in zip(x.shape[-2:], exact.shape[-2:]))
    return gamma(terms + 1) * F.adaptive_avg_pool2d(x.abs(), *case.arguments) + 2 * TINY


def sigmoid(case, layer, x, exact):
    """1 / (1 + expf(-x)): 2 U, a sum, a division; expf overflows where the result is below 2^-128."""
    return gamma(4) * exact + 2.0 ** -128


def tanh(case, layer, x, exact):
    return gamma(4) * exact.abs() + TINY


def exact_gelu(x):
    """PyTorch's own, in double too, loses its digits where 1 + erf is small."""
    return x / 2 * torch.special.erfc(-x * math.sqrt(0.5))


def gelu(case, layer, x, exact):
    """x / 2 * erfcf(-x * r): r and its product err by 2 U, which erfc magnifies by its condition number; then 6 U for
    erfcf itself and the two products."""
    z = -x * math.sqrt(0.5)
    complement = torch.special.erfc(z)
    condition = (z * 2 / math.sqrt(math.pi) * torch.exp(-z * z) / complement).abs().nan_to_num(0.0, 0.0)
    return (2 * condition + 8) * 1.01 * U * exact.abs() + (x.abs() + 1) * 2 * TINY


def exponents(x, dim):
    """Distance of each entry from its row's maximum, and the weighted error of the sum of exponentials, in U."""
    distance = x.amax(dim, keepdim=True) - x
    weights = torch.softmax(x, dim)
    return distance, (weights * (distance + 2)).nan_to_num(0.0).sum(dim, keepdim=True)


def softmax(case, layer, x, exact):
    """expf(x - max) errs by (distance + 2) U; so does the sum, weighted; two roundings more."""
    distance, of_sum = exponents(x, case.arguments[0])
    return (distance + 2 + of_sum + 2) * 1.01 * U * exact + 2 * TINY


def log_softmax(case, layer, x, exact):
    """x - max - log(sum), each rounded, and the error of the sum."""
    distance, of_sum = exponents(x, case.arguments[0])
    log_sum = (-distance - exact).abs()
    return (distance + log_sum + of_sum + exact.abs()) * 1.01 * U + TINY


BOUNDS = {
    "Linear": weighted_sum, "Conv1d": weighted_sum, "Conv2d": weighted_sum, "Conv3d": weighted_sum,
    "BatchNorm1d": batch_norm, "BatchNorm2d": batch_norm, "AvgPool2d": average, "avg_pool2d": average,
    "AdaptiveAvgPool2d": adaptive_average, "adaptive_avg_pool2d": adaptive_average, "Sigmoid": sigmoid, "sigmoid": sigmoid,
    "Tanh": tanh, "tanh": tanh, "GELU": gelu, "gelu": gelu, "Softmax": softmax, "softmax": softmax,
    "LogSoftmax": log_softmax, "log_softmax": log_softmax,
}
