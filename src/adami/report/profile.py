"""The information profile of a table: ranking, matrix and one summary a column."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from adami._inputs import RawColumns
from adami._parallel import seeds
from adami.estimators._base import Estimator
from adami.estimators.checks import inspect
from adami.estimators.registry import get
from adami.report._method import table_method
from adami.report._pieces import Pieces, content_hashes
from adami.report._progress import Key, Progress, Report, collect
from adami.report._table import Field, Table
from adami.report.matrix import measure_matrix
from adami.report.rank import measure_ranking, planned, seed_told
from adami.report.relevance import LEAST_ROWS
from adami.report.results import ColumnSummary, Profile
from adami.result import Diagnostic, Estimate
from adami.variables import Kind, Missing, Variable, join

ROUNDING = 64 * np.finfo(np.float64).eps
"""Relative distance of values that a few additions make of one."""


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
    resume: str | os.PathLike[str] | None = None,
    known: Mapping[tuple[str, str], Estimate] | None = None,
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
    resume : path, optional
        Folder where every finished piece is kept. The same call with the same folder, after whatever ended
        the first, goes on where it ended and gives the same profile; the folder may be deleted afterwards.
    known : mapping of (name, name) -> Estimate, optional
        Information of pairs of columns, taken over rather than measured.

    Returns
    -------
    Profile

    Raises
    ------
    ValueError
        Beside what `rank` raises: if the folder holds the pieces of another table, other settings or another
        version of adami, or if `random_state` is no number, so that pieces could not be made again.
    OSError
        If a piece cannot be kept, on a full disk say; those kept before are whole.

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
    estimator = table_method(method)
    store = None
    if resume is not None:
        if not isinstance(random_state, int | np.integer):
            raise ValueError("resume: random_state must be a number, so that every piece can be made again")
        settings = {
            "target": target,
            "method": repr(estimator),
            "kinds": kinds if kinds is None or isinstance(kinds, str) else dict(kinds),
            "missing": missing,
            "confidence": confidence,
            "permutations": permutations,
            "max_pairs": max_pairs,
            "random_state": int(random_state),
        }
        store = Pieces(resume, {**content_hashes(columns), **_known_hash(known or {})}, settings)
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
        known={a if b == target else b: told for (a, b), told in (known or {}).items() if target in (a, b)},
        store=store,
    )
    interrupted = any(d.flag == "interrupted" for d in ranking.diagnostics)
    pairs = measure_matrix(
        table,
        estimator,
        permutations=0,
        random_state=for_matrix,
        n_jobs=n_jobs,
        progress=counter,
        known={**(known or {}), **{(r.name, target): r.information for r in ranking}},
        only_known=interrupted,
        store=store,
    )
    summaries, cut_short = _summaries(table, n_jobs, store)
    told = {**ranking.settings, "missing": missing, "random_state": seed_told(random_state)}
    return Profile(
        source=source,
        ranking=replace(ranking, settings=told, diagnostics=(*ranking.diagnostics, *cut_short)),
        matrix=pairs,
        columns=summaries,
        data=dict(columns),
        seconds=time.perf_counter() - start,
    )


def _known_hash(known: Mapping[tuple[str, str], Estimate]) -> dict[str, str]:
    """Return a hash of what was measured elsewhere; the order of sums there may decide the last digits."""
    text = "\n".join(f"{a!r} {b!r} {told.n} {told.value:.9g}" for (a, b), told in sorted(known.items()))
    return {"(counted over all rows)": hashlib.sha256(text.encode()).hexdigest()} if known else {}


def _summaries(
    table: Table, n_jobs: int | None, store: Pieces | None
) -> tuple[tuple[ColumnSummary, ...], tuple[Diagnostic, ...]]:
    """Describe the columns; interrupted, those that were not reached stand without an entropy."""
    done: dict[Key, ColumnSummary] = {}
    notes: tuple[Diagnostic, ...] = ()
    try:
        tasks: dict[Key, Field] = {(f.name,): f for f in table.fields.values()}
        collect(_summary, tasks, done, what="column", n_jobs=n_jobs, store=store, fine=True)
    except KeyboardInterrupt:
        said = f"interrupted: {len(done)} of {len(table.fields)} columns were described by themselves"
        notes = (Diagnostic("interrupted", said, "warning"),)
    return tuple(
        done.get((f.name,), ColumnSummary(f.name, f.kind, f.missing, f.distinct, None, notes))
        for f in table.fields.values()
    ), notes


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
        try:
            entropy = assess(own, x, interval=field.kind == "discrete")
            found = tuple(dict.fromkeys((*found, *entropy.diagnostics)))
        except ValueError as problem:
            # the page has more to say than this number
            found = (*found, Diagnostic("no_entropy", f"no entropy of {field.name!r}: {problem}", "warning"))
    return ColumnSummary(field.name, field.kind, field.missing, field.distinct, entropy, found)


def _unrounded(x: Variable) -> tuple[Variable, Diagnostic]:
    """Spread repeated values evenly over the smallest step between values, as rounding once gathered them."""
    column = x.columns[0]
    steps = np.diff(np.unique(column.values))
    # 0.1 + 0.2 and 0.3 are one value: what lies this near differs by the rounding of a computer alone
    apart = steps > ROUNDING * np.abs(column.values).max()
    step = float(steps[apart].min() if apart.any() else steps.max())
    moved = column.values + step * np.random.default_rng(0).uniform(-0.5, 0.5, x.n)
    note = Diagnostic(
        "ties",
        f"values of {column.name!r} repeat; for the entropy they are spread evenly over a step of {step:.3g}",
    )
    return join([replace(column, values=moved)], column.name), note
