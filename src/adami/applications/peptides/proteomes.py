"""Proteins, and the peptides that trypsin cuts them into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from adami.applications.peptides._extras import need

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
SHARES = (
    *(0.0826, 0.0138, 0.0546, 0.0672, 0.0386, 0.0707, 0.0227, 0.0593, 0.0580, 0.0965),
    *(0.0241, 0.0406, 0.0473, 0.0393, 0.0553, 0.0663, 0.0535, 0.0686, 0.0110, 0.0292),
)
"""How often each amino acid occurs in known proteins, in the order of `AMINO_ACIDS`."""


def read_fasta(path: str | Path) -> list[str]:
    """Return the proteins of a FASTA file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds no protein.
    """
    need("pyteomics", "reading FASTA", "pyteomics")
    from pyteomics import fasta

    if not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path}")
    with fasta.read(str(path), use_index=False) as entries:
        proteins = [entry.sequence for entry in entries]
    if not proteins:
        raise ValueError(f"{path} holds no protein")
    return proteins


def digest(
    proteins: Iterable[str], *, missed_cleavages: int = 2, min_length: int = 7, max_length: int = 24
) -> list[str]:
    """Return the distinct tryptic peptides of proteins, sorted; isoleucine is written L.

    Parameters
    ----------
    proteins : iterable of str
    missed_cleavages : int
    min_length, max_length : int
        Residues of a peptide.

    Returns
    -------
    list of str
        Peptides with a residue other than the twenty common ones are left out.

    Examples
    --------
    >>> from adami.applications.peptides import digest
    >>> digest(["MAAAAAKGGGGGGIR"], missed_cleavages=0)
    ['GGGGGGLR', 'MAAAAAK']
    """
    need("pyteomics", "cutting proteins", "pyteomics")
    from pyteomics import parser

    common = set(AMINO_ACIDS)
    found: set[str] = set()
    for protein in proteins:
        pieces = parser.cleave(
            protein.replace("I", "L"),
            parser.expasy_rules["trypsin"],
            missed_cleavages,
            min_length=min_length,
            regex=True,
        )
        found.update(p for p in pieces if len(p) <= max_length and set(p) <= common)
    return sorted(found)


def random_proteome(n_proteins: int, random_state: int = 0, mean_length: int = 350) -> list[str]:
    """Return proteins drawn residue by residue with natural frequencies, for trials without a file.

    Parameters
    ----------
    n_proteins : int
    random_state : int
    mean_length : int

    Examples
    --------
    >>> from adami.applications.peptides import random_proteome
    >>> [p[0] for p in random_proteome(2)]
    ['M', 'M']
    """
    rng = np.random.default_rng(random_state)
    letters, shares = np.array(list(AMINO_ACIDS)), np.array(SHARES) / sum(SHARES)
    lengths = rng.poisson(mean_length, n_proteins)
    return ["M" + "".join(rng.choice(letters, size, p=shares)) for size in lengths]


def leave_one_out(
    proteomes: Mapping[str, Sequence[str]], held_out: str, others: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Return peptides to train on and peptides to test on, which share none.

    Parameters
    ----------
    proteomes : mapping of name -> peptides
        As `digest` gives them.
    held_out : str
        The proteome to test on.
    others : iterable of str
        Further peptides not to train on, such as those of real test spectra, without modifications.

    Raises
    ------
    ValueError
        If there is no such proteome or nothing is left to train on.

    Examples
    --------
    >>> from adami.applications.peptides import leave_one_out
    >>> leave_one_out({"a": ["LK", "GK"], "b": ["LK", "VR"]}, "b")
    (['GK'], ['LK', 'VR'])
    """
    if held_out not in proteomes:
        raise ValueError(f"there is no proteome {held_out!r}; there are {', '.join(proteomes)}")
    test = sorted({p.replace("I", "L") for p in proteomes[held_out]})
    hidden = set(test) | {p.replace("I", "L") for p in others}
    train = {p.replace("I", "L") for name, side in proteomes.items() if name != held_out for p in side}
    if not train - hidden:
        raise ValueError(f"no peptide is left to train on when {held_out!r} is held out")
    return sorted(train - hidden), test
