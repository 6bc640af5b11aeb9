"""The loss of a gain-controlled linear circuit, its gradient, and the gains that minimise it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Variant = Literal["feedforward", "recurrent"]
_FLATTEST = 1e12
_ROUNDING = 4 * np.finfo(float).eps


@dataclass(frozen=True, slots=True)
class GainResult:
    """Gains and how they were found.

    Parameters
    ----------
    gains : numpy.ndarray, shape (n_units,)
    value : float
        The loss: fidelity, activity and distance from resting gains.
    unit : str
        "squared drive".
    bounded : bool
        Whether a gain had to be held at zero.
    converged : bool
    iterations : int
        Steps; 0 where the answer is in closed form.
    trace : numpy.ndarray
        The loss at the start and after each step.
    """

    gains: np.ndarray
    value: float
    unit: str
    bounded: bool
    converged: bool
    iterations: int
    trace: np.ndarray


@dataclass(frozen=True, slots=True)
class Circuit:
    """Recurrent weights, the decoder that reads them, and what activity and gains cost.

    Everything depends on the stimuli through their second moment ``C = E[f f']`` alone.
    """

    weights: np.ndarray
    decoder: np.ndarray
    alpha: float
    gamma: float
    variant: Variant

    def response_map(self, gains: np.ndarray) -> np.ndarray:
        """Return the matrix that turns drives into steady responses."""
        eye = np.eye(len(gains))
        if self.variant == "feedforward":
            return np.asarray(np.linalg.solve(eye - self.weights, np.diag(gains)))
        return np.asarray(np.linalg.solve(eye - gains[:, None] * self.weights, np.diag(gains)))

    def loss(self, gains: np.ndarray, moment: np.ndarray) -> float:
        """Return E|f - D r|^2 + alpha E|r|^2 + gamma |g - 1|^2."""
        through = self.response_map(gains)
        missed = np.eye(len(gains)) - self.decoder @ through
        value = np.sum((missed @ moment) * missed) + self.alpha * np.sum((through @ moment) * through)
        return float(value + self.gamma * np.sum((gains - 1.0) ** 2))

    def quadratic(self, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return H and b of the feed-forward loss g'Hg - 2b'g + a constant."""
        spread = self.response_map(np.ones(len(moment)))
        reading = self.decoder @ spread
        metric = reading.T @ reading + self.alpha * spread.T @ spread
        pull = np.einsum("ki,ki->i", reading, moment)
        return metric * moment + self.gamma * np.eye(len(moment)), pull + self.gamma

    def half_gradient(self, gains: np.ndarray, moment: np.ndarray) -> np.ndarray:
        """Return half of the gradient of the loss."""
        if self.variant == "feedforward":
            matrix, pull = self.quadratic(moment)
            return matrix @ gains - pull
        return self._inside(gains, moment)[0]

    def _inside(self, gains: np.ndarray, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return half of the gradient and the Gauss-Newton matrix for gains inside the loop."""
        through = self.response_map(gains)
        metric = self.decoder.T @ self.decoder + self.alpha * np.eye(len(gains))
        mixed = moment @ through.T
        responses = through @ mixed
        error = metric @ responses - self.decoder.T @ mixed
        squares = gains**2
        half = np.einsum("ki,ki->i", through, error) / squares + self.gamma * (gains - 1.0)
        matrix = (through.T @ metric @ through) * responses / np.outer(squares, squares)
        return half, matrix + self.gamma * np.eye(len(gains))

    def stable(self, gains: np.ndarray) -> bool:
        """Tell whether the gains are positive and, inside the loop, keep its spectral radius below one."""
        if np.any(gains <= 0):
            return False
        return self.variant == "feedforward" or spectral_radius(gains[:, None] * self.weights) < 1

    def solve(self, moment: np.ndarray, tol: float, max_iter: int) -> GainResult:
        """Return the gains of the least loss."""
        if self.variant == "feedforward":
            return self._closed_form(moment)
        return self._gauss_newton(moment, tol, max_iter)

    def _closed_form(self, moment: np.ndarray) -> GainResult:
        matrix, pull = self.quadratic(moment)
        if self.gamma == 0 and np.linalg.cond(matrix) > _FLATTEST:
            raise ValueError("gamma=0 leaves the gains undetermined for these stimuli: give gamma > 0")
        gains = np.linalg.solve(matrix, pull)
        bounded = bool(np.any(gains < 0))
        if bounded:
            from scipy.optimize import nnls

            # g'Hg - 2b'g = |L'g - inv(L) b|^2 + a constant, with H = L L'
            factor = np.linalg.cholesky(matrix)
            gains = nnls(factor.T, np.linalg.solve(factor, pull))[0]
        value = self.loss(gains, moment)
        return GainResult(gains, value, "squared drive", bounded, True, 0, np.array([value]))

    def _gauss_newton(self, moment: np.ndarray, tol: float, max_iter: int) -> GainResult:
        gains = np.ones(len(moment))
        value = self.loss(gains, moment)
        trace, scale, converged = [value], max(1.0, float(np.trace(moment))), False
        for _ in range(max_iter + 1):
            half, matrix = self._inside(gains, moment)
            converged = float(np.max(np.abs(half))) <= tol * scale
            if converged or len(trace) > max_iter:
                break
            if self.gamma == 0 and np.linalg.cond(matrix) > _FLATTEST:
                raise ValueError("gamma=0 leaves the gains undetermined for these stimuli: give gamma > 0")
            move = -np.linalg.solve(matrix, half)
            taken = self._halved(gains, move, moment, value)
            if taken is None:
                break
            gains, value = taken
            trace.append(value)
        return GainResult(gains, value, "squared drive", False, converged, len(trace) - 1, np.array(trace))

    def _halved(
        self, gains: np.ndarray, move: np.ndarray, moment: np.ndarray, value: float
    ) -> tuple[np.ndarray, float] | None:
        size = 1.0
        while size > 1e-10:
            new = gains + size * move
            if self.stable(new):
                ahead = self.loss(new, moment)
                # near the optimum the loss moves by less than its own rounding
                if ahead <= value + _ROUNDING * max(value, float(np.trace(moment))):
                    return new, min(value, ahead)
            size /= 2
        return None

    def gradient_step(self, gains: np.ndarray, moment: np.ndarray, step: float | None) -> np.ndarray:
        """Return the gains after one step down the gradient, kept non-negative (positive inside the loop)."""
        half = self.half_gradient(gains, moment)
        if self.variant == "feedforward":
            size = 1 / np.linalg.norm(self.quadratic(moment)[0], 2) if step is None else step
            return np.maximum(gains - size * half, 0.0)
        size = 1 / np.linalg.norm(self._inside(gains, moment)[1], 2) if step is None else step
        taken = self._halved(gains, -size * half, moment, self.loss(gains, moment))
        return gains if taken is None else taken[0]

    def matched_scale(self, moment: np.ndarray) -> float:
        """Return the factor of the decoder for which resting gains are optimal on average."""
        spread = self.response_map(np.ones(len(moment)))
        reading = self.decoder @ spread
        shared = moment if self.variant == "feedforward" else moment @ spread.T
        a = float(np.sum((reading.T @ reading) * shared.T))
        b = float(np.sum(reading.T * shared.T))
        c = self.alpha * float(np.sum((spread.T @ spread) * shared.T))
        inside = b * b - 4 * a * c
        if a <= 0 or inside < 0 or b <= 0:
            raise ValueError(
                f"no scale of the decoder makes resting gains optimal at alpha={self.alpha:g}: lower alpha"
            )
        return float((b + np.sqrt(inside)) / (2 * a))


def spectral_radius(matrix: np.ndarray) -> float:
    """Return the largest modulus of an eigenvalue."""
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))
