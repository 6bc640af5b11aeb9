"""A column of a big table, as the measurements take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from adami.engines.source import Source

Shape = Literal["labels", "numbers", "times"]


def shape_of(source: Source, name: str) -> Shape:
    """Return what a column holds.

    Raises
    ------
    TypeError
        For lists, structures and bytes.
    """
    kind = source.table[name].type()
    if kind.is_boolean() or kind.is_string() or kind.is_uuid():
        return "labels"
    if kind.is_date() or kind.is_timestamp() or kind.is_time():
        return "times"
    if kind.is_numeric():
        return "numbers"
    raise TypeError(f"column {name!r}: the type {kind} has no information content here; pass plain columns")


def clean_column(table: Any, name: str) -> Any:
    """Return a column in which a missing value is NULL and nothing else: NaN is missing, as in memory."""
    column = table[name]
    if not column.type().is_floating():
        return column
    import ibis

    # + 0.0, so that minus zero is zero
    return ibis.ifelse(column.isnan(), ibis.null(column.type()), column + 0.0)


def number_column(table: Any, name: str) -> Any:
    """Return a column as float64; dates and times as seconds."""
    column = clean_column(table, name)
    kind = column.type()
    if kind.is_date():
        return column.cast("timestamp").epoch_seconds().cast("float64")
    if kind.is_timestamp():
        # cut to seconds first: engines differ in whether seconds since the epoch have a fraction
        whole = column.truncate("s").epoch_seconds().cast("float64")
        if column._find_backend(use_default=True).name == "pyspark":
            # Spark takes no microseconds out of a time, and turns a time into seconds instead
            exact = column.cast("timestamp('UTC')").cast("float64")
            return whole + ((exact - whole) * 1e6).round().cast("float64") / 1e6
        return whole + column.microsecond().cast("float64") / 1e6
    if kind.is_time():
        seconds = (column.hour() * 3600 + column.minute() * 60 + column.second()).cast("float64")
        return seconds + column.microsecond().cast("float64") / 1e6
    return column.cast("float64")


def together(tables: Sequence[Any]) -> Any:
    """Return the rows of several small results of one shape as one, so that the engine is asked once."""
    import ibis

    return ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0]
