"""Games of finite length with one reward for all players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import Array, floats
from adami.exact._game_mixed import as_payoff
from adami.exact.pmf import as_kernel, as_pmf, check_cells


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CommonPayoffGame:
    """A game of finite length in which all players earn the same reward.

    Parameters
    ----------
    P : array, shape (n_states, n_actions_0, n_actions_1, ..., n_states)
        ``P[s, a, b, ..., s']``: the law of the next state; one axis for the actions of every player.
    R : array, shape of `P`, or without its last axis
        Reward of the step, with or without regard to the next state.
    horizon : int
        Number of steps.
    discount : float
        Factor between 0 and 1 on every later reward.
    start : int or array, shape (n_states,)
        First state, or its law.
    observations : sequence of (array, shape (n_states, n_symbols), or None), optional
        For every player, the law of what it sees of a state on entering it, the first state included; None
        means that it sees the state. Left out, everybody sees the state and policies depend on time and
        state; given, they depend on all that a player has done and seen.

    Raises
    ------
    ValueError
        If shapes do not fit, a row of `P` is no law, or a reward is not finite.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame
    >>> CommonPayoffGame.from_matrix([[1, 0, 1], [0, 1, 0]])
    CommonPayoffGame(states=1, actions=(2, 3), horizon=1)
    """

    P: Any
    R: Any
    horizon: int
    discount: float = 1.0
    start: Any = 0
    observations: Any = None

    def __post_init__(self) -> None:
        P = np.asarray(floats(self.P, name="P")[1], dtype=np.float64)
        if P.ndim < 4 or P.shape[0] != P.shape[-1]:
            raise ValueError(
                f"P has shape {P.shape}: give (states, actions of player 0, actions of player 1, ..., states)"
            )
        check_cells(P.size, what="the transition table P")
        P = as_pmf(P, -1, name="P")
        R = np.asarray(floats(self.R, name="R")[1], dtype=np.float64)
        if R.shape not in (P.shape, P.shape[:-1]):
            raise ValueError(f"R has shape {R.shape}: give {P.shape[:-1]}, or {P.shape} with the next state")
        if not np.isfinite(R).all():
            raise ValueError("R holds NaN or infinite rewards")
        if int(self.horizon) != self.horizon or self.horizon < 1:
            raise ValueError(f"horizon={self.horizon}: a game has at least one step")
        if not 0 <= self.discount <= 1:
            raise ValueError(f"discount={self.discount} is not between 0 and 1")
        object.__setattr__(self, "P", P)
        object.__setattr__(self, "R", R if R.ndim == P.ndim - 1 else (P * R).sum(axis=-1))
        object.__setattr__(self, "start", _law_of(self.start, P.shape[0]))
        if self.observations is not None:
            object.__setattr__(self, "observations", self._seen(self.observations))

    @classmethod
    def from_matrix(cls, payoff: Any) -> CommonPayoffGame:
        """Return the game of one step with this payoff matrix; player 0 chooses the row."""
        matrix = as_payoff(payoff)
        return cls(np.ones((1, *matrix.shape, 1)), matrix[None], horizon=1)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.P.shape[0])

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of every player."""
        return tuple(int(n) for n in self.P.shape[1:-1])

    def __repr__(self) -> str:
        size = f"states={self.n_states}, actions={self.n_actions}, horizon={self.horizon}"
        return f"CommonPayoffGame({size}{'' if self.observations is None else ', partially observed'})"

    def _seen(self, given: Any) -> tuple[Array, ...]:
        kernels = list(given)
        if len(kernels) != len(self.n_actions):
            raise ValueError(f"observations has {len(kernels)} entries for {len(self.n_actions)} players")
        found = []
        for k, kernel in enumerate(kernels):
            name = f"observations[{k}]"
            seen = np.eye(self.n_states) if kernel is None else as_kernel(np.asarray(kernel), name=name)
            if seen.shape[0] != self.n_states:
                raise ValueError(f"{name} has {seen.shape[0]} rows for {self.n_states} states")
            found.append(seen)
        return tuple(found)


def player_view(game: CommonPayoffGame, player: int) -> tuple[Array, Array]:
    """Return transitions and rewards: the player's actions first, all co-players' joined after them."""
    P, r = players_first(game, player)
    s, a = P.shape[:2]
    return P.reshape(s, a, -1, s), r.reshape(s, a, -1)


def players_first(game: CommonPayoffGame, player: int) -> tuple[Array, Array]:
    """Return transitions and rewards with the player's action axis before those of the co-players."""
    return np.moveaxis(game.P, 1 + player, 1), np.moveaxis(game.R, 1 + player, 1)


def _law_of(start: Any, n_states: int) -> Array:
    if np.ndim(start) == 0:
        if int(start) != start or not 0 <= start < n_states:
            raise ValueError(f"start={start} is no state: there are {n_states}")
        law = np.zeros(n_states)
        law[int(start)] = 1.0
        return law
    law = as_pmf(np.asarray(start, dtype=np.float64), name="start")
    if law.shape != (n_states,):
        raise ValueError(f"start has shape {law.shape} for {n_states} states")
    return law
