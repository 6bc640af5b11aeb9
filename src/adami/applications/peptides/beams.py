"""Beam search for many spectra at once, with a check of the precursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from adami.applications.peptides.precursors import (
    MassConstraint,
    PrecursorCheck,
    ReachableMasses,
    reachable_masses,
)
from adami.applications.peptides.residues import Vocabulary

Score = Literal["mean", "product"]
Ranking = Literal["logits", "probability"]


class Decoder(Protocol):
    """What a search asks: `adami.applications.peptides._nets.stepwise` has the one of the network."""

    def logits(
        self, tokens: np.ndarray | None, parents: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> np.ndarray:
        """Return logits of the next tokens, shape (b, s, v)."""
        ...


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """How peptides are searched for.

    Parameters
    ----------
    n_beams : int
        1 is the greedy search.
    top_match : int
        Peptides returned for a spectrum, at most `n_beams`.
    max_length, min_length : int
        Tokens of a peptide.
    tolerance : float
        Of the precursor, ppm.
    isotopes : (int, int)
        Numbers of heavy carbon atoms in the observed precursor, first and last.
    score : {"mean", "product"}
        Mean probability of the tokens, residues scored by half of their own and half of the peptide's; or the
        product of the residues' probabilities, residues scored by their own. A peptide that misses the
        precursor loses 1.
    ranking : {"logits", "probability"}
        What is averaged over a beam to rank it: raw logits as published, or log-probabilities.
    mass_constrained : bool
        Whether only tokens are considered after which the precursor can still be met.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    n_beams: int = 5
    top_match: int = 1
    max_length: int = 100
    min_length: int = 6
    tolerance: float = 50.0
    isotopes: tuple[int, int] = (0, 1)
    score: Score = "mean"
    ranking: Ranking = "logits"
    mass_constrained: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top_match <= self.n_beams:
            raise ValueError(f"top_match={self.top_match} lies between 1 and n_beams={self.n_beams}")
        if not 1 <= self.min_length <= self.max_length:
            raise ValueError(f"min_length={self.min_length} lies between 1 and max_length={self.max_length}")
        if self.score not in get_args(Score) or self.ranking not in get_args(Ranking):
            raise ValueError(
                f"score={self.score!r} is one of {get_args(Score)} and ranking={self.ranking!r} one of "
                f"{get_args(Ranking)}"
            )


@dataclass(frozen=True, slots=True)
class Found:
    """One peptide of a search.

    Attributes
    ----------
    numbers : tuple of int
        Token numbers from C to N, without the end.
    score : float
    residue_scores : tuple of float
        From C to N.
    fits_precursor : bool
    residue_mass : float
        Sum over the residues, Da.
    """

    numbers: tuple[int, ...]
    score: float
    residue_scores: tuple[float, ...]
    fits_precursor: bool
    residue_mass: float


def search(
    decoder: Decoder,
    precursor_mz: np.ndarray,
    charge: np.ndarray,
    vocabulary: Vocabulary,
    how: BeamSearch | None = None,
    reachable: ReachableMasses | None = None,
) -> list[list[Found]]:
    """Return the best peptides of each spectrum, best first; none where no beam ended well.

    Parameters
    ----------
    decoder : Decoder
    precursor_mz : array, shape (b,)
    charge : array of int, shape (b,)
    vocabulary : Vocabulary
    how : BeamSearch, optional
    reachable : ReachableMasses, optional
        For the mass-constrained search: a table made before, so that batches share it.
    """
    how = how or BeamSearch()
    check = PrecursorCheck(precursor_mz, charge, how.tolerance, how.isotopes)
    limit = None
    if how.mass_constrained:
        table = reachable or reachable_masses(vocabulary, check, how.max_length)
        limit = MassConstraint(vocabulary, check, table, how.min_length)
    kept: list[list[Found]] = [[] for _ in range(len(check.observed))]
    beams = _Beams(len(kept), vocabulary)
    lightest = float(vocabulary.masses.min())
    logits = decoder.logits(None)
    for length in range(1, how.max_length + 2):
        parents = beams.grow(logits, how, limit, length)
        ended = beams.last == vocabulary.stop
        # nothing but the end follows a modification of the N-terminus
        stray = vocabulary.terminal[beams.before_last] & ~ended
        stray |= vocabulary.terminal[beams.last] & (length == 1)
        beams.live &= ~stray
        part = check.of(beams.rows)
        fits = part.fits(beams.mass)
        over = beams.live & ~ended & part.exceeds(beams.mass, lightest)
        done = ended & (length - 1 >= how.min_length)
        if limit is None:
            # with a constraint nothing that misses the precursor is kept
            done |= over
        for b, s in np.argwhere(beams.live & done):
            _keep(kept[beams.rows[b]], beams.found(b, s, bool(fits[b, s]), how), how.n_beams)
        beams.live &= ~ended & ~over
        going = np.flatnonzero(beams.live.any(1))
        if not len(going) or length > how.max_length:
            break
        beams.select(going)
        logits = decoder.logits(beams.last, parents[going], going)
    return [found[: how.top_match] for found in kept]


