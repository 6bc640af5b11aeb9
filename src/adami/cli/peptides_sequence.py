"""adami peptides sequence: spectra in, peptides out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adami.cli import _options as o
from adami.cli import _peptide_options as p
from adami.cli._progress import Meter
from adami.cli._session import command, err_console


@command
def sequence(
    file: Annotated[Path, typer.Argument(metavar="SPECTRA", help="An MGF or mzML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write: .mztab, or .tsv. [default: TSV on standard output]",
            show_default=False,
        ),
    ] = None,
    weights: p.Weights = None,
    beams: p.Beams = 5,
    tolerance: p.Tolerance = 50.0,
    isotopes: p.Isotopes = 1,
    constrained: p.Constrained = False,
    rank_by: p.RankBy = p.Ranking.logits,
    charge: p.Charge = None,
    device: p.Device = "auto",
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Read the peptide of every spectrum, with a score of each residue.

    Example: adami peptides sequence spectra.mgf --weights network.safetensors -o peptides.mztab
    """
    if output is not None and output.suffix.lower() not in (".mztab", ".tsv"):
        raise typer.BadParameter(f"--output {output}: peptides are written to .mztab and .tsv files")
    model = p.trained(weights, device)
    from adami.applications.peptides import write_mztab, write_tsv
    from adami.applications.peptides.writers import tsv

    spectra = p.spectra_of([file], charge, quiet)
    with Meter(quiet) as meter:
        model.progress = meter
        found = model.predict(spectra, p.beam_search(beams, tolerance, isotopes, constrained, rank_by))
    if output is None:
        sys.stdout.write(tsv(spectra, found))
    elif output.suffix.lower() == ".tsv":
        write_tsv(output, spectra, found)
    else:
        write_mztab(output, spectra, found, file)
    if not quiet:
        read = sum(bool(f.tokens) for f in found)
        fit = sum(f.fits_precursor for f in found)
        err_console().print(
            f"{read} of {len(found)} spectra have a peptide, {fit} within the precursor's tolerance",
            markup=False,
        )
