"""What each row is to reach: so many times as fast as PyTorch (and as another), at most so many times its limit."""
from fnmatch import fnmatch


class Goal:
    """`ratios`: to the fastest of these, at least so much. `limit`: at most so many times it."""

    def __init__(self, pytorch=None, limit=None, onnxruntime=None, best_of=()):
        self.limit = limit
        self.ratios = [(others, at_least) for others, at_least in
                       ((("PyTorch",), pytorch), (("onnxruntime",), onnxruntime), tuple(best_of) or ((), None)) if at_least]


PRODUCTS, CONVOLUTIONS = ("PyTorch", "OpenBLAS"), ("PyTorch", "onnxruntime")

# By glob; the first that matches.
GOALS = [
    ("l1 50% 16.8M", Goal(180, 1.5)),
    ("l1 90% 16.8M", Goal(350, 1.5)),
    ("l1 ?0% 16.8M fresh", Goal(15)),
    ("l1 50% 1M", Goal(90, 2)),
    ("l1 90% 1M", Goal(140, 2)),
    ("l1 50% 44k", Goal(110)),
    ("l1 90% 44k", Goal(190)),
    ("l1 50% 150", Goal(25)),
    ("l1 again 16.8M", Goal(140, 1.5)),
    ("l1 again 1M", Goal(60)),
    ("l1 again 44k", Goal(70)),
    ("l1 4 values 1M", Goal(7)),
    ("l1 all equal 1M", Goal(4)),
    ("global l1 20% 16 x 1M", Goal(130, 1.8)),
    ("random 16.8M", Goal(160)),
    ("random 1M", Goal(85)),
    ("random 44k", Goal(50)),
    ("random 16.8M tied", Goal(20)),
    ("random_structured 16.8M", Goal(20)),
    ("ln n=[12] dim=0 16.8M", Goal(13, 1.3)),
    ("ln n=[12] dim=1 16.8M", Goal(25, 1.3)),
    ("ln n=[12] dim=0 512x512x3x3", Goal(3)),
    ("ln n=[12] dim=1 512x512x3x3", Goal(8)),
    ("ln n=0 dim=0 16.8M", Goal(5)),
    ("ln n=inf dim=0 16.8M", Goal(5)),
    ("ln n=3 dim=0 16.8M", Goal(1.5)),
    ("ln n=0.5 dim=0 16.8M", Goal(1.5)),
    ("2:4 16.8M", Goal(limit=1.3)),
    ("custom_from_mask 16.8M", Goal(17, 1.2)),
    ("remove 16.8M", Goal(9, 1.2)),
    ("hook 16.8M", Goal(7, 1.15)),
    ("hook 1M", Goal(1.6, 1.15)),
    ("hook 44k", Goal(5, 1.15)),
    ("hook 150", Goal(50)),
    # Views: half of what whole tensors are to reach.
    ("l1 50% 16.8M *", Goal(90)),
    ("l1 50% 1M *", Goal(45)),
    ("l1 again 1M *", Goal(30)),
    ("ln n=2 dim=0 16.8M *", Goal(6.5)),
    ("hook 1M *", Goal(0.8)),
    ("uniform_ *", Goal(9)),
    ("Linear init *", Goal(9)),
    ("LeNet batch 1", Goal(20, onnxruntime=1.8)),
    ("LeNet batch 8", Goal(8, onnxruntime=1.6)),
    ("LeNet batch 64", Goal(6, 1 / 0.65, onnxruntime=1.5)),
    ("LeNet pruned batch 1", Goal(20)),
    ("Linear * batch *", Goal(best_of=(PRODUCTS, 0.95))),
    ("Conv2d * depthwise *", Goal(best_of=(CONVOLUTIONS, 1))),
    ("Conv2d *", Goal(best_of=(CONVOLUTIONS, 0.9))),
    ("LSTM *", Goal(1.5)),
    ("GRU *", Goal(1.5)),
    ("LeNet build, prune, release", Goal(20)),
    ("safetensors *", Goal(1, 1.2)),
]


# Bytes beyond the results: a constant, and where PyTorch's choice among equal values is replayed so much an entry.
MEMORY = 5e6
MEMORY_OF_TIES = 8
PRUNING = ("l1", "l1_again", "random", "random_structured", "global_l1", "ln_structured", "n_m", "custom_from_mask",
           "remove", "hook")
TIED = ("random 16.8M tied", "l1 4 values 1M", "l1 all equal 1M")


def memory_goal(row, entries):
    """None where there is no such goal: a network's inner results are its own."""
    if row.work not in PRUNING:
        return None
    return MEMORY + (MEMORY_OF_TIES * entries if row.name in TIED else 0)


def goal_of(name):
    for glob, goal in GOALS:
        if name == glob or fnmatch(name, glob):
            return goal
    raise KeyError(f"{name}: no goal")
