"""The four ways in which one concept tells about another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._concepts import Concept, Inheritance, InheritanceTerm
from adami.exact._description_lengths import compressed_lengths, serialised
from adami.exact._interactions import interactions, weighted
from adami.exact._property_laws import ExclusiveLaw, PropertyLaw
from adami.exact.informations import mutual_information
from adami.exact.pmf import as_pmf

_RawTerm = tuple[tuple[str, ...], tuple[str, ...], float, float]
"""Properties of either concept, information in nats, weight."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a method found, in nats; what it knows better than the caller takes the place of a prior."""

    nats: float
    terms: tuple[_RawTerm, ...] = ()
    bounded: bool = False
    prior: float | None = None
    source_prior: float | None = None
    probability: float | None = None
    lengths: tuple[int, int, int] | None = None
    notes: tuple[str, ...] = ()

    def finished(
        self,
        source: str,
        target: str,
        method: str,
        prior: float | None,
        source_prior: float | None,
        base: float | None,
    ) -> Inheritance:
        """Return the result in the unit that was asked for."""
        prior = self.prior if prior is None else prior
        source_prior = self.source_prior if source_prior is None else source_prior
        # beyond the range of floating point numbers there is no ratio to tell
        lift = math.exp(self.nats) if self.nats < 700 else math.inf
        probability, notes = self.probability, self.notes
        if probability is None and prior is not None:
            probability = prior * lift
        if probability is not None and probability > 1 + 1e-12:
            notes = (*notes, f"P(W | F) comes out as {probability:.6g}: the degrees and P(W) do not fit")
        rates = [float(in_base(rate, base)) for _, _, rate, _ in self.terms]
        terms = tuple(
            InheritanceTerm(own, other, rate, weight, weight * rate)
            for (own, other, _, weight), rate in zip(self.terms, rates, strict=True)
        )
        return Inheritance(
            source=source,
            target=target,
            method=method,
            value=float(in_base(self.nats, base)),
            unit=unit_name(base),
            lift=lift,
            probability=probability,
            average=_average(prior, source_prior, probability, base),
            lower_bound=sum(term.contribution for term in terms) if self.bounded else None,
            terms=terms,
            lengths=self.lengths,
            notes=notes,
        )


def by_interactions(
    source: Concept, target: Concept, data: Any, order: int | None, smoothing: float
) -> Found:
    """Sum the information of groups of properties, weighted by degrees."""
    first, second = tuple(source.properties), tuple(target.properties)
    found, notes = interactions(data, first, second, order, smoothing)
    d, e = list(source.properties.values()), list(target.properties.values())
    terms = tuple(
        (tuple(first[i] for i in own), tuple(second[j] for j in other), rate, weighted(own, other, d, e))
        for own, other, rate in found
    )
    nats = math.fsum(rate * weight for _, _, rate, weight in terms)
    if nats < -1e-12:
        notes.append("the weighted or truncated sum is negative: it is no mutual information")
    return Found(nats, terms, notes=tuple(notes))


def by_exclusive_lists(source: Concept, target: Concept, data: Any, smoothing: float) -> Found:
    """Average the ratios of exclusive properties over the degrees of both concepts."""
    first, second = tuple(source.properties), tuple(target.properties)
    if isinstance(data, PropertyLaw):
        law = ExclusiveLaw.from_law(data, first, second)
    elif isinstance(data, ExclusiveLaw):
        law = data
        if set(first) != set(law.first) or set(second) != set(law.second):
            raise ValueError("the concepts name other properties than the law: exclusive lists are complete")
    else:
        law = ExclusiveLaw.from_table(data, first, second, smoothing=smoothing)
    d = _exclusive_degrees(source, law.first, law.pmf.sum(axis=1))
    e = _exclusive_degrees(target, law.second, law.pmf.sum(axis=0))
    weights = np.outer(d, e)
    used = weights > 0
    inside = used & (law.pmf > 0)
    independent = np.outer(law.pmf.sum(axis=1), law.pmf.sum(axis=0))
    ratios = np.where(inside, law.pmf / np.where(used, independent, 1.0), 0.0)
    rates = np.where(inside, np.log(np.where(inside, ratios, 1.0)), -np.inf)
    lift = float((weights * ratios).sum())
    terms = tuple(
        ((law.first[i],), (law.second[j],), float(rates[i, j]), float(weights[i, j]))
        for i, j in np.argwhere(used)
    )
    return Found(math.log(lift) if lift > 0 else -math.inf, terms, bounded=True)


def by_individuals(source: Concept, target: Concept, data: Any) -> Found:
    """Take the individuals themselves for properties."""
    if isinstance(data, Mapping):
        names = list(data)
        masses, total = np.asarray(as_pmf(list(data.values()), name="the individuals"), dtype=float), 1.0
    elif isinstance(data, Sequence) and not isinstance(data, str):
        # counts rather than probabilities, so that shares of crisp sets come out exactly
        names, masses, total = list(data), np.ones(len(data)), float(len(data))
    else:
        raise ValueError("method='extensional' needs the individuals: a list, or a mapping to probabilities")
    if not names or len(set(names)) < len(names):
        raise ValueError("the individuals have to be at least one, each named once")
    d, e = (_memberships(c, names) * masses for c in (source, target))
    own, other = float(d.sum()), float(e.sum())
    for concept, mass in ((source, own), (target, other)):
        if mass <= 0:
            raise ValueError(f"{concept.name!r} has no members of positive probability")
    shared = np.flatnonzero((d > 0) & (e > 0))
    both = float((d[shared] * e[shared] / masses[shared]).sum())
    terms = tuple(
        ((names[i],), (names[i],), math.log(total / masses[i]), float(d[i] / own * e[i] / other))
        for i in shared
    )
    nats = math.log(both / own) - math.log(other / total) if both > 0 else -math.inf
    return Found(nats, terms, prior=other / total, source_prior=own / total, probability=both / own)


def by_compression(source: Concept, target: Concept, compressor: str) -> Found:
    """Count what is saved when both concepts are written down together."""
    texts = [serialised(c.name, c.properties) for c in (source, target)]
    own, other, both = compressed_lengths(texts[0], texts[1], compressor)
    return Found((own + other - both) * math.log(2), lengths=(own, other, both))


def _average(
    prior: float | None, source_prior: float | None, probability: float | None, base: float | None
) -> float | None:
    """Return the information between the two memberships, if the three numbers fit one law."""
    if prior is None or source_prior is None or probability is None:
        return None
    both = probability * source_prior
    cells = np.array([[both, source_prior - both], [prior - both, 1 - prior - source_prior + both]])
    return float(mutual_information(cells, base=base)) if cells.min() >= -1e-9 else None


def _exclusive_degrees(concept: Concept, names: tuple[str, ...], masses: np.ndarray) -> np.ndarray:
    degrees = np.array([concept.properties[n] for n in names])
    if abs(degrees.sum() - 1) > 1e-9:
        raise ValueError(
            f"the degrees of {concept.name!r} sum to {degrees.sum():.9g}, not 1: exclusive degrees are "
            "P(property | concept)"
        )
    impossible = np.flatnonzero((degrees > 0) & (masses <= 0))
    if impossible.size:
        raise ValueError(f"{concept.name!r} has the property {names[impossible[0]]!r}, which no object has")
    return degrees


def _memberships(concept: Concept, names: list[str]) -> np.ndarray:
    known = set(names)
    if unknown := [n for n in concept.properties if n not in known]:
        raise ValueError(
            f"{concept.name!r} has the member {unknown[0]!r}, which is no individual of the data"
        )
    return np.array([concept.properties.get(n, 0.0) for n in names])
