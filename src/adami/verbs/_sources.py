"""Where a table is: rows already here, a file that fits in memory, or something that stays in an engine."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from adami.engines.source import Source
    from adami.files import Format

GROWTH = 3.0
"""Bytes in memory, working copies included, for a byte of the table as written plainly."""
UNPACKED = 6.0
"""Bytes for a byte of gzipped text."""
SHARE = 0.5
"""Part of the memory that a table may take when no limit is given."""
LEAST = 32 * 10**6
"""Bytes without which DuckDB cannot work."""


def located(
    where: Any,
    columns: Sequence[str] | None = None,
    *,
    format: str | None = None,
    na: Iterable[str] = (),
    memory_limit: str | int | None = None,
) -> Any:
    """Open what stays in an engine, read a file that fits in memory, and pass on anything else.

    Parameters
    ----------
    where : anything
        An Ibis table, a pattern of files, a DuckDB file and a URL become a `Source`. A single file is read
        where it fits, and stays in DuckDB otherwise. Frames and arrays are returned as they are.
    columns : list of str, optional
        Only these, of files.
    format, na
        As in `adami.files.read`.
    memory_limit : str or int, optional
        Such as ``"4GB"``, or in bytes; half of this machine's memory by default.

    Returns
    -------
    Source, raw columns, or `where` itself
    """
    from adami._lazy_tables import is_lazy_table
    from adami.engines.source import Source

    if isinstance(where, Source) or is_lazy_table(where):
        return _source(where, columns, format, na, memory_limit)
    if not isinstance(where, str | Path):
        return where
    if in_engine(where) or not fits(where, columns, format, memory_limit):
        return _source(where, columns, format, na, memory_limit)
    from adami.files import read

    return read(where, columns, format=cast("Format | None", format), na=na)


@contextmanager
def opened(frame: Any, columns: Sequence[str] | None, memory_limit: str | int | None) -> Iterator[Any]:
    """Hold what `located` returns, and let go of the files that it opened."""
    rows = located(frame, columns, memory_limit=memory_limit)
    try:
        yield rows
    finally:
        if isinstance(frame, str | Path) and hasattr(rows, "close"):
            rows.close()


def with_key(columns: Sequence[str] | None, key: str | Sequence[str] | None) -> list[str] | None:
    """Return the columns to read: all, or the chosen ones and those of the key."""
    if columns is None:
        return None
    return list(dict.fromkeys([*columns, *([key] if isinstance(key, str) else key or ())]))


def in_engine(where: str | Path) -> bool:
    """Tell whether a text names something that only an engine reads: a URL, a database, several files."""
    from adami.engines.source import DATABASES, SEPARATOR

    text = str(where)
    if text == "-" or (Path(text).exists() and Path(text).suffix.lower() not in DATABASES):
        return False
    return (
        "://" in text or SEPARATOR in text or glob.has_magic(text) or Path(text).suffix.lower() in DATABASES
    )


def fits(
    path: str | Path, columns: Sequence[str] | None, format: str | None, memory_limit: str | int | None
) -> bool:
    """Tell whether a file read whole leaves room for the work on it; the reader refuses what is no file."""
    file = Path(path)
    if str(path) == "-" or not file.is_file() or file.stat().st_size == 0:
        return True
    from adami.engines._memory import machine_memory, memory_bytes
    from adami.files import SUFFIXES

    limit = SHARE * machine_memory() if memory_limit is None else memory_bytes(memory_limit)
    suffixes = [s.lower() for s in file.suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    kind = format or SUFFIXES.get((suffixes[:-1] if packed else suffixes)[-1:][0] if suffixes else "", "csv")
    size = float(file.stat().st_size) * (UNPACKED if packed else 1.0)
    if kind == "arrow":
        return True
    if kind == "parquet":
        size = _parquet_size(file, columns)
    return GROWTH * size <= limit


def _source(
    where: Any,
    columns: Sequence[str] | None,
    format: str | None,
    na: Iterable[str],
    memory_limit: str | int | None,
) -> Source:
    from adami.engines._memory import memory_bytes
    from adami.engines.source import open_source

    limit = None if memory_limit is None else memory_bytes(memory_limit)
    if limit is not None and limit < LEAST:
        raise ValueError(f"memory_limit={memory_limit!r} leaves no room for an engine; give it 32MB or more")
    return open_source(
        where, columns=columns, format=cast("Format | None", format), na=na, memory_limit=limit
    )


def _parquet_size(file: Path, columns: Sequence[str] | None) -> float:
    """Return the bytes of the chosen columns in memory: as written without compression, or 8 a value."""
    from adami import _duck

    try:
        rows = _duck.run(
            "SELECT path_in_schema AS name, sum(num_values) AS n, sum(total_uncompressed_size) AS size "
            "FROM parquet_metadata(?) GROUP BY 1",
            _duck.literal(file),
        )[1]
    except _duck.any_error():
        return 0.0  # no Parquet file, or a broken one: the reader says so in its own words
    wanted = None if columns is None else set(columns)
    sizes = zip(rows["name"], rows["n"], rows["size"])
    return float(sum(max(8 * n, size) for name, n, size in sizes if wanted is None or name in wanted))
