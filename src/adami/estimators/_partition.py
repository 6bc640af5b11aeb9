"""Neighbours among rows with numbers and labels: other labels are infinitely far away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from adami.estimators._common import small_class_note, standardize, varying
from adami.result import Diagnostic
from adami.variables import Variable


ROUNDING = 2.0**-48
"""Relative size below which differences of values may be rounding: 16 units in the last place."""
SAME_PLACE = float(np.nextafter(0.0, 1.0))
"""The radius of which only distance 0 lies strictly inside."""


class Part(NamedTuple):
    """The numbers and the labels of a slot."""

    numbers: np.ndarray
    """float64 ``(n, d)``, on one scale."""
    codes: np.ndarray | None
    """int64 ``(n,)``, or None without labels."""
    slack: float = 0.0
    """What rounding may add to a distance or take from it."""


class Neighbourhood(NamedTuple):
    """How far the neighbours of each row reach."""

    radius: np.ndarray
    """Distance to the last neighbour ``(n,)``; infinite for a row that is alone with its labels."""
    used: np.ndarray
    """Number of neighbours ``(n,)``: k, or what the cell of the row has; 0 for a row that is alone."""
    cell: np.ndarray
    """Number of rows with the same joint label ``(n,)``."""


def part(v: Variable) -> Part:
    """Return the numbers that vary, standardised, and the labels of a variable."""
    numbers = varying(v)
    if not numbers.shape[1]:
        return Part(numbers, v.codes)
    scaled, log_scale = standardize(numbers)
    with np.errstate(divide="ignore"):
        level = np.exp(np.log(np.abs(numbers).max(axis=0)) - log_scale).max()
    return Part(scaled, v.codes, ROUNDING * float(level))


def neighbourhood(parts: Sequence[Part], k: int, n_jobs: int | None = 1) -> Neighbourhood:
    """Find the reach of the k nearest rows with the same joint label, over the numbers of all parts."""
    from adami.estimators._kernels.neighbours import knn_radius

    n = len(parts[0].numbers)
    blocks = [p.numbers for p in parts if p.numbers.shape[1]]
    radius = np.zeros(n)
    used = np.full(n, k, dtype=np.int64)
    cell = np.full(n, n, dtype=np.int64)
    for rows in _cells(_joint([p.codes for p in parts]), n):
        size = n if isinstance(rows, slice) else len(rows)
        here = min(k, size - 1)
        used[rows], cell[rows] = here, size
        if here == 0:
            radius[rows] = np.inf
        elif blocks:
            radius[rows] = knn_radius([b[rows] for b in blocks], here, n_jobs)
    return Neighbourhood(radius, used, cell)


def others(parts: Sequence[Part], radius: np.ndarray, strict: bool, n_jobs: int | None = 1) -> np.ndarray:
    """Count other rows with the same labels in these parts and numbers within `radius`: int64 ``(n,)``.

    Distances that differ from the radius by rounding only count as equal to it, so that values on a lattice,
    such as counts, give the same result in any unit. A radius of 0 means the same place, exactly.
    """
    from adami.estimators._kernels.neighbours import count_within

    n = len(radius)
    slack = max(p.slack for p in parts)
    if strict:
        reach = np.where(radius > 0, np.maximum(radius - slack, SAME_PLACE), SAME_PLACE)
    else:
        reach = np.where(radius > 0, radius + slack, 0.0)
    blocks = [p.numbers for p in parts if p.numbers.shape[1]]
    counts = np.full(n, n - 1, dtype=np.int64)
    points = np.concatenate(blocks, axis=1) if blocks else None
    for rows in _cells(_joint([p.codes for p in parts]), n):
        size = n if isinstance(rows, slice) else len(rows)
        if points is None or size == 1:
            counts[rows] = size - 1
        else:
            counts[rows] = count_within(points[rows], reach[rows], strict, n_jobs)
    return counts


def cell_note(parts: Sequence[Part], near: Neighbourhood, k: int) -> tuple[Diagnostic, ...]:
    """Say when numbers had to be compared within cells of few rows."""
    if not any(p.numbers.shape[1] for p in parts) or all(p.codes is None for p in parts):
        return ()
    sizes, rows = np.unique(near.cell, return_counts=True)
    return small_class_note(np.repeat(sizes, rows // sizes), k)


def _joint(codes: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Return one label for every combination of labels that occurs."""
    joint: np.ndarray | None = None
    for c in codes:
        if c is not None:
            joint = c if joint is None else np.unique(joint * (int(c.max()) + 1) + c, return_inverse=True)[1]
    return joint


def _cells(codes: np.ndarray | None, n: int) -> Iterator[np.ndarray | slice]:
    """Yield the rows of each label; all rows at once without labels."""
    if codes is None:
        yield slice(None)
        return
    order = np.argsort(codes, kind="stable")
    inside = codes[order]
    cuts = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    yield from np.split(order, cuts)
