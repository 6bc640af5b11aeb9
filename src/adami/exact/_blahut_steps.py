"""Blahut's and Arimoto's multiplicative steps, lengthened, and Newton steps that finish what they began."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adami.exact._arrays import xlogy

TINY = float(np.finfo(float).tiny)
PATIENCE = 100
"""Multiplicative steps before Newton's method takes over: they stall where a letter's mass fades to zero."""
LARGEST_NEWTON = 1500
"""Letters above which a Newton step, cubic in them, costs more than it saves."""


def climb_capacity(
    K: np.ndarray, toll: np.ndarray, start: np.ndarray | None, tol: float, max_iter: int
) -> tuple[np.ndarray, float, tuple[float, ...]]:
    """Maximise ``I(p; K) - p @ toll``; return the law, an upper bound of the maximum, and all gaps."""
    n = len(K)
    known = np.sum(xlogy(np, K, K), axis=1) - toll

    def scores(q: np.ndarray) -> np.ndarray:
        # any output law gives a valid bound, so one that underflows may be raised
        return np.asarray(known - K @ np.log(np.maximum(q, TINY)))

    def certificate(p: np.ndarray) -> tuple[np.ndarray, float, float]:
        p = p / p.sum()
        g = scores(p @ K)
        upper = float(g.max())
        return p, upper, upper - float(p @ g)

    def curvature(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q = np.maximum(p @ K, TINY)
        return 1.0 - scores(q), (K / q) @ K.T

    log_p = np.log(_spread(start, n))
    p = np.exp(log_p)
    q = p @ K
    stride, gaps = 1.0, []
    best, least = p, np.inf
    for step in range(max_iter):
        g = scores(q)
        upper = float(g.max())
        gaps.append(max(upper - float(p @ g), 0.0))
        if upper < least:
            least, best = upper, p
        if gaps[-1] <= tol or (step >= PATIENCE and n <= LARGEST_NEWTON):
            break
        while True:
            moved = log_p + stride * (g - upper)
            moved -= np.log(np.sum(np.exp(moved - moved.max()))) + moved.max()
            p_new = np.exp(moved)
            q_new = p_new @ K
            inputs = float(p_new @ (moved - log_p))
            outputs = float(np.sum(xlogy(np, q_new, q_new / np.maximum(q, TINY))))
            # the objective is as smooth as the output laws are slow, which allows a longer step
            if stride <= 1.0 or outputs * stride <= inputs:
                break
            stride = max(stride / 2, 1.0)
        log_p, p, q = np.maximum(moved, np.log(TINY)), p_new, q_new
        stride *= 1.5
    p, bound, gap = certificate(p)
    if gap > tol and n <= LARGEST_NEWTON:
        p, more = _finish(best, curvature, certificate, tol, max_iter - len(gaps))
        gaps += more
        p, bound, gap = certificate(p)
    return p, min(bound, least), tuple(gaps)


def descend_rate(
    law: np.ndarray, A: np.ndarray, start: np.ndarray | None, tol: float, max_iter: int
) -> tuple[np.ndarray, float, tuple[float, ...]]:
    """Minimise ``-law @ log(A @ q)``; return the output law, a lower bound of the minimum, and all gaps.

    With ``A = exp(-slope * distortion)`` the minimum is the least ``rate + slope * distortion``.
    """
    m = A.shape[1]

    def gains(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mix = np.maximum(A @ q, TINY)
        return mix, (law / mix) @ A

    def certificate(q: np.ndarray) -> tuple[np.ndarray, float, float]:
        q = q / q.sum()
        mix, gain = gains(q)
        gap = float(np.log(max(gain.max(), 1.0)))
        return q, -float(law @ np.log(mix)) - gap, gap

    def curvature(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mix, gain = gains(q)
        scaled = A * (np.sqrt(law) / mix)[:, None]
        return 1.0 - gain, scaled.T @ scaled

    log_q = np.log(_spread(start, m))
    q = np.exp(log_q)
    mix, gain = gains(q)
    value = -float(law @ np.log(mix))
    stride, gaps = 1.0, []
    for step in range(max_iter):
        gaps.append(float(np.log(max(gain.max(), 1.0))))
        if gaps[-1] <= tol or (step >= PATIENCE and m <= LARGEST_NEWTON):
            break
        while True:
            moved = log_q + stride * np.log(np.maximum(gain, TINY))
            moved -= np.log(np.sum(np.exp(moved - moved.max()))) + moved.max()
            q_new = np.exp(moved)
            mix, gain_new = gains(q_new)
            value_new = -float(law @ np.log(mix))
            if stride <= 1.0 or value_new <= value:
                break
            stride = max(stride / 2, 1.0)
        log_q, q, gain, value = np.maximum(moved, np.log(TINY)), q_new, gain_new, value_new
        stride *= 1.5
    q, bound, gap = certificate(q)
    if gap > tol and m <= LARGEST_NEWTON:
        q, more = _finish(q, curvature, certificate, tol, max_iter - len(gaps))
        gaps += more
        q, bound, gap = certificate(q)
    return q, bound, tuple(gaps)


def _finish(
    start: np.ndarray,
    curvature: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    certificate: Callable[[np.ndarray], tuple[np.ndarray, float, float]],
    tol: float,
    max_iter: int,
) -> tuple[np.ndarray, list[float]]:
    """Minimise a convex function of non-negative weights by primal-dual interior steps.

    Both objectives, extended to weights that need not sum to one, have their minimum at the optimal law up to
    scale, so that the only constraint left is the sign.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    n = len(start)
    x = np.maximum(start, 1e-3 / n)
    slope, _ = curvature(x)
    z = np.maximum(slope, 1e-3)
    best, least, gaps = start, certificate(start)[2], []
    for _ in range(min(max_iter, 200)):
        slope, bend = curvature(x)
        mean = float(x @ z) / n
        off = float(np.abs(slope - z).max())
        aim = mean * (0.1 if off <= max(10 * mean, 1e-6) else 0.5)
        matrix = bend + np.diag(z / x)
        matrix[np.diag_indices(n)] *= 1 + 1e-14
        try:
            dx = cho_solve(cho_factor(matrix), aim / x - slope)
        except LinAlgError:
            break
        dz = aim / x - z - z / x * dx
        length = min(_room(x, dx), _room(z, dz))
        x, z = x + length * dx, z + length * dz
        law, _, gap = certificate(x)
        gaps.append(max(gap, 0.0))
        if gap < least:
            best, least = law, gap
        if least <= tol or mean < 1e-18:
            break
    return best, gaps


def _room(x: np.ndarray, step: np.ndarray) -> float:
    """Return how much of a step, at most all, keeps every weight above zero."""
    falling = step < 0
    return min(1.0, 0.99 * float(np.min(-x[falling] / step[falling]))) if falling.any() else 1.0


def _spread(start: np.ndarray | None, n: int) -> np.ndarray:
    """Return a law in which every letter can still grow."""
    return np.full(n, 1 / n) if start is None else 0.99 * start + 0.01 / n
