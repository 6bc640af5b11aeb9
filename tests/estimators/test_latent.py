"""Information between learned codes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from adami.estimators import KSG, LMI
from adami.estimators._nets import cross_autoencoder
from adami.estimators._nets.fit import Training
from adami.variables import variable

SHORT = {"epochs": 20, "patience": 5, "hidden": (32,)}


def pair(n=1000, d=30, shared=1, rho=0.9, seed=0):
    x, y = np.random.default_rng([seed, n, d]).normal(size=(2, n, d))
    y[:, :shared] = rho * x[:, :shared] + math.sqrt(1 - rho**2) * y[:, :shared]
    return x, y


def test_finds_one_shared_direction_among_many():
    x, y = pair()
    found = LMI(**SHORT).estimate(x, y)
    assert found == pytest.approx(-0.5 * math.log(1 - 0.81), abs=0.25)
    assert KSG().estimate(x, y) < 0.2
    assert found == LMI(**SHORT).estimate(x, y)
    assert found.details["rows_read"] == 500
    assert found.pointwise is None


def test_independent_sides_share_nothing():
    assert abs(LMI(**SHORT).estimate(*pair(rho=0.0))) < 0.08


def test_cross_fitting_reads_every_row():
    found = LMI(**SHORT, cross_fit=True).estimate(*pair())
    assert found.pointwise.shape == (1000,)
    assert found.pointwise.mean() == pytest.approx(found.value)
    folds = [found.details["fold 0"], found.details["fold 1"]]
    assert found.value == pytest.approx(np.mean(folds))


@pytest.mark.full
def test_published_cases():
    found = [LMI(random_state=s).estimate(*pair(4000, 100, rho=0.8, seed=s)) for s in range(3)]
    assert abs(np.mean(found) - 0.511) < 0.1
    assert KSG().estimate(*pair(4000, 100, rho=0.8)) < 0.2
    nothing = [LMI(random_state=s).estimate(*pair(4000, 100, rho=0.0, seed=s)) for s in range(3)]
    assert abs(np.mean(nothing)) < 0.05


def test_codes_and_weights_are_a_copy_of_the_best():
    x, y = pair(400, 6)
    method = LMI(**SHORT).fit(x, y)
    first, second = method.codes(x, y)
    assert first.shape == second.shape == (400, method.kept_)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) > 0.8
    with pytest.raises(ValueError, match="call fit"):
        LMI().codes(x, y)
    with pytest.raises(ValueError, match="5 columns where the training had 6"):
        method.codes(x[:, :5], y)


def test_training_that_does_not_help_leaves_the_start():
    x, y = pair(300, 20)
    net, history = cross_autoencoder.train_pair(
        x,
        y,
        np.arange(60),
        hidden=(16,),
        latent=1,
        weight=1.0,
        dropout=0.0,
        epochs=3,
        patience=3,
        batch_size=60,
        learning_rate=0.3,
        training=Training(),
    )
    assert history.best_step == 0
    used = np.arange(60, 300)
    fresh = cross_autoencoder.CrossAutoencoder(20, 20, (16,), 1, 0.0)
    fresh.start_from(x[used], y[used], *cross_autoencoder._canonical_axes(x[used], y[used], 1))
    torch.testing.assert_close(net.encode_x.linear.weight, fresh.encode_x.linear.weight)


def test_collapsed_codes_are_told_of(monkeypatch):
    x, y = pair(400, 6)
    real = cross_autoencoder.encoded

    def one_constant(net, a, b):
        first, second = real(net, a, b)
        first[:, 0] = 1.0
        return first, second

    monkeypatch.setattr(cross_autoencoder, "encoded", one_constant)
    assert "collapsed_code" in LMI(**SHORT).estimate(x, y).flags
    monkeypatch.setattr(cross_autoencoder, "encoded", lambda net, a, b: (np.ones((len(a), 4)), b[:, :4]))
    with pytest.raises(ValueError, match="code of x collapsed"):
        LMI(**SHORT).estimate(x, y)


def test_progress_callback_and_checkpoint(tmp_path):
    x, y = pair(400, 6)
    steps, looks = [], []
    settings = {
        **SHORT,
        "checkpoint": tmp_path,
        "progress": lambda *a: steps.append(a),
        "epochs": 60,
        "patience": 60,
    }
    found = LMI(**settings, callback=lambda step, numbers: looks.append(sorted(numbers))).estimate(x, y)
    assert steps[-1][2] == "lmi: fold 0"
    assert looks[0] == ["loss", "validation"]
    assert LMI(**settings).estimate(x, y) == found


def test_refusals():
    x, y = pair(400, 3)
    with pytest.raises(ValueError, match="hidden"):
        LMI(hidden="big").estimate(x, y)
    with pytest.raises(ValueError, match="split"):
        LMI(split=1.0).estimate(x, y)
    with pytest.raises(ValueError, match="30 rows split"):
        LMI().estimate(x[:30], y[:30])
    with pytest.raises(TypeError, match="discrete"):
        LMI().estimate(x, ["a", "b"] * 200)
    with pytest.raises(TypeError, match="no entropy"):
        LMI().estimate(x)
    with pytest.raises(ValueError, match="lower learning_rate"):
        LMI(**SHORT, learning_rate=1e30).estimate(x, y)
    assert LMI().estimate(x, variable(np.ones(400), "y", kinds="continuous")) == 0
