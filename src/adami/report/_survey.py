"""What a table in an engine is asked for before a ranking, a matrix or a page can be made of it.

Numbers that counts can give are counted over all rows in the engine; for the others as many rows are drawn as
their intervals need.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from adami._inputs import RawColumns
from adami._missing import missing_message
from adami._parallel import ordered_map, seeds
from adami.engines.fields import Field, table_fields
from adami.engines.measure import entropy, pairs
from adami.engines.sample import Drawn, check_growth, draw, next_size, width
from adami.engines.source import Source
from adami.estimators._base import Estimator
from adami.estimators.auto import Auto
from adami.estimators.registry import get
from adami.report._progress import Report
from adami.report._scans import Scans
from adami.report._table import Table
from adami.report.relevance import relevance
from adami.result import Diagnostic, Estimate
from adami.variables import Kind, Missing, unknown_column

FIRST_ROWS = 2_000
MOST_ROWS = 200_000
TOL = 0.02
MOST_LABELS = 5_000
"""Most distinct labels of a column that is counted over all rows; others are measured on the sample."""
WATCHED_PAIRS = 60
"""Most pairs of a matrix whose intervals decide how far the sample grows."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How far a sample may grow.

    Parameters
    ----------
    tol : float
        Width of the intervals, in nats, below which it stops.
    max_rows : int
        Budget of rows.
    key : str or sequence of str, optional
        Column(s) that are different in every row.
    """

    tol: float = TOL
    max_rows: int = MOST_ROWS
    key: str | Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a table before it is ranked.

    Parameters
    ----------
    source : Source
    fields : mapping of name -> Field
        Of all rows.
    sample : mapping of name -> raw column
        The rows drawn.
    total : int
        Rows of the table.
    counted : mapping of (name, name) -> Estimate
        Information of pairs of columns, over all rows.
    entropies : mapping of name -> Estimate
        Of the counted columns, over all rows.
    notes : tuple of Diagnostic
        What was counted and what was sampled, in words.
    gaps_dropped : bool
        Whether rows with a missing value are left out of what needs it.
    """

    source: Source
    fields: Mapping[str, Field]
    sample: RawColumns
    total: int
    counted: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)
    entropies: Mapping[str, Estimate] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()
    gaps_dropped: bool = True

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return len(next(iter(self.sample.values())))

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of each column, from all rows."""
        return {name: f.kind for name, f in self.fields.items()}

    def gaps(self) -> tuple[Diagnostic, ...]:
        """Say which columns have missing values, in all rows."""
        gaps = {name: f.missing for name, f in self.fields.items() if f.missing}
        if not gaps or not self.gaps_dropped:
            return ()
        said = ", ".join(f"{name!r} ({count:,})" for name, count in gaps.items())
        return (
            Diagnostic(
                "dropped_rows",
                f"missing values in {said}: each measurement uses the rows complete for its columns",
            ),
        )


def survey(
    source: Source,
    target: str | None,
    *,
    matrix: bool,
    columns: Sequence[str] | None,
    estimator: Estimator,
    kinds: Kind | Mapping[str, Kind] | None,
    missing: Missing,
    confidence: float,
    sampling: Sampling,
    random_state: int | None,
    n_jobs: int | None,
    progress: Report,
    resume: str | os.PathLike[str] | None = None,
) -> Survey:
    """Count what can be counted over all rows and draw as many rows as the rest needs.

    Parameters
    ----------
    source : Source
    target : str or None
        What the sample must be large enough for: the relevances for it, or without it all pairs.
    matrix : bool
        Whether all pairs are wanted, rather than those with the target.
    columns : list of str, optional
        Only these; by default all, a key of the sample included.
    estimator, kinds, missing, confidence, random_state, n_jobs, progress
        As in `rank`.
    sampling : Sampling
    resume : path, optional
        Folder where the answers of the engine are kept.

    Returns
    -------
    Survey
    """
    check_growth(sampling.tol, FIRST_ROWS)
    names = list(source.columns if columns is None else columns)
    if target is not None and target not in names:
        raise KeyError(unknown_column(target, names))
    _tell(progress, f"looking at the columns in {source.backend}")
    scans = Scans(resume, source)
    asked: dict[str, Any] = {"names": names, "kinds": kinds if isinstance(kinds, str) else dict(kinds or {})}
    fields = scans.once("columns", asked, lambda: table_fields(source, names, kinds=kinds))
    _refuse(fields, missing)
    _tell(progress, f"counting in {source.backend}")
    asked |= {"method": repr(estimator), "missing": missing, "confidence": confidence}
    asked |= {"target": target, "matrix": matrix}
    counted, entropies = scans.once(
        "counts",
        asked,
        lambda: _count(source, fields, estimator, missing, confidence, target, matrix),
    )
    _tell(progress, f"drawing rows in {source.backend}")
    how = {"rows": sampling.max_rows, "random_state": random_state, "key": sampling.key}
    drawn = scans.drawn(
        how, names, lambda: draw(source, names, sampling.max_rows, random_state, key=sampling.key)
    )
    chosen = {name: f.kind for name, f in fields.items()}
    wanted = _watched(names, target, counted)

    def measure(rows: int, pairs: Sequence[tuple[str, str]]) -> list[Estimate]:
        table = Table(drawn.first(rows), chosen, missing)
        options = {"confidence": confidence, "permutations": 0}
        tasks = list(zip(pairs, seeds(random_state, len(pairs))))
        return ordered_map(
            lambda t: relevance(table, estimator, t[0][0], t[0][1], t[1], options), tasks, n_jobs
        )

    rows, widths = _grow(drawn, measure, wanted, sampling.tol, progress)
    notes = [
        *_counting_note(source, counted, drawn.total),
        _sample_note(source, drawn, rows, widths, sampling),
    ]
    dropped = missing == "drop"
    return Survey(source, fields, drawn.first(rows), drawn.total, counted, entropies, tuple(notes), dropped)


def _tell(progress: Report, what: str) -> None:
    if progress is not None:
        progress(0, 1, what)


def _refuse(fields: Mapping[str, Field], missing: Missing) -> None:
    """Refuse over all rows what would be refused in memory."""
    gaps = [(name, f.missing) for name, f in fields.items() if f.missing]
    if missing == "raise" and gaps:
        raise ValueError(missing_message(gaps))


def _watched(
    names: Sequence[str], target: str | None, counted: Mapping[tuple[str, str], Estimate]
) -> list[tuple[str, str]]:
    """Return the pairs whose intervals decide how far the sample grows.

    Of a ranking these are all relevances, on the sample even where they are counted: the path and the pairs
    of columns are measured on it too. Of a matrix they are the pairs that are not counted, or evenly spread
    ones of them.
    """
    if target is not None:
        return [(name, target) for name in names if name != target]
    left = [p for p in combinations(names, 2) if p not in counted and p[::-1] not in counted]
    if len(left) <= WATCHED_PAIRS:
        return left
    return [left[i] for i in np.unique(np.linspace(0, len(left) - 1, WATCHED_PAIRS).astype(np.intp))]


def _grow(
    drawn: Drawn,
    measure: Callable[[int, Sequence[tuple[str, str]]], list[Estimate]],
    wanted: Sequence[tuple[str, str]],
    tol: float,
    progress: Report,
) -> tuple[int, dict[tuple[str, str], float]]:
    """Let the sample grow until no interval is as wide as `tol`; return its rows and the widths."""
    rows = min(FIRST_ROWS, drawn.rows)
    widths: dict[tuple[str, str], float] = {}
    left = list(wanted)
    while left:
        _tell(progress, f"measuring on {rows:,} rows")
        found = measure(rows, left)
        # what could not be measured at all, such as names of rows, does not get narrower
        widths |= {p: 0.0 if _beyond_measure(e) else width(e) for p, e in zip(left, found)}
        left = [p for p in left if widths[p] >= tol]
        if not left or rows == drawn.rows:
            break
        finite = [widths[p] for p in left if np.isfinite(widths[p])]
        rows = next_size(rows, max(finite, default=tol), tol, drawn.rows)
    return rows, widths


def _beyond_measure(estimate: Estimate) -> bool:
    return estimate.interval is None and bool(estimate.flags & {"identifier", "degenerate", "constant"})


def _count(
    source: Source,
    fields: Mapping[str, Field],
    estimator: Estimator,
    missing: Missing,
    confidence: float,
    target: str | None,
    matrix: bool,
) -> tuple[dict[tuple[str, str], Estimate], dict[str, Estimate]]:
    """Measure over all rows what the counts of the engine tell."""
    if not (isinstance(estimator, Auto) or estimator.takes == {"discrete"}):
        return {}, {}
    labels = [
        n for n, f in fields.items() if f.kind == "discrete" and f.present and f.distinct <= MOST_LABELS
    ]
    only = None if matrix else target
    if only is not None and only not in labels:
        return {}, {}
    options: dict[str, Any] = {
        "method": estimator,
        "missing": missing,
        "confidence": confidence,
        "fields": fields,
    }
    counted = _pairs(source, labels, only, options) if len(labels) > 1 else {}
    own = get("miller_madow") if isinstance(estimator, Auto) else estimator
    wanted = labels if only is None else [only]
    return counted, {n: entropy(source, n, **{**options, "method": own}) for n in wanted}


def _pairs(
    source: Source, labels: Sequence[str], target: str | None, options: Mapping[str, Any]
) -> dict[tuple[str, str], Estimate]:
    """Count pairs, all at once where every pair has rows in common."""
    gaps = [n for n in labels if options["fields"][n].missing and options["missing"] == "drop"]
    try:
        return pairs(source, labels, target, **options)
    except ValueError:
        if len(gaps) < 2:
            raise
    # columns that are never there together: leave out their pairs alone
    full = [n for n in labels if n not in gaps or n == target]
    counted = pairs(source, full, target, **options) if len(full) > 1 else {}
    for a in gaps:
        for b in labels if target is None else [target]:
            if a != b and (b, a) not in counted:
                try:
                    counted |= pairs(source, [a], b, **options)
                except ValueError:
                    continue
    return counted


def _counting_note(
    source: Source, counted: Mapping[tuple[str, str], Estimate], total: int
) -> list[Diagnostic]:
    if not counted:
        return []
    columns = list(dict.fromkeys(n for pair in counted for n in pair))
    return [
        Diagnostic(
            "counted",
            f"{len(counted):,} pairs of the {len(columns):,} columns of labels ({_listed(columns)}) were "
            f"counted over all {total:,} rows in {source.backend}",
        )
    ]


def _sample_note(
    source: Source, drawn: Drawn, rows: int, widths: Mapping[tuple[str, str], float], sampling: Sampling
) -> Diagnostic:
    """Say how many rows carry everything else, and why so many."""
    if rows == drawn.total:
        return Diagnostic("all_rows", f"all {rows:,} rows were brought here from {source.backend}")
    said = (
        f"everything not counted comes from a random sample of {rows:,} of {drawn.total:,} rows, drawn in "
        f"{source.backend}"
    )
    wide = {p: w for p, w in widths.items() if w >= sampling.tol}
    if not wide:
        return Diagnostic(
            "sampled", f"{said}: tol reached, no interval watched is as wide as {sampling.tol:g} nats"
        )
    worst = max(wide, key=lambda p: wide[p])
    how = "is unknown" if np.isinf(wide[worst]) else f"is {wide[worst]:.3g} nats wide"
    return Diagnostic(
        "sample_budget",
        f"{said}: the budget of rows ended before {len(wide):,} of {len(widths):,} intervals were narrower "
        f"than tol={sampling.tol:g} nats; that of {worst[0]!r} and {worst[1]!r} {how}. "
        "A larger budget (max_rows=) narrows them",
        "warning",
    )


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
