"""Groups of the variables of a joint table, and the entropies of its marginals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from adami.exact._arrays import Array, floats, xlogy
from adami.exact.pmf import as_pmf

Axes = int | tuple[int, ...]


class Entropies:
    """Entropies of marginals of one table, each computed once, from the smallest marginal that holds it."""

    def __init__(self, xp: Any, table: Array, batch_dims: int) -> None:
        self._xp = xp
        self._axes = tuple(range(batch_dims, table.ndim))
        self._tables: dict[frozenset[int], Array] = {frozenset(self._axes): table}
        self._known: dict[frozenset[int], Array] = {}

    def __call__(self, axes: Iterable[int]) -> Array:
        key = frozenset(axes)
        if not key:
            return 0.0
        if key not in self._known:
            table = self._marginal(key)
            self._known[key] = 0.0 - self._xp.sum(xlogy(self._xp, table, table), axis=self._axes)
        return self._known[key]

    def _marginal(self, key: frozenset[int]) -> Array:
        if key not in self._tables:
            source = min((k for k in self._tables if k > key), key=len)
            gone = tuple(source - key)
            self._tables[key] = self._xp.sum(self._tables[source], axis=gone, keepdims=True)
        return self._tables[key]


def grouped(
    joint: Any, groups: Sequence[Axes] | None, batch_dims: int, check: bool
) -> tuple[Any, Array, tuple[tuple[int, ...], ...]]:
    _, table = floats(joint, name="joint")
    if groups is None:
        groups = tuple(range(table.ndim - batch_dims))
    xp, table, parts = prepare(table, list(groups), batch_dims, check)
    if not parts or not all(parts):
        raise ValueError("name at least one group of at least one variable each")
    return xp, table, parts


def prepare(
    joint: Any, groups: Sequence[Axes], batch_dims: int, check: bool
) -> tuple[Any, Array, tuple[tuple[int, ...], ...]]:
    """Return the table and the groups as axes of the whole array."""
    xp, table = floats(joint, name="joint")
    if not 0 <= batch_dims < max(table.ndim, 1):
        raise ValueError(f"batch_dims={batch_dims}, but joint has {table.ndim} axes")
    variables = tuple(range(batch_dims, table.ndim))
    if check:
        table = as_pmf(table, variables, name="joint")
    found = []
    for group in groups:
        asked = (group,) if isinstance(group, int) else tuple(group)
        for axis in asked:
            if not -len(variables) <= axis < len(variables):
                raise ValueError(f"axis {axis} is out of range: joint has {len(variables)} variables")
        found.append(tuple(variables[axis] for axis in asked))
    every = tuple(chain(*found))
    if len(set(every)) < len(every):
        twice = next(a for a in every if every.count(a) > 1) - batch_dims
        raise ValueError(f"axis {twice} is named twice: groups of variables may not overlap")
    return xp, table, tuple(found)
