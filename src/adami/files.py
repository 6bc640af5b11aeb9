"""Tables on disk -> raw columns: text, Parquet and JSON lines by DuckDB, Arrow and Feather by pyarrow."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adami import _delimited, _duck
from adami._inputs import RawColumns, _one_column, raw_columns
from adami.variables import unknown_column

Format = Literal["csv", "tsv", "parquet", "jsonl", "arrow"]
FORMATS: tuple[Format, ...] = ("csv", "tsv", "parquet", "jsonl", "arrow")
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""Words that stand for a missing value in text tables."""
ALMOST = 0.9
"""A text column with at least this share of numbers gets a warning."""


def read(
    path: str | Path,
    columns: Sequence[str] | None = None,
    *,
    format: Format | None = None,
    na: Iterable[str] = (),
) -> RawColumns:
    """Read a table from a file.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.tsv``, ``.parquet``, ``.jsonl`` or ``.arrow``/``.feather`` file (text tables may be
        gzipped: ``.csv.gz``), or ``"-"`` for standard input.
    columns : list of str, optional
        Only these, in this order.
    format : {"csv", "tsv", "parquet", "jsonl", "arrow"}, optional
        Overrides what the suffix says; standard input is taken for CSV or TSV without it.
    na : iterable of str
        Words that stand for a missing value in text tables, beside the empty cell and those in `MISSING`.

    Returns
    -------
    dict of str -> numpy.ndarray
        One array a column: float64, int64, bool, datetime64, timedelta64 or object. Missing numbers are NaN,
        missing dates NaT, missing labels None.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, has no rows, a broken row, two columns of one name, or an unknown format.
    KeyError
        If a column does not exist; near spellings are offered.
    ImportError
        If the format needs an extra that is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "tiny.csv"
    >>> _ = path.write_text("size,colour\\n1.5,red\\nNA,blue\\n")
    >>> from adami.files import read
    >>> table = read(path)
    >>> table["size"].tolist(), table["colour"].tolist()
    ([1.5, nan], ['red', 'blue'])
    >>> folder.cleanup()
    """
    if columns is not None and len(set(columns)) != len(columns):
        raise ValueError(f"a column is asked for twice: {', '.join(columns)}")
    if format is not None and format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; choose one of {', '.join(FORMATS)}")
    if str(path) == "-":
        return _read_stdin(columns, format, tuple(na))
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"no such file: {path}{_near_files(file)}")
    if file.is_dir():
        raise ValueError(f"{path} is a folder, not a file")
    if file.stat().st_size == 0:
        raise ValueError(f"{path} is empty")
    return _read_as(format or _format_of(file), file, str(path), columns, (*MISSING, *na))


def _format_of(file: Path) -> Format:
    suffixes = [s.lower() for s in file.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{file}: the suffix {suffix!r} is not one that is understood ({', '.join(SUFFIXES)}); "
            f"say what it is with --format ({', '.join(FORMATS)})"
        )
    return SUFFIXES[suffix]


