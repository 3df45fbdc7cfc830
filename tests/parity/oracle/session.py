"""Runs programs on PyTorch: objects by name, answers, the state of modules, and what a failure must leave as it was."""
import collections

import torch
from torch import nn
from torch.nn.utils import prune
from torch.utils.hooks import RemovableHandle

from .text import bits_of, cut, hash_of, one_line, tensor_text

VERBS = {}


def verb(name):
    def register(function):
        VERBS[name] = function
        return function
    return register


class Skipped(Exception):
    """The command names something that is not there."""


class UserError(Exception):
    """What the programs' own methods and hooks raise."""


class Ours(Exception):
    """A failure where the library differs from PyTorch on purpose. sentence None: any."""

    def __init__(self, name, status, sentence=None):
        super().__init__(sentence)
        self.name, self.status, self.sentence = name, status, sentence


STATUSES = [(UserError, "user"), (NotImplementedError, "unsupported"), (ValueError, "value"), (TypeError, "type"),
            (IndexError, "index"), (AttributeError, "attribute"), (KeyError, "key"), (RuntimeError, "runtime")]


def status_of(error):
    if isinstance(error, AssertionError):
        return "shape" if "shape" in str(error) else "state"
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    raise error


def sentence_of(error):
    if isinstance(error, KeyError) and error.args and " " in str(error.args[0]):
        return str(error.args[0])  # str() would put a sentence in quotes, too
    return str(error)


class Command:
    def __init__(self, line):
        words = line.split()
        self.verb = words[0]
        self.words = [w for w in words if "=" not in w]
        self.options = dict(w.split("=", 1) for w in words if "=" in w)

    def __getitem__(self, i):
        return self.words[i]

    def flag(self, key, otherwise):
        return int(self.options[key]) != 0 if key in self.options else otherwise


class Session:
    """One program after the other. `counts` collects what the comparison reports; `near` is set by a command whose
    outcome hangs on less than a rounding."""

    def __init__(self):
        self.counts = collections.Counter()
        self.largest_tolerance = 0.0  # relative to the largest value of its output
        self.begin()

    def begin(self):
        self.objects, self.names, self.told = {}, [], {}
        self.near = None
        torch.manual_seed(0)
        RemovableHandle.next_id = 0
        self.random = torch.get_rng_state()

    # ---- What words name

    def find(self, kind, name):
        if name == "none":
            return None
        first, slash, path = name.partition("/") if kind is nn.Module else (name, "", "")
        found = self.objects.get(first)
        if not isinstance(found, kind):
            raise Skipped
        if not slash:
            return found
        try:
            return found.get_submodule(path)
        except AttributeError:
            raise Skipped from None

    def tensor(self, name):
        return self.find(torch.Tensor, name)

    def module(self, name):
        return self.find(nn.Module, name)

    def method(self, name):
        return self.find(prune.BasePruningMethod, name)

    def tensor_option(self, c, key):
        return self.tensor(c.options[key]) if key in c.options else None

    def generator_option(self, c):
        return self.find(torch.Generator, c.options["generator"]) if "generator" in c.options else None

    def member(self, name):
        if name not in self.names:
            self.names.append(name)
        return name

    def keep(self, name, thing):
        if name in self.objects:
            self.told.pop(name, None)
        self.objects[name] = thing

    def ours(self, name):
        self.counts["ours: " + name] += 1

    # ---- Answers

    def run(self, line):
        """The lines that answer a command."""
        c = Command(line)
        self.near = None
        before = Snapshot(self) if c.verb in UNDONE else None
        try:
            answer = ["ok", *(VERBS[c.verb](self, c) or [])]
        except Skipped:
            answer = ["skipped"]
        except Ours as failure:
            self.ours(failure.name)
            answer = [f"error {failure.status} " + ("*" if failure.sentence is None else one_line(cut(failure.sentence)))]
        except Exception as failure:
            if "ill-conditioned" in str(failure):
                self.near = "nuclear norm that LAPACK gives up"
            answer = [f"error {status_of(failure)} {one_line(cut(sentence_of(failure)))}"]
        if answer[0] != "ok" and before and before.restore(self):
            self.ours("put back after a failure")
        return answer + self.changes()

    def changes(self):
        lines = []
        for name, thing in self.objects.items():
            if isinstance(thing, nn.Module):
                now = self.state(name, thing)
                told = self.told.get(name, ())
                if now != told:
                    known = set(told)
                    lines += [line for line in now if line not in known]
                    self.told[name] = now
        random = torch.get_rng_state()
        if not torch.equal(random, self.random):
            lines.append(f"random {hash_of(bits_of(random)):016x}")
            self.random = random
        return lines

    def state(self, name, root):
        keys = root.state_dict(keep_vars=True)
        buffers = dict(root.named_buffers())
        lines = [" ".join([f"{name}: keys", *keys]),
                 " ".join([f"{name}: parameters", *(key for key, _ in root.named_parameters())]),
                 " ".join([f"{name}: buffers", *buffers])]
        for path, module in root.named_modules():
            lines.append(self.module_line(name, path, module))
            inside = f"{name}/{path}." if path else f"{name}/"
            lines += self.methods(inside, module)
            lines += self.hidden(inside, module)
        for key, t in keys.items():
            owner, _, leaf = key.rpartition(".")
            kind = "parameter" if leaf in root.get_submodule(owner)._parameters else "buffer"
            lines.append(member_line(f"{name}/{key}", kind, t))
        return lines + [member_line(f"{name}/{key}", "buffer", t) for key, t in buffers.items() if key not in keys]

    def module_line(self, name, path, module):
        words = [f"{name}/{path}", type(module).__name__, "train" if module.training else "eval"]
        if prune.is_pruned(module):
            words.append("pruned")
        return " ".join(words + [f"{i}:{type(hook).__name__}" for i, hook in module._forward_pre_hooks.items()])

    def methods(self, inside, module):
        at_work = {hook._tensor_name: hook for hook in module._forward_pre_hooks.values()
                   if isinstance(hook, prune.BasePruningMethod)}
        return [f"{inside}{n} by {method_text(at_work[n])}" for n in self.names if n in at_work]

    def hidden(self, inside, module):
        for n in self.names:
            if isinstance(module.__dict__.get(n), torch.Tensor):
                yield member_line(inside + n, "attribute", module.__dict__[n])
            elif n in module.__dict__ and module.__dict__[n] is None:
                yield f"{inside}{n} attribute none"
            elif module._parameters.get(n, self) is None:
                yield f"{inside}{n} parameter none"
            elif module._buffers.get(n, self) is None:
                yield f"{inside}{n} buffer none"


