"""The best guess of the noise in rows that are Gaussian for each label: where a network starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.diffusion import signal_and_noise
from adami.estimators._nets.gaussian_denoiser import CLEAN, DIFFUSED, SINGULAR, Pattern

MOST_CELLS = 256
"""Combinations of labels above which one Gaussian law serves for all."""
STRANGE = 1e4
"""What a label that is not the known one costs a combination, in nats: only the nearest ones stay."""


class MixturePart(nn.Module):  # type: ignore[misc]
    """Noise expected in a row ``m x + s noise`` if x were Gaussian for each combination of labels.

    The laws share one covariance and their means are sums of one part a label, so that a label without any
    effect has next to none here. With unknown labels the guess is the mean over the combinations that the
    noisy row may come from, so that information is never above the entropy of the labels.

    Parameters
    ----------
    pattern : Pattern
        Which columns are noisy and which labels known.
    sizes : sequence of int
        Columns of each variable; all but the noisy one are labels, one column a level.
    rows : numpy.ndarray of shape (n, D)
    floor : float
        Smallest variance of a direction.
    """

    def __init__(self, pattern: Pattern, sizes: Sequence[int], rows: np.ndarray, floor: float = 0.0) -> None:
        super().__init__()
        noisy, known = pattern.columns(sizes, DIFFUSED), pattern.columns(sizes, CLEAN)
        labels = np.setdiff1d(np.arange(rows.shape[1]), noisy)
        cells, counts = np.unique(rows[:, labels], axis=0, return_counts=True)
        centre, middle = rows[:, noisy].mean(axis=0), rows[:, labels].mean(axis=0)
        slope = np.linalg.pinv(rows[:, labels] - middle, SINGULAR) @ (rows[:, noisy] - centre)
        left = rows[:, noisy] - centre - (rows[:, labels] - middle) @ slope
        variance, axes = np.linalg.eigh(left.T @ left / len(rows))
        spread = np.zeros((rows.shape[1], len(noisy)))
        spread[noisy] = axes
        told = np.zeros((rows.shape[1], len(cells)))
        told[labels] = cells.T
        told[np.setdiff1d(labels, known)] = 0.0
        for name, value in (
            ("means", (centre + (cells - middle) @ slope) @ axes),
            ("share", np.log(counts / len(rows))),
            ("axes", spread),
            ("variance", np.maximum(variance, floor)),
            ("told", told),
        ):
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float32))

    def forward(self, z: Tensor, alpha: Tensor) -> Tensor:
        """Return the expected noise: zero in the columns that are not diffused."""
        m, s = signal_and_noise(alpha)
        means, axes = self.means.to(z.dtype), self.axes.to(z.dtype)
        seen = z @ axes
        precision = 1 / (m**2 * self.variance.to(z.dtype) + s**2)
        likely = m * ((seen * precision) @ means.T) - 0.5 * m**2 * (precision @ (means**2).T)
        weight = torch.softmax(self.share.to(z.dtype) + likely + STRANGE * (z @ self.told.to(z.dtype)), dim=1)
        return (s * (seen - m * (weight @ means)) * precision) @ axes.T


def few_cells(rows: np.ndarray, labels: slice) -> bool:
    """Return whether the combinations of labels are few enough to be told apart."""
    return len(np.unique(rows[:, labels], axis=0)) <= min(MOST_CELLS, len(rows) // 4)
