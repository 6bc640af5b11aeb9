"""Search with decoders whose answers are known, and masses that can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from adami.applications.peptides import BeamSearch, ReachableMasses, Vocabulary
from adami.applications.peptides.beams import search

WORDS = Vocabulary()
TRUTH = ["PEPTLDEK", "+42.011M(+15.99)PEPTLDER", "GGGAAAVVK", "-17.027QGGAAAVVK"]
PEPTIDES = [WORDS.split(p) for p in TRUTH]
CHARGE = np.array([2, 3, 2, 2])
MZ = np.array([WORDS.mz(p, int(z)) for p, z in zip(PEPTIDES, CHARGE)])


class Oracle:
    """Puts probability 1 on the given peptides, or `share` on them and the rest on another token."""

    def __init__(
        self,
        peptides: Sequence[Sequence[str]],
        share: float = 1.0,
        other: str = "W",
        words: Vocabulary = WORDS,
    ) -> None:
        self.tokens = [words.encode(p) for p in peptides]
        self.rows = np.arange(len(peptides))
        self.at = 0
        self.size = words.size
        self.share, self.other = share, words.encode([other])[0]

    def logits(self, tokens, parents=None, rows=None):
        if rows is not None:
            self.rows = self.rows[rows]
        found = np.full((len(self.rows), 1 if tokens is None else tokens.shape[1], self.size), -1e9)
        for i, row in enumerate(self.rows):
            if self.at < len(self.tokens[row]):
                with np.errstate(divide="ignore"):
                    found[i, :, self.other] = max(np.log(1 - self.share), -1e9)
                found[i, :, self.tokens[row][self.at]] = np.log(self.share)
        self.at += 1
        return found


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("n_beams", [1, 5])
def test_the_truth_is_found(constrained: bool, n_beams: int) -> None:
    how = BeamSearch(n_beams=n_beams, mass_constrained=constrained)
    for p, found in zip(PEPTIDES, search(Oracle(PEPTIDES), MZ, CHARGE, WORDS, how)):
        assert WORDS.decode(found[0].numbers) == p
        assert found[0].score == pytest.approx(1)
        assert found[0].residue_scores == pytest.approx([1.0] * len(p))
        assert found[0].fits_precursor


def test_a_missed_precursor_costs_one() -> None:
    for ppm, wanted in ((60, 0.0), (40, 1.0)):
        found = search(Oracle(PEPTIDES), MZ * (1 + ppm * 1e-6), CHARGE, WORDS, BeamSearch(tolerance=50))
        assert [f[0].score for f in found] == pytest.approx([wanted] * 4)
        assert [f[0].fits_precursor for f in found] == [wanted == 1] * 4


def test_isotopes() -> None:
    heavy = MZ + 1.00335 / CHARGE
    for isotopes, fits in (((0, 1), True), ((0, 0), False), ((1, 1), True)):
        found = search(Oracle(PEPTIDES), heavy, CHARGE, WORDS, BeamSearch(isotopes=isotopes))
        assert [f[0].fits_precursor for f in found] == [fits] * 4


def test_scores() -> None:
    share = 0.8
    (found,) = search(Oracle(PEPTIDES[:1], share), MZ[:1], CHARGE[:1], WORDS)
    assert found[0].score == pytest.approx(share)
    assert found[0].residue_scores == pytest.approx([share] * 8)
    (found,) = search(Oracle(PEPTIDES[:1], share), MZ[:1], CHARGE[:1], WORDS, BeamSearch(score="product"))
    assert found[0].score == pytest.approx(share**8)
    assert found[0].residue_scores == pytest.approx([share] * 8)


def test_too_heavy_ends_without_an_end() -> None:
    """A beam that is too heavy is kept with its penalty, its missing end counting as probability 0."""
    (found,) = search(Oracle([["W"] * 30]), MZ[:1], CHARGE[:1], WORDS)
    n = len(found[0].numbers)
    assert found[0].score == pytest.approx(n / (n + 1) - 1)
    assert 186.079313 * (n - 1) < MZ[0] * 2 < 186.079313 * n + 50


def test_one_loss_may_still_come() -> None:
    """A peptide that is 17 Da too heavy goes on: the loss of ammonia follows."""
    heavy = WORDS.split("-17.027QGGAAAVVK")
    (found,) = search(Oracle([heavy]), MZ[3:], CHARGE[3:], WORDS)
    assert found[0].fits_precursor
    assert WORDS.decode(found[0].numbers)[0] == "-17.027"


def test_discarded_beams() -> None:
    inside = [["K", "+42.011", "A", "A", "A", "A", "A"], ["+42.011", "+42.011", *"AAAAAA"]]
    mz = np.array([WORDS.mz(p, 2) for p in inside])
    for p, z in zip(inside, mz):
        assert search(Oracle([p]), np.array([z]), CHARGE[:1], WORDS, BeamSearch(n_beams=1)) == [[]]
    short = list("AAAK")
    mz = np.array([WORDS.mz(short, 2)])
    assert search(Oracle([short]), mz, CHARGE[:1], WORDS, BeamSearch(n_beams=1)) == [[]]
    (found,) = search(Oracle([short]), mz, CHARGE[:1], WORDS, BeamSearch(n_beams=1, min_length=4))
    assert found[0].score == pytest.approx(1)
    assert search(Oracle(PEPTIDES[:1]), MZ[:1], CHARGE[:1], WORDS, BeamSearch(n_beams=1, max_length=6)) == [
        []
    ]


def test_the_constraint_turns_a_wrong_favourite_away() -> None:
    """The decoder prefers W at every place, but no row of G and W with a W in it has the mass."""
    small = Vocabulary({"G": 57.021464, "W": 186.079313})
    true = ["G"] * 8
    mz = np.array([small.mz(true, 2)])
    free, bound = (
        search(
            Oracle([true], 0.4, "W", small), mz, CHARGE[:1], small, BeamSearch(n_beams=1, mass_constrained=c)
        )[0]
        for c in (False, True)
    )
    assert small.decode(bound[0].numbers) == true
    assert bound[0].score == pytest.approx((8 * 0.4 + 0.4) / 9)
    assert not free or small.decode(free[0].numbers) != true


def test_a_monstrous_precursor_takes_no_memory() -> None:
    how = BeamSearch(mass_constrained=True, max_length=20)
    assert search(Oracle(PEPTIDES[:1]), np.array([2e6]), np.array([10]), WORDS, how) == [[]]


def test_nothing_weighs_that() -> None:
    how = BeamSearch(mass_constrained=True, tolerance=5)
    assert search(Oracle(PEPTIDES[:1]), np.array([150.0]), np.array([1]), WORDS, how) == [[]]


def test_several_matches_are_different_and_sorted() -> None:
    for found in search(Oracle(PEPTIDES, 0.6, "A"), MZ, CHARGE, WORDS, BeamSearch(top_match=5)):
        scores = [f.score for f in found]
        assert scores == sorted(scores, reverse=True)
        assert len({f.numbers for f in found}) == len(found) > 1


def test_reachable_masses_against_all_peptides() -> None:
    small = Vocabulary({"G": 57.021464, "V": 99.068414, "-17.027": -17.026549})
    table = ReachableMasses(small, 500.0)
    sums = {57.021464 * i + 99.068414 * j - 17.026549 * k for i in range(9) for j in range(6) for k in (0, 1)}
    for mass in np.linspace(-30, 480, 2041):
        near = any(abs(mass - s) < 0.01 for s in sums)
        clear = all(abs(mass - s) > 0.01 + 2 * table.slack for s in sums)
        said = bool(table.any_between(mass - 0.01, mass + 0.01))
        assert said or not near, mass
        assert not (said and clear), mass


def test_true_prefixes_are_never_forbidden() -> None:
    rng = np.random.default_rng(0)
    table = ReachableMasses(WORDS, 4000.0)
    plain = [t for t in WORDS.residues if t[0].isupper()]
    for n in rng.integers(6, 30, 60):
        masses = np.array([WORDS.residues[t] for t in rng.choice(plain, n)])
        rest = masses.sum() - np.concatenate([[0.0], masses.cumsum()])
        assert table.any_between(rest, rest).all()


def test_bad_settings() -> None:
    for change in (
        {"top_match": 6},
        {"min_length": 0},
        {"score": "median"},
        {"ranking": "luck"},
    ):
        with pytest.raises(ValueError, match=next(iter(change))):
            replace(BeamSearch(), **change)
    for change, said in (({"tolerance": 0.0}, "tolerance=0.0"), ({"isotopes": (1, 0)}, "isotopes")):
        with pytest.raises(ValueError, match=said):
            search(Oracle(PEPTIDES), MZ, CHARGE, WORDS, BeamSearch(**change))
    with pytest.raises(ValueError, match="positive masses"):
        ReachableMasses(Vocabulary({"G": -1.0}), 10.0)
