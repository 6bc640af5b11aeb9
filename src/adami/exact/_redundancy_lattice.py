"""The redundancy lattice: which collections of sources an atom of information belongs to."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np

Part = tuple[int, ...]
Node = tuple[Part, ...]
"""An antichain: parts of sources of which none holds another."""


@lru_cache(maxsize=8)
def nodes_of(sources: int) -> tuple[Node, ...]:
    """Return all nodes, from the bottom (every source alone) to the top (all sources together)."""
    parts = [c for size in range(1, sources + 1) for c in combinations(range(sources), size)]
    found: list[Node] = []

    def extend(node: Node, start: int) -> None:
        for i in range(start, len(parts)):
            if not any(set(p) <= set(parts[i]) or set(parts[i]) <= set(p) for p in node):
                bigger = (*node, parts[i])
                found.append(bigger)
                extend(bigger, i + 1)

    extend((), 0)
    below = {node: sum(precedes(other, node) for other in found) for node in found}
    # how many nodes lie below gives an order in which every node comes after those below it
    return tuple(sorted(found, key=lambda node: (below[node], -len(node), node)))


def precedes(low: Node, high: Node) -> bool:
    """Return whether `low` lies below `high` or is it: each part of `high` holds a part of `low`."""
    return all(any(set(a) <= set(b) for a in low) for b in high)


@lru_cache(maxsize=8)
def order_of(sources: int) -> np.ndarray:
    """Return ``order[i, j]``: whether node j lies below node i or is it."""
    nodes = nodes_of(sources)
    order = np.array([[precedes(low, high) for low in nodes] for high in nodes])
    order.setflags(write=False)
    return order


def moebius(redundancies: np.ndarray, sources: int) -> np.ndarray:
    """Return the atoms whose sums over everything below a node are the redundancies."""
    from scipy.linalg import solve_triangular

    order = order_of(sources).astype(float)
    return np.asarray(solve_triangular(order, redundancies, lower=True, unit_diagonal=True))


def covers(sources: int) -> list[tuple[Node, Node]]:
    """Return the edges of the lattice's diagram, each from a node to one right above it."""
    nodes, order = nodes_of(sources), order_of(sources)
    strict = order & ~np.eye(len(nodes), dtype=bool)
    counts = strict.astype(np.int64)
    between = (counts @ counts) > 0
    return [(nodes[j], nodes[i]) for i, j in zip(*np.nonzero(strict & ~between))]


def label(node: Node) -> str:
    """Return a node as it is written in papers, ``{0}{1}`` or ``{01}``."""
    return "".join("{" + "".join(map(str, part)) + "}" for part in node)
