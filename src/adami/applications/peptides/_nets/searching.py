"""Peptides of many spectra: batches of like mass through encoder and beam search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from adami.applications.peptides._nets.network import PeptideNet
from adami.applications.peptides._nets.stepwise import StepwiseDecoder
from adami.applications.peptides.batches import Batch
from adami.applications.peptides.beams import BeamSearch, search
from adami.applications.peptides.precursors import PrecursorCheck, reachable_masses
from adami.applications.peptides.predictions import PeptidePrediction, by_mass, prediction
from adami.applications.peptides.spectra import Preprocessing, Spectrum
from adami.estimators._nets.fit import device_of, one_thread


def sequence(
    net: PeptideNet,
    spectra: Sequence[Spectrum],
    preprocessing: Preprocessing,
    how: BeamSearch,
    batch_size: int,
    device: str,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[list[PeptidePrediction]]:
    """Return the best peptides of each spectrum, in the order of the spectra."""
    if how.max_length > net.shape.max_length:
        raise ValueError(
            f"max_length={how.max_length} is above the {net.shape.max_length} residues of this network"
        )
    found: list[list[PeptidePrediction]] = [[] for _ in spectra]
    if not len(spectra):
        return found
    net = net.to(device_of(device)).eval()
    observed = np.array([s.precursor_mz for s in spectra])
    charge = np.array([s.charge for s in spectra], dtype=np.int64)
    reachable = None
    if how.mass_constrained:
        check = PrecursorCheck(observed, charge, how.tolerance, how.isotopes)
        reachable = reachable_masses(net.words, check, how.max_length)
    done = 0
    with torch.no_grad(), one_thread(device):
        for rows in by_mass(observed, charge, batch_size):
            mz, intensity = preprocessing.spectra([spectra[i] for i in rows])
            none = np.zeros((len(rows), 0), dtype=np.int64)
            decoder = StepwiseDecoder(net, Batch(mz, intensity, observed[rows], charge[rows], none))
            beams = search(decoder, observed[rows], charge[rows], net.words, how, reachable)
            for i, row in zip(rows, beams):
                found[i] = [prediction(f, int(charge[i]), net.words) for f in row]
            done += len(rows)
            if progress is not None:
                progress(done, len(spectra), "reading spectra")
    return found
