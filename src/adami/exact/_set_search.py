"""What a search over subsets works with: a memoised objective, lazily evaluated gains, checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)
SHARE = 1 - 1 / math.e
SAME = 1e-12
"""Values closer than this, relative to the largest seen, tie: rounding must not decide what is chosen."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One step of a greedy search: what came in, what it gained, and the value then."""

    added: tuple[T, ...]
    gain: float
    value: float


@dataclass(frozen=True, slots=True)
class Selection(Generic[T]):
    """What a search over subsets chose.

    Parameters
    ----------
    subset : tuple
        The chosen elements, in the order of the ground set.
    groups : tuple of tuple
        The chosen elements of each part, where a partition was given; else empty.
    value : float
        The objective there.
    unit : str
        Its unit, as named by the caller.
    trace : tuple of Step
        The additions in their order.
    evaluations : int
        Number of different sets at which the objective was asked for, the certificate's included.
    scheme : str
        How the search went.
    g, c : float or None
        The monotone part and the modular cost at the subset, ``value = g - c``; None without a cost.
    bound : float or None
        What no admissible set exceeds; None where nothing is proved. An exhaustive search reaches it.
    """

    subset: tuple[T, ...]
    groups: tuple[tuple[T, ...], ...]
    value: float
    unit: str
    trace: tuple[Step[T], ...]
    evaluations: int
    scheme: str
    g: float | None
    c: float | None
    bound: float | None


class Memo(Generic[T]):
    """A set function that is asked once a set."""

    def __init__(self, f: Callable[[Any], float], parts: tuple[tuple[T, ...], ...]) -> None:
        self._f, self._parts = f, tuple(frozenset(p) for p in parts)
        self._ordered = parts
        self._known: dict[frozenset[T], float] = {}
        self.rounding = 0.0

    def __call__(self, subset: frozenset[T]) -> float:
        if subset not in self._known:
            asked = tuple(subset & p for p in self._parts) if self._parts else subset
            value = float(self._f(asked))
            if not math.isfinite(value):
                shown = ", ".join(sorted(map(str, subset)))
                raise ValueError(f"f({{{shown}}}) is {value}: a set function to be maximized is finite")
            self._known[subset] = value
            self.rounding = max(self.rounding, SAME * abs(value))
        return self._known[subset]

    @property
    def count(self) -> int:
        return len(self._known)

    def groups(self, subset: Collection[T]) -> tuple[tuple[T, ...], ...]:
        return tuple(tuple(e for e in p if e in subset) for p in self._ordered)


