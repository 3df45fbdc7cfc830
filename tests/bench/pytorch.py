"""What PyTorch does for each work of the rows: the same data, the same seeds, and a check that the result is the same."""
import os
from contextlib import nullcontext

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

import timing


class Work:
    """One work on one case. `prepare` is None where runs can follow each other."""
    prepare = None
    context = nullcontext

    def __init__(self, case):
        self.case, self.row, self.entries = case, case.row, case.entries

    def seconds(self, least):
        with self.context():
            return timing.seconds(self, least)

    def same(self):
        """Whether the last run of both sides gave the same."""
        return True


# ---- Pruning: a new module for each run

class OnModule(Work):
    compared = ("weight", "weight_mask")
    row_major = False

    def __init__(self, case):
        super().__init__(case)
        self.values, self.modules = case.data().contiguous() if self.row_major else case.data(), {}

    def prepare(self, slot):
        module = self.modules[slot] = nn.Module()
        module.register_parameter("weight", nn.Parameter(self.values))

    def same(self):
        return all(torch.equal(getattr(self.modules[0], name), self.case.tensor(name)) for name in self.compared)


class L1(OnModule):
    row_major = True    # PyTorch refuses a transposed parameter; what is no whole tensor is copied for it beforehand

    def run(self, slot):
        prune.l1_unstructured(self.modules[slot], "weight", self.row.amount)


class L1Again(L1):
    def prepare(self, slot):
        super().prepare(slot)
        self.run(slot)


class Masked(OnModule):
    """From a module that has the case's mask."""

    def __init__(self, case):
        super().__init__(case)
        self.mask = case.mask()

    def prepare(self, slot):
        super().prepare(slot)
        prune.custom_from_mask(self.modules[slot], "weight", self.mask)


class CustomFromMask(Masked):
    prepare = OnModule.prepare

    def run(self, slot):
        prune.custom_from_mask(self.modules[slot], "weight", self.mask)


class Remove(Masked):
    compared = ("weight",)

    def run(self, slot):
        prune.remove(self.modules[slot], "weight")


class Hook(Masked):
    prepare = None
    context = torch.no_grad

    def __init__(self, case):
        super().__init__(case)
        Masked.prepare(self, 0)
        self.hook, = self.modules[0]._forward_pre_hooks.values()

    def run(self, slot):
        self.hook(self.modules[0], None)


class Seeded(OnModule):
    def prepare(self, slot):
        torch.manual_seed(self.row.seed)
        super().prepare(slot)


class Random(Seeded):
    def run(self, slot):
        prune.random_unstructured(self.modules[slot], "weight", self.row.amount)


class RandomStructured(Seeded):
    def run(self, slot):
        prune.random_structured(self.modules[slot], "weight", self.row.amount, self.row.dim)


class LnStructured(OnModule):
    def run(self, slot):
        prune.ln_structured(self.modules[slot], "weight", self.row.amount, self.row.order, self.row.dim)


class GlobalL1(OnModule):
    def prepare(self, slot):
        for i, part in enumerate(self.values):
            module = self.modules[i] = nn.Module()
            module.register_parameter("weight", nn.Parameter(part))

    def run(self, slot):
        prune.global_unstructured([(module, "weight") for module in self.modules.values()], prune.L1Unstructured,
                                  amount=self.row.amount)

    def same(self):
        return all(torch.equal(getattr(module, name), self.case.tensor(name, i))
                   for i, module in self.modules.items() for name in self.compared)


# ---- Draws

class Uniform(Work):
    def __init__(self, case):
        super().__init__(case)
        self.values = torch.empty_like(case.data())

    def run(self, slot):
        self.values.uniform_(-0.5, 0.5)

    def same(self):
        return torch.equal(self.values, self.case.data())


class LinearInit(Work):
    def run(self, slot):
        self.layer = nn.Linear(*self.row.shape)

    def same(self):
        return all(torch.equal(getattr(self.layer, name), self.case.tensor(name)) for name in ("weight", "bias"))


# ---- Networks

