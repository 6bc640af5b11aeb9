"""The short way for one NumPy table: a plan made once for each shape and question, then one compiled loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain, combinations
from typing import Any

import numpy as np

from adami._announce import announce
from adami.exact._arrays import unit_name

Part = tuple[int, ...]
Terms = list[tuple[Part, float]]
"""Axes of marginals, and how often the entropy of each counts."""


def quick(kind: str, joint: Any, groups: Any, base: float | None) -> Any:
    """Return a measure of a float64 table, or None where the general way must answer or complain."""
    if type(joint) is not np.ndarray or joint.dtype != np.float64 or joint.ndim == 0:
        return None
    try:
        plan = _plan(kind, joint.shape, tuple(groups) if type(groups) is list else groups, base)
    except TypeError:
        # groups that cannot be a key, such as lists in a list
        return None
    if plan is None:
        return None
    loop, axes, terms, factors, unit = plan
    value = loop(joint.ravel(), axes, terms, factors)
    # NaN is the loop's word for what the general way must look at
    return np.float64(value / unit) if value == value else None


@lru_cache(maxsize=4096)
def _plan(
    kind: str, shape: Part, groups: Any, base: float | None
) -> tuple[Callable[..., float], np.ndarray, np.ndarray, np.ndarray, float] | None:
    """Return the loop, its arrays and the unit in nats, or None for what is no plain question."""
    ndim = len(shape)
    parts = [(g,) if isinstance(g, int) else tuple(g) for g in (range(ndim) if groups is None else groups)]
    every = list(chain(*parts))
    if 0 in shape or not every or any(type(a) is not int or not -ndim <= a < ndim for a in every):
        return None
    parts = [tuple(a % ndim for a in part) for part in parts]
    union = sorted(set(chain(*parts)))
    if len(union) < len(every):
        return None
    unit_name(base)  # refuses what is no base
    terms = _TERMS[kind](parts)
    if not terms:
        return None
    place = {a: i for i, a in enumerate(union)}
    inner = [shape[a] for a in union]
    outer = np.zeros(ndim, dtype=np.int64)
    outer[union], cells = _steps(inner, range(len(inner)))
    rows = [_steps(inner, sorted(place[a] for a in axes)) for axes, _ in terms]
    from adami.exact._kernels.tables import sum_of_entropies

    announce(sum_of_entropies)
    return (
        sum_of_entropies,
        np.array([shape, outer], dtype=np.int64),
        np.array([[*inner, cells], *([*steps, size] for steps, size in rows)], dtype=np.int64),
        np.array([factor for _, factor in terms]),
        1.0 if base is None else math.log(base),
    )


def _steps(sizes: list[int], kept: Iterable[int]) -> tuple[np.ndarray, int]:
    """Return what a symbol of each axis adds to the row-major index over the axes kept, and their cells."""
    steps, step = np.zeros(len(sizes), dtype=np.int64), 1
    for a in reversed(list(kept)):
        steps[a], step = step, step * sizes[a]
    return steps, step


def _whole(parts: list[Part]) -> Terms:
    return [(tuple(chain(*parts)), 1.0)]


def _mutual(parts: list[Part]) -> Terms:
    first, second, known = parts
    if not first or not second:
        return []
    terms = [(first + known, 1.0), (second + known, 1.0), (first + second + known, -1.0)]
    return [*terms, (known, -1.0)] if known else terms


def _conditional(parts: list[Part]) -> Terms:
    wanted, known = parts
    if not wanted:
        return []
    return [(wanted + known, 1.0), (known, -1.0)] if known else [(wanted, 1.0)]


def _total(parts: list[Part]) -> Terms:
    return [*((p, 1.0) for p in parts), (tuple(chain(*parts)), -1.0)] if all(parts) else []


def _dual(parts: list[Part]) -> Terms:
    if not all(parts):
        return []
    whole = tuple(chain(*parts))
    rests = (tuple(a for a in whole if a not in p) for p in parts)
    return [(whole, 1.0 - len(parts)), *((rest, 1.0) for rest in rests if rest)]


def _o(parts: list[Part]) -> Terms:
    return [*_total(parts), *((axes, -factor) for axes, factor in _dual(parts))]


def _co(parts: list[Part]) -> Terms:
    if not all(parts) or len(parts) > 12:
        return []
    return [
        (tuple(chain(*chosen)), (-1.0) ** (size + 1))
        for size in range(1, len(parts) + 1)
        for chosen in combinations(parts, size)
    ]


_TERMS: dict[str, Callable[[list[Part]], Terms]] = {
    "whole": _whole,
    "mutual": _mutual,
    "conditional": _conditional,
    "total": _total,
    "dual": _dual,
    "o": _o,
    "co": _co,
}
