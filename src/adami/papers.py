"""The register of the papers behind adami: what each is about, where it lives and how far it is."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, Literal

Status = Literal["planned", "started", "works"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the register.

    Parameters
    ----------
    number : int
        Its number, 1 to 119.
    system : str
        What adami calls the method.
    title : str
        Title of the paper.
    package : str
        Package of adami that holds it.
    entry_point : str
        Dotted name to import, empty until there is one.
    study : str
        Module of the study that measures the paper's claim, empty until there is one.
    status : {"planned", "started", "works"}
        "works" only with a stored study result that holds.
    """

    number: int
    system: str
    title: str
    package: str
    entry_point: str
    study: str
    status: Status

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def papers() -> list[Paper]:
    """Return the register, by number.

    Examples
    --------
    >>> from adami.papers import papers
    >>> len(papers())
    119
    """
    return list(_register().values())


def paper(number: int) -> Paper:
    """Return one paper.

    Parameters
    ----------
    number : int

    Raises
    ------
    KeyError
        If there is no paper of that number.

    Examples
    --------
    >>> from adami.papers import paper
    >>> paper(10).title
    'MINE: Mutual Information Neural Estimation'
    """
    register = _register()
    if number not in register:
        raise KeyError(f"there is no paper {number}; they are numbered {min(register)} to {max(register)}")
    return register[number]


def measured(number: int) -> dict[str, Any] | None:
    """Return what the study of a paper measured.

    Parameters
    ----------
    number : int

    Returns
    -------
    dict or None
        Claim, metric, ours, baseline, bar, whether it holds, scale, seed, note and the single checks;
        None where no result is stored.

    Examples
    --------
    >>> from adami.papers import measured
    >>> measured(24)["holds"]
    True
    """
    return _measured().get(str(number))


@functools.cache
def _measured() -> dict[str, dict[str, Any]]:
    import json

    found: dict[str, dict[str, Any]] = json.loads(
        files("adami").joinpath("measured.json").read_text(encoding="utf-8")
    )
    return found


@functools.cache
def _register() -> dict[int, Paper]:
    import tomllib

    text = files("adami").joinpath("papers.toml").read_text(encoding="utf-8")
    found = [Paper(**entry) for entry in tomllib.loads(text)["paper"]]
    return {p.number: p for p in sorted(found, key=lambda p: p.number)}
