"""Variational bounds as functions of a matrix of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from adami.estimators import bound_theory, bounds
from adami.estimators.bound_theory import (
    clipped_partition_bias,
    clipped_partition_variance,
    partition_variance,
)
from adami.estimators.bounds import (
    club_bound,
    dv_bound,
    infonce_bound,
    interpolated_bound,
    js_nwj_bound,
    js_objective,
    mi_bounds,
    nwj_bound,
    smile_bound,
    tuba_bound,
)


@pytest.fixture
def scores():
    return np.random.default_rng(3).normal(size=(9, 9)) * 2


def off(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def gaussian_scores(information, batch, rng, dim=20):
    """The true log density ratio of a Gaussian pair, for all pairs of a batch."""
    rho = math.sqrt(-math.expm1(-2 * information / dim))
    x = rng.normal(size=(batch, dim))
    y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(batch, dim))
    cross, squares = x @ y.T, (x**2).sum(1)[:, None] + (y**2).sum(1)[None, :]
    return information + (rho * cross - rho**2 * squares / 2) / (1 - rho**2)


def test_against_plain_formulas(scores):
    d, o = np.diagonal(scores), off(scores)
    found = mi_bounds(scores, tau=1.5)
    assert list(found) == ["dv", "nwj", "infonce", "smile", "js_nwj", "js"]
    assert found["dv"] == pytest.approx(d.mean() - np.log(np.exp(o).mean()))
    assert found["nwj"] == pytest.approx(d.mean() - np.exp(o - 1).mean())
    assert found["smile"] == pytest.approx(d.mean() - np.log(np.exp(np.clip(o, -1.5, 1.5)).mean()))
    assert found["js_nwj"] == pytest.approx(1 + d.mean() - np.exp(o).mean())
    softmax = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert found["infonce"] == pytest.approx(np.log(9) + np.log(np.diagonal(softmax)).mean())
    assert found["js"] == pytest.approx(-np.log1p(np.exp(-d)).mean() - np.log1p(np.exp(o)).mean())
    a = np.random.default_rng(0).normal(size=9)
    expected = 1 + (d - a).mean() - off(np.exp(scores - a)).mean()
    assert tuba_bound(scores, a) == pytest.approx(expected)
    assert club_bound(scores) == pytest.approx(d.mean() - scores.mean())


def test_identities(scores):
    ones = np.ones(9)
    assert interpolated_bound(scores, ones, 1.0) == pytest.approx(infonce_bound(scores.T))
    assert interpolated_bound(scores, ones, 0.0) == pytest.approx(nwj_bound(scores))
    assert interpolated_bound(scores, ones, 1e-12) == pytest.approx(nwj_bound(scores))
    assert tuba_bound(scores, ones) == pytest.approx(nwj_bound(scores))
    assert smile_bound(scores, math.inf) == dv_bound(scores)
    assert dv_bound(scores + 3.0) == pytest.approx(dv_bound(scores))
    assert js_nwj_bound(scores) == pytest.approx(nwj_bound(scores + 1))
    # at the best shift NWJ is DV: its logarithm is linearised there
    best = scores - (np.log(np.exp(off(scores)).mean()) - 1)
    assert nwj_bound(best) == pytest.approx(dv_bound(scores))
    assert nwj_bound(scores) <= dv_bound(scores)


def test_interpolated_against_plain_formula(scores):
    a, alpha, n = np.random.default_rng(1).normal(size=9), 0.3, 9
    e = np.exp(scores)
    whole = alpha * e.mean(0) + (1 - alpha) * np.exp(a)
    part = alpha * (e.sum(0) - np.diagonal(e)) / (n - 1) + (1 - alpha) * np.exp(a)
    second = ((e.sum(0) - np.diagonal(e)) / (n - 1) / part).mean()
    expected = 1 + (np.diagonal(scores) - np.log(whole)).mean() - second
    assert interpolated_bound(scores, a, alpha) == pytest.approx(expected)


def test_tensors_give_the_same(scores):
    t = torch.tensor(scores)
    for name, value in mi_bounds(scores).items():
        assert float(mi_bounds(t)[name]) == pytest.approx(float(value), abs=1e-12)


def test_extreme_scores_stay_finite():
    f = 800.0 * np.eye(6) - 400
    for name in ("dv", "infonce", "smile", "js_nwj", "js"):
        assert np.isfinite(mi_bounds(f)[name])
    t = torch.tensor(f, requires_grad=True)
    (dv_bound(t) + js_objective(t) + infonce_bound(t)).backward()
    assert torch.isfinite(t.grad).all()


def test_the_diagonal_has_no_share_in_the_partition():
    t = torch.zeros(5, 5, dtype=torch.float64, requires_grad=True)
    dv_bound(t).backward()
    np.testing.assert_allclose(np.diagonal(t.grad), 1 / 5)
    np.testing.assert_allclose(off(t.grad.numpy()), -1 / 20)
    # a sum with minus infinity times the identity has no gradient at all: 0 times infinity
    wrong = torch.zeros(5, 5, dtype=torch.float64, requires_grad=True)
    torch.logsumexp(wrong + torch.eye(5) * -math.inf, (0, 1)).backward()
    assert not torch.isfinite(wrong.grad).all() or wrong.grad.isnan().any()


def test_gradients_against_finite_differences(scores):
    f = torch.tensor(scores, requires_grad=True)
    a = torch.randn(9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for bound in (dv_bound, nwj_bound, infonce_bound, js_objective, js_nwj_bound, club_bound):
        assert torch.autograd.gradcheck(bound, (f,))
    assert torch.autograd.gradcheck(lambda s: smile_bound(s, 1.0), (f,))
    assert torch.autograd.gradcheck(lambda s: interpolated_bound(s, a, 0.4), (f,))


@pytest.mark.parametrize("information", [2.0, 6.0])
def test_the_true_ratio_gives_the_known_values(information):
    rng = np.random.default_rng(11)
    drawn = [mi_bounds(gaussian_scores(information, 64, rng)) for _ in range(400)]
    mean = {name: np.mean([float(d[name]) for d in drawn]) for name in drawn[0]}
    known = {2.0: (2.01, 1.82, 2.03), 6.0: (6.21, 3.72, 6.67)}[information]
    spread = {2.0: (0.26, 0.20, 0.25), 6.0: (0.67, 0.12, 0.46)}[information]
    for name, value, sd in zip(("dv", "infonce", "smile"), known, spread):
        assert abs(mean[name] - value) <= 4 * sd / 20 + 0.02
    assert mean["infonce"] <= math.log(64)
    # clipping takes more off the partition than it adds, so SMILE is above the truth here
    assert mean["smile"] > information


def test_variances_of_theory():
    rng = np.random.default_rng(0)
    ratios = np.exp([gaussian_scores(1.0, 4, rng)[0, 1] for _ in range(20_000)])
    assert ratios.var() == pytest.approx(partition_variance_of_gaussian(1.0), rel=0.5)
    assert partition_variance(1.0, 1) <= partition_variance_of_gaussian(1.0)
    clipped = np.clip(ratios, math.exp(-1), math.exp(1))
    assert clipped.var() <= clipped_partition_variance(1.0, 1)
    assert ratios.var() > clipped_partition_variance(0.5, 1)
    assert clipped_partition_bias(np.log(ratios), 1.0) == pytest.approx(clipped.mean() - 1)
    assert clipped_partition_bias(np.zeros(3), 5.0) == 0


def partition_variance_of_gaussian(information, dim=20):
    """Chi-squared divergence of a Gaussian pair from independence."""
    rho2 = -math.expm1(-2 * information / dim)
    return (1 - rho2) ** -dim - 1


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"shape \(3, 4\)"):
        dv_bound(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="batch of 3"):
        mi_bounds(np.zeros((3, 3)))
    for tau in (0, -1, math.nan):
        with pytest.raises(ValueError, match="tau"):
            smile_bound(np.zeros((4, 4)), tau)
    with pytest.raises(ValueError, match="alpha"):
        interpolated_bound(np.zeros((4, 4)), np.zeros(4), 1.5)
    with pytest.raises(ValueError, match="log_baseline"):
        tuba_bound(np.zeros((4, 4)), np.zeros(3))
    with pytest.raises(ValueError, match="n=0"):
        partition_variance(1.0, 0)


def test_every_public_name_is_there():
    import adami.estimators as package

    for name in ("mi_bounds", "smile_bound", "club_bound"):
        assert getattr(package, name) is getattr(bounds, name)
    assert package.clipped_partition_bias is bound_theory.clipped_partition_bias
