"""Which masses meet a precursor, and which can still be met by adding residues."""

from __future__ import annotations

import math

import numpy as np

from adami.applications.peptides.residues import H2O, ISOTOPE, PROTON, Vocabulary

STEP = 0.001
"""Width of a bin of masses, Da."""


class PrecursorCheck:
    """Compares masses of peptides with precursors.

    Parameters
    ----------
    precursor_mz : array, shape (b,)
    charge : array of int, shape (b,)
    tolerance : float
        ppm.
    isotopes : (int, int)
        First and last number of heavy carbon atoms that the observed precursor may have.

    Raises
    ------
    ValueError
        If the tolerance is not positive or the range is empty.
    """

    def __init__(
        self,
        precursor_mz: np.ndarray,
        charge: np.ndarray,
        tolerance: float = 50.0,
        isotopes: tuple[int, int] = (0, 1),
    ) -> None:
        if not (math.isfinite(tolerance) and tolerance > 0):
            raise ValueError(f"tolerance={tolerance} ppm: it is positive and finite")
        if isotopes[0] > isotopes[1]:
            raise ValueError(f"isotopes={isotopes}: the first number is at most the last")
        self.observed = np.asarray(precursor_mz, dtype=float)
        self.charge = np.asarray(charge, dtype=float)
        self.tolerance = tolerance
        shifts = np.arange(isotopes[0], isotopes[1] + 1)
        # m/z that each number of heavy atoms leaves for the light peptide
        self.light = self.observed[:, None] - shifts * ISOTOPE / self.charge[:, None]

    def ppm(self, residues: np.ndarray) -> np.ndarray:
        """Return by how much peptides are heavier than each isotope says, shape (b, s, isotopes).

        Parameters
        ----------
        residues : array, shape (b, s)
            Sum of the residue masses, Da.
        """
        calculated = (residues + H2O) / self.charge[:, None] + PROTON
        return np.asarray((calculated[..., None] - self.light[:, None]) / self.observed[:, None, None] * 1e6)

    def fits(self, residues: np.ndarray) -> np.ndarray:
        """Tell which peptides meet their precursor, shape (b, s)."""
        return np.asarray((np.abs(self.ppm(residues)) < self.tolerance).any(-1))

    def exceeds(self, residues: np.ndarray, lightest: float) -> np.ndarray:
        """Tell which stay too heavy even if the lightest token, of negative mass or none, is added."""
        return np.asarray((self.ppm(residues + min(lightest, 0.0)) > self.tolerance).all(-1))

    def windows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and largest sums of residues that meet each precursor, shape (b, isotopes)."""
        wide = self.tolerance * self.observed[:, None] / 1e6
        low, high = (
            (edge - PROTON) * self.charge[:, None] - H2O for edge in (self.light - wide, self.light + wide)
        )
        return low, high

    def of(self, rows: np.ndarray) -> PrecursorCheck:
        """Return the check of some of the spectra."""
        part = object.__new__(PrecursorCheck)
        part.observed, part.charge, part.light = self.observed[rows], self.charge[rows], self.light[rows]
        part.tolerance = self.tolerance
        return part


class ReachableMasses:
    """Which sums of masses some row of residues has: a table of bins, filled from light to heavy.

    It never calls a mass out of reach that a peptide has; within the rounding of its bins it may let one pass
    that none has.

    Parameters
    ----------
    vocabulary : Vocabulary
    heaviest : float
        Largest sum of residue masses that will be asked for, Da.

    Examples
    --------
    >>> from adami.applications.peptides import ReachableMasses, Vocabulary
    >>> table = ReachableMasses(Vocabulary({"G": 57.021464, "A": 71.037114}), 300.0)
    >>> table.any_between([128.05, 100.0], [128.07, 110.0]).tolist()
    [True, False]
    """

    def __init__(self, vocabulary: Vocabulary, heaviest: float) -> None:
        inner = vocabulary.masses[1 : vocabulary.stop][~vocabulary.terminal[1 : vocabulary.stop]]
        if inner.min() <= 0:
            raise ValueError("residues inside a peptide have positive masses")
        ends = vocabulary.masses[vocabulary.terminal]
        top = heaviest + max(0.0, -float(ends.min(initial=0.0)))
        # each residue adds at most half a bin of rounding
        self.slack = (0.5 * math.ceil(top / float(inner.min())) + 1.5) * STEP
        steps = np.unique(np.rint(inner / STEP).astype(np.int64))
        bins = math.ceil((top + self.slack) / STEP) + 2
        table = np.zeros(bins, dtype=bool)
        table[0] = True
        block = int(steps[0])
        # within a block as wide as the lightest residue nothing depends on the same block
        for low in range(block, bins, block):
            high = min(low + block, bins)
            for step in steps:
                if step < high:
                    first = max(low, step)
                    table[first:high] |= table[first - step : high - step]
        shifts = np.rint(ends / STEP).astype(np.int64)
        # a sum may be below 0 when a loss at the N-terminus is still to come
        self.zero = max(0, -int(shifts.min(initial=0)))
        whole = np.zeros(self.zero + bins, dtype=bool)
        for shift in (0, *shifts):
            first = self.zero + shift
            end = min(first + bins, len(whole))
            whole[first:end] |= table[: end - first]
        self.counts = np.concatenate([[0], np.cumsum(whole, dtype=np.int32)])
        self.heaviest = heaviest

    def any_between(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Tell in which intervals some row of residues, the empty one too, has its mass.

        Parameters
        ----------
        low, high : array, any shape
            Sums of residue masses, Da; a modification of the N-terminus may be among them.
        """
        last = len(self.counts) - 2
        lowest = np.ceil((np.asarray(low) - self.slack) / STEP) + self.zero
        highest = np.floor((np.asarray(high) + self.slack) / STEP) + self.zero
        first = np.clip(lowest, 0, last + 1).astype(np.int64)
        end = np.clip(highest, -1, last).astype(np.int64) + 1
        return np.asarray(self.counts[np.maximum(end, first)] > self.counts[first])


