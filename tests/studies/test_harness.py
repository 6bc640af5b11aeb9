"""The harness of the studies, with studies made for the occasion."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOLDS = """
from studies.study import StudyResult

def run(scale, seed):
    ours = {"quick": 2.0, "full": 1.0, "gpu": 0.5}[scale] + seed
    return StudyResult("asks less", "questions", ours, 4.0, 3.0, ours <= 3.0, note="made | up")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    import studies
    from studies import __main__ as harness

    made = tmp_path / "made"
    made.mkdir()
    (made / "30_asks.py").write_text(HOLDS)
    (made / "31_breaks.py").write_text("def run(scale, seed):\n    raise RuntimeError('no data')\n")
    (made / "32_wrong.py").write_text("def run(scale, seed):\n    return 3\n")
    (made / "notes.py").write_text("")
    monkeypatch.setattr(studies, "__path__", [str(made), *studies.__path__])
    found = harness.discover([str(made)])
    monkeypatch.setattr(harness, "discover", lambda *_: found)
    yield made
    for name in [n for n in sys.modules if n.startswith("studies.") and n.split(".")[1][0].isdigit()]:
        del sys.modules[name]


def test_one_study_prints_its_row(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from studies.__main__ import main

    assert main(["30"], tmp_path / "results", tmp_path / "papers.md") == 0
    printed = capsys.readouterr().out
    assert "30  30_asks  holds" in printed
    assert "ours 2, baseline 4, bar 3" in printed
    assert not (tmp_path / "results").exists()
    assert main(["30", "--seed", "2"], tmp_path / "results", tmp_path / "papers.md") == 1
    assert "DOES NOT HOLD" in capsys.readouterr().out


def test_all_of_them_write_results_and_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studies import __main__ as harness
    from studies.store import load

    made = harness.discover([str(folder)])
    assert made == {30: "30_asks", 31: "31_breaks", 32: "32_wrong"}
    monkeypatch.setattr(harness, "discover", lambda: made)
    results, page = tmp_path / "results", tmp_path / "papers.md"
    assert harness.main(["--all"], results, page) == 1
    printed = capsys.readouterr()
    assert "31  FAILED  RuntimeError: no data" in printed.err
    assert "not a StudyResult" in printed.err
    assert [p.name for p in results.iterdir()] == ["030-quick.json"]
    text = page.read_text()
    assert "asks less: holds; questions 2, baseline 4, bar 3 (quick). made \\| up" in text
    assert sum(line.startswith("| ") and "planned" in line for line in text.splitlines()) <= 119
    assert harness.main(["30", "--save", "--scale", "full"], results, page) == 0
    stored = load(30, results)
    assert stored is not None
    assert (stored.scale, stored.result.ours, stored.seed) == ("full", 1.0, 0)
    assert load(31, results) is None


def test_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from studies.__main__ import main

    for wrong in ([], ["30", "--all"], ["999"], ["30", "--scale", "huge"]):
        with pytest.raises(SystemExit) as stop:
            main(wrong)
        assert stop.value.code == 2
    assert "no study" in capsys.readouterr().err


def test_results_are_finite_and_named() -> None:
    from studies.study import StudyResult

    with pytest.raises(ValueError, match="ours is nan"):
        StudyResult("claim", "metric", float("nan"), 1.0, 1.0, True)
    with pytest.raises(ValueError, match="names its claim"):
        StudyResult("", "metric", 1.0, 1.0, 1.0, True)


def test_the_page_of_papers_is_up_to_date(folder: Path) -> None:
    from studies.table import PAGE, page

    assert PAGE.read_text("utf-8") == page()
