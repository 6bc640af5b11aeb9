"""For every token that may come next: whether the spectrum has the peaks that it would explain."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from adami.applications.peptides.residues import H2O, PROTON

PPM = 15.0
"""Width of the kernel that decides whether a peak lies where it is expected."""
PRECURSOR_PPM = 20.0
IONS = 4
FEATURES = 2 * IONS + 1
Peaks = tuple[Tensor, Tensor]
"""m/z in rising order, infinite where there is no peak, and heights; shape (b, p + 2)."""


def sorted_peaks(mz: Tensor, intensity: Tensor) -> Peaks:
    """Return peaks in rising order of m/z, with one beyond each end."""
    places = torch.where(intensity > 0, mz, torch.inf)
    places, order = places.sort(dim=1)
    low = torch.full_like(places[:, :1], -torch.inf)
    heights = nn.functional.pad(intensity.gather(1, order), (1, 1))
    return torch.cat([low, places, -low], dim=1), heights


class PeakLookup(nn.Module):  # type: ignore[misc]
    """Looks up the y- and b-ion, once and twice charged, that the peptide would have after each token.

    Parameters
    ----------
    width : int
    masses : array, shape (v,)
        Of the tokens, Da.
    hidden : int
        Width of the net that scores a token by its features.
    """

    def __init__(self, width: int, masses: np.ndarray, hidden: int = 16) -> None:
        super().__init__()
        self.register_buffer("masses", torch.as_tensor(masses), persistent=False)
        self.told = nn.Linear(len(masses) * FEATURES, width)
        self.score = nn.Sequential(nn.Linear(FEATURES, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def features(self, peaks: Peaks, done: Tensor, mass: Tensor) -> Tensor:
        """Return what the spectrum says of each next token, shape (b, n, v, FEATURES).

        Parameters
        ----------
        peaks : tuple
            Of `sorted_peaks`.
        done : tensor, shape (b, n)
            Sums of the residues so far, float64.
        mass : tensor, shape (b,)
            Neutral mass of the precursor, float64.
        """
        places, heights = peaks
        after = done[..., None] + self.masses
        y = after + (H2O + PROTON)
        b = mass[:, None, None] - after - (H2O - PROTON)
        ions = torch.stack([y, b, (y + PROTON) / 2, (b + PROTON) / 2], dim=-1)
        asked = ions.flatten(1).clamp_min(1.0)
        right = torch.searchsorted(places, asked).clamp(1, places.shape[1] - 1)
        there = torch.zeros_like(asked, dtype=torch.float32)
        high = torch.zeros_like(there)
        for side in (right - 1, right):
            apart = ((places.gather(1, side) - asked) / asked * (1e6 / PPM)).float()
            near = torch.exp(-0.5 * apart.square().clamp_max(100.0))
            there = torch.maximum(there, near)
            high = torch.maximum(high, near * heights.gather(1, side))
        left = (mass[:, None, None] - H2O - after) / mass[:, None, None] * (1e6 / PRECURSOR_PPM)
        whole = torch.exp(-0.5 * left.float().square().clamp_max(100.0))
        shape = ions.shape
        return torch.cat([there.view(shape), 4 * high.view(shape), whole[..., None]], dim=-1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is added to the decoder's input, and to the logits of the tokens."""
        return self.told(features.flatten(-2)), self.score(features).squeeze(-1)
