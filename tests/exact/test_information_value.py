"""Control and portfolios against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    SemanticChannel,
    constraint_control,
    control_information,
    fit_truth,
    forecast_value,
    gaussian_truth,
    kl_divergence,
    logistic_truth,
    optimal_portfolio,
)


def goals() -> SemanticChannel:
    x = np.arange(101.0)
    prior = gaussian_truth(x, 50.0, 15.0)
    truth = np.stack([logistic_truth(x, 0.2, 70.0), 1 - logistic_truth(x, 0.2, 40.0)], axis=1)
    return SemanticChannel(truth, prior / prior.sum(), rescale=True)


def test_control_of_strength_one_is_the_prediction_and_wastes_nothing() -> None:
    found = constraint_control(goals(), goal_law=[0.3, 0.7])
    assert np.allclose(found.laws, goals().semantic_bayes())
    assert found.efficiency == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("strength", [0.3, 0.7, 2.0, 10.0])
def test_other_strengths_waste_something(strength: float) -> None:
    found = constraint_control(goals(), strength, base=2)
    assert found.efficiency < 1
    # what is wasted is the divergence to the prediction
    lost = kl_divergence(found.laws, goals().semantic_bayes(), axis=1, base=2).mean()
    assert found.rate - found.purposive == pytest.approx(lost, abs=1e-10)


def test_stronger_control_achieves_more_for_more() -> None:
    points = [constraint_control(goals(), s) for s in (0.0, 0.5, 1.0, 2.0, 8.0, 1e4)]
    assert np.all(np.diff([p.purposive for p in points]) > 0)
    assert np.all(np.diff([p.rate for p in points]) > 0)
    assert points[0].rate == pytest.approx(0, abs=1e-12)
    assert math.isfinite(points[-1].rate)


def test_measured_outcomes() -> None:
    missed = np.stack([goals().semantic_bayes()[1], goals().semantic_bayes()[0]])
    assert control_information(goals(), missed).purposive < 0
    strict = SemanticChannel([[1.0], [0.0]], [0.5, 0.5])
    assert control_information(strict, [[0.5, 0.5]]).purposive == -math.inf
    # a goal that is never pursued does not count
    both = SemanticChannel([[1.0, 1.0], [0.0, 1.0]], [0.5, 0.5])
    assert math.isfinite(control_information(both, [[0.5, 0.5], [0.5, 0.5]], [0.0, 1.0]).purposive)


def test_bad_control() -> None:
    with pytest.raises(ValueError, match="strength=-1"):
        constraint_control(goals(), -1.0)
    with pytest.raises(ValueError, match="laws has shape"):
        control_information(goals(), [[0.5, 0.5]])
    with pytest.raises(ValueError, match="goal_law has shape"):
        constraint_control(goals(), 1.0, [1.0])
    with pytest.raises(ValueError, match="goal 0 leads to outcome 1"):
        control_information(SemanticChannel([[1.0], [1.0]], [1.0, 0.0]), [[0.5, 0.5]])


@pytest.mark.parametrize(("chance", "odds"), [(0.6, 2.0), (0.3, 5.0), (0.9, 1.5)])
def test_kelly_stake(chance: float, odds: float) -> None:
    found = optimal_portfolio([[odds], [0.0]], [chance, 1 - chance])
    stake = (chance * odds - 1) / (odds - 1)
    assert found.fractions == pytest.approx([stake], abs=1e-6)
    growth = chance * math.log(1 + stake * (odds - 1)) + (1 - chance) * math.log(1 - stake)
    assert found.growth == pytest.approx(growth, abs=1e-10)
    assert found.gap < 1e-10


def test_limits_bind() -> None:
    assert optimal_portfolio([[0.5], [1.2]], [0.6, 0.4]).fractions.tolist() == [0.0]
    short = optimal_portfolio([[0.5], [1.2]], [0.6, 0.4], short=True, leverage=math.inf)
    assert short.fractions == pytest.approx([-2.2])
    certain = optimal_portfolio([[3.0], [1.1]], [0.6, 0.4])
    assert certain.fractions == pytest.approx([1.0])
    with pytest.raises(ValueError, match="never lose"):
        optimal_portfolio([[3.0], [1.1]], [0.6, 0.4], leverage=math.inf)


def test_many_assets_against_multiplicative_updates() -> None:
    rng = np.random.default_rng(0)
    returns = rng.lognormal(0.02, 0.3, size=(200, 5))
    law = np.full(200, 1 / 200)
    found = optimal_portfolio(returns, law)
    with_cash = np.column_stack([returns, np.ones(200)])
    shares = np.full(6, 1 / 6)
    for _ in range(20_000):
        shares = shares * (law @ (with_cash / (with_cash @ shares)[:, None]))
    assert found.growth == pytest.approx(float(law @ np.log(with_cash @ shares)), abs=1e-9)
    assert found.returns(returns) == pytest.approx(with_cash @ shares, abs=1e-4)


def test_horses_pay_the_whole_information() -> None:
    rng = np.random.default_rng(1)
    prior, forecast = rng.dirichlet(np.ones(4), size=2)
    # fair odds for the prior
    found = forecast_value(np.diag(1 / prior), prior, forecast)
    assert found.value == pytest.approx(float(kl_divergence(forecast, prior)), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_value_lies_between_nothing_and_the_divergence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior, forecast = rng.dirichlet(np.ones(6), size=2)
    returns = rng.uniform(0.5, 1.8, size=(6, 3))
    found = forecast_value(returns, prior, forecast, base=2)
    assert -1e-9 <= found.value <= found.bound + 1e-9
    nothing = forecast_value(returns, prior, prior)
    assert nothing.value == pytest.approx(0, abs=1e-12)


def test_a_forecast_of_ruin_is_worth_everything() -> None:
    found = forecast_value([[2.0], [0.0]], [1.0, 0.0], [0.5, 0.5])
    assert found.value == math.inf
    assert found.bound == math.inf


def test_a_forecast_told_by_a_label() -> None:
    x = np.linspace(0.5, 1.5, 21)
    prior = np.full(21, 1 / 21)
    heard = fit_truth(x, gaussian_truth(x, 1.3, 0.1) / gaussian_truth(x, 1.3, 0.1).sum(), prior, "gaussian")
    told = SemanticChannel(heard(x)[:, None], prior, rescale=True).semantic_bayes()[0]
    assert forecast_value(x[:, None], prior, told).value > 0.1


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (([[1.0], [2.0]], [0.5, 0.6]), {}, "law sums to 1.1"),
        (([1.0, 2.0], [0.5, 0.5]), {}, "one row of growth factors"),
        (([[-1.0], [2.0]], [0.5, 0.5]), {}, "not negative"),
        (([[1.0], [2.0]], [0.5, 0.5]), {"riskless": 0.0}, "riskless above 0"),
        (([[1.0], [2.0]], [0.5, 0.5]), {"leverage": 0.0}, "leverage=0"),
    ],
)
def test_bad_markets(arguments: tuple[object, object], options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        optimal_portfolio(*arguments, **options)
