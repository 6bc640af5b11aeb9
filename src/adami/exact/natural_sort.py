"""Merge sort that takes the runs that are there, and counts what that saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from adami.exact.structural_entropy import checked_sequence, natural_runs

MergePolicy = Literal["power", "plain"]


@dataclass(frozen=True, slots=True)
class SortCount:
    """A sorted sequence and what sorting it took.

    Parameters
    ----------
    values : ndarray
        The sequence in ascending order.
    order : ndarray of int
        Where each value stood before; equal values keep their order.
    comparisons : int
        All comparisons, those that find the runs included.
    finding, merging : int
        Comparisons that found the runs and that merged them.
    moved : int
        Elements that took part in mergers, the merge cost.
    runs : int
        Runs that were merged.
    """

    values: np.ndarray
    order: np.ndarray
    comparisons: int
    finding: int
    merging: int
    moved: int
    runs: int


def natural_merge_sort(seq: Any, *, policy: MergePolicy = "power") -> SortCount:
    """Sort by merging the runs that are there, and count comparisons.

    Parameters
    ----------
    seq : array, shape (n,)
    policy : {"power", "plain"}
        Merge neighbouring runs along the nearly optimal tree that the midpoints of runs give; or halve the
        sequence and merge without looking for runs, for comparison.

    Returns
    -------
    SortCount
        With the power policy `moved` is at most ``n (H + 2)`` and `comparisons` at most ``n (H + 3)``, H the
        `run_entropy` in bits.

    References
    ----------
    J. I. Munro and S. Wild, Nearly-optimal mergesorts: fast, practical sorting methods that optimally adapt
    to existing runs, 2018.

    Examples
    --------
    >>> from adami.exact import natural_merge_sort
    >>> found = natural_merge_sort([5, 6, 7, 8, 1, 2, 3, 4])
    >>> found.values.tolist(), found.comparisons
    ([1, 2, 3, 4, 5, 6, 7, 8], 11)
    """
    values = checked_sequence(seq)
    if policy not in get_args(MergePolicy):
        raise ValueError(f"policy={policy!r}: choose one of {', '.join(get_args(MergePolicy))}")
    n = len(values)
    work = _Merger(values.tolist())
    if policy == "plain":
        finding, runs = 0, n
        # recursion by halves, from the leaves up
        waiting = [(0, n, False)]
        while waiting:
            start, stop, ready = waiting.pop()
            middle = (start + stop) // 2
            if ready:
                work.merge(start, middle, stop)
            elif stop - start > 1:
                waiting += [(start, stop, True), (start, middle, False), (middle, stop, False)]
    else:
        found = natural_runs(values)
        finding, runs = n - 1, len(found)
        for start, stop, falls in found:
            if falls:
                work.order[start:stop] = work.order[start:stop][::-1]
        _merge_by_power(work, found, n)
    order = np.array(work.order)
    return SortCount(
        values[order], order, finding + work.comparisons, finding, work.comparisons, work.moved, runs
    )


def _merge_by_power(work: _Merger, runs: Sequence[tuple[int, int, bool]], n: int) -> None:
    stack: list[tuple[int, int, int]] = []
    for (start, stop, _), follower in zip(runs, [*runs[1:], None]):
        power = 0
        if follower is not None:
            # the first binary digit in which the midpoints of the two runs, as shares of n, differ
            a, b = start + stop, follower[0] + follower[1]
            while (a * 2**power) // (2 * n) == (b * 2**power) // (2 * n):
                power += 1
        while stack and stack[-1][2] > power:
            left, middle, _ = stack.pop()
            work.merge(left, middle, stop)
            start = left
        stack.append((start, stop, power))


class _Merger:
    """An order of values that neighbouring sorted stretches are merged in."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.order = list(range(len(values)))
        self.comparisons = self.moved = 0

    def merge(self, start: int, middle: int, stop: int) -> None:
        left, right = self.order[start:middle], self.order[middle:stop]
        merged: list[int] = []
        i = j = 0
        while i < len(left) and j < len(right):
            self.comparisons += 1
            if self.values[right[j]] < self.values[left[i]]:
                merged.append(right[j])
                j += 1
            else:
                merged.append(left[i])
                i += 1
        self.order[start:stop] = merged + left[i:] + right[j:]
        self.moved += stop - start
