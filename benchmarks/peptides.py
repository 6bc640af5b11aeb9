"""Speed of adami.applications.peptides on one core, in CPU-seconds: `python -m benchmarks.peptides`.

Training is held against PyTorch's own transformer layers of the same sizes on the same batches, and
sequencing is counted in spectra a second. Both networks see the same drawn spectra; steps are interleaved.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn

from adami.applications.peptides import (
    AdaNovo,
    BeamSearch,
    Preprocessing,
    SimulatedPSMs,
    digest,
    random_proteome,
    simulate_psms,
)
from adami.applications.peptides._nets.network import PeptideNet
from adami.applications.peptides._nets.stepwise import tensors
from adami.training import CMIReweightedLoss

MOST_TRAINING = 1.3
"""Our step may take so many times a bare one."""
LEAST_SPECTRA = 20.0
"""Spectra a second and core."""
CPU = torch.device("cpu")


class Bare(nn.Module):
    """Encoder, decoder and language model of PyTorch's own layers, with plain cross-entropy."""

    def __init__(self, model: AdaNovo, size: int) -> None:
        super().__init__()
        d, heads = model.d_model, model.n_heads
        hidden = model.d_ff or 2 * d

        def layer(kind: type[nn.Module]) -> nn.Module:
            return kind(d, heads, hidden, 0.0, batch_first=True, norm_first=True)

        self.peaks = nn.Linear(2, d)
        self.encoder = nn.TransformerEncoder(
            layer(nn.TransformerEncoderLayer), model.n_layers, enable_nested_tensor=False
        )
        self.tokens, self.prior_tokens = nn.Embedding(size, d), nn.Embedding(size, d)
        self.decoder = nn.TransformerDecoder(layer(nn.TransformerDecoderLayer), model.n_layers)
        self.prior = nn.TransformerEncoder(
            layer(nn.TransformerEncoderLayer), model.n_prior_layers, enable_nested_tensor=False
        )
        self.head, self.prior_head = nn.Linear(d, size), nn.Linear(d, size)

    def forward(self, mz: Tensor, intensity: Tensor, tokens: Tensor) -> Tensor:
        """Return the sum of both cross-entropies."""
        memory = self.encoder(self.peaks(torch.stack([mz.float() / 1000, intensity], dim=-1)))
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        told = self.head(self.decoder(self.tokens(tokens), memory, tgt_mask=mask, tgt_is_causal=True))
        guessed = self.prior_head(self.prior(self.prior_tokens(tokens), mask=mask, is_causal=True))
        wanted = tokens.flatten()
        return sum(
            nn.functional.cross_entropy(x.flatten(0, 1), wanted, ignore_index=0) for x in (told, guessed)
        )


def training(rounds: int, width: int, layers: int) -> tuple[float, float]:
    """Return CPU-seconds of a step of ours, and the median ratio to a bare one."""
    psms = simulate_psms(
        digest(random_proteome(60)), intensities="rule", preprocessing=Preprocessing(n_peaks=64)
    )
    model = AdaNovo(d_model=width, n_layers=layers)
    torch.manual_seed(0)
    net = PeptideNet(model._shape(), model.residues)
    bare = Bare(model, net.words.size)
    loss = CMIReweightedLoss()

    def ours(fields: tuple[Tensor, ...]) -> Tensor:
        return loss(*net(*fields), fields[-1], fields[-1] > 0)["total"]

    def theirs(fields: tuple[Tensor, ...]) -> Tensor:
        return bare(fields[0], fields[1], fields[-1])

    steps = [_step(net, ours, psms), _step(bare, theirs, psms)]
    for step in steps:
        step(0)
    seconds = [[step(i) for step in steps] for i in range(1, rounds + 1)]
    return statistics.median(a for a, _ in seconds), statistics.median(a / b for a, b in seconds)


def _step(
    net: nn.Module, loss: Callable[[tuple[Tensor, ...]], Tensor], psms: SimulatedPSMs
) -> Callable[[int], float]:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    rows = np.arange(len(psms))

    def step(i: int) -> float:
        start = time.process_time()
        chosen = np.random.default_rng(i).choice(rows, 32, replace=False)
        value = loss(tensors(psms.draw(chosen, i), CPU))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        return time.process_time() - start

    return step


def sequencing(width: int, layers: int, count: int = 192) -> dict[str, float]:
    """Return spectra a CPU-second of each search; the weights hardly matter for it, only the sizes."""
    peptides = digest(random_proteome(60))
    psms = simulate_psms(peptides, intensities="rule", preprocessing=Preprocessing(n_peaks=64))
    model = AdaNovo(d_model=width, n_layers=layers, steps=30, every=30, validation_share=0.01).fit(psms)
    spectra = simulate_psms(peptides[:count], 1, intensities="rule").spectra()
    found = {}
    for name, how in (
        ("five beams", BeamSearch()),
        ("five beams, mass-constrained", BeamSearch(mass_constrained=True)),
        ("greedy", BeamSearch(n_beams=1)),
    ):
        start = time.process_time()
        model.predict(spectra, how)
        found[name] = len(spectra) / (time.process_time() - start)
    return found


def main() -> int:
    """Print both, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    seconds, ratio = training(asked.rounds, asked.width, asked.layers)
    print(f"training: {seconds * 1e3:.0f} ms a step of 32, {ratio:.2f} times a bare transformer")
    rates = sequencing(asked.width, asked.layers)
    for name, rate in rates.items():
        print(f"sequencing, {name}: {rate:.0f} spectra a second and core")
    return int(ratio > MOST_TRAINING or rates["five beams"] < LEAST_SPECTRA)


if __name__ == "__main__":
    raise SystemExit(main())
