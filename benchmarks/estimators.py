"""All estimators of mutual information and the peers that are installed, on laws of known information.

``python -m benchmarks estimators`` measures what is not yet in ``benchmarks/estimators.json`` and writes
``benchmarks/estimators.md``. Every method gets the same rows and a budget of CPU-seconds; the laws come in an
order in which every group has its turn, and what a budget did not reach is counted as not run. A later run
with a larger budget goes on from there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from adami._atomic import write_atomically
from benchmarks._estimators_methods import Contestant, contestant, ours
from benchmarks._estimators_page import page
from benchmarks._estimators_tasks import Law, in_turn, laws
from benchmarks._estimators_worker import PEERS
from benchmarks._harness import _processor

HERE = Path(__file__).parent
SIZES = (1_000, 10_000)
FIRST_SEED = 7101
BETWEEN_WRITES = 2.0
"""Seconds after which what was measured is written at the latest, once the next cell is done."""
TEXTS = ("method", "law", "refused")
COLUMNS = ("method", "law", "n", "seed", "seconds", "value", "interval", "p_value", "refused")
"""What is stored of a cell; texts are stored once, and cells hold their numbers."""
Cell = tuple[Law, int, int]


class Store:
    """What has been measured, in a file that is whole at any time.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path, self.written = path, time.monotonic()
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.machines: list[str] = found.get("machines", [])
        self.methods: dict[str, str] = found.get("methods", {})
        """Method -> its version, or what keeps it away."""
        self.cells: list[dict[str, Any]] = found.get("cells", [])
        if "rows" in found:
            self.cells = _read(found)
        self.known = {self.key(c) for c in self.cells}

    @staticmethod
    def key(cell: dict[str, Any]) -> tuple[str, str, int, int]:
        """Return what a cell is known by."""
        return cell["method"], cell["law"], cell["n"], cell["seed"]

    def has(self, method: str, cell: Cell) -> bool:
        """Tell whether a method has been measured there."""
        law, n, seed = cell
        return (method, law.name, n, seed) in self.known

    def spent(self, method: str) -> float:
        """Return the CPU-seconds that a method has had."""
        return float(sum(c["seconds"] for c in self.cells if c["method"] == method))

    def add(self, method: str, cell: Cell, told: dict[str, Any]) -> None:
        """Keep an answer; write it when the last writing is a while ago."""
        law, n, seed = cell
        one = {"method": method, "law": law.name, "n": n, "seed": seed, **told}
        one |= {k: round(v, 6) for k, v in one.items() if isinstance(v, float)}
        if "interval" in one:
            one["interval"] = [round(v, 6) for v in one["interval"]]
        self.cells.append(one)
        self.known.add(self.key(one))
        if time.monotonic() - self.written > BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        """Write everything, whole or not at all."""
        machine = _processor()
        if machine not in self.machines:
            self.machines.append(machine)
        names = {k: list(dict.fromkeys(c[k] for c in self.cells if k in c)) for k in TEXTS}
        head = json.dumps({"machines": self.machines, "methods": self.methods, **names}, indent=1)
        lines = ",\n".join(json.dumps(row) for row in _rows(self.cells, names))
        text = f'{head[:-2]},\n "columns": {json.dumps(COLUMNS)},\n "rows": [\n{lines}\n ]\n}}\n'
        write_atomically(self.path, text.encode())
        self.written = time.monotonic()


def _rows(known: Sequence[dict[str, Any]], names: dict[str, list[str]]) -> Iterator[list[Any]]:
    """Give one list a cell, with texts as their numbers and without what is missing at the end."""
    number = {k: {text: i for i, text in enumerate(texts)} for k, texts in names.items()}
    for cell in known:
        row = [number[k].get(cell.get(k)) if k in number else cell.get(k) for k in COLUMNS]
        while row[-1] is None:
            row.pop()
        yield row


def _read(found: dict[str, Any]) -> list[dict[str, Any]]:
    cells = [{k: v for k, v in zip(found["columns"], row) if v is not None} for row in found["rows"]]
    return [{k: found[k][v] if k in TEXTS else v for k, v in cell.items()} for cell in cells]


