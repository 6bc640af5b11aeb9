"""Selection: criteria against their formulas, the loop on truths that are known, the stop at its level."""

from __future__ import annotations

import numpy as np
import pytest

from adami.estimators._features import Columns, FeatureTable, labels_with_labels, with_target
from adami.estimators.selection import (
    CRITERIA,
    cmim,
    criterion_named,
    jmi,
    mim,
    mrmr,
    select,
    sidak,
    tail_probability,
)

RELEVANCE = np.array([0.5, 0.4, 0.1])
REDUNDANCY = np.array([[0.3, 0.1], [0.0, 0.2], [0.0, 0.0]])
CONDITIONAL = np.array([[0.1, 0.1], [0.2, 0.1], [0.3, 0.0]])


def test_criteria_are_their_formulas():
    assert mim(RELEVANCE, REDUNDANCY) == pytest.approx([0.5, 0.4, 0.1])
    assert mrmr(RELEVANCE, REDUNDANCY) == pytest.approx([0.3, 0.3, 0.1])
    assert jmi(RELEVANCE, REDUNDANCY, CONDITIONAL) == pytest.approx([0.4, 0.45, 0.25])
    assert cmim(RELEVANCE, REDUNDANCY, CONDITIONAL) == pytest.approx([0.3, 0.3, 0.1])


@pytest.mark.parametrize("name", CRITERIA)
def test_every_criterion_begins_with_relevance(name):
    nothing = np.empty((3, 0))
    assert criterion_named(name)(RELEVANCE, nothing, nothing) == pytest.approx(RELEVANCE)


@pytest.mark.parametrize("criterion", [jmi, cmim])
def test_conditional_criteria_say_what_they_lack(criterion):
    with pytest.raises(ValueError, match="conditional redundancy"):
        criterion(RELEVANCE, REDUNDANCY)


def test_unknown_criterion_is_named():
    with pytest.raises(ValueError, match="'mrmrr'; choose one of mim, mrmr, jmi, cmim"):
        criterion_named("mrmrr")


class Given:
    """Measures written down by hand: feature 1 repeats feature 0, feature 2 is weaker and new."""

    n_features = 3
    groups = np.zeros(3 + 40, dtype=int)

    def __init__(self) -> None:
        self.noise = np.random.default_rng(0).normal(scale=0.01, size=40)

    def relevance(self) -> np.ndarray:
        return np.concatenate([[0.6, 0.59, 0.3], self.noise])

    def redundancy(self, s: int) -> np.ndarray:
        table = np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
        return np.concatenate([table[s], 0 * self.noise])

    def conditional(self, s: int) -> np.ndarray:
        table = np.array([[0.0, 1.41, 0.0], [1.41, 0.0, 0.0], [0.0, 0.0, 0.0]])
        return np.concatenate([table[s], 0 * self.noise])


@pytest.mark.parametrize(
    ("name", "expected"), [("mim", (0, 1, 2)), ("mrmr", (0, 2, 1)), ("jmi", (0, 2, 1)), ("cmim", (0, 2))]
)
def test_loop_and_stop(name, expected):
    found = select(Given(), name)
    assert found.chosen == expected
    assert all(p <= 0.05 for p in found.p_values)
    assert len(found.scores) == len(found.p_values) == len(expected)
    assert found.relevance == pytest.approx([0.6, 0.59, 0.3])


def test_count_takes_so_many_without_a_test():
    found = select(Given(), "cmim", 2)
    assert found.chosen == (0, 2)
    assert found.p_values == ()


def test_stop_needs_shadows():
    few = Given()
    few.groups = np.concatenate([np.zeros(3), np.ones(40)])
    with pytest.raises(ValueError, match="at least 20 shuffled columns, got 0"):
        select(few, "mim")


def test_tail_is_the_share_where_the_sample_reaches():
    null = np.arange(100.0)
    assert tail_probability(50.0, null) == pytest.approx(51 / 101)
    assert tail_probability(-1.0, null) == 1.0


@pytest.mark.parametrize(
    ("draw", "value", "truth"),
    [
        (lambda rng: rng.normal(size=2000), 4.0, 3.17e-5),
        (lambda rng: rng.chisquare(1, size=2000), 15.0, 1.08e-4),
        (lambda rng: rng.chisquare(4, size=2000), 25.0, 5.03e-5),
    ],
)
def test_tail_beyond_the_sample_is_of_the_right_size(draw, value, truth):
    found = [tail_probability(value, draw(np.random.default_rng(seed))) for seed in range(5)]
    assert truth / 5 < np.median(found) < 5 * truth


def test_tail_of_a_constant_null():
    assert tail_probability(1.0, np.zeros(99)) == pytest.approx(0.01)
    assert tail_probability(0.0, np.zeros(99)) == 1.0


def test_sidak():
    assert sidak(0.01, 1) == pytest.approx(0.01)
    assert sidak(0.01, 10) == pytest.approx(1 - 0.99**10)
    assert sidak(1e-20, 100) == pytest.approx(1e-18)
    assert sidak(1.0, 3) == pytest.approx(1.0)


def _table(seed: int = 0, n: int = 400, shadows: int = 40) -> FeatureTable:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    x[:, 1] = rng.integers(0, 3, n)
    discrete = np.array([False, True, False, False])
    target = (x[:, 0] + x[:, 1] > 1).astype(np.int64)
    return FeatureTable(Columns(x, discrete), target, True, k=3, shadows=shadows, rng=rng)


def test_shadows_tell_nothing_and_come_for_each_kind():
    table = _table()
    assert np.bincount(table.groups[4:]).tolist() == [40, 40]
    assert np.abs(table.relevance()[4:].mean()) < 0.01
    for column, kind in zip(table.all.values[:, 4:].T, table.groups[4:]):
        source = table.all.values[:, :4][:, table.groups[:4] == kind]
        assert any(np.array_equal(np.sort(column), np.sort(s)) for s in source.T)


def test_conditional_sees_what_only_the_class_reveals():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 2000))
    table = FeatureTable(
        Columns(np.column_stack([a, b]).astype(float), np.array([True, True])),
        a ^ b,
        True,
        k=3,
        shadows=0,
        rng=rng,
    )
    assert table.redundancy(0)[1] == pytest.approx(0.0, abs=0.005)
    assert table.conditional(0)[1] == pytest.approx(np.log(2), abs=0.01)


def test_numeric_targets_and_labels_agree_with_the_truth():
    rng = np.random.default_rng(1)
    n = 3000
    x = rng.normal(size=n)
    y = x + rng.normal(size=n)
    label = (x > 0).astype(float)
    found = with_target(Columns(np.column_stack([x, label]), np.array([False, True])), y, False, 3)
    assert found[0] == pytest.approx(0.5 * np.log(2), abs=0.04)
    # I(sign(x); x + e) by numerical integration
    assert found[1] == pytest.approx(0.1931, abs=0.03)


def test_labels_with_labels_is_corrected():
    rng = np.random.default_rng(2)
    values = [labels_with_labels(rng.integers(0, 5, 200), rng.integers(0, 5, 200)) for _ in range(200)]
    assert np.mean(values) == pytest.approx(0.0, abs=0.005)
    assert labels_with_labels(np.array([0, 1] * 50), np.array([0, 1] * 50), False) == pytest.approx(np.log(2))


@pytest.mark.full
def test_stop_keeps_its_level_on_noise():
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(200, 12))
        y = rng.integers(0, 2, 200)
        table = FeatureTable(Columns(x, np.zeros(12, dtype=bool)), y, True, k=3, shadows=100, rng=rng)
        hits += bool(select(table, "mim").chosen)
    assert hits <= 25
