"""EnM mixtures: the law that was mixed comes back, and R - G falls to the divergence."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import check_estimator

from adami.exact import EnMMixture

X = np.arange(101.0)[:, None]
PEAKS = 0.7 * np.exp(-((X[:, 0] - 35) ** 2) / 128) / 8 + 0.3 * np.exp(-((X[:, 0] - 65) ** 2) / 288) / 12
LAW = PEAKS / PEAKS.sum()
START = {"means_init": [[20.0], [80.0]], "covariances_init": [[[225.0]], [[225.0]]]}


@pytest.mark.parametrize("inner", [0, 1, 3, 5, None])
def test_the_mixture_comes_back(inner: int | None) -> None:
    found = EnMMixture(2, n_inner=inner, **START).fit(X, sample_weight=LAW)
    assert found.means_.ravel() == pytest.approx([35, 65], abs=0.3)
    assert np.sqrt(found.covariances_.ravel()) == pytest.approx([8, 12], abs=0.3)
    assert found.weights_ == pytest.approx([0.7, 0.3], abs=0.01)
    assert found.information(X, LAW, base=2).divergence < 1e-4
    assert found.converged_


def test_no_round_lowers_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(100, 2)), rng.normal(3, 0.5, size=(60, 2))])
    for inner in (0, 1, 3, None):
        found = EnMMixture(3, n_inner=inner, random_state=1, reg_covar=1e-9, tol=1e-7).fit(rows)
        assert np.all(np.diff(found.trace_) > -1e-9)


def test_rate_less_verisimilitude_is_the_divergence() -> None:
    with pytest.warns(ConvergenceWarning):
        early = EnMMixture(2, n_inner=0, max_iter=2, **START).fit(X, sample_weight=LAW)
    told = early.information(X, LAW)
    assert told.weight_drift > 1e-7
    assert told.rate - told.verisimilitude == pytest.approx(told.divergence - told.weight_drift, abs=1e-12)
    late = EnMMixture(2, n_inner=None, **START).fit(X, sample_weight=LAW).information(X, LAW, base=2)
    assert late.rate - late.verisimilitude == pytest.approx(late.divergence, abs=1e-7)
    assert late.unit == "bits"


def test_without_inner_steps_it_is_expectation_maximisation() -> None:
    rng = np.random.default_rng(3)
    rows = np.concatenate([rng.normal(size=(200, 2)), rng.normal(4, 1.5, size=(100, 2))])
    means, forms = rows[[0, 250]], np.tile(np.cov(rows.T), (2, 1, 1))
    peer = GaussianMixture(
        2,
        means_init=means,
        weights_init=[0.5, 0.5],
        precisions_init=np.linalg.inv(forms),
        tol=1e-10,
        max_iter=5000,
    ).fit(rows)
    ours = EnMMixture(2, n_inner=0, means_init=means, covariances_init=forms, tol=1e-10, max_iter=5000)
    ours.fit(rows)
    assert ours.means_ == pytest.approx(peer.means_, abs=1e-3)
    assert ours.score(rows) == pytest.approx(peer.score(rows), abs=1e-6)
    assert np.array_equal(ours.predict(rows), peer.predict(rows))


def test_one_component_is_the_moments() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3))
    found = EnMMixture(reg_covar=0.0).fit(rows)
    assert found.means_[0] == pytest.approx(rows.mean(axis=0))
    assert found.covariances_[0] == pytest.approx(np.cov(rows.T, bias=True))


@pytest.mark.parametrize("inner", [0, 3, None])
def test_scikit_learn_accepts_it(inner: int | None) -> None:
    check_estimator(EnMMixture(n_components=1, n_inner=inner))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_components": 0}, "n_components=0"),
        ({"n_components": 500}, "only 101 rows"),
        ({"n_inner": -1}, "n_inner=-1"),
        ({"n_components": 2, "means_init": [[1.0]]}, "means_init has shape"),
        ({"n_components": 2, "weights_init": [0.5, 0.6]}, "weights_init sums to 1.1"),
        ({"covariances_init": [[[-1.0]]]}, "positive definite"),
    ],
)
def test_bad_parameters(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EnMMixture(**options).fit(X)


def test_no_weight_at_all() -> None:
    with pytest.raises(ValueError, match=r"non-zero|zero everywhere"):
        EnMMixture().fit(X, sample_weight=np.zeros(101))
