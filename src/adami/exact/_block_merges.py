"""Maps of symbols to blocks found by merging blocks greedily until the code fits a rate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adami.exact._near_maps import NEAREST, merge_loss, part


class Stages(NamedTuple):
    """What the greedy loop passed through, for a source sorted in descending order.

    Merging the two largest blocks again and again makes one block of the first symbols; so stage m is the
    map that puts symbols 0 to m together.
    """

    labels: np.ndarray
    """Block of every symbol in the map that the loop ended in."""
    stage: int
    """Number of merges of largest blocks before the last merge."""
    rates: np.ndarray
    """Entropy of the code at every stage, to the end where all symbols are one block."""


def stage_labels(n: int, stage: int) -> np.ndarray:
    """Return the map that joins symbols 0 to `stage`."""
    labels: np.ndarray = np.maximum(np.arange(n) - stage, 0)
    return labels


def stage_rates(p: np.ndarray) -> np.ndarray:
    """Return the entropy of the code at every stage."""
    parts = part(p)
    rest = np.concatenate([np.cumsum(parts[::-1])[::-1][1:], [0.0]])
    rates: np.ndarray = part(np.minimum(np.cumsum(p), 1.0)) + rest
    # a single block is certain, whatever the sum is rounded to
    rates[-1] = 0.0
    return rates


def greedy_merges(p: np.ndarray, rate: float, *, refine: bool) -> Stages:
    """Merge the two smallest blocks if that keeps the rate, else the two largest, until the code fits.

    Parameters
    ----------
    p : numpy.ndarray, shape (n,)
        The source in descending order, whose entropy is above the rate.
    rate : float
        In nats.
    refine : bool
        Whether the last merge is the best of all pairs. Until then no pair keeps the rate, for the two
        largest blocks lose most.
    """
    n = p.size
    rates = stage_rates(p)
    # with two blocks both merges leave a single one
    first, second = p[-1], p[-2] if n > 2 else p[0]
    heads = np.cumsum(p)
    smallest = np.full(n, np.inf)
    smallest[: n - 2] = rates[: n - 2] - merge_loss(first, second)
    # the block of the first symbols may be among the two smallest only when two blocks are left
    smallest[n - 2] = rates[n - 1]
    largest = np.append(rates[1:], np.inf)
    stage = int(np.flatnonzero(np.minimum(smallest, largest) <= rate)[0])
    blocks = np.concatenate([[heads[stage]], p[stage + 1 :]])
    pair = closest_merge(blocks, rates[stage] - rate, keeps=True) if refine else None
    if pair is None:
        pair = (blocks.size - 2, blocks.size - 1) if smallest[stage] <= rate else (0, 1)
    return Stages(merged(stage_labels(n, stage), pair), stage, rates)


def closest_merge(blocks: np.ndarray, needed: float, *, keeps: bool) -> tuple[int, int] | None:
    """Return the pair whose merge loses as little as possible but at least what is needed.

    Parameters
    ----------
    blocks : numpy.ndarray
        Masses in descending order.
    needed : float
        Entropy that has to go, in nats.
    keeps : bool
        If False, the pair that loses as much as possible but less than what is needed.
    """
    n = blocks.size
    first = np.arange(n - 1)
    # the loss falls with the second block: bisect, for all first blocks at once, where it gets too small
    low, high = first.copy(), np.full(n - 1, n - 1)
    while np.any(low < high):
        middle = (low + high + 1) // 2
        enough = merge_loss(blocks[first], blocks[middle]) >= needed
        low, high = np.where(enough, middle, low), np.where(enough, high, middle - 1)
    second = low if keeps else low + 1
    possible = (second > first) & (second < n)
    if not possible.any():
        return None
    loss = merge_loss(blocks[first], blocks[np.minimum(second, n - 1)])
    best = np.where(possible, loss if keeps else -loss, np.inf).argmin()
    return int(first[best]), int(second[best])


def merged(labels: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """Return the map in which two blocks are one; later blocks move down."""
    low, high = pair
    joined = np.where(labels == high, low, labels)
    result: np.ndarray = joined - (joined > high)
    return result


def maps_near(p: np.ndarray, rate: float, stages: Stages) -> np.ndarray:
    """Return the greedy maps whose rates are closest to the one asked for.

    Of each stage there is the map itself and the one with its two smallest blocks merged, and of the last
    stage the merges that come closest to the rate from both sides.
    """
    n = p.size
    order = np.argsort(np.abs(stages.rates - rate), kind="stable")[: NEAREST // 2]
    found = [stages.labels]
    head = float(p[: stages.stage + 1].sum())
    blocks = np.concatenate([[head], p[stages.stage + 1 :]])
    for keeps in (True, False):
        pair = closest_merge(blocks, stages.rates[stages.stage] - rate, keeps=keeps)
        if pair is not None:
            found.append(merged(stage_labels(n, stages.stage), pair))
    for stage in order.tolist():
        plain = stage_labels(n, stage)
        found.append(plain)
        if n - stage > 2:
            found.append(merged(plain, (n - stage - 2, n - stage - 1)))
    return np.array(found)
