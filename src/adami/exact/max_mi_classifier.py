"""A classifier for maximum mutual information between the class and the prediction.

This class follows scikit-learn and needs it.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from adami.exact._class_models import CellModel, ClassModel, GaussianModel
from adami.exact._extras import need_sklearn
from adami.exact.channel_matching import match_channels
from adami.exact.pmf import as_pmf

need_sklearn("MaxMIClassifier")

from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class MaxMIClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predict the label that tells most about the class, rather than the most probable class.

    A rule for the fewest errors neglects rare classes; the labels of this one have the largest mutual
    information with the class that channel matching finds. The observations' classes are modelled first,
    ``P(x | z)``; then the training observations are partitioned by `match_channels`, starting from the most
    probable and from the most likely class, and the better end is kept.

    Parameters
    ----------
    model : {"gaussian", "histogram"} or classifier
        How ``P(x | z)`` is modelled: a normal density for each class, counts in cells bounded by quantiles of
        each feature (for few features), or a scikit-learn classifier with `predict_proba`, which is cloned.
    n_bins : int, optional
        Bins a feature of the histogram; by default so many that a cell holds about ten rows a class.
    prior : array of float, shape (n_classes,), optional
        Law of the classes where predictions will be made; the frequencies in `y` by default.
    ridge : float
        Share of the mean variance that is added to each variance of the normal densities.
    max_iter : int
        Rounds of channel matching.

    Attributes
    ----------
    classes_ : numpy.ndarray
    class_prior_ : numpy.ndarray, shape (n_classes,)
        Law of the classes under the model: mean posterior of the training rows.
    mutual_information_ : float
        Between class and label on the training rows, under the model; nats.
    trace_ : tuple of float
        That information under the start and after each round; nats.
    semantic_channel_ : SemanticChannel
        Matched truth functions of the labels.
    labels_ : numpy.ndarray
        The classes that are ever predicted; a label that lost all its rows is dropped with a warning.
    n_iter_ : int
        Partitions looked at, the start included.
    n_features_in_ : int

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import MaxMIClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(30, 15, 800), rng.normal(70, 15, 200)])[:, None]
    >>> y = np.repeat(["healthy", "ill"], [800, 200])
    >>> MaxMIClassifier().fit(X, y).predict([[50.0], [57.0]]).tolist()
    ['healthy', 'ill']
    """

    def __init__(
        self,
        model: Any = "gaussian",
        n_bins: int | None = None,
        prior: Any = None,
        ridge: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.model = model
        self.n_bins = n_bins
        self.prior = prior
        self.ridge = ridge
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Self:
        """Model the classes and match the labels.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)

        Returns
        -------
        MaxMIClassifier
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        seen = np.bincount(codes) / len(codes)
        self._model = self._fitted_model(X, y, codes)
        self._tilt = self._prior(seen) / seen
        posterior = self._posterior(X)
        law = posterior.mean(axis=0)
        # the training rows stand for the observations, each with the same mass
        likelihood = (posterior / posterior.sum(axis=0)).T
        starts = (posterior.argmax(axis=1), (posterior / seen / self._tilt).argmax(axis=1))
        ends = [match_channels(law, likelihood, start, max_iter=self.max_iter) for start in starts]
        best = max(ends, key=lambda end: end.value)
        self.class_prior_ = law
        self.mutual_information_ = best.value
        self.trace_ = best.trace
        self.n_iter_ = len(best.trace)
        self.semantic_channel_ = best.semantic
        self._columns = best.labels
        self.labels_ = self.classes_[best.labels]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label that tells most about the class.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        posterior = self.class_probabilities(X)
        chosen = self._columns[self.semantic_channel_.predict(posterior)]
        return np.asarray(self.classes_[chosen])

    def class_probabilities(self, X: Any) -> np.ndarray:
        """Return the modelled probability of each class.

        This is not called `predict_proba`, because the prediction need not be the most probable class.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self._posterior(validate_data(self, X, dtype=np.float64, reset=False))

    def _posterior(self, X: np.ndarray) -> np.ndarray:
        masses = np.asarray(self._model.predict_proba(X), dtype=float) * self._tilt
        return masses / masses.sum(axis=1, keepdims=True)

    def _prior(self, seen: np.ndarray) -> np.ndarray:
        if self.prior is None:
            return seen
        law = np.asarray(as_pmf(self.prior, name="prior"))
        if law.shape != seen.shape or not (law > 0).all():
            raise ValueError(
                f"prior has shape {law.shape}: positive numbers for {len(seen)} classes are needed"
            )
        return law

    def _fitted_model(self, X: np.ndarray, y: np.ndarray, codes: np.ndarray) -> ClassModel:
        if self.model == "gaussian":
            return GaussianModel(X, codes, self.ridge)
        if self.model == "histogram":
            return CellModel(X, codes, self.n_bins)
        if isinstance(self.model, str) or not (
            is_classifier(self.model) and hasattr(self.model, "predict_proba")
        ):
            raise ValueError(
                f"model={self.model!r}: choose 'gaussian', 'histogram' or a classifier with predict_proba"
            )
        fitted: ClassModel = clone(self.model).fit(X, y)
        return fitted
