"""Matrices of all pairs of rows: distances, Gaussian kernels, and the memory they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import Array, as_numpy

Bandwidth = float | Literal["median", "wide"]


def as_rows(xp: Any, values: Array, name: str) -> Array:
    """Return rows of shape (n, d); one column may be given as (n,)."""
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: rows of shape (n, d), two or more, are needed"
        )
    if not bool(xp.all(xp.isfinite(values))):
        raise ValueError(f"{name} holds missing or infinite values: drop those rows first")
    return values


def squared_distances(xp: Any, a: Array, b: Array) -> Array:
    """Return all squared Euclidean distances, shape (n, m), from one matrix product."""
    # about a common centre, where little is lost to cancellation
    centre = xp.mean(a, axis=0, keepdims=True)
    a, b = a - centre, b - centre
    product = xp.matmul(a, b.T)
    product *= -2.0
    product += xp.sum(a * a, axis=1)[:, None]
    product += xp.sum(b * b, axis=1)[None, :]
    return np.maximum(product, 0.0, out=product) if xp is np else xp.clip(product, 0.0, None)


def log_kernel(xp: Any, a: Array, b: Array, sigma: float) -> Array:
    """Return the logarithm of the Gaussian kernel ``exp(-|a - b|^2 / (2 sigma^2))``, shape (n, m)."""
    return squared_distances(xp, a, b) * (-0.5 / sigma**2)


def log_sum_exp(xp: Any, values: Array, axis: int | None = None) -> Array:
    """Return the logarithm of a sum of exponentials along an axis, or over everything."""
    if axis is None:
        values, axis = xp.reshape(values, (-1,)), 0
    if hasattr(xp, "logsumexp"):
        return xp.logsumexp(values, axis)
    top = xp.max(values, axis=axis, keepdims=True)
    return xp.log(xp.sum(xp.exp(values - top), axis=axis)) + xp.squeeze(top, axis=axis)


def bandwidth(sigma: Bandwidth, a: Array, name: str, rules: tuple[str, ...] = ("median", "wide")) -> float:
    """Return the width of a kernel: the number given, or one from the median squared distance of the rows.

    ``"median"`` is the root of the median squared distance; ``"wide"`` ten times the median squared distance
    itself, the rule of the code that came with the Cauchy-Schwarz bottleneck.
    """
    if sigma in ("median", "wide") and sigma in rules:
        rows = as_numpy(a).astype(np.float64)
        refuse_beyond_memory(len(rows), len(rows), 3, "the median distance")
        away = squared_distances(np, rows, rows)[np.triu_indices(len(rows), 1)]
        middle = float(np.median(away))
        if middle <= 0:
            raise ValueError(
                f"more than half of the pairs of rows of {name} coincide: give sigma as a number"
            )
        return middle**0.5 if sigma == "median" else 10.0 * middle
    if isinstance(sigma, str) or not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(
            f"sigma={sigma!r} is no width of a kernel: give a positive number, or "
            f"{' or '.join(map(repr, rules))}"
        )
    return float(sigma)


def refuse_beyond_memory(n: int, m: int, copies: int, what: str) -> None:
    """Raise before matrices of all pairs are made that the machine has no memory for.

    Raises
    ------
    ValueError
        With the need and what is free, in GiB.
    """
    need, free = 8.0 * n * m * copies, available_bytes()
    if free is not None and need > free:
        raise ValueError(
            f"{what} of {n:,} rows needs about {need / 2**30:.1f} GiB for all pairs and {free / 2**30:.1f} "
            "GiB are free: draw fewer rows"
        )


def available_bytes() -> int | None:
    """Return the free memory of this machine, where it can be read."""
    table = Path("/proc/meminfo")
    if not table.exists():
        return None
    fields = dict(line.split(":", 1) for line in table.read_text().splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None
