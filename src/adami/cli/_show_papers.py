"""What `papers` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adami.cli._show import titled_table
from adami.papers import measured

if TYPE_CHECKING:
    from rich.console import Console

    from adami.papers import Paper


def show_papers(console: Console, papers: Sequence[Paper]) -> None:
    """Print the register."""
    table = titled_table(f"The {len(papers)} papers behind adami")
    table.add_column("no.", justify="right", style="dim", no_wrap=True)
    table.add_column("system", style="bold", overflow="fold")
    if console.width >= 100:
        table.add_column("paper", overflow="fold")
    table.add_column("package", style="dim", overflow="fold")
    table.add_column("status", no_wrap=True)
    for p in papers:
        cells = [str(p.number), p.system]
        if console.width >= 100:
            cells.append(p.title)
        table.add_row(*cells, p.package, p.status, style="" if p.status == "works" else "dim")
    console.print(table)
    counts = {s: sum(p.status == s for p in papers) for s in dict.fromkeys(p.status for p in papers)}
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()), style="dim")


def show_paper(console: Console, paper: Paper) -> None:
    """Print one paper."""
    console.print(f"{paper.number}  {paper.system}", style="bold")
    table = titled_table(None)
    table.show_header = False
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = {
        "paper": paper.title,
        "package": f"adami.{paper.package}",
        "import": paper.entry_point,
        "study": paper.study,
        "status": paper.status,
    }
    for name, text in (rows | _measured_rows(measured(paper.number))).items():
        if text:
            table.add_row(name, text)
    console.print(table)


def _measured_rows(found: dict[str, Any] | None) -> dict[str, str]:
    if found is None:
        return {}
    checks = "\n".join(
        f"{'holds' if c['holds'] else 'FAILS'}: {c['name']} ({c['value']:.4g} against {c['bar']:.4g})"
        for c in found["checks"]
    )
    return {
        "claim": found["claim"],
        "measured": f"{found['metric']}: ours {found['ours']:.4g}, baseline {found['baseline']:.4g}, "
        f"bar {found['bar']:.4g}; {'holds' if found['holds'] else 'does not hold'} "
        f"({found['scale']} scale, seed {found['seed']})",
        "checks": checks,
        "note": found["note"],
    }
