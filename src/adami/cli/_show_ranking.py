"""What `rank` and `profile` print: relevance, interactions and the path to the sufficient set."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from adami.cli._session import was_interrupted
from adami.cli._show import (
    amount,
    bar,
    can_draw,
    interval,
    probability,
    show_notes,
    stars,
    titled_table,
    unit,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from adami.report.results import Ranking, Relevance
    from adami.result import Diagnostic

LONGEST_NAME = 28
MOST_PAIRS = 6
CHANCE = 0.05
"""Columns whose adjusted p-value is above this one are greyed."""
WIDE, MIDDLE = 96, 66
"""Widths of the terminal at which columns of the table are left out."""


def show_ranking(console: Console, found: Ranking, bits: bool, quiet: bool) -> None:
    """Print a ranking to fit the width of the terminal."""
    if not quiet:
        console.print(_headline(found, bits), style="bold")
        console.print(_subject(found, bits), style="dim")
        console.print()
    _relevance(console, found, bits)
    _interactions(console, found, bits)
    _path(console, found, bits)
    if not quiet:
        _columns_with_warnings(console, found)
        show_notes(console, found.diagnostics)


def _headline(found: Ranking, bits: bool) -> str:
    if was_interrupted({d.flag for d in found.diagnostics}):
        return "Interrupted: this is what was finished until then, and no answer to what is enough."
    import numpy as np

    from adami.report.headline import headline
    from adami.report.results import Matrix, Profile

    nothing = np.empty((0, 0))
    return "".join(headline(Profile("", found, Matrix((), (), nothing, nothing, None, nothing), ()), bits))


def _subject(found: Ranking, bits: bool) -> str:
    entropy = found.target_entropy
    told = f", H = {amount(entropy.value, bits)} {unit(bits)}" if entropy is not None else ""
    return f"Target {found.target} ({found.target_kind}{told}), {found.n:,} rows, {found.seconds:.1f} s"


def _relevance(console: Console, found: Ranking, bits: bool) -> None:
    from rich.padding import Padding

    width = console.width
    draw = can_draw(console)
    values = [r.information.interval[1] if r.information.interval else r.information.value for r in found]
    finite = [v for v in values if math.isfinite(v)]
    full = found.target_entropy.value if found.target_entropy is not None else max(finite, default=0.0)
    table = titled_table(f"What each column tells about {found.target} ({unit(bits)})")
    longest = max((len(r.name) for r in found), default=0)
    table.add_column(
        "column", overflow="fold", style="bold", min_width=min(longest, LONGEST_NAME, width // 4)
    )
    if width >= WIDE:
        table.add_column("kind", style="dim", no_wrap=True)
    bar_width = 24 if width >= WIDE else 14
    if width >= MIDDLE:
        table.add_column("", no_wrap=True, width=bar_width)
    table.add_column("tells", justify="right", no_wrap=True)
    table.add_column(_level(found), no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, style="yellow")
    for row in found:
        p = row.adjusted_p if row.adjusted_p is not None else row.information.p_value
        cells: list[str | Text] = [row.name]
        if width >= WIDE:
            cells.append(row.kind)
        if width >= MIDDLE:
            cells.append(bar(row.information, full, bar_width, draw))
        cells += [_value(row, bits), interval(row.information, bits), probability(p), stars(p)]
        table.add_row(*cells, style="dim" if p is not None and p >= CHANCE else "")
    console.print(table)
    for row in found:
        if row.repeats:
            console.print(f"  {row.name} repeats most of what {row.repeats} tells", style="yellow")
    legend = []
    if any(r.adjusted_p is not None for r in found):
        legend.append("* p < 0.05, ** < 0.01, *** < 0.001, adjusted for the number of columns")
    if any(r.information.warnings for r in found):
        legend.append("! see the warnings")
    if legend:
        console.print(Padding("; ".join(legend), (0, 0, 0, 2)), style="dim")
    console.print()


def _level(found: Ranking) -> str:
    confidence = next((r.information.confidence for r in found if r.information.interval), 0.95)
    return f"{confidence:.0%} interval"


def _value(row: Relevance, bits: bool) -> str:
    share = "" if row.share is None else f" {round(100 * row.share):3d}%"
    flag = "!" if row.information.warnings else ""
    return f"{flag}{amount(row.information.value, bits)}{share}"


def _interactions(console: Console, found: Ranking, bits: bool) -> None:
    sure = [i for i in found.interactions if _sure(i.synergy.interval)]
    # both sides have their say: a long list of repeats would hide what speaks only together
    shown = [i for i in sure if i.synergy.value > 0][: MOST_PAIRS // 2]
    shown += [i for i in sure if i.synergy.value < 0][: MOST_PAIRS - len(shown)]
    if not shown:
        return
    from rich.text import Text

    table = titled_table(f"Pairs of columns ({unit(bits)})")
    table.add_column("pair", overflow="fold")
    table.add_column("together", justify="right", no_wrap=True)
    table.add_column("beyond each alone", justify="right", no_wrap=True)
    if console.width >= MIDDLE:
        table.add_column("", no_wrap=True)
    for pair in shown:
        speaks = pair.synergy.value > 0
        colour = "green" if speaks else "yellow"
        sign = "+" if speaks else ""
        cells: list[str | Text] = [
            f"{pair.first} + {pair.second}",
            amount(pair.together, bits),
            Text(f"{sign}{amount(pair.synergy.value, bits)}", colour),
        ]
        if console.width >= MIDDLE:
            cells.append(Text("speak together" if speaks else "repeat each other", colour))
        table.add_row(*cells)
    console.print(table)
    console.print()


def _sure(ends: tuple[float, float] | None) -> bool:
    return ends is None or ends[0] > 0 or ends[1] < 0


def _path(console: Console, found: Ranking, bits: bool) -> None:
    if not found.path:
        return
    whole = found.target_entropy.value if found.target_entropy is not None else None
    table = titled_table("The few that are enough")
    table.add_column("", justify="right", style="dim")
    table.add_column("column", overflow="fold")
    table.add_column("adds", justify="right", no_wrap=True)
    table.add_column("so far", justify="right", no_wrap=True)
    if whole:
        table.add_column("of all", justify="right", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for number, step in enumerate(found.path, 1):
        cells = [str(number), step.name, amount(step.gain.value, bits), amount(step.total, bits)]
        if whole:
            cells.append(f"{min(step.total / whole, 1.0):.0%}")
        # corrected for the candidates, as on the page
        p = step.gain.details.get("adjusted_p", step.gain.p_value)
        cells += [probability(p), "" if step.accepted else "adds nothing sure: stop"]
        table.add_row(*cells, style="bold" if step.accepted else "dim")
    console.print(table)
    console.print()


def _columns_with_warnings(console: Console, found: Ranking) -> None:
    """Print the warnings of the columns; one that several columns share is told once."""
    shared: dict[str, list[tuple[str, Diagnostic]]] = {}
    for row in found:
        for d in row.information.warnings:
            shared.setdefault(d.flag, []).append((row.name, d))
    said = []
    for (name, d), *others in shared.values():
        text = d.message if name in d.message else f"{name}: {d.message}"
        if likewise := [other for other, _ in others if other != name]:
            text += f". Likewise {', '.join(likewise)}."
        said.append(replace(d, message=text))
    show_notes(console, said)
