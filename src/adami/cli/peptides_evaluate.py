"""adami peptides evaluate: how well labelled spectra are read."""

from __future__ import annotations

from adami.cli import _options as o
from adami.cli import _peptide_options as p
from adami.cli._progress import Meter
from adami.cli._session import command, noticed, out_console, print_json

WORDS = {
    "aa_precision": "residues read that are right",
    "aa_recall": "residues of the labels that were read",
    "peptide_precision": "peptides read without a mistake",
    "coverage": "spectra with a peptide",
    "ptm_recall": "modified residues of the labels that were read",
    "ptm_precision": "modified residues read that are right",
    "auc": "area under precision over coverage",
    "forced_accuracy": "residues right after the true ones before",
    "prior_accuracy": "the same without the spectrum",
    "information": "what spectra tell about a residue, nats",
}


@command
def evaluate(
    files: p.Spectra,
    weights: p.Weights = None,
    beams: p.Beams = 5,
    tolerance: p.Tolerance = 50.0,
    isotopes: p.Isotopes = 1,
    constrained: p.Constrained = False,
    rank_by: p.RankBy = p.Ranking.logits,
    charge: p.Charge = None,
    device: p.Device = "auto",
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Read labelled spectra and compare with their labels.

    Example: adami peptides evaluate labelled.mgf --weights network.safetensors
    """
    model = p.trained(weights, device)
    spectra = p.labelled_of(files, charge, quiet)
    with noticed(quiet), Meter(quiet) as meter:
        model.progress = meter
        told = model.score(spectra, p.beam_search(beams, tolerance, isotopes, constrained, rank_by))
    if as_json:
        print_json({"spectra": len(spectra), **told})
        return
    console = out_console()
    console.print(f"{len(spectra)} spectra", markup=False)
    for name, value in told.items():
        console.print(f"{value:8.4f}  {WORDS[name]} ({name})", markup=False)
