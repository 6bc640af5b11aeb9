"""adami acquire: learn what to ask next, ask, and see what asking brings."""

from __future__ import annotations

import typer

from adami.cli.acquire_ask import ask
from adami.cli.acquire_curve import curve
from adami.cli.acquire_train import train

acquire = typer.Typer(
    name="acquire",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Learn which column to ask for next, ask one question at a time, and see what asking brings.",
    epilog="Start with:  adami acquire train TABLE.csv --target COLUMN",
)
for command in (train, ask, curve):
    acquire.command()(command)
