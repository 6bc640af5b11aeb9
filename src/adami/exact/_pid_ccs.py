"""Redundancy as common change in surprisal, and unique information by dependency constraints.

Both look at the law of largest entropy that keeps the joint law of the sources and that of each source with
the target.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from adami.exact._pid_imin import part_information
from adami.exact._pid_maxent import maximum_entropy
from adami.exact._redundancy_lattice import Node, Part

ZERO = 1e-9
"""Changes in surprisal below this, in nats, are rounding and have no sign."""


def ccs_redundancies(table: np.ndarray, nodes: tuple[Node, ...]) -> np.ndarray:
    """Return Ince's redundancy of each node, in nats; the target is the table's last axis."""
    return np.array([common_change(table, n) if len(n) > 1 else part_information(table, n[0]) for n in nodes])


def common_change(table: np.ndarray, node: Node) -> float:
    """Return the mean pointwise co-information over cells where all changes in surprisal agree in sign."""
    small, node = _used(table, node)
    target = small.ndim - 1
    sources = tuple(range(target))
    law = maximum_entropy(small, (sources, *((*part, target) for part in node)))
    seen = law > 0
    logs: dict[Part, np.ndarray] = {}

    def log_of(axes: Part) -> np.ndarray:
        if axes not in logs:
            gone = tuple(a for a in range(law.ndim) if a not in axes)
            sums = np.broadcast_to(law.sum(axis=gone, keepdims=True), law.shape)
            logs[axes] = np.log(sums, out=np.zeros(law.shape), where=seen)
        return logs[axes]

    def change(part: Part) -> np.ndarray:
        return log_of((*part, target)) - log_of(part) - log_of((target,))

    members = [*node, (target,)]
    common = np.zeros(law.shape)
    for size in range(1, len(members) + 1):
        for chosen in combinations(members, size):
            common += (-1) ** size * log_of(tuple(sorted({a for part in chosen for a in part})))
    signs = [_sign(change(part)) for part in (*node, sources)]
    agree = np.all([s == _sign(common) for s in signs], axis=0)
    return float((law * common)[seen & agree].sum())


def dep_redundancies(table: np.ndarray, nodes: tuple[Node, ...]) -> np.ndarray:
    """Return the redundancies of two sources from James's unique information, in nats."""
    own = [part_information(table, (0,)), part_information(table, (1,))]
    target = table.sum(axis=(0, 1))
    # both sources hang on the target alone
    chain = table.sum(axis=1)[:, None, :] * table.sum(axis=0)[None, :, :] / target
    by_target = part_information(chain, (0, 1)) - own[1]
    law = maximum_entropy(table, ((0, 1), (0, 2), (1, 2)))
    by_both = part_information(law, (0, 1)) - own[1]
    redundant = own[0] - min(own[0], by_target, by_both)
    whole = part_information(table, (0, 1))
    values = {((0,), (1,)): redundant, ((0,),): own[0], ((1,),): own[1], ((0, 1),): whole}
    return np.array([values[node] for node in nodes])


def _sign(values: np.ndarray) -> np.ndarray:
    return np.sign(np.where(np.abs(values) < ZERO, 0.0, values))


def _used(table: np.ndarray, node: Node) -> tuple[np.ndarray, Node]:
    """Return the table of the sources in a node, and the node by its numbers in that table."""
    used = sorted({a for part in node for a in part})
    gone = tuple(a for a in range(table.ndim - 1) if a not in used)
    return table.sum(axis=gone), tuple(tuple(used.index(a) for a in part) for part in node)
