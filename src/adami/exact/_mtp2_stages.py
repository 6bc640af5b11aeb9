"""Stages of weighted likelihood: what one stage finds tells the next which edges to leave unshrunk."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from adami.exact._mtp2_newton import Constraint
from adami.exact._mtp2_projection import square, symmetric
from adami.exact._mtp2_solver import MTP2Result, Solver, check_bounded, mtp2_precision

Rule = Literal["mcp", "scad", "exponential", "inverse"]
Penalty = float | Literal["bic"]
EDGE = 1e-4
"""Entries of a precision matrix in correlation units below this are no edges."""
_MULTIPLES = (0.5, 1.0, 1.5, 2.0)
_MCP, _SCAD, _FLOOR = 2.0, 3.7, 1e-3


@dataclass(frozen=True, slots=True)
class MTP2Path:
    """A precision matrix found in stages, and the stages.

    Parameters
    ----------
    precision : numpy.ndarray, shape (n_features, n_features)
        That of the last stage.
    edges : numpy.ndarray of bool, shape (n_features, n_features)
        Symmetric; where a partial correlation is positive.
    value : float
        The log-likelihood of the covariance, per row and without its constant: log det T - tr(T S).
    unit : str
        "nats".
    penalty : float
        The penalty of the first stage, in correlation units ("m") or units of the mean variance ("dd").
    bic : float
        -n log det T + n tr(T S) + edges log n at that penalty, or NaN where no number of rows was given.
    bic_trace : tuple of (float, float)
        Penalty and criterion of everything that was tried.
    stages : tuple of MTP2Result
        The first shrinks every edge alike, and is no estimate to report.
    converged : bool
        Whether all stages did.
    """

    precision: np.ndarray
    edges: np.ndarray
    value: float
    unit: str
    penalty: float
    bic: float
    bic_trace: tuple[tuple[float, float], ...]
    stages: tuple[MTP2Result, ...]
    converged: bool


def edge_weights(precision: Any, penalty: float, rule: Rule = "mcp") -> np.ndarray:
    """Return the penalty of each edge after a stage: strong edges get little, absent ones all of it.

    Parameters
    ----------
    precision : array, shape (n_features, n_features)
        What the stage found.
    penalty : float
        Weight of an absent edge, the lambda below.
    rule : {"mcp", "scad", "exponential", "inverse"}
        For an entry of size x: ``lambda max(0, 1 - x / (2 lambda))``; lambda up to ``x = lambda``, then
        ``max(0, 3.7 lambda - x) / 2.7``; ``lambda exp(-x / lambda)``; or ``lambda / (x + 0.001)``, which
        grows to 1000 lambda for absent edges.

    Returns
    -------
    numpy.ndarray, shape (n_features, n_features)
        Zero on the diagonal.

    Raises
    ------
    ValueError
        If `penalty` is negative or `rule` is not known.

    References
    ----------
    Paper 95 of adami's register. Zhang, "Nearly unbiased variable selection under minimax concave penalty",
    2010 (MCP); Fan and Li, "Variable selection via nonconcave penalized likelihood", 2001 (SCAD).

    Examples
    --------
    >>> from adami.exact import edge_weights
    >>> edge_weights([[1.0, -0.1], [-0.1, 1.0]], 0.2).round(3)
    array([[0.  , 0.15],
           [0.15, 0.  ]])
    """
    size = np.abs(square(precision, "precision"))
    if not (penalty >= 0 and math.isfinite(penalty)):
        raise ValueError(f"penalty={penalty} must be finite and not negative")
    if rule == "inverse":
        found = penalty / (size + _FLOOR)
    elif rule not in ("mcp", "scad", "exponential"):
        raise ValueError(f"weights={rule!r} is none of 'mcp', 'scad', 'exponential', 'inverse'")
    elif penalty == 0:
        found = np.zeros_like(size)
    elif rule == "mcp":
        found = np.maximum(penalty - size / _MCP, 0.0)
    elif rule == "scad":
        found = np.minimum(penalty, np.maximum(_SCAD * penalty - size, 0.0) / (_SCAD - 1))
    else:
        found = penalty * np.exp(-size / penalty)
    np.fill_diagonal(found, 0.0)
    return found


def adaptive_mtp2(
    covariance: Any,
    n_samples: int | None = None,
    *,
    alpha: Penalty = "bic",
    constraint: Constraint = "m",
    stages: int = 5,
    weights: Rule = "mcp",
    standardize: bool = True,
    multiples: tuple[float, ...] = _MULTIPLES,
    solver: Solver = "auto",
    tol: float = 1e-6,
    max_iter: int = 10_000,
) -> MTP2Path:
    """Estimate a sparse precision matrix with non-negative partial correlations, in adaptive stages.

    Parameters
    ----------
    covariance : array, shape (n_features, n_features)
        Sample covariance; it may be singular.
    n_samples : int, optional
        Rows behind it; needed for ``alpha="bic"``.
    alpha : float or "bic"
        Penalty lambda of an absent edge; "bic" tries `multiples` times ``sqrt(log p / n)`` and keeps the one
        of the least Bayesian information criterion.
    constraint : {"m", "dd"}
        M-matrix, or diagonally dominant M-matrix.
    stages : int
        Most stages; they end early when the weights no longer change. ``weights="inverse"`` has two:
        unpenalised, then weighted.
    weights : {"mcp", "scad", "exponential", "inverse"}
        How a stage's entries become the next stage's weights (see `edge_weights`).
    standardize : bool
        Count `alpha` and the entries in correlation units for "m" and in units of the mean variance for
        "dd", so that the units of the data do not matter; False takes `covariance` as it is.
    multiples : tuple of float
        What ``alpha="bic"`` tries.
    solver, tol, max_iter
        As in `mtp2_precision`.

    Returns
    -------
    MTP2Path

    Raises
    ------
    ValueError
        If the unpenalised optimum does not exist (see `mtp2_precision`): strong edges end unpenalised.

    References
    ----------
    Ying, Cardoso and Palomar, "Adaptive Estimation of Graphical Models under Total Positivity", ICML 2023;
    paper 95 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import adaptive_mtp2
    >>> truth = np.array([[1.0, -0.5, 0.0], [-0.5, 1.3, -0.5], [0.0, -0.5, 1.0]])
    >>> X = np.random.default_rng(0).multivariate_normal(np.zeros(3), np.linalg.inv(truth), 500)
    >>> adaptive_mtp2(X.T @ X / 500, 500).edges.astype(int)
    array([[0, 1, 0],
           [1, 0, 1],
           [0, 1, 0]])
    """
    S = symmetric(covariance, "covariance")
    check_bounded(S, constraint)
    if stages < 1:
        raise ValueError(f"stages={stages}: at least one is needed")
    if n_samples is not None and n_samples < 1:
        raise ValueError(f"n_samples={n_samples}: at least one row is needed")
    variances = np.diag(S)
    if not standardize:
        units = np.ones(len(S))
    else:
        units = np.sqrt(variances if constraint == "m" else np.full(len(S), float(np.mean(variances))))
    scale = np.outer(units, units)
    tried = []
    for penalty in _penalties(alpha, len(S), n_samples, multiples):
        found = _stages(S / scale, penalty, constraint, stages, weights, solver, tol, max_iter)
        theta = found[-1].precision
        edges = _edges(theta, S / scale)
        fit = float(np.linalg.slogdet(theta)[1] - np.sum(theta * S / scale))
        bic = math.nan if n_samples is None else -n_samples * fit + int(edges.sum()) / 2 * math.log(n_samples)
        tried.append((penalty, bic, found, edges, fit))
    best = 0 if n_samples is None else int(np.argmin([t[1] for t in tried]))
    penalty, bic, found, edges, fit = tried[best]
    shift = 2 * float(np.sum(np.log(units)))
    steps = tuple(replace(r, precision=r.precision / scale, value=r.value + shift) for r in found)
    rows = n_samples or 0
    return MTP2Path(
        precision=steps[-1].precision,
        edges=edges,
        value=fit - shift,
        unit="nats",
        penalty=penalty,
        bic=bic + rows * shift,
        bic_trace=tuple((t[0], t[1] + rows * shift) for t in tried),
        stages=steps,
        converged=all(r.converged for r in steps),
    )


def _penalties(alpha: Penalty, size: int, rows: int | None, multiples: tuple[float, ...]) -> list[float]:
    if isinstance(alpha, str):
        if alpha != "bic":
            raise ValueError(f"alpha={alpha!r} is neither a number nor 'bic'")
        if rows is None:
            raise ValueError("alpha='bic' needs n_samples")
        if not multiples or any(not (c >= 0 and math.isfinite(c)) for c in multiples):
            raise ValueError(f"multiples={multiples}: give finite numbers that are not negative")
        return [c * math.sqrt(math.log(size) / rows) for c in multiples]
    if not (alpha >= 0 and math.isfinite(alpha)):
        raise ValueError(f"alpha={alpha} must be finite and not negative")
    return [float(alpha)]


def _stages(
    S: np.ndarray,
    penalty: float,
    constraint: Constraint,
    stages: int,
    rule: Rule,
    solver: Solver,
    tol: float,
    max_iter: int,
) -> list[MTP2Result]:
    # the inverse rule starts from the unpenalised answer and weighs once
    absent = np.zeros_like(S)
    weights = absent if rule == "inverse" else edge_weights(absent, penalty, rule)
    found: list[MTP2Result] = []
    for _ in range(min(stages, 2) if rule == "inverse" else stages):
        start = found[-1].precision if found else None
        found.append(
            mtp2_precision(
                S, weights, constraint=constraint, solver=solver, start=start, tol=tol, max_iter=max_iter
            )
        )
        ahead = edge_weights(found[-1].precision, penalty, rule)
        if np.array_equal(ahead, weights):
            break
        weights = ahead
    return found


def _edges(theta: np.ndarray, S: np.ndarray) -> np.ndarray:
    sd = np.sqrt(np.diag(S))
    edges = np.abs(theta) * np.outer(sd, sd) > EDGE
    np.fill_diagonal(edges, False)
    return edges
