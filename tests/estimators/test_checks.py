"""What the diagnostics see, and what they leave in peace."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators.checks import inspect, inspect_value, is_constant, label_entropy
from adami.variables import variable

N = 400
RNG = np.random.default_rng(0)
A, B, NOISE = RNG.normal(size=(3, N))
LABEL = RNG.integers(0, 4, N)


def found(x, y=None, given=None, kinds=None):
    slots = [
        None if v is None else variable(v, name, kinds=kinds)
        for v, name in ((x, "a"), (y, "b"), (given, "c"))
    ]
    return {d.flag: d for d in inspect(*slots)}


def test_clean_data_raise_nothing():
    for x, y, z in [
        (A, B, None),
        (A, LABEL, None),
        (LABEL, LABEL[::-1], None),
        (A, 0.9 * A + 0.1 * B, NOISE),
    ]:
        assert found(x, y, z) == {}
    assert found(RNG.normal(size=(1000, 3)), RNG.normal(size=(1000, 3))) == {}


# -- columns ---------------------------------------------------------------------------------------


def test_constant_columns():
    for x in (np.zeros(N), ["u"] * N):
        told = found(x, B)["constant"]
        assert "'a'" in told.message
        assert is_constant(variable(x))
    assert "constant" in found(np.column_stack([A, np.full(N, 7.0)]), B)
    assert "constant" in found(np.full(N, 7.0), B, kinds={"a": "continuous"})
    assert not is_constant(variable(A))
    assert not is_constant(variable({"u": np.zeros(N), "v": LABEL}))


def test_ties_and_atoms():
    rounded = found(np.round(A, 2), B)
    assert "'a'" in rounded["ties"].message
    assert "ties" not in found(np.where(np.arange(N) < 2, 0.123, A), B)
    zeros = found(np.where(A > 0, A, 0.0), B)["atoms"]
    assert zeros.severity == "note"
    assert "value 0" in zeros.message
    forced = found(np.where(A > 0, A, 0.0), B, kinds={"a": "continuous"})["atoms"]
    assert forced.severity == "warning"


def test_heavy_tails():
    assert "'a'" in found(RNG.standard_t(1.5, 1000), RNG.normal(size=1000))["heavy_tails"].message
    assert "heavy_tails" in found(np.exp(2 * RNG.normal(size=1000)), RNG.normal(size=1000))
    for tame in (RNG.random(1000), RNG.exponential(size=1000), RNG.normal(size=1000)):
        assert "heavy_tails" not in found(tame, RNG.normal(size=1000))


def test_scale_disparity_within_one_variable_only():
    assert "'a1'" in found(np.column_stack([A, 1e9 * B]), NOISE)["scale"].message
    assert "scale" not in found(A, 1e12 * B)


def test_identifiers():
    for column in (np.arange(N), np.arange(1, N + 1), RNG.permutation(N) + 1000.0):
        assert "'a'" in found(column, B)["identifier"].message
    assert "identifier" in found([f"row{i}" for i in range(N)], LABEL)
    assert "identifier" not in found(2 * np.arange(N), B)
    assert "identifier" not in found(np.linspace(0, 1, N), B)
    assert "identifier" not in found([f"row{i // 2}" for i in range(N)], LABEL)
    assert "identifier" not in found(RNG.choice(10 * N, N, replace=False), B)


def test_too_few_samples_for_the_dimension():
    assert found(A[:15], B[:15])["too_few_samples"].severity == "warning"
    sparse = found(RNG.normal(size=(500, 5)), RNG.normal(size=(500, 5)))["too_few_samples"]
    assert (sparse.severity, sparse.direction) == ("note", "low")
    assert "too_few_samples" not in found(LABEL[:15], LABEL[-15:])


# -- perfect dependence ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        A,
        -3 * A + 1,
        1e-12 * A,
        1e12 * A + 1e15,
        (2 * A + 1).astype(np.float32),
        np.column_stack([B, A]),
        np.column_stack([A + B, A - B]),
    ],
)
def test_copies_and_affine_functions(y):
    told = found(A, y)["perfect_dependence"]
    assert told.severity == "warning"
    assert "infinite" in told.message


def test_a_linear_relation_between_vectors():
    y = A + 2 * B
    assert "perfect_dependence" in found(np.column_stack([A, B]), np.column_stack([y, NOISE]))
    assert "perfect_dependence" not in found(
        np.column_stack([A, B]), np.column_stack([y + 1e-3 * NOISE, B[::-1]])
    )
    assert "perfect_dependence" in found(A, A + B, B)
    assert "perfect_dependence" not in found(A, A + B, NOISE)


@pytest.mark.parametrize("y", [np.exp(A), A**3, -np.arctan(A)])
def test_monotone_functions(y):
    told = found(A, y)["perfect_dependence"]
    assert told.direction == "low"
    assert "monotone" in told.message


@pytest.mark.parametrize("y", [A + 1e-4 * NOISE, A**2, np.abs(A)])
def test_strong_but_imperfect_dependence(y):
    assert "perfect_dependence" not in found(A, y)


def test_few_rows_are_enough_for_a_copy_and_too_few_for_an_order():
    assert "perfect_dependence" in found(A[:5], 2 * A[:5])
    assert "perfect_dependence" not in found(A[:5], np.exp(A[:5]))
    assert "perfect_dependence" not in found(A[:4], B[:4])
    assert "perfect_dependence" not in found(RNG.normal(size=(9, 3)), RNG.normal(size=(9, 3)))


def test_one_outlier_is_no_copy():
    x, y = A.copy(), B.copy()
    x[0] = y[0] = 1e15
    assert "perfect_dependence" not in found(x, y)


def test_labels_that_determine_labels():
    assert "b determines a" in found(LABEL // 2, LABEL)["perfect_dependence"].message
    assert "same labels" in found(LABEL, ["abcd"[i] for i in LABEL])["perfect_dependence"].message
    assert "perfect_dependence" not in found(LABEL, np.roll(LABEL, 1))
    twins = np.arange(N) // 2
    assert "perfect_dependence" not in found(twins.astype(str), LABEL)


def test_thresholds_that_give_the_label():
    assert "thresholds" in found(A, np.digitize(A, [-1, 0.5]))["perfect_dependence"].message
    assert "thresholds" in found(A > 0, A)["perfect_dependence"].message
    assert "perfect_dependence" not in found(A, (A + 0.1 * NOISE) > 0)
    assert "perfect_dependence" not in found(A, np.abs(A) > 1)


def test_perfect_dependence_is_seen_in_large_samples():
    x = RNG.normal(size=20_000)
    assert "perfect_dependence" in found(x, x + 5)
    late = x.copy()
    late[15_000:] += RNG.normal(size=5_000)
    assert "perfect_dependence" not in found(x, late)


# -- values ----------------------------------------------------------------------------------------


def flags(value, *slots):
    return {d.flag: d.direction for d in inspect_value(value, *(variable(s, "v") for s in slots))}


def test_more_than_an_entropy():
    assert flags(1.5, LABEL, B) == {"above_entropy": "high"}
    assert flags(1.3, LABEL, B) == {}
    assert flags(0.8, LABEL, LABEL > 1) == {"above_entropy": "high"}


def test_the_logarithm_of_n_is_a_ceiling():
    assert flags(6.5, A, B) == {"above_log_n": "unknown"}
    assert flags(5.0, A, B) == {"near_ceiling": "low"}
    assert flags(2.0, A, B) == {}
    assert flags(math.inf, A, A) == {}


def test_an_entropy_of_labels_seen_once():
    many = [f"{i}" for i in RNG.integers(0, 2000, N)]
    assert flags(5.8, many) == {"near_ceiling": "low"}
    assert flags(1.38, LABEL) == {}


def test_label_entropy_has_the_first_order_correction():
    assert label_entropy(np.array([0, 1] * 50)) == pytest.approx(math.log(2) + 1 / 200)
