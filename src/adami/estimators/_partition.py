"""Neighbours among rows with numbers and labels: other labels are infinitely far away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adami._parallel import ordered_map
from adami.estimators._common import small_class_note, standardize, varying
from adami.result import Diagnostic
from adami.variables import Variable

ROUNDING = 2.0**-48
"""Relative size below which differences of values may be rounding: 16 units in the last place."""
SAME_PLACE = float(np.nextafter(0.0, 1.0))
"""The radius of which only distance 0 lies strictly inside."""
SMALL_CELL = 64
"""Rows up to which a plain distance table is faster than a tree."""


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
    from adami.estimators._kernels.cells import radius_in_cells
    from adami.estimators._kernels.neighbours import knn_radius

    n = len(parts[0].numbers)
    points = _points(parts)
    codes = _joint(parts)
    if codes is None:
        radius = np.zeros(n) if points is None else knn_radius((points,), k, n_jobs)
        return Neighbourhood(radius, np.full(n, k), np.full(n, n))
    order, cuts, cell = _cells(codes)
    radius = np.where(cell > 1, 0.0, np.inf)
    if points is not None:
        radius_in_cells(points, order, cuts, SMALL_CELL, k, radius)
        for c in np.flatnonzero(np.diff(cuts) > SMALL_CELL):
            rows = order[cuts[c] : cuts[c + 1]]
            radius[rows] = knn_radius((points[rows],), min(k, len(rows) - 1), n_jobs)
    return Neighbourhood(radius, np.minimum(k, cell - 1), cell)


def others(parts: Sequence[Part], radius: np.ndarray, strict: bool, n_jobs: int | None = 1) -> np.ndarray:
    """Count other rows with the same labels in these parts and numbers within `radius`: int64 ``(n,)``.

    Distances that differ from the radius by rounding only count as equal to it, so that values on a lattice,
    such as counts, give the same result in any unit. A radius of 0 means the same place, exactly.
    """
    from adami.estimators._kernels.cells import count_in_cells
    from adami.estimators._kernels.neighbours import count_within

    n = len(radius)
    slack = max(p.slack for p in parts)
    if strict:
        reach = np.where(radius > 0, np.maximum(radius - slack, SAME_PLACE), SAME_PLACE)
    else:
        reach = np.where(radius > 0, radius + slack, 0.0)
    points = _points(parts)
    codes = _joint(parts)
    if codes is None:
        return np.full(n, n - 1) if points is None else count_within(points, reach, strict, n_jobs)
    order, cuts, cell = _cells(codes)
    counts = cell - 1
    if points is not None:
        count_in_cells(points, order, cuts, SMALL_CELL, reach, strict, counts)
        for c in np.flatnonzero(np.diff(cuts) > SMALL_CELL):
            rows = order[cuts[c] : cuts[c + 1]]
            counts[rows] = count_within(points[rows], reach[rows], strict, n_jobs)
    return counts


def others_in_each(
    slots: Sequence[Sequence[Part]], radius: np.ndarray, strict: bool, n_jobs: int | None = 1
) -> list[np.ndarray]:
    """Return `others` for several slots, side by side."""
    return ordered_map(lambda parts: others(parts, radius, strict, n_jobs), slots, n_jobs)


def cell_note(parts: Sequence[Part], near: Neighbourhood, k: int) -> tuple[Diagnostic, ...]:
    """Say when numbers had to be compared within cells of few rows."""
    if not any(p.numbers.shape[1] for p in parts) or all(p.codes is None for p in parts):
        return ()
    sizes, rows = np.unique(near.cell, return_counts=True)
    return small_class_note(np.repeat(sizes, rows // sizes), k)


def _points(parts: Sequence[Part]) -> np.ndarray | None:
    """Put the numbers of all parts side by side; None without any."""
    blocks = [p.numbers for p in parts if p.numbers.shape[1]]
    if len(blocks) > 1:
        return np.concatenate(blocks, axis=1)
    return blocks[0] if blocks else None


def _joint(parts: Sequence[Part]) -> np.ndarray | None:
    """Return one label for every combination of labels that occurs; None without labels."""
    codes = [p.codes for p in parts if p.codes is not None]
    if not codes:
        return None
    joint = codes[0]
    for more in codes[1:]:
        # renumber after every label: a plain product of level counts would overflow
        joint = np.unique(joint * (int(more.max()) + 1) + more, return_inverse=True)[1]
    return joint


def _cells(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows ordered by label, where each label begins (and the end), and the cell size of each row."""
    # NumPy sorts 16-bit integers by radix, several times faster than wider ones
    order = np.argsort(codes.astype(np.uint16) if codes.max() < 2**16 else codes, kind="stable")
    inside = codes[order]
    cuts = np.concatenate(([0], np.flatnonzero(inside[1:] != inside[:-1]) + 1, [len(codes)]))
    sizes = np.diff(cuts)
    cell = np.empty(len(codes), dtype=np.int64)
    cell[order] = np.repeat(sizes, sizes)
    return order, cuts, cell
