"""Random programs: program(seed, k) gives the k-th one's commands, the same on every machine."""
import random

from .networks import Networks
from .values import Values


class Maker(Values, Networks):
    def __init__(self, seed, k):
        self.r = random.Random(f"{seed}/{k}")
        self.lines, self.modules, self.methods, self.dicts, self.roots = [], [], [], [], []
        self.fresh = 0
        self.hooks = 0

    def say(self, *words):
        self.lines.append(" ".join(str(w) for w in words if w != ""))

    def name(self, letter):
        self.fresh += 1
        return f"{letter}{self.fresh}"

    def chance(self, p):
        return self.r.random() < p

    def pick(self, *weighted):
        """One of (weight, thing)…"""
        return self.r.choices([thing for _, thing in weighted], [weight for weight, _ in weighted])[0]

    # ---- Whom a command is about

    def target(self, odd=True):
        """A module and a parameter's name; now and then one that is not there."""
        m = self.r.choice(self.modules)
        if not m.parameters or self.chance(0.01):
            odd = odd and not m.recurrent  # PyTorch has a plain attribute `bias` there
            return m, self.r.choice(["weight", "bias", "nothing", "weight_orig", "weight_mask", "a.b"] if odd else ["nothing"])
        return m, self.r.choice(list(m.parameters))

    def shape_at(self, m, name):
        return m.parameters.get(name.removesuffix("_orig").removesuffix("_mask"), [2, 3])

    # ---- Pruning

    def prune(self):
        m, name = self.target()
        shape = self.shape_at(m, name)
        kind = self.pick((4, "l1_unstructured"), (3, "random_unstructured"), (3, "ln_structured"), (3, "random_structured"),
                         (2, "custom_from_mask"), (1, "identity"), (1, "ln_unstructured"), (1, "n_m"), (2, "apply"))
        units = self.count(shape)
        if kind == "identity":
            self.say(kind, m.name, name)
        elif kind == "custom_from_mask":
            self.say(kind, m.name, name, self.mask(shape))
        elif kind == "random_unstructured":
            self.say(kind, m.name, name, self.amount(units))
        elif kind == "l1_unstructured":
            self.say(kind, m.name, name, self.amount(units), self.scores(shape))
        elif kind == "ln_unstructured":
            self.say(kind, m.name, name, self.amount(units), self.pick((5, 2), (1, 0), (1, 1), (1, "inf"), (1, "fro")),
                     self.scores(shape))
        elif kind == "n_m":
            self.say(kind, m.name, name, *self.groups(shape), self.scores(shape))
        elif kind == "apply":
            self.say(kind, m.name, name, self.method(shape), self.scores(shape))
        else:
            dim = self.dim(shape)
            channels = shape[dim] if shape and -len(shape) <= dim < len(shape) else 3
            if kind == "random_structured":
                self.say(kind, m.name, name, self.amount(channels), dim)
            else:
                self.say(kind, m.name, name, self.amount(channels), self.order(shape), dim, self.scores(shape))
        m.pruned.add(name)

    def remove(self):
        m, name = self.target()
        if m.pruned and not self.chance(0.1):
            name = self.r.choice(sorted(m.pruned))
        self.say("remove", m.name, name)
        m.pruned.discard(name)

    def global_prune(self):
        some = [self.target(odd=False) for _ in range(self.r.choice([1, 2, 2, 3, 4]))] if not self.chance(0.02) else []
        if not self.chance(0.1):
            some = list({(m.name, name): (m, name) for m, name in some}.values())
        units = sum(self.count(self.shape_at(m, name)) for m, name in some)
        kind = self.pick((6, "l1_unstructured"), (3, "random_unstructured"), (1, "every_other"), (1, "negate"))
        method = self.name("p")
        lowest = "ties=lowest" if kind[0] in "lr" and self.chance(0.15) else ""
        self.say("method", method, kind, self.amount(units) if kind[0] in "lr" else "", lowest)
        words = []
        for m, name in some:
            alone = sum(one == (m, name) for one in some) == 1  # PyTorch finds scores by the parameter
            scores = self.tensor(self.shape_at(m, name)) if alone and self.chance(0.2) else ""
            words.append(f"{m.name}:{name}" + (f":{scores}" if scores else ""))
            m.pruned.add(name)
        self.say("global", method, *words)

    def method(self, shape):
        """Makes a method, or names one that is there."""
        if self.methods and self.chance(0.3):
            return self.r.choice(self.methods)
        p = self.name("p")
        lowest = "ties=lowest" if self.chance(0.3) else ""
        kind = self.pick((4, "l1_unstructured"), (2, "random_unstructured"), (2, "ln_structured"), (1, "random_structured"),
                         (1, "every_other"), (1, "first_channel"), (1, "negate"), (1, "refuse"), (1, "n_m"), (1, "identity"),
                         (1, "custom_from_mask"))
        units, dim = self.count(shape), self.dim(shape)
        channels = shape[dim] if shape and -len(shape) <= dim < len(shape) else 3
        if kind in ("l1_unstructured", "random_unstructured"):
            words = [self.amount(units), lowest]
        elif kind == "ln_structured":
            words = [self.amount(channels), self.order(shape), dim, lowest]
        elif kind == "random_structured":
            words = [self.amount(channels), dim]
        elif kind == "first_channel":
            words = [self.r.randrange(len(shape)) if shape and 0 not in shape else 0]
        elif kind == "n_m":
            words = self.groups(shape)
        elif kind == "custom_from_mask":
            words = [self.mask(shape)]
        else:
            words = []
        self.say("method", p, kind, *words)
        self.methods.append(p)
        return p

    # ---- Values, registries, hooks

    def write(self):
        m, name = self.target()
        if name in m.pruned:
            name = self.pick((5, name + "_orig"), (2, name + "_mask"), (2, name))
        kind = self.pattern() if not name.endswith("_mask") else self.mask_pattern()
        self.say("fill", m.name, name, kind)

    def run(self):
        root = self.r.choice(self.roots)
        self.say("run_hooks", root, self.pick((4, ""), (1, "recurse=0")))

    def hook(self):
        m = self.r.choice(self.modules)
        if self.hooks and self.chance(0.3):
            self.say("remove_hook", m.name, self.r.randrange(8))
        else:
            self.hooks += 1
            self.say("hook", m.name, self.pick((4, "noop"), (1, "fails")))

    def freeze(self):
        m, name = self.target()
        if name not in m.pruned:
            self.say("requires_grad", m.name, name, self.r.randrange(2))

    def tie(self):
        m, name = self.target()
        other = self.r.choice(self.modules)
        if name in m.pruned or name not in m.parameters or other.recurrent:
            return
        alike = [n for n, shape in other.parameters.items() if shape == m.parameters[name]]
        t, to = self.name("t"), self.r.choice([*alike, "tied"])
        if to in other.pruned:
            return
        self.say("get", t, m.name, name)
        self.say("parameter", other.name, to, t)
        other.parameters[to] = m.parameters[name]

    def register(self):
        m, name = self.target()
        kind = self.pick((3, "parameter"), (3, "buffer"), (3, "set"), (3, "delete"), (1, "child"))
        shape = self.shape_at(m, name)
        name = self.pick((2, name), (1, name + "_orig"), (1, name + "_mask"), (2, "extra"), (1, "other"))
        if m.recurrent and kind != "buffer":  # PyTorch keeps a list of the weights beside the registries
            return
        if kind == "delete":
            if m.plain or name != "bias":  # without that attribute PyTorch cannot print a layer
                self.say(kind, m.name, name)
        elif kind == "child":
            self.say("module", child := self.name("m"), "Leaf")
            self.say(kind, m.name, self.pick((1, "extra"), (1, "inner"), (1, "other")), child)
        else:
            given = "none" if self.chance(0.2) and name in m.parameters and m.plain else self.tensor(shape)
            self.say(kind, m.name, name, given, "persistent=0" if kind == "buffer" and self.chance(0.3) else "")

    def state_dicts(self):
        root = self.r.choice(self.roots)
        if not self.dicts or self.chance(0.4):
            self.dicts.append(self.name("d"))
            self.say("state_dict", self.dicts[-1], root, self.pick((1, "copy=1"), (1, "")))
            return
        d = self.r.choice(self.dicts)
        change = self.pick((6, "load"), (2, "show"), (1, "set"), (1, "delete"))
        if change == "load":
            self.say("load_state_dict", root, d, self.pick((1, ""), (1, "strict=0")))
        elif change == "show":
            self.say("show", d)
        elif change == "delete":
            self.say("dict_delete", d, self.pick((2, "weight"), (1, "bias"), (1, "weight_mask"), (1, "0.weight")))
        else:
            key = self.pick((2, "weight"), (1, "bias"), (1, "weight_mask"), (1, "extra"), (1, "0.weight"))
            m = self.r.choice(self.modules)
            self.say("dict_set", d, key, self.tensor(self.shape_at(m, key)))

    def copy(self):
        m = self.r.choice(self.modules)
        if len(self.modules) > 6:
            return
        name = self.name("m")
        self.say("clone", name, m.name)
        known = self.know(name, m.parameters, m.takes)
        known.pruned, known.recurrent, known.plain = set(m.pruned), m.recurrent, m.plain

    def look(self):
        m, name = self.target()
        kind = self.pick((2, "is_pruned"), (2, "sparsity"), (1, "original"), (1, "mask"), (3, "print_member"), (2, "repr"),
                         (2, "applied"))
        if kind in ("is_pruned", "repr"):
            self.say(kind, self.r.choice(self.roots))
        elif kind == "sparsity":
            self.say(kind, m.name, f"name={name}" if name in m.parameters and self.chance(0.6) else "")
        elif kind == "applied":
            self.methods.append(self.name("p"))
            self.say(kind, self.methods[-1], m.name, name)
        else:
            self.say(kind, m.name, name + self.pick((3, ""), (1, "_orig"), (1, "_mask")) if kind == "print_member" else name)

    # ---- Methods on plain tensors, containers

    def plain_methods(self):
        shape = self.shape()
        what = self.pick((4, "method_prune"), (4, "compute_mask"), (2, "container"), (1, "item"), (1, "name"), (1, "show"))
        p = self.method(shape)
        if what in ("method_prune", "compute_mask"):
            default = f"default={self.mask(shape if not self.chance(0.03) else [2])}" if self.chance(0.4) else ""
            scores = self.scores(shape) if what == "method_prune" else ""
            self.say(what, self.name("t"), p, self.tensor(shape), default, scores)
        elif what == "container":
            members = self.r.sample(self.methods, min(len(self.methods), self.r.randrange(4)))
            if self.chance(0.8):
                for each in members:
                    self.say("tensor_name", each, "weight")
            container = self.name("p")
            self.say("method", container, "container", *members)
            if self.chance(0.5):
                self.say("tensor_name", container, "weight")
            self.say("add", container, self.r.choice(self.methods))
            self.methods.append(container)
        elif what == "item":
            self.say(what, self.name("p"), p, self.r.randrange(-3, 3))
        elif what == "name":
            self.say("tensor_name", p, self.r.choice(["weight", "bias"]))
        else:
            self.say(what, p)

    # ---- Generators, tensors

    def draws(self):
        own = self.name("g")
        self.say("generator", own)
        given = self.pick((1, ""), (1, f"generator={own}"))
        self.say("seed", own, self.seed())
        for _ in range(self.r.randrange(1, 5)):
            what = self.pick((3, "rand"), (3, "uniform_"), (1, "state"), (1, "seed"))
            if what == "rand":
                self.say("rand", self.name("t"), self.sizes(self.shape()), given, self.pick((4, ""), (1, "dtype=f64")))
            elif what == "uniform_":
                t = self.tensor(self.shape())
                low = self.pick((3, 0), (2, -0.125), (1, 100), (1, 1e30), (1, "nan"), (1, -3e38))
                high = self.pick((3, 1), (2, 0.125), (1, 100.0001), (1, 2e30), (1, 0), (1, 3e38))
                self.say("uniform_", t, low, high, given)
            elif what == "state":
                t = self.name("t")
                self.say("get_state", t, given)
                self.say("rand", self.name("t"), "[5]", given)
                self.say("set_state", t, given)
            else:
                self.say("seed", own, self.seed())
        self.say("show", own)

    def norms(self):
        shape = self.shape()
        t = self.tensor(shape)
        dims = self.r.sample(range(len(shape)), self.r.randrange(len(shape) + 1))
        order = self.order([2, 2, 2])
        if order == "fro" and len(dims) not in (1, 2) or order == "nuc" and not dims:
            order = 2
        self.say("norm", t, order, self.sizes(dims), self.pick((2, ""), (1, "keepdim=1")))
        if self.chance(0.3):
            self.say("print", t)

    # ---- A program

    def steps(self, count, *weighted):
        for _ in range(count):
            self.pick(*weighted)()

    def program(self):
        if self.chance(0.7):
            self.say("manual_seed", self.seed())
        kind = self.pick((50, "parameters"), (20, "network"), (8, "layers"), (10, "methods"), (5, "draws"), (7, "registries"),
                         (0.15, "large"))
        if kind == "methods":
            self.steps(self.r.randrange(2, 8), (5, self.plain_methods), (1, self.norms))
        elif kind == "draws":
            self.steps(self.r.randrange(1, 4), (3, self.draws), (1, self.norms))
        elif kind == "large":
            self.large_module()
            self.steps(self.r.randrange(1, 4), (6, self.prune), (1, self.remove), (2, self.global_prune), (1, self.run))
        else:
            self.make_modules(kind)
            self.history(kind)
        return self.lines

    def make_modules(self, kind):
        if kind == "network":
            self.network()
        elif kind == "layers":
            for _ in range(self.r.randrange(1, 4)):
                self.layer()
        else:
            for _ in range(self.r.choice([1, 1, 2, 3])):
                self.plain_module()

    def history(self, kind):
        registries = 8 if kind == "registries" else 0.5
        forward = 4 if kind in ("network", "layers") else 0.2
        self.steps(self.r.choice([2, 3, 4, 6, 8, 12, 16]),
                   (10, self.prune), (2, self.remove), (2, self.global_prune), (2, self.write), (1, self.run),
                   (0.5, self.hook), (0.4, self.freeze), (0.7, self.tie), (registries, self.register),
                   (1.5, self.state_dicts), (0.6, self.copy), (1, self.look), (forward, self.forward))


def program(seed, k):
    return Maker(seed, k).program()
