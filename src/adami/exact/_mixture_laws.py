"""What follows from a Gaussian mixture given by precisions: densities, recall, information."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

LOG_TWO_PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Mixture:
    """A Gaussian mixture with full covariances.

    Parameters
    ----------
    weights : numpy.ndarray, shape (n_components,)
    means : numpy.ndarray, shape (n_components, n_features)
    precisions : numpy.ndarray, shape (n_components, n_features, n_features)
        Inverses of the covariances.
    logdets : numpy.ndarray, shape (n_components,)
        Log-determinants of the covariances.
    """

    weights: np.ndarray
    means: np.ndarray
    precisions: np.ndarray
    logdets: np.ndarray

    @property
    def covariances(self) -> np.ndarray:
        """Covariances, shape (n_components, n_features, n_features)."""
        return np.linalg.inv(self.precisions)

    def component_log_density(self, rows: np.ndarray) -> np.ndarray:
        """Return the log-density of each row under each component, shape (n_samples, n_components)."""
        return _log_normal(rows, self.means, self.precisions, self.logdets)

    def log_density(self, rows: np.ndarray) -> np.ndarray:
        """Return the log-density of each row, in nats, shape (n_samples,)."""
        return _log_sum(self.component_log_density(rows) + np.log(self.weights))

    def responsibilities(self, rows: np.ndarray) -> np.ndarray:
        """Return the probability of each component given each row, shape (n_samples, n_components)."""
        logs = self.component_log_density(rows) + np.log(self.weights)
        return np.exp(logs - _log_sum(logs)[:, None])

    def recall(self, X: Any, given: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and covariance of some features where others are known.

        Parameters
        ----------
        X : array, shape (n_samples, len(given))
            Values of the known features, in the order of `given`.
        given, target : int or sequence of int
            Features by number; they may not overlap.

        Returns
        -------
        means : numpy.ndarray, shape (n_samples, len(target))
        covariances : numpy.ndarray, shape (n_samples, len(target), len(target))
            Within components, plus the spread of their means.

        Raises
        ------
        ValueError
            If features overlap or are out of range, or `X` does not fit them.
        """
        known, wanted = self._features(given, target)
        rows = np.asarray(X, dtype=float)
        if rows.ndim != 2 or rows.shape[1] != len(known) or not np.all(np.isfinite(rows)):
            raise ValueError(f"X has shape {rows.shape}: `given` names {len(known)} finite columns")
        inner, across, within, logdet_known = self._split(known, wanted)
        logs = _log_normal(rows, self.means[:, known], inner, logdet_known) + np.log(self.weights)
        share = np.exp(logs - _log_sum(logs)[:, None])
        # (component, row, target): mean_t - cov_tt|i precision_ti (x_i - mean_i)
        shift = np.einsum("ktu,kiu,kni->knt", within, across, rows[None] - self.means[:, None, known])
        each = self.means[:, None, wanted] - shift
        mean = np.einsum("nk,knt->nt", share, each)
        spread = each - mean[None]
        between = np.einsum("nk,knt,knu->ntu", share, spread, spread)
        return mean, np.einsum("nk,ktu->ntu", share, within) + between

    def information(self, given: Any, target: Any) -> np.ndarray:
        """Return the mutual information between two groups of features within each component, in nats.

        Parameters
        ----------
        given, target : int or sequence of int

        Returns
        -------
        numpy.ndarray, shape (n_components,)
        """
        known, wanted = self._features(given, target)
        covariances = self.covariances
        groups = (known, wanted, known + wanted)
        first, second, both = (np.linalg.slogdet(covariances[:, g][:, :, g])[1] for g in groups)
        return 0.5 * (first + second - both)

    def entropy_bounds(self) -> tuple[float, float]:
        """Return a lower and an upper bound of the differential entropy, in nats.

        The bounds replace the density at each component by pairwise overlaps: Bhattacharyya distances give
        the lower one, Kullback-Leibler divergences the upper one. They meet where components coincide or
        lie far apart.
        """
        dims = self.means.shape[1]
        own = 0.5 * (dims * (1.0 + LOG_TWO_PI) + self.logdets)
        base = float(self.weights @ own)
        covariances = self.covariances
        gaps = self.means[:, None] - self.means[None]
        kl = 0.5 * (
            np.einsum("jab,iba->ij", self.precisions, covariances)
            + np.einsum("ija,jab,ijb->ij", gaps, self.precisions, gaps)
            - dims
            + self.logdets[None]
            - self.logdets[:, None]
        )
        middle = 0.5 * (covariances[:, None] + covariances[None])
        far = np.einsum("ija,ija->ij", gaps, np.linalg.solve(middle, gaps[..., None])[..., 0]) / 8.0
        far += 0.5 * np.linalg.slogdet(middle)[1] - 0.25 * (self.logdets[:, None] + self.logdets[None])
        low, high = (base - float(self.weights @ _log_sum(np.log(self.weights) - d)) for d in (far, kl))
        return low, high

    def _split(
        self, known: list[int], wanted: list[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return what conditioning needs of each component.

        The precision of the known, the joint precision between known and wanted, the covariance of the wanted
        given the known, and the log-determinant of the covariance of the known.
        """
        used = known + wanted
        precisions, logdets = self.precisions, self.logdets
        if len(used) < self.means.shape[1]:
            # the others are summed out of the covariance
            covariances = self.covariances[:, used][:, :, used]
            precisions, logdets = np.linalg.inv(covariances), np.linalg.slogdet(covariances)[1]
            known, wanted = list(range(len(known))), list(range(len(known), len(used)))
        inside = precisions[:, known][:, :, known]
        across = precisions[:, known][:, :, wanted]
        outside = precisions[:, wanted][:, :, wanted]
        within = np.linalg.inv(outside)
        inner = inside - across @ within @ np.swapaxes(across, 1, 2)
        return inner, across, within, logdets + np.linalg.slogdet(outside)[1]

    def _features(self, given: Any, target: Any) -> tuple[list[int], list[int]]:
        groups = []
        dims = self.means.shape[1]
        for name, group in (("given", given), ("target", target)):
            asked = [int(g) for g in group] if isinstance(group, Iterable) else [int(group)]
            if not asked or not all(0 <= g < dims for g in asked):
                raise ValueError(f"{name}={asked}: name at least one feature, from 0 to {dims - 1}")
            groups.append(asked)
        every = groups[0] + groups[1]
        if len(set(every)) < len(every):
            raise ValueError(f"given={groups[0]} and target={groups[1]} name a feature twice")
        return groups[0], groups[1]


def _log_normal(
    rows: np.ndarray, means: np.ndarray, precisions: np.ndarray, logdets: np.ndarray
) -> np.ndarray:
    found = np.empty((len(rows), len(means)))
    for j, (mean, precision) in enumerate(zip(means, precisions)):
        gap = rows - mean
        found[:, j] = np.einsum("ni,ni->n", gap @ precision, gap)
    return -0.5 * (found + logdets + rows.shape[1] * LOG_TWO_PI)


def _log_sum(logs: np.ndarray) -> np.ndarray:
    top = logs.max(axis=1)
    return top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
