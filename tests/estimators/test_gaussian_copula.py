"""Gaussian copula: margins do not matter, labels, conditions."""

import numpy as np
import pytest

from adami import tasks
from adami.estimators import Gaussian, GaussianCopula


def test_monotone_maps_change_nothing():
    x, y = tasks.get("1v1-normal-0.75").sample(400, random_state=1)
    value = float(GaussianCopula().estimate(x, y))
    assert float(GaussianCopula().estimate(np.exp(x), y**3)) == value
    assert float(GaussianCopula().estimate(1e12 * x, 1e-12 * y)) == value


@pytest.mark.parametrize(
    "name",
    ["half_cube-multinormal-sparse-5-5-2-2.0", "bimodal-1v1-normal-0.75", "normal_cdf-1v1-normal-0.75"],
)
def test_closed_forms_under_strange_margins(name):
    task = tasks.get(name)
    result = GaussianCopula().estimate(*task.sample(4000, random_state=3))
    assert abs(result - task.mi) < 2 * (result.interval[1] - result.interval[0])
    assert abs(result - task.mi) < 0.06


def test_small_samples_come_near_the_truth_and_outliers_do_not_matter():
    values = []
    for seed in range(60):
        x, y = tasks.get("1v1-normal-0.75").sample(100, random_state=seed)
        values.append(float(GaussianCopula().estimate(x**3, np.exp(y))))
        x[0] = 1e9
        assert abs(GaussianCopula().estimate(x, y) - values[-1]) < 0.3
    assert np.mean(values) == pytest.approx(0.413, abs=0.04)


def test_it_is_blind_to_a_parabola():
    task = tasks.get("parabola-0.5")
    assert abs(GaussianCopula().estimate(*task.sample(2000, random_state=0))) < 0.02


def test_bias_correction_is_that_of_gaussians():
    x, y = tasks.get("multinormal-dense-3-3-0.5").sample(100, random_state=0)
    gap = GaussianCopula(bias_correct=False).estimate(x, y) - GaussianCopula().estimate(x, y)
    assert gap == pytest.approx(Gaussian(bias_correct=False).estimate(x, y) - Gaussian().estimate(x, y))


def test_labels_by_mixture_and_by_model():
    task = tasks.get("mixed-label-gaussian-3-1")
    x, y = task.sample(3000, random_state=1)
    labels = y.astype(str)
    mixture = GaussianCopula().estimate(x, labels)
    assert abs(mixture - task.mi) < 0.06
    assert float(GaussianCopula().estimate(labels, x)) == float(mixture)
    assert abs(GaussianCopula(labels="model").estimate(x, labels) - task.mi) < 0.25


@pytest.mark.parametrize("form", ["mixture", "model"])
def test_unrelated_labels_are_zero_on_average(form):
    values = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values.append(
            float(
                GaussianCopula(labels=form).estimate(rng.normal(size=(200, 2)), rng.choice(list("abc"), 200))
            )
        )
    assert abs(np.mean(values)) < 3.5 * np.std(values) / 10


def test_conditional_on_a_chain():
    rng = np.random.default_rng(0)
    z = rng.normal(size=1500)
    x, y = np.exp(z + rng.normal(size=1500)), (z + rng.normal(size=1500)) ** 3
    assert abs(GaussianCopula().estimate(x, y, z**5)) < 0.01
    assert GaussianCopula().estimate(x, y) > 0.1


def test_bad_input():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="too small for a Gaussian"):
        GaussianCopula().estimate(rng.normal(size=20), ["a"] * 19 + ["b"])
    with pytest.raises(ValueError, match="labels="):
        GaussianCopula(labels="other").estimate(rng.normal(size=20), ["a", "b"] * 10)
    with pytest.raises(TypeError, match="labels"):
        GaussianCopula().estimate(["a", "b"] * 10, ["u", "v"] * 10)