def cells(chosen: Sequence[Law], sizes: Sequence[int], seeds: Sequence[int]) -> Iterator[Cell]:
    """Give what a method is asked for: all laws at the first seed and size, then the next size, then seed.

    One law of unrelated rows comes first with all seeds, as its test needs several samples.
    """
    for law in [law for law in chosen if law.group == "independent"][:1]:
        yield from ((law, law.rows or sizes[0], seed) for seed in seeds)
    for seed in seeds:
        for size in sizes:
            for law in in_turn(list(chosen)):
                if law.rows is None:
                    yield law, size, seed
                elif size == sizes[0]:
                    yield law, law.rows, seed


def expected_seconds(done: Sequence[dict[str, Any]], n: int) -> float:
    """Return what a cell of n rows probably costs: the mean so far, for more rows in proportion to them.

    Parameters
    ----------
    done : sequence of dict
        Cells of the method.
    n : int
    """
    costs = [c["seconds"] * max(1.0, n / c["n"]) for c in done if "value" in c]
    return statistics.mean(costs) if costs else 0.0


def run(
    store: Store,
    methods: Sequence[str],
    chosen: Sequence[Law],
    sizes: Sequence[int] = SIZES,
    seeds: Sequence[int] = (FIRST_SEED,),
    budget: float = 60.0,
    interpreters: Sequence[str] = (),
) -> None:
    """Measure what is not stored yet.

    Parameters
    ----------
    store : Store
    methods : sequence of str
    chosen : sequence of Law
    sizes, seeds : sequence of int
    budget : float
        CPU-seconds a method, those of earlier runs included; a cell is not begun when it would probably go
        beyond.
    interpreters : sequence of str
        Further Python interpreters where peers may be installed.
    """
    for method in methods:
        left = [cell for cell in dict.fromkeys(cells(chosen, sizes, seeds)) if not store.has(method, cell)]
        if not left or store.spent(method) >= budget:
            continue
        with contestant(method, interpreters) as ready:
            store.methods[method] = ready if isinstance(ready, str) else ready.version
            if not isinstance(ready, str):
                _measure(store, method, ready, left, budget)
        store.write()
        print(f"{method}: {store.methods[method]}, {store.spent(method):.1f} CPU-seconds", file=sys.stderr)


def _measure(store: Store, method: str, ready: Contestant, left: Sequence[Cell], budget: float) -> None:
    spent = store.spent(method)
    done = [c for c in store.cells if c["method"] == method]
    for cell in left:
        law, n, seed = cell
        if spent + expected_seconds(done, n) > budget:
            continue
        x, y = law.draw(n, seed)
        told = ready.measure(x, y)
        store.add(method, cell, told)
        done.append(store.cells[-1])
        spent += told["seconds"]


def cases() -> list[object]:
    """Return no speed comparison: this file measures errors, with its own command."""
    return []


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks estimators", description=__doc__)
    known = [*ours(), *PEERS]
    parser.add_argument("--methods", nargs="+", default=known, metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument(
        "--tasks", nargs="+", default=[""], metavar="TEXT", help="laws or groups holding this"
    )
    parser.add_argument("--seeds", type=int, default=3, help="samples a law")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--budget", type=float, default=60.0, help="CPU-seconds a method")
    parser.add_argument(
        "--peers", nargs="*", default=[], metavar="PYTHON", help="interpreters that have peers"
    )
    parser.add_argument("--output", type=Path, default=HERE / "estimators.md")
    parser.add_argument("--report", action="store_true", help="only write the page of what is stored")
    chosen = parser.parse_args()
    if unknown := [m for m in chosen.methods if m not in known]:
        parser.error(f"no method {unknown[0]!r}; there are {', '.join(known)}")
    some = [law for law in laws() if any(t in law.name or t in law.group for t in chosen.tasks)]
    if not some:
        parser.error(f"no law's name or group holds {' or '.join(map(repr, chosen.tasks))}")
    store = Store(chosen.output.with_suffix(".json"))
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    if not chosen.report:
        try:
            run(store, chosen.methods, some, chosen.sizes, seeds, chosen.budget, chosen.peers)
        finally:
            store.write()
    text = page(store.cells, store.methods, store.machines, laws(), known)
    write_atomically(chosen.output, f"{text}\n".encode())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
