"""The runner: a policy meets an environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._ledger import Entry
from adami.acquisition.environments._base import REFUSED, Environment


@dataclass(frozen=True, slots=True)
class Record:
    """What happened in one run.

    Parameters
    ----------
    policy : str
    random_state : int
    entries : list of Entry
        Queries with answers, costs and regrets, where the ledger keeps them.
    spent : dict
    regret : float
        Cumulative.
    decision : object
    loss : float or None
        Of the decision, where the environment judges it.
    confidence : float or None
    stop_reason : str
        The policy's, or ``"environment"`` or ``"max_rounds"``.
    seconds : float
        Wall clock of the policy alone.
    trace : list
        What `watch` returned after each answer.
    """

    policy: str
    random_state: int
    entries: list[Entry]
    spent: dict[str, float]
    regret: float
    decision: Any
    loss: float | None
    confidence: float | None
    stop_reason: str
    seconds: float
    trace: list[Any] = field(default_factory=list)

    @property
    def queries(self) -> list[Any]:
        """The queries in order."""
        return [e.query for e in self.entries]

    @property
    def answers(self) -> list[Any]:
        """The answers in order; None where one was refused."""
        return [e.answer for e in self.entries]

    @property
    def cumulative_regret(self) -> np.ndarray:
        """Regret after each query, shape ``(n_queries,)``."""
        return np.cumsum([e.regret for e in self.entries])


def play(
    policy: Policy,
    environment: Environment,
    *,
    random_state: int | None = 0,
    max_rounds: int | None = None,
    watch: Callable[[Policy], Any] | None = None,
) -> Record:
    """Let a policy ask until it stops.

    Parameters
    ----------
    policy : Policy
    environment : Environment
    random_state : int or None
        Both are reset with this seed; None goes on from where they are (a policy that was loaded).
    max_rounds : int, optional
        Ends the run after so many queries.
    watch : callable(policy), optional
        Called after each answer; what it returns is the trace.

    Returns
    -------
    Record

    Examples
    --------
    >>> from adami.acquisition import UCB1, Stop
    >>> from adami.acquisition.run import play
    >>> from adami.acquisition.environments import BernoulliBandit
    >>> record = play(UCB1(2, stop=Stop(max_queries=200)), BernoulliBandit([0.2, 0.8]))
    >>> record.decision, record.stop_reason, record.regret < 30
    (1, 'max_queries', True)
    """
    if random_state is not None:
        policy.reset(random_state)
        environment.reset(random_state)
    trace: list[Any] = []
    rounds, seconds, ended = 0, 0.0, ""
    while not ended:
        start = time.perf_counter()
        query = None if policy.done or environment.done else policy.ask(environment.context())
        seconds += time.perf_counter() - start
        if query is None:
            # a policy that is not done waits for answers
            if policy.done or environment.done or not environment.wait():
                ended = policy.stop_reason or ("environment" if environment.done else "waiting")
        else:
            _send(policy, environment, query)
            rounds += 1
        for told, answer in environment.arrived():
            if policy.done:
                break
            start = time.perf_counter()
            _deliver(policy, environment, told, answer)
            seconds += time.perf_counter() - start
            if watch is not None:
                trace.append(watch(policy))
        if max_rounds is not None and rounds >= max_rounds and not ended:
            ended = policy.stop_reason or "max_rounds"
    decision = policy.recommend()
    return Record(
        policy=policy.name,
        random_state=policy.random_state,
        entries=list(policy.ledger.entries),
        spent=policy.spent,
        regret=policy.ledger.regret,
        decision=decision,
        loss=environment.loss(decision),
        confidence=policy.confidence,
        stop_reason=ended,
        seconds=seconds,
        trace=trace,
    )


def _send(policy: Policy, environment: Environment, query: Any) -> None:
    before = environment.clock
    environment.send(query)
    if not policy.asynchronous:
        environment.wait()
    policy.ledger.charge(time=environment.clock - before)


def _deliver(policy: Policy, environment: Environment, query: Any, answer: Any) -> None:
    cost = environment.cost(query)
    if answer is REFUSED:
        policy.refuse(query, 0.0 if cost is None else cost)
        return
    policy.tell(query, answer, cost)
    if (regret := environment.regret(query)) is not None:
        policy.ledger.lose(regret)
