"""adami peptides simulate: proteins in, labelled spectra out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli._session import command, err_console


class Intensities(StrEnum):
    """Where heights of fragments come from."""

    auto = "auto"
    rule = "rule"
    ms2pip = "ms2pip"


@command
def simulate(
    file: Annotated[
        Path, typer.Argument(metavar="PROTEINS.fasta", help="Proteins in FASTA.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.mgf", help="Where to write.", show_default=False)
    ],
    most: Annotated[
        int | None,
        typer.Option("--most", "-n", min=1, help="At most so many peptides, drawn.", show_default=False),
    ] = None,
    intensities: Annotated[
        Intensities,
        typer.Option("--intensities", help="Heights by MS2PIP, by the built-in rules, or what there is."),
    ] = Intensities.auto,
    label_noise: Annotated[
        float, typer.Option("--label-noise", min=0.0, max=0.99, help="Share of wrong labels of like mass.")
    ] = 0.0,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Cut proteins by trypsin and write a labelled spectrum of every peptide.

    Example: adami peptides simulate proteins.fasta -o labelled.mgf -n 1000
    """
    import numpy as np

    from adami.applications.peptides import digest, read_fasta, simulate_psms, write_mgf

    peptides = digest(read_fasta(file))
    if not peptides:
        raise ValueError(f"{file}: trypsin leaves no peptide of 7 to 24 residues")
    if most is not None and most < len(peptides):
        chosen = np.random.default_rng(seed).permutation(len(peptides))[:most]
        peptides = [peptides[i] for i in np.sort(chosen)]
    made = simulate_psms(peptides, seed, intensities=intensities.value, label_noise=label_noise)
    write_mgf(output, made.spectra(seed))
    if not quiet:
        wrong = f", {int(made.corrupted.sum())} of them labelled wrongly" if label_noise else ""
        err_console().print(
            f"{output}: {len(made)} spectra{wrong}, heights by {made.intensities}", markup=False
        )
