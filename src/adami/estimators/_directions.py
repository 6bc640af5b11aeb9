"""Few directions that carry the dependence of many columns, by nonlinear canonical analysis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adami.estimators._canonical import canonical, dependent_directions
from adami.estimators._common import normal_scores, standardized

RIDGE_ROWS = 10.0
"""Ridge of the whitening, as a number of rows."""
MOST_DIRECTIONS = 3
ROWS_PER_FEATURE = 6
MOST_FEATURES = 200
LEVEL = 1e-3
"""Chance that unrelated rows show a first direction."""

Features = Callable[[np.ndarray], np.ndarray]
Scores = tuple[np.ndarray, np.ndarray]


def linear(z: np.ndarray) -> np.ndarray:
    """Return the columns themselves."""
    return z


def radial(z: np.ndarray) -> np.ndarray:
    """Return columns, squared norm, and columns times its powers: for laws that turn or stretch with it."""
    dim = z.shape[1]
    s = ((z**2).sum(axis=1, keepdims=True) / dim - 1) / np.sqrt(2 / dim)
    return np.hstack([z, s, z * s, z * s**2, z * s**3])


def quadratic(z: np.ndarray) -> np.ndarray:
    """Return columns and all products of two."""
    i, j = np.triu_indices(z.shape[1])
    return np.hstack([z, z[:, i] * z[:, j]])


def cubic(z: np.ndarray) -> np.ndarray:
    """Return columns, all products of two and of three, and columns times the fourth power of the norm."""
    dim = z.shape[1]
    triples = [(a, b, c) for a in range(dim) for b in range(a, dim) for c in range(b, dim)]
    i, j, k = np.array(triples).T
    s = (z**2).sum(axis=1, keepdims=True) / dim - 1
    return np.hstack([quadratic(z), z[:, i] * z[:, j] * z[:, k], z * s**2])


def candidates(dim_x: int, dim_y: int, n: int) -> dict[str, Features]:
    """Return the feature maps that n rows can carry."""
    dim = max(dim_x, dim_y)
    sizes = {
        "linear": (dim, linear),
        "radial": (4 * dim + 1, radial),
        "quadratic": (dim * (dim + 3) // 2, quadratic),
        "cubic": (dim * (dim + 3) // 2 + dim * (dim + 1) * (dim + 2) // 6 + dim, cubic),
    }
    return {
        name: f
        for name, (size, f) in sizes.items()
        if size * ROWS_PER_FEATURE <= n // 2 and size <= MOST_FEATURES
    }


def crossfit(features: Features, x: np.ndarray, y: np.ndarray, part: np.ndarray) -> list[Scores]:
    """Score each part of the rows by canonical directions of the features learnt on all other rows.

    The parts are kept apart: their maps differ, and rows scored by different maps must not be mixed, or
    which map it was would look like shared information.

    Parameters
    ----------
    features : callable
    x, y : numpy.ndarray of shape (n, d)
    part : numpy.ndarray of int, shape (n,)
        Number of each row's part, from 0.

    Returns
    -------
    list of (scores of x, scores of y)
        One a part, each of shape (rows of the part, m), strongest direction first, as normal scores.
    """
    on_x, on_y = standardized(features(x)), standardized(features(y))
    scores = []
    for p in range(int(part.max()) + 1):
        own = part == p
        map_x, map_y = _canonical_maps(on_x[~own], on_y[~own])
        scores.append((normal_scores(on_x[own] @ map_x), normal_scores(on_y[own] @ map_y)))
    return scores


def parts(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the part of each row, in a random order: `count` parts as equal as can be."""
    return rng.permutation(np.arange(n) * count // n)


def same_order(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether a column of normal scores of a is a column of b, or its reverse."""
    return any(np.allclose(u, v) or np.allclose(u, -v) for u in a.T for v in b.T)


def significant(scores: list[Scores]) -> bool:
    """Tell whether rows that were not learnt from show any linear dependence between the directions."""
    return min(dependent_directions(canonical(u, v), LEVEL) for u, v in scores) > 0


def _canonical_maps(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    white_x, white_y = _whitening(a), _whitening(b)
    u, _, vt = np.linalg.svd(white_x.T @ (a.T @ b / len(a)) @ white_y, full_matrices=False)
    keep = min(MOST_DIRECTIONS, u.shape[1])
    return white_x @ u[:, :keep], white_y @ vt[:keep].T


def _whitening(a: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(a.T @ a / len(a))
    return np.asarray(vectors / np.sqrt(np.maximum(values, 0.0) + RIDGE_ROWS / len(a)))
