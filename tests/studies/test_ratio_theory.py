"""Theory of SMILE with the true density ratio, against sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import smile_bound
from studies._ratio_theory import DIM, clipped_mean, correlation, smile_deviation
from studies._true_ratio import deviation_error, published_batches, swapped_p, true_scores


def test_correlation_gives_the_information():
    assert -DIM / 2 * math.log1p(-(correlation(6.0) ** 2)) == pytest.approx(6.0)


@pytest.mark.parametrize(("information", "tau"), [(2.0, 1.0), (6.0, 1.0), (6.0, 3.0)])
def test_mean_of_the_clipped_ratio(information, tau):
    rng = np.random.default_rng(0)
    drawn = np.array([true_scores(information, 64, rng) for _ in range(200)])
    ratios = np.exp(np.clip(drawn[:, ~np.eye(64, dtype=bool)], -tau, tau)).mean(1)
    error = ratios.std() / math.sqrt(len(ratios))
    assert abs(ratios.mean() - clipped_mean(information, tau)) < 4 * error
    # it can tell: another clip is not this mean
    assert abs(ratios.mean() - clipped_mean(information, 1.2 * tau)) > 4 * error


def test_a_clip_far_out_leaves_the_mean_of_the_ratio():
    assert clipped_mean(2.0, 30.0) == pytest.approx(1.0, abs=1e-3)


def test_deviation_over_batches():
    rng = np.random.default_rng(1)
    values = np.array([float(smile_bound(true_scores(6.0, 64, rng), 1.0)) for _ in range(600)])
    error = deviation_error(values)
    assert abs(values.std(ddof=1) - smile_deviation(6.0, 1.0, 64)) < 4 * error
    assert abs(values.std(ddof=1) - smile_deviation(10.0, 1.0, 64)) > 4 * error


def test_error_of_a_deviation():
    rng = np.random.default_rng(2)
    deviations = rng.normal(size=(2000, 100)).std(axis=1)
    assert deviation_error(rng.normal(size=100_000)) * math.sqrt(1000) == pytest.approx(
        deviations.std(), rel=0.1
    )


def test_batches_behind_the_table():
    # off theory by more than rounding, so not of thousands; and not by so much that it is of a few
    assert 100 < published_batches() < 1000


def test_swapped_spreads():
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 80))
    assert swapped_p(one, two, rng) > 0.05
    assert swapped_p(one, 3 * two, rng) < 0.001
