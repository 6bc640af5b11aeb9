"""Answers that take time, on a simulated clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np

from adami.acquisition.environments._base import Environment


class Delayed(Environment):
    """An environment whose answers arrive late and in another order.

    Parameters
    ----------
    environment : Environment
        What answers.
    latency : callable(rng) -> float
        How long an answer is on its way.
    period : float
        Time from one query to the next.
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import BernoulliBandit, Delayed
    >>> world = Delayed(BernoulliBandit([0.2, 0.8]), lambda rng: 2.5, period=1.0)
    >>> world.send(1), world.arrived(), world.clock
    (None, [], 1.0)
    >>> world.wait(), world.clock, len(world.arrived())
    (True, 2.5, 1)
    """

    def __init__(
        self,
        environment: Environment,
        latency: Callable[[np.random.Generator], float],
        period: float = 1.0,
        random_state: int = 0,
    ) -> None:
        if not period >= 0:
            raise ValueError(f"period={period}: time does not run backwards")
        self.environment = environment
        self.latency = latency
        self.period = period
        super().__init__(random_state)

    def _start(self) -> None:
        self.environment.reset(self.random_state)
        self._flying: list[tuple[float, int, Any, Any]] = []
        self._sent = 0

    def send(self, query: Any) -> None:
        late = float(self.latency(self.rng))
        if not (np.isfinite(late) and late >= 0):
            raise ValueError(f"a latency of {late} is no finite number of at least 0")
        # what was sent first comes first among answers of the same moment
        heapq.heappush(self._flying, (self.clock + late, self._sent, query, self.environment.answer(query)))
        self._sent += 1
        self.clock += self.period

    def arrived(self) -> list[tuple[Any, Any]]:
        found = []
        while self._flying and self._flying[0][0] <= self.clock:
            _, _, query, answer = heapq.heappop(self._flying)
            found.append((query, answer))
        return found

    def wait(self) -> bool:
        if not self._flying:
            return False
        self.clock = max(self.clock, self._flying[0][0])
        return True

    def context(self) -> Any:
        return self.environment.context()

    def answer(self, query: Any) -> Any:
        return self.environment.answer(query)

    def cost(self, query: Any) -> float | None:
        return self.environment.cost(query)

    def regret(self, query: Any) -> float | None:
        return self.environment.regret(query)

    def loss(self, decision: Any) -> float | None:
        return self.environment.loss(decision)

    @property
    def truth(self) -> Any:
        return self.environment.truth

    @property
    def done(self) -> bool:
        return self.environment.done
