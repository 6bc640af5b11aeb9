"""The least mutual information with which labels tell a given semantic information."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adami.exact._arrays import as_numpy, in_base, unit_name
from adami.exact.informations import mutual_information
from adami.exact.semantic_channel import SemanticChannel


@dataclass(frozen=True, slots=True, eq=False)
class RatePoint:
    """One point of a rate-verisimilitude function.

    Parameters
    ----------
    rate : float
        Mutual information of instances and labels.
    verisimilitude : float
        Semantic mutual information of the same channel.
    slope : float
        ``d rate / d verisimilitude`` there, the parameter of the iteration.
    unit : str
        Unit of both.
    channel : numpy.ndarray, shape (n_instances, n_labels)
        The channel that reaches the point, ``P(y | x)``.
    label_law : numpy.ndarray, shape (n_labels,)
        How often it uses each label.
    gap : float
        By how much ``rate - slope * verisimilitude`` may exceed its minimum, in the same unit: a bound from
        the dual problem. Infinite at infinite slope, where that difference has no meaning.
    trace : tuple of float
        ``rate - slope * verisimilitude`` after each round of the iteration, never rising; at infinite slope
        the rate.
    converged : bool
        Whether the label law came to rest.
    """

    rate: float
    verisimilitude: float
    slope: float
    unit: str
    channel: np.ndarray
    label_law: np.ndarray
    gap: float
    trace: tuple[float, ...]
    converged: bool

    @property
    def efficiency(self) -> float:
        """Information efficiency ``verisimilitude / rate``; NaN where the rate is 0."""
        return self.verisimilitude / self.rate if self.rate > 0 else math.nan


def rate_at_slope(
    semantic: SemanticChannel,
    slope: float,
    *,
    base: float | None = None,
    tol: float = 1e-12,
    max_iter: int = 200_000,
) -> RatePoint:
    """Return the point of R(G) with a given slope, by the minimum information difference iteration.

    Parameters
    ----------
    semantic : SemanticChannel
        Truth functions and prior.
    slope : float
        ``dR/dG``, 0 or more; ``math.inf`` asks for the largest semantic information.
        At 0 it is the limit from above: one label, the best without looking at the instance.
    base : float, optional
        Base of the logarithm; nats by default.
    tol : float
        The iteration rests when no label's probability changes by more.
    max_iter : int
        Rounds after which it is given up, with ``converged=False``.

    Returns
    -------
    RatePoint
        At slope 1 the rate is no less than the semantic information, and the two are equal just when the
        prior is a mixture of the labels' predictions.

    Raises
    ------
    ValueError
        If the slope is negative, or an instance that the prior allows has no label with a truth above 0.

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    >>> from adami.exact import SemanticChannel, rate_at_slope
    >>> channel = SemanticChannel.from_channel([[0.75, 0.25], [0.25, 0.75]], [0.5, 0.5])
    >>> point = rate_at_slope(channel, 1.0, base=2)
    >>> round(point.rate, 6), round(point.verisimilitude, 6)
    (0.188722, 0.188722)
    """
    if not slope >= 0:
        raise ValueError(f"slope={slope}: slopes of the rate-verisimilitude function are 0 or more")
    prior, values = _tables(semantic)
    if slope == 0:
        return _point(prior, values, _best_constant(prior, values), 0.0, base, (0.0,), True)
    best = values.max(axis=1)
    gain = values - best[:, None]
    # -inf * slope stays -inf; the best label of a row weighs 1, so no row vanishes
    weights = (gain >= -1e-12).astype(float) if math.isinf(slope) else np.exp(slope * gain)
    label_law = np.full(values.shape[1], 1 / values.shape[1])
    shift = 0.0 if math.isinf(slope) else slope * float(prior @ best)
    # instances that never happen could lose all of their labels
    law, live = prior[prior > 0], weights[prior > 0]
    trace: list[float] = []
    converged = False
    for _ in range(max_iter):
        total = live @ label_law
        # each step multiplies by the dual slacks, so a label that has died stays at 0 and is never divided by
        following = label_law * (law / total @ live)
        trace.append(-float(law @ np.log(total)) - shift)
        change = float(np.abs(following - label_law).max())
        label_law = following / following.sum()
        if change <= tol:
            converged = True
            break
    slacks = law / (live @ label_law) @ live
    gap = math.inf if math.isinf(slope) else max(math.log(float(slacks.max())), 0.0)
    masses = weights * label_law
    total = masses.sum(axis=1, keepdims=True)
    channel = np.where(total > 0, masses / np.where(total > 0, total, 1.0), label_law)
    return _point(prior, values, channel, slope, base, tuple(trace), converged, gap)


def rate_at_verisimilitude(
    semantic: SemanticChannel,
    verisimilitude: float,
    *,
    base: float | None = None,
    tol: float = 1e-10,
    max_iter: int = 200_000,
) -> RatePoint:
    """Return R(G): the least mutual information of a channel whose labels tell `verisimilitude`.

    Parameters
    ----------
    semantic : SemanticChannel
    verisimilitude : float
        Semantic mutual information to reach, in the unit of `base`.
    base : float, optional
        Base of the logarithm; nats by default.
    tol : float
        How closely the slope is bracketed, relative to itself where it exceeds 1, and how closely the
        largest possible semantic information is met.
    max_iter : int
        Rounds of each inner iteration.

    Returns
    -------
    RatePoint
        Where the function has a straight piece the channels of its two ends are mixed. Up to the best
        semantic information of a constant label the rate is 0.

    Raises
    ------
    ValueError
        If no channel tells that much.

    Examples
    --------
    >>> from adami.exact import SemanticChannel, rate_at_verisimilitude
    >>> channel = SemanticChannel.from_channel([[0.75, 0.25], [0.25, 0.75]], [0.5, 0.5])
    >>> point = rate_at_verisimilitude(channel, 0.1, base=2)
    >>> round(point.rate, 4), round(point.verisimilitude, 4), round(point.slope, 4)
    (0.1115, 0.1, 0.7455)
    """
    prior, values = _tables(semantic)
    unit = float(in_base(1.0, base))
    target = verisimilitude / unit
    limit = float(prior @ values.max(axis=1))
    if not target <= limit + tol * max(1.0, abs(limit)):
        raise ValueError(
            f"no channel tells {verisimilitude:.6g} {unit_name(base)}: these truth functions allow at most "
            f"{limit * unit:.6g}"
        )
    low = rate_at_slope(semantic, 0.0)
    if target <= low.verisimilitude:
        return rate_at_slope(semantic, 0.0, base=base)
    if target >= limit - tol * max(1.0, abs(limit)):
        return rate_at_slope(semantic, math.inf, base=base, max_iter=max_iter)
    high = rate_at_slope(semantic, 1.0, max_iter=max_iter)
    while high.verisimilitude < target:
        low, high = high, rate_at_slope(semantic, 2 * high.slope, max_iter=max_iter)
        if high.slope > 2**60:
            high = rate_at_slope(semantic, math.inf, max_iter=max_iter)
            break
    while math.isfinite(high.slope) and high.slope - low.slope > tol * max(high.slope, 1.0):
        middle = rate_at_slope(semantic, (low.slope + high.slope) / 2, max_iter=max_iter)
        if middle.verisimilitude < target:
            low = middle
        else:
            high = middle
    span = high.verisimilitude - low.verisimilitude
    # a constant label that is somewhere quite false tells -inf, and mixing it in would too
    share = (target - low.verisimilitude) / span if 0 < span < math.inf else 1.0
    channel = share * high.channel + (1 - share) * low.channel
    slope = high.slope if math.isfinite(high.slope) else low.slope
    gap = max(low.gap, high.gap)
    return _point(prior, values, channel, slope, base, high.trace, low.converged and high.converged, gap)


def _tables(semantic: SemanticChannel) -> tuple[np.ndarray, np.ndarray]:
    prior = as_numpy(semantic.prior).astype(float)
    values = as_numpy(semantic.semantic_information()).astype(float)
    mute = ~(values > -np.inf).any(axis=1)
    if (mute & (prior > 0)).any():
        at = int(np.flatnonzero(mute & (prior > 0))[0])
        raise ValueError(
            f"no label is true of instance {at}, though it has probability {prior[at]:.3g}: every channel "
            "tells -inf there; add a label or leave the instance out"
        )
    # an instance that never happens and of which nothing is true may be given any label
    values[mute] = 0.0
    return prior, values


def _best_constant(prior: np.ndarray, values: np.ndarray) -> np.ndarray:
    seen = prior > 0
    means = prior[seen] @ values[seen]
    channel = np.zeros_like(values)
    channel[:, int(np.argmax(means))] = 1.0
    return channel


def _point(
    prior: np.ndarray,
    values: np.ndarray,
    channel: np.ndarray,
    slope: float,
    base: float | None,
    trace: tuple[float, ...],
    converged: bool,
    gap: float = 0.0,
) -> RatePoint:
    """Measure a channel; the rate is its own, not the one that the iteration promises in the limit."""
    cells = prior[:, None] * channel
    used = cells > 0
    told = float(np.sum(cells[used] * values[used]))
    # at slope 0 the label is constant, and rounding is no rate
    rate = max(float(mutual_information(cells, check=False)), 0.0) if slope > 0 else 0.0
    unit = float(in_base(1.0, base))
    return RatePoint(
        rate * unit,
        told * unit,
        slope,
        unit_name(base),
        channel,
        prior @ channel,
        gap * unit,
        tuple(t * unit for t in trace),
        converged,
    )
