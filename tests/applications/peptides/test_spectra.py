"""Spectra and what is done to their peaks."""

from __future__ import annotations

import numpy as np
import pytest

from adami.applications.peptides import PreparedPSMs, Preprocessing, Spectrum, Vocabulary, preprocess


def test_each_rule() -> None:
    precursor = 500.0
    mass = (precursor - 1.00727646688) * 2
    mz = [49.9, 50.0, 2500.0, 2500.1, precursor + 1.9, precursor + 2.1, mass + 1.0073 - 1.9, 300.0, 301.0]
    intensity = [9.0, 1.0, 4.0, 9.0, 9.0, 9.0, 9.0, 0.089, 0.091]
    kept, heights = preprocess(Spectrum(mz, intensity, precursor, 2))
    assert sorted(kept.tolist()) == [50.0, 301.0, 502.1, 2500.0]
    assert float((heights**2).sum()) == pytest.approx(1)
    assert heights[kept == 502.1] / heights[kept == 2500.0] == pytest.approx(1.5)


def test_highest_peaks_and_dummy() -> None:
    s = Spectrum(np.arange(100.0, 400.0), np.arange(1.0, 301.0), 700.0, 1)
    kept, _ = preprocess(s, Preprocessing(n_peaks=10))
    assert kept.tolist() == list(np.arange(399.0, 389.0, -1.0))
    assert [a.tolist() for a in preprocess(Spectrum([700.0], [1.0], 700.0, 1))] == [[0.0], [1.0]]
    assert [a.tolist() for a in preprocess(Spectrum([], [], 700.0, 1))] == [[0.0], [1.0]]
    zero, _ = preprocess(Spectrum([100.0, 200.0], [0.0, 1.0], 700.0, 1))
    assert zero.tolist() == [200.0]


def test_batch_agrees_with_one_at_a_time() -> None:
    rng = np.random.default_rng(0)
    rows = [Spectrum(rng.uniform(60, 1500, n), rng.exponential(size=n), 600.0, 2) for n in (5, 40, 17)]
    mz, heights = Preprocessing(n_peaks=20).spectra(rows)
    for i, s in enumerate(rows):
        own_mz, own_heights = preprocess(s, Preprocessing(n_peaks=20))
        there = heights[i] > 0
        # the order of peaks means nothing
        ours, own = np.argsort(mz[i][there]), np.argsort(own_mz)
        np.testing.assert_array_equal(mz[i][there][ours], own_mz[own])
        np.testing.assert_allclose(heights[i][there][ours], own_heights[own])
        assert not mz[i][~there].any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mz": [np.nan]}, "finite"),
        ({"intensity": [-1.0]}, "at least 0"),
        ({"intensity": [1.0, 2.0]}, "1 places"),
        ({"precursor_mz": 0.0}, "not positive"),
        ({"charge": 0}, "charge 0"),
        ({"charge": 2.5}, "charge 2.5"),
    ],
)
def test_bad_spectra(change: dict, said: str) -> None:
    good = {"mz": [100.0], "intensity": [1.0], "precursor_mz": 500.0, "charge": 2, "title": "seven"}
    with pytest.raises(ValueError, match=f"seven.*{said}"):
        Spectrum(**(good | change))


def test_bad_preprocessing() -> None:
    for change in ({"min_mz": 3000.0}, {"n_peaks": 0}, {"min_intensity": 1.0}, {"max_charge": 0}):
        with pytest.raises(ValueError, match=next(iter(change))):
            Preprocessing(**change)
    with pytest.raises(ValueError, match="above max_charge=10"):
        preprocess(Spectrum([100.0], [1.0], 500.0, 11))


def test_labels_are_checked() -> None:
    def labelled(peptide: str | None, shift: float = 0.0) -> Spectrum:
        mz = Vocabulary().mz(list("GGGGGGK"), 2) + shift
        return Spectrum([100.0], [1.0], mz, 2, peptide, title="five")

    assert PreparedPSMs([labelled("GGGGGGK")]).offsets[0] < 1e-6
    with pytest.warns(UserWarning, match="1 of 1 labels is more than 50 ppm"):
        PreparedPSMs([labelled("GGGGGGK", 0.1)])
    for peptide, said in ((None, "no peptide"), ("GGXK", "unknown residue"), ("G" * 101, "101 residues")):
        with pytest.raises(ValueError, match=f"five.*{said}"):
            PreparedPSMs([labelled(peptide)])
    with pytest.raises(ValueError, match="no labelled spectrum"):
        PreparedPSMs([])
