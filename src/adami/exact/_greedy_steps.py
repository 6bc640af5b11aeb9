"""The loops of the greedy couplings, on plain lists: each step moves the mass that some symbols share."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heapreplace
from itertools import pairwise

SNAP = 1e-15
"""A residue this small is rounding; kept, it would be coupled again and again."""

Steps = tuple[list[tuple[int, ...]], list[float]]
Key = tuple[float, int]
"""Mass and side (0 or 1) of a group of symbols that have the same mass."""


def max_seeking(laws: Sequence[Sequence[float]]) -> Steps:
    """Couple the largest remaining mass of every law, until nothing remains."""
    heaps = [[(-mass, i) for i, mass in enumerate(law) if mass > 0] for law in laws]
    for heap in heaps:
        heapify(heap)
    cells: list[tuple[int, ...]] = []
    masses: list[float] = []
    while all(heaps):
        tops = [heap[0] for heap in heaps]
        moved = -max(top[0] for top in tops)
        cells.append(tuple(top[1] for top in tops))
        masses.append(moved)
        for heap, (negative, symbol) in zip(heaps, tops):
            left = -negative - moved
            if left > SNAP:
                heapreplace(heap, (-left, symbol))
            else:
                heappop(heap)
    return cells, masses


def zero_seeking(first: Sequence[float], second: Sequence[float]) -> Steps:
    """Couple the two symbols whose masses differ least, so that a step leaves little behind.

    The closest two masses of two laws are neighbours among all masses in order. So the masses are kept
    sorted, symbols of the same mass together, and the distances between neighbours in a heap.
    """
    groups: dict[Key, list[int]] = {}
    for side, law in enumerate((first, second)):
        for i, mass in enumerate(law):
            if mass > 0:
                # ascending, hence already a heap
                groups.setdefault((mass, side), []).append(i)
    order = sorted(groups)
    gaps: list[tuple[float, int, int, Key, Key]] = []

    def note(low: Key, high: Key) -> None:
        if low[1] != high[1]:
            p, q = (low, high) if low[1] == 0 else (high, low)
            heappush(gaps, (high[0] - low[0], groups[p][0], groups[q][0], p, q))

    def note_around(key: Key) -> None:
        at = bisect_left(order, key)
        here = at < len(order) and order[at] == key
        if at > 0 and at < len(order):
            note(order[at - 1], order[at])
        if here and at + 1 < len(order):
            note(key, order[at + 1])

    def take(key: Key) -> None:
        heappop(groups[key])
        if not groups[key]:
            del groups[key]
            del order[bisect_left(order, key)]

    def give(key: Key, symbol: int) -> None:
        if key in groups:
            heappush(groups[key], symbol)
        else:
            groups[key] = [symbol]
            insort(order, key)

    for low, high in pairwise(order):
        note(low, high)
    cells: list[tuple[int, ...]] = []
    masses: list[float] = []
    while gaps:
        left, i, j, p, q = heappop(gaps)
        # a distance noted before one of its symbols was used up says nothing any more
        if p not in groups or q not in groups or groups[p][0] != i or groups[q][0] != j:
            continue
        if abs(bisect_left(order, p) - bisect_left(order, q)) != 1:
            continue
        cells.append((i, j))
        masses.append(min(p[0], q[0]))
        take(p)
        take(q)
        touched = [p, q]
        if left > SNAP:
            longer = p if p[0] > q[0] else q
            rest = (left, longer[1])
            give(rest, i if longer is p else j)
            touched.append(rest)
        for key in touched:
            note_around(key)
    return cells, masses
