"""Train a critic of bounded slope, and read it out on rows that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from adami.estimators._nets.critics import JointCritic
from adami.estimators._nets.fit import History, Training, batch, device_of, fit, one_thread, seeded, to_tensor
from adami.estimators._nets.wasserstein_critic import WassersteinLoss, slopes, spectral

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

LOOKS = 20
MOST_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Separation:
    """How far a critic holds joint and product pairs apart, and its largest slope on held-out rows."""

    difference: float
    standard_error: float
    slope: float
    history: History


def train_wasserstein(
    x: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    held: np.ndarray,
    *,
    hidden: tuple[int, ...],
    spectral_norms: bool,
    lam: float,
    batch_size: int,
    steps: int,
    learning_rate: float,
    training: Training,
) -> Separation:
    """Train on some rows and read out on others; a tenth of the first choose the weights."""
    device = device_of(training.device)
    watched = max(8, len(train) // 10)
    watch, rows = train[:watched], train[watched:]
    if batch_size > len(rows):
        batch_size = len(rows)
    a, b = to_tensor(x[rows], device), to_tensor(y[rows], device)
    u, v = to_tensor(x[watch], device), to_tensor(y[watch], device)
    with seeded(training.random_state):
        critic: torch.nn.Module = JointCritic(x.shape[1], y.shape[1], hidden, activation="elu")
        loss = WassersteinLoss(spectral(critic) if spectral_norms else critic, 0.0 if spectral_norms else lam)
        loss.to(device)

        def draw(generator: torch.Generator) -> Tensor:
            chosen = batch(len(rows), batch_size, generator)
            return loss(a[chosen], b[chosen])

        history = fit(
            loss,
            draw,
            steps=steps,
            learning_rate=learning_rate,
            schedule="cosine",
            validate=partial(_watch, loss, u, v),
            every=max(1, steps // LOOKS),
            training=training,
        )
        with one_thread(training.device):
            return _read(loss, to_tensor(x[held], device), to_tensor(y[held], device), history)


def _watch(loss: WassersteinLoss, x: Tensor, y: Tensor) -> float:
    """Return what the read-out will be: the difference over the largest slope."""
    difference, _ = _apart(loss, x, y)
    return float(difference / max(1.0, _steepest(loss, x, y)))


def _read(loss: WassersteinLoss, x: Tensor, y: Tensor, history: History) -> Separation:
    difference, error = _apart(loss, x, y)
    return Separation(difference, error, _steepest(loss, x, y), history)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _apart(loss: WassersteinLoss, x: Tensor, y: Tensor) -> tuple[float, float]:
    scores = loss.critic.shifted(x, y, min(MOST_PAIRS, len(x) - 1)).double()
    local = scores[:, 0] - scores[:, 1:].mean(1)
    return float(local.mean()), float(local.std()) / math.sqrt(len(local))


def _steepest(loss: WassersteinLoss, x: Tensor, y: Tensor) -> float:
    """Return the largest slope at joint pairs, product pairs and half way between them."""
    others = (x.roll(-1, 0), y.roll(-2, 0))
    places = [(x, y), (x, y.roll(-1, 0)), ((x + others[0]) / 2, (y + others[1]) / 2)]
    return max(float(slopes(loss.critic.rows, a, b).max()) for a, b in places)
