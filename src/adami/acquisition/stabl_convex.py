"""StABL for convex losses: three looks, or two, on a ball or any set that one can project on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._restarts import bet, restarts
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Reals
from adami.acquisition.environments import Environment, SwitchingTarget


class StABLConvex(Policy):
    """Minimize convex losses that change fast, from values alone, with small regret on every interval.

    Each learner is gradient descent with steps tuned to the time after which it starts anew; a mixture
    bets on the best. The gradient is that along a random direction: dim / (2 width) times the
    difference of the losses at both sides of the played point.

    A query is an array of points, one a row: the played point and both sides, or with two looks both sides
    alone, the first of which is played. An answer is the array of their losses.

    Parameters
    ----------
    dim : int
    horizon : int
        Number of rounds, after which it stops with ``"horizon"``.
    radius : float
        Of the ball around 0 that holds the set.
    lipschitz : float
        Largest slope of the losses.
    width : float, optional
        How far to the sides it looks; ``radius / sqrt(horizon)`` without it.
    looks : {3, 2}
    project : callable(points) -> points, optional
        Projection of points of shape ``(n, dim)`` on the set; the ball without it. Learners stay `width`
        inside of the ball; in a set of one's own the looks may lie outside by up to `width`. Not stored.
    base, first : int
        As in `StABL`; `first` is 16 dim without it.
    stop : Stop, optional
    random_state : int

    References
    ----------
    Lu and Hazan, "Adaptive Regret for Bandits Made Possible: Two Queries Suffice", 2024. Paper 85 of adami's
    register.

    Examples
    --------
    >>> from adami.acquisition import StABLConvex, play
    >>> from adami.acquisition.environments import SwitchingTarget
    >>> world = SwitchingTarget([400, 400], [[0.5, 0.0], [-0.5, 0.0]])
    >>> record = play(StABLConvex(2, 800), world, random_state=0)
    >>> record.stop_reason, record.regret < 250
    ('horizon', True)
    """

    name = "stabl_convex"
    repeats = True
    keeps_entries = False
    needs = ("project",)
    remembers: ClassVar[tuple[str, ...]] = ("points", "weights", "round", "direction")

    def __init__(
        self,
        dim: int,
        horizon: int,
        *,
        radius: float = 1.0,
        lipschitz: float = 1.0,
        width: float | None = None,
        looks: int = 3,
        project: Callable[[np.ndarray], np.ndarray] | None = None,
        base: int = 4,
        first: int | None = None,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        if dim < 1 or horizon < 1 or base < 2 or (first is not None and first < 1):
            raise ValueError(
                f"dim={dim}, horizon={horizon}, base={base}, first={first}: at least 1, 1, 2 and 1 are wanted"
            )
        for word, value in (("radius", radius), ("lipschitz", lipschitz)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{word}={value}: a finite number above 0 is wanted")
        if width is not None and not 0 < width < radius:
            raise ValueError(f"width={width}: above 0 and below the radius {radius} is wanted")
        if looks not in (2, 3):
            raise ValueError(f"looks={looks}: 2 or 3 looks a round")
        self.dim = dim
        self.horizon = horizon
        self.radius = radius
        self.lipschitz = lipschitz
        self.width = width
        self.looks = looks
        self.project = project
        self.base = base
        self.first = first
        self._width = radius / math.sqrt(horizon + 1) if width is None else width
        # |<gradient, x - y>| <= dim * lipschitz * diameter: divided by it, regrets lie in [-1, 1]
        self._range = dim * lipschitz * 2 * radius
        self._lengths, self._meta = restarts(horizon, first or 16 * dim, base, regret_range=1.0)
        self._steps = 2 * radius / (lipschitz * np.sqrt(dim * self._lengths))
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.points = np.zeros((len(self._lengths), self.dim))
        self.weights = self._meta.copy()
        self.round = 0
        self.direction = np.zeros(self.dim)

    def queries(self) -> Domain:
        return Reals((self.looks, self.dim))

    def answers(self, query: np.ndarray) -> Domain:
        return Reals((self.looks,))

    def recommend(self) -> np.ndarray:
        """Return the point that the learners agree on."""
        found: np.ndarray = self.weights @ self.points / self.weights.sum()
        return found

    def _ask(self, context: Any) -> np.ndarray:
        drawn = self.rng.normal(size=self.dim)
        self.direction = drawn / np.linalg.norm(drawn)
        here, aside = self.recommend(), self._width * self.direction
        sides = np.stack([here + aside, here - aside])
        return sides if self.looks == 2 else np.vstack([here, sides])

    def _tell(self, query: np.ndarray, answer: np.ndarray) -> None:
        slope = (answer[-2] - answer[-1]) / (2 * self._width)
        if abs(slope) > self.lipschitz * (1 + 1e-6) + 1e-9:
            raise ValueError(
                f"the losses rise by {abs(slope):g} a unit, lipschitz={self.lipschitz:g} is too low"
            )
        gradient = self.dim * slope * self.direction
        regrets = (self.recommend() - self.points) @ gradient / self._range
        self.weights = bet(self.weights[None], self._meta, regrets[None])[0]
        self.points = self._projected(self.points - self._steps[:, None] * gradient)
        self.round += 1
        # at the horizon all is over, and what was learnt stays
        anew = (self.round % self._lengths == 0) & (self.round < self.horizon)
        self.points[anew] = self._projected(np.zeros((int(anew.sum()), self.dim)))
        self.weights[anew] = self._meta[anew]
        if self.round >= self.horizon:
            self._end("horizon")

    def _projected(self, points: np.ndarray) -> np.ndarray:
        if self.project is not None:
            found = np.asarray(self.project(points), dtype=float)
            if found.shape != points.shape or not np.isfinite(found).all():
                raise ValueError("project has to return as many finite points as it is given")
            return found
        norms = np.linalg.norm(points, axis=1, keepdims=True)
        inside: np.ndarray = points * np.minimum(1.0, (self.radius - self._width) / np.maximum(norms, 1e-300))
        return inside

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        world = SwitchingTarget([20, 20], [[0.5, 0.0], [-0.5, 0.0]])
        return cls(2, 40, random_state=random_state), world
