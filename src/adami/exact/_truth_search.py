"""Search for the parameters with which a truth function tells most."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

STEEPEST = 50.0
"""Logistic slopes go up to this number over the smallest distance of two points: a step, in effect."""
Found = tuple[dict[str, float], float, list[float], bool, bool]
"""Parameters, value, best value after each start, convergence, and whether a limit was met."""


def logistic_search(
    x: np.ndarray, heard: np.ndarray, all_x: np.ndarray, law: np.ndarray, places: np.ndarray
) -> Found:
    """Fit a slope and a centre to two weighted sets of points; `places` are their distinct values."""
    scale = float(places[-1] - places[0])
    steepest = STEEPEST * scale / float(np.diff(places).min())

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        # theta: slope in units of 1 / range, centre in units of the range
        slope, center = theta[0] / scale, places[0] + theta[1] * scale
        here, there = slope * (x - center), slope * (all_x - center)
        logs = -np.logaddexp(0.0, -there)
        top = float(logs.max())
        mass = law * np.exp(logs - top)
        total = float(mass.sum())
        value = float(heard @ np.logaddexp(0.0, -here)) + math.log(total) + top
        # d log sigmoid(u) / du = sigmoid(-u)
        pull = -heard * np.exp(-np.logaddexp(0.0, here))
        push = mass / total * np.exp(-np.logaddexp(0.0, there))
        by_slope = float(pull @ (x - center) + push @ (all_x - center)) / scale
        by_center = -slope * scale * float(pull.sum() + push.sum())
        return value, np.array([by_slope, by_center])

    starts = [
        np.array([sign * steep, center])
        for sign in (1.0, -1.0)
        for steep in (3.0, 20.0, 100.0)
        if steep <= steepest
        for center in (0.15, 0.5, 0.85)
    ] or [np.array([sign * steepest / 2, 0.5]) for sign in (1.0, -1.0)]
    limits = [(-steepest, steepest), (0.0, 1.0)]
    theta, value, trace, converged = _search(loss, starts, limits)
    named = {"slope": float(theta[0] / scale), "center": float(places[0] + theta[1] * scale)}
    return named, value, trace, converged, _touches(theta, limits)


def gaussian_search(
    x: np.ndarray, heard: np.ndarray, all_x: np.ndarray, law: np.ndarray, places: np.ndarray
) -> Found:
    """Fit a centre and a width, likewise."""
    scale = float(places[-1] - places[0])
    narrowest = float(np.diff(places).min()) / scale / 10

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        # theta: centre in units of the range, log width in the same units
        center, width = places[0] + theta[0] * scale, math.exp(theta[1]) * scale
        here, there = (x - center) / width, (all_x - center) / width
        logs = -(there**2) / 2
        top = float(logs.max())
        mass = law * np.exp(logs - top)
        total = float(mass.sum())
        value = float(heard @ here**2) / 2 + math.log(total) + top
        share = mass / total
        by_center = scale / width * float(share @ there - heard @ here)
        by_width = float(share @ there**2 - heard @ here**2)
        return value, np.array([by_center, by_width])

    middle = float(heard @ x)
    spread = math.sqrt(max(float(heard @ (x - middle) ** 2), 0.0)) / scale
    first = np.clip((middle - places[0]) / scale, 0.0, 1.0)
    widths = [max(w, 2 * narrowest) for w in (spread, 3 * spread, 0.05, 0.3)]
    starts = [np.array([c, math.log(w)]) for c in (first, 0.1, 0.5, 0.9) for w in widths]
    # ten times the range is flat for every purpose
    limits = [(0.0, 1.0), (math.log(narrowest), math.log(10.0))]
    theta, value, trace, converged = _search(loss, starts, limits)
    named = {"center": float(places[0] + theta[0] * scale), "width": math.exp(theta[1]) * scale}
    return named, value, trace, converged, _touches(theta, limits)


def _search(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: list[np.ndarray],
    limits: list[tuple[float, float]],
) -> tuple[np.ndarray, float, list[float], bool]:
    """Minimise from every start, and keep the first of the best."""
    from scipy.optimize import minimize

    best, trace = None, []
    for start in starts:
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-15, "gtol": 1e-10}
        )
        if best is None or found.fun < best.fun - 1e-12:
            best = found
        trace.append(-float(best.fun))
    assert best is not None
    lows, highs = np.array(limits).T
    inward = np.clip(best.x - best.jac, lows, highs) - best.x
    return best.x, -float(best.fun), trace, bool(np.abs(inward).max() < 1e-5)


def _touches(theta: np.ndarray, limits: list[tuple[float, float]]) -> bool:
    return any(value in limit for value, limit in zip(theta.tolist(), limits))
