"""A fast fixed measure of any dependence, for permutation tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adami.estimators._canonical import basis
from adami.estimators._common import normal_scores
from adami.variables import Variable

MOST_LEVELS = 50


def dependence_statistic(x: Variable, y: Variable, given: Variable | None = None) -> float:
    """Return -½ Σ ln(1 - ρ²) of the canonical correlations between smooth functions of x and y.

    Numbers enter as the first four Hermite polynomials of their normal scores (two when there are many
    columns),
    labels as indicators. It is the same function of the rows each time, as permutation tests ask, and sees
    linear, curved and spread dependence.

    Parameters
    ----------
    x, y : Variable
    given : Variable, optional
        Its smooth functions are projected out.
    """
    third = None if given is None else basis(_functions(given))
    return _from_bases(basis(_functions(x), third), basis(_functions(y), third))


def shuffled_statistic(
    x: Variable, y: Variable, given: Variable | None = None
) -> Callable[[np.ndarray], float]:
    """Return a function: order of rows -> `dependence_statistic` with y in that order (x, with a condition).

    Functions and bases of the rows move with the rows, so they are made once.
    """
    if given is None:
        a, b = basis(_functions(x)), basis(_functions(y))
        return lambda order: _from_bases(a, b[order])
    third, of_x = basis(_functions(given)), _functions(x)
    b = basis(_functions(y), third)
    return lambda order: _from_bases(basis(of_x[order], third), b)


def _from_bases(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape[1] == 0 or b.shape[1] == 0:
        return 0.0
    correlations = np.linalg.svd(a.T @ b, compute_uv=False)
    return float(-0.5 * np.log1p(-(np.minimum(correlations, 1 - 1e-12) ** 2)).sum())


def _functions(v: Variable) -> np.ndarray:
    columns: list[np.ndarray] = []
    if v.dim:
        z = normal_scores(v.numbers)
        columns += [z, z**2]
        if v.dim <= 3:
            columns += [z**3 - 3 * z, z**4 - 6 * z**2]
    if v.codes is not None:
        counts = np.bincount(v.codes)
        frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        columns.append(np.equal.outer(v.codes, frequent[counts[frequent] > 0][1:]).astype(np.float64))
    made = np.hstack(columns)
    most = max(1, len(made) // 4)
    return made[:, :most]
