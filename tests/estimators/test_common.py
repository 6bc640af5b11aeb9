"""Scales, ranks, digamma and notes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from adami.estimators import _common as common
from adami.variables import variable

ROWS = np.random.default_rng(0).normal(size=(500, 3))


@pytest.mark.parametrize("factor", [1e-300, 1e-12, 3.0, 1e12, 1e300])
def test_standardized_does_not_see_the_unit(factor):
    plain = common.standardized(ROWS)
    np.testing.assert_allclose(plain.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(plain.std(axis=0), 1, rtol=1e-14)
    np.testing.assert_allclose(common.standardized(ROWS * factor), plain, atol=1e-13)
    assert common.standardized(ROWS * factor).flags.c_contiguous


def test_standardize_tells_the_scale():
    scaled, log_scale = common.standardize(ROWS * [1.0, 1e-200, 1e200])
    np.testing.assert_allclose(log_scale, np.log(ROWS.std(axis=0)) + np.log([1.0, 1e-200, 1e200]), rtol=1e-13)
    np.testing.assert_allclose(scaled, common.standardized(ROWS), atol=1e-13)


def test_standardized_constant_and_level():
    scaled, log_scale = common.standardize(np.column_stack([np.full(500, 0.1), ROWS[:, 0] + 1e8]))
    assert (scaled[:, 0] == 0).all()
    assert log_scale[0] == -np.inf
    np.testing.assert_allclose(scaled[:, 1], common.standardized(ROWS[:, 0]), atol=1e-6)
    ties = np.round(ROWS[:, 0], 1)
    assert len(np.unique(common.standardized(ties))) == len(np.unique(ties))


def test_ranks_and_scores():
    column = np.random.default_rng(1).integers(0, 30, size=200).astype(float)
    expected = scipy.stats.rankdata(column) / 201
    np.testing.assert_allclose(common.rank_transform(column), expected, rtol=1e-15)
    np.testing.assert_allclose(common.normal_scores(column), scipy.stats.norm.ppf(expected), atol=1e-12)
    two = common.rank_transform(np.column_stack([column, ROWS[:200, 0]]))
    np.testing.assert_array_equal(two[:, 0], common.rank_transform(column))


def test_digamma():
    counts = np.concatenate([np.arange(1, 3000), [10**6, 10**12]])
    np.testing.assert_allclose(common.digamma(counts), scipy.special.digamma(counts), rtol=2e-15, atol=1e-15)


def test_repeated_share():
    assert common.repeated_share(np.array([3.0, 1.0, 3.0, 2.0, 3.0])) == 0.6
    assert common.repeated_share(np.arange(5.0)) == 0.0


@pytest.mark.parametrize(("n", "k"), [(3, 3), (5, 0), (5, -1), (9, 2.5)])
def test_need_rows(n, k):
    with pytest.raises(ValueError, match="k="):
        common.need_rows(n, k, "ksg")


def test_nothing_to_tell():
    x = variable(ROWS[:, 0], "x")
    still = variable(np.full(500, 2.5), "still", kinds="continuous")
    assert common.nothing_to_tell(x, x) is None
    told = common.nothing_to_tell(x, still)
    assert told is not None
    assert told.value == 0.0
    assert told.pointwise is not None
    assert told.pointwise.shape == (500,)
    assert "'still'" in told.diagnostics[0].message


def test_notes():
    rounded = variable(np.round(ROWS[:, 0], 1), "rounded", kinds="continuous")
    assert [d.flag for d in common.ties_note(rounded)] == ["ties"]
    assert common.ties_note(variable(ROWS, "x")) == ()
    assert common.dimension_note(10_000, 3, 2) == ()
    assert "billion" in common.dimension_note(10_000, 3, 60)[0].message
    assert common.dimension_note(1_000, 3, 900)[0].direction == "low"
    assert common.ceiling_note(math.log(100) + 0.1, 100)[0].flag == "above_log_n"
    assert common.ceiling_note(1.0, 100) == ()
    small = common.small_class_note([1, 1, 3, 50], 3)
    assert "3 label(s)" in small[0].message
    assert "2 of them" in small[0].message
    assert small[0].severity == "warning"
    assert common.small_class_note([50, 60], 3) == ()
