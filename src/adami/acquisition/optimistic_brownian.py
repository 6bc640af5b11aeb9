"""Optimistic optimization of a Brownian: look where the path may still be highest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Self

from adami.acquisition._base import Policy
from adami.acquisition._dyadic import Dyadic, DyadicTime, as_float, dyadic, length, on_finest, unit_knots
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Real
from adami.acquisition.environments import BrownianPath, Environment

_Interval = tuple[float, int, Dyadic, Dyadic]
"""The negative of the optimistic value, the start on the finest grid (it decides ties), and both ends."""


class BrownianMaximum(NamedTuple):
    """Where a Brownian path is highest.

    Parameters
    ----------
    t : float
        Time of the best point looked at.
    value : float
        Its value.
    gap_bound : float
        The maximum of the path is not further above `value`, but for a probability of at most ``accuracy**5``
        (accuracy by ``volatility * sqrt(horizon)``); infinite before both ends are known.
    """

    t: float
    value: float
    gap_bound: float


def optimistic_radius(length: float, accuracy: float) -> float:
    """Return how far a Brownian bridge may rise above its higher end, but for a small probability.

    Parameters
    ----------
    length : float
        Of the interval, above 0 and at most 1, for volatility 1.
    accuracy : float
        Above 0 and below 1.

    Returns
    -------
    float
        sqrt(5/2 length ln(2 / (accuracy length))); exceeded with probability at most (accuracy length / 2)^5.

    Examples
    --------
    >>> from adami.acquisition import optimistic_radius
    >>> round(optimistic_radius(1.0, 0.1), 4)
    2.7367
    """
    return math.sqrt(2.5 * length * math.log(2.0 / (accuracy * length)))


class BrownianOptimizer(Policy):
    """Find the maximum of a Brownian path to a given accuracy with few looks.

    Both ends are looked at; then always the middle of the interval with the highest optimistic value, the
    higher end plus `optimistic_radius`. It stops with ``"certified"`` when the radius of that interval is at
    most the accuracy: the best point looked at is then within the accuracy of the maximum, with a probability
    of at least 1 - accuracy (in fact 1 - accuracy^5). On average it needs about 30 ln(1/accuracy)^2 looks.

    Queries are ``(index, depth)`` for the time ``horizon * index / 2**depth`` (see `time`); as doubles,
    neighbouring points would fall together below an accuracy of about 1e-7.

    Parameters
    ----------
    accuracy : float
        In the units of the path; below ``volatility * sqrt(horizon)``.
    knots : sequence of (time, value), optional
        Points that are known. Without one at time 0 the path starts at 0.
    volatility : float
        Standard deviation of the path after one unit of time.
    horizon : float
        The path runs from 0 to here.
    stop : Stop, optional
    random_state : int
        Not used: ties go to the earliest interval.

    References
    ----------
    Grill, Valko and Munos, "Optimistic optimization of a Brownian", 2018. Paper 32 of adami's register.

    Examples
    --------
    >>> from adami.acquisition import BrownianOptimizer, play
    >>> from adami.acquisition.environments import BrownianPath
    >>> record = play(BrownianOptimizer(0.05), BrownianPath(), random_state=0)
    >>> record.stop_reason, record.loss <= 0.05, record.decision.gap_bound <= 0.05
    ('certified', True, True)
    """

    name = "optimistic_brownian"
    remembers: ClassVar[tuple[str, ...]] = ("values",)

    def __init__(
        self,
        accuracy: float,
        *,
        knots: Sequence[tuple[float, float]] | None = None,
        volatility: float = 1.0,
        horizon: float = 1.0,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        self.accuracy = accuracy
        self.knots = None if knots is None else [(float(t), float(v)) for t, v in knots]
        self.volatility = volatility
        self.horizon = horizon
        self._given = unit_knots(self.knots, volatility, horizon)
        self._scale = volatility * math.sqrt(horizon)
        if not 1e-12 * self._scale <= accuracy < self._scale:
            raise ValueError(
                f"accuracy={accuracy}: at least 1e-12 (doubles hold no more) and less than 1 times "
                f"volatility * sqrt(horizon) = {self._scale:g} is wanted"
            )
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.values: dict[Dyadic, float] = dict(self._given)
        self._woken()

    def _woken(self) -> None:
        points = sorted(self.values, key=on_finest)
        # the first of equal ones
        self._best = max(points, key=lambda p: self.values[p])
        self._heap: list[_Interval] = []
        if (1, 0) in self.values:
            self._heap = [self._interval(a, b) for a, b in pairwise(points)]
            heapify(self._heap)

    def _interval(self, left: Dyadic, right: Dyadic) -> _Interval:
        start = on_finest(left)
        radius = optimistic_radius(length(on_finest(right) - start), self.accuracy / self._scale)
        return -max(self.values[left], self.values[right]) - radius, start, left, right

    def queries(self) -> Domain:
        return DyadicTime()

    def answers(self, query: Dyadic) -> Domain:
        return Real()

    def time(self, query: Dyadic) -> float:
        """Return the time that a query means, rounded to a double."""
        return self.horizon * as_float(query)

    def _ask(self, context: Any) -> Dyadic | None:
        if not self._heap:
            return 1, 0
        upper, _, left, right = self._heap[0]
        # the interval's radius, without taking the logarithm again
        if -upper - max(self.values[left], self.values[right]) <= self.accuracy / self._scale:
            self._end("certified")
            return None
        return _middle(left, right)

    def _tell(self, query: Dyadic, answer: float) -> None:
        value = answer / self._scale
        self.values[query] = value
        best = self.values[self._best]
        if value > best or (value == best and on_finest(query) < on_finest(self._best)):
            self._best = query
        if query == (1, 0):
            self._woken()
            return
        _, _, left, right = heappop(self._heap)
        heappush(self._heap, self._interval(left, query))
        heappush(self._heap, self._interval(query, right))

    def recommend(self) -> BrownianMaximum:
        """Return the best point looked at, with how much higher the path may be."""
        best = self.values[self._best]
        gap = -self._heap[0][0] - best if self._heap else math.inf
        return BrownianMaximum(self.time(self._best), self._scale * best, self._scale * gap)

    def intervals(self) -> list[tuple[float, float, float]]:
        """Return (start, end, optimistic value) of all intervals, in order of time."""
        return [
            (self.time(a), self.time(b), -upper * self._scale)
            for upper, _, a, b in sorted(self._heap, key=lambda interval: interval[1])
        ]

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        knots = [(0.7, 0.4)]
        return cls(0.2, knots=knots, random_state=random_state), BrownianPath(knots=knots)


def sample_brownian_maximum(
    accuracy: float,
    *,
    knots: Sequence[tuple[float, float]] | None = None,
    volatility: float = 1.0,
    horizon: float = 1.0,
    random_state: int = 0,
) -> BrownianMaximum:
    """Draw where a Brownian path through given points is highest, and how high, for Thompson sampling.

    The path is drawn only where `BrownianOptimizer` looks at it.

    Parameters
    ----------
    accuracy : float
        The value drawn is within it of the path's maximum, with a probability of at least 1 - accuracy.
    knots : sequence of (time, value), optional
    volatility, horizon : float
    random_state : int

    Returns
    -------
    BrownianMaximum

    References
    ----------
    Grill, Valko and Munos, "Optimistic optimization of a Brownian", 2018. Paper 32 of adami's register.

    Examples
    --------
    >>> from adami.acquisition import sample_brownian_maximum
    >>> drawn = sample_brownian_maximum(0.05, knots=[(0.25, 3.0), (1.0, 0.0)])
    >>> 0 < drawn.t < 1, drawn.value >= 3.0
    (True, True)
    """
    scale: dict[str, Any] = {"knots": knots, "volatility": volatility, "horizon": horizon}
    policy = BrownianOptimizer(accuracy, **scale)
    path = BrownianPath(**scale, random_state=random_state)
    while (query := policy.ask()) is not None:
        policy.tell(query, path.answer(query))
    return policy.recommend()


def _middle(left: Dyadic, right: Dyadic) -> Dyadic:
    depth = max(left[1], right[1])
    return dyadic((left[0] << (depth - left[1])) + (right[0] << (depth - right[1])), depth + 1)
