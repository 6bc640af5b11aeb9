"""One contestant of ``benchmarks.scale`` in a process of its own: CPU-seconds by phase, and peak memory."""

from __future__ import annotations

import hashlib
import json
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks.scale import ADAMI, LEVELS

NAMES = [f"c{j:02d}" for j in range(len(LEVELS))]
SIZES = dict(zip(NAMES, LEVELS))
PAIRS = list(combinations(NAMES, 2))
Tables = dict[tuple[str, str], np.ndarray]


class Clock:
    """CPU-seconds and seconds of the phases."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[name] = time.process_time() - cpu
        self.wall[name] = time.perf_counter() - wall


def adami(path: str, memory: str, clock: Clock, columns: int) -> tuple[Tables, int]:
    """Count all pairs by adami, which learns first what the columns are."""
    from adami.engines import count_sets, counts, open_source, table_fields

    names = NAMES[:columns]
    pairs = [p for p in PAIRS if set(p) <= set(names)]
    with clock.phase("open"):
        source = open_source(path, columns=names, memory_limit=memory)
    with clock.phase("kinds"):
        fields = table_fields(source, kinds="discrete")
    with clock.phase("counts"):
        found = count_sets(source, pairs, fields=fields)
    tables = {}
    for pair, cells in zip(pairs, found):
        tables[pair] = np.zeros(cells.sizes, dtype=np.int64)
        tables[pair][cells.labels] = cells.counts
    return tables, len(counts.blocks(pairs, {n: fields[n].distinct for n in names}))


def _dense(found: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    table = np.zeros([SIZES[n] for n in names], dtype=np.int64)
    table[tuple(np.asarray(found[n]) for n in names)] = found["n"]
    return table


def _groups(con: Any, table: str, names: tuple[str, ...]) -> np.ndarray:
    listed = ", ".join(names)
    return _dense(
        con.execute(f"SELECT {listed}, count(*) AS n FROM {table} GROUP BY {listed}").fetchnumpy(), names
    )


def each(con: Any, table: str) -> Tables:
    """Count every pair by a GROUP BY of its own."""
    return {p: _groups(con, table, p) for p in PAIRS}


def union(con: Any, table: str) -> Tables:
    """Count all pairs by one query that puts 190 GROUP BYs together."""
    asked = " UNION ALL ".join(
        f"SELECT {i} AS p, {a} AS a, {b} AS b, count(*) AS n FROM {table} GROUP BY {a}, {b}"
        for i, (a, b) in enumerate(PAIRS)
    )
    found = con.execute(asked).fetchnumpy()
    out = {}
    for i, (a, b) in enumerate(PAIRS):
        own = found["p"] == i
        out[a, b] = _dense({a: found["a"][own], b: found["b"][own], "n": found["n"][own]}, (a, b))
    return out


def grouping_sets(con: Any, table: str) -> Tables:
    """Count all pairs by GROUPING SETS."""
    sets = ", ".join(f"({a}, {b})" for a, b in PAIRS)
    found = con.execute(
        f"SELECT {', '.join(NAMES)}, count(*) AS n FROM {table} GROUP BY GROUPING SETS ({sets})"
    ).fetchnumpy()
    masks = {n: np.ma.getmaskarray(found[n]) for n in NAMES}
    out = {}
    for p in PAIRS:
        own = ~masks[p[0]] & ~masks[p[1]]
        out[p] = _dense({n: np.asarray(found[n][own]) for n in (*p, "n")}, p)
    return out


def blocks(most: int) -> Callable[[Any, str], Tables]:
    """Count joint tables of several columns, and sum them to pairs."""

    def run(con: Any, table: str) -> Tables:
        out: Tables = {}
        for names in _covering(most):
            joint = _groups(con, table, names)
            for i, j in combinations(range(len(names)), 2):
                pair = (names[i], names[j])
                if pair not in out:
                    out[pair] = joint.sum(axis=tuple(k for k in range(len(names)) if k not in (i, j)))
        return out

    return run


def _covering(most: int) -> list[tuple[str, ...]]:
    """Return sets of columns that hold every pair: large columns first, each set filled up greedily."""
    left = set(PAIRS)
    out = []
    for pair in reversed(PAIRS):
        if pair not in left:
            continue
        block = list(pair)
        while True:
            size = math.prod(SIZES[n] for n in block)
            gain = {
                n: sum(tuple(sorted((n, m))) in left for m in block) / math.log(SIZES[n])
                for n in NAMES
                if n not in block and size * SIZES[n] <= most
            }
            best = max(gain, key=gain.__getitem__, default=None)
            if best is None or not gain[best]:
                break
            block.append(best)
        block.sort()
        left -= set(combinations(block, 2))
        out.append(tuple(block))
    return out


COPY = "copied"
SQL: dict[str, tuple[Callable[[Any, str], Tables], tuple[str, ...]]] = {
    "union of 190 on the file": (union, ()),
    "grouping sets": (grouping_sets, ()),
    "joint tables on the file": (blocks(10_000), ()),
    "union of 190 on a copy": (union, (COPY,)),
    "190 queries on a copy, in arrays": (each, (COPY, "SET perfect_ht_threshold = 18")),
    "joint tables on a copy": (blocks(10_000), (COPY,)),
    "joint tables on a copy, in arrays": (blocks(10_000), (COPY, "SET perfect_ht_threshold = 18")),
    "larger joint tables on a copy, in arrays": (blocks(30_000), (COPY, "SET perfect_ht_threshold = 18")),
}
"""Hand-written ways to the same counts, and what comes before: a copy inside DuckDB, settings."""


def by_hand(who: str, path: str, memory: str, clock: Clock) -> Tables:
    """Count all pairs by SQL that knows the columns and their levels."""
    import duckdb

    run, before = SQL[who]
    table = f"'{path}'"
    with tempfile_spill() as spill:
        con = duckdb.connect(config={"memory_limit": memory, "temp_directory": spill})
        with clock.phase("copy"):
            for step in before:
                con.execute(f"CREATE TEMP TABLE held AS FROM {table}" if step == COPY else step)
        with clock.phase("counts"):
            found = run(con, "held" if COPY in before else table)
        con.close()
    return found


@contextmanager
def tempfile_spill() -> Iterator[str]:
    """Hold a folder for what DuckDB moves out of memory."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="adami-scale-") as folder:
        yield folder


def main() -> None:
    """Run one contestant and print what it took as JSON."""
    who, path, memory = sys.argv[1:4]
    clock, joint = Clock(), None
    if who in ADAMI:
        tables, joint = adami(path, memory, clock, len(NAMES) if who == ADAMI[0] else 10)
    else:
        tables = by_hand(who, path, memory, clock)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    digest = hashlib.sha256()
    for pair in sorted(tables):
        digest.update(repr((pair, tables[pair].tolist())).encode())
    print(
        json.dumps(
            {
                "cpu": clock.cpu,
                "wall": clock.wall,
                "peak": peak,
                "columns": len({n for pair in tables for n in pair}),
                "tables": joint,
                "digest": digest.hexdigest()[:16],
            }
        )
    )


if __name__ == "__main__":
    main()
