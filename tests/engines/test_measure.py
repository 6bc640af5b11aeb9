"""Numbers from counts in an engine equal those of the verbs in memory, for the same rows."""

from __future__ import annotations

import numpy as np
import pytest

import adami
from adami.engines import entropy, information, open_source, pairs

ibis = pytest.importorskip("ibis")


@pytest.fixture(scope="module")
def source(parts):
    return open_source(parts)


def assert_same(found, expected):
    assert found.value == pytest.approx(expected.value, abs=1e-14)
    assert found.interval == pytest.approx(expected.interval, abs=1e-12)
    assert (found.p_value is None) == (expected.p_value is None)
    if expected.p_value is not None:
        assert found.p_value == pytest.approx(expected.p_value, rel=1e-10)
    same = ("quantity", "method", "n", "kinds", "interval_kind", "measure", "bound", "diagnostics")
    for field in same:
        assert getattr(found, field) == getattr(expected, field), field
    for key, value in expected.details.items():
        assert found.details[key] == (pytest.approx(value) if isinstance(value, float | dict) else value), key


@pytest.mark.parametrize(
    "method", ["auto", "plugin", "miller_madow", "grassberger", "nsb", "shrinkage", "chao_shen"]
)
@pytest.mark.parametrize("given", [None, "z"])
def test_information_is_that_of_the_verb(source, rows, method, given):
    found = information(source, "x", "tree", given, method=method)
    assert_same(found, adami.information(rows, "x", "tree", given=given, method=method))
    assert found.details["backend"] == "duckdb"
    assert found.details["rows"] == found.details["counted"] == 3_000


@pytest.mark.parametrize("n", [30, 200])
def test_sparse_tables_are_adjusted_alike(rows, n):
    some = {k: rows[k][:n] for k in ("x", "tree", "z")}
    source = open_source(ibis.memtable({k: v.tolist() for k, v in some.items()}))
    assert_same(information(source, "tree", "x"), adami.information(some, "tree", "x"))
    assert_same(information(source, ["x", "z"], "tree"), adami.information(some, ["x", "z"], "tree"))
    assert_same(information(source, "tree", "x", "z"), adami.information(some, "tree", "x", given="z"))
    tested = information(source, "tree", "x", permutations=50)
    assert_same(tested, adami.information(some, "tree", "x", permutations=50))


def test_entropy_is_that_of_the_verb(source, rows):
    assert_same(entropy(source, "tree"), adami.entropy(rows, "tree"))
    assert_same(entropy(source, ["tree", "x"]), adami.entropy(rows, ["tree", "x"]))
    assert_same(
        entropy(source, "tree", "z", method="nsb"), adami.entropy(rows, "tree", given="z", method="nsb")
    )


def test_perfect_constant_and_identifying_labels_are_told_alike(rows):
    n = 60
    some = {
        "x": rows["x"][:n],
        "copy": np.array([f"is {v}" for v in rows["x"][:n]], dtype=object),
        "half": rows["x"][:n] // 2,
        "one": np.full(n, "same", dtype=object),
        "name": np.array([f"row {i}" for i in range(n)], dtype=object),
    }
    source = open_source(ibis.memtable({k: v.tolist() for k, v in some.items()}))
    for a, b in (
        ("x", "copy"),
        ("x", "half"),
        ("half", "copy"),
        ("x", "one"),
        ("x", "name"),
        ("name", "one"),
    ):
        for method in ("auto", "plugin"):
            assert_same(
                information(source, a, b, method=method), adami.information(some, a, b, method=method)
            )
    assert_same(entropy(source, "name"), adami.entropy(some, "name"))
    assert_same(entropy(source, "one"), adami.entropy(some, "one"))


def test_missing_values_are_refused_dropped_or_a_level(rows):
    tree = rows["tree"].copy()
    tree[::7] = None
    some = {"x": rows["x"], "tree": tree}
    source = open_source(ibis.memtable({k: v.tolist() for k, v in some.items()}))
    with pytest.raises(ValueError, match=r"'tree' \(429\)"):
        information(source, "x", "tree")
    for missing in ("drop", "category"):
        found = information(source, "x", "tree", missing=missing)
        assert_same(found, adami.information(some, "x", "tree", missing=missing))
    with pytest.raises(ValueError, match="missing='ignore'"):
        information(source, "x", "tree", missing="ignore")


def test_pairs_are_those_of_single_calls(source, rows):
    names = ["x", "tree", "z"]
    found = pairs(source, names)
    assert list(found) == [("x", "tree"), ("x", "z"), ("tree", "z")]
    for (a, b), value in found.items():
        assert_same(value, adami.information(rows, a, b))
    assert list(pairs(source, names, target="z")) == [("x", "z"), ("tree", "z")]


def test_bins_see_most_of_a_continuous_dependence(rng_pair):
    source, truth = rng_pair
    found = information(source, "a", "b", method="binned")
    assert 0.9 * truth < found.value < truth
    assert "binned" in found.flags
    assert found.bound == "lower"
    assert found.details["bins"] == {"a": 32, "b": 32}
    coarse = information(source, "a", "b", method="binned", bins=3)
    assert coarse.value < found.value


@pytest.fixture(scope="module")
def rng_pair():
    rng = np.random.default_rng(0)
    a = rng.normal(size=20_000)
    b = 0.8 * a + 0.6 * rng.normal(size=20_000)
    return open_source(ibis.memtable({"a": a, "b": b})), -0.5 * np.log(1 - 0.64)


def test_numbers_are_measured_on_a_sample_of_rows(source, rows):
    found = information(source, "size", "x", max_rows=1_000, tol=1e-6)
    assert found.details["backend"] == "duckdb"
    assert found.kinds == ("continuous", "discrete")
    low, high = found.interval
    assert low < adami.information(rows, "size", "x").value < high
    # a method that needs the rows gets them also for labels
    assert information(source, "x", "tree", method="mixed_ksg").method == "mixed_ksg"


def test_the_verbs_take_an_ibis_table(source, rows):
    assert_same(adami.information(source.table, "x", "tree"), adami.information(rows, "x", "tree"))
    assert_same(adami.entropy(source.table, "tree"), adami.entropy(rows, "tree"))
    with pytest.raises(TypeError, match="by name"):
        adami.information(source.table, "x")
    with pytest.raises(TypeError, match="name the column"):
        adami.entropy(source.table)


def test_bad_questions_are_refused(source):
    with pytest.raises(KeyError, match="did you mean 'tree'"):
        information(source, "x", "tre")
    with pytest.raises(ValueError, match="unknown method"):
        information(source, "x", "tree", method="magic")
    with pytest.raises(ValueError, match="bins"):
        entropy(source, "size", method="binned")
