"""`matrix`, `rank` and `profile` of a table that stays in its engine: counts of all rows, and a sample.

The machinery for tables in memory runs on the sample; every number that the engine's counts can give is taken
from all rows instead, and the result says which is which.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adami.engines.source import Source
from adami.estimators._base import Estimator
from adami.report._method import table_method
from adami.report._progress import Progress, Report
from adami.report._survey import Sampling, Survey, survey
from adami.report._table import Table
from adami.report.matrix import _normalized, measure_matrix
from adami.report.profile import profile as profile_of_rows
from adami.report.rank import rank as rank_rows
from adami.report.results import ColumnSummary, Matrix, Profile, Ranking
from adami.result import Diagnostic
from adami.variables import Kind, Missing


def matrix(
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    permutations: int = 0,
    sampling: Sampling | None = None,
    random_state: int | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
) -> Matrix:
    """Measure the information between all pairs of columns of a table in an engine.

    Parameters
    ----------
    source : Source
    columns : list of str, optional
        Only these.
    method, kinds, missing, permutations, random_state, n_jobs, progress
        As in `adami.report.matrix.matrix`.
    sampling : Sampling, optional
        How far the sample grows.

    Returns
    -------
    Matrix
        Pairs of labels are counted over all rows, the others measured on the sample; `counts` says on how
        many rows each.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source
    >>> from adami.report.lazy import matrix
    >>> rows = ibis.memtable({"a": [0, 1] * 50, "b": [0, 1] * 50, "c": [0, 0, 1, 1] * 25})
    >>> found = matrix(open_source(rows), method="plugin")
    >>> round(found["a", "b"], 4), round(found["a", "c"], 4)
    (0.6931, 0.0)
    """
    start = time.perf_counter()
    sampling = sampling or Sampling()
    known = survey(
        source,
        None,
        matrix=True,
        columns=columns,
        estimator=table_method(method),
        kinds=kinds,
        missing=missing,
        confidence=0.95,
        sampling=sampling,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )
    table = Table(known.sample, known.kinds, missing)
    found = measure_matrix(
        table,
        table_method(method),
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=Progress(progress, len(table.fields) * (len(table.fields) - 1) // 2),
        known=known.counted,
    )
    found = replace(_of_all_rows(found, known), diagnostics=_told(found.diagnostics, known))
    return replace(
        found,
        settings={**found.settings, **_settings(known, sampling)},
        seconds=time.perf_counter() - start,
    )


def rank(
    source: Source,
    target: str,
    *,
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    max_pairs: int = 66,
    sampling: Sampling | None = None,
    random_state: int | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
) -> Ranking:
    """Rank the columns of a table in an engine by what they tell about a target.

    Parameters
    ----------
    source : Source
    target : str
    columns : list of str, optional
        Only these, the target among them.
    method, kinds, missing, confidence, permutations, max_pairs, random_state, n_jobs, progress
        As in `adami.report.rank.rank`.
    sampling : Sampling, optional
        How far the sample grows.

    Returns
    -------
    Ranking
        The relevance of labels for a target of labels is counted over all rows; everything else, the pairs of
        columns and the path included, comes from the sample.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source
    >>> from adami.report.lazy import rank
    >>> rows = ibis.memtable({"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60})
    >>> rank(open_source(rows), "y", permutations=19).sufficient
    ('copy',)
    """
    start = time.perf_counter()
    sampling = sampling or Sampling()
    known = survey(
        source,
        target,
        matrix=False,
        columns=columns,
        estimator=table_method(method),
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        sampling=sampling,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )
    found = rank_rows(
        known.sample,
        target,
        method=method,
        kinds=known.kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        max_pairs=max_pairs,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
        known=known.counted,
    )
    return replace(_ranking(found, known, sampling), seconds=time.perf_counter() - start)


def profile(
    source: Source,
    target: str,
    *,
    columns: Sequence[str] | None = None,
    name: str | None = None,
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    max_pairs: int = 66,
    sampling: Sampling | None = None,
    random_state: int | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
    resume: str | os.PathLike[str] | None = None,
) -> Profile:
    """Measure the whole information profile of a table in an engine.

    Parameters
    ----------
    source : Source
    target : str
    columns : list of str, optional
        Only these, the target among them.
    name : str, optional
        Of the table, for the page; by default where it lies, without a password.
    method, kinds, missing, confidence, permutations, max_pairs, random_state, n_jobs, progress, resume
        As in `adami.report.profile.profile`.
    sampling : Sampling, optional
        How far the sample grows.

    Returns
    -------
    Profile
        Its `data` is the sample.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source
    >>> from adami.report.lazy import profile
    >>> rows = ibis.memtable({"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60})
    >>> round(profile(open_source(rows), "y", permutations=19).ranking["copy"].share, 1)
    1.0
    """
    start = time.perf_counter()
    sampling = sampling or Sampling()
    known = survey(
        source,
        target,
        matrix=True,
        columns=columns,
        estimator=table_method(method),
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        sampling=sampling,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
        resume=resume,
    )
    found = profile_of_rows(
        known.sample,
        target,
        source=source.name if name is None else name,
        method=method,
        kinds=known.kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        max_pairs=max_pairs,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
        resume=resume,
        known=known.counted,
    )
    pairs = _of_all_rows(found.matrix, known)
    return replace(
        found,
        ranking=_ranking(found.ranking, known, sampling),
        matrix=replace(pairs, diagnostics=tuple(d for d in pairs.diagnostics if d.flag != "dropped_rows")),
        columns=tuple(_summary(c, known) for c in found.columns),
        seconds=time.perf_counter() - start,
    )


def _ranking(found: Ranking, known: Survey, sampling: Sampling) -> Ranking:
    """Put what all rows say in the place of what the sample says."""
    entropy = known.entropies.get(found.target, found.target_entropy)
    whole = entropy.value if entropy is not None and entropy.value > 0 else None
    rows = tuple(
        replace(
            r,
            share=None if whole is None else r.information.value / whole,
            missing=_missing(r.missing, r.name, known),
        )
        for r in found.rows
    )
    return replace(
        found,
        target_entropy=entropy,
        rows=rows,
        n=known.total,
        diagnostics=_told(found.diagnostics, known),
        settings={**found.settings, **_settings(known, sampling)},
    )


def _summary(column: ColumnSummary, known: Survey) -> ColumnSummary:
    entropy = known.entropies.get(column.name)
    counted = () if entropy is None else entropy.diagnostics
    return replace(
        column,
        missing=_missing(column.missing, column.name, known),
        # an engine's approximation of many values may exceed their number
        distinct=min(known.fields[column.name].distinct, known.fields[column.name].present),
        entropy=column.entropy if entropy is None else entropy,
        diagnostics=column.diagnostics if entropy is None else counted,
    )


def _missing(on_sample: int, name: str, known: Survey) -> int:
    """Return the rows without a value; a missing value that is a label of its own is none on the sample."""
    return known.fields[name].missing if known.gaps_dropped else on_sample


def _of_all_rows(found: Matrix, known: Survey) -> Matrix:
    """Put the entropies of all rows on the diagonal."""
    information, counts = found.information.copy(), found.counts.copy()
    methods = [list(row) for row in found.methods]
    for i, name in enumerate(found.names):
        entropy = known.entropies.get(name)
        if entropy is not None:
            information[i, i], counts[i, i], methods[i][i] = entropy.value, entropy.n, entropy.method
    return replace(
        found,
        information=information,
        counts=counts,
        methods=tuple(tuple(row) for row in methods),
        normalized=_normalized(information, found.kinds),
    )


def _told(diagnostics: tuple[Diagnostic, ...], known: Survey) -> tuple[Diagnostic, ...]:
    """Put what was counted and sampled first, and gaps of all rows in the place of those of the sample."""
    rest = tuple(d for d in diagnostics if d.flag != "dropped_rows")
    return (*known.notes, *known.gaps(), *rest)


def _settings(known: Survey, sampling: Sampling) -> dict[str, object]:
    return {
        "engine": known.source.backend,
        "sample_rows": known.rows,
        "tol": sampling.tol,
        "max_rows": sampling.max_rows,
        "key": sampling.key,
    }
