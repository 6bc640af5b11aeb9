"""The decoder run one token at a time for many beams of many spectra."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from adami.applications.peptides._nets.blocks import Memory
from adami.applications.peptides._nets.lookup import sorted_peaks
from adami.applications.peptides._nets.network import PeptideNet
from adami.applications.peptides.batches import Batch
from adami.applications.peptides.residues import PROTON


class StepwiseDecoder:
    """Gives the logits of the next token of each beam; remembers keys and values of those before.

    Parameters
    ----------
    net : PeptideNet
        In evaluation mode.
    batch : Batch
        Spectra; targets are not looked at.
    """

    def __init__(self, net: PeptideNet, batch: Batch) -> None:
        self.net = net
        self.device = net.head.weight.device
        mz, intensity, self.mass, self.charge = tensors(batch, self.device)[:4]
        self.memories, there = net.encode(mz, intensity)
        self.peaks = sorted_peaks(mz, intensity)
        self.there = None if bool(there.all()) else there
        self.past: list[Memory | None] = [None] * len(net.decoder)
        self.done = torch.zeros(len(mz), 1, dtype=torch.float64, device=self.device)
        self.at = 0

    def logits(
        self, tokens: np.ndarray | None, parents: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Return logits of shape (b, s, v).

        Parameters
        ----------
        tokens : array of int, shape (b, s), optional
            Last token of each beam; None asks for the first of every spectrum, with s = 1.
        parents : array of int, shape (b, s)
            The beam among those of the step before that each one goes on from.
        rows : array of int, shape (b,)
            Spectra among those of the step before.
        """
        net = self.net
        if tokens is None or parents is None or rows is None:
            x, beams = net.precursor(self.mass, self.charge)[:, None], 1
        else:
            beams = tokens.shape[1]
            self._follow(parents, rows)
            last = torch.as_tensor(tokens, device=self.device)
            self.done = self.done + net.masses[last]
            x = net.tokens(last).view(-1, 1, net.shape.d_model)
        x = x + net.places[self.at]
        if net.shape.prefix_mass:
            x = x + net.mass_codes(self.done, self.mass[:, None]).view(-1, 1, net.shape.d_model)
        seen: Tensor | float = 0.0
        if net.shape.peak_lookup:
            told, seen = net.lookup(net.lookup.features(self.peaks, self.done, self.mass))
            x = x + told.view(-1, 1, net.shape.d_model)
        for i, layer in enumerate(net.decoder):
            x, self.past[i] = layer.step(x, self.past[i], self.memories[i], self.there, beams)
        self.at += 1
        found = net.head(net.ends["decoder"](x)).view(-1, beams, net.words.size) + seen
        return np.asarray(found.cpu().numpy())

    def _follow(self, parents: np.ndarray, rows: np.ndarray) -> None:
        """Reorder what is remembered: beams split and end, and spectra are done."""
        spectra = torch.as_tensor(rows, device=self.device)
        width = self.done.shape[1]
        beams = (torch.as_tensor(parents, device=self.device) + spectra[:, None] * width).flatten()
        self.past = [None if p is None else (p[0][beams], p[1][beams]) for p in self.past]
        self.done = self.done.flatten()[beams].view(parents.shape)
        if len(rows) < len(self.mass):
            self.mass, self.charge = self.mass[spectra], self.charge[spectra]
            self.peaks = (self.peaks[0][spectra], self.peaks[1][spectra])
            self.memories = [(k[spectra], v[spectra]) for k, v in self.memories]
            self.there = None if self.there is None else self.there[spectra]


def tensors(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return m/z, intensity, neutral mass, charge and tokens as the network takes them."""
    mass = (batch.precursor_mz - PROTON) * batch.charge
    return (
        torch.as_tensor(batch.mz, dtype=torch.float64, device=device),
        torch.as_tensor(batch.intensity, dtype=torch.float32, device=device),
        torch.as_tensor(mass, dtype=torch.float64, device=device),
        torch.as_tensor(batch.charge, device=device),
        torch.as_tensor(batch.tokens, device=device),
    )
