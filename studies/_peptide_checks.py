"""What must be so of loss, matching, search and preprocessing, whatever is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from adami.applications.peptides import (
    BeamSearch,
    PreparedPSMs,
    Preprocessing,
    Spectrum,
    Vocabulary,
    aa_match,
    digest,
    random_proteome,
)
from adami.applications.peptides.beams import Found, search
from adami.training import CMIReweightedLoss
from studies.study import Check

WORDS = Vocabulary()
LENGTHS = (7, 4, 6, 1)
CASES = (
    ("PEPTLDEK", "PEPTLDEK", "11111111", False),
    ("PEPTIDEK", "PEPTLDEK", "11111111", False),
    ("AGGSK", "ANSK", "10011", False),
    ("GAVSK", "GAFSK", "11011", False),
    ("N(+.98)GK", "DGK", "111", False),
    ("N(+.98)GK", "DGK", "011", True),
    ("GAK", "", "000", False),
)


def exact_loss(seed: int) -> list[Check]:
    """Compare the loss with its equations, one number at a time, in float64."""
    generator = torch.Generator().manual_seed(seed)
    told, prior = torch.randn(2, 4, 7, 5, generator=generator, dtype=torch.float64)
    told.requires_grad_()
    prior.requires_grad_()
    target = torch.randint(0, 5, (4, 7), generator=generator)
    mask = torch.arange(7) < torch.tensor(LENGTHS)[:, None]
    apart = 0.0
    for detach in (True, False):
        terms = CMIReweightedLoss(0.3, 0.1, detach_weights=detach)(told, prior, target, mask)
        wanted = _by_loops(told, prior, target, detach)
        ours, theirs = (torch.autograd.grad(x, (told, prior)) for x in (terms["total"], wanted))
        gaps = [float((terms["total"] - wanted).detach().abs())]
        apart = max(apart, *gaps, *(float((a - b).abs().max()) for a, b in zip(ours, theirs)))
    means = terms["token_weights"].detach().sum(1) / mask.sum(1)
    plain = torch.nn.functional.cross_entropy(told[mask], target[mask])
    bare = CMIReweightedLoss(0, 0)(told, prior, target, mask)["conditional"]
    off = float((means - 1).abs().max())
    gap = float((bare - plain).detach().abs())
    return [
        Check("loss and gradients against the equations: largest difference", apart, 1e-10, apart <= 1e-10),
        Check("mean weight of the residues of a peptide: largest distance from 1", off, 1e-10, off <= 1e-10),
        Check("without deviations: distance from plain cross-entropy", gap, 1e-12, gap <= 1e-12),
    ]


def _by_loops(told: Tensor, prior: Tensor, target: Tensor, detach: bool) -> Tensor:
    def log_p(logits: Tensor, b: int, j: int) -> Tensor:
        return logits[b, j].log_softmax(0)[target[b, j]]

    rows = [[log_p(told, b, j) - log_p(prior, b, j) for j in range(n)] for b, n in enumerate(LENGTHS)]
    if detach:
        rows = [[v.detach() for v in row] for row in rows]
    means = [sum(row) / len(row) for row in rows]
    middle = sum(means) / len(means)
    spread = torch.sqrt(sum((m - middle) ** 2 for m in means) / (len(means) - 1))
    total = torch.zeros((), dtype=torch.float64)
    for b, row in enumerate(rows):
        sequence = torch.clamp(1 + 0.1 * (means[b] - middle) / (spread + 1e-6), min=0)
        for j, value in enumerate(row):
            weight = torch.ones((), dtype=torch.float64)
            if len(row) > 1:
                sigma = torch.sqrt(sum((v - means[b]) ** 2 for v in row) / (len(row) - 1))
                weight = torch.clamp(1 + 0.3 * (value - means[b]) / (sigma + 1e-6), min=0)
            total = total - weight * sequence * log_p(told, b, j) - log_p(prior, b, j)
    return total / sum(LENGTHS)


def matching() -> Check:
    """Compare with matches made by hand."""
    right = 0
    for true, predicted, flags, identity in CASES:
        sides = [WORDS.split(p) if p else [] for p in (true, predicted)]
        found = aa_match(*sides, ptm_identity=identity)
        wanted = [f == "1" for f in flags]
        right += found.flags.tolist() == wanted and found.correct == all(wanted)
    return Check("matches by hand that come out right", right, len(CASES), right == len(CASES))


class Oracle:
    """A decoder that knows the peptides."""

    def __init__(self, peptides: Sequence[Sequence[str]]) -> None:
        self.tokens = [WORDS.encode(p) for p in peptides]
        self.rows = np.arange(len(peptides))
        self.at = 0

    def logits(
        self, tokens: np.ndarray | None, parents: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Put all probability on the next true token."""
        if rows is not None:
            self.rows = self.rows[rows]
        found = np.full((len(self.rows), 1 if tokens is None else tokens.shape[1], WORDS.size), -1e9)
        for i, row in enumerate(self.rows):
            if self.at < len(self.tokens[row]):
                found[i, :, self.tokens[row][self.at]] = 0.0
        self.at += 1
        return found


