"""Distinct values of a column, fast: whole numbers of small range are counted instead of sorted."""

from __future__ import annotations

from typing import Any

import numpy as np


def distinct(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct numbers in order and how many rows hold each."""
    if (low := _small_range(raw)) is not None:
        counts = np.bincount(raw - low)
        seen = np.flatnonzero(counts)
        return seen + low, counts[seen]
    values, counts = np.unique(raw, return_counts=True)
    return values, counts


def encode(raw: np.ndarray) -> tuple[tuple[Any, ...], np.ndarray]:
    """Return the levels of a column and int64 codes ``0..len(levels)-1`` into them.

    Numbers are in order, labels in order of first appearance.
    """
    if raw.dtype == object:
        order: dict[Any, int] = {}
        codes = np.fromiter((order.setdefault(v, len(order)) for v in raw), dtype=np.int64, count=len(raw))
        return tuple(order), codes
    if raw.dtype.kind == "b":
        levels, codes = encode(raw.astype(np.int64))
        return tuple(bool(v) for v in levels), codes
    if (low := _small_range(raw)) is not None:
        shifted = raw - low
        seen = np.bincount(shifted) > 0
        return tuple((np.flatnonzero(seen) + low).tolist()), (np.cumsum(seen) - 1)[shifted]
    values, codes = np.unique(raw, return_inverse=True)
    return tuple(values.tolist()), codes.astype(np.int64)


def _small_range(raw: np.ndarray) -> int | None:
    """Return the smallest whole number when counting takes no more memory than the rows themselves."""
    if raw.dtype != np.int64 or len(raw) == 0:
        return None
    low, high = int(raw.min()), int(raw.max())
    return low if high - low <= len(raw) + 1024 else None
