"""The sample of rows: fair, nested, as large as it must be, and the same on every engine."""

from __future__ import annotations

import datetime
import decimal
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adami
from adami.engines import sample as module
from adami.engines.sample import adaptive_sample, draw, next_size, sample
from adami.engines.source import open_source

ibis = pytest.importorskip("ibis", reason="needs Ibis: pip install 'adami[engines]'")
pa = pytest.importorskip("pyarrow")


def table(**columns: Any) -> Any:
    return ibis.memtable(pa.table(columns))


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return all(
        len(a[n]) == len(b[n])
        and all(u == v or (u != u and v != v) for u, v in zip(a[n].tolist(), b[n].tolist()))
        for n in a
    )


@pytest.fixture(scope="module")
def numbers() -> Any:
    rng = np.random.default_rng(0)
    x = rng.normal(size=40_000)
    return table(x=x, y=x + rng.normal(size=40_000), label=rng.integers(0, 3, 40_000))


@pytest.fixture(scope="module")
def every_type() -> Any:
    rng = np.random.default_rng(1)
    n = 2_000
    sizes = rng.normal(size=n) * 10.0 ** rng.integers(-40, 40, n)
    sizes[:5] = [0.0, -0.0, np.nan, 2.0**60, 5e-324]
    start = datetime.datetime(1999, 12, 31, 23, 59, 59, 999_000)
    return pa.table(
        {
            "size": pa.array([None if i % 97 == 5 else v for i, v in enumerate(sizes)]),
            "short": pa.array(rng.normal(size=n).astype("f4")),
            "whole": pa.array(rng.integers(-(2**62), 2**62, n)),
            "few": pa.array([None if i % 50 == 0 else i % 3 for i in range(n)], pa.int8()),
            "flag": pa.array([None if i % 7 == 0 else bool(i % 2) for i in range(n)]),
            "word": pa.array([["a", "é", "", None, "x\x1fy", "日本"][i % 6] for i in range(n)]),
            "day": pa.array([datetime.date(1850, 1, 1) + datetime.timedelta(days=37 * i) for i in range(n)]),
            "time": pa.array([start + datetime.timedelta(microseconds=1_001 * i) for i in range(n)]),
            "price": pa.array(
                [decimal.Decimal(int(v)).scaleb(-2) for v in rng.integers(-9_999, 9_999, n)],
                pa.decimal128(12, 2),
            ),
        }
    )


def test_a_larger_sample_contains_a_smaller_one(numbers: Any) -> None:
    few, more = sample(numbers, ["x", "label"], 300), sample(numbers, ["x", "label"], 3_000)
    assert same(few, {n: v[:300] for n, v in more.items()})
    assert same(few, sample(numbers, ["x", "label"], 300))
    assert not same(few, sample(numbers, ["x", "label"], 300, random_state=1))


def test_a_small_table_is_brought_whole(every_type: Any) -> None:
    drawn = draw(ibis.memtable(every_type), every_type.column_names, 10_000)
    assert drawn.whole
    assert drawn.rows == drawn.total == 2_000
    assert sorted(drawn.columns["whole"].tolist()) == sorted(every_type["whole"].to_pylist())
    assert np.isnan(drawn.columns["size"]).sum() == sum(
        v is None or v != v for v in every_type["size"].to_pylist()
    )


def test_the_sample_is_one_of_equal_chances(numbers: Any) -> None:
    x = numbers.x.to_pyarrow().to_numpy()
    means = [sample(numbers, ["x"], 400, random_state=seed)["x"].mean() for seed in range(8)]
    assert abs(np.mean(means) - x.mean()) < 4 * x.std() / np.sqrt(400 * 8)
    assert 0.3 < np.std(means) / (x.std() / np.sqrt(400)) < 2.0


def chi_squared(table: Any, seed: int) -> float:
    """Return how far the shares of the labels are from those of all rows, in units of chance."""
    drawn = draw(table, ["label"], 4_000, seed)
    seen = np.bincount(drawn.columns["label"], minlength=12)
    true = np.bincount(table.label.to_pyarrow().to_numpy(), minlength=12) / drawn.total
    return float(((seen - 4_000 * true) ** 2 / (4_000 * true)).sum() / 11)


def test_rows_that_are_alike_have_chances_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = np.arange(1, 13) / 78
    labels = table(label=np.random.default_rng(2).choice(12, 60_000, p=shares))
    assert 0.3 < np.mean([chi_squared(labels, seed) for seed in range(6)]) < 2.0
    # a plain hash of the values gives all rows that are alike one fate
    monkeypatch.setattr(module, "_crowded", lambda counts: np.zeros(len(counts), dtype=bool))
    monkeypatch.setattr(module, "_fetch", lambda *a: pytest.fail("unfair: too few rows came along"))
    with pytest.raises(pytest.fail.Exception):
        chi_squared(labels, 0)


def test_a_frequent_row_among_many_different_ones() -> None:
    rng = np.random.default_rng(3)
    x = np.where(rng.random(300_000) < 0.05, 0.0, rng.normal(size=300_000))
    rows = table(x=x)
    zeros = [float(np.mean(sample(rows, ["x"], 5_000, seed)["x"] == 0)) for seed in range(4)]
    assert np.mean(zeros) == pytest.approx(np.mean(x == 0), abs=4 * np.sqrt(0.05 * 0.95 / 20_000))


def test_rows_that_come_in_threes_are_drawn_apart() -> None:
    x = np.repeat(np.random.default_rng(4).normal(size=30_000), 3)
    drawn = sample(table(x=x), ["x"], 3_000)["x"]
    # of 3,000 rows drawn one by one about 3000^2 / 90,000 share their value with another
    assert len(drawn) - len(np.unique(drawn)) == pytest.approx(100, abs=45)


