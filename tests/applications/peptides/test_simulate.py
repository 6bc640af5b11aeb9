"""Fragments, simulated spectra, and the peptides of proteins."""

from __future__ import annotations

import numpy as np
import pytest

from adami.applications.peptides import (
    Noise,
    PreparedPSMs,
    Preprocessing,
    Vocabulary,
    digest,
    fragments,
    leave_one_out,
    matched_ions,
    random_proteome,
    read_fasta,
    simulate_psms,
)
from adami.applications.peptides.batches import padded
from adami.applications.peptides.fragments import ladder, rule_intensities

WORDS = Vocabulary()
QUIET = Noise(height=0.0, lost=0.0, mz_ppm=0.0, precursor_ppm=0.0, peaks=0.0)


def test_fragments_of_a_known_peptide() -> None:
    # peptide DRVYIHPFHL: y1 of leucine 132.1019, b2 of DR 272.1353
    steps = ladder(WORDS.encode(WORDS.split("DRVYIHPFHL"))[None], WORDS)
    assert steps.bonds.tolist() == [9]
    assert steps.y[0, 0] == pytest.approx(132.1019, abs=1e-3)
    assert steps.b[0, 7] == pytest.approx(272.1353, abs=1e-3)
    both = steps.y[0, :9] + steps.b[0, :9]
    np.testing.assert_allclose(both, WORDS.mass(WORDS.split("DRVYIHPFHL")) + 2 * 1.00727646688)
    ended = ladder(padded([WORDS.encode(WORDS.split(p)) for p in ("+42.011GAK", "GAK")]), WORDS)
    assert ended.bonds.tolist() == [2, 2]
    np.testing.assert_allclose(ended.b[0, :2] - ended.b[1, :2], 42.010565)
    np.testing.assert_array_equal(ended.y[0, :2], ended.y[1, :2])


def test_rule_of_heights() -> None:
    peptides = [WORDS.split(p) for p in ["GDGGPGGK"] * 4000]
    y, b = rule_intensities(padded([WORDS.encode(p) for p in peptides]), WORDS, np.random.default_rng(0))
    middle = np.exp(0.125)
    # bonds from the C-terminus: G|K, G|G, P|G, G|P, G|G, D|G, G|D
    np.testing.assert_allclose(y.mean(0)[:7] / middle, [1, 1, 1, 3, 1, 2, 1], rtol=0.05)
    np.testing.assert_allclose(b.mean(0)[:7] / middle, [0.5, 0.5, 0.5, 1.5, 0.5, 0.5, 0.25], rtol=0.05)


