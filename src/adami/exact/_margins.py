"""Collections of margins: sets of variables whose multi-information is summed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from adami.exact._arrays import Array

Margins = tuple[tuple[int, ...], ...]


def as_sizes(sizes: Iterable[int]) -> tuple[int, ...]:
    """Return checked alphabet sizes."""
    given = tuple(sizes)
    for i, n in enumerate(given):
        if not (isinstance(n, int | np.integer) and n >= 1):
            raise ValueError(f"variable {i} has {n!r} symbols: give a whole number from 1")
    if not given:
        raise ValueError("there are no variables: give the alphabet size of each")
    return tuple(int(n) for n in given)


def as_margins(margins: Iterable[Iterable[int]], n_variables: int) -> Margins:
    """Return checked margins, each a tuple of at least two different variables."""
    found = []
    for margin in margins:
        try:
            given = tuple(margin)
        except TypeError:
            raise ValueError(f"margin {margin!r} is no set of variables: give tuples like (0, 1)") from None
        for i in given:
            if not (isinstance(i, int | np.integer) and -n_variables <= i < n_variables):
                raise ValueError(
                    f"margin {given} names variable {i}, which is out of range: there are {n_variables}"
                )
        axes = tuple(int(i) % n_variables for i in given)
        if len(set(axes)) < len(axes):
            raise ValueError(f"margin {given} names a variable twice")
        if len(axes) < 2:
            raise ValueError(f"margin {given} has fewer than two variables: one alone shares no information")
        found.append(axes)
    if not found:
        raise ValueError("there are no margins: give at least one, such as (0, 1)")
    return tuple(found)


def as_weights(weights: Sequence[float] | None, n_margins: int) -> tuple[float, ...]:
    """Return checked weights, equal and of sum one by default."""
    if weights is None:
        return (1.0 / n_margins,) * n_margins
    given = tuple(float(w) for w in weights)
    if len(given) != n_margins:
        raise ValueError(f"there are {len(given)} weights for {n_margins} margins")
    if not all(w > 0 and math.isfinite(w) for w in given):
        raise ValueError(f"weights {given} are not all positive: leave out the margins that do not count")
    return given


def margin_components(margins: Margins) -> Margins:
    """Return the sets of variables that margins connect, each in ascending order."""
    groups: list[set[int]] = []
    for margin in margins:
        joined = set(margin).union(*(g for g in groups if not g.isdisjoint(margin)))
        groups = [g for g in groups if g.isdisjoint(margin)] + [joined]
    return tuple(sorted(tuple(sorted(g)) for g in groups))


def bound_in_nats(sizes: Sequence[int], margins: Margins, weights: Sequence[float]) -> float:
    """Return what no law of these alphabets can exceed."""
    total = 0.0
    for margin, weight in zip(margins, weights):
        alphabets = [sizes[i] for i in margin]
        total += weight * (sum(math.log(n) for n in alphabets) - math.log(max(alphabets)))
    return total


def entropy_terms(margins: Margins, weights: Sequence[float]) -> list[tuple[tuple[int, ...], float]]:
    """Return the sets of variables whose entropies are added, with their factors."""
    factors: dict[tuple[int, ...], float] = {}
    for margin, weight in zip(margins, weights):
        for axes, factor in [*(((i,), weight) for i in margin), (tuple(sorted(margin)), -weight)]:
            factors[axes] = factors.get(axes, 0.0) + factor
    return list(factors.items())


def onto(xp: Any, table: Array, axes: tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the law of some variables, in the order of the table."""
    gone = tuple(i for i in range(table.ndim) if i not in axes)
    return xp.sum(table, axis=gone, keepdims=keepdims) if gone else table
