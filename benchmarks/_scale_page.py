"""The page of ``benchmarks.scale``: ratios, memory, growth, and what the model says beforehand."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import _processor
from benchmarks.scale_model import fit, number_of_pairs, plan, shuffle_records

RUNS = Path(__file__).with_name("scale.json")
SPARK_RUNS = Path(__file__).with_name("scale_spark.json")
PAGE = RUNS.with_suffix(".md")
RATIO_BAR, MEMORY_BAR = 1.5, 1_500_000_000
FITTED = 5_000_000
"""The model knows the runs up to so many rows."""
PLANNED, BATCH = 10_000, 200
"""Columns of the table on paper, and how many are counted at a time."""
SPARK_CORES = 2
"""Spark cuts files of up to 256 MB into as many parts as it has cores; a part where no group of rows begins
is empty."""
ROW_GROUP = 122_880
"""Rows that DuckDB writes as one group."""
WHOLE = "adami"
"""The contestant of whom the ratios are."""

Run = Mapping[str, Any]


def spent(run: Run) -> float:
    """Return the CPU-seconds of all phases."""
    return float(sum(run["cpu"].values()))


def ratios(runs: Sequence[Run]) -> dict[int, tuple[float, float, str]]:
    """Return, for every number of rows, the CPU-seconds of counts and of all over those of the best SQL."""
    out = {}
    for rows in sorted({r["rows"] for r in runs}):
        here = [r for r in runs if r["rows"] == rows]
        best = min((r for r in here if not r["who"].startswith(WHOLE)), key=spent)
        ours = next(r for r in here if r["who"] == WHOLE)
        out[rows] = (ours["cpu"]["counts"] / spent(best), spent(ours) / spent(best), best["who"])
    return out


def growth(runs: Sequence[Run], phase: str | None = None, most: int | None = None) -> tuple[float, float]:
    """Return CPU-seconds a million rows and R2 of the straight line through adami's runs."""
    ours = [r for r in runs if r["who"] == WHOLE and (most is None or r["rows"] <= most)]
    rows = np.array([r["rows"] for r in ours]) / 1e6
    seconds = np.array([spent(r) if phase is None else r["cpu"][phase] for r in ours])
    slope, start = np.polyfit(rows, seconds, 1)
    left = seconds - start - slope * rows
    return float(slope), float(1 - left @ left / ((seconds - seconds.mean()) ** 2).sum())


def predictions(runs: Sequence[Run]) -> list[tuple[Run, float, float]]:
    """Return adami's runs with the CPU-seconds that the model expects of kinds and of counts."""
    costs = fit([r for r in runs if r["who"].startswith(WHOLE) and r["rows"] <= FITTED])
    return [
        (r, costs.kinds(r["rows"], r["columns"]), costs.counts(r["rows"], r["columns"], r["tables"]))
        for r in runs
        if r["who"].startswith(WHOLE)
    ]


def page() -> None:
    """Write the page of the stored runs."""
    runs = stored(RUNS)
    parts = [_head(runs), _verdicts(runs), _table(runs), _model(runs)]
    parts += [_spark(stored(SPARK_RUNS)), _plans(runs)]
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def stored(path: Path) -> list[dict[str, Any]]:
    """Return stored runs."""
    out: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return out


def _head(runs: Sequence[Run]) -> str:
    used = ", ".join(f"{n} {version(n)}" for n in ("duckdb", "ibis-framework", "numpy"))
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"
    return (
        "# All pairs of a table larger than memory\n\n"
        "20 columns of 2 to 32 levels, 190 pairs, one Parquet file. Every contestant runs in a process of "
        f"its own, with `memory_limit` {runs[0]['memory']} for DuckDB and both cores; all give the same "
        "counts, which is checked. The hand-written SQL knows the columns and their levels; adami looks for "
        "them first (`kinds`). CPU-seconds are those of the whole process without imports; the machine "
        "was busy with other work, so wall seconds are too long. Up to "
        f"{FITTED:,} rows it is the run with the "
        "median CPU-seconds of three, above it is one run; the two fastest ways of SQL go on to the larger "
        f"tables. {machine}, Python {platform.python_version()}; {used}. "
        "Made by `python -m benchmarks.scale`."
    )


def _verdicts(runs: Sequence[Run]) -> str:
    lines = ["## What was asked", ""]
    for rows, (counts, whole, who) in ratios(runs).items():
        met = "met" if counts <= RATIO_BAR else "NOT met"
        also = "met" if whole <= RATIO_BAR else "NOT met"
        lines.append(
            f"- {rows:,} rows: the counts take {counts:.2f} times the CPU-seconds of the best SQL ({who}) "
            f"(asked: at most {RATIO_BAR}, {met}); with opening the file and learning its columns it is "
            f"{whole:.2f} times ({also})."
        )
    largest = max((r for r in runs if r["who"] == WHOLE), key=lambda r: r["rows"])
    met = "met" if largest["peak"] < MEMORY_BAR else "NOT met"
    lines.append(
        f"- Peak memory of adami at {largest['rows']:,} rows: {largest['peak'] / 1e6:,.0f} MB, of a file of "
        f"{largest['file'] / 1e6:,.0f} MB (asked: below {MEMORY_BAR / 1e6:,.0f} MB, {met})."
    )
    for said, most in (("1, 5 and 25 million rows", 25_000_000), ("all sizes", None)):
        slope, fits = growth(runs, None, most)
        lines.append(f"- Growth over {said}: {slope:.2f} CPU-seconds a million rows, R² = {fits:.4f}.")
    return "\n".join(lines)


