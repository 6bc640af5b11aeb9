"""adami profile: the whole information profile of a table, as a table here and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli import _options as o
from adami.cli._progress import Meter
from adami.cli._session import (
    INTERRUPTED,
    check_method,
    command,
    err_console,
    load,
    noticed,
    only,
    out_console,
    page_name,
    parse_kinds,
    print_json,
    say_error,
    was_interrupted,
)

if TYPE_CHECKING:
    from adami._inputs import RawColumns
    from adami.engines.source import Source


@command
def profile(
    file: o.File,
    target: o.Target,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PAGE",
            help="Where the page goes. [default: FILE's name, .html, here]",
            show_default=False,
        ),
    ] = None,
    column: o.Columns = None,
    method: o.Method = "auto",
    kind: o.Kinds = None,
    missing: o.MissingRule = o.Missing.drop,
    confidence: o.Confidence = 0.95,
    permutations: o.Permutations = 199,
    seed: o.Seed = 0,
    jobs: o.Jobs = 1,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="DIR",
            help="Keep every finished piece in this folder, and go on from what is there.",
            show_default=False,
        ),
    ] = None,
    format: o.FileFormat = None,
    na: o.Na = None,
    tol: o.Tol = 0.02,
    max_rows: o.MaxRows = 200_000,
    key: o.Key = None,
    memory_limit: o.MemoryLimit = None,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Profile a table: a ranking here, and a page with everything that was found.

    Example: adami profile examples/penguins.csv --target species
    """
    check_method(method)
    from adami.verbs._sources import with_key

    kinds = parse_kinds(kind)
    page = output or Path(page_name(file))
    if not page.resolve().parent.is_dir():
        raise typer.BadParameter(f"--output: there is no folder {str(page.parent)!r}")
    table = load(file, with_key(only(column, target), key), format, na, quiet, memory_limit)
    import adami

    with noticed(quiet), Meter(quiet) as meter:
        found = adami.profile(
            table,
            target,
            source=_said(file, table),
            method=method,
            kinds=kinds,
            missing=missing.value,
            confidence=confidence,
            permutations=permutations,
            random_state=seed,
            n_jobs=jobs,
            progress=meter,
            tol=tol,
            max_rows=max_rows,
            key=key,
            columns=only(column, target),
            resume=resume,
        )
    if as_json:
        print_json({**found.to_dict(), "page": str(page)})
    else:
        from adami.cli._show_ranking import show_ranking

        show_ranking(out_console(), found.ranking, bits, quiet)
    # the last thing: what was found is shown even where the page cannot be written
    found.save(page, bits=bits)
    if not quiet:
        err_console().print(f"The page is at [bold]{page}[/bold]: open it in a browser.", soft_wrap=True)
    if was_interrupted({d.flag for d in found.ranking.diagnostics}):
        say_error("interrupted; what is shown and on the page was finished before")
        raise typer.Exit(INTERRUPTED)


def _said(file: str, table: RawColumns | Source) -> str:
    """Return what the page calls the table; where it lies in an engine, without a password."""
    if file == "-":
        return "standard input"
    return Path(file).name if isinstance(table, dict) else table.name
