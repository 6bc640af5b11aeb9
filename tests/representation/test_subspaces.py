"""Classes and clusters as subspaces."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from adami.representation import ElasticNetSubspaceClustering, NearestSubspaceClassifier, clustering_accuracy


@pytest.fixture
def union():
    rng = np.random.default_rng(0)
    bases = [np.linalg.qr(rng.normal(size=(12, 2)))[0] for _ in range(3)]
    y = np.repeat(range(3), 25)
    X = np.concatenate([rng.normal(size=(25, 2)) @ basis.T for basis in bases])
    return X + 0.01 * rng.normal(size=X.shape), y


def test_nearest_subspace(union):
    X, y = union
    model = NearestSubspaceClassifier(2).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) == 1
    # direction counts and not place, unlike for means
    np.testing.assert_array_equal(model.predict(-3 * X), model.predict(X))
    assert model.residuals(X).shape == (75, 3)
    assert repr(clone(model)) == "NearestSubspaceClassifier(n_components=2)"
    assert NearestSubspaceClassifier(9).fit(X[::4], y[::4]).diagnostics_[0].flag == "small_class"


def test_centred_subspaces_are_affine():
    X = np.array([[0.0, 5], [1, 5], [2, 5], [0, 0], [1, 0], [2, 0.0]])
    y = [0, 0, 0, 1, 1, 1]
    model = NearestSubspaceClassifier(1, centered=True).fit(X, y)
    assert model.predict([[9.0, 4.9], [9.0, 0.3]]).tolist() == [0, 1]


@pytest.mark.parametrize("tau", [1.0, 0.9])
@pytest.mark.parametrize("support", [8, 100])
def test_subspace_clustering(union, tau, support):
    X, y = union
    model = ElasticNetSubspaceClustering(3, gamma=50.0, tau=tau, support_size=support).fit(X)
    assert clustering_accuracy(y, model.labels_) > 0.95
    assert np.abs(np.diag(model.representation_)).max() == 0
    across = np.abs(model.representation_)[y[:, None] != y[None]].sum()
    assert across < 0.2 * np.abs(model.representation_).sum()


def test_a_small_support_reaches_the_same_combination(union):
    X, _ = union
    few, all_rows = (ElasticNetSubspaceClustering(3, gamma=20.0, support_size=s).fit(X) for s in (6, 100))
    np.testing.assert_allclose(few.representation_, all_rows.representation_, atol=0.05)


def test_accuracy_of_clusters():
    assert clustering_accuracy([0, 0, 1, 1], ["x", "x", "y", "y"]) == 1
    assert clustering_accuracy([0, 0, 1, 1], [0, 1, 2, 3]) == 0.5
    with pytest.raises(ValueError, match="one label a row"):
        clustering_accuracy([0, 1], [0])


def test_bad_input(union):
    X, y = union
    with pytest.raises(ValueError, match="n_components=13"):
        NearestSubspaceClassifier(13).fit(X, y)
    with pytest.raises(ValueError, match="gamma=1"):
        ElasticNetSubspaceClustering(gamma=1).fit(X)
    with pytest.raises(ValueError, match="tau=0"):
        ElasticNetSubspaceClustering(tau=0).fit(X)
    with pytest.raises(ValueError, match="n_clusters=76"):
        ElasticNetSubspaceClustering(76).fit(X)
    X[4] = 0
    with pytest.raises(ValueError, match="row 4 is all zeros"):
        ElasticNetSubspaceClustering(3).fit(X)
