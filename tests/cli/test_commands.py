"""Each command on a small table: what it prints, as text and for machines, and its exit code."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from adami._version import __version__

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
LN2 = math.log(2)


def test_help_and_version(run) -> None:
    told = run("--help")
    assert told.exit_code == 0
    for command in ("profile", "rank", "matrix", "measure", "papers"):
        assert command in told.stdout
        detail = run(command, "--help")
        assert detail.exit_code == 0
        assert "--json" in detail.stdout
    assert run("--version").stdout.strip() == f"adami {__version__}"


def test_measure(run, labels: Path) -> None:
    told = run("measure", labels, "a", "b", "y", "--method", "plugin")
    assert told.exit_code == 0
    assert "I(a, b; y)" in told.stdout
    assert "nats" in told.stdout
    one_bit = run("measure", labels, "a", "b", "y", "--method", "plugin", "--quiet", "--bits")
    assert float(one_bit.stdout) == pytest.approx(1.0, abs=0.05)


def test_measure_given(run, labels: Path) -> None:
    told = json.loads(run("measure", labels, "a", "y", "--given", "b", "--method", "plugin", "--json").stdout)
    assert told["quantity"] == "conditional mutual information"
    assert told["given"] == ["b"]
    assert told["value"] == pytest.approx(LN2, abs=0.03)
    assert "I(a; y | b)" in run("measure", labels, "a", "y", "--given", "b", "--method", "plugin").stdout


def test_measure_of_one_column_is_its_entropy(run, labels: Path) -> None:
    told = run("measure", labels, "y", "--method", "plugin")
    assert "H(y)" in told.stdout
    assert (
        json.loads(run("measure", labels, "y", "--method", "plugin", "--json").stdout)["quantity"]
        == "entropy"
    )


def test_measure_with_permutations_gives_a_p_value(run, labels: Path) -> None:
    told = run(
        "measure",
        labels,
        "c",
        "y",
        "--missing",
        "drop",
        "--method",
        "plugin",
        "--permutations",
        "99",
        "--json",
    )
    found = json.loads(told.stdout)
    assert found["p_value"] <= 0.01
    assert found["n"] == 237
    assert "dropped_rows" in {d["flag"] for d in found["diagnostics"]}


def test_rank(run, labels: Path) -> None:
    arguments = ("rank", labels, "--target", "y", "--method", "miller_madow", "--permutations", "99")
    told = run(*arguments)
    assert told.exit_code == 0, told.output
    assert told.stdout.index("c ") < told.stdout.index("noise")
    assert "The few that are enough" in told.stdout
    found = json.loads(run(*arguments, "--json").stdout)
    assert found["sufficient"] == ["c"]
    assert found["columns"][0]["name"] == "c"
    quiet = run(*arguments, "--quiet").stdout
    assert "What each column tells about y" in quiet
    assert "note" not in quiet


def test_rank_shows_what_speaks_together(run, labels: Path) -> None:
    told = run("rank", labels, "-t", "y", "-c", "a", "-c", "b", "-m", "miller_madow", "--permutations", "99")
    assert "a + b" in told.stdout
    assert "speak together" in told.stdout


@pytest.mark.parametrize("width", ["40", "60", "72", "100", "160"])
def test_tables_fit_the_terminal(run, labels: Path, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for told in (
        run("rank", labels, "-t", "y", "-m", "miller_madow", "--permutations", "19"),
        run("matrix", labels, "-m", "miller_madow"),
        run("papers"),
    ):
        assert told.exit_code == 0
        assert max(map(len, told.stdout.splitlines())) <= int(width)
        assert "\x1b" not in told.stdout


def test_matrix(run, labels: Path) -> None:
    told = run("matrix", labels, "--method", "miller_madow", "--permutations", "19")
    assert told.exit_code == 0
    assert "c - y" in told.stdout
    found = json.loads(run("matrix", labels, "--method", "miller_madow", "--json").stdout)
    assert found["names"] == ["a", "b", "c", "noise", "y"]
    assert found["normalized"][2][4] == pytest.approx(1.0, abs=0.02)


def test_profile_writes_the_page(run, labels: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    told = run("profile", labels, "-t", "y", "-m", "miller_madow", "--permutations", "19", "-o", page)
    assert told.exit_code == 0, told.output
    assert "<html" in page.read_text("utf-8")
    assert str(page) in told.stderr.replace("\n", "")
    found = json.loads(
        run(
            "profile", labels, "-t", "y", "-m", "miller_madow", "--permutations", "19", "-o", page, "--json"
        ).stdout
    )
    assert found["page"] == str(page)


def test_profile_names_the_page_after_the_table(
    run, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        run("profile", labels, "-t", "y", "-m", "miller_madow", "--permutations", "19", "-q").exit_code == 0
    )
    assert (tmp_path / "labels.html").exists()


def test_penguins(run, tmp_path: Path) -> None:
    told = run(
        "profile", PENGUINS, "-t", "species", "--permutations", "19", "-o", tmp_path / "p.html", "--json"
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)["ranking"]
    assert found["columns"][0]["name"] in {"bill_length_mm", "flipper_length_mm", "bill_depth_mm"}
    assert {r["name"] for r in found["columns"][-2:]} == {"sex", "year"}


def test_papers(run) -> None:
    told = run("papers")
    assert "119 papers" in told.stdout
    assert "DIME" in run("papers", "30").stdout
    assert json.loads(run("papers", "30", "--json").stdout)["package"] == "acquisition"
    assert len(json.loads(run("papers", "--json").stdout)) == 119
    shown = run("papers", "24").stdout
    assert "Markov coding games" in shown
    assert shown.count("holds:") > 5
    measured = json.loads(run("papers", "24", "--json").stdout)["measured"]
    assert measured["holds"] is all(c["holds"] for c in measured["checks"])
    planned = next(
        p["number"] for p in json.loads(run("papers", "--json").stdout) if p["status"] == "planned"
    )
    assert json.loads(run("papers", str(planned), "--json").stdout)["measured"] is None
    wrong = run("papers", "120")
    assert wrong.exit_code == 1
    assert "no paper 120" in wrong.stderr


def test_standard_input(run) -> None:
    rows = b"x\ty\n" + b"0\t1\n1\t0\n" * 50
    told = run("measure", "-", "x", "y", "--method", "plugin", "--quiet", stdin=rows)
    assert float(told.stdout) == pytest.approx(LN2, abs=0.01)
