"""adami peptides: the commands on tandem mass spectra."""

from __future__ import annotations

import typer

from adami.cli.peptides_evaluate import evaluate
from adami.cli.peptides_sequence import sequence
from adami.cli.peptides_simulate import simulate
from adami.cli.peptides_suspects import suspects
from adami.cli.peptides_train import train

peptides = typer.Typer(
    name="peptides",
    no_args_is_help=True,
    help="Read peptides from tandem mass spectra, and find labels that spectra speak against.",
)
for command in (sequence, train, evaluate, simulate, suspects):
    peptides.command()(command)
