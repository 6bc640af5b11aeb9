"""A scikit-learn estimator of Gaussian graphs whose edges all are positive.

This class follows scikit-learn and needs it; the functions `adami.exact.adaptive_mtp2` and
`adami.exact.mtp2_precision` do not.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from adami.exact._arrays import in_base
from adami.exact._extras import need_sklearn
from adami.exact._mtp2_newton import Constraint
from adami.exact._mtp2_solver import Solver
from adami.exact._mtp2_stages import Penalty, Rule, adaptive_mtp2

need_sklearn("AdaptiveMTP2")

from sklearn.covariance import EmpiricalCovariance  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class AdaptiveMTP2(EmpiricalCovariance):  # type: ignore[misc]
    """A sparse Gaussian graph with non-negative partial correlations, its edges found without shrinkage.

    For features that rise and fall together: returns, neighbouring sensors, sizes. The sign condition alone
    makes the estimate exist for two rows, and the diagonally dominant one for a single row, when the mean is
    known; after centring it takes one row more. Features that are negatively related are out of the model's
    reach: their partial correlation becomes zero. With plenty of rows a shrinkage estimator such as
    scikit-learn's LedoitWolf fits such data better.

    Parameters
    ----------
    alpha : float or "bic"
        Penalty of an absent edge; "bic" tries 0.5, 1, 1.5 and 2 times ``sqrt(log n_features / n_samples)``.
    constraint : {"m", "dd"}
        M-matrix, or diagonally dominant M-matrix.
    stages : int
        Most stages; the first is the plain l1 penalty, which shrinks strongly.
    weights : {"mcp", "scad", "exponential", "inverse"}
        How a stage's edges set the next stage's penalties (see `edge_weights`).
    assume_centered : bool
        The mean is known to be zero.
    standardize : bool
        Count `alpha` in correlation units ("m") or units of the mean variance ("dd").
    solver : {"auto", "gradient", "newton"}
        See `mtp2_precision`.
    tol : float
        Size of the optimality conditions to stop at.
    max_iter : int
        Most iterations of a stage; `converged_` says whether they were enough.

    Attributes
    ----------
    precision_, covariance_ : numpy.ndarray, shape (n_features, n_features)
    location_ : numpy.ndarray, shape (n_features,)
    edges_ : numpy.ndarray of bool, shape (n_features, n_features)
        Adjacency.
    partial_correlations_ : numpy.ndarray, shape (n_features, n_features)
        At least zero; one on the diagonal.
    path_ : MTP2Path
        The stages, and the criterion of each penalty that was tried.
    alpha_ : float
        The penalty that was taken.
    converged_ : bool
    n_iter_ : int
        Iterations of all stages together.
    n_features_in_, feature_names_in_

    References
    ----------
    Ying, Cardoso and Palomar, "Adaptive Estimation of Graphical Models under Total Positivity", ICML 2023;
    paper 95 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import AdaptiveMTP2
    >>> rng = np.random.default_rng(0)
    >>> common = rng.normal(size=(200, 1))
    >>> X = np.hstack([common + rng.normal(size=(200, 3)), rng.normal(size=(200, 1))])
    >>> model = AdaptiveMTP2().fit(X)
    >>> model.edges_.astype(int)
    array([[0, 1, 1, 0],
           [1, 0, 1, 0],
           [1, 1, 0, 0],
           [0, 0, 0, 0]])
    >>> model.mutual_information([0], [3]) < 1e-9 < model.mutual_information([0], [1])
    True
    """

    # settings are checked where they are used; the parent's table knows only its own
    _parameter_constraints: dict[str, Any] = {}

    def __init__(
        self,
        alpha: Penalty = "bic",
        *,
        constraint: Constraint = "m",
        stages: int = 5,
        weights: Rule = "mcp",
        assume_centered: bool = False,
        standardize: bool = True,
        solver: Solver = "auto",
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(assume_centered=assume_centered)
        self.alpha = alpha
        self.constraint = constraint
        self.stages = stages
        self.weights = weights
        self.standardize = standardize
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any = None) -> Self:
        """Estimate the precision matrix.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a feature is constant, two are perfectly correlated ("m") or equal ("dd"), or there are too
            few rows for the mean to be estimated.
        """
        least = 1 if self.assume_centered else 2
        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=least)
        self.location_ = np.zeros(rows.shape[1]) if self.assume_centered else rows.mean(axis=0)
        centred = rows - self.location_
        # a constant feature is one up to the rounding of its mean
        spread = np.abs(centred).max(axis=0)
        constant = spread <= 1e-12 * np.abs(rows).max(axis=0)
        if np.any(constant):
            names = ", ".join(str(i) for i in np.flatnonzero(constant)[:5])
            raise ValueError(f"X: feature {names} has no variance: drop it, its precision would be infinite")
        few = not self.assume_centered and len(rows) == 2 and rows.shape[1] > 1
        if few:
            raise ValueError(
                f"X has n_samples={len(rows)}: about their own mean two rows are perfectly correlated; "
                "give three, or assume_centered=True if the mean is known to be zero"
            )
        self.path_ = adaptive_mtp2(
            centred.T @ centred / len(rows),
            len(rows),
            alpha=self.alpha,
            constraint=self.constraint,
            stages=self.stages,
            weights=self.weights,
            standardize=self.standardize,
            solver=self.solver,
            tol=self.tol,
            max_iter=self.max_iter,
        )
        self.precision_ = self.path_.precision
        self.covariance_ = np.linalg.inv(self.precision_)
        self.covariance_ = (self.covariance_ + self.covariance_.T) / 2
        scale = np.sqrt(np.diag(self.precision_))
        self.partial_correlations_ = -self.precision_ / np.outer(scale, scale) + 2 * np.eye(len(scale))
        self.edges_ = self.path_.edges
        self.alpha_ = self.path_.penalty
        self.converged_ = self.path_.converged
        self.n_iter_ = sum(stage.iterations for stage in self.path_.stages)
        return self

    def mutual_information(self, first: Any, second: Any = None, *, base: float | None = None) -> float:
        """Return the information between two groups of features under the fitted law.

        Parameters
        ----------
        first, second : sequence of int
            Features by number, without overlap; `second` is everything else by default.
        base : float, optional
            Of the logarithm; nats by default.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If a group is empty, the groups overlap or a feature is out of range.
        """
        check_is_fitted(self, "covariance_")
        size = len(self.covariance_)
        a = _group(first, size, "first")
        b = _group(np.setdiff1d(np.arange(size), a) if second is None else second, size, "second")
        if shared := set(a) & set(b):
            raise ValueError(f"feature {min(shared)} is in both groups")
        logdet = [
            float(np.linalg.slogdet(self.covariance_[np.ix_(group, group)])[1]) for group in (a, b, a + b)
        ]
        return float(in_base(max(0.0, (logdet[0] + logdet[1] - logdet[2]) / 2), base))


def _group(features: Any, size: int, name: str) -> list[int]:
    found = np.atleast_1d(np.asarray(features))
    if found.ndim != 1 or not found.size or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{name}={features!r}: give at least one feature, by number")
    if np.any(found < 0) or np.any(found >= size) or len(set(found.tolist())) < found.size:
        raise ValueError(f"{name}={found.tolist()}: name each feature once, from 0 to {size - 1}")
    return [int(i) for i in found]
