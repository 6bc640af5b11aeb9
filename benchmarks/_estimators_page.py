"""The page of the comparison of estimators: what was measured, refused, and not run."""

from __future__ import annotations

import os
import platform
import re
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks._estimators_tasks import Law

Cells = Sequence[dict[str, Any]]
HEAD = """# All estimators on laws of known information

`python -m benchmarks estimators --peers PYTHON ...` measures and writes this page. Every method sees the same
rows, as it comes: default settings, one thread, CPU-seconds of its own process. A method has a budget of
CPU-seconds; laws come in an order in which every group has its turn, and **what the budget did not reach was
not run** and is counted in the last column: means over few laws say little beside means over all.

Errors are in nats. *Error* is the mean over laws of the mean absolute error, *bias* the mean of estimate less
truth, *spread* the standard deviation over samples of one law, *covered* the share of the method's own 95 %
intervals that hold the truth, *CPU-s* the median, *auto there* the error of `auto` on the very samples that
the method answered. A method that bounds the information from below errs downwards by intention.

Groups: the 40 laws of "Beyond normal" (Czyż et al. 2023) are the first four (spirals, one by one, Gaussian
copulas, Student-t); then other shapes, labels and labels beside numbers; one law of each family of the test
of MIST (Gritsai et al. 2025); pairs of handwritten digits whose classes share a set amount (64 columns a
side); unrelated rows."""


SPIRALS, NEAR = 6, 0.15
"""Laws of that group, and the nats within which an answer there counts as near."""
SLACK = 0.01
"""Nats that the test of independence forgives: standard deviations of few samples are poor."""


