"""Peptides that were read from spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adami.applications.peptides.beams import Found
from adami.applications.peptides.residues import Vocabulary

NO_SCORE = -1.0
"""Score of a spectrum that no peptide was found for: no found one scores lower."""


@dataclass(frozen=True, slots=True)
class PeptidePrediction:
    """The peptide of one spectrum.

    Attributes
    ----------
    sequence : str
        From N to C; empty where no peptide was found.
    tokens : tuple of str
        Its residues.
    score : float
        Between -1 and 1; what misses the precursor's mass is below 0.
    aa_scores : tuple of float
        One for each token.
    fits_precursor : bool
    charge : int
    mz : float
        Calculated from the peptide; 0 where there is none.
    """

    sequence: str
    tokens: tuple[str, ...]
    score: float
    aa_scores: tuple[float, ...]
    fits_precursor: bool
    charge: int
    mz: float


def prediction(found: Found | None, charge: int, vocabulary: Vocabulary) -> PeptidePrediction:
    """Return what a search found in words."""
    if found is None:
        return PeptidePrediction("", (), NO_SCORE, (), False, charge, 0.0)
    tokens = vocabulary.decode(found.numbers)
    return PeptidePrediction(
        sequence="".join(tokens),
        tokens=tuple(tokens),
        score=found.score,
        aa_scores=found.residue_scores[::-1],
        fits_precursor=found.fits_precursor,
        charge=charge,
        mz=vocabulary.mz(tokens, charge),
    )


def by_mass(precursor_mz: np.ndarray, charge: np.ndarray, size: int) -> Sequence[np.ndarray]:
    """Return rows in groups of like mass: peptides of like length are searched for together."""
    order = np.argsort(precursor_mz * charge, kind="stable")
    return [order[i : i + size] for i in range(0, len(order), size)]
