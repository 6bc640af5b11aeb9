"""Peptides as tokens, and their masses."""

from __future__ import annotations

import numpy as np
import pytest

from adami.applications.peptides import PTMS, RESIDUES, Vocabulary

WORDS = Vocabulary()


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("PEPTIDEK", "P E P T L D E K"),
        ("C[Carbamidomethyl]M[Oxidation]K", "C(+57.02) M(+15.99) K"),
        ("C(+57.02)M[+15.9949]K", "C(+57.02) M(+15.99) K"),
        ("[Acetyl]-AN[Deamidated]K", "+42.011 A N(+.98) K"),
        ("+43.006-17.027QQ(+.98)K", "+43.006-17.027 Q Q(+.98) K"),
        ("[Carbamyl][Ammonia-loss]-QK", "+43.006-17.027 Q K"),
        ("-17.027QK", "-17.027 Q K"),
    ],
)
def test_ways_of_writing(written: str, tokens: str) -> None:
    assert WORDS.split(written) == tokens.split()


def test_numbers_run_from_c_to_n_and_end() -> None:
    numbers = WORDS.encode(WORDS.split("+42.011GAK"))
    assert [WORDS.tokens[i] for i in numbers] == ["K", "A", "G", "+42.011", "$"]
    assert WORDS.stop == WORDS.size - 1 == len(RESIDUES) + 1
    assert WORDS.decode([*numbers, 0, 0]) == ["+42.011", "G", "A", "K"]
    assert WORDS.masses[0] == WORDS.masses[WORDS.stop] == 0


def test_masses() -> None:
    # human angiotensin I, a common calibrant: [M+H]+ = 1296.6848
    assert WORDS.mz(WORDS.split("DRVYIHPFHL"), 1) == pytest.approx(1296.6848, abs=2e-4)
    assert WORDS.mass(list("GG")) == pytest.approx(2 * 57.021464 + 18.010565, abs=1e-6)
    assert abs(RESIDUES["N(+.98)"] - RESIDUES["D"]) < 1e-5
    assert set(RESIDUES) > PTMS
    assert np.flatnonzero(WORDS.terminal).tolist() == [23, 24, 25, 26]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("PEPBK", "unknown residue 'B'"),
        ("C(+99.0)K", "unknown residue"),
        ("CK", "unknown residue 'C'"),
        ("[Foo]-AK", "unknown modification 'Foo'"),
        ("+14.0AK", "starts with the unknown modification"),
        ("PE PK", "cannot be read from ' PK'"),
        ("", "cannot be read"),
    ],
)
def test_unknown_residues(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        WORDS.split(written)


def test_own_vocabularies() -> None:
    own = Vocabulary({"G": 57.021464, "C": 103.009185, "L": 113.084064})
    assert own.split("GCI") == ["G", "C", "L"]
    for residues, said in (({}, "needs residues"), ({"I": 1.0}, "written L"), ({"G": np.nan}, "finite")):
        with pytest.raises(ValueError, match=said):
            Vocabulary(residues)
