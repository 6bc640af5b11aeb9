"""Trainings of the study on peptides: each is measured once, and gone on with after a kill."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from adami._atomic import write_atomically
from adami.applications.peptides import (
    AdaNovo,
    BeamSearch,
    Preprocessing,
    PSMInformation,
    SimulatedPSMs,
    Spectrum,
    Vocabulary,
    digest,
    leave_one_out,
    massivekb_spectra,
    mouse_proteome,
    mouse_spectra,
    other_proteomes,
    random_proteome,
    simulate_psms,
)
from adami.applications.peptides.datasets import MASSIVEKB, MOUSE_SPECTRA, cache_folder

FOLDER = "ADAMI_STUDY_FOLDER"
"""Environment variable: where trainings are kept."""
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {"prefix_mass": False, "peak_lookup": False},
    "prefix": {"prefix_mass": True, "peak_lookup": False},
    "lookup": {"prefix_mass": True, "peak_lookup": True},
}
SIZES: dict[str, dict[str, Any]] = {
    "quick": {"d_model": 32, "n_layers": 1, "n_prior_layers": 1},
    "full": {"d_model": 64, "n_layers": 2},
    "gpu": {"d_model": 256, "n_layers": 4, "n_heads": 8, "batch_size": 64},
}
TESTED = {"quick": 80, "full": 400, "gpu": 1000}
"""Simulated spectra of the held-out proteome."""
LOOKED_AT = 1500
"""Training matches in which wrong labels are looked for."""


@dataclass(frozen=True)
class Arm:
    """One training.

    Parameters
    ----------
    scale, preset, reweight : str
    steps, seed : int
    label_noise : float
    """

    scale: str
    preset: str
    reweight: str
    steps: int
    seed: int
    label_noise: float = 0.0

    @property
    def name(self) -> str:
        """Name of its folder."""
        return "-".join(str(v) for v in asdict(self).values())


def folder() -> Path:
    """Return where trainings are kept."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else cache_folder() / "studies" / "01_adanovo"


def real_spectra(scale: str) -> list[Spectrum]:
    """Return the 128 mouse spectra; none at the quick scale where they have not been fetched before."""
    return mouse_spectra() if scale != "quick" or MOUSE_SPECTRA.path.exists() else []


def human_spectra(scale: str) -> list[Spectrum]:
    """Return the 500 spectra of MassIVE-KB; none at the quick scale, or where no folder of them is named."""
    return massivekb_spectra()[0] if scale != "quick" and os.environ.get(MASSIVEKB) else []


def measure(arms: Sequence[Arm], workers: int) -> list[dict[str, float]]:
    """Return the measures of every training, in order."""
    if workers < 2 or len(arms) < 2:
        return [run(arm) for arm in arms]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(run, arms))


def run(arm: Arm) -> dict[str, float]:
    """Return the measures of one training; a kept one is read."""
    kept = folder() / arm.name / "measured.json"
    if arm.scale != "quick" and kept.exists():
        found: dict[str, float] = json.loads(kept.read_text())
        return found
    train, test, real = _data(arm)
    model = AdaNovo(
        **SIZES[arm.scale],
        **PRESETS[arm.preset],
        reweight=arm.reweight,  # type: ignore[arg-type]
        steps=arm.steps,
        every=max(arm.steps // 10, 1),
        learning_rate=3e-3 if arm.scale == "quick" else 1.5e-3 if arm.scale == "full" else 8e-4,
        shortest_wave=0.01,
        preprocessing=train.preprocessing,
        validation_share=0.01,
        random_state=arm.seed,
        checkpoint=None if arm.scale == "quick" else kept.parent,
    ).fit(train)
    found = _measures(model, test, real)
    if arm.label_noise:
        rows = np.arange(min(LOOKED_AT, len(train)))
        looked = train.take(rows)
        told = model.cmi(looked).means
        found["wrong_labels_auc"] = auc(told[looked.corrupted], told[~looked.corrupted])
    if arm.scale != "quick":
        model.save(kept.parent / "network.safetensors")
        write_atomically(kept, json.dumps(found, indent=1).encode())
    return found


def _data(arm: Arm) -> tuple[SimulatedPSMs, SimulatedPSMs, dict[str, list[Spectrum]]]:
    """Return what to train on, and simulated and real spectra of a proteome that was held out."""
    real = {"mouse": real_spectra(arm.scale), "massivekb": human_spectra(arm.scale)}
    words, how = Vocabulary(), Preprocessing(n_peaks=48)
    # what is modified is not told apart: no peptide of a test spectrum is trained on in any form
    hidden = [
        "".join(t[0] for t in words.split(s.peptide or "") if t[0].isupper())
        for spectra in real.values()
        for s in spectra
    ]
    if arm.scale == "quick":
        proteomes = {
            name: digest(random_proteome(size, seed)) for name, size, seed in (("a", 120, 1), ("b", 30, 2))
        }
        held_out = "b"
    else:
        proteomes, held_out = other_proteomes() | {"mouse": mouse_proteome()}, "mouse"
    peptides, rest = leave_one_out(proteomes, held_out, hidden)
    rng = np.random.default_rng([arm.seed, 1])
    peptides = [peptides[i] for i in rng.permutation(len(peptides))]
    rest = [rest[i] for i in np.sort(rng.permutation(len(rest))[: TESTED[arm.scale]])]
    source = "auto" if arm.scale == "gpu" else "rule"
    train = simulate_psms(
        peptides,
        arm.seed,
        intensities=source,  # type: ignore[arg-type]
        preprocessing=how,
        label_noise=arm.label_noise,
    )
    test = simulate_psms(rest, arm.seed + 1, intensities=source, preprocessing=how)  # type: ignore[arg-type]
    return train, test, real


def _measures(model: AdaNovo, test: SimulatedPSMs, real: dict[str, list[Spectrum]]) -> dict[str, float]:
    found: dict[str, float] = {}
    simulated = test.spectra(7)
    for name, spectra in {"held-out": simulated, **real}.items():
        if not spectra:
            continue
        for search, how in (("", BeamSearch()), (" constrained", BeamSearch(mass_constrained=True))):
            told = model.score(spectra, how)
            found |= {f"{name}{search} {key}": value for key, value in told.items()}
    found["swapped_labels_auc"] = _swapped(model, simulated)
    return found


def _swapped(model: AdaNovo, spectra: list[Spectrum]) -> float:
    """Return how well the information tells true labels from those of other spectra."""
    others = spectra[1:] + spectra[:1]
    wrong = [
        Spectrum(s.mz, s.intensity, s.precursor_mz, s.charge, other.peptide)
        for s, other in zip(spectra, others)
        if s.peptide != other.peptide
    ]
    with warnings.catch_warnings():
        # their masses do not agree, which is the point
        warnings.simplefilter("ignore", UserWarning)
        low: PSMInformation = model.cmi(wrong)
    return auc(low.means, model.cmi(spectra).means)


def auc(low: np.ndarray, high: np.ndarray) -> float:
    """Return the share of pairs in which the second is larger, equal ones by half."""
    below = np.searchsorted(np.sort(low), high, side="left")
    upto = np.searchsorted(np.sort(low), high, side="right")
    return float((below + upto).mean() / (2 * len(low)))
