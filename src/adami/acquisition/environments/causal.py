"""A causal graph that shows which way its arcs point where one intervenes."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.acquisition._orientation import acyclic, as_graph, cut
from adami.acquisition.environments._base import Environment


class CausalGraph(Environment):
    """Ideal interventions on a causal graph: all arcs with one end among the targets are seen.

    Parameters
    ----------
    dag : array of shape (n, n)
        ``dag[u, v]`` for u -> v.
    random_state : int
        Not used: nothing is drawn.

    Examples
    --------
    >>> from adami.acquisition.environments import CausalGraph
    >>> CausalGraph([[0, 1, 0], [0, 0, 1], [0, 0, 0]]).answer((1,))
    ((0, 1), (1, 2))
    """

    def __init__(self, dag: Any, random_state: int = 0) -> None:
        self.dag = as_graph(dag)
        if not acyclic(self.dag):
            raise ValueError("dag has undirected edges or a cycle")
        super().__init__(random_state)

    def answer(self, query: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        return tuple((int(u), int(v)) for u, v in np.argwhere(cut(self.dag, query)))

    @property
    def truth(self) -> np.ndarray:
        return self.dag

    def loss(self, decision: Any) -> float:
        """Return the number of arcs that a graph leaves open or has the wrong way."""
        return float((self.dag & np.asarray(decision).T).sum())
