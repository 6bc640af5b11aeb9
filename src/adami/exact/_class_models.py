"""Models of the class given an observation, for a classifier to stand on."""

from __future__ import annotations

from typing import Protocol

import numpy as np

ROWS_PER_CLASS = 10
"""Rows of each class that a cell of a histogram should hold on average."""


class ClassModel(Protocol):
    """What gives the probability of each class, rows summing to one."""

    def predict_proba(self, X: np.ndarray, /) -> np.ndarray: ...


class GaussianModel:
    """A normal density for each class, and the classes' frequencies."""

    def __init__(self, X: np.ndarray, codes: np.ndarray, ridge: float) -> None:
        if not ridge >= 0:
            raise ValueError(f"ridge={ridge}: a share of variance is 0 or more")
        counts = np.bincount(codes)
        groups = [X[codes == c] for c in range(len(counts))]
        spread = float(np.mean([g.var(axis=0).sum() * len(g) for g in groups])) / (len(X) * X.shape[1])
        spread *= len(counts)
        self._shares = np.log(counts / len(codes))
        self._means = np.array([g.mean(axis=0) for g in groups])
        extra = max(ridge, 1e-12) * (spread if spread > 0 else 1.0) * np.eye(X.shape[1])
        scatters = [(g - g.mean(axis=0)).T @ (g - g.mean(axis=0)) / len(g) for g in groups]
        self._factors = np.linalg.cholesky(np.array(scatters) + extra)

    def predict_proba(self, X: np.ndarray, /) -> np.ndarray:
        logs = np.empty((len(X), len(self._shares)))
        for c, (share, mean, factor) in enumerate(zip(self._shares, self._means, self._factors)):
            white = np.linalg.solve(factor, (X - mean).T)
            logs[:, c] = share - np.log(np.diag(factor)).sum() - (white**2).sum(axis=0) / 2
        logs -= logs.max(axis=1, keepdims=True)
        masses = np.exp(logs)
        return np.asarray(masses / masses.sum(axis=1, keepdims=True))


class CellModel:
    """Class frequencies in the cells of a grid on quantiles; an empty cell borrows from its nearest."""

    def __init__(self, X: np.ndarray, codes: np.ndarray, n_bins: int | None) -> None:
        classes = int(codes.max()) + 1
        if n_bins is None:
            n_bins = max(2, int((len(X) / (ROWS_PER_CLASS * classes)) ** (1 / X.shape[1])))
        if n_bins < 1:
            raise ValueError(f"n_bins={n_bins}: a feature has at least one bin")
        inner = np.linspace(0, 1, n_bins + 1)[1:-1]
        self._edges = [np.unique(np.quantile(column, inner)) for column in X.T]
        self._cells, place = np.unique(self._number(X), axis=0, return_inverse=True)
        counts = np.zeros((len(self._cells), classes))
        np.add.at(counts, (place.reshape(-1), codes), 1.0)
        self._shares = counts / counts.sum(axis=1, keepdims=True)

    def _number(self, X: np.ndarray) -> np.ndarray:
        # a value on an edge belongs to the bin above it
        bins = [np.searchsorted(edges, column, side="right") for edges, column in zip(self._edges, X.T)]
        return np.stack(bins, axis=1)

    def predict_proba(self, X: np.ndarray, /) -> np.ndarray:
        asked, back = np.unique(self._number(X), axis=0, return_inverse=True)
        nearest = [int(np.abs(self._cells - cell).sum(axis=1).argmin()) for cell in asked]
        return np.asarray(self._shares[np.array(nearest)[back.reshape(-1)]])
