"""A network with its optimiser and averaged weights, and the recipe by which it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from adami.estimators._nets.stepping import Average

Control = Literal["max_kl", "iso_loss"]
BETAS = (0.9, 0.95)
EPS = 1e-5
"""Below this, gradients count as none: with Adam's own 1e-8 a loss that has reached zero jumps up again."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How both models are trained; values of different recipes are not compared.

    Parameters
    ----------
    requential : bool
        Whether a student learns from the teacher's samples.
    learning_rate : float
    warmup : int
        Steps until the full learning rate.
    batch_size : int
        Rows of a step.
    ema : float
        Time constant of the moving average of the weights, in steps.
    max_kl : float or None
        The teacher pauses while the last divergence a token was larger; nats.
    control : {"max_kl", "iso_loss"}
        What keeps the teacher near the student.
    epochs : int
    clip : float
        Largest norm of the gradient.
    """

    requential: bool
    learning_rate: float
    warmup: int
    batch_size: int
    ema: float
    max_kl: float | None
    control: Control
    epochs: int = 1
    clip: float = 1.0


class Learner:
    """A network, its optimiser and the moving average of its weights."""

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.network, self.recipe = network, recipe
        self.optimizer = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=BETAS, eps=EPS)
        self.average = Average(network, math.exp(-1 / recipe.ema))
        self.steps = 0

    def learn(self, loss: Tensor) -> None:
        """Take one step down a loss."""
        self.steps += 1
        rate = self.recipe.learning_rate * min(1.0, self.steps / max(self.recipe.warmup, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.average.update()

    def become(self, other: Learner) -> None:
        """Take over the weights of another, and their average."""
        self.network.load_state_dict(other.network.state_dict())
        for own, value in zip(self.average.values, other.average.values):
            own.copy_(value)

    def tensors(self, name: str) -> dict[str, Tensor]:
        """Return everything that the next step depends on."""
        out = {f"{name}.network.{k}": v for k, v in self.network.state_dict().items()}
        out |= {f"{name}.average.{i}": v for i, v in enumerate(self.average.values)}
        for key, slots in self.optimizer.state_dict()["state"].items():
            out |= {f"{name}.optimizer.{key}.{slot}": torch.as_tensor(v) for slot, v in slots.items()}
        return {**out, f"{name}.steps": torch.tensor(self.steps)}

    def restore(self, name: str, tensors: dict[str, Tensor]) -> None:
        """Put a stored state in place."""
        start = f"{name}.network."
        self.network.load_state_dict(
            {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
        )
        for i, value in enumerate(self.average.values):
            value.copy_(tensors[f"{name}.average.{i}"])
        state = self.optimizer.state_dict()
        start = f"{name}.optimizer."
        for key, value in tensors.items():
            if key.startswith(start):
                place, slot = key.removeprefix(start).split(".", 1)
                state["state"].setdefault(int(place), {})[slot] = value
        self.optimizer.load_state_dict(state)
        self.steps = int(tensors[f"{name}.steps"])
