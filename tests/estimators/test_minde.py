"""MINDE: its forms, entropy, divergence, flags and refusals, at sizes that train in a second."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

import adami
from adami.estimators import MINDE

SMALL = {"steps": 30, "batch_size": 128, "passes": 5, "hidden": 16, "gaussian_start": True}
TRUTH = -0.5 * math.log(1 - 0.8**2)


def pair(n=3000, seed=0, rho=0.8):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


@pytest.mark.parametrize("kind", ["c", "j"])
@pytest.mark.parametrize("sigma", [None, 1.0])
@pytest.mark.parametrize("importance_sampling", [True, False])
def test_gaussian_pair(kind, sigma, importance_sampling):
    x, y = pair()
    made = MINDE(kind, sigma, importance_sampling=importance_sampling, **SMALL)
    found = made.estimate(100 * x - 5, y)
    assert abs(found - TRUTH) < 0.09
    assert found.method == "minde"
    assert found.pointwise.mean() == pytest.approx(found.value)
    if sigma is None:
        assert (found.pointwise >= 0).all()
        assert np.array_equal(made.pointwise(100 * x - 5, y), found.pointwise)


def test_a_network_without_a_gaussian_start_learns_the_dependence():
    x, y = pair(4000)
    found = MINDE(steps=250, batch_size=256, hidden=32, passes=5, learning_rate=5e-3).estimate(
        np.sign(x) * x**2, y
    )
    assert 0.35 < found < 0.6
    untrained = MINDE(steps=1, hidden=32, passes=5).estimate(x, y)
    assert untrained < 0.05


def test_conditional_information():
    rng = np.random.default_rng(0)
    z = rng.normal(size=3000)
    x, y = z + rng.normal(size=3000), z + rng.normal(size=3000)
    assert MINDE(**SMALL).estimate(x, y) > 0.1
    for kind in ("c", "j"):
        assert abs(MINDE(kind, **SMALL).estimate(x, y, given=z)) < 0.03


def test_entropy_scales_and_shifts():
    x, y = pair()
    normal = 0.5 * math.log(2 * math.pi * math.e)
    small = MINDE(**SMALL)
    assert abs(small.entropy(x) - normal) < 0.08
    assert small.entropy(50 * x + 3) == pytest.approx(small.entropy(x) + math.log(50), abs=1e-4)
    assert abs(small.entropy(x, given=y) - normal - math.log(0.6)) < 0.1
    uniform = np.random.default_rng(0).uniform(size=4000)
    wide = MINDE(steps=250, batch_size=256, hidden=32, passes=5, learning_rate=5e-3).entropy(uniform)
    assert abs(wide) < 0.12


def test_divergence_of_two_normals():
    rng = np.random.default_rng(0)
    p, q = rng.normal(1.0, 1.0, 3000), rng.normal(0.0, 1.0, 2500)
    assert abs(MINDE(**SMALL).kl(p, q) - 0.5) < 0.1
    assert MINDE(**SMALL).kl(q, rng.normal(size=2500)) < 0.02
    with pytest.raises(ValueError, match="column"):
        MINDE(**SMALL).kl(np.zeros((20, 2)), np.zeros(20))


def test_cross_fitting_and_repeats_give_intervals():
    x, y = pair(1500)
    plain = MINDE(**SMALL).estimate(x, y)
    assert plain.interval is None
    folds = MINDE(folds=2, **SMALL).estimate(x, y)
    assert folds.interval_kind == "partition"
    seeds = MINDE(repeats=3, **SMALL).estimate(x, y)
    assert seeds.interval_kind == "seeds"
    assert len(seeds.details["networks"]) == 3
    for e in (folds, seeds):
        assert e.interval[0] < e < e.interval[1]


def test_same_seed_same_answer_and_other_seed_another():
    x, y = pair(800)
    a, b = (MINDE(**SMALL).estimate(x, y) for _ in range(2))
    assert a == b
    assert MINDE(random_state=1, **SMALL).estimate(x, y) != a


def test_a_singular_support_is_flagged():
    x, _ = pair(3000)
    assert "tail" in MINDE(**SMALL).estimate(x, x + 1e-4 * np.random.default_rng(0).normal(size=3000)).flags
    assert "tail" not in MINDE(**SMALL).estimate(*pair()).flags
    circle = np.random.default_rng(0).uniform(0, 2 * np.pi, 3000)
    ring = np.column_stack([np.cos(circle), np.sin(circle)])
    flat = np.column_stack([ring[:, 0], 2 * ring[:, 0]])
    assert "tail" in MINDE(**SMALL).entropy(flat + 1e-5 * ring).flags


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "x"}, "kind"),
        ({"sigma": -1.0}, "sigma"),
        ({"passes": 0}, "passes"),
        ({"hidden": 0}, "hidden"),
        ({"holdout": 1.0}, "holdout"),
        ({"depth": 0}, "depth"),
        ({"batch_size": 0}, "batch_size"),
        ({"precision": "int8"}, "precision"),
        ({"transform": "log"}, "transform"),
        ({"learning_rate": 1e30}, "lower learning_rate"),
    ],
)
def test_bad_settings(change, word):
    x, y = pair(200)
    with pytest.raises(ValueError, match=word):
        MINDE(**{**SMALL, **change}).estimate(x, y)


def test_bad_rows():
    x, y = pair(200)
    with pytest.raises(TypeError, match="discrete"):
        MINDE(**SMALL).estimate(x, y > 0)
    with pytest.raises(ValueError, match="constant"):
        MINDE(**SMALL).estimate(x, adami.variables.variable(np.zeros(200), kinds="continuous"))
    with pytest.raises(ValueError, match="too few"):
        MINDE(**SMALL).estimate(x[:8], y[:8])
    with pytest.raises(ValueError, match="never change"):
        MINDE(**SMALL).entropy(adami.variables.variable(np.zeros(200), kinds="continuous"))


def test_progress_checkpoint_and_verbs(tmp_path):
    x, y = pair(400)
    few, told = {**SMALL, "steps": 4}, []
    made = MINDE(**few, progress=lambda *a: told.append(a), checkpoint=tmp_path)
    first = made.estimate(x, y)
    assert told[-1][:2] == (4, 4)
    assert list(tmp_path.rglob("*.safetensors"))
    assert made.estimate(x, y) == first
    assert adami.information(x, y, method=MINDE(**few)) == first


def test_half_precision_runs_where_it_is_asked_for():
    x, y = pair(400)
    assert abs(MINDE(**SMALL, precision="bfloat16").estimate(x, y) - TRUTH) < 0.3
