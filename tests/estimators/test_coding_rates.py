"""Coding rates and what a grouping saves of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import adami
from adami.estimators import CodingRate, coding_rate, rate_additivity, rate_reduction


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def unit(rng, m, d):
    rows = rng.normal(size=(m, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def four_subspaces(rng, m=50):
    basis = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    Z = np.concatenate([unit(rng, m, 4) @ basis[:, 4 * j : 4 * j + 4].T for j in range(4)])
    return Z, np.repeat(range(4), m), basis


def test_isotropic_rows(rng):
    assert float(coding_rate(unit(rng, 20_000, 16))) == pytest.approx(8 * np.log(3), abs=5e-3)


def test_rate_is_that_of_a_normal_law(rng):
    Z = unit(rng, 60, 5)
    moments = np.linalg.eigvalsh(Z.T @ Z / 60)
    assert float(coding_rate(Z, 0.2)) == pytest.approx(0.5 * np.log1p(5 * moments / 0.2).sum(), abs=1e-12)


def test_orthogonal_subspaces_and_shuffled_labels(rng):
    Z, y, basis = four_subspaces(rng)
    assert float(rate_reduction(Z, y)) == pytest.approx(4.34, abs=0.05)
    assert float(rate_reduction(Z, rng.permutation(y))) < 0.6
    lines = np.repeat(basis[:, ::4].T, 50, axis=0)
    assert float(rate_reduction(lines, y)) == pytest.approx(2.646, abs=1e-3)


def test_rates_add_up_exactly_where_subspaces_are_orthogonal(rng):
    Z, y, _ = four_subspaces(rng)
    assert abs(rate_additivity(Z, y).gap) < 1e-9
    assert rate_additivity(Z, rng.permutation(y)).gap > 1
    tilted = Z + 0.1 * Z[::-1]
    assert rate_additivity(tilted, y, assume_normalized=False).gap > 0.01


def test_smaller_form_gives_the_same(rng):
    Z = unit(rng, 7, 30)
    wide = 0.5 * np.linalg.slogdet(np.eye(30) + 30 / (7 * 0.5) * Z.T @ Z)[1]
    assert float(coding_rate(Z)) == pytest.approx(wide, abs=1e-12)


def test_a_new_direction_raises_the_rate(rng):
    Z = unit(rng, 20, 6)
    Z[:, 5] = 0
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    more = Z.copy()
    more[0] = np.eye(6)[5]
    less = Z.copy()
    less[0] = Z[1]
    assert coding_rate(more) > coding_rate(less)


def test_memberships_are_labels_when_hard(rng):
    Z, y, _ = four_subspaces(rng)
    hard = float(rate_reduction(Z, y))
    assert float(rate_reduction(Z, np.eye(5)[y])) == pytest.approx(hard, abs=1e-12)
    soft = 0.7 * np.eye(4)[y] + 0.3 / 4
    assert 0 < float(rate_reduction(Z, soft)) < hard
    assert float(rate_reduction(Z, np.full((200, 4), 0.25))) == pytest.approx(0, abs=1e-12)
    words = np.array(["d", "a", "c", "b"])[y]
    assert float(rate_reduction(Z, words)) == pytest.approx(hard, abs=1e-12)


def test_gradients_and_tensors(rng):
    Z, y, _ = four_subspaces(rng, 3)
    tensor = torch.tensor(Z, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: rate_reduction(z, y, assume_normalized=False), (tensor,))
    assert torch.autograd.gradcheck(lambda z: coding_rate(z, assume_normalized=False), (tensor,))
    assert float(rate_reduction(tensor, torch.tensor(y))) == pytest.approx(
        float(rate_reduction(Z, y)), abs=1e-12
    )
    single = torch.tensor(Z, dtype=torch.float32)
    assert float(coding_rate(single, 1e-5)) == pytest.approx(float(coding_rate(Z, 1e-5)), rel=1e-3)


def test_estimator_says_what_it_measures(rng):
    Z, y, _ = four_subspaces(rng)
    found = adami.information(5 * Z, y, method="coding_rate")
    assert (found.measure, found.quantity) == ("coding_rate", "coding rate reduction")
    assert float(found) == pytest.approx(float(rate_reduction(Z, y)), abs=1e-9)
    assert "normalized" in found.flags
    rate = adami.entropy(Z, method="coding_rate")
    assert (rate.measure, rate.quantity) == ("coding_rate", "coding rate")
    assert "normalized" not in rate.flags
    with pytest.raises(TypeError, match="cannot be mixed"):
        adami.information(Z[:, 0], y) + found


def test_few_rows_of_a_label_are_flagged(rng):
    Z, y, _ = four_subspaces(rng, 8)
    assert "small_class" in CodingRate().estimate(Z, y).flags


def test_bad_input(rng):
    Z = unit(rng, 20, 3)
    with pytest.raises(ValueError, match="assume_normalized=False"):
        coding_rate(2 * Z)
    with pytest.raises(ValueError, match="all zeros"):
        coding_rate(np.zeros((4, 2)), assume_normalized=False)
    with pytest.raises(ValueError, match="eps2=0"):
        coding_rate(Z, 0)
    with pytest.raises(ValueError, match="20 rows and y has 3"):
        rate_reduction(Z, [0, 1, 2])
    with pytest.raises(ValueError, match="sum to 1"):
        rate_reduction(Z, np.ones((20, 2)))
    with pytest.raises(ValueError, match="lengths"):
        CodingRate(normalize=False).estimate(2 * Z)
    with pytest.raises(TypeError, match="takes labels for y"):
        CodingRate().estimate(Z, rng.normal(size=20))
    with pytest.raises(TypeError, match="takes numbers for x"):
        CodingRate().estimate(np.arange(20) % 2)
