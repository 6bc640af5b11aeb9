"""Where soft ranges begin: anchors spread over points, and how sharp to make them."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from adami.exact.soft_ranges import range_members

Placement = Literal["kmeans", "kmeans++", "farthest"]


def place_anchors(
    X: Any,
    k: int = 16,
    *,
    method: Placement = "kmeans",
    random_state: int | np.random.Generator | None = None,
) -> np.ndarray:
    """Return anchors spread over points.

    Parameters
    ----------
    X : array, shape (n, d)
    k : int
        Number of anchors; 16 suits points in the plane, 8 the tokens of a sequence.
    method : {"kmeans", "kmeans++", "farthest"}
        Means of clusters, the random points that k-means starts from, or points each the farthest from those
        before, from the one nearest to the mean on (which draws nothing at random).
    random_state : int, numpy.random.Generator or None

    Returns
    -------
    ndarray, shape (k, d)

    Raises
    ------
    ValueError
        If there are fewer distinct points than anchors, or `X` holds no finite rows.

    Examples
    --------
    >>> from adami.exact import place_anchors
    >>> place_anchors([[0.0], [1.0], [9.0], [10.0]], 2, random_state=0)
    array([[0.5],
           [9.5]])
    """
    points = _points(X)
    if method not in get_args(Placement):
        raise ValueError(f"method={method!r}: choose one of {', '.join(get_args(Placement))}")
    distinct = len(np.unique(points, axis=0))
    if not 1 <= k <= distinct:
        raise ValueError(f"k={k}, but X has {distinct} distinct points: give a number from 1 to that")
    if method == "farthest":
        first = int(np.argmin(np.sum((points - points.mean(axis=0)) ** 2, axis=1)))
        return points[_spread(points, k, first, None)]
    rng = np.random.default_rng(random_state)
    centres = points[_spread(points, k, int(rng.integers(len(points))), rng)]
    if method == "kmeans":
        for _ in range(100):
            label = _squares(points, centres).argmin(axis=1)
            moved = centres.copy()
            for j in np.unique(label):
                moved[j] = points[label == j].mean(axis=0)
            if np.array_equal(moved, centres):
                break
            centres = moved
    return centres[np.lexsort(centres.T[::-1])]


def sharpness_unit(anchors: Any) -> float:
    """Return the unit of `alpha`: one over the mean squared distance between anchors.

    Parameters
    ----------
    anchors : array, shape (k, d)

    Returns
    -------
    float

    Examples
    --------
    >>> from adami.exact import sharpness_unit
    >>> sharpness_unit([[0.0], [2.0]])
    0.25
    """
    centres = _points(anchors)
    far = _squares(centres, centres)[~np.eye(len(centres), dtype=bool)]
    if not len(far) or far.mean() == 0:
        raise ValueError("sharpness needs two distinct anchors: place more")
    return float(1 / far.mean())


def reseed_anchors(X: Any, anchors: Any, *, alpha: float, floor: float = 1e-12) -> np.ndarray:
    """Move anchors that no point uses to the points farthest from those in use.

    Parameters
    ----------
    X : array, shape (n, d)
    anchors : array, shape (k, d)
    alpha : float
        Sharpness, as in `range_entropy`.
    floor : float
        Share of the points below which an anchor is dead.

    Returns
    -------
    ndarray, shape (k, d)
        A copy; equal to `anchors` when all are in use.

    Examples
    --------
    >>> from adami.exact import reseed_anchors
    >>> reseed_anchors([[0.0], [1.0], [5.0]], [[0.0], [99.0]], alpha=1.0)
    array([[0.],
           [5.]])
    """
    points, centres = _points(X), _points(anchors).copy()
    dead = np.flatnonzero(range_members(np, points, centres, alpha).mean(axis=0) < floor)
    used = [j for j in range(len(centres)) if j not in dead]
    for j in dead:
        gap = _squares(points, centres[used]).min(axis=1)
        centres[j] = points[int(gap.argmax())]
        used.append(int(j))
    return centres


def _spread(points: np.ndarray, k: int, first: int, rng: np.random.Generator | None) -> list[int]:
    """Choose points one by one: the farthest, or at random in proportion to the squared distance."""
    chosen = [first]
    gap = _squares(points, points[chosen])[:, 0]
    while len(chosen) < k:
        nxt = int(gap.argmax()) if rng is None else int(rng.choice(len(points), p=gap / gap.sum()))
        chosen.append(nxt)
        gap = np.minimum(gap, _squares(points, points[[nxt]])[:, 0])
    return chosen


def _squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum((points[:, None, :] - centres) ** 2, axis=2))


def _points(X: Any) -> np.ndarray:
    points = np.asarray(X, dtype=float)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"X has shape {points.shape}: give a matrix with a row for each point")
    if not np.isfinite(points).all():
        raise ValueError("X holds NaN or infinite numbers: remove or impute them first")
    return points
