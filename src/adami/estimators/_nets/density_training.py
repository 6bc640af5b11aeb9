"""Fit the two densities of the difference of entropies, and read them out on other rows."""

from __future__ import annotations

import numpy as np

from adami.estimators._nets.densities import Density, TwoEntropies
from adami.estimators._nets.fit import History, Training, batch, device_of, fit, one_thread, seeded, to_tensor

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem


def train_densities(
    x: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    watched: np.ndarray,
    held: np.ndarray,
    *,
    hidden: tuple[int, ...],
    density: Density,
    full: bool,
    batch_size: int,
    steps: int,
    learning_rate: float,
    every: int,
    patience: int | None,
    training: Training,
) -> tuple[np.ndarray, np.ndarray, History]:
    """Return ``-ln q(y)`` and ``-ln q(y|x)`` of the held rows, and how the training went."""
    device = device_of(training.device)
    with seeded(training.random_state):
        model = TwoEntropies(x.shape[1], y.shape[1], hidden, density, full).to(device)
    a, b = to_tensor(x[train], device), to_tensor(y[train], device)
    model.start(b)
    u, v = to_tensor(x[watched], device), to_tensor(y[watched], device)

    def draw(generator: torch.Generator) -> Tensor:
        rows = batch(len(train), batch_size, generator)
        return model.loss(a[rows], b[rows])

    history = fit(
        model,
        draw,
        steps=steps,
        learning_rate=learning_rate,
        schedule="cosine",
        validate=lambda: -float(model.loss(u, v)),
        every=every,
        patience=patience,
        training=training,
    )
    with torch.no_grad(), one_thread(training.device):
        free, given = model(to_tensor(x[held], device), to_tensor(y[held], device))
    told = [np.asarray(t.double().cpu().numpy()) for t in (free, given)]
    if not all(np.isfinite(t).all() for t in told):
        raise ValueError(
            f"{training.what}: the fitted densities give no finite likelihood on held-out rows; lower "
            "learning_rate, or use transform='normal_score'"
        )
    return told[0], told[1], history
