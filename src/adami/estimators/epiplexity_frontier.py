"""Which model to code with at which compute: the lower hull of code lengths over operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class CodePoint:
    """One model at one moment of its training.

    Parameters
    ----------
    compute : float
        Operations to train it and to read the test tokens with it.
    structure, noise : float
        Code lengths of the model and of the test tokens under it; nats.
    parameters : int
        Of the model.
    tokens : int
        That it was trained on.
    """

    compute: float
    structure: float
    noise: float
    parameters: int = 0
    tokens: int = 0

    @property
    def total(self) -> float:
        """Length of the two-part code; nats."""
        return self.structure + self.noise


@dataclass(frozen=True, slots=True)
class Frontier:
    """Points of several trainings, and those on their lower hull.

    Parameters
    ----------
    points : tuple of CodePoint
    hull : tuple of CodePoint
        By growing compute.
    """

    points: tuple[CodePoint, ...]
    hull: tuple[CodePoint, ...]

    def at(self, budget: float) -> CodePoint:
        """Return the hull's point of the shortest code that a budget of operations allows.

        Raises
        ------
        ValueError
            If no point is that cheap.
        """
        within = [p for p in self.hull if p.compute <= budget]
        if not within:
            raise ValueError(
                f"budget={budget:g} operations is below the cheapest model ({self.hull[0].compute:g}); raise "
                "it, or train smaller models for a shorter time"
            )
        return min(within, key=lambda p: p.total)


def training_compute(parameters: float, tokens_trained: float, test_tokens: float) -> float:
    """Return the operations of training on some tokens and reading others: ``6 N t + 2 N D``.

    Examples
    --------
    >>> from adami.estimators import training_compute
    >>> training_compute(1000, 2000, 3000)
    18000000
    """
    return parameters * (6 * tokens_trained + 2 * test_tokens)


def lower_frontier(points: Sequence[CodePoint], tolerance: float = 0.01) -> Frontier:
    """Return the lower hull of code lengths over compute, without points that a cheaper one beats.

    Parameters
    ----------
    points : sequence of CodePoint
    tolerance : float
        How far, as a share, a point may lie above the hull or above a cheaper point's length and still be
        part of it: lengths are measured with noise.

    Returns
    -------
    Frontier

    Raises
    ------
    ValueError
        Without points, for a length or compute that is not finite, or a tolerance outside of [0, 1).

    Examples
    --------
    >>> from adami.estimators import CodePoint, lower_frontier
    >>> points = [CodePoint(c, 1.0, h) for c, h in [(1, 9), (2, 8), (3, 2), (4, 5), (5, 1)]]
    >>> frontier = lower_frontier(points, tolerance=0)
    >>> [p.compute for p in frontier.hull], frontier.at(4).total
    ([1, 3, 5], 3.0)
    """
    if not points:
        raise ValueError("no points: nothing was trained")
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance={tolerance}: a share from 0 to below 1")
    if not np.isfinite([(p.compute, p.total) for p in points]).all():
        raise ValueError("points: compute and code lengths have to be finite")
    hull: list[CodePoint] = []
    lowest = np.inf
    for point in sorted(points, key=lambda p: (p.compute, p.total)):
        if hull and point.compute == hull[-1].compute:
            continue
        if point.total > lowest + tolerance * abs(lowest):
            continue
        while len(hull) >= 2 and _above(hull[-2], hull[-1], point, tolerance):
            hull.pop()
        hull.append(point)
        lowest = min(lowest, point.total)
    return Frontier(tuple(points), tuple(hull))


def _above(a: CodePoint, middle: CodePoint, b: CodePoint, tolerance: float) -> bool:
    """Whether a point lies on or above the line between its neighbours, by more than the tolerance."""
    share = (middle.compute - a.compute) / (b.compute - a.compute)
    line = a.total + share * (b.total - a.total)
    return middle.total >= line + tolerance * abs(line)
