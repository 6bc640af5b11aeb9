"""Maps of information: exact denoisers first, then small trained ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from adami.estimators import InfoDiffusion  # noqa: E402
from adami.estimators._nets.diffusion import signal_and_noise  # noqa: E402

RHO = 0.8
TRUTH = -0.5 * math.log(1 - RHO**2)
SMALL = {"gaussian_start": True, "steps": 40, "batch_size": 128, "hidden": 16, "n_alpha": 10}


def exact(z, alpha, condition):
    """Noise expected in x where (x, y) is a Gaussian pair."""
    m, s = signal_and_noise(alpha)
    if condition is None:
        return s * z
    return s * (z - m * RHO * condition) / (m**2 * (1 - RHO**2) + s**2)


def gaussian(n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    return x, RHO * x + math.sqrt(1 - RHO**2) * rng.normal(size=(n, 1))


def labelled(n=1500, seed=0):
    """Three classes, told by the first two of four columns; the last column never changes."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n)
    x = np.column_stack([rng.normal(size=(n, 3)), np.full(n, 2.0)])
    x[:, :2] += 4 * np.array([[0, 0], [1, 0], [0, 1]])[label]
    return x, label


def known(**more):
    return InfoDiffusion(exact, scale=1.5, **more)


def test_both_kinds_average_to_the_information():
    x, y = gaussian()
    o, s = (known(n_alpha=10, kind=k).estimate(x, y) for k in "os")
    assert abs(o - TRUTH) < 0.02
    assert abs(s - TRUTH) < 0.03
    assert o.pointwise.min() >= 0
    assert s.pointwise.min() < 0
    once = {k: known(n_alpha=1, kind=k).estimate(x, y).pointwise.std() for k in "os"}
    assert once["o"] < 0.6 * once["s"]


def test_pointwise_values_of_the_card():
    # ln p(x|y) / p(x) is closed; the orthogonal value is another number
    model = known(n_alpha=6000).fit(*gaussian(50))
    x, y = np.array([[1.0], [1.0]]), np.array([[-1.0], [0.8]])
    log_ratio = TRUTH - ((x - RHO * y) ** 2 / (2 * (1 - RHO**2)) - x**2 / 2)[:, 0]
    assert np.allclose(log_ratio, [-3.489, 0.831], atol=1e-3)
    assert np.allclose(model.pointwise(x, y, kind="s"), log_ratio, atol=0.12)
    assert np.allclose(model.pointwise(x, y, kind="o"), [2.21, 0.19], atol=0.06)


def test_density_by_any_reference():
    model = known(n_alpha=4000).fit(*gaussian(50))
    expected = 0.5 * math.log(2 * math.pi) + 1.3**2 / 2
    for reference in (None, ([0.5], [[2.0]]), ([0.0], [[0.7]])):
        assert model.nll([[1.3]], reference=reference)[0] == pytest.approx(expected, abs=0.04)
    given = 0.5 * math.log(2 * math.pi * 0.36) + 0.25 / 0.72
    assert model.nll([[1.3]], [[1.0]])[0] == pytest.approx(given, abs=0.06)


def test_even_levels_weigh_by_their_range():
    x, y = gaussian()
    even = known(n_alpha=10, importance_sampling=False).estimate(x, y)
    assert abs(even - TRUTH) < 0.03


def test_a_narrow_range_is_flagged():
    x, y = gaussian(4000)
    narrow = InfoDiffusion(exact, loc=0.0, scale=0.4, n_alpha=5).estimate(x, y)
    assert "tail" in narrow.flags
    assert "tail" not in InfoDiffusion(exact, scale=2.0, n_alpha=5).estimate(x, y).flags


def test_maps_add_up_and_point_at_the_columns_that_tell():
    x, label = labelled()
    model = InfoDiffusion(**SMALL).fit(x, label)
    for kind in "os":
        maps = model.pointwise(x, label, kind=kind, per_coordinate=True)
        assert maps.shape == x.shape
        assert np.allclose(maps.sum(axis=1), model.pointwise(x, label, kind=kind), atol=1e-9)
        assert (maps[:, 3] == 0).all()
        assert maps[:, 2].mean() < 0.1 * maps[:, :2].mean()
    assert model.information(x, label) == pytest.approx(math.log(3), abs=0.35)


def test_labels_are_found_again():
    x, label = labelled()
    words = np.array(["a", "b", "c"])[label]
    model = InfoDiffusion(**SMALL).fit(x, words)
    assert (model.classify(x[:300]) == words[:300]).mean() > 0.85
    scores = model.match_score(x[:50], ["a", "b", "c"], kind="o")
    assert scores.shape == (50, 3)
    assert (scores >= 0).all()
    own = model.match_score(x[:50], ["a", "b", "c"], kind="s")
    row = model.pointwise(x[:50], words[:50], kind="s")
    assert np.allclose(own[np.arange(50), label[:50]], row, atol=1e-5)
    with pytest.raises(ValueError, match="not seen"):
        model.pointwise(x[:2], ["a", "z"])


def test_conditional_information():
    x, label = labelled()
    half = label == 0
    model = InfoDiffusion(**SMALL).fit(x, half, label)
    assert abs(model.pointwise(x, half, given=label).mean()) < 0.03
    assert model.pointwise(x, half).mean() > 0.3


def test_edit_effect():
    x, y = gaussian(300)
    model = known(n_alpha=40).fit(x, y)
    found = model.edit_effect(x, y)
    assert found.correlation > 0.7
    assert found.change.shape == (300,)
    assert np.abs(found.rebuilt - x).mean() < 0.1
    same = model.edit_effect(x, y, target=y)
    assert np.allclose(same.change, 0, atol=1e-5)
    with pytest.raises(ValueError, match="steps"):
        model.edit_effect(x, y, n_steps=1)


def test_entropy_of_trained_rows():
    x = np.random.default_rng(0).normal(size=(1500, 2)) * [1.0, 5.0]
    found = InfoDiffusion(**SMALL).estimate(x)
    assert found == pytest.approx(math.log(2 * math.pi * math.e * 5), abs=0.1)


def test_a_denoiser_that_answers_wrongly_is_refused():
    x, y = gaussian(50)
    with pytest.raises(ValueError, match="ignores"):
        InfoDiffusion(lambda z, a, c: 0.5 * z).estimate(x, y)
    with pytest.raises(ValueError, match="shape"):
        InfoDiffusion(lambda z, a, c: z[:, :0]).estimate(x, y)


def test_refusals():
    x, label = labelled(200)
    with pytest.raises(ValueError, match="fit"):
        InfoDiffusion().pointwise(x, label)
    with pytest.raises(ValueError, match="dropout"):
        InfoDiffusion(dropout=0.0, **SMALL).fit(x, label)
    with pytest.raises(ValueError, match="kind"):
        InfoDiffusion(**SMALL).fit(x, label).pointwise(x, label, kind="p")
    model = InfoDiffusion(**SMALL).fit(x, label)
    with pytest.raises(ValueError, match="no density"):
        model.nll(x)
    with pytest.raises(ValueError, match="column"):
        model.pointwise(x[:, :2], label)
    with pytest.raises(ValueError, match="repeat"):
        InfoDiffusion(**SMALL).fit(np.round(x[:, :2]), label).nll(np.round(x[:, :2]))
    with pytest.raises(TypeError, match="one label"):
        InfoDiffusion(exact, n_alpha=2).fit(x, [("a", 1.0)] * 200)


def test_same_seed_same_answer():
    x, label = labelled(300)
    a, b = (InfoDiffusion(**SMALL).estimate(x, label) for _ in range(2))
    assert a == b
