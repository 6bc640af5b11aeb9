"""The first line of a text table, and what is wrong with one that cannot be read."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """Names of the columns and what stands between them."""

    names: list[str]
    delimiter: str


def header(file: Path, said: str, delimiter: str | None = None) -> Header:
    """Read the names of the columns.

    Parameters
    ----------
    file : Path
    said : str
        What to call the file in messages.
    delimiter : str, optional
        Without it, the one of comma, tab, semicolon and bar that splits the first line into most names.

    Raises
    ------
    ValueError
        For text that is not UTF-8, an empty first line, names that are missing or given twice, or a first
        line that holds numbers only.
    """
    try:
        with _open(file) as text:
            if delimiter is None:
                start = text.readline()
                delimiter = max(DELIMITERS, key=lambda d: len(next(csv.reader([start], delimiter=d), [])))
                text.seek(0)
            names = next(csv.reader(text, delimiter=delimiter), [])
    except UnicodeDecodeError as error:
        raise ValueError(_not_utf8(file, said)) from error
    except csv.Error as error:
        raise ValueError(f"{said}: the first line cannot be read: {error}") from error
    names = [n.strip() for n in names]
    if not names or names == [""]:
        raise ValueError(f"{said}: the first line is empty; it must hold the names of the columns")
    if unnamed := [i for i, n in enumerate(names, 1) if not n]:
        raise ValueError(f"{said}: column {unnamed[0]} of {len(names)} has no name in the first line")
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(f"{said}: two columns share the name {twice[0]!r}; rename one of them")
    if all(_is_number(n) for n in names):
        raise ValueError(
            f"{said}: the first line holds only numbers ({', '.join(names[:3])}...); "
            "it must hold the names of the columns"
        )
    return Header(names, delimiter)


def explain(file: Path, said: str, head: Header, reason: str) -> str:
    """Say in one paragraph why the rows cannot be read, naming the line where one is to blame."""
    width = len(head.names)
    try:
        with _open(file) as text:
            rows = csv.reader(text, delimiter=head.delimiter, strict=True)
            before = 0
            for row in rows:
                if row and len(row) != width:
                    many = rows.line_num > before + 1
                    where = f"lines {before + 1} to {rows.line_num}" if many else f"line {rows.line_num}"
                    return (
                        f"{said}: {where} has {_count(len(row), 'value')}, and the first line names "
                        f"{_count(width, 'column')}: {_shorten(head.delimiter.join(row))!r}"
                    )
                before = rows.line_num
    except UnicodeDecodeError:
        return _not_utf8(file, said)
    except csv.Error as error:
        return (
            f"{said}: the row that begins on line {before + 1} is broken ({error}); a quote may not be closed"
        )
    return f"{said} cannot be read: {reason}"


def _open(file: Path) -> IO[str]:
    return io.TextIOWrapper(_open_bytes(file), encoding="utf-8-sig", newline="")


def _open_bytes(file: Path) -> IO[bytes]:
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    # a GzipFile reads like a file but is no IO[bytes] to the type checker
    return cast(IO[bytes], gzip.open(file, "rb")) if packed else file.open("rb")


def _not_utf8(file: Path, said: str) -> str:
    with _open_bytes(file) as raw:
        for number, line in enumerate(raw, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return (
                    f"{said}: line {number} is not UTF-8 text; convert the file first, for example with "
                    "iconv -f latin1 -t utf-8"
                )
    return f"{said} is not UTF-8 text"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shorten(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
