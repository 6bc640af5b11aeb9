"""StABL: small regret on every interval, with one arm played and one more looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._lanes import LaneRandom
from adami.acquisition._restarts import bet, draw, estimated_losses, laws, restarts
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Product, Reals, Whole
from adami.acquisition.environments import Environment, SwitchingBandit


class StABL(Policy):
    """Bandit for losses that change fast: play one arm, look at one more.

    Exponential weights that start anew every 4n, 16n, ... rounds, and some that never do, are mixed by
    weights that start anew with them. The second look follows half the mean of all learners and half chance,
    drawn apart from the play, so that every learner's losses are known well enough. Regret is of the order
    sqrt(n |I|) on every interval I, which a single look a round cannot give.

    A query is ``(play, look)``, an answer both losses in [0, 1].

    Parameters
    ----------
    n_arms : int
    horizon : int, optional
        Number of rounds, after which it stops with ``"horizon"``. Without it, it starts anew with a
        horizon twice as long whenever one is over.
    base : int
        Each learner starts anew this many times less often than the one before; 2 in theory.
    first : int, optional
        Rounds between two starts of the quickest learner; 4 n_arms without it.
    both_looks : bool
        Learn from both looks, each loss divided by the sum of both chances; else from the second alone.
    stop : Stop, optional
    random_state : int

    References
    ----------
    Lu and Hazan, "Adaptive Regret for Bandits Made Possible: Two Queries Suffice", 2024. Paper 85 of adami's
    register.

    Examples
    --------
    >>> from adami.acquisition import StABL, play
    >>> from adami.acquisition.environments import SwitchingBandit
    >>> world = SwitchingBandit([600, 600], [[0.0, 1.0], [1.0, 0.0]])
    >>> record = play(StABL(2, 1200), world, random_state=0)
    >>> record.stop_reason, record.regret < 300
    ('horizon', True)
    """

    name = "stabl"
    repeats = True
    keeps_entries = False
    remembers: ClassVar[tuple[str, ...]] = ("scores", "weights", "round", "epoch")

    def __init__(
        self,
        n_arms: int,
        horizon: int | None = None,
        *,
        base: int = 4,
        first: int | None = None,
        both_looks: bool = True,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        if n_arms < 2:
            raise ValueError(f"n_arms={n_arms}: at least two arms are needed")
        if horizon is not None and horizon < 1:
            raise ValueError(f"horizon={horizon}: at least one round is needed")
        if base < 2 or (first is not None and first < 1):
            raise ValueError(f"base={base}, first={first}: a base of at least 2 and a first of at least 1")
        self.n_arms = n_arms
        self.horizon = horizon
        self.base = base
        self.first = first
        self.both_looks = both_looks
        super().__init__(stop=stop, random_state=random_state)

    def _lanes(self, lanes: int) -> StABLState:
        return StABLState(self.n_arms, self.horizon, self.base, self.first or 4 * self.n_arms, lanes)

    def _start(self) -> None:
        self._state = self._lanes(1)
        self._share()

    def _share(self) -> None:
        """Show the state of the one lane under the names that are stored."""
        state = self._state
        self.scores, self.weights = state.scores, state.weights
        self.round, self.epoch = state.round, state.epoch

    def _woken(self) -> None:
        self._state = self._lanes(1)
        self._state.resume(self.scores, self.weights, self.round, self.epoch)

    def queries(self) -> Domain:
        return Product((Whole(self.n_arms), Whole(self.n_arms)))

    def answers(self, query: Any) -> Domain:
        return Reals((2,), 0.0, 1.0)

    def _ask(self, context: Any) -> tuple[int, int]:
        play, look = self._state.arms(self.rng.random(2)[None])[0]
        return int(play), int(look)

    def _tell(self, query: tuple[int, int], answer: np.ndarray) -> None:
        if query[0] == query[1] and answer[0] != answer[1]:
            raise ValueError(f"arm {query[0]} cannot lose {answer[0]:g} and {answer[1]:g} in one round")
        self._state.learn(np.array([query]), answer[None], self.both_looks)
        self._share()
        if self.horizon is not None and self.round >= self.horizon:
            self._end("horizon")

    def recommend(self) -> int:
        """Return the arm that is played most likely now."""
        return int(self._state.laws().play[0].argmax())

    def belief(self) -> dict[str, float]:
        """Return the chance of each arm to be played."""
        play = self._state.laws().play[0]
        return {str(i): float(p) for i, p in enumerate(play / play.sum())}

    def in_lanes(self, random_states: Sequence[int]) -> StABLLanes:
        return StABLLanes(self._lanes(len(random_states)), self.both_looks, random_states)

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        world = SwitchingBandit([20, 20], [[0.1, 0.9, 0.9], [0.9, 0.9, 0.1]])
        return cls(3, 40, first=4, random_state=random_state), world


class StABLState:
    """The learners of one or many seeds."""

    def __init__(self, n_arms: int, horizon: int | None, base: int, first: int, lanes: int) -> None:
        self.n_arms = n_arms
        self.base = base
        self.first = first
        self.doubling = horizon is None
        self.lanes = lanes
        self._begin(4 * first if horizon is None else horizon)

    def _begin(self, epoch: int) -> None:
        self.epoch = epoch
        self.lengths, self.meta = restarts(epoch, self.first, self.base)
        n = self.n_arms
        self.rates = np.minimum(1 / (4 * n), np.sqrt(math.log(n) / (n * self.lengths)))
        self.scores = np.zeros((self.lanes, len(self.lengths), n))
        self.weights = np.tile(self.meta, (self.lanes, 1))
        self.round = 0

    def resume(self, scores: np.ndarray, weights: np.ndarray, round_: int, epoch: int) -> None:
        """Go on from a stored state."""
        self._begin(epoch)
        self.scores, self.weights, self.round = scores, weights, round_

    def laws(self) -> Any:
        """Return the laws of this round."""
        return laws(self.scores, self.weights)

    def arms(self, uniform: np.ndarray) -> np.ndarray:
        """Return arms to play and to look at, shape ``(lanes, 2)``, from independent uniform numbers."""
        self._now = self.laws()
        return np.stack([draw(self._now.play, uniform[:, 0]), draw(self._now.look, uniform[:, 1])], axis=1)

    def learn(self, queries: np.ndarray, answers: np.ndarray, both_looks: bool) -> None:
        """Take the losses of a round in."""
        now = self.laws()
        losses = estimated_losses(now, queries, answers, both_looks)
        own = np.matmul(now.learners, losses[:, :, None])[:, :, 0]
        mixed = (now.play * losses).sum(1, keepdims=True)
        self.weights = bet(self.weights, self.meta, mixed - own)
        self.scores = self.scores - self.rates[:, None] * losses[:, None, :]
        self.round += 1
        if self.doubling and self.round == self.epoch:
            self._begin(2 * self.epoch)
            return
        # at the horizon all is over, and what was learnt stays
        anew = (self.round % self.lengths == 0) & (self.round < self.epoch)
        if anew[0]:
            self.scores[:, anew] = 0.0
            self.weights[:, anew] = self.meta[anew]


class StABLLanes:
    """StABL for many seeds at once."""

    def __init__(self, state: StABLState, both_looks: bool, random_states: Sequence[int]) -> None:
        self.state = state
        self.both_looks = both_looks
        self.random = LaneRandom(random_states)

    def ask(self, context: Any = None) -> np.ndarray:
        return self.state.arms(self.random.uniform(2))

    def tell(self, queries: np.ndarray, answers: np.ndarray) -> None:
        self.state.learn(queries, answers, self.both_looks)
