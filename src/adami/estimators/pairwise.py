"""Many pairs at once: one target and many features, all pairs of a table, one pair under many permutations.

Columns are scaled and sorted once and shared by all their pairs. Every value equals that of the estimator of
a single pair, to the last bit for the same scaling.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adami._parallel import ordered_map, seeds
from adami.estimators._common import need_rows

if TYPE_CHECKING:
    from adami.estimators._kernels.sorted_marginal import Marginal


class _Side(NamedTuple):
    """One column, ready for all its pairs."""

    raw: np.ndarray
    scaled: np.ndarray
    line: Marginal
    name: str
    constant: bool


def ksg_many(features: np.ndarray, target: np.ndarray, k: int = 3, n_jobs: int | None = 1) -> np.ndarray:
    """Return the KSG information between each feature and one continuous target.

    Parameters
    ----------
    features : numpy.ndarray
        Shape ``(n, p)``, finite.
    target : numpy.ndarray
        Shape ``(n,)``, finite.
    k : int
        Neighbours.
    n_jobs : int, optional
        Threads; -1 for every core. The values do not depend on it.

    Returns
    -------
    numpy.ndarray
        Nats, shape ``(p,)``: 0 for constant columns, infinity for exact affine copies of the target.

    Raises
    ------
    ValueError
        For fewer than k + 1 rows, missing or infinite values, and columns whose rows coincide so often that
        the formula for densities does not apply.

    References
    ----------
    Kraskov, Stögbauer and Grassberger, "Estimating mutual information", Physical Review E 69, 066138, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.pairwise import ksg_many
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(1000, 3))
    >>> bool(ksg_many(x, x[:, 0] + rng.normal(size=1000)).argmax() == 0)
    True
    """
    columns, y = _matrix(features), _column(target, "target")
    _same_rows(columns, y)
    need_rows(len(y), k, "ksg")
    goal = _side(y, "target")

    def work(j: int) -> float:
        return _pair(_side(columns[j], f"feature {j}"), goal, k)

    return np.array(ordered_map(work, range(len(columns)), n_jobs))


def ksg_all_pairs(data: np.ndarray, k: int = 3, n_jobs: int | None = 1) -> np.ndarray:
    """Return the KSG information between all pairs of columns.

    Parameters
    ----------
    data : numpy.ndarray
        Shape ``(n, p)``, finite.
    k, n_jobs
        As in `ksg_many`.

    Returns
    -------
    numpy.ndarray
        Nats, shape ``(p, p)``, symmetric. The diagonal is infinite, the information of a continuous column
        about itself, and 0 for constant columns.

    Raises
    ------
    ValueError
        As in `ksg_many`.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.pairwise import ksg_all_pairs
    >>> ksg_all_pairs(np.random.default_rng(0).normal(size=(500, 3))).shape
    (3, 3)
    """
    columns = _matrix(data)
    need_rows(columns.shape[1], k, "ksg")
    sides = ordered_map(lambda j: _side(columns[j], f"column {j}"), range(len(columns)), n_jobs)
    first, second = np.triu_indices(len(sides), 1)

    def work(pair: int) -> float:
        return _pair(sides[first[pair]], sides[second[pair]], k)

    out = np.diag([0.0 if s.constant else math.inf for s in sides])
    out[first, second] = out[second, first] = ordered_map(work, range(len(first)), n_jobs)
    return out


def ross_many(features: np.ndarray, labels: np.ndarray, k: int = 3, n_jobs: int | None = 1) -> np.ndarray:
    """Return Ross's information between each feature and one label column.

    Parameters
    ----------
    features : numpy.ndarray
        Shape ``(n, p)``, finite.
    labels : numpy.ndarray
        Whole numbers of shape ``(n,)``. Rows that have their label alone are left out.
    k, n_jobs
        As in `ksg_many`; a class of at most k rows uses all its others.

    Returns
    -------
    numpy.ndarray
        Nats, shape ``(p,)``: 0 for constant columns, and for labels that never repeat or never change.

    References
    ----------
    Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9(2), e87357, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.pairwise import ross_many
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 2, 1000)
    >>> features = rng.normal(size=(1000, 2))
    >>> features[:, 0] += 20 * labels
    >>> float(ross_many(features, labels)[0].round(1))
    0.7
    """
    columns = _matrix(features)
    codes = np.asarray(labels)
    if codes.ndim != 1 or codes.dtype.kind not in "iub":
        raise TypeError(
            f"labels: expected whole numbers of shape (n,), got {codes.dtype} of shape {codes.shape}"
        )
    _same_rows(columns, codes)
    if k < 1:
        raise ValueError(f"k={k}: at least one neighbour is needed")
    _, codes, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    keep = sizes[codes] > 1
    if not keep.all():
        _, codes, sizes = np.unique(codes[keep], return_inverse=True, return_counts=True)
    codes = codes.astype(np.int64)
    if len(sizes) < 2:
        return np.zeros(len(columns))

    def work(j: int) -> float:
        return _ross(columns[j][keep], codes, sizes, k)

    return np.array(ordered_map(work, range(len(columns)), n_jobs))


def ksg_permutations(
    x: np.ndarray,
    y: np.ndarray,
    k: int = 3,
    permutations: np.ndarray | int = 199,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> np.ndarray:
    """Return the KSG information of one pair after each of many permutations of y.

    Parameters
    ----------
    x, y : numpy.ndarray
        Shape ``(n,)``, finite.
    k : int
        Neighbours.
    permutations : int or numpy.ndarray
        How many, or the orders themselves, whole numbers of shape ``(B, n)``.
    random_state : int or Generator, optional
        Decides the orders when only their number is given.
    n_jobs : int, optional
        Threads; -1 for every core. The values do not depend on it.

    Returns
    -------
    numpy.ndarray
        Nats, shape ``(B,)``.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.pairwise import ksg_permutations
    >>> x, y = np.random.default_rng(0).normal(size=(2, 500))
    >>> bool(abs(ksg_permutations(x, y, permutations=20).mean()) < 0.02)
    True
    """
    a, b = _column(x, "x"), _column(y, "y")
    _same_rows(a[None], b)
    need_rows(len(a), k, "ksg")
    left, right = _side(a, "x"), _side(b, "y")
    if isinstance(permutations, int | np.integer):
        generators = seeds(random_state, int(permutations))
        return np.array(
            ordered_map(lambda g: _pair(left, _shuffled(right, g.permutation(len(b))), k), generators, n_jobs)
        )
    orders = np.asarray(permutations)
    if orders.ndim != 2 or orders.shape[1] != len(a) or orders.dtype.kind not in "iu":
        raise ValueError(f"permutations: expected whole numbers of shape (B, {len(a)}), got {orders.shape}")
    return np.array(ordered_map(lambda order: _pair(left, _shuffled(right, order), k), orders, n_jobs))


# -- below the surface ---------------------------------------------------------------------------------------


def _side(column: np.ndarray, name: str) -> _Side:
    from adami.estimators._kernels.scale import unit_scaled
    from adami.estimators._kernels.sorted_marginal import marginal

    scaled = unit_scaled(column)
    line = marginal(scaled)
    return _Side(column, scaled, line, name, bool(column.min() == column.max()))


def _shuffled(side: _Side, order: np.ndarray) -> _Side:
    return side._replace(raw=side.raw[order], scaled=side.scaled[order])


def _pair(a: _Side, b: _Side, k: int) -> float:
    from adami.estimators import _ksg_plane as formula
    from adami.estimators._kernels.plane import plane

    if a.constant or b.constant:
        return 0.0
    found = formula.neighbourhoods(plane(a.scaled, b.scaled), a.line, b.line, k)
    if len(found.coincident) > formula.COINCIDENT_SHARE * len(a.raw):
        raise ValueError(
            f"{len(found.coincident)} of {len(a.raw)} rows of ({a.name}; {b.name}) coincide with at least "
            f"k={k} others, so these columns are not continuous; use method='mixed_ksg', or labels"
        )
    if formula.crowd(found) < 2 * k and _copies(a, b):
        return math.inf
    return formula.information(found)


def _copies(a: _Side, b: _Side) -> bool:
    from adami.estimators._perfect import affine_dependence
    from adami.variables import variable

    return affine_dependence(*(variable(s.raw, s.name, kinds="continuous") for s in (a, b))) is not None


def _ross(column: np.ndarray, codes: np.ndarray, sizes: np.ndarray, k: int) -> float:
    from adami.estimators._kernels.classes import class_radii
    from adami.estimators._kernels.digamma import digamma_table
    from adami.estimators._kernels.sorted_marginal import count, line_of_sorted

    n = len(column)
    order = np.argsort(column)
    ordered = column[order]
    if ordered[0] == ordered[-1]:
        return 0.0
    grouped, radius = np.empty(n), np.empty(n)
    class_radii(ordered, codes[order], sizes, k, grouped, radius)
    line = line_of_sorted(ordered)
    # the same rule about rounding as for two columns
    reach = np.maximum(radius - 2.0**-49 * (np.abs(grouped) + radius), 0.5 * radius)
    inside = count(line, grouped, reach, True)
    zero = np.flatnonzero(radius == 0.0)
    if len(zero):
        inside[zero] = count(line, grouped[zero], radius[zero], False)
    table = digamma_table(n)
    rows = np.bincount(inside)
    marginal = np.sum(rows[1:] * table[1 : len(rows)])
    classes = np.sum(sizes * (table[np.minimum(k, sizes - 1)] - table[sizes]))
    return float(table[n] + (classes - marginal) / n)


def _matrix(data: np.ndarray) -> np.ndarray:
    """Return the columns as the rows of a contiguous float64 array."""
    array = np.asarray(data, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"expected shape (n, p), got {array.shape}")
    if array.shape[0] == 0:
        raise ValueError("no rows")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=0))
    if len(bad):
        raise ValueError(
            f"missing or infinite values in column(s) {bad[:20].tolist()}; drop or replace those rows"
        )
    return np.ascontiguousarray(array.T)


def _column(data: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(data, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected shape (n,), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: missing or infinite values; drop or replace those rows")
    return np.ascontiguousarray(array)


def _same_rows(columns: np.ndarray, other: np.ndarray) -> None:
    if columns.shape[1] != len(other):
        raise ValueError(f"unequal numbers of rows: {columns.shape[1]} and {len(other)}")
