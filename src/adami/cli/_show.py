"""Pieces of what commands print: amounts, bars, notes, and one estimate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from adami.cli._words import for_shell
from adami.result import LN2, Diagnostic, Estimate

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
COLOURS = {"solid": "#2f7ed8", "haze": "#8fb8e8"}


def amount(value: float, bits: bool, digits: int = 3) -> str:
    """Write nats, or the same in bits; infinity and missing in words."""
    if math.isnan(value):
        return "-"
    scaled = value / LN2 if bits else value
    text = f"{scaled:.{digits}f}"
    return text.replace("-", "", 1) if float(text) == 0 else text


def interval(estimate: Estimate, bits: bool) -> str:
    """Write the interval, or nothing."""
    if estimate.interval is None:
        return ""
    low, high = estimate.interval
    return f"{amount(low, bits)} to {amount(high, bits)}"


def probability(p: float | None) -> str:
    """Write a p-value."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def stars(p: float | None) -> str:
    """Write one to three stars for a small p-value."""
    if p is None:
        return ""
    return next((mark for level, mark in STARS if p < level), "")


def can_draw(console: Console) -> bool:
    """Tell whether the output can show block characters."""
    try:
        "█▓░→".encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def bar(estimate: Estimate, full: float, width: int, draw: bool) -> Text:
    """Draw a bar: solid up to the lower end of the interval, light up to its upper end."""
    from rich.text import Text

    solid_mark, haze_mark = ("█", "░") if draw else ("#", "-")
    low, high = estimate.interval or (estimate.value, estimate.value)

    def cells(value: float) -> int:
        if not full > 0 or math.isnan(value):
            return 0
        return round(width * min(max(value / full, 0.0), 1.0))

    solid, reach = cells(low), cells(high)
    return Text.assemble(
        (solid_mark * solid, COLOURS["solid"]),
        (haze_mark * (reach - solid), COLOURS["haze"]),
        " " * (width - max(solid, reach)),
    )


def unit(bits: bool) -> str:
    """Name the unit."""
    return "bits" if bits else "nats"


def titled_table(title: str | None) -> Table:
    """Return an empty table without a frame."""
    from rich import box
    from rich.table import Table

    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        header_style="dim",
        padding=(0, 1),
    )


def show_notes(console: Console, diagnostics: Iterable[Diagnostic]) -> None:
    """Print what a reader should know, warnings first, each once."""
    from rich.padding import Padding
    from rich.text import Text

    ordered = sorted(dict.fromkeys(diagnostics), key=lambda d: d.severity != "warning")
    for d in ordered:
        strong = d.severity == "warning"
        side = {"low": "; the value is likely too low", "high": "; the value is likely too high"}
        text = Text.assemble(
            ("warning: " if strong else "note: ", "bold yellow" if strong else "dim"),
            (
                for_shell(d.message) + (side.get(d.direction or "", "") if strong else ""),
                "" if strong else "dim",
            ),
        )
        console.print(Padding(text, (0, 0, 0, 2)))


def show_estimate(
    console: Console, found: Estimate, xs: Sequence[str], y: str, given: Sequence[str], bits: bool
) -> None:
    """Print one estimate."""
    from rich.table import Table
    from rich.text import Text

    condition = f" | {', '.join(given)}" if given else ""
    symbol = f"I({', '.join(xs)}; {y}{condition})" if xs else f"H({y}{condition})"
    if not xs and found.kinds[0] != "discrete":
        symbol = symbol.replace("H", "h", 1)
    other = f"  ({amount(found.value, not bits)} {unit(not bits)})"
    console.print(
        Text.assemble(
            (symbol, "bold"), " = ", (amount(found.value, bits, 4), "bold green"), f" {unit(bits)}", other
        )
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if found.bound != "none":
        table.add_row("bound", f"a {found.bound} bound of the truth")
    if found.measure != "shannon":
        table.add_row("measure", found.measure)
    if found.interval is not None:
        table.add_row(f"{found.confidence:.0%} interval", f"{interval(found, bits)} {unit(bits)}")
    if found.p_value is not None:
        table.add_row("p-value", f"{probability(found.p_value)} {stars(found.p_value)}".rstrip())
    slots = [", ".join(xs) or y, *([y] if xs else []), *([", ".join(given)] if given else [])]
    table.add_row("kinds", ", ".join(f"{name} {kind}" for name, kind in zip(slots, found.kinds)))
    table.add_row("method", found.method)
    table.add_row("rows", f"{found.n:,}")
    console.print(table)
    show_notes(console, found.diagnostics)
