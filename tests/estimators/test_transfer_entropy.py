"""Direction in time: closed forms, surrogates, windows, bad input."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import digamma

from adami.estimators import Gaussian, Plugin
from adami.estimators._embedding import lagged
from adami.estimators._kernels.theiler import count_outside, knn_outside
from adami.estimators.transfer_entropy import choose_history, transfer_entropy
from adami.variables import variable


def coupled(n=3000, strength=0.6, lag=1, seed=0):
    rng = np.random.default_rng(seed)
    x, y = np.zeros(n), np.zeros(n)
    e = rng.normal(size=(2, n))
    for t in range(lag, n):
        x[t] = 0.5 * x[t - 1] + e[0, t]
        y[t] = 0.4 * y[t - 1] + strength * x[t - lag] + e[1, t]
    return x, y


def autoregressive(n, memory, seed):
    rng = np.random.default_rng(seed)
    x = np.zeros(n)
    for t in range(1, n):
        x[t] = memory * x[t - 1] + rng.normal()
    return x


@pytest.mark.parametrize("method", ["auto", "frenzel_pompe", "gaussian", "gaussian_copula", Gaussian()])
def test_direction_of_a_linear_pair(method):
    x, y = coupled()
    # the variance of y[t+1] is 1 with x known and 1 + 0.36 var(x | y) without, in the stationary law
    assert transfer_entropy(x, y, method=method) == pytest.approx(0.185, abs=0.03)
    assert transfer_entropy(y, x, method=method) == pytest.approx(0.0, abs=0.03)


def test_gaussian_value_is_half_of_grangers():
    x, y = coupled()
    future, past_y, past_x = y[1:], y[:-1], x[:-1]

    def residual(*past):
        design = np.column_stack([np.ones(len(future)), *past])
        return np.var(future - design @ np.linalg.lstsq(design, future, rcond=None)[0])

    expected = 0.5 * math.log(residual(past_y) / residual(past_y, past_x))
    found = transfer_entropy(x, y, method=Gaussian(bias_correct=False))
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.quantity == "transfer entropy"
    assert found.n == len(x) - 1


def test_a_condition_that_explains_everything_leaves_nothing():
    x, y = coupled()
    assert (
        transfer_entropy(
            x, y, given=x + 1e-3 * np.random.default_rng(0).normal(size=len(x)), method="gaussian"
        )
        < 0.01
    )
    other = np.random.default_rng(1).normal(size=len(x))
    plain, given = (
        transfer_entropy(x, y, method="gaussian"),
        transfer_entropy(x, y, given=other, method="gaussian"),
    )
    assert given == pytest.approx(plain.value, abs=0.01)
    assert len(given.kinds) == 3


def test_lag_and_history_find_the_delay():
    x, y = coupled(lag=3)
    near = {lag: transfer_entropy(x, y, lag=lag, method="gaussian").value for lag in (1, 2, 3, 4)}
    assert max(near, key=near.get) == 3
    long = transfer_entropy(x, y, history=(3, 1), method="gaussian").value
    assert long > 2 * near[1]


def test_labels_copy_with_delay():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, 2000)
    y = np.roll(x, 2)
    found = transfer_entropy(x, y, lag=2, permutations=49)
    assert found.method == "miller_madow"
    assert found.value == pytest.approx(math.log(2), abs=0.01)
    assert found.p_value == pytest.approx(0.02)
    assert found.details["effective"] == pytest.approx(found.value, abs=0.01)
    assert transfer_entropy(x, y, lag=1, permutations=49).p_value > 0.02
    assert transfer_entropy(x, y, lag=2, method="plugin").value == pytest.approx(
        Plugin().estimate(x[:-2], y[2:], y[1:-1]).value, abs=1e-12
    )


def test_reversed_time_lowers_the_value():
    x, y = coupled()
    assert transfer_entropy(x[::-1], y[::-1]) < 0.5 * transfer_entropy(x, y)


def test_circular_shifts_hold_the_level_for_series_with_memory():
    hits = 0
    for seed in range(60):
        x, y = autoregressive(300, 0.9, 2 * seed), autoregressive(300, 0.9, 2 * seed + 1)
        hits += transfer_entropy(x, y, method="gaussian", permutations=39, random_state=seed).p_value <= 0.05
    assert hits / 60 <= 0.12


def test_seeds_and_threads():
    x, y = coupled(400)
    first = transfer_entropy(x, y, method="gaussian", permutations=19, random_state=3)
    assert transfer_entropy(x, y, method="gaussian", permutations=19, random_state=3, n_jobs=2) == first
    again = transfer_entropy(x, y, method="gaussian", permutations=19, random_state=3, n_jobs=2)
    assert dict(again.details) == dict(first.details)


def test_a_window_of_one_is_no_window_and_a_wide_one_is_by_hand():
    x, y = coupled(400)
    assert transfer_entropy(x, y, theiler=1).value == transfer_entropy(x, y).value
    window, k, n = 10, 4, 399
    scaled = [(v - v.mean()) / v.std() for v in (x[:-1], y[1:], y[:-1])]
    near = [np.abs(v[:, None] - v[None, :]) for v in scaled]
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) >= window
    joint = np.where(apart, np.maximum.reduce(near), np.inf)
    radius = np.sort(joint, axis=1)[:, k - 1]

    def counted(*which):
        return (apart & (np.maximum.reduce([near[w] for w in which]) < radius[:, None])).sum(axis=1)

    local = digamma(k) - digamma(counted(0, 2) + 1) - digamma(counted(1, 2) + 1) + digamma(counted(2) + 1)
    assert transfer_entropy(x, y, theiler=window).value == pytest.approx(local.mean(), abs=1e-12)


def test_windowed_neighbours_by_brute_force():
    points = np.random.default_rng(0).normal(size=(200, 2))
    distance = cdist(points, points, "chebyshev")
    distance[np.abs(np.subtract.outer(np.arange(200), np.arange(200))) < 5] = np.inf
    np.testing.assert_array_equal(knn_outside([points], 3, 5), np.argsort(distance, axis=1)[:, :3])
    radius = np.full(200, 0.5)
    np.testing.assert_array_equal(count_outside(points, radius, 5), (distance < 0.5).sum(axis=1))


def test_history_is_chosen_by_prediction():
    rng = np.random.default_rng(0)
    y = np.zeros(2000)
    for t in range(2, 2000):
        y[t] = 0.9 * y[t - 2] + rng.normal()
    assert choose_history(y, max_history=4) == (2, 1)
    assert choose_history(autoregressive(2000, 0.7, 1)) == (1, 1)
    with pytest.raises(TypeError, match="labels"):
        choose_history(np.arange(500) % 3)
    with pytest.raises(ValueError, match="too few"):
        choose_history(rng.normal(size=40))
    with pytest.raises(ValueError, match="at least 1"):
        choose_history(y, max_history=0)


def test_lagged_columns_say_what_they_are():
    v = lagged(variable(np.arange(100.0), "s"), 3, [0, 1, 3])
    assert v.names == ("s", "s[-1]", "s[-3]")
    assert v.numbers[0].tolist() == [3.0, 2.0, 0.0]
    assert v.n == 97


def test_drift_is_noticed():
    x, y = coupled()
    assert "nonstationary" not in transfer_entropy(x, y).flags
    drift = np.linspace(0, 30, len(x))
    assert "nonstationary" in transfer_entropy(x + drift, y + drift, method="gaussian").flags


def test_vectors_in_every_slot():
    x, y = coupled()
    noise = np.random.default_rng(2).normal(size=len(x))
    both = transfer_entropy(np.column_stack([x, noise]), np.column_stack([y, -noise]), method="gaussian")
    assert both == pytest.approx(0.185, abs=0.04)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"lag": 0}, ValueError, "lag"),
        ({"history": (0, 1)}, ValueError, "history"),
        ({"history": (1, 2, 3)}, ValueError, "history"),
        ({"delay": 0}, ValueError, "delay"),
        ({"theiler": -1}, ValueError, "theiler"),
        ({"permutations": 1.5}, ValueError, "permutations"),
        ({"confidence": 0}, ValueError, "confidence"),
        ({"lag": 95}, ValueError, "at least 10"),
        ({"theiler": 60}, ValueError, "too few"),
        ({"method": "plugin"}, TypeError, "kinds"),
        ({"method": "nothing"}, ValueError, "unknown method"),
        ({"theiler": 46, "method": "gaussian", "permutations": 19}, ValueError, "surrogates"),
    ],
)
def test_bad_options(options, error, says):
    x, y = coupled(100)
    with pytest.raises(error, match=says):
        transfer_entropy(x, y, **options)


def test_bad_series():
    with pytest.raises(ValueError, match="unequal"):
        transfer_entropy(np.arange(50.0), np.arange(40.0))
    with pytest.raises(ValueError, match="missing"):
        transfer_entropy(np.r_[np.nan, np.arange(50.0)], np.arange(51.0))
    x = np.random.default_rng(0).normal(size=100)
    with pytest.raises(TypeError, match="numbers only"):
        transfer_entropy(x, np.arange(100) % 2, theiler=5)
