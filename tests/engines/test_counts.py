"""Counts from the engine are those of the rows, in few joint tables."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from adami.engines import count_sets, counts, open_source, quantile_edges, table_fields
from adami.engines._histogram import histograms
from adami.engines.bins import number_of_bins

ibis = pytest.importorskip("ibis")


@pytest.fixture(scope="module")
def source(parts):
    return open_source(parts)


def tallied(*columns) -> dict:
    out: dict = {}
    for row in zip(*columns):
        out[row] = out.get(row, 0) + 1
    return out


def as_table(cells, *columns) -> dict:
    levels = [sorted(set(c)) for c in columns]
    return {
        tuple(level[axis[i]] for level, axis in zip(levels, cells.labels)): int(cells.counts[i])
        for i in range(len(cells.counts))
    }


def test_counts_are_those_of_the_rows(source, rows):
    wanted = [("x",), ("tree", "x"), ("x", "tree"), ("z", "tree", "x")]
    for names, cells in zip(wanted, count_sets(source, wanted)):
        columns = [rows[n].tolist() for n in names]
        assert as_table(cells, *columns) == tallied(*columns)
        assert cells.sizes == tuple(len(set(c)) for c in columns)
        code = np.ravel_multi_index(cells.labels, cells.sizes)
        assert (np.diff(code) > 0).all()


def test_all_pairs_agree_with_single_calls_whatever_the_plan(monkeypatch, source):
    names = ["x", "tree", "z"]
    pairs = list(combinations(names, 2))
    alone = [count_sets(source, [p])[0] for p in pairs]
    for most, stage in ((1, 1), (10_000, 0), (10_000, 100)):
        monkeypatch.setattr(counts, "BLOCK_CELLS", most)
        monkeypatch.setattr(counts, "STAGE_FROM", stage)
        for a, b in zip(alone, count_sets(source, pairs)):
            assert a.counts.tolist() == b.counts.tolist()
            assert all((u == v).all() for u, v in zip(a.labels, b.labels))
    con = source.table._find_backend()
    left = con.con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'adami_%'")
    assert left.fetchall() == [(0,)]


def test_joint_tables_cover_all_sets_within_their_size():
    sizes = {f"c{i}": 2 + i % 9 for i in range(20)}
    wanted = [*combinations(sizes, 2), ("c1", "c2", "c3"), ("c19", "c0", "c7")]
    plan = counts.blocks(wanted, sizes)
    assert sorted(s for _, inside in plan for s in inside) == sorted(wanted)
    for block, inside in plan:
        assert all(set(s) <= set(block) for s in inside)
        assert math.prod(sizes[n] for n in block) <= counts.BLOCK_CELLS
    assert len(plan) < len(wanted) / 4
    # a single set may be larger than any joint table should be
    assert counts.blocks([("a", "b")], {"a": 10**6, "b": 10**6}) == [(("a", "b"), [("a", "b")])]


def test_missing_values_drop_rows_of_their_own_sets_only():
    a = ["u", None, "v", "v", None, "u"]
    b = [1.0, 2.0, float("nan"), 2.0, None, 1.0]
    c = [True, False, True, None, True, False]
    source = open_source(
        ibis.memtable({"a": a, "b": b, "c": c}, schema={"a": "string", "b": "float64", "c": "bool"})
    )
    wanted = [("a",), ("b",), ("a", "b"), ("a", "c"), ("a", "b", "c")]
    assert [s.n for s in count_sets(source, wanted)] == [4, 4, 3, 3, 2]
    assert [s.n for s in count_sets(source, wanted, category=["a"])] == [6, 4, 4, 5, 3]
    gone = open_source(source.table.filter(source.table.a.isnull() & source.table.b.isnull()))
    with pytest.raises(ValueError, match="no complete rows are left"):
        count_sets(gone, [("a", "c")])


def test_null_is_no_word_and_minus_zero_is_zero():
    source = open_source(ibis.memtable({"a": ["NULL", None, "", "NULL"], "b": [0.0, -0.0, 1.0, -0.0]}))
    assert count_sets(source, [("a",)])[0].counts.tolist() == [1, 2]
    assert count_sets(source, [("b",)])[0].counts.tolist() == [3, 1]


def test_many_labels_are_counted_as_they_are():
    names = [f"row {i % 700}" for i in range(2_100)]
    numbers = [2**40 + i % 30 for i in range(2_100)]
    source = open_source(
        ibis.memtable({"name": names, "number": numbers, "bit": [i % 2 for i in range(2_100)]})
    )
    cells = count_sets(source, [("name", "bit")])[0]
    assert cells.sizes == (700, 2)
    assert as_table(cells, names, [i % 2 for i in range(2_100)]) == tallied(
        names, [i % 2 for i in range(2_100)]
    )
    forced = count_sets(source, [("number",)], fields=table_fields(source, kinds={"number": "discrete"}))[0]
    assert forced.sizes == (30,)
    with pytest.raises(ValueError, match=r"'name'.*more than memory_limit allows"):
        count_sets(source, [("name", "bit")], memory_limit=1_000)


def test_bins_hold_equal_numbers_of_rows(source, rows):
    edges = quantile_edges(source, ["size", "rain"], 8)
    found = np.bincount(np.searchsorted(edges["size"], rows["size"], side="left"))
    assert len(found) == 8
    assert np.abs(found - 375).max() <= 3_000 / 32
    # equal values stay together: 40 % of the rows are zero, and the first bin holds them all
    rain = np.bincount(np.searchsorted(edges["rain"], rows["rain"], side="left"))
    assert rain[0] >= (rows["rain"] == 0).sum()
    cells = count_sets(source, [("size", "tree")], edges=edges)[0]
    assert cells.marginal(0)[0].tolist() == found.tolist()


def test_histograms_find_their_way_through_heavy_tails(rng_columns):
    source, columns = rng_columns
    for name, found in histograms(source, list(columns), 0.02).items():
        values = columns[name]
        assert found.n == len(values)
        assert not found.heavy(0.02 * len(values)).any(), name
        assert (found.low[1:] > found.high[:-1]).all()
        for low, high, n in zip(found.low, found.high, found.counts):
            assert ((values >= low) & (values <= high)).sum() == n


@pytest.fixture(scope="module")
def rng_columns():
    rng = np.random.default_rng(5)
    columns = {
        "wild": rng.standard_cauchy(2_000) ** 5,
        "atom": np.where(rng.random(2_000) < 0.7, 1.5, 1.5 + 1e-9 * rng.normal(size=2_000)),
        "tiny": 1e-300 * rng.random(2_000),
    }
    return open_source(ibis.memtable(columns)), columns


def test_number_of_bins_grows_to_its_cap():
    assert [number_of_bins(n) for n in (1, 20, 500, 5_000, 10**12)] == [2, 2, 10, 32, 32]


def test_bad_sets_are_refused(source):
    with pytest.raises(KeyError, match="did you mean 'tree'"):
        count_sets(source, [("tre", "x")])
    with pytest.raises(ValueError, match="each of them once"):
        count_sets(source, [("x", "x")])
    with pytest.raises(ValueError, match="at least two"):
        quantile_edges(source, ["size"], 1)


def test_a_copy_that_memory_does_not_hold_is_on_disk_and_counts_the_same(parts, monkeypatch):
    from adami.engines import _stage

    source = open_source(parts)
    con = source.table._find_backend()
    fields = table_fields(source)
    names = [n for n, f in fields.items() if f.kind == "discrete"]
    sets = [(a, b) for a in names for b in names if a < b] + [(n,) for n in names]
    monkeypatch.setattr("adami.engines.counts.STAGE_FROM", 0)
    places = []
    for name in ("_in_memory", "_on_disk"):
        place = getattr(_stage, name)
        monkeypatch.setattr(_stage, name, lambda *a, place=place, name=name: places.append(name) or place(*a))
    kept = count_sets(source, sets, fields=fields)
    monkeypatch.setattr(_stage, "ROOM", 1e-9)
    moved = count_sets(source, sets, fields=fields)
    assert places == ["_in_memory", "_on_disk"]
    for a, b in zip(kept, moved):
        assert a.counts.tolist() == b.counts.tolist()
    # nothing of the copy stays behind
    assert con.con.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall() == [(1,)]
    assert con.con.execute("SELECT current_setting('force_compression')").fetchall() == [("auto",)]
