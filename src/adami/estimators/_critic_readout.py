"""What a trained critic says on held-out rows: values, one number a row, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from adami.estimators.bounds import SMALLEST_BATCH

Readout = Literal["smile", "dv", "nwj", "js_nwj", "infonce", "interpolated"]
READOUTS: tuple[Readout, ...] = ("smile", "dv", "nwj", "js_nwj", "infonce", "interpolated")
LOWER: frozenset[str] = frozenset({"dv", "nwj", "js_nwj", "infonce", "interpolated"})
"""Read-outs that lie below the information on held-out rows; SMILE does not."""
MANY_BLOCKS = 8

Scores = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
"""Row numbers (m,) -> scores of all their pairs (m, m), and ln a(y) (m,) where there is a baseline."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A critic's value on held-out rows.

    Parameters
    ----------
    value : float
        In nats.
    pointwise : numpy.ndarray
        Shape ``(m,)``; their mean is `value`.
    standard_error : float
        Of the value, over held-out rows.
    log_partition : float
        What is subtracted from a score to make it pointwise information.
    clipped : float
        Share of product pairs whose score SMILE clips.
    """

    value: float
    pointwise: np.ndarray
    standard_error: float
    log_partition: float
    clipped: float


def blocks_of(m: int, size: int) -> list[np.ndarray]:
    """Cut rows 0..m-1 into blocks of about `size`, none too small for a bound."""
    count = max(1, min(round(m / size), m // SMALLEST_BATCH))
    return np.array_split(np.arange(m), count)


def read(scores: Scores, m: int, size: int, how: Readout, tau: float = 5.0, alpha: float = 0.0) -> Reading:
    """Read a bound off a critic on m held-out rows.

    Parameters
    ----------
    scores : callable
    m : int
    size : int
        Rows that are compared with one another; InfoNCE cannot exceed its logarithm.
    how : str
        One of `READOUTS`.
    tau : float
        Clip of SMILE.
    alpha : float
        Weight of the interpolated bound.
    """
    if m < SMALLEST_BATCH:
        raise ValueError(f"{m} held-out rows are too few: at least {SMALLEST_BATCH} are needed")
    blocks = blocks_of(m, size)
    if how in ("infonce", "interpolated"):
        return _by_block(scores, blocks, how, alpha)
    return _by_partition(scores, blocks, how, tau)


def _by_partition(scores: Scores, blocks: Sequence[np.ndarray], how: Readout, tau: float) -> Reading:
    """Read a bound whose second term is one mean over all product pairs of all blocks."""
    lift = {"js_nwj": 1.0}.get(how, 0.0)
    joint, influence, weights, clipped, pairs = [], [], [], 0, 0
    for rows in blocks:
        f = np.asarray(scores(rows)[0], dtype=np.float64) + lift
        b = len(rows)
        joint.append(np.diagonal(f).copy())
        clipped += int(np.count_nonzero(np.abs(f) > tau)) - int(np.count_nonzero(np.abs(joint[-1]) > tau))
        pairs += b * (b - 1)
        if how == "smile":
            f = np.clip(f, -tau, tau)
        np.fill_diagonal(f, -np.inf)
        top = float(f.max())
        e = np.exp(f - top)
        # mean over the pairs that a row takes part in, as x and as y: its pull on the partition term
        influence.append((e.sum(0) + e.sum(1)) / (b - 1))
        weights.append(top)
    top = max(weights)
    pull = np.concatenate([p * math.exp(w - top) for p, w in zip(influence, weights)])
    d = np.concatenate(joint)
    log_z = top + math.log(float(pull.mean()) / 2)
    if how in ("nwj", "js_nwj"):
        if log_z > 700:
            raise ValueError(
                f"the mean of exp f over product pairs overflows (its logarithm is {log_z:.4g}), so that NWJ "
                "has no value; read the critic out with 'dv' or 'smile', or use more rows"
            )
        z = math.exp(log_z - 1)
        pointwise, seen = d - z, d - z * pull / (pull.mean() / 2)
    else:
        pointwise, seen = d - log_z, d - pull / (pull.mean() / 2)
    error = float(seen.std(ddof=1)) / math.sqrt(len(d))
    return Reading(float(pointwise.mean()), pointwise, error, log_z - lift, clipped / pairs)


def _by_block(scores: Scores, blocks: Sequence[np.ndarray], how: Readout, alpha: float) -> Reading:
    """Read a bound that compares the rows of a block; blocks are independent of one another."""
    pointwise, partition = [], []
    for rows in blocks:
        f, log_baseline = scores(rows)
        f = np.asarray(f, dtype=np.float64)
        b, d = len(rows), np.diagonal(f)
        if how == "infonce":
            log_sum = np.logaddexp.reduce(f, axis=1)
            pointwise.append(d - log_sum + math.log(b))
        else:
            a = np.zeros(b) if log_baseline is None else np.asarray(log_baseline, dtype=np.float64)
            log_sum = np.logaddexp.reduce(f, axis=0)
            pointwise.append(_interpolated_rows(f, a, alpha))
        partition.append(log_sum - math.log(b))
    values = np.array([p.mean() for p in pointwise])
    flat = np.concatenate(pointwise)
    if len(blocks) >= MANY_BLOCKS:
        error = float(values.std(ddof=1)) / math.sqrt(len(blocks))
    else:
        error = float(flat.std(ddof=1)) / math.sqrt(len(flat))
    return Reading(float(flat.mean()), flat, error, float(np.concatenate(partition).mean()), 0.0)


def _interpolated_rows(f: np.ndarray, a: np.ndarray, alpha: float) -> np.ndarray:
    """Return the terms of `adami.estimators.bounds.interpolated_bound`, one for each y."""
    b, d = len(f), np.diagonal(f)
    others = f.copy()
    np.fill_diagonal(others, -np.inf)
    mean_all = np.logaddexp.reduce(f, axis=0) - math.log(b)
    mean_others = np.logaddexp.reduce(others, axis=0) - math.log(b - 1)
    with np.errstate(divide="ignore"):
        base, share = a + np.log1p(-alpha), np.log(alpha)
    whole, part = np.logaddexp(mean_all + share, base), np.logaddexp(mean_others + share, base)
    return np.asarray(1.0 + d - whole - np.exp(np.minimum(mean_others - part, 700.0)))
