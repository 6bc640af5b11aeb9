"""Information after compression: compressors, sums of entropies, bounds, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami import tasks
from adami.estimators import (
    AutoencoderCompressor,
    CCACompressor,
    LossyMI,
    PCACompressor,
    SupervisedCompressor,
    compression_gap_bound,
)
from adami.estimators._entropy_sums import shuffles
from adami.variables import variable

SHORT = {"steps": 100, "hidden": (32,), "learning_rate": 3e-3}


def pair(n=1500, rho=0.8, d=30, seed=0, noise=0.01):
    rng = np.random.default_rng([seed, n])
    a, b = rng.normal(size=(2, n, 1))
    b = rho * a + math.sqrt(1 - rho**2) * b
    return tuple(v @ rng.normal(size=(1, d)) + noise * rng.normal(size=(n, d)) for v in (a, b))


def truth(rho):
    return -0.5 * math.log(1 - rho**2)


@pytest.mark.parametrize("entropy", ["weighted_kl", "kde"])
@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_one_shared_direction_among_many_columns(entropy, rho):
    found = LossyMI(latent=1, entropy=entropy).estimate(*pair(rho=rho))
    assert abs(found - truth(rho)) < 0.08
    assert found.pointwise.mean() == pytest.approx(found.value)
    assert found.interval[0] < found < found.interval[1]
    assert found.details["kept_x"] > 0.99


def test_label():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1500)
    x = np.where(y, 3.0, -3.0)[:, None] * rng.normal(size=(1, 20)) + 0.1 * rng.normal(size=(1500, 20))
    found = LossyMI(latent=2).estimate(x, y)
    assert found == pytest.approx(math.log(2), abs=0.1)
    assert LossyMI(latent=2).estimate(y, x) == found
    assert abs(LossyMI(latent=2).estimate(x, rng.permutation(y))) < 0.1
    with pytest.raises(ValueError, match=r"1 label\(s\).*fewer than"):
        LossyMI(latent=2).estimate(x, np.where(np.arange(1500) < 3, "rare", "common"))


def test_images_with_preset_information():
    x, y = tasks.get("image-bumps-16-1").sample(2000, random_state=0)
    assert LossyMI().estimate(x, y) == pytest.approx(1, abs=0.35)
    rng = np.random.default_rng(0)
    assert abs(LossyMI().estimate(x, y[rng.permutation(2000)])) < 0.35


def test_shuffled_pairs_show_the_bias():
    rng = np.random.default_rng(0)
    # the corner of a curved box: entropies of 2 and 4 dimensions miss differently much
    x, y = (np.stack([a, a**4 + 0.01 * b], axis=1) for a, b in rng.random((2, 2, 1500)))
    free, plain = (LossyMI(shuffles=s, transform="none").estimate(x, y) for s in (4, 0))
    assert abs(free) < 0.1 < abs(plain)
    assert free.value == pytest.approx(plain.value - free.details["shuffled"])
    assert free.pointwise.mean() == pytest.approx(free.value)
    assert "shuffled" not in plain.details
    v = [variable(side, name, kinds="continuous") for side, name in ((x, "x"), (y, "y"))]
    for order in shuffles(*v, 3, 0):
        np.testing.assert_array_equal(order[order], np.arange(1500))
        assert (order != np.arange(1500)).all()
    folded = tasks.get("image-rectangles-16-0").sample(1000, random_state=0)
    assert "large_bias" in LossyMI().estimate(*(variable(s, "s", kinds="continuous") for s in folded)).flags


def test_gap_bound_holds_for_linear_gaussian_rows():
    rng = np.random.default_rng(0)
    variances, sigma = np.array([9.0, 4.0, 1.0, 0.25]), 0.5
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    signal = rng.normal(size=(200_000, 4)) * np.sqrt(variances)
    x = signal @ turn.T + sigma * rng.normal(size=signal.shape)
    # y is the signal itself seen through noise of the same size, so each direction adds its own part
    total = 0.5 * np.log(1 + variances / sigma**2)
    for kept in (1, 2, 3):
        lost = total[kept:].sum()
        assert compression_gap_bound(x, kept, sigma) == pytest.approx(lost, rel=0.03)
    for noise_y in (0.3, 2.0):
        each = -0.5 * np.log(1 - variances**2 / ((variances + sigma**2) * (variances + noise_y**2)))
        assert each[2:].sum() <= compression_gap_bound(x, 2, sigma)
        # the bound of all four directions would be wrong for fewer
        assert each[1:].sum() > compression_gap_bound(x, 3, sigma)
    assert compression_gap_bound(x, 4, sigma) == 0
    told = LossyMI(latent=2, noise=sigma).estimate(x[:2000], signal[:2000, 0])
    assert told.details["compression_gap_bound"] == pytest.approx(compression_gap_bound(x[:2000], 2, sigma))
    with pytest.raises(ValueError, match="noise"):
        compression_gap_bound(x, 2, 0.0)


def test_a_small_informative_direction_is_told_of_and_found_by_cca():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1500, 8)) * [5, 4, 3, 2, 1, 1, 1, 0.01]
    y = x[:, 7:] / 0.01 + 0.5 * rng.normal(size=(1500, 1))
    blind = LossyMI().estimate(x, y)
    assert blind < 0.15
    assert "discarded_information" in blind.flags
    seeing = LossyMI(x_compressor="cca").estimate(x, y)
    assert seeing > 0.5
    assert seeing.details["rows_read"] == 750
    assert "discarded_information" not in LossyMI(latent=1).estimate(*pair()).flags


@pytest.mark.parametrize("compressor", [AutoencoderCompressor, SupervisedCompressor])
def test_trained_compressors(compressor):
    x, y = pair(600, 0.95, d=10)
    found = LossyMI(compressor(1, **SHORT), "pca", latent=1).estimate(x, y)
    assert found > 0.7
    assert found == LossyMI(compressor(1, **SHORT), "pca", latent=1).estimate(x, y)
    assert found.details["rows_read"] == (600 if compressor is AutoencoderCompressor else 300)


def test_supervised_by_a_label_and_convolutional():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    x = rng.normal(size=(600, 36))
    x[:, 7] += 6.0 * y
    label = variable(y, "y", kinds="discrete")
    code = SupervisedCompressor(2, shape=(6, 6), **SHORT).fit(x, label).transform(x)
    assert code.shape == (600, 2)
    assert LossyMI("none", "none").estimate(code, y) > 0.5
    with pytest.raises(ValueError, match="does not make 36"):
        AutoencoderCompressor(shape=(5, 6)).fit(x)


def test_principal_directions():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 80))
    fitted = PCACompressor(5).fit(rows)
    assert fitted.kept_ == 3
    code = fitted.transform(rows)
    np.testing.assert_allclose(np.cov(code.T, ddof=0), np.diag(fitted.variances_[:3]), atol=1e-9)
    tall = PCACompressor(2).fit(rows.T)
    assert tall.discarded(rows.T).shape == (80, 1)
    spectrum = np.linalg.svd(rows.T - rows.T.mean(0), compute_uv=False)[:3] ** 2 / 80
    np.testing.assert_allclose(tall.variances_, spectrum)
    with pytest.raises(ValueError, match="components"):
        PCACompressor(0).fit(rows)


def test_canonical_directions():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2000, 5))
    y[:, 0] = 0.9 * x[:, 3] + math.sqrt(1 - 0.81) * y[:, 0]
    fitted = CCACompressor(2).fit(x * 7, variable(y, "y"))
    assert fitted.correlations_[0] == pytest.approx(0.9, abs=0.02)
    assert abs(np.corrcoef(fitted.transform(x * 7)[:, 0], x[:, 3])[0, 1]) > 0.99


def test_units_order_and_sides_do_not_matter():
    x, y = pair(400)
    plain = LossyMI(latent=2).estimate(x, y)
    assert LossyMI(latent=2).estimate(1e-12 * x, 1e12 * y) == pytest.approx(plain.value, abs=1e-6)
    assert LossyMI(latent=2).estimate(y, x) == pytest.approx(plain.value, abs=1e-9)
    rows = np.random.default_rng(0).permutation(400)
    assert LossyMI(latent=2).estimate(x[rows], y[rows]) == pytest.approx(plain.value, abs=1e-9)


def test_compressed_codes():
    x, _ = pair(300)
    code = LossyMI(latent=2).compressed(x)
    assert code.shape == (300, 2)
    assert LossyMI("none").compressed(x).shape == (300, 30)
    with pytest.raises(ValueError, match="both variables"):
        LossyMI("cca").compressed(x)


def test_refusals():
    x, y = pair(300, d=3)
    with pytest.raises(ValueError, match="choose 'auto'"):
        LossyMI("svd").estimate(x, y)
    with pytest.raises(ValueError, match="transform="):
        LossyMI(transform="rank").estimate(x, y)
    with pytest.raises(ValueError, match="entropy="):
        LossyMI(entropy="ksg").estimate(x, y)
    with pytest.raises(ValueError, match="shuffles="):
        LossyMI(shuffles=-1).estimate(x, y)
    with pytest.raises(ValueError, match="singular"):
        LossyMI("none", "none", transform="none").estimate(x, x[:, :1])
    with pytest.raises(TypeError, match="two labels"):
        LossyMI().estimate(["a", "b"] * 20, ["a", "b"] * 20)
    with pytest.raises(TypeError, match="no entropy"):
        LossyMI().estimate(x)
    assert LossyMI().estimate(x, np.ones(300)) == 0
