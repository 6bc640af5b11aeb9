"""Spark gives the numbers that DuckDB gives, by the same expressions."""

from __future__ import annotations

import datetime
import importlib.util
import os
import shutil

import numpy as np
import pytest

from adami.engines import entropy, information, open_source, pairs, quantile_edges, table_fields

if importlib.util.find_spec("pyspark") is None:
    pytest.skip("pyspark is not installed", allow_module_level=True)
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Java is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory, rows, write):
    folder = tmp_path_factory.mktemp("spark")
    n = 1_000
    start = datetime.datetime(2024, 1, 1, microsecond=123_456)
    rng = np.random.default_rng(7)
    columns = {
        "x": rows["x"][:n],
        "tree": [None if i % 9 == 0 else w for i, w in enumerate(rows["tree"][:n])],
        "rain": np.where(np.arange(n) % 50 == 3, np.nan, rows["rain"][:n]),
        "when": [start + datetime.timedelta(seconds=float(s)) for s in rng.random(n) * 1e6],
    }
    for i in range(2):
        write(folder / f"part{i}.parquet", {k: v[500 * i : 500 * (i + 1)] for k, v in columns.items()})
    return f"{folder}/*.parquet"


@pytest.fixture(scope="module")
def both(pattern):
    spark = open_source(f"spark://local[2]::{pattern}")
    yield spark, open_source(pattern)
    spark.table._find_backend()._session.stop()


def test_spark_gives_the_same_numbers(both):
    spark, duck = both
    told = [{n: (f.kind, f.rows, f.missing) for n, f in table_fields(s).items()} for s in (spark, duck)]
    assert told[0] == told[1]
    assert told[0]["rain"] == ("mixed", 1_000, 20)
    fields = table_fields(spark)
    assert quantile_edges(spark, ["rain", "when"], 4) == quantile_edges(duck, ["rain", "when"], 4)
    for ask in (
        lambda s: information(s, "x", "tree", missing="drop", fields=fields),
        lambda s: entropy(s, "tree", missing="category", fields=fields),
    ):
        a, b = ask(spark), ask(duck)
        assert (a.value, a.interval, a.p_value, a.n) == (b.value, b.interval, b.p_value, b.n)
    assert a.details["backend"] == "pyspark"
    a, b = (pairs(s, ["x", "tree", "rain"], fields=fields) for s in (spark, duck))
    assert a == b
    assert {k: v.interval for k, v in a.items()} == {k: v.interval for k, v in b.items()}


def test_spark_names_a_changed_schema_and_a_missing_column(pattern, both, tmp_path, write):
    with pytest.raises(KeyError, match="did you mean 'tree'"):
        information(both[0], "x", "tre")
    write(tmp_path / "a.parquet", {"a": [1, 2]})
    write(tmp_path / "b.parquet", {"a": [1.5, 2.5]})
    with pytest.raises(ValueError, match=r"column 'a' is DOUBLE in .*b\.parquet"):
        open_source(f"spark://local[2]::{tmp_path}/*.parquet")
    with pytest.raises(ValueError, match="say what Spark should read"):
        open_source("spark://local[2]")
