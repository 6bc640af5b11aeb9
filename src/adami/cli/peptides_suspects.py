"""adami peptides suspects: which labels their spectra speak against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli import _options as o
from adami.cli import _peptide_options as p
from adami.cli._session import command, err_console, noticed, out_console, print_json

if TYPE_CHECKING:
    from adami.applications.peptides import PSMInformation, Spectrum


@command
def suspects(
    files: p.Spectra,
    weights: p.Weights = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="So many are shown.")] = 20,
    below: Annotated[
        float | None,
        typer.Option(
            "--below",
            metavar="NATS",
            help="Only matches whose mean information is below this; below 0 the spectrum speaks against "
            "its label.",
            show_default=False,
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="FOLDER",
            help="Draw the distribution of all matches, and each shown spectrum with its fragments.",
            show_default=False,
        ),
    ] = None,
    charge: p.Charge = None,
    device: p.Device = "auto",
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Rank labelled spectra by what each tells about its label, the most suspicious first.

    Example: adami peptides suspects labelled.mgf --weights network.safetensors --figures suspects
    """
    model = p.trained(weights, device)
    spectra = p.labelled_of(files, charge, quiet)
    with noticed(quiet):
        found = model.cmi(spectra)
    rows = found.suspects(most, below=below)
    if figures is not None:
        _draw(figures, spectra, found, [int(i) for i in rows])
        if not quiet:
            err_console().print(f"{len(rows) + 1} figures in {figures}", markup=False)
    told = found.to_rows()[: len(rows)]
    if as_json:
        print_json({"matches": len(found), "suspects": told})
        return
    console = out_console()
    console.print("nats a residue  least residue  spectrum  label", markup=False)
    for row in told:
        console.print(
            f"{row['information']:14.3f}  {row['least_residue']:13.3f}  {row['name']}  {row['peptide']}",
            markup=False,
            soft_wrap=True,
        )


def _draw(folder: Path, spectra: list[Spectrum], found: PSMInformation, rows: list[int]) -> None:
    from adami.applications.peptides import plot_information, plot_spectrum

    folder.mkdir(parents=True, exist_ok=True)
    plot_information(found, rows).savefig(folder / "information.png", dpi=120)
    for rank, i in enumerate(rows, start=1):
        drawn = plot_spectrum(spectra[i], information=found.residues[i])
        drawn.savefig(folder / f"suspect_{rank:03d}.png", dpi=120)
