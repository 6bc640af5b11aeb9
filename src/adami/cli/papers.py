"""adami papers: the papers that adami implements, and how far each one is."""

from __future__ import annotations

from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli._session import command, out_console, print_json


@command
def papers(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="Only the paper of this number.", show_default=False)
    ] = None,
    as_json: o.Json = False,
    debug: o.Debug = False,
) -> None:
    """List the papers behind adami, or one of them with what its study measured."""
    from adami.papers import measured, paper
    from adami.papers import papers as register

    chosen = register() if number is None else [paper(number)]
    if as_json:
        rows = [p.to_dict() | {"measured": measured(p.number)} for p in chosen]
        print_json(rows if number is None else rows[0])
        return
    from adami.cli._show_papers import show_paper, show_papers

    if number is None:
        show_papers(out_console(), chosen)
    else:
        show_paper(out_console(), chosen[0])
