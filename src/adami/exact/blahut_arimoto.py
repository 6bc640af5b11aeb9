"""Channel capacity and rate-distortion functions by Blahut's and Arimoto's iterations, with certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._blahut_steps import climb_capacity
from adami.exact._frontier import Solved, within_budget
from adami.exact._rate_channels import RateSolver, source_and_distortion
from adami.exact.informations import mutual_information
from adami.exact.pmf import as_kernel


@dataclass(frozen=True, slots=True)
class Capacity:
    """The capacity of a channel.

    Parameters
    ----------
    value : float
        The information that `input_law` gets through; the capacity lies in ``[value, value + gap]``.
    unit : str
        Unit of `value`, `gap` and `trace`.
    gap : float
        The duality gap, which certifies the value.
    input_law, output_law : ndarray
        The law that reaches the value and what the channel makes of it.
    cost : float
        Its mean cost; 0 without costs.
    slope : float
        What one more unit of mean cost is worth, in `unit`; 0 where the budget does not bind.
    converged : bool
        Whether the gap fell to the tolerance.
    trace : tuple of float
        The gap after each iteration.
    """

    value: float
    unit: str
    gap: float
    input_law: np.ndarray
    output_law: np.ndarray
    cost: float
    slope: float
    converged: bool
    trace: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RateDistortion:
    """One point of a rate-distortion function.

    Parameters
    ----------
    value : float
        The rate of `channel`; the rate-distortion function at `distortion` lies in ``[value - gap, value]``.
    unit : str
        Unit of `value`, `gap` and `trace`.
    distortion : float
        Mean distortion of `channel`.
    gap : float
        The duality gap, which certifies the value.
    slope : float
        What one unit less of distortion costs, in `unit`; infinite at the least possible distortion.
    channel : ndarray, shape (n_symbols, n_reproductions)
        The law of the reproduction given the symbol.
    output_law : ndarray, shape (n_reproductions,)
    converged : bool
        Whether the gap fell to the tolerance.
    trace : tuple of float
        The gap after each iteration.
    """

    value: float
    unit: str
    distortion: float
    gap: float
    slope: float
    channel: np.ndarray
    output_law: np.ndarray
    converged: bool
    trace: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RateDistortionCurve:
    """A rate-distortion function at several slopes, from coarse to fine.

    Parameters
    ----------
    rates, distortions, slopes, gaps : ndarray, shape (n_points,)
        As in `RateDistortion`.
    unit : str
        Unit of rates and gaps.
    """

    rates: np.ndarray
    distortions: np.ndarray
    slopes: np.ndarray
    gaps: np.ndarray
    unit: str


def channel_capacity(
    K: Any,
    cost: Any = None,
    budget: float | None = None,
    *,
    base: float | None = None,
    tol: float = 1e-9,
    max_iter: int = 10_000,
) -> Capacity:
    """Return the capacity of a memoryless channel, with the input law that reaches it.

    Parameters
    ----------
    K : array, shape (n_inputs, n_outputs)
        The channel, ``K[x, y] = P(y | x)``.
    cost : array, shape (n_inputs,), optional
        What each input costs.
    budget : float, optional
        The largest mean cost; with `cost` only.
    base : float, optional
        Base of the logarithm; nats by default.
    tol : float
        Duality gap, in nats, at which to stop.
    max_iter : int
        Most iterations of one maximisation.

    Returns
    -------
    Capacity

    Raises
    ------
    ValueError
        If `K` is not a channel, only one of `cost` and `budget` is given, or no input is cheap enough.

    Notes
    -----
    Arimoto's step ``p <- p exp(D(K[x] || q))`` is lengthened for as long as the output laws move less than
    the input laws do, which keeps every step an ascent; where it stalls, interior Newton steps take over. The
    iteration stops when ``max D(K[x] || q)``, an upper bound of the capacity, meets the information reached.

    References
    ----------
    S. Arimoto, An algorithm for computing the capacity of arbitrary discrete memoryless channels, 1972.
    R. E. Blahut, Computation of channel capacity and rate-distortion functions, 1972.
    G. Matz and P. Duhamel, Information geometric formulation and interpretation of accelerated
    Blahut-Arimoto-type algorithms, 2004.

    Examples
    --------
    >>> from adami.exact import channel_capacity
    >>> round(channel_capacity([[0.9, 0.1], [0.1, 0.9]], base=2).value, 6)
    0.531004
    """
    kernel = as_kernel(np.asarray(K))
    n = len(kernel)
    unit = unit_name(base)
    if (cost is None) != (budget is None):
        raise ValueError("a budget limits a cost: give both or none of them")
    price = np.zeros(n) if cost is None else np.asarray(cost, dtype=float)
    if price.shape != (n,) or not np.isfinite(price).all():
        raise ValueError(f"cost has shape {price.shape}: give one finite number for each of {n} inputs")

    def worth(law: np.ndarray) -> float:
        return -float(mutual_information(law[:, None] * kernel, check=False))

    def solve(slope: float, start: np.ndarray) -> Solved:
        law, bound, gaps = climb_capacity(kernel, slope * price, start, tol / 4, max_iter)
        return Solved(law, float(law @ price), worth(law), -bound, slope, gaps)

    free = solve(0.0, np.full(n, 1 / n))
    law, value, slope, gap, trace = free.law, free.value, 0.0, free.value - free.bound, free.trace
    if budget is not None and free.cost > budget:
        if not price.min() <= budget:
            raise ValueError(
                f"budget={budget:g}, but the cheapest input costs {price.min():g}: raise the budget"
            )
        usable = np.flatnonzero(price == price.min())
        part, _, gaps = climb_capacity(kernel[usable], np.zeros(len(usable)), None, tol / 4, max_iter)
        cheapest = np.zeros(n)
        cheapest[usable] = part
        cheap = Solved(cheapest, float(price.min()), worth(cheapest), -np.inf, np.inf, gaps)
        law, value, slope, gap, trace = within_budget(budget, cheap, free, solve, worth, tol)
    return Capacity(
        value=float(in_base(max(-value, 0.0), base)),
        unit=unit,
        gap=float(in_base(max(gap, 0.0), base)),
        input_law=law,
        output_law=law @ kernel,
        cost=float(law @ price),
        slope=float(in_base(slope, base)),
        converged=gap <= tol,
        trace=tuple(float(in_base(g, base)) for g in trace),
    )


def rate_distortion(
    p: Any,
    distortion: Any,
    target: float | None = None,
    *,
    slope: float | None = None,
    base: float | None = None,
    tol: float = 1e-9,
    max_iter: int = 10_000,
) -> RateDistortion:
    """Return the least rate at which a source can be described within a distortion.

    Parameters
    ----------
    p : array, shape (n_symbols,)
        Law of the source.
    distortion : array, shape (n_symbols, n_reproductions)
        What it costs to reproduce each symbol by each letter; ``inf`` forbids it.
    target : float, optional
        The largest mean distortion.
    slope : float, optional
        In place of a target: minimise ``rate + slope * distortion``, in the unit of `base`.
    base : float, optional
        Base of the logarithm; nats by default.
    tol : float
        Duality gap, in nats, at which to stop.
    max_iter : int
        Most iterations of one minimisation.

    Returns
    -------
    RateDistortion

    Raises
    ------
    ValueError
        If `p` is not a law, shapes differ, a symbol cannot be reproduced, the target is below the least
        distortion, or not exactly one of `target` and `slope` is given.

    References
    ----------
    R. E. Blahut, Computation of channel capacity and rate-distortion functions, 1972.

    Examples
    --------
    >>> from adami.exact import rate_distortion
    >>> point = rate_distortion([0.5, 0.5], [[0, 1], [1, 0]], 0.1, base=2)
    >>> round(point.value, 6), round(point.distortion, 6)
    (0.531004, 0.1)
    """
    law, matrix = source_and_distortion(p, distortion)
    unit = unit_name(base)
    if (target is None) == (slope is None):
        raise ValueError("give a target distortion or a slope, one of the two")
    solve = RateSolver(law, matrix, tol / 4 if slope is None else tol, max_iter)
    if slope is not None:
        if not (slope >= 0 and np.isfinite(slope)):
            raise ValueError(f"slope={slope}: give a finite number from 0")
        nats = slope * float(np.log(base)) if base is not None else float(slope)
        found = solve(nats, None)
        gap = found.value + nats * found.cost - found.bound
        channel, value, steep, trace = found.law, found.value, nats, found.trace
    else:
        channel, value, steep, gap, trace = solve.within(float(target or 0.0), tol)
    return RateDistortion(
        value=float(in_base(max(value, 0.0), base)),
        unit=unit,
        distortion=solve.cost(channel),
        gap=float(in_base(max(gap, 0.0), base)),
        slope=float(in_base(steep, base)),
        channel=channel,
        output_law=law @ channel,
        converged=gap <= tol,
        trace=tuple(float(in_base(g, base)) for g in trace),
    )


def rate_distortion_curve(
    p: Any,
    distortion: Any,
    slopes: Any = 30,
    *,
    base: float | None = None,
    tol: float = 1e-9,
    max_iter: int = 10_000,
) -> RateDistortionCurve:
    """Return the rate-distortion function at several slopes.

    Parameters
    ----------
    p, distortion, base, tol, max_iter
        As in `rate_distortion`.
    slopes : int or array
        The slopes, in the unit of `base`, or how many to spread over the scale of the distortions.

    Returns
    -------
    RateDistortionCurve

    Examples
    --------
    >>> from adami.exact import rate_distortion_curve
    >>> curve = rate_distortion_curve([0.5, 0.5], [[0, 1], [1, 0]], [1.0, 2.0, 4.0])
    >>> curve.distortions.round(4)
    array([0.2689, 0.1192, 0.018 ])
    """
    law, matrix = source_and_distortion(p, distortion)
    if np.ndim(slopes) == 0:
        least, most = RateSolver(law, matrix, tol, max_iter).ends()
        # the chord of the whole function: the curve is steeper at its start and flatter at its end
        chord = least.value / (most - least.cost) if 0 < most - least.cost < np.inf else 1.0
        asked = np.geomspace(0.1, 30, int(slopes)) * float(in_base(chord or 1.0, base))
    else:
        asked = np.sort(np.asarray(slopes, dtype=float))
    points = [
        rate_distortion(law, matrix, slope=float(s), base=base, tol=tol, max_iter=max_iter) for s in asked
    ]
    return RateDistortionCurve(
        rates=np.array([f.value for f in points]),
        distortions=np.array([f.distortion for f in points]),
        slopes=asked,
        gaps=np.array([f.gap for f in points]),
        unit=unit_name(base),
    )