def _table(runs: Sequence[Run]) -> str:
    lines = ["## Runs", "", "| rows | who | CPU-seconds | by phase | wall seconds | peak MB |"]
    lines.append("| ---: | --- | ---: | --- | ---: | ---: |")
    for r in runs:
        phases = ", ".join(f"{name} {s:.2f}" for name, s in r["cpu"].items() if s >= 0.005)
        lines.append(
            f"| {r['rows']:,} | {r['who']} | {spent(r):.2f} | {phases} | {sum(r['wall'].values()):.1f} "
            f"| {r['peak'] / 1e6:,.0f} |"
        )
    return "\n".join(lines)


def _model(runs: Sequence[Run]) -> str:
    costs = fit([r for r in runs if r["who"].startswith(WHOLE) and r["rows"] <= FITTED])
    lines = [
        "## The model, and what was measured",
        "",
        f"Constants of `benchmarks/scale_model.py`, fitted on the runs of up to {FITTED:,} rows: "
        f"{costs.start:.2f} s and {costs.look * 1e9:.1f} ns a value for the kinds; {costs.ask * 1e3:.0f} ms "
        f"a joint table, {costs.copy * 1e9:.1f} ns a copied value and {costs.group * 1e9:.1f} ns a row and "
        "joint table for the counts.",
        "",
        "| rows | columns | tables | kinds: predicted | measured | counts: predicted | measured | off |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for r, kinds, counts in predictions(runs):
        measured = r["cpu"]["kinds"] + r["cpu"]["counts"]
        known = " (fitted)" if r["rows"] <= FITTED else ""
        lines.append(
            f"| {r['rows']:,}{known} | {r['columns']} | {r['tables']} "
            f"| {kinds:.2f} | {r['cpu']['kinds']:.2f} | {counts:.2f} | {r['cpu']['counts']:.2f} "
            f"| {100 * ((kinds + counts) / measured - 1):+.0f} % |"
        )
    return "\n".join(lines)


def spark_predictions(runs: Sequence[Run]) -> list[tuple[Run, float]]:
    """Return Spark's runs with the records that the model expects in the shuffles of the joint tables."""
    return [
        (r, shuffle_records(r["rows"], r["tables"], r["cells"] / r["tables"], spark_tasks(r["rows"])))
        for r in runs
    ]


def spark_tasks(rows: int) -> int:
    """Return the tasks of a scan: as many as cores, but no more than groups of rows in the file."""
    return min(SPARK_CORES, math.ceil(rows / ROW_GROUP))


def _spark(runs: Sequence[Run]) -> str:
    lines = [
        "## Spark",
        "",
        f"adami on `spark://local[2]`, {SPARK_CORES} tasks a scan, or one where the file "
        "has one group of rows: what Spark's log of events says of whole "
        "runs, in `benchmarks/scale_spark.json` by `python -m benchmarks._scale_spark`. Nothing is fitted.",
        "",
        "| rows | joint tables | records shuffled: predicted | measured | bytes a record | CPU-seconds |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for r, records in spark_predictions(runs):
        lines.append(
            f"| {r['rows']:,} | {r['tables']} | {records:,.0f} | {r['records']:,} "
            f"| {r['written'] / r['records']:.1f} | {r['cpu']:.1f} |"
        )
    return "\n".join(lines)


def _plans(runs: Sequence[Run]) -> str:
    costs = fit([r for r in runs if r["who"].startswith(WHOLE) and r["rows"] <= FITTED])
    lines = [
        "## 10,000 columns, on paper",
        "",
        f"All {number_of_pairs(PLANNED):,} pairs by the model, {BATCH} columns at a time; a CPU-second here "
        "is taken for one there.",
        "",
        "| rows | levels | joint tables | batches | read | copy of a batch | shuffled | counts of a batch "
        "| core-hours | days of 1,000 cores |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rows in (10**12, 10**7):
        for levels in (2, 8, 32):
            p = plan(costs, rows, PLANNED, levels, BATCH)
            sizes = " | ".join(_bytes(v) for v in (p.read, p.copy, p.shuffled, p.held))
            lines.append(
                f"| {rows:.0e} | {levels} | {p.tables:,} | {p.batches:,} | {sizes} "
                f"| {p.cpu / 3600:,.0f} | {p.days(1_000):.3g} |"
            )
    return "\n".join(lines)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} PB"
