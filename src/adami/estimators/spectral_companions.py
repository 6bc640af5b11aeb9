"""Other entropies of a cloud of points, which the diffusion spectral entropy is held against."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from adami.estimators._diffusion_spectrum import (
    Normalization,
    Width,
    affinity,
    eigenvalues,
    enough_rows,
    entropy_of_weights,
    equal_bins,
    neighbour_graph,
)
from adami.estimators._gram import as_rows
from adami.exact._arrays import Array, as_numpy, floats


def adjacency_spectral_entropy(
    X: Array, kind: Literal["gaussian", "knn"] = "gaussian", *, sigma: Width = 10.0, k: int = 10
) -> Array:
    """Return the entropy of the spectrum of a graph of the rows, without the diffusion's normalisation.

    Parameters
    ----------
    X : array or tensor, shape (n, d)
    kind : {"gaussian", "knn"}
        Gaussian affinities, or ones for the k nearest rows, a row itself among them; NumPy only for the
        latter.
    sigma : float, "median" or "knn"
    k : int

    Returns
    -------
    scalar of the same array library
        In nats.

    Raises
    ------
    ValueError
        As in `diffusion_eigenvalues`, or for a `k` that is none.

    References
    ----------
    Liao and others, 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import adjacency_spectral_entropy
    >>> bool(abs(adjacency_spectral_entropy(1e3 * np.arange(8.0)) - np.log(8)) < 1e-9)
    True
    """
    xp, X = floats(X, name="X")
    X = enough_rows(xp, X)
    if kind == "gaussian":
        return entropy_of_weights(
            xp, xp.abs(eigenvalues(xp, affinity(xp, X, sigma), definite=sigma != "knn"))
        )
    if kind != "knn":
        raise ValueError(f"kind={kind!r}: choose 'gaussian' or 'knn'")
    if not 1 <= k <= X.shape[0]:
        raise ValueError(f"k={k} neighbours of {X.shape[0]} rows: between 1 and the rows are possible")
    # the graph is directed: its eigenvalues may be complex
    return float(entropy_of_weights(np, np.abs(np.linalg.eigvals(neighbour_graph(as_numpy(X), k)))))


def diffusion_entry_entropy(
    X: Array, sigma: Width = 10.0, *, normalization: Normalization = "random_walk"
) -> Array:
    """Return the entropy of the entries of the diffusion operator, made to sum to one.

    Parameters
    ----------
    X : array or tensor, shape (n, d)
    sigma, normalization
        As in `diffusion_eigenvalues`; the rows of the operator sum to one in both normalisations.

    Returns
    -------
    scalar of the same array library
        In nats, between ln n and 2 ln n.

    References
    ----------
    Liao and others, 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import diffusion_entry_entropy
    >>> bool(abs(diffusion_entry_entropy(np.zeros((5, 2))) - 2 * np.log(5)) < 1e-9)
    True
    """
    xp, X = floats(X, name="X")
    K = affinity(xp, enough_rows(xp, X), sigma)
    if normalization == "anisotropic":
        degree = xp.sum(K, axis=1)
        K = K / xp.sqrt(degree[:, None] * degree[None, :])
    elif normalization != "random_walk":
        raise ValueError(f"normalization={normalization!r}: choose 'random_walk' or 'anisotropic'")
    return entropy_of_weights(xp, xp.reshape(K / xp.sum(K, axis=1)[:, None], (-1,)))


def binned_entropy(X: Any, n_bins: int = 2) -> float:
    """Return the plug-in entropy of rows after each column is cut into bins of equal width.

    In many dimensions every row soon has a cell of its own, and the value is ln n whatever the cloud.

    Parameters
    ----------
    X : array of shape (n, d)
    n_bins : int
        Bins a column, between its least and largest value.

    Returns
    -------
    float
        In nats.

    References
    ----------
    Liao and others, 2023, who hold it against the spectral entropy; paper 23 of adami's register.

    Examples
    --------
    >>> from adami.estimators import binned_entropy
    >>> round(binned_entropy([[0.0], [0.2], [0.8], [1.0]]), 4)
    0.6931
    """
    rows = as_rows(np, np.asarray(as_numpy(X) if hasattr(X, "detach") else X, dtype=np.float64), "X")
    if n_bins < 2:
        raise ValueError(f"n_bins={n_bins}: a column is cut into at least 2 bins")
    counts = np.unique(equal_bins(rows, n_bins), axis=0, return_counts=True)[1]
    return float(entropy_of_weights(np, counts.astype(np.float64)))
