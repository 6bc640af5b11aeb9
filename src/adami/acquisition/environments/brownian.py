"""A Brownian path that comes into being where it is looked at."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.acquisition._dyadic import dyadic, length, on_finest, unit_knots
from adami.acquisition.environments._base import Environment


class BrownianPath(Environment):
    """One Brownian path on [0, horizon], drawn point by point with the law that earlier points leave.

    Queries are dyadic parts of the horizon, ``(index, depth)`` for the time ``horizon * index / 2**depth``:
    points closer than doubles can tell apart stay different. It starts at 0 unless a knot says otherwise.

    Parameters
    ----------
    volatility : float
        Standard deviation after one unit of time.
    horizon : float
    knots : sequence of (time, value), optional
        What is known of the path beforehand.
    random_state : int

    Notes
    -----
    `maximum` draws the exact maximum of the path given all points looked at; `loss` holds a decision against
    it. They draw from a stream of their own, and anew after every further answer: ask at the end of a run.

    Examples
    --------
    >>> from adami.acquisition.environments import BrownianPath
    >>> path = BrownianPath()
    >>> path.answer((1, 0)) == path.answer((1, 0)), path.maximum() >= max(0.0, path.answer((1, 0)))
    (True, True)
    """

    def __init__(
        self,
        volatility: float = 1.0,
        horizon: float = 1.0,
        knots: Sequence[tuple[float, float]] | None = None,
        random_state: int = 0,
    ) -> None:
        self.volatility = volatility
        self.horizon = horizon
        self.knots = knots
        self._given = unit_knots(knots, volatility, horizon)
        super().__init__(random_state)

    def _start(self) -> None:
        self.scale = self.volatility * math.sqrt(self.horizon)
        self._values = {on_finest(point): value for point, value in self._given.items()}
        self._order = sorted(self._values)
        self._maximum: float | None = None

    def answer(self, query: tuple[int, int]) -> float:
        place = on_finest(dyadic(*query))
        if place not in self._values:
            self._draw(place)
        return self.scale * self._values[place]

    def _draw(self, place: int) -> None:
        right = bisect_left(self._order, place)
        below = self._order[right - 1]
        before = length(place - below)
        if right == len(self._order):
            mean, variance = self._values[below], before
        else:
            above = self._order[right]
            whole = length(above - below)
            share = before / whole
            mean = (1 - share) * self._values[below] + share * self._values[above]
            variance = before * (length(above - place) / whole)
        self._values[place] = mean + math.sqrt(variance) * self.rng.normal()
        self._order.insert(right, place)
        self._maximum = None

    def maximum(self) -> float:
        """Return the maximum of the whole path, drawn with its law given the points looked at."""
        if self._maximum is None:
            rng = np.random.default_rng([self.random_state, 1])
            # the end is a point like any other
            self.answer((1, 0))
            values = np.array([self._values[p] for p in self._order])
            lengths = [length(b - a) for a, b in zip(self._order[:-1], self._order[1:], strict=True)]
            self._maximum = float(bridge_maxima(values, np.array(lengths), rng).max())
        return self.scale * self._maximum

    def loss(self, decision: Any) -> float:
        """Return how far the value of a decision lies below the maximum of the path."""
        return self.maximum() - float(decision.value)

    @property
    def truth(self) -> float:
        return self.maximum()


def bridge_maxima(values: np.ndarray, lengths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the maxima of Brownian bridges between neighbouring values.

    Parameters
    ----------
    values : array of shape (..., n + 1)
    lengths : array that broadcasts to shape (..., n)
        Lengths in time, for volatility 1.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        Shape ``(..., n)``.
    """
    left, right = values[..., :-1], values[..., 1:]
    # 1 - U lies in (0, 1]
    spread = (left - right) ** 2 - 2 * lengths * np.log1p(-rng.random(left.shape))
    found: np.ndarray = (left + right + np.sqrt(spread)) / 2
    return found