class Search(Generic[T]):
    """A greedy search under way."""

    def __init__(self, f: Memo[T], elements: tuple[T, ...], *, lazy: bool) -> None:
        self.f, self._elements, self._lazy = f, elements, lazy
        self.chosen: frozenset[T] = frozenset()
        self._value = self._empty = f(self.chosen)
        self._steps: list[Step[T]] = []
        # gains as last seen; for a submodular function they can only have shrunk since
        self._gains = dict.fromkeys(elements, math.inf)

    def plain(self, k: int, *, fill: bool) -> None:
        for _ in range(k):
            found = self._best(1, 1.0, None)[0]
            if not fill and self._gains[found] <= self.f.rounding:
                return
            self._add([found])

    def batches(self, sizes: Sequence[int]) -> None:
        for size in sizes:
            self._add(self._best(size, 1.0, None))

    def distorted(self, k: int, costs: Mapping[T, float]) -> None:
        for i in range(k):
            weight = (1 - 1 / k) ** (k - i - 1)
            found = self._best(1, weight, costs)[0]
            if _score(self._gains[found], weight, costs[found]) > self.f.rounding:
                self._add([found])
            if len(self.chosen) == len(self._elements):
                return

    def _best(self, count: int, weight: float, costs: Mapping[T, float] | None) -> list[T]:
        """Return the elements of the largest scores, whose gains are fresh then."""
        waiting = [e for e in self._elements if e not in self.chosen]
        stale = set(waiting)
        if not self._lazy:
            for e in waiting:
                self._refresh(e)
            stale.clear()

        def score(e: T) -> float:
            return _score(self._gains[e], weight, costs[e] if costs else 0.0)

        found: list[T] = []
        for _ in range(count):
            most = -math.inf
            # for a submodular function an old score is no less than the new one
            for e in sorted(waiting, key=score, reverse=True):
                if score(e) < most - self.f.rounding:
                    break
                if e in stale:
                    self._refresh(e)
                    stale.remove(e)
                most = max(most, score(e))
            found.append(next(e for e in waiting if e not in stale and score(e) >= most - self.f.rounding))
            waiting.remove(found[-1])
        return found

    def _refresh(self, e: T) -> None:
        self._gains[e] = self.f(self.chosen | {e}) - self._value

    def _add(self, found: Sequence[T]) -> None:
        self.chosen |= set(found)
        value = self.f(self.chosen)
        self._steps.append(Step(tuple(found), value - self._value, value))
        self._value = value

    def remaining_bound(self, k: int, costs: Mapping[T, float]) -> float:
        """Return what the gains left at the end allow the best set to reach."""
        for e in self._elements:
            if e not in self.chosen:
                self._refresh(e)
        left = sorted((self._gains[e] for e in self._elements if e not in self.chosen), reverse=True)
        return self._value + sum(costs[e] for e in self.chosen) + sum(max(0.0, gain) for gain in left[:k])

    def share_bound(self, k: int, costs: Mapping[T, float]) -> float:
        """Return what the greedy guarantee allows the best set to reach, whatever it is."""
        most = sum(sorted(costs.values(), reverse=True)[:k])
        return self._empty + (self._value - self._empty + most / math.e) / SHARE

    def selection(self, scheme: str, unit: str, c: float | None, bound: float | None) -> Selection[T]:
        subset = tuple(e for e in self._elements if e in self.chosen)
        g = None if c is None else self._value + c
        trace, count = tuple(self._steps), self.f.count
        return Selection(subset, self.f.groups(subset), self._value, unit, trace, count, scheme, g, c, bound)


def _score(gain: float, weight: float, cost: float) -> float:
    # the gain of g is that of f and the cost again
    return weight * (gain + cost) - cost


def checked_ground(
    ground: Iterable[T], k: int, partition: Sequence[Collection[T]] | None
) -> tuple[tuple[T, ...], tuple[tuple[T, ...], ...]]:
    elements = tuple(ground)
    if len(set(elements)) < len(elements):
        twice = next(e for e in elements if elements.count(e) > 1)
        raise ValueError(f"the ground set holds {twice!r} twice: its elements are distinct")
    if not 0 <= k <= len(elements):
        raise ValueError(f"k={k}, but there are {len(elements)} elements: choose from 0 to all of them")
    parts = tuple(tuple(p) for p in partition or ())
    named = [e for part in parts for e in part]
    if partition is not None and (len(named) != len(elements) or set(named) != set(elements)):
        raise ValueError(
            "the parts must be disjoint and cover the ground set: name every element in exactly one part"
        )
    return elements, parts


def checked_costs(cost: Mapping[T, float], elements: tuple[T, ...]) -> dict[T, float]:
    found = {}
    for e in elements:
        if e not in cost or not 0 <= cost[e] < math.inf:
            raise ValueError(f"cost of {e!r} is {cost.get(e, 'missing')}: give every element one from 0 up")
        found[e] = float(cost[e])
    return found


def checked_batches(sizes: Sequence[int] | None, k: int) -> list[int]:
    found = [2] * (k // 2) + [1] * (k % 2) if sizes is None else list(sizes)
    if any(size < 1 for size in found) or sum(found) != k:
        raise ValueError(f"batch_sizes={found} must be at least 1 each and sum to k={k}")
    return found
