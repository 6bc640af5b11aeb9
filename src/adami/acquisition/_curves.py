"""Cumulative regret and cost over rounds, for many seeds: as arrays where both sides have such a form."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition.environments._base import Environment
from adami.acquisition.run import play


@dataclass(frozen=True, slots=True)
class Curves:
    """Cumulative regret of one policy for many seeds.

    Parameters
    ----------
    rounds : numpy.ndarray
        Shape ``(m,)``: after how many rounds it was looked at.
    regret : numpy.ndarray
        Shape ``(n_seeds, m)``.
    steps_per_second : float
        Rounds of all seeds together by seconds of the wall clock.
    in_lanes : bool
        Whether all seeds ran at once.
    """

    rounds: np.ndarray
    regret: np.ndarray
    steps_per_second: float
    in_lanes: bool

    def interval(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return mean, low and high end over seeds, each of shape ``(m,)``, from Student's t."""
        from scipy.stats import t

        n = len(self.regret)
        if n < 2:
            raise ValueError("an interval over seeds needs at least two of them")
        mean = self.regret.mean(0)
        half = t.ppf(0.5 + confidence / 2, n - 1) * self.regret.std(0, ddof=1) / np.sqrt(n)
        return mean, mean - half, mean + half


def simulate(
    policy: Policy,
    environment: Environment,
    random_states: Sequence[int],
    rounds: int,
    *,
    looks: int = 50,
    lanes: bool | None = None,
) -> Curves:
    """Run a policy for many seeds and give its cumulative regret.

    Parameters
    ----------
    policy : Policy
    environment : Environment
        One that knows its regret.
    random_states : sequence of int
    rounds : int
    looks : int
        Number of rounds, evenly spread, at which the regret is kept.
    lanes : bool, optional
        All seeds at once (True), one after the other (False), or whatever can be (None).

    Returns
    -------
    Curves

    Examples
    --------
    >>> from adami.acquisition import UCB1, simulate
    >>> from adami.acquisition.environments import BernoulliBandit
    >>> found = simulate(UCB1(2), BernoulliBandit([0.2, 0.8]), range(8), rounds=100, looks=4)
    >>> found.rounds.tolist(), found.regret.shape, found.in_lanes
    ([25, 50, 75, 100], (8, 4), True)
    """
    seeds = [int(s) for s in random_states]
    if not seeds or rounds < 1 or looks < 1:
        raise ValueError("at least one seed, one round and one look are needed")
    at = np.unique(np.ceil(np.arange(1, looks + 1) * rounds / looks).astype(int))
    many = None if lanes is False else policy.in_lanes(seeds)
    worlds = None if many is None else environment.in_lanes(seeds)
    start = time.perf_counter()
    if many is not None and worlds is not None:
        total, kept, wanted = np.zeros(len(seeds)), [], set(at.tolist())
        for t in range(1, rounds + 1):
            queries = many.ask(worlds.context())
            many.tell(queries, worlds.answer(queries))
            total += worlds.regret(queries)
            if t in wanted:
                kept.append(total.copy())
        regret = np.stack(kept, axis=1)
    elif lanes:
        raise ValueError(f"{policy.name} in {type(environment).__name__} has no form for many seeds at once")
    else:
        regret = np.stack([_one(policy, environment, s, at) for s in seeds])
    seconds = time.perf_counter() - start
    return Curves(at, regret, rounds * len(seeds) / seconds, worlds is not None)


def _one(policy: Policy, environment: Environment, random_state: int, at: np.ndarray) -> np.ndarray:
    record = play(
        policy,
        environment,
        random_state=random_state,
        max_rounds=int(at[-1]),
        watch=lambda p: p.ledger.regret,
    )
    # what stops early loses nothing more
    regrets = np.array(record.trace or [0.0])
    found: np.ndarray = regrets[np.minimum(at, len(regrets)) - 1]
    return found
