"""MGF and mzML in, MGF, mzTab and TSV out; what is broken is named."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from adami.applications.peptides import (
    PeptidePrediction,
    Spectrum,
    read_mgf,
    read_mzml,
    read_spectra,
    write_mgf,
    write_mztab,
    write_tsv,
)

GOOD = (
    "BEGIN IONS\nTITLE=one\nPEPMASS=500.25 1000\nCHARGE=2+\nRTINSECONDS=12.5\nSEQ=PEPTIDEK\n"
    "100.1 1\n200.2 2\nEND IONS\n"
)


def write(tmp_path: Path, text: str, name: str = "some.mgf") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_mgf(tmp_path: Path) -> None:
    read = read_spectra(write(tmp_path, GOOD + GOOD.replace("one", "two")))
    assert len(read) == 2
    assert read.summary == ""
    s = read.spectra[1]
    assert (s.title, s.reference, s.charge, s.precursor_mz) == ("two", "index=1", 2, 500.25)
    assert (s.peptide, s.retention_time, s.mz.tolist()) == ("PEPTIDEK", 12.5, [100.1, 200.2])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("200.2 2\n", "abc def\n"), "abc def"),
        (("200.2 2\n", "200.2 nan\n"), "finite"),
        (("CHARGE=2+\n", ""), "no charge"),
        (("CHARGE=2+\n", "CHARGE=12+\n"), "charge 12 is above 10"),
        (("CHARGE=2+\n", "CHARGE=2+ and 3+\n"), "several charges, 2, 3"),
        (("PEPMASS=500.25 1000\n", ""), "no PEPMASS"),
        (("PEPMASS=500.25 1000\n", "PEPMASS=-3\n"), "not positive"),
        (("100.1 1\n200.2 2\n", ""), "no peaks"),
        (("END IONS\n", ""), "no END IONS"),
    ],
)
def test_broken_entries_are_named_and_cost_no_other(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    broken = GOOD.replace("one", "bad").replace(*change)
    read = read_mgf(write(tmp_path, GOOD + broken + GOOD.replace("one", "three")))
    assert [s.title for s in read.spectra] == ["one", "three"]
    assert len(read.skipped) == 1
    assert "spectrum 1, title bad" in read.skipped[0]
    assert said in read.skipped[0]
    assert "1 of 3 spectra left out" in read.summary
    with pytest.raises(ValueError, match="1 of 1 spectra left out"):
        read_mgf(write(tmp_path, broken))


def test_many_broken_entries_are_counted(tmp_path: Path) -> None:
    read = read_mgf(write(tmp_path, GOOD + GOOD.replace("CHARGE=2+\n", "") * 9))
    assert len(read.skipped) == 9
    assert read.summary.endswith("and 4 more")
    assert len(read_mgf(write(tmp_path, GOOD.replace("CHARGE=2+\n", "")), charge=3)) == 1


def test_lines_before_the_first_entry_hold_for_all(tmp_path: Path) -> None:
    read = read_mgf(write(tmp_path, "CHARGE=3+\n" + GOOD.replace("CHARGE=2+\n", "") + GOOD))
    assert [s.charge for s in read.spectra] == [3, 2]


def test_no_file_of_spectra(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mgf"):
        read_spectra(tmp_path / "nowhere.mgf")
    with pytest.raises(ValueError, match=r"\.mgf and \.mzML"):
        read_spectra(write(tmp_path, "", "some.raw"))
    with pytest.raises(ValueError, match="no fragment spectrum"):
        read_spectra(write(tmp_path, ""))


def coded(values: list[float]) -> str:
    return base64.b64encode(np.array(values, dtype="<f8").tobytes()).decode()


def mzml(*spectra: str) -> str:
    return (
        '<?xml version="1.0"?><mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0"><run id="r">'
        f'<spectrumList count="{len(spectra)}">{"".join(spectra)}</spectrumList></run></mzML>'
    )


def entry(index: int, level: int = 2, mz: str = coded([100.0, 200.0]), charge: bool = True) -> str:
    cv = '<cvParam cvRef="MS" accession="MS:{}" name="{}" value="{}"/>'
    z = cv.format("1000041", "charge state", 3) if charge else ""
    arrays = "".join(
        f'<binaryDataArray encodedLength="{len(data)}">{cv.format("1000523", "64-bit float", "")}'
        f"{cv.format('1000576', 'no compression', '')}{cv.format(number, name, '')}<binary>{data}</binary>"
        "</binaryDataArray>"
        for number, name, data in (
            ("1000514", "m/z array", mz),
            ("1000515", "intensity array", coded([3.0, 4.0])),
        )
    )
    start = (
        '<cvParam cvRef="MS" accession="MS:1000016" name="scan start time" value="2.0" unitCvRef="UO" '
        'unitAccession="UO:0000031" unitName="minute"/>'
    )
    return (
        f'<spectrum index="{index}" id="scan={index + 7}" defaultArrayLength="2">'
        f"{cv.format('1000511', 'ms level', level)}"
        f'<scanList count="1"><scan>{start}</scan></scanList>'
        '<precursorList count="1"><precursor><selectedIonList count="1"><selectedIon>'
        f"{cv.format('1000744', 'selected ion m/z', 500.5)}{z}</selectedIon></selectedIonList></precursor>"
        f'</precursorList><binaryDataArrayList count="2">{arrays}</binaryDataArrayList></spectrum>'
    )


def test_mzml(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        mzml(entry(0), entry(1, level=1), entry(2, charge=False), entry(3, mz="AAA"), entry(4)),
        "some.mzML",
    )
    read = read_spectra(path)
    assert [s.reference for s in read.spectra] == ["scan=7", "scan=11"]
    s = read.spectra[0]
    assert (s.charge, s.precursor_mz, s.retention_time) == (3, 500.5, 120.0)
    assert (s.mz.tolist(), s.intensity.tolist()) == ([100.0, 200.0], [3.0, 4.0])
    assert len(read.skipped) == 2
    assert "scan=9 (no charge)" in read.skipped[0]
    assert len(read_mzml(path, charge=2).spectra) == 3


def test_mgf_there_and_back(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    before = read_mgf(path).spectra
    write_mgf(tmp_path / "other.mgf", before)
    after = read_mgf(tmp_path / "other.mgf").spectra
    assert after[0].peptide == "PEPTIDEK"
    assert (after[0].precursor_mz, after[0].charge, after[0].retention_time) == (500.25, 2, 12.5)
    np.testing.assert_allclose(after[0].mz, before[0].mz, atol=1e-5)


SPECTRA = [Spectrum([100.0], [1.0], 500.0, 2, title=t, reference=f"index={i}") for i, t in enumerate("abc")]
TOKENS = ("+43.006-17.027", "C(+57.02)", "M(+15.99)", "N(+.98)", "K")
FOUND = [
    PeptidePrediction("".join(TOKENS), TOKENS, 0.9, (0.9, 0.8, 0.7, 0.6, 0.5), True, 2, 499.99),
    PeptidePrediction("", (), -1.0, (), False, 2, 0.0),
    PeptidePrediction("GAK", ("G", "A", "K"), -0.1, (0.9, 0.9, 0.9), False, 2, 400.0),
]


def test_mztab_is_read_by_others(tmp_path: Path) -> None:
    from pyteomics.mztab import MzTab

    write_mztab(tmp_path / "some.mztab", SPECTRA, FOUND, tmp_path / "some.mgf")
    read = MzTab(str(tmp_path / "some.mztab"), table_format="dict")
    assert read.metadata["mzTab-version"] == "1.0.0"
    assert read.metadata["ms_run[1]-location"].startswith("file:///")
    rows = read.spectrum_match_table["rows"]
    assert len(rows) == 2
    first = rows[0]
    assert first["sequence"] == "CMNK"
    assert first["modifications"] == "0-UNIMOD:5,0-UNIMOD:385,1-UNIMOD:4,2-UNIMOD:35,3-UNIMOD:7"
    assert first["spectra_ref"] == "ms_run[1]:index=0"
    assert float(first["search_engine_score[1]"]) == 0.9


def test_tsv(tmp_path: Path) -> None:
    write_tsv(tmp_path / "some.tsv", SPECTRA, FOUND)
    lines = [line.split("\t") for line in (tmp_path / "some.tsv").read_text().splitlines()]
    assert len({len(line) for line in lines}) == 1
    assert lines[1][2] == "".join(TOKENS)
    assert lines[1][-1].startswith("0.90000,0.80000")
    assert lines[2][2] == lines[2][3] == ""
    with pytest.raises(ValueError, match="3 spectra and 1 predictions"):
        write_tsv(tmp_path / "some.tsv", SPECTRA, FOUND[:1])
