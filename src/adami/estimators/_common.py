"""Small things that several estimators need: scales, ranks, digamma of counts, and the notes they share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from adami.estimators._base import Measurement
from adami.result import Diagnostic
from adami.variables import TIES_SHARE, Variable

EULER_GAMMA = 0.5772156649015328606
WIDE_NEIGHBOURHOOD = 1.0 / 3.0
"""Share of an axis above which a neighbourhood is no longer local."""


def standardized(numbers: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and standard deviation 1 (ddof=0); constant columns become zeros.

    Works at any scale that float64 can hold: columns are brought near 1 by a power of two first, which is
    exact, so that neither squares nor sums overflow or vanish. Equal values stay equal.

    Parameters
    ----------
    numbers : numpy.ndarray
        Shape ``(n,)`` or ``(n, d)``.

    Returns
    -------
    numpy.ndarray
        float64, C-contiguous, of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> standardized(np.array([1e-300, 3e-300]))
    array([-1.,  1.])
    """
    values = np.asarray(numbers, dtype=np.float64)
    if values.ndim == 1:
        return standardized(values[:, None])[:, 0]
    return standardize(values)[0]


def standardize(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised columns ``(n, d)`` and the logarithm of each column's standard deviation ``(d,)``.

    The logarithm is minus infinity for a constant column.
    """
    values = np.asarray(numbers, dtype=np.float64)
    low, high = values.min(axis=0), values.max(axis=0)
    out, first = _near_one(values, np.maximum(np.abs(low), np.abs(high)))
    out -= out.mean(axis=0)
    # a second time, for columns whose spread is tiny beside their level
    out, second = _near_one(out, np.abs(out).max(axis=0))
    out -= out.mean(axis=0)
    spread = np.sqrt(np.mean(out * out, axis=0))
    varies = (high > low) & (spread > 0)
    spread = np.where(varies, spread, 1.0)
    out /= spread
    out[:, ~varies] = 0.0
    return np.ascontiguousarray(out), np.where(
        varies, np.log(spread) + (first + second) * math.log(2.0), -np.inf
    )


def _near_one(values: np.ndarray, largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide each column by the power of two next to its largest magnitude, without rounding."""
    _, exponent = np.frexp(largest)
    # two halves: a single factor of 2**1074 is not a float
    half = exponent // 2
    return np.ldexp(np.ldexp(values, -half), half - exponent), exponent


def rank_transform(numbers: np.ndarray) -> np.ndarray:
    """Return average ranks divided by n + 1, column by column.

    Parameters
    ----------
    numbers : numpy.ndarray
        Shape ``(n,)`` or ``(n, d)``.

    Examples
    --------
    >>> import numpy as np
    >>> rank_transform(np.array([10.0, 30.0, 20.0]))
    array([0.25, 0.75, 0.5 ])
    """
    values = np.asarray(numbers, dtype=np.float64)
    if values.ndim == 1:
        return _ranks(values)
    return np.column_stack([_ranks(values[:, c]) for c in range(values.shape[1])])


def _ranks(column: np.ndarray) -> np.ndarray:
    order = np.argsort(column, kind="stable")
    inside = column[order]
    starts = np.flatnonzero(np.concatenate(([True], inside[1:] != inside[:-1])))
    ends = np.append(starts[1:], len(column))
    average = np.repeat((starts + ends + 1) / 2.0, ends - starts)
    ranks = np.empty(len(column))
    ranks[order] = average
    return ranks / (len(column) + 1)


def normal_scores(numbers: np.ndarray) -> np.ndarray:
    """Return the standard normal quantiles of the ranks: every column becomes Gaussian in shape.

    Parameters
    ----------
    numbers : numpy.ndarray
        Shape ``(n,)`` or ``(n, d)``.

    Examples
    --------
    >>> import numpy as np
    >>> normal_scores(np.array([10.0, 30.0, 20.0])).round(3)
    array([-0.674,  0.674,  0.   ])
    """
    from scipy.special import ndtri

    return np.asarray(ndtri(rank_transform(numbers)))


def _small_digamma() -> np.ndarray:
    harmonic = np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, 32))))
    return np.concatenate(([np.nan], harmonic - EULER_GAMMA))


_SMALL = _small_digamma()


def digamma(counts: np.ndarray | int) -> np.ndarray:
    """Return digamma of positive whole numbers, to 1e-15 relative, without importing SciPy.

    Parameters
    ----------
    counts : int or integer numpy.ndarray
        At least 1.

    Examples
    --------
    >>> digamma(1).round(6)
    np.float64(-0.577216)
    """
    m = np.asarray(counts)
    x = np.maximum(m, 16).astype(np.float64)
    inverse = 1.0 / (x * x)
    tail = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)))
    return np.asarray(
        np.where(m < len(_SMALL), _SMALL[np.minimum(m, len(_SMALL) - 1)], np.log(x) - 0.5 / x - tail)
    )[()]


