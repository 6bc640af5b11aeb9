"""Maps of symbols to blocks, and the laws next to a map that reach a rate between the rates of two maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from adami.exact._arrays import xlogy

ALL_PARTITIONS_UP_TO = 8
"""Symbols up to which every map is looked at: 4140 of them for 8 symbols."""
NEAREST = 512
"""Of the greedy maps of a larger source, how many of the closest to the rate are looked at."""
BISECTIONS = 80
CHUNK_CELLS = 2**20


class NearMap(NamedTuple):
    """A map, and the mass `moved` of one symbol that goes to another block than the map says."""

    information: float
    entropy: float
    labels: np.ndarray
    symbol: int
    target: int
    moved: float


def part(mass: np.ndarray) -> np.ndarray:
    """Return ``-m log m``, the part of a mass in an entropy."""
    cells: np.ndarray = -xlogy(np, mass, mass)
    return cells


def merge_loss(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the entropy that is lost when two blocks become one."""
    return part(a) + part(b) - part(a + b)


@lru_cache(maxsize=ALL_PARTITIONS_UP_TO)
def all_partitions(n: int) -> np.ndarray:
    """Return every map of n symbols as a row of block numbers, blocks numbered as they appear."""
    rows = np.zeros((1, 1), dtype=np.intp)
    for _ in range(n - 1):
        choices = rows.max(axis=1) + 2
        before = np.repeat(rows, choices, axis=0)
        last = np.concatenate([np.arange(c) for c in choices])
        rows = np.column_stack([before, last])
    rows.setflags(write=False)
    return rows


def best_near_map(p: np.ndarray, maps: np.ndarray, rate: float) -> NearMap | None:
    """Return the best law that a single move from one of the maps leads to, if one keeps the rate.

    Parameters
    ----------
    p : numpy.ndarray, shape (n,)
        The source; every symbol has mass.
    maps : numpy.ndarray of int, shape (n_maps, n)
        Block of every symbol.
    rate : float
        Largest entropy of the code, in nats.
    """
    best: NearMap | None = None
    step = max(1, CHUNK_CELLS // p.size)
    for start in range(0, len(maps), step):
        chunk = maps[start : start + step]
        sums = _block_sums(p, chunk)
        level = part(sums).sum(axis=1)
        for found in (_upwards(p, chunk, sums, level, rate), _downwards(p, chunk, sums, level, rate)):
            if found is not None and (best is None or found.information > best.information + 1e-13):
                best = found
    return best


def _block_sums(p: np.ndarray, maps: np.ndarray) -> np.ndarray:
    # one block more than there are symbols: the empty one that a move may open
    width = p.size + 1
    flat = maps + width * np.arange(len(maps))[:, None]
    sums = np.bincount(flat.ravel(), weights=np.tile(p, len(maps)), minlength=width * len(maps))
    table: np.ndarray = sums.reshape(len(maps), width)
    return table


def _upwards(
    p: np.ndarray, maps: np.ndarray, sums: np.ndarray, level: np.ndarray, rate: float
) -> NearMap | None:
    """Move mass of the cell that is smallest within its block to a new block."""
    use = np.flatnonzero(level <= rate)
    if not use.size:
        return None
    share = p / np.take_along_axis(sums[use], maps[use], axis=1)
    symbol = share.argmin(axis=1)
    cell = p[symbol]
    block = cell / share[np.arange(use.size), symbol]

    def entropy(moved: np.ndarray) -> np.ndarray:
        return level[use] + part(block - moved) + part(moved) - part(block)

    moved = _reach(entropy, np.minimum(cell, block / 2), rate, rising=True)
    target = maps[use].max(axis=1) + 1
    return _pick(maps[use], symbol, target, cell, moved, entropy(moved), rate)


def _downwards(
    p: np.ndarray, maps: np.ndarray, sums: np.ndarray, level: np.ndarray, rate: float
) -> NearMap | None:
    """Move mass of the smallest cell of the lightest block to the heaviest block."""
    use = np.flatnonzero((level > rate) & (maps.max(axis=1) > 0))
    if not use.size:
        return None
    rows = np.arange(use.size)
    masses = sums[use]
    lightest = np.where(masses > 0, masses, np.inf).argmin(axis=1)
    masses_but = masses.copy()
    masses_but[rows, lightest] = -1.0
    heaviest = masses_but.argmax(axis=1)
    symbol = np.where(maps[use] == lightest[:, None], p, np.inf).argmin(axis=1)
    cell, light, heavy = p[symbol], masses[rows, lightest], masses[rows, heaviest]

    def entropy(moved: np.ndarray) -> np.ndarray:
        left = np.maximum(light - moved, 0.0)
        return level[use] + part(left) - part(light) + part(heavy + moved) - part(heavy)

    moved = _reach(entropy, cell, rate, rising=False)
    return _pick(maps[use], symbol, heaviest, cell, moved, entropy(moved), rate)


def _reach(
    entropy: Callable[[np.ndarray], np.ndarray], cap: np.ndarray, rate: float, *, rising: bool
) -> np.ndarray:
    """Return how much to move so that the entropy is as close to the rate as the cap lets it, from below."""
    # the end that keeps the rate: nothing moved where moving raises the entropy, all where it lowers it
    keeps, breaks = (np.zeros_like(cap), cap.copy()) if rising else (cap.copy(), np.zeros_like(cap))
    if rising:
        keeps = np.where(entropy(cap) <= rate, cap, keeps)
    for _ in range(BISECTIONS):
        middle = (keeps + breaks) / 2
        inside = entropy(middle) <= rate
        keeps, breaks = np.where(inside, middle, keeps), np.where(inside, breaks, middle)
    return keeps


def _pick(
    maps: np.ndarray,
    symbol: np.ndarray,
    target: np.ndarray,
    cell: np.ndarray,
    moved: np.ndarray,
    entropy: np.ndarray,
    rate: float,
) -> NearMap | None:
    # a symbol that is split makes the code noisy by just the entropy of the split
    information = entropy - merge_loss(moved, np.maximum(cell - moved, 0.0))
    information = np.where(entropy <= rate, information, -np.inf)
    at = int(information.argmax())
    if information[at] == -np.inf:
        return None
    return NearMap(
        float(information[at]),
        float(entropy[at]),
        maps[at],
        int(symbol[at]),
        int(target[at]),
        float(moved[at]),
    )
