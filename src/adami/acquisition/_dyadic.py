"""Times as dyadic numbers: exact where neighbouring points are closer than doubles can tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.acquisition.domains import Domain, Whole

FINEST = 1200
"""Depth of the finest grid; every double from 0 to 1 lies on it, and more than a hundred halvings of each."""

Dyadic = tuple[int, int]
"""index / 2**depth in lowest terms."""


def dyadic(index: int, depth: int) -> Dyadic:
    """Return index / 2**depth in lowest terms."""
    if index == 0:
        return 0, 0
    twos = min((index & -index).bit_length() - 1, depth)
    return index >> twos, depth - twos


def from_float(number: float) -> Dyadic:
    """Return a number from 0 to 1 exactly."""
    top, bottom = number.as_integer_ratio()
    return top, bottom.bit_length() - 1


def on_finest(point: Dyadic) -> int:
    """Return the index of a point on the finest grid."""
    return point[0] << (FINEST - point[1])


def length(whole: int) -> float:
    """Return a difference of indices on the finest grid as a part of the horizon."""
    return whole / (1 << FINEST)


def as_float(point: Dyadic) -> float:
    """Return the nearest double."""
    return point[0] / (1 << point[1])


@dataclass(frozen=True)
class DyadicTime(Domain):
    """A part of the horizon: ``(index, depth)`` for index / 2**depth, from 0 to 1."""

    def check(self, value: Any, what: str) -> Dyadic:
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise ValueError(f"{what} {value!r} is no pair (index, depth) for the time index / 2**depth")
        depth = Whole(FINEST + 1).check(value[1], f"{what}, depth:")
        index = value[0]
        whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
        if not whole or not 0 <= index <= 1 << depth:
            raise ValueError(f"{what} {value!r}: the index is a whole number from 0 to 2**depth")
        return dyadic(int(index), depth)

    def sample(self, rng: np.random.Generator) -> Dyadic:
        depth = int(rng.integers(1, 20))
        return dyadic(int(rng.integers(0, (1 << depth) + 1)), depth)


def unit_knots(
    knots: Sequence[tuple[float, float]] | None, volatility: float, horizon: float
) -> dict[Dyadic, float]:
    """Return knots with time and value of the standard Brownian motion on [0, 1], in order of time.

    Raises
    ------
    ValueError
        If the scale or a knot has no meaning.
    """
    for name, scale in (("volatility", volatility), ("horizon", horizon)):
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"{name}={scale}: a finite number above 0 is wanted")
    found: dict[Dyadic, float] = {(0, 0): 0.0}
    unit = volatility * math.sqrt(horizon)
    seen: set[Dyadic] = set()
    for time, value in sorted(knots or []):
        if not (math.isfinite(time) and math.isfinite(value) and 0 <= time <= horizon):
            raise ValueError(
                f"knot ({time}, {value}): a time from 0 to {horizon} and a finite value are wanted"
            )
        point = from_float(float(time) / horizon)
        if point in seen:
            raise ValueError(f"there are two knots at the time {time}; keep one")
        seen.add(point)
        found[point] = float(value) / unit
    return found
