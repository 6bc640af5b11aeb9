"""A narrow copy of the columns that are counted, made in one scan, where the engine keeps such things."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adami.engines._errors import explained
from adami.engines.source import Source


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
            held = con.create_table(name, expression, temp=True)
        try:
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