def reachable_masses(vocabulary: Vocabulary, check: PrecursorCheck, max_length: int) -> ReachableMasses:
    """Return the table for the heaviest precursor that a peptide of so many tokens can have."""
    most = max_length * float(vocabulary.masses.max())
    return ReachableMasses(vocabulary, min(float(check.windows()[1].max(initial=0.0)), most))


class MassConstraint:
    """Allows only tokens after which the precursor can still be met.

    Parameters
    ----------
    vocabulary : Vocabulary
    check : PrecursorCheck
    reachable : ReachableMasses
        Of `reachable_masses`.
    min_length : int
        Least number of tokens before the end.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        check: PrecursorCheck,
        reachable: ReachableMasses,
        min_length: int = 6,
    ) -> None:
        self.words, self.reachable, self.min_length = vocabulary, reachable, min_length
        self.low, self.high = check.windows()

    def allowed(self, rows: np.ndarray, residues: np.ndarray, last: np.ndarray, length: int) -> np.ndarray:
        """Return which tokens may follow, shape (b, s, v).

        Parameters
        ----------
        rows : array of int, shape (b,)
            Spectra among those of the check.
        residues : array, shape (b, s)
            Sums of residue masses so far, Da.
        last : array of int, shape (b, s)
            Last tokens; 0 at the start.
        length : int
            Tokens so far.
        """
        words = self.words
        after = residues[:, :, None] + words.masses
        low = self.low[rows][:, None, None] - after[..., None]
        high = self.high[rows][:, None, None] - after[..., None]
        # tokens that must be the last have to meet the mass themselves
        closing = words.terminal.copy()
        closing[words.stop] = True
        met = ((low <= 0) & (high >= 0)).any(-1)
        ok = np.where(closing, met, self.reachable.any_between(low, high).any(-1))
        ok[..., 0] = False
        ok[..., words.stop] &= length >= self.min_length
        ok[..., words.terminal] &= length > 0
        ended = words.terminal[last]
        ok[ended] &= np.arange(words.size) == words.stop
        return np.asarray(ok)
