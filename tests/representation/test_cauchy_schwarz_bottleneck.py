"""The Cauchy-Schwarz bottleneck as a loss and as a regressor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone

from adami.estimators import conditional_cs, cs_qmi
from adami.representation import CSIBLoss, CSIBNet, CSIBRegressor

SMALL = {"max_epochs": 40, "hidden": 32, "latent": 8, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(260, 3))
    return X, 5 + 2 * X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=260)


def test_terms_are_those_of_the_floor_below():
    g = torch.Generator().manual_seed(0)
    x, y, said, t = (torch.randn(30, d, generator=g, dtype=torch.float64) for d in (3, 1, 1, 4))
    terms = CSIBLoss(0.3, 0.8)(x, y, said, t)
    assert list(terms) == ["total", "prediction", "compression"]
    torch.testing.assert_close(terms["prediction"], conditional_cs(x, y, said, 0.8, 0.8))
    torch.testing.assert_close(terms["compression"], cs_qmi(x, t, 0.8, normalized=True))
    torch.testing.assert_close(terms["total"], terms["prediction"] + 0.3 * terms["compression"])
    squared = CSIBLoss(0.0, prediction="mse")(x, y, said, t)["total"]
    torch.testing.assert_close(squared, torch.nn.functional.mse_loss(said, y))


def test_noise_is_drawn_in_training_only():
    net, x = CSIBNet(3, noise=True, latent=4, hidden=8), torch.ones(5, 3)
    assert not torch.equal(net(x)[0], net(x)[0])
    net.eval()
    assert torch.equal(net(x)[0], net(x)[0])


def test_regressor_learns_and_follows_scikit_learn(data):
    X, y = data
    model = CSIBRegressor(**SMALL)
    assert repr(clone(model)) == repr(model)
    model.fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.transform(X).shape == (260, 8)
    again = CSIBRegressor(**SMALL).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))
    assert model.predict(X).mean() == pytest.approx(y.mean(), abs=0.3)


def test_units_do_not_matter(data):
    X, y = data
    plain = CSIBRegressor(**SMALL).fit(X, y).predict(X)
    scaled = CSIBRegressor(**SMALL).fit(1000 * X + 7, y / 1000).predict(1000 * X + 7)
    np.testing.assert_allclose(scaled * 1000, plain, atol=0.02)


def test_more_weight_keeps_less_and_one_weight_is_chosen(data):
    X, y = data
    kept = [CSIBRegressor(b, **SMALL).fit(X, y).plane(X, y).compression for b in (0.0, 3.0)]
    assert kept[1] < kept[0]
    both = CSIBRegressor((0.0, 3.0), **SMALL).fit(X, y)
    assert set(both.validation_) == {0.0, 3.0}
    assert both.validation_[both.beta_] == min(both.validation_.values())
    assert both.plane(X, y).prediction > 1


def test_outliers_hurt_less_than_with_squared_error(data):
    X, y = data
    spoiled = y.copy()
    spoiled[::10] += 40
    errors = [
        np.mean((CSIBRegressor(0.0, prediction=p, **SMALL).fit(X, spoiled).predict(X) - y) ** 2)
        for p in ("cs", "mse")
    ]
    assert errors[0] < 0.5 * errors[1]


def test_attacks_make_it_worse(data):
    X, y = data
    model = CSIBRegressor(**SMALL).fit(X, y)
    clean = np.mean((model.predict(X) - y) ** 2)
    for method, bound in (("fgsm", 0.2), ("pgd", 0.2)):
        moved = model.attack(X, y, 0.2, method)
        assert np.mean((model.predict(moved) - y) ** 2) > clean + 0.1
        assert (np.abs(moved - X) / X.std(axis=0)).max() <= bound + 1e-5


def test_bad_input(data):
    X, y = data
    with pytest.raises(ValueError, match="beta=-1"):
        CSIBLoss(-1)
    with pytest.raises(ValueError, match="prediction='kl'"):
        CSIBLoss(prediction="kl")
    big = torch.zeros(2001, 1)
    with pytest.raises(ValueError, match=r"2,001 rows"):
        CSIBLoss()(big, big, big, big)
    with pytest.raises(ValueError, match="never changes"):
        CSIBRegressor().fit(X, np.ones(len(X)))
    with pytest.raises(ValueError, match="NaN"):
        CSIBRegressor().fit(np.where(X > 2, np.nan, X), y)
    with pytest.raises(ValueError, match="validation_fraction=1"):
        CSIBRegressor(validation_fraction=1).fit(X, y)
    with pytest.raises(ValueError, match="holds no weight"):
        CSIBRegressor(()).fit(X, y)
    with pytest.raises(ValueError, match="method='none'"):
        CSIBRegressor(**SMALL).attack(X, y, method="none")
