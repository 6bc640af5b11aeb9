"""Tables are opened wherever they are, and no password is ever shown."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import adami
from adami.engines import Source, is_lazy_table, open_source, redact, table_fields
from adami.variables import column

ibis = pytest.importorskip("ibis")
duckdb = pytest.importorskip("duckdb")


def rows_of(source: Source) -> int:
    return source.fetch(source.table.aggregate(n=source.table.count()))["n"][0]


def test_paths_patterns_and_tables_are_opened(parts, rows):
    one = parts.replace("*", "part0")
    assert rows_of(open_source(one)) == 1_000
    source = open_source(parts)
    assert (source.name, source.backend, rows_of(source)) == (parts, "duckdb", 3_000)
    assert source.columns == tuple(rows)
    assert rows_of(open_source(source.table)) == 3_000
    assert open_source(source) is source
    assert open_source(parts, columns=["z", "x"]).columns == ("z", "x")
    assert rows_of(open_source(f"duckdb://::{parts}")) == 3_000
    assert rows_of(open_source(Path(one))) == 1_000


def test_text_files_are_parsed_once(tmp_path):
    (tmp_path / "a.csv").write_text("size, name\n1,x\nNA,y\n2,?\n")
    (tmp_path / "b.csv").write_text("size, name\n3,x\n4,y\n")
    source = open_source(f"{tmp_path}/*.csv", na=["?"])
    assert source.columns == ("size", "name")
    fields = table_fields(source)
    assert [fields[c].missing for c in ("size", "name")] == [1, 1]
    (tmp_path / "b.csv").unlink()
    assert rows_of(source) == 5
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n")
    assert open_source(tmp_path / "t.tsv").columns == ("a", "b")
    (tmp_path / "j.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')
    assert rows_of(open_source(tmp_path / "j.jsonl")) == 2


def test_a_late_word_turns_a_text_column_into_labels(tmp_path):
    (tmp_path / "late.csv").write_text("a,b\n" + "1,2\n" * 30_000 + "one,2\n")
    assert table_fields(open_source(tmp_path / "late.csv"))["a"].type == "string"


def test_duckdb_files_name_their_tables(tmp_path):
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE TABLE orders AS SELECT range % 3 AS a FROM range(30)")
    assert open_source(file).name == f"{file}::orders"
    assert rows_of(open_source(f"duckdb://{file}::orders")) == 30
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE VIEW recent AS SELECT * FROM orders LIMIT 5")
    assert rows_of(open_source(f"{file}::recent")) == 5
    with pytest.raises(ValueError, match=r"holds 2 tables \(orders, recent\)"):
        open_source(file)
    with pytest.raises(KeyError, match="no table 'order': did you mean 'orders'"):
        open_source(f"{file}::order")
    with pytest.raises(FileNotFoundError, match=r"did you mean shop\.duckdb"):
        open_source(tmp_path / "shpo.duckdb")


def test_what_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(TypeError, match="an Ibis table, a path"):
        open_source(3)
    with pytest.raises(ValueError, match="is a folder"):
        open_source(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file fits the pattern"):
        open_source(f"{tmp_path}/*.parquet")
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.tsv").write_text("a\n1\n")
    with pytest.raises(ValueError, match="several formats"):
        open_source(f"{tmp_path}/a.*")
    (tmp_path / "a.arrow").write_text("-")
    with pytest.raises(ValueError, match="convert big ones to Parquet"):
        open_source(tmp_path / "a.arrow")
    with pytest.raises(ValueError, match="only a DuckDB file"):
        open_source(f"{tmp_path}/a.csv::t")


def test_duckdb_is_offline_and_keeps_to_its_memory(parts):
    con = open_source(parts, memory_limit="300MiB").table._find_backend()
    told = "SELECT current_setting('memory_limit'), current_setting('autoinstall_known_extensions')"
    assert con.con.execute(told).fetchall() == [("300.0 MiB", False)]


SECRETS = [
    ("postgres://ada:s3cret@host:5432/db", "postgres://ada:***@host:5432/db"),
    ("postgres://ada:s3@cr:et@host/db::t", "postgres://ada:***@host/db::t"),
    ("snowflake://ada@acc/db?token=s3cret&warehouse=w", "snowflake://ada@acc/db?token=***&warehouse=w"),
    ("md:db?motherduck_token=s3cret", "md:db?motherduck_token=***"),
    ("host=h user=ada password='s3cret word' dbname=d", "host=h user=ada password=*** dbname=d"),
    ("s3://b/x?aws_secret_access_key=s3cret;region=eu", "s3://b/x?aws_secret_access_key=***;region=eu"),
    ("could not reach mysql://:s3cret@host (pwd=s3cret)", "could not reach mysql://:***@host (pwd=***)"),
    ("data/*.parquet", "data/*.parquet"),
    ("spark://local[2]::data/2024-01-01T10:00.parquet", "spark://local[2]::data/2024-01-01T10:00.parquet"),
    ("duckdb:///data/keys=3/x.parquet", "duckdb:///data/keys=3/x.parquet"),
]


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_passwords_are_hidden(text, shown):
    assert redact(text) == shown


def test_errors_of_backends_do_not_show_passwords():
    for url in ("magic://ada:s3cret@host/db::t", "postgres://ada:s3cret@127.0.0.1:1/db?password=s3cret::t"):
        with pytest.raises((ValueError, ImportError)) as raised:
            open_source(url)
        assert "s3cret" not in str(raised.value)
        assert "\n" not in str(raised.value)
        assert raised.value.__cause__ is None or "s3cret" not in str(raised.value.__cause__)


def test_kinds_are_those_in_memory(parts, rows):
    fields = table_fields(open_source(parts))
    for name, values in rows.items():
        assert fields[name].kind == column(values, name).kind, name
    assert [fields[n].kind for n in ("x", "tree", "size", "rain")] == [
        "discrete",
        "discrete",
        "continuous",
        "mixed",
    ]
    assert fields["tree"].distinct == 5
    assert fields["rain"].rows == fields["rain"].present == 3_000
    forced = table_fields(open_source(parts), ["x"], kinds={"x": "continuous"})["x"]
    assert (forced.kind, forced.forced) == ("continuous", True)


def test_kinds_of_awkward_columns_are_those_in_memory():
    rng = np.random.default_rng(1)
    n = 4_000
    made = {
        "rounded": rng.normal(size=n).round(1),
        "clipped": np.minimum(rng.normal(size=n), 1.0),
        "rare_zero": np.where(rng.random(n) < 0.04, 0.0, rng.normal(size=n)),
        "half_zero": np.where(rng.random(n) < 0.5, 0.0, rng.standard_cauchy(size=n)),
        "ids": np.arange(n),
        "twenty": rng.integers(0, 20, n),
        "more": rng.integers(0, 21, n),
        "flag": rng.random(n) < 0.5,
        "wild": rng.standard_cauchy(size=n) ** 3,
        "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 3, n)),
    }
    fields = table_fields(open_source(ibis.memtable({k: v.tolist() for k, v in made.items()})))
    for name, values in made.items():
        kept = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        assert fields[name].kind == column(kept, name).kind, name
        assert fields[name].missing == len(values) - len(kept), name


def test_columns_without_information_are_refused():
    source = open_source(ibis.memtable({"a": [[1, 2], [3]], "b": ["x", "y"]}))
    with pytest.raises(TypeError, match="column 'a'"):
        table_fields(source)
    with pytest.raises(ValueError, match="holds labels"):
        table_fields(source, ["b"], kinds={"b": "continuous"})
    with pytest.raises(ValueError, match=r"column 'x': 1 infinite value\(s\)"):
        table_fields(open_source(ibis.memtable({"x": [1.0, float("inf"), 2.0]})))
    with pytest.raises(ValueError, match="no rows"):
        table_fields(open_source(source.table.filter(source.table.b == "z")), ["b"])


def test_ibis_is_imported_only_for_its_tables():
    assert not is_lazy_table({"a": [1]})
    assert is_lazy_table(ibis.memtable({"a": [1]}))
    code = "import sys, adami; adami.information([0, 1] * 9, [0, 1] * 9); sys.exit('ibis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_missing_extra_is_named(monkeypatch, parts):
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(ImportError, match=r"pip install 'adami\[engines\]'"):
        open_source(parts)


def test_a_database_is_read_beside_other_readers_and_let_go(tmp_path):
    place = tmp_path / "shop.duckdb"
    with duckdb.connect(str(place)) as con:
        con.execute("CREATE TABLE orders AS SELECT range AS a, range % 2 AS b FROM range(100)")
        con.execute("CREATE SCHEMA old; CREATE TABLE old.orders AS SELECT 1 AS c")
        con.execute("CREATE VIEW few AS FROM orders LIMIT 7")
    # other settings, and yet both at once
    first, second = (open_source(f"{place}::orders", memory_limit=limit) for limit in ("100MB", "200MB"))
    for source in (first, second):
        assert source.fetch(source.table.aggregate(n=source.table.count())) == {"n": [100]}
    assert open_source(f"{place}::old.orders").columns == ("c",)
    view = open_source(f"{place}::few")
    assert view.fetch(view.table.aggregate(n=view.table.count())) == {"n": [7]}
    for source in (first, second, view):
        source.close()
    gc.collect()
    with duckdb.connect(str(place)) as con:
        con.execute("DROP TABLE old.orders")
        with pytest.raises(ValueError, match="open for writing in this process"):
            open_source(f"{place}::orders")
    adami.matrix(f"{place}::orders", kinds="discrete")
    with duckdb.connect(str(place)) as con:
        con.execute("INSERT INTO orders VALUES (1, 1)")
