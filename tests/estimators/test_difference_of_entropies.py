"""Information as a difference of two fitted cross-entropies."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from adami.estimators import DifferenceOfEntropies, get
from adami.estimators._nets.densities import Straighten, TwoEntropies


def gaussian(n, dim, rho, seed=0):
    rng = np.random.default_rng([seed, n])
    x = rng.normal(size=(n, dim))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, dim)), -0.5 * dim * math.log(1 - rho**2)


def test_far_above_ln_n():
    x, y, truth = gaussian(1500, 20, 0.9)
    found = DifferenceOfEntropies(steps=300, hidden=(16,), folds=3, learning_rate=1e-2).estimate(x, y)
    assert truth > 2 * math.log(1500)
    assert found == pytest.approx(truth, rel=0.1)
    assert "above_log_n" in found.flags
    assert found.bound == "none"
    assert found.pointwise.mean() == pytest.approx(found.value)
    assert found.details["cross_entropy"] - found.details["conditional_cross_entropy"] == pytest.approx(
        found.value
    )


@pytest.mark.parametrize("density", ["gauss", "logistic", "flow"])
def test_independent_columns_share_nothing(density):
    x, y, _ = gaussian(1500, 2, 0.0)
    assert abs(DifferenceOfEntropies(density, steps=100, hidden=(16,)).estimate(x, y)) < 0.05


def test_labels_may_stand_on_the_side_of_x():
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=1000)
    y = 6.0 * label + rng.normal(size=1000)
    # one normal law is a poor density of two heaps: the difference is too large, and no bound says so
    assert DifferenceOfEntropies(steps=200, hidden=(8,)).estimate(label, y) > math.log(2) + 0.2
    with pytest.raises(TypeError, match="labels"):
        DifferenceOfEntropies(steps=20).estimate(y, label)


def test_straightening_cancels_and_is_an_increasing_map():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        bend = Straighten(3).double()
        y = torch.randn(50, 3, dtype=torch.float64)
        for p in bend.parameters():
            p.data += 0.3 * torch.randn_like(p)
        _, volume = bend(y)
        jacobian = torch.autograd.functional.jacobian(lambda v: bend(v[None])[0][0], y[0])
        assert torch.linalg.slogdet(jacobian)[1].item() == pytest.approx(volume[0].item())
        assert (jacobian.diagonal() > 0).all()
        model = TwoEntropies(2, 3, (4,), "flow", full=True).double()
        free, given = model(torch.randn(50, 2).double(), y)
    assert free.shape == given.shape == (50,)


@pytest.mark.parametrize("density", ["gauss", "logistic", "flow"])
def test_densities_integrate_to_one(density):
    model = TwoEntropies(1, 1, (4,), density).double()
    y = torch.linspace(-300, 300, 600_001, dtype=torch.float64)[:, None]
    with torch.no_grad():
        for minus_log in model(torch.ones_like(y), y):
            assert float(torch.exp(-minus_log).sum()) * 1e-3 == pytest.approx(1.0, abs=2e-3)


def test_columns_that_depend_on_one_another_need_the_full_family():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1500, 1))
    y = z + 0.5 * rng.normal(size=(1500, 3))
    x = y[:, :1] + rng.normal(size=(1500, 1))
    joint = np.cov(np.hstack([x, y]), rowvar=False)
    truth = 0.5 * (np.log(joint[0, 0]) + np.linalg.slogdet(joint[1:, 1:])[1] - np.linalg.slogdet(joint)[1])
    plain, full = (
        DifferenceOfEntropies(full=f, steps=200, hidden=(8,), learning_rate=2e-2).estimate(x, y)
        for f in (False, True)
    )
    assert abs(full - truth) < 0.1
    assert abs(plain - truth) > 0.2


def test_bad_input_is_named():
    x, y, _ = gaussian(200, 1, 0.5)
    for settings, message in (
        ({"density": "student"}, "density"),
        ({"folds": 1}, "folds"),
        ({"batch_size": 150}, "batch_size"),
        ({"batch_size": 4}, "batch_size"),
        ({"learning_rate": 1e20, "steps": 30}, "learning_rate"),
    ):
        with pytest.raises(ValueError, match=message):
            DifferenceOfEntropies(**{"steps": 10, **settings}).estimate(x, y)
    assert DifferenceOfEntropies().estimate(x, np.ones(200)) == 0
    assert get("doe").name == "doe"
