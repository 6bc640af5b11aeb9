"""The information profile of a table: ranking, matrix and one summary a column."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from adami._inputs import RawColumns
from adami._parallel import seeds
from adami.estimators._base import Estimator
from adami.estimators.checks import inspect
from adami.estimators.registry import get
from adami.report._progress import Progress, Report
from adami.report._table import Field, Table
from adami.report.matrix import measure_matrix
from adami.report.rank import measure_ranking, planned, seed_told
from adami.report.relevance import LEAST_ROWS
from adami.report.results import ColumnSummary, Profile
from adami.result import Diagnostic
from adami.variables import Kind, Missing, Variable, join


def profile(
    columns: RawColumns,
    target: str,
    *,
    source: str = "table",
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    max_pairs: int = 66,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
) -> Profile:
    """Measure the whole information profile of a table.

    Parameters
    ----------
    columns : mapping of name -> raw column
    target : str
    source : str
        Name of the table.
    method, kinds, missing, confidence, permutations, max_pairs, random_state, n_jobs, progress
        As in `rank`; the matrix has no p-values.

    Returns
    -------
    Profile

    Examples
    --------
    >>> import numpy as np
    >>> from adami.report.profile import profile
    >>> a = np.array([0, 0, 1, 1] * 30)
    >>> found = profile({"a": a, "y": 1 - a}, "y", permutations=19)
    >>> round(found.ranking["a"].share, 1)
    1.0
    """
    start = time.perf_counter()
    table = Table(columns, kinds, missing)
    estimator = get(method)
    for_ranking, for_matrix = seeds(random_state, 2)
    count = len(table.fields)
    counter = Progress(progress, planned(table, max_pairs) + count * (count - 1) // 2)
    ranking = measure_ranking(
        table,
        target,
        estimator,
        confidence=confidence,
        permutations=permutations,
        max_pairs=max_pairs,
        random_state=for_ranking,
        n_jobs=n_jobs,
        progress=counter,
    )
    interrupted = any(d.flag == "interrupted" for d in ranking.diagnostics)
    pairs = measure_matrix(
        table,
        estimator,
        permutations=0,
        random_state=for_matrix,
        n_jobs=n_jobs,
        progress=counter,
        known={(r.name, target): r.information for r in ranking},
        only_known=interrupted,
    )
    settings = {**ranking.settings, "missing": missing, "random_state": seed_told(random_state)}
    return Profile(
        source=source,
        ranking=replace(ranking, settings=settings),
        matrix=pairs,
        columns=tuple(_summary(f) for f in table.fields.values()),
        data=dict(columns),
        seconds=time.perf_counter() - start,
    )


def _summary(field: Field) -> ColumnSummary:
    """Describe one column by itself."""
    from adami.estimators.resampling import assess

    rows = np.flatnonzero(field.present)
    if len(rows) == 0:
        note = Diagnostic("degenerate", f"column {field.name!r} has no values at all", "warning")
        return ColumnSummary(field.name, field.kind, field.missing, 0, None, (note,))
    x = field.cut(rows)
    found = inspect(x)
    entropy = None
    if field.kind != "mixed" and field.distinct > 1 and len(rows) >= LEAST_ROWS:
        own = get("miller_madow" if field.kind == "discrete" else "kl")
        if field.kind == "continuous" and field.distinct < x.n:
            x, note = _unrounded(x)
            found = (*found, note)
        entropy = assess(own, x, interval=field.kind == "discrete")
        found = tuple(dict.fromkeys((*found, *entropy.diagnostics)))
    return ColumnSummary(field.name, field.kind, field.missing, field.distinct, entropy, found)


def _unrounded(x: Variable) -> tuple[Variable, Diagnostic]:
    """Spread repeated values evenly over the smallest step between values, as rounding once gathered them."""
    column = x.columns[0]
    step = float(np.diff(np.unique(column.values)).min())
    moved = column.values + step * np.random.default_rng(0).uniform(-0.5, 0.5, x.n)
    note = Diagnostic(
        "ties",
        f"values of {column.name!r} repeat; for the entropy they are spread evenly over a step of {step:.3g}",
    )
    return join([replace(column, values=moved)], column.name), note
