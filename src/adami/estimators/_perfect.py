"""Suspiciously perfect dependence: copies, affine and monotone functions, labels that determine labels."""

from __future__ import annotations

import numpy as np

from adami.result import Diagnostic
from adami.variables import Variable

MIN_ROWS = 10
"""Fewest rows whose equal order is no chance."""
SPARE_ROWS = 3
"""Rows beyond the number of columns from which an exact linear relation is no chance."""
DOUBLE_ROUNDING, SINGLE_ROUNDING = 1e-11, 3e-7
GLANCE = 4096
"""Rows that refute most candidates before all rows are looked at."""


def number_dependence(x: Variable, y: Variable, given: Variable | None = None) -> list[Diagnostic]:
    """Find number columns of y that are exact functions of number columns of x, by geometry and by ranks."""
    said = affine_dependence(x, y, given)
    if said is not None:
        return [said]
    if given is not None or x.dim != 1 or y.dim != 1 or x.codes is not None or y.codes is not None:
        return []
    if x.n < MIN_ROWS or not monotone(x.numbers[:, 0], y.numbers[:, 0]):
        return []
    return [
        Diagnostic(
            "perfect_dependence",
            f"{y} is a strictly monotone function of {x} in all {x.n} rows: the information may be "
            "infinite, and the value is only what so many rows can show; is one computed from the other?",
            "warning",
            "low",
        )
    ]


def affine_dependence(x: Variable, y: Variable, given: Variable | None = None) -> Diagnostic | None:
    """Return the finding that a combination of y's numbers is an exact affine function of x's (and given's).

    The information between two continuous variables is infinite then. The smallest principal angle between
    the centred column spaces decides (Björck and Golub 1973), confirmed on the bulk of the rows, since one
    far outlier alone makes any two columns look collinear.
    """
    a, b = _smooth_numbers(x), _smooth_numbers(y)
    # labels in the condition are left out: another slope within them is missed, never invented
    z = given.numbers if given is not None and given.dim else None
    dims = a.shape[1] + b.shape[1] + (0 if z is None else z.shape[1])
    if not (a.shape[1] and b.shape[1]) or x.n < dims + SPARE_ROWS:
        return None
    tolerance = _rounding(a, b) if z is None else _rounding(a, b, z)
    for rows in (slice(0, max(GLANCE, 4 * dims)), slice(None)):
        pair = _nearest_directions(a[rows], b[rows], None if z is None else z[rows], tolerance)
        if pair is None:
            return None
        u, v = pair
    spread = np.subtract(*np.quantile(u, [0.75, 0.25]))
    if not (spread > 0 and np.quantile(np.abs(u - v), 0.9) <= 10 * tolerance * spread):
        return None
    scalars = x.dim == 1 and y.dim == 1 and z is None
    told = "is a copy or an affine function of" if scalars else "is tied by an exact linear relation to"
    return Diagnostic(
        "perfect_dependence",
        f"{y} {told} {x}: the information between continuous variables is infinite then; leave one of them "
        "out, or add the measurement noise that they really have",
        "warning",
    )


def determined(x: Variable, given: Variable) -> bool:
    """Tell whether all numbers of x, which has no labels, are exact affine functions of those of `given`."""
    if x.codes is not None or not (x.dim and given.dim) or x.n < x.dim + given.dim + SPARE_ROWS:
        return False
    tolerance = _rounding(x.numbers, given.numbers)
    a, basis = _unit_columns(x.numbers), _basis(_unit_columns(given.numbers))
    residual = np.linalg.norm(a - basis @ (basis.T @ a), axis=0)
    return bool(np.all(residual <= tolerance))


