"""Entropies as gaps from determinism: closed forms, limits, the rules a divergence must obey, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adami.exact import (
    check_enrichment,
    determinism_gap,
    entropy,
    independence_gap,
    kernel_divergence,
    kl_divergence,
    mutual_information,
    renyi_entropy,
    total_correlation,
    tsallis_entropy,
)

NAMED = [
    "kl",
    "tv",
    "chi2",
    "hellinger",
    *(("renyi", a) for a in (0, 0.5, 1, 1.8, 2, 3.5, math.inf)),
    *(("tsallis", q) for q in (0.5, 1, 1.7, 2, 3.0)),
    ("f", lambda t: (t - 1) ** 2),
    ("f", lambda t: abs(t - 1) / 2, 0.5),
]
PERMUTATION = np.eye(4)[[2, 0, 3, 1]]


def laws(n: int, size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(size, 0.7), size=n)
    p[::3, 0] = 0
    return p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("divergence", NAMED, ids=lambda d: str(d).split("<")[0])
def test_is_the_independence_gap_of_the_diagonal(divergence):
    for p in laws(30, 5, 0):
        generic = independence_gap(np.diag(p), divergence)
        assert determinism_gap(p, divergence) == pytest.approx(generic, rel=1e-10, abs=1e-10)


def test_textbook_entropies():
    for p in laws(20, 4, 1):
        assert determinism_gap(p) == pytest.approx(entropy(p), abs=1e-12)
        assert determinism_gap(p, base=2) == pytest.approx(entropy(p, base=2), abs=1e-12)
        assert determinism_gap(p, "tv") == pytest.approx(1 - (p**2).sum(), abs=1e-12)
        assert determinism_gap(p, "chi2") == pytest.approx((p > 0).sum() - 1, abs=1e-12)
        assert determinism_gap(p, "hellinger") == pytest.approx(1 - (p**1.5).sum(), abs=1e-12)
        for order in (0.0, 0.3, 1.0, 1.8, 2.0):
            assert determinism_gap(p, ("renyi", order)) == pytest.approx(
                renyi_entropy(p, 2 - order), abs=1e-12
            )
        for order in (0.5, 1.0, 1.5, 2.0):
            assert determinism_gap(p, ("tsallis", order)) == pytest.approx(
                tsallis_entropy(p, 2 - order), abs=1e-12
            )


def test_renyi_limits():
    p = np.array([0.5, 0.3, 0.2, 0.0])
    assert determinism_gap(p, ("renyi", 2)) == pytest.approx(math.log(3), abs=1e-12)
    assert determinism_gap(p, ("renyi", 1 + 1e-7)) == pytest.approx(entropy(p), abs=1e-6)
    assert determinism_gap(p, ("renyi", 0)) == pytest.approx(-math.log((p**2).sum()), abs=1e-12)
    assert determinism_gap(p, ("renyi", math.inf)) == pytest.approx(-math.log(0.2), abs=1e-12)


def test_a_function_of_two_laws_and_a_generator_agree_with_the_name():
    p = np.array([0.1, 0.2, 0.7])
    assert determinism_gap(p, kl_divergence) == pytest.approx(determinism_gap(p), abs=1e-12)
    kernel = np.array([[0.1, 0.9], [0.5, 0.5]])
    assert determinism_gap(kernel, kl_divergence) == pytest.approx(math.log(2), abs=1e-12)
    by_generator = determinism_gap(p, ("f", lambda t: np.where(t > 0, t * np.log(np.where(t > 0, t, 1)), 0)))
    assert by_generator == pytest.approx(entropy(p), abs=1e-12)


def test_the_other_order_of_arguments_is_infinite():
    p = np.array([0.4, 0.6])
    assert kl_divergence(np.outer(p, p), np.diag(p)) == math.inf
    assert (
        determinism_gap(p, ("f", lambda t: -np.log(np.maximum(t, 0)) if np.all(t > 0) else t + np.inf))
        == math.inf
    )


@pytest.mark.parametrize("divergence", NAMED, ids=lambda d: str(d).split("<")[0])
def test_zero_only_for_deterministic_maps(divergence):
    assert determinism_gap(PERMUTATION, divergence) == pytest.approx(0, abs=1e-15)
    assert determinism_gap([0.0, 1.0, 0.0], divergence) == pytest.approx(0, abs=1e-15)
    noisy = 0.99 * PERMUTATION + 0.01 / 4
    assert determinism_gap(noisy, divergence) > 1e-3


def test_channels_worst_case_and_with_a_prior():
    kernel = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
    prior = np.array([0.25, 0.5, 0.25])
    joint = prior[:, None] * kernel
    assert determinism_gap(kernel) == pytest.approx(entropy(kernel[2]), abs=1e-12)
    conditional = entropy(joint) - entropy(prior)
    assert determinism_gap(kernel, prior=prior) == pytest.approx(conditional, abs=1e-12)
    reverse_kl = ("f", lambda t: -np.log(np.where(t > 0, t, 1)) + np.where(t > 0, 0, np.inf), 0.0)
    assert determinism_gap(kernel, reverse_kl, prior=[0.0, 1.0, 0.0]) == 0
    assert determinism_gap(kernel, reverse_kl) == math.inf


@given(st.integers(0, 10**6))
def test_independence_gap_is_information_and_shrinks_under_local_kernels(seed):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(12)).reshape(3, 4)
    assert independence_gap(table) == pytest.approx(mutual_information(table), abs=1e-10)
    f, g = rng.dirichlet(np.ones(2), size=3), rng.dirichlet(np.ones(3), size=4)
    for divergence in ("tv", "chi2", ("renyi", 0.5), ("renyi", 3.0)):
        after = independence_gap(f.T @ table @ g, divergence)
        assert after <= independence_gap(table, divergence) + 1e-10


def test_independence_gap_of_more_variables():
    table = np.random.default_rng(2).dirichlet(np.ones(24)).reshape(2, 3, 4)
    assert independence_gap(table) == pytest.approx(total_correlation(table), abs=1e-12)


def test_kernel_divergence_is_the_worst_input():
    f, g = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.5, 0.5], [0.75, 0.25]])
    assert kernel_divergence(f, g) == pytest.approx(math.log(4 / 3), abs=1e-12)
    assert kernel_divergence(g, f) == math.inf
    assert kernel_divergence(f, g, base=2) == pytest.approx(math.log2(4 / 3), abs=1e-12)


@pytest.mark.parametrize(
    "divergence", ["kl", "tv", "hellinger", ("renyi", 0.5), ("renyi", 1.8), ("tsallis", 0.5)], ids=str
)
def test_enrichment_holds(divergence):
    found = check_enrichment(divergence, trials=200, random_state=3)
    assert found.holds
    assert float(found) == found.worst_slack == min(found.composition, found.tensor) >= -1e-10
    assert min(found.local_kernels, found.deterministic_maps) >= -1e-10


@pytest.mark.parametrize(
    "divergence",
    ["chi2", ("tsallis", 1.5), lambda p, q: kl_divergence(p, q) ** 2],
    ids=["chi2", "tsallis", "squared kl"],
)
def test_enrichment_failure_is_found(divergence):
    found = check_enrichment(divergence, trials=100, random_state=4)
    assert found.worst_slack < -1e-3
    assert not found.holds


def test_enrichment_repeats():
    assert check_enrichment("tv", 50, random_state=5) == check_enrichment("tv", 50, random_state=5)


def test_tensors_keep_their_gradient():
    torch = pytest.importorskip("torch")
    p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64, requires_grad=True)
    for divergence in ("kl", "tv", "hellinger", ("renyi", 0.5), ("renyi", 3.0), ("tsallis", 3.0)):
        value = determinism_gap(p / p.sum(), divergence)
        assert float(value.detach()) == pytest.approx(
            float(determinism_gap([0.2, 0.3, 0.5], divergence)), abs=1e-12
        )
        (slope,) = torch.autograd.grad(value, p)
        assert torch.isfinite(slope).all()
        assert slope.abs().max() > 0
    kernel = torch.tensor([[0.2, 0.8], [0.5, 0.5]], dtype=torch.float64)
    assert float(independence_gap(kernel / 2)) > 0
    assert float(determinism_gap(kernel, kl_divergence)) == pytest.approx(math.log(2), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: determinism_gap(stats.norm()), "continuous law"),
        (lambda: determinism_gap(stats.norm.pdf), "continuous law"),
        (lambda: determinism_gap(stats.norm(scale=0.1).pdf(np.linspace(-1, 1, 50))), "above 1"),
        (lambda: independence_gap(stats.norm()), "continuous law"),
        (lambda: determinism_gap([0.5, 0.4]), "sums to 0.9"),
        (lambda: determinism_gap([[0.5, 0.5], [0.5, 0.4]]), "sums to 0.9"),
        (lambda: determinism_gap(np.full((2, 2, 2), 0.125)), "flatten a joint"),
        (lambda: determinism_gap([0.5, np.nan]), "finite"),
        (lambda: determinism_gap([0.5, 0.5], "jeffreys"), "'jeffreys' is unknown"),
        (lambda: determinism_gap([0.5, 0.5], ("renyi", -1)), "order=-1"),
        (lambda: determinism_gap([0.5, 0.5], ("tsallis", 0)), "order=0"),
        (lambda: determinism_gap([0.5, 0.5], "tv", base=2), "base=2"),
        (lambda: determinism_gap([0.5, 0.5], prior=[1.0]), "source has none"),
        (lambda: determinism_gap(np.eye(2), prior=[0.5, 0.3, 0.2]), "2 inputs"),
        (lambda: determinism_gap(np.full(2000, 1 / 2000), kl_divergence), "cells"),
        (lambda: independence_gap([0.5, 0.5]), "one axis"),
        (lambda: kernel_divergence(np.eye(2), np.eye(3)), "shape"),
        (lambda: check_enrichment("kl", trials=0), "trials=0"),
        (lambda: check_enrichment(lambda p, q: math.nan, trials=1), "NaN"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
