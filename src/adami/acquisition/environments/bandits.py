"""Arms: with chances that stay, or with losses that an adversary wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.acquisition._lanes import LaneRandom
from adami.acquisition.environments._base import Environment


class BernoulliBandit(Environment):
    """Arms that pay 1 with their chance, else 0.

    Parameters
    ----------
    means : sequence of float
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import BernoulliBandit
    >>> round(BernoulliBandit([0.25, 0.75]).regret(0), 3)
    0.5
    """

    def __init__(self, means: Sequence[float], random_state: int = 0) -> None:
        self.means = np.asarray(means, dtype=float)
        if self.means.ndim != 1 or not self.means.size or not ((self.means >= 0) & (self.means <= 1)).all():
            raise ValueError(f"means={means!r}: chances from 0 to 1 are wanted, one an arm")
        super().__init__(random_state)

    def answer(self, query: int) -> float:
        return float(self.rng.random() < self.means[query])

    def regret(self, query: int) -> float:
        return float(self.means.max() - self.means[query])

    def loss(self, decision: int) -> float:
        return self.regret(decision)

    @property
    def truth(self) -> int:
        return int(self.means.argmax())

    def in_lanes(self, random_states: Sequence[int]) -> BernoulliLanes:
        return BernoulliLanes(self.means, random_states)


class BernoulliLanes:
    """The same arms for many seeds at once."""

    def __init__(self, means: np.ndarray, random_states: Sequence[int]) -> None:
        self.means = means
        self.gaps = means.max() - means
        self.random = LaneRandom(random_states)

    def context(self) -> None:
        return None

    def answer(self, queries: np.ndarray) -> np.ndarray:
        return np.where(self.random.uniform() < self.means[queries], 1.0, 0.0)

    def regret(self, queries: np.ndarray) -> np.ndarray:
        gaps: np.ndarray = self.gaps[queries]
        return gaps


class LossSequence(Environment):
    """Losses in [0, 1] that are fixed beforehand, one row a round.

    Parameters
    ----------
    losses : array of shape (rounds, arms)
    random_state : int
        Not used: the losses are what they are.
    """

    def __init__(self, losses: Any, random_state: int = 0) -> None:
        self.losses = np.asarray(losses, dtype=float)
        if self.losses.ndim != 2 or not ((self.losses >= 0) & (self.losses <= 1)).all():
            raise ValueError("losses is a table of numbers from 0 to 1, one row a round, one column an arm")
        self.best = int(self.losses.sum(0).argmin())
        super().__init__(random_state)

    def _start(self) -> None:
        self.round = 0

    def answer(self, query: Any) -> Any:
        """Return the loss of an arm, or an array of losses for several arms, and go on to the next round."""
        if self.done:
            raise RuntimeError(f"the {len(self.losses)} rounds are over")
        found = self.losses[self.round, np.asarray(query)]
        self.round += 1
        return float(found) if np.ndim(found) == 0 else found

    def regret(self, query: Any) -> float:
        """Return what the (first) arm lost against the best one in hindsight, in the round just answered."""
        played = int(np.ravel(query)[0])
        row = self.losses[self.round - 1]
        return float(row[played] - row[self.best])

    @property
    def done(self) -> bool:
        return self.round >= len(self.losses)
