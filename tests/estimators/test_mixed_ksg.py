"""Mixtures of numbers and labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma

from adami.estimators import MixedKSG, Ross
from adami.variables import variable


def zero_inflated(n, seed):
    rng = np.random.default_rng(seed)
    rate = rng.exponential(size=n)
    count = np.where(rng.random(n) < 0.15, 0, rng.poisson(rate)).astype(float)
    return variable(rate, "rate", kinds="continuous"), variable(count, "count", kinds="mixed")


def half_and_half(n, seed):
    """Half a Gaussian pair, half a symmetric binary pair that lies inside it."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = 0.9 * a + math.sqrt(0.19) * rng.normal(size=n)
    s = rng.choice([-1.0, 1.0], size=n)
    t = np.where(rng.random(n) < 0.9, s, -s)
    smooth = rng.random(n) < 0.5
    pair = np.where(smooth, a, s), np.where(smooth, b, t)
    return tuple(variable(v, name, kinds="mixed") for v, name in zip(pair, "xy"))


def released_program(x, y, k):
    """Return the authors' formula, written out over the whole distance table."""
    a, b = (np.abs(v[:, None] - v[None, :]) / v.std() for v in (x, y))
    joint = np.maximum(a, b)
    radius = np.sort(joint, axis=1)[:, k]
    zero = radius == 0
    same = (joint == 0).sum(axis=1)
    counts = [np.where(zero, (v == 0).sum(axis=1), (v < radius[:, None]).sum(axis=1)) for v in (a, b)]
    inside = np.where(zero, same, k)
    return np.mean(digamma(inside) + np.log(len(x)) - digamma(counts[0]) - digamma(counts[1]))


@pytest.mark.parametrize("k", [3, 5])
def test_equals_the_released_program(k):
    for draw in (zero_inflated, half_and_half):
        x, y = draw(400, 0)
        expected = released_program(x.numbers[:, 0], y.numbers[:, 0], k)
        assert MixedKSG(k=k).estimate(x, y) == pytest.approx(expected, abs=1e-9)


def test_zero_inflated_counts():
    values = [MixedKSG().estimate(*zero_inflated(3000, s)) for s in range(4)]
    assert abs(np.mean(values) - 0.85 * 0.3012) < 0.04


def test_error_shrinks_where_atoms_lie_in_a_continuum():
    small, large = (
        np.mean([MixedKSG().estimate(*half_and_half(n, s)) for s in range(3)]) for n in (500, 8000)
    )
    assert 0.9 < small < large - 0.05 < large < 1.292


def test_labels_only_is_the_plug_in_estimate():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, size=3000)
    y = np.where(rng.random(3000) < 0.3, x, rng.integers(0, 4, size=3000))
    table = np.histogram2d(x, y, bins=4)[0] / 3000
    plug_in = (table * np.log(table / np.outer(table.sum(1), table.sum(0)))).sum()
    assert abs(MixedKSG().estimate(x, y) - plug_in) < 16 / 3000
    assert "small_class" not in MixedKSG().estimate(x, y).flags


def test_number_and_label_is_ross():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, size=900)
    number = label + rng.normal(size=900)
    expected = Ross(k=5).estimate(number, label) + math.log(900) - digamma(900)
    assert MixedKSG(k=5).estimate(number, label) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_gaussian(rho):
    values = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=1000)
        values.append(MixedKSG().estimate(x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=1000)))
    assert abs(np.mean(values) + 0.5 * math.log(1 - rho**2)) < 0.04


def mixed_slot(rng, n):
    label = rng.integers(0, 3, size=n)
    return label, {"number": label + rng.normal(size=n), "label": np.array(["a", "b", "c"])[label]}


def test_numbers_and_labels_in_one_slot():
    rng = np.random.default_rng(0)
    label, slot = mixed_slot(rng, 2000)
    told = MixedKSG().estimate(slot, label)
    assert abs(told - math.log(3)) < 0.03
    assert abs(MixedKSG().estimate(slot, rng.normal(size=2000))) < 0.05
    assert MixedKSG().estimate(label, slot) == pytest.approx(told.value, abs=1e-12)


def test_lone_cells_say_what_their_labels_say():
    rng = np.random.default_rng(0)
    label = np.append(np.repeat([0, 1], 100), [2])
    number = rng.normal(size=201)
    e = MixedKSG().estimate(number, label)
    assert e.pointwise[-1] == pytest.approx(math.log(201) - digamma(201))
    assert "small_class" in e.flags


def test_log_form_is_lower_but_consistent():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    y = 0.6 * x + 0.8 * rng.normal(size=4000)
    assert abs(MixedKSG(form="log", k=40).estimate(x, y) - 0.2231) < 0.06


def test_scale_pointwise_and_ties():
    x, y = zero_inflated(500, 0)
    e = MixedKSG().estimate(x, y)
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    scaled = variable(1e-12 * x.numbers, "x"), variable(1e12 * y.numbers, "y", kinds="mixed")
    assert MixedKSG().estimate(*scaled) == pytest.approx(e.value, abs=1e-9)
    assert e.details["tied"] < 0.1


def test_bad_input():
    with pytest.raises(ValueError, match="form="):
        MixedKSG(form="other").estimate(np.arange(30.0), np.arange(30.0))
    with pytest.raises(ValueError, match="more than 5 rows"):
        MixedKSG().estimate([1.0, 2.5, 3.0], [1.0, 2.0, 3.5])
