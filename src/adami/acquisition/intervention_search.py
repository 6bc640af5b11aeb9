"""Which variables to intervene on to orient a causal graph, where interventions cost differently."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._ledger import Contradiction
from adami.acquisition._orientation import (
    checked_cpdag,
    cut,
    essential_graph,
    meek_closure,
    parts,
    v_structures,
)
from adami.acquisition._separators import Steps, vertex_plan, weighted_plan
from adami.acquisition._stop import Stop
from adami.acquisition._verification import checked_weights
from adami.acquisition.domains import Domain, Subset
from adami.acquisition.environments import CausalGraph, Environment

STRATEGIES = ("weighted", "separator", "random", "degree", "cheapest")


class InterventionSearch(Policy):
    """Orient an essential graph by interventions on sets of at most k vertices, at little cost.

    A clique that separates the undirected part into halves is intervened on, but for its heaviest vertex,
    which is touched only where sparing it would cost more; then the parts that are left. Answers are closed
    under Meek's rules. It assumes a faithful graph without hidden causes, and ideal interventions.

    A query is a tuple of vertices, an answer all arcs ``(u, v)`` with exactly one end among them.

    Parameters
    ----------
    cpdag : array of shape (n, n)
        ``cpdag[u, v]`` alone for u -> v, with ``cpdag[v, u]`` for an undirected edge.
    weights : sequence of n floats
        Above 0.
    k : int
        Largest number of vertices in one intervention.
    alpha, beta : float
        An intervention on S costs ``alpha * sum of weights of S + beta``.
    strategy : {"weighted", "separator", "random", "degree", "cheapest"}
        The others are baselines: separators without weights, and one vertex with undirected edges after the
        other, by chance, by their number, or by weight.
    stop : Stop, optional
    random_state : int
        For ``"random"``; ties go to the lowest vertex.

    References
    ----------
    Choo and Shiragur, "New metrics and search algorithms for weighted causal DAGs", 2023. Paper 96 of adami's
    register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import InterventionSearch, essential_graph, play
    >>> from adami.acquisition.environments import CausalGraph
    >>> star = np.zeros((4, 4), dtype=bool)
    >>> star[0, 1:] = True
    >>> search = InterventionSearch(essential_graph(star), [1e6, 1, 1, 1])
    >>> record = play(search, CausalGraph(star))
    >>> record.spent["cost"], record.loss
    (3.0, 0.0)
    """

    name = "intervention_search"
    remembers: ClassVar[tuple[str, ...]] = ("told",)

    def __init__(
        self,
        cpdag: Any,
        weights: Sequence[float],
        k: int = 1,
        *,
        alpha: float = 1.0,
        beta: float = 0.0,
        strategy: str = "weighted",
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        self.cpdag = checked_cpdag(cpdag)
        n = len(self.cpdag)
        self.weights = checked_weights(weights, n)
        if not 1 <= k <= n:
            raise ValueError(f"k={k}: from 1 to {n} vertices in one intervention")
        if not (math.isfinite(alpha) and math.isfinite(beta) and min(alpha, beta) >= 0 < max(alpha, beta)):
            raise ValueError(f"alpha={alpha}, beta={beta}: finite, none below 0 and one above it")
        if strategy not in STRATEGIES:
            raise ValueError(f"strategy={strategy!r}: one of {', '.join(STRATEGIES)}")
        self.k = k
        self.alpha = alpha
        self.beta = beta
        self.strategy = strategy
        self._allowed = v_structures(self.cpdag)
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.told: list[tuple[tuple[int, ...], tuple[tuple[int, int], ...]]] = []
        self._woken()

    def _woken(self) -> None:
        """Play the search again with the answers told so far; its draws depend on the seed alone."""
        self.graph = self.cpdag
        self._plan = self._planned()
        self._next: tuple[int, ...] | None = next(self._plan, None)
        for query, answer in self.told:
            self._learn(self._with(query, answer))

    def _planned(self) -> Steps:
        start = self.cpdag
        if self.strategy == "weighted":
            return weighted_plan(start, self._price, self.weights, self.k)
        if self.strategy == "separator":
            return weighted_plan(start, len, np.ones(len(start)), self.k)
        if self.strategy == "random":
            rng = np.random.default_rng(self.random_state)
            return vertex_plan(start, lambda edges: rng.random(len(edges)))
        if self.strategy == "degree":
            return vertex_plan(start, lambda edges: edges.sum(1))
        return vertex_plan(start, lambda edges: -self.weights)

    def _price(self, vertices: Sequence[int]) -> float:
        """Return the cost of single interventions on some vertices."""
        return float(self.alpha * self.weights[list(vertices)].sum() + self.beta * len(vertices))

    def _with(self, query: tuple[int, ...], answer: Sequence[tuple[int, int]]) -> np.ndarray:
        """Return the graph that is known with an answer, or raise Contradiction."""
        graph = self.graph.copy()
        for u, v in answer:
            if not graph[u, v]:
                raise Contradiction(f"{u} -> {v}, but {v} -> {u} follows from the answers before")
            graph[v, u] = False
        graph = meek_closure(graph)
        if wrong := v_structures(graph) - self._allowed:
            a, b, c = min(wrong)
            raise Contradiction(f"with these arcs {a} -> {b} <- {c}, which the essential graph rules out")
        return graph

    def _learn(self, graph: np.ndarray) -> None:
        self.graph = graph
        try:
            self._next = self._plan.send(graph)
        except StopIteration:
            self._next = None

    def queries(self) -> Domain:
        return Subset(len(self.cpdag), at_most=self.k)

    def answers(self, query: tuple[int, ...]) -> Domain:
        edges = np.argwhere(np.triu(cut(self.cpdag | self.cpdag.T, query)))
        return Orientations(tuple((int(u), int(v)) for u, v in edges))

    def cost(self, query: tuple[int, ...]) -> float:
        return float(self.alpha * self.weights[list(query)].sum() + self.beta)

    def _ask(self, context: Any) -> tuple[int, ...] | None:
        if self._next is None:
            self._end("oriented")
        return self._next

    def _tell(self, query: tuple[int, ...], answer: tuple[tuple[int, int], ...]) -> None:
        graph = self._with(query, answer)
        self.told.append((query, answer))
        self._learn(graph)

    def recommend(self) -> np.ndarray:
        """Return the graph with all arcs that are known."""
        return self.graph.copy()

    @property
    def open_edges(self) -> int:
        """How many edges are not oriented."""
        return int(np.triu(parts(self.graph)[1]).sum())

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        # a path that begins in its middle
        dag = np.zeros((6, 6), dtype=bool)
        for u, v in ((3, 2), (2, 1), (1, 0), (3, 4), (4, 5)):
            dag[u, v] = True
        weights = [1.0, 2.0, 1.0, 4.0, 1.0, 2.0]
        return cls(essential_graph(dag), weights, random_state=random_state), CausalGraph(dag)


@dataclass(frozen=True)
class Orientations(Domain):
    """One orientation of each of some edges, as a sorted tuple of arcs ``(u, v)``.

    Parameters
    ----------
    edges : tuple of (int, int)
    """

    edges: tuple[tuple[int, int], ...]

    def check(self, value: Any, what: str) -> tuple[tuple[int, int], ...]:
        try:
            arcs = sorted((int(u), int(v)) for u, v in value)
        except (TypeError, ValueError):
            raise ValueError(f"{what} {value!r} is no list of arcs (u, v)") from None
        if sorted(tuple(sorted(arc)) for arc in arcs) != sorted(self.edges):
            shown = ", ".join(f"{u} - {v}" for u, v in self.edges)
            raise ValueError(f"{what} {value!r} does not orient each of the edges {shown} once")
        return tuple(arcs)

    def sample(self, rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
        turned = rng.random(len(self.edges)) < 0.5
        return tuple(sorted((v, u) if t else (u, v) for (u, v), t in zip(self.edges, turned, strict=True)))
