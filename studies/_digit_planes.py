"""Small networks that learn digits while an information plane is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from adami.estimators import InformationPlane, log_spaced_epochs

SIZES = (64, 10, 7, 5, 10)
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


@dataclass(frozen=True)
class Run:
    """One trained network: what was recorded, its labels and its test accuracy."""

    planes: tuple[InformationPlane, ...]
    labels: np.ndarray
    accuracy: float


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return digits with pixels in [0, 1], and their labels."""
    found = load_digits()
    return found.data / 16.0, found.target


def network(activation: str, seed: int, sizes: tuple[int, ...] = SIZES) -> nn.Sequential:
    """Return a seeded network of these sizes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def train(
    activation: str,
    seed: int,
    epochs: int,
    weight_decay: float = 0.0,
    points: int = 20,
    planes: tuple[InformationPlane, ...] = (),
    model: nn.Module | None = None,
    learning_rate: float = 4e-3,
) -> Run:
    """Train on two thirds of the digits, record all of them at log-spaced epochs."""
    rows, labels = digits()
    order = np.random.default_rng(seed).permutation(len(rows))
    train_rows, test_rows = order[:1200], order[1200:]
    x, y = torch.tensor(rows, dtype=torch.float32), torch.tensor(labels)
    net = network(activation, seed) if model is None else model
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate, weight_decay=weight_decay)
    kept = set(log_spaced_epochs(epochs, points))
    for epoch in range(epochs + 1):
        if epoch in kept:
            for plane in planes:
                plane.record(net, x, epoch)
        if epoch == epochs:
            break
        net.train()
        shuffled = torch.tensor(train_rows)[torch.randperm(1200, generator=generator)]
        for batch in shuffled.split(256):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        right = float((net(x[test_rows]).argmax(1) == y[test_rows]).float().mean())
    return Run(planes, labels, right)
