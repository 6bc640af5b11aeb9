"""FILE may be a pattern, a DuckDB file, a URL, or a file that is larger than the memory it may take."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adami.cli._session import page_name
from adami.engines._memory import memory_bytes
from adami.verbs import _sources

ibis = pytest.importorskip("ibis", reason="needs Ibis: pip install 'adami[engines]'")
pa = pytest.importorskip("pyarrow")
Run = Callable[..., Any]
FEW = ("--permutations", "0", "--max-rows", "1000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two Parquet files of 2,000 rows, and the same rows in a DuckDB file of two tables."""
    import duckdb
    import pyarrow.parquet as pq

    place = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 4_000)
    label = np.where(rng.random(4_000) < 0.1, 1 - y, y)
    rows = {"label": label, "size": y + rng.normal(size=4_000), "y": y}
    for i in range(2):
        part = {n: v[2_000 * i : 2_000 * (i + 1)] for n, v in rows.items()}
        pq.write_table(pa.table(part), place / f"part{i}.parquet")
    with duckdb.connect(str(place / "shop.duckdb")) as connection:
        connection.execute(f"CREATE TABLE orders AS FROM read_parquet('{place}/*.parquet')")
        connection.execute("CREATE TABLE empty (a INTEGER)")
    return place


def ranked(told: Any) -> dict[str, Any]:
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    return {c["name"]: c["information"] for c in found["columns"]} | {"n": found["n"]}


def test_a_pattern_a_database_and_a_url_are_one_table(run: Run, folder: Path) -> None:
    places = (
        f"{folder}/*.parquet",
        f"{folder}/shop.duckdb::orders",
        f"duckdb://::{folder}/part?.parquet",
    )
    found = [ranked(run("rank", place, "-t", "y", "--json", *FEW)) for place in places]
    for other in found:
        assert other["n"] == 4_000
        assert other["label"]["n"] == 4_000
        assert other["size"]["value"] == found[0]["size"]["value"]
        assert other["label"]["value"] == found[0]["label"]["value"]


def test_a_file_larger_than_its_memory_stays_on_disk(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = folder / "part0.parquet"
    kept = run("profile", file, "-t", "y", "--memory-limit", "64MB", *FEW)
    assert kept.exit_code == 0, kept.output
    assert "random sample" not in kept.stdout
    monkeypatch.setattr(_sources, "GROWTH", 5_000.0)
    told = run("profile", file, "-t", "y", "--memory-limit", "64MB", *FEW)
    assert told.exit_code == 0, told.output
    assert "1,000 of 2,000 rows" in " ".join(told.stdout.split())
    assert "random sample of 1,000 of 2,000 rows" in (tmp_path / "part0.html").read_text("utf-8")


def test_measure_counts_in_the_engine(run: Run, folder: Path) -> None:
    told = json.loads(run("measure", f"{folder}/*.parquet", "label", "y", "--json").stdout)
    assert told["n"] == 4_000
    assert run("measure", f"{folder}/*.parquet", "y", "--quiet").stdout.startswith("0.69")


def test_matrix_and_key(run: Run, folder: Path) -> None:
    told = run(
        "matrix",
        f"{folder}/*.parquet",
        "--json",
        "--max-rows",
        "500",
        "--key",
        "size",
        "-c",
        "y",
        "-c",
        "label",
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["settings"]["key"] == ["size"]
    assert found["settings"]["sample_rows"] == 500
    assert found["names"] == ["y", "label"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["FOLDER/*.csv"], 1, "no file fits the pattern"),
        (["FOLDER/*.parquet", "-c", "sise"], 1, "no column 'sise'"),
        (["FOLDER/shop.duckdb"], 1, "holds 2 tables"),
        (["FOLDER/shop.duckdb::order"], 1, "no table 'order'"),
        (["FOLDER/*.parquet", "--memory-limit", "lots"], 2, "--memory-limit"),
        (["FOLDER/*.parquet", "--key", "label", "--max-rows", "100"], 1, "different in every row"),
        (["FOLDER/*.parquet", "--tol", "0"], 1, "tol"),
    ],
)
def test_mistakes(run: Run, folder: Path, arguments: list[str], code: int, message: str) -> None:
    told = run("rank", *[a.replace("FOLDER", str(folder)) for a in arguments], "-t", "y")
    assert told.exit_code == code, told.output
    assert message in " ".join(told.stderr.replace("│", " ").split())
    assert "Traceback" not in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize("more", [[], ["--debug"]])
def test_passwords_are_never_shown(run: Run, more: list[str]) -> None:
    told = run("rank", "nosuch://ada:s3cret@host/db?password=s3cret::t", "-t", "y", *more)
    assert told.exit_code == 1
    assert "s3cret" not in told.output
    assert "s3cret" not in str(told.exception)


def test_pages_are_named_after_tables_not_urls() -> None:
    assert page_name("data/*.parquet") == "data.html"
    assert page_name("shop.duckdb::orders") == "orders.html"
    assert page_name("shop.duckdb") == "shop.html"
    assert page_name("postgres://ada:s3cret@host/db") == "profile.html"
    assert page_name("spark://local[2]::logs/2024-*.parquet") == "2024-.html".replace("-", "")
    assert page_name("-") == "profile.html"
    assert page_name("a/birds.csv") == "birds.html"


def test_sizes_of_memory() -> None:
    assert memory_bytes("2GB") == 2 * 10**9
    assert memory_bytes(512) == 512
    with pytest.raises(ValueError, match="no amount of memory"):
        memory_bytes("much")


def test_what_fits_is_estimated(tmp_path: Path, folder: Path) -> None:
    text = tmp_path / "t.csv"
    text.write_text("a,b\n" + "1,2\n" * 1_000)
    size = os.path.getsize(text)
    assert _sources.fits(text, None, None, int(size * _sources.GROWTH) + 1)
    assert not _sources.fits(text, None, None, int(size * _sources.GROWTH) - 1)
    parquet = folder / "part0.parquet"
    assert _sources.fits(parquet, ["y"], None, 8 * 2_000 * 4)
    assert not _sources.fits(parquet, None, None, 8 * 2_000 * 4)
    assert _sources.fits("-", None, None, 1)
    assert _sources.in_engine("data/*.csv")
    assert not _sources.in_engine(str(text))
