"""Parquet files of one pattern: the same columns in each, and which row group is broken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adami import _duck


def check_same_columns(con: Any, files: Sequence[Path]) -> None:
    """Raise when a footer cannot be read, or when a file has other columns or types than the first."""
    first: list[tuple[str, str]] = []
    for file in files:
        found = _columns(con, file)
        if not first:
            first = found
        elif found != first:
            raise ValueError(_difference(files[0], dict(first), file, dict(found)))


def _columns(con: Any, file: Path) -> list[tuple[str, str]]:
    try:
        return described(con, f"read_parquet('{_duck.literal(file).replace(chr(39), 2 * chr(39))}')")
    except _duck.any_error() as error:
        raise ValueError(
            f"{file} is not a whole Parquet file (torn or truncated?): {_duck.first_line(error)}"
        ) from error


def described(con: Any, relation: str) -> list[tuple[str, str]]:
    """Return names and types of the columns of a relation."""
    result = con.con.execute(f"SELECT * FROM {relation} LIMIT 0")
    names = [(str(d[0]), str(d[1])) for d in result.description]
    # an answer that is not fetched to its end would stand in the way of the next question
    result.fetchall()
    return names


def _difference(first: Path, a: dict[str, str], other: Path, b: dict[str, str]) -> str:
    for name, kind in a.items():
        if b.get(name, kind) != kind:
            return f"column {name!r} is {b[name]} in {other}, and {kind} in {first}"
    return other_names(first, list(a), other, list(b))


def other_names(first: Path, a: Sequence[str], other: Path, b: Sequence[str]) -> str:
    """Say which column two files differ in."""
    for name in a:
        if name not in b:
            return f"{other} has no column {name!r}, which {first} has"
    for name in b:
        if name not in a:
            return f"{other} has a column {name!r}, which {first} does not have"
    return f"{other} has the columns of {first} in another order"


def broken_part(files: Sequence[Path]) -> str | None:
    """Return which row group of which file cannot be read, or None when all can."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in files:
        try:
            with pq.ParquetFile(file) as parts:
                for group in range(parts.num_row_groups):
                    try:
                        for _ in parts.iter_batches(row_groups=[group]):
                            pass
                    except (pa.ArrowException, OSError) as error:
                        return (
                            f"{file}: row group {group} of {parts.num_row_groups} is broken ({_first(error)})"
                        )
        except (pa.ArrowException, OSError) as error:
            return f"{file} is not a whole Parquet file (torn or truncated?): {_first(error)}"
    return None


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(" .")
