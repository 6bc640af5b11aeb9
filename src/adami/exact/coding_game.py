"""Markov coding games: a message hidden in the actions of a policy, which nobody else can see there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._greedy_steps import max_seeking, zero_seeking
from adami.exact._near_maps import part
from adami.exact._soft_policy import MarkovDecisionProcess, soft_value_iteration
from adami.exact.bottleneck_coupling import Encoding, ebim, rate_in_nats
from adami.exact.coupling import Rule, one_law

Code = Literal["bottleneck", "quantization"]


def uniform_quantization(p_x: Any, rate: float, *, base: float | None = None) -> Encoding:
    """Return the code that cuts the sorted symbols into ``2**floor(rate in bits)`` equal bins.

    Parameters
    ----------
    p_x : array, shape (n_symbols,)
        Law of the source; the bins hold the same number of symbols, in descending order of probability.
    rate : float
        Largest entropy of the code, in the unit of `base`.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.

    Returns
    -------
    Encoding
        Without a guarantee: it may be below the rate by the whole rate.

    Raises
    ------
    ValueError
        If `p_x` is no law or `rate` is negative or not finite.

    Examples
    --------
    >>> from adami.exact import uniform_quantization
    >>> uniform_quantization([0.25, 0.25, 0.25, 0.25], rate=1.9, base=2).toarray()
    array([[0.25, 0.  ],
           [0.25, 0.  ],
           [0.  , 0.25],
           [0.  , 0.25]])
    """
    unit = unit_name(base)
    law = one_law(p_x, "p_x")
    # a rate of whole bits may be rounded down on its way through nats
    bits = math.floor(rate_in_nats(rate, base) / math.log(2) + 1e-9)
    support = np.flatnonzero(law)
    order = support[np.argsort(-law[support], kind="stable")]
    bins = min(2**bits, order.size) if bits < 63 else order.size
    labels = np.arange(order.size) * bins // order.size
    masses = law[order]
    level = in_base(float(part(np.bincount(labels, weights=masses)).sum()), base)
    return Encoding(
        cells=np.column_stack([order, labels]),
        masses=masses,
        shape=(law.size, bins),
        information=level,
        entropy=level,
        rate=float(rate),
        guarantee=float(rate),
        trace=np.array([level]),
        unit=unit,
    )


@dataclass(frozen=True, slots=True, eq=False)
class CodedEpisode:
    """One game.

    Parameters
    ----------
    message, decoded : int
        What was sent and what the receiver made of it.
    states, actions : numpy.ndarray of int, shape (horizon,)
    reward : float
        Sum of the expected rewards of the actions.
    belief : numpy.ndarray, shape (n_codes,)
        What the receiver thinks of the code symbol in the end.
    """

    message: int
    decoded: int
    states: np.ndarray
    actions: np.ndarray
    reward: float
    belief: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class GameRecord:
    """Many games.

    Parameters
    ----------
    correct : numpy.ndarray of bool, shape (n_games,)
        Whether the message arrived.
    rewards : numpy.ndarray, shape (n_games,)
        Sum of rewards of each game.
    action_counts : numpy.ndarray of int, shape (n_states, n_actions)
        How often each action was played in each state.
    """

    correct: np.ndarray
    rewards: np.ndarray
    action_counts: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of messages that arrived."""
        return float(self.correct.mean())

    @property
    def mean_reward(self) -> float:
        """Mean reward of a game."""
        return float(self.rewards.mean())

    @property
    def reward_error(self) -> float:
        """Standard error of the mean reward; infinite for a single game."""
        n = self.rewards.size
        return float(self.rewards.std(ddof=1) / math.sqrt(n)) if n > 1 else math.inf


