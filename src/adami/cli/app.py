"""The `adami` command and its list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from adami.cli.acquire import acquire
from adami.cli.channel import channel
from adami.cli.matrix import matrix
from adami.cli.measure import measure
from adami.cli.papers import papers
from adami.cli.peptides import peptides
from adami.cli.profile import profile
from adami.cli.rank import rank

app = typer.Typer(
    name="adami",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with:  adami profile TABLE.csv --target COLUMN",
)
for command in (profile, rank, matrix, measure, channel, papers):
    app.command()(command)
app.add_typer(acquire)
app.add_typer(peptides)


def _version(asked: bool) -> None:
    if asked:
        from adami._version import __version__

        print(f"adami {__version__}")
        raise typer.Exit


@app.callback()
def adami(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Say which version this is.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Measure how much one thing tells about another.

    Every command reads CSV, TSV, Parquet, JSON lines, Arrow and Feather files, or - for standard input.
    Exit codes: 0 done, 1 the data cannot be used, 2 the command was typed wrongly, 130 interrupted.
    """


def main() -> None:
    """Run the command line."""
    app()
