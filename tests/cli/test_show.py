"""The pieces that commands print with."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from adami.cli import _progress
from adami.cli._show import amount, bar, can_draw, probability, stars
from adami.cli._words import for_shell
from adami.result import Estimate


def test_amounts() -> None:
    assert amount(math.log(2), bits=True) == "1.000"
    assert amount(-1e-9, bits=False) == "0.000"
    assert amount(math.nan, bits=False) == "-"
    assert amount(math.inf, bits=True) == "inf"


def test_probabilities() -> None:
    assert [probability(p) for p in (None, 0.0005, 0.04)] == ["", "<0.001", "0.040"]
    assert [stars(p) for p in (None, 0.0005, 0.005, 0.04, 0.05)] == ["", "***", "**", "*", ""]


@pytest.mark.parametrize(
    ("value", "ends", "drawn"),
    [
        (0.5, (0.25, 0.75), "██░░░░  "),
        (0.5, None, "████    "),
        (-0.1, (-0.2, -0.05), "        "),
        (9.0, (8.0, 10.0), "████████"),
        (math.inf, None, "████████"),
        (math.nan, None, "        "),
    ],
)
def test_bars(value: float, ends: tuple[float, float] | None, drawn: str) -> None:
    assert bar(Estimate(value, interval=ends), 1.0, 8, draw=True).plain == drawn


def test_bars_without_block_characters() -> None:
    assert bar(Estimate(0.5, interval=(0.25, 0.75)), 1.0, 8, draw=False).plain == "##----  "
    assert not can_draw(Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii")))
    assert can_draw(Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8")))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("use missing='drop' now", "use --missing drop now"),
        ("kinds={'a b': 'discrete'}", "--kind a b=discrete"),
        ("or kinds={...: 'discrete'}", "or --kind COLUMN=discrete"),
        ("override the kind with kinds=", "override the kind with --kind "),
        ("method='auto'", "--method auto"),
    ],
)
def test_words_of_the_command_line(said: str, meant: str) -> None:
    assert for_shell(said) == meant


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_progress, "time", made)
    return made


def meter(quiet: bool, terminal: bool) -> tuple[_progress.Meter, io.StringIO]:
    made = _progress.Meter(quiet)
    text = io.StringIO()
    made.console = Console(file=text, force_terminal=terminal, width=80)
    return made, text


def test_progress_is_silent_at_first_and_then_tells_the_time_left(clock: Clock) -> None:
    with meter(quiet=False, terminal=False)[0] as shown:
        text = shown.console.file
        clock.now = 1.0
        shown(1, 10, "pairs")
        assert text.getvalue() == ""  # type: ignore[attr-defined]
        clock.now = 6.0
        shown(2, 10, "pairs")
        clock.now = 7.0
        shown(3, 10, "pairs")
    assert text.getvalue() == "pairs: 2 of 10, about 24 s left\n"  # type: ignore[attr-defined]


def test_progress_draws_on_a_terminal(clock: Clock) -> None:
    shown, text = meter(quiet=False, terminal=True)
    with shown:
        clock.now = 3.0
        shown(5, 10, "columns")
    assert "columns" in text.getvalue()
    assert "50%" in text.getvalue()


def test_quiet_is_quiet(clock: Clock) -> None:
    shown, text = meter(quiet=True, terminal=True)
    with shown:
        clock.now = 100.0
        shown(5, 10, "columns")
    assert text.getvalue() == ""
