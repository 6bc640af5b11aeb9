"""What surrounds every command: reading the table, notes, errors in one paragraph, interruption."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from adami.cli._words import for_shell

if TYPE_CHECKING:
    from rich.console import Console

    from adami._inputs import RawColumns
    from adami.cli._options import Format
    from adami.engines.source import Source
    from adami.variables import Kind

P = ParamSpec("P")
INTERRUPTED = 130
DATA_ERROR = 1
PIPE_WIDTH = 110
"""Columns of text when the output goes to a file or another program."""

MOST_VALUES = 2**26
"""Rows times columns that are read at once out of an engine."""


def command(body: Callable[P, None]) -> Callable[P, None]:
    """Turn what goes wrong inside a command into one readable paragraph and an exit code."""

    @functools.wraps(body)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            body(*args, **kwargs)
        except KeyboardInterrupt:
            say_error("interrupted before there was anything to show")
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            if kwargs.get("debug"):
                raise
            say_error(explain(error))
            raise typer.Exit(DATA_ERROR) from error

    return guarded


def explain(error: Exception) -> str:
    """Return the message of an error that a person can act on; name the kind of any other."""
    from adami.engines._secrets import redact

    # str() of a KeyError is the repr of its message
    text = redact(str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error))
    if isinstance(error, MemoryError):
        return f"the memory does not suffice: {for_shell(text) or 'use fewer rows or columns'}"
    forgotten = isinstance(error, ModuleNotFoundError)
    if (
        not forgotten
        and isinstance(error, ValueError | TypeError | KeyError | OSError | ImportError)
        and text
    ):
        return for_shell(text)
    return f"something unforeseen went wrong ({type(error).__name__}: {text}); --debug shows where"


def say_error(text: str) -> None:
    """Write one paragraph to standard error."""
    console = err_console()
    whole = textwrap.fill(
        f"adami: {text}", max(console.width, 40), break_long_words=False, break_on_hyphens=False
    )
    console.print(whole, style="red", markup=False, highlight=False, soft_wrap=True)


def out_console() -> Console:
    """Return the console for results; NO_COLOR, the width and the encoding of the terminal are respected."""
    return _console(stderr=False)


def err_console() -> Console:
    """Return the console for everything that is not the result."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    import os

    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)
    return console


def print_json(value: Any) -> None:
    """Write strict JSON to standard output."""
    sys.stdout.write(json.dumps(value, allow_nan=False, ensure_ascii=False, indent=2) + "\n")


def load(
    file: str,
    columns: Sequence[str] | None,
    format: Format | None,
    na: Sequence[str] | None,
    quiet: bool,
    memory_limit: str | None = None,
) -> RawColumns | Source:
    """Read the table, or leave it where it is too big to read, and pass on what the reader noticed."""
    from adami.engines._memory import memory_bytes
    from adami.verbs._sources import located

    if memory_limit is not None:
        try:
            memory_bytes(memory_limit)
        except ValueError as error:
            raise typer.BadParameter(f"--memory-limit: {memory_limit!r} is no size; write 4GB") from error
    with noticed(quiet):
        found: RawColumns | Source = located(
            file,
            columns,
            format=None if format is None else format.value,
            na=na or (),
            memory_limit=memory_limit,
        )
        return found


def load_whole(
    file: str,
    columns: Sequence[str] | None,
    format: Format | None,
    na: Sequence[str] | None,
    quiet: bool,
) -> RawColumns:
    """Read all rows of the table, also where an engine holds them."""
    found = load(file, columns, format, na, quiet)
    if isinstance(found, dict):
        return found
    from adami._inputs import raw_columns

    whole: RawColumns = raw_columns(found.read(MOST_VALUES))
    found.close()
    return whole


def page_name(file: str) -> str:
    """Return what the page of a table is called; nothing of a URL but the table's own name."""
    from pathlib import Path

    from adami.verbs._sources import in_engine

    if file == "-":
        return "profile.html"
    if not in_engine(file):
        return f"{Path(file).stem}.html"
    place, _, table = file.partition("::")
    shown = Path("" if "://" in place and not table else table or place)
    words = (shown.stem, shown.parent.name)
    plain = (re.sub(r"[^\w-]+", "", word).strip("_-") for word in words)
    return f"{next((word for word in plain if word), 'profile')}.html"


@contextlib.contextmanager
def noticed(quiet: bool) -> Iterator[None]:
    """Show what warnings say as notes."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            yield
    finally:
        # those of other libraries about themselves are for programmers
        ours = [w for w in caught if issubclass(w.category, UserWarning)]
        for warning in () if quiet else ours:
            err_console().print(f"note: {warning.message}", style="yellow", markup=False)


def parse_kinds(given: Sequence[str] | None) -> dict[str, Kind] | None:
    """Turn COLUMN=KIND into a mapping."""
    from adami.variables import KINDS

    found: dict[str, Kind] = {}
    for text in given or ():
        name, equals, kind = text.rpartition("=")
        known = {str(k): k for k in KINDS}
        if not equals or not name or kind not in known:
            raise typer.BadParameter(f"--kind {text!r}: write COLUMN=KIND, with a kind of {', '.join(KINDS)}")
        found[name] = known[kind]
    return found or None


def check_method(method: str) -> None:
    """Refuse a method that does not exist as a mistake in typing."""
    from adami.estimators.registry import CLASSES, get

    if method not in CLASSES:
        try:
            get(method)
        except ValueError as error:
            raise typer.BadParameter(f"--method: {error}") from error


def only(columns: Sequence[str] | None, *needed: str) -> list[str] | None:
    """Return the columns to read: all, or the chosen and the needed ones."""
    return None if not columns else list(dict.fromkeys([*columns, *needed]))


def was_interrupted(flags: set[str]) -> bool:
    """Tell whether a result is only what was done before Ctrl-C."""
    return "interrupted" in flags
