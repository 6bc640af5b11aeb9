"""What `matrix` prints: a heat map where it fits, the strongest pairs where it does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adami.cli._show import amount, probability, show_notes, stars, titled_table, unit

if TYPE_CHECKING:
    from rich.console import Console

    from adami.report.results import Matrix

CELL = 6
LABEL = 22
MOST_PAIRS = 12
FAINT = 0.1
"""Below this a cell has no colour."""


def show_matrix(console: Console, found: Matrix, bits: bool, quiet: bool) -> None:
    """Print the normalized matrix and the strongest pairs."""
    fits = console.width >= min(max(map(len, found.names), default=0), LABEL) + 4 + CELL * len(found.names)
    if fits:
        _heat_map(console, found)
    _strongest(console, found, bits, None if quiet and not fits else MOST_PAIRS)
    if not quiet:
        show_notes(console, found.diagnostics)


def _heat_map(console: Console, found: Matrix) -> None:
    from rich.text import Text

    label = min(max(map(len, found.names)), LABEL)
    console.print("Normalized information of all pairs, 0 to 1", style="bold")
    console.print(
        Text(" " * (label + 4) + "".join(f"{j:>{CELL - 1}} " for j in range(1, len(found.names) + 1)), "dim")
    )
    for i, name in enumerate(found.names):
        line = Text(f"{_cut(name, label):<{label}} {i + 1:>2} ", "bold")
        for j in range(len(found.names)):
            value = float(found.normalized[i, j])
            text = "-" if math.isnan(value) else f"{value:.2f}"
            line.append(f"{text:>{CELL - 1}} ", style="dim" if i == j else _shade(value))
        console.print(line, no_wrap=True, soft_wrap=True)
    console.print()


def _shade(value: float) -> str:
    if math.isnan(value) or value < FAINT:
        return "dim"
    # from grey to blue at one brightness, so that cells stand out on dark and on light terminals alike
    share = min(value, 1.0)
    red, green, blue = (round(a + (b - a) * share) for a, b in ((125, 10), (125, 95), (130, 235)))
    return f"white on rgb({red},{green},{blue})"


def _strongest(console: Console, found: Matrix, bits: bool, most: int | None) -> None:
    size = len(found.names)
    pairs = [
        (i, j) for i in range(size) for j in range(i + 1, size) if not math.isnan(found.normalized[i, j])
    ]
    pairs.sort(key=lambda p: -float(found.normalized[p]))
    if not pairs:
        return
    table = titled_table(f"Strongest pairs ({unit(bits)})")
    table.add_column("pair", overflow="fold")
    table.add_column("information", justify="right", no_wrap=True)
    table.add_column("normalized", justify="right", no_wrap=True)
    if found.p_values is not None:
        table.add_column("p", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True, style="yellow")
    table.add_column("rows", justify="right", no_wrap=True, style="dim")
    for i, j in pairs[:most]:
        cells = [f"{found.names[i]} - {found.names[j]}", amount(float(found.information[i, j]), bits)]
        cells.append(f"{found.normalized[i, j]:.2f}")
        if found.p_values is not None:
            p = float(found.p_values[i, j])
            cells += [probability(p), stars(p)]
        table.add_row(*cells, f"{int(found.counts[i, j]):,}")
    console.print(table)
    if most is not None and len(pairs) > most:
        console.print(f"  and {len(pairs) - most} more; --json has them all", style="dim")
    console.print()


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
