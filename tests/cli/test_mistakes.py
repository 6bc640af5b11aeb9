"""What goes wrong is said in one paragraph, on standard error, with the right exit code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import adami
from adami.report.results import Matrix
from adami.result import Diagnostic


def paragraph(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["measure", "nosuch.csv", "a", "b"], "no such file"),
        (["measure", "FILE", "a", "z"], "no column 'z'"),
        (["measure", "FILE", "c", "y"], "--missing drop"),
        (["rank", "FILE", "--target", "z"], "no column 'z'"),
        (["rank", "FILE", "--target", "y", "--kind", "z=discrete"], "unknown column"),
        (["measure", "FILE", "a", "y", "--method", "ksg", "--format", "parquet"], "Parquet"),
    ],
)
def test_data_errors(run, labels: Path, arguments: list[str], message: str) -> None:
    told = run(*[str(labels) if a == "FILE" else a for a in arguments])
    assert told.exit_code == 1
    assert told.stdout == ""
    assert message in paragraph(told.stderr)
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["measure", "FILE"], "Missing argument"),
        (["nosuch"], "No such command"),
        (["rank", "FILE"], "--target"),
        (["rank", "FILE", "--target", "y", "--permutations", "-1"], "--permutations"),
        (["rank", "FILE", "--target", "y", "--method", "ksgg"], "did you mean 'ksg'"),
        (["rank", "FILE", "--target", "y", "--kind", "a=wavy"], "COLUMN=KIND"),
        (["profile", "FILE", "--target", "y", "-o", "/no/such/folder/p.html"], "no folder"),
        (["measure", "FILE", "y", "a", "y"], "both sides"),
    ],
)
def test_usage_errors(run, labels: Path, arguments: list[str], message: str) -> None:
    told = run(*[str(labels) if a == "FILE" else a for a in arguments])
    assert told.exit_code == 2
    assert told.stdout == ""
    assert message in paragraph(told.stderr.replace("│", " "))


def test_debug_shows_where(run, labels: Path) -> None:
    told = run("measure", labels, "a", "z", "--debug")
    assert isinstance(told.exception, KeyError)


def test_the_unforeseen_is_said_to_be_so(run, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(adami, "information", broken)
    told = run("measure", labels, "a", "y")
    assert told.exit_code == 1
    assert "unforeseen" in told.stderr
    assert "--debug" in told.stderr


def test_notes_of_the_reader_are_passed_on(run, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1.5,0\n2.5,1\n" * 20 + "oops,1\n")
    told = run("measure", path, "x", "y", "--method", "plugin")
    assert "--na 'oops'" in paragraph(told.stderr)
    assert run("measure", path, "x", "y", "--method", "plugin", "--quiet").stderr == ""
    said = run("measure", path, "x", "y", "--method", "plugin", "--na", "oops", "--missing", "drop", "--json")
    assert said.exit_code == 0


def test_interrupted_before_anything(run, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adami, "rank", stopped)
    told = run("rank", labels, "--target", "y")
    assert told.exit_code == 130
    assert "interrupted before" in told.stderr


def test_interruption_shows_what_is_done(run, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*args: object, **kwargs: object) -> Matrix:
        values = np.array([[0.5, 0.25], [0.25, np.nan]])
        note = Diagnostic("interrupted", "stopped by the keyboard", "warning")
        return Matrix(
            ("a", "b"),
            ("discrete", "discrete"),
            values,
            values,
            None,
            np.full((2, 2), 9),
            diagnostics=(note,),
        )

    monkeypatch.setattr(adami, "matrix", half)
    told = run("matrix", labels)
    assert told.exit_code == 130
    assert "a - b" in told.stdout
    assert "finished before" in told.stderr


def test_interruption_of_a_real_ranking(run, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from adami.cli import _progress

    calls = []

    def stop(self: object, done: int, total: int, what: str) -> None:
        calls.append(done)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(_progress.Meter, "__call__", stop)
    told = run("rank", labels, "--target", "y", "--method", "miller_madow", "--permutations", "19")
    assert told.exit_code == 130
    assert "What each column tells about y" in told.stdout
    assert told.stdout.startswith("Interrupted")