class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.maxpool = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2, 2)
        self.fc1, self.fc2, self.fc3 = nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = self.maxpool(F.relu(self.conv1(x)))
        x = self.maxpool(F.relu(self.conv2(x)))
        x = x.view(x.size(0), -1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def close(y, case):
    """But for rounding: the sums are in another order."""
    return torch.allclose(y, case.result(), rtol=1e-4, atol=1e-5)


class Forward(Work):
    """A network with the weights of the case's module 0."""
    context = torch.inference_mode

    def __init__(self, case):
        super().__init__(case)
        self.x, self.net = case.data(), self.make().eval()
        with torch.no_grad():
            for name, parameter in self.net.named_parameters():
                parameter.copy_(case.tensor(name))

    def run(self, slot):
        self.y = self.net(self.x)

    def same(self):
        return close(self.y[0] if isinstance(self.y, tuple) else self.y, self.case)


class LeNetForward(Forward):
    make = LeNet


class LeNetPruned(LeNetForward):
    def make(self):
        net = LeNet()
        for name in ("conv1", "conv2", "fc1", "fc2", "fc3"):
            layer = getattr(net, name)
            with torch.no_grad():
                layer.weight.copy_(self.case.tensor(name + ".weight_orig"))
            prune.l1_unstructured(layer, "weight", 0.5)
        return net


class Linear(Forward):
    def make(self):
        return nn.Linear(self.row.sizes[0], self.row.sizes[0])


class Conv2d(Forward):
    def make(self):
        inputs, outputs, kernel, _, stride, groups = self.row.sizes[:6]
        return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups)


class Lstm(Forward):
    def make(self):
        return nn.LSTM(self.row.sizes[0], self.row.sizes[0])


class Gru(Forward):
    def make(self):
        return nn.GRU(self.row.sizes[0], self.row.sizes[0])


# ---- A whole model

class LeNetLife(Work):
    def run(self, slot):
        net = LeNet()
        layers = [net.conv1, net.conv2, net.fc1, net.fc2, net.fc3]
        prune.identity(net.conv1, "bias")
        prune.random_unstructured(net.conv1, "weight", 0.3)
        prune.random_structured(net.conv2, "weight", 0.25, 0)
        prune.ln_structured(net.fc1, "weight", 0.5, 2, 0)
        prune.l1_unstructured(net.fc2, "weight", 0.3)
        prune.custom_from_mask(net.fc3, "bias", torch.ones(10))
        prune.global_unstructured([(layer, "weight") for layer in layers], prune.L1Unstructured, amount=0.2)


class Load(Work):
    """load_file maps the file; a value of each page is read, so that the data are there."""

    def run(self, slot):
        self.tensors = load_file(self.case.path)
        for t in self.tensors.values():
            t.view(-1)[::1024].sum()

    def same(self):
        return all(torch.equal(t, self.tensors[name]) for name, t in self.case.dict_tensors().items())


class LoadOwn(Load):
    """Into memory that is the tensors' own, as ours."""

    def run(self, slot):
        self.tensors = {name: t.clone() for name, t in load_file(self.case.path).items()}


class Save(Work):
    def __init__(self, case):
        super().__init__(case)
        self.path, self.tensors = case.path + ".torch", case.dict_tensors()

    def run(self, slot):
        save_file(self.tensors, self.path)

    def same(self):
        with open(self.path, "rb") as theirs, open(self.case.path, "rb") as ours:
            pieces = zip(iter(lambda: theirs.read(1 << 24), b""), iter(lambda: ours.read(1 << 24), b""))
            equal = os.path.getsize(self.path) == os.path.getsize(self.case.path) and all(a == b for a, b in pieces)
        os.remove(self.path)
        return equal


WORKS = {
    "l1": L1, "l1_again": L1Again, "random": Random, "random_structured": RandomStructured, "global_l1": GlobalL1,
    "ln_structured": LnStructured, "custom_from_mask": CustomFromMask, "remove": Remove, "hook": Hook,
    "uniform": Uniform, "linear_init": LinearInit, "lenet": LeNetForward, "lenet_pruned": LeNetPruned,
    "linear": Linear, "conv2d": Conv2d, "lstm": Lstm, "gru": Gru,
    "lenet_life": LeNetLife, "load": Load, "load_own": LoadOwn, "save": Save,
}
