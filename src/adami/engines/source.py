"""Where a big table is: an Ibis table, files, a DuckDB file or the URL of a backend -> one `Source`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adami._lazy_tables import is_lazy_table
from adami.engines import _duckdb_files, _errors, _spark
from adami.engines._interrupts import interruptible
from adami.engines._paths import matching
from adami.engines._secrets import redact
from adami.files import Format, _format_of, _near_files
from adami.variables import unknown_column

if TYPE_CHECKING:
    from adami.engines._errors import Origin

SEPARATOR = "::"
BEFORE_TABLE = r"::(?![^\[\]]*\])"
"""The separator, which also stands in numeric addresses: ``[::1]``."""
DATABASES = (".duckdb", ".ddb", ".db")


@dataclass(frozen=True)
class Source:
    """A table that stays where it is.

    Parameters
    ----------
    table : ibis Table
        What is asked; nothing is read until a number is wanted.
    name : str
        For people; never with a password.
    backend : str
        Name of the engine, such as ``"duckdb"`` or ``"pyspark"``.
    origin : Origin
        The files behind it, to tell which of them is broken.
    opened_here : bool
        Whether `open_source` made the connection, so that `close` may end it.
    """

    table: Any
    name: str
    backend: str
    origin: Origin = field(default_factory=lambda: _errors.Origin(), repr=False)
    opened_here: bool = field(default=False, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.columns)

    def close(self) -> None:
        """Let go of files; a connection that came with an Ibis table stays open."""
        if self.opened_here and self.backend == "duckdb":
            self.table._find_backend(use_default=True).disconnect()

    def require(self, names: Iterable[str]) -> None:
        """Raise a KeyError, with near spellings, when a column does not exist."""
        known = list(self.columns)
        for name in names:
            if name not in known:
                raise KeyError(f"{self.name}: {unknown_column(name, known)}")

    def fetch(self, expression: Any) -> dict[str, list[Any]]:
        """Run an Ibis expression in the engine and return its (few) rows as columns.

        Raises
        ------
        ValueError
            For broken files, naming file and row group or line.
        OSError
            For a full disk.
        MemoryError
            When the engine's memory limit does not suffice.
        """
        columns: dict[str, list[Any]] = self._answer(expression).to_pydict()
        return columns

    def read(self, most: int) -> Any:
        """Bring all rows here, in their order, as an Arrow table.

        Parameters
        ----------
        most : int
            Most values, rows times columns, that may be brought.

        Raises
        ------
        ValueError
            For more values than that, and as `fetch`.
        """
        rows = self.fetch(self.table.aggregate(n=self.table.count()))["n"][0]
        if rows * len(self.columns) > most:
            raise ValueError(
                f"{self.name} has {rows:,} rows of {len(self.columns)} columns, too many to be worked on in "
                "memory; choose fewer columns, or give a part of it"
            )
        return self._answer(self.table)

    def _answer(self, expression: Any) -> Any:
        with _errors.explained(self.name, self.origin), warnings.catch_warnings():
            # what Spark and DuckDB say of the versions of pandas and Ibis is nothing that a user can change
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return interruptible(self.table._find_backend(use_default=True), expression.to_pyarrow)


def open_source(
    where: Any,
    *,
    columns: Sequence[str] | None = None,
    format: Format | None = None,
    na: Iterable[str] = (),
    memory_limit: str | int | None = None,
) -> Source:
    """Open a table wherever it is, without reading it.

    Parameters
    ----------
    where : Source, ibis Table, str or Path
        - an Ibis table;
        - a file or a pattern of files (``"data/*.parquet"``, ``"logs/2024-*.csv.gz"``), read by DuckDB;
        - a DuckDB file, with ``::table`` where it holds several (``"sales.duckdb::orders"``);
        - the URL of an Ibis backend, with the table after ``::`` (``"postgres://host/db::orders"``), or the
          files that it reads (``"spark://local[2]::data/*.parquet"``, ``"spark://host:7077::hdfs://data/*.parquet"``,
          ``"duckdb://::data/*.parquet"``).
    columns : list of str, optional
        Only these.
    format : {"csv", "tsv", "parquet", "jsonl"}, optional
        Overrides what the suffix of the files says.
    na : iterable of str
        Further words that stand for a missing value in text files.
    memory_limit : str or int, optional
        What DuckDB may use, as ``"4GB"`` or in bytes; half of the machine's memory by default.

    Returns
    -------
    Source

    Raises
    ------
    FileNotFoundError
        If no file is there, or none fits the pattern.
    ValueError
        For broken files, files of a pattern whose columns differ, and unknown backends.
    KeyError
        If a column or a table does not exist; near spellings are offered.
    ImportError
        Naming the extra that is missing.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from adami.engines import open_source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for i in range(2):
    ...         rows = pathlib.Path(folder, f"part{i}.csv").write_text("size,colour\\n1,red\\n2,blue\\n")
    ...     source = open_source(f"{folder}/*.csv")
    ...     source.backend, source.columns, source.table.count().to_pyarrow().as_py()
    ('duckdb', ('size', 'colour'), 4)
    """
    source = where if isinstance(where, Source) else _open(where, format, tuple(na), memory_limit)
    if columns is None:
        return source
    if len(set(columns)) != len(columns):
        raise ValueError(f"a column is asked for twice: {', '.join(columns)}")
    source.require(columns)
    return replace(source, table=source.table.select(*columns))


def _open(where: Any, format: Format | None, na: tuple[str, ...], memory_limit: str | int | None) -> Source:
    if is_lazy_table(where):
        backend = where._find_backend(use_default=True).name
        return Source(where, f"the {backend} table", backend)
    if not isinstance(where, str | Path):
        raise TypeError(
            f"expected an Ibis table, a path, a pattern of files or a URL, got {type(where).__name__}"
        )
    text = str(where)
    if "://" in text:
        return _open_url(text, format, na, memory_limit)
    path, _, table = (
        text.partition(SEPARATOR) if SEPARATOR in text and not Path(text).exists() else (text, "", "")
    )
    if Path(path).suffix.lower() in DATABASES:
        return _open_database(path, table, memory_limit)
    if table:
        raise ValueError(
            f"{text}: only a DuckDB file ({', '.join(DATABASES)}) or a URL holds tables to name after '::'"
        )
    return _open_files(path, format, na, memory_limit)


def _open_files(
    pattern: str, format: Format | None, na: tuple[str, ...], memory_limit: str | int | None
) -> Source:
    files = matching(pattern)
    kind = format or _common_format(files)
    origin = _duckdb_files.origin_of(files, kind, pattern)
    with _errors.explained(pattern, origin):
        table = _duckdb_files.read(_duckdb_files.connect(memory_limit), origin, na)
    return Source(table, pattern, "duckdb", origin, opened_here=True)


def _common_format(files: Sequence[Path]) -> Format:
    kinds = {_format_of(f): f for f in files}
    if len(kinds) > 1:
        said = ", ".join(f"{file} is {kind}" for kind, file in kinds.items())
        raise ValueError(f"the files have several formats: {said}; narrow the pattern, or say format=")
    return next(iter(kinds))


def _open_database(path: str, table: str, memory_limit: str | int | None) -> Source:
    if not Path(path).exists():
        raise FileNotFoundError(f"no such file: {path}{_near_files(Path(path))}")
    with _errors.explained(path, _errors.Origin()):
        con = _duckdb_files.connect(memory_limit)
        try:
            held = _duckdb_files.attached(con, path)
            chosen = _only(list(held), table, path)
        except Exception:
            con.disconnect()
            raise
        found = con.table(held[chosen][1], database=(_duckdb_files.ATTACHED, held[chosen][0]))
        return Source(found, f"{path}{SEPARATOR}{chosen}", "duckdb", opened_here=True)


def _only(tables: Sequence[str], wanted: str, name: str) -> str:
    if wanted:
        if wanted not in tables:
            told = unknown_column(wanted, list(tables)).replace("columns are", "tables are")
            raise KeyError(f"{name}: {told.replace('no column', 'no table', 1)}")
        return wanted
    if len(tables) != 1:
        said = ", ".join(tables) or "none"
        raise ValueError(f"{name} holds {len(tables)} tables ({said}); name one: {name}{SEPARATOR}table")
    return str(tables[0])


def _open_url(url: str, format: Format | None, na: tuple[str, ...], memory_limit: str | int | None) -> Source:
    address, rest = (*re.split(BEFORE_TABLE, url, maxsplit=1), "")[:2]
    name = redact(url)
    scheme = address.partition("://")[0]
    if scheme in ("spark", "pyspark"):
        with _errors.explained(name, _errors.Origin()):
            table, origin = _spark.read(address, rest, format, name)
        return Source(table, name, "pyspark", origin)
    if scheme == "duckdb":
        path = address.partition("://")[2]
        if not path:
            return _open_files(rest, format, na, memory_limit)
        return _open_database(path, rest, memory_limit)
    if scheme == "file":
        return _open_files(url.partition("://")[2], format, na, memory_limit)
    ibis = _duckdb_files.import_ibis()
    with _errors.explained(name, _errors.Origin()):
        try:
            con = ibis.connect(address)
        except ImportError as error:
            raise ImportError(
                f"{scheme}:// needs Ibis with its backend: pip install 'ibis-framework[{scheme}]'"
            ) from error
        chosen = _only(con.list_tables(), rest, redact(address))
        return Source(con.table(chosen), redact(f"{address}{SEPARATOR}{chosen}"), con.name)
