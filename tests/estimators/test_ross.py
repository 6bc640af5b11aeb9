"""Numbers against labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection._mutual_info import _compute_mi_cd

from adami.estimators import Ross
from adami.variables import variable


def steps(n, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 5, size=n)
    return rng.uniform(label, label + 2.0), label


def test_overlapping_steps():
    values = [Ross().estimate(*steps(2000, s)) for s in range(5)]
    assert abs(np.mean(values) - (math.log(5) - 0.8 * math.log(2))) < 0.02


def formula(number, label, k):
    """Return Ross's estimate, written out over the whole distance table."""
    distance = np.abs(number[:, None] - number[None, :])
    kept = [i for i in range(len(label)) if (label == label[i]).sum() > 1]
    terms = []
    for i in kept:
        own = np.sort(distance[i, label == label[i]])
        size = len(own)
        near = min(k, size - 1)
        inside = (distance[i, kept] < own[near]).sum()
        terms.append(digamma(len(kept)) + digamma(near) - digamma(size) - digamma(inside))
    return np.mean(terms)


def classes_with_rare_ones(k, classes):
    rng = np.random.default_rng([k, classes])
    label = rng.integers(0, classes, size=600)
    label[:3] = [classes, classes + 1, classes + 1]
    return rng.normal(size=600) + 0.3 * label, label


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("classes", [2, 7, 40])
def test_equals_the_formula(k, classes):
    number, label = classes_with_rare_ones(k, classes)
    e = Ross(k=k).estimate(number, variable(label, "label", kinds="discrete"))
    assert e == pytest.approx(formula(number, label, k), abs=1e-9)


@pytest.mark.parametrize(("n", "classes", "seed"), [(1000, 4, 3), (2000, 3, 0), (500, 6, 1)])
def test_equals_scikit_learn(n, classes, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, size=n)
    number = rng.normal(size=n) + label
    assert Ross().estimate(number, label) == pytest.approx(_compute_mi_cd(number, label, 3), abs=1e-9)


def test_order_names_and_pointwise():
    number, label = steps(500, 0)
    e = Ross().estimate(number, label)
    assert Ross().estimate(label, number) == e
    assert Ross().estimate(number, [f"class {c}" for c in label]) == e
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    assert Ross().estimate(1e-12 * number, label) == pytest.approx(e.value, abs=1e-9)


def test_vectors_and_several_labels():
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 2, size=(2, 2000))
    numbers = np.column_stack([left + 0.1 * rng.normal(size=2000), right + 0.1 * rng.normal(size=2000)])
    e = Ross().estimate(numbers, np.column_stack([left, right]))
    assert abs(e - 2 * math.log(2)) < 0.03
    assert abs(Ross().estimate(numbers[:, 0], np.column_stack([left, right])) - math.log(2)) < 0.03


def test_independent():
    rng = np.random.default_rng(0)
    values = [Ross().estimate(rng.normal(size=1000), rng.integers(0, 4, size=1000)) for _ in range(10)]
    assert abs(np.mean(values)) < 0.015


def test_lone_labels_are_left_out():
    number, label = steps(300, 0)
    e = Ross().estimate(np.append(number, [1.0, 2.0]), np.append(label, [7, 8]))
    assert e == pytest.approx(Ross().estimate(number, label).value, abs=1e-9)
    assert "small_class" in e.flags
    assert e.details["rows_used"] == 300
    assert e.pointwise is None


def test_every_label_alone():
    e = Ross().estimate(np.random.default_rng(0).normal(size=30), [f"row {i}" for i in range(30)])
    assert e == 0.0
    assert "small_class" in e.flags


def test_ties_are_finite_and_told():
    number, label = steps(400, 0)
    e = Ross().estimate(np.round(number, 1), label)
    assert math.isfinite(e)
    assert "ties" in e.flags


def test_bad_input():
    number, label = steps(100, 0)
    with pytest.raises(TypeError, match="mixed_ksg"):
        Ross().estimate(number, number)
    with pytest.raises(TypeError, match="mixed_ksg"):
        Ross().estimate(label, label)
    with pytest.raises(ValueError, match="k="):
        Ross(k=0).estimate(number, label)
