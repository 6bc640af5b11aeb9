"""Rate reduction as a loss, with labels and from views."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone

from adami.estimators import rate_reduction
from adami.representation import MCR2Classifier, MCR2Encoder, MCR2Loss

SMALL = {"hidden": (16,), "n_features": 6, "max_epochs": 100, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.arange(240) % 3
    X = rng.normal(size=(240, 6)) + 6 * np.eye(6)[y]
    return X, np.array(["a", "b", "c"])[y]


def test_loss_is_minus_the_reduction_and_takes_memberships():
    g = torch.Generator().manual_seed(0)
    Z, y = torch.nn.functional.normalize(torch.randn(30, 5, generator=g)), torch.arange(30) % 3
    terms = MCR2Loss()(Z, y)
    assert float(terms["total"]) == pytest.approx(-float(rate_reduction(Z, y)), abs=1e-6)
    assert list(terms) == ["total", "expansion", "compression"]
    assert float(MCR2Loss()(7 * Z, torch.eye(3)[y])["total"]) == pytest.approx(
        float(terms["total"]), abs=1e-6
    )
    controlled = MCR2Loss(gamma1=20.0, gamma2=0.05)(Z, y)
    assert float(controlled["total"]) == pytest.approx(
        float(controlled["compression"] - 0.05 * controlled["expansion"]), abs=1e-6
    )
    with pytest.raises(ValueError, match="lengths"):
        MCR2Loss(normalize=False)(7 * Z, y)
    with pytest.raises(ValueError, match="gamma1=0"):
        MCR2Loss(gamma1=0)


def test_free_features_reach_orthogonal_classes_of_equal_singular_values():
    g = torch.Generator().manual_seed(0)
    Z, y = torch.randn(40, 8, generator=g, dtype=torch.float64).requires_grad_(True), torch.arange(40) % 2
    optimizer = torch.optim.Adam([Z], 0.05)
    for _ in range(400):
        optimizer.zero_grad()
        MCR2Loss()(Z, y)["total"].backward()
        optimizer.step()
    found = torch.nn.functional.normalize(Z.detach(), dim=1)
    assert float((found[y == 0] @ found[y == 1].T).abs().mean()) < 0.02
    values = torch.linalg.svdvals(found[y == 0])
    assert float(values[3] / values[0]) > 0.8
    assert float(values[4]) < 0.2


def test_classifier_learns_and_follows_scikit_learn(data):
    X, y = data
    model = MCR2Classifier(**SMALL)
    assert repr(clone(model)) == repr(model)
    model.fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.9
    np.testing.assert_allclose(np.linalg.norm(model.transform(X), axis=1), 1, atol=1e-5)
    again = MCR2Classifier(**SMALL).fit(X[::2], y[::2])
    np.testing.assert_array_equal(model.transform(X), again.transform(X))
    shuffled = np.random.default_rng(1).permutation(y[::2])
    assert MCR2Classifier(**SMALL).fit(X[::2], shuffled).score(X[1::2], y[1::2]) < 0.7


def test_views_of_a_row_come_together(data):
    X, _ = data
    calls = []

    def augment(rows, rng):
        calls.append(len(rows))
        return rows + 0.3 * rng.normal(size=rows.shape)

    model = MCR2Encoder(augment, n_rows=8, n_views=10, hidden=(16,), n_features=6, n_steps=60).fit(X)
    assert calls == [80] * 60
    rng = np.random.default_rng(5)
    one, other = (model.transform(X + 0.3 * rng.normal(size=X.shape)) for _ in range(2))
    assert (one * other).sum(1).mean() > np.abs(one @ other.T).mean() + 0.3
    again = MCR2Encoder(augment, n_rows=8, n_views=10, hidden=(16,), n_features=6, n_steps=60).fit(X)
    np.testing.assert_array_equal(model.transform(X), again.transform(X))


def test_bad_input(data):
    X, y = data
    with pytest.raises(ValueError, match="one class only"):
        MCR2Classifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="at least two"):
        MCR2Encoder(n_views=1).fit(X)
    with pytest.raises(ValueError, match="augment gave shape"):
        MCR2Encoder(lambda rows, rng: rows[:3], n_steps=2).fit(X)
    with pytest.raises(ValueError, match="eps2=0"):
        MCR2Classifier(eps2=0).fit(X, y)
