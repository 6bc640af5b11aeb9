"""Gaussian maximum likelihood where every partial correlation is non-negative, with weights on the edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._mtp2_newton import Constraint, Coordinates, Likelihood, newton
from adami.exact._mtp2_projection import project_dominant, project_signs, symmetric
from adami.exact.descent import projected_gradient

Solver = Literal["auto", "gradient", "newton"]


@dataclass(frozen=True, slots=True)
class MTP2Result:
    """A precision matrix and how it was found.

    Parameters
    ----------
    precision : numpy.ndarray, shape (n_features, n_features)
        Positive definite, off-diagonal entries at most zero.
    value : float
        The objective: -log det + <precision, covariance> + sum of weights times entries.
    unit : str
        "nats".
    residual : float
        How far the optimality conditions are from holding: the largest entry of the move that a gradient
        step of size one would still make, in units where the variances are one ("m") or one on average
        ("dd", where the move is that of the edge weights and row sums).
    converged : bool
        False when the iterations ran out before `residual` was small.
    iterations : int
    trace : numpy.ndarray
        The objective at the start and after each iteration, up to a constant of the units.
    """

    precision: np.ndarray
    value: float
    unit: str
    residual: float
    converged: bool
    iterations: int
    trace: np.ndarray


def mtp2_precision(
    covariance: Any,
    weights: Any = 0.0,
    *,
    constraint: Constraint = "m",
    solver: Solver = "auto",
    start: Any = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
) -> MTP2Result:
    """Return the likeliest precision matrix with non-negative partial correlations, edges weighted.

    It minimises ``-log det T + tr(T S) + sum of weights[i, j] |T[i, j]|`` over the symmetric M-matrices, or
    over the diagonally dominant ones. As no off-diagonal entry is positive, the penalty is linear. The answer
    exists far below the sample size that the unconstrained likelihood asks for.

    Parameters
    ----------
    covariance : array, shape (n_features, n_features)
        Sample covariance S, about the known mean or the sample's; it may be singular.
    weights : float or array, shape (n_features, n_features)
        Non-negative, symmetric; in units of `covariance`. The diagonal is not penalised.
    constraint : {"m", "dd"}
        M-matrix, or M-matrix whose rows sum to at least zero.
    solver : {"auto", "gradient", "newton"}
        Projected gradient, or projected Newton steps, which take tens of iterations where gradients take
        thousands; "auto" takes Newton steps.
    start : array, shape (n_features, n_features), optional
        A positive definite matrix to start from, such as the answer for other weights.
    tol : float
        Size of the optimality conditions to stop at (see `MTP2Result.residual`).
    max_iter : int
        Gradient steps are slow near singular answers; `converged` says whether this was enough.

    Returns
    -------
    MTP2Result

    Raises
    ------
    ValueError
        If `covariance` is no covariance, a variance is zero, `weights` are negative, or the optimum does not
        exist: two features are perfectly correlated ("m") or equal ("dd") and no weight keeps them apart.

    References
    ----------
    Ying, Cardoso and Palomar, "Adaptive Estimation of Graphical Models under Total Positivity", ICML 2023;
    paper 95 of adami's register. Slawski and Hein, "Estimation of positive definite M-matrices and structure
    learning for attractive Gaussian Markov random fields", 2015 (existence).

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import mtp2_precision
    >>> S = np.array([[1.0, 0.5, -0.2], [0.5, 1.0, 0.1], [-0.2, 0.1, 1.0]])
    >>> found = mtp2_precision(S)
    >>> found.precision.round(3) + 0.0
    array([[ 1.333, -0.667,  0.   ],
           [-0.667,  1.343, -0.101],
           [ 0.   , -0.101,  1.01 ]])
    """
    S = symmetric(covariance, "covariance")
    penalty = _as_weights(weights, len(S))
    target = S - penalty
    check_bounded(target, constraint)
    if solver not in ("auto", "gradient", "newton"):
        raise ValueError(f"solver={solver!r} is none of 'auto', 'gradient', 'newton'")
    if not (tol > 0 and max_iter >= 1):
        raise ValueError(f"tol={tol} and max_iter={max_iter} must be positive")
    units = _units(S, constraint)
    scale = np.outer(units, units)
    likelihood = Likelihood(target / scale)
    first = np.eye(len(S))
    if start is not None:
        warm = symmetric(start, "start") * scale
        if not math.isfinite(likelihood.value(warm)):
            raise ValueError("start is not positive definite")
        first = warm
    if solver != "gradient":
        point, trace, converged = newton(likelihood, first, constraint, tol, max_iter)
    else:
        project = project_signs if constraint == "m" else _dominant(tol)
        descent = projected_gradient(
            likelihood.value,
            likelihood.gradient,
            project,
            first,
            tol=max(tol, 1e-6),
            residual_tol=tol,
            max_iter=max_iter,
        )
        point, trace, converged = descent.point, descent.trace, descent.converged
    box = Coordinates(constraint, len(S))
    residual = box.residual(box.of(point), box.pull(likelihood.gradient(point)))
    found = point / scale
    value = likelihood.value(point) + 2 * float(np.sum(np.log(units)))
    return MTP2Result(found, value, "nats", residual, converged, len(trace) - 1, trace)


def check_bounded(target: np.ndarray, constraint: Constraint) -> None:
    """Raise where the objective falls for ever: that is where a direction of the set costs nothing.

    Over the M-matrices that direction is a pair of features of correlation one or more; over the diagonally
    dominant ones it is a feature of no variance or a pair whose difference has none.
    """
    if constraint not in ("m", "dd"):
        raise ValueError(f"constraint={constraint!r} is neither 'm' nor 'dd'")
    variances = np.diag(target)
    if np.any(variances <= 0):
        i = int(np.argmax(variances <= 0))
        raise ValueError(
            f"feature {i} has variance {variances[i]:g}: drop it, its precision would be infinite"
        )
    if constraint == "m":
        limit = np.sqrt(np.outer(variances, variances))
        cause = "perfectly correlated"
    else:
        limit = np.add.outer(variances, variances) / 2
        cause = "equal"
    # rounding may leave a perfect correlation just below one
    tied = np.triu(target >= limit * (1 - 1e-12), 1)
    if np.any(tied):
        i, j = (int(k) for k in np.argwhere(tied)[0])
        raise ValueError(
            f"features {i} and {j} are {cause} in the data, so that their precision is infinite: "
            "give more rows, drop one of the two, or weight their edge"
        )


def _as_weights(weights: Any, size: int) -> np.ndarray:
    given = np.asarray(weights, dtype=float)
    found = np.full((size, size), float(given)) if given.ndim == 0 else symmetric(given, "weights").copy()
    if found.shape != (size, size):
        raise ValueError(f"weights have shape {found.shape}, but there are {size} features")
    if not np.all(np.isfinite(found)) or np.any(found < 0):
        raise ValueError("weights are finite and not negative")
    np.fill_diagonal(found, 0.0)
    return found


def _units(S: np.ndarray, constraint: Constraint) -> np.ndarray:
    """Return the units in which to search: dominance of rows survives one common unit only."""
    variances = np.diag(S)
    return np.sqrt(variances if constraint == "m" else np.full(len(S), float(np.mean(variances))))


def _dominant(tol: float) -> Callable[[np.ndarray], np.ndarray]:
    def project(matrix: np.ndarray) -> np.ndarray:
        return project_dominant(matrix, tol=min(1e-8, tol / 100))

    return project
