"""Local values of the neighbour estimators on plain arrays, without the notes that go with a measurement."""

from __future__ import annotations

import numpy as np

from adami.estimators._common import digamma


def ksg_terms(x: np.ndarray, y: np.ndarray, k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the local values of Kraskov, Stögbauer and Grassberger's first estimator of I(X;Y)."""
    from adami.estimators._kernels.neighbours import count_within, knn_radius

    if x.shape[1] == 1 and y.shape[1] == 1:
        from adami.estimators._kernels.plane import knn_distance, plane

        tree = plane(np.ascontiguousarray(x[:, 0]), np.ascontiguousarray(y[:, 0]), n_jobs)
        radius = tree.to_rows(knn_distance(tree, k, n_jobs))
    else:
        radius = knn_radius([x, y], k, n_jobs)
    inside_x = count_within(x, radius, True, n_jobs)
    inside_y = count_within(y, radius, True, n_jobs)
    return np.asarray(digamma(k) + digamma(len(x)) - digamma(inside_x + 1) - digamma(inside_y + 1))


def frenzel_pompe_terms(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, k: int, n_jobs: int | None = 1
) -> np.ndarray:
    """Return the local values of Frenzel and Pompe's estimator of I(X;Y|Z)."""
    from adami.estimators._kernels.neighbours import count_within, knn_radius

    radius = knn_radius([x, y, z], k, n_jobs)
    near_xz = count_within(np.hstack([x, z]), radius, True, n_jobs)
    near_yz = count_within(np.hstack([y, z]), radius, True, n_jobs)
    near_z = count_within(z, radius, True, n_jobs)
    return np.asarray(digamma(k) + digamma(near_z + 1) - digamma(near_xz + 1) - digamma(near_yz + 1))


def ross_terms(x: np.ndarray, codes: np.ndarray, k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the local values of Ross's estimator of I(X;label); every label has at least two rows."""
    from adami.estimators._kernels.neighbours import count_within, knn_radius

    n = len(x)
    radius, own, used = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for label in np.unique(codes):
        rows = np.flatnonzero(codes == label)
        own[rows], used[rows] = len(rows), min(k, len(rows) - 1)
        radius[rows] = knn_radius([x[rows]], min(k, len(rows) - 1), n_jobs)
    inside = count_within(x, np.maximum(radius, np.nextafter(0.0, 1.0)), True, n_jobs) + 1
    return np.asarray(digamma(n) + digamma(used) - digamma(own) - digamma(inside))
