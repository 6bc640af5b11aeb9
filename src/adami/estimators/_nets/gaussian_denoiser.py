"""The best guess of the noise where rows are Gaussian: exact there, and where learned guesses start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.diffusion import signal_and_noise

DIFFUSED, CLEAN, ABSENT = 1, 0, -1
"""What becomes of a variable: noise is added to it, it is known, or it is unknown."""
SINGULAR = 1e-10
"""Directions of a relative variance below this count as none."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which variables are noisy, which known and which unknown; `source` tells two laws apart.

    Parameters
    ----------
    roles : tuple of int
        One of `DIFFUSED`, `CLEAN`, `ABSENT` a variable.
    source : int
    """

    roles: tuple[int, ...]
    source: int = 0

    def columns(self, sizes: Sequence[int], role: int) -> np.ndarray:
        """Return the columns of the variables with a role."""
        return np.flatnonzero(np.repeat(np.asarray(self.roles) == role, sizes))


class GaussianPart(nn.Module):  # type: ignore[misc]
    """Noise expected in a row ``m x + s noise`` if x, given the known columns, were Gaussian.

    Parameters
    ----------
    pattern : Pattern
    sizes : sequence of int
        Columns of each variable.
    mean : numpy.ndarray of shape (D,)
    covariance : numpy.ndarray of shape (D, D)
    floor : float
        Smallest variance of a direction: where rows are not Gaussian, a guess that is sure of its narrow
        directions errs so widely now and then that nothing is learned beside it.
    """

    def __init__(
        self,
        pattern: Pattern,
        sizes: Sequence[int],
        mean: np.ndarray,
        covariance: np.ndarray,
        floor: float = 0.0,
    ) -> None:
        super().__init__()
        noisy, known = pattern.columns(sizes, DIFFUSED), pattern.columns(sizes, CLEAN)
        slope = np.zeros((len(mean), len(mean)))
        inside = covariance[np.ix_(noisy, noisy)]
        if len(known):
            across = covariance[np.ix_(noisy, known)]
            solved = across @ np.linalg.pinv(covariance[np.ix_(known, known)], SINGULAR, hermitian=True)
            slope[np.ix_(noisy, known)] = solved
            inside = inside - solved @ across.T
        variance, axes = np.linalg.eigh((inside + inside.T) / 2)
        spread = np.zeros((len(mean), len(noisy)))
        spread[noisy] = axes
        offset = np.zeros(len(mean))
        offset[noisy] = mean[noisy] - slope[noisy] @ mean
        for name, value in (
            ("slope", slope),
            ("offset", offset),
            ("axes", spread),
            ("variance", np.maximum(variance, floor)),
        ):
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float32))

    def forward(self, z: Tensor, alpha: Tensor) -> Tensor:
        """Return the expected noise: zero in the columns that are not diffused."""
        m, s = signal_and_noise(alpha)
        axes = self.axes.to(z.dtype)
        apart = z - m * (z @ self.slope.to(z.dtype).T + self.offset.to(z.dtype))
        return (s * (apart @ axes) / (m**2 * self.variance.to(z.dtype) + s**2)) @ axes.T


class GaussianDenoiser:
    """Exact denoisers of a Gaussian law: what a trained network is measured against.

    Parameters
    ----------
    covariance : numpy.ndarray of shape (D, D)
    sizes : sequence of int
        Columns of each variable.
    mean : numpy.ndarray of shape (D,), optional
    """

    def __init__(self, covariance: np.ndarray, sizes: Sequence[int], mean: np.ndarray | None = None) -> None:
        self.covariance = np.asarray(covariance, dtype=np.float64)
        self.sizes = tuple(sizes)
        self.mean = np.zeros(len(self.covariance)) if mean is None else np.asarray(mean, dtype=np.float64)
        self._parts: dict[Pattern, GaussianPart] = {}

    def predict(self, z: Tensor, alpha: Tensor, pattern: Pattern) -> Tensor:
        """Return the expected noise in rows of a pattern."""
        if pattern not in self._parts:
            self._parts[pattern] = GaussianPart(pattern, self.sizes, self.mean, self.covariance)
        return self._parts[pattern](z, alpha)
