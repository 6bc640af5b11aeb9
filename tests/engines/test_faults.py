"""Broken files, full disks and impatient people: each one clear error that names what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from adami.engines import count_sets, information, open_source, pairs, table_fields

pq = pytest.importorskip("pyarrow.parquet")


def columns(seed: int, n: int = 2_000) -> dict:
    rng = np.random.default_rng(seed)
    return {
        "a": rng.integers(0, 3, n),
        "b": [f"w{i}" for i in rng.integers(0, 4, n)],
        "f": rng.normal(size=n),
    }


@pytest.fixture
def folder(tmp_path, write):
    for i in range(3):
        write(tmp_path / f"part{i}.parquet", columns(i), 500)
    return tmp_path


def test_a_torn_file_in_a_pattern_is_named(folder):
    file = folder / "part1.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(
        ValueError, match=r"part1\.parquet is not a whole Parquet file \(torn or truncated\?\)"
    ):
        open_source(f"{folder}/*.parquet")


def test_an_empty_file_is_named(folder):
    (folder / "part2.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match=r"part2\.parquet is empty"):
        open_source(f"{folder}/*.parquet")


@pytest.mark.parametrize("ask", [lambda s: information(s, "a", "b"), pairs])
def test_a_broken_row_group_is_named(folder, ask):
    file = folder / "part1.parquet"
    raw = bytearray(file.read_bytes())
    at = pq.ParquetFile(file).metadata.row_group(2).column(0).data_page_offset
    raw[at : at + 100] = b"\xff" * 100
    file.write_bytes(bytes(raw))
    source = open_source(f"{folder}/*.parquet")
    with pytest.raises(ValueError, match=r"part1\.parquet: row group 2 of 4 is broken"):
        ask(source)
    file.unlink()
    assert information(open_source(f"{folder}/*.parquet"), "a", "b").n == 4_000


def test_a_file_cut_after_it_was_opened_is_named(folder):
    source = open_source(f"{folder}/*.parquet")
    file = folder / "part2.parquet"
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(ValueError, match=r"part2\.parquet"):
        table_fields(source)


def test_a_changed_schema_names_file_column_and_types(folder, write):
    changed = columns(1)
    changed["a"] = changed["a"].astype(float)
    write(folder / "part1.parquet", changed)
    with pytest.raises(
        ValueError, match=r"column 'a' is DOUBLE in .*part1\.parquet, and BIGINT in .*part0\.parquet"
    ):
        open_source(f"{folder}/*.parquet")
    del changed["a"]
    write(folder / "part1.parquet", changed)
    with pytest.raises(ValueError, match=r"part1\.parquet has no column 'a', which .*part0\.parquet has"):
        open_source(f"{folder}/*.parquet")
    write(folder / "part1.parquet", {**columns(1), "more": np.zeros(2_000)})
    with pytest.raises(ValueError, match=r"part1\.parquet has a column 'more'"):
        open_source(f"{folder}/*.parquet")


def test_a_missing_column_offers_near_ones(folder):
    with pytest.raises(KeyError, match="no column 'ff': did you mean 'f'"):
        open_source(f"{folder}/*.parquet", columns=["a", "ff"])


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("1,2,3\n", "line 3002 has 3 values, and the first line names 2 columns"),
        ("1\n", "line 3002 has 1 value"),
        ('"1,2\n', "the row that begins on line 3002 is broken"),
    ],
)
def test_a_broken_row_of_a_text_file_is_named_by_its_line(tmp_path, broken, told):
    (tmp_path / "good.csv").write_text("a,b\n" + "1,2\n" * 50)
    (tmp_path / "torn.csv").write_text("a,b\n" + "1,2\n" * 3_000 + broken + "1,2\n" * 50)
    with pytest.raises(ValueError, match=rf"torn\.csv: {told}"):
        open_source(f"{tmp_path}/*.csv")


def test_text_that_is_not_utf8_is_named_by_its_line(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"a,b\n" + b"1,2\n" * 300 + "é,2\n".encode("latin1"))
    with pytest.raises(ValueError, match=r"latin\.csv: line 302 is not UTF-8"):
        open_source(tmp_path / "latin.csv")


def test_text_files_with_other_columns_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("a,c\n1,2\n")
    with pytest.raises(ValueError, match=r"b\.csv has no column 'b', which .*a\.csv has"):
        open_source(f"{tmp_path}/*.csv")
    (tmp_path / "b.csv").write_text("a;b\n1;2\n")
    with pytest.raises(ValueError, match=r"b\.csv separates its columns by ';'"):
        open_source(f"{tmp_path}/*.csv")


def test_broken_json_is_named_by_its_line(tmp_path):
    (tmp_path / "j.jsonl").write_text('{"a": 1}\n' * 20 + '{"a": \n')
    with pytest.raises(ValueError, match=r"j\.jsonl.*line 2[12]"):
        open_source(tmp_path / "j.jsonl")


def test_a_full_disk_is_told_as_such(tmp_path):
    import duckdb

    file = tmp_path / "many.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT uuid()::VARCHAR AS name, range % 2 AS bit FROM range(600000)) TO '{file}'")
    source = open_source(file, memory_limit="40MiB")
    con = source.table._find_backend()
    con.raw_sql("SET max_temp_directory_size = '1MB'")
    con.raw_sql("SET threads = 2")
    with pytest.raises(
        (OSError, MemoryError), match=r"no room left on the disk|memory limit does not suffice"
    ):
        count_sets(source, [("name", "bit")])
    # nothing is lost: the same source answers what fits
    assert count_sets(source, [("bit",)])[0].n == 600_000


SLOW = """
import sys, ibis
from adami.engines import Source
con = ibis.duckdb.connect()
many = "range(1000000)"
con.raw_sql(f"CREATE VIEW pairs AS SELECT a.range + b.range AS x FROM {many} a, {many} b")
table = con.table("pairs")
print("asking", flush=True)
try:
    Source(table, "slow", "duckdb").fetch(table.aggregate(n=(table.x % 7).sum()))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(7)
"""


def test_a_query_can_be_interrupted():
    asked = subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True)
    assert asked.stdout is not None
    try:
        assert asked.stdout.readline() == "asking\n"
        time.sleep(1.0)
        asked.send_signal(signal.SIGINT)
        assert asked.wait(timeout=60) == 7
        assert asked.stdout.read() == "interrupted\n"
    finally:
        asked.kill()
