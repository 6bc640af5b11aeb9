"""Read-outs of denoisers: integrals over the noise level of squared differences of predicted noises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from adami.estimators._nets.diffusion import Levels, signal_and_noise, strata
from adami.estimators._nets.gaussian_denoiser import CLEAN, DIFFUSED, Pattern

CHUNK = 16_384
"""Rows that go through a network at once."""
BINS = 12
"""Parts of the range of noise levels in which the integrand is watched."""


class Predictor(Protocol):
    """A denoiser: the noise expected in rows of a pattern."""

    def predict(self, z: Tensor, alpha: Tensor, pattern: Pattern) -> Tensor:
        """Return the expected noise, shape (n, D); zero in columns that are not diffused."""
        ...


class Draw:
    """Rows with one noise level and one noise each; every predictor sees the same ones.

    Parameters
    ----------
    predictor : Predictor
    rows, noise : tensor of shape (n, D)
    alpha : tensor of shape (n,)
    sizes : sequence of int
    """

    def __init__(
        self, predictor: Predictor, rows: Tensor, noise: Tensor, alpha: Tensor, sizes: Sequence[int]
    ) -> None:
        self.predictor, self.rows, self.noise, self.alpha = predictor, rows, noise, alpha
        self.sizes = tuple(sizes)
        self.signal, self.spread = signal_and_noise(alpha)
        self.noisy = self.signal * rows + self.spread * noise
        self._made: dict[Pattern, Tensor] = {}

    def predicted(self, pattern: Pattern) -> Tensor:
        """Return the noise that the predictor expects, each pattern asked once."""
        if pattern not in self._made:
            z = assembled(self.rows, self.noisy, pattern, self.sizes)
            self._made[pattern] = self.predictor.predict(z, self.alpha, pattern)
        return self._made[pattern]

    def masked(self, values: Tensor, pattern: Pattern) -> Tensor:
        """Return values with zeros in the columns that a pattern does not diffuse."""
        columns = np.repeat(np.asarray(pattern.roles) == DIFFUSED, self.sizes)
        return values * torch.as_tensor(columns, dtype=values.dtype, device=values.device)

    def reference(self, sigma: float) -> Tensor:
        """Return the noise expected if all columns were independent normals of deviation `sigma`."""
        return self.spread * self.noisy / (self.signal**2 * sigma**2 + self.spread**2)


def assembled(rows: Tensor, noisy: Tensor, pattern: Pattern, sizes: Sequence[int]) -> Tensor:
    """Return what a denoiser sees: noisy columns, known columns, and zeros for unknown ones."""
    roles = torch.as_tensor(np.repeat(pattern.roles, sizes), device=rows.device)
    zero = torch.zeros((), dtype=rows.dtype, device=rows.device)
    return torch.where(roles == DIFFUSED, noisy, torch.where(roles == CLEAN, rows, zero))


Integrands = Callable[[Draw], Mapping[str, Tensor]]
"""Named integrands of a draw: shape (n,), or (n, d) for one value a column."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Integrals, one a row of data.

    Parameters
    ----------
    rows : mapping of name -> numpy.ndarray
        Mean over the passes, shape (n,) or (n, d).
    profile : mapping of name -> numpy.ndarray of shape (BINS,)
        Mean integrand from the lowest to the highest noise level's alpha; NaN where nothing was drawn.
    levels : numpy.ndarray of shape (BINS + 1,)
        Edges of those parts.
    monte_carlo : mapping of name -> float
        Standard error that the passes leave in the mean; 0 where one pass cannot tell.
    """

    rows: Mapping[str, np.ndarray]
    profile: Mapping[str, np.ndarray]
    levels: np.ndarray
    monte_carlo: Mapping[str, float]

    def value(self, name: str) -> float:
        """Return the mean over rows, summed over columns."""
        return float(self.rows[name].reshape(len(self.rows[name]), -1).sum(axis=1).mean())

    def error(self, name: str) -> float:
        """Return the standard error of that mean over rows."""
        values = self.rows[name].reshape(len(self.rows[name]), -1).sum(axis=1)
        return float(values.std(ddof=1) / np.sqrt(len(values)))


def integrate(
    predictor: Predictor,
    rows: Tensor,
    sizes: Sequence[int],
    integrands: Integrands,
    levels: Levels,
    *,
    passes: int = 10,
    random_state: int = 0,
    chunk: int = CHUNK,
) -> Reads:
    """Integrate over the noise level, for every row.

    Parameters
    ----------
    predictor : Predictor
    rows : tensor of shape (n, D)
        Clean rows.
    sizes : sequence of int
        Columns of each variable.
    integrands : callable(draw) -> mapping of name -> tensor
    levels : Levels
    passes : int
        Noises and levels drawn a row.
    random_state : int
    chunk : int
        Rows that go through the predictor at once.

    Raises
    ------
    ValueError
        If a predicted noise is not finite.
    """
    generator = torch.Generator().manual_seed(random_state)
    low, high = levels.ends()
    edges = np.linspace(low, high, BINS + 1)
    n = len(rows)
    total: dict[str, np.ndarray] = {}
    seen: dict[str, np.ndarray] = {}
    count = np.zeros(BINS)
    means: dict[str, list[float]] = {}
    # few rows go through the predictor several times at once
    together = min(passes, max(1, chunk // n))
    for done in range(0, passes, together):
        copies = min(together, passes - done)
        alpha, weight = levels.draw(strata(n * copies, generator))
        noise = torch.randn(n * copies, rows.shape[1], generator=generator)
        sums: dict[str, float] = {}
        for start in range(0, n * copies, chunk):
            part = slice(start, min(start + chunk, n * copies))
            row = np.arange(part.start, part.stop) % n
            level = alpha[part].to(rows.device, rows.dtype)
            with torch.no_grad():
                clean = rows[torch.as_tensor(row, device=rows.device)]
                draw = Draw(predictor, clean, noise[part].to(rows.device, rows.dtype), level, sizes)
                found = {name: f.double().cpu().numpy() for name, f in integrands(draw).items()}
            places = np.searchsorted(edges, alpha[part].numpy(), side="right") - 1
            inside = (places >= 0) & (places < BINS)
            count += np.bincount(places[inside], minlength=BINS)
            scale = weight[part].numpy()
            for name, f in found.items():
                if not np.isfinite(f).all():
                    raise ValueError(
                        f"the denoiser predicts noises that are not finite ({name}); train with a lower "
                        "learning_rate, or look at the columns' scales"
                    )
                kept = total.setdefault(name, np.zeros((n, *f.shape[1:])))
                np.add.at(kept, row, f * scale.reshape(-1, *[1] * (f.ndim - 1)))
                plain = f.reshape(len(f), -1).sum(axis=1)
                seen.setdefault(name, np.zeros(BINS))
                seen[name] += np.bincount(places[inside], weights=plain[inside], minlength=BINS)
                sums[name] = sums.get(name, 0.0) + float((plain * scale).sum())
        for name, value in sums.items():
            means.setdefault(name, []).append(value / (n * copies))
    with np.errstate(invalid="ignore"):
        profile = {name: np.where(count > 0, f / np.maximum(count, 1), np.nan) for name, f in seen.items()}
    spread = {
        name: float(np.std(v, ddof=1) / np.sqrt(len(v))) if len(v) > 1 else 0.0 for name, v in means.items()
    }
    return Reads({name: f / passes for name, f in total.items()}, profile, edges, spread)


def half_square(difference: Tensor, columns: Tensor | None = None) -> Tensor:
    """Return half the squared length of each row's difference, over some of its columns."""
    chosen = difference if columns is None else difference[:, columns]
    return 0.5 * (chosen**2).sum(dim=1)
