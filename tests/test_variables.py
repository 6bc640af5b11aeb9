"""Columns to variables: the rule for kinds, joint labels, missing values, messages."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest

from adami._inputs import raw_columns
from adami.variables import align, join, merge, select, variable

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=200)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (NORMAL, "continuous"),
        (RNG.integers(0, 20, 200), "discrete"),
        (RNG.integers(0, 20, 200).astype(float), "discrete"),
        (RNG.integers(0, 1000, 200), "continuous"),
        (np.arange(21).repeat(10), "continuous"),
        (np.append(np.arange(21).repeat(10), np.zeros(10)), "continuous"),
        (np.append(np.arange(21).repeat(10), np.zeros(150)), "mixed"),
        (np.arange(10), "continuous"),
        (np.where(NORMAL > 0, NORMAL, 0.0), "mixed"),
        (np.where(NORMAL > 2.5, 0.0, NORMAL), "continuous"),
        (NORMAL > 0, "discrete"),
        (["a", "b"] * 30, "discrete"),
        ([f"id{i}" for i in range(60)], "discrete"),
        (np.datetime64("2020-01-01") + np.arange(90).repeat(2), "continuous"),
        (np.full(100, 3.5), "discrete"),
    ],
)
def test_the_rule_for_kinds(data, kind):
    assert variable(data).kind == kind


def test_kinds_can_be_overridden_per_column():
    frame = {"a": RNG.integers(0, 5, 100), "b": NORMAL[:100]}
    v = variable(frame, kinds={"a": "continuous"})
    assert v.kind == "continuous"
    assert v.dim == 2
    assert v.columns[0].forced
    assert not v.columns[1].forced
    assert variable(NORMAL, kinds="discrete").n_levels == 200
    assert (
        variable(NORMAL > 0, kinds="continuous").numbers[:, 0].tolist() == (NORMAL > 0).astype(float).tolist()
    )
    with pytest.raises(ValueError, match="unknown kind"):
        variable(NORMAL, kinds="numeric")
    with pytest.raises(ValueError, match="holds labels"):
        variable(["a", "b"] * 10, "colour", kinds="continuous")


def test_codes_number_the_joint_labels():
    a, b = RNG.integers(0, 4, 500), RNG.integers(0, 5, 500)
    v = variable({"a": a, "b": b})
    assert v.kind == "discrete"
    assert v.dim == 0
    assert v.numbers.shape == (500, 0)
    assert v.codes.dtype == np.int64
    pairs = {(i, j): c for i, j, c in zip(a, b, v.codes)}
    assert len(pairs) == len(set(pairs.values())) == v.n_levels
    assert all(pairs[i, j] == c for i, j, c in zip(a, b, v.codes))


def test_many_wide_label_columns_do_not_overflow():
    frame = {f"c{j}": [f"{v}" for v in RNG.integers(0, 900, 1000)] for j in range(12)}
    v = variable(frame)
    assert v.n_levels == len(set(zip(*frame.values())))


def test_numbers_and_labels_together_are_mixed():
    v = variable({"number": NORMAL, "label": NORMAL > 0})
    assert v.kind == "mixed"
    assert (v.dim, v.n_levels, v.n) == (1, 2, 200)
    assert v.names == ("number", "label")
    assert str(v) == "number, label"


def test_take_keeps_kinds_and_codes():
    v = variable({"number": NORMAL, "label": RNG.integers(0, 3, 200)})
    rows = np.array([5, 5, 1])
    taken = v.take(rows)
    assert taken.n == 3
    assert taken.kind == v.kind
    assert taken.n_levels == v.n_levels
    np.testing.assert_array_equal(taken.codes, v.codes[rows])
    np.testing.assert_array_equal(taken.numbers, v.numbers[rows])
    np.testing.assert_array_equal(taken.columns[0].values, NORMAL[rows])


def test_merge_joins_columns():
    a, b = variable(NORMAL, "a"), variable(NORMAL > 0, "b")
    assert merge(a, None, b).names == ("a", "b")
    with pytest.raises(ValueError, match="no columns"):
        join([])


def test_a_variable_is_returned_as_it_is():
    v = variable(NORMAL)
    assert variable(v) is v


def test_inputs_are_not_modified_and_not_shared_by_accident():
    data = NORMAL.copy()
    v = variable(data)
    v.numbers[0] = 99.0
    assert data[0] == NORMAL[0]


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ([1.0, np.nan, 2.0] * 20, ValueError, r"'a' \(20\).*missing='drop'"),
        ([1.0, np.inf, 2.0] * 20, ValueError, "'a'.*20 infinite"),
        (["u", None] * 20, ValueError, r"'a' \(20\)"),
        ([], ValueError, "'a'.*no rows"),
        (3.0, TypeError, "a: expected an array"),
        ("text", TypeError, "a: expected an array"),
        (np.zeros((3, 3, 3)), TypeError, "shape"),
        (np.array([1 + 2j, 0]), TypeError, "complex"),
        ([[1, 2], [1]], ValueError, "different lengths"),
        ([{"u": 1}, {"u": 2}], TypeError, "dict"),
        ([[1, 2], [[1], 2]], TypeError, "list"),
        (None, TypeError, "NoneType"),
    ],
)
def test_bad_columns_are_named(data, error, words):
    with pytest.raises(error, match=words):
        variable(data, "a")


def test_missing_labels_can_be_a_level():
    v = variable(["u", None, "v"] * 10, missing="category")
    assert v.n_levels == 3
    v = variable(np.array([0.0, np.nan, 1.0] * 10), missing="category")
    assert v.n_levels == 3
    with pytest.raises(ValueError, match="numeric column"):
        variable(np.where(NORMAL > 2, np.nan, NORMAL), missing="category")


def test_align_drops_missing_rows_of_all_slots_together():
    x = np.array([1.5, np.nan, 2.5, 3.5])
    y = ["a", "b", None, "c"]
    (vx, vy), notes = align((raw_columns(x), "x"), (raw_columns(y, "y"), "y"), missing="drop")
    assert vx.n == vy.n == 2
    assert notes[0].flag == "dropped_rows"
    assert "2 of 4 rows" in notes[0].message
    assert "'x' (1)" in notes[0].message
    with pytest.raises(ValueError, match=r"'x' \(1\), 'y' \(1\)"):
        align((raw_columns(x), "x"), (raw_columns(y, "y"), "y"))
    with pytest.raises(ValueError, match="no complete rows"):
        align((raw_columns([np.nan, 1.0]), "x"), (raw_columns([1.0, np.nan], "y"), "y"), missing="drop")


def test_align_drops_rows_of_columns_that_share_a_name():
    x, y = np.array([1.5, np.nan, 2.5]), np.array([1.0, 2.0, 3.0])
    (vx, vy), _ = align((raw_columns(x, "a"), "x"), (raw_columns(y, "a"), "y"), missing="drop")
    assert vx.n == vy.n == 2


def test_align_refuses_unequal_lengths_and_unknown_names():
    with pytest.raises(ValueError, match=r"different lengths: 'x' has 3, 'y' has 2"):
        align((raw_columns([1, 2, 3]), "x"), (raw_columns([1, 2], "y"), "y"))
    with pytest.raises(ValueError, match="unknown column"):
        align((raw_columns([1, 2, 3]), "x"), kinds={"q": "discrete"})
    with pytest.raises(ValueError, match="choose 'raise'"):
        align((raw_columns([1, 2, 3]), "x"), missing="ignore")


def test_select_offers_near_spellings():
    frame = {"bill_length": NORMAL, "species": NORMAL > 0}
    assert list(select(frame, ["species", "bill_length"])) == ["species", "bill_length"]
    assert list(select(frame, "species")) == ["species"]
    with pytest.raises(KeyError, match="did you mean 'species'"):
        select(frame, "speces")
    with pytest.raises(KeyError, match="columns are"):
        select(frame, "zzz")


def test_dates_are_seconds():
    day = datetime.date(2020, 1, 1)
    v = variable([day + datetime.timedelta(days=i) for i in range(30)])
    assert v.kind == "continuous"
    assert np.allclose(np.diff(v.numbers[:, 0]), 86400)
    spans = variable([datetime.timedelta(minutes=i) for i in range(30)], kinds="continuous")
    assert np.allclose(np.diff(spans.numbers[:, 0]), 60)


def test_decimals_are_numbers_and_big_integers_do_not_overflow():
    v = variable([decimal.Decimal(i) / 7 for i in range(50)])
    assert v.kind == "continuous"
    big = variable([10**25 + i * 10**20 for i in range(50)])
    assert big.kind == "continuous"
    assert (np.diff(big.numbers[:, 0]) > 0).all()


def test_equal_labels_of_different_types_keep_apart_or_together_as_python_does():
    assert variable([1, "1"] * 20).n_levels == 2
    assert variable([True, 1.0, "a"] * 20).n_levels == 2
