"""Partly directed graphs: Meek's rules, essential graphs, and the members of a class.

A graph is a Boolean matrix: ``graph[u, v]`` alone is the arc u -> v, with ``graph[v, u]`` an undirected edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from adami.acquisition._ledger import Contradiction


def meek_closure(graph: Any) -> np.ndarray:
    """Return a graph with all arcs that follow from those given, by Meek's four rules.

    Parameters
    ----------
    graph : array of shape (n, n)
        ``graph[u, v]`` and not ``graph[v, u]`` for an arc u -> v, both for an undirected edge.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    Contradiction
        If the arcs form a cycle, or two rules orient an edge both ways. It is a ValueError.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import meek_closure
    >>> found = meek_closure(np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0]]))
    >>> bool(found[1, 2]), bool(found[2, 1])
    (True, False)
    """
    found = as_graph(graph).copy()
    while True:
        arcs, edges = parts(found)
        near = found | found.T
        apart = ~near
        np.fill_diagonal(apart, False)
        new = edges & ((_through(arcs.T, apart)) | _through(arcs, arcs))
        for a, b in np.argwhere(edges & ~new):
            both = np.flatnonzero(edges[a] & arcs[:, b])
            if apart[np.ix_(both, both)].any():
                new[a, b] = True
                continue
            # a - d -> c -> b with d apart from b and a beside c
            middle = arcs[:, b] & near[a]
            start = edges[a] & apart[:, b]
            new[a, b] = arcs[np.ix_(start, middle)].any()
        if not new.any():
            break
        if (new & new.T).any():
            u, v = np.argwhere(new & new.T)[0]
            raise Contradiction(f"the edge {u} - {v} would have to point both ways")
        found &= ~new.T
    if not acyclic(parts(found)[0]):
        raise Contradiction("the arcs form a cycle")
    return found


def essential_graph(dag: Any) -> np.ndarray:
    """Return the essential graph (CPDAG) of a directed acyclic graph.

    Parameters
    ----------
    dag : array of shape (n, n)

    Examples
    --------
    >>> from adami.acquisition import essential_graph
    >>> essential_graph([[0, 1], [0, 0]]).tolist()
    [[False, True], [True, False]]
    """
    return interventional_essential_graph(dag, ())


def interventional_essential_graph(dag: Any, interventions: Iterable[Iterable[int]]) -> np.ndarray:
    """Return what is known of a directed acyclic graph after ideal interventions.

    Parameters
    ----------
    dag : array of shape (n, n)
    interventions : iterable of sets of vertices

    Raises
    ------
    ValueError
        If the graph has undirected edges or a cycle.
    """
    true = as_graph(dag)
    if (true & true.T).any() or not acyclic(true):
        raise ValueError("dag has undirected edges or a cycle")
    known = true | true.T
    for a, b, c in v_structures(true):
        known[b, a] = known[b, c] = False
    for targets in interventions:
        known &= ~cut(true, targets).T
    return meek_closure(known)


def as_graph(graph: Any) -> np.ndarray:
    """Return a Boolean matrix, or raise ValueError."""
    found = np.asarray(graph)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not np.isin(found, (0, 1)).all():
        raise ValueError("a graph is a square matrix of 0 and 1")
    found = found.astype(bool)
    if found.diagonal().any():
        raise ValueError(f"vertex {int(found.diagonal().argmax())} has an edge to itself")
    return found


def parts(graph: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return arcs and undirected edges."""
    return graph & ~graph.T, graph & graph.T


def cut(graph: np.ndarray, targets: Iterable[int]) -> np.ndarray:
    """Return the arcs and edges with exactly one end among the targets."""
    inside = np.zeros(len(graph), dtype=bool)
    inside[list(targets)] = True
    found: np.ndarray = graph & (inside[:, None] != inside[None, :])
    return found


def v_structures(graph: np.ndarray) -> set[tuple[int, int, int]]:
    """Return all a -> b <- c with a and c apart, a < c."""
    arcs, near = parts(graph)[0], graph | graph.T
    found = set()
    for b in range(len(graph)):
        into = np.flatnonzero(arcs[:, b])
        found |= {(int(a), b, int(c)) for a in into for c in into if a < c and not near[a, c]}
    return found


def acyclic(arcs: np.ndarray) -> bool:
    """Tell whether arcs form no cycle."""
    left = np.ones(len(arcs), dtype=bool)
    while left.any():
        sources = left & ~arcs[left].any(0)
        if not sources.any():
            return False
        left &= ~sources
    return True


def components(edges: np.ndarray, among: Sequence[int] | None = None) -> list[list[int]]:
    """Return the connected parts of an undirected graph, each sorted, by their lowest vertex."""
    left = set(range(len(edges)) if among is None else among)
    found = []
    while left:
        part, front = set(), {min(left)}
        while front:
            part |= front
            front = {int(v) for u in front for v in np.flatnonzero(edges[u])} & left - part
        left -= part
        found.append(sorted(part))
    return found


def elimination_order(edges: np.ndarray, part: Sequence[int]) -> list[int]:
    """Return a perfect elimination order of a chordal graph: a maximum cardinality search backwards.

    Raises
    ------
    ValueError
        If the graph is not chordal.
    """
    left, weight, order = list(part), dict.fromkeys(part, 0), []
    while left:
        v = max(left, key=lambda u: (weight[u], -u))
        left.remove(v)
        order.append(v)
        for u in left:
            weight[u] += bool(edges[v, u])
    order.reverse()
    place = {v: i for i, v in enumerate(order)}
    for v in order:
        later = sorted((u for u in part if edges[v, u] and place[u] > place[v]), key=place.__getitem__)
        if any(not edges[later[0], u] for u in later[1:]):
            raise ValueError("the undirected part is not chordal: this is no essential graph")
    return order


def checked_cpdag(cpdag: Any) -> np.ndarray:
    """Return an essential graph, or raise ValueError where there is no DAG that it belongs to."""
    graph = as_graph(cpdag)
    arcs, edges = parts(graph)
    member = arcs.copy()
    for part in components(edges):
        order = elimination_order(edges, part)
        for i, v in enumerate(order):
            for u in order[i + 1 :]:
                # what is eliminated last is a source
                member[u, v] = edges[u, v]
    if not acyclic(member) or not np.array_equal(essential_graph(member), graph):
        raise ValueError("no directed acyclic graph has this essential graph")
    return graph


def class_members(cpdag: Any) -> Iterator[np.ndarray]:
    """Yield all directed acyclic graphs of a class; their number can be exponential.

    Parameters
    ----------
    cpdag : array of shape (n, n)
    """
    stack = [checked_cpdag(cpdag)]
    allowed = v_structures(stack[0])
    while stack:
        graph = stack.pop()
        loose = np.argwhere(np.triu(graph & graph.T))
        if not len(loose):
            if v_structures(graph) == allowed:
                yield graph
            continue
        u, v = loose[0]
        for a, b in ((u, v), (v, u)):
            further = graph.copy()
            further[b, a] = False
            try:
                stack.append(meek_closure(further))
            except Contradiction:
                continue


def _through(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    found: np.ndarray = (first.astype(np.float32) @ second.astype(np.float32)) > 0
    return found
