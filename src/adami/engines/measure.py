"""Information and entropy of columns of a big table: from counts, or from a sample of rows that grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from adami.engines._answer import (
    BINNED,
    Kinds,
    Names,
    ask,
    category,
    checked_fields,
    edges_of,
    names_of,
    told,
)
from adami.engines.counts import count_sets
from adami.engines.fields import Field
from adami.engines.source import Source
from adami.result import Estimate
from adami.variables import Missing

if TYPE_CHECKING:
    from adami.estimators._base import Estimator


def information(
    source: Source,
    x: Names,
    y: Names,
    given: Names | None = None,
    *,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    permutations: int = 0,
    tol: float = 0.02,
    max_rows: int = 200_000,
    bins: int | None = None,
    random_state: int | None = 0,
    n_jobs: int | None = 1,
    fields: Mapping[str, Field] | None = None,
) -> Estimate:
    """Estimate I(X;Y), or I(X;Y|Z) with `given`, of columns of a big table.

    Discrete columns are counted in the engine, all rows of them, and the number equals that of
    `adami.information` for the same rows. With a continuous or mixed column the method gets a sample of rows
    that grows until the interval is narrow enough; ``method="binned"`` counts all rows in bins instead.

    Parameters
    ----------
    source : Source
        From `open_source`.
    x, y, given : str or list of str
        Columns; several make a vector.
    method : str or Estimator
        ``"auto"``, another short name, an estimator object, or ``"binned"``.
    kinds : str or mapping of name -> kind, optional
    missing : {"raise", "drop", "category"}
    confidence : float
    permutations : int
        Behind the p-value; 0 gives one only where the method has it in closed form.
    tol : float
        Width of the interval, from its lower to its upper end, in nats, below which a sample is large enough.
    max_rows : int
        Most rows of a sample.
    bins : int, optional
        For ``"binned"``; by default the square root of a fifth of the rows, at most 32.
    random_state : int or None
    n_jobs : int
    fields : mapping of name -> Field, optional
        From `table_fields`, where it has been asked already.

    Returns
    -------
    Estimate
        In nats; the details name the backend and how many rows were counted or sampled.

    Raises
    ------
    KeyError
        If a column does not exist.
    ValueError
        For missing or infinite values, and broken files.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import information, open_source
    >>> rows = ibis.memtable({"colour": ["red", "blue"] * 100, "shape": ["box", "ball"] * 100})
    >>> found = information(open_source(rows), "colour", "shape", method="plugin")
    >>> round(found.bits, 6), found.details["rows"], found.details["backend"]
    (1.0, 200, 'duckdb')
    """
    slots = [names_of(s) for s in (x, y, given) if s is not None]
    return ask(
        source,
        slots,
        conditional=given is not None,
        informs=True,
        method=method,
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        permutations=permutations,
        tol=tol,
        max_rows=max_rows,
        bins=bins,
        random_state=random_state,
        n_jobs=n_jobs,
        fields=fields,
    )


def entropy(
    source: Source,
    x: Names,
    given: Names | None = None,
    *,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "raise",
    confidence: float = 0.95,
    tol: float = 0.02,
    max_rows: int = 200_000,
    random_state: int | None = 0,
    n_jobs: int | None = 1,
    fields: Mapping[str, Field] | None = None,
) -> Estimate:
    """Estimate the entropy H(X) of labels or h(X) of numbers of a big table, or H(X|Z) with `given`.

    Parameters
    ----------
    source, x, given, method, kinds, missing, confidence, tol, max_rows, random_state, n_jobs, fields
        As in `information`; there is no ``"binned"`` entropy.

    Returns
    -------
    Estimate
        In nats.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import entropy, open_source
    >>> rows = ibis.memtable({"coin": ["heads", "tails"] * 500})
    >>> round(entropy(open_source(rows), "coin", method="plugin").bits, 6)
    1.0
    """
    if method == BINNED:
        raise ValueError("the entropy of bins is that of the bins, not of the numbers; use method='auto'")
    slots = [names_of(s) for s in (x, given) if s is not None]
    return ask(
        source,
        slots,
        conditional=given is not None,
        informs=False,
        method=method,
        kinds=kinds,
        missing=missing,
        confidence=confidence,
        permutations=0,
        tol=tol,
        max_rows=max_rows,
        bins=None,
        random_state=random_state,
        n_jobs=n_jobs,
        fields=fields,
    )


def pairs(
    source: Source,
    columns: Sequence[str] | None = None,
    target: str | None = None,
    *,
    method: str | Estimator = "auto",
    kinds: Kinds = None,
    missing: Missing = "drop",
    confidence: float = 0.95,
    permutations: int = 0,
    bins: int | None = None,
    random_state: int | None = 0,
    fields: Mapping[str, Field] | None = None,
) -> dict[tuple[str, str], Estimate]:
    """Estimate the information of all pairs of columns, or of each column and a target, from counts.

    Continuous and mixed columns are cut into bins, and their pairs say so; every pair uses its own complete
    rows.

    Parameters
    ----------
    source : Source
    columns : list of str, optional
        All by default.
    target : str, optional
        Only pairs with this column; it comes second in them.
    method : str or Estimator
        ``"auto"`` or a method for labels.
    kinds, missing, confidence, permutations, bins, random_state, fields
        As in `information`.

    Returns
    -------
    dict of (str, str) -> Estimate
        In the order of the columns.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source, pairs
    >>> rows = ibis.memtable({"a": [0, 0, 1, 1] * 50, "b": [0, 1, 0, 1] * 50, "c": [1, 1, 0, 0] * 50})
    >>> found = pairs(open_source(rows), method="plugin")
    >>> {pair: round(value.bits, 3) for pair, value in found.items()}
    {('a', 'b'): 0.0, ('a', 'c'): 1.0, ('b', 'c'): 0.0}
    """
    from adami.estimators._assess_cells import assess_cells
    from adami.estimators.registry import configured

    names = list(source.columns if columns is None else columns)
    source.require([*names, *([] if target is None else [target])])
    wanted = (
        [(n, target) for n in names if n != target] if target is not None else list(combinations(names, 2))
    )
    known = checked_fields(source, sorted({n for p in wanted for n in p}), kinds, fields, missing)
    edges = edges_of(source, known, bins)
    counted = count_sets(source, wanted, fields=known, edges=edges, category=category(known, missing))
    estimator = configured("auto" if method == BINNED else method, random_state=random_state)
    out = {}
    for pair, cells in zip(wanted, counted):
        slots = [(pair[0],), (pair[1],)]
        found = assess_cells(
            estimator,
            cells,
            slots,
            confidence=confidence,
            permutations=permutations,
            random_state=random_state,
        )
        out[pair] = told(found, source, slots, known, edges, cells)
    return out
