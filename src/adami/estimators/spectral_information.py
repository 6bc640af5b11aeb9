"""Diffusion spectral information: how much of a cloud's spread its groups leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._diffusion_spectrum import (
    Normalization,
    Width,
    cloud,
    drawn,
    drawn_note,
    enough_rows,
    equal_bins,
    spectral_entropy_of,
    taken,
)
from adami.estimators._gram import as_rows
from adami.exact._arrays import Array, as_numpy, floats
from adami.result import Diagnostic
from adami.variables import Variable


def diffusion_spectral_information(
    Z: Array,
    y: Any,
    sigma: Width = 10.0,
    t: float = 1.0,
    *,
    normalization: Normalization = "random_walk",
    n_repetitions: int = 5,
    max_n: int | None = 10_000,
    random_state: int = 0,
) -> Array:
    """Return how much smaller the spectral entropy is within groups than in as many rows drawn from all.

    Parameters
    ----------
    Z : array or tensor, shape (n, d)
    y : array of labels, shape (n,)
        Groups; `spectral_clusters` makes them of numbers. Groups of one row are left out.
    sigma, t, normalization, max_n
        As in `diffusion_spectral_entropy`.
    n_repetitions : int
        Draws from all rows that each group is held against.
    random_state : int

    Returns
    -------
    scalar of the same array library
        In nats; about 0 for groups that say nothing, and below it by chance.

    Raises
    ------
    ValueError
        As in `diffusion_spectral_entropy`, for labels of another length, or if no group has two rows.

    References
    ----------
    Liao and others, 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import diffusion_spectral_information
    >>> y = np.repeat([0, 1], 50)
    >>> Z = 100.0 * y[:, None] + np.random.default_rng(0).normal(size=(100, 2))
    >>> bool(abs(diffusion_spectral_information(Z, y) - np.log(2)) < 0.1)
    True
    """
    xp, Z = floats(Z, name="Z")
    Z = enough_rows(xp, Z)
    labels = (as_numpy(y) if hasattr(y, "detach") else np.asarray(y)).ravel()
    n = Z.shape[0]
    if len(labels) != n:
        raise ValueError(f"Z has {n} rows and y has {len(labels)}")
    if n_repetitions < 1:
        raise ValueError(f"n_repetitions={n_repetitions}: at least one draw is needed")
    codes = np.unique(labels, return_inverse=True)[1]
    groups = [rows for c in range(codes.max() + 1) if len(rows := np.flatnonzero(codes == c)) > 1]
    if not groups:
        raise ValueError("every group has one row only: the entropy within groups needs two or more")
    rng = np.random.default_rng(random_state)

    def entropy(rows: np.ndarray) -> Array:
        return spectral_entropy_of(xp, drawn(taken(Z, rows), max_n, rng), sigma, t, normalization)

    value, covered = 0.0, sum(map(len, groups))
    for rows in groups:
        draws = [entropy(rng.permutation(n)[: len(rows)]) for _ in range(n_repetitions)]
        value = value + len(rows) / covered * (sum(draws) / n_repetitions - entropy(rows))
    return value


def spectral_clusters(Y: Any, n_clusters: int = 10, random_state: int = 0) -> np.ndarray:
    """Group rows of numbers so that `diffusion_spectral_information` can hold another variable against them.

    Parameters
    ----------
    Y : array of shape (n,) or (n, d)
        One column is cut into bins of equal width; more columns are clustered by the spectrum of their graph
        of nearest neighbours, which needs scikit-learn.
    n_clusters : int
    random_state : int

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        To be computed once and used again for each layer and epoch.

    Raises
    ------
    ValueError
        For fewer rows than clusters.

    References
    ----------
    Liao and others, 2023; paper 23 of adami's register.

    Examples
    --------
    >>> from adami.estimators import spectral_clusters
    >>> spectral_clusters([0.0, 0.1, 0.5, 1.0], n_clusters=2).tolist()
    [0, 0, 1, 1]
    """
    Y = as_rows(np, np.asarray(as_numpy(Y) if hasattr(Y, "detach") else Y, dtype=np.float64), "Y")
    if not 2 <= n_clusters <= len(Y):
        raise ValueError(f"n_clusters={n_clusters} of {len(Y)} rows: between 2 and the rows are possible")
    if Y.shape[1] == 1:
        return equal_bins(Y, n_clusters)[:, 0]
    from adami.exact._extras import need_sklearn

    need_sklearn("spectral clustering")
    from sklearn.cluster import SpectralClustering

    made = SpectralClustering(
        n_clusters,
        affinity="nearest_neighbors",
        n_neighbors=min(10, len(Y) - 1),
        assign_labels="cluster_qr",
        random_state=random_state,
    )
    return np.asarray(made.fit(Y).labels_, dtype=np.int64)


class DSMI(Estimator):
    """Diffusion spectral information of a cloud of points about labels, or about clusters of numbers.

    Parameters
    ----------
    sigma : float, "median" or "knn"
        Width of the affinities, in the unit of the columns of x, which are not scaled.
    t : float
        Steps of diffusion.
    n_clusters : int
        Groups that y is cut into where it has numbers; see `spectral_clusters`.
    n_repetitions : int
        Draws from all rows that each group is held against.
    normalization : {"random_walk", "anisotropic"}
    max_n : int, optional
        Rows of a group above which a seeded draw stands for all.
    random_state : int

    Notes
    -----
    It is not symmetric: x is the cloud, y says how to group it.

    References
    ----------
    Liao and others, "Assessing Neural Network Representations During Training Using Noise-Resilient Diffusion
    Spectral Entropy", 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import DSMI
    >>> y = np.repeat([0, 1], 50)
    >>> found = DSMI().estimate(100.0 * y[:, None] + np.random.default_rng(0).normal(size=(100, 2)), y)
    >>> found.measure, found.quantity, bool(abs(found - np.log(2)) < 0.1)
    ('dsmi', 'diffusion spectral mutual information', True)
    """

    name = "dsmi"
    measure = "dsmi"

    def __init__(
        self,
        sigma: Width = 10.0,
        t: float = 1.0,
        n_clusters: int = 10,
        n_repetitions: int = 5,
        normalization: Normalization = "random_walk",
        max_n: int | None = 10_000,
        random_state: int = 0,
    ) -> None:
        self.sigma = sigma
        self.t = t
        self.n_clusters = n_clusters
        self.n_repetitions = n_repetitions
        self.normalization = normalization
        self.max_n = max_n
        self.random_state = random_state

    def _named(self, variables: Mapping[str, Variable]) -> str:
        return "diffusion spectral mutual information"

    def _information(self, x: Variable, y: Variable) -> Measurement:
        rows = cloud(x, self.name)
        if y.codes is not None and y.dim:
            raise TypeError(
                f"method 'dsmi' groups by labels or by numbers, and {y} has both; use one of them"
            )
        groups = (
            y.codes
            if y.codes is not None
            else spectral_clusters(y.numbers, self.n_clusters, self.random_state)
        )
        value = diffusion_spectral_information(
            rows,
            groups,
            self.sigma,
            self.t,
            normalization=self.normalization,
            n_repetitions=self.n_repetitions,
            max_n=self.max_n,
            random_state=self.random_state,
        )
        sizes = np.bincount(groups)
        alone = int((sizes == 1).sum())
        notes = drawn_note(int(sizes.max()), self.max_n)
        if alone:
            message = f"{alone} label(s) have one row only and are left out: one row has no spectrum"
            notes += (Diagnostic("small_class", message, "warning", "unknown"),)
        if y.codes is None:
            message = f"{y} has numbers, which are grouped into {int((sizes > 0).sum())} clusters first"
            notes += (Diagnostic("clustered", message),)
        return Measurement(
            float(value), diagnostics=notes, details={"sigma": self.sigma, "groups": len(sizes)}
        )
