"""Labelled spectra as MGF, and predicted peptides as mzTab and TSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from adami._atomic import write_atomically
from adami._version import __version__
from adami.applications.peptides._extras import need
from adami.applications.peptides.predictions import PeptidePrediction
from adami.applications.peptides.spectra import Spectrum

UNIMOD = {
    "C(+57.02)": ("C", "UNIMOD:4"),
    "M(+15.99)": ("M", "UNIMOD:35"),
    "N(+.98)": ("N", "UNIMOD:7"),
    "Q(+.98)": ("Q", "UNIMOD:7"),
    "+42.011": ("", "UNIMOD:1"),
    "+43.006": ("", "UNIMOD:5"),
    "-17.027": ("", "UNIMOD:385"),
}
"""Plain residue and modification, as mzTab names them, of each modified token."""
SEVERAL = {"+43.006-17.027": ("+43.006", "-17.027")}
TSV_COLUMNS = (
    *("title", "reference", "sequence", "score", "fits_precursor", "charge", "precursor_mz"),
    *("calculated_mz", "aa_scores"),
)


def write_mgf(path: str | Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra to an MGF file, peptides as ``SEQ=``.

    Parameters
    ----------
    path : str or Path
    spectra : sequence of Spectrum
    """
    need("pyteomics", "writing MGF", "pyteomics")
    from pyteomics import mgf

    def entry(s: Spectrum) -> dict[str, object]:
        params: dict[str, object] = {
            "title": s.title or s.reference,
            "pepmass": s.precursor_mz,
            "charge": f"{s.charge}+",
        }
        if s.retention_time is not None:
            params["rtinseconds"] = s.retention_time
        if s.peptide:
            params["seq"] = s.peptide
        return {"m/z array": s.mz, "intensity array": s.intensity, "params": params}

    text = io.StringIO()
    mgf.write(
        (entry(s) for s in spectra),
        output=text,
        fragment_format="{:.5f} {:.6g}",
        key_order=["title", "pepmass", "charge", "rtinseconds", "seq"],
    )
    write_atomically(path, text.getvalue().encode())


def write_tsv(
    path: str | Path, spectra: Sequence[Spectrum], predictions: Sequence[PeptidePrediction]
) -> None:
    """Write one line a spectrum; without a peptide its sequence is empty.

    Parameters
    ----------
    path : str or Path
    spectra : sequence of Spectrum
    predictions : sequence of PeptidePrediction
    """
    write_atomically(path, tsv(spectra, predictions).encode())


def tsv(spectra: Sequence[Spectrum], predictions: Sequence[PeptidePrediction]) -> str:
    """Return what `write_tsv` writes."""
    _same_number(spectra, predictions)
    lines = ["\t".join(TSV_COLUMNS)]
    for s, p in zip(spectra, predictions):
        scores = ",".join(f"{v:.5f}" for v in p.aa_scores)
        fields = [
            *(_plain(s.title), _plain(s.reference), p.sequence, f"{p.score:.5f}" if p.tokens else ""),
            *(str(p.fits_precursor).lower(), str(s.charge), f"{s.precursor_mz:.6f}"),
            *(f"{p.mz:.6f}" if p.tokens else "", scores),
        ]
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


def write_mztab(
    path: str | Path,
    spectra: Sequence[Spectrum],
    predictions: Sequence[PeptidePrediction],
    source: str | Path = "",
) -> None:
    """Write predicted peptides as mzTab 1.0; spectra without a peptide have no row there.

    Parameters
    ----------
    path : str or Path
    spectra : sequence of Spectrum
    predictions : sequence of PeptidePrediction
    source : str or Path
        The file that the spectra are from.
    """
    write_atomically(path, mztab(spectra, predictions, source).encode())


def mztab(
    spectra: Sequence[Spectrum], predictions: Sequence[PeptidePrediction], source: str | Path = ""
) -> str:
    """Return what `write_mztab` writes."""
    _same_number(spectra, predictions)
    location = Path(source).resolve().as_uri() if str(source) else "null"
    meta = {
        "mzTab-version": "1.0.0",
        "mzTab-mode": "Summary",
        "mzTab-type": "Identification",
        "description": "Peptides read from spectra by AdaNovo",
        "software[1]": f"[, , adami, {__version__}]",
        "psm_search_engine_score[1]": "[, , AdaNovo peptide score, ]",
        "fixed_mod[1]": "[UNIMOD, UNIMOD:4, Carbamidomethyl, ]",
        "fixed_mod[1]-site": "C",
        "variable_mod[1]": "[UNIMOD, UNIMOD:35, Oxidation, ]",
        "variable_mod[1]-site": "M",
        "variable_mod[2]": "[UNIMOD, UNIMOD:7, Deamidated, ]",
        "variable_mod[2]-site": "N",
        "variable_mod[3]": "[UNIMOD, UNIMOD:7, Deamidated, ]",
        "variable_mod[3]-site": "Q",
        "ms_run[1]-location": location,
    }
    lines = [f"MTD\t{key}\t{value}" for key, value in meta.items()]
    columns = (
        *("sequence", "PSM_ID", "accession", "unique", "database", "database_version", "search_engine"),
        *("search_engine_score[1]", "modifications", "retention_time", "charge", "exp_mass_to_charge"),
        *("calc_mass_to_charge", "spectra_ref", "pre", "post", "start", "end", "opt_ms_run[1]_aa_scores"),
        "opt_ms_run[1]_fits_precursor",
    )
    lines += ["", "\t".join(("PSH", *columns))]
    for i, (s, p) in enumerate(zip(spectra, predictions)):
        if not p.tokens:
            continue
        sequence, changes = _unimod(p.tokens)
        time = "null" if s.retention_time is None else f"{s.retention_time:.3f}"
        fields = [
            *("PSM", sequence, str(i + 1), "null", "null", "null", "null", f"[, , adami, {__version__}]"),
            *(f"{p.score:.6f}", changes, time, str(s.charge), f"{s.precursor_mz:.6f}", f"{p.mz:.6f}"),
            f"ms_run[1]:{s.reference or f'index={i}'}",
            *("null",) * 4,
            ",".join(f"{v:.5f}" for v in p.aa_scores),
            str(p.fits_precursor).lower(),
        ]
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


def _unimod(tokens: Sequence[str]) -> tuple[str, str]:
    """Return plain residues, and where they are modified as mzTab writes it."""
    plain: list[str] = []
    changes: list[str] = []
    for token in (t for whole in tokens for t in SEVERAL.get(whole, (whole,))):
        residue, change = UNIMOD.get(token, (token[:1] if token[:1].isupper() else "", ""))
        plain += residue
        if not change and len(token) > 1:
            # the exact mass is in the token
            change = f"CHEMMOD:{token.strip('+').removeprefix(residue).strip('()')}"
        if change:
            changes.append(f"{len(plain)}-{change}")
    return "".join(plain), ",".join(changes) or "null"


def _same_number(spectra: Sequence[Spectrum], predictions: Sequence[PeptidePrediction]) -> None:
    if len(spectra) != len(predictions):
        raise ValueError(f"{len(spectra)} spectra and {len(predictions)} predictions: one of each is needed")


def _plain(text: str) -> str:
    """Return a title without what would break a line into more fields."""
    return " ".join(text.split())