def repeated_share(column: np.ndarray) -> float:
    """Return the share of rows whose value occurs in another row too.

    Examples
    --------
    >>> import numpy as np
    >>> repeated_share(np.array([1.0, 2.0, 2.0, 3.0]))
    0.5
    """
    inside = np.sort(column)
    equal = inside[1:] == inside[:-1]
    shared = np.concatenate(([False], equal)) | np.concatenate((equal, [False]))
    return float(np.mean(shared))


def need_rows(n: int, k: int, method: str) -> None:
    """Raise when k neighbours cannot be had, or k is no count."""
    if int(k) != k or k < 1:
        raise ValueError(f"method {method!r}: k={k!r} must be a whole number of at least 1")
    if n <= k:
        raise ValueError(
            f"method {method!r}: k={k} neighbours need more than {k} rows, got {n}; lower k or add rows"
        )


def varying(v: Variable) -> np.ndarray:
    """Return the number columns that take more than one value: ``(n, d')``, C-contiguous."""
    keep = v.numbers.min(axis=0) < v.numbers.max(axis=0) if v.dim else np.zeros(0, dtype=bool)
    return np.ascontiguousarray(v.numbers[:, keep])


def has_levels(v: Variable) -> bool:
    """Whether the label part takes more than one value."""
    return v.codes is not None and bool((v.codes != v.codes[0]).any())


def constant_note(*slots: Variable) -> tuple[Diagnostic, ...]:
    """Name the columns that never change."""
    names = [c.name for v in slots for c in v.columns if len(c.values) and (c.values == c.values[0]).all()]
    if not names:
        return ()
    said = ", ".join(map(repr, names))
    return (Diagnostic("constant", f"column(s) {said} never change and carry no information"),)


def nothing_to_tell(*slots: Variable) -> Measurement | None:
    """Return exactly 0 when one of the slots never changes, otherwise None."""
    if all(varying(v).shape[1] or has_levels(v) for v in slots):
        return None
    return Measurement(0.0, pointwise=np.zeros(slots[0].n), diagnostics=constant_note(*slots))


def ties_note(
    *slots: Variable, way_out: str = "method='auto' spreads them over their ranks"
) -> tuple[Diagnostic, ...]:
    """Name the continuous columns in which more than 1 % of the rows repeat a value."""
    shares = {c.name: repeated_share(c.values) for v in slots for c in v.columns if c.kind != "discrete"}
    told = [f"{name!r} ({share:.0%})" for name, share in shares.items() if share > TIES_SHARE]
    if not told:
        return ()
    message = (
        f"repeated values in {', '.join(told)}: neighbour distances assume a continuous column; {way_out}"
    )
    return (Diagnostic("ties", message, "warning", "unknown"),)


def dimension_note(n: int, k: int, dim: int) -> tuple[Diagnostic, ...]:
    """Say when the k nearest of n rows in `dim` dimensions are no longer near."""
    share = (k / n) ** (1.0 / dim) if dim else 0.0
    if share <= WIDE_NEIGHBOURHOOD:
        return ()
    need = math.log10(k) - dim * math.log10(WIDE_NEIGHBOURHOOD)
    rows = f"about {math.ceil(10**need):,}" if need < 9 else "more than a billion"
    message = (
        f"{n} rows are few for {dim} dimension(s): the {k} nearest neighbours span about {share:.0%} of each "
        f"axis; it would take {rows} rows, fewer columns, or a method with a model"
    )
    return (Diagnostic("too_few_samples", message, "warning", "low"),)


def ceiling_note(value: float, n: int) -> tuple[Diagnostic, ...]:
    """Say when a value is above ln n, which no sample of n rows can certify."""
    if value <= math.log(n):
        return ()
    message = f"the value is above ln(n) = {math.log(n):.3g} nats, which no {n} rows can vouch for"
    return (Diagnostic("above_log_n", message, "warning", "unknown"),)


def small_class_note(sizes: Sequence[int] | np.ndarray, k: int) -> tuple[Diagnostic, ...]:
    """Say how many cells have at most k rows, and how many rows stand alone."""
    sizes = np.asarray(sizes)
    small = sizes[(sizes > 0) & (sizes <= k)]
    if len(small) == 0:
        return ()
    alone = int((small == 1).sum())
    message = f"{len(small)} label(s) have at most k={k} rows, so fewer neighbours are used there"
    if alone:
        message += f"; {alone} of them have one row only"
    return (Diagnostic("small_class", message, "warning" if alone else "note", "unknown"),)