class MarkovCodingGame:
    """Send a message by the actions of a policy without changing how often it takes them.

    The message, uniform on `n_messages`, is compressed to a code symbol of limited entropy. In every step
    the receiver's belief about that symbol is coupled with the policy's law of actions, and the sender plays
    an action that the coupling pairs with the symbol. Over all messages the actions follow the policy
    exactly, so the reward is untouched.

    Parameters
    ----------
    process : MarkovDecisionProcess
    n_messages : int
    rate : float
        Largest entropy of the code, in the unit of `base`.
    beta : float
        Temperature of the policy.
    horizon : int
        Steps of a game.
    code : {"bottleneck", "quantization"}
        Compression by `ebim`, or by `uniform_quantization` to compare with.
    rule : {"max", "zero"}
        As in `greedy_mec`.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.

    Attributes
    ----------
    encoding : Encoding
    policy : SoftPolicy

    Raises
    ------
    ValueError
        If a number is out of range or the code or rule unknown.

    References
    ----------
    Ebrahimi, Chen, Khisti, "Minimum Entropy Coupling with Bottleneck", 2024; paper 24 of adami's register.

    Examples
    --------
    >>> from adami.exact import MarkovCodingGame, MarkovDecisionProcess
    >>> process = MarkovDecisionProcess([[[1.0], [1.0]]], [[0.0, 0.1]], [1.0], discount=0.9)
    >>> game = MarkovCodingGame(process, n_messages=4, rate=2.0, beta=1.0, horizon=20, base=2)
    >>> game.play(random_state=0, message=3).decoded
    3
    """

    def __init__(
        self,
        process: MarkovDecisionProcess,
        n_messages: int,
        rate: float,
        beta: float,
        *,
        horizon: int = 20,
        code: Code = "bottleneck",
        rule: Rule = "max",
        base: float | None = None,
    ) -> None:
        for name, value in (("n_messages", n_messages), ("horizon", horizon)):
            if not (isinstance(value, int | np.integer) and value >= 1):
                raise ValueError(f"{name}={value!r}: give a whole number from 1")
        if code not in ("bottleneck", "quantization"):
            raise ValueError(f'code={code!r} is unknown: choose "bottleneck" or "quantization"')
        if rule not in ("max", "zero"):
            raise ValueError(f'rule={rule!r} is unknown: choose "max" or "zero"')
        self.process, self.horizon, self.rule = process, int(horizon), rule
        compress = ebim if code == "bottleneck" else uniform_quantization
        self.encoding: Encoding = compress(np.full(n_messages, 1 / n_messages), rate, base=base)
        self.policy = soft_value_iteration(process, beta)
        self._p_t = self.encoding.marginal(1)
        self._pi: list[list[float]] = self.policy.policy.tolist()

    def play(
        self, random_state: int | np.random.Generator | None = None, message: int | None = None
    ) -> CodedEpisode:
        """Play one game, with a message of one's own or a random one.

        Raises
        ------
        ValueError
            If there is no such message.
        """
        rng = np.random.default_rng(random_state)
        n = self.encoding.shape[0]
        if message is None:
            message = int(rng.integers(n))
        if not 0 <= message < n:
            raise ValueError(f"message={message}: the messages are numbered from 0 to {n - 1}")
        cells = np.flatnonzero(self.encoding.rows == message)
        symbol = int(self.encoding.columns[cells[_draw(self.encoding.masses[cells], rng)]])
        belief: list[float] = self._p_t.tolist()
        state = _draw(self.process.start, rng)
        states, actions = np.empty(self.horizon, dtype=np.intp), np.empty(self.horizon, dtype=np.intp)
        for step in range(self.horizon):
            action, belief = self._act(symbol, belief, self._pi[state], rng)
            states[step], actions[step] = state, action
            state = _draw(self.process.transitions[state, action], rng)
        final = np.array(belief)
        return CodedEpisode(
            message=message,
            decoded=self._decode(final),
            states=states,
            actions=actions,
            reward=float(self.process.rewards[states, actions].sum()),
            belief=final,
        )

    def simulate(self, n_games: int, random_state: int | np.random.Generator | None = None) -> GameRecord:
        """Play many games with random messages.

        Raises
        ------
        ValueError
            If `n_games` is below 1.
        """
        if n_games < 1:
            raise ValueError(f"n_games={n_games}: play at least one")
        rng = np.random.default_rng(random_state)
        correct, rewards = np.empty(n_games, dtype=bool), np.empty(n_games)
        counts = np.zeros(self.policy.policy.shape, dtype=np.intp)
        for i in range(n_games):
            episode = self.play(rng)
            correct[i], rewards[i] = episode.decoded == episode.message, episode.reward
            np.add.at(counts, (episode.states, episode.actions), 1)
        return GameRecord(correct, rewards, counts)

    def expected_reward(self) -> float:
        """Return the exact mean reward of the policy when nothing is sent."""
        law, total = self.process.start, 0.0
        for _ in range(self.horizon):
            pairs = law[:, None] * self.policy.policy
            total += float((pairs * self.process.rewards).sum())
            law = np.einsum("sa,sat->t", pairs, self.process.transitions)
        return total

    def perfect_accuracy(self) -> float:
        """Return the share of messages that arrive if the receiver knows the code symbol."""
        best = np.zeros(self.encoding.shape[1])
        np.maximum.at(best, self.encoding.columns, self.encoding.masses)
        return float(best.sum())

    def _act(
        self, symbol: int, belief: list[float], pi: list[float], rng: np.random.Generator
    ) -> tuple[int, list[float]]:
        """Play for the sender, and update what the receiver believes."""
        pairs, masses = max_seeking([belief, pi]) if self.rule == "max" else zero_seeking(belief, pi)
        mine = [k for k, (t, _) in enumerate(pairs) if t == symbol]
        # a symbol whose belief was rounded away in the coupling still has to act as the policy does
        action = pairs[mine[_draw(np.array([masses[k] for k in mine]), rng)]][1] if mine else _draw(pi, rng)
        seen = [0.0] * len(belief)
        for (t, a), mass in zip(pairs, masses):
            if a == action:
                seen[t] += mass
        total = sum(seen)
        return action, [mass / total for mass in seen]

    def _decode(self, belief: np.ndarray) -> int:
        columns = self.encoding.columns
        posterior = self.encoding.masses / self._p_t[columns] * belief[columns]
        return int(np.bincount(self.encoding.rows, weights=posterior).argmax())


def _draw(weights: Any, rng: np.random.Generator) -> int:
    """Draw an index with the given weights, which need not sum to one."""
    sums = np.cumsum(weights)
    # a draw may round up to the total, and must then not go to an outcome without mass
    return int(min(np.searchsorted(sums, rng.random() * sums[-1], side="right"), np.argmax(sums >= sums[-1])))
