"""Normal components with full covariances: densities, weighted fits and starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact.pmf import as_pmf


@dataclass(frozen=True, slots=True, eq=False)
class NormalMixture:
    """Weights, means and covariances of normal components."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def log_densities(self, X: np.ndarray) -> np.ndarray:
        """Return the log-density of each row under each component, shape ``(n_rows, n_components)``."""
        logs = np.empty((len(X), len(self.weights)))
        for j, (mean, factor) in enumerate(zip(self.means, np.linalg.cholesky(self.covariances))):
            white = np.linalg.solve(factor, (X - mean).T)
            volume = np.log(np.diag(factor)).sum() + X.shape[1] * math.log(2 * math.pi) / 2
            logs[:, j] = -(white**2).sum(axis=0) / 2 - volume
        return logs


def fit_components(
    X: np.ndarray, law: np.ndarray, shares: np.ndarray, before: NormalMixture, ridge: float
) -> NormalMixture:
    """Fit each component to the rows that it is responsible for; one without any stays as it was."""
    mass = law @ shares
    means, covariances = before.means.copy(), before.covariances.copy()
    for j in np.flatnonzero(mass > 0):
        own = law * shares[:, j] / mass[j]
        means[j] = own @ X
        centred = X - means[j]
        covariances[j] = (own[:, None] * centred).T @ centred + ridge * np.eye(X.shape[1])
    return NormalMixture(mass / mass.sum(), means, covariances)


def starting_mixture(
    X: np.ndarray,
    law: np.ndarray,
    count: int,
    weights: Any,
    means: Any,
    covariances: Any,
    ridge: float,
    rng: np.random.Generator,
) -> NormalMixture:
    """Return what was given, with equal weights, spread means and the data's covariance for what was not."""
    width = X.shape[1]
    shares = (
        np.full(count, 1 / count) if weights is None else np.asarray(as_pmf(weights, name="weights_init"))
    )
    places = _spread_rows(X, law, count, rng) if means is None else np.asarray(means, dtype=float)
    if covariances is None:
        centred = X - law @ X
        spread = (law[:, None] * centred).T @ centred + ridge * np.eye(width)
        covariances = np.tile(spread, (count, 1, 1))
    forms = np.asarray(covariances, dtype=float)
    for name, array, shape in (
        ("weights_init", shares, (count,)),
        ("means_init", places, (count, width)),
        ("covariances_init", forms, (count, width, width)),
    ):
        if array.shape != shape or not np.isfinite(array).all():
            raise ValueError(f"{name} has shape {array.shape}: give finite numbers of shape {shape}")
    if not (np.linalg.eigvalsh(forms) > 0).all() or not np.allclose(forms, forms.transpose(0, 2, 1)):
        raise ValueError("covariances_init holds a matrix that is not symmetric and positive definite")
    return NormalMixture(shares, places, forms)


def _spread_rows(X: np.ndarray, law: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Choose rows far from each other, each with a probability that grows with its distance (k-means++)."""
    # rows in order and without repetitions, so that a row's weight counts as its repetitions would
    X, place = np.unique(X, axis=0, return_inverse=True)
    law = np.bincount(place.reshape(-1), weights=law, minlength=len(X))
    chosen = [int(rng.choice(len(X), p=law))]
    for _ in range(count - 1):
        far = law * ((X[:, None, :] - X[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        total = far.sum()
        chosen.append(int(rng.choice(len(X), p=far / total if total > 0 else law)))
    return X[chosen].copy()
