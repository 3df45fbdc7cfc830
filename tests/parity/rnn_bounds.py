"""How far the float32 outputs of LSTM and GRU may lie from the exact ones, element by element: the bounds of
layer_bounds.py, carried from step to step.
"""
import torch

from layer_bounds import TINY, U, gamma

RECURRENT = {"LSTM", "GRU"}


class Near:
    """Exact values, and how far the float32 ones may lie from them: each operation adds its own rounding."""

    def __init__(self, value, error=None):
        self.value = value
        error = torch.zeros_like(value) if error is None else error
        self.error = torch.where(torch.isfinite(value), error, 0.0)

    def rounded(self, value, error):
        return Near(value, error + U * (value.abs() + error) + TINY)

    def __add__(self, other):
        return self.rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other):
        return self.rounded(self.value - other.value, self.error + other.error)

    def __mul__(self, other):
        a, b = self.value.abs(), other.value.abs()
        return self.rounded(self.value * other.value, a * other.error + b * self.error + self.error * other.error)

    def __getitem__(self, place):
        return Near(self.value[place], self.error[place])

    def linear(self, weight, bias):
        """Its products in any order."""
        magnitude = (self.value.abs() + self.error) @ weight.abs().T
        value = self.value @ weight.T
        if bias is not None:
            value, magnitude = value + bias, magnitude + bias.abs()
        terms = weight.shape[1] + 1
        return Near(value, self.error @ weight.abs().T + gamma(terms) * magnitude + terms * TINY)

    def through(self, rising):
        """sigmoid or tanh, which are right to 4 U; 1 / (1 + expf(-x)) gives 0 below 2^-128."""
        value = rising(self.value)
        off = torch.maximum(rising(self.value + self.error) - value, value - rising(self.value - self.error))
        return Near(value, off + gamma(4) * (value.abs() + off) + 2.0 ** -128)

    def parts(self, count):
        return [Near(*both) for both in zip(self.value.chunk(count, -1), self.error.chunk(count, -1))]

    @staticmethod
    def join(several, function, dim):
        return Near(function([one.value for one in several], dim), function([one.error for one in several], dim))


def lstm_step(x, h, states):
    """The new states from what the inputs and h contribute to the gates."""
    i, f, g, o = (h + x).parts(4)
    c = f.through(torch.sigmoid) * states[1] + i.through(torch.sigmoid) * g.through(torch.tanh)
    return [o.through(torch.sigmoid) * c.through(torch.tanh), c]


def gru_step(x, h, states):
    (xr, xz, xn), (hr, hz, hn) = x.parts(3), h.parts(3)
    r, z = (hr + xr).through(torch.sigmoid), (hz + xz).through(torch.sigmoid)
    n = (xn + r * hn).through(torch.tanh)
    return [(states[0] - n) * z + n]


def recurrence(case, layer, inputs, exact):
    """Step by step, for y and each state."""
    count, step = (4, lstm_step) if case.name == "LSTM" else (3, gru_step)
    x = Near(inputs[0] if inputs[0].dim() == 3 else inputs[0].unsqueeze(1))
    if layer.batch_first and inputs[0].dim() == 3:
        x = Near(inputs[0].transpose(0, 1))
    directions = 1 + layer.bidirectional
    shape = layer.num_layers * directions, x.value.shape[1], layer.hidden_size
    zeros = [torch.zeros(shape).double()] * 2
    states = [Near(s.reshape(shape)) for s in inputs[1:] or zeros]
    last = []
    for k in range(layer.num_layers):
        sides = []
        for d in range(directions):
            suffix = f"_l{k}" + "_reverse" * d
            w_ih, w_hh, b_ih, b_hh = (getattr(layer, name + suffix, None) for name in
                                      ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            now, outputs = [s[k * directions + d] for s in states], []
            for t in range(x.value.shape[0])[::-1 if d else 1]:
                now = step(x[t].linear(w_ih, b_ih), now[0].linear(w_hh, b_hh), now)
                outputs.append(now[0])
            sides.append(Near.join(outputs[::-1] if d else outputs, torch.stack, 0))
            last.append(now)
        x = Near.join(sides, torch.cat, -1)
    y = x.error.transpose(0, 1) if layer.batch_first and inputs[0].dim() == 3 else x.error
    bounds = [y] + [Near.join(states, torch.stack, 0).error for states in zip(*last)]
    return [bound.reshape(e.shape) for bound, e in zip(bounds, exact)]
