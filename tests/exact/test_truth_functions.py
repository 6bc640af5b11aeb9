"""Fitted truth functions find the ones that made the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    SemanticChannel,
    box_truth,
    fit_truth,
    fit_truth_to_samples,
    gaussian_truth,
    logistic_truth,
)

X = np.arange(100.0)
PRIOR = np.full(100, 0.01)


@pytest.mark.parametrize(("slope", "center"), [(0.3, 18.0), (-0.05, 60.0), (2.0, 90.0)])
def test_logistic_comes_back(slope: float, center: float) -> None:
    told = logistic_truth(X, slope, center)
    fit = fit_truth(X, told / told.sum(), PRIOR)
    assert fit.parameters["slope"] == pytest.approx(slope, rel=1e-4)
    assert fit.parameters["center"] == pytest.approx(center, rel=1e-4)
    assert fit.value == pytest.approx(fit.bound, abs=1e-9)
    assert fit.converged
    assert np.allclose(fit(X), told, atol=1e-5)


@pytest.mark.parametrize(("center", "width"), [(40.0, 7.0), (75.0, 30.0)])
def test_gaussian_comes_back_under_another_prior(center: float, width: float) -> None:
    prior = np.exp(-X / 30)
    prior /= prior.sum()
    told = prior * gaussian_truth(X, center, width)
    fit = fit_truth(X, told / told.sum(), prior, "gaussian", base=2)
    assert fit.parameters["center"] == pytest.approx(center, rel=1e-3)
    assert fit.parameters["width"] == pytest.approx(width, rel=1e-3)
    assert fit.value == pytest.approx(fit.bound, abs=1e-8)
    assert fit.unit == "bits"


def test_box_is_the_smallest() -> None:
    told = box_truth(X, 20, 39)
    fit = fit_truth(X, told / told.sum(), PRIOR, "box", base=2)
    assert fit.parameters == {"low": 20.0, "high": 39.0}
    assert fit.value == pytest.approx(math.log2(5))


def test_a_step_is_found_though_no_slope_is_steep_enough() -> None:
    told = (X > 50).astype(float)
    fit = fit_truth(X, told / told.sum(), PRIOR)
    assert fit.value == pytest.approx(math.log(100 / 49), abs=1e-6)


def test_the_wrong_family_tells_less() -> None:
    told = gaussian_truth(X, 50.0, 8.0)
    law = told / told.sum()
    assert fit_truth(X, law, PRIOR, "logistic").value < fit_truth(X, law, PRIOR, "gaussian").value - 0.1
    assert fit_truth(X, law, PRIOR, "box").value < fit_truth(X, law, PRIOR, "gaussian").value - 0.1


def test_value_is_the_labels_semantic_information() -> None:
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.ones(100))
    fit = fit_truth(X, law, PRIOR, "gaussian")
    semantic = SemanticChannel(fit(X)[:, None], PRIOR, rescale=True)
    assert law @ semantic.semantic_information()[:, 0] == pytest.approx(fit.value, abs=1e-9)
    assert fit.value < fit.bound


def test_samples() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=4000)
    heard = drawn[rng.random(4000) < logistic_truth(drawn, 3.0, 0.5)]
    fit = fit_truth_to_samples(heard, drawn)
    assert fit.parameters["slope"] == pytest.approx(3.0, abs=0.4)
    assert fit.parameters["center"] == pytest.approx(0.5, abs=0.1)
    assert fit.value <= fit.bound
    assert fit_truth_to_samples(heard, rng.normal(size=4000)).bound == math.inf


def test_counts_are_samples() -> None:
    counts = np.array([1, 4, 3, 2])
    on_grid = fit_truth([0.0, 1.0, 2.0, 3.0], counts / 10, np.full(4, 0.25), "gaussian")
    samples = fit_truth_to_samples(np.repeat(np.arange(4.0), counts), np.arange(4.0), "gaussian")
    assert samples.value == pytest.approx(on_grid.value, abs=1e-9)
    assert samples.bound == pytest.approx(on_grid.bound, abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((X, PRIOR, PRIOR, "cubic"), "family='cubic'"),
        ((X, PRIOR[:50] * 2, PRIOR), "three columns"),
        ((X, PRIOR, np.eye(100)[3]), "the prior gives no mass"),
        ((X[:, None], PRIOR, PRIOR), "column"),
        ((np.where(X > 5, np.nan, X), PRIOR, PRIOR), r"points\[6\] is not finite"),
        ((X, PRIOR * 2, PRIOR), "conditional sums to 2"),
        ((np.zeros(100), PRIOR, PRIOR), "same point"),
    ],
)
def test_bad_input(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit_truth(*arguments)  # type: ignore[arg-type]


def test_a_box_without_background() -> None:
    with pytest.raises(ValueError, match="no background"):
        fit_truth_to_samples([1.0, 2.0], [5.0, 6.0], "box")
