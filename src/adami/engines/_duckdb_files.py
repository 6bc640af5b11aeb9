"""DuckDB through Ibis, kept offline: connections with a memory limit, and files as one table."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adami import _delimited, _duck
from adami.engines._errors import Origin
from adami.engines._interrupts import interruptible
from adami.engines._memory import machine_memory
from adami.engines._parquet import check_same_columns, described, other_names
from adami.files import MISSING, Format

SHARE_OF_MEMORY = 0.5
ATTACHED = "adami_file"
"""What a DuckDB file is called in the connection that reads it."""


def import_ibis() -> Any:
    """Import Ibis, or name the extra that is missing."""
    try:
        import ibis
    except ImportError as error:
        raise ImportError("big tables need Ibis with DuckDB: pip install 'adami[engines]'") from error
    return ibis


def connect(memory_limit: str | int | None = None) -> Any:
    """Connect Ibis to a DuckDB that installs nothing, keeps to its memory and has a folder to spill to."""
    ibis = import_ibis()
    folder = tempfile.TemporaryDirectory(prefix="adami-duckdb-", ignore_cleanup_errors=True)
    settings: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": _limit(memory_limit),
        "temp_directory": folder.name,
    }
    con = ibis.duckdb.connect(**settings)
    weakref.finalize(con, folder.cleanup)
    return con


def attach(con: Any, path: Path, name: str) -> None:
    """Attach a new database file."""
    con.con.execute(f"ATTACH {_text(str(path))} AS {_duck.quote(name)}")


def attached(con: Any, path: str) -> dict[str, tuple[str, str]]:
    """Attach a DuckDB file, only to be read, and return schema and name of each of its tables and views.

    A file is not connected to itself: all connections of a process to one file must have the same settings,
    and memory and place to spill are our own.
    """
    try:
        con.con.execute(f"ATTACH {_text(path)} AS {ATTACHED} (READ_ONLY)")
    except _duck.any_error() as error:
        if "already attached" not in str(error) and "Unique file handle" not in str(error):
            raise
        raise ValueError(
            f"{path} is open for writing in this process; close that connection first, or pass a table of "
            "it: ibis.duckdb.from_connection(connection).table(...)"
        ) from error
    listed = (
        "SELECT table_schema, table_name FROM information_schema.tables "
        f"WHERE table_catalog = '{ATTACHED}' ORDER BY table_schema <> 'main', table_schema, table_name"
    )
    found = con.con.execute(listed).fetchall()
    return {name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in found}


def _limit(memory_limit: str | int | None) -> str:
    if isinstance(memory_limit, str):
        return memory_limit
    return f"{(memory_limit or int(SHARE_OF_MEMORY * machine_memory())) // 2**20}MiB"


def origin_of(files: Sequence[Path], kind: Format, said: str) -> Origin:
    """Check what the files say of themselves: the footers of Parquet are checked when they are read."""
    if kind == "arrow":
        raise ValueError(f"{said}: Arrow and Feather files are read whole; convert big ones to Parquet")
    if kind not in ("csv", "tsv"):
        return Origin(tuple(files), kind)
    heads = [_delimited.header(file, str(file), "\t" if kind == "tsv" else None) for file in files]
    for file, head in zip(files[1:], heads[1:]):
        if head.names != heads[0].names:
            raise ValueError(other_names(files[0], heads[0].names, file, head.names))
        if head.delimiter != heads[0].delimiter:
            raise ValueError(
                f"{file} separates its columns by {head.delimiter!r}, "
                f"and {files[0]} by {heads[0].delimiter!r}"
            )
    return Origin(tuple(files), kind, heads[0])


def read(con: Any, origin: Origin, na: Sequence[str]) -> Any:
    """Return files of one format as one table of a connection."""
    paths = "[" + ", ".join(_text(_duck.literal(file)) for file in origin.files) + "]"
    if origin.header is not None:
        _read_delimited(con, paths, origin, na)
    elif origin.format == "parquet":
        check_same_columns(con, origin.files)
        con.raw_sql(f"CREATE VIEW adami_files AS FROM read_parquet({paths}, hive_partitioning=false)")
    else:
        _stage(con, f"SELECT * FROM read_json({paths}, sample_size=-1, union_by_name=true)")
    return con.table("adami_files")


def _read_delimited(con: Any, paths: str, origin: Origin, na: Sequence[str]) -> None:
    """Parse text once, into a table on disk: it is asked many times, and a broken row shows at once."""
    head = origin.header
    if head is None:
        raise TypeError("text files have a header")
    words = "[" + ", ".join(map(_text, (*MISSING, *na))) + "]"
    for sample in (20480, -1):
        reader = (
            f"read_csv({paths}, header=true, delim={_text(head.delimiter)}, quote='\"', escape='\"', "
            f"comment='', skip=0, nullstr={words}, sample_size={sample}, files_to_sniff=-1)"
        )
        try:
            seen = [name for name, _ in described(con, reader)]
            if [name.strip() for name in seen] != head.names:
                break
            named = (f"{_duck.quote(raw)} AS {_duck.quote(name)}" for raw, name in zip(seen, head.names))
            _stage(con, f"SELECT {', '.join(named)} FROM {reader}")
            return
        except _duck.conversion_error():
            # a cell further down does not fit the type of the first rows: look at all of them
            continue
    raise ValueError(origin.broken_part() or f"{origin.files[0]}: its rows do not fit its first line")


def _stage(con: Any, query: str) -> None:
    folder = con.con.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    con.con.execute(f"ATTACH IF NOT EXISTS {_text(str(Path(folder, 'stage.duckdb')))} AS adami_stage")
    made = f"CREATE OR REPLACE TABLE adami_stage.adami_files AS {query}"
    interruptible(con, lambda: con.con.execute(made))
    con.con.execute("CREATE OR REPLACE VIEW adami_files AS FROM adami_stage.adami_files")


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
