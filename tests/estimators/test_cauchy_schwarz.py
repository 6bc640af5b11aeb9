"""Cauchy-Schwarz divergences and the dependence that they measure."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import adami
from adami.estimators import CSQMI, Gaussian, conditional_cs, cs_divergence, cs_qmi
from adami.estimators import _gram as gram


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def truth(rho, s=1.0):
    """Closed form for a normal pair of unit variances, smoothed by a kernel of width s."""
    a = 1 + s**2 / 2
    return math.log((4 * a * a - rho**2) / (4 * a * math.sqrt(a * a - rho**2)))


@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_qmi_of_normal_pairs_meets_its_closed_form(rng, rho):
    found = []
    for _ in range(4):
        x, e = rng.normal(size=(2, 800))
        found.append(float(cs_qmi(x, rho * x + math.sqrt(1 - rho**2) * e)))
    assert np.mean(found) == pytest.approx(truth(rho), abs=0.012)


def test_reference_values_of_the_closed_form():
    assert truth(0.5) == pytest.approx(0.0307, abs=1e-4)
    assert truth(0.9) == pytest.approx(0.1288, abs=1e-4)
    assert truth(0.9, 1e-9) == pytest.approx(0.604, abs=1e-3)


def test_qmi_agrees_with_its_sums(rng):
    x, t = rng.normal(size=(2, 30, 2))
    K, Q = (np.exp(-((v[:, None] - v[None]) ** 2).sum(-1) / 2) for v in (x, t))
    n = 30
    plain = (
        np.log((K * Q).sum() / n**2)
        + np.log(K.sum() * Q.sum() / n**4)
        - 2 * np.log((K.sum(1) * Q.sum(1)).sum() / n**3)
    )
    assert float(cs_qmi(x, t)) == pytest.approx(plain, abs=1e-12)


def test_divergence_of_normal_laws_is_at_most_kullback_leibler(rng):
    for shift in (0.5, 1.0, 2.0):
        found = float(cs_divergence(rng.normal(size=1500), shift + rng.normal(size=1500), 0.3))
        assert found == pytest.approx(shift**2 / (2 * (1 + 0.045)), abs=0.15)
        assert found < shift**2 / 2 + 0.1


def test_divergence_is_symmetric_and_zero_for_one_sample(rng):
    p, q = rng.normal(size=(60, 2)), rng.normal(1, 2, size=(40, 2))
    assert float(cs_divergence(p, q)) == pytest.approx(float(cs_divergence(q, p)), abs=1e-12)
    assert float(cs_divergence(-p, -q)) == pytest.approx(float(cs_divergence(p, q)), abs=1e-12)
    assert float(cs_divergence(p, p)) == pytest.approx(0, abs=1e-12)
    assert float(cs_divergence(p, q)) > 0.1


@pytest.mark.parametrize("denominator", ["sq_sum", "sum_sq"])
def test_conditional_divergence_of_shifted_predictions(rng, denominator):
    x = rng.uniform(-2, 2, 1000)
    y, other = x + rng.normal(size=(2, 1000))
    assert float(conditional_cs(x, y, y, 0.3, 0.3, denominator=denominator)) == pytest.approx(0, abs=1e-9)
    found = float(conditional_cs(x, y, other + 2, 0.3, 0.3, denominator=denominator))
    assert found == pytest.approx(1.914, abs=0.3)


def test_denominators_agree_where_rows_are_spread_evenly_and_not_in_tails(rng):
    flat, normal = np.linspace(-2, 2, 500), 2 * rng.normal(size=500)

    def both(x):
        y, other = x + rng.normal(size=(2, 500))
        kinds = ("sq_sum", "sum_sq")
        return [float(conditional_cs(x, y, other + 1, 0.3, 0.3, denominator=kind)) for kind in kinds]

    assert np.ptp(both(flat)) < 0.15 < np.ptp(both(normal)) + 0.15


def test_far_predictions_neither_underflow_nor_lose_their_gradient():
    x = torch.linspace(0, 1, 10, dtype=torch.float64)
    far = torch.full((10,), 100.0, dtype=torch.float64, requires_grad=True)
    value = conditional_cs(x, x, far)
    value.backward()
    assert float(value) == pytest.approx(100**2, rel=0.05)
    assert bool((far.grad > 1).all())


def test_gradients(rng):
    x, t = (torch.tensor(v, requires_grad=True) for v in rng.normal(size=(2, 9, 2)))
    fixed = x.detach()
    assert torch.autograd.gradcheck(lambda a: cs_qmi(fixed, a, normalized=True), (t,))
    assert torch.autograd.gradcheck(lambda a: cs_divergence(fixed, a), (t,))
    assert torch.autograd.gradcheck(lambda a: conditional_cs(fixed, fixed, a), (t,))


def test_tensors_and_arrays_agree(rng):
    x, t = rng.normal(size=(2, 40, 3))
    for s in (0.7, "median", "wide"):
        assert float(cs_qmi(torch.tensor(x), torch.tensor(t), s)) == pytest.approx(
            float(cs_qmi(x, t, s)), abs=1e-12
        )


def test_estimator_says_what_it_measures(rng):
    x, e = rng.normal(size=(2, 400))
    found = adami.information(x, x + e, method="cs_qmi")
    assert (found.measure, found.method, found.n) == ("cs_qmi", "cs_qmi", 400)
    assert found.quantity == "Cauchy-Schwarz quadratic mutual information"
    assert found.interval[0] < found < found.interval[1]
    with pytest.raises(TypeError, match="cannot be mixed"):
        found - Gaussian().estimate(x, x + e)
    with pytest.raises(TypeError, match="no entropy"):
        CSQMI().estimate(x)


def test_estimator_is_invariant_where_it_should_be(rng):
    x, e = rng.normal(size=(2, 200))
    y = x + e
    plain = CSQMI().estimate(x, y)
    assert float(CSQMI().estimate(y, x)) == pytest.approx(float(plain), abs=1e-12)
    assert float(CSQMI().estimate(1e6 * x - 3, -y)) == pytest.approx(float(plain), abs=1e-9)
    # not Shannon: a change of one variable alone changes the value
    assert abs(float(CSQMI().estimate(np.exp(x), y)) - plain) > 1e-3
    assert float(CSQMI(normalized=True).estimate(x, x)) == pytest.approx(1, abs=1e-9)


def test_labels_are_compared_by_equality(rng):
    label = np.arange(300) % 3
    same = float(CSQMI().estimate(label, label))
    p = np.full(3, 1 / 3)
    joint, product = (p**2).sum(), ((p[:, None] * p) ** 2).sum()
    assert same == pytest.approx(np.log(joint * product / ((p**3).sum()) ** 2), abs=1e-9)
    assert float(CSQMI().estimate(label, rng.normal(size=300) + label)) > 0.05
    assert float(CSQMI().estimate(label, rng.normal(size=300))) < 0.02


def test_lonely_rows_are_flagged(rng):
    x = rng.normal(size=(100, 60))
    found = CSQMI().estimate(x, rng.normal(size=100))
    assert "kernel_degenerate" in found.flags
    assert "kernel_degenerate" not in CSQMI("median").estimate(x, rng.normal(size=100)).flags


def test_constant_columns_give_zero(rng):
    found = CSQMI().estimate(np.ones(50), rng.normal(size=50))
    assert found == 0
    assert "constant" in found.flags


def test_bad_input(rng):
    x = rng.normal(size=(20, 2))
    with pytest.raises(ValueError, match="20 rows and t has 19"):
        cs_qmi(x, x[:-1])
    with pytest.raises(ValueError, match="column"):
        cs_divergence(x, x[:, 0])
    with pytest.raises(ValueError, match="missing or infinite"):
        cs_qmi(x, np.full(20, np.nan))
    with pytest.raises(ValueError, match="sigma=-1"):
        cs_qmi(x, x, -1)
    with pytest.raises(ValueError, match="denominator='none'"):
        conditional_cs(x, x, x, denominator="none")
    with pytest.raises(ValueError, match="coincide"):
        cs_qmi(x, np.zeros(20), "median")
    with pytest.raises(ValueError, match="never changes"):
        cs_qmi(x, np.zeros(20), normalized=True)
    with pytest.raises(ValueError, match="transform='rank'"):
        CSQMI(transform="rank").estimate(x, x + 1e-3 * rng.normal(size=x.shape))


def test_too_many_rows_are_refused_before_memory_is_taken(monkeypatch, rng):
    monkeypatch.setattr(gram, "available_bytes", lambda: 2**20)
    x = rng.normal(size=1000)
    with pytest.raises(ValueError, match=r"1,000 rows needs about 0\.0 GiB.*draw fewer rows"):
        cs_qmi(x, x)
    with pytest.raises(ValueError, match="GiB"):
        CSQMI().estimate(x, rng.normal(size=1000))


def test_systems_refuse_what_does_not_add_up(rng):
    x = rng.normal(size=(60, 3))
    with pytest.raises(TypeError, match="chain rule"):
        adami.total_correlation([x[:, 0], x[:, 1], x[:, 2]], method="cs_qmi")
