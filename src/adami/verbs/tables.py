"""The verbs for a whole table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adami.variables import Missing
from adami.verbs._inputs import Kinds, Progress, table
from adami.verbs._sources import opened, with_key

if TYPE_CHECKING:
    from adami.estimators._base import Estimator
    from adami.report.results import Matrix, Profile, Ranking


def matrix(
    frame: Any,
    *,
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "drop",
    permutations: int = 0,
    random_state: int | None = 0,
    n_jobs: int = 1,
    progress: Progress = None,
    tol: float = 0.02,
    max_rows: int = 200_000,
    key: str | Sequence[str] | None = None,
    memory_limit: str | int | None = None,
) -> Matrix:
    """Measure the information between all pairs of columns.

    Parameters
    ----------
    frame : frame, mapping of name -> column, array of shape (n, p), Ibis table, str or Path
        A text is the path of a file, a pattern of files such as ``"data/*.parquet"``, a DuckDB file, or the
        URL of an Ibis backend. An Ibis table, several files, and a file that does not fit in memory stay in
        their engine: pairs of labels are counted there, and a sample of rows is measured here.
    columns : list of str, optional
        Only these.
    method, kinds, missing, permutations, random_state, n_jobs
        As in `information`; each pair uses the rows that are complete for it.
    progress : callable(done, total, what), optional
    tol : float
        Of a table in an engine: the sample grows until the intervals are narrower than this, from their lower
        to their upper end, in nats.
    max_rows : int
        Of a table in an engine: the budget of rows at which the sample ends in any case.
    key : str or list of str, optional
        Of a table in an engine: column(s) that are different in every row, which make drawing cheaper.
    memory_limit : str or int, optional
        What the table may take, as ``"4GB"`` or in bytes, before it stays in an engine, and what DuckDB may
        use; half of this machine's memory by default.

    Returns
    -------
    Matrix

    Examples
    --------
    >>> import adami
    >>> m = adami.matrix({"a": [0, 1] * 50, "b": [0, 1] * 50, "c": [0, 0, 1, 1] * 25}, method="plugin")
    >>> round(m["a", "b"], 4), round(m["a", "c"], 4)
    (0.6931, 0.0)
    """
    from adami.engines.source import Source
    from adami.report.matrix import matrix as measured

    with opened(frame, with_key(columns, key), memory_limit) as rows:
        if isinstance(rows, Source):
            from adami.report import lazy
            from adami.report._survey import Sampling

            return lazy.matrix(
                rows,
                columns=columns,
                method=method,
                kinds=kinds,
                missing=missing,
                permutations=permutations,
                sampling=Sampling(tol, max_rows, key),
                random_state=random_state,
                n_jobs=n_jobs,
                progress=progress,
            )
    return measured(
        table(rows, columns),
        method=method,
        kinds=kinds,
        missing=missing,
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )


def rank(
    frame: Any,
    target: str,
    *,
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    max_pairs: int = 66,
    random_state: int | None = 0,
    n_jobs: int = 1,
    progress: Progress = None,
    tol: float = 0.02,
    max_rows: int = 200_000,
    key: str | Sequence[str] | None = None,
    memory_limit: str | int | None = None,
) -> Ranking:
    """Rank the columns of a table by what they tell about a target.

    Parameters
    ----------
    frame : frame, mapping of name -> column, array of shape (n, p), Ibis table, str or Path
        As in `matrix`.
    target : str
        Column to be told about.
    columns : list of str, optional
        Only these, beside the target.
    method, kinds, missing, confidence, permutations, random_state, n_jobs
        As in `information`.
    max_pairs : int
        Most pairs of columns to look at for redundancy and synergy.
    progress : callable(done, total, what), optional
    tol, max_rows, key, memory_limit
        As in `matrix`.

    Returns
    -------
    Ranking
        Relevance, redundancy, synergy and the smallest sufficient set.

    Examples
    --------
    >>> import adami
    >>> table = {"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60}
    >>> adami.rank(table, "y", permutations=19).sufficient
    ('copy',)
    """
    from adami.engines.source import Source
    from adami.report.rank import rank as measured

    chosen = None if columns is None else list(dict.fromkeys([*columns, target]))
    with opened(frame, with_key(chosen, key), memory_limit) as rows:
        if isinstance(rows, Source):
            from adami.report import lazy
            from adami.report._survey import Sampling

            return lazy.rank(
                rows,
                target,
                columns=chosen,
                method=method,
                kinds=kinds,
                missing=missing,
                confidence=confidence,
                permutations=permutations,
                max_pairs=max_pairs,
                sampling=Sampling(tol, max_rows, key),
                random_state=random_state,
                n_jobs=n_jobs,
                progress=progress,
            )
    return measured(
        table(rows, chosen),
        target,
        method=method,
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        max_pairs=max_pairs,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )


def profile(
    frame: Any,
    target: str,
    *,
    source: str | None = None,
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    random_state: int | None = 0,
    n_jobs: int = 1,
    progress: Progress = None,
    resume: str | os.PathLike[str] | None = None,
    tol: float = 0.02,
    max_rows: int = 200_000,
    key: str | Sequence[str] | None = None,
    memory_limit: str | int | None = None,
) -> Profile:
    """Measure the whole information profile of a table; ``.save("report.html")`` writes the page.

    Parameters
    ----------
    frame, target, columns, method, kinds, missing, confidence, permutations, random_state, n_jobs, progress
        As in `rank`.
    source : str, optional
        Name of the table, for the page.
    resume : path, optional
        Folder where every finished piece is kept: after a crash the same call goes on where it ended, and
        gives the same profile.
    tol, max_rows, key, memory_limit
        As in `matrix`.

    Returns
    -------
    Profile

    Examples
    --------
    >>> import adami
    >>> table = {"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60}
    >>> page = adami.profile(table, "y", permutations=19).to_html()
    >>> page.startswith("<!doctype html>")
    True
    """
    from adami.engines.source import Source
    from adami.report.profile import profile as measured

    chosen = None if columns is None else list(dict.fromkeys([*columns, target]))
    with opened(frame, with_key(chosen, key), memory_limit) as rows:
        if isinstance(rows, Source):
            from adami.report import lazy
            from adami.report._survey import Sampling

            return lazy.profile(
                rows,
                target,
                columns=chosen,
                name=source,
                method=method,
                kinds=kinds,
                missing=missing,
                confidence=confidence,
                permutations=permutations,
                sampling=Sampling(tol, max_rows, key),
                random_state=random_state,
                n_jobs=n_jobs,
                progress=progress,
                resume=resume,
            )
    return measured(
        table(rows, chosen),
        target,
        source=source or _named(frame),
        method=method,
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
        resume=resume,
    )


def _named(frame: Any) -> str:
    """Return what to call a table on its page."""
    from pathlib import Path

    return Path(frame).name if isinstance(frame, str | Path) else "table"
