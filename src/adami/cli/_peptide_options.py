"""What the commands on peptides share."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli._session import err_console

if TYPE_CHECKING:
    from adami.applications.peptides import AdaNovo, BeamSearch, Spectrum


class Ranking(StrEnum):
    """What is averaged over a beam to rank it."""

    logits = "logits"
    probability = "probability"


_SEARCH = "How peptides are searched for"

Spectra = Annotated[
    list[Path],
    typer.Argument(metavar="SPECTRA...", help="MGF or mzML files.", show_default=False),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        "-w",
        metavar="FILE",
        help="A network that 'adami peptides train' wrote. [default: the one that comes with adami, where "
        "there is one]",
        show_default=False,
    ),
]
Charge = Annotated[
    int | None,
    typer.Option(
        "--charge", min=1, help="Charge of spectra whose file does not tell it.", show_default=False
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Beams = Annotated[
    int, typer.Option("--beams", min=1, help="Width of the search; 1 is greedy.", rich_help_panel=_SEARCH)
]
Tolerance = Annotated[
    float,
    typer.Option("--tolerance", metavar="PPM", help="Of the precursor's mass.", rich_help_panel=_SEARCH),
]
Isotopes = Annotated[
    int,
    typer.Option(
        "--isotopes",
        min=0,
        help="Most heavy carbon atoms in the observed precursor.",
        rich_help_panel=_SEARCH,
    ),
]
Constrained = Annotated[
    bool,
    typer.Option(
        "--mass-constrained/--free",
        help="Consider only residues after which the precursor's mass can still be met.",
        rich_help_panel=_SEARCH,
    ),
]
RankBy = Annotated[
    Ranking,
    typer.Option(
        "--rank-by",
        help="What ranks a beam: mean logit, as published, or mean log-probability.",
        rich_help_panel=_SEARCH,
    ),
]


def trained(weights: Path | None, device: str) -> AdaNovo:
    """Return the network of a file, or the one that comes with adami."""
    from adami.applications.peptides import AdaNovo

    return AdaNovo.load("adanovo" if weights is None else weights, device=device)


def beam_search(
    beams: int, tolerance: float, isotopes: int, constrained: bool, rank_by: Ranking
) -> BeamSearch:
    """Return the search that the options describe."""
    from adami.applications.peptides import BeamSearch

    return BeamSearch(
        n_beams=beams,
        tolerance=tolerance,
        isotopes=(0, isotopes),
        ranking=rank_by.value,
        mass_constrained=constrained,
    )


def spectra_of(files: Sequence[Path], charge: int | None, quiet: bool) -> list[Spectrum]:
    """Read all files, and say what was left out of each."""
    from adami.applications.peptides import read_spectra

    found = []
    for file in files:
        read = read_spectra(file, charge=charge)
        found += read.spectra
        if read.skipped and not quiet:
            err_console().print(f"note: {read.summary}", style="yellow", markup=False)
    return found


def labelled_of(files: Sequence[Path], charge: int | None, quiet: bool) -> list[Spectrum]:
    """Read all files; refuse spectra without a peptide."""
    found = spectra_of(files, charge, quiet)
    unlabelled = next((s for s in found if not s.peptide), None)
    if unlabelled is not None:
        raise ValueError(
            f"{unlabelled.name} has no peptide; labelled spectra, with SEQ= in MGF, are needed here"
        )
    return found
