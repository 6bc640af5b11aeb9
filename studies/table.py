"""The table of all papers with what their studies measured, for the site."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from adami.papers import Paper, papers
from studies import comparison
from studies.store import RESULTS, Record, load

PAGE = Path(__file__).parents[1] / "docs" / "papers.md"
MEASURED = Path(__file__).parents[1] / "src" / "adami" / "measured.json"
INTRODUCTION = """# The papers

adami gathers the methods of these papers in one library. Each gets one script in `studies/` that measures
the paper's claim again against its baseline; a paper *works* only when such a result is stored and holds.
This page is written by `python -m studies --all`; `adami papers` prints the same list.
"""


def page(folder: Path = RESULTS) -> str:
    """Return the page as Markdown."""
    register = papers()
    counts = {s: sum(p.status == s for p in register) for s in ("works", "started", "planned")}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    parts = [INTRODUCTION, f"Of {len(register)} papers: {told}.\n"]
    for package in sorted({p.package for p in register}):
        rows = [_row(p, load(p.number, folder)) for p in register if p.package == package]
        head = "| no. | system | paper | status | measured |\n| ---: | --- | --- | --- | --- |"
        parts.append(f"## `adami.{package}`\n\n{head}\n" + "\n".join(rows) + "\n")
        if found := comparison.load(package, folder):
            scale, contests = found
            parts.append(
                f"## `adami.{package}` side by side\n\nWherever several methods solve the same thing, they "
                f"run on the same data (`python -m studies.compare_{package} --scale {scale}`).\n\n"
                + comparison.markdown(contests)
            )
    return "\n".join(parts)


def write(path: Path = PAGE, folder: Path = RESULTS, measured: Path | None = None) -> None:
    """Write the page, and what `adami papers N` tells."""
    path.write_text(page(folder), "utf-8")
    if measured is not None:
        measured.write_text(summary(folder), "utf-8")


def summary(folder: Path = RESULTS) -> str:
    """Return the stored results as the JSON text that is shipped with the package."""
    kept = {}
    for paper in papers():
        if stored := load(paper.number, folder):
            kept[str(paper.number)] = {"scale": stored.scale, "seed": stored.seed, **asdict(stored.result)}
    return json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _row(paper: Paper, stored: Record | None) -> str:
    cells = [str(paper.number), _cell(paper.system), _cell(paper.title), paper.status, _measured(stored)]
    return f"| {' | '.join(cells)} |"


def _measured(stored: Record | None) -> str:
    if stored is None:
        return ""
    r = stored.result
    verdict = "holds" if r.holds else "does not hold"
    note = f" {r.note}" if r.note else ""
    checks = f", {sum(c.holds for c in r.checks)} of {len(r.checks)} checks" if r.checks else ""
    return _cell(
        f"{r.claim}: {verdict}; {r.metric} {r.ours:.4g}, baseline {r.baseline:.4g}, bar {r.bar:.4g} "
        f"({stored.scale}{checks}).{note}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