def page(
    cells: Cells, methods: dict[str, str], machines: Sequence[str], laws: Sequence[Law], order: Sequence[str]
) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    cells : sequence of dict
        What each method said of each sample.
    methods : dict
        Method -> its version, or what keeps it away.
    machines : sequence of str
    laws : sequence of Law
    order : sequence of str
        Methods as they are shown.
    """
    law_of = {law.name: law for law in laws}
    known = [_judged(c, law_of[c["law"]]) for c in cells if c["law"] in law_of]
    auto = {(c["law"], c["n"], c["seed"]): c for c in known if c["method"] == "auto" and "error" in c}
    present = [m for m in order if any(c["method"] == m for c in known)]
    away = [f"{m} ({methods[m]})" for m in order if m in methods and m not in present]
    versions = sorted({v for m, v in methods.items() if m in present})
    lines = [HEAD, ""]
    lines += [f"Machine: {'; '.join(machines)}, {os.cpu_count()} cores, {platform.system()}, Python"]
    lines[-1] += f" {sys.version.split()[0]}. {'; '.join(versions)}."
    if away:
        lines[-1] += f" Not installed or not to be loaded: {'; '.join(away)}."
    lines += ["", *_benchmark(known, present), ""]
    for group in dict.fromkeys(law.group for law in laws):
        if group == "independent":
            continue
        own = [c for c in known if c["group"] == group]
        for n in sorted({c["n"] for c in own}):
            here = [c for c in own if c["n"] == n]
            count = sum(law.group == group for law in laws)
            lines += [f"## {group}, {n:,} rows", "", *_table(here, present, count, auto), ""]
    lines += ["## Unrelated rows", "", *_independence(known, present), ""]
    lines += ["## Refusals and failures", "", *_refusals(known, present)]
    return "\n".join(lines)


def _judged(cell: dict[str, Any], law: Law) -> dict[str, Any]:
    """Return a cell with its error and whether its interval holds the truth."""
    out = {**cell, "group": law.group}
    if "value" in cell:
        out["error"] = cell["value"] - law.mi
    if "interval" in cell:
        # intervals are stored to six digits, and a truth of 0 may lie on their end
        low, high = cell["interval"]
        out["covered"] = bool(low - 1e-6 <= law.mi <= high + 1e-6)
    return out


def _benchmark(known: Cells, present: Sequence[str]) -> list[str]:
    """Return the mean errors over the 40 laws, of methods that answered all of them."""
    from adami.tasks import BENCHMARK

    sizes = sorted({c["n"] for c in known if c["law"] in BENCHMARK})
    lines = ["## The 40 laws of the benchmark", ""]
    lines += ["Mean over laws of the mean absolute error, of the methods that answered every law.", ""]
    lines += ["| method | " + " | ".join(f"{n:,} rows" for n in sizes) + " |"]
    lines += ["| --- |" + " ---: |" * len(sizes)]
    for method in present:
        shown = []
        for n in sizes:
            found = _by_law([c for c in known if c["method"] == method and c["n"] == n and "error" in c])
            errors = [_mean_error(cs) for law, cs in found.items() if law in BENCHMARK]
            shown.append(f"{statistics.mean(errors):.4f}" if len(errors) == len(BENCHMARK) else "")
        if any(shown):
            lines.append(f"| {method} | " + " | ".join(shown) + " |")
    return [*lines, "", *([_near_on_spirals(known, present, sizes[-1])] if sizes else [])]


def _near_on_spirals(known: Cells, present: Sequence[str], n: int) -> str:
    """Say who comes near the truth on every spiral, where neighbours and copulas see little."""
    told = []
    for method in present:
        own = [c for c in known if c["method"] == method and c["group"] == "spirals" and c["n"] == n]
        worst = [_mean_error(cs) for cs in _by_law([c for c in own if "error" in c]).values()]
        if len(worst) == SPIRALS and max(worst) <= NEAR:
            told.append(
                f"{method} ({max(worst):.3f}, {max(c['seconds'] for c in own):.1f} CPU-seconds at most)"
            )
    return f"Within {NEAR} nats on each of the six spirals at {n:,} rows: {', '.join(told) or 'none'}."


def _table(here: Cells, present: Sequence[str], count: int, auto: dict[Any, dict[str, Any]]) -> list[str]:
    """Return the lines of one group at one size, best first, and who gave no answer."""
    head = "method | laws | error | bias | spread | covered | CPU-s | auto there | refused | not run"
    lines = [f"| {head} |", "| --- |" + " ---: |" * 9]
    rows, silent, idle = [], [], []
    for method in present:
        own = [c for c in here if c["method"] == method]
        if not own:
            idle.append(method)
        elif not any("error" in c for c in own):
            missing = count - len({c["law"] for c in own})
            silent.append(f"{method} ({missing} not run)" if missing else method)
        else:
            rows.append(_line(method, own, count, auto))
    lines += [line for _, line in sorted(rows, key=lambda r: r[0])]
    for title, names in (("Refused", silent), ("Not run", idle)):
        if names:
            lines += ["", f"{title}: {'; '.join(names)}."]
    return lines


def _line(method: str, own: Cells, count: int, auto: dict[Any, dict[str, Any]]) -> tuple[float, str]:
    """Return the error of a method and its line."""
    answered = [c for c in own if "error" in c]
    by_law = _by_law(answered)
    error = statistics.mean(_mean_error(cs) for cs in by_law.values())
    bias = statistics.mean(statistics.mean(c["error"] for c in cs) for cs in by_law.values())
    several = [statistics.stdev(c["error"] for c in cs) for cs in by_law.values() if len(cs) > 1]
    covered = [c["covered"] for c in answered if "covered" in c]
    there = _by_law([a for c in answered if (a := auto.get((c["law"], c["n"], c["seed"])))])
    beside = statistics.mean(_mean_error(cs) for cs in there.values()) if there else None
    told = [
        method,
        str(len(by_law)),
        f"{error:.3f}",
        f"{bias:+.3f}",
        f"{statistics.mean(several):.3f}" if several else "",
        f"{statistics.mean(covered):.0%}" if covered else "",
        f"{statistics.median(c['seconds'] for c in answered):.2g}",
        "" if beside is None or method == "auto" else f"{beside:.3f}",
        str(len({c["law"] for c in own} - set(by_law)) or ""),
        str(count - len({c["law"] for c in own}) or ""),
    ]
    return error, f"| {' | '.join(told)} |"


def _independence(known: Cells, present: Sequence[str]) -> list[str]:
    """Return one line a method: what it says of rows that have nothing in common."""
    lines = [
        "Truth 0. A law is passed when the mean of its samples is within two of their standard deviations "
        f"and {SLACK} nats of 0; laws of which a method met one sample only are not judged.",
        "",
        "| method | samples | mean | mean size | largest | covered | p below 0.05 | laws passed | refused |",
        "| --- |" + " ---: |" * 8,
    ]
    for method in present:
        own = [c for c in known if c["method"] == method and c["group"] == "independent"]
        values = np.array([c["value"] for c in own if "value" in c])
        refused = str(len(own) - len(values) or "")
        if len(values) == 0:
            lines.append(f"| {method} | 0 | | | | | | | {refused} |")
            continue
        covered = [c["covered"] for c in own if "covered" in c]
        small = [c["p_value"] < 0.05 for c in own if "p_value" in c]
        by_law = _by_law([c for c in own if "error" in c])
        passed = [_passes([c["error"] for c in cs]) for cs in by_law.values() if len(cs) > 1]
        told = [
            method,
            str(len(values)),
            f"{values.mean():+.4f}",
            f"{np.abs(values).mean():.4f}",
            f"{values[np.abs(values).argmax()]:+.3f}",
            f"{statistics.mean(covered):.0%}" if covered else "",
            f"{statistics.mean(small):.0%}" if small else "",
            f"{sum(passed)} of {len(passed)}" if passed else "",
            refused,
        ]
        lines.append(f"| {' | '.join(told)} |")
    return lines


def _passes(values: Sequence[float]) -> bool:
    return abs(statistics.mean(values)) <= 2 * statistics.stdev(values) + SLACK


def _refusals(known: Cells, present: Sequence[str]) -> list[str]:
    lines = []
    for method in present:
        said = Counter(_general(c["refused"]) for c in known if c["method"] == method and "refused" in c)
        told = "; ".join(f"{reason} ({count})" for reason, count in said.most_common(4))
        if said:
            more = len(said) - 4
            lines.append(f"- **{method}**: {told}{f'; and {more} other reasons' if more > 0 else ''}")
    return lines or ["None."]


def _general(reason: str) -> str:
    """Return the first clause of a refusal; one that differs in side or number of rows only is the same."""
    clause = reason.split(";")[0].replace("|", "/").replace("\n", " ")
    return re.sub(r"\b[xy]\b", "x or y", re.sub(r"\b\d{2,}\b", "n", clause))


def _by_law(cells: Cells) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for c in cells:
        out.setdefault(c["law"], []).append(c)
    return out


def _mean_error(cells: Cells) -> float:
    return statistics.mean(abs(c["error"]) for c in cells)
