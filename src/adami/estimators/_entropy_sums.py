"""Information as a sum of differential entropies of whitened blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import standardized
from adami.estimators._whitening import whitened
from adami.estimators.kde_entropy import KDEEntropy, best_bandwidth
from adami.estimators.weighted_kl import PLAIN_K, WeightedKL, neighbours
from adami.variables import Variable, merge

REACH = 80
"""Rows for each neighbour."""
LEAST_K = 20
"""Neighbours that weights in 8 dimensions need to be stable."""


@dataclass(frozen=True)
class EntropyOfRows:
    """How the entropy of a block is estimated."""

    method: Literal["weighted_kl", "kde"]
    k: int | Literal["auto"]
    n_jobs: int | None

    def __post_init__(self) -> None:
        if self.method not in ("weighted_kl", "kde"):
            raise ValueError(f"entropy={self.method!r}: choose 'weighted_kl' or 'kde'")

    def least_rows(self, d: int) -> int:
        """Return the rows below which a class has no entropy."""
        least = max(d + 1, PLAIN_K + 1)
        if self.method == "weighted_kl" and self.k != "auto":
            return max(least, self.k + 1)
        return least

    def of(self, x: Variable, bandwidth: float | None = None) -> Measurement:
        """Return the entropy of a block."""
        rows, log_volume = whitened(x.numbers, x.names)
        if self.method == "kde":
            return KDEEntropy("auto" if bandwidth is None else bandwidth, self.n_jobs)._of_rows(
                rows, log_volume
            )
        k = neighbours(self.k, x.n, x.dim)
        if self.k == "auto":
            # codes come in clusters: beyond them neighbours blur pairs and shuffled pairs unequally
            k = min(k, max(LEAST_K, x.n // REACH))
        if x.n <= k:
            raise ValueError(f"{x}: k={k} neighbours need more than {k} rows, got {x.n}; lower k or add rows")
        return WeightedKL(k, n_jobs=self.n_jobs)._of_rows(rows, log_volume, k, x)


def entropy_sum(
    x: Variable, y: Variable, how: EntropyOfRows, orders: Sequence[np.ndarray] = ()
) -> Measurement:
    """Return h(X) + h(Y) - h(X, Y) of two blocks, or h(X) - sum_y p(y) h(X | y) for a label y.

    What the same sum gives for pairs put together anew, where nothing is shared, is its bias: an entropy in
    many dimensions is further off than those of its blocks. The mean over `orders` of the rows of y is taken
    away from the value, and evenly from the local terms.
    """
    if not y.dim:
        parts, local = _labelled(x, y, how)
        anew = [_labelled(x, y.take(order), how)[1] for order in orders]
    else:
        both = merge(x, y)
        width = (
            best_bandwidth(whitened(both.numbers, both.names)[0], how.n_jobs) if how.method == "kde" else None
        )
        parts = {"x": how.of(x, width), "y": how.of(y, width), "xy": how.of(both, width)}
        here, there = _local(parts["x"]), _local(parts["y"])
        local = here + there - _local(parts["xy"])
        anew = [here + there[o] - _local(how.of(merge(x, y.take(o)), width)) for o in orders]
    error = float(np.std(local) / math.sqrt(len(local)))
    notes = tuple(dict.fromkeys(note for part in parts.values() for note in part.diagnostics))
    details: dict[str, Any] = {
        f"h({name})": part.value for name, part in parts.items() if "given" not in name
    }
    if anew:
        bias = float(np.mean(anew))
        noise = float(np.mean(np.var(anew, axis=1))) / (len(local) * len(anew))
        local, error = local - bias, math.sqrt(error**2 + noise)
        details["shuffled"] = bias
    details["standard_error"] = error
    return Measurement(
        float(np.mean(local)), standard_error=error, pointwise=local, diagnostics=notes, details=details
    )


def shuffles(x: Variable, y: Variable, count: int, random_state: int) -> list[np.ndarray]:
    """Return orders of rows that put pairs together anew: rows swap their partners two by two.

    Swaps treat both sides alike, and pairs are numbered by what they hold: neither the order of the rows nor
    that of the sides matters.
    """
    held = sum(standardized(v.numbers).sum(axis=1) for v in (x, y) if v.dim)
    places = np.argsort(held, kind="stable")
    rng = np.random.default_rng([random_state, 0x5A])
    found = []
    for _ in range(count):
        drawn = places[rng.permutation(x.n)]
        half = x.n // 2
        order = np.arange(x.n)
        order[drawn[:half]], order[drawn[half : 2 * half]] = drawn[half : 2 * half], drawn[:half]
        found.append(order)
    return found


def _labelled(x: Variable, y: Variable, how: EntropyOfRows) -> tuple[dict[str, Measurement], np.ndarray]:
    codes = y.codes
    if codes is None:
        raise TypeError(f"{y} has no labels")
    sizes = np.bincount(codes)
    least = how.least_rows(x.dim)
    if small := [i for i in np.flatnonzero(sizes) if sizes[i] < least]:
        raise ValueError(
            f"{len(small)} label(s) of {y} have fewer than {least} rows, the smallest {sizes[small].min()}: "
            f"too few for an entropy in {x.dim} dimension(s); join rare labels, or use 'ross'"
        )
    whole = how.of(x)
    local = _local(whole).copy()
    parts = {"x": whole}
    for level in np.flatnonzero(sizes):
        inside = np.flatnonzero(codes == level)
        part = how.of(x.take(inside))
        parts[f"x given label {level}"] = part
        local[inside] -= _local(part)
    return parts, local


def _local(m: Measurement) -> np.ndarray:
    if m.pointwise is None:
        raise ValueError("this entropy has no local values")
    return m.pointwise
