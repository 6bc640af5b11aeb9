"""The Gaussian law for each label from which denoisers start, beside sums over the labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from adami.estimators import InfoDiffusion
from adami.estimators._nets.gaussian_denoiser import ABSENT, CLEAN, DIFFUSED, GaussianPart, Pattern
from adami.estimators._nets.mixture_start import MOST_CELLS, MixturePart, few_cells

SIZES = (2, 3)


def rows(n=600, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n)
    centres = np.array([[4.0, 0.0], [0.0, 4.0], [-4.0, -1.0]])
    x = centres[label] + rng.normal(size=(n, 2)) @ [[1.0, 0.4], [0.0, 0.7]]
    return np.hstack([x, np.eye(3)[label]]), label


def test_unknown_labels_are_summed_over():
    table, label = rows()
    part = MixturePart(Pattern((DIFFUSED, ABSENT)), SIZES, table)
    rng = np.random.default_rng(1)
    z, alpha = rng.normal(size=(5, 2)) * 3, np.linspace(-2, 3, 5)
    m, s = (1 / np.sqrt(1 + np.exp(-t)) for t in (alpha, -alpha))
    centres = np.array([table[label == c, :2].mean(axis=0) for c in range(3)])
    inside = sum(np.cov(table[label == c, :2].T, bias=True) * np.mean(label == c) for c in range(3))
    guess = part(torch.tensor(np.hstack([z, np.zeros((5, 3))])), torch.tensor(alpha)).numpy()
    for i in range(5):
        whole = m[i] ** 2 * inside + s[i] ** 2 * np.eye(2)
        apart = np.array([np.linalg.solve(whole, z[i] - m[i] * c) for c in centres])
        likely = [-0.5 * a @ (z[i] - m[i] * c) for a, c in zip(apart, centres)]
        weight = np.exp(likely - np.max(likely)) * np.bincount(label)
        np.testing.assert_allclose(guess[i, :2], s[i] * weight @ apart / weight.sum(), atol=1e-4)
        # one Gaussian law for all labels would guess something else
        mean, covariance = table.mean(axis=0), np.cov(table.T, bias=True)
    single = GaussianPart(Pattern((DIFFUSED, ABSENT)), SIZES, mean, covariance)
    other = single(torch.tensor(np.hstack([z, np.zeros((5, 3))])), torch.tensor(alpha)).numpy()
    assert np.abs(other - guess).max() > 0.05


def test_a_known_label_leaves_one_law():
    table, _ = rows()
    pattern = Pattern((DIFFUSED, CLEAN))
    z, alpha = torch.tensor(table[:20]), torch.linspace(-3, 3, 20, dtype=torch.float64)
    mean, covariance = table.mean(axis=0), np.cov(table.T, bias=True)
    linear = GaussianPart(pattern, SIZES, mean, covariance)
    torch.testing.assert_close(
        MixturePart(pattern, SIZES, table)(z, alpha), linear(z, alpha), atol=1e-4, rtol=0
    )


def test_few_cells():
    assert few_cells(rows()[0], slice(2, None))
    assert not few_cells(np.eye(MOST_CELLS + 1), slice(0, None))


def test_information_of_labels_from_the_start():
    table, label = rows(400)
    model = InfoDiffusion(gaussian_start=True, steps=20, hidden=16, n_alpha=100, random_state=0)
    model.fit(table[:, :2], label)
    found = model.pointwise(table[:, :2], label, kind="s").mean()
    assert found == pytest.approx(np.log(3), abs=0.15)
