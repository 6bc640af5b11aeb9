"""adami profile: the whole information profile of a table, as a table here and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli._progress import Meter
from adami.cli._session import (
    INTERRUPTED,
    check_method,
    command,
    err_console,
    load,
    only,
    out_console,
    parse_kinds,
    print_json,
    say_error,
    was_interrupted,
)


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
    format: o.FileFormat = None,
    na: o.Na = None,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Profile a table: a ranking here, and a page with everything that was found.

    Example: adami profile examples/penguins.csv --target species
    """
    check_method(method)
    kinds = parse_kinds(kind)
    page = output or Path("profile.html" if file == "-" else f"{Path(file).stem}.html")
    if not page.resolve().parent.is_dir():
        raise typer.BadParameter(f"--output: there is no folder {str(page.parent)!r}")
    table = load(file, only(column, target), format, na, quiet)
    import adami

    with Meter(quiet) as meter:
        found = adami.profile(
            table,
            target,
            source="standard input" if file == "-" else Path(file).name,
            method=method,
            kinds=kinds,
            missing=missing.value,
            confidence=confidence,
            permutations=permutations,
            random_state=seed,
            n_jobs=jobs,
            progress=meter,
        )
    found.save(page, bits=bits)
    if as_json:
        print_json({**found.to_dict(), "page": str(page)})
    else:
        from adami.cli._show_ranking import show_ranking

        show_ranking(out_console(), found.ranking, bits, quiet)
    if not quiet:
        err_console().print(f"The page is at [bold]{page}[/bold]: open it in a browser.", soft_wrap=True)
    if was_interrupted({d.flag for d in found.ranking.diagnostics}):
        say_error("interrupted; what is shown and on the page was finished before")
        raise typer.Exit(INTERRUPTED)
