"""What every column of a big table is: kind, missing values, levels; by aggregates in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adami.engines._columns import clean_column, shape_of, together
from adami.engines._histogram import histograms
from adami.engines.source import Source
from adami.variables import (
    ATOM_ROWS,
    ATOM_SHARE,
    MAX_LEVELS,
    Kind,
    _kind_for,
    _refuse_unknown_kinds,
    has_atom,
)

FEW = 1_000
"""Columns with about this many distinct values at most are counted value by value."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a column is.

    Parameters
    ----------
    name : str
    type : str
        As the engine calls it.
    kind : {"continuous", "discrete", "mixed"}
    rows : int
        Rows of the table.
    missing : int
        Rows without a value.
    distinct : int
        Number of distinct values; exact up to about 1,000, and the engine's approximation beyond.
    forced : bool
        Whether the kind was given rather than inferred.
    levels : tuple of str or None
        The distinct values as text, where they are few.
    """

    name: str
    type: str
    kind: Kind
    rows: int
    missing: int
    distinct: int
    forced: bool = False
    levels: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing


def table_fields(
    source: Source, columns: Sequence[str] | None = None, *, kinds: Kind | Mapping[str, Kind] | None = None
) -> dict[str, Field]:
    """Return what each column is, by the rule of `adami.variables`, without moving its rows.

    One query counts rows and missing values of all columns and looks how many values they may have: whole
    numbers no more than lie between their ends, which files often tell unread. Columns with up to about a
    thousand values are then counted value by value, in one query for all; of number columns with more, a few
    further queries for all of them find those in which one value stands out.

    Parameters
    ----------
    source : Source
    columns : list of str, optional
        All by default.
    kinds : str or mapping of name -> kind, optional
        Overrides the rule.

    Returns
    -------
    dict of str -> Field

    Raises
    ------
    KeyError
        If a column does not exist.
    TypeError
        For columns of lists, structures or bytes.
    ValueError
        For infinite values, labels that should be continuous, and a table without rows.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source, table_fields
    >>> rows = ibis.memtable({"size": [0.5 * i for i in range(50)], "colour": ["red", "blue"] * 25})
    >>> [(f.name, f.kind, f.distinct) for f in table_fields(open_source(rows)).values()]
    [('size', 'continuous', 50), ('colour', 'discrete', 2)]
    """
    names = list(source.columns if columns is None else columns)
    source.require(names)
    _refuse_unknown_kinds(kinds, source.columns)
    shapes = {name: shape_of(source, name) for name in names}
    rows, present, about = _first_look(source, names)
    few = [n for n in names if shapes[n] != "times" and present[n] and about[n] <= FEW]
    counted = _value_counts(source, few)
    many = [n for n in names if shapes[n] == "numbers" and present[n] and about[n] > FEW]
    atoms = _with_atoms(source, many, present)
    out = {}
    for name in names:
        given = _kind_for(name, kinds)
        if shapes[name] == "labels" and given in ("continuous", "mixed"):
            raise ValueError(
                f"column {name!r}: holds labels, so its kind cannot be {given!r}; encode it as numbers"
            )
        levels, counts = counted.get(name, (None, None))
        inferred: Kind = "continuous"
        if counts is not None:
            inferred = _infer(shapes[name], counts)
        elif shapes[name] == "labels" or not present[name]:
            inferred = "discrete"
        elif name in atoms:
            inferred = "mixed"
        out[name] = Field(
            name,
            str(source.table[name].type()),
            given or inferred,
            rows,
            rows - present[name],
            about[name] if counts is None else len(counts),
            given is not None,
            levels,
        )
    return out


def _first_look(source: Source, names: Sequence[str]) -> tuple[int, dict[str, int], dict[str, int]]:
    """Return the rows, and for each column its rows with a value and about how many values it has."""
    table = source.table
    whole = [name for name in names if table[name].type().is_integer()]
    asked = {"rows": table.count()}
    for i, name in enumerate(names):
        clean = clean_column(table, name)
        asked[f"p{i}"] = clean.count()
        if name in whole:
            asked |= {f"a{i}": clean.min(), f"b{i}": clean.max()}
        else:
            asked[f"d{i}"] = clean.approx_nunique()
        if table[name].type().is_floating():
            asked[f"i{i}"] = table[name].isinf().sum()
    found = {k: v[0] for k, v in source.fetch(table.aggregate(**asked)).items()}
    rows = int(found["rows"])
    if rows == 0:
        raise ValueError(f"{source.name} has a header but no rows")
    for i, name in enumerate(names):
        if infinite := int(found.get(f"i{i}") or 0):
            raise ValueError(f"column {name!r}: {infinite} infinite value(s); replace or drop those rows")
    present = {name: int(found[f"p{i}"]) for i, name in enumerate(names)}
    about = {}
    for i, name in enumerate(names):
        if name not in whole:
            about[name] = int(found[f"d{i}"])
        elif present[name]:
            about[name] = int(found[f"b{i}"]) - int(found[f"a{i}"]) + 1
        else:
            about[name] = 0
    wide = [name for name in whole if about[name] > FEW]
    if wide:
        asked = {f"d{i}": table[name].approx_nunique() for i, name in enumerate(wide)}
        told = source.fetch(table.aggregate(**asked))
        about |= {name: int(told[f"d{i}"][0]) for i, name in enumerate(wide)}
    return rows, present, about


def _infer(shape: str, counts: np.ndarray) -> Kind:
    """Return the kind of a column by the rule, from the number of rows of each of its values."""
    if shape == "labels" or (len(counts) <= MAX_LEVELS and counts.sum() >= 2 * len(counts)):
        return "discrete"
    return "mixed" if has_atom(counts) else "continuous"


def _value_counts(source: Source, names: Sequence[str]) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Return the distinct values of columns, as text, and how many rows hold each."""
    if not names:
        return {}
    import ibis

    asked = []
    for i, name in enumerate(names):
        rows = source.table.select(value=clean_column(source.table, name))
        rows = rows.filter(rows.value.notnull())
        grouped = rows.group_by("value").aggregate(n=rows.count())
        asked.append(grouped.select("n", value=grouped.value.cast("string"), column=ibis.literal(i, "int32")))
    found = source.fetch(together(asked))
    out: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for i, name in enumerate(names):
        mine = sorted((v, n) for v, n, c in zip(found["value"], found["n"], found["column"]) if c == i)
        out[name] = tuple(v for v, _ in mine), np.array([n for _, n in mine], dtype=np.int64)
    return out


def _with_atoms(source: Source, names: Sequence[str], present: Mapping[str, int]) -> set[str]:
    """Return the columns with many values of which one fills 5 % of the rows.

    Half of the values have the median number of rows or more, so with `FEW` values and more the median is far
    below a tenth of 5 % of the rows: the other conditions of the rule follow from this one.
    """
    found = histograms(source, names, ATOM_SHARE / 2) if names else {}
    return {
        name
        for name, whole in found.items()
        if (whole.counts[whole.low == whole.high] >= max(ATOM_ROWS, ATOM_SHARE * present[name])).any()
    }
