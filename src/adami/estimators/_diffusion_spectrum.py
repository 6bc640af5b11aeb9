"""Eigenvalues of the diffusion operator of a cloud of points, and of its graphs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from adami.estimators._gram import as_rows, bandwidth, refuse_beyond_memory, squared_distances
from adami.exact._arrays import Array, xlogy
from adami.result import Diagnostic
from adami.variables import Variable

Normalization = Literal["random_walk", "anisotropic"]
Width = float | Literal["median", "knn"]
NEIGHBOURS = 10
"""Neighbour whose distance is the width of a point's kernel under ``sigma="knn"``."""
FEWEST = 3
"""Rows that a spectrum takes at least."""
SMALL = 300
"""Rows up to which a factorisation of low rank is not worth a try."""
LOST = 1e-12
"""Share of the trace that such a factorisation may lose; the entropy changes by less than 1e-10."""


def affinity(xp: Any, X: Array, sigma: Width) -> Array:
    """Return the Gaussian affinities of all pairs of rows."""
    refuse_beyond_memory(X.shape[0], X.shape[0], 4 if xp is np else 8, "the diffusion operator")
    away = squared_distances(xp, X, X)
    if xp is np:
        # a row is at distance 0 from itself, whatever the rounding of a product says
        np.fill_diagonal(away, 0.0)
    if sigma == "knn":
        k = NEIGHBOURS
        if X.shape[0] <= k:
            raise ValueError(
                f"sigma='knn' takes the distance to the {k}th neighbour of {X.shape[0]} rows: give a number"
            )
        width = xp.sort(away, axis=1)[:, k] ** 0.5
        if bool(xp.any(width == 0)):
            raise ValueError(
                f"a row coincides with {k} others, so that its kernel has no width: give sigma as a number"
            )
        return xp.exp(away / (-2.0 * width[:, None] * width[None, :]))
    s = bandwidth(sigma, X, "X", rules=("median", "knn"))
    if xp is not np:
        return xp.exp(away * (-0.5 / s**2))
    away *= -0.5 / s**2
    return np.exp(away, out=away)


def operator(xp: Any, X: Array, sigma: Width, normalization: Normalization) -> Array:
    """Return the symmetric matrix with the eigenvalues of the diffusion operator."""
    K = _divided(xp, affinity(xp, X, sigma))
    if normalization == "random_walk":
        return K
    if normalization == "anisotropic":
        return _divided(xp, K)
    raise ValueError(f"normalization={normalization!r}: choose 'random_walk' or 'anisotropic'")


def _divided(xp: Any, K: Array) -> Array:
    root = 1.0 / xp.sqrt(xp.sum(K, axis=1))
    if xp is not np:
        return K * root[:, None] * root[None, :]
    K *= root[:, None]
    K *= root[None, :]
    return K


def eigenvalues(xp: Any, K: Array, definite: bool) -> Array:
    """Return the eigenvalues of a symmetric matrix in descending order, float64; NumPy's matrix is used up.

    Parameters
    ----------
    definite : bool
        Whether no eigenvalue is negative; then a matrix of low rank is factorised first, to 1e-12 of its
        trace, and only the eigenvalues of the small factor are found.
    """
    if xp is not np:
        return xp.flip(xp.linalg.eigvalsh(K), axis=(0,))
    from scipy.linalg import eigvalsh

    n = len(K)
    if definite and n > SMALL and (factor := _low_rank(K)) is not None:
        found = np.zeros(n)
        found[: factor.shape[1]] = eigvalsh(factor.T @ factor, check_finite=False)[::-1]
        return found
    return np.asarray(eigvalsh(K.T, overwrite_a=True, check_finite=False)[::-1])


def _low_rank(K: np.ndarray) -> np.ndarray | None:
    """Return L with ``L @ L.T`` equal to K but for `LOST` of its trace, or None where its rank is not low."""
    from scipy.linalg.lapack import dpstrf

    n = len(K)
    # a fourth of the rows, spread over the cloud, tell cheaply whether a low rank can be hoped for
    few = np.asfortranarray(K[::4, ::4])
    # the factorisation stops when no diagonal element of what is left is larger
    tolerance = LOST * float(K.trace()) / n
    if dpstrf(few, tol=tolerance, lower=1, overwrite_a=1)[2] > 0.6 * len(few):
        return None
    factor, pivots, rank, _ = dpstrf(K.T, tol=tolerance, lower=1)
    if rank > n // 2:
        return None
    L = np.empty((n, rank))
    L[pivots - 1] = np.tril(factor[:, :rank])
    return L


def neighbour_graph(X: np.ndarray, k: int) -> np.ndarray:
    """Return the directed graph of the k nearest rows, each its own first neighbour, as zeros and ones."""
    refuse_beyond_memory(len(X), len(X), 4, "the graph of neighbours")
    away = squared_distances(np, X, X)
    np.fill_diagonal(away, 0.0)
    edge = np.partition(away, k - 1, axis=1)[:, k - 1]
    return np.asarray(away <= edge[:, None], dtype=np.float64)


def spectral_entropy_of(xp: Any, X: Array, sigma: Width, t: float, normalization: Normalization) -> Array:
    if not (np.isfinite(t) and t > 0):
        raise ValueError(f"t={t!r} must be a positive number of steps")
    # a root makes much of the small eigenvalues that a factorisation of low rank leaves out
    definite = sigma != "knn" and t >= 1
    return entropy_of_weights(
        xp, xp.abs(eigenvalues(xp, operator(xp, X, sigma, normalization), definite)) ** t
    )


def entropy_of_weights(xp: Any, weights: Array) -> Array:
    p = weights / xp.sum(weights)
    return -xp.sum(xlogy(xp, p, p))


def enough_rows(xp: Any, X: Array) -> Array:
    X = as_rows(xp, X, "X")
    if X.shape[0] < FEWEST:
        raise ValueError(f"{X.shape[0]} rows have no spectrum to speak of: at least {FEWEST} rows are needed")
    return X


def drawn(X: Array, max_n: int | None, rng: np.random.Generator) -> Array:
    """Return the rows, or a seeded draw of them, in their order."""
    if max_n is None or X.shape[0] <= max_n:
        return X
    if max_n < FEWEST:
        raise ValueError(f"max_n={max_n}: at least {FEWEST} rows are needed")
    return taken(X, np.sort(rng.permutation(X.shape[0])[:max_n]))


def taken(X: Array, rows: np.ndarray) -> Array:
    return X[rows.tolist() if hasattr(X, "detach") else rows]


def equal_bins(rows: np.ndarray, n_bins: int) -> np.ndarray:
    low, width = rows.min(axis=0), np.ptp(rows, axis=0)
    share = (rows - low) / np.where(width > 0, width, 1.0)
    return np.asarray(np.minimum((share * n_bins).astype(np.int64), n_bins - 1))


def cloud(x: Variable, method: str) -> np.ndarray:
    if x.dim == 0 or x.codes is not None:
        raise TypeError(
            f"method {method!r} takes numbers for x, and {x} has labels; use kinds='continuous' if the "
            "numbers are meant"
        )
    return x.numbers


def drawn_note(n: int, max_n: int | None) -> tuple[Diagnostic, ...]:
    if max_n is None or n <= max_n:
        return ()
    return (Diagnostic("subsampled", f"{max_n:,} of {n:,} rows stand for all; raise max_n to use more"),)
