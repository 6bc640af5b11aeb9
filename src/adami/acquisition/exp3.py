"""EXP3 and EXP3.S, the classical bandits against an adversary: baselines of those that adapt to change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._lanes import LaneRandom
from adami.acquisition._restarts import draw
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Real, Whole
from adami.acquisition.environments import Environment, SwitchingBandit


class EXP3(Policy):
    """Exponential weights with exploration; with `switches`, EXP3.S, which shares weight to follow changes.

    A query is an arm, an answer its loss in [0, 1].

    Parameters
    ----------
    n_arms : int
    horizon : int
        The rates are tuned to it.
    switches : int
        How often the best arm is expected to change; 0 gives EXP3.
    stop : Stop, optional
    random_state : int

    References
    ----------
    Auer, Cesa-Bianchi, Freund and Schapire, "The nonstochastic multiarmed bandit problem", 2002: corollaries
    3.2 and 8.3 give the rates.

    Examples
    --------
    >>> from adami.acquisition import EXP3
    >>> policy = EXP3(2, 1000)
    >>> arm = policy.ask()
    >>> policy.tell(arm, 1.0)
    >>> policy.recommend() == 1 - arm
    True
    """

    name = "exp3"
    repeats = True
    keeps_entries = False
    remembers: ClassVar[tuple[str, ...]] = ("scores",)

    def __init__(
        self,
        n_arms: int,
        horizon: int,
        *,
        switches: int = 0,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        if n_arms < 2 or horizon < 1 or switches < 0:
            raise ValueError(
                f"n_arms={n_arms}, horizon={horizon}, switches={switches}: at least 2, 1 and 0 are wanted"
            )
        self.n_arms = n_arms
        self.horizon = horizon
        self.switches = switches
        n, t = n_arms, horizon
        if switches:
            # the hardness of a sequence is one more than its changes
            parts = (switches + 1) * math.log(n * t) + math.e
            self.exploration = min(1.0, math.sqrt(n * parts / ((math.e - 1) * t)))
            self.sharing = 1 / t
        else:
            self.exploration = min(1.0, math.sqrt(n * math.log(n) / ((math.e - 1) * t)))
            self.sharing = 0.0
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.scores = np.zeros((1, self.n_arms))

    def queries(self) -> Domain:
        return Whole(self.n_arms)

    def answers(self, query: int) -> Domain:
        return Real(0.0, 1.0)

    def _ask(self, context: Any) -> int:
        return int(draw(_law(self.scores, self.exploration), self.rng.random((1,)))[0])

    def _tell(self, query: int, answer: float) -> None:
        told = np.array([query]), np.array([answer])
        self.scores = _learnt(self.scores, *told, self.exploration, self.sharing)

    def recommend(self) -> int:
        """Return the arm of the largest weight."""
        return int(self.scores[0].argmax())

    def belief(self) -> dict[str, float]:
        """Return the chance of each arm to be played."""
        return {str(i): float(p) for i, p in enumerate(_law(self.scores, self.exploration)[0])}

    def in_lanes(self, random_states: Sequence[int]) -> EXP3Lanes:
        return EXP3Lanes(self.n_arms, self.exploration, self.sharing, random_states)

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        world = SwitchingBandit([20, 20], [[0.1, 0.9, 0.9], [0.9, 0.9, 0.1]])
        return cls(3, 40, switches=1, random_state=random_state), world


class EXP3Lanes:
    """EXP3 for many seeds at once."""

    def __init__(self, n_arms: int, exploration: float, sharing: float, random_states: Sequence[int]) -> None:
        self.exploration = exploration
        self.sharing = sharing
        self.scores = np.zeros((len(random_states), n_arms))
        self.random = LaneRandom(random_states)

    def ask(self, context: Any = None) -> np.ndarray:
        return draw(_law(self.scores, self.exploration), self.random.uniform())

    def tell(self, queries: np.ndarray, answers: np.ndarray) -> None:
        self.scores = _learnt(self.scores, queries, answers, self.exploration, self.sharing)


def _law(scores: np.ndarray, exploration: float) -> np.ndarray:
    weights = np.exp(scores - scores.max(1, keepdims=True))
    law: np.ndarray = (1 - exploration) * weights / weights.sum(
        1, keepdims=True
    ) + exploration / weights.shape[1]
    return law


def _learnt(
    scores: np.ndarray, queries: np.ndarray, answers: np.ndarray, exploration: float, sharing: float
) -> np.ndarray:
    rows, n = np.arange(len(scores)), scores.shape[1]
    law = _law(scores, exploration)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    total = weights.sum(1, keepdims=True)
    # gains are 1 - loss
    weights[rows, queries] *= np.exp(exploration / n * (1 - answers) / law[rows, queries])
    if sharing:
        weights += math.e * sharing / n * total
    # chances that doubles cannot hold would never come back
    found: np.ndarray = np.log(np.maximum(weights, 1e-300))
    return found
