"""Information for scikit-learn: score functions with its signatures, and a feature selector for pipelines."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.estimators._features import Columns, FeatureTable, with_target, without_ties
from adami.estimators.selection import criterion_named, select
from adami.variables import _infer

try:
    from scipy.sparse import issparse
    from sklearn.base import BaseEstimator
    from sklearn.feature_selection import SelectorMixin
    from sklearn.utils import check_array, check_random_state, check_X_y
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as problem:
    raise ImportError("adami.sklearn needs scikit-learn: pip install 'adami[sklearn]'") from problem

__all__ = ["InformationSelector", "mutual_info_classif", "mutual_info_regression"]


def mutual_info_regression(
    X: Any,
    y: Any,
    *,
    discrete_features: Any = "auto",
    n_neighbors: int = 3,
    copy: bool = True,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Estimate the information between each feature and a continuous target, as scikit-learn does, faster.

    Parameters
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
    y : array of shape (n_samples,)
    discrete_features : {"auto", bool, array of bool or of indices}
        "auto" takes dense features as continuous and sparse ones as discrete.
    n_neighbors : int
    copy : bool
        The input is never changed; kept for the signature.
    random_state : int, RandomState or None
        Decides the noise of 1e-10 that breaks ties.
    n_jobs : int, optional
        Number of threads; the answer does not depend on it.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_features,)``, nats, at least 0.

    References
    ----------
    Kraskov, Stögbauer and Grassberger, "Estimating mutual information", Physical Review E 69, 2004.
    Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from adami.sklearn import mutual_info_regression
    >>> X = np.random.default_rng(0).normal(size=(300, 3))
    >>> SelectKBest(mutual_info_regression, k=1).fit(X, X[:, 1] ** 2).get_support().tolist()
    [False, True, False]
    """
    return _scores(X, y, discrete_features, False, n_neighbors, random_state, n_jobs)


