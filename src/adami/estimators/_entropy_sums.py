"""Information as a sum of differential entropies of whitened blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._whitening import whitened
from adami.estimators.kde_entropy import KDEEntropy, best_bandwidth
from adami.estimators.weighted_kl import PLAIN_K, WeightedKL, neighbours
from adami.variables import Variable, merge


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
        if x.n <= k:
            raise ValueError(f"{x}: k={k} neighbours need more than {k} rows, got {x.n}; lower k or add rows")
        return WeightedKL(k, n_jobs=self.n_jobs)._of_rows(rows, log_volume, k, x)


def entropy_sum(x: Variable, y: Variable, how: EntropyOfRows) -> Measurement:
    """Return h(X) + h(Y) - h(X, Y) of two blocks, or h(X) - sum_y p(y) h(X | y) for a label y."""
    if not y.dim:
        return _with_label(x, y, how)
    both = merge(x, y)
    bandwidth = (
        best_bandwidth(whitened(both.numbers, both.names)[0], how.n_jobs) if how.method == "kde" else None
    )
    parts = {"x": how.of(x, bandwidth), "y": how.of(y, bandwidth), "xy": how.of(both, bandwidth)}
    local = _local(parts["x"]) + _local(parts["y"]) - _local(parts["xy"])
    return _sum(local, parts)


def _with_label(x: Variable, y: Variable, how: EntropyOfRows) -> Measurement:
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
    return _sum(local, parts)


def _local(m: Measurement) -> np.ndarray:
    if m.pointwise is None:
        raise ValueError("this entropy has no local values")
    return m.pointwise


def _sum(local: np.ndarray, parts: dict[str, Measurement]) -> Measurement:
    error = float(np.std(local) / math.sqrt(len(local)))
    notes = tuple(dict.fromkeys(note for part in parts.values() for note in part.diagnostics))
    details: dict[str, Any] = {
        f"h({name})": part.value for name, part in parts.items() if "given" not in name
    }
    details["standard_error"] = error
    return Measurement(
        float(np.mean(local)), standard_error=error, pointwise=local, diagnostics=notes, details=details
    )
