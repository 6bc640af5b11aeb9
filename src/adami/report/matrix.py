"""Information between all pairs of columns of a table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from adami._inputs import RawColumns
from adami._parallel import seeds
from adami.estimators._base import Estimator
from adami.estimators.registry import get
from adami.report._method import table_method
from adami.report._pieces import Pieces
from adami.report._progress import Key, Progress, Report, collect, once
from adami.report._table import Table
from adami.report.relevance import LEAST_ROWS
from adami.report.results import Matrix
from adami.result import Diagnostic, Estimate
from adami.variables import Kind, Missing


def matrix(
    columns: RawColumns,
    *,
    method: str | Estimator = "auto",
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "drop",
    permutations: int = 0,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
    progress: Report = None,
) -> Matrix:
    """Measure the information between all pairs of columns.

    Parameters
    ----------
    columns : mapping of name -> raw column
    method : str or Estimator
    kinds : str or mapping of name -> kind, optional
    missing : {"drop", "raise", "category"}
        With "drop" each pair uses its own complete rows.
    permutations : int
        Behind every p-value; 0 for none.
    random_state : int, numpy.random.Generator or None
    n_jobs : int
        Number of threads, or of workers within ``joblib.parallel_config(backend=...)``; the answer does not
        depend on it.
    progress : callable(done, total, what), optional

    Returns
    -------
    Matrix
        A pair that could not be measured, or was not when interrupted, is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.report.matrix import matrix
    >>> a = np.array([0, 0, 1, 1] * 30)
    >>> found = matrix({"a": a, "same": 1 - a, "other": np.array([0, 1, 0, 1] * 30)}, method="plugin")
    >>> round(found["a", "same"], 4), found.normalized.round(2).tolist()
    (0.6931, [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    table = Table(columns, kinds, missing)
    counter = Progress(progress, len(table.fields) * (len(table.fields) - 1) // 2)
    return measure_matrix(
        table,
        table_method(method),
        permutations=permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        progress=counter,
    )


def measure_matrix(
    table: Table,
    estimator: Estimator,
    *,
    permutations: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
    progress: Progress,
    known: Mapping[tuple[str, str], Estimate] | None = None,
    only_known: bool = False,
    store: Pieces | None = None,
) -> Matrix:
    """Measure all pairs of a checked table; `known` pairs are taken over rather than measured again.

    Finished pieces are kept in the `store` and found there.
    """
    start = time.perf_counter()
    names = tuple(table.fields)
    p = len(names)
    pairs = list(combinations(names, 2))
    known = {**_shared_sorts(table, estimator, permutations, n_jobs, store), **(known or {})}
    done: dict[Key, Estimate | Diagnostic] = {}
    left: dict[Key, tuple[str, str, np.random.Generator]] = {}
    diagnostics = list(table.gaps())
    try:
        for (a, b), generator in zip(pairs, seeds(random_state, len(pairs))):
            told = known.get((a, b), known.get((b, a)))
            if told is not None:
                done[a, b] = told
                progress.step("matrix")
            elif not only_known:
                left[a, b] = a, b, generator
        collect(
            lambda piece: _pair(table, estimator, piece[0], piece[1], permutations, piece[2]),
            left,
            done,
            what="matrix",
            progress=progress,
            n_jobs=n_jobs,
            store=store,
        )
    except KeyboardInterrupt:
        diagnostics.append(
            Diagnostic(
                "interrupted", f"interrupted: {len(done)} of {len(pairs)} pairs were measured", "warning"
            )
        )
    information = np.full((p, p), np.nan)
    counts = np.zeros((p, p), dtype=np.int64)
    p_values = np.full((p, p), np.nan) if permutations else None
    methods = [[""] * p for _ in names]
    for (i, j), pair in zip(combinations(range(p), 2), pairs):
        found = done.get(pair)
        if found is None:
            continue
        if isinstance(found, Diagnostic):
            diagnostics.append(found)
            continue
        information[i, j] = information[j, i] = found.value
        counts[i, j] = counts[j, i] = found.n
        methods[i][j] = methods[j][i] = _said_method(found)
        if p_values is not None and found.p_value is not None:
            p_values[i, j] = p_values[j, i] = found.p_value
    entropies = _diagonal(table, estimator)
    np.fill_diagonal(information, entropies)
    np.fill_diagonal(counts, [int(f.present.sum()) for f in table.fields.values()])
    for i in range(p):
        methods[i][i] = "" if np.isnan(entropies[i]) else _entropy_estimator(estimator).name
    return Matrix(
        names=names,
        kinds=tuple(f.kind for f in table.fields.values()),
        information=information,
        normalized=_normalized(information, [f.kind for f in table.fields.values()]),
        p_values=p_values,
        counts=counts,
        methods=tuple(tuple(row) for row in methods),
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        settings={"method": estimator.name, "permutations": permutations},
        seconds=time.perf_counter() - start,
    )


def _shared_sorts(
    table: Table, estimator: Estimator, permutations: int, n_jobs: int | None, store: Pieces | None
) -> dict[tuple[str, str], Estimate]:
    """Measure all pairs of complete continuous columns, each sorted once, when the method is plain KSG."""
    from adami.estimators.ksg import KSG

    names = [
        n
        for n, f in table.fields.items()
        if f.kind == "continuous" and not f.missing and f.distinct == table.n
    ]
    if not isinstance(estimator, KSG) or (estimator.variant, estimator.transform) != (1, "standardize"):
        return {}
    k = estimator.k
    if not isinstance(k, int) or permutations or len(names) < 3 or table.n <= k:
        return {}
    from adami.estimators.pairwise import ksg_all_pairs

    columns = np.column_stack([table[n].values for n in names])
    values = once(lambda: ksg_all_pairs(columns, k, n_jobs), "matrix", ("pairs of complete columns",), store)
    kinds = ("continuous", "continuous")
    return {
        (names[i], names[j]): Estimate(values[i, j], method=estimator.name, n=table.n, kinds=kinds)
        for i, j in combinations(range(len(names)), 2)
    }


def _pair(
    table: Table, estimator: Estimator, a: str, b: str, permutations: int, rng: np.random.Generator
) -> Estimate | Diagnostic:
    from adami.estimators.resampling import assess

    rows = table.complete([a, b])
    if len(rows) < LEAST_ROWS:
        return Diagnostic(
            "too_few_samples",
            f"{a!r} and {b!r} have {len(rows)} complete rows in common: not measured",
            "warning",
        )
    x, y = table[a].cut(rows), table[b].cut(rows)
    try:
        return assess(estimator, x, y, permutations=permutations, random_state=rng, interval=False)
    except ValueError as problem:
        return Diagnostic("degenerate", f"{a!r} and {b!r} were not measured: {problem}", "warning")


def _said_method(found: Estimate) -> str:
    return str(found.details.get("chosen", found.method))


def _entropy_estimator(estimator: Estimator) -> Estimator:
    """The method's own entropy of labels, if it has one: a diagonal that its information cannot exceed."""
    if estimator.takes == {"discrete"}:
        return estimator
    return get("miller_madow")


def _diagonal(table: Table, estimator: Estimator) -> list[float]:
    own = _entropy_estimator(estimator)
    out = []
    for f in table.fields.values():
        rows = np.flatnonzero(f.present)
        discrete = f.kind == "discrete" and len(rows) > 0
        out.append(float(own._measure(f.cut(rows)).value) if discrete else np.nan)
    return out


def _normalized(information: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Map to [0, 1]: the share of the smaller entropy for labels, the equivalent correlation otherwise."""
    p = len(kinds)
    entropy = np.diag(information)
    out = np.ones((p, p))
    for i, j in combinations(range(p), 2):
        value = information[i, j]
        if kinds[i] == kinds[j] == "discrete":
            least = min(entropy[i], entropy[j])
            share = value / least if least > 0 else (0.0 if value == value else np.nan)
        else:
            share = np.sqrt(-np.expm1(-2.0 * max(value, 0.0))) if value == value else np.nan
        out[i, j] = out[j, i] = min(max(share, 0.0), 1.0) if share == share else np.nan
    return out
