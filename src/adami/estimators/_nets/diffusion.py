"""Noise levels of a diffusion: in time and in log-SNR, and how to draw them for an integral over them.

Everything downstream speaks of the log signal-to-noise ratio alpha: a noisy row is
``sqrt(sigmoid(alpha)) x + sqrt(sigmoid(-alpha)) noise``. The variance-preserving equation in time is one way
to run through alpha: with ``B`` the integrated rate, ``m^2 = exp(-B)`` and ``s^2 = 1 - m^2``, it is
``alpha = ln(m^2 / s^2)`` and ``d alpha = -rate / s^2 dt``, so that an integral over time with the weight
``rate / s^2`` is the plain integral over alpha.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

LATEST = 1.0
SMALLEST_TIME = 1e-7
"""Times are kept from 0, where alpha is infinite."""


class Levels(Protocol):
    """A way to draw noise levels."""

    def draw(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Turn uniform numbers into alpha and weights: the integral of f is the mean of ``weight * f``."""
        ...

    def ends(self) -> tuple[float, float]:
        """Return the lowest and the highest alpha that carry weight."""
        ...


@dataclass(frozen=True, slots=True)
class VPSDE:
    """The variance-preserving equation on times from 0 to 1, whose rate grows linearly.

    Parameters
    ----------
    importance : bool
        Draw times with the density ``rate / s^2`` of the integral, held constant below `first`; otherwise
        draw them evenly from `earliest` on and weight them.
    rate_start, rate_end : float
        Rate at times 0 and 1.
    first, earliest : float

    References
    ----------
    Song et al., "Score-based generative modeling through stochastic differential equations", 2021.
    """

    importance: bool = True
    rate_start: float = 0.1
    rate_end: float = 20.0
    first: float = 1e-3
    earliest: float = 1e-5

    def rate(self, t: Tensor) -> Tensor:
        """Return the rate at a time, which is the squared diffusion coefficient."""
        return self.rate_start + (self.rate_end - self.rate_start) * t

    def integrated(self, t: Tensor) -> Tensor:
        """Return the integral B of the rate from 0 to t."""
        return self.rate_start * t + 0.5 * (self.rate_end - self.rate_start) * t**2

    def log_snr(self, t: Tensor) -> Tensor:
        """Return alpha at a time."""
        return -torch.log(torch.expm1(self.integrated(t)))

    def time(self, alpha: Tensor) -> Tensor:
        """Return the time of an alpha."""
        return self._time_of(torch.nn.functional.softplus(-alpha))

    def _time_of(self, integrated: Tensor) -> Tensor:
        slope = self.rate_end - self.rate_start
        # the conjugate form of the root: no digits are lost where B is small
        return 2 * integrated / (self.rate_start + torch.sqrt(self.rate_start**2 + 2 * slope * integrated))

    def density(self, t: Tensor) -> Tensor:
        """Return the importance density of times."""
        t = torch.clamp(t, min=self.first)
        return self.rate(t) / -torch.expm1(-self.integrated(t)) / self.normaliser

    @property
    def normaliser(self) -> float:
        """Integral of the unnormalised importance density: 20.2559 for the usual rates."""
        plateau, start, end = self._parts()
        return plateau + end - start

    def _parts(self) -> tuple[float, float, float]:
        """Return the mass below `first`, and the antiderivative ln(e^B - 1) of rate / s^2 there and at 1."""
        start, end = (float(self.integrated(torch.tensor(t, dtype=torch.float64))) for t in (self.first, 1.0))
        rate = self.rate_start + (self.rate_end - self.rate_start) * self.first
        plateau = rate / -math.expm1(-start) * self.first
        return plateau, math.log(math.expm1(start)), math.log(math.expm1(end))

    def quantile(self, u: Tensor) -> Tensor:
        """Return the time below which the share u of the importance density lies."""
        plateau, start, _ = self._parts()
        mass = self.normaliser * u.double()
        later = self._time_of(torch.nn.functional.softplus(mass - plateau + start))
        return torch.where(mass <= plateau, self.first * mass / plateau, later)

    def draw(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """See `Levels`."""
        u = u.double()
        if self.importance:
            t = self.quantile(u).clamp(min=SMALLEST_TIME)
            weight = torch.full_like(t, self.normaliser)
        else:
            t = self.earliest + (LATEST - self.earliest) * u
            weight = (LATEST - self.earliest) * self.rate(t) / -torch.expm1(-self.integrated(t))
        return self.log_snr(t), weight

    def ends(self) -> tuple[float, float]:
        """See `Levels`."""
        low, high = self.log_snr(torch.tensor([LATEST, self.first], dtype=torch.float64)).tolist()
        return low, high


@dataclass(frozen=True, slots=True)
class LogisticLevels:
    """Noise levels drawn in alpha itself, from a logistic density cut off at both ends.

    Parameters
    ----------
    loc, scale : float
        Centre and width of the logistic density.
    clip : float
        Levels reach from ``loc - clip * scale`` to ``loc + clip * scale``.
    importance : bool
        Otherwise alpha is drawn evenly from that range; the weight is then its length.

    References
    ----------
    Kong, Brekelmans and Ver Steeg, "Information-theoretic diffusion", 2023.
    """

    loc: float = 0.0
    scale: float = 1.0
    clip: float = 4.0
    importance: bool = True

    def draw(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """See `Levels`."""
        u = u.double()
        if not self.importance:
            low, high = self.ends()
            return low + (high - low) * u, torch.full_like(u, high - low)
        edge = 1 / (1 + math.exp(self.clip))
        v = torch.logit(edge + (1 - 2 * edge) * u)
        weight = self.scale * math.tanh(self.clip / 2) / (torch.sigmoid(v) * torch.sigmoid(-v))
        return self.loc + self.scale * v, weight

    def ends(self) -> tuple[float, float]:
        """See `Levels`."""
        reach = self.clip * self.scale
        return self.loc - reach, self.loc + reach


def signal_and_noise(alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Return the factors of the clean row and of the noise at an alpha, as columns."""
    alpha = alpha[:, None]
    return torch.sqrt(torch.sigmoid(alpha)), torch.sqrt(torch.sigmoid(-alpha))


def strata(n: int, generator: torch.Generator) -> Tensor:
    """Return n numbers, one from each n-th of the unit interval, in random order."""
    cells = torch.randperm(n, generator=generator).double()
    inside = torch.rand(n, generator=generator, dtype=torch.float64)
    return ((cells + inside) / n).clamp(1e-12, 1 - 1e-12)
