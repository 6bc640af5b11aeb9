"""Contingency tables of big tables: GROUP BYs in the engine, and only counts come back."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from adami.engines._columns import clean_column, number_column
from adami.engines._histogram import place
from adami.engines._stage import staged
from adami.engines.bins import quantile_edges
from adami.engines.fields import Field, table_fields
from adami.engines.source import Source

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells

BLOCK_CELLS = 10_000
"""Cells of a joint table that an engine counts about as fast as a pair's."""
BYTES_PER_CELL = 100
"""What one cell of a result costs on its way, with its labels as Python values."""
COUNT_MEMORY = 2**30
CODED_LEVELS = 64
"""Up to so many words a column is looked up in their list faster than it is grouped by words."""
STAGE_FROM = 3
"""Joint tables from which a narrow copy of the columns is made for all of them."""


def count_sets(
    source: Source,
    sets: Sequence[Sequence[str]],
    *,
    fields: Mapping[str, Field] | None = None,
    edges: Mapping[str, tuple[float, ...]] | None = None,
    category: Collection[str] = (),
    memory_limit: int | None = None,
) -> list[Cells]:
    """Count the rows of every combination of values, for several sets of columns.

    Sets are counted together where their joint table is small, so that all pairs of a table take far fewer
    GROUP BYs than there are pairs. One scan of the table makes a narrow copy of its columns, as small codes,
    which the engine keeps for these GROUP BYs, on its disk where its memory does not suffice.

    Parameters
    ----------
    source : Source
    sets : sequence of sequences of str
        Names of columns; each set becomes one table, with one axis a column.
    fields : mapping of name -> Field, optional
        From `table_fields`, where it has been asked already.
    edges : mapping of name -> edges, optional
        Bins of continuous and mixed columns, from `quantile_edges`; made here when missing.
    category : collection of str
        Columns whose missing values are a label of their own; rows with other missing values do not count.
    memory_limit : int, optional
        Bytes that the counts of one set may take here; 1 GiB by default.

    Returns
    -------
    list of Cells
        Occupied cells of every set. Labels of an axis are numbered in the order of its values.

    Raises
    ------
    KeyError
        If a column does not exist.
    ValueError
        If the counts of a set would not fit `memory_limit`, or no complete row is left.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import count_sets, open_source
    >>> rows = ibis.memtable({"a": ["u", "u", "v", None], "b": [1, 1, 2, 2]})
    >>> count_sets(open_source(rows), [["a", "b"]])[0].counts.tolist()
    [2, 1]
    """
    wanted = [tuple(s) for s in sets]
    names = list(dict.fromkeys(name for s in wanted for name in s))
    source.require(names)
    for s in wanted:
        if not s or len(set(s)) < len(s):
            raise ValueError(f"a set of columns names each of them once, not {', '.join(s) or 'none'}")
    known = dict(fields) if fields is not None else table_fields(source, names)
    if missing := [n for n in names if n not in known]:
        known |= table_fields(source, missing)
    binned = [n for n in names if known[n].kind != "discrete" and n not in (edges or {})]
    cuts = {**(edges or {}), **(quantile_edges(source, binned) if binned else {})}
    sizes = {n: len(cuts[n]) + 1 if n in cuts else max(known[n].distinct, 1) for n in names}
    sizes = {n: size + (known[n].missing > 0) for n, size in sizes.items()}
    plan = blocks(wanted, sizes)
    _check_memory([block for block, _ in plan], sizes, known, memory_limit)
    keys = {n: _key(source.table, known[n], cuts.get(n)) for n in names}
    rows = source.table.select(**{f"k{i}": key for i, key in enumerate(keys.values())})
    out: dict[tuple[str, ...], Cells] = {}
    # one scan makes a narrow copy of codes, and all tables are counted from that
    with (
        staged(source, rows, known[names[0]].rows)
        if len(plan) > STAGE_FROM
        else nullcontext(replace(source, table=rows)) as coded
    ):
        for block, inside in plan:
            labels, counts = _count(coded, [f"k{names.index(n)}" for n in block])
            for s in inside:
                out[s] = _cells([labels[block.index(n)] for n in s], counts, s, category)
    return [out[s] for s in wanted]


