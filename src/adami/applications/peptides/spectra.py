"""Tandem mass spectra, and what is done to their peaks before a network reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from adami.applications.peptides.residues import PROTON


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Peaks of one fragmented precursor, with its peptide where that is known.

    Parameters
    ----------
    mz, intensity : array, shape (n,)
        Peaks in any order; m/z in Th.
    precursor_mz : float
        Mass over charge of the precursor.
    charge : int
    peptide : str, optional
    title : str
        How the spectrum is named in reports.
    reference : str
        How its file refers to it: ``index=3``, ``scan=17``.
    retention_time : float, optional
        Seconds.

    Raises
    ------
    ValueError
        If a peak is not finite or negative, arrays differ in length, or precursor or charge are not positive.

    Examples
    --------
    >>> from adami.applications.peptides import Spectrum
    >>> Spectrum([175.119, 304.161], [1.0, 2.0], precursor_mz=400.2, charge=2).neutral_mass.__round__(3)
    798.385
    """

    mz: np.ndarray
    intensity: np.ndarray
    precursor_mz: float
    charge: int
    peptide: str | None = None
    title: str = ""
    reference: str = ""
    retention_time: float | None = None
    name: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name = f"spectrum {self.title or self.reference or ''}".rstrip()
        object.__setattr__(self, "name", name)
        for key in ("mz", "intensity"):
            values = np.asarray(getattr(self, key), dtype=np.float64)
            if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any():
                raise ValueError(f"{name}: {key} must be a row of finite numbers of at least 0")
            object.__setattr__(self, key, values)
        if len(self.mz) != len(self.intensity):
            raise ValueError(f"{name}: {len(self.mz)} places of peaks and {len(self.intensity)} intensities")
        if not (math.isfinite(self.precursor_mz) and self.precursor_mz > 0):
            raise ValueError(f"{name}: precursor m/z {self.precursor_mz} is not positive")
        if self.charge != int(self.charge) or self.charge < 1:
            raise ValueError(f"{name}: charge {self.charge} is no whole number of at least 1")
        object.__setattr__(self, "charge", int(self.charge))

    @property
    def neutral_mass(self) -> float:
        """Mass of the uncharged precursor, Da."""
        return (self.precursor_mz - PROTON) * self.charge


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Which peaks are kept and how their intensities are scaled.

    Parameters
    ----------
    min_mz, max_mz : float
        Peaks outside are left out.
    precursor_tolerance : float
        Peaks this near the precursor, or near a form of it with fewer charges, are left out; Da.
    min_intensity : float
        Share of the highest peak below which peaks are left out.
    n_peaks : int
        So many of the highest are kept.
    max_charge : int
        Spectra of higher charges are refused.
    """

    min_mz: float = 50.0
    max_mz: float = 2500.0
    precursor_tolerance: float = 2.0
    min_intensity: float = 0.01
    n_peaks: int = 150
    max_charge: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.min_mz < self.max_mz:
            raise ValueError(f"min_mz={self.min_mz} and max_mz={self.max_mz}: the first must be the smaller")
        if self.n_peaks < 1 or self.max_charge < 1:
            raise ValueError(
                f"n_peaks={self.n_peaks}, max_charge={self.max_charge}: at least 1 of each is needed"
            )
        if not 0 <= self.min_intensity < 1 or self.precursor_tolerance < 0:
            raise ValueError(
                f"min_intensity={self.min_intensity} is a share below 1, and "
                f"precursor_tolerance={self.precursor_tolerance} is at least 0"
            )

    def batch(
        self, mz: np.ndarray, intensity: np.ndarray, precursor_mz: np.ndarray, charge: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the peaks of many spectra, both arrays of shape (b, p), p at most `n_peaks`.

        Parameters
        ----------
        mz, intensity : array, shape (b, n)
            Padded with intensities of 0.
        precursor_mz, charge : array, shape (b,)

        Returns
        -------
        tuple of numpy.ndarray
            m/z and intensity; the squares of a row's intensities sum to 1, what is beyond its peaks is 0. A
            spectrum without any peak left has one of intensity 1 at m/z 0.
        """
        kept = np.where((mz >= self.min_mz) & (mz <= self.max_mz), intensity, 0.0)
        mass = (precursor_mz - PROTON) * charge
        for z in range(1, int(charge.max(initial=1)) + 1):
            near = np.abs(mz - (mass / z + PROTON)[:, None]) <= self.precursor_tolerance
            kept[near & (charge >= z)[:, None]] = 0.0
        kept[kept < self.min_intensity * kept.max(1, initial=0.0, keepdims=True)] = 0.0
        if kept.shape[1] > self.n_peaks:
            # of equal peaks the first in the file
            order = np.argsort(-kept, axis=1, kind="stable")[:, : self.n_peaks]
        else:
            order = np.argsort(kept <= 0, axis=1, kind="stable")
        order = order[:, : max(int((kept > 0).sum(1).max(initial=0)), 1)]
        if not order.shape[1]:
            return _dummy(len(mz))
        kept = np.sqrt(np.take_along_axis(kept, order, 1))
        places = np.where(kept > 0, np.take_along_axis(mz, order, 1), 0.0)
        norm = np.sqrt((kept**2).sum(1, keepdims=True))
        empty = norm[:, 0] == 0
        scaled = kept / np.where(norm > 0, norm, 1.0)
        scaled[empty, 0] = 1.0
        return places, scaled

    def spectra(self, spectra: Sequence[Spectrum]) -> tuple[np.ndarray, np.ndarray]:
        """Return the peaks of spectra as `batch` does.

        Raises
        ------
        ValueError
            If a charge is above `max_charge`.
        """
        for spectrum in spectra:
            if spectrum.charge > self.max_charge:
                raise ValueError(
                    f"{spectrum.name}: charge {spectrum.charge} is above max_charge={self.max_charge}; leave "
                    "it out, or raise max_charge"
                )
        widest = max((len(s.mz) for s in spectra), default=0)
        mz, intensity = np.zeros((2, len(spectra), widest))
        for i, s in enumerate(spectra):
            mz[i, : len(s.mz)], intensity[i, : len(s.mz)] = s.mz, s.intensity
        precursor = np.array([s.precursor_mz for s in spectra])
        return self.batch(mz, intensity, precursor, np.array([s.charge for s in spectra], dtype=np.int64))


def preprocess(spectrum: Spectrum, how: Preprocessing | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the peaks of one spectrum as a network reads them.

    Parameters
    ----------
    spectrum : Spectrum
    how : Preprocessing, optional

    Returns
    -------
    tuple of numpy.ndarray, each of shape (p,)
        m/z, and intensity whose squares sum to 1.

    Examples
    --------
    >>> from adami.applications.peptides import Spectrum, preprocess
    >>> mz, intensity = preprocess(Spectrum([175.1, 20.0, 304.2], [9.0, 1.0, 16.0], 400.2, 2))
    >>> mz.tolist(), intensity.round(3).tolist()
    ([175.1, 304.2], [0.6, 0.8])
    """
    mz, intensity = (how or Preprocessing()).spectra([spectrum])
    return mz[0], intensity[0]


def _dummy(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((rows, 1)), np.ones((rows, 1))