def beams(seed: int) -> list[Check]:
    """Search with a decoder that knows the answer, at and beside the precursor's mass."""
    peptides = [WORDS.split(p.replace("C", "C(+57.02)")) for p in digest(random_proteome(3, seed))[:200]]
    charge = np.where(np.arange(len(peptides)) % 3 == 0, 3, 2)
    mz = np.array([WORDS.mz(p, int(z)) for p, z in zip(peptides, charge)])

    def share(observed: np.ndarray, how: BeamSearch, score: float, fits: bool) -> float:
        rows: list[list[Found]] = search(Oracle(peptides), observed, charge, WORDS, how)
        good = [
            bool(row)
            and WORDS.decode(row[0].numbers) == p
            and math.isclose(row[0].score, score, abs_tol=1e-9)
            and row[0].fits_precursor == fits
            for row, p in zip(rows, peptides)
        ]
        return float(np.mean(good))

    isotope = mz + 1.00335 / charge
    cases = (
        ("the truth, score 1, precursor fits", mz, BeamSearch(), 1.0, True),
        ("the same, mass-constrained", mz, BeamSearch(mass_constrained=True), 1.0, True),
        ("60 ppm off at a tolerance of 50: score less 1", mz * (1 + 60e-6), BeamSearch(), 0.0, False),
        ("one heavy carbon allowed: fits", isotope, BeamSearch(isotopes=(0, 1)), 1.0, True),
        ("no heavy carbon allowed: misses", isotope, BeamSearch(isotopes=(0, 0)), 0.0, False),
    )
    found = [(name, share(observed, how, score, fits)) for name, observed, how, score, fits in cases]
    return [
        Check(f"search with a decoder that knows, {name}: share", value, 1.0, value == 1)
        for name, value in found
    ]


def preprocessing(spectra: Sequence[Spectrum]) -> list[Check]:
    """Look at real spectra after preprocessing."""
    how = Preprocessing()
    psms = PreparedPSMs(spectra, preprocessing=how)
    norm = float(np.abs((psms.intensity**2).sum(1) - 1).max())
    most = int((psms.intensity > 0).sum(1).max())
    zone = min(float(np.abs(mz[mz > 0] - s.precursor_mz).min()) for mz, s in zip(psms.mz, spectra))
    near = float(np.mean(psms.offsets < 50))
    return [
        Check("mouse spectra: squared intensities sum to 1, largest distance", norm, 1e-6, norm <= 1e-6),
        Check("mouse spectra: most peaks", most, 150, most <= 150),
        Check("mouse spectra: nearest peak to a precursor, Da", zone, 2.0, zone > 2.0),
        Check("mouse spectra: labels within 50 ppm of the precursor, share", near, 0.95, near >= 0.95),
    ]
