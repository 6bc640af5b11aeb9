"""Directions of classes: classify by the nearest subspace, and cluster rows that lie in a union of subspaces.

These classes follow scikit-learn and need it.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from adami.estimators._gram import refuse_beyond_memory
from adami.exact._extras import need_sklearn
from adami.result import Diagnostic

need_sklearn("NearestSubspaceClassifier")

from sklearn.base import BaseEstimator, ClassifierMixin, ClusterMixin  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

CONVERGED = 1e-10


class NearestSubspaceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predict the class whose leading directions leave the least of a row.

    Parameters
    ----------
    n_components : int, optional
        Directions a class; by default as many as leave room for all classes, at least 1. A class with fewer
        rows keeps as many directions as it has rows.
    centered : bool
        Whether the mean of a class is taken off first, which makes its subspace an affine one.

    Attributes
    ----------
    classes_ : numpy.ndarray
    subspaces_ : list of numpy.ndarray, shape (n_features, k)
        Orthonormal directions of each class.
    means_ : numpy.ndarray, shape (n_classes, n_features)
        Zeros unless `centered`.
    diagnostics_ : tuple of Diagnostic
        Classes with fewer rows than directions.
    n_features_in_ : int

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import NearestSubspaceClassifier
    >>> X = np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0]])
    >>> NearestSubspaceClassifier().fit(X, ["a", "a", "b", "b"]).predict([[-5.0, 0.2], [0.3, 9.0]]).tolist()
    ['a', 'b']
    """

    def __init__(self, n_components: int | None = None, centered: bool = False) -> None:
        self.n_components = n_components
        self.centered = centered

    def fit(self, X: Any, y: Any) -> Self:
        """Find the directions of each class.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)

        Returns
        -------
        NearestSubspaceClassifier
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        wanted = self.n_components
        if wanted is None:
            wanted = max(1, X.shape[1] // len(self.classes_))
        if not 1 <= wanted <= X.shape[1]:
            raise ValueError(f"n_components={wanted}: between 1 and the {X.shape[1]} columns are possible")
        members = [X[codes == c] for c in range(len(self.classes_))]
        means = [rows.mean(axis=0) if self.centered else np.zeros(X.shape[1]) for rows in members]
        self.means_ = np.array(means)
        self.subspaces_ = [
            np.linalg.svd(rows - mean, full_matrices=False)[2][:wanted].T
            for rows, mean in zip(members, means)
        ]
        few = [str(c) for c, rows in zip(self.classes_, members) if len(rows) < wanted]
        self.diagnostics_: tuple[Diagnostic, ...] = ()
        if few:
            message = (
                f"class(es) {', '.join(few)} have fewer rows than {wanted} directions: lower n_components"
            )
            self.diagnostics_ = (Diagnostic("small_class", message, "warning"),)
        return self

    def residuals(self, X: Any) -> np.ndarray:
        """Return what each class's directions leave of each row: lengths, shape (n_samples, n_classes)."""
        check_is_fitted(self, "subspaces_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        left = []
        for mean, directions in zip(self.means_, self.subspaces_):
            rows = X - mean
            left.append(np.linalg.norm(rows - rows @ directions @ directions.T, axis=1))
        return np.column_stack(left)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class that leaves the least of each row, the first of several."""
        return np.asarray(self.classes_[self.residuals(X).argmin(axis=1)])


class ElasticNetSubspaceClustering(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Cluster rows that lie in a union of subspaces, each of them in terms of the others.

    Every row is written as a sparse combination of other rows, by the elastic net ``tau |c|_1 + (1 - tau) / 2
    |c|^2 + alpha / 2 |x - c X|^2``; rows of the same subspace need each other, and the
    spectrum of that graph tells them apart.

    Parameters
    ----------
    n_clusters : int
    gamma : float
        `alpha` in units of the least one that gives any combination at all; above 1.
    tau : float
        1 is the lasso, lower values take in more rows.
    support_size : int
        Rows that a combination is sought among at a time; rows that should take part are added until none is
        missing.
    max_rounds : int
        Rounds of that search.
    random_state : int
        Of the spectral clustering.

    Attributes
    ----------
    labels_ : numpy.ndarray of int
    representation_ : numpy.ndarray, shape (n_samples, n_samples)
        Combinations; the diagonal is 0.
    n_features_in_ : int

    References
    ----------
    You, Li, Robinson and Vidal, "Oracle based active set algorithm for scalable elastic net subspace
    clustering", 2016; used by paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import ElasticNetSubspaceClustering, clustering_accuracy
    >>> rng = np.random.default_rng(0)
    >>> X = np.zeros((40, 6))
    >>> X[:20, :2], X[20:, 3:5] = rng.normal(size=(2, 20, 2))
    >>> found = ElasticNetSubspaceClustering(n_clusters=2).fit(X).labels_
    >>> clustering_accuracy(np.repeat([0, 1], 20), found)
    1.0
    """

    def __init__(
        self,
        n_clusters: int = 8,
        gamma: float = 300.0,
        tau: float = 1.0,
        support_size: int = 100,
        max_rounds: int = 40,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.gamma = gamma
        self.tau = tau
        self.support_size = support_size
        self.max_rounds = max_rounds
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Cluster rows; they are divided by their lengths first.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        ElasticNetSubspaceClustering

        Raises
        ------
        ValueError
            For a row of zeros, or parameters out of range.
        """
        import warnings

        from sklearn.cluster import SpectralClustering

        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=3)
        if not self.gamma > 1:
            raise ValueError(f"gamma={self.gamma}: at 1 and below every combination is empty")
        if not 0 < self.tau <= 1:
            raise ValueError(f"tau={self.tau} lies above 0 and is at most 1")
        if not 2 <= self.n_clusters <= len(X):
            raise ValueError(
                f"n_clusters={self.n_clusters} of {len(X)} rows: between 2 and the rows are possible"
            )
        length = np.linalg.norm(X, axis=1)
        if (length == 0).any():
            raise ValueError(
                f"row {int(length.argmin())} is all zeros and lies in every subspace: drop such rows"
            )
        refuse_beyond_memory(len(X), len(X), 4, "subspace clustering")
        rows = X / length[:, None]
        self.representation_ = np.array([self._combination(rows, i) for i in range(len(rows))])
        size = np.linalg.norm(self.representation_, axis=1, keepdims=True)
        share = np.abs(self.representation_) / np.where(size > 0, size, 1.0)
        made = SpectralClustering(
            self.n_clusters,
            affinity="precomputed",
            assign_labels="cluster_qr",
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            # clusters without any edge between them are the best case
            warnings.filterwarnings("ignore", "Graph is not fully connected")
            self.labels_ = np.asarray(made.fit((share + share.T) / 2).labels_, dtype=np.int64)
        return self

    def _combination(self, rows: np.ndarray, i: int) -> np.ndarray:
        """Return the elastic net's combination of the other rows for row i."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import ElasticNet

        n, d = rows.shape
        likeness = np.abs(rows @ rows[i])
        likeness[i] = 0.0
        out = np.zeros(n)
        if likeness.max() <= CONVERGED:
            return out
        alpha = self.gamma * self.tau / likeness.max()
        support = np.argsort(-likeness, kind="stable")[: min(self.support_size, n - 1)]
        support = support[support != i]
        net = ElasticNet(1 / (alpha * d), l1_ratio=self.tau, fit_intercept=False, max_iter=3000, tol=1e-6)
        for _ in range(self.max_rounds):
            with warnings.catch_warnings():
                # an approximate solution will do for the graph
                warnings.simplefilter("ignore", ConvergenceWarning)
                used, weights = support, net.fit(rows[support].T, rows[i]).coef_
            left = alpha * np.abs(rows @ (rows[i] - weights @ rows[support]))
            left[support] = left[i] = 0.0
            missing = np.flatnonzero(left > self.tau * (1 + 1e-3))
            if not len(missing):
                break
            kept = support[np.abs(weights) > CONVERGED]
            room = max(self.support_size, int(1.1 * len(kept)) + 1) - len(kept)
            worst = missing[np.argsort(-left[missing], kind="stable")[:room]]
            support = np.concatenate([kept, worst])
        out[used] = weights
        return out


def clustering_accuracy(truth: Any, found: Any) -> float:
    """Return the share of rows in the right cluster under the best matching of clusters to classes.

    Parameters
    ----------
    truth, found : array of labels, shape (n,)

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        For unequal lengths.

    Examples
    --------
    >>> from adami.representation import clustering_accuracy
    >>> clustering_accuracy(["a", "a", "b", "b"], [1, 1, 0, 1])
    0.75
    """
    from scipy.optimize import linear_sum_assignment

    truth, found = np.asarray(truth), np.asarray(found)
    if truth.shape != found.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(
            f"truth and found have shapes {truth.shape} and {found.shape}: one label a row in both"
        )
    a, b = (np.unique(labels, return_inverse=True)[1] for labels in (truth, found))
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(truth))
