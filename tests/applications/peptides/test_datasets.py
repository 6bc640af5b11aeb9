"""Published files: fetched only when asked for, checked, kept."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from adami.applications.peptides import PreparedPSMs, Preprocessing, datasets, massivekb_spectra

DATA = b">a\nMAAAAAAK\n"


def packed(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Put an archive where pip would, and tell how it was asked."""
    asked: list[list[str]] = []

    def pip(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / "some-1.0.tar.gz").write_bytes(packed("some-1.0/a.fasta", DATA))
        assert "--hash=sha256:abc" in Path(command[-1]).read_text()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setenv("ADAMI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.subprocess, "run", pip)
    return asked


def some(sha256: str = hashlib.sha256(DATA).hexdigest()) -> datasets.PackageFile:
    return datasets.PackageFile("some", "1.0", "some-1.0/a.fasta", "abc", sha256, ("--no-binary", "some"))


def test_fetched_once(calls: list[list[str]], tmp_path: Path) -> None:
    path = some().fetch()
    assert path.read_bytes() == DATA
    assert path.is_relative_to(tmp_path / "cache")
    some().fetch()
    assert len(calls) == 1
    path.write_bytes(b"torn")
    assert some().fetch().read_bytes() == DATA
    assert len(calls) == 2
    assert "--require-hashes" in calls[0]


def test_another_file_is_refused(calls: list[list[str]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the published file"):
        some("0" * 64).fetch()
    assert not list((tmp_path / "cache").rglob("*.fasta"))


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAMI_CACHE", str(tmp_path))
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no route\n")
    monkeypatch.setattr(datasets.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(ConnectionError, match=r"some 1\.0 could not be fetched: ERROR: no route"):
        some().fetch()


def test_massivekb_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ADAMI_MASSIVEKB", raising=False)
    with pytest.raises(FileNotFoundError, match="ADAMI_MASSIVEKB"):
        massivekb_spectra()
    with pytest.raises(FileNotFoundError, match="no file"):
        massivekb_spectra(tmp_path)
    entry = "BEGIN IONS\nTITLE={}\nCHARGE=2\nPEPMASS=500\n100 1\nEND IONS\n"
    (tmp_path / "massivekb_selected_500.mgf").write_text("".join(entry.format(t) for t in "abc"))
    (tmp_path / "massivekb_selected_500.peprec").write_text(
        "spec_id modifications peptide charge\na 2|Oxidation AMK 2\nb 1|Pyro_glu QAK 2\nc 2|Phospho ASK 2\n"
    )
    found, skipped = massivekb_spectra(tmp_path)
    assert [s.peptide for s in found] == ["AM(+15.99)K", "-17.027QAK"]
    assert len(skipped) == 1
    assert "Phospho" in skipped[0]


def test_all_of_massivekb() -> None:
    if not os.environ.get(datasets.MASSIVEKB):
        pytest.skip(f"{datasets.MASSIVEKB} names no folder")
    found, skipped = massivekb_spectra()
    assert (len(found), skipped) == (500, [])
    assert (PreparedPSMs(found).offsets < 50).all()


@pytest.mark.full
def test_mouse_spectra() -> None:
    """The real spectra after preprocessing; fetches 25 MB where they are not cached."""
    try:
        spectra = datasets.mouse_spectra()
    except ConnectionError as problem:
        pytest.skip(str(problem))
    assert len(spectra) == 128
    psms = PreparedPSMs(spectra, preprocessing=Preprocessing())
    np.testing.assert_allclose((psms.intensity**2).sum(1), 1, atol=1e-6)
    assert psms.mz.shape[1] <= 150
    assert np.mean(psms.offsets < 50) >= 0.95
    assert len({tuple(p) for p in psms.peptides}) == 120
    assert len(datasets.mouse_proteome()) > 20_000
