"""Exact optimal transport of small samples and small tables."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Metric = Literal["euclidean", "sum", "l1"]
METRICS: tuple[Metric, ...] = ("euclidean", "sum", "l1")
LARGEST_TABLE = 400
"""Cells of a table, whose transport has that number squared of unknowns."""


def derangement(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random order of n rows that leaves none in its place."""
    if n < 2:
        raise ValueError("one row cannot be re-paired: at least 2 are needed")
    while True:
        order = rng.permutation(n)
        if not (order == np.arange(n)).any():
            return order


def assigned_distance(x: np.ndarray, y: np.ndarray, other: np.ndarray, metric: Metric) -> float:
    """Return the mean distance of pairs (x_i, y_i) to their best matches among (x_i, other_i)."""
    from scipy.optimize import linear_sum_assignment

    cost = distances(x, y, x, other, metric)
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())


def distances(x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray, metric: Metric) -> np.ndarray:
    """Return the distances of pairs (x_i, y_i) to pairs (u_j, v_j), shape (n, m)."""
    from scipy.spatial.distance import cdist

    if metric == "sum":
        return np.asarray(cdist(x, u) + cdist(y, v))
    kind = "cityblock" if metric == "l1" else "euclidean"
    return np.asarray(cdist(np.hstack([x, y]), np.hstack([u, v]), kind))


def table_dependency(joint: Any, x_values: Any, y_values: Any, metric: Metric = "l1") -> float:
    """Return the exact 1-Wasserstein distance of a table of probabilities from the product of its marginals.

    Parameters
    ----------
    joint : array, shape (k, m)
        Probabilities.
    x_values : array, shape (k,) or (k, d_x)
        Where the rows lie.
    y_values : array, shape (m,) or (m, d_y)
        Where the columns lie.
    metric : {"l1", "euclidean", "sum"}

    Returns
    -------
    float
        In units of the values.

    Raises
    ------
    ValueError
        For a table that is no law, shapes that do not fit, or too many cells.

    References
    ----------
    Ozair et al., "Wasserstein Dependency Measure for Representation Learning", NeurIPS 2019; paper 14 of
    adami's register.

    Examples
    --------
    >>> from adami.estimators import table_dependency
    >>> round(table_dependency([[0.5, 0.0], [0.0, 0.5]], [0, 1], [0, 1]), 9)
    0.5
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    if metric not in METRICS:
        raise ValueError(f"metric={metric!r}: choose one of {', '.join(METRICS)}")
    p = np.asarray(joint, dtype=float)
    if p.ndim != 2 or not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1) > 1e-9:
        raise ValueError("joint must be a table of probabilities, none negative, that sum to 1")
    a, b = _points(x_values, len(p), "x_values"), _points(y_values, p.shape[1], "y_values")
    if p.size > LARGEST_TABLE:
        raise ValueError(
            f"a table of {p.size} cells has {p.size**2:,} transports; merge values to at most "
            f"{LARGEST_TABLE} cells, or draw rows and use WassersteinDependency"
        )
    q = np.outer(p.sum(1), p.sum(0))
    i, j = np.divmod(np.arange(p.size), p.shape[1])
    cost = distances(a[i], b[j], a[i], b[j], metric)
    m = p.size
    from_cell, to_cell = np.divmod(np.arange(m * m), m)
    flat = np.arange(m * m)
    balance = coo_matrix(
        (np.ones(2 * m * m), (np.concatenate([from_cell, m + to_cell]), np.concatenate([flat, flat]))),
        shape=(2 * m, m * m),
    )
    found = linprog(
        cost.ravel(), A_eq=balance.tocsr(), b_eq=np.concatenate([p.ravel(), q.ravel()]), method="highs"
    )
    if not found.success:
        raise ValueError(f"the transport could not be solved: {found.message}")
    return float(found.fun)


def _points(values: Any, count: int, name: str) -> np.ndarray:
    points = np.asarray(values, dtype=float)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or len(points) != count or not np.isfinite(points).all():
        raise ValueError(f"{name} of shape {points.shape}: {count} finite values or points are needed")
    return points
