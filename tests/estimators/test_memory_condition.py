"""Sizes of history states against the information of the past."""

from __future__ import annotations

import math

import pytest

from adami.estimators import L2MCondition, ModelSpec, gaussian_scaling, history_state_dim
from adami.tasks._hierarchy import hierarchical_covariance

RECURRENT = ModelSpec("recurrent", state=64)
TRANSFORMER = ModelSpec("transformer", layers=2, heads=4, head_size=8)
WINDOW = ModelSpec("sliding_window", layers=2, heads=4, head_size=8, window=128)
LOG_LINEAR = ModelSpec("log_linear", state=16)


def test_sizes() -> None:
    assert [history_state_dim(RECURRENT, n) for n in (1, 1000)] == [64, 64]
    assert history_state_dim(TRANSFORMER, 1000) == 2 * 2 * 4 * 8 * 1000
    assert history_state_dim(WINDOW, 1000) == history_state_dim(TRANSFORMER, 128)
    assert history_state_dim(LOG_LINEAR, 1000) == pytest.approx(16 * math.log(1000))


def test_verdicts_on_gaussian_families() -> None:
    laws = {f: gaussian_scaling({n: hierarchical_covariance(n, f) for n in (4, 16, 64)}) for f in "AB"}
    growing, bounded = (L2MCondition.from_law(laws[f]) for f in "AB")
    assert growing.check(TRANSFORMER).passes
    for small in (RECURRENT, WINDOW, LOG_LINEAR):
        verdict = growing.check(small)
        assert not verdict.passes
        assert math.isfinite(verdict.largest_length)
        assert "suffices up to" in verdict.told
    assert bounded.check(RECURRENT).passes
    assert bounded.check(RECURRENT).largest_length == math.inf


def test_largest_length_is_where_the_bound_is_met() -> None:
    condition = L2MCondition(beta=0.5, amplitude=2.0, capacity=0.1, vocabulary=27)
    reach = condition.check(RECURRENT).largest_length
    assert condition.information(reach) == pytest.approx(condition.limit(RECURRENT, reach))
    wide = condition.check(ModelSpec("recurrent", state=256)).largest_length
    assert wide > reach
    assert condition.limit(RECURRENT, 100) == pytest.approx(6.4 + math.log(27))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="architecture"):
        ModelSpec("other")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="state="):
        ModelSpec("recurrent")
    with pytest.raises(ValueError, match="window="):
        ModelSpec("sliding_window")
    with pytest.raises(ValueError, match="amplitude"):
        L2MCondition(0.5, 0.0)
    with pytest.raises(ValueError, match="at least one token"):
        history_state_dim(RECURRENT, 0)
