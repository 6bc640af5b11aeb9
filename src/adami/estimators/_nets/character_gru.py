"""Recurrent networks over sequences: of symbols, and of real numbers with a Gaussian law of the next one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adami.estimators._nets.fit import History, Training, device_of, fit, seeded, to_tensor

try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

if TYPE_CHECKING:
    from adami.estimators.gru_density import GRUDensity

ROWS = 256
"""Sequences scored at a time."""


class CharacterGRU(nn.Module):  # type: ignore[misc]
    """Logits of each symbol after those before it; the first rests on a start symbol.

    Parameters
    ----------
    symbols, hidden : int
    dropout : float
    """

    def __init__(self, symbols: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.start = symbols
        self.embedding = nn.Embedding(symbols + 1, min(hidden, 32))
        self.cell = nn.GRU(min(hidden, 32), hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, symbols)

    def forward(self, rows: Tensor) -> Tensor:
        """Return log-probabilities of rows of symbols, shape ``(n, m)``."""
        start = torch.full_like(rows[:, :1], self.start)
        states, _ = self.cell(self.embedding(torch.cat([start, rows[:, :-1]], dim=1)))
        logs = F.log_softmax(self.head(self.dropout(states)), dim=-1)
        return logs.gather(2, rows[:, :, None])[:, :, 0]


class GaussianGRU(nn.Module):  # type: ignore[misc]
    """A Gaussian law of each number of a sequence, from a state of the numbers before it.

    Parameters
    ----------
    hidden : int
        Size of the state.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, rows: Tensor) -> Tensor:
        """Return log-densities of rows of numbers, shape ``(n, m)``."""
        before = torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], dim=1)
        states, _ = self.cell(before[:, :, None])
        mean, log_scale = self.head(states).unbind(dim=-1)
        log_scale = log_scale.clamp(-7.0, 7.0)
        return -0.5 * ((rows - mean) * torch.exp(-log_scale)) ** 2 - log_scale - 0.5 * math.log(2 * math.pi)


def trained(text: np.ndarray, settings: GRUDensity) -> tuple[CharacterGRU, History]:
    """Train a character network on windows of a text."""
    device = device_of(settings.device)
    with seeded(settings.random_state):
        net = CharacterGRU(settings.symbols_, settings.hidden, settings.dropout).to(device)
    symbols = torch.as_tensor(text, dtype=torch.int64, device=device)
    span = torch.arange(settings.window, device=device)

    def loss(generator: torch.Generator) -> Tensor:
        first = torch.randint(len(symbols) - settings.window, (settings.batch_size,), generator=generator)
        return -net(symbols[first.to(device)[:, None] + span]).mean()

    training = Training(
        what="gru density",
        device=settings.device,
        random_state=settings.random_state,
        progress=settings.progress,
        checkpoint=None if settings.checkpoint is None else _folder(settings),
        callback=settings.callback,
    )
    history = fit(
        net,
        loss,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        schedule="onecycle",
        training=training,
    )
    return net, history


def scored(net: CharacterGRU | GaussianGRU, rows: np.ndarray) -> np.ndarray:
    """Return the log-probability of each entry of rows, float64."""
    device = next(net.parameters()).device
    kind = torch.int64 if isinstance(net, CharacterGRU) else torch.float32
    with torch.no_grad():
        parts = [
            net(torch.as_tensor(rows[i : i + ROWS], dtype=kind, device=device)).double().cpu().numpy()
            for i in range(0, len(rows), ROWS)
        ]
    return np.concatenate(parts)


def trained_gaussian(
    rows: np.ndarray,
    hidden: int,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 5e-3,
    training: Training | None = None,
) -> GaussianGRU:
    """Train a network of a given state on sequences of numbers, shape ``(n, m)``."""
    how = training or Training(what="gaussian gru")
    with seeded(how.random_state):
        net = GaussianGRU(hidden)
    values = to_tensor(rows, device_of(how.device))
    net.to(values.device)

    def loss(generator: torch.Generator) -> Tensor:
        at = torch.randint(len(values), (batch_size,), generator=generator)
        return -net(values[at]).mean()

    fit(net, loss, steps=steps, learning_rate=learning_rate, schedule="onecycle", training=how)
    return net


def _folder(settings: GRUDensity) -> Path:
    return Path(str(settings.checkpoint)) / "gru_density"
