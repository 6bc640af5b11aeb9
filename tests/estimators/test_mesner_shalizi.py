"""Conditional information of any variables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma

from adami.estimators import MesnerShalizi
from adami.variables import variable


def chain(n, seed, link=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    return x, z + link * x + rng.normal(size=n), z


def mean_of(draw, seeds=6, **parameters):
    return np.mean([MesnerShalizi(**parameters).estimate(*draw(s)) for s in range(seeds)])


def published(x, y, z, k):
    """Return the paper's algorithm, written out over the whole distance table, without its clipping."""
    a, b, c = (np.abs(v[:, None] - v[None, :]) / v.std() for v in (x, y, z))
    radius = np.sort(np.maximum(np.maximum(a, b), c), axis=1)[:, k][:, None]

    def count(*tables):
        return (np.maximum.reduce(tables) <= radius).sum(axis=1) - 1

    inside = np.where(radius[:, 0] == 0, count(a, b, c), k)
    return np.mean(digamma(inside) - digamma(count(a, c)) - digamma(count(b, c)) + digamma(count(c)))


@pytest.mark.parametrize("rounded", [False, True])
def test_equals_the_paper(rounded):
    slots = [np.round(v) if rounded else v for v in chain(300, 0, 0.8)]
    kinds = "mixed" if rounded else "continuous"
    e = MesnerShalizi().estimate(*(variable(v, n, kinds=kinds) for v, n in zip(slots, "xyz")))
    assert e == pytest.approx(published(*slots, 7), abs=1e-9)


def test_chain_and_direct_link():
    assert abs(mean_of(lambda s: chain(2000, s))) < 0.03
    assert abs(mean_of(lambda s: chain(2000, s, 0.8)) - 0.2473) < 0.04


def noisy_copy(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, size=n)
    return x, np.where(rng.random(n) < 0.2, 1 - x, x), rng.integers(0, 3, size=n)


def test_labels():
    truth = math.log(2) + 0.2 * math.log(0.2) + 0.8 * math.log(0.8)
    assert abs(mean_of(lambda s: noisy_copy(2000, s)) - truth) < 0.02


def test_labels_only_is_the_plug_in_estimate():
    x, y, z = noisy_copy(3000, 0)
    table = np.histogramdd(np.column_stack([x, y, z]), bins=(2, 2, 3))[0] / 3000
    xz, yz, c = table.sum(1, keepdims=True), table.sum(0, keepdims=True), table.sum((0, 1), keepdims=True)
    plug_in = (table * np.log(table * c / (xz * yz))).sum()
    assert abs(MesnerShalizi().estimate(x, y, z) - plug_in) < 24 / 3000


def test_unconditional():
    def gauss(seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=1000)
        return x, 0.6 * x + 0.8 * rng.normal(size=1000)

    assert abs(mean_of(gauss) - 0.2231) < 0.05


def test_a_label_that_explains_everything():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 3, size=2000)
    x, y = z + 0.5 * rng.normal(size=(2, 2000))
    assert MesnerShalizi().estimate(x, y) > 0.3
    assert abs(MesnerShalizi().estimate(x, y, [f"group {c}" for c in z])) < 0.05


def test_synergy_of_labels_hidden_in_numbers():
    rng = np.random.default_rng(0)
    x, z = rng.integers(0, 2, size=(2, 2000))
    number = (x ^ z) + 0.05 * rng.normal(size=2000)
    assert abs(MesnerShalizi().estimate(x, number)) < 0.03
    assert abs(MesnerShalizi().estimate(x, number, z) - math.log(2)) < 0.03


def test_negative_values_are_kept():
    values = [MesnerShalizi(k=3).estimate(*np.random.default_rng(s).normal(size=(3, 100))) for s in range(10)]
    assert min(values) < 0


def test_lone_cells_are_finite_and_told():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 103))
    z = np.append(np.repeat([0, 1], 50), [2, 3, 4])
    e = MesnerShalizi().estimate(x, y, z)
    assert (e.pointwise[-3:] == 0).all()
    assert "small_class" in e.flags
    names = [f"row {i}" for i in range(103)]
    assert MesnerShalizi().estimate(x, y, names) == 0.0


def test_scale_and_pointwise():
    x, y, z = chain(500, 0, 0.8)
    e = MesnerShalizi().estimate(x, y, z)
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    assert MesnerShalizi().estimate(1e12 * x, 1e-12 * y, 7 * z) == pytest.approx(e.value, abs=1e-9)


def test_constant_condition_is_no_condition():
    x, y, _ = chain(400, 0)
    still = variable(np.full(400, 1.5), "z", kinds="continuous")
    assert MesnerShalizi().estimate(x, y, still) == MesnerShalizi().estimate(x, y)
    assert MesnerShalizi().estimate(x, variable(np.ones(400), "one"), y) == 0.0
