"""Estimators that train a critic, by any objective and read-out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone

from adami.estimators import MINE, NWJ, SMILE, Generative, InfoNCE, Variational, get
from adami.estimators._critic_readout import blocks_of, read
from adami.estimators._network_columns import NetworkColumns
from adami.estimators.bounds import dv_bound, infonce_bound, interpolated_bound, nwj_bound, smile_bound
from adami.variables import variable

SMALL = {"hidden": (16,), "steps": 120, "every": 60}


def gaussian(n=1200, rho=0.8, seed=0, dim=1):
    rng = np.random.default_rng([seed, n])
    x = rng.normal(size=(n, dim))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, dim)), -0.5 * dim * math.log(1 - rho**2)


@pytest.mark.parametrize("objective", ["smile", "infonce", "nwj", "dv", "mine", "interpolated", "tuba"])
def test_every_objective_finds_the_information(objective):
    x, y, truth = gaussian()
    found = Variational(objective, **SMALL, learning_rate=1e-2).estimate(x, y)
    assert abs(found - truth) < 0.2
    assert found.bound == ("none" if objective == "smile" else "lower")
    assert found.pointwise.mean() == pytest.approx(found.value)
    low, high = found.interval
    assert low < found.value < high < low + 0.5
    assert found.details["readout_batch"] == (
        64 if objective in ("infonce", "interpolated", "tuba") else 2048
    )


def test_pointwise_follows_the_density_ratio():
    rho = 0.8
    x, y, truth = gaussian(1500, rho)
    found = SMILE(hidden=(32,), steps=200, learning_rate=1e-2).estimate(x, y)
    exact = truth + ((rho * x * y - rho**2 * (x**2 + y**2) / 2) / (1 - rho**2))[:, 0]
    assert np.corrcoef(found.pointwise, exact)[0, 1] > 0.9


def test_fit_keeps_critics_for_further_rows():
    x, y, truth = gaussian(2000)
    method = NWJ(hidden=(32,), steps=300, learning_rate=2e-3)
    with pytest.raises(ValueError, match="call fit"):
        method.pointwise(x, y)
    assert method.fit(x, y) is method
    u, v, _ = gaussian(2000, seed=1)
    assert abs(method.pointwise(u, v).mean() - truth) < 0.15
    assert method.pointwise(u, v[::-1]).mean() < 0
    with pytest.raises(ValueError, match="differ in number"):
        method.pointwise(np.hstack([u, u]), v)
    assert not hasattr(clone(method), "critics_")


def test_same_seed_same_answer_and_another_seed_another():
    x, y, _ = gaussian(400)
    one, two = (SMILE(hidden=(16,), steps=60).estimate(x, y) for _ in range(2))
    assert one == two
    np.testing.assert_array_equal(one.pointwise, two.pointwise)
    assert SMILE(hidden=(16,), steps=60, random_state=1).estimate(x, y) != one


def test_repeats_show_the_spread_of_seeds():
    x, y, _ = gaussian(400)
    found = SMILE(hidden=(16,), steps=60, repeats=3).estimate(x, y)
    assert len(found.details["values"]) == 3
    assert found.interval_kind == "clt and seeds"
    assert found.value == pytest.approx(np.mean(found.details["values"]))


def test_infonce_never_exceeds_its_ceiling_and_says_so():
    x, y, truth = gaussian(1500, 0.97, dim=4)
    found = InfoNCE(hidden=(64,), steps=250, learning_rate=5e-3, batch_size=16).estimate(x, y)
    assert truth > math.log(16)
    assert found <= math.log(16)
    assert "saturated" in found.flags
    wider = InfoNCE(hidden=(64,), steps=250, learning_rate=5e-3, batch_size=16, readout_batch=256).estimate(
        x, y
    )
    assert wider > math.log(16)


def test_reading_the_rows_that_trained_reports_too_much():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 300, 10))
    settings = {"hidden": (128,), "steps": 200, "learning_rate": 3e-3, "patience": None}
    seen = Variational("dv", folds=1, **settings).estimate(x, y)
    unseen = Variational("dv", **settings).estimate(x, y)
    assert seen > 0.5
    assert unseen < 0.1
    assert "in_sample" in seen.flags
    assert (seen.bound, unseen.bound) == ("none", "lower")


def test_labels_are_read_as_indicators():
    rng = np.random.default_rng(0)
    label = rng.integers(3, size=900)
    x = label * 4.0 + rng.normal(size=900)
    found = InfoNCE(**{k: SMALL[k] for k in ("hidden", "steps")}, learning_rate=3e-3).estimate(x, label)
    assert 0.8 < found < math.log(3) + 0.05
    words = np.array(["ant", "bee", "cat"])[label]
    assert InfoNCE(hidden=(16,), steps=50).estimate(x, words) == InfoNCE(hidden=(16,), steps=50).estimate(
        x, label
    )


def test_constant_columns_carry_nothing():
    x, y, _ = gaussian(300)
    assert SMILE().estimate(x, np.full(300, 2.5)) == 0
    with_constant = np.hstack([x, np.full((300, 1), 7.0)])
    plain = SMILE(hidden=(8,), steps=30)
    assert plain.estimate(variable(with_constant, "x", kinds="continuous"), y) == plain.estimate(x, y)


def test_a_module_of_ones_own_as_a_critic():
    class Bilinear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.zeros(4))

        def forward(self, x, y):
            return self.w[0] * x @ y.T + self.w[1] * (x**2) + self.w[2] * (y**2).T + self.w[3]

    x, y, truth = gaussian(1000)
    mine = Bilinear()
    found = Variational("nwj", critic=mine, steps=400, learning_rate=2e-2).estimate(x, y)
    assert abs(found - truth) < 0.15
    assert (mine.w == 0).all()


def test_mine_on_two_columns():
    x, y, truth = gaussian(2500, 0.9)
    found = MINE(hidden=(32,), steps=150, learning_rate=1e-2).estimate(x, y)
    assert abs(found - truth) < 0.1
    assert found.method == "mine"
    noisy = MINE(hidden=(32, 32), steps=50, noise=0.3, shifts=2, batch_size=64).estimate(x, y)
    assert math.isfinite(noisy)


def test_progress_and_curves_are_told(tmp_path):
    x, y, _ = gaussian(300)
    told, seen = [], []
    method = SMILE(
        hidden=(8,),
        steps=100,
        progress=lambda done, total, what: told.append((done, total, what)),
        callback=lambda step, numbers: seen.append((step, sorted(numbers))),
        checkpoint=tmp_path,
    )
    first = method.estimate(x, y)
    assert told[-1][:2] == (100, 100)
    assert "smile" in told[-1][2]
    assert seen[0] == (100, ["loss", "validation"])
    assert len(first.details["validation"]) == 2
    assert method.estimate(x, y) == first


def test_readouts_on_one_block_are_the_bounds():
    f = np.random.default_rng(0).normal(size=(12, 12)) * 2
    a = np.random.default_rng(1).normal(size=12)

    def scores(rows):
        return f[np.ix_(rows, rows)], a[rows]

    for how, value in (
        ("dv", dv_bound(f)),
        ("smile", smile_bound(f, 1.0)),
        ("nwj", nwj_bound(f)),
        ("js_nwj", nwj_bound(f + 1)),
        ("infonce", infonce_bound(f)),
        ("interpolated", interpolated_bound(f, a, 0.3)),
    ):
        found = read(scores, 12, 50, how, tau=1.0, alpha=0.3)
        assert found.value == pytest.approx(float(value))
        assert found.pointwise.mean() == pytest.approx(found.value)
    tuba = read(scores, 12, 50, "interpolated", alpha=0.0)
    assert tuba.value == pytest.approx(float(interpolated_bound(f, a, 0.0)))
    with pytest.raises(ValueError, match="overflows"):
        read(lambda rows: (f[np.ix_(rows, rows)] + 2000, None), 12, 50, "nwj")
    assert [len(b) for b in blocks_of(10, 4)] == [5, 5]
    assert [len(b) for b in blocks_of(5, 2)] == [5]


def test_standard_error_is_that_of_repeated_samples():
    rho, m = 0.7, 200
    values, errors = [], []
    for seed in range(60):
        x, y, truth = gaussian(m, rho, seed)
        f = truth + (rho * x @ y.T - rho**2 * (x**2 + y.T**2) / 2) / (1 - rho**2)
        found = read(lambda rows, f=f: (f[np.ix_(rows, rows)], None), m, 1000, "dv")
        values.append(found.value)
        errors.append(found.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.35)


def test_columns_are_placed_on_the_scale_of_the_training():
    x = np.random.default_rng(0).normal(3, 1e-7, size=(200, 2))
    v, later = variable(x, "x"), variable(x[:50] + 1e-7, "x")
    for transform in ("standardize", "none", "rank", "normal_score"):
        columns = NetworkColumns(v, transform)
        table = columns.table(v)
        assert columns.table(v.take(np.arange(7))) == pytest.approx(table[:7])
        assert np.isfinite(columns.table(later)).all()
    shifted = NetworkColumns(v).table(later) - NetworkColumns(v).table(v)[:50]
    assert shifted == pytest.approx(np.tile(1e-7 / x.std(0), (50, 1)), rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 4}, "batch_size=4"),
        ({"batch_size": 200}, "lower batch_size"),
        ({"tau": 0.0}, "tau"),
        ({"folds": 0}, "folds"),
        ({"repeats": 0}, "repeats"),
        ({"objective": "elbo"}, "objective"),
        ({"readout": "elbo"}, "readout"),
        ({"readout": "interpolated"}, "tuba"),
        ({"critic": "quadratic"}, "critic"),
        ({"transform": "log"}, "transform"),
        ({"learning_rate": 1e30, "steps": 50}, "learning_rate"),
    ],
)
def test_bad_settings_are_refused_by_name(settings, message):
    x, y, _ = gaussian(200)
    with pytest.raises(ValueError, match=message):
        Variational(**{"hidden": (8,), "steps": 10, **settings}).estimate(x, y)


def test_bad_data_are_refused_by_name():
    x, y, _ = gaussian(200)
    with pytest.raises(ValueError, match="method='ksg'"):
        SMILE().estimate(x[:20], y[:20])
    with pytest.raises(TypeError, match="no entropy"):
        SMILE().estimate(x)
    with pytest.raises(TypeError, match="no conditional"):
        SMILE().estimate(x, y, x + y)
    names = [f"row {i // 2}" for i in range(2000)]
    with pytest.raises(ValueError, match="1000 different labels"):
        SMILE().estimate(np.arange(2000.0), names)


@pytest.mark.parametrize("name", ["smile", "mine", "infonce", "nwj", "generative"])
def test_registered_under_its_name(name):
    method = get(name)
    assert method.name == name
    assert repr(clone(method)) == f"{type(method).__name__}()"


@pytest.mark.parametrize("density", ["gaussian", "gmm"])
def test_generative_readout(density):
    x, y, truth = gaussian(2000)
    found = Generative(density, components=3).estimate(x, y)
    assert abs(found - truth) < 0.1
    with pytest.raises(ValueError, match="density"):
        Generative("histogram").estimate(x, y)
    with pytest.raises(ValueError, match="singular"):
        Generative("gaussian").estimate(np.hstack([x, x]), y)
    with pytest.raises(ValueError, match="folds"):
        Generative(density, folds=1).estimate(x, y)
