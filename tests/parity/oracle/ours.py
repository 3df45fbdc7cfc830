"""Where the library differs from PyTorch on purpose (parity.md: "ours"), done to PyTorch's pruning while a session runs; and
the methods that PyTorch does not have. Each use is counted by its name."""
import contextlib

import torch
from torch.nn.utils import prune

from .session import Ours, UserError

PRUNE_METHODS = (prune.RandomUnstructured, prune.L1Unstructured, prune.RandomStructured, prune.LnStructured)
NORMS_WITHOUT_POW = (0.0, 1.0, 2.0, float("inf"), float("-inf"), "fro")
NEAR_ULPS = 64 * 2.0**-24


# ---- Methods

class LnUnstructured(prune.L1Unstructured):
    """The norm of one entry is its magnitude."""

    def __init__(self, amount, n):
        super().__init__(amount)
        if n in ("fro", "nuc") or n == 0 or n != n:
            raise Ours("LnUnstructured", "value")


class NM(prune.BasePruningMethod):
    """In each group of m consecutive entries along dim the n of largest magnitude stay, of equal ones the lower index;
    NaN counts as largest, entries already masked as smallest."""

    PRUNING_TYPE = "global"

    def __init__(self, n, m, dim):
        if m < 1 or not 0 <= n <= m:
            raise Ours("N:M", "value")
        self.n, self.m, self.dim = n, m, dim

    def compute_mask(self, t, default_mask):
        prune._validate_pruning_dim(t, self.dim)
        if t.shape[self.dim] % self.m:
            raise Ours("N:M", "value")
        dim = self.dim % t.dim()
        rows, masks = t.abs().movedim(dim, -1).reshape(-1, self.m), default_mask.movedim(dim, -1).reshape(-1, self.m)
        kept = torch.zeros(rows.shape, dtype=default_mask.dtype)
        for row, old, out in zip(rows.tolist(), masks.tolist(), kept):
            ranks = [(old[i] == 0, row[i] == row[i], -row[i] if row[i] == row[i] else 0, i) for i in range(self.m)]
            out[[i for *_, i in sorted(ranks)[:self.n]]] = 1
        moved = list(t.movedim(dim, -1).shape)
        return default_mask * kept.reshape(moved).movedim(-1, dim)


class EveryOther(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone(memory_format=torch.contiguous_format)
        mask.view(-1)[::2] = 0
        return mask


class Negate(prune.BasePruningMethod):
    PRUNING_TYPE = "global"

    def compute_mask(self, t, default_mask):
        return torch.where(t < 0, -default_mask, default_mask)


class FirstChannel(prune.BasePruningMethod):
    PRUNING_TYPE = "structured"

    def __init__(self, dim):
        self.dim = dim

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.select(self.dim, 0).fill_(0)
        return mask


class Refuse(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        raise UserError("the method refuses")


for cls in (EveryOther, Negate, FirstChannel, Refuse):
    cls.__module__ = "builtins"  # shown by its bare name


# ---- Ties

def lowest_index_topk(t, k, largest=True):
    """topk where, of the entries at the threshold, those of lowest index are pruned: chosen among the smallest or the
    largest draws, or not chosen among the norms kept (`largest` of LnStructured)."""
    order = torch.sort(t, stable=True, descending=largest).indices
    return torch.return_types.topk((t[order[:k]], order[:k]))


def highest_index_topk(t, k, largest=True):
    order = torch.sort(t.flip(0), stable=True, descending=largest).indices[:k]
    chosen = t.numel() - 1 - order
    return torch.return_types.topk((t[chosen], chosen))


@contextlib.contextmanager
def topk_replaced(function):
    original = torch.topk
    torch.topk = function
    try:
        yield
    finally:
        torch.topk = original


# ---- PyTorch's pruning with our differences

class Patches:
    """Installed once for a session, whose counts it fills."""

    def __init__(self, session):
        self.session = session
        self.lowest = False
        self.norms = None
        self.topk = torch.topk
        self.validate = prune._validate_pruning_amount_init
        self.compute_norm = prune._compute_norm
        self.container = prune.PruningContainer.compute_mask
        self.apply = prune.BasePruningMethod.apply.__func__
        self.to_vector = torch.nn.utils.parameters_to_vector
        prune._validate_pruning_amount_init = self.amount
        prune._compute_norm = self.norm
        patches = self

        def container_mask(container, t, default_mask):
            return patches.container_mask(container, t, default_mask)

        def apply(cls, module, name, *arguments, **keywords):
            if None in (vars(module).get(name, cls), module._buffers.get(name, cls)) and keywords.get("importance_scores") is None:
                raise Ours("an attribute that is None", "type")
            return patches.apply(cls, module, name, *arguments, **keywords)

        prune.BasePruningMethod.apply = classmethod(apply)
        prune.PruningContainer.compute_mask = container_mask
        torch.nn.utils.parameters_to_vector = lambda tensors: torch.cat([t.reshape(-1) for t in tensors if t.device])
        for cls in PRUNE_METHODS:
            self.wrap(cls)

    def amount(self, amount):
        self.validate(amount)
        if amount != amount:
            self.session.ours("a NaN amount is refused at construction")
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")

    def norm(self, t, n, dim):
        if n == "fro" and t.dim() > 3:
            self.session.ours("'fro' over more than two dims")
            n = 2
        norms = self.compute_norm(t, n, dim)
        if n not in NORMS_WITHOUT_POW:
            self.norms = (norms, "nuclear norm" if n == "nuc" else "powf")
        return norms

    def container_mask(self, container, t, default_mask):
        method = container[-1]
        if method.PRUNING_TYPE == "structured" and t.dim() < 2:
            dim = method.dim
            if -t.dim() <= dim < t.dim():
                self.session.ours("structured pruning of a pruned vector")
                prune._validate_structured_pruning(t)
        return self.container(container, t, default_mask.clone())

    def wrap(self, cls):
        original, patches = cls.compute_mask, self

        def compute_mask(method, t, default_mask):
            flat = isinstance(method, (prune.L1Unstructured, prune.RandomUnstructured))
            if flat and not (t.is_contiguous() and default_mask.is_contiguous()):
                patches.session.ours("parameters that are not contiguous")
                mask = patches.chosen(original, method, t.contiguous(), default_mask.contiguous())
                return torch.empty_like(default_mask).copy_(mask)
            return patches.chosen(original, method, t, default_mask)

        cls.compute_mask = compute_mask

    def chosen(self, original, method, t, default_mask):
        lowest = getattr(method, "lowest_index", False)
        structured = isinstance(method, prune.LnStructured)
        self.norms = None
        topk = self.counted
        if lowest:
            self.session.counts["ties by lowest index"] += 1
            topk = highest_index_topk if structured else lowest_index_topk
        with topk_replaced(topk):
            mask = original(method, t, default_mask)
        if structured and self.norms is not None:
            self.flag_near(method, t)
        return mask

    def counted(self, t, k, largest=True):
        result = self.topk(t, k=k, largest=largest)
        if 0 < k < t.numel():
            threshold = result.values[-1]
            if int((t == threshold).sum()) > int((result.values == threshold).sum()):
                self.session.counts["ties at the threshold"] += 1
        return result

    def flag_near(self, method, t):
        norms, why = self.norms
        pruned = prune._compute_nparams_toprune(method.amount, norms.numel())
        if not 0 < pruned < norms.numel():
            return
        ordered = norms.sort().values
        low, high = float(ordered[pruned - 1]), float(ordered[pruned])
        if not high - low > NEAR_ULPS * abs(high):
            self.session.near = why
