"""Labelled spectra as padded arrays: what a training draws its batches from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from adami.applications.peptides.residues import Vocabulary
from adami.applications.peptides.spectra import Preprocessing, Spectrum

TRUSTED_PPM = 50.0
"""A label whose mass is further from the precursor than this is warned of."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Spectra, precursors and targets of equal first length.

    Attributes
    ----------
    mz, intensity : numpy.ndarray, shape (b, p)
        Peaks after preprocessing; padding is 0 in both.
    precursor_mz : numpy.ndarray, shape (b,)
    charge : numpy.ndarray of int, shape (b,)
    tokens : numpy.ndarray of int, shape (b, l)
        From the C-terminus to the N-terminus, then the end; padding is 0. Without targets l is 0.
    """

    mz: np.ndarray
    intensity: np.ndarray
    precursor_mz: np.ndarray
    charge: np.ndarray
    tokens: np.ndarray

    def __len__(self) -> int:
        return len(self.mz)


@runtime_checkable
class PSMs(Protocol):
    """Labelled spectra: peptide-spectrum matches.

    Attributes
    ----------
    tokens : numpy.ndarray of int, shape (n, l)
        All labels from C to N with their ends, padded with 0.
    """

    tokens: np.ndarray

    def __len__(self) -> int: ...

    def draw(self, rows: np.ndarray, random_state: int) -> Batch:
        """Return the matches of these rows; what is random about them follows from `random_state`."""
        ...


class PreparedPSMs:
    """Measured spectra with their peptides, preprocessed once.

    Parameters
    ----------
    spectra : sequence of Spectrum
        All with a peptide.
    vocabulary : Vocabulary
    preprocessing : Preprocessing
    max_length : int
        Most residues of a peptide.

    Raises
    ------
    ValueError
        If there is no spectrum, one has no peptide, an unknown residue or too many of them, or a charge is
        too high.
    """

    def __init__(
        self,
        spectra: Sequence[Spectrum],
        vocabulary: Vocabulary | None = None,
        preprocessing: Preprocessing | None = None,
        max_length: int = 100,
    ) -> None:
        words, how = vocabulary or Vocabulary(), preprocessing or Preprocessing()
        if not len(spectra):
            raise ValueError("there is no labelled spectrum to read")
        found: list[list[str]] = []
        for s in spectra:
            if not s.peptide:
                raise ValueError(f"{s.name} has no peptide; labelled spectra are needed here")
            try:
                found.append(words.split(s.peptide))
            except ValueError as problem:
                raise ValueError(f"{s.name}: {problem}") from problem
            if len(found[-1]) > max_length:
                raise ValueError(f"{s.name}: a peptide of {len(found[-1])} residues; max_length={max_length}")
        self.peptides = found
        self.names = [s.name for s in spectra]
        self.precursor_mz = np.array([s.precursor_mz for s in spectra])
        self.charge = np.array([s.charge for s in spectra], dtype=np.int64)
        self.mz, self.intensity = how.spectra(spectra)
        self.tokens = padded([words.encode(p) for p in found])
        self.offsets = label_ppm(words, found, self.precursor_mz, self.charge)
        if len(far := np.flatnonzero(self.offsets > TRUSTED_PPM)):
            warnings.warn(
                f"the mass of {len(far)} of {len(found)} labels is more than {TRUSTED_PPM:g} ppm from the "
                f"precursor's ({self.names[far[0]]}: {self.offsets[far[0]]:.0f} ppm): wrong labels, other "
                "isotopes or unknown modifications",
                stacklevel=2,
            )

    def __len__(self) -> int:
        return len(self.tokens)

    def draw(self, rows: np.ndarray, random_state: int = 0) -> Batch:
        """Return the matches of these rows; nothing about them is random."""
        mz, intensity, tokens = self.mz[rows], self.intensity[rows], self.tokens[rows]
        peaks = max(int((intensity > 0).sum(1).max(initial=1)), 1)
        longest = int((tokens > 0).sum(1).max(initial=1))
        return Batch(
            mz[:, :peaks],
            intensity[:, :peaks],
            self.precursor_mz[rows],
            self.charge[rows],
            tokens[:, :longest],
        )


def label_ppm(
    vocabulary: Vocabulary, peptides: Sequence[Sequence[str]], precursor_mz: np.ndarray, charge: np.ndarray
) -> np.ndarray:
    """Return how far precursors are from the masses of their labels, in ppm, shape (n,).

    Parameters
    ----------
    vocabulary : Vocabulary
    peptides : sequence of token lists
    precursor_mz, charge : array, shape (n,)
    """
    wanted = np.array([vocabulary.mz(p, int(z)) for p, z in zip(peptides, charge)])
    return np.asarray(np.abs(precursor_mz - wanted) / wanted * 1e6)


def padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return rows of token numbers as one array, filled up with 0."""
    table = np.zeros((len(rows), max((len(r) for r in rows), default=0)), dtype=np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def split_by_peptide(psms: PSMs, share: float, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to train on and rows to validate on; matches of one peptide stay together."""
    if not 0 <= share < 1:
        raise ValueError(f"validation_share={share} is a share below 1")
    peptide = np.unique(psms.tokens, axis=0, return_inverse=True)[1].ravel()
    count = int(peptide.max()) + 1
    held = np.zeros(count, dtype=bool)
    held[np.random.default_rng(random_state).permutation(count)[: int(share * count)]] = True
    return np.flatnonzero(~held[peptide]), np.flatnonzero(held[peptide])
