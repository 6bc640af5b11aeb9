"""All pairs of a table larger than memory, beside hand-written SQL for the same counts.

``python -m benchmarks.scale`` makes the tables, measures every contestant in a process of its own, and writes
``benchmarks/scale.json`` and the page ``benchmarks/scale.md``. ``--report`` writes only the page.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._scale_page import RUNS, page

LEVELS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 29, 30, 31, 32)
ADAMI = ("adami", "adami, 10 columns")
CALIBRATED = 5_000_000
"""Up to so many rows everything runs, in rounds; above, adami and the fastest two of the others, once."""
ROUNDS = 3
SLOW = ("union of 190 on the file", "joint tables on the file")
SLOW_ROWS = 1_000_000


def cases() -> list[object]:
    """Return no comparison in one process: this file measures with its own command."""
    return []


def make(path: Path, rows: int) -> None:
    """Write a seeded table of dependent codes: three rows in ten of a column repeat a hidden label."""
    import duckdb

    columns = ", ".join(
        f"(CASE WHEN hash(i * 64 + {j}) % 10 < 3 THEN z % {k} ELSE (hash(i * 64 + {j}) >> 20) % {k} END)"
        f"::TINYINT AS c{j:02d}"
        for j, k in enumerate(LEVELS)
    )
    con = duckdb.connect()
    con.execute("SET memory_limit = '1GB'")
    # no dictionaries: the file shall be larger than the memory
    con.execute(
        f"COPY (SELECT {columns} FROM (SELECT i, hash(i * 64 + 63) % 840 AS z FROM range({rows}) t(i))) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1)"
    )


def measured(who: str, path: Path, memory: str) -> dict[str, Any]:
    """Run one contestant in a fresh process."""
    command = [sys.executable, "-m", "benchmarks._scale_worker", who, str(path), memory]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return out


def contestants(rows: int, fastest: Sequence[str]) -> list[str]:
    """Return who runs at a size."""
    from benchmarks._scale_worker import SQL

    if rows > CALIBRATED:
        return [*ADAMI[: 1 if rows > 5 * CALIBRATED else 2], *fastest]
    return [*ADAMI, *(name for name in SQL if name not in SLOW or rows <= SLOW_ROWS)]


def compare(rows: int, path: Path, memory: str, fastest: Sequence[str]) -> list[dict[str, Any]]:
    """Return what every contestant did at one size: the run with the median CPU-seconds."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for _ in range(ROUNDS if rows <= CALIBRATED else 1):
        for who in contestants(rows, fastest):
            if len(runs.get(who, ())) and who in SLOW:
                continue
            found = {"rows": rows, "file": path.stat().st_size, "memory": memory, "who": who}
            runs.setdefault(who, []).append(found | measured(who, path, memory))
            said = {k: round(v, 2) for k, v in runs[who][-1]["cpu"].items()}
            print(f"{rows:,} rows, {who}: {said} CPU-seconds", file=sys.stderr, flush=True)
    out = []
    for several in runs.values():
        middle = statistics.median_low([sum(r["cpu"].values()) for r in several])
        out.append(next(r for r in several if sum(r["cpu"].values()) == middle))
    told = {r["digest"] for r in out if r["who"] != ADAMI[1]}
    if len(told) != 1:
        raise ValueError(f"at {rows:,} rows the contestants count differently: {told}")
    return out


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder for the tables; a temporary one by default")
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 5, 25, 50])
    parser.add_argument("--memory", default="800MB", help="DuckDB's limit")
    parser.add_argument("--report", action="store_true", help="only write the page of the stored runs")
    chosen = parser.parse_args()
    if chosen.report:
        page()
        return 0
    stored: list[dict[str, Any]] = []
    fastest: list[str] = []
    with tempfile.TemporaryDirectory(dir=chosen.data) as folder:
        for millions in sorted(chosen.millions):
            rows = millions * 1_000_000
            path = Path(folder, f"{millions}.parquet")
            make(path, rows)
            stored += (here := compare(rows, path, chosen.memory, fastest))
            if rows <= CALIBRATED:
                sql = sorted((sum(r["cpu"].values()), r["who"]) for r in here if r["who"] not in ADAMI)
                fastest = [who for _, who in sql[:2]]
            os.remove(path)
            # after every size, so that an interrupted run keeps what is done
            RUNS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    page()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
