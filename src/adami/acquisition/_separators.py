"""How interventions are chosen: clique separators, what the heaviest vertex costs to spare, and baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from itertools import combinations

import numpy as np

from adami.acquisition._orientation import components, elimination_order, parts

Steps = Generator[tuple[int, ...], np.ndarray, None]
"""Yields targets and is sent the graph that is known then."""
Plan = Generator[tuple[int, ...], np.ndarray, np.ndarray]
"""The same; returns the last graph."""


def half_separator(edges: np.ndarray, part: Sequence[int]) -> list[int]:
    """Return a clique of a connected chordal graph that leaves no part of more than half of it."""
    order = elimination_order(edges, part)
    place, weight = {v: i for i, v in enumerate(order)}, dict.fromkeys(order, 1)
    for v in order:
        later = sorted((u for u in part if edges[v, u] and place[u] > place[v]), key=place.__getitem__)
        if weight[v] > len(order) / 2 or not later:
            return sorted([v, *later])
        weight[later[0]] += weight[v]
    raise ValueError("the graph has no vertex")


def maximal_cliques(edges: np.ndarray, part: Sequence[int]) -> list[list[int]]:
    """Return the maximal cliques of a chordal graph."""
    order = elimination_order(edges, part)
    found: list[set[int]] = []
    for i, v in enumerate(order):
        clique = {v, *(u for u in order[i + 1 :] if edges[v, u])}
        if not any(clique <= other for other in found):
            found.append(clique)
    return [sorted(c) for c in found]


def clique_targets(clique: Sequence[int], k: int) -> list[tuple[int, ...]]:
    """Return sets of at most k vertices of which one at least holds just one of each two vertices.

    Vertices get labels of ceil(log_a m) letters out of a = ceil(m / min(k, m / 2)); one set a letter and
    place, cut where it is larger than k.
    """
    m = len(clique)
    if k == 1 or m <= 1:
        return [(v,) for v in clique]
    letters = math.ceil(m / min(k, m / 2))
    digits = 1
    while letters**digits < m:
        digits += 1
    found = []
    for d in range(digits):
        for letter in range(letters):
            members = [v for i, v in enumerate(clique) if i // letters**d % letters == letter]
            found += [tuple(members[i : i + k]) for i in range(0, len(members), k)]
    return found


def weighted_plan(
    graph: np.ndarray, price: Callable[[Sequence[int]], float], weights: np.ndarray, k: int
) -> Steps:
    """Separate, spare the heaviest vertex of each separator, and touch it only where that is cheaper.

    Parameters
    ----------
    graph : array of shape (n, n)
    price : callable(vertices) -> float
        Cost of single interventions on vertices.
    weights : array of shape (n,)
        Decides which vertex is the heaviest.
    k : int
    """
    while (edges := parts(graph)[1]).any():
        for part in components(edges):
            edges = parts(graph)[1]
            if len(part) < 2 or not edges[np.ix_(part, part)].any():
                continue
            separator = half_separator(edges, part) if _whole(edges, part) else []
            if not separator:
                continue
            heavy = max(separator, key=lambda v: (weights[v], -v))
            rest = [v for v in separator if v != heavy]
            graph = yield from _intervene(graph, clique_targets(rest, k))
            if parts(graph)[1][heavy].any():
                graph = yield from _around(graph, heavy, price, k)


def _whole(edges: np.ndarray, part: Sequence[int]) -> bool:
    """Tell whether a part is still connected; what other answers took apart is seen to later."""
    return len(components(edges, part)) == 1


def _around(graph: np.ndarray, heavy: int, price: Callable[[Sequence[int]], float], k: int) -> Plan:
    """Orient the edges of a heavy vertex, by it or by its neighbours."""
    edges = parts(graph)[1]
    chain = next(c for c in components(edges) if heavy in c)
    near = [
        [v for v in piece if edges[heavy, v]] for piece in components(edges, [v for v in chain if v != heavy])
    ]
    spared = sum(max(price(c) for c in maximal_cliques(edges, piece)) for piece in near)
    if price([heavy]) > spared:
        for piece in near:
            graph = yield from _source(graph, piece, k)
        return graph
    return (yield from _intervene(graph, [(heavy,)]))


def _source(graph: np.ndarray, piece: list[int], k: int) -> Plan:
    """Narrow the neighbours of a heavy vertex down to those where their arcs come from."""
    while len(piece) > k or not _clique(graph, piece):
        edges = parts(graph)[1]
        if not _whole(edges, piece):
            # earlier answers took it apart: what points to no other part of it is the end of the arcs
            piece = _first(graph, components(edges, piece))
            continue
        separator = half_separator(edges, piece)
        groups = [separator[i : i + k] for i in range(0, len(separator), k)]
        graph = yield from _intervene(graph, [tuple(g) for g in groups])
        arcs, edges = parts(graph)
        source = next(v for v in separator if not arcs[separator, v].any())
        group = next(g for g in groups if source in g)
        others = components(edges, [v for v in piece if v not in separator])
        piece = next((q for q in others if arcs[np.ix_(q, group)].any()), group)
    return (yield from _intervene(graph, clique_targets(piece, k)))


def _first(graph: np.ndarray, pieces: list[list[int]]) -> list[int]:
    arcs = parts(graph)[0]
    whole = [v for piece in pieces for v in piece]
    return next((p for p in pieces if not arcs[np.ix_([v for v in whole if v not in p], p)].any()), pieces[0])


def _clique(graph: np.ndarray, piece: Sequence[int]) -> bool:
    return all(graph[u, v] or graph[v, u] for u, v in combinations(piece, 2))


def _intervene(graph: np.ndarray, targets: list[tuple[int, ...]]) -> Plan:
    """Intervene on sets, but for those with no undirected edge to an outside vertex."""
    for chosen in targets:
        edges = parts(graph)[1][list(chosen)]
        edges[:, list(chosen)] = False
        if edges.any():
            graph = yield tuple(sorted(chosen))
    return graph


def vertex_plan(graph: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> Steps:
    """Intervene on the vertex of the highest score among those with undirected edges: the baselines.

    Parameters
    ----------
    graph : array of shape (n, n)
    score : callable(undirected edges) -> array of shape (n,)
    """
    while (edges := parts(graph)[1]).any():
        open_ = edges.any(1)
        graph = yield (int(np.where(open_, score(edges), -np.inf).argmax()),)