def test_fresh_noise_and_same_seed() -> None:
    psms = simulate_psms(["PEPTLDEK", "MAGGSLVNR"] * 20, 3, intensities="rule")
    rows = np.arange(len(psms))
    first, again, other = (psms.draw(rows, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.mz, again.mz)
    assert first.mz.shape != other.mz.shape or (first.mz != other.mz).any()
    np.testing.assert_array_equal(first.tokens, other.tokens)
    same = simulate_psms(["PEPTLDEK", "MAGGSLVNR"] * 20, 3, intensities="rule")
    np.testing.assert_array_equal(same.draw(rows, 1).intensity, first.intensity)


def test_statistics_of_modifications_and_noise() -> None:
    psms = simulate_psms(["MNQAAAK"] * 4000, intensities="rule")
    shares = [np.mean([t in p for p in psms.peptides]) for t in ("M(+15.99)", "N(+.98)", "Q(+.98)")]
    np.testing.assert_allclose(shares, [0.35, 0.05, 0.05], atol=0.02)
    assert np.mean(psms.charge == 2) == pytest.approx(0.65, abs=0.03)
    spectra = psms.spectra()
    wanted = np.array([WORDS.mz(p, int(z)) for p, z in zip(psms.labels, psms.charge)])
    ppm = (np.array([s.precursor_mz for s in spectra]) / wanted - 1) * 1e6
    assert ppm.std() == pytest.approx(5, rel=0.1)
    # of the 12 ions a tenth is lost, and 12 peaks are noise
    assert np.mean([len(s.mz) for s in spectra]) == pytest.approx(0.9 * 12 + 12, abs=0.5)
    assert np.mean([len(matched_ions(s, p, 40.0)) for s, p in zip(spectra, psms.peptides)]) > 10


def test_without_noise_the_ions_are_exact() -> None:
    psms = simulate_psms(["CPEPTLDEK"], intensities="rule", noise=QUIET)
    (spectrum,) = psms.spectra()
    assert spectrum.peptide == "C(+57.02)PEPTLDEK"
    names = {ion.name for ion in matched_ions(spectrum, psms.labels[0], 1.0)}
    assert names >= {f"{series}{i}" for series in "by" for i in range(1, 9)}
    assert PreparedPSMs([spectrum]).offsets[0] < 1e-3


def test_wrong_labels() -> None:
    peptides = digest(random_proteome(20))
    psms = simulate_psms(peptides, intensities="rule", label_noise=0.3)
    assert psms.corrupted.mean() == pytest.approx(0.3, abs=0.05)
    for i in range(len(psms)):
        assert (psms.labels[i] != psms.peptides[i]) == psms.corrupted[i]
    gap = [abs(WORDS.mass(a) - WORDS.mass(b)) for a, b in zip(psms.labels, psms.peptides)]
    assert np.quantile(gap, 0.99) < 25
    assert not simulate_psms(peptides, intensities="rule").corrupted.any()
    part = psms.take(np.array([5, 2]))
    assert part.labels == [psms.labels[5], psms.labels[2]]
    assert len(part) == 2
    np.testing.assert_array_equal(part.mass, psms.mass[[5, 2]])


def test_bad_simulations() -> None:
    with pytest.raises(ValueError, match="no peptide"):
        simulate_psms([])
    with pytest.raises(ValueError, match="label_noise=1"):
        simulate_psms(["GAK"], label_noise=1.0)
    with pytest.raises(ValueError, match="intensities='best'"):
        simulate_psms(["GAK"], intensities="best")  # type: ignore[arg-type]


def test_missing_ms2pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "find_spec", lambda name: None)
    assert simulate_psms(["PEPTLDEK"]).intensities == "rule"
    with pytest.raises(ImportError, match=r"pip install 'adami\[ms2pip\]'"):
        simulate_psms(["PEPTLDEK"], intensities="ms2pip")


def test_ms2pip() -> None:
    pytest.importorskip("ms2pip", reason="MS2PIP is not installed")
    psms = simulate_psms(["PEPTLDEK", "MAGGSLVNR", "CCAADDK"], intensities="ms2pip", noise=QUIET)
    assert psms.intensities == "ms2pip"
    for spectrum, peptide in zip(psms.spectra(), psms.peptides):
        assert len(matched_ions(spectrum, peptide, 1.0)) > len(peptide)


def test_proteins(tmp_path) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(">a\nMAAAAAKPGGGGGGIRXGGGGGGGK\n>b\nMAAAAAKPGGGGGGIR\n")
    proteins = read_fasta(path)
    assert digest(proteins, missed_cleavages=0) == ["MAAAAAKPGGGGGGLR"]
    assert digest(["AAAAAAAKGGGGGGGR"]) == ["AAAAAAAK", "AAAAAAAKGGGGGGGR", "GGGGGGGR"]
    assert random_proteome(2, 5) == random_proteome(2, 5) != random_proteome(2, 6)
    (tmp_path / "none.fasta").write_text("")
    with pytest.raises(ValueError, match="no protein"):
        read_fasta(tmp_path / "none.fasta")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.fasta"):
        read_fasta(tmp_path / "nowhere.fasta")


def test_leave_one_out() -> None:
    proteomes = {"a": ["GIK", "GVK", "AAR"], "b": ["GLK", "SSR"]}
    assert leave_one_out(proteomes, "b", ["AAR"]) == (["GVK"], ["GLK", "SSR"])
    with pytest.raises(ValueError, match="no proteome 'c'"):
        leave_one_out(proteomes, "c")
    with pytest.raises(ValueError, match="no peptide is left"):
        leave_one_out({"a": ["GLK"], "b": ["GIK"]}, "b")


def test_preprocessing_of_simulations() -> None:
    how = Preprocessing(n_peaks=10)
    psms = simulate_psms(["PEPTLDEKAAAR"] * 5, intensities="rule", preprocessing=how)
    drawn = psms.draw(np.arange(5), 0)
    assert drawn.mz.shape == (5, 10)
    np.testing.assert_allclose((drawn.intensity**2).sum(1), 1)
