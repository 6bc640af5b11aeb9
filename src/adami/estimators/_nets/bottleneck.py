"""Networks with a narrow layer: autoencoders and predictors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.fit import History, Training, batch, device_of, fit, mlp, seeded, to_tensor

HELD_OUT = 0.1
CHANNELS = (8, 16)
"""Of the two layers of a convolutional encoder, each of which halves height and width."""


class Bottleneck(nn.Module):  # type: ignore[misc]
    """An encoder to a few coordinates and a head behind it."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, rows: Tensor) -> Tensor:
        """Return what the head makes of the code."""
        found: Tensor = self.head(self.encoder(rows))
        return found


def image_encoder(shape: tuple[int, int], hidden: int, components: int) -> nn.Module:
    """Return a convolutional encoder of images of one channel, laid out row by row."""
    height, width = shape
    narrow = -(-height // 4) * -(-width // 4) * CHANNELS[1]
    return nn.Sequential(
        nn.Unflatten(1, (1, height, width)),
        nn.Conv2d(1, CHANNELS[0], 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(CHANNELS[0], CHANNELS[1], 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(narrow, hidden),
        nn.LeakyReLU(0.2),
        nn.Linear(hidden, components),
    )


def train_bottleneck(
    rows: np.ndarray,
    target: np.ndarray | None,
    *,
    classes: bool,
    components: int,
    hidden: tuple[int, ...],
    shape: tuple[int, int] | None,
    steps: int,
    batch_size: int,
    learning_rate: float,
    training: Training,
) -> tuple[Bottleneck, History]:
    """Train an encoder to restore the rows, or to predict numbers or classes."""
    device = device_of(training.device)
    n, d = rows.shape
    out = d if target is None else int(target.max()) + 1 if classes else target.shape[1]
    with seeded(training.random_state):
        encoder = (
            mlp((d, *hidden, components), "leaky_relu")
            if shape is None
            else image_encoder(shape, hidden[-1], components)
        )
        net = Bottleneck(encoder, mlp((components, *reversed(hidden), out), "leaky_relu")).to(device)
    x = to_tensor(rows, device)
    y = (
        x
        if target is None
        else torch.as_tensor(target, device=device)
        if classes
        else to_tensor(target, device)
    )
    cost: Any = nn.L1Loss() if target is None else nn.CrossEntropyLoss() if classes else nn.MSELoss()
    order = torch.randperm(n, generator=torch.Generator().manual_seed(training.random_state)).to(device)
    held = order[: max(1, int(HELD_OUT * n))]
    used = order[len(held) :]
    size = min(batch_size, len(used))

    def loss(generator: torch.Generator) -> Tensor:
        chosen = used[batch(len(used), size, generator).to(device)]
        value: Tensor = cost(net(x[chosen]), y[chosen])
        return value

    def validate() -> float:
        return -float(cost(net(x[held]), y[held]))

    history = fit(
        net,
        loss,
        steps=steps,
        learning_rate=learning_rate,
        schedule="cosine",
        validate=validate,
        every=max(1, min(100, steps // 10)),
        training=training,
    )
    return net, history


def encode(net: Bottleneck, rows: np.ndarray) -> np.ndarray:
    """Return the codes of rows, float64."""
    device = next(net.parameters()).device
    with torch.no_grad():
        parts = [
            net.encoder(to_tensor(piece, device)).cpu()
            for piece in np.array_split(rows, -(-len(rows) // 4096))
        ]
    return np.asarray(torch.cat(parts).double().numpy())
