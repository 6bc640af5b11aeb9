"""Intervals that hold for neighbour methods: partition variance, subsampling, a guard on the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from adami._parallel import seeds, spread
from adami.estimators._base import Estimator, Measurement, normal_interval
from adami.result import Diagnostic
from adami.variables import Variable, variable

IntervalKind = Literal["auto", "analytic", "partition", "subsample", "bootstrap"]
Slots = tuple[Variable, Variable | None, Variable | None]
MIN_ROWS = 50
"""Fewest rows that can be halved: neighbour methods need several times k rows in each part."""
PART_ROWS, MAX_PART_ROWS, MAX_PARTS = 150, 2000, 40
"""Parts hold about 150 rows, in larger samples more, and at most 2,000: the cost stays bounded."""
DEGREES = 30
"""Squared differences that the variance rests on; with few parts the rows are split repeatedly."""
INFLATION = 1.05
"""Parts lose a little variance to their coarser neighbourhoods; measured over Gaussian and uniform pairs."""
SUBSAMPLES = 60
BOOTSTRAPS = 200
SMOOTH = frozenset(
    {
        "chao_shen",
        "gaussian",
        "gaussian_copula",
        "grassberger",
        "jackknife",
        "miller_madow",
        "nsb",
        "plugin",
        "shrinkage",
        "student_copula",
    }
)
"""Methods whose value does not break when rows are repeated, as the bootstrap repeats them."""


def interval(
    estimator: str | Estimator,
    x: Any,
    y: Any = None,
    given: Any = None,
    *,
    kind: IntervalKind = "auto",
    confidence: float = 0.95,
    force: bool = False,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> tuple[float, float]:
    """Return an interval for an information or an entropy.

    Parameters
    ----------
    estimator : str or Estimator
    x : array of shape (n,) or (n, d), list, series, frame, tensor or Variable
    y, given : same, optional
    kind : {"auto", "analytic", "partition", "subsample", "bootstrap"}
        "analytic" is the method's own; "partition" extrapolates the variance between disjoint parts of the
        rows, of 150 or more where there are enough, to all rows; "subsample" does so from overlapping halves;
        "bootstrap"
        resamples with replacement. "auto" is the method's own, or else "partition".
    confidence : float
        In (0, 1).
    force : bool
        Allow the bootstrap for a method that it breaks.
    random_state : int, numpy.random.Generator or None
    n_jobs : int

    Returns
    -------
    (float, float)
        In nats. Such intervals tell the spread of the estimate, not its bias.

    Raises
    ------
    ValueError
        If the method has no analytic interval, rows are too few, or the bootstrap would break the method:
        repeated rows are at distance zero, so nearest neighbours see dependence in their own copies.

    References
    ----------
    Holmes and Nemenman, "Estimation of mutual information for real-valued data with error bars and controlled
    bias", Physical Review E 100, 2019.
    Politis and Romano, "Large sample confidence regions based on subsamples under minimal assumptions", 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.resampling import interval
    >>> x = np.random.default_rng(2).integers(0, 3, 500)
    >>> low, high = interval("plugin", x, x // 2, kind="partition")
    >>> low < 0.6365 < high
    True
    """
    from adami.estimators.registry import get

    estimator = get(estimator)
    check_confidence(confidence)
    slots = _slots(x, y, given)
    m = _on(estimator, slots)
    own = own_interval(m, confidence)
    if kind == "analytic" or (kind == "auto" and own is not None):
        if own is None:
            raise ValueError(f"method {estimator.name!r} has no analytic interval; use kind='partition'")
        return own
    error = standard_error(
        estimator,
        *slots,
        kind="partition" if kind == "auto" else kind,
        force=force,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    return normal_interval(m.value, error, confidence)


def own_interval(m: Measurement, confidence: float) -> tuple[float, float] | None:
    """Return the interval that the method itself gives, if any."""
    if m.interval is not None:
        low, high = m.interval(confidence)
        return float(low), float(high)
    if m.standard_error is not None:
        return normal_interval(m.value, m.standard_error, confidence)
    return None


def standard_error(
    estimator: Estimator,
    x: Variable,
    y: Variable | None = None,
    given: Variable | None = None,
    *,
    kind: str = "partition",
    force: bool = False,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> float:
    """Return the standard error of an estimate by resampling rows, in nats."""

    def measure(rows: np.ndarray) -> float:
        return _on(estimator, (x, y, given), rows).value

    if kind == "partition":
        return _partition(measure, x.n, random_state, n_jobs)
    if kind == "subsample":
        return _subsample(measure, x.n, random_state, n_jobs)
    if kind == "bootstrap":
        if estimator.name not in SMOOTH and not force:
            raise ValueError(
                f"the bootstrap repeats rows, which breaks method {estimator.name!r} (repeated rows are "
                "their own nearest neighbours); use kind='partition' or 'subsample', or force=True to see "
                "it break"
            )
        pieces = seeds(random_state, BOOTSTRAPS)
        values = spread(lambda g: measure(g.integers(0, x.n, x.n)), pieces, n_jobs, fine=True)
        return float(np.std(values, ddof=1))
    raise ValueError(f"unknown kind {kind!r}: choose 'analytic', 'partition', 'subsample' or 'bootstrap'")


def size_drift(
    estimator: str | Estimator,
    x: Any,
    y: Any = None,
    given: Any = None,
    *,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> tuple[dict[int, float], Diagnostic | None]:
    """Measure on all rows, on halves and on quarters: a value that drifts with the number of rows is biased.

    Parameters
    ----------
    estimator : str or Estimator
    x, y, given : anything with rows, or Variable
    random_state : int, numpy.random.Generator or None
    n_jobs : int

    Returns
    -------
    values : dict of int -> float
        Number of rows -> mean value over the two halves or four quarters, in nats.
    finding : Diagnostic or None
        ``"size_drift"`` when halving the rows moves the value by more than two standard errors; its message
        gives the value extrapolated linearly in 1/n.

    References
    ----------
    Strong et al., "Entropy and information in neural spike trains", Physical Review Letters 80, 1998.
    """
    from adami.estimators.registry import get

    estimator = get(estimator)
    slots = _slots(x, y, given)
    n = slots[0].n
    if n < 2 * MIN_ROWS:
        raise ValueError(f"{n} rows are too few to be quartered; {2 * MIN_ROWS} are needed")
    order = seeds(random_state, 1)[0].permutation(n)
    pieces = [(m, part) for m in (1, 2, 4) for part in np.array_split(order, m)]

    def measure(piece: tuple[int, np.ndarray]) -> float:
        return _on(estimator, slots, piece[1]).value

    values = np.array(spread(measure, pieces, n_jobs, fine=True))
    split = {1: values[:1], 2: values[1:3], 4: values[3:]}
    means = {n // m: float(v.mean()) for m, v in split.items()}
    # the variance of a part is m times that of the whole; both estimates are pooled by degrees of freedom
    error = float(np.sqrt((split[2].var(ddof=1) / 2 + 3 * split[4].var(ddof=1) / 4) / 4))
    full, half = values[0], split[2].mean()
    if abs(full - half) <= 2 * error:
        return means, None
    return means, Diagnostic(
        "size_drift",
        f"halving the rows moves the value from {full:.4g} to {half:.4g} nats; linear in 1/n it tends to "
        f"{2 * full - half:.4g} nats: more rows, or another method, would change the answer",
        "warning",
        "low" if full > half else "high",
    )


def check_confidence(confidence: float) -> None:
    """Raise unless the level lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence!r}: give a level between 0 and 1, such as 0.95")


