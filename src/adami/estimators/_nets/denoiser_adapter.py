"""Denoisers from outside, asked as our own are; and the deterministic diffusion that follows a denoiser."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from adami.estimators._nets.diffusion import signal_and_noise
from adami.estimators._nets.gaussian_denoiser import CLEAN, Pattern
from adami.estimators._nets.score_reads import Predictor, assembled

External = Callable[[Tensor, Tensor, Any], Tensor]
"""``eps(z, alpha, condition)``: the noise expected in noisy rows."""


class Adapter:
    """Hands an external denoiser what it expects.

    Parameters
    ----------
    denoiser : callable(z, alpha, condition) -> tensor
        ``condition`` is None, the rows of y, or with a second condition the pair ``(y or None, given or
        None)``. Labels come as integer codes of shape (n,), numbers as floats of shape (n, d).
    sizes : sequence of int
        Columns of x and of the conditions.
    labels : sequence of bool
        Which conditions are labels.
    """

    def __init__(self, denoiser: External, sizes: Sequence[int], labels: Sequence[bool]) -> None:
        self.denoiser, self.sizes, self.labels = denoiser, tuple(sizes), tuple(labels)

    def predict(self, z: Tensor, alpha: Tensor, pattern: Pattern) -> Tensor:
        """Return the expected noise; zero in the columns of the conditions."""
        x, *conditions = z.split(self.sizes, dim=1)
        told = [
            (c[:, 0].long() if label else c) if role == CLEAN else None
            for c, label, role in zip(conditions, self.labels, pattern.roles[1:])
        ]
        condition: Any = None
        if any(t is not None for t in told):
            condition = told[0] if len(told) == 1 else tuple(told)
        with torch.no_grad():
            noise = self.denoiser(x, alpha, condition)
        if not isinstance(noise, Tensor) or noise.shape != x.shape:
            shape = tuple(noise.shape) if isinstance(noise, Tensor) else type(noise).__name__
            raise ValueError(
                f"denoiser: returned {shape} for rows of shape {tuple(x.shape)}; it must return the expected "
                "noise, one number a column"
            )
        out = torch.zeros_like(z)
        out[:, : x.shape[1]] = noise
        return out


def follow(
    predictor: Predictor,
    rows: Tensor,
    start: Tensor,
    levels: Tensor,
    pattern: Pattern,
    sizes: Sequence[int],
) -> Tensor:
    """Carry rows along the deterministic diffusion from the first noise level to the last.

    Parameters
    ----------
    predictor : Predictor
    rows : tensor of shape (n, D)
        Clean rows: the known columns are taken from them.
    start : tensor of shape (n, D)
        Noisy rows at the first level.
    levels : tensor of shape (k,)
        Values of alpha.
    pattern : Pattern
    sizes : sequence of int

    Returns
    -------
    tensor of shape (n, D)
        Noisy rows at the last level.
    """
    noisy = start
    for here, there in itertools.pairwise(levels):
        alpha = here.expand(len(rows))
        m, s = signal_and_noise(alpha)
        noise = predicted(predictor, rows, noisy, alpha, pattern, sizes)
        clean = (noisy - s * noise) / m
        m, s = signal_and_noise(there.expand(len(rows)))
        noisy = m * clean + s * noise
    return noisy


def predicted(
    predictor: Predictor,
    rows: Tensor,
    noisy: Tensor,
    alpha: Tensor,
    pattern: Pattern,
    sizes: Sequence[int],
) -> Tensor:
    """Return the expected noise in rows given as noisy and clean ones."""
    with torch.no_grad():
        return predictor.predict(assembled(rows, noisy, pattern, sizes), alpha, pattern)


def regenerated(
    predictor: Predictor,
    rows: Tensor,
    known: Pattern,
    removed: Pattern,
    replaced: Tensor,
    ends: tuple[float, float],
    steps: int,
    sizes: Sequence[int],
) -> tuple[Tensor, Tensor]:
    """Return rows rebuilt from their latent with the condition, and without it or with another one.

    Parameters
    ----------
    predictor : Predictor
    rows : tensor of shape (n, D)
    known, removed : Pattern
        Of the way to the latent and back, and of the way back after the edit.
    replaced : tensor of shape (n, D)
        Rows whose known columns hold the condition after the edit.
    ends : tuple of float
        Lowest and highest alpha.
    steps : int
    sizes : sequence of int
    """
    low, high = ends
    levels = torch.linspace(high, low, steps + 1, device=rows.device, dtype=rows.dtype)
    m, s = signal_and_noise(levels[:1].expand(len(rows)))
    first = levels[0].expand(len(rows))
    start = m * rows + s * predicted(predictor, rows, m * rows, first, known, sizes)
    latent = follow(predictor, rows, start, levels, known, sizes)
    back = levels.flip(0)
    ends_at = []
    for clean, pattern in ((rows, known), (replaced, removed)):
        last = follow(predictor, clean, latent, back, pattern, sizes)
        ends_at.append((last - s * predicted(predictor, clean, last, first, pattern, sizes)) / m)
    return ends_at[0], ends_at[1]
