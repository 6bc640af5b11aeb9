"""DuckDB, kept offline: run a query, write names and paths so that they mean themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def chosen(names: Sequence[str], types: dict[str, str]) -> str:
    """Write the columns for SQL; a time of day becomes seconds, as other times do."""
    times = ("TIME", "TIME WITH TIME ZONE")
    return ", ".join(f"epoch({quote(n)}) AS {quote(n)}" if types[n] in times else quote(n) for n in names)


def quote(name: str) -> str:
    """Write the name of a column for SQL."""
    return '"' + name.replace('"', '""') + '"'


def run(sql: str, *parameters: Any) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Run a query offline; return names with types, and arrays."""
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(":memory:", config=offline) as connection:
        result = connection.execute(sql, list(parameters))
        types = [(str(d[0]), str(d[1])) for d in result.description]
        return types, result.fetchnumpy()


def any_error() -> type[Exception]:
    """Return what all errors of DuckDB are."""
    import duckdb

    error: type[Exception] = duckdb.Error
    return error


def conversion_error() -> type[Exception]:
    """Return the error of a cell that does not fit its column."""
    import duckdb

    error: type[Exception] = duckdb.ConversionException
    return error


def first_line(error: Exception) -> str:
    """Return what went wrong, without the advice that follows it."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text.split(": ", 1)[-1].rstrip(" .")


def literal(file: Path) -> str:
    """DuckDB reads *, ? and [ in a path as a pattern; put them in brackets to mean themselves."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(file))
