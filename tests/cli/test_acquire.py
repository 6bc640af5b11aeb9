"""adami acquire: train, ask, curve, on real tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"


@pytest.fixture(scope="module")
def medical(tmp_path_factory) -> Path:
    """Scikit-learn's breast cancer table, some columns of it, as CSV."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    frame = data.frame.iloc[:, [0, 1, 7, 20, 22, 27]].copy()
    frame.columns = [c.replace(" ", "_") for c in frame.columns]
    frame["finding"] = [data.target_names[t] for t in data.frame["target"]]
    folder = tmp_path_factory.mktemp("medical")
    frame.to_csv(folder / "patients.csv", index=False)
    costs = "feature,cost\n" + "".join(f"{c},{i + 1}\n" for i, c in enumerate(frame.columns[:-1]))
    (folder / "costs.csv").write_text(costs)
    return folder


@pytest.fixture(scope="module")
def model(medical) -> Path:
    from typer.testing import CliRunner

    from adami.cli.app import app

    goal = medical / "model.json"
    arguments = ["acquire", "train", "patients.csv", "--target", "finding", "--costs", "costs.csv"]
    paths = [str(medical / a) if a.endswith(".csv") else a for a in arguments]
    done = CliRunner().invoke(app, [*paths, "--steps", "40", "--out", str(goal), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["rows"] == 113
    assert told["accuracy"]["adaptive"][3] > 0.85
    return goal


def test_ask(run, model, tmp_path) -> None:
    answers = "\n".join(["bogus", "?", *["15"] * 6]) + "\n"
    told = run("acquire", "ask", model, "--confidence", "0", "--questions", "3", stdin=answers.encode())
    assert told.exit_code == 0
    assert "no number" in told.stdout
    assert "worth asking" in told.stdout
    assert "nats a unit" in told.stdout
    assert "after 3 questions" in told.stdout
    assert "█" in told.stdout


def test_ask_as_json_and_go_on(run, model, tmp_path) -> None:
    state = tmp_path / "run.json"
    first = run("acquire", "ask", model, "--confidence", "0", "--state", state, "--json", stdin=b"20\n")
    told = json.loads(first.stdout)
    assert told["stop_reason"] == "the answers ended"
    assert len(told["asked"]) == 1
    more = ("--confidence", "0", "--budget", "7", "--state", state, "--json")
    again = json.loads(run("acquire", "ask", model, *more, stdin=b"25\n" * 9).stdout)
    assert again["asked"][0] == told["asked"][0]
    assert len(again["asked"]) > 1
    assert again["cost"] <= 7
    assert sum(again["belief"].values()) == pytest.approx(1)
    assert run("acquire", "ask", model, "--quiet", stdin=b"25\n" * 9).stdout.strip() in (
        "malignant",
        "benign",
    )


def test_numbers_from_nowhere_are_told(run, model) -> None:
    told = run("acquire", "ask", model, "--confidence", "0", "--questions", "1", stdin=b"1e6\n")
    assert "lies far outside of" in " ".join(told.stdout.split())
    usual = run("acquire", "ask", model, "--confidence", "0", "--questions", "1", stdin=b"15\n")
    assert "lies far outside of" not in " ".join(usual.stdout.split())


def test_files_of_a_pattern_are_one_table(run, tmp_path, monkeypatch) -> None:
    pytest.importorskip("ibis")
    monkeypatch.chdir(tmp_path)
    lines = PENGUINS.read_text().splitlines()
    (tmp_path / "a.csv").write_text("\n".join(lines[:200]) + "\n")
    (tmp_path / "b.csv").write_text("\n".join([lines[0], *lines[200:]]) + "\n")
    options = ("--target", "species", "--steps", "20", "--json")
    parts = json.loads(run("acquire", "train", f"{tmp_path}/*.csv", *options).stdout)
    whole = json.loads(run("acquire", "train", PENGUINS, *options).stdout)
    assert parts["rows"] == whole["rows"]
    found = json.loads(run("acquire", "curve", whole["model"], f"{tmp_path}/*.csv", "--json").stdout)
    assert found["rows"] == whole["rows"]
    assert found["held_out"] is True


def test_stopped_by_the_person(run, model) -> None:
    told = run("acquire", "ask", model, "--confidence", "0", stdin=b"q\n")
    assert told.exit_code == 0
    assert "after 0 questions" in told.stdout


def test_curve(run, model, medical, tmp_path) -> None:
    told = run("acquire", "curve", model, medical / "patients.csv", "--out", tmp_path / "c.svg")
    assert told.exit_code == 0
    assert "all 6 columns" in told.stdout
    assert (tmp_path / "c.svg").exists()
    found = json.loads(
        run("acquire", "curve", model, medical / "patients.csv", "--json", "--most", "2").stdout
    )
    assert found["held_out"]
    assert found["asked"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("feature,cost\nmean_radius,1\n", "missing"),
        ("feature,cost\nweight,1\n", "weight"),
        ("a,b,c\n", "cells"),
        ("feature,cost\nmean_radius,x\n", "no number"),
        ("feature,cost\nmean_radius,1\nmean_radius,2\n", "already"),
        ("feature,cost\n", "no costs"),
    ],
)
def test_costs_that_make_no_sense(run, medical, tmp_path, lines, said) -> None:
    (tmp_path / "c.csv").write_text(lines)
    told = run("acquire", "train", medical / "patients.csv", "-t", "finding", "--costs", tmp_path / "c.csv")
    assert told.exit_code == 1
    assert said in " ".join(told.stderr.split())


def test_mistakes(run, model, medical, tmp_path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert "torn" in run("acquire", "ask", tmp_path / "x.json").stderr
    assert "no file" in run("acquire", "ask", tmp_path / "none.json").stderr
    assert "budget" in run("acquire", "ask", model, "--budget", "0").stderr
    told = run("acquire", "curve", model, PENGUINS)
    assert told.exit_code == 1
    assert "finding" in " ".join(told.stderr.split())
    assert "finding" not in run("acquire", "--help").stdout
