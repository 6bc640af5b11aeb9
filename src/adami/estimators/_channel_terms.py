"""The sums behind the information of a channel that is known by log-probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

SPLITS = 8
"""Random partitions of the contexts behind the values at N/4 and N/2."""
SUBSETS = 60
"""Random halves of the contexts behind the interval."""
FEWEST = 8
"""Contexts below which halves and quarters tell nothing."""


def checked(scores: Any) -> np.ndarray:
    """Return the tensor as float64 of shape (N, M, N), or say what is wrong with it."""
    tensor = np.asarray(scores, dtype=np.float64)
    if tensor.ndim == 2:
        tensor = tensor[:, None, :]
    if tensor.ndim != 3 or tensor.shape[0] != tensor.shape[2] or not tensor.shape[1]:
        raise ValueError(
            f"scores have shape {np.shape(scores)}: (contexts, samples, contexts) is needed, every summary "
            "scored under every context"
        )
    n = len(tensor)
    if n < 2:
        raise ValueError(f"{n} contexts: information between contexts and summaries needs at least 2")
    if np.isnan(tensor).any() or np.isposinf(tensor).any():
        raise ValueError(
            "scores hold missing or infinitely large entries: log-probabilities are finite, or -inf"
        )
    places = np.arange(n)
    lost = np.argwhere(~np.isfinite(tensor[places, :, places]))
    if len(lost):
        i, j = lost[0]
        raise ValueError(
            f"scores[{i}, {j}, {i}] is -inf: the own context cannot give this summary; score each summary "
            "with the model that drew it"
        )
    return tensor


def scored(model: Any, summary: Any, contexts: Sequence[Any], query: Any) -> np.ndarray:
    """Return the log-probability of one summary under each context."""
    together = getattr(model, "logprobs", None)
    if together is not None:
        return np.asarray(together(summary, contexts, query), dtype=float)
    return np.array([model.logprob(summary, x, query) for x in contexts], dtype=float)


def local(tensor: np.ndarray, own: bool) -> np.ndarray:
    """Return the local information of each summary, shape (N, M).

    Without the own context it is infinite where no other context can give the summary.
    """
    n = len(tensor)
    places = np.arange(n)
    mine = tensor[places, :, places]
    if own:
        return np.asarray(mine - (_log_sum(tensor) - math.log(n)))
    others = tensor.copy()
    others[places, :, places] = -np.inf
    return np.asarray(mine - (_log_sum(others) - math.log(n - 1)))


def _log_sum(tensor: np.ndarray) -> np.ndarray:
    most = tensor.max(axis=2, keepdims=True)
    most = np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(tensor - most).sum(axis=2)) + most[..., 0])


def extrapolated(tensor: np.ndarray, rng: np.random.Generator) -> float | None:
    """Return the leave-in value at infinitely many contexts, by a line in 1/N through N/4, N/2 and N.

    None for fewer than 8 contexts. The parts of a partition are disjoint, so that all contexts count alike.
    """
    n = len(tensor)
    if n < FEWEST:
        return None
    sizes, values = [n], [float(local(tensor, own=True).mean())]
    for share in (2, 4):
        size = n // share
        parts = []
        for _ in range(SPLITS):
            order = rng.permutation(n)
            parts += [_at(tensor, order[k * size : (k + 1) * size], True) for k in range(share)]
        sizes.append(size)
        values.append(float(np.mean(parts)))
    # the value of few contexts bends away from the line: the large sets count more
    weights = np.sqrt(np.array(sizes, dtype=float))
    return float(np.polyfit(1 / np.array(sizes), values, 1, w=weights)[1])


def subsample_error(tensor: np.ndarray, own: bool, rng: np.random.Generator) -> float | None:
    """Return the standard error over contexts from random halves, drawn without replacement.

    Drawing with replacement would put a context among its own alternatives. None for few contexts or an
    infinite value.
    """
    n = len(tensor)
    if n < FEWEST:
        return None
    size = n // 2
    drawn = np.array([_at(tensor, rng.permutation(n)[:size], own) for _ in range(SUBSETS)])
    if not np.isfinite(drawn).all():
        return None
    # a subset of size m of n varies by sigma^2 (1/m - 1/n) around the value of all
    return float(drawn.std(ddof=1) / math.sqrt(n / size - 1))


def _at(tensor: np.ndarray, contexts: np.ndarray, own: bool) -> float:
    part = tensor[contexts][:, :, contexts]
    return float(local(part, own).mean())
