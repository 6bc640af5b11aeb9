"""Diffusion spectral entropy, the information made of it, and its companions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import eigvalsh

import adami
from adami.estimators import (
    DSE,
    DSMI,
    adjacency_spectral_entropy,
    binned_entropy,
    diffusion_eigenvalues,
    diffusion_entry_entropy,
    diffusion_spectral_entropy,
    diffusion_spectral_information,
    spectral_clusters,
)
from adami.estimators import _gram as gram


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def clusters(rng, k):
    cloud = np.repeat(100.0 * np.eye(20)[:k], 60, axis=0)
    return cloud + 0.1 * rng.normal(size=cloud.shape)


def plainly(X, sigma, normalization):
    """Eigenvalues by the definition: of the row-stochastic matrix itself, which is not symmetric."""
    G = np.exp(-((X[:, None] - X[None]) ** 2).sum(-1) / (2 * sigma**2))
    if normalization == "anisotropic":
        G = G / np.sqrt(np.outer(G.sum(1), G.sum(1)))
    return np.sort(np.linalg.eigvals(G / G.sum(1, keepdims=True)).real)[::-1]


@pytest.mark.parametrize("normalization", ["random_walk", "anisotropic"])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_clusters_are_counted(rng, k, normalization):
    X = clusters(rng, k)
    found = float(diffusion_spectral_entropy(X, 1.0, 10, normalization=normalization))
    assert found == pytest.approx(np.log(k), abs=1e-6)
    one_step = float(diffusion_spectral_entropy(X, 1.0, normalization=normalization))
    assert one_step == pytest.approx({1: 1.0, 3: 2.1, 10: 3.32}[k], abs=0.06)


@pytest.mark.parametrize("normalization", ["random_walk", "anisotropic"])
def test_eigenvalues_are_those_of_the_random_walk(rng, normalization):
    X = rng.normal(size=(60, 3))
    found = diffusion_eigenvalues(X, 1.0, normalization)
    np.testing.assert_allclose(found, plainly(X, 1.0, normalization), atol=1e-10)
    assert found[0] == pytest.approx(1, abs=1e-12)


def test_the_two_normalisations_differ(rng):
    X = rng.exponential(size=(80, 2))
    a, b = (diffusion_eigenvalues(X, 1.0, n) for n in ("random_walk", "anisotropic"))
    assert np.abs(a - b).max() > 1e-3


def test_ends_of_the_range(rng):
    assert float(diffusion_spectral_entropy(1e4 * rng.normal(size=(50, 9)))) == pytest.approx(
        np.log(50), abs=1e-9
    )
    assert float(diffusion_spectral_entropy(rng.normal(size=(50, 9)), 1e6)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("columns", [1, 2, 5, 40])
def test_low_rank_and_full_rank_are_exact(rng, columns):
    X = rng.normal(size=(600, columns))
    away = ((X[:, None] - X[None]) ** 2).sum(-1)
    G = np.exp(-away / 200)
    values = np.abs(eigvalsh(G / np.sqrt(np.outer(G.sum(1), G.sum(1)))))
    p = values / values.sum()
    truth = -np.sum(p[p > 0] * np.log(p[p > 0]))
    assert float(diffusion_spectral_entropy(X)) == pytest.approx(truth, abs=1e-9)


def test_widths_from_the_data_do_not_depend_on_the_unit(rng):
    X = rng.normal(size=(60, 3))
    for sigma in ("median", "knn"):
        small, large = (float(diffusion_spectral_entropy(scale * X, sigma)) for scale in (1e-3, 1e3))
        assert small == pytest.approx(large, abs=1e-9)
    assert abs(float(diffusion_spectral_entropy(X)) - float(diffusion_spectral_entropy(10 * X))) > 0.1


def test_tensors_agree_and_carry_gradients(rng):
    X = rng.normal(size=(12, 2))
    for sigma in (1.0, "median", "knn"):
        for normalization in ("random_walk", "anisotropic"):
            there = diffusion_spectral_entropy(torch.tensor(X), sigma, 2, normalization=normalization)
            here = diffusion_spectral_entropy(X, sigma, 2, normalization=normalization)
            assert float(there) == pytest.approx(float(here), abs=1e-10)
    tensor = torch.tensor(X, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: diffusion_spectral_entropy(x, 1.0), (tensor,))
    y = np.arange(12) % 2
    there = float(diffusion_spectral_information(torch.tensor(X), y, 1.0))
    assert there == pytest.approx(float(diffusion_spectral_information(X, y, 1.0)), abs=1e-10)


def test_subsample_is_seeded_and_told(rng):
    X = rng.normal(size=(90, 2))
    estimator = DSE(1.0, max_n=40)
    found = estimator.estimate(X)
    assert found == estimator.estimate(X)
    assert found != DSE(1.0, max_n=40, random_state=1).estimate(X)
    assert "subsampled" in found.flags
    assert found.details["rows"] == 40
    assert "subsampled" not in DSE(1.0).estimate(X).flags


def test_information_of_clusters_about_labels(rng):
    X, y = clusters(rng, 3), np.repeat(range(3), 60)
    assert float(diffusion_spectral_information(X, y, 10.0)) == pytest.approx(np.log(3), abs=0.05)
    shuffled = [
        float(diffusion_spectral_information(X, rng.permutation(y), 10.0, random_state=s)) for s in range(8)
    ]
    assert abs(np.mean(shuffled)) <= 2 * np.std(shuffled, ddof=1) + 1e-3
    # the equal sizes matter: all rows against those of a class differ by their numbers alone
    lone = 1e4 * rng.normal(size=(90, 5))
    groups = np.arange(90) % 3
    assert abs(float(diffusion_spectral_information(lone, groups))) < 1e-9
    unequal = float(diffusion_spectral_entropy(lone)) - float(diffusion_spectral_entropy(lone[groups == 0]))
    assert unequal == pytest.approx(np.log(3), abs=1e-6)


def test_clusters_of_numbers():
    np.testing.assert_array_equal(spectral_clusters(np.linspace(0, 1, 11)), [*range(10), 9])
    rng = np.random.default_rng(0)
    y = np.repeat(range(3), 30)
    found = spectral_clusters(20 * np.eye(3)[y] + rng.normal(size=(90, 3)), n_clusters=3)
    assert len({(a, b) for a, b in zip(y, found)}) == 3
    with pytest.raises(ValueError, match="n_clusters=1"):
        spectral_clusters(np.arange(5.0), 1)


def test_estimators_say_what_they_measure(rng):
    X, y = clusters(rng, 3), np.repeat(["a", "b", "c"], 60)
    said = adami.information(X, y, method="dsmi", confidence=0.9)
    assert (said.measure, said.quantity) == ("dsmi", "diffusion spectral mutual information")
    assert float(said) == pytest.approx(np.log(3), abs=0.05)
    alone = adami.entropy(X, method="dse")
    assert (alone.measure, alone.quantity) == ("dse", "diffusion spectral entropy")
    with pytest.raises(TypeError, match="cannot be mixed"):
        said - alone
    with pytest.raises(TypeError, match="leave y out"):
        DSE().estimate(X, y)
    about_numbers = DSMI(n_clusters=3).estimate(X, X[:, 0])
    assert "clustered" in about_numbers.flags


def test_labels_of_one_row_are_left_out_and_told(rng):
    X = rng.normal(size=(41, 2))
    y = np.append(np.arange(40) % 2, 7)
    assert "small_class" in DSMI(1.0).estimate(X, y).flags


def test_companions(rng):
    X = rng.normal(size=(40, 3))
    G = np.exp(-((X[:, None] - X[None]) ** 2).sum(-1) / 2)
    p = np.abs(np.linalg.eigvalsh(G))
    p /= p.sum()
    assert float(adjacency_spectral_entropy(X, sigma=1.0)) == pytest.approx(-(p * np.log(p)).sum(), abs=1e-9)
    assert adjacency_spectral_entropy(X, "knn", k=40) == pytest.approx(0, abs=1e-6)
    assert adjacency_spectral_entropy(X, "knn", k=1) == pytest.approx(np.log(40), abs=1e-9)
    P = (G / G.sum(1, keepdims=True)).ravel() / 40
    assert float(diffusion_entry_entropy(X, 1.0)) == pytest.approx(-(P * np.log(P)).sum(), abs=1e-9)
    assert diffusion_entry_entropy(X, 1.0, normalization="anisotropic") != diffusion_entry_entropy(X, 1.0)
    assert binned_entropy(rng.normal(size=(50, 40))) == pytest.approx(np.log(50))
    assert binned_entropy(np.ones((5, 2))) == 0


def test_bad_input(rng):
    X = rng.normal(size=(20, 2))
    for bad in (0, -1.0, np.inf, "wide", "none"):
        with pytest.raises(ValueError, match="sigma="):
            diffusion_spectral_entropy(X, bad)
    with pytest.raises(ValueError, match="t=0"):
        diffusion_spectral_entropy(X, t=0)
    with pytest.raises(ValueError, match="at least 3 rows"):
        diffusion_spectral_entropy(X[:2])
    with pytest.raises(ValueError, match="normalization='none'"):
        diffusion_spectral_entropy(X, normalization="none")
    with pytest.raises(ValueError, match="missing or infinite"):
        diffusion_spectral_entropy(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="20 rows and y has 2"):
        diffusion_spectral_information(X, [0, 1])
    with pytest.raises(ValueError, match="one row only"):
        diffusion_spectral_information(X, np.arange(20))
    with pytest.raises(ValueError, match="n_repetitions=0"):
        diffusion_spectral_information(X, np.arange(20) % 2, n_repetitions=0)
    with pytest.raises(ValueError, match="coincides"):
        diffusion_spectral_entropy(np.ones((20, 2)), "knn")
    with pytest.raises(ValueError, match="k=0"):
        adjacency_spectral_entropy(X, "knn", k=0)
    with pytest.raises(ValueError, match="kind='none'"):
        adjacency_spectral_entropy(X, "none")
    with pytest.raises(ValueError, match="n_bins=1"):
        binned_entropy(X, 1)
    with pytest.raises(TypeError, match="takes numbers"):
        DSE().estimate(np.arange(20) % 2)


def test_too_many_rows_are_refused_before_memory_is_taken(monkeypatch, rng):
    monkeypatch.setattr(gram, "available_bytes", lambda: 2**20)
    with pytest.raises(ValueError, match="GiB"):
        diffusion_spectral_entropy(rng.normal(size=(1000, 2)))
