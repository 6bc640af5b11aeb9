"""The verbs for a whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adami.variables import Missing
from adami.verbs._inputs import Kinds, Progress, table

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
) -> Matrix:
    """Measure the information between all pairs of columns.

    Parameters
    ----------
    frame : frame, mapping of name -> column, or array of shape (n, p)
    columns : list of str, optional
        Only these.
    method, kinds, missing, permutations, random_state, n_jobs
        As in `information`; each pair uses the rows that are complete for it.
    progress : callable(done, total, what), optional

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
    from adami.report.matrix import matrix as measured

    return measured(
        table(frame, columns),
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
) -> Ranking:
    """Rank the columns of a table by what they tell about a target.

    Parameters
    ----------
    frame : frame, mapping of name -> column, or array of shape (n, p)
    target : str
        Column to be told about.
    columns : list of str, optional
        Only these, beside the target.
    method, kinds, missing, confidence, permutations, random_state, n_jobs
        As in `information`.
    max_pairs : int
        Most pairs of columns to look at for redundancy and synergy.
    progress : callable(done, total, what), optional

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
    from adami.report.rank import rank as measured

    return measured(
        table(frame, None if columns is None else [*columns, target]),
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
    source: str = "table",
    columns: Sequence[str] | None = None,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 199,
    random_state: int | None = 0,
    n_jobs: int = 1,
    progress: Progress = None,
) -> Profile:
    """Measure the whole information profile of a table; ``.save("report.html")`` writes the page.

    Parameters
    ----------
    frame, target, columns, method, kinds, missing, confidence, permutations, random_state, n_jobs, progress
        As in `rank`.
    source : str
        Name of the table, for the page.

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
    from adami.report.profile import profile as measured

    return measured(
        table(frame, None if columns is None else [*columns, target]),
        target,
        source=source,
        method=method,
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=progress,
    )
