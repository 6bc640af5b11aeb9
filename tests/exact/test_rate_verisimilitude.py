"""The rate-verisimilitude function against its slope, its bounds and a direct search."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    SemanticChannel,
    binary_entropy,
    logistic_truth,
    rate_at_slope,
    rate_at_verisimilitude,
)


def ages(steep: float = 0.3) -> SemanticChannel:
    x = np.arange(101.0)
    adult = logistic_truth(x, steep, 18.0)
    return SemanticChannel(np.stack([adult, 1 - adult], axis=1), np.full(101, 1 / 101), rescale=True)


def random_semantic(seed: int, n: int = 5, labels: int = 3) -> SemanticChannel:
    rng = np.random.default_rng(seed)
    channel = rng.dirichlet(np.ones(labels), size=n)
    return SemanticChannel.from_channel(channel, rng.dirichlet(np.ones(n)))


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0, 4.0])
def test_the_slope_is_the_parameter(slope: float) -> None:
    semantic = ages()
    left, here, right = semantic.curve([slope - 1e-3, slope, slope + 1e-3])
    numeric = (right.rate - left.rate) / (right.verisimilitude - left.verisimilitude)
    assert numeric == pytest.approx(slope, abs=1e-3)
    assert here.converged
    assert here.gap < 1e-9
    if slope == 1:
        assert here.rate == pytest.approx(here.verisimilitude, abs=1e-9)
    else:
        assert here.efficiency < 1


def test_efficiency_is_one_only_where_predictions_mix_to_the_prior() -> None:
    # without "minor" nothing can be said of the young, and the rate exceeds what is told even at slope 1
    x = np.arange(101.0)
    semantic = SemanticChannel(
        np.stack([logistic_truth(x, 0.3, 18.0), logistic_truth(x, 0.3, 60.0)], axis=1),
        np.full(101, 1 / 101),
        rescale=True,
    )
    point = rate_at_slope(semantic, 1.0)
    assert point.converged
    assert point.rate > point.verisimilitude + 0.01


def test_distortion_gives_the_rate_distortion_function_of_a_coin() -> None:
    # exp(-d) turns mean Hamming distortion into fuzziness: R = log 2 - h(D)
    semantic = SemanticChannel.from_distortion([[0.0, 3.0], [3.0, 0.0]], [0.5, 0.5])
    point = rate_at_slope(semantic, 0.8)
    errors = 1 / (1 + math.exp(0.8 * 3.0))
    assert point.rate == pytest.approx(math.log(2) - float(binary_entropy(errors)), abs=1e-10)
    assert point.verisimilitude == pytest.approx(-math.log((1 + math.exp(-3)) / 2) - 3 * errors, abs=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_no_random_channel_does_better(seed: int) -> None:
    semantic = random_semantic(seed)
    rng = np.random.default_rng(seed)
    for slope in (0.7, 2.0):
        point = rate_at_slope(semantic, slope)
        least = point.rate - slope * point.verisimilitude
        for channel in rng.dirichlet(np.ones(3), size=(200, 5)):
            own = semantic.shannon_mi(channel) - slope * semantic.semantic_mi(channel)
            assert own >= least - point.gap - 1e-12
        assert np.all(np.diff(point.trace) <= 1e-12)


def test_rate_at_a_value_lies_on_the_curve() -> None:
    semantic = ages()
    for point in semantic.curve([0.6, 1.0, 3.0]):
        again = semantic.rate(point.verisimilitude)
        assert again.rate == pytest.approx(point.rate, abs=1e-7)
        assert again.slope == pytest.approx(point.slope, rel=1e-4)
        assert again.verisimilitude == pytest.approx(point.verisimilitude, abs=1e-10)
    bits = semantic.rate(0.4, base=2)
    assert bits.rate * math.log(2) == pytest.approx(semantic.rate(0.4 * math.log(2)).rate, abs=1e-9)


def test_both_ends() -> None:
    semantic = ages()
    low, high = rate_at_slope(semantic, 0.0), rate_at_slope(semantic, math.inf)
    assert low.rate == 0
    assert math.isnan(low.efficiency)
    best = semantic.prior @ semantic.semantic_information().max(axis=1)
    assert high.verisimilitude == pytest.approx(best)
    assert semantic.rate(float(best)).rate == pytest.approx(high.rate)
    assert semantic.rate(low.verisimilitude - 1).rate == 0
    with pytest.raises(ValueError, match="at most"):
        semantic.rate(float(best) + 0.01)


def test_a_straight_piece_is_reached_by_mixing() -> None:
    # two instances known for sure or not at all: slopes jump over a whole range of G
    semantic = SemanticChannel(np.eye(2), [0.5, 0.5])
    point = rate_at_verisimilitude(semantic, math.log(2))
    assert point.rate == pytest.approx(math.log(2))
    # any other channel uses a label where it is false
    assert semantic.rate(0.1).rate == pytest.approx(math.log(2), abs=1e-6)
    assert semantic.rate(0.1).verisimilitude == pytest.approx(math.log(2), abs=1e-6)


def test_labels_that_die_do_no_harm() -> None:
    truth = np.array([[1.0, 0.2, 0.6], [0.2, 1.0, 0.6], [0.2, 1.0, 1.0]])
    point = rate_at_slope(SemanticChannel(truth, [0.4, 0.3, 0.3]), 4.0)
    assert np.isfinite(point.rate)
    assert point.label_law.min() >= 0
    assert np.allclose(point.channel.sum(axis=1), 1)


def test_an_instance_that_never_happens_may_lose_its_label() -> None:
    truth = np.array([[1.0, 0.1, 0.05], [0.1, 1.0, 0.05], [0.0, 0.0, 1.0]])
    point = rate_at_slope(SemanticChannel(truth, [0.5, 0.5, 0.0], rescale=True), 300.0)
    assert np.isfinite(point.channel).all()
    assert np.allclose(point.channel.sum(axis=1), 1)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="slope=-1"):
        rate_at_slope(ages(), -1.0)
    with pytest.raises(ValueError, match="no label is true of instance 1"):
        rate_at_slope(SemanticChannel([[1.0], [0.0]], [0.5, 0.5]), 1.0)
    # where the prior has no mass nothing needs to be true
    assert rate_at_slope(SemanticChannel([[1.0], [0.0]], [1.0, 0.0]), 1.0).rate == 0
    assert not rate_at_slope(ages(), 0.5, max_iter=2).converged
