"""Where the fragments of peptides lie, and how high a rule expects them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from adami.applications.peptides.residues import H2O, PROTON, Vocabulary
from adami.applications.peptides.spectra import Spectrum

AFTER_BOND, BEFORE_BOND = 3.0, 2.0
"""How much more a bond breaks in front of proline, and behind an acid."""
MS2PIP_MODEL = "HCDch2"
MS2PIP_RELEASE = "4.1."
MS2PIP_FLOOR = 0.001
"""MS2PIP predicts log2 of intensity plus this."""
UNIMOD_NAMES = {
    "C(+57.02)": "C[Carbamidomethyl]",
    "M(+15.99)": "M[Oxidation]",
    "N(+.98)": "N[Deamidated]",
    "Q(+.98)": "Q[Deamidated]",
    "+42.011": "[Acetyl]-",
    "+43.006": "[Carbamyl]-",
    "-17.027": "[Ammonia-loss]-",
}


class Ladder(NamedTuple):
    """Fragments of many peptides by the bond that broke; column i has i + 1 residues on the C side.

    Attributes
    ----------
    y, b : numpy.ndarray, shape (n, l)
        Mass over charge of the single charge; 0 where there is no such bond.
    bonds : numpy.ndarray of int, shape (n,)
    """

    y: np.ndarray
    b: np.ndarray
    bonds: np.ndarray


def ladder(tokens: np.ndarray, vocabulary: Vocabulary) -> Ladder:
    """Return the fragments of peptides.

    Parameters
    ----------
    tokens : array of int, shape (n, l)
        From C to N with the end, padded with 0.
    vocabulary : Vocabulary
    """
    masses = vocabulary.masses[tokens]
    residues = (tokens > 0) & (tokens != vocabulary.stop)
    bonds = (residues & ~vocabulary.terminal[tokens]).sum(1) - 1
    there = np.arange(tokens.shape[1] - 1) < bonds[:, None]
    part = masses.cumsum(1)[:, :-1]
    rest = masses.sum(1, keepdims=True) - part
    y = np.where(there, part + H2O + PROTON, 0.0)
    return Ladder(y, np.where(there, rest + PROTON, 0.0), bonds)


class Ion(NamedTuple):
    """A fragment that a peak was found for.

    Attributes
    ----------
    name : str
        ``y3``, ``b5``, ``y7++``.
    peak : int
        Row of the highest peak within the tolerance.
    """

    name: str
    peak: int


def matched_ions(
    spectrum: Spectrum, tokens: Sequence[str], tolerance: float = 20.0, vocabulary: Vocabulary | None = None
) -> list[Ion]:
    """Return the b- and y-ions of a peptide that a spectrum shows, of each the highest peak.

    Parameters
    ----------
    spectrum : Spectrum
    tokens : sequence of str
        From N to C.
    tolerance : float
        ppm.
    vocabulary : Vocabulary, optional

    Notes
    -----
    Doubly charged fragments are looked for where the precursor has at least three charges.
    """
    words = vocabulary or Vocabulary()
    steps = ladder(words.encode(tokens)[None], words)
    n = int(steps.bonds[0])
    found = []
    for z in range(1, 3 if spectrum.charge > 2 else 2):
        for series, places in (("y", steps.y[0, :n]), ("b", steps.b[0, :n][::-1])):
            for i, single in enumerate(places, start=1):
                mz = (single - PROTON) / z + PROTON
                near = np.flatnonzero(np.abs(spectrum.mz - mz) <= tolerance * 1e-6 * mz)
                if len(near):
                    highest = near[np.argmax(spectrum.intensity[near])]
                    found.append(Ion(f"{series}{i}{'+' * z if z > 1 else ''}", int(highest)))
    return found


def rule_intensities(
    tokens: np.ndarray, vocabulary: Vocabulary, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return heights of the fragments of `ladder` by rule, y then b, each of shape (n, l - 1).

    Bonds in front of proline and behind acids break more, y-ions are twice as high as b-ions, the first two
    b-ions are low, and each height varies by a log-normal factor.
    """
    steps = ladder(tokens, vocabulary)
    number = {token: i for i, token in enumerate(vocabulary.tokens)}
    acids = [number[t] for t in ("D", "E") if t in number]
    factor = np.where(tokens[:, :-1] == number.get("P", -1), AFTER_BOND, 1.0)
    factor *= np.where(np.isin(tokens[:, 1:], acids), BEFORE_BOND, 1.0)
    behind = steps.bonds[:, None] - np.arange(tokens.shape[1] - 1)
    early = np.where((behind == 1) | (behind == 2), 0.5, 1.0)
    there = steps.y > 0
    y = factor * rng.lognormal(0.0, 0.5, factor.shape) * there
    b = 0.5 * early * factor * rng.lognormal(0.0, 0.5, factor.shape) * there
    return y, b


def has_ms2pip() -> bool:
    """Tell whether a release of MS2PIP is installed that carries its models; later ones fetch them."""
    if find_spec("ms2pip") is None:
        return False
    return version("ms2pip").startswith(MS2PIP_RELEASE)


def ms2pip_intensities(peptides: Sequence[Sequence[str]], charge: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Return heights of the series b, b2, y and y2 as MS2PIP 4.1.2 predicts them, a mapping for each peptide.

    Raises
    ------
    ImportError
        If MS2PIP or its models are missing.
    ValueError
        If a residue has no name in MS2PIP.
    """
    if not has_ms2pip():
        raise ImportError(
            "intensities='ms2pip' needs MS2PIP 4.1.2, which carries its models: pip install 'adami[ms2pip]'"
        )
    from ms2pip import predict_batch
    from psm_utils import PSM, PSMList

    unnamed = {t for p in peptides for t in p if len(t) > 1 and t not in UNIMOD_NAMES}
    if unnamed:
        raise ValueError(f"MS2PIP has no name for {' '.join(sorted(unnamed))}; use intensities='rule'")
    asked = PSMList(
        psm_list=[
            PSM(
                peptidoform=f"{''.join(UNIMOD_NAMES.get(t, t) for t in p)}/{int(z)}",
                spectrum_id=str(i),
            )
            for i, (p, z) in enumerate(zip(peptides, charge))
        ]
    )
    answers = predict_batch(asked, model=MS2PIP_MODEL, processes=1)
    found: list[dict[str, np.ndarray]] = [{} for _ in peptides]
    for answer in answers:
        if answer.predicted_intensity is None:
            raise ValueError(f"MS2PIP gives no spectrum of {answer.psm.peptidoform}: leave the peptide out")
        found[int(answer.psm.spectrum_id)] = {
            series: np.maximum(2.0 ** np.asarray(values, dtype=float) - MS2PIP_FLOOR, 0.0)
            for series, values in answer.predicted_intensity.items()
        }
    return found
