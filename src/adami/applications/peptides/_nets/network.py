"""Spectrum to peptide: an encoder of peaks, a decoder that reads them, and a decoder that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from adami.applications.peptides._nets.blocks import Layer, Memory
from adami.applications.peptides._nets.encodings import (
    MassEncoding,
    PeakEncoding,
    PrecursorEncoding,
    position_codes,
)
from adami.applications.peptides._nets.lookup import PeakLookup, sorted_peaks
from adami.applications.peptides.residues import H2O, PROTON, Vocabulary

Norm = Literal["pre", "post"]
FINAL_NORMS = ("encoder", "decoder", "prior")


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network, and which variants it has."""

    d_model: int = 128
    n_layers: int = 3
    n_prior_layers: int = 2
    n_heads: int = 4
    d_ff: int = 256
    dropout: float = 0.0
    norm: Norm = "pre"
    shortest_wave: float = 0.001
    intensity_width: int = 0
    prefix_mass: bool = True
    peak_lookup: bool = True
    leaky_prior: bool = False
    max_charge: int = 10
    max_length: int = 100

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes by name."""
        return asdict(self)


class PeptideNet(nn.Module):  # type: ignore[misc]
    """Network of `AdaNovo`.

    Parameters
    ----------
    shape : Shape
    residues : mapping of token -> mass
    """

    def __init__(self, shape: Shape, residues: Mapping[str, float]) -> None:
        super().__init__()
        words = Vocabulary(residues)
        self.shape, self.words = shape, words
        d = shape.d_model
        if d % shape.n_heads:
            raise ValueError(f"d_model={d} is no multiple of n_heads={shape.n_heads}")

        def layers(count: int, cross: bool) -> nn.ModuleList:
            before = shape.norm == "pre"
            return nn.ModuleList(
                Layer(d, shape.n_heads, shape.d_ff, cross=cross, before=before, dropout=shape.dropout)
                for _ in range(count)
            )

        self.peaks = PeakEncoding(d, shape.shortest_wave, shape.intensity_width)
        self.whole = nn.Parameter(torch.randn(1, 1, d))
        self.encoder = layers(shape.n_layers, cross=False)
        self.precursor = PrecursorEncoding(d, shape.max_charge, shape.shortest_wave)
        self.tokens = nn.Embedding(words.size, d, padding_idx=0)
        self.decoder = layers(shape.n_layers, cross=True)
        self.head = nn.Linear(d, words.size)
        if shape.prefix_mass:
            self.prefix = MassEncoding(d, shape.shortest_wave)
            self.from_prefix, self.from_rest = nn.Linear(d, d), nn.Linear(d, d)
        if shape.peak_lookup:
            self.lookup = PeakLookup(d, words.masses)
        self.prior_tokens = nn.Embedding(words.size, d, padding_idx=0)
        self.prior_start = nn.Parameter(torch.randn(1, 1, d))
        self.prior = layers(shape.n_prior_layers, cross=False)
        self.prior_head = nn.Linear(d, words.size)
        # layers that normalise what they read leave their sum as it is
        ends = {name: nn.LayerNorm(d) if shape.norm == "pre" else nn.Identity() for name in FINAL_NORMS}
        self.ends = nn.ModuleDict(ends)
        self.register_buffer("masses", torch.as_tensor(words.masses), persistent=False)
        self.register_buffer("places", position_codes(shape.max_length + 2, d), persistent=False)

    def forward(
        self, mz: Tensor, intensity: Tensor, mass: Tensor, charge: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the logits of both decoders, each of shape (b, l, size of the vocabulary).

        Parameters
        ----------
        mz, intensity : tensor, shape (b, p)
            m/z in float64; padding is 0 in both.
        mass : tensor, shape (b,)
            Neutral mass of the precursor in float64.
        charge : tensor of int, shape (b,)
        tokens : tensor of int, shape (b, l)
            From C to N with the end, padded with 0.
        """
        return self.conditional(mz, intensity, mass, charge, tokens), self.unconditional(tokens)

    def encode(self, mz: Tensor, intensity: Tensor) -> tuple[list[Memory], Tensor]:
        """Return what each layer of the decoder attends to, and which places of it are peaks."""
        x = self.peaks(mz, intensity)
        x = torch.cat([self.whole.expand(len(x), -1, -1), x], dim=1)
        there = nn.functional.pad(mz + intensity != 0, (1, 0), value=True)[:, None, None, :]
        # full rows need no mask, and attention is faster without
        mask = None if bool(there.all()) else there
        for layer in self.encoder:
            x = layer(x, mask)
        x = self.ends["encoder"](x)
        return [layer.other.memory(x) for layer in self.decoder], there

    def conditional(
        self, mz: Tensor, intensity: Tensor, mass: Tensor, charge: Tensor, tokens: Tensor
    ) -> Tensor:
        """Return the logits of the decoder that reads the spectrum."""
        memories, there = self.encode(mz, intensity)
        mask = None if bool(there.all()) else there
        before = tokens[:, :-1]
        start = self.precursor(mass, charge)[:, None]
        x = torch.cat([start, self.tokens(before)], dim=1) + self.places[: tokens.shape[1]]
        done = nn.functional.pad(self.masses[before].cumsum(1), (1, 0))
        if self.shape.prefix_mass:
            x = x + self.mass_codes(done, mass[:, None])
        seen: Tensor | float = 0.0
        if self.shape.peak_lookup:
            told, seen = self.lookup(self.lookup.features(sorted_peaks(mz, intensity), done, mass))
            x = x + told
        for layer, memory in zip(self.decoder, memories):
            x = layer(x, causal=True, memory=memory, memory_mask=mask)
        return self.head(self.ends["decoder"](x)) + seen

    def unconditional(self, tokens: Tensor) -> Tensor:
        """Return the logits of the decoder that sees only the tokens before."""
        if self.shape.leaky_prior:
            # as released: place j sees the token that it is asked for
            x = self.prior_tokens(tokens)
        else:
            start = self.prior_start.expand(len(tokens), -1, -1)
            x = torch.cat([start, self.prior_tokens(tokens[:, :-1])], dim=1)
        x = x + self.places[: x.shape[1]]
        for layer in self.prior:
            x = layer(x, causal=True)
        return self.prior_head(self.ends["prior"](x))

    def mass_codes(self, done: Tensor, mass: Tensor) -> Tensor:
        """Return codes of the y-ion of the residues so far and of the b-ion of the others."""
        first = self.prefix(done + (H2O + PROTON))
        rest = self.prefix(mass - done - (H2O - PROTON))
        return self.from_prefix(first) + self.from_rest(rest)
