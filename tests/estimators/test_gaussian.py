"""Gaussian information: closed forms, exact bias, invariances, errors."""

import math

import numpy as np
import pytest

from adami import tasks
from adami.estimators import Gaussian
from adami.estimators._canonical import canonical, dependent_directions, gaussian_bias, psi_half
from adami.estimators.gaussian import cca_spectrum
from adami.variables import variable


def pair(n, correlation, seed=0, dim=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, dim))
    return x, correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=(n, dim))


def test_psi_of_halves():
    from scipy.special import psi

    for whole in range(1, 80):
        assert psi_half(whole) == pytest.approx(psi(whole / 2), abs=1e-12)


@pytest.mark.parametrize(("n", "dim", "tolerance"), [(30, 4, 0.06), (60, 10, 0.06)])
def test_entropy_of_standard_normals_is_unbiased(n, dim, tolerance):
    truth = 0.5 * dim * np.log(2 * np.pi * np.e)
    draws = [np.random.default_rng(s).normal(size=(n, dim)) for s in range(300)]
    corrected = np.mean([float(Gaussian().estimate(d)) for d in draws])
    raw = np.mean([float(Gaussian(bias_correct=False).estimate(d)) for d in draws])
    assert abs(corrected - truth) < tolerance
    assert raw < truth - 0.1


@pytest.mark.parametrize(("n", "dim_x", "dim_y"), [(12, 1, 1), (20, 3, 2), (60, 10, 10)])
def test_information_of_independent_rows_is_zero_on_average(n, dim_x, dim_y):
    values = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        values.append(float(Gaussian().estimate(rng.normal(size=(n, dim_x)), rng.normal(size=(n, dim_y)))))
    assert abs(np.mean(values)) < 3.5 * np.std(values) / 20
    assert gaussian_bias(dim_x, dim_y, n - 1) > dim_x * dim_y / (2 * n)


@pytest.mark.parametrize(
    "name", ["1v1-normal-0.75", "multinormal-dense-5-5-0.5", "multinormal-sparse-25-25-2-2.0"]
)
def test_closed_forms(name):
    task = tasks.get(name)
    result = Gaussian().estimate(*task.sample(4000, random_state=2))
    error = (result.interval[1] - result.interval[0]) / 3.92
    assert abs(result - task.mi) < 4 * error
    assert np.mean(result.pointwise) == pytest.approx(float(result), abs=1e-12)


def test_the_standard_error_is_the_spread_over_samples():
    values = [Gaussian().estimate(*pair(200, 0.6, seed)) for seed in range(300)]
    claimed = np.mean([(v.interval[1] - v.interval[0]) / 3.92 for v in values])
    assert claimed == pytest.approx(np.std([float(v) for v in values]), rel=0.15)


def test_p_values_are_uniform_without_dependence():
    from scipy.stats import kstest

    def one(seed):
        rng = np.random.default_rng(seed)
        return Gaussian().estimate(rng.normal(size=(50, 2)), rng.normal(size=(50, 3))).p_value

    assert kstest([one(seed) for seed in range(300)], "uniform").pvalue > 0.01
    assert Gaussian().estimate(*pair(50, 0.8)).p_value < 1e-6


def test_linear_maps_scales_and_order_change_nothing():
    x, y = pair(300, 0.5, dim=3)
    value = float(Gaussian().estimate(x, y))
    turn = np.random.default_rng(1).normal(size=(3, 3))
    assert float(Gaussian().estimate(x @ turn + 5, y * 1e-12)) == pytest.approx(value, abs=1e-9)
    assert float(Gaussian().estimate(x * 1e12, y)) == pytest.approx(value, abs=1e-9)
    assert float(Gaussian().estimate(y, x)) == pytest.approx(value, abs=1e-9)
    assert float(Gaussian().estimate(np.hstack([x, x[:, :1]]), y)) == pytest.approx(value, abs=1e-9)


def test_conditional_is_the_chain_rule_and_zero_on_a_chain():
    rng = np.random.default_rng(3)
    z = rng.normal(size=2000)
    x, y = z + rng.normal(size=2000), z + rng.normal(size=2000)
    plain = Gaussian(bias_correct=False)
    joint = plain.estimate(x, np.column_stack([y, z]))
    assert plain.estimate(x, y, z) + plain.estimate(x, z) == pytest.approx(float(joint), abs=1e-10)
    assert abs(Gaussian().estimate(x, y, z)) < 0.005


def test_conditional_entropy_is_a_difference():
    x, y = pair(500, 0.6)
    expected = Gaussian().estimate(np.hstack([x, y])) - Gaussian().estimate(y)
    assert float(Gaussian().estimate(x, given=y)) == pytest.approx(expected, abs=1e-10)


def test_perfect_and_constant():
    x, _ = pair(100, 0.5)
    copy = Gaussian().estimate(x, 3 * x - 2)
    assert copy.value == np.inf
    assert "perfect_dependence" in copy.flags
    still = variable(np.ones(100), "still", kinds="continuous")
    assert Gaussian().estimate(x, still).value == 0.0


def test_shrinkage_works_with_few_rows():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 15)), rng.normal(size=(20, 15))
    with pytest.raises(ValueError, match="too few"):
        Gaussian().estimate(x, y)
    assert 0 <= Gaussian(shrinkage="auto").estimate(x, y) < 1.5
    assert Gaussian(shrinkage=1.0).estimate(x, y) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="shrinkage"):
        Gaussian(shrinkage=2.0).estimate(x, y)


def test_bad_input():
    x, _ = pair(50, 0.5)
    with pytest.raises(TypeError, match="discrete"):
        Gaussian().estimate(x, ["a", "b"] * 25)
    with pytest.raises(ValueError, match="minus infinity"):
        Gaussian().estimate(np.hstack([x, x]))


def test_spectrum_and_number_of_directions():
    task = tasks.get("multinormal-sparse-5-5-2-2.0")
    x, y = task.sample(2000, random_state=0)
    spectrum = cca_spectrum(x, y)
    assert spectrum[:2] == pytest.approx([0.8, 0.8], abs=0.03)
    assert spectrum[2] < 0.1
    assert dependent_directions(canonical(x, y)) == 2


def test_a_label_can_be_given():
    rng = np.random.default_rng(31)
    label = rng.integers(0, 4, 4000)
    x = 3.0 * label + rng.normal(size=4000)
    y = -2.0 * label + 0.6 * (x - 3.0 * label) + 0.8 * rng.normal(size=4000)
    within = Gaussian().estimate(x, y, given=label)
    assert within.kinds == ("continuous", "continuous", "discrete")
    assert float(within) == pytest.approx(-0.5 * math.log(1 - 0.36), abs=0.03)
    with pytest.raises(TypeError, match="label"):
        Gaussian().estimate(x, given=label)
