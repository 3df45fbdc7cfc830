"""The pruning tutorial in PyTorch: the program that examples/lenet_pruning.c is in C.

    python3 tests/parity/tutorial.py [--seed N]                     prints it
    python3 tests/parity/tutorial.py [--seed N] --compare PROGRAM   runs PROGRAM --seed N as well and compares, line by line

Lines that hold an address, a device, a time, or grad_fn are compared without it. Needs torch 2.13 and torchsummary 1.5.1.
"""

import argparse
import contextlib
import difflib
import io
import re
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
import torch.nn.utils.prune as prune
from torch import nn
from torch.utils.hooks import RemovableHandle
from torchsummary import summary


class LeNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5)
        self.conv2 = nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5)
        self.maxpool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.fc1 = nn.Linear(in_features=16 * 4 * 4, out_features=120)
        self.fc2 = nn.Linear(in_features=120, out_features=84)
        self.fc3 = nn.Linear(in_features=84, out_features=num_classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.conv1(x)))
        x = self.maxpool(F.relu(self.conv2(x)))
        x = x.view(x.size()[0], -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class custom_prune(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


def heading(text):
    print(f"\n==== {text} ====")


def separator():
    print("*" * 50)


def print_summary(model):
    """torchsummary draws random numbers and takes hook ids: both are put back."""
    state, next_id = torch.get_rng_state(), RemovableHandle.next_id
    summary(model, input_size=(1, 28, 28), device="cpu")
    torch.set_rng_state(state)
    RemovableHandle.next_id = next_id


def print_all(model, module, names):
    print(" model state_dict keys:")
    print(model.state_dict().keys())
    separator()
    print(" module named_parameters:")
    print(list(module.named_parameters()))
    separator()
    print(" module named_buffers:")
    print(list(module.named_buffers()))
    for name in names:
        separator()
        print(f" module {name}:")
        print(getattr(module, name))
    separator()
    print(" module _forward_pre_hooks:")
    print(module._forward_pre_hooks)


def print_history(module, name):
    for hook in module._forward_pre_hooks.values():
        if hook._tensor_name == name:
            print(list(hook))
            break


def convolutions(model):
    return [m for _, m in model.named_modules() if isinstance(m, nn.Conv2d)]


def tutorial():
    model = LeNet()
    module = model.conv1
    heading("1. The model, before pruning")
    print_summary(model)
    print(model.state_dict().keys())
    print(list(module.named_parameters()))
    print(list(module.named_buffers()))

    heading('2.1.1 Structured, at random: random_structured(conv1, "weight", amount=2, dim=0)')
    prune.random_structured(module, name="weight", amount=2, dim=0)
    print(model.state_dict().keys())
    print(module)
    print(list(module.named_parameters()))
    print(list(module.named_buffers()))
    print(module.weight)
    print(module._forward_pre_hooks)
    heading('2.1.2 Structured again, by norm: ln_structured(conv1, "weight", amount=0.5, n=2, dim=0)')
    prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
    print_all(model, module, ["weight"])
    print_history(module, "weight")

    heading('2.2.1 Unstructured, at random: random_unstructured(conv1, "bias", amount=1)')
    prune.random_unstructured(module, name="bias", amount=1)
    print_all(model, module, ["bias"])
    heading('2.2.2 Unstructured, by magnitude, every Conv2d: l1_unstructured(m, "bias", amount=0.2)')
    for m in convolutions(model):
        prune.l1_unstructured(m, name="bias", amount=0.2)
    print_all(model, module, ["weight", "bias"])

    heading("2.3 Made permanent: remove")
    for m in convolutions(model):
        prune.remove(m, "bias")
    prune.remove(module, "weight")
    separator()
    print("model state_dict keys:")
    print(model.state_dict().keys())
    separator()
    print("model named_parameters:")
    print(list(module.named_parameters()))
    separator()
    print("model named_buffers:")
    print(list(module.named_buffers()))
    separator()
    print("model forward_pre_hooks:")
    print(module._forward_pre_hooks)

    model = LeNet()
    heading("3. Global: global_unstructured(conv1, conv2, fc1, fc2; L1Unstructured, amount=0.2)")
    print(model.state_dict().keys())
    separator()
    layers = {name: getattr(model, name) for name in ("conv1", "conv2", "fc1", "fc2")}
    prune.global_unstructured([(m, "weight") for m in layers.values()], pruning_method=prune.L1Unstructured, amount=0.2)
    print(model.state_dict().keys())
    for name, m in layers.items():
        print(f"Sparsity in {name}.weight: {100.0 * float(torch.sum(m.weight == 0)) / float(m.weight.nelement()):.2f}%")
    zeros = sum(float(torch.sum(m.weight == 0)) for m in layers.values())
    entries = sum(float(m.weight.nelement()) for m in layers.values())
    print(f"Global sparsity: {100.0 * zeros / entries:.2f}%")

    model = LeNet()
    heading("4. A method of one's own: every other entry of fc1's bias")
    start = time.time()
    custom_prune.apply(model.fc1, "bias")
    print(model.fc1.bias_mask)
    print((time.time() - start) * 1000, "ms")


def comparable(text):
    """The lines without what differs by nature. Python 3.12 prints an OrderedDict's items as {0: …}."""
    text = re.sub(r"OrderedDict\(\{(.*)\}\)", lambda m: "OrderedDict([" + re.sub(r"(\d+): (<[^>]*>)", r"(\1, \2)", m[1]) + "])", text)
    text = re.sub(r" at 0x[0-9a-f]+>", " at ADDRESS>", text)
    text = re.sub(r"^[0-9.e-]+ ms$", "TIME ms", text, flags=re.M)
    return text.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compare", metavar="PROGRAM")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    if not arguments.compare:
        tutorial()
        return 0
    expected = io.StringIO()
    with contextlib.redirect_stdout(expected):
        tutorial()
    command = [arguments.compare, "--seed", str(arguments.seed)]
    got = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    expected, got = comparable(expected.getvalue()), comparable(got)
    differences = list(difflib.unified_diff(expected, got, "PyTorch", arguments.compare, lineterm=""))
    print("\n".join(differences) if differences else f"{len(got)} lines, seed {arguments.seed}: no difference")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
