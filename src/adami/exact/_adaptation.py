"""What changes in the responses of a population when its gains adapt."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact.gain_control import GainControl


@dataclass(frozen=True, slots=True)
class AdaptationReport:
    """What changes when gains move from a control context to another; "before" and "after" share stimuli.

    Parameters
    ----------
    relative_gains : numpy.ndarray, shape (n_units,)
        Adapted over control gains.
    adapter : int
        The stimulus whose probability grew most.
    response_change : numpy.ndarray, shape (n_units,)
        Response to the adapter, after less before.
    adapter_ratio : float
        Total response to the adapter, after over before: below one is suppression.
    peak_shifts : numpy.ndarray, shape (n_units,)
        Displacement of each tuning curve's peak, in units of `spacing`.
    correlation_before, correlation_after : float
        Mean absolute correlation of the noise-free responses over the pairs of units that vary, in the
        adapted context; NaN with fewer than two such units.
    variation_before, variation_after : float
        Coefficient of variation of the mean responses over units, in the adapted context.
    activity_before, activity_after : float
        Mean squared length of the response, in the adapted context.
    loss_before, loss_after : float
        In the adapted context.
    """

    relative_gains: np.ndarray
    adapter: int
    response_change: np.ndarray
    adapter_ratio: float
    peak_shifts: np.ndarray
    correlation_before: float
    correlation_after: float
    variation_before: float
    variation_after: float
    activity_before: float
    activity_after: float
    loss_before: float
    loss_after: float


def adaptation_report(
    model: GainControl,
    F: Any,
    p_control: Any,
    p_adapt: Any,
    *,
    spacing: float = 1.0,
    circular: bool = True,
) -> AdaptationReport:
    """Compare the responses under the gains of two stimulus statistics.

    Parameters
    ----------
    model : GainControl
        Fitted or not; it is left as it is.
    F : array, shape (n_stimuli, n_units)
        Drives; neighbouring rows are neighbouring stimuli.
    p_control, p_adapt : array, shape (n_stimuli,)
        Probability of each stimulus in the two contexts.
    spacing : float
        Distance of neighbouring stimuli, the unit of the peak shifts.
    circular : bool
        Whether the last stimulus neighbours the first.

    Returns
    -------
    AdaptationReport

    References
    ----------
    Paper 94 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import GainControl, adaptation_report
    >>> angle = np.arange(16) * np.pi / 16
    >>> F = np.exp(2 * (np.cos(2 * (angle[:, None] - angle)) - 1))
    >>> often = np.full(16, 0.5 / 15)
    >>> often[8] = 0.5
    >>> report = adaptation_report(GainControl(np.zeros((16, 16)), alpha=5.0), F, np.full(16, 1 / 16), often)
    >>> report.adapter, report.adapter_ratio < 1
    (8, True)
    """
    before = copy.copy(model).fit(F, p_control)
    after = copy.copy(model).fit(F, p_adapt)
    drives, law = np.asarray(F, dtype=float), np.asarray(p_adapt, dtype=float)
    first, then = before.transform(drives), after.transform(drives)
    adapter = int(np.argmax(law - np.asarray(p_control, dtype=float)))
    shifts = _peaks(then, circular) - _peaks(first, circular)
    if circular:
        shifts = (shifts + len(drives) / 2) % len(drives) - len(drives) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = after.gains_ / before.gains_
        ratio = float(np.float64(then[adapter].sum()) / first[adapter].sum())
    return AdaptationReport(
        relative_gains=relative,
        adapter=adapter,
        response_change=then[adapter] - first[adapter],
        adapter_ratio=ratio,
        peak_shifts=shifts * spacing,
        correlation_before=_correlation(first, law),
        correlation_after=_correlation(then, law),
        variation_before=_variation(first, law),
        variation_after=_variation(then, law),
        activity_before=float(law @ np.sum(first**2, axis=1)),
        activity_after=float(law @ np.sum(then**2, axis=1)),
        loss_before=before.loss(drives, law),
        loss_after=after.loss(drives, law),
    )


def _peaks(responses: np.ndarray, circular: bool) -> np.ndarray:
    """Return where each column peaks: the top of the parabola through its highest entry and neighbours."""
    rows, units = responses.shape
    top, column = np.argmax(responses, axis=0), np.arange(units)
    left, right = top - 1, top + 1
    inner = np.full(units, True) if circular else (left >= 0) & (right < rows)
    low, high = responses[left % rows, column], responses[right % rows, column]
    bend = low - 2 * responses[top, column] + high
    bent = inner & (bend < 0)
    return np.asarray(top + np.where(bent, (low - high) / (2 * np.where(bent, bend, -1.0)), 0.0))


def _correlation(responses: np.ndarray, law: np.ndarray) -> float:
    centred = responses - law @ responses
    covariance = centred.T @ (law[:, None] * centred)
    variances = np.diag(covariance)
    varying = variances > 1e-24 * np.maximum(law @ responses**2, np.finfo(float).tiny)
    if varying.sum() < 2:
        return math.nan
    sd = np.sqrt(variances[varying])
    pairs = (covariance[np.ix_(varying, varying)] / np.outer(sd, sd))[np.triu_indices(len(sd), 1)]
    return float(np.mean(np.abs(pairs)))


def _variation(responses: np.ndarray, law: np.ndarray) -> float:
    means = law @ responses
    level = float(np.mean(means))
    return float(np.std(means) / level) if level else math.nan