def monotone(x: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether y is a strictly monotone function of x, both without ties."""
    for rows in (slice(0, GLANCE), slice(None)):
        order = np.argsort(x[rows], kind="stable")
        xs, steps = x[rows][order], np.diff(y[rows][order])
        if not (np.all(np.diff(xs) > 0) and (np.all(steps > 0) or np.all(steps < 0))):
            return False
    return True


def label_dependence(x: Variable, y: Variable) -> list[Diagnostic]:
    """Find that one label determines the other, or that a threshold on a number gives the label exactly."""
    if x.codes is not None and y.codes is not None and x.dim == 0 and y.dim == 0:
        return _labels_by_labels(x, y)
    for numbers, labels in ((x, y), (y, x)):
        if numbers.dim == 1 and numbers.codes is None and labels.codes is not None and labels.dim == 0:
            return _labels_by_thresholds(numbers, labels)
    return []


def _labels_by_labels(x: Variable, y: Variable) -> list[Diagnostic]:
    return told_determined(str(x), str(y), _determines(x, y), _determines(y, x), x.n)


def told_determined(x: str, y: str, forth: bool, back: bool, n: int) -> list[Diagnostic]:
    """Say in words that x determines y (forth), y determines x (back), or both."""
    if not (forth or back):
        return []
    if forth and back:
        told = f"{x} and {y} are the same labels under different names"
    else:
        told = f"{x} determines {y}" if forth else f"{y} determines {x}"
    return [
        Diagnostic(
            "perfect_dependence",
            f"{told} in all {n} rows: the information is the whole entropy of the determined column; is "
            "one computed from the other?",
        )
    ]


def _determines(cause: Variable, effect: Variable) -> bool:
    for rows in (slice(0, GLANCE), slice(None)):
        a, b = _codes(cause)[rows], _codes(effect)[rows]
        last = np.zeros(cause.n_levels, dtype=np.int64)
        last[a] = b
        if not np.array_equal(last[a], b):
            return False
    # with one row a label everything is determined by chance
    return bool(cause.n >= 2 * np.count_nonzero(np.bincount(_codes(cause))))


def _labels_by_thresholds(numbers: Variable, labels: Variable) -> list[Diagnostic]:
    values, codes = numbers.numbers[:, 0], _codes(labels)
    levels = np.count_nonzero(np.bincount(codes))
    if numbers.n < MIN_ROWS * levels:
        return []
    order = np.argsort(values, kind="stable")
    changes = np.flatnonzero(np.diff(codes[order]))
    ordered = values[order]
    if len(changes) != levels - 1 or np.any(ordered[changes] == ordered[changes + 1]):
        return []
    return [
        Diagnostic(
            "perfect_dependence",
            f"thresholds on {numbers} give {labels} exactly in all {numbers.n} rows: the information is the "
            f"whole entropy of {labels}; is one computed from the other?",
        )
    ]


def _codes(v: Variable) -> np.ndarray:
    if v.codes is None:
        raise TypeError(f"{v} has no labels")
    return v.codes


def _smooth_numbers(v: Variable) -> np.ndarray:
    """Return the columns without atoms that vary: only those carry infinite information in a copy."""
    kinds = [c.kind for c in v.columns if c.kind != "discrete"]
    keep = [j for j, kind in enumerate(kinds) if kind == "continuous" and np.ptp(v.numbers[:, j]) > 0]
    return v.numbers[:, keep]


def _rounding(*blocks: np.ndarray) -> float:
    """Return the relative residual that rounding explains: single precision when the values are such."""
    with np.errstate(over="ignore", under="ignore"):
        single = any(np.array_equal(b[:GLANCE], b[:GLANCE].astype(np.float32)) for b in blocks)
    return SINGLE_ROUNDING if single else DOUBLE_ROUNDING


def _unit_columns(a: np.ndarray) -> np.ndarray:
    a = a / np.maximum(np.abs(a).max(axis=0), np.finfo(float).tiny)
    a = a - a.mean(axis=0)
    return np.asarray(a / np.maximum(np.linalg.norm(a, axis=0), np.finfo(float).tiny))


def _basis(a: np.ndarray) -> np.ndarray:
    u, s, _ = np.linalg.svd(a, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * s[0]])


def _nearest_directions(
    a: np.ndarray, b: np.ndarray, z: np.ndarray | None, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return unit vectors u in span(a), v in span(b) with an angle below the tolerance, after removing z."""
    a, b = _unit_columns(a), _unit_columns(b)
    if z is not None:
        basis = _basis(_unit_columns(z))
        a, b = a - basis @ (basis.T @ a), b - basis @ (basis.T @ b)
        a, b = (m[:, np.linalg.norm(m, axis=0) > 1e-6] for m in (a, b))
        if not (a.shape[1] and b.shape[1]):
            return None
        a, b = _unit_columns(a), _unit_columns(b)
    if a.shape[1] == 1 and b.shape[1] == 1:
        u, v = a[:, 0], b[:, 0] * np.sign(a[:, 0] @ b[:, 0])
        return (u, v) if np.linalg.norm(u - v) <= tolerance else None
    qa, qb = _basis(a), _basis(b)
    if not (qa.shape[1] and qb.shape[1]):
        return None
    if qa.shape[1] < qb.shape[1]:
        qa, qb = qb, qa
    _, sines, directions = np.linalg.svd(qb - qa @ (qa.T @ qb), full_matrices=False)
    if sines[-1] > tolerance:
        return None
    v = qb @ directions[-1]
    u = qa @ (qa.T @ v)
    return u, v
