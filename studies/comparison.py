"""Comparisons of the members of a package: rows, how they are timed, stored and shown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from studies.store import RESULTS
from studies.study import SCALES, Scale

Better = Literal["higher", "lower", ""]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """What one contestant reached in one case.

    Parameters
    ----------
    contest, case : str
        What was to be solved, and on what.
    who : str
        The contestant; others than adami's own are named with their library.
    metric : str
        What was measured, with its unit.
    value : float
    better : {"higher", "lower", ""}
        Which values are better; "" where the contestants measure different things.
    seconds : float or None
        CPU-seconds of this contestant alone; None for references that cost nothing of interest.
    note : str
        What a reader must know.
    """

    contest: str
    case: str
    who: str
    metric: str
    value: float
    better: Better
    seconds: float | None = None
    note: str = ""


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """Return what a call gives and the CPU-seconds that it took."""
    begin = time.process_time()
    found = run()
    return found, time.process_time() - begin


def save(package: str, rows: list[Row], scale: Scale, seed: int, folder: Path = RESULTS) -> Path:
    """Write the comparison of a package; an earlier one of the same scale is replaced."""
    plain = {"package": package, "scale": scale, "seed": seed, "rows": [asdict(r) for r in rows]}
    path = folder / f"compare-{package}-{scale}.json"
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    return path


def load(package: str, folder: Path = RESULTS) -> tuple[Scale, list[Row]] | None:
    """Return scale and rows of the stored comparison of the largest scale, or None."""
    for scale in reversed(SCALES):
        path = folder / f"compare-{package}-{scale}.json"
        if path.exists():
            return scale, [Row(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]
    return None


def markdown(rows: list[Row]) -> str:
    """Return the rows as Markdown, one table a contest and case."""
    lines: list[str] = []
    for contest in dict.fromkeys(r.contest for r in rows):
        lines += [f"### {contest}", ""]
        mine = [r for r in rows if r.contest == contest]
        for case in dict.fromkeys(r.case for r in mine):
            lines += [f"**{case}**", "", *_table([r for r in mine if r.case == case]), ""]
    return "\n".join(lines)


def _table(rows: list[Row]) -> list[str]:
    metrics = list(dict.fromkeys((r.metric, r.better) for r in rows))
    who = list(dict.fromkeys(r.who for r in rows))
    head = [f"{m} ({better} is better)" if better else m for m, better in metrics]
    lines = [
        f"| contestant | {' | '.join(head)} | CPU-seconds | note |",
        "| --- |" + " ---: |" * (len(metrics) + 1) + " --- |",
    ]
    for name in who:
        own = {r.metric: r for r in rows if r.who == name}
        # without the sign of a zero
        cells = [f"{round(own[m].value, 4) + 0.0:.4f}" if m in own else "" for m, _ in metrics]
        first = next(iter(own.values()))
        seconds = "" if first.seconds is None else f"{first.seconds:.2g}"
        notes = "; ".join(dict.fromkeys(r.note for r in own.values() if r.note))
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds} | {notes} |")
    return lines
