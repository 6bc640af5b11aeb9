"""Projected gradient descent for objectives that are infinite outside of their domain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_BLURRED = 1e5 * np.finfo(float).eps
_MOST_HALVINGS = 100


@dataclass(frozen=True, slots=True)
class DescentResult:
    """Where a descent ended.

    Parameters
    ----------
    point : numpy.ndarray
        The last point; it lies in the set.
    value : float
        The objective there, in the objective's own unit.
    converged : bool
        Whether the last step was small enough; False when the steps ran out.
    iterations : int
        Number of accepted steps.
    residual : float
        Length of the last step over its step size: zero only where no step improves.
    trace : numpy.ndarray, shape (iterations + 1,)
        The objective at the start and after each step; it never rises.
    """

    point: np.ndarray
    value: float
    converged: bool
    iterations: int
    residual: float
    trace: np.ndarray


def projected_gradient(
    f: Callable[[np.ndarray], float],
    grad: Callable[[np.ndarray], np.ndarray],
    project: Callable[[np.ndarray], np.ndarray],
    x0: Any,
    *,
    step: float = 1.0,
    tol: float = 1e-6,
    residual_tol: float = math.inf,
    max_iter: int = 10_000,
) -> DescentResult:
    """Minimise a smooth function over a convex set, by gradient steps that are projected back.

    The step size doubles with every iteration and halves until the new point is feasible and lies below
    the parabola of that step size through the old one. Where the objective no longer resolves that, the
    change of the gradient along the step decides.

    Parameters
    ----------
    f : callable
        The objective; it may return ``inf`` (or NaN) where it is not defined, and such points are never
        taken.
    grad : callable
        Its gradient, an array of the shape of `x0`.
    project : callable
        The nearest point of the set.
    x0 : array
        Start, of any shape; it is projected first, and `f` must be finite there.
    step : float
        First step size.
    tol : float
        Stop when a step is shorter than `tol` times the length of the point (or than `tol`, for points
        shorter than one) ...
    residual_tol : float
        ... and its length over its step size is at most this.
    max_iter : int

    Returns
    -------
    DescentResult

    Raises
    ------
    ValueError
        If the start is not feasible or a setting is out of range.

    References
    ----------
    Bertsekas, "On the Goldstein-Levitin-Polyak gradient projection method", IEEE Transactions on Automatic
    Control 21, 1976.

    Examples
    --------
    The point of the non-negative quadrant nearest to (1, -2):

    >>> import numpy as np
    >>> from adami.exact import projected_gradient
    >>> aim = np.array([1.0, -2.0])
    >>> found = projected_gradient(
    ...     lambda x: float(np.sum((x - aim) ** 2)) / 2, lambda x: x - aim, lambda x: np.maximum(x, 0), [3, 3]
    ... )
    >>> found.point.round(6), found.converged
    (array([1., 0.]), True)
    """
    if not (step > 0 and tol > 0 and residual_tol > 0 and max_iter >= 1):
        raise ValueError(
            f"step={step}, tol={tol}, residual_tol={residual_tol} and max_iter={max_iter} must be positive"
        )
    x = project(np.asarray(x0, dtype=float))
    value = float(f(x))
    if not math.isfinite(value):
        raise ValueError(f"f is {value} at the projected x0: start inside of the domain of f")
    trace, residual, converged, size = [value], math.inf, False, step
    gradient = grad(x)
    while not converged and len(trace) <= max_iter:
        for _ in range(_MOST_HALVINGS):
            new = project(x - size * gradient)
            move = new - x
            length2 = float(np.sum(move * move))
            ahead = float(f(new))
            bend = length2 / (2 * size)
            if ahead < math.inf and bend <= _BLURRED * max(1.0, abs(value)):
                # the objective moves by its own rounding here; gradients still tell how it bends
                there = grad(new)
                if float(np.sum((there - gradient) * move)) <= 2 * bend:
                    break
            elif ahead <= value + float(np.sum(gradient * move)) + bend:
                there = grad(new)
                break
            size /= 2
        else:
            break
        length = math.sqrt(length2)
        residual = length / size
        converged = length <= tol * max(1.0, math.sqrt(float(np.sum(x * x)))) and residual <= residual_tol
        # rounding may lift the value by its last digits: the trace tells what was reached
        x, gradient, value, size = new, there, min(value, ahead), 2 * size
        trace.append(value)
    return DescentResult(x, value, converged, len(trace) - 1, residual, np.array(trace))
