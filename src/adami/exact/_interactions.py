"""Group information as a sum over interactions of properties, each weighted by degrees."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb, prod
from typing import Any

import numpy as np

from adami.exact._property_laws import MOST_JOINT, PropertyLaw, binary_columns, checked_smoothing
from adami.exact.entropies import entropy
from adami.exact.pmf import check_cells

Interaction = tuple[tuple[int, ...], tuple[int, ...], float]
"""Positions in either list, and the signed co-information in nats."""


def interactions(
    data: Any, first: tuple[str, ...], second: tuple[str, ...], order: int | None, smoothing: float
) -> tuple[list[Interaction], list[str]]:
    """Return the terms whose sum is the information between two lists of properties, and remarks.

    With ``CI(Z) = -sum over U in Z of (-1)**|U| H(U)`` the information is the sum over the nonempty parts S
    of the first and T of the second list of ``(-1)**(|S| + |T|) CI(S and T)``. A property of both lists is
    two variables that are copies.
    """
    n, m = len(first), len(second)
    if order is None and n + m > MOST_JOINT:
        raise ValueError(
            f"{n} and {m} properties have {(2**n - 1) * (2**m - 1):,} interactions: pass order=2 (pairs) "
            f"or 3, or keep at most {MOST_JOINT} properties in all"
        )
    if order is not None and order < 2:
        raise ValueError(f"order={order}: an interaction takes at least one property of each concept, so 2")
    most = n + m if order is None else min(order, n + m)
    sizes = [(s, t) for s in range(1, n + 1) for t in range(1, m + 1) if s + t <= most]
    check_cells(sum(comb(n, s) * comb(m, t) for s, t in sizes), what="the table of interactions")
    names = tuple(dict.fromkeys((*first, *second)))
    place = [names.index(p) for p in (*first, *second)]
    entropy_of, remarks = _entropies(data, names, smoothing)
    co_information = _co_informations(entropy_of, place, most)
    found = [
        (a, tuple(j - n for j in b), (-1) ** (s + t) * co_information(a + b))
        for s, t in sorted(sizes, key=lambda st: (sum(st), st))
        for a in combinations(range(n), s)
        for b in combinations(range(n, n + m), t)
    ]
    return found, remarks


def weighted(own: tuple[int, ...], other: tuple[int, ...], first: list[float], second: list[float]) -> float:
    """Return the product of the degrees of a term's properties."""
    return prod(first[i] for i in own) * prod(second[j] for j in other)


def _entropies(
    data: Any, names: tuple[str, ...], smoothing: float
) -> tuple[Callable[[int], float], list[str]]:
    """Return the entropy of a set of properties, given as the sum of ``2**position``."""
    remarks = []
    rows = None
    if not isinstance(data, PropertyLaw):
        rows = binary_columns(data, names)
        pseudo = checked_smoothing(smoothing) * 2.0 ** len(names)
        if pseudo > len(rows):
            remarks.append(
                f"smoothing adds {pseudo:.3g} objects to the {len(rows)} of the table and outweighs them: "
                "pass a smaller one, or 0"
            )
    if len(names) <= MOST_JOINT:
        law = (
            data
            if isinstance(data, PropertyLaw)
            else PropertyLaw.from_table(data, names, smoothing=smoothing)
        )
        known = _all_subsets(law.of(names))
        return lambda mask: float(known[mask]), remarks
    cache: dict[int, float] = {}

    def counted(mask: int) -> float:
        if mask not in cache:
            chosen = [i for i in range(len(names)) if mask >> i & 1]
            if rows is None:
                table = data.of([names[i] for i in chosen])
            else:
                codes = rows[:, chosen] @ (1 << np.arange(len(chosen)))
                table = np.bincount(codes, minlength=2 ** len(chosen)) + pseudo / 2.0 ** len(chosen)
                table = table / (len(rows) + pseudo)
            cache[mask] = float(entropy(table, check=False))
        return cache[mask]

    return counted, remarks


def _all_subsets(pmf: np.ndarray) -> np.ndarray:
    """Return the entropies of all subsets of the axes, each summed out of one that has one axis more."""
    found = np.zeros(2**pmf.ndim)
    waiting = [(pmf, 2**pmf.ndim - 1, 0)]
    while waiting:
        table, mask, start = waiting.pop()
        if mask:
            found[mask] = entropy(table, check=False)
        for i in range(start, pmf.ndim):
            axis = (mask & ((1 << i) - 1)).bit_count()
            waiting.append((table.sum(axis=axis), mask & ~(1 << i), i + 1))
    return found


def _co_informations(
    entropy_of: Callable[[int], float], place: list[int], most: int
) -> Callable[[tuple[int, ...]], float]:
    if len(place) > MOST_JOINT:

        def one(positions: tuple[int, ...]) -> float:
            parts = (u for size in range(1, len(positions) + 1) for u in combinations(positions, size))
            return sum((1.0 if len(u) % 2 else -1.0) * entropy_of(_mask(place, u)) for u in parts)

        return one
    # all at once: a sum over subsets, one position after the other
    values = np.zeros(2 ** len(place))
    for size in range(1, most + 1):
        for u in combinations(range(len(place)), size):
            values[sum(1 << i for i in u)] = (1 if size % 2 else -1) * entropy_of(_mask(place, u))
    index = np.arange(values.size)
    for i in range(len(place)):
        upper = index[index >> i & 1 == 1]
        values[upper] += values[upper ^ (1 << i)]
    return lambda positions: float(values[sum(1 << i for i in positions)])


def _mask(place: list[int], positions: tuple[int, ...]) -> int:
    mask = 0
    for i in positions:
        mask |= 1 << place[i]
    return mask
