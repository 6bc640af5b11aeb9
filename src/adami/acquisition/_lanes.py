"""Many seeds at once: the forms of policies and environments whose state has one row a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np


class LanePolicy(Protocol):
    """A policy for many seeds at once; every array has one row a seed."""

    def ask(self, context: Any = None) -> np.ndarray:
        """Return one query a seed."""
        ...

    def tell(self, queries: np.ndarray, answers: np.ndarray) -> None:
        """Take one answer a seed in."""
        ...


class LaneEnvironment(Protocol):
    """An environment for many seeds at once."""

    def context(self) -> Any:
        """Return what the policies may know."""
        ...

    def answer(self, queries: np.ndarray) -> np.ndarray:
        """Return one answer a seed."""
        ...

    def regret(self, queries: np.ndarray) -> np.ndarray:
        """Return the regret of one query a seed."""
        ...


class LaneRandom:
    """Random numbers for many seeds at once: lane i draws what ``default_rng(seed_i)`` draws one by one.

    One call draws the same kind for every lane; blocks are drawn ahead. Do not mix kinds in one object where
    the numbers have to be those of a single run: use one object a kind, with different `stream`.

    Parameters
    ----------
    random_states : sequence of int
    stream : int, optional
        Independent numbers from the same seeds.
    block : int
        Rounds drawn ahead.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import LaneRandom
    >>> lanes = LaneRandom([0, 7])
    >>> float(lanes.uniform()[1]) == np.random.default_rng(7).random()
    True
    """

    def __init__(self, random_states: Sequence[int], stream: int | None = None, block: int = 1024) -> None:
        keys = [s if stream is None else [s, stream] for s in random_states]
        self.generators = [np.random.default_rng(key) for key in keys]
        self.block = block
        self._ahead: dict[tuple[str, int], tuple[np.ndarray, int]] = {}

    def __len__(self) -> int:
        return len(self.generators)

    def uniform(self, count: int = 1) -> np.ndarray:
        """Return numbers from 0 to 1, shape ``(lanes,)``, or ``(lanes, count)`` for count above 1."""
        return self._next("uniform", count)

    def normal(self, count: int = 1) -> np.ndarray:
        """Return standard normal numbers, shape ``(lanes,)``, or ``(lanes, count)`` for count above 1."""
        return self._next("normal", count)

    def _next(self, kind: str, count: int) -> np.ndarray:
        values, place = self._ahead.get((kind, count), (np.empty((0, 0, 0)), 0))
        if place == values.shape[0]:
            shape = (self.block, count)
            drawn = [g.random(shape) if kind == "uniform" else g.normal(size=shape) for g in self.generators]
            # one round of all lanes lies together
            values, place = np.ascontiguousarray(np.stack(drawn, axis=1)), 0
        self._ahead[kind, count] = values, place + 1
        row: np.ndarray = values[place]
        return row[:, 0] if count == 1 else row
