"""Masses, places in a sequence, peaks and precursors as vectors."""

from __future__ import annotations

import math

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError(
        "reading peptides needs PyTorch: pip install 'adami[torch]' 'adami[peptides]'"
    ) from problem

LONGEST_WAVE = 10000.0
"""Longest wavelength of masses, Da, and of places in a sequence."""


class MassEncoding(nn.Module):  # type: ignore[misc]
    """Sines and cosines of a number at wavelengths from the resolution of an instrument to whole spectra.

    Parameters
    ----------
    width : int
        Even; half of it are sines, then cosines.
    shortest, longest : float
        Wavelengths at the ends of the geometric row.
    """

    def __init__(self, width: int, shortest: float = 0.001, longest: float = LONGEST_WAVE) -> None:
        super().__init__()
        if width < 4 or width % 2:
            raise ValueError(f"width={width}: masses are encoded in an even number of at least 4 numbers")
        if not 0 < shortest < longest:
            raise ValueError(f"wavelengths run from shortest={shortest} to longest={longest}, above 0")
        share = torch.arange(width // 2, dtype=torch.float64) / (width // 2 - 1)
        waves = shortest * (longest / shortest) ** share
        self.register_buffer("frequencies", 1 / waves, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return codes of shape (..., width) of numbers in float64."""
        # a float32 mass of 1000 Da has no phase left at the shortest wave: turns are counted in float64
        turns = x.double()[..., None] * self.frequencies.double()
        angle = (2 * math.pi) * (turns - turns.floor()).float()
        return torch.cat([angle.sin(), angle.cos()], dim=-1)


class PeakEncoding(nn.Module):  # type: ignore[misc]
    """Peaks as vectors: the code of the m/z, and the intensity added by a map or beside it as a code.

    Parameters
    ----------
    width : int
    shortest : float
        Shortest wavelength of m/z.
    intensity_width : int
        0 adds a linear map of the intensity; k > 0 puts a code of k numbers beside the shorter one of m/z.
    """

    def __init__(self, width: int, shortest: float = 0.001, intensity_width: int = 0) -> None:
        super().__init__()
        self.beside = intensity_width > 0
        self.places = MassEncoding(width - intensity_width, shortest)
        if self.beside:
            # wavelengths from 1 to 2 pi
            self.heights: nn.Module = MassEncoding(intensity_width, 1.0, 2 * math.pi)
        else:
            self.heights = nn.Linear(1, width, bias=False)

    def forward(self, mz: Tensor, intensity: Tensor) -> Tensor:
        """Return vectors of shape (b, p, width); m/z in float64."""
        places = self.places(mz)
        if self.beside:
            return torch.cat([places, self.heights(intensity)], dim=-1)
        return places + self.heights(intensity[..., None])


class PrecursorEncoding(nn.Module):  # type: ignore[misc]
    """The code of the neutral mass and a learnt vector of the charge, added.

    Parameters
    ----------
    width : int
    max_charge : int
    shortest : float
    """

    def __init__(self, width: int, max_charge: int = 10, shortest: float = 0.001) -> None:
        super().__init__()
        self.mass = MassEncoding(width, shortest)
        self.charges = nn.Embedding(max_charge, width)

    def forward(self, mass: Tensor, charge: Tensor) -> Tensor:
        """Return vectors of shape (b, width)."""
        return self.mass(mass) + self.charges(charge - 1)


def position_codes(length: int, width: int) -> Tensor:
    """Return codes of the places 0 to length - 1, shape (length, width)."""
    share = torch.arange(width // 2, dtype=torch.float64) / (width // 2 - 1)
    scale = (LONGEST_WAVE / (2 * math.pi)) ** share
    angle = torch.arange(length, dtype=torch.float64)[:, None] / scale
    return torch.cat([angle.sin(), angle.cos()], dim=-1).float()
