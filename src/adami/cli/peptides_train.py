"""adami peptides train: labelled spectra in, a network out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli import _options as o
from adami.cli import _peptide_options as p
from adami.cli._progress import Meter
from adami.cli._session import command, err_console, noticed, print_json

if TYPE_CHECKING:
    from adami.applications.peptides.adanovo import Labelled
    from adami.applications.peptides.spectra import Preprocessing


class Reweight(StrEnum):
    """What residues and spectra count."""

    cmi = "cmi"
    none = "none"


FASTA = (".fasta", ".fa", ".faa")


@command
def train(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...",
            help="Labelled MGF files, or FASTA files of proteins whose spectra are simulated anew in every "
            "step.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write the network.", show_default=False
        ),
    ],
    validation: Annotated[
        list[Path] | None,
        typer.Option(
            "--validation",
            metavar="FILE",
            help="Labelled MGF to choose the weights by; repeat it for more. [default: a tenth of the "
            "peptides is held out]",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            metavar="FOLDER",
            help="Keep the training there, and go on from it.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Batches to train on.")] = 20_000,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Spectra in a batch.")] = 32,
    width: Annotated[int, typer.Option("--width", help="Width of the network.")] = 128,
    layers: Annotated[int, typer.Option("--layers", min=1, help="Layers of encoder and decoder.")] = 3,
    peaks: Annotated[int, typer.Option("--peaks", min=1, help="Peaks read of a spectrum.")] = 64,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 1e-3,
    reweight: Annotated[
        Reweight,
        typer.Option("--reweight", help="Weigh by what spectra tell, or plain cross-entropy."),
    ] = Reweight.cmi,
    s1: Annotated[float, typer.Option("--s1", min=0.0, help="Deviation of the weights of residues.")] = 0.3,
    s2: Annotated[float, typer.Option("--s2", min=0.0, help="Deviation of the weights of spectra.")] = 0.1,
    charge: p.Charge = None,
    device: p.Device = "auto",
    seed: o.Seed = 0,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Train a network on labelled or simulated spectra.

    Examples: adami peptides train labelled.mgf -o network.safetensors --checkpoint training
    adami peptides train proteins.fasta -o network.safetensors --steps 50000
    """
    from adami.applications.peptides import AdaNovo, Preprocessing

    how = Preprocessing(n_peaks=peaks)
    source = _source(files, charge, seed, quiet, how)
    held = None if validation is None else p.labelled_of(validation, charge, quiet)
    with noticed(quiet), Meter(quiet) as meter:
        model = AdaNovo(
            d_model=width,
            n_layers=layers,
            preprocessing=how,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
            reweight=reweight.value,
            s1=s1,
            s2=s2,
            device=device,
            random_state=seed,
            progress=meter,
            checkpoint=checkpoint,
        ).fit(source, held)
    model.save(output)
    history = model.history_
    told = {
        "network": str(output),
        "steps": history.steps,
        "best_step": history.best_step,
        "stopped": history.stopped,
        "validation_nats": -history.best if history.validation else None,
    }
    if as_json:
        print_json(told)
    elif not quiet:
        loss = f", validation {-history.best:.3f} nats a residue" if history.validation else ""
        err_console().print(
            f"{output}: {history.steps} steps, {history.stopped}, best at {history.best_step}{loss}",
            markup=False,
        )


def _source(files: list[Path], charge: int | None, seed: int, quiet: bool, how: Preprocessing) -> Labelled:
    """Return what to train on: spectra of files, or of the peptides of proteins."""
    from adami.applications.peptides import digest, read_fasta, simulate_psms

    proteins = [f for f in files if f.suffix.lower() in FASTA]
    if not proteins:
        spectra: Labelled = p.labelled_of(files, charge, quiet)
        return spectra
    if len(proteins) < len(files):
        raise typer.BadParameter("train on spectra or on proteins, not on both at once")
    found = digest(sequence for f in proteins for sequence in read_fasta(f))
    made = simulate_psms(found, seed, preprocessing=how)
    if not quiet:
        err_console().print(
            f"{len(found)} peptides; heights of fragments by {made.intensities}", markup=False
        )
    source: Labelled = made
    return source