def enough_rows(n: int) -> bool:
    """Tell whether rows can be split into at least two parts."""
    return n >= MIN_ROWS


def _slots(x: Any, y: Any, given: Any) -> Slots:
    return (
        variable(x, "x"),
        None if y is None else variable(y, "y"),
        None if given is None else variable(given, "given"),
    )


def _on(estimator: Estimator, slots: Slots, rows: np.ndarray | None = None) -> Measurement:
    """Measure on some of the rows."""
    x, y, z = slots
    if rows is None:
        return estimator._measure(x, y, z)
    return estimator._measure(
        x.take(rows), None if y is None else y.take(rows), None if z is None else z.take(rows)
    )


def _partition(
    measure: Callable[[np.ndarray], float],
    n: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
) -> float:
    if n < MIN_ROWS:
        raise ValueError(f"{n} rows are too few for an interval from parts; {MIN_ROWS} are needed")
    parts = min(max(n // PART_ROWS, 2), MAX_PARTS)
    size = min(n // parts, MAX_PART_ROWS)
    splits = -(-DEGREES // (parts - 1))
    pieces: list[np.ndarray] = []
    for rng in seeds(random_state, splits):
        pieces += np.split(rng.permutation(n)[: parts * size], parts)
    values = np.array(spread(measure, pieces, n_jobs, fine=True)).reshape(splits, parts)
    return INFLATION * float(np.sqrt(values.var(axis=1, ddof=1).mean() * size / n))


def _subsample(
    measure: Callable[[np.ndarray], float],
    n: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
) -> float:
    size = n // 2
    if n < MIN_ROWS:
        raise ValueError(f"{n} rows are too few for an interval from subsamples; {MIN_ROWS} are needed")
    pieces = seeds(random_state, SUBSAMPLES)
    drawn = spread(lambda g: measure(g.choice(n, size, replace=False)), pieces, n_jobs, fine=True)
    return float(np.std(drawn, ddof=1) * np.sqrt(size / n) / np.sqrt(1 - size / n))
