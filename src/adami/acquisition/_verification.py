"""What it costs at least to check a causal graph by interventions that cost differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.acquisition._orientation import acyclic, as_graph, class_members


def checked_weights(weights: Sequence[float], n: int) -> np.ndarray:
    """Return weights as an array, or raise ValueError naming the first that is wrong."""
    found = np.asarray(weights, dtype=float)
    if found.shape != (n,):
        raise ValueError(f"weights has shape {found.shape}: one weight for each of {n} vertices is wanted")
    if (wrong := ~(np.isfinite(found) & (found > 0))).any():
        v = int(wrong.argmax())
        raise ValueError(f"weights[{v}]={found[v]}: a weight is finite and above 0")
    return found


def covered_edges(dag: np.ndarray) -> list[tuple[int, int]]:
    """Return the arcs u -> v whose ends have the same parents but for u; they form a forest."""
    found = []
    for u, v in np.argwhere(dag):
        into = dag[:, v].copy()
        into[u] = False
        if np.array_equal(into, dag[:, u]):
            found.append((int(u), int(v)))
    return found


def verification_set(dag: Any, weights: Sequence[float]) -> tuple[float, tuple[int, ...]]:
    """Return the cheapest single-vertex interventions that orient a known causal graph, with their cost.

    It is the cheapest vertex cover of the covered edges, found by going up their trees.

    Parameters
    ----------
    dag : array of shape (n, n)
    weights : sequence of n floats

    Returns
    -------
    tuple of float and tuple of int

    Examples
    --------
    >>> from adami.acquisition import verification_set
    >>> verification_set([[0, 1, 1], [0, 0, 0], [0, 0, 0]], [5.0, 1.0, 1.0])
    (2.0, (1, 2))
    """
    graph = as_graph(dag)
    if not acyclic(graph):
        raise ValueError("dag has a cycle or undirected edges")
    w = checked_weights(weights, len(graph))
    near: dict[int, list[int]] = {v: [] for v in range(len(graph))}
    for u, v in covered_edges(graph):
        near[u].append(v)
        near[v].append(u)
    cost, chosen, seen = 0.0, [], set[int]()
    for root in near:
        if root in seen:
            continue
        order, above = [root], {root: -1}
        for u in order:
            for v in near[u]:
                if v != above[u]:
                    above[v] = u
                    order.append(v)
        seen |= set(order)
        taken, spared = {v: float(w[v]) for v in order}, dict.fromkeys(order, 0.0)
        for v in reversed(order[1:]):
            taken[above[v]] += min(taken[v], spared[v])
            spared[above[v]] += taken[v]
        cost += min(taken[root], spared[root])
        inside: dict[int, bool] = {-1: True}
        for v in order:
            inside[v] = not inside[above[v]] or taken[v] < spared[v]
            if inside[v]:
                chosen.append(v)
    return cost, tuple(sorted(chosen))


def verification_cost(dag: Any, weights: Sequence[float]) -> float:
    """Return the cost of `verification_set`.

    Parameters
    ----------
    dag : array of shape (n, n)
    weights : sequence of n floats
    """
    return verification_set(dag, weights)[0]


def worst_verification_cost(cpdag: Any, weights: Sequence[float]) -> float:
    """Return the largest verification cost of all causal graphs of a class: the benchmark of a search.

    All members are listed, so that it is for small graphs.

    Parameters
    ----------
    cpdag : array of shape (n, n)
    weights : sequence of n floats

    Examples
    --------
    >>> from adami.acquisition import worst_verification_cost
    >>> worst_verification_cost([[0, 1], [1, 0]], [5.0, 1.0])
    1.0
    """
    return max(verification_cost(member, weights) for member in class_members(cpdag))