def test_copies_are_drawn_without_replacement() -> None:
    counts = {0: 5_000, 1: 3, 2: 1_000}
    label = np.repeat(list(counts), list(counts.values()))
    for rows in (10, 1_000, 5_990):
        drawn = draw(table(label=label), ["label"], rows)
        seen = np.bincount(drawn.columns["label"], minlength=3)
        assert seen.sum() == rows
        assert all(seen[k] <= n for k, n in counts.items())


def test_a_key_draws_by_one_column(numbers: Any) -> None:
    keyed = numbers.mutate(row=ibis.row_number())
    drawn = draw(keyed, ["x", "y"], 500, key="row")
    assert drawn.rows == 500
    assert same(drawn.first(100), sample(keyed, ["x", "y"], 100, key="row"))
    assert same({"x": drawn.columns["x"]}, sample(keyed, ["x"], 500, key="row"))
    with pytest.raises(ValueError, match="key 'label' is the same for many different rows"):
        draw(keyed, ["x"], 500, key="label")


def test_two_scans_however_far_it_grows(numbers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    kind = type(numbers)
    run = kind.to_pyarrow
    monkeypatch.setattr(
        kind, "to_pyarrow", lambda self, **k: (asked.append(ibis.to_sql(self)), run(self, **k))[1]
    )
    found = adaptive_sample(
        numbers, ["x", "y"], lambda rows: adami.information(rows, "x", "y"), tol=0.03, first=1_000
    )
    assert len(asked) == 2
    assert not any("ORDER BY" in sql for sql in asked)
    assert 1_000 < found.details["rows"] < 40_000


def test_it_grows_until_the_interval_is_narrow(numbers: Any) -> None:
    found = adaptive_sample(numbers, ["x", "y"], lambda rows: adami.information(rows, "x", "y"), tol=0.05)
    assert found.interval[1] - found.interval[0] < 0.05
    assert found.details["rows"] == found.n < found.details["table_rows"] == 40_000
    assert "sampled" in found.flags
    assert found.value == pytest.approx(np.log(2) / 2, abs=0.05)


def test_or_until_the_budget_ends(numbers: Any) -> None:
    measure = lambda rows: adami.information(rows, "x", "y")  # noqa: E731
    found = adaptive_sample(numbers, ["x", "y"], measure, tol=0.001, max_rows=3_000)
    assert found.n == 3_000
    assert "sample_budget" in found.flags
    assert [d.severity for d in found.diagnostics if d.flag == "sample_budget"] == ["warning"]
    whole = adaptive_sample(numbers.limit(900), ["x", "y"], measure, tol=0.001)
    assert "all_rows" in whole.flags


def test_sizes_skip_what_will_not_do() -> None:
    assert next_size(2_000, 0.04, 0.02, 10**6) == 4_000
    assert next_size(2_000, 0.2, 0.02, 10**6) == 64_000
    assert next_size(2_000, 0.2, 0.02, 10_000) == 10_000


def test_what_cannot_be_drawn_is_refused(numbers: Any) -> None:
    with pytest.raises(KeyError, match="no column 'z'"):
        draw(numbers, ["z"], 10)
    with pytest.raises(ValueError, match="holds nothing"):
        draw(numbers, ["x"], 0)
    with pytest.raises(ValueError, match="no rows"):
        draw(numbers.filter(numbers.x > 1e9), ["x"], 10)
    with pytest.raises(TypeError, match="'v' holds array"):
        draw(table(v=[[1.0], [2.0]]), ["v"], 1)
    with pytest.raises(ValueError, match="cannot be told apart"):
        draw(table(x=np.random.default_rng(0).normal(size=5_000) * 1e-90), ["x"], 100)
    with pytest.raises(ValueError, match="tol=0"):
        adaptive_sample(numbers, ["x"], lambda rows: adami.entropy(rows, "x"), tol=0)


@pytest.fixture(scope="module")
def spark() -> str:
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'adami[spark]'")
    if shutil.which("java") is None:
        pytest.skip("needs Java: apt-get install openjdk-17-jre-headless")
    return "spark://local[2]"


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_spark_draws_the_same_rows(
    spark: str, tmp_path: Path, every_type: Any, write: Callable[..., Path]
) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=4_000)
    label = (x > 0).astype(int) + rng.integers(0, 2, 4_000)
    types = write(tmp_path / "types.parquet", {n: every_type[n] for n in every_type.column_names})
    write(tmp_path / "plain.parquet", {"x": np.round(x, 1), "label": label, "target": label > 0})
    here, there = (draw(open_source(w), every_type.column_names, 300) for w in (types, f"{spark}::{types}"))
    assert here.total == there.total == 2_000
    assert same(here.columns, there.columns)
    # a pattern of files stays in DuckDB, however small they are
    pattern = f"{tmp_path}/plai[n].parquet"
    duck, cluster = (
        adami.profile(where, "target", permutations=0, max_rows=1_000)
        for where in (pattern, f"{spark}::{pattern}")
    )
    assert duck.ranking.n == 4_000
    assert told(duck) == told(cluster)


def told(profile: Any) -> dict[str, Any]:
    """Return the numbers of a profile."""
    ranking, matrix = profile.ranking.to_dict(), profile.matrix.to_dict()
    for part in (ranking, matrix):
        for name in ("seconds", "settings", "diagnostics"):
            part.pop(name)
        for row in part.get("columns") or []:
            row["information"]["details"].pop("backend", None)
    if ranking["target_entropy"]:
        ranking["target_entropy"]["details"].pop("backend", None)
    return {"ranking": ranking, "matrix": matrix}
