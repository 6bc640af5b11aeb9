"""Learning to act with a mixture over states, actions and values."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.exact._mixture_state import MixtureState


class MixtureQLearner:
    """Q-learning whose value function is one incremental mixture over (state, action, value).

    The value of an action is the expected third part where the first two are known; its conditional
    variance says how little is known there, which steers exploration.

    Parameters
    ----------
    actions : array, shape (n_actions, n_action_dims) or (n_actions,)
        The actions to choose from, as numbers.
    scale : array, shape (n_state_dims + n_action_dims + 1,)
        Standard deviation of a new component in each state, action and value dimension.
    discount : float
        Weight of a reward one step later.
    optimism : float
        How many conditional standard deviations are added to a value when an action is chosen; 0 is greedy.
    epsilon : float
        Probability of a uniformly random action.
    delta, beta, v_min, sp_min
        As in `IncrementalGMM`.
    random_state : int or numpy.random.Generator, optional

    References
    ----------
    Pinto and Engel, "Scalable and Incremental Learning of Gaussian Mixture Models", 2017; paper 100 of
    adami's register.

    Examples
    --------
    >>> from adami.exact import MixtureQLearner
    >>> agent = MixtureQLearner(actions=[-1.0, 1.0], scale=[0.2, 0.2, 0.2], random_state=0)
    >>> for _ in range(20):
    ...     agent.learn([0.0], 1, reward=1.0)
    ...     agent.learn([0.0], 0, reward=0.0)
    >>> agent.act([0.0])
    1
    """

    def __init__(
        self,
        actions: Any,
        scale: Any,
        *,
        discount: float = 0.95,
        optimism: float = 0.0,
        epsilon: float = 0.0,
        delta: float = 1.0,
        beta: float = 1e-3,
        v_min: int = 5,
        sp_min: float = 3.0,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.actions = np.asarray(actions, dtype=float).reshape(len(actions), -1)
        widths = np.asarray(scale, dtype=float)
        if widths.ndim != 1 or len(widths) < self.actions.shape[1] + 2:
            raise ValueError("scale has one entry for each state and action dimension and one for the value")
        if not 0 <= discount < 1:
            raise ValueError(f"discount={discount}: a later reward weighs at least 0 and less than 1")
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon={epsilon} is no probability")
        self.discount, self.optimism, self.epsilon = discount, optimism, epsilon
        self._rng = np.random.default_rng(random_state)
        self._state = MixtureState.start(
            np.empty((0, len(widths))),
            delta=delta,
            beta=beta,
            update="exact",
            v_min=v_min,
            sp_min=sp_min,
            scale=widths,
        )

    def values(self, state: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the expected value of each action and its conditional standard deviation.

        Parameters
        ----------
        state : array, shape (n_state_dims,)

        Returns
        -------
        values, deviations : numpy.ndarray, shape (n_actions,)
            Zeros and the initial width before anything was learnt.
        """
        here = self._checked(state)
        n, last = len(self.actions), len(self._state.variance) - 1
        if self._state.count == 0:
            return np.zeros(n), np.full(n, np.sqrt(self._state.variance[-1]))
        rows = np.hstack([np.tile(here, (n, 1)), self.actions])
        mean, covariance = self._state.mixture().recall(rows, range(last), last)
        return mean[:, 0], np.sqrt(np.maximum(covariance[:, 0, 0], 0.0))

    def act(self, state: Any) -> int:
        """Return the number of the action to take; ties go to the lowest."""
        if self.epsilon and self._rng.random() < self.epsilon:
            return int(self._rng.integers(len(self.actions)))
        mean, deviation = self.values(state)
        return int(np.argmax(mean + self.optimism * deviation))

    def learn(self, state: Any, action: int, reward: float, following: Any = None) -> None:
        """Take in one step.

        Parameters
        ----------
        state : array, shape (n_state_dims,)
        action : int
            Number of the action taken.
        reward : float
        following : array, shape (n_state_dims,), optional
            The next state; left out at the end of an episode.
        """
        if not 0 <= action < len(self.actions):
            raise ValueError(f"action={action}: there are {len(self.actions)}")
        if not np.isfinite(reward):
            raise ValueError(f"reward={reward}: it is finite")
        later = 0.0 if following is None else float(self.values(following)[0].max())
        row = np.concatenate([self._checked(state), self.actions[action], [reward + self.discount * later]])
        self._state.absorb(row[None])

    def _checked(self, state: Any) -> np.ndarray:
        here = np.asarray(state, dtype=float).reshape(-1)
        dims = len(self._state.variance) - 1 - self.actions.shape[1]
        if here.shape != (dims,) or not np.all(np.isfinite(here)):
            raise ValueError(f"state has shape {here.shape}: it is {dims} finite numbers, as scale says")
        return here
