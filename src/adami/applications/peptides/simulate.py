"""Spectra of known peptides: fragments with heights of a model, then losses, errors and noise."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from adami.applications.peptides.batches import Batch, padded
from adami.applications.peptides.fragments import has_ms2pip, ladder, ms2pip_intensities, rule_intensities
from adami.applications.peptides.residues import H2O, PROTON, Vocabulary
from adami.applications.peptides.spectra import Preprocessing, Spectrum

Intensities = Literal["auto", "rule", "ms2pip"]
NEIGHBOURS = 6
"""A wrong label is one of so many next heavier or lighter peptides."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What happens to the fragments of a spectrum.

    Parameters
    ----------
    height : float
        Deviation of the logarithm of each fragment's intensity.
    lost : float
        Share of fragments that are missing.
    mz_ppm, precursor_ppm : float
        Deviation of the m/z of peaks and precursor.
    peaks : float
        Mean number of noise peaks, uniform in m/z.
    peak_height : float
        Mean of their exponential intensity, as a share of the highest fragment.
    """

    height: float = 0.3
    lost: float = 0.1
    mz_ppm: float = 8.0
    precursor_ppm: float = 5.0
    peaks: float = 12.0
    peak_height: float = 0.03


class SimulatedPSMs:
    """Labelled spectra whose noise, missing peaks and errors are drawn anew each time they are asked for.

    `simulate_psms` makes them.

    Attributes
    ----------
    peptides : list of token lists
        True peptides, from N to C.
    labels : list of token lists
        What the spectra are labelled with.
    corrupted : numpy.ndarray of bool, shape (n,)
        Which labels are wrong.
    charge : numpy.ndarray of int, shape (n,)
    """

    def __init__(
        self,
        peptides: Sequence[Sequence[str]],
        charge: np.ndarray,
        random_state: int = 0,
        *,
        intensities: Intensities = "auto",
        noise: Noise | None = None,
        label_noise: float = 0.0,
        vocabulary: Vocabulary | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        if intensities not in get_args(Intensities):
            raise ValueError(f"intensities={intensities!r}: choose one of {', '.join(get_args(Intensities))}")
        if not len(peptides):
            raise ValueError("there is no peptide to simulate")
        if not 0 <= label_noise < 1:
            raise ValueError(f"label_noise={label_noise} is a share of the labels, below 1")
        self.words = vocabulary or Vocabulary()
        self.preprocessing, self.noise = preprocessing or Preprocessing(), noise or Noise()
        self.peptides = [list(p) for p in peptides]
        self.charge = np.asarray(charge, dtype=np.int64)
        rng = np.random.default_rng(random_state)
        true = padded([self.words.encode(p) for p in self.peptides])
        self.mass = self.words.masses[true].sum(1) + H2O
        chosen = intensities
        if chosen == "auto":
            chosen = "ms2pip" if has_ms2pip() else "rule"
        self.intensities = chosen
        self.places, self.heights = self._fragments(true, rng)
        labels = _wrong_labels(self.mass, self.peptides, label_noise, rng)
        self.corrupted = labels != np.arange(len(labels))
        self.labels = [self.peptides[i] for i in labels]
        self.tokens = true[labels]

    def __len__(self) -> int:
        return len(self.peptides)

    def draw(self, rows: np.ndarray, random_state: int) -> Batch:
        """Return spectra of these rows, preprocessed, with noise that follows from `random_state`."""
        mz, intensity, precursor = self._raw(rows, np.random.default_rng(random_state))
        charge = self.charge[rows]
        mz, intensity = self.preprocessing.batch(mz, intensity, precursor, charge)
        tokens = self.tokens[rows]
        longest = int((tokens > 0).sum(1).max(initial=1))
        return Batch(mz, intensity, precursor, charge, tokens[:, :longest])

    def take(self, rows: np.ndarray) -> SimulatedPSMs:
        """Return some of the matches."""
        part = copy(self)
        for name in ("charge", "mass", "places", "heights", "corrupted", "tokens"):
            setattr(part, name, getattr(self, name)[rows])
        part.peptides = [self.peptides[int(i)] for i in rows]
        part.labels = [self.labels[int(i)] for i in rows]
        return part

    def spectra(self, random_state: int = 0) -> list[Spectrum]:
        """Return one labelled spectrum of each, as measured, before preprocessing."""
        mz, intensity, precursor = self._raw(np.arange(len(self)), np.random.default_rng(random_state))
        found = []
        for i, label in enumerate(self.labels):
            there = np.flatnonzero(intensity[i])
            there = there[np.argsort(mz[i, there], kind="stable")]
            found.append(
                Spectrum(
                    mz[i, there],
                    intensity[i, there],
                    float(precursor[i]),
                    int(self.charge[i]),
                    "".join(label),
                    title=f"simulated_{i}",
                    reference=f"index={i}",
                )
            )
        return found

    def _raw(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        how = self.noise
        places, heights = self.places[rows].astype(np.float64), self.heights[rows].astype(np.float64)
        heights *= np.exp(how.height * rng.standard_normal(heights.shape, dtype=np.float32))
        heights *= rng.random(heights.shape, dtype=np.float32) >= how.lost
        places *= 1 + how.mz_ppm * 1e-6 * rng.standard_normal(places.shape, dtype=np.float32)
        precursor = self.mass[rows] / self.charge[rows] + PROTON
        precursor = precursor * (1 + how.precursor_ppm * 1e-6 * rng.standard_normal(len(rows)))
        counts = rng.poisson(how.peaks, len(rows))
        shape = (len(rows), int(counts.max(initial=0)))
        highest = np.minimum(self.preprocessing.max_mz, self.mass[rows])[:, None]
        lowest = self.preprocessing.min_mz
        stray = lowest + (highest - lowest) * rng.random(shape)
        level = how.peak_height * heights.max(1, initial=0.0, keepdims=True) * rng.exponential(size=shape)
        level *= np.arange(shape[1]) < counts[:, None]
        return np.concatenate([places, stray], 1), np.concatenate([heights, level], 1), precursor

    def _fragments(self, tokens: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return m/z and heights of the fragments, float32, each of shape (n, f)."""
        steps = ladder(tokens, self.words)
        if self.intensities == "rule":
            heights = np.concatenate(rule_intensities(tokens, self.words, rng), axis=1)
            places = np.concatenate([steps.y, steps.b], axis=1)
            return places.astype(np.float32), heights.astype(np.float32)
        found = ms2pip_intensities(self.peptides, self.charge)
        series = np.zeros((4, *steps.y.shape))
        for i, told in enumerate(found):
            n = steps.bonds[i]
            for k, (name, reverse) in enumerate((("y", False), ("b", True), ("y2", False), ("b2", True))):
                if name in told:
                    series[k, i, :n] = told[name][::-1] if reverse else told[name]
        twice = [(side + PROTON) / 2 * (side > 0) for side in (steps.y, steps.b)]
        places = np.concatenate([steps.y, steps.b, *twice], axis=1)
        return places.astype(np.float32), np.concatenate(list(series), axis=1).astype(np.float32)


