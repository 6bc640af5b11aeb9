"""Run studies: `python -m studies 30`, `python -m studies --all`."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import studies
from studies import table
from studies.store import RESULTS, Record, record, save
from studies.study import SCALES, Scale, StudyResult

NAME = re.compile(r"(\d{1,3})_\w+")


def discover(folders: Sequence[str] | None = None) -> dict[int, str]:
    """Return the studies as number -> module name.

    Parameters
    ----------
    folders : list of str, optional
        Where to look, instead of this package.
    """
    names = sorted(p.stem for folder in folders or studies.__path__ for p in Path(folder).glob("*.py"))
    found: dict[int, str] = {}
    for name in names:
        if match := NAME.fullmatch(name):
            number = int(match[1])
            if number in found:
                raise ValueError(f"two studies for paper {number}: {found[number]} and {name}")
            found[number] = name
    return found


def run(number: int, scale: Scale = "quick", seed: int = 0) -> Record:
    """Run the study of one paper.

    Raises
    ------
    KeyError
        If the paper has no study.
    TypeError
        If the study returns something else than a StudyResult.
    """
    known = discover()
    if number not in known:
        raise KeyError(f"paper {number} has no study; there are {sorted(known) or 'none yet'}")
    module = importlib.import_module(f"studies.{known[number]}")
    start = time.process_time()
    result = module.run(scale, seed)
    if not isinstance(result, StudyResult):
        raise TypeError(f"studies.{known[number]}.run returned {type(result).__name__}, not a StudyResult")
    return record(number, known[number], scale, seed, time.process_time() - start, result)


def row(found: Record) -> str:
    """Return what one study measured, as lines of text."""
    r = found.result
    lines = [
        f"{found.number}  {found.study}  {'holds' if r.holds else 'DOES NOT HOLD'}",
        f"    claim     {r.claim}",
        f"    metric    {r.metric}",
        f"    measured  ours {r.ours:.4g}, baseline {r.baseline:.4g}, bar {r.bar:.4g}",
        f"    run       {found.scale}, seed {found.seed}, {found.seconds:.1f} processor seconds",
    ]
    for check in r.checks:
        verdict = "check " if check.holds else "FAILED"
        lines.append(f"    {verdict}    {check.name}: {check.value:.4g} against {check.bar:.4g}")
    return "\n".join([*lines, *([f"    note      {r.note}"] if r.note else [])])


def main(arguments: Sequence[str] | None = None, results: Path = RESULTS, page: Path = table.PAGE) -> int:
    """Run the command line and return its exit code: 0 all hold, 1 one does not or failed, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, metavar="N", help="papers whose studies to run")
    parser.add_argument(
        "--all", action="store_true", help="run every study, store results, write docs/papers.md"
    )
    parser.add_argument("--scale", choices=SCALES, default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="store the results")
    asked = parser.parse_args(arguments)
    if asked.all == bool(asked.numbers):
        parser.error("name papers, or --all")
    failed = 0
    numbers = sorted(discover()) if asked.all else asked.numbers
    for number in numbers:
        try:
            found = run(number, asked.scale, asked.seed)
        except KeyError as error:
            parser.error(str(error.args[0]))
        except Exception as error:  # noqa: BLE001 - one broken study must not hide the others
            failed += 1
            print(f"{number}  FAILED  {type(error).__name__}: {error}", file=sys.stderr)
            continue
        failed += not found.holds
        print(row(found), flush=True)
        if asked.all or asked.save:
            save(found, results)
    if asked.all:
        table.write(page, results, table.MEASURED if results == RESULTS else None)
        print(f"{len(numbers)} studies, {failed} that fail or do not hold; {page} is written")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
