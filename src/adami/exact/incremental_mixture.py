"""Gaussian mixtures with full covariances that learn from each row once, by rank-one updates.

These classes follow scikit-learn and need it.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np

from adami.exact._extras import need_sklearn
from adami.exact._mixture_laws import Mixture
from adami.exact._mixture_state import MixtureState

need_sklearn()

from sklearn.base import BaseEstimator, ClassifierMixin, DensityMixin, RegressorMixin  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

Update = Literal["exact", "igmn"]


class _Incremental(BaseEstimator):  # type: ignore[misc]
    """What the mixture, the classifier and the regressor share: their parameters and one pass over rows."""

    def __init__(
        self,
        delta: float = 1.0,
        beta: float = 1e-3,
        update: Update = "exact",
        v_min: int = 5,
        sp_min: float = 3.0,
        scale: Any = None,
    ) -> None:
        self.delta = delta
        self.beta = beta
        self.update = update
        self.v_min = v_min
        self.sp_min = sp_min
        self.scale = scale

    def _absorb(self, rows: np.ndarray, *, fresh: bool, scale: Any = None) -> None:
        if fresh or not hasattr(self, "_state"):
            self._state = MixtureState.start(
                rows,
                delta=self.delta,
                beta=self.beta,
                update=self.update,
                v_min=self.v_min,
                sp_min=self.sp_min,
                scale=self.scale if scale is None else scale,
            )
        self._state.absorb(rows)

    @property
    def mixture_(self) -> Mixture:
        """The fitted law: weights, means, precisions, and what follows from them."""
        check_is_fitted(self, "_state")
        return self._state.mixture()

    @property
    def n_components_(self) -> int:
        """Number of components."""
        check_is_fitted(self, "_state")
        return self._state.count


class IncrementalGMM(DensityMixin, _Incremental):  # type: ignore[misc]
    """A Gaussian mixture that adds components where rows are novel and sees every row once.

    A row that no component finds likely founds a new one; any other row updates all components in
    proportion to their responsibility, precision and log-determinant by rank-one formulas. A row costs of
    the order of K D squared.

    Parameters
    ----------
    delta : float
        Initial width of a component, in units of `scale`.
    beta : float
        Novelty: a row founds a component when it lies outside of the central ``1 - beta`` of all of them.
        0 keeps a single Gaussian; in high dimension it must be tiny, or every row is novel.
    update : {"exact", "igmn"}
        The exact weighted covariance, or the rule of the original network, which may shrink a covariance
        too far (the exact rule steps in where it would stop being one).
    v_min : int
        Age in rows from which a component may be dropped ...
    sp_min : float
        ... if the responsibilities it has gathered are below this.
    scale : float or array of shape (n_features,), optional
        Standard deviation of each feature; taken from the first chunk by default, with a floor so that a
        constant feature does no harm.

    Attributes
    ----------
    mixture_ : Mixture
        Weights, means, precisions, log-determinants; entropy bounds, information between features.
    n_components_ : int

    References
    ----------
    Pinto and Engel, "Scalable and Incremental Learning of Gaussian Mixture Models", 2017; paper 100 of
    adami's register. The rows' order matters: shuffle, and report over several orders.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import IncrementalGMM
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(9, 1, (200, 2))])
    >>> model = IncrementalGMM(delta=0.5).fit(rng.permutation(X))
    >>> np.sort(model.mixture_.means[:, 0]).round().astype(int)
    array([0, 9])
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Forget everything and take in the rows of `X` in their order.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self
        """
        self._absorb(validate_data(self, X, dtype=np.float64), fresh=True)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Take in more rows.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self
        """
        first = not hasattr(self, "_state")
        self._absorb(validate_data(self, X, dtype=np.float64, reset=first), fresh=False)
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the log-density of each row, in nats.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples,)
        """
        return self.mixture_.log_density(self._rows(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-density, in nats."""
        return float(np.mean(self.score_samples(X)))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the responsibility of each component for each row, shape ``(n_samples, n_components_)``."""
        return self.mixture_.responsibilities(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most responsible component of each row."""
        return np.argmax(self.predict_proba(X), axis=1)

    def recall(self, X: Any, given: Any, target: Any) -> np.ndarray:
        """Return the expected features `target` where the features `given` are known.

        Parameters
        ----------
        X : array, shape (n_samples, len(given))
            Values of the known features, in the order of `given`.
        given, target : int or sequence of int
            Features by number; they may not overlap.

        Returns
        -------
        numpy.ndarray, shape (n_samples, len(target))
        """
        return self.mixture_.recall(X, given, target)[0]

    def _rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "_state")
        return validate_data(self, X, dtype=np.float64, reset=False)


