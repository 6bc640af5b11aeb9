"""Hierarchical Gaussian sequences: their information level by level."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.tasks._hierarchy import (
    hierarchical_covariance,
    hierarchical_information,
    hierarchical_sequences,
)

LENGTHS = (4, 16, 64, 256)


@pytest.mark.parametrize(
    ("family", "coupled", "wanted"),
    [
        ("A", False, (0.294, 0.882, 2.645, 7.935)),
        ("B", False, (0.294, 0.294, 0.294, 0.294)),
        ("A", True, (0.294, 0.908, 2.755, 8.296)),
        ("B", True, (0.294, 0.321, 0.350, 0.380)),
    ],
)
def test_information_of_halves(family, coupled: bool, wanted: tuple[float, ...]) -> None:
    found = [hierarchical_information(n, family, coupled) for n in LENGTHS]
    assert found == pytest.approx(wanted, abs=1e-3)


def test_antipodal_symbols_share_the_same_in_both_families() -> None:
    for n, wanted in zip(LENGTHS, (0.032269, 0.003061, 0.000298, 2.9e-5)):
        for family in ("A", "B"):
            corner = hierarchical_covariance(n, family)[0, -1]
            assert -0.5 * math.log1p(-(corner**2)) == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("coupled", [False, True])
def test_it_is_a_covariance_of_unit_variances(coupled: bool) -> None:
    for family in ("A", "B"):
        table = hierarchical_covariance(64, family, coupled)
        assert np.diag(table) == pytest.approx(np.ones(64))
        assert np.linalg.eigvalsh(table).min() > 0


def test_sequences_have_the_covariance() -> None:
    rows = hierarchical_sequences(20_000, 16, "A", True, random_state=0)
    assert np.abs(rows.T @ rows / len(rows) - hierarchical_covariance(16, "A", True)).max() < 0.05


def test_bad_input() -> None:
    for length in (0, 1, 8, 4**7):
        with pytest.raises(ValueError, match="power of 4"):
            hierarchical_covariance(length)
    with pytest.raises(ValueError, match="family"):
        hierarchical_covariance(4, "C")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ratio"):
        hierarchical_information(4, ratio=3)
