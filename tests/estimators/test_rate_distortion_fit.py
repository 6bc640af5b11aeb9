"""Curves of distortion over rate, and the pair of models that a budget pays for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import CompressorSpec, PredictorSpec, RateDistortion, advise, generation_flops

RATES = np.linspace(0.2, 4.0, 12)


def test_known_curve_is_found() -> None:
    curve = RateDistortion().fit(RATES, 0.7 * np.exp(-0.8 * RATES) + 0.05)
    assert (curve.scale_, curve.decay_, curve.floor_) == pytest.approx((0.7, 0.8, 0.05), abs=1e-5)
    assert curve.r2_ == pytest.approx(1)
    assert curve.correlation_ < -0.9
    assert curve.predict(curve.rate_for(0.3)) == pytest.approx(0.3)
    assert curve.rate_for(0.01) == math.inf
    assert curve.rate_for(2.0) == 0


def test_no_better_curve_nearby() -> None:
    rng = np.random.default_rng(0)
    d = np.clip(0.7 * np.exp(-0.8 * RATES) + 0.05 + 0.03 * rng.normal(size=12), 0, None)
    curve = RateDistortion().fit(RATES, d)
    best = np.sum((curve.predict(RATES) - d) ** 2)
    for scale, decay, floor in rng.normal(1, 0.05, size=(300, 3)):
        other = curve.scale_ * scale * np.exp(-curve.decay_ * decay * RATES) + curve.floor_ * floor
        assert np.sum((other - d) ** 2) >= best - 1e-9


def test_rising_distortion_gives_a_flat_curve() -> None:
    curve = RateDistortion().fit(RATES, 0.1 + 0.1 * RATES)
    assert curve.r2_ < 0.05
    assert np.ptp(curve.predict(RATES)) < 0.1


def test_advice() -> None:
    curve = RateDistortion().fit(RATES, 0.7 * np.exp(-0.8 * RATES) + 0.05)
    weak = RateDistortion().fit(RATES, 0.7 * np.exp(-0.8 * RATES) + 0.25)
    compressors = [CompressorSpec("small", 1e9, 0.5, 300), CompressorSpec("large", 7e9, 3.0, 100)]
    predictors = [PredictorSpec("weak", 1e9, weak), PredictorSpec("strong", 70e9, curve)]
    rich = advise(compressors, predictors, budget=1e15)
    assert (rich.best.compressor, rich.best.predictor) == ("large", "strong")
    assert len(rich.pairs) == 4
    assert [p.flops for p in rich.pairs] == sorted(p.flops for p in rich.pairs)
    poor = advise(compressors, predictors, budget=2e12)
    assert (poor.best.compressor, poor.best.predictor) == ("large", "weak")
    with pytest.raises(ValueError, match="the cheapest, small with weak"):
        advise(compressors, predictors, budget=1e9)
    assert generation_flops(1e9, 10, 5) == 3e10


@pytest.mark.parametrize(
    ("rates", "distortions", "message"),
    [
        ([1, 2], [0.1, 0.2, 0.3], "equal length"),
        ([1, 2, np.nan], [0.1, 0.2, 0.3], "finite"),
        ([1, 2, 3], [0.1, -0.2, 0.3], "negative"),
        ([1, 1, 2], [0.1, 0.2, 0.3], "3 different rates"),
    ],
)
def test_bad_input(rates, distortions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RateDistortion().fit(rates, distortions)


def test_use_before_fit() -> None:
    with pytest.raises(ValueError, match="not been fitted"):
        RateDistortion().predict(1.0)
