"""How much one concept tells about another when concepts are weighted sets of properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import unit_name
from adami.exact._concepts import Concept, Inheritance
from adami.exact._inheritance_methods import (
    by_compression,
    by_exclusive_lists,
    by_individuals,
    by_interactions,
)

Method = Literal["interaction", "exclusive", "extensional", "compressor"]


def intensional_inheritance(
    source: Concept,
    target: Concept,
    data: Any = None,
    *,
    method: Method = "interaction",
    order: int | None = None,
    prior: float | None = None,
    source_prior: float | None = None,
    smoothing: float = 0.5,
    compressor: Literal["zlib", "lzma"] = "zlib",
    base: float | None = None,
) -> Inheritance:
    """Return how much "x is F" tells about "x is W", and the probability of W given F that follows.

    Parameters
    ----------
    source, target : Concept
        F and W.
    data : mapping, DataFrame, PropertyLaw, ExclusiveLaw, sequence of str or None
        ``"interaction"``: a table with a column of 0 and 1 for each property, or a `PropertyLaw`.
        ``"exclusive"``: such a table, a `PropertyLaw` or an `ExclusiveLaw` of F's and W's properties.
        ``"extensional"``: the individuals, equally likely, or a mapping of individual -> probability.
        ``"compressor"``: nothing.
    method : {"interaction", "exclusive", "extensional", "compressor"}
        ``"interaction"``: the mutual information between the two groups of properties as a sum over their
        interactions, each weighted by the degrees of its properties; with all degrees 1 and no `order` it is
        exactly the mutual information. Otherwise the sum may be negative, and is not clipped.
        ``"exclusive"``: every object has exactly one property of F's list and one of W's, and degrees are
        ``P(property | concept)``. ``P(W | F) / P(W) = sum d_i e_j P(F_i, W_j) / (P(F_i) P(W_j))``.
        ``"extensional"``: the properties are the individuals and degrees are memberships; for crisp sets
        ``P(W | F)`` is the share of F that lies in W.
        ``"compressor"``: what is saved when both are written down together.
    order : int, optional
        Largest number of properties in an interaction; 2 keeps pairs. Needed beyond 16 properties in all.
    prior, source_prior : float, optional
        ``P(W)``, needed for ``P(W | F)``, and ``P(F)``, needed for the average over both memberships.
        ``"extensional"`` knows them from the individuals.
    smoothing : float
        Added to every count when the law is taken from a table.
    compressor : {"zlib", "lzma"}
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.

    Returns
    -------
    Inheritance

    Raises
    ------
    ValueError
        If a property is not in the data, exclusive properties are not exclusive or their degrees do not sum
        to one, there are too many interactions, or a concept is too short for a compressor.

    References
    ----------
    B. Goertzel, "Intensional Inheritance Between Concepts: An Information-Theoretic Interpretation", 2025;
    paper 67 of adami's register. How the degrees weigh interactions is our choice.

    Examples
    --------
    >>> from adami.exact import Concept, intensional_inheritance
    >>> people = [f"person {i}" for i in range(20)]
    >>> singers = Concept("singer", dict.fromkeys(people[:8], 1.0))
    >>> dancers = Concept("dancer", dict.fromkeys(people[5:15], 1.0))
    >>> found = intensional_inheritance(singers, dancers, people, method="extensional", base=2)
    >>> found.probability, round(found.value, 4), found.unit
    (0.375, -0.415, 'bits')
    """
    if order is not None and method != "interaction":
        raise ValueError(f"order={order} belongs to method='interaction': method={method!r} has no order")
    for name, value in (("prior", prior), ("source_prior", source_prior)):
        if value is not None and not 0 < value <= 1:
            raise ValueError(f"{name}={value}: the probability of a concept is above 0 and at most 1")
    unit_name(base)
    if method == "interaction":
        found = by_interactions(source, target, data, order, smoothing)
    elif method == "exclusive":
        found = by_exclusive_lists(source, target, data, smoothing)
    elif method == "extensional":
        if prior is not None or source_prior is not None:
            raise ValueError("method='extensional' takes P(W) and P(F) from the individuals: pass no prior")
        found = by_individuals(source, target, data)
    elif method == "compressor":
        found = by_compression(source, target, compressor)
    else:
        raise ValueError(
            f"method={method!r} is unknown: give 'interaction', 'exclusive', 'extensional' or 'compressor'"
        )
    return found.finished(source.name, target.name, method, prior, source_prior, base)


@dataclass(frozen=True, slots=True, eq=False)
class InheritanceMatrix:
    """Inheritance between every two of several concepts.

    Attributes
    ----------
    names : tuple of str
    values : numpy.ndarray, shape (n, n)
        Information from the concept of the row to that of the column, in `unit`.
    probabilities : numpy.ndarray, shape (n, n), or None
        ``P(column | row)`` where priors are known; for ``"compressor"`` shares among these concepts,
        proportional to 2 to the power of less the bits that the column takes once the row is known.
    unit : str
    pairs : tuple of tuple of Inheritance
        What each value came from.
    """

    names: tuple[str, ...]
    values: np.ndarray
    probabilities: np.ndarray | None
    unit: str
    pairs: tuple[tuple[Inheritance, ...], ...]

    @property
    def lifts(self) -> np.ndarray:
        """The ratios ``P(W | F) / P(W)`` that the values stand for."""
        return np.array([[pair.lift for pair in row] for row in self.pairs])


def inheritance_matrix(
    concepts: Sequence[Concept],
    data: Any = None,
    *,
    method: Method = "interaction",
    priors: Mapping[str, float] | None = None,
    order: int | None = None,
    smoothing: float = 0.5,
    compressor: Literal["zlib", "lzma"] = "zlib",
    base: float | None = None,
) -> InheritanceMatrix:
    """Return what every concept of a list tells about every other, and about itself.

    Parameters
    ----------
    concepts : sequence of Concept
        With different names.
    data, method, order, smoothing, compressor, base
        As in `intensional_inheritance`.
    priors : mapping of concept name -> probability, optional
        ``P(W)`` of each concept.

    Returns
    -------
    InheritanceMatrix

    Raises
    ------
    ValueError
        As `intensional_inheritance`; or if names repeat or a concept has no prior while others have one.

    References
    ----------
    B. Goertzel, "Intensional Inheritance Between Concepts: An Information-Theoretic Interpretation", 2025;
    paper 67 of adami's register.

    Examples
    --------
    >>> from adami.exact import Concept, inheritance_matrix
    >>> sets = [Concept("even", {"2": 1.0, "4": 1.0}), Concept("prime", {"2": 1.0, "3": 1.0})]
    >>> inheritance_matrix(sets, ["1", "2", "3", "4"], method="extensional").probabilities
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    names = tuple(c.name for c in concepts)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"the concepts {list(names)} have to be at least one, each named once")
    if priors is not None and (missing := [n for n in names if n not in priors]):
        raise ValueError(f"concept {missing[0]!r} has no prior: give all of them, or none")
    pairs = tuple(
        tuple(
            intensional_inheritance(
                f,
                w,
                data,
                method=method,
                order=order,
                prior=None if priors is None else priors[w.name],
                source_prior=None if priors is None or method != "exclusive" else priors[f.name],
                smoothing=smoothing,
                compressor=compressor,
                base=base,
            )
            for w in concepts
        )
        for f in concepts
    )
    values = np.array([[pair.value for pair in row] for row in pairs])
    probabilities = None
    if method == "compressor":
        bits = np.array([[pair.conditional_bits for pair in row] for row in pairs], dtype=float)
        weights = np.exp2(bits.min(axis=1, keepdims=True) - bits)
        probabilities = weights / weights.sum(axis=1, keepdims=True)
    elif all(pair.probability is not None for row in pairs for pair in row):
        probabilities = np.array([[pair.probability for pair in row] for row in pairs], dtype=float)
    return InheritanceMatrix(names, values, probabilities, unit_name(base), pairs)
