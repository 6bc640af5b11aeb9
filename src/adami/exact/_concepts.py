"""Concepts, and what is found between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._property_laws import binary_columns


@dataclass(frozen=True, slots=True)
class Concept:
    """A weighted set of properties.

    Parameters
    ----------
    name : str
    properties : mapping of property -> degree
        Degrees are between 0 and 1.

    Raises
    ------
    ValueError
        If there are no properties or a degree is not between 0 and 1.

    Examples
    --------
    >>> from adami.exact import Concept
    >>> Concept("bird", {"flies": 0.9, "sings": 0.6}).properties["flies"]
    0.9
    """

    name: str
    properties: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.properties:
            raise ValueError(f"concept {self.name!r} has no properties: give at least one")
        for p, degree in self.properties.items():
            # NaN fails the comparison too
            if not 0 <= degree <= 1:
                raise ValueError(
                    f"{self.name!r} has {p!r} to the degree {degree}: degrees are between 0 and 1"
                )
        object.__setattr__(self, "properties", {str(p): float(v) for p, v in self.properties.items()})

    @classmethod
    def from_table(
        cls, name: str, table: Any, members: Any, properties: Iterable[str] | None = None
    ) -> Concept:
        """Read the degrees off the members of a concept, ``P(property | concept)``.

        Parameters
        ----------
        name : str
        table : mapping of property -> array of 0 and 1, or DataFrame
            One row an object.
        members : array of bool, shape (n_objects,)
            Which objects belong to the concept.
        properties : iterable of str, optional
            Columns to use; all by default.

        Returns
        -------
        Concept

        Examples
        --------
        >>> from adami.exact import Concept
        >>> Concept.from_table("bird", {"flies": [1, 0, 1]}, [True, True, False]).properties
        {'flies': 0.5}
        """
        names = tuple(table.keys() if properties is None else properties)
        rows = binary_columns(table, names)
        chosen = np.asarray(members)
        if chosen.dtype != bool or chosen.shape != (len(rows),):
            raise ValueError(
                f"members has shape {chosen.shape}: give one bool for each of {len(rows)} objects"
            )
        if not chosen.any():
            raise ValueError(f"concept {name!r} has no members, so it has no degrees")
        return cls(name, dict(zip(names, rows[chosen].mean(axis=0).tolist(), strict=True)))


@dataclass(frozen=True, slots=True)
class InheritanceTerm:
    """One summand: properties of either concept, their information, its weight, and the product of the two.

    For interactions the information is the signed co-information; for exclusive properties and individuals
    the pointwise mutual information.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    information: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What one concept tells about another.

    Attributes
    ----------
    source, target : str
        Names of F and W.
    method : str
    value : float
        Information in `unit`: for ``"interaction"`` an average over objects, for ``"exclusive"`` and
        ``"extensional"`` the pointwise ``log P(W | F) / P(W)``, for ``"compressor"`` what is saved.
    unit : str
    lift : float
        The ratio ``P(W | F) / P(W)`` that `value` stands for.
    probability : float or None
        ``P(W | F)``, where ``P(W)`` is known. Above one it is no probability, and a note says so.
    average : float or None
        Mutual information between the two memberships in `unit`, where ``P(F)`` and ``P(W)`` are known.
    lower_bound : float or None
        For ``"exclusive"`` the expected logarithm, which is at most `value`.
    terms : tuple of InheritanceTerm
        Their contributions sum to `value` for ``"interaction"`` and to `lower_bound` for ``"exclusive"``.
    lengths : tuple of int or None
        For ``"compressor"`` the bits of F, of W and of both.
    notes : tuple of str
        What could be wrong.
    """

    source: str
    target: str
    method: str
    value: float
    unit: str
    lift: float
    probability: float | None
    average: float | None
    lower_bound: float | None
    terms: tuple[InheritanceTerm, ...]
    lengths: tuple[int, int, int] | None
    notes: tuple[str, ...]

    @property
    def distance(self) -> float | None:
        """For ``"compressor"`` the normalised compression distance, near 0 for copies and 1 for strangers."""
        if self.lengths is None:
            return None
        own, other, both = self.lengths
        return (both - min(own, other)) / max(own, other)

    @property
    def conditional_bits(self) -> int | None:
        """For ``"compressor"`` the bits that W takes once F is known."""
        return None if self.lengths is None else self.lengths[2] - self.lengths[0]

    def __float__(self) -> float:
        return self.value
