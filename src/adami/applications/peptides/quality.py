"""Precision, recall and areas of predicted peptides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adami.applications.peptides.matching import Match, aa_match
from adami.applications.peptides.residues import PTMS, Vocabulary


def peptide_metrics(
    true: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    scores: Sequence[float] | None = None,
    vocabulary: Vocabulary | None = None,
    *,
    ptm_identity: bool = False,
) -> dict[str, float]:
    """Measure how well peptides were predicted.

    Parameters
    ----------
    true, predicted : sequence of token lists
        From N to C; a spectrum without a prediction has an empty list, and counts as wrong.
    scores : sequence of float, optional
        Of the peptides; needed for the area.
    vocabulary : Vocabulary, optional
    ptm_identity : bool
        Whether residues match only if they are written alike.

    Returns
    -------
    dict of str to float
        ``aa_precision``, ``aa_recall``, ``peptide_precision`` (over all spectra), ``coverage`` (spectra
        with a prediction), ``ptm_precision`` and ``ptm_recall`` where such residues were predicted or are
        there, and ``auc`` with scores.

    Notes
    -----
    Which residues are modified is looked up at the places of the flags, counted from the N-terminus. After an
    insertion or a gap the two are out of step, which touches only the measures of modified residues.

    Raises
    ------
    ValueError
        If the lists differ in length or are empty.

    Examples
    --------
    >>> from adami.applications.peptides import peptide_metrics
    >>> found = peptide_metrics(["PEK", "GAR"], ["PEK", "AGR"], [0.9, 0.8])
    >>> {k: round(v, 3) for k, v in found.items()}["aa_recall"], found["peptide_precision"]
    (0.667, 0.5)
    """
    if len(true) != len(predicted) or not len(true):
        raise ValueError(f"{len(true)} true and {len(predicted)} predicted peptides: one of each a spectrum")
    matches = [aa_match(a, b, vocabulary, ptm_identity=ptm_identity) for a, b in zip(true, predicted)]
    right = sum(int(m.flags.sum()) for m in matches)
    written, there = sum(map(len, predicted)), sum(map(len, true))
    found = {
        "aa_precision": right / written if written else 0.0,
        "aa_recall": right / there,
        "peptide_precision": sum(m.correct for m in matches) / len(matches),
        "coverage": sum(len(p) > 0 for p in predicted) / len(predicted),
    }
    for name, side in (("ptm_recall", true), ("ptm_precision", predicted)):
        share = _ptm_share(side, matches)
        if share is not None:
            found[name] = share
    if scores is not None:
        found["auc"] = precision_coverage_area([m.correct for m in matches], scores)
    return found


def precision_coverage(correct: Sequence[bool], scores: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return coverage and the precision of the best-scored predictions up to it, both of shape (n,).

    Parameters
    ----------
    correct : sequence of bool
    scores : sequence of float
        Of equal scores the earlier comes first.
    """
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    right = np.asarray(correct, dtype=bool)[order]
    k = np.arange(1, len(right) + 1)
    return k / len(right), right.cumsum() / k


def precision_coverage_area(correct: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the area under precision over coverage, from 0 with the precision of the first point.

    Examples
    --------
    >>> from adami.applications.peptides import precision_coverage_area
    >>> precision_coverage_area([True, False], [0.9, 0.1])
    0.875
    """
    coverage, precision = precision_coverage(correct, scores)
    return float(np.trapezoid(np.concatenate([precision[:1], precision]), np.concatenate([[0.0], coverage])))


def residue_precision_recall(
    true: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    residue_scores: Sequence[Sequence[float]],
    threshold: float,
    vocabulary: Vocabulary | None = None,
) -> tuple[float, float]:
    """Return precision and recall of the residues that score above a threshold.

    Parameters
    ----------
    true, predicted : sequence of token lists
        From N to C.
    residue_scores : sequence of rows of float
        One for each predicted residue, from N to C.
    threshold : float
    vocabulary : Vocabulary, optional

    Returns
    -------
    tuple of float
        With no residue above the threshold the precision is 1.
    """
    above = right = 0
    for a, b, scores in zip(true, predicted, residue_scores):
        flags = aa_match(a, b, vocabulary).flags[: len(b)]
        passed = np.asarray(scores, dtype=float) > threshold
        above += int(passed.sum())
        right += int((passed & flags).sum())
    total = sum(map(len, true))
    return (right / above if above else 1.0), (right / total if total else 0.0)


def _ptm_share(peptides: Sequence[Sequence[str]], matches: Sequence[Match]) -> float | None:
    modified = right = 0
    for peptide, match in zip(peptides, matches):
        for place, token in enumerate(peptide):
            if token in PTMS:
                modified += 1
                right += bool(match.flags[place])
    return right / modified if modified else None
