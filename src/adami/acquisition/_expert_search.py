"""Comparing experts over tasks: halving to the tasks that tell them apart, a fresh test, and two tournaments.

All of it is generators that yield batches ``(experts, tasks, repeats)`` and are sent the mean scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count

import numpy as np

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
Steps = Generator[Batch, np.ndarray, int]
"""Yields batches and returns 1, -1, or 0 where nothing is decided."""
Attempt = Callable[[int, int, int, float], Steps]
"""Compares two experts with a budget at a level."""

FIRST_BUDGET = 64


@dataclass
class Standing:
    """What a tournament has found so far.

    Parameters
    ----------
    order : list of int
        Experts from the best to the worst, or the best alone.
    comparisons : int
        Comparisons that were decided.
    """

    order: list[int] = field(default_factory=list)
    comparisons: int = 0


def halving(
    d: int, rng: np.random.Generator, sigma: float, test_each: bool, seen: SignWatch | None
) -> Attempt:
    """Return comparisons by tests on few tasks, for any number of tasks that tell two experts apart.

    Parameters
    ----------
    d : int
        Number of tasks.
    rng : numpy.random.Generator
    sigma : float
        Scale of the noise.
    test_each : bool
        Whether tasks are tested before every halving as well, at a level that is split once more.
    seen : SignWatch or None
        Is shown all differences.
    """
    scales = math.ceil(math.log2(d)) + 1

    def attempt(i: int, k: int, budget: int, level: float) -> Steps:
        for e in range(scales):
            found = yield from at_scale(i, k, budget // scales, min(2**e, d), level / scales)
            if found:
                return found
        return 0

    def at_scale(i: int, k: int, budget: int, size: int, level: float) -> Steps:
        rounds = size.bit_length() - 1
        if budget < 4 * max(rounds, 1) * size:
            return 0
        tests = rounds + 1 if test_each else 1
        tasks = np.sort(rng.choice(d, size, replace=False))
        for _ in range(rounds):
            if test_each and (found := (yield from test(i, k, tasks, budget // tests, level / tests))):
                return found
            gaps = yield from differences(i, k, tasks, budget // (4 * rounds * len(tasks)), seen)
            # the first of equal ones stay
            best = np.argsort(-np.abs(gaps), kind="stable")[: (len(tasks) + 1) // 2]
            tasks = np.sort(tasks[best])
        return (yield from test(i, k, tasks, budget // tests, level / tests))

    def test(i: int, k: int, tasks: np.ndarray, budget: int, level: float) -> Steps:
        repeats = budget // (4 * len(tasks))
        if repeats < 1:
            return 0
        gap = float((yield from differences(i, k, tasks, repeats, seen)).mean())
        return decided(gap, repeats * len(tasks), level, sigma)

    return attempt


def averaging(d: int, rng: np.random.Generator, sigma: float, seen: SignWatch | None) -> Attempt:
    """Return comparisons by the mean over tasks drawn at random: the baseline."""

    def attempt(i: int, k: int, budget: int, level: float) -> Steps:
        pairs = budget // 2
        repeats = np.bincount(rng.integers(d, size=pairs), minlength=d)
        tasks = np.flatnonzero(repeats)
        gaps = yield from differences(i, k, tasks, repeats[tasks], seen)
        return decided(float(repeats[tasks] @ gaps) / pairs, pairs, level, sigma)

    return attempt


def decided(gap: float, samples: int, level: float, sigma: float) -> int:
    """Return the sign of a mean difference of fresh samples, or 0 where noise may have made it."""
    radius = sigma * math.sqrt(4 * math.log(2 / level) / samples)
    return 0 if abs(gap) <= radius else (1 if gap > 0 else -1)


def differences(
    i: int, k: int, tasks: np.ndarray, repeats: int | np.ndarray, seen: SignWatch | None
) -> Generator[Batch, np.ndarray, np.ndarray]:
    """Ask for the scores of both experts, and return the differences, one a task."""
    each = np.broadcast_to(repeats, tasks.shape)
    experts = np.repeat([i, k], len(tasks))
    scores = yield experts, np.tile(tasks, 2), np.tile(each, 2)
    gaps: np.ndarray = scores[: len(tasks)] - scores[len(tasks) :]
    if seen is not None:
        seen.add(i, k, tasks, each, gaps)
    return gaps


def compare(attempt: Attempt, i: int, k: int, level: float) -> Steps:
    """Double the budget until one expert is better."""
    for r in count():
        budget = FIRST_BUDGET * 2**r
        if found := (yield from attempt(i, k, budget, level / ((r + 1) * (r + 2)))):
            return found
    raise AssertionError("counting has no end")


def ranking(attempt: Attempt, n: int, delta: float, standing: Standing) -> Generator[Batch, np.ndarray, None]:
    """Sort by binary insertion, best first."""
    level = delta / (n * max(math.ceil(math.log2(n)), 1))
    standing.order.append(0)
    for expert in range(1, n):
        low, high = 0, len(standing.order)
        while low < high:
            middle = (low + high) // 2
            better = yield from compare(attempt, expert, standing.order[middle], level)
            standing.comparisons += 1
            low, high = (low, middle) if better > 0 else (middle + 1, high)
        standing.order.insert(low, expert)


def best_of(attempt: Attempt, n: int, delta: float, standing: Standing) -> Generator[Batch, np.ndarray, None]:
    """Let all challenge a champion with growing budgets, until one is left."""
    standing.order[:] = [0]
    active = list(range(1, n))
    for r in count():
        level, budget = delta / (n * (r + 1) * (r + 2)), FIRST_BUDGET * 2**r
        for expert in list(active):
            found = yield from attempt(expert, standing.order[0], budget, level)
            if found:
                standing.comparisons += 1
                active.remove(expert)
            if found > 0:
                standing.order[0] = expert
        if not active:
            return


class SignWatch:
    """Finds tasks on which different experts of a pair are better, which voids the guarantee.

    Parameters
    ----------
    delta : float
        Chance that a pair whose signs agree is reported.
    sigma : float
    warn : callable(expert, expert, task, task)
        Called once.
    """

    def __init__(self, delta: float, sigma: float, warn: Callable[[int, int, int, int], None]) -> None:
        self.delta = delta
        self.sigma = sigma
        self.warn = warn
        self.told = False
        self.batches = 0

    def add(self, i: int, k: int, tasks: np.ndarray, repeats: np.ndarray, gaps: np.ndarray) -> None:
        """Look at one batch of differences; each batch has its own part of the level."""
        self.batches += 1
        level = self.delta / (len(tasks) * self.batches * (self.batches + 1))
        sure = np.abs(gaps) > self.sigma * np.sqrt(4 * math.log(2 / level) / repeats)
        up, down = np.flatnonzero(sure & (gaps > 0)), np.flatnonzero(sure & (gaps < 0))
        if len(up) and len(down) and not self.told:
            self.told = True
            self.warn(i, k, int(tasks[up[0]]), int(tasks[down[0]]))
