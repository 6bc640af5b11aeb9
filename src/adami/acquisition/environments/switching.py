"""Losses that change from one stretch of time to the next: arms, and targets in space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.acquisition._lanes import LaneRandom
from adami.acquisition.environments._base import Environment


class SwitchingBandit(Environment):
    """Arms with losses of 0 and 1 whose chances change at given times.

    A query is an arm, or several: the first is played and counts for the regret, the others are only looked
    at. All see the same losses of the round.

    Parameters
    ----------
    lengths : sequence of int
        Rounds of each stretch.
    means : array of shape (stretches, arms)
        Chance of a loss.
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import SwitchingBandit
    >>> world = SwitchingBandit([2, 2], [[0, 1], [1, 0]])
    >>> [float(world.answer(0)) for _ in range(4)]
    [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(self, lengths: Sequence[int], means: Any, random_state: int = 0) -> None:
        self.lengths = [int(n) for n in lengths]
        self.means = np.asarray(means, dtype=float)
        if self.means.ndim != 2 or not ((self.means >= 0) & (self.means <= 1)).all():
            raise ValueError("means is a table of chances from 0 to 1, one row a stretch, one column an arm")
        if len(self.lengths) != len(self.means) or min(self.lengths, default=0) < 1:
            raise ValueError(f"lengths={lengths!r}: one length of at least 1 is wanted for each row of means")
        self.ends = np.cumsum(self.lengths)
        super().__init__(random_state)

    def _start(self) -> None:
        self.round = 0

    def answer(self, query: Any) -> Any:
        """Return the loss of an arm, or those of several as an array, and go on to the next round."""
        if self.done:
            raise RuntimeError(f"the {self.ends[-1]} rounds are over")
        self._row = _row(self.means, self.ends, self.round)
        self.round += 1
        losses = self.rng.random(self.means.shape[1]) < self._row
        found = losses[np.asarray(query)].astype(float)
        return float(found) if found.ndim == 0 else found

    def regret(self, query: Any) -> float:
        """Return what the (first) arm loses in expectation against the best arm of the last round."""
        return float(self._row[np.ravel(query)[0]] - self._row.min())

    @property
    def done(self) -> bool:
        return self.round >= int(self.ends[-1])

    def in_lanes(self, random_states: Sequence[int]) -> SwitchingLanes:
        return SwitchingLanes(self.means, self.ends, random_states)


class SwitchingLanes:
    """The same stretches for many seeds at once."""

    def __init__(self, means: np.ndarray, ends: np.ndarray, random_states: Sequence[int]) -> None:
        self.means = means
        self.ends = ends
        self.random = LaneRandom(random_states)
        self.rows = np.arange(len(random_states))
        self.round = 0

    def context(self) -> None:
        return None

    def answer(self, queries: np.ndarray) -> np.ndarray:
        self._row = _row(self.means, self.ends, self.round)
        self.round += 1
        losses = (self.random.uniform(len(self._row)) < self._row).astype(float)
        rows = self.rows if queries.ndim == 1 else self.rows[:, None]
        found: np.ndarray = losses[rows, queries]
        return found

    def regret(self, queries: np.ndarray) -> np.ndarray:
        played = queries if queries.ndim == 1 else queries[:, 0]
        gaps: np.ndarray = self._row[played] - self._row.min()
        return gaps


class SwitchingTarget(Environment):
    """The loss of a point is its distance from a target that jumps at given times.

    Parameters
    ----------
    lengths : sequence of int
        Rounds of each stretch.
    targets : array of shape (stretches, dim)
    random_state : int
        Not used: nothing is drawn.
    """

    def __init__(self, lengths: Sequence[int], targets: Any, random_state: int = 0) -> None:
        self.lengths = [int(n) for n in lengths]
        self.targets = np.asarray(targets, dtype=float)
        if self.targets.ndim != 2 or not np.isfinite(self.targets).all():
            raise ValueError("targets is a table of finite numbers, one row a stretch")
        if len(self.lengths) != len(self.targets) or min(self.lengths, default=0) < 1:
            raise ValueError(f"lengths={lengths!r}: one length of at least 1 is wanted for each target")
        self.ends = np.cumsum(self.lengths)
        super().__init__(random_state)

    def _start(self) -> None:
        self.round = 0

    def answer(self, query: Any) -> np.ndarray:
        """Return the losses of some points, one a row, and go on to the next round."""
        if self.done:
            raise RuntimeError(f"the {self.ends[-1]} rounds are over")
        self._target = _row(self.targets, self.ends, self.round)
        self.round += 1
        found: np.ndarray = np.linalg.norm(np.asarray(query) - self._target, axis=-1)
        return found

    def regret(self, query: Any) -> float:
        """Return the loss of the first point; the target itself loses nothing."""
        return float(np.linalg.norm(np.asarray(query)[0] - self._target))

    @property
    def done(self) -> bool:
        return self.round >= int(self.ends[-1])


def _row(table: np.ndarray, ends: np.ndarray, at: int) -> np.ndarray:
    # simulations go on as long as they are asked: the last stretch has no end
    row: np.ndarray = table[min(int(ends.searchsorted(at, side="right")), len(table) - 1)]
    return row
