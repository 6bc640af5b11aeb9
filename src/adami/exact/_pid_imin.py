"""Redundancy as the least specific information that any part gives about each symbol of the target."""

from __future__ import annotations

import numpy as np

from adami.exact._arrays import xlogy
from adami.exact._redundancy_lattice import Node, Part


def imin_redundancies(table: np.ndarray, nodes: tuple[Node, ...]) -> np.ndarray:
    """Return Williams and Beer's redundancy of each node, in nats; the target is the table's last axis."""
    known: dict[Part, np.ndarray] = {}
    for node in nodes:
        for part in node:
            if part not in known:
                known[part] = specific_information(table, part)
    target = table.reshape(-1, table.shape[-1]).sum(axis=0)
    return np.array([target @ np.min([known[part] for part in node], axis=0) for node in nodes])


def specific_information(table: np.ndarray, part: Part) -> np.ndarray:
    """Return what the sources of `part` tell about each symbol of the target: ``D(p(a | t) || p(a))``."""
    gone = tuple(i for i in range(table.ndim - 1) if i not in part)
    pair = table.sum(axis=gone).reshape(-1, table.shape[-1])
    target = pair.sum(axis=0)
    given = pair / target
    total = pair.sum(axis=1, keepdims=True)
    ratio = np.divide(given, total, out=np.ones_like(given), where=total > 0)
    return np.asarray(xlogy(np, given, ratio).sum(axis=0))


def part_information(table: np.ndarray, part: Part) -> float:
    """Return ``I(target; sources of the part)`` in nats."""
    gone = tuple(i for i in range(table.ndim - 1) if i not in part)
    pair = table.sum(axis=gone).reshape(-1, table.shape[-1])
    product = pair.sum(axis=1, keepdims=True) * pair.sum(axis=0)
    ratio = np.divide(pair, product, out=np.ones_like(pair), where=pair > 0)
    return float(xlogy(np, pair, ratio).sum())
