"""The flow without gradients: there and back, towards a Gaussian, and laws that look like one's own data."""

from __future__ import annotations

import numpy as np
import pytest

from adami.estimators import AdaptedMeta, IterativeGaussianization
from adami.tasks import MetaDataset


def moons(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, np.pi, n)
    upper = rng.random(n) < 0.5
    rows = np.column_stack([np.cos(angle), np.sin(angle)])
    rows[upper] = [1.0, 0.4] - rows[upper]
    return rows + 0.08 * rng.normal(size=rows.shape)


def test_there_and_back() -> None:
    rows = moons(800, 0)
    flow = IterativeGaussianization().fit(rows)
    other = moons(300, 1)
    assert np.allclose(flow.inverse(flow.transform(other)), other, atol=1e-6)


def test_it_goes_towards_a_gaussian() -> None:
    z = IterativeGaussianization(30).fit(moons(2000, 0)).transform(moons(2000, 1))
    one = IterativeGaussianization(1).fit(moons(2000, 0)).transform(moons(2000, 1))

    def beyond(rows: np.ndarray) -> float:
        # of a standard Gaussian, squared lengths are exponential with mean 2
        lengths = np.sort((rows**2).sum(1))
        return float(np.abs(-np.expm1(-lengths / 2) - np.arange(len(rows)) / len(rows)).max())

    assert beyond(z) < 0.08
    assert beyond(one) > 1.5 * beyond(z)


def test_samples_take_the_shape_and_keep_the_information() -> None:
    rows = moons(1500, 2)
    flow = IterativeGaussianization(20).fit(rows)
    adapted = AdaptedMeta(MetaDataset(("normal-rotated-base",), n_range=(200, 400)), flow, flow)
    x, y, mi = adapted.batch(6, 0)
    assert x.shape[2] == y.shape[2] == 2
    # the moons' hollow shape: few rows far outside
    flat = x.reshape(-1, 2)
    assert np.abs(flat).max() < np.abs(rows).max() + 1
    plain = adapted.meta.batch(6, 0, dims=(2, 2))
    assert np.array_equal(plain[2], mi)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="at least one"):
        IterativeGaussianization(0).fit(moons(20, 0))
    with pytest.raises(ValueError, match="constant column"):
        IterativeGaussianization().fit(np.ones((20, 2)))
    with pytest.raises(ValueError, match=r"call fit\(X\) first"):
        IterativeGaussianization().transform(moons(20, 0))
    with pytest.raises(ValueError, match="learnt on 2"):
        IterativeGaussianization().fit(moons(20, 0)).transform(np.ones((5, 3)))
