"""Incremental mixtures against exact recursions, batch fits and ridge regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import Ridge
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import parametrize_with_checks

from adami.exact import (
    IncrementalGMM,
    IncrementalGMMClassifier,
    IncrementalGMMRegressor,
    Mixture,
    MixtureQLearner,
    RankOnePrecision,
)


@parametrize_with_checks([IncrementalGMM(), IncrementalGMMRegressor(beta=1e-9), IncrementalGMMClassifier()])
def test_keeps_the_conventions_of_scikit_learn(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def three_groups(seed: int, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    return rng.permutation(np.concatenate([c + rng.normal(size=(n, 2)) for c in centres]))


def test_one_component_is_the_exact_covariance() -> None:
    X = np.random.default_rng(0).normal(size=(500, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
    mixture = IncrementalGMM(beta=0.0, scale=1.0).fit(X).mixture_
    assert len(mixture.weights) == 1
    centred = X - X.mean(axis=0)
    # the first row founds the component: its width counts as one row's scatter
    expected = (np.eye(4) + centred.T @ centred) / len(X)
    np.testing.assert_allclose(mixture.means[0], X.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(mixture.covariances[0], expected, rtol=1e-10)
    assert mixture.logdets[0] == pytest.approx(np.linalg.slogdet(expected)[1], abs=1e-10)


def test_the_original_rule_is_not_the_exact_covariance() -> None:
    X = np.random.default_rng(0).normal(size=(500, 2))
    exact = IncrementalGMM(beta=0.0, scale=1.0).fit(X).mixture_.covariances[0]
    original = IncrementalGMM(beta=0.0, scale=1.0, update="igmn").fit(X).mixture_.covariances[0]
    assert np.abs(original - exact).max() > 1e-3
    # its first steps would give a negative variance; the exact rule steps in
    jump = IncrementalGMM(beta=0.0, scale=1.0, update="igmn").fit([[0.0, 0.0], [6.0, 0.0], [6.0, 1.0]])
    assert np.all(np.linalg.eigvalsh(jump.mixture_.covariances[0]) > 0)


def test_compiled_updates_equal_the_primitive() -> None:
    X = np.random.default_rng(3).normal(size=(50, 3))
    tracked, mean = RankOnePrecision(np.eye(3)), X[0].copy()
    for i, x in enumerate(X[1:], start=2):
        gap = x - mean
        mean += gap / i
        tracked.update(1 - 1 / i, (1 - 1 / i) / i, gap)
    mixture = IncrementalGMM(beta=0.0, scale=1.0).fit(X).mixture_
    np.testing.assert_allclose(mixture.precisions[0], tracked.precision, rtol=1e-10)
    assert mixture.logdets[0] == pytest.approx(tracked.logdet, abs=1e-10)


def test_precisions_stay_inverse_over_many_updates() -> None:
    X = np.random.default_rng(4).normal(size=(10_000, 5)) * [1, 2, 3, 0.1, 10]
    mixture = IncrementalGMM(beta=1e-9).fit(X).mixture_
    for precision, logdet in zip(mixture.precisions, mixture.logdets):
        np.testing.assert_array_equal(precision, precision.T)
        assert -np.linalg.slogdet(precision)[1] == pytest.approx(logdet, abs=1e-6)


def test_finds_three_groups_as_well_as_batch_em() -> None:
    X = three_groups(0)
    model = IncrementalGMM(delta=0.5).fit(X)
    assert model.n_components_ == 3
    batch = GaussianMixture(3, random_state=0).fit(X)
    assert model.score(X) >= batch.score(X) - 0.01
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert len(np.unique(model.predict(X))) == 3


def test_chunks_equal_one_pass() -> None:
    X = three_groups(1, 100)
    whole = IncrementalGMM(scale=2.0).fit(X).mixture_
    parts = IncrementalGMM(scale=2.0)
    for chunk in np.array_split(X, 7):
        parts.partial_fit(chunk)
    np.testing.assert_array_equal(parts.mixture_.precisions, whole.precisions)


def test_recall_is_gaussian_conditioning() -> None:
    rng = np.random.default_rng(5)
    root = rng.normal(size=(4, 4))
    X = rng.normal(size=(400, 4)) @ root
    model = IncrementalGMM(beta=0.0).fit(X)
    mixture = model.mixture_
    mean, cov = mixture.means[0], mixture.covariances[0]
    # feature 3 is neither known nor wanted
    gain = cov[np.ix_([1], [0, 2])] @ np.linalg.inv(cov[np.ix_([0, 2], [0, 2])])
    rows = rng.normal(size=(6, 2))
    expected = mean[1] + (rows - mean[[0, 2]]) @ gain.T
    np.testing.assert_allclose(model.recall(rows, [0, 2], 1), expected, atol=1e-9)
    within = cov[1, 1] - (gain @ cov[np.ix_([0, 2], [1])])[0, 0]
    np.testing.assert_allclose(mixture.recall(rows, [0, 2], [1])[1][:, 0, 0], within, rtol=1e-9)
    whole = mixture.recall(rows, [0, 2], [1, 3])[0]
    np.testing.assert_allclose(whole[:, :1], expected, atol=1e-9)


def test_information_and_entropy_bounds() -> None:
    rho = 0.8
    X = np.random.default_rng(6).multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=20_000)
    mixture = IncrementalGMM(beta=0.0).fit(X).mixture_
    assert mixture.information(0, 1)[0] == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.02)
    low, high = mixture.entropy_bounds()
    exact = 0.5 * (2 * (1 + np.log(2 * np.pi)) + mixture.logdets[0])
    assert low == pytest.approx(exact)
    assert high == pytest.approx(exact)
    near = Mixture(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), np.ones((2, 1, 1)), np.zeros(2))
    low, high = near.entropy_bounds()
    grid = np.linspace(-12, 14, 20_001)
    log_density = near.log_density(grid[:, None])
    truth = -np.trapezoid(np.exp(log_density) * log_density, grid)
    assert low < truth < high
    assert high - low < 0.4
    far = Mixture(np.array([0.5, 0.5]), np.array([[0.0], [90.0]]), np.ones((2, 1, 1)), np.zeros(2))
    low, high = far.entropy_bounds()
    assert low == pytest.approx(high)


def test_one_component_predicts_like_ridge_regression() -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = scale(X), scale(y)
    model = IncrementalGMMRegressor(beta=0.0, scale=1.0).fit(X, y)
    # the prior of one unit of scatter is a penalty of one, on centred data
    expected = Ridge(alpha=1.0).fit(X, y).predict(X)
    np.testing.assert_allclose(model.predict(X), expected, atol=1e-3)
    assert model.score(X, y) == pytest.approx(Ridge(alpha=1.0).fit(X, y).score(X, y), abs=1e-4)


def test_classifies_and_takes_labels_later() -> None:
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = scale(X)[order], y[order]
    assert IncrementalGMMClassifier().fit(X, y).score(X, y) > 0.94
    model = IncrementalGMMClassifier().partial_fit(X[:20], y[:20], classes=[0, 1, 2, 7])
    assert model.predict_proba(X).shape == (150, 4)
    with pytest.raises(ValueError, match="none of the classes"):
        model.partial_fit(X[:5], [9] * 5)


def test_drops_components_that_explain_little_but_never_the_last() -> None:
    rng = np.random.default_rng(7)
    X = np.concatenate([rng.normal(size=(50, 2)), [[40.0, 40.0]], rng.normal(size=(100, 2))])
    assert IncrementalGMM(scale=1.0).fit(X).n_components_ == 1
    assert IncrementalGMM(scale=1.0, sp_min=0.0).fit(X).n_components_ == 2
    assert IncrementalGMM(scale=1.0, v_min=0, sp_min=1e9).fit(X).n_components_ == 1


def test_constant_feature_and_bad_parameters() -> None:
    X = np.column_stack([np.random.default_rng(0).normal(size=50), np.ones(50)])
    assert np.all(np.isfinite(IncrementalGMM().fit(X).score_samples(X)))
    for wrong, words in (
        ({"delta": 0.0}, "delta"),
        ({"beta": 1.5}, "beta"),
        ({"update": "other"}, "update"),
        ({"scale": [1.0]}, "scale"),
    ):
        with pytest.raises(ValueError, match=words):
            IncrementalGMM(**wrong).fit(X)
    model = IncrementalGMM().fit(X)
    with pytest.raises(ValueError, match="twice"):
        model.recall(X[:, :1], 0, 0)
    with pytest.raises(ValueError, match="at least one feature"):
        model.recall(X[:, :1], 0, 5)
    with pytest.raises(ValueError, match="columns"):
        model.recall(X, 0, 1)


def a_walk(agent: MixtureQLearner, start: float, learn: bool) -> float:
    """Walk on [-1, 1] in steps of 0.1 or none, paying the squared distance from 0; the total reward."""
    place, total = start, 0.0
    for _ in range(15):
        action = agent.act([place])
        following = float(np.clip(place + (-0.1, 0.0, 0.1)[action], -1, 1))
        if learn:
            agent.learn([place], action, -(following**2), [following])
        place, total = following, total - following**2
    return total


def test_learns_to_walk_to_the_middle() -> None:
    widths = [0.2, 0.5, 0.1]
    rng = np.random.default_rng(3)
    agent = MixtureQLearner([-1.0, 0.0, 1.0], widths, discount=0.5, epsilon=1.0, random_state=3)
    walks = [a_walk(agent, start, learn=True) for start in rng.uniform(-1, 1, 60)]
    agent.epsilon = 0.0
    learnt = np.mean([a_walk(agent, start, learn=False) for start in (-0.9, 0.9)])
    at_random = MixtureQLearner([-1.0, 0.0, 1.0], widths, epsilon=1.0, random_state=4)
    baseline = np.mean([a_walk(at_random, start, learn=False) for start in (-0.9, 0.9) * 20])
    assert len(walks) == 60
    # straight to the middle costs 2.04
    assert learnt - 1e-9 <= -2.04
    assert learnt > 0.5 * baseline
    with pytest.raises(ValueError, match="2 finite"):
        MixtureQLearner([0.0], np.ones(4)).act([0.0])
