"""Residues, their masses, and peptides as rows of tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

H2O = 18.0105647
PROTON = 1.00727646688
ISOTOPE = 1.00335
"""Distance of two isotopes of carbon, Da."""
STOP = "$"
RESIDUES: Mapping[str, float] = MappingProxyType(
    {
        "G": 57.021464,
        "A": 71.037114,
        "S": 87.032028,
        "P": 97.052764,
        "V": 99.068414,
        "T": 101.047670,
        "C(+57.02)": 160.030649,
        "L": 113.084064,
        "N": 114.042927,
        "D": 115.026943,
        "Q": 128.058578,
        "K": 128.094963,
        "E": 129.042593,
        "M": 131.040485,
        "H": 137.058912,
        "F": 147.068414,
        "R": 156.101111,
        "Y": 163.063329,
        "W": 186.079313,
        "M(+15.99)": 147.035400,
        "N(+.98)": 115.026943,
        "Q(+.98)": 129.042594,
        "+42.011": 42.010565,
        "+43.006": 43.005814,
        "-17.027": -17.026549,
        "+43.006-17.027": 25.980265,
    }
)
"""Tokens and their masses in Da. Isoleucine weighs what leucine does and is written L."""
PTMS = frozenset({"M(+15.99)", "N(+.98)", "Q(+.98)"})
"""Tokens that count as modified residues in the measures of quality."""
BARE_CYSTEINE = 103.009185
NAMED_CHANGES: Mapping[str, float] = MappingProxyType(
    {
        "oxidation": 15.994915,
        "carbamidomethyl": 57.021464,
        "deamidated": 0.984016,
        "deamidation": 0.984016,
        "acetyl": 42.010565,
        "carbamyl": 43.005814,
        "ammonia-loss": -17.026549,
        "gln->pyro-glu": -17.026549,
        "pyro-carbamidomethyl": -17.026549,
    }
)
"""Changes of mass by the names that search engines write."""
SAME_MASS = 0.02
"""Two ways of writing a modification, as +.98 and +0.984016, differ by less than this."""
_CHANGE = r"[+-]\d*\.?\d+"
_PIECE = re.compile(r"([A-Z])((?:\([^()]*\)|\[[^\[\]]*\])?)")
_START = re.compile(rf"(\[[^\[\]]*\](?:\[[^\[\]]*\])*-?|\([^()]*\)-?|(?:{_CHANGE})+)")
_NUMBER = re.compile(_CHANGE)


class Vocabulary:
    """Tokens, their numbers and their masses; 0 is padding and the last number the end of a peptide.

    Parameters
    ----------
    residues : mapping of token -> mass in Da
        A token is an upper-case letter, with its modification in parentheses, or a modification of the
        N-terminus alone.

    Attributes
    ----------
    tokens : tuple of str
        By number: padding, residues, the end.
    masses : numpy.ndarray, shape (size,)
        Da; 0 for padding and the end.
    stop : int
    size : int
    terminal : numpy.ndarray of bool, shape (size,)
        Which tokens stand at the N-terminus only.

    Raises
    ------
    ValueError
        If there is no residue, a mass is not finite, or leucine is missing where isoleucine is named.

    Examples
    --------
    >>> from adami.applications.peptides import Vocabulary
    >>> words = Vocabulary()
    >>> words.split("+42.011M[Oxidation]PEIK")
    ['+42.011', 'M(+15.99)', 'P', 'E', 'L', 'K']
    >>> round(words.mass(words.split("PEPTIDEK")), 4)
    927.4549
    """

    def __init__(self, residues: Mapping[str, float] = RESIDUES) -> None:
        kept = {token: float(mass) for token, mass in residues.items() if token != "I"}
        if "I" in residues and "L" not in residues:
            raise ValueError("isoleucine is written L, which has the same mass: name L with its mass")
        if not kept:
            raise ValueError("a vocabulary needs residues")
        for token, mass in kept.items():
            if not np.isfinite(mass):
                raise ValueError(f"residue {token!r} has the mass {mass}: masses are finite, in Da")
        self.residues: Mapping[str, float] = MappingProxyType(kept)
        self.tokens = ("", *kept, STOP)
        self.size = len(self.tokens)
        self.stop = self.size - 1
        self.masses = np.array([0.0, *kept.values(), 0.0])
        self.terminal = np.array([t not in ("", STOP) and not t[0].isupper() for t in self.tokens])
        self.modified = np.array([t in PTMS for t in self.tokens])
        self._number = {token: i for i, token in enumerate(self.tokens)}

    def split(self, sequence: str) -> list[str]:
        """Return the tokens of a peptide from N to C.

        Parameters
        ----------
        sequence : str
            ``M(+15.99)PEK``, ``M[Oxidation]PEK``, ``M[+15.9949]PEK`` or ``[Acetyl]-MPEK``; I becomes L.

        Raises
        ------
        ValueError
            If a residue is unknown.
        """
        text = sequence.strip()
        tokens: list[str] = []
        if start := _START.match(text):
            tokens.append(self._terminal(start.group(), sequence))
            text = text[start.end() :]
        at = 0
        for piece in _PIECE.finditer(text):
            if piece.start() != at:
                break
            tokens.append(self._residue(piece.group(1), piece.group(2), sequence))
            at = piece.end()
        if at != len(text) or not text:
            raise ValueError(f"peptide {sequence!r} cannot be read from {text[at:]!r} on")
        return tokens

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Return the numbers of tokens in the order of their prediction, from C to N, then the end."""
        return np.array([*(self._number[t] for t in reversed(list(tokens))), self.stop], dtype=np.int64)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the tokens from N to C of numbers from C to N, without end and padding."""
        return [self.tokens[i] for i in numbers if 0 < i < self.stop][::-1]

    def mass(self, tokens: Sequence[str]) -> float:
        """Return the neutral mass of a peptide in Da."""
        return float(sum(self.residues[t] for t in tokens)) + H2O

    def mz(self, tokens: Sequence[str], charge: int) -> float:
        """Return the mass over charge of a peptide."""
        return self.mass(tokens) / charge + PROTON

    def _residue(self, letter: str, change: str, sequence: str) -> str:
        if letter == "I":
            letter = "L"
        if letter + change in self.residues:
            return letter + change
        plain = BARE_CYSTEINE if letter == "C" and "C" not in self.residues else self.residues.get(letter)
        shift = _shift(change, sequence) if change else 0.0
        near = [
            token
            for token, mass in self.residues.items()
            if token[0] == letter and plain is not None and abs(plain + shift - mass) < SAME_MASS
        ]
        if not near:
            raise ValueError(
                f"peptide {sequence!r} has the unknown residue {letter + change!r}; known are "
                f"{' '.join(self.residues)}"
            )
        return min(near, key=lambda token: abs((plain or 0.0) + shift - self.residues[token]))

    def _terminal(self, change: str, sequence: str) -> str:
        shift = _shift(change, sequence)
        ends = [t for t, alone in zip(self.tokens, self.terminal) if alone]
        near = [t for t in ends if abs(self.residues[t] - shift) < SAME_MASS]
        if not near:
            known = f"known are {' '.join(ends)}" if ends else "this vocabulary has none"
            raise ValueError(f"peptide {sequence!r} starts with the unknown modification {change!r}; {known}")
        return near[0]


def _shift(change: str, sequence: str) -> float:
    """Return the change of mass that one or several modifications stand for."""
    total = 0.0
    for part in re.findall(r"[^\[\]()]+", change.rstrip("-")):
        name = part.strip().lower()
        if name in NAMED_CHANGES:
            total += NAMED_CHANGES[name]
        elif "".join(_NUMBER.findall(name)) == name and name:
            total += sum(float(number) for number in _NUMBER.findall(name))
        else:
            raise ValueError(f"peptide {sequence!r} has the unknown modification {part!r}")
    return total
