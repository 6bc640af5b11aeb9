"""Finite Markov decision processes and their maximum-entropy policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact.pmf import as_pmf

MOST_SWEEPS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class MarkovDecisionProcess:
    """States, actions and rewards that are known.

    Parameters
    ----------
    transitions : array, shape (n_states, n_actions, n_states)
        ``P(next | state, action)``.
    rewards : array, shape (n_states, n_actions)
        Expected reward of an action.
    start : array, shape (n_states,)
        Law of the first state.
    discount : float
        Weight of the next step's value, at least 0 and below 1.

    Raises
    ------
    ValueError
        If an array has a wrong shape or entry, or the discount is out of range.

    Examples
    --------
    >>> from adami.exact import MarkovDecisionProcess
    >>> MarkovDecisionProcess([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], discount=0.9).n_actions
    2
    """

    transitions: Any
    rewards: Any
    start: Any
    discount: float

    def __post_init__(self) -> None:
        moves = as_pmf(np.asarray(self.transitions), axis=-1, name="transitions")
        if moves.ndim != 3 or moves.shape[0] != moves.shape[2]:
            raise ValueError(
                f"transitions has shape {moves.shape}: give P(next | state, action), of shape "
                "(n_states, n_actions, n_states)"
            )
        rewards = np.asarray(self.rewards, dtype=float)
        if rewards.shape != moves.shape[:2]:
            raise ValueError(
                f"rewards has shape {rewards.shape}: with these transitions it is {moves.shape[:2]}"
            )
        if not np.isfinite(rewards).all():
            raise ValueError("rewards holds NaN or infinite entries: give finite numbers")
        start = as_pmf(np.asarray(self.start), name="start")
        if start.shape != moves.shape[:1]:
            raise ValueError(f"start has shape {start.shape}, but there are {moves.shape[0]} states")
        if not 0 <= self.discount < 1:
            raise ValueError(f"discount={self.discount} is not in [0, 1): values would not be finite")
        for name, value in (("transitions", moves), ("rewards", rewards), ("start", start)):
            object.__setattr__(self, name, value)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.transitions.shape[0])

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return int(self.transitions.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class SoftPolicy:
    """The policy that is best when its entropy counts as reward.

    Parameters
    ----------
    policy : numpy.ndarray, shape (n_states, n_actions)
        ``pi(action | state)``.
    q : numpy.ndarray, shape (n_states, n_actions)
        Values of the actions.
    v : numpy.ndarray, shape (n_states,)
        Values of the states.
    trace : numpy.ndarray
        Largest change of a value in each sweep.
    unit : str
        Values are in units of reward.
    """

    policy: np.ndarray
    q: np.ndarray
    v: np.ndarray
    trace: np.ndarray
    unit: str = "reward"


def soft_value_iteration(
    process: MarkovDecisionProcess, beta: float, *, tolerance: float = 1e-10
) -> SoftPolicy:
    """Return the maximum-entropy policy, ``Q = r + discount E V`` with ``V = beta log sum exp(Q / beta)``.

    Parameters
    ----------
    process : MarkovDecisionProcess
    beta : float
        Temperature, in units of reward for one nat of entropy; near 0 the policy is greedy.
    tolerance : float
        How far the values may be from the fixed point.

    Returns
    -------
    SoftPolicy

    Raises
    ------
    ValueError
        If `beta` or `tolerance` is not positive and finite, or the discount is so close to one that the
        values do not settle.

    Examples
    --------
    >>> from adami.exact import MarkovDecisionProcess, soft_value_iteration
    >>> process = MarkovDecisionProcess([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], discount=0.9)
    >>> soft_value_iteration(process, beta=1.0).policy.round(4)
    array([[0.2689, 0.7311]])
    """
    for name, value in (("beta", beta), ("tolerance", tolerance)):
        if not (value > 0 and np.isfinite(value)):
            raise ValueError(f"{name}={value}: give a positive, finite number")
    v = np.zeros(process.n_states)
    trace = []
    # a sweep shrinks the distance to the fixed point by the discount
    enough = tolerance * (1 - process.discount)
    for _ in range(MOST_SWEEPS):
        q = process.rewards + process.discount * (process.transitions @ v)
        top = q.max(axis=1)
        new = top + beta * np.log(np.exp((q - top[:, None]) / beta).sum(axis=1))
        trace.append(float(np.abs(new - v).max()))
        v = new
        if trace[-1] <= max(enough, 4 * np.finfo(float).eps * float(np.abs(v).max())):
            weights = np.exp((q - v[:, None]) / beta)
            return SoftPolicy(weights / weights.sum(axis=1, keepdims=True), q, v, np.array(trace))
    raise ValueError(
        f"the values still change by {trace[-1]:.3g} after {MOST_SWEEPS:,} sweeps: lower the discount "
        f"({process.discount}) or raise the tolerance"
    )
