"""Channels that describe a source at the least rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.exact._blahut_steps import descend_rate
from adami.exact._frontier import Solved, within_budget
from adami.exact.informations import mutual_information
from adami.exact.pmf import as_pmf


class RateSolver:
    """Channels that minimise ``rate + slope * distortion`` for one source."""

    def __init__(self, law: np.ndarray, matrix: np.ndarray, tol: float, max_iter: int) -> None:
        self.law, self.matrix, self.tol, self.max_iter = law, matrix, tol, max_iter
        self.least = matrix.min(axis=1)
        self.excess = matrix - self.least[:, None]

    def cost(self, channel: np.ndarray) -> float:
        used = np.where(channel > 0, self.matrix, 0.0)
        return float(self.law @ np.sum(channel * used, axis=1))

    def rate(self, channel: np.ndarray) -> float:
        return float(mutual_information(self.law[:, None] * channel, check=False))

    def __call__(self, slope: float, channel: np.ndarray | None) -> Solved:
        start = None if channel is None else self.law @ channel
        # at slope zero nothing is weighed, and an infinite distortion is still forbidden
        weights = np.exp(-np.where(np.isfinite(self.excess), slope * self.excess, np.inf))
        found, bound, trace = self._descend(weights, start)
        return Solved(
            found,
            self.cost(found),
            self.rate(found),
            bound + slope * float(self.law @ self.least),
            slope,
            trace,
        )

    def _descend(
        self, weights: np.ndarray, start: np.ndarray | None
    ) -> tuple[np.ndarray, float, tuple[float, ...]]:
        q, bound, trace = descend_rate(self.law, weights, start, self.tol, self.max_iter)
        cells = q * weights
        return cells / cells.sum(axis=1, keepdims=True), bound, trace

    def within(self, target: float, tol: float) -> tuple[np.ndarray, float, float, float, tuple[float, ...]]:
        """Return channel, rate, slope, gap and trace at a distortion of at most `target`."""
        floor = float(self.law @ self.least)
        if not target >= floor - 1e-12 * max(abs(floor), 1.0):
            raise ValueError(
                f"target={target:g} is below the least distortion {floor:g}: raise the target or allow more "
                "reproductions"
            )
        means = self._still()
        still = int(np.argmin(means))
        channel = np.zeros(self.matrix.shape)
        channel[:, still] = 1.0
        if means[still] <= target:
            return channel, 0.0, 0.0, 0.0, ()
        cheap, most = self.ends()
        if target <= cheap.cost:
            return cheap.law, cheap.value, np.inf, max(cheap.value - cheap.bound, 0.0), cheap.trace
        free = Solved(channel, most, 0.0, 0.0, 0.0, ()) if np.isfinite(most) else self(0.0, None)
        return within_budget(target, cheap, free, self, self.rate, tol)

    def ends(self) -> tuple[Solved, float]:
        """Return the channel of least distortion and the least distortion without any information."""
        channel, bound, trace = self._descend((self.excess == 0).astype(float), None)
        found = Solved(channel, self.cost(channel), self.rate(channel), bound, np.inf, trace)
        return found, float(self._still().min())

    def _still(self) -> np.ndarray:
        """Return the mean distortion of each letter, when it stands for every symbol."""
        used = self.law > 0
        never = np.isinf(self.matrix[used]).any(axis=0)
        return np.where(never, np.inf, self.law[used] @ np.where(never, 0.0, self.matrix[used]))


def source_and_distortion(p: Any, distortion: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check a source and its distortions."""
    law = np.asarray(as_pmf(np.asarray(p)))
    matrix = np.asarray(distortion, dtype=float)
    if law.ndim != 1 or matrix.ndim != 2 or len(matrix) != len(law):
        raise ValueError(
            f"p has shape {law.shape} and distortion {matrix.shape}: give a row of distortions a symbol"
        )
    if np.isnan(matrix).any() or (matrix == -np.inf).any():
        raise ValueError("distortion holds NaN or -inf: give numbers, or inf for what is forbidden")
    if not np.isfinite(matrix.min(axis=1)).all():
        symbol = int(np.argmax(~np.isfinite(matrix.min(axis=1))))
        raise ValueError(f"distortion forbids every reproduction of symbol {symbol}: allow one")
    return law, matrix