def mutual_info_classif(
    X: Any,
    y: Any,
    *,
    discrete_features: Any = "auto",
    n_neighbors: int = 3,
    copy: bool = True,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Estimate the information between each feature and a class, as scikit-learn does, faster.

    Parameters
    ----------
    X, discrete_features, n_neighbors, copy, random_state, n_jobs
        As in `mutual_info_regression`.
    y : array of shape (n_samples,)
        Class labels.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_features,)``, nats, at least 0.

    References
    ----------
    Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.sklearn import mutual_info_classif
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> mutual_info_classif(X, X[:, 0] > 0, random_state=0).round(1).tolist()
    [0.7, 0.0]
    """
    check_classification_targets(y)
    return _scores(X, y, discrete_features, True, n_neighbors, random_state, n_jobs)


def _scores(
    X: Any,
    y: Any,
    discrete_features: Any,
    discrete_target: bool,
    k: int,
    random_state: Any,
    n_jobs: int | None,
) -> np.ndarray:
    """Prepare the columns exactly as scikit-learn does, noise included, and measure them."""
    _check_neighbors(k)
    X, y = check_X_y(X, y, accept_sparse="csc", y_numeric=not discrete_target)
    discrete = _discrete_mask(discrete_features, X)
    if issparse(X):
        if not discrete.all():
            raise ValueError("a sparse X holds discrete features only; make it dense for continuous ones")
        X = X.toarray()
    rng = check_random_state(random_state)
    values = X.astype(np.float64)
    numbers = np.flatnonzero(~discrete)
    if len(numbers):
        spread = values[:, numbers].std(axis=0)
        values[:, numbers] /= np.where(spread > 0, spread, 1.0)
        level = np.maximum(1, np.mean(np.abs(values[:, numbers]), axis=0))
        values[:, numbers] += 1e-10 * level * rng.standard_normal(size=(len(values), len(numbers)))
    if discrete_target:
        target = np.unique(y, return_inverse=True)[1]
    else:
        spread = y.std()
        target = y / (spread if spread > 0 else 1.0)
        target = target + 1e-10 * np.maximum(1, np.mean(np.abs(target))) * rng.standard_normal(
            size=len(target)
        )
    for j in np.flatnonzero(discrete):
        values[:, j] = np.unique(values[:, j], return_inverse=True)[1]
    found = with_target(Columns(values, discrete), target, discrete_target, k, n_jobs, corrected=False)
    return np.asarray(np.maximum(found, 0.0))


def _check_neighbors(k: Any) -> None:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"n_neighbors={k!r}: give a whole number of at least 1")


def _discrete_mask(discrete_features: Any, X: Any) -> np.ndarray:
    """Return which features are discrete, from "auto", a bool, a mask or indices."""
    p = X.shape[1]
    if isinstance(discrete_features, str):
        if discrete_features != "auto":
            raise ValueError(f"discrete_features={discrete_features!r}: the only name is 'auto'")
        return np.full(p, issparse(X))
    if isinstance(discrete_features, bool | np.bool_):
        return np.full(p, bool(discrete_features))
    given = check_array(discrete_features, ensure_2d=False, ensure_min_samples=0, dtype=None)
    if given.dtype == bool:
        if given.shape != (p,):
            raise ValueError(f"discrete_features has {len(given)} entries for {p} features")
        return np.asarray(given)
    mask = np.zeros(p, dtype=bool)
    mask[given.astype(np.intp)] = True
    return mask


class InformationSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Choose features by information: greedily, by a criterion, until a permutation test says that is all.

    Parameters
    ----------
    criterion : {"mrmr", "mim", "jmi", "cmim"}
        "mim" looks at each feature alone, "mrmr" subtracts what features tell about each other, "jmi" and
        "cmim" look at what they tell together.
    n_features_to_select : int, float or None
        How many, or which share of all. None takes only features that do better than the best of as many
        features with shuffled rows would ("mrmr" is tested by what "jmi" says the feature adds), and stops
        when none is left.
    alpha : float
        Level of that test.
    n_permutations : int
        Shuffled columns of each kind behind the test, at least 20.
    discrete_features : {"auto", bool, array of bool or of indices}
        "auto" takes a column of at most 20 distinct values, each twice on average, as discrete.
    discrete_target : {"auto", bool}
        "auto" takes labels as discrete, and numbers by the same rule as features.
    n_neighbors : int
    random_state : int, RandomState or None
    n_jobs : int, optional

    Attributes
    ----------
    support_ : numpy.ndarray
        bool, shape ``(n_features,)``.
    selected_ : numpy.ndarray
        Indices in the order they were chosen.
    scores_ : numpy.ndarray
        Shape ``(n_features,)``: information with the target in nats.
    p_values_ : numpy.ndarray
        Of each selected feature, corrected for the number of candidates; empty when the number was given.
    discrete_features_ : numpy.ndarray
        bool, shape ``(n_features,)``: how each was taken.
    discrete_target_ : bool
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray
        Only when X has names.

    References
    ----------
    Brown, Pocock, Zhao and Luján, "Conditional likelihood maximisation: a unifying framework for information
    theoretic feature selection", Journal of Machine Learning Research 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.sklearn import InformationSelector
    >>> X = np.random.default_rng(0).normal(size=(400, 4))
    >>> X[:, 3] = X[:, 0] + 0.01 * X[:, 1]
    >>> y = X[:, 0] + X[:, 2] > 0
    >>> sorted(InformationSelector("cmim", random_state=0).fit(X, y).selected_.tolist())
    [0, 2]
    """

    def __init__(
        self,
        criterion: str = "mrmr",
        *,
        n_features_to_select: float | None = None,
        alpha: float = 0.05,
        n_permutations: int = 200,
        discrete_features: Any = "auto",
        discrete_target: Any = "auto",
        n_neighbors: int = 3,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.criterion = criterion
        self.n_features_to_select = n_features_to_select
        self.alpha = alpha
        self.n_permutations = n_permutations
        self.discrete_features = discrete_features
        self.discrete_target = discrete_target
        self.n_neighbors = n_neighbors
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> InformationSelector:
        """Choose the features.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)
            Labels or numbers.

        Returns
        -------
        InformationSelector
            Itself.

        Raises
        ------
        ValueError
            For an unknown criterion, a number of features out of range, or too few rows.
        """
        criterion_named(self.criterion)
        _check_neighbors(self.n_neighbors)
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha={self.alpha!r}: give a level between 0 and 1, such as 0.05")
        X, y = validate_data(self, X, y, ensure_min_samples=2, dtype="numeric")
        count = self._count(X.shape[1])
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        target, self.discrete_target_ = self._target(y)
        if self.discrete_target_:
            check_classification_targets(y)
        X = X.astype(np.float64)
        if isinstance(self.discrete_features, str) and self.discrete_features == "auto":
            discrete = np.array([_infer(X[:, j]) == "discrete" for j in range(X.shape[1])])
        else:
            discrete = _discrete_mask(self.discrete_features, X)
        columns = without_ties(X, discrete, rng)
        if not self.discrete_target_:
            target = without_ties(target[:, None], np.array([False]), rng).values[:, 0]
        table = FeatureTable(
            columns,
            target,
            self.discrete_target_,
            k=min(self.n_neighbors, len(X) - 1),
            shadows=0 if count is not None else self.n_permutations,
            rng=rng,
            n_jobs=self.n_jobs,
        )
        found = select(table, self.criterion, count, alpha=self.alpha)
        self.discrete_features_ = columns.discrete
        self.selected_ = np.array(found.chosen, dtype=np.intp)
        self.scores_ = found.relevance
        self.p_values_ = np.array(found.p_values)
        self.support_ = np.zeros(X.shape[1], dtype=bool)
        self.support_[self.selected_] = True
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        return np.asarray(self.support_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _count(self, p: int) -> int | None:
        wanted = self.n_features_to_select
        if wanted is None:
            return None
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | np.integer | np.floating):
            raise ValueError(f"n_features_to_select={wanted!r}: give a number, a share or None")
        if isinstance(wanted, int | np.integer):
            if not 1 <= wanted <= p:
                raise ValueError(f"n_features_to_select={wanted}: X has {p} feature(s)")
            return int(wanted)
        if not 0 < wanted <= 1:
            raise ValueError(f"n_features_to_select={wanted}: a share lies in (0, 1]")
        return max(1, round(wanted * p))

    def _target(self, y: np.ndarray) -> tuple[np.ndarray, bool]:
        if isinstance(self.discrete_target, str) and self.discrete_target == "auto":
            discrete = y.dtype.kind not in "fiu" or _infer(y) == "discrete"
        else:
            discrete = bool(self.discrete_target)
        if discrete:
            return np.unique(y, return_inverse=True)[1], True
        return y.astype(np.float64), False