def member_line(name, kind, t):
    return f"{name} {kind} {'grad ' if t.requires_grad else ''}{tensor_text(t)}"


def method_text(method):
    name = type(method).__name__
    if not isinstance(method, prune.PruningContainer):
        return name
    return f"{name}({','.join(type(m).__name__ for m in method)})"


# ---- What a failure must leave as it was

# The commands after whose failure PyTorch may leave a part of its work behind.
UNDONE = {"identity", "random_unstructured", "l1_unstructured", "ln_unstructured", "random_structured", "ln_structured",
          "n_m", "custom_from_mask", "remove", "apply", "global", "load_state_dict", "parameter", "buffer", "child", "set",
          "compute_mask", "method_prune", "add", "linear", "conv1d", "conv2d", "conv3d", "uniform_", "lstm", "gru"}


class Snapshot:
    """Everything that a command can reach: registries, hooks, tensors with their storage and bits, containers, generators."""

    def __init__(self, session):
        things = session.objects.values()
        modules = {id(m): m for root in things if isinstance(root, nn.Module) for m in root.modules()}
        self.modules = [(m, {key: value.copy() if isinstance(value, (dict, set, list)) else value
                             for key, value in m.__dict__.items()}) for m in modules.values()]
        methods = [hook for m, _ in self.modules for hook in m._forward_pre_hooks.values()]
        methods += [t for t in things if isinstance(t, prune.BasePruningMethod)]
        self.methods = [(m, dict(m.__dict__)) for m in methods if isinstance(m, prune.BasePruningMethod)]
        tensors = {id(t): t for t in things if isinstance(t, torch.Tensor)}
        for _, fields in self.modules:
            for group in (fields["_parameters"], fields["_buffers"], fields):
                tensors.update((id(t), t) for t in group.values() if isinstance(t, torch.Tensor))
        self.tensors = [(t, t.data, t._version, t.detach().clone()) for t in tensors.values()]
        self.generators = [(g, g.get_state()) for g in things if isinstance(g, torch.Generator)]
        self.random = torch.get_rng_state()
        self.next_id = RemovableHandle.next_id

    def restore(self, session):
        """Returns whether there was anything to put back."""
        changed = RemovableHandle.next_id != self.next_id or not torch.equal(torch.get_rng_state(), self.random)
        RemovableHandle.next_id = self.next_id
        torch.set_rng_state(self.random)
        for g, state in self.generators:
            g.set_state(state)
        for thing, fields in self.modules + self.methods:
            changed |= put_back(thing.__dict__, fields)
        for t, data, version, values in self.tensors:
            if t.data_ptr() != data.data_ptr():
                t.data = data
                changed = True
            if t._version != version:
                with torch.no_grad():
                    t.copy_(values)
                changed = True
        return changed


def identical(a, b):
    """The same things in the same order."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(x is y for x, y in zip(a.values(), b.values()))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(x is y for x, y in zip(a, b))
    if isinstance(a, set) and isinstance(b, set):
        return a == b
    return a is b


def put_back(now, fields):
    """Makes a __dict__ what it was; dicts in it keep their identity. Returns whether it differed."""
    if list(now) == list(fields) and all(identical(now[key], value) for key, value in fields.items()):
        return False
    for key, value in fields.items():
        if isinstance(value, dict):
            now[key].clear()
            now[key].update(value)
    kept = {key: now[key] if isinstance(value, dict) else value for key, value in fields.items()}
    now.clear()
    now.update(kept)
    return True
