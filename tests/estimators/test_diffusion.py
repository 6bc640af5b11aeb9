"""Noise levels and read-outs with exact Gaussian denoisers: every formula of the diffusion engine."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

torch = pytest.importorskip("torch")

from adami.estimators._nets.denoiser import Block, Denoiser  # noqa: E402
from adami.estimators._nets.diffusion import VPSDE, LogisticLevels, signal_and_noise, strata  # noqa: E402
from adami.estimators._nets.gaussian_denoiser import GaussianDenoiser, GaussianPart, Pattern  # noqa: E402
from adami.estimators._nets.score_reads import Draw, half_square, integrate  # noqa: E402

RHO = 0.8
TRUTH = -0.5 * math.log(1 - RHO**2)
COVARIANCE = np.array([[1, RHO], [RHO, 1]])
X, X_Y, Y_X, XY = Pattern((1, -1)), Pattern((1, 0)), Pattern((0, 1)), Pattern((1, 1))
LEVELS = {
    "time": VPSDE(),
    "even time": VPSDE(importance=False),
    "log-SNR": LogisticLevels(0.5, 2.5),
    "even log-SNR": LogisticLevels(0.5, 2.5, importance=False),
}


def pairs(n=100_000, seed=0):
    rows = np.random.default_rng(seed).multivariate_normal([0, 0], COVARIANCE, n)
    return torch.tensor(rows, dtype=torch.float32)


def every_form(draw: Draw):
    together, x_y = draw.predicted(XY), draw.predicted(X_Y)
    apart = x_y + draw.predicted(Y_X)
    out = {"c": half_square(draw.predicted(X) - x_y), "j": half_square(together - apart)}
    for sigma in (0.5, 1.0, 2.0):
        both = draw.reference(sigma)
        own = draw.masked(both, X)
        out[f"c{sigma}"] = half_square(x_y - own) - half_square(draw.predicted(X) - own)
        out[f"j{sigma}"] = half_square(apart - both) - half_square(together - both)
    return out


def test_time_and_log_snr_are_inverse():
    t = torch.tensor([1e-6, 1e-3, 0.1, 0.5, 1.0], dtype=torch.float64)
    sde = VPSDE()
    assert torch.allclose(sde.time(sde.log_snr(t)), t, rtol=1e-9)
    m, s = signal_and_noise(sde.log_snr(t))
    assert torch.allclose(m[:, 0] ** 2, torch.exp(-sde.integrated(t)))
    assert torch.allclose(m**2 + s**2, torch.ones(5, 1, dtype=torch.float64))


def test_importance_density_of_times():
    sde = VPSDE()
    assert sde.normaliser == pytest.approx(20.2559, abs=1e-4)
    u = torch.linspace(0, 1, 20_001, dtype=torch.float64)
    t = sde.quantile(u)
    assert t[0] == 0
    assert t[-1] == pytest.approx(1.0)
    grid = torch.linspace(0, 1, 2_000_001, dtype=torch.float64)
    mass = torch.cumulative_trapezoid(sde.density(grid), grid)
    cdf = lambda v: np.interp(v, grid[1:].numpy(), mass.numpy())  # noqa: E731
    assert mass[-1] == pytest.approx(1.0, abs=1e-4)
    drawn = sde.quantile(torch.rand(40_000, generator=torch.Generator().manual_seed(0))).numpy()
    assert kstest(drawn, cdf).statistic < 0.01
    # even times are not it
    assert kstest(np.random.default_rng(0).random(40_000), cdf).statistic > 0.2


@pytest.mark.parametrize("name", LEVELS)
def test_levels_integrate_a_known_function(name):
    # the integral over alpha of sigmoid(alpha) sigmoid(-alpha) is 1
    alpha, weight = LEVELS[name].draw(strata(200_000, torch.Generator().manual_seed(0)))
    found = (weight * torch.sigmoid(alpha) * torch.sigmoid(-alpha)).mean()
    assert found == pytest.approx(1.0, abs=3e-3)


@pytest.mark.parametrize("name", LEVELS)
def test_gaussian_information_in_every_form(name):
    found = integrate(
        GaussianDenoiser(COVARIANCE, (1, 1)), pairs(), (1, 1), every_form, LEVELS[name], passes=2
    )
    for form in found.rows:
        assert abs(found.value(form) - TRUTH) < 0.012 + 2 * found.error(form), form


def test_time_and_log_snr_give_the_same_integral():
    rows = pairs()
    exact = GaussianDenoiser(COVARIANCE, (1, 1))
    made = [
        integrate(exact, rows, (1, 1), every_form, LEVELS[n], passes=2).value("c")
        for n in ("time", "log-SNR")
    ]
    assert abs(made[0] - made[1]) < 0.01


def test_the_wrong_weight_is_noticed():
    class Unweighted(VPSDE):
        def draw(self, u):
            alpha, weight = super().draw(u)
            return alpha, torch.ones_like(weight) * weight.mean()

    flawed = Unweighted(importance=False)
    found = integrate(GaussianDenoiser(COVARIANCE, (1, 1)), pairs(), (1, 1), every_form, flawed, passes=1)
    assert abs(found.value("c") - TRUTH) > 0.1


def test_columns_add_up_and_passes_are_reproducible():
    def by_column(draw):
        square = 0.5 * (draw.predicted(X) - draw.predicted(X_Y)) ** 2
        return {"column": square, "row": square.sum(dim=1)}

    exact = GaussianDenoiser(COVARIANCE, (1, 1))
    reads = [
        integrate(exact, pairs(3000), (1, 1), by_column, VPSDE(), passes=3, chunk=c) for c in (700, 3000)
    ]
    assert np.allclose(reads[0].rows["column"].sum(axis=1), reads[0].rows["row"], rtol=1e-6)
    assert np.allclose(reads[0].rows["row"], reads[1].rows["row"], rtol=1e-4, atol=1e-6)


def test_a_broken_denoiser_is_refused():
    class Broken:
        def predict(self, z, alpha, pattern):
            return z * float("nan")

    with pytest.raises(ValueError, match="not finite"):
        integrate(Broken(), pairs(50), (1, 1), every_form, VPSDE(), passes=1)


def test_gaussian_guess_is_the_posterior_mean():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(3, 3))
    covariance, mean = a @ a.T + 0.3 * np.eye(3), np.array([1.0, -2.0, 0.5])
    part = GaussianPart(Pattern((1, 0)), (2, 1), mean, covariance)
    z, alpha = torch.tensor([[0.3, -0.4, 1.2]]), torch.tensor([0.7])
    m, s = (float(v) for v in signal_and_noise(alpha))
    solved = covariance[:2, 2:] / covariance[2, 2]
    inside = covariance[:2, :2] - solved @ covariance[2:, :2]
    centre = mean[:2] + solved[:, 0] * (1.2 - mean[2])
    expected = s * np.linalg.solve(m**2 * inside + s**2 * np.eye(2), [0.3, -0.4] - m * centre)
    assert np.allclose(part(z, alpha)[0].numpy(), [*expected, 0.0], atol=1e-5)


@pytest.mark.parametrize("architecture", ["mlp", "transformer"])
def test_networks_start_at_the_guess_and_ignore_what_is_unknown(architecture):
    torch.manual_seed(0)
    patterns = [Pattern((1, -1)), Pattern((1, 0)), Pattern((1, 1))]
    start = (np.zeros(3), np.eye(3))
    z, alpha = torch.randn(12, 3), torch.linspace(-5, 5, 12)
    for starts in ([None] * 3, [start] * 3):
        net = Denoiser((2, 1), patterns, starts, architecture, 16, 2)
        out = net(z, alpha, [Block(p, 4) for p in patterns])
        guess = signal_and_noise(alpha)[1] * z
        assert torch.allclose(out[:, :2], guess[:, :2], atol=1e-5)
        assert (out[:8, 2] == 0).all()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    mixed = net(z, alpha, [Block(p, 4) for p in patterns])
    single = torch.cat(
        [net.predict(z[4 * i : 4 * i + 4], alpha[4 * i : 4 * i + 4], p) for i, p in enumerate(patterns)]
    )
    assert torch.allclose(mixed, single, atol=1e-5)


def test_unknown_architecture():
    with pytest.raises(ValueError, match="transformer"):
        Denoiser((1,), [Pattern((1,))], [None], "cnn", 8, 1)


def test_entropy_integral_has_the_exact_constant():
    # one normal number of variance 2.25 against the standard normal
    exact = GaussianDenoiser(np.array([[2.25]]), (1,))
    rows = torch.tensor(1.5 * np.random.default_rng(0).normal(size=(100_000, 1)), dtype=torch.float32)
    own = Pattern((1,))

    def apart(draw):
        return {"kl": half_square(draw.predicted(own) - draw.reference(1.0))}

    kl = integrate(exact, rows, (1,), apart, VPSDE(), passes=2).value("kl")
    entropy = 0.5 * math.log(2 * math.pi) + 0.5 * float((rows**2).mean()) - kl
    assert entropy == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 2.25), abs=0.02)
