"""Small networks that learn digits side by side, as in the experiments of the information plane's authors.

Weights start as normal draws cut at two deviations, of deviation 2 / sqrt(inputs) before ReLU and 1 /
sqrt(inputs) before tanh; biases start at 0. Adam takes steps of 4e-4 over batches of 256 for 8,000 epochs,
and the L2 penalty is on all weights but the last layer's. Networks of one shape train together: their
weights are stacked, each has its own rows, batches and penalty, and since Adam's steps are taken number by
number, none feels another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators import InformationPlane, log_spaced_epochs
from studies._digit_planes import SIZES, digits

TRAINED = 1200
BATCH = 256
START = {"relu": 2.0, "tanh": 1.0}
"""Deviation of the first weights times the square root of a layer's inputs."""


@dataclass(frozen=True)
class Net:
    """One network: what was recorded, and its accuracy on rows that it did not learn from."""

    seed: int
    decay: float
    planes: tuple[InformationPlane, ...]
    accuracy: float


def train_together(
    activation: str,
    networks: Sequence[tuple[int, float, tuple[InformationPlane, ...]]],
    epochs: int,
    points: int,
    learning_rate: float,
) -> list[Net]:
    """Train networks of given seeds and penalties, and record all digits at log-spaced epochs."""
    rows, labels = (torch.as_tensor(v) for v in digits())
    rows = rows.float()
    layers = [_start(activation, [seed for seed, _, _ in networks], a, b) for a, b in pairwise(SIZES)]
    biases = [nn.Parameter(torch.zeros(len(networks), 1, b)) for b in SIZES[1:]]
    decays = torch.tensor([decay for _, decay, _ in networks])
    orders = np.stack([np.random.default_rng(seed).permutation(len(rows)) for seed, _, _ in networks])
    known, held = torch.tensor(orders[:, :TRAINED]), torch.tensor(orders[:, TRAINED:])
    generators = [torch.Generator().manual_seed(seed) for seed, _, _ in networks]
    optimizer = torch.optim.Adam([*layers, *biases], learning_rate, fused=True)
    acts = {"relu": torch.relu, "tanh": torch.tanh}[activation]

    def forward(x: Tensor) -> list[Tensor]:
        out = []
        for i, (w, b) in enumerate(zip(layers, biases)):
            x = torch.baddbmm(b, x, w)
            x = acts(x) if i < len(layers) - 1 else x
            out.append(x)
        return out

    everything, kept = rows.expand(len(networks), -1, -1), set(log_spaced_epochs(epochs, points))
    for epoch in range(epochs + 1):
        if epoch in kept:
            with torch.no_grad():
                seen = forward(everything)
            for i, (_, _, planes) in enumerate(networks):
                for plane in planes:
                    plane.add(epoch, [layer[i].numpy() for layer in seen])
        if epoch == epochs:
            break
        shuffled = [torch.randperm(TRAINED, generator=g) for g in generators]
        for batch in known.gather(1, torch.stack(shuffled)).split(BATCH, 1):
            optimizer.zero_grad()
            scores = forward(rows[batch])[-1].transpose(1, 2)
            loss = nn.functional.cross_entropy(scores, labels[batch], reduction="none").mean(1).sum()
            penalties = torch.stack([(w**2).sum((1, 2)) for w in layers[:-1]]).sum(0)
            (loss + (decays * penalties).sum() / 2).backward()
            optimizer.step()
    with torch.no_grad():
        best = forward(everything)[-1].argmax(-1)
    right = (best.gather(1, held) == labels[held]).float().mean(1)
    return [
        Net(seed, decay, planes, float(a)) for (seed, decay, planes), a in zip(networks, right, strict=True)
    ]


def _start(activation: str, seeds: Sequence[int], a: int, b: int) -> nn.Parameter:
    found = []
    for seed in seeds:
        # the same start with and without the penalty
        w = torch.empty(a, b)
        generator = torch.Generator().manual_seed(1000 * seed + 100 * a + b)
        nn.init.trunc_normal_(w, a=-2.0, b=2.0, generator=generator)
        found.append(w * START[activation] / math.sqrt(a))
    return nn.Parameter(torch.stack(found))