def _near_files(file: Path) -> str:
    import difflib

    if not file.parent.is_dir():
        return f" (there is no folder {str(file.parent)!r})"
    near = difflib.get_close_matches(file.name, [p.name for p in file.parent.iterdir()], n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _read_stdin(columns: Sequence[str] | None, format: Format | None, na: tuple[str, ...]) -> RawColumns:
    with tempfile.NamedTemporaryFile(prefix="adami-", suffix=".input") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        if copy.tell() == 0:
            raise ValueError("standard input is empty")
        return _read_as(format or "csv", Path(copy.name), "standard input", columns, (*MISSING, *na))


def _read_as(
    kind: Format, file: Path, said: str, columns: Sequence[str] | None, na: tuple[str, ...]
) -> RawColumns:
    if kind == "arrow":
        return _read_arrow(file, said, columns)
    if kind in ("csv", "tsv"):
        return _read_delimited(file, said, columns, na, kind)
    reader = "read_parquet(?)" if kind == "parquet" else "read_json(?, sample_size=-1)"
    source = _duck.literal(file)
    try:
        known = _duck.run(f"SELECT * FROM {reader} LIMIT 0", source)[0]
        names = _choose(said, [name for name, _ in known], columns)
        types, found = _duck.run(f"SELECT {_duck.chosen(names, dict(known))} FROM {reader}", source)
    except _duck.any_error() as error:
        what = "Parquet" if kind == "parquet" else "JSON lines"
        raise ValueError(f"{said} cannot be read as {what}: {_duck.first_line(error)}") from error
    if kind == "jsonl":
        found = {name: _from_json(v, na) if t == "JSON" else v for (name, t), v in zip(types, found.values())}
    return _finish(found, said)


def _read_delimited(
    file: Path, said: str, columns: Sequence[str] | None, na: tuple[str, ...], kind: Format
) -> RawColumns:
    """Read the header ourselves, so that names and the delimiter are certain, and the rows with DuckDB."""
    head = _delimited.header(file, said, "\t" if kind == "tsv" else None)
    names = _choose(said, head.names, columns)
    source = _duck.literal(file)
    options = f"header=true, delim='{head.delimiter}', quote='\"', escape='\"', comment='', skip=0, nullstr=?"
    try:
        for sample in (20480, -1):
            reader = f"read_csv(?, {options}, sample_size={sample})"
            try:
                seen = _duck.run(f"SELECT * FROM {reader} LIMIT 0", source, list(na))[0]
                if [name.strip() for name, _ in seen] != head.names:
                    break  # the sniffer took the rows for something else, so one of them is broken
                as_written = {clean: (name, type_) for clean, (name, type_) in zip(head.names, seen)}
                chosen = dict(as_written[name] for name in names)
                found = _duck.run(
                    f"SELECT {_duck.chosen(list(chosen), chosen)} FROM {reader}", source, list(na)
                )[1]
                _warn_of_almost_numbers(
                    reader, [n for n, t in chosen.items() if t == "VARCHAR"], source, list(na), said
                )
                return _finish({name: found[as_written[name][0]] for name in names}, said)
            except _duck.conversion_error():
                # a cell further down does not fit the type of the first rows: look at all of them
                continue
    except _duck.any_error() as error:
        raise ValueError(_delimited.explain(file, said, head, _duck.first_line(error))) from error
    raise ValueError(_delimited.explain(file, said, head, "its rows do not fit its first line"))


def _warn_of_almost_numbers(reader: str, names: list[str], source: str, na: list[str], said: str) -> None:
    """Say so when a few cells turn a column of numbers into one of labels."""
    if not names:
        return
    asked = [
        f"count({q}), count(TRY_CAST({q} AS DOUBLE)), min({q}) FILTER (TRY_CAST({q} AS DOUBLE) IS NULL)"
        for q in map(_duck.quote, names)
    ]
    values = list(_duck.run(f"SELECT {', '.join(asked)} FROM {reader}", source, na)[1].values())
    for j, name in enumerate(names):
        cells, numbers, other = (values[3 * j + i][0] for i in range(3))
        if ALMOST * cells <= numbers < cells:
            warnings.warn(
                f"{said}: column {name.strip()!r} is read as labels because {cells - numbers} of its {cells} "
                f"values are not numbers, such as {other!r}; if that means missing, say so "
                f"(--na {other!r} on the command line, na=[{other!r}] in Python)",
                stacklevel=4,
            )


def _choose(said: str, known: list[str], columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return known
    for name in columns:
        if name not in known:
            raise KeyError(f"{said}: {unknown_column(name, known)}")
    return list(columns)


def _from_json(values: Any, na: tuple[str, ...]) -> Any:
    """Decode a column whose values have several types."""
    cells = [None if v is None or v is np.ma.masked else json.loads(v) for v in values]
    return [None if isinstance(v, str) and v in na else v for v in cells]


def _finish(found: dict[str, Any], said: str) -> RawColumns:
    if not found:
        raise ValueError(f"{said} has no columns")
    if len(next(iter(found.values()))) == 0:
        raise ValueError(f"{said} has a header but no rows")
    return {name: _one_column(_booleans(values), name) for name, values in found.items()}


def _booleans(values: Any) -> Any:
    """Booleans with gaps are labels, not the numbers 0, 1 and NaN."""
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind == "b":
        return [None if v is np.ma.masked else bool(v) for v in values]
    return values


def _read_arrow(file: Path, said: str, columns: Sequence[str] | None) -> RawColumns:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ImportError(
            f"{said}: Arrow and Feather files need the extra: pip install 'adami[arrow]'"
        ) from error
    try:
        with pa.OSFile(str(file), "rb") as source:
            try:
                table = pa.ipc.open_file(source).read_all()
            except pa.ArrowInvalid:
                source.seek(0)
                table = pa.ipc.open_stream(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(
            f"{said} cannot be read as Arrow or Feather: {str(error).splitlines()[0]}"
        ) from error
    names = table.column_names
    if len(set(names)) != len(names):
        raise ValueError(
            f"{said}: two columns share a name: {sorted({c for c in names if names.count(c) > 1})}"
        )
    chosen = table.select(_choose(said, names, columns))
    if chosen.num_rows == 0:
        raise ValueError(f"{said} has a header but no rows")
    return raw_columns(chosen)
