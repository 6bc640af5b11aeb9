"""UCB1, the classical bandit: the baseline of those that adapt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Real, Whole
from adami.acquisition.environments import BernoulliBandit, Environment


def upper_bounds(counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return mean + sqrt(2 ln t / n) for each arm, infinite for arms that were never played.

    Parameters
    ----------
    counts, sums : arrays of shape (..., n_arms)
    """
    t = counts.sum(-1, keepdims=True)
    n = np.maximum(counts, 1)
    bounds = sums / n + np.sqrt(2 * np.log(np.maximum(t, 1)) / n)
    return np.where(counts == 0, np.inf, bounds)


class UCB1(Policy):
    """Play the arm whose upper confidence bound is highest; answers are rewards in [0, 1].

    Parameters
    ----------
    n_arms : int
    stop : Stop, optional
    random_state : int
        Not used: ties go to the lowest arm.

    References
    ----------
    Auer, Cesa-Bianchi and Fischer, "Finite-time analysis of the multiarmed bandit problem", 2002.

    Examples
    --------
    >>> from adami.acquisition import UCB1
    >>> policy = UCB1(2)
    >>> policy.ask()
    0
    >>> policy.tell(0, 1.0)
    >>> policy.ask()
    1
    """

    name = "ucb1"
    repeats = True
    keeps_entries = False
    remembers: ClassVar[tuple[str, ...]] = ("counts", "sums")

    def __init__(self, n_arms: int, *, stop: Stop | None = None, random_state: int = 0) -> None:
        if n_arms < 1:
            raise ValueError(f"n_arms={n_arms}: at least one arm is needed")
        self.n_arms = n_arms
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.counts = np.zeros(self.n_arms)
        self.sums = np.zeros(self.n_arms)

    def queries(self) -> Domain:
        return Whole(self.n_arms)

    def answers(self, query: int) -> Domain:
        return Real(0.0, 1.0)

    def _ask(self, context: Any) -> int:
        return int(upper_bounds(self.counts, self.sums).argmax())

    def _tell(self, query: int, answer: float) -> None:
        self.counts[query] += 1
        self.sums[query] += answer

    def recommend(self) -> int:
        """Return the arm of the highest mean."""
        return int((self.sums / np.maximum(self.counts, 1)).argmax())

    def in_lanes(self, random_states: Sequence[int]) -> UCB1Lanes:
        return UCB1Lanes(self.n_arms, len(random_states))

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        policy = cls(3, stop=Stop(max_queries=30), random_state=random_state)
        return policy, BernoulliBandit([0.2, 0.5, 0.8], random_state=random_state)


class UCB1Lanes:
    """UCB1 for many seeds at once."""

    def __init__(self, n_arms: int, lanes: int) -> None:
        self.counts = np.zeros((lanes, n_arms))
        self.sums = np.zeros((lanes, n_arms))
        self.rows = np.arange(lanes)

    def ask(self, context: Any = None) -> np.ndarray:
        arms: np.ndarray = upper_bounds(self.counts, self.sums).argmax(-1)
        return arms

    def tell(self, queries: np.ndarray, answers: np.ndarray) -> None:
        self.counts[self.rows, queries] += 1
        self.sums[self.rows, queries] += answers
