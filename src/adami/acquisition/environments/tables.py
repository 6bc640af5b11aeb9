"""One row of a table, hidden: every feature is known when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.acquisition.environments._base import REFUSED, Environment


class FeatureTable(Environment):
    """A patient drawn from a table: queries are numbers of features, answers their values.

    Parameters
    ----------
    x : array of shape (n, d)
        A NaN is a measurement that is refused.
    y : array of shape (n,), optional
        What is to be decided.
    costs : sequence of d floats, optional
    row : int, optional
        This row, rather than a drawn one.
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import FeatureTable
    >>> world = FeatureTable([[1.0, 2.0], [3.0, 4.0]], [0, 1], row=1)
    >>> world.answer(0), world.loss(1), world.truth
    (3.0, 0.0, 1)
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        costs: Sequence[float] | None = None,
        row: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.x = np.asarray(x, dtype=float)
        if self.x.ndim != 2 or 0 in self.x.shape:
            raise ValueError(f"x has shape {self.x.shape}; rows and columns are needed")
        self.y = None if y is None else np.asarray(y)
        if self.y is not None and self.y.shape != self.x.shape[:1]:
            raise ValueError(f"y has shape {self.y.shape}, not ({self.x.shape[0]},)")
        self.costs = None if costs is None else np.asarray(costs, dtype=float)
        if self.costs is not None and self.costs.shape != self.x.shape[1:]:
            raise ValueError(f"costs has shape {self.costs.shape}, not ({self.x.shape[1]},)")
        self.fixed = row
        super().__init__(random_state)

    def _start(self) -> None:
        self.row = int(self.rng.integers(len(self.x))) if self.fixed is None else self.fixed

    def answer(self, query: int) -> Any:
        value = float(self.x[self.row, query])
        return REFUSED if np.isnan(value) else value

    def cost(self, query: int) -> float | None:
        return None if self.costs is None else float(self.costs[query])

    def loss(self, decision: Any) -> float | None:
        return None if self.y is None else float(decision != self.truth)

    @property
    def truth(self) -> Any:
        return None if self.y is None else self.y[self.row].item()
