"""Spectra from MGF and mzML; what cannot be read is named and counted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adami.applications.peptides._extras import need
from adami.applications.peptides.spectra import Spectrum

NAMED = 5
"""So many of the entries that could not be read are named in a summary."""
SUFFIXES = {".mgf": "MGF", ".mzml": "mzML"}


@dataclass(frozen=True, slots=True)
class ReadSpectra:
    """Spectra of a file, and what was left out of it.

    Attributes
    ----------
    spectra : tuple of Spectrum
    skipped : tuple of str
        One line for each entry that was left out: where it stands and why.
    path : str
    """

    spectra: tuple[Spectrum, ...]
    skipped: tuple[str, ...]
    path: str

    def __len__(self) -> int:
        return len(self.spectra)

    @property
    def summary(self) -> str:
        """Return one line on what was left out; empty if nothing was."""
        if not self.skipped:
            return ""
        named = "; ".join(self.skipped[:NAMED])
        more = f"; and {len(self.skipped) - NAMED} more" if len(self.skipped) > NAMED else ""
        total = len(self.skipped) + len(self.spectra)
        return f"{self.path}: {len(self.skipped)} of {total} spectra left out: {named}{more}"


def read_spectra(path: str | Path, *, max_charge: int = 10, charge: int | None = None) -> ReadSpectra:
    """Return the spectra of an MGF or mzML file.

    Parameters
    ----------
    path : str or Path
        ``.mgf`` or ``.mzML``.
    max_charge : int
        Spectra of higher charges are left out.
    charge : int, optional
        For spectra whose charge the file does not tell; without it they are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is of another kind, or no spectrum of it can be read.
    """
    kind = SUFFIXES.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: spectra are read from .mgf and .mzML files")
    reader = read_mgf if kind == "MGF" else read_mzml
    return reader(path, max_charge=max_charge, charge=charge)


def read_mgf(path: str | Path, *, max_charge: int = 10, charge: int | None = None) -> ReadSpectra:
    """Return the spectra of an MGF file, with the peptide of ``SEQ=`` where there is one.

    Parameters are those of `read_spectra`.
    """
    need("pyteomics", "reading MGF", "pyteomics")
    from pyteomics.auxiliary import PyteomicsError

    place = _existing(path)
    found: list[Spectrum] = []
    skipped: list[str] = []
    for index, entry in enumerate(_mgf_entries(place)):
        try:
            found.append(_from_mgf(entry, index, max_charge, charge))
        except (ValueError, KeyError, TypeError, PyteomicsError) as problem:
            skipped.append(f"{_mgf_name(entry, index)} ({_said(problem)})")
    return _checked(place, found, skipped)


def read_mzml(path: str | Path, *, max_charge: int = 10, charge: int | None = None) -> ReadSpectra:
    """Return the fragment spectra (MS level 2) of an mzML file.

    Parameters are those of `read_spectra`.
    """
    for module in ("pyteomics", "lxml"):
        need(module, "reading mzML", module)
    from lxml.etree import XMLSyntaxError
    from pyteomics import mzml
    from pyteomics.auxiliary import PyteomicsError

    place = _existing(path)
    found: list[Spectrum] = []
    skipped: list[str] = []
    with mzml.MzML(str(place), use_index=True, huge_tree=True) as reader:
        for index in range(len(reader)):
            name = f"spectrum {index}"
            try:
                entry = reader[index]
                name = str(entry.get("id", name))
                if entry.get("ms level") == 2:
                    found.append(_from_mzml(entry, index, max_charge, charge))
            except (ValueError, KeyError, TypeError, IndexError, XMLSyntaxError, PyteomicsError) as problem:
                skipped.append(f"{name} ({_said(problem)})")
    return _checked(place, found, skipped)


def _checked(place: Path, found: list[Spectrum], skipped: list[str]) -> ReadSpectra:
    result = ReadSpectra(tuple(found), tuple(skipped), str(place))
    if not found:
        raise ValueError(result.summary or f"{place} holds no fragment spectrum")
    return result


def _existing(path: str | Path) -> Path:
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(f"there is no file {path}")
    return place


def _mgf_entries(place: Path) -> Iterator[str]:
    """Give the text of each entry, with the lines before the first as its head.

    Entry by entry, so that a broken one costs no other.
    """
    head: list[str] = []
    entry: list[str] | None = None
    with place.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            word = line.strip()
            if word == "BEGIN IONS":
                if entry is not None:
                    # the one before has no end
                    yield "".join(entry)
                entry = [*head, line]
            elif entry is None:
                head.append(line)
            else:
                entry.append(line)
                if word == "END IONS":
                    yield "".join(entry)
                    entry, head = None, head if len(head) < 100 else []
    if entry is not None:
        yield "".join(entry)


def _from_mgf(entry: str, index: int, max_charge: int, charge: int | None) -> Spectrum:
    from pyteomics import mgf

    if "END IONS" not in entry:
        raise ValueError("the entry has no END IONS")
    with mgf.MGF(io.StringIO(entry), convert_arrays=1, read_charges=False) as reader:
        told = next(iter(reader))
    params = told["params"]
    if "pepmass" not in params:
        raise ValueError("no PEPMASS")
    retention = params.get("rtinseconds")
    return _spectrum(
        told["m/z array"],
        told["intensity array"],
        float(params["pepmass"][0]),
        [int(z) for z in params.get("charge", ())],
        max_charge,
        charge,
        peptide=params.get("seq") or None,
        title=str(params.get("title", "")),
        reference=f"index={index}",
        retention_time=None if retention is None else float(retention),
    )


def _mgf_name(entry: str, index: int) -> str:
    """Return how an entry is called, from its text: it may be too broken to be read."""
    words = dict(line.strip().split("=", 1) for line in entry.splitlines() if "=" in line)
    told = [f"{key.lower()} {words[key]}" for key in ("TITLE", "SCANS") if key in words]
    return f"spectrum {index}" + (f", {', '.join(told)}" if told else "")


def _from_mzml(entry: Mapping[str, Any], index: int, max_charge: int, charge: int | None) -> Spectrum:
    ion = entry["precursorList"]["precursor"][0]["selectedIonList"]["selectedIon"][0]
    scans = entry.get("scanList", {}).get("scan", [{}])
    start = scans[0].get("scan start time")
    seconds = None
    if start is not None:
        minutes = getattr(start, "unit_info", "minute") == "minute"
        seconds = float(start) * (60.0 if minutes else 1.0)
    name = str(entry.get("id", f"spectrum {index}"))
    return _spectrum(
        entry["m/z array"],
        entry["intensity array"],
        float(ion["selected ion m/z"]),
        [int(ion["charge state"])] if "charge state" in ion else [],
        max_charge,
        charge,
        peptide=None,
        title=name,
        reference=name if "=" in name else f"index={index}",
        retention_time=seconds,
    )


def _spectrum(
    mz: np.ndarray,
    intensity: np.ndarray,
    precursor_mz: float,
    charges: list[int],
    max_charge: int,
    charge: int | None,
    **told: Any,
) -> Spectrum:
    if len(charges) > 1:
        raise ValueError(f"several charges, {', '.join(map(str, charges))}: write the entry once for each")
    if not charges and charge is None:
        raise ValueError("no charge")
    z = charges[0] if charges else int(charge or 0)
    if z > max_charge:
        raise ValueError(f"charge {z} is above {max_charge}")
    if not len(mz):
        raise ValueError("no peaks")
    return Spectrum(np.asarray(mz), np.asarray(intensity), precursor_mz, z, **told)


def _said(problem: Exception) -> str:
    """Return the first line of an error, short enough for a list."""
    # the errors of pyteomics come as "Pyteomics error, message: '...'"
    text = str(getattr(problem, "message", problem)).strip() or type(problem).__name__
    if isinstance(problem, KeyError):
        text = f"no {text}"
    return " ".join(text.split())[:120]
