"""How sure a number is: intervals, p-values and diagnostics around any estimator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adami.estimators import checks
from adami.estimators._base import Estimator, Measurement
from adami.estimators._intervals import (
    check_confidence,
    enough_rows,
    interval,
    own_interval,
    size_drift,
    standard_error,
)
from adami.estimators._perfect import affine_dependence, determined
from adami.estimators._permutation import PermutationTest, check_permutations, permutation_test
from adami.estimators.checks import merged
from adami.result import Diagnostic, Estimate
from adami.variables import Variable

__all__ = [
    "PermutationTest",
    "assess",
    "benjamini_hochberg",
    "conditional_independence_test",
    "interval",
    "permutation_test",
    "size_drift",
]


def assess(
    estimator: Estimator,
    x: Variable,
    y: Variable | None = None,
    given: Variable | None = None,
    *,
    confidence: float = 0.95,
    permutations: int = 0,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
    interval: bool = True,
) -> Estimate:
    """Measure, and say how far the number can be trusted.

    Parameters
    ----------
    estimator : Estimator
    x : Variable
    y : Variable, optional
        Without it the entropy of x is measured.
    given : Variable, optional
    confidence : float
        Level of the interval, in (0, 1).
    permutations : int
        Number of permutations behind the p-value; 0 leaves the method's analytic one, or none.
    random_state : int, numpy.random.Generator or None
    n_jobs : int
        Number of threads; the answer does not depend on it.
    interval : bool
        Whether to make an interval.

    Returns
    -------
    Estimate
        In nats. A constant column gives exactly 0; a copy of a continuous column gives infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import get
    >>> from adami.estimators.resampling import assess
    >>> from adami.variables import variable
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> assess(get("plugin"), variable(np.zeros(100), "a"), variable(x > 0, "b")).value
    0.0
    """
    check_confidence(confidence)
    check_permutations(permutations)
    if permutations and y is None:
        raise ValueError("permutations= tests the dependence between two variables; give y as well")
    slots = {"x": x, "y": y, "given": given}
    variables = {k: v for k, v in slots.items() if v is not None}
    if len({v.n for v in variables.values()}) > 1:
        said = ", ".join(f"{k} ({v}) has {v.n}" for k, v in variables.items())
        raise ValueError(f"unequal numbers of rows: {said}")
    found = list(checks.inspect(x, y, given))
    m = _foregone(estimator, x, y, given)
    foregone = m is not None
    if m is None:
        m = estimator._measure(x, y, given)
    estimate = estimator._finish(variables, m, confidence)
    found = merged(found, m.diagnostics)
    if math.isnan(m.value):
        raise ValueError(f"method {estimator.name!r} found no number for these columns: {_words(found)}")
    if estimator.measure == "shannon":
        found = merged(checks.inspect_value(m.value, x, y, given), found)
    if interval and not foregone:
        ends, how = _ends(estimator, m, x, y, given, confidence, random_state, n_jobs)
        estimate = estimate.replace(interval=ends, interval_kind=how)
    elif not interval:
        estimate = estimate.replace(interval=None, interval_kind=None)
    if permutations and y is not None:
        if foregone:
            p = 1.0 if m.value == 0.0 else 1 / (1 + permutations)
        else:
            test = permutation_test(
                estimator, x, y, given, permutations=permutations, random_state=random_state, n_jobs=n_jobs
            )
            p = test.p_value
            found += test.diagnostics
        estimate = estimate.replace(p_value=p)
    return estimate.replace(diagnostics=tuple(found))


def conditional_independence_test(
    x: Any,
    y: Any,
    z: Any,
    *,
    method: str | Estimator = "auto",
    permutations: int = 199,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> PermutationTest:
    """Test whether x and y are independent given z, by local permutation.

    Parameters
    ----------
    x, y, z : array of shape (n,) or (n, d), list, series, frame, tensor or Variable
    method : str or Estimator
        Measure of conditional information that the test compares.
    permutations : int
    random_state : int, numpy.random.Generator or None
    n_jobs : int

    Returns
    -------
    PermutationTest
        A small p-value speaks against conditional independence.

    References
    ----------
    Runge, "Conditional independence testing based on a nearest-neighbor estimator of conditional mutual
    information", AISTATS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.resampling import conditional_independence_test
    >>> rng = np.random.default_rng(0)
    >>> z = rng.integers(0, 2, 400)
    >>> x, y = z ^ (rng.random(400) < 0.2), z ^ (rng.random(400) < 0.2)
    >>> conditional_independence_test(x, y, z, method="plugin", permutations=99).p_value > 0.05
    True
    """
    return permutation_test(
        method, x, y, z, permutations=permutations, random_state=random_state, n_jobs=n_jobs
    )


def benjamini_hochberg(p_values: Any) -> np.ndarray:
    """Adjust p-values of many tests so that rejecting those below q keeps the false discovery rate at q.

    Parameters
    ----------
    p_values : array of shape (m,)
        NaN marks a test that was not made; it stays NaN and does not count.

    Returns
    -------
    numpy.ndarray
        Shape ``(m,)``, in the order given.

    Raises
    ------
    ValueError
        If a value lies outside [0, 1].

    References
    ----------
    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society
    B 57, 1995.

    Examples
    --------
    >>> from adami.estimators.resampling import benjamini_hochberg
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = np.atleast_1d(np.asarray(p_values, dtype=np.float64))
    if p.ndim != 1:
        raise ValueError(f"p_values: expected one dimension, got shape {p.shape}")
    if ((p < 0) | (p > 1)).any():
        raise ValueError("p-values lie between 0 and 1")
    out = np.full(len(p), np.nan)
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    out[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return out


# -- what is known before measuring ----------------------------------------------------------------


def _foregone(
    estimator: Estimator, x: Variable, y: Variable | None, given: Variable | None
) -> Measurement | None:
    """Return the value where the data leave no question: 0 with a constant side, infinity for a copy."""
    if y is None or estimator.measure != "shannon":
        return None
    offered = type(estimator)._information if given is None else type(estimator)._conditional
    if offered in (Estimator._information, Estimator._conditional):
        return None
    if checks.is_constant(x) or checks.is_constant(y):
        return Measurement(0.0, interval=lambda confidence: (0.0, 0.0), p_value=1.0)
    if not all(v.kind in estimator.takes for v in (x, y, given) if v is not None):
        return None
    if given is not None:
        for v in (x, y):
            if determined(v, given):
                note = Diagnostic(
                    "degenerate",
                    f"{v} is an exact affine function of {given}: once {given} is known nothing is left to "
                    "tell",
                )
                return Measurement(
                    0.0, interval=lambda confidence: (0.0, 0.0), p_value=1.0, diagnostics=(note,)
                )
    if affine_dependence(x, y, given) is not None:
        return Measurement(math.inf)
    return None


def _ends(
    estimator: Estimator,
    m: Measurement,
    x: Variable,
    y: Variable | None,
    given: Variable | None,
    confidence: float,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
) -> tuple[tuple[float, float] | None, str | None]:
    """Return the interval and how it was made: the method's own, or from parts of the rows."""
    from adami.estimators._base import normal_interval

    own = own_interval(m, confidence)
    if own is not None:
        return own, m.interval_kind
    if not enough_rows(x.n) or not math.isfinite(m.value):
        return None, None
    error = standard_error(estimator, x, y, given, random_state=random_state, n_jobs=n_jobs)
    return normal_interval(m.value, error, confidence), "partition"


def _words(found: list[Diagnostic]) -> str:
    return "; ".join(d.message for d in found) or "no reason is known; try method='auto'"
