"""One row: both sides and their peers by turns."""
import math
import statistics
from collections import namedtuple

import torch

import peers
import pytorch
import timing
from goals import memory_goal
from ours import Case

# `least`: seconds that the runs of a sample fill. What takes more than `most` is run once: its sample stands for all turns.
Pace = namedtuple("Pace", "repetitions least most")
NETWORKS = ("lenet", "lenet_pruned", "linear", "conv2d", "lstm", "gru")
FULL, QUICK = Pace(11, 0.02, math.inf), Pace(3, 0.002, 0.5)


def sides_of(case):
    """name → work of PyTorch and its peers; nobody where PyTorch has no such work."""
    if case.row.work not in pytorch.WORKS:
        return {}
    theirs = pytorch.WORKS[case.row.work](case)
    return {"PyTorch": theirs, **peers.peers_of(case, theirs)}


def samples_of(sides, first, pace):
    """name → seconds, one for each turn; `first`: of the runs that were there before."""
    samples = {name: [] for name in sides}
    once = {name: seconds for name, seconds in first.items() if seconds > pace.most}
    for _ in range(pace.repetitions):
        for name, seconds in sides.items():
            sample = once[name] if name in once else seconds(pace.least)
            samples[name].append(sample)
            if sample > pace.most:
                once[name] = sample
    return samples


class Result:
    """`samples`: seconds by name, one for each turn. `misses`: what is below its goal, in words."""

    def __init__(self, bench, row, goal, pace):
        self.name, self.limit_name, self.goal = row.name, row.limit, goal
        self.is_network = row.work in NETWORKS
        with Case(bench, row) as case:
            bench.prune.manual_seed(None, row.seed)
            self.extra_memory, self.memory_goal = case.run_once(), memory_goal(row, case.entries)
            sides = sides_of(case)
            torch.manual_seed(row.seed)
            first, self.different = {}, []
            for name, side in sides.items():
                first[name] = side.seconds(0)
                if not side.same():
                    self.different.append(name)
            self.samples = samples_of({"ours": case.seconds, "limit": case.limit_seconds,
                                       **{name: side.seconds for name, side in sides.items()}}, first, pace)
        if not row.limit:
            del self.samples["limit"]

    def seconds(self, name):
        """The median, or None."""
        return statistics.median(self.samples[name]) if name in self.samples else None

    def ratio(self, others):
        """How much faster than the fastest of the others; None where none of them ran."""
        there = [self.samples[name] for name in others if name in self.samples]
        if not there:
            return None
        return timing.median_ratio([min(turn) for turn in zip(*there)], self.samples["ours"])

    @property
    def times_limit(self):
        return timing.median_ratio(self.samples["ours"], self.samples["limit"]) if "limit" in self.samples else None

    @property
    def misses(self):
        missed = [f"differs from {name}" for name in self.different]
        for others, at_least in self.goal.ratios:
            ratio = self.ratio(others)
            if ratio is not None and ratio < at_least:
                missed.append(" and ".join(others))
        if self.goal.limit and self.times_limit > self.goal.limit:
            missed.append("limit")
        if self.memory_goal and self.extra_memory > self.memory_goal:
            missed.append("memory")
        return missed

    @property
    def unchecked(self):
        """Goals that nobody was there for."""
        return [others for others, _ in self.goal.ratios if any(name not in self.samples for name in others)]


def growth(bench, pace):
    """(line, entries, nanoseconds an entry) of each work of the growth: ours, then PyTorch's, then the limit."""
    points, limits = [], []
    for rows in bench.growth_rows():
        theirs = []
        for row in rows:
            with Case(bench, row) as case:
                side = pytorch.WORKS[row.work](case)
                turns = [(case.seconds(pace.least), case.limit_seconds(pace.least), side.seconds(pace.least))
                         for _ in range(3)]
                entries = case.entries
            cost, limit, their_cost = [statistics.median(turn) * 1e9 / entries for turn in zip(*turns)]
            print(f"{row.name:16} {entries:10} entries: {cost:10.4g} ns each, PyTorch {their_cost:10.4g}", flush=True)
            points.append((row.name, entries, cost))
            theirs.append((f"PyTorch {row.name}", entries, their_cost))
            if row.limit:
                limits.append((row.limit, entries, limit))
        points += theirs
    return points + limits