def simulate_psms(
    peptides: Sequence[str],
    random_state: int = 0,
    *,
    intensities: Intensities = "auto",
    oxidation: float = 0.35,
    deamidation: float = 0.05,
    doubly_charged: float = 0.65,
    label_noise: float = 0.0,
    noise: Noise | None = None,
    vocabulary: Vocabulary | None = None,
    preprocessing: Preprocessing | None = None,
) -> SimulatedPSMs:
    """Return labelled spectra of peptides.

    Parameters
    ----------
    peptides : sequence of str
        Plain residues, as `digest` gives them; cysteine is carbamidomethylated.
    random_state : int
        Decides modifications, charges, heights and wrong labels.
    intensities : {"auto", "rule", "ms2pip"}
        Heights of the fragments: MS2PIP 4.1.2 (its model HCDch2, with doubly charged fragments), the built-in
        rules, or the first of them that is installed.
    oxidation, deamidation : float
        Probabilities that a methionine is oxidised, and an asparagine or glutamine deamidated.
    doubly_charged : float
        Share of precursors of charge 2; the others have 3.
    label_noise : float
        Share of spectra that are labelled with another peptide of nearly the same mass.
    noise : Noise, optional
    vocabulary : Vocabulary, optional
    preprocessing : Preprocessing, optional

    Examples
    --------
    >>> import numpy as np
    >>> from adami.applications.peptides import simulate_psms
    >>> psms = simulate_psms(["PEPTLDEK", "MAGGSLVR"], intensities="rule")
    >>> len(psms), psms.draw(np.array([0]), 0).tokens.shape
    (2, (1, 9))
    """
    rng = np.random.default_rng([random_state, 1])
    found = []
    for peptide in peptides:
        chance = rng.random(len(peptide))
        found.append([_token(r, float(c), oxidation, deamidation) for r, c in zip(peptide, chance)])
    charge = np.where(rng.random(len(found)) < doubly_charged, 2, 3)
    return SimulatedPSMs(
        found,
        charge,
        random_state,
        intensities=intensities,
        noise=noise,
        label_noise=label_noise,
        vocabulary=vocabulary,
        preprocessing=preprocessing,
    )


def _token(residue: str, chance: float, oxidation: float, deamidation: float) -> str:
    if residue == "C":
        return "C(+57.02)"
    if residue == "M" and chance < oxidation:
        return "M(+15.99)"
    if residue in "NQ" and chance < deamidation:
        return f"{residue}(+.98)"
    return "L" if residue == "I" else residue


def _wrong_labels(
    mass: np.ndarray, peptides: list[list[str]], share: float, rng: np.random.Generator
) -> np.ndarray:
    """Return whose peptide each spectrum is labelled with."""
    labels = np.arange(len(mass))
    order = np.argsort(mass, kind="stable")
    place = np.empty_like(order)
    place[order] = labels
    for i in np.flatnonzero(rng.random(len(mass)) < share):
        low = max(place[i] - NEIGHBOURS, 0)
        around = order[low : place[i] + NEIGHBOURS + 1].tolist()
        near = [j for j in around if peptides[j] != peptides[int(i)]]
        if near:
            labels[i] = near[int(rng.integers(len(near)))]
    return labels
