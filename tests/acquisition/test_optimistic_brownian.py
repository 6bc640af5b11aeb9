"""Optimistic optimization of a Brownian path, and the path that is drawn where it is looked at."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.acquisition import (
    BrownianOptimizer,
    Stop,
    optimistic_brownian,
    optimistic_radius,
    play,
    sample_brownian_maximum,
)
from adami.acquisition._dyadic import DyadicTime, from_float
from adami.acquisition.environments import BrownianPath
from adami.acquisition.environments.brownian import bridge_maxima


def looked(accuracy: float, seed: int, **scale) -> tuple[BrownianOptimizer, BrownianPath]:
    policy, path = BrownianOptimizer(accuracy, **scale), BrownianPath(random_state=seed, **scale)
    while (query := policy.ask()) is not None:
        policy.tell(query, path.answer(query))
    return policy, path


def test_radius_is_that_of_the_certificate() -> None:
    for length, accuracy in ((1.0, 0.5), (0.25, 0.01), (2**-40, 1e-5)):
        x = optimistic_radius(length, accuracy)
        assert math.exp(-2 * x * x / length) == pytest.approx((accuracy * length / 2) ** 5)


def test_number_of_looks_and_misses() -> None:
    runs = [looked(0.05, seed) for seed in range(60)]
    mean = np.mean([p.spent["queries"] for p, _ in runs]) / math.log(20) ** 2
    assert 25 <= mean <= 35
    assert max(w.loss(p.recommend()) for p, w in runs) <= 0.05
    assert all(p.stop_reason == "certified" and p.recommend().gap_bound <= 0.05 for p, _ in runs)


def test_a_radius_too_small_misses(monkeypatch) -> None:
    monkeypatch.setattr(optimistic_brownian, "optimistic_radius", lambda d, a: 0.1 * optimistic_radius(d, a))
    assert sum(w.loss(p.recommend()) > 0.05 for p, w in (looked(0.05, seed) for seed in range(30))) > 5


def test_below_the_spacing_of_doubles() -> None:
    policy, path = looked(1e-9, 4)
    intervals = policy.intervals()
    # neighbours that doubles cannot tell apart are different points
    assert any(a == b for a, b, _ in intervals)
    assert path.loss(policy.recommend()) <= 1e-9
    assert len(policy.values) == policy.spent["queries"] + 1


def test_units_only_scale() -> None:
    plain, _ = looked(0.02, 3)
    scaled, _ = looked(0.02 * 2 * 3, 3, volatility=2.0, horizon=9.0)
    assert list(scaled.values) == list(plain.values)
    assert scaled.recommend().t == pytest.approx(9 * plain.recommend().t)
    assert scaled.recommend().value == pytest.approx(6 * plain.recommend().value)
    assert scaled.recommend().gap_bound == pytest.approx(6 * plain.recommend().gap_bound)


def test_knots_are_not_asked_again() -> None:
    policy = BrownianOptimizer(0.1, knots=[(0.3, 1.0), (1.0, -1.0)])
    assert policy.recommend() == (0.3, 1.0, policy.recommend().gap_bound)
    # the middle of the interval with the highest upper value: from 0.3 to 1
    assert policy.time(policy.ask()) == pytest.approx(0.65)
    assert BrownianOptimizer(0.1).ask() == (1, 0)


def test_gap_bound_is_infinite_before_the_end_is_known() -> None:
    policy = BrownianOptimizer(0.1, stop=Stop(max_queries=1))
    assert policy.recommend() == (0.0, 0.0, math.inf)
    policy.tell(policy.ask(), -0.5)
    assert policy.recommend().gap_bound == pytest.approx(optimistic_radius(1.0, 0.1))


def test_drawn_maximum_has_the_law_of_a_free_path() -> None:
    drawn = [sample_brownian_maximum(0.1, random_state=seed) for seed in range(300)]
    values = np.array([d.value for d in drawn])
    # the maximum is |N(0, 1)|, at an arcsine time
    assert values.mean() == pytest.approx(math.sqrt(2 / math.pi), abs=0.1)
    assert np.mean([d.t < 0.5 for d in drawn]) == pytest.approx(0.5, abs=0.09)


def test_path_has_the_law_of_a_path() -> None:
    paths = [BrownianPath(random_state=s, knots=[(0.5, 1.0)]) for s in range(2000)]
    quarter = np.array([p.answer((1, 2)) for p in paths])
    end = np.array([p.answer((1, 0)) for p in paths])
    # a bridge from 0 to 1 over half the time; then a free path
    assert quarter.mean() == pytest.approx(0.5, abs=0.03)
    assert quarter.var() == pytest.approx(0.125, rel=0.1)
    assert end.mean() == pytest.approx(1.0, abs=0.06)
    assert end.var() == pytest.approx(0.5, rel=0.1)
    assert all(p.answer((2, 3)) == q for p, q in zip(paths[:5], quarter[:5], strict=True))


def test_bridge_maxima_exceed_with_their_chance() -> None:
    rng = np.random.default_rng(0)
    found = bridge_maxima(np.tile([0.0, 0.5], (20_000, 1)), np.array(1.0), rng).ravel()
    assert (found >= 0.5).all()
    # P(max > x) = exp(-2 x (x - 0.5))
    assert (found > 1).mean() == pytest.approx(math.exp(-1.0), abs=0.01)


def test_dyadic_times() -> None:
    domain = DyadicTime()
    assert domain.check((2, 3), "query") == (1, 2)
    assert domain.check([0, 5], "query") == (0, 0)
    assert from_float(0.7)[0] / 2 ** from_float(0.7)[1] == 0.7
    for wrong in ((3, 1), (-1, 2), (1, -1), (0.5, 1), 0.5, (True, 1)):
        with pytest.raises(ValueError):
            domain.check(wrong, "query")


def test_bad_input() -> None:
    for accuracy in (0.0, 1.0, -1.0, math.nan, 1e-13):
        with pytest.raises(ValueError, match="accuracy"):
            BrownianOptimizer(accuracy)
    with pytest.raises(ValueError, match="volatility"):
        BrownianOptimizer(0.1, volatility=0.0)
    with pytest.raises(ValueError, match="horizon"):
        BrownianPath(horizon=math.inf)
    with pytest.raises(ValueError, match="knot"):
        BrownianOptimizer(0.1, knots=[(1.5, 0.0)])
    with pytest.raises(ValueError, match="two knots"):
        BrownianOptimizer(0.1, knots=[(0.5, 0.0), (0.5, 1.0)])


def test_stops_at_the_budget() -> None:
    record = play(BrownianOptimizer(0.01, stop=Stop(budget=20)), BrownianPath())
    assert record.stop_reason == "budget"
    assert record.spent["queries"] == 20
    assert record.decision.gap_bound > 0.01
