"""Two autoencoders whose codes must also restore the other side."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.fit import History, Training, batch, device_of, fit, mlp, seeded, to_tensor
from adami.estimators.compressors import CCACompressor
from adami.variables import variable

LEAK = 0.2
PIECE = 4096
"""Rows that are encoded at once."""


class Branched(nn.Module):  # type: ignore[misc]
    """A linear map beside a network that begins at zero, so that what is linear need not be rediscovered."""

    def __init__(self, sizes: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(sizes[0], sizes[-1])
        self.network = mlp(sizes, "leaky_relu", dropout)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.network[-1].weight)

    def forward(self, rows: Tensor) -> Tensor:
        """Return the sum of both branches."""
        found: Tensor = self.linear(rows) + self.network(rows)
        return found


class CrossAutoencoder(nn.Module):  # type: ignore[misc]
    """Encoders of x and y, decoders of each code to its own side and across."""

    def __init__(self, dim_x: int, dim_y: int, hidden: tuple[int, ...], latent: int, dropout: float) -> None:
        super().__init__()
        mirrored = tuple(reversed(hidden))
        self.encode_x = Branched((dim_x, *hidden, latent))
        self.encode_y = Branched((dim_y, *hidden, latent))
        self.restore_x = Branched((latent, *mirrored, dim_x))
        self.restore_y = Branched((latent, *mirrored, dim_y))
        self.cross_x = Branched((latent, *mirrored, dim_x), dropout)
        self.cross_y = Branched((latent, *mirrored, dim_y), dropout)

    def start_from(self, x: np.ndarray, y: np.ndarray, axes_x: np.ndarray, axes_y: np.ndarray) -> None:
        """Begin with linear codes along given directions, ``(d, m)`` each, and the best linear decoders."""
        codes = []
        with torch.no_grad():
            for encoder, rows, axes in ((self.encode_x, x, axes_x), (self.encode_y, y, axes_y)):
                encoder.linear.weight[: axes.shape[1]] = to_tensor(axes.T)
                codes.append(rows @ encoder.linear.weight.double().cpu().numpy().T)
            for decoder, code, rows in (
                (self.restore_x, codes[0], x),
                (self.restore_y, codes[1], y),
                (self.cross_x, codes[1], x),
                (self.cross_y, codes[0], y),
            ):
                decoder.linear.weight.copy_(to_tensor(np.linalg.lstsq(code, rows)[0].T))

    def loss(self, x: Tensor, y: Tensor, weight: float) -> Tensor:
        """Return the errors of restoring each side from its own code, and from the other's."""
        z_x, z_y = self.encode_x(x), self.encode_y(y)
        own = _error(self.restore_x(z_x), x) + _error(self.restore_y(z_y), y)
        across = _error(self.cross_x(z_y), x) + _error(self.cross_y(z_x), y)
        return own + weight * across

    def across(self, x: Tensor, y: Tensor) -> float:
        """Return the errors of restoring each side from the other's code."""
        found = _error(self.cross_x(self.encode_y(y)), x) + _error(self.cross_y(self.encode_x(x)), y)
        return float(found)


def train_pair(
    x: np.ndarray,
    y: np.ndarray,
    held: np.ndarray,
    *,
    hidden: tuple[int, ...],
    latent: int,
    weight: float,
    dropout: float,
    epochs: int,
    patience: int,
    batch_size: int,
    learning_rate: float,
    training: Training,
) -> tuple[CrossAutoencoder, History]:
    """Train on the rows that are not `held`, which choose the best weights by the errors across.

    The start, which is linear, is kept where training does not improve on it.
    """
    device = device_of(training.device)
    used = np.setdiff1d(np.arange(len(x)), held)
    with seeded(training.random_state):
        net = CrossAutoencoder(x.shape[1], y.shape[1], hidden, latent, dropout)
        net.start_from(x[used], y[used], *_canonical_axes(x[used], y[used], latent))
        net.to(device)
    a, b, u, v = (to_tensor(rows, device) for rows in (x[used], y[used], x[held], y[held]))
    size = min(batch_size, len(used))
    per_epoch = max(1, len(used) // size)

    def loss(generator: torch.Generator) -> Tensor:
        chosen = batch(len(used), size, generator).to(device)
        return net.loss(a[chosen], b[chosen], weight)

    net.eval()
    with torch.no_grad():
        first = -net.across(u, v)
    start = {name: t.detach().clone() for name, t in net.state_dict().items()}
    history = fit(
        net,
        loss,
        steps=epochs * per_epoch,
        learning_rate=learning_rate,
        clip=None,
        validate=lambda: -net.across(u, v),
        every=per_epoch,
        patience=patience,
        training=training,
    )
    if not history.best > first:
        net.load_state_dict(start)
        history.best_step = 0
    return net, history


def encoded(net: CrossAutoencoder, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of both sides, float64."""
    device = next(net.parameters()).device
    out = []
    with torch.no_grad():
        for encoder, rows in ((net.encode_x, x), (net.encode_y, y)):
            parts = [
                encoder(to_tensor(rows[i : i + PIECE], device)).cpu() for i in range(0, len(rows), PIECE)
            ]
            out.append(torch.cat(parts).double().numpy())
    return out[0], out[1]


def _canonical_axes(x: np.ndarray, y: np.ndarray, latent: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the canonical directions of standardised rows."""
    within = max(latent, len(x) // 8)
    sides = (variable(x, "x", kinds="continuous"), variable(y, "y", kinds="continuous"))
    found = [CCACompressor(latent, within).fit(a, b) for a, b in ((x, sides[1]), (y, sides[0]))]
    return found[0].axes_ / found[0].scale_[:, None], found[1].axes_ / found[1].scale_[:, None]


def _error(found: Tensor, wanted: Tensor) -> Tensor:
    return nn.functional.mse_loss(found, wanted)