class IncrementalGMMRegressor(RegressorMixin, _Incremental):  # type: ignore[misc]
    """Regression by an incremental mixture over features and targets together.

    Parameters
    ----------
    delta, beta, update, v_min, sp_min, scale
        As in `IncrementalGMM`; `scale` covers features, then targets.

    References
    ----------
    Paper 100 of adami's register. With one component whose initial variance is one in every dimension the
    prediction is ridge regression with penalty one.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import IncrementalGMMRegressor
    >>> X = np.random.default_rng(0).normal(size=(500, 1))
    >>> model = IncrementalGMMRegressor(beta=0.0).fit(X, 2 * X[:, 0])
    >>> model.predict([[1.0]]).round(1)
    array([2.])
    """

    _targets: int
    _flat: bool

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Forget everything and take in the rows in their order."""
        return self._learn(X, y, fresh=True)

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Take in more rows."""
        return self._learn(X, y, fresh=not hasattr(self, "_state"))

    def predict(self, X: Any) -> np.ndarray:
        """Return the expected target of each row, shape (n_samples,) or (n_samples, n_targets)."""
        check_is_fitted(self, "_state")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        features = self.n_features_in_
        found = self.mixture_.recall(rows, range(features), range(features, features + self._targets))[0]
        return found[:, 0] if self._flat else found

    def _learn(self, X: Any, y: Any, *, fresh: bool) -> Self:
        rows, target = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=fresh
        )
        table = target.reshape(len(rows), -1).astype(np.float64)
        if not fresh and table.shape[1] != self._targets:
            raise ValueError(f"y has {table.shape[1]} columns, but it had {self._targets} before")
        self._targets, self._flat = table.shape[1], target.ndim == 1
        self._absorb(np.hstack([rows, table]), fresh=fresh)
        return self


class IncrementalGMMClassifier(ClassifierMixin, _Incremental):  # type: ignore[misc]
    """Classification by an incremental mixture over features and one-hot labels together.

    Parameters
    ----------
    delta, beta, update, v_min, sp_min, scale
        As in `IncrementalGMM`; `scale` is that of the features (a label's width is one half).

    Attributes
    ----------
    classes_ : numpy.ndarray

    References
    ----------
    Paper 100 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import IncrementalGMMClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(6, 1, (100, 2))])
    >>> y = np.repeat(["low", "high"], 100)
    >>> IncrementalGMMClassifier().fit(X, y).predict([[0, 0], [6, 6]])
    array(['low', 'high'], dtype='<U4')
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Forget everything and take in the rows in their order."""
        return self._learn(X, y, None, fresh=True)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Take in more rows; the first call names all classes that will come.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : array, shape (n_samples,)
        classes : array, optional
            All classes; those of the first `y` by default.
        """
        return self._learn(X, y, classes, fresh=not hasattr(self, "_state"))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the expected one-hot label, clipped at zero and normalised, shape (n_samples, n_classes)."""
        check_is_fitted(self, "_state")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        features = self.n_features_in_
        labels = range(features, features + len(self.classes_))
        found = np.clip(self.mixture_.recall(rows, range(features), labels)[0], 0.0, None)
        total = found.sum(axis=1, keepdims=True)
        return np.divide(found, total, out=np.full_like(found, 1 / found.shape[1]), where=total > 0)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]

    def _learn(self, X: Any, y: Any, classes: Any, *, fresh: bool) -> Self:
        from sklearn.utils.multiclass import check_classification_targets, unique_labels

        rows, labels = validate_data(self, X, y, dtype=np.float64, reset=fresh)
        check_classification_targets(labels)
        if fresh:
            self.classes_ = unique_labels(labels) if classes is None else np.unique(classes)
        place = np.searchsorted(self.classes_, labels)
        known = self.classes_[np.minimum(place, len(self.classes_) - 1)] == labels
        if not np.all(known):
            stranger = labels[~known][0]
            raise ValueError(
                f"y holds {stranger!r}, none of the classes named at first: {self.classes_.tolist()}"
            )
        onehot = np.eye(len(self.classes_))[place]
        widths = None
        if fresh:
            features = MixtureState.widths(rows, self.scale)
            widths = np.concatenate([features, np.full(onehot.shape[1], 0.5)])
        self._absorb(np.hstack([rows, onehot]), fresh=fresh, scale=widths)
        return self
