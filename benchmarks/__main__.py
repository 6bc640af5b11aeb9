"""Run the comparisons and write ``benchmarks/results.md``: ``python -m benchmarks [plane vectors ...]``.

A file with a command of its own, named first, runs that: ``python -m benchmarks estimators --help``.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks._harness import Row, measure, report

HERE = Path(__file__).parent


def main() -> int:
    """Run the chosen benchmark files and write the page."""
    known = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    if sys.argv[1:2] and sys.argv[1] in known:
        named = import_module(f"benchmarks.{sys.argv[1]}")
        if hasattr(named, "main"):
            del sys.argv[1]
            done: int = named.main()
            return done
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("files", nargs="*", default=known, help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--largest", type=int, default=None, help="leave out sizes above this")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--output", type=Path, default=HERE / "results.md")
    chosen = parser.parse_args()
    if unknown := [f for f in chosen.files if f not in known]:
        parser.error(f"no benchmark file {unknown[0]!r}; there are {', '.join(known)}")
    rows: list[Row] = []
    for name in chosen.files:
        for case in import_module(f"benchmarks.{name}").cases():
            if chosen.only not in case.name:
                continue
            for n in case.sizes:
                if chosen.largest is not None and n > chosen.largest:
                    continue
                print(f"{case.name}, n = {n:,}", file=sys.stderr, flush=True)
                rows += measure(case, n, lambda line: print(f"  {line}", file=sys.stderr, flush=True))
                # after every case, so that an interrupted run keeps what is done
                chosen.output.write_text(report(rows) + "\n", encoding="utf-8")
    print(report(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