def _check_memory(
    plan: Sequence[Sequence[str]],
    sizes: Mapping[str, int],
    known: Mapping[str, Field],
    memory_limit: int | None,
) -> None:
    limit = COUNT_MEMORY if memory_limit is None else memory_limit
    for block in plan:
        cells = min(math.prod(sizes[n] for n in block), known[block[0]].rows)
        if cells * BYTES_PER_CELL > limit:
            raise ValueError(
                f"counting {', '.join(map(repr, block))} together may take {cells:,} cells, about "
                f"{cells * BYTES_PER_CELL / 2**30:.2g} GiB, more than memory_limit allows "
                f"({limit / 2**30:.2g} GiB); leave out columns with very many labels, or raise it"
            )


def blocks(
    sets: Sequence[tuple[str, ...]], sizes: Mapping[str, int], most: int = BLOCK_CELLS
) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Put sets that share columns into joint tables of at most `most` cells.

    Returns
    -------
    list of (columns of a joint table, sets that it answers)
    """
    left = dict.fromkeys(sorted(sets, key=lambda s: (-math.prod(sizes[n] for n in s), s)))
    order = {s: i for i, s in enumerate(left)}
    near: dict[str, set[str]] = {}
    holding: dict[str, set[tuple[str, ...]]] = {}
    for s in left:
        for n in s:
            holding.setdefault(n, set()).add(s)
        for a, b in combinations(s, 2):
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
    out = []
    while left:
        block = list(next(iter(left)))
        size = math.prod(sizes[n] for n in block)
        while True:
            fits = {k for n in block for k in near.get(n, ()) if k not in block and size * sizes[k] <= most}
            if not fits:
                break
            gain = {k: len(near[k].intersection(block)) / math.log(sizes[k] + 1) for k in fits}
            best = max(sorted(fits), key=gain.__getitem__)
            block.append(best)
            size *= sizes[best]
        told = set(block)
        inside = sorted({s for n in block for s in holding[n] if told.issuperset(s)}, key=order.__getitem__)
        for s in inside:
            del left[s]
            for n in s:
                holding[n].remove(s)
            for a, b in combinations(s, 2):
                near[a].discard(b)
                near[b].discard(a)
        out.append((tuple(block), inside))
    return out


def _count(coded: Source, keys: Sequence[str]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the labels of each column (-1 where missing) and the counts of a joint table."""
    rows = coded.table
    found = coded.fetch(rows.group_by(list(keys)).aggregate(n=rows.count()))
    return [_codes(found[k]) for k in keys], np.array(found["n"], dtype=np.int64)


def _key(table: Any, known: Field, cuts: tuple[float, ...] | None) -> Any:
    """Return a column as small whole numbers where its values are few, and as it is otherwise."""
    import ibis

    if cuts is not None:
        value = number_column(table, known.name)
        return ibis.ifelse(value.isnull(), ibis.null("int16"), place(value, cuts))
    column = clean_column(table, known.name)
    if known.levels is None or not 0 < len(known.levels) <= CODED_LEVELS:
        return column
    kind = column.type()
    if kind.is_boolean():
        return column.cast("int8")
    if kind.is_integer():
        largest = max(abs(int(v)) for v in known.levels)
        return column.cast("int8" if largest < 2**7 else "int16") if largest < 2**15 else column
    if kind.is_string():
        return ibis.ifelse(
            column.isnull(), ibis.null("int8"), ibis.array(list(known.levels)).index(column).cast("int8")
        )
    return column


def _codes(values: list[Any]) -> np.ndarray:
    levels = {v: i for i, v in enumerate(sorted({v for v in values if v is not None}))}
    return np.array([-1 if v is None else levels[v] for v in values], dtype=np.int64)


def _cells(
    labels: Sequence[np.ndarray], counts: np.ndarray, names: Sequence[str], category: Collection[str]
) -> Cells:
    """Sum the joint counts over the other columns, without the rows in which one of these is missing."""
    from adami.estimators._kernels.contingency import Cells

    keep = np.ones(len(counts), dtype=bool)
    for axis, name in zip(labels, names):
        if name not in category:
            keep &= axis >= 0
    if not keep.any():
        raise ValueError(
            f"no complete rows are left: each has a missing value in {', '.join(map(repr, names))}"
        )
    # one code a cell: a missing value comes first as a label of its own
    axes = tuple(axis[keep] + 1 for axis in labels)
    joint = Cells(counts[keep], axes, tuple(int(axis.max()) + 1 for axis in axes))
    totals, cell = joint.marginal(*range(len(axes)))
    some = np.zeros(len(totals), dtype=np.int64)
    some[cell] = np.arange(len(cell))
    numbered = [np.unique(axis[some], return_inverse=True) for axis in axes]
    return Cells(totals, tuple(code for _, code in numbered), tuple(len(levels) for levels, _ in numbered))
