"""Errors on laws of known information: ``python -m benchmarks.accuracy [--seeds 3] [--tasks benchmark]``.

Every method sees the same rows. The table gives the mean over seeds of the absolute error in nats; a method
that refuses a law is left out of its mean and counted.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adami import tasks
from adami.estimators import get
from adami.tasks import Task

SIZES = (1_000, 10_000)
Method = Callable[[np.ndarray, np.ndarray], float]


@dataclass
class Cell:
    """What one method gave on one task at one size."""

    errors: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)

    @property
    def error(self) -> float:
        """Mean absolute error in nats; NaN when the method refused."""
        return float(np.mean(np.abs(self.errors))) if self.errors else math.nan

    @property
    def bias(self) -> float:
        """Mean error in nats."""
        return float(np.mean(self.errors)) if self.errors else math.nan


Table = dict[str, dict[tuple[str, int], Cell]]


def methods() -> dict[str, Method]:
    """Return the contestants: ours by name, and the plain forms that other libraries offer."""

    def ours(name: str, **parameters: object) -> Method:
        return lambda x, y: get(name, **parameters).estimate(x, y)

    return {
        "auto": ours("auto"),
        "gaussian_copula": ours("gaussian_copula"),
        "student_copula": ours("student_copula"),
        "ksg": ours("ksg"),
        "KSG k=10 (plain)": ours("ksg", k=10),
        "CCA (plain)": ours("gaussian", bias_correct=False),
    }


def run(
    names: Sequence[str] = tasks.BENCHMARK,
    sizes: Sequence[int] = SIZES,
    seeds: Sequence[int] = (0,),
    contestants: dict[str, Method] | None = None,
) -> Table:
    """Measure every contestant on every task.

    Parameters
    ----------
    names : sequence of str
        Tasks.
    sizes : sequence of int
        Numbers of rows.
    seeds : sequence of int
        One sample each.
    contestants : dict, optional
        `methods` by default.

    Returns
    -------
    dict
        ``table[task][method, n]`` is a Cell.
    """
    contestants = methods() if contestants is None else contestants
    table: Table = {}
    for name in names:
        task = tasks.get(name)
        row = table.setdefault(name, {(m, n): Cell() for m in contestants for n in sizes})
        for n in sizes:
            for seed in seeds:
                x, y = (_labelled(v, k) for v, k in zip(task.sample(n, random_state=seed), task.kinds))
                for method, estimate in contestants.items():
                    _measure(row[method, n], estimate, x, y, task)
        print(
            f"{name}: {', '.join(f'{m} {c.bias:+.3f} (n={n})' for (m, n), c in row.items())}", file=sys.stderr
        )
    return table


def _measure(cell: Cell, estimate: Method, x: np.ndarray, y: np.ndarray, task: Task) -> None:
    started = time.process_time()
    try:
        value = estimate(x, y)
    except (TypeError, ValueError) as error:
        print(f"{task.name}: {error}", file=sys.stderr)
        return
    cell.seconds.append(time.process_time() - started)
    cell.errors.append(float(value) - task.mi)
    cell.said.append(str(getattr(value, "details", {}).get("chosen", "")))
    cell.flags |= set(getattr(value, "flags", ()))


def _labelled(values: np.ndarray, kind: str) -> np.ndarray:
    return values.astype(str) if kind == "discrete" else values


def markdown(table: Table) -> str:
    """Return the table of errors, one line a task and one a mean, as Markdown."""
    columns = list(next(iter(table.values())))
    head = [f"{m}, n={n:,}" for m, n in columns]
    lines = [
        "| task | true | " + " | ".join(head) + " | auto chose | CPU s |",
        "| --- | ---: |" + " ---: |" * len(head) + " --- | ---: |",
    ]
    for name, row in table.items():
        numbers = " | ".join("-" if math.isnan(c.error) else f"{c.error:.3f}" for c in row.values())
        last = next((c for (m, n), c in reversed(row.items()) if m == "auto"), Cell())
        chosen = ", ".join(sorted(set(last.said)))
        seconds = f"{max(last.seconds):.1f}" if last.seconds else "-"
        lines.append(f"| {name} | {tasks.get(name).mi:.3f} | {numbers} | {chosen} | {seconds} |")
    means = [np.array([row[c].error for row in table.values()]) for c in columns]
    told = []
    for errors in means:
        refused = int(np.isnan(errors).sum())
        told.append(f"**{np.nanmean(errors):.4f}**" + (f" ({refused} refused)" if refused else ""))
    lines.append("| **mean** | | " + " | ".join(told) + " | | |")
    return "\n".join(lines)


def cases() -> list[object]:
    """Return no speed comparison: this file measures errors, with its own command."""
    return []


def main() -> int:
    """Run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="samples a task")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tasks", default="benchmark", help="'benchmark', 'all', or part of the names")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", nargs="*", default=None, help="methods")
    parser.add_argument("--output", type=Path, default=None, help="write the Markdown here too")
    chosen = parser.parse_args()
    contestants = {k: v for k, v in methods().items() if chosen.only is None or k in chosen.only}
    names = tasks.names(None if chosen.tasks == "all" else chosen.tasks)
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    page = markdown(run(names, chosen.sizes, seeds, contestants))
    print(page)
    if chosen.output is not None:
        chosen.output.write_text(page + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
