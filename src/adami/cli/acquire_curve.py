"""adami acquire curve: accuracy against columns asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli._session import command, load_whole, noticed, out_console, print_json


@command
def curve(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.json", help="What acquire train wrote.", show_default=False)
    ],
    file: o.File,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="CURVE.png",
            help="Where the figure goes (png, svg or pdf). [default: MODEL.png]",
            show_default=False,
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, help="Largest number of columns.", show_default=False),
    ] = None,
    format: o.FileFormat = None,
    na: o.Na = None,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Draw accuracy against columns asked for, beside static orders and all columns at once.

    Of the table of the training, only rows that were kept out of it are used.

    Example: adami acquire curve penguins.model.json examples/penguins.csv
    """
    from adami.acquisition import Questionnaire

    asks = Questionnaire.load(model)
    table = load_whole(file, None, format, na, quiet)
    with noticed(quiet):
        found = asks.curve(table, most)
    if as_json:
        print_json(found.to_dict())
        return
    goal = out or model.with_suffix(".png")
    found.plot(goal)
    if quiet:
        print(goal)
        return
    console = out_console()
    last = len(found.asked) - 1
    few = next((k for k in range(last + 1) if found.accuracy["adaptive"][k] >= found.everything - 0.01), last)
    console.print(
        f"all {asks.model_.selector_.n_units} columns: {found.everything:.3f} on {found.n} rows; asking "
        f"adaptively, {few} of them reach {found.accuracy['adaptive'][few]:.3f}",
        markup=False,
    )
    console.print(f"written to {goal}", markup=False)
