"""A narrow copy of the columns that are counted, made in one scan, where the engine keeps such things."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adami.engines._errors import explained
from adami.engines._interrupts import interruptible
from adami.engines.source import Source

PERFECT_BITS = 18
"""DuckDB counts codes of up to so many bits in an array instead of a hash table; a joint table of ten
thousand cells has 14 bits, and up to one more for every column."""


@contextmanager
def staged(source: Source, expression: Any) -> Iterator[Source]:
    """Hold the rows of an expression in the engine for a while; what exceeds its memory goes to its disk.

    Parameters
    ----------
    source : Source
    expression : ibis Table
        Made of `source.table`.
    """
    con = source.table._find_backend(use_default=True)
    name = f"adami_{uuid.uuid4().hex}"
    if con.name == "duckdb":
        with explained(source.name, source.origin):
            held = interruptible(con, lambda: con.create_table(name, expression, temp=True))
        try:
            with _counted_in_arrays(con):
                yield Source(held, source.name, source.backend, source.origin)
        finally:
            con.raw_sql(f'DROP TABLE "{name}"')
        return
    with explained(source.name, source.origin):
        held = expression.cache()
    try:
        yield Source(held, source.name, source.backend, source.origin)
    finally:
        held.release()


@contextmanager
def _counted_in_arrays(con: Any) -> Iterator[None]:
    """Let DuckDB count small codes in arrays, and leave its setting as it was."""
    setting = "perfect_ht_threshold"
    before = con.con.execute(f"SELECT current_setting('{setting}')").fetchall()[0][0]
    con.con.execute(f"SET {setting} = {max(int(before), PERFECT_BITS)}")
    try:
        yield
    finally:
        con.con.execute(f"SET {setting} = {before}")
