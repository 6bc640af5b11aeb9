"""Transfer entropy: what the past of one series tells about the next of another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adami._parallel import ordered_map
from adami.estimators._base import Estimator, Measurement, normal_interval
from adami.estimators._common import digamma, need_rows, standardized
from adami.estimators._embedding import choose_history, lagged, long_run_variance
from adami.estimators._entropy_terms import INFLATION
from adami.result import Diagnostic, Estimate
from adami.variables import Variable, merge, variable

__all__ = ["choose_history", "transfer_entropy"]

NEIGHBOURS = 4
DRIFT = 4.0
"""Standard errors between the means of the two halves that count as drift."""


def transfer_entropy(
    x: Any,
    y: Any,
    *,
    lag: int = 1,
    history: tuple[int, int] = (1, 1),
    delay: int = 1,
    method: str | Estimator = "auto",
    theiler: int = 0,
    permutations: int = 0,
    given: Any = None,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> Estimate:
    """Measure the transfer entropy from series x to series y.

    This is ``I(y[t+1]; past of x | past of y)``, the past of x being ``x[t+1-lag], x[t+1-lag-delay], ...``.

    Parameters
    ----------
    x, y : series of shape (n,) or (n, d), or Variable
        In order of time, equally spaced, of equal length.
    lag : int
        Steps from the latest value of x to the predicted value of y.
    history : tuple of int
        Number of past values of x and of y. With too short a past of y, its own memory is taken for
        influence; `choose_history` helps.
    delay : int
        Steps between the past values.
    method : str or Estimator
        ``"frenzel_pompe"`` (neighbours), ``"gaussian"`` (half of Granger's causality), ``"discrete"``
        (Miller and Madow's correction), or any estimator of conditional information. ``"auto"`` takes
        ``"discrete"`` for labels, ``"frenzel_pompe"`` otherwise.
    theiler : int
        Rows less than so many steps apart are no neighbours of each other: a little more than the time over
        which the series remember. For neighbour methods only; for all, surrogates are shifted by more
        than it.
    permutations : int
        Number of surrogates: x shifted in a circle, which keeps its own memory. 0 gives no p-value.
    given : series, optional
        Further series whose past (as long as that of y) is known too.
    confidence : float
        Level of the interval, in (0, 1); it accounts for the memory of the local values.
    random_state : int, numpy.random.Generator or None
        Chooses the shifts.
    n_jobs : int, optional
        Threads; the answer does not depend on it.

    Returns
    -------
    Estimate
        In nats. With surrogates the details hold ``effective``, the value less the mean of the surrogates.

    Raises
    ------
    ValueError
        For series too short for the history, or of unequal length.
    TypeError
        If the method does not take variables of these kinds.

    References
    ----------
    .. [1] T. Schreiber, "Measuring information transfer", Physical Review Letters 85, 2000.
    .. [2] S. Frenzel, B. Pompe, "Partial mutual information for coupling analysis of multivariate time
       series", Physical Review Letters 99, 2007.
    .. [3] J. Theiler, "Spurious dimension from correlation algorithms applied to limited time-series
       data", Physical Review A 34, 1986.
    .. [4] R. Marschinski, H. Kantz, "Analysing the information flow between financial time series", European
       Physical Journal B 30, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.transfer_entropy import transfer_entropy
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 2, 1000)
    >>> y = np.roll(x, 1)
    >>> round(transfer_entropy(x, y), 2), transfer_entropy(y, x) < 0.01
    (0.69, True)
    """
    slots = {"x": variable(x, "x"), "y": variable(y, "y")}
    if given is not None:
        slots["given"] = variable(given, "given")
    n = slots["x"].n
    if len({v.n for v in slots.values()}) > 1:
        raise ValueError(f"unequal numbers of rows: {', '.join(f'{v} has {v.n}' for v in slots.values())}")
    past_x, past_y = _checked(lag, history, delay, theiler, permutations, confidence)
    start = max(lag + (past_x - 1) * delay, 1 + (past_y - 1) * delay)
    if n - start < 10:
        raise ValueError(
            f"{n} rows leave {max(n - start, 0)} after a history of {start}; at least 10 are needed"
        )
    memory = lagged(slots["y"], start, [1 + i * delay for i in range(past_y)])
    if given is not None:
        memory = merge(memory, lagged(slots["given"], start, [1 + i * delay for i in range(past_y)]))
    future = lagged(slots["y"], start, [0])
    steps = [lag + i * delay for i in range(past_x)]
    estimator = _choose(method, slots, theiler, n_jobs)
    cause = lagged(slots["x"], start, steps)
    m = estimator._measure(cause, future, memory)
    notes = [*m.diagnostics, *(_drift(v) for v in slots.values() if v.dim)]
    details = {**m.details, "lag": lag, "history": (past_x, past_y), "delay": delay, "theiler": theiler}
    p_value = None
    if permutations:
        shifts = _shifts(n, max(theiler, start) + 1, permutations, random_state)

        def surrogate(shift: int) -> float:
            rolled = slots["x"].take(np.roll(np.arange(n), shift))
            return estimator._statistic(lagged(rolled, start, steps), future, memory)

        null = np.array(ordered_map(surrogate, shifts.tolist(), n_jobs))
        observed = estimator._statistic(cause, future, memory)
        slack = 1e-10 * max(1.0, abs(observed))
        p_value = (1 + int(np.count_nonzero(null >= observed - slack))) / (1 + len(null))
        details |= {"effective": m.value - float(null.mean()), "surrogate_mean": float(null.mean())}
        details |= {"surrogates": len(null)}
    interval, kind = _interval(m, n - start, confidence)
    return Estimate(
        m.value,
        quantity="transfer entropy",
        method=estimator.name,
        n=n - start,
        kinds=tuple(v.kind for v in slots.values()),
        interval=interval,
        interval_kind=kind,
        confidence=confidence,
        p_value=p_value,
        measure=estimator.measure,
        pointwise=m.pointwise,
        diagnostics=tuple(d for d in notes if d is not None),
        details=details,
    )


class _Windowed(Estimator):
    """Frenzel and Pompe's estimator among rows that are apart in time."""

    name = "frenzel_pompe"

    def __init__(self, window: int, n_jobs: int | None = 1) -> None:
        self.window = window
        self.n_jobs = n_jobs

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        from adami.estimators._kernels.theiler import count_outside, radius_outside

        need_rows(x.n, NEIGHBOURS, self.name)
        if any(v.codes is not None for v in (x, y, given)):
            raise TypeError("theiler= is for numbers only: with labels among the series leave it out")
        a, b, c = (standardized(v.numbers) for v in (x, y, given))
        radius = radius_outside([a, b, c], NEIGHBOURS, self.window, self.n_jobs)
        reach = np.maximum(radius, np.nextafter(0.0, 1.0))
        local = np.full(x.n, float(digamma(NEIGHBOURS)))
        for sign, blocks in ((-1, (a, c)), (-1, (b, c)), (1, (c,))):
            local += sign * digamma(count_outside(np.hstack(blocks), reach, self.window, self.n_jobs) + 1)
        return Measurement(float(local.mean()), pointwise=local, details={"k": NEIGHBOURS})


def _checked(
    lag: int, history: tuple[int, int], delay: int, theiler: int, permutations: int, confidence: float
) -> tuple[int, int]:
    past = (history, history) if isinstance(history, int) else tuple(history)
    if len(past) != 2:
        raise ValueError(f"history={history!r}: give two numbers, the past of x and the past of y")
    for name, number, least in (
        ("lag", lag, 1),
        ("history", min(past), 1),
        ("delay", delay, 1),
        ("theiler", theiler, 0),
        ("permutations", permutations, 0),
    ):
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < least:
            raise ValueError(f"{name}={number!r}: give a whole number of at least {least}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence={confidence!r} must lie between 0 and 1")
    return int(past[0]), int(past[1])


def _choose(
    method: str | Estimator, slots: dict[str, Variable], theiler: int, n_jobs: int | None
) -> Estimator:
    from adami.estimators.registry import get

    if method == "auto":
        method = "discrete" if all(v.kind == "discrete" for v in slots.values()) else "frenzel_pompe"
    if method == "discrete":
        return get("miller_madow")
    if method == "frenzel_pompe":
        return _Windowed(theiler, n_jobs) if theiler > 1 else get(method, k=NEIGHBOURS, n_jobs=n_jobs)
    return get(method)


def _shifts(n: int, least: int, count: int, random_state: int | np.random.Generator | None) -> np.ndarray:
    possible = np.arange(least, n - least + 1)
    if len(possible) < 19:
        raise ValueError(f"{n} rows are too few for surrogates shifted by at least {least} rows")
    rng = np.random.default_rng(random_state)
    return rng.choice(possible, min(count, len(possible)), replace=False)


def _interval(m: Measurement, n: int, confidence: float) -> tuple[tuple[float, float] | None, str | None]:
    """Return the interval: the method's own, or from the local values and their memory."""
    if not math.isfinite(m.value):
        return None, None
    if m.interval is not None:
        return m.interval(confidence), m.interval_kind
    if m.pointwise is not None:
        error = math.sqrt(long_run_variance(m.pointwise) / n)
        if m.standard_error is None:
            # a method without an error of its own counts neighbours
            error *= INFLATION
        return normal_interval(m.value, error, confidence), "analytic"
    if m.standard_error is not None:
        return normal_interval(m.value, m.standard_error, confidence), m.interval_kind
    return None, None


def _drift(v: Variable) -> Diagnostic | None:
    """Say when the two halves of a series have different means, beyond what its memory explains."""
    half = v.n // 2
    for c, column in zip((c for c in v.columns if c.kind != "discrete"), standardized(v.numbers).T):
        first, second = column[:half], column[half:]
        error = math.sqrt(long_run_variance(first) / len(first) + long_run_variance(second) / len(second))
        if error > 0 and abs(first.mean() - second.mean()) > DRIFT * error:
            return Diagnostic(
                "nonstationary",
                f"{c.name!r} has another mean in its second half: a common drift looks like influence; use "
                "differences, or shorter stretches",
                "warning",
                "unknown",
            )
    return None
