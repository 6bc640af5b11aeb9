"""Gaussian mixtures by the EnM iteration, which lets component weights settle before each fit.

This class follows scikit-learn and needs it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._extras import need_sklearn
from adami.exact._normal_mixture import NormalMixture, fit_components, starting_mixture

need_sklearn("EnMMixture")

from sklearn.base import BaseEstimator, DensityMixin  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data  # noqa: E402


@dataclass(frozen=True, slots=True)
class MixtureInformation:
    """How far a mixture is from a law, told by rate and semantic information.

    Parameters
    ----------
    rate : float
        Mutual information of point and component, under the components' responsibilities.
    verisimilitude : float
        Semantic mutual information of the same channel, with the components as predictions.
    divergence : float
        ``KL(P || P_theta)`` from the law to the mixture.
    weight_drift : float
        Divergence from the components' mean responsibilities to their weights. The identity is
        ``rate - verisimilitude = divergence - weight_drift``, and the drift is 0 once the weights are stable.
    unit : str
    """

    rate: float
    verisimilitude: float
    divergence: float
    weight_drift: float
    unit: str


class EnMMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of normal laws that lowers ``R - G``, the information difference of its components.

    Each round computes responsibilities (E), replaces the weights by mean responsibilities and repeats E
    `n_inner` times (n), and fits each component to the rows it is responsible for (M). With settled weights
    the difference of rate and semantic information is the divergence from the data's law to the mixture, and
    no round raises it.

    Parameters
    ----------
    n_components : int
    n_inner : int, optional
        Repetitions of the inner step; 0 is ordinary expectation-maximisation, None repeats until the weights
        are stable.
    max_iter : int
        Rounds.
    tol : float
        The fit rests when the mean log-likelihood rises by less in a round; nats.
    reg_covar : float
        Added to every variance.
    n_init : int
        Starts, of which the best is kept; one suffices when means are given.
    weights_init : array of float, shape (n_components,), optional
    means_init : array of float, shape (n_components, n_features), optional
        Rows chosen by k-means++ by default.
    covariances_init : array of float, shape (n_components, n_features, n_features), optional
        The covariance of the data by default.
    random_state : int, numpy.random.Generator or None
        Decides the starts.

    Attributes
    ----------
    weights_, means_, covariances_ : numpy.ndarray
        Of the components.
    trace_ : tuple of float
        Mean log-likelihood before the first round and after each; never falling beyond `reg_covar`.
    lower_bound_ : float
        The last of them.
    n_iter_ : int
        Rounds.
    converged_ : bool
    n_features_in_ : int

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    The law is given on a grid, as weights of its points.

    >>> import numpy as np
    >>> from adami.exact import EnMMixture
    >>> x = np.arange(101.0)
    >>> law = 0.7 * np.exp(-((x - 35) ** 2) / 128) / 8 + 0.3 * np.exp(-((x - 65) ** 2) / 288) / 12
    >>> mixture = EnMMixture(2, means_init=[[20.0], [80.0]]).fit(x[:, None], sample_weight=law)
    >>> mixture.means_.ravel().round(), mixture.weights_.round(1)
    (array([35., 65.]), array([0.7, 0.3]))
    """

    def __init__(
        self,
        n_components: int = 1,
        n_inner: int | None = 3,
        max_iter: int = 1000,
        tol: float = 1e-9,
        reg_covar: float = 1e-6,
        n_init: int = 1,
        weights_init: Any = None,
        means_init: Any = None,
        covariances_init: Any = None,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.n_components = n_components
        self.n_inner = n_inner
        self.max_iter = max_iter
        self.tol = tol
        self.reg_covar = reg_covar
        self.n_init = n_init
        self.weights_init = weights_init
        self.means_init = means_init
        self.covariances_init = covariances_init
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the mixture.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples, or the points of a grid.
        y : ignored
        sample_weight : array of float, shape (n_samples,), optional
            How often each row was seen, or the law on the grid, up to a factor.

        Returns
        -------
        EnMMixture

        Warns
        -----
        ConvergenceWarning
            If `max_iter` rounds did not suffice.
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        for name, least in (("n_components", 1), ("n_init", 1), ("max_iter", 1), ("n_inner", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name}={value}: give {least} or more")
        if self.n_components > len(X):
            raise ValueError(f"n_components={self.n_components}, but there are only {len(X)} rows")
        law = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not law.sum() > 0:
            raise ValueError("sample_weight is zero everywhere: there is nothing to fit")
        law = law / law.sum()
        rng = np.random.default_rng(_seed(self.random_state))
        ends = [self._climb(X, law, rng) for _ in range(self.n_init)]
        mixture, trace, converged = max(ends, key=lambda end: end[1][-1])
        if not converged:
            warnings.warn(
                f"{self.max_iter} rounds did not bring the likelihood to rest: raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.weights_, self.means_, self.covariances_ = mixture.weights, mixture.means, mixture.covariances
        self.trace_, self.converged_ = tuple(trace), converged
        self.lower_bound_, self.n_iter_ = trace[-1], len(trace) - 1
        return self

    def _climb(
        self, X: np.ndarray, law: np.ndarray, rng: np.random.Generator
    ) -> tuple[NormalMixture, list[float], bool]:
        mixture = starting_mixture(
            X,
            law,
            self.n_components,
            self.weights_init,
            self.means_init,
            self.covariances_init,
            self.reg_covar,
            rng,
        )
        trace: list[float] = []
        for _ in range(self.max_iter + 1):
            logs = mixture.log_densities(X)
            density = _settle(mixture.weights, logs, law, 0)[1]
            trace.append(float(law @ density))
            if len(trace) > 1 and trace[-1] - trace[-2] < self.tol:
                return mixture, trace, True
            shares = _settle(mixture.weights, logs, law, self.n_inner)[0]
            mixture = fit_components(X, law, shares, mixture, self.reg_covar)
        return mixture, trace, False

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the log-density of each row, in nats."""
        return _settle(self._mixture().weights, self._logs(X), None, 0)[1]

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-density of the rows, in nats."""
        return float(self.score_samples(X).mean())

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the responsibility of each component for each row, shape ``(n_samples, n_components)``."""
        return _settle(self._mixture().weights, self._logs(X), None, 0)[0]

    def predict(self, X: Any) -> np.ndarray:
        """Return the component most responsible for each row."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def information(
        self, X: Any, sample_weight: Any = None, *, base: float | None = None
    ) -> MixtureInformation:
        """Measure the mixture against a law on the points of a regular grid.

        The components are taken as laws on these points: each is divided by its sum over them.

        Parameters
        ----------
        X : array of shape (n_points, n_features)
        sample_weight : array of float, shape (n_points,), optional
            The law, up to a factor; the same for all points by default.
        base : float, optional
            Base of the logarithm; nats by default.

        Returns
        -------
        MixtureInformation
        """
        mixture, logs = self._mixture(), self._logs(X)
        top = logs.max(axis=0)
        logs = logs - top - np.log(np.exp(logs - top).sum(axis=0))
        law = _check_sample_weight(sample_weight, np.asarray(X), dtype=np.float64, ensure_non_negative=True)
        law = law / law.sum()
        shares, density = _settle(mixture.weights, logs, None, 0)
        used = law @ shares
        seen = law > 0
        own = np.log(law[seen])
        inside = shares[seen] > 0
        ratios = np.log(np.where(inside, shares[seen], 1.0) / np.where(used > 0, used, 1.0))
        rate = float(law[seen] @ (shares[seen] * ratios).sum(axis=1))
        # a density of 0 has responsibility 0
        told = np.where(inside, logs[seen] - own[:, None], 0.0)
        verisimilitude = float(law[seen] @ (shares[seen] * told).sum(axis=1))
        divergence = float(law[seen] @ (own - density[seen]))
        live = used > 0
        drift = float(used[live] @ np.log(used[live] / mixture.weights[live]))
        unit = float(in_base(1.0, base))
        return MixtureInformation(
            rate * unit, verisimilitude * unit, divergence * unit, drift * unit, unit_name(base)
        )

    def _mixture(self) -> NormalMixture:
        check_is_fitted(self)
        return NormalMixture(self.weights_, self.means_, self.covariances_)

    def _logs(self, X: Any) -> np.ndarray:
        mixture = self._mixture()
        return mixture.log_densities(validate_data(self, X, dtype=np.float64, reset=False))


def _settle(
    weights: np.ndarray, logs: np.ndarray, law: np.ndarray | None, inner: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return responsibilities under the weights after the inner steps, and log-densities."""
    top = logs.max(axis=1, keepdims=True)
    relative = np.exp(logs - top)
    total = relative @ weights
    if law is not None:
        # a hundred thousand steps are given to weights that must be stable; the next round goes on from there
        for _ in range(100_000 if inner is None else inner):
            following = weights * (law / total @ relative)
            moved = float(np.abs(following - weights).max())
            weights = following / following.sum()
            total = relative @ weights
            if inner is None and moved < 1e-12:
                break
    return relative * weights / total[:, None], np.log(total) + top[:, 0]


def _seed(random_state: Any) -> Any:
    """Return what NumPy's generators take; scikit-learn's own RandomState gives them a seed."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return random_state
