"""Matching of peptides by hand, and the measures made of it."""

from __future__ import annotations

import numpy as np
import pytest

from adami.applications.peptides import (
    Vocabulary,
    aa_match,
    peptide_metrics,
    precision_coverage,
    precision_coverage_area,
    residue_precision_recall,
)

WORDS = Vocabulary()


@pytest.mark.parametrize(
    ("true", "predicted", "flags", "correct"),
    [
        ("PEPTLDEK", "PEPTLDEK", "11111111", True),
        ("PEPTIDEK", "PEPTLDEK", "11111111", True),
        ("AGGSK", "ANSK", "10011", False),
        ("ANSK", "AGGSK", "10011", False),
        ("GAVTLK", "GASTLK", "110111", False),
        ("PEPK", "", "0000", False),
        ("AAPK", "AAGK", "1101", False),
        ("N(+.98)GK", "DGK", "111", True),
    ],
)
def test_hand_cases(true: str, predicted: str, flags: str, correct: bool) -> None:
    sides = [WORDS.split(p) if p else [] for p in (true, predicted)]
    found = aa_match(*sides)
    assert "".join(str(int(f)) for f in found.flags) == flags
    assert found.correct is correct


def test_identity_of_modified_residues() -> None:
    found = aa_match(WORDS.split("N(+.98)GK"), list("DGK"), ptm_identity=True)
    assert found.flags.tolist() == [False, True, True]


def test_measures() -> None:
    true = [WORDS.split(p) for p in ("M(+15.99)PEK", "GAVTLK", "PEPK")]
    predicted = [WORDS.split("M(+15.99)PEK"), WORDS.split("GASTLK"), []]
    found = peptide_metrics(true, predicted, [0.9, 0.5, -1.0])
    assert found["aa_precision"] == pytest.approx(9 / 10)
    assert found["aa_recall"] == pytest.approx(9 / 14)
    assert found["peptide_precision"] == pytest.approx(1 / 3)
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["ptm_recall"] == found["ptm_precision"] == 1
    # precision 1, 1/2, 1/3 at coverage 1/3, 2/3, 1
    assert found["auc"] == pytest.approx(1 / 3 * (1 + 0.75 + 5 / 12))
    assert "ptm_recall" not in peptide_metrics(true[1:], predicted[1:])


def test_area_and_thresholds() -> None:
    coverage, precision = precision_coverage([False, True], [0.1, 0.9])
    assert coverage.tolist() == [0.5, 1.0]
    assert precision.tolist() == [1.0, 0.5]
    assert precision_coverage_area([True, True], [0.5, 0.5]) == 1
    true, predicted = [list("GAVK")], [list("GASK")]
    assert residue_precision_recall(true, predicted, [[0.9, 0.8, 0.7, 0.2]], 0.5) == (2 / 3, 0.5)
    assert residue_precision_recall(true, predicted, [[0.1] * 4], 0.5) == (1.0, 0.0)


def test_lists_must_fit() -> None:
    with pytest.raises(ValueError, match="1 true and 0 predicted"):
        peptide_metrics([["G"]], [])
    with pytest.raises(ValueError, match="0 true"):
        peptide_metrics([], [])
    assert np.isfinite(peptide_metrics([["G"]], [[]])["aa_precision"])
