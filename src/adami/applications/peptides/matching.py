"""How well predicted peptides agree with the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adami.applications.peptides.residues import Vocabulary


class Match(NamedTuple):
    """Which residues of a prediction agree with the true peptide.

    Attributes
    ----------
    flags : numpy.ndarray of bool
        One for each place of the longer of both, from the N-terminus.
    correct : bool
        Whether all agree; False for an empty prediction.
    """

    flags: np.ndarray
    correct: bool


def aa_match(
    true: Sequence[str],
    predicted: Sequence[str],
    vocabulary: Vocabulary | None = None,
    *,
    cumulative_tolerance: float = 0.5,
    residue_tolerance: float = 0.1,
    ptm_identity: bool = False,
) -> Match:
    """Match two peptides by mass, from the N-terminus and then from the C-terminus.

    Parameters
    ----------
    true, predicted : sequence of str
        Tokens from N to C, as `Vocabulary.split` gives them; the prediction may be empty.
    vocabulary : Vocabulary, optional
    cumulative_tolerance : float
        Da, for the masses of what stands before (or behind) and the residue itself.
    residue_tolerance : float
        Da, for the residue.
    ptm_identity : bool
        Whether residues must also be written alike: N(+.98) has the mass of D.

    Returns
    -------
    Match

    Examples
    --------
    >>> from adami.applications.peptides import aa_match
    >>> aa_match("AGGSK", "ANSK").flags.tolist()
    [True, False, False, True, True]
    """
    words = vocabulary or Vocabulary()
    masses = [np.array([words.residues[t] for t in side]) for side in (true, predicted)]

    def agree(i: int, j: int) -> bool:
        near = abs(masses[0][i] - masses[1][j]) < residue_tolerance
        return bool(near and (not ptm_identity or true[i] == predicted[j]))

    flags = np.zeros(max(len(true), len(predicted)), dtype=bool)
    i = j = 0
    c = d = 0.0
    while i < len(true) and j < len(predicted):
        first, second = c + masses[0][i], d + masses[1][j]
        if abs(first - second) < cumulative_tolerance:
            flags[max(i, j)] = agree(i, j)
            i, j, c, d = i + 1, j + 1, first, second
        elif first < second:
            i, c = i + 1, first
        else:
            j, d = j + 1, second
    if not flags.all():
        stop = int(np.argmin(flags))
        i, j, c, d = len(true) - 1, len(predicted) - 1, 0.0, 0.0
        while i >= stop and j >= stop:
            first, second = c + masses[0][i], d + masses[1][j]
            if abs(first - second) < cumulative_tolerance:
                flags[max(i, j)] = agree(i, j)
                i, j, c, d = i - 1, j - 1, first, second
            elif first < second:
                i, c = i - 1, first
            else:
                j, d = j - 1, second
    return Match(flags, bool(len(flags) and flags.all()))
