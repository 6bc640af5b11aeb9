"""Measure adami and its peers side by side: CPU-seconds, interleaved, medians of paired ratios."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SHORTEST = 0.02
"""CPU-seconds that one measurement lasts at least; shorter work is repeated within it."""
ROUNDS = 7
PATIENCE = 60.0
"""CPU-seconds after which a case needs no further round."""


@dataclass(frozen=True)
class Peer:
    """Another way to the same number.

    Parameters
    ----------
    run : callable
        Takes what `Case.make` returned, returns a number or an array of them; imports what it needs itself.
    needs : str
        Module that it needs; "" for none beyond adami's own.
    tolerance : float or None
        How far its values may be from ours; None where it estimates something else.
    largest : int, optional
        Size above which it is left out, for want of time or memory.
    note : str
        What a reader must know to read the comparison rightly.
    """

    run: Callable[[Any], Any]
    needs: str = ""
    tolerance: float | None = 1e-9
    largest: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Case:
    """One comparison at several sizes.

    Parameters
    ----------
    name : str
    sizes : sequence of int
    make : callable
        ``make(n)`` returns the data, made outside of the measured time.
    ours : callable
        Takes the data, returns a number or an array of them.
    peers : mapping of name -> Peer
    bars : mapping of size -> float
        The ratio to the fastest agreeing peer that is asked for.
    """

    name: str
    sizes: Sequence[int]
    make: Callable[[int], Any]
    ours: Callable[[Any], Any]
    peers: Mapping[str, Peer]
    bars: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """What one contestant did in one case at one size."""

    case: str
    n: int
    who: str
    seconds: float | None
    ratio: float | None
    """Its seconds over ours, median over rounds."""
    difference: float | None
    """Largest difference from our values."""
    agrees: bool | None
    note: str
    bar: float | None = None


def measure(case: Case, n: int, say: Callable[[str], None] = lambda _: None) -> list[Row]:
    """Run one case at one size and return one row a contestant, ours first."""
    data = case.make(n)
    running: dict[str, Callable[[Any], Any]] = {"adami": case.ours}
    rows = []
    for name, peer in case.peers.items():
        if peer.needs and importlib.util.find_spec(peer.needs) is None:
            rows.append(Row(case.name, n, name, None, None, None, None, "not installed"))
        elif peer.largest is not None and n > peer.largest:
            rows.append(Row(case.name, n, name, None, None, None, None, "left out at this size"))
        else:
            running[name] = peer.run
    values = {}
    for name, run in list(running.items()):
        try:
            values[name] = np.asarray(run(data), dtype=float)
        except Exception as error:
            if name == "adami":
                raise
            rows.append(Row(case.name, n, name, None, None, None, False, f"failed: {error!r}"[:200]))
            del running[name]
    times = _times(running, data, say)
    ours = times["adami"]
    rows.insert(0, Row(case.name, n, "adami", statistics.median(ours), 1.0, 0.0, True, "", case.bars.get(n)))
    for name in list(running)[1:]:
        peer = case.peers[name]
        difference = float(np.max(np.abs(values[name] - values["adami"])))
        agrees = None if peer.tolerance is None else bool(difference <= peer.tolerance)
        ratio = statistics.median(t / own for t, own in zip(times[name], ours))
        seconds = statistics.median(times[name])
        rows.append(Row(case.name, n, name, seconds, ratio, difference, agrees, peer.note))
    return rows


def fastest(rows: Sequence[Row]) -> Row | None:
    """Return the fastest peer whose values do not disagree."""
    peers = [r for r in rows if r.who != "adami" and r.ratio is not None and r.agrees is not False]
    return min(peers, key=lambda r: r.ratio or 0.0, default=None)


def _times(
    running: Mapping[str, Callable[[Any], Any]], data: Any, say: Callable[[str], None]
) -> dict[str, list[float]]:
    """Time all contestants in turn, round by round, so that a busy machine hits all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in running}
    begin = time.process_time()
    for r in range(ROUNDS):
        for name, run in running.items():
            times[name].append(_once(run, data))
        say(f"round {r + 1}: " + ", ".join(f"{name} {t[-1]:.3g} s" for name, t in times.items()))
        if time.process_time() - begin > PATIENCE:
            break
    return times


def _once(run: Callable[[Any], Any], data: Any) -> float:
    count, begin = 0, time.process_time()
    while True:
        run(data)
        count += 1
        spent = time.process_time() - begin
        if spent >= SHORTEST:
            return spent / count


def report(rows: Sequence[Row]) -> str:
    """Return all rows as one Markdown page."""
    lines = ["# adami beside its peers", "", machine(), ""]
    for name in dict.fromkeys(r.case for r in rows):
        lines += [f"## {name}", ""]
        lines += ["| n | who | CPU-seconds | times ours | largest difference | values agree | note |"]
        lines += ["| ---: | --- | ---: | ---: | ---: | --- | --- |"]
        own = [r for r in rows if r.case == name]
        for n in dict.fromkeys(r.n for r in own):
            lines += [_line(r) for r in own if r.n == n]
        lines += ["", *_verdicts(own), ""]
    return "\n".join(lines)


def _line(r: Row) -> str:
    seconds = "" if r.seconds is None else f"{r.seconds:.3g}"
    ratio = "" if r.ratio is None else f"{r.ratio:.1f}"
    difference = "" if r.difference is None else f"{r.difference:.1g}"
    agrees = {None: "", True: "yes", False: "no"}[r.agrees]
    if r.who == "adami":
        ratio = difference = agrees = ""
    return f"| {r.n:,} | {r.who} | {seconds} | {ratio} | {difference} | {agrees} | {r.note} |"


def _verdicts(rows: Sequence[Row]) -> list[str]:
    out = []
    for n in dict.fromkeys(r.n for r in rows):
        here = [r for r in rows if r.n == n]
        best = fastest(here)
        if best is None or best.ratio is None:
            continue
        bar = here[0].bar
        asked = "" if bar is None else f" (asked: {bar:g}, {'met' if best.ratio >= bar else 'NOT met'})"
        out.append(f"- n = {n:,}: {best.ratio:.1f} times as fast as {best.who}{asked}")
    return out


def machine() -> str:
    """Say what this ran on."""
    names = (
        "adami",
        "numpy",
        "scipy",
        "numba",
        "scikit-learn",
        "ennemi",
        "infomeasure",
        "dit",
        "fast-select",
    )
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    return (
        f"CPU-seconds of one process, one thread each, contestants interleaved, medians of up to {ROUNDS} "
        f"rounds; the ratio is the median of paired ratios. {_processor()}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {sys.version.split()[0]}; {', '.join(versions)}."
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()
