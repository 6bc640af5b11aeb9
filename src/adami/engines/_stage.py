"""A narrow copy of the columns that are counted, made in one scan, where the engine keeps such things."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from adami.engines._duckdb_files import attach
from adami.engines._errors import explained
from adami.engines._interrupts import interruptible
from adami.engines._memory import memory_bytes
from adami.engines.source import Source

PERFECT_BITS = 18
"""DuckDB counts codes of up to so many bits in an array instead of a hash table; a joint table of ten
thousand cells has 14 bits, and up to one more for every column."""
ROOM = 0.6
"""Part of DuckDB's memory that a copy may take: the rest is for the counting."""
GROSS = 1.35
"""Bytes that DuckDB takes in memory for a byte of a copy."""
WORD_BYTES = 16


@contextmanager
def staged(source: Source, expression: Any, rows: int) -> Iterator[Source]:
    """Hold the rows of an expression in the engine for a while; what exceeds its memory goes to its disk.

    Parameters
    ----------
    source : Source
    expression : ibis Table
        Made of `source.table`.
    rows : int
        How many they are.
    """
    con = source.table._find_backend(use_default=True)
    if con.name == "duckdb":
        place = _in_memory if _fits(con, expression, rows) else _on_disk
        with place(con, expression, source) as held, _set(con, "perfect_ht_threshold", PERFECT_BITS):
            yield replace(source, table=held)
        return
    with explained(source.name, source.origin):
        held = expression.cache()
    try:
        yield replace(source, table=held)
    finally:
        held.release()


def _fits(con: Any, expression: Any, rows: int) -> bool:
    """Tell whether DuckDB can hold a copy in memory; moving parts of it to disk and back costs far more."""
    each = sum(getattr(kind, "nbytes", None) or WORD_BYTES for kind in expression.schema().values())
    return GROSS * each * rows <= ROOM * memory_bytes(_setting(con, "memory_limit"))


@contextmanager
def _in_memory(con: Any, expression: Any, source: Source) -> Iterator[Any]:
    name = f"adami_{uuid.uuid4().hex}"
    with explained(source.name, source.origin):
        held = interruptible(con, lambda: con.create_table(name, expression, temp=True))
    try:
        yield held
    finally:
        con.raw_sql(f'DROP TABLE "{name}"')


@contextmanager
def _on_disk(con: Any, expression: Any, source: Source) -> Iterator[Any]:
    """Hold a copy in a database file, from which DuckDB reads as much as its memory has room for."""
    name = f"adami_{uuid.uuid4().hex}"
    near = _setting(con, "temp_directory")
    with tempfile.TemporaryDirectory(
        prefix="adami-copy-", dir=near if near and Path(near).is_dir() else None
    ) as folder:
        attach(con, Path(folder, "copy.duckdb"), name)
        try:
            # small codes are read many times: packing them tighter costs more than it saves
            with (
                explained(source.name, source.origin),
                _set(con, "force_compression", "uncompressed"),
            ):
                held = interruptible(
                    con, lambda: con.create_table("copy", expression, database=(name, "main"))
                )
            yield held
        finally:
            con.raw_sql(f'DETACH "{name}"')


@contextmanager
def _set(con: Any, name: str, value: int | str) -> Iterator[None]:
    """Set what DuckDB goes by, and leave its setting as it was; of two numbers the larger."""
    before = _setting(con, name)
    wanted = max(int(before), value) if isinstance(value, int) else value
    con.con.execute(f"SET {name} = '{wanted}'")
    try:
        yield
    finally:
        con.con.execute(f"SET {name} = '{before}'")


def _setting(con: Any, name: str) -> str:
    return str(con.con.execute(f"SELECT current_setting('{name}')").fetchall()[0][0])
