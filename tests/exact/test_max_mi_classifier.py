"""The classifier for most information: scikit-learn's rules, and more of it than the likeliest class."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from adami.exact import MaxMIClassifier, mutual_information


def sample(n: int, seed: int, share: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return rng.normal(30 + 40 * y, 15)[:, None], y


def told(y: np.ndarray, predicted: np.ndarray) -> float:
    table = np.zeros((2, 2))
    np.add.at(table, (y, predicted), 1 / len(y))
    return float(mutual_information(table))


@pytest.mark.parametrize("model", ["gaussian", "histogram", GaussianNB()], ids=["normal", "cells", "bayes"])
def test_scikit_learn_accepts_it(model: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(MaxMIClassifier(model))


@pytest.mark.parametrize("model", ["gaussian", "histogram", GaussianNB()], ids=["normal", "cells", "bayes"])
def test_it_tells_more_than_the_most_probable_class(model: object) -> None:
    X, y = sample(20_000, 0)
    fresh, truth = sample(20_000, 1)
    found = MaxMIClassifier(model).fit(X, y)
    probable = found.class_probabilities(fresh).argmax(axis=1)
    assert told(truth, found.predict(fresh)) > told(truth, probable) + 1e-3
    # it pays with errors
    assert found.score(fresh, truth) < (probable == truth).mean()
    assert np.all(np.diff(found.trace_) > -1e-12)
    assert found.mutual_information_ == pytest.approx(found.trace_[-1])


def test_a_rarer_class_gets_a_lower_threshold_than_its_probability_asks() -> None:
    X, y = sample(4000, 0, share=0.5)
    grid = np.linspace(0, 100, 1001)[:, None]
    even = grid[MaxMIClassifier().fit(X, y).predict(grid) == 1].min()
    rare = grid[MaxMIClassifier(prior=[0.95, 0.05]).fit(X, y).predict(grid) == 1].min()
    model = MaxMIClassifier(prior=[0.95, 0.05]).fit(X, y)
    probable = grid[model.class_probabilities(grid).argmax(axis=1) == 1].min()
    assert even == pytest.approx(50, abs=1.5)
    assert even < rare < probable
    assert model.class_prior_[1] > 0.05


def test_names_and_empty_cells() -> None:
    X, y = sample(2000, 0, share=0.3)
    found = MaxMIClassifier("histogram", n_bins=12).fit(X, np.array(["well", "ill"])[y])
    assert found.predict([[-500.0], [500.0]]).tolist() == ["well", "ill"]
    assert sorted(found.labels_) == ["ill", "well"]
    two = MaxMIClassifier("histogram", n_bins=3).fit([[0, 0], [0, 0], [9, 9], [9, 9]], [0, 0, 1, 1])
    assert two.predict([[0.0, 5.0], [9.0, 9.0]]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "forest"}, "model='forest'"),
        ({"model": LinearSVC()}, "predict_proba"),
        ({"prior": [0.2, 0.3, 0.5]}, "2 classes"),
        ({"prior": [1.0, 0.0]}, "positive numbers"),
        ({"ridge": -1.0}, "ridge=-1"),
        ({"model": "histogram", "n_bins": 0}, "n_bins=0"),
    ],
)
def test_bad_parameters(options: dict[str, object], said: str) -> None:
    X, y = sample(100, 0, share=0.4)
    with pytest.raises(ValueError, match=said):
        MaxMIClassifier(**options).fit(X, y)
