"""The verbs for more than a pair: many variables at once, and series in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adami.result import Estimate
from adami.variables import Missing, align
from adami.verbs._inputs import Kinds, many, plain_slots

if TYPE_CHECKING:
    from adami.estimators._base import Estimator


def total_correlation(
    xs: Any,
    *,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    n_jobs: int = 1,
) -> Estimate:
    """Estimate the total correlation (multi-information): the sum of the entropies minus the joint entropy.

    Parameters
    ----------
    xs : frame, array of shape (n, N), or list of N variables
        A list may hold vectors: arrays of shape (n, d_i).
    method : str or Estimator
        ``"auto"``, or one of the routes named by `adami.estimators.multivariate`.
    kinds, missing, confidence, n_jobs
        As in `information`.

    Returns
    -------
    Estimate
        In nats.

    Examples
    --------
    >>> import adami
    >>> copies = {"a": [0, 1] * 200, "b": [0, 1] * 200, "c": [0, 1] * 200}
    >>> round(adami.total_correlation(copies, method="plugin").bits, 6)
    2.0
    """
    from adami.estimators.multivariate import total_correlation as measured

    variables, notes = many(xs, kinds, missing)
    return measured(variables, method, confidence=confidence, n_jobs=n_jobs).with_diagnostics(*notes)


def o_information(
    xs: Any,
    *,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    n_jobs: int = 1,
) -> Estimate:
    """Estimate the O-information: positive where redundancy dominates, negative where synergy does.

    Parameters
    ----------
    xs, method, kinds, missing, confidence, n_jobs
        As in `total_correlation`.

    Returns
    -------
    Estimate
        In nats: total correlation minus dual total correlation.

    Examples
    --------
    >>> import adami
    >>> xor = {"a": [0, 0, 1, 1] * 50, "b": [0, 1, 0, 1] * 50, "c": [0, 1, 1, 0] * 50}
    >>> round(adami.o_information(xor, method="plugin").bits, 6)
    -1.0
    """
    from adami.estimators.multivariate import o_information as measured

    variables, notes = many(xs, kinds, missing)
    return measured(variables, method, confidence=confidence, n_jobs=n_jobs).with_diagnostics(*notes)


def transfer_entropy(
    x: Any,
    y: Any,
    *,
    lag: int = 1,
    history: tuple[int, int] = (1, 1),
    delay: int = 1,
    given: Any = None,
    method: str | Estimator = "auto",
    theiler: int = 0,
    kinds: Kinds = None,
    confidence: float = 0.95,
    permutations: int = 0,
    random_state: int | None = 0,
    n_jobs: int = 1,
) -> Estimate:
    """Estimate the transfer entropy from the series x to the series y.

    It is I(Y now; past of X | past of Y). Rows are time steps in order; gaps are not allowed.

    Parameters
    ----------
    x, y : array of shape (n,) or (n, d)
        Source and destination.
    lag : int
        Steps between the source's latest value and the present.
    history : tuple of int
        Number of past values of x and of y.
    delay : int
        Steps between the past values.
    given : same as x, optional
        A third series whose past is known too.
    method, kinds, confidence, random_state, n_jobs
        As in `information`.
    theiler : int
        Neighbours nearer in time than this are not counted.
    permutations : int
        Number of circular shifts of x behind the p-value.

    Returns
    -------
    Estimate
        In nats.

    Examples
    --------
    >>> import adami, numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 2, 2001)
    >>> y = np.roll(x, 1)
    >>> adami.transfer_entropy(x, y, method="plugin").bits > 0.95
    True
    """
    from adami.estimators.transfer_entropy import transfer_entropy as measured

    variables, notes = align(*plain_slots(x=x, y=y, given=given), kinds=kinds)
    estimate = measured(
        variables[0],
        variables[1],
        given=variables[2] if len(variables) > 2 else None,
        lag=lag,
        history=history,
        delay=delay,
        method=method,
        theiler=theiler,
        confidence=confidence,
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    return estimate.with_diagnostics(*notes)
