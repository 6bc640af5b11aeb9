"""Maximise expected logarithmic growth by Newton steps inside a barrier."""

from __future__ import annotations

import math

import numpy as np

TARGET = 1e-11
"""Bound on the growth, in nats, that the barrier may keep away."""


def best_fractions(
    excess: np.ndarray, riskless: float, law: np.ndarray, *, short: bool, leverage: float
) -> tuple[np.ndarray, list[float], float, bool]:
    """Return shares, growth after each step, a bound on what is missed, and whether the search rested.

    The growth factor of outcome `i` is ``riskless + excess[i] @ q``. Limits are linear, ``A q <= b``, kept by
    a logarithmic barrier; the growth is its own barrier against ruin.
    """
    assets = excess.shape[1]
    seen = law > 0
    excess, law = excess[seen], law[seen]
    rows, sides = [], []
    if not short:
        rows.append(-np.eye(assets))
        sides.append(np.zeros(assets))
    if math.isfinite(leverage):
        rows.append(np.ones((1, assets)))
        sides.append(np.array([leverage]))
    limits = np.concatenate(rows) if rows else np.zeros((0, assets))
    bounds = np.concatenate(sides) if sides else np.zeros(0)
    # half of what is allowed in cash keeps clear of every limit and of ruin
    q = np.zeros(assets) if short else np.full(assets, min(leverage, 1.0) / (2 * assets))
    _refuse_endless(excess, limits)
    weight, trace = 1.0, [_growth(q, excess, riskless, law)]
    while True:
        q, rested = _centre(q, excess, riskless, law, limits, bounds, weight if len(bounds) else 0.0)
        trace.append(_growth(q, excess, riskless, law))
        gap = weight * len(bounds)
        if gap <= TARGET or not rested:
            break
        weight /= 10
    factors = riskless + excess @ q
    slope = float(np.abs(law / factors @ excess).max())
    # without limits the bound is the gradient's: a stationary point of a concave function is its maximum
    missed = gap if len(bounds) else (0.0 if slope < 1e-6 else math.inf)
    snapped = _snapped(q, short, leverage)
    reached = _growth(snapped, excess, riskless, law)
    if reached >= trace[-1] - TARGET:
        q = snapped
        trace.append(reached)
    return q, trace, missed, rested


def _growth(q: np.ndarray, excess: np.ndarray, riskless: float, law: np.ndarray) -> float:
    factors = riskless + excess @ q
    if not (factors > 0).all():
        return -math.inf
    return float(law @ np.log(factors))


def _centre(
    q: np.ndarray,
    excess: np.ndarray,
    riskless: float,
    law: np.ndarray,
    limits: np.ndarray,
    bounds: np.ndarray,
    weight: float,
) -> tuple[np.ndarray, bool]:
    """Maximise growth plus the barrier from inside, by Newton's method with halved steps."""

    def height(q: np.ndarray) -> float:
        slack = bounds - limits @ q
        if not (slack > 0).all():
            return -math.inf
        return _growth(q, excess, riskless, law) + weight * float(np.log(slack).sum())

    here = height(q)
    for _ in range(200):
        pull = excess / (riskless + excess @ q)[:, None]
        push = limits / (bounds - limits @ q)[:, None]
        gradient = law @ pull - weight * push.sum(axis=0)
        curvature = pull.T @ (law[:, None] * pull) + weight * push.T @ push
        # assets that repeat each other leave directions without curvature, and no gradient along them
        step = np.linalg.lstsq(curvature, gradient, rcond=1e-14)[0]
        decrement = float(gradient @ step)
        if decrement < 1e-16:
            return q, True
        length = 1.0
        while (there := height(q + length * step)) < here + 1e-4 * length * decrement and length > 1e-12:
            length /= 2
        if not there > here:
            # rounding hides what is left to gain
            return q, decrement < 1e-9
        q, here = q + length * step, there
    return q, False


def _snapped(q: np.ndarray, short: bool, leverage: float) -> np.ndarray:
    """Return shares moved onto the limits from which only the barrier keeps them."""
    q = q if short else np.where(q < 1e-9, 0.0, q)
    total = float(q.sum())
    return q * (leverage / total) if abs(total - leverage) < 1e-9 else q


def _refuse_endless(excess: np.ndarray, limits: np.ndarray) -> None:
    """Refuse a market with a direction that never loses, sometimes wins, and meets no limit."""
    from scipy.optimize import linprog

    assets = excess.shape[1]
    found = linprog(
        -excess.sum(axis=0),
        A_ub=np.concatenate([-excess, limits]) if len(limits) else -excess,
        b_ub=np.zeros(len(excess) + len(limits)),
        bounds=[(-1.0, 1.0)] * assets,
    )
    if found.status == 0 and -found.fun > 1e-9:
        raise ValueError(
            f"growth has no maximum: shares in proportion {np.round(found.x, 4).tolist()} never lose and "
            "nothing limits them; forbid short positions or give a finite leverage"
        )
