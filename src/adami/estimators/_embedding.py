"""The past of a series as columns, and how much of it is worth taking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.estimators._common import standardized
from adami.variables import Column, Variable, join, variable

NEIGHBOURS = 4
TIED_ERRORS = 2.0
"""Standard errors within which two prediction errors count as equal."""


def choose_history(
    y: Any, *, max_history: int = 5, delays: Sequence[int] = (1,), theiler: int = 0, n_jobs: int | None = 1
) -> tuple[int, int]:
    """Choose how many past values of a series, and how far apart, predict its next value best.

    Each next value is predicted by the mean over the nearest neighbours of its past (Ragwitz's
    criterion). The shortest embedding whose squared error is within two standard errors of the best one's is
    taken.

    Parameters
    ----------
    y : series of numbers, shape (n,) or (n, d), or Variable
    max_history : int
        Longest history that is tried.
    delays : sequence of int
        Steps between past values that are tried.
    theiler : int
        Rows less than so many steps apart are no neighbours.
    n_jobs : int, optional

    Returns
    -------
    history, delay : int

    Raises
    ------
    TypeError
        If the series is not of numbers.
    ValueError
        If it is too short.

    References
    ----------
    .. [1] M. Ragwitz, H. Kantz, "Markov models from data by simple nonlinear time series predictors in delay
       embedding spaces", Physical Review E 65, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.transfer_entropy import choose_history
    >>> rng = np.random.default_rng(0)
    >>> y = np.zeros(3000)
    >>> for t in range(2, 3000):
    ...     y[t] = 0.9 * y[t - 2] + rng.normal()
    >>> choose_history(y, max_history=4)
    (2, 1)
    """
    from adami.estimators._kernels.theiler import knn_outside

    v = variable(y, "y")
    if v.codes is not None or v.dim == 0:
        raise TypeError(f"{v}: a history is chosen for numbers; labels have no distances")
    if max_history < 1 or not delays or min(delays) < 1:
        raise ValueError("max_history and delays must be at least 1")
    start = 1 + (max_history - 1) * max(delays)
    if v.n - start < 50:
        raise ValueError(f"{v}: {v.n} rows are too few to try a history of {start}")
    target = standardized(lagged(v, start, [0]).numbers)
    errors = {}
    for delay in delays:
        for history in range(1, max_history + 1):
            if history == 1 and delay != delays[0]:
                continue
            past = standardized(lagged(v, start, [1 + i * delay for i in range(history)]).numbers)
            near = knn_outside([past], NEIGHBOURS, max(theiler, 1), n_jobs)
            errors[history, delay] = ((target - target[near].mean(axis=1)) ** 2).mean(axis=1)
    best = min(errors.values(), key=lambda e: float(e.mean()))

    def good_enough(error: np.ndarray) -> bool:
        excess = error - best
        return float(excess.mean()) <= TIED_ERRORS * math.sqrt(long_run_variance(excess) / len(excess))

    return min((key for key, error in errors.items() if good_enough(error)), key=lambda key: (key[0], key[1]))


def lagged(v: Variable, start: int, steps: Sequence[int]) -> Variable:
    """Return the values of a series `steps` rows before rows ``start, start + 1, ...``, as one variable.

    Parameters
    ----------
    v : Variable
        In order of time.
    start : int
        First row; at least the largest step.
    steps : sequence of int
    """
    return join(
        [
            Column(
                f"{c.name}[-{s}]" if s else c.name, c.kind, c.values[start - s : v.n - s], c.levels, c.forced
            )
            for s in steps
            for c in v.columns
        ]
    )


def long_run_variance(values: np.ndarray) -> float:
    """Return the variance of a mean times n for values with memory (Newey and West's weights)."""
    centred = values - values.mean()
    n, reach = len(values), math.ceil(len(values) ** (1 / 3))
    total = float(centred @ centred) / n
    for step in range(1, reach + 1):
        total += 2.0 * (1.0 - step / (reach + 1)) * float(centred[step:] @ centred[:-step]) / n
    return max(total, 0.0)