class _Beams:
    """Rows of tokens that are being written, for the spectra that are not done."""

    def __init__(self, spectra: int, vocabulary: Vocabulary) -> None:
        self.words = vocabulary
        self.rows = np.arange(spectra)
        self.live = np.ones((spectra, 1), dtype=bool)
        self.tokens = np.zeros((spectra, 1, 0), dtype=np.int64)
        self.probability = np.zeros((spectra, 1, 0))
        self.total = np.zeros((spectra, 1))
        self.mass = np.zeros((spectra, 1))

    @property
    def last(self) -> np.ndarray:
        return self.tokens[:, :, -1]

    @property
    def before_last(self) -> np.ndarray:
        return self.tokens[:, :, -2] if self.tokens.shape[2] > 1 else np.zeros_like(self.last)

    def grow(
        self, logits: np.ndarray, how: BeamSearch, limit: MassConstraint | None, length: int
    ) -> np.ndarray:
        """Add the best tokens, and return which beam each one goes on from."""
        raw = logits.astype(np.float64)
        top = raw.max(-1, keepdims=True)
        log_probability = raw - top - np.log(np.exp(raw - top).sum(-1, keepdims=True))
        raw = raw if how.ranking == "logits" else log_probability
        rank = (self.total[..., None] + raw) / length
        rank[..., 0] = -np.inf
        rank[~self.live] = -np.inf
        if limit is not None:
            last = self.last if length > 1 else np.zeros(self.live.shape, dtype=np.int64)
            rank[~limit.allowed(self.rows, self.mass, last, length - 1)] = -np.inf
        flat = rank.reshape(len(rank), -1)
        best = np.argsort(-flat, axis=1, kind="stable")[:, : how.n_beams]
        self.live = np.take_along_axis(flat, best, 1) > -np.inf
        parents, token = np.divmod(best, rank.shape[2])
        at = np.arange(len(rank))[:, None]
        self.tokens = np.concatenate([self.tokens[at, parents], token[..., None]], axis=2)
        chosen = np.exp(log_probability[at, parents, token])
        self.probability = np.concatenate([self.probability[at, parents], chosen[..., None]], axis=2)
        self.total = self.total[at, parents] + raw[at, parents, token]
        self.mass = self.mass[at, parents] + self.words.masses[token]
        return np.asarray(parents)

    def select(self, going: np.ndarray) -> None:
        """Leave out spectra without live beams."""
        for name in ("rows", "live", "tokens", "probability", "total", "mass"):
            setattr(self, name, getattr(self, name)[going])

    def found(self, b: int, s: int, fits: bool, how: BeamSearch) -> Found:
        """Return a beam that ended, scored."""
        numbers, probability = self.tokens[b, s], self.probability[b, s]
        ended = numbers[-1] == self.words.stop
        residues = probability[:-1] if ended else probability
        if how.score == "product":
            score, own = float(np.prod(residues)), residues
        else:
            # an end that was not written counts as one of probability 0
            score = float(probability.sum()) / (len(residues) + 1)
            own = (residues + score) / 2
        return Found(
            tuple(int(i) for i in (numbers[:-1] if ended else numbers)),
            score if fits else score - 1.0,
            tuple(float(p) for p in own),
            fits,
            float(self.mass[b, s]),
        )


def _keep(kept: list[Found], new: Found, most: int) -> None:
    """Put a peptide in its place among the best; of the same peptide the better, of equals the earlier."""
    for i, old in enumerate(kept):
        if old.numbers == new.numbers:
            if old.score >= new.score:
                return
            del kept[i]
            break
    place = next((i for i, old in enumerate(kept) if old.score < new.score), len(kept))
    kept.insert(place, new)
    del kept[most:]
