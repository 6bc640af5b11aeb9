"""Capacities and rate-distortion functions against closed forms, with certificates that can fail."""

import math

import numpy as np
import pytest

from adami.exact import binary_entropy, entropy, mutual_information
from adami.exact.blahut_arimoto import channel_capacity, rate_distortion, rate_distortion_curve

HAMMING = 1 - np.eye(2)


def test_binary_symmetric_channel() -> None:
    for error in (0.0, 0.1, 0.37, 0.5):
        found = channel_capacity([[1 - error, error], [error, 1 - error]], base=2)
        assert found.value == pytest.approx(1 - binary_entropy(error, base=2), abs=1e-9)
        assert found.unit == "bits"
        assert found.converged


def test_erasure_channel() -> None:
    found = channel_capacity([[0.7, 0.3, 0.0], [0.0, 0.3, 0.7]])
    assert found.value == pytest.approx(0.7 * math.log(2), abs=1e-12)
    assert found.unit == "nats"


@pytest.mark.parametrize("error", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_z_channel(error: float) -> None:
    found = channel_capacity([[1.0, 0.0], [error, 1 - error]])
    truth = math.log1p((1 - error) * error ** (error / (1 - error)))
    assert truth - 1e-9 <= found.value <= truth + 1e-13
    assert found.value + found.gap >= truth - 1e-13


def test_noiseless_and_useless_channels() -> None:
    assert channel_capacity(np.eye(5), base=5).value == pytest.approx(1.0, abs=1e-12)
    assert channel_capacity(np.full((3, 4), 0.25)).value == 0.0
    assert channel_capacity([[0.5, 0.5]]).value == 0.0


def test_gap_certifies_random_channels_and_drops_useless_letters() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((4, 4), (30, 12), (12, 30)):
        kernel = rng.dirichlet(np.full(m, 0.2), size=n)
        found = channel_capacity(kernel)
        assert found.converged
        assert found.value == pytest.approx(mutual_information(found.input_law[:, None] * kernel), abs=1e-12)
        # the conditions of Kuhn and Tucker
        ratio = np.where(kernel > 0, kernel, 1) / found.output_law
        scores = np.sum(np.where(kernel > 0, kernel * np.log(ratio), 0), axis=1)
        assert scores.max() <= found.value + 1e-8
        assert np.abs(scores[found.input_law > 1e-3] - found.value).max() < 1e-6
        # a law that is not optimal is not certified
        assert scores.max() < np.max(
            np.sum(
                np.where(kernel > 0, kernel * np.log(np.where(kernel > 0, kernel, 1) / kernel.mean(0)), 0), 1
            )
        )


def test_stopped_early_says_so() -> None:
    rng = np.random.default_rng(1)
    kernel = rng.dirichlet(np.full(5, 0.2), size=9)
    early = channel_capacity(kernel, max_iter=1)
    sure = channel_capacity(kernel)
    assert not early.converged
    assert early.value <= sure.value + sure.gap
    assert early.value + early.gap >= sure.value


def test_budget_binds() -> None:
    # the only law of mean cost 0.2 on a noiseless bit
    found = channel_capacity(np.eye(2), cost=[0, 1], budget=0.2)
    assert found.value == pytest.approx(binary_entropy(0.2), abs=1e-9)
    assert found.cost == pytest.approx(0.2, abs=1e-12)
    assert found.slope == pytest.approx(math.log(0.8 / 0.2), abs=1e-3)
    loose = channel_capacity(np.eye(2), cost=[0, 1], budget=0.7)
    assert loose.value == pytest.approx(math.log(2), abs=1e-12)
    assert loose.slope == 0.0
    assert channel_capacity(np.eye(2), cost=[0, 1], budget=0.0).value == 0.0


def test_budget_on_a_random_channel_is_concave_and_certified() -> None:
    rng = np.random.default_rng(2)
    kernel, cost = rng.dirichlet(np.full(6, 0.3), size=8), rng.random(8)
    budgets = np.linspace(cost.min() + 0.01, 0.6, 7)
    found = [channel_capacity(kernel, cost, b) for b in budgets]
    values = np.array([f.value for f in found])
    assert all(f.converged and f.cost <= b + 1e-9 for f, b in zip(found, budgets))
    assert (np.diff(values, 2) <= 1e-8).all()
    assert (np.diff(values) >= -1e-8).all()


def test_capacity_refuses_what_is_no_channel() -> None:
    with pytest.raises(ValueError, match="sums to"):
        channel_capacity([[0.5, 0.4], [0.5, 0.5]])
    with pytest.raises(ValueError, match="both or none"):
        channel_capacity(np.eye(2), cost=[0, 1])
    with pytest.raises(ValueError, match="raise the budget"):
        channel_capacity(np.eye(2), cost=[1, 2], budget=0.5)
    with pytest.raises(ValueError, match="one finite number"):
        channel_capacity(np.eye(2), cost=[1, np.nan], budget=0.5)


@pytest.mark.parametrize("bias", [0.5, 0.3, 0.05])
def test_binary_source_with_hamming_distortion(bias: float) -> None:
    for target in (0.01, 0.04):
        found = rate_distortion([bias, 1 - bias], HAMMING, target)
        truth = binary_entropy(bias) - binary_entropy(target)
        assert found.value == pytest.approx(truth, abs=1e-9)
        assert found.distortion == pytest.approx(target, abs=1e-9)
        assert found.slope == pytest.approx(math.log((1 - target) / target), rel=1e-3)
    assert rate_distortion([bias, 1 - bias], HAMMING, 0.0).value == pytest.approx(binary_entropy(bias))
    assert rate_distortion([bias, 1 - bias], HAMMING, bias).value == 0.0


def test_uniform_source_with_hamming_distortion() -> None:
    m, target = 5, 0.3
    found = rate_distortion(np.full(m, 1 / m), 1 - np.eye(m), target, base=2)
    truth = math.log2(m) - binary_entropy(target, base=2) - target * math.log2(m - 1)
    assert found.value == pytest.approx(truth, abs=1e-9)


def test_forbidden_reproductions_leave_a_straight_line() -> None:
    # with erasures, the rate falls linearly and the slope alone does not fix the distortion
    table = [[0, math.inf, 1], [math.inf, 0, 1]]
    for target in (0.1, 0.5, 0.9):
        found = rate_distortion([0.5, 0.5], table, target)
        assert found.value == pytest.approx((1 - target) * math.log(2), abs=1e-9)
        assert found.distortion == pytest.approx(target, abs=1e-9)
        assert found.converged


def test_gaussian_source_on_a_grid() -> None:
    x = np.linspace(-5, 5, 101)
    law = np.exp(-(x**2) / 2)
    law /= law.sum()
    variance = law @ x**2
    squares = (x[:, None] - x) ** 2
    for target in (0.1, 0.3, 0.8):
        found = rate_distortion(law, squares, target)
        assert found.converged
        assert found.value == pytest.approx(0.5 * math.log(variance / target), abs=1e-4)
        assert found.slope == pytest.approx(0.5 / target, rel=1e-2)


def test_a_slope_in_place_of_a_target() -> None:
    slope = 2.0
    found = rate_distortion([0.5, 0.5], HAMMING, slope=slope, base=2)
    error = 1 / (1 + 2**slope)
    assert found.distortion == pytest.approx(error, abs=1e-6)
    assert found.value == pytest.approx(1 - binary_entropy(error, base=2), abs=1e-6)
    assert found.slope == pytest.approx(slope)
    large = rate_distortion([0.3, 0.7], HAMMING, slope=1e6)
    assert large.value == pytest.approx(binary_entropy(0.3), abs=1e-9)


def test_symbols_without_mass_change_nothing() -> None:
    table = np.array([[0, 1, 2], [1, 0, 5], [3, 1, 0.0]])
    some = rate_distortion([0.4, 0.6], table[:2], 0.2)
    more = rate_distortion([0.4, 0.6, 0.0], table, 0.2)
    assert some.value == pytest.approx(more.value, abs=1e-8)


def test_curve_is_convex_and_falls() -> None:
    rng = np.random.default_rng(3)
    law, table = rng.dirichlet(np.ones(6)), rng.random((6, 7))
    curve = rate_distortion_curve(law, table, 25)
    order = np.argsort(curve.distortions)
    d, r = curve.distortions[order], curve.rates[order]
    assert (np.diff(r) <= 1e-8).all()
    apart = np.concatenate([[True], np.diff(d) > 1e-4])
    assert (np.diff(np.diff(r[apart]) / np.diff(d[apart])) >= -1e-3).all()
    for s, at, rate in zip(curve.slopes, curve.distortions, curve.rates):
        # the tangent lies below the curve everywhere
        assert (curve.rates + s * curve.distortions >= rate + s * at - 1e-8).all()
    assert rate_distortion(law, table, float(d[10])).value == pytest.approx(r[10], abs=1e-7)
    # and a wrong slope does not
    assert (curve.rates + 0.2 * curve.slopes[-5] * curve.distortions).min() < (
        curve.rates[-5] + 0.2 * curve.slopes[-5] * curve.distortions[-5] - 1e-4
    )


def test_rate_distortion_refuses_bad_input() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        rate_distortion([0.5, 0.5], HAMMING)
    with pytest.raises(ValueError, match="below the least distortion"):
        rate_distortion([0.5, 0.5], HAMMING + 1, 0.5)
    with pytest.raises(ValueError, match="row of distortions"):
        rate_distortion([0.5, 0.5], np.ones((3, 2)), 1.0)
    with pytest.raises(ValueError, match="every reproduction of symbol 1"):
        rate_distortion([0.5, 0.5], [[0.0, 1.0], [math.inf, math.inf]], 1.0)
    with pytest.raises(ValueError, match="NaN"):
        rate_distortion([0.5, 0.5], [[0.0, math.nan], [0.0, 1.0]], 1.0)
    with pytest.raises(ValueError, match="finite number from 0"):
        rate_distortion([0.5, 0.5], HAMMING, slope=-1.0)


def test_rate_stays_below_the_entropy() -> None:
    rng = np.random.default_rng(4)
    law = rng.dirichlet(np.ones(9))
    found = rate_distortion(law, 1 - np.eye(9), 0.05)
    assert 0 < found.value < entropy(law)
    assert found.value == pytest.approx(mutual_information(law[:, None] * found.channel), abs=1e-12)
