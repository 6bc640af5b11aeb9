"""What a training does around its steps: averages of weights, optimizers and how the step size changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from torch import nn

Schedule = Literal["constant", "cosine", "onecycle"]
Optimizer = Literal["adam", "adamw", "sgd"]
WARM_UP = 0.3
"""Share of a one-cycle schedule in which the step size rises."""


class Average:
    """Moving average of a model's parameters; a young average moves faster, so that it forgets the start."""

    def __init__(self, model: nn.Module, decay: float | None) -> None:
        if decay is not None and not 0 < decay < 1:
            raise ValueError(f"ema={decay}: the decay of a moving average lies between 0 and 1")
        self.decay = decay
        self.parameters = [p for p in model.parameters() if p.requires_grad] if decay is not None else []
        self.values = [p.detach().clone() for p in self.parameters]
        self.count = torch.zeros((), dtype=torch.int64)
        if decay is not None:
            self.values.append(self.count)

    def update(self) -> None:
        if self.decay is None:
            return
        self.count += 1
        age = int(self.count)
        decay = min(self.decay, (1 + age) / (10 + age))
        with torch.no_grad():
            torch._foreach_lerp_(self.values[:-1], [p.detach() for p in self.parameters], 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averages in the model's place for a while."""
        own = [p.detach().clone() for p in self.parameters]
        self.keep()
        try:
            yield
        finally:
            for parameter, value in zip(self.parameters, own):
                parameter.data.copy_(value)

    def keep(self) -> None:
        """Put the averages in the model's place."""
        for parameter, value in zip(self.parameters, self.values):
            parameter.data.copy_(value)


def optimizer_of(
    name: Optimizer, model: nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    # biases and scales of norms are not drawn towards zero
    decayed = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    if name == "sgd":
        return torch.optim.SGD(groups, lr=learning_rate, momentum=0.9)
    if name not in ("adam", "adamw"):
        raise ValueError(f"optimizer={name!r}: choose 'adam', 'adamw' or 'sgd'")
    made = torch.optim.Adam if name == "adam" else torch.optim.AdamW
    # one kernel a step rather than some ten a parameter
    return made(groups, lr=learning_rate, fused=True)


def share_of_rate(schedule: Schedule, done: float) -> float:
    """Return the share of the step size at a share of the training that is done."""
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return 0.5 * (1 + float(np.cos(np.pi * done)))
    if schedule != "onecycle":
        raise ValueError(f"schedule={schedule!r}: choose 'constant', 'cosine' or 'onecycle'")
    if done < WARM_UP:
        return 0.04 + 0.96 * 0.5 * (1 - float(np.cos(np.pi * done / WARM_UP)))
    return 1e-4 + 0.5 * (1 + float(np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP))))
