"""The lower frontier of a convex trade-off: the least value within a budget, with a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Solved:
    """A minimiser of ``value + slope * cost`` and a lower bound of that minimum."""

    law: np.ndarray
    cost: float
    value: float
    bound: float
    slope: float
    trace: tuple[float, ...]


def within_budget(
    budget: float,
    cheap: Solved,
    free: Solved,
    solve: Callable[[float, np.ndarray], Solved],
    worth: Callable[[np.ndarray], float],
    tol: float,
) -> tuple[np.ndarray, float, float, float, tuple[float, ...]]:
    """Return law, value, slope, gap and trace of the best law that costs at most `budget`.

    The law is a mixture of two minimisers on both sides of the budget. Each step asks for the minimiser at
    the slope of their chord: either it lies below the chord and replaces one of them, or the chord is the
    frontier. So straight pieces of the frontier, where the cost jumps with the slope, need no special care.
    """
    trace = cheap.trace + free.trace
    lower, slope = -np.inf, 0.0
    law, value = cheap.law, cheap.value
    for _ in range(200):
        width = free.cost - cheap.cost
        share = float(np.clip((free.cost - budget) / width, 0.0, 1.0)) if width > 0 else 1.0
        law = share * cheap.law + (1 - share) * free.law
        value = worth(law)
        if value - lower <= tol or width <= 0:
            break
        chord = max((cheap.value - free.value) / width, 0.0)
        found = solve(chord, law)
        trace += found.trace
        if found.bound - chord * budget > lower:
            lower, slope = found.bound - chord * budget, chord
        side = cheap if found.cost <= budget else free
        if found.cost == side.cost and found.value >= side.value:
            break
        cheap, free = (found, free) if found.cost <= budget else (cheap, found)
    return law, value, slope, max(value - lower, 0.0), trace
