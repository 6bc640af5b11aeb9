"""Channels from contexts to summaries: a table, kept attributes, a character model, a language model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from adami.estimators.sequence_models import PPMDensity

ROUNDING = 1e-9
"""How far the rows of a table may be from summing to 1."""


class TableChannel:
    """A channel between finitely many contexts and summaries.

    Parameters
    ----------
    table : array of shape (n_contexts, n_summaries)
        ``p(z | x)``; rows sum to 1. Contexts and summaries are row and column numbers.

    Examples
    --------
    >>> from adami.estimators import TableChannel
    >>> round(TableChannel([[0.9, 0.1], [0.2, 0.8]]).logprob(1, 0), 4)
    -2.3026
    """

    def __init__(self, table: Any) -> None:
        self.table = np.asarray(table, dtype=float)
        if self.table.ndim != 2 or (self.table < 0).any():
            raise ValueError("a channel is a table of probabilities: a row a context, a column a summary")
        if np.abs(self.table.sum(axis=1) - 1).max() > ROUNDING:
            raise ValueError("the rows of a channel sum to 1; divide each by its sum")
        with np.errstate(divide="ignore"):
            self._logs = np.log(self.table)

    def sample(self, context: int, query: Any, n: int, rng: np.random.Generator) -> list[int]:
        """Return `n` summaries of a context."""
        row = self.table[context]
        return [int(z) for z in rng.choice(len(row), size=n, p=row / row.sum())]

    def logprob(self, summary: int, context: int, query: Any = None) -> float:
        """Return ``ln p(z | x)``."""
        return float(self._logs[context, summary])

    def logprobs(self, summary: int, contexts: Sequence[int], query: Any = None) -> np.ndarray:
        """Return ``ln p(z | x)`` for several contexts."""
        return np.asarray(self._logs[np.asarray(contexts, dtype=np.intp), summary])


@dataclass(frozen=True, slots=True)
class MaskedExtractive:
    """Keeps each attribute, word or sentence of a context with a known probability, and masks the others.

    Contexts are sequences of equal length, and a summary is a tuple of that length with None where something
    was left out; ``p(z | x)`` is exact.

    Parameters
    ----------
    keep : float
        Probability that a part is kept.
    flip : float
        Probability that a kept part is replaced by one of `values`, drawn evenly.
    values : int
        Number of values of an attribute, which are then 0, 1, ...; needed with `flip`.
    boilerplate : int
        Tokens of text that is the same in every summary.

    Examples
    --------
    >>> from adami.estimators import MaskedExtractive
    >>> round(MaskedExtractive(keep=0.5).logprob(("a", None), ("a", "b")), 4)
    -1.3863
    """

    keep: float
    flip: float = 0.0
    values: int = 0
    boilerplate: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.keep <= 1 and 0 <= self.flip <= 1):
            raise ValueError(f"keep={self.keep}, flip={self.flip}: probabilities lie between 0 and 1")
        if self.flip and self.values < 2:
            raise ValueError("flip= replaces by one of values= numbers: give at least 2")

    def sample(
        self, context: Sequence[Any], query: Any, n: int, rng: np.random.Generator
    ) -> list[tuple[Any, ...]]:
        """Return `n` summaries of a context."""
        drawn = []
        for _ in range(n):
            kept = rng.random(len(context)) < self.keep
            wrong = rng.random(len(context)) < self.flip
            other = rng.integers(max(self.values, 1), size=len(context))
            drawn.append(
                tuple((int(o) if w else x) if k else None for x, k, w, o in zip(context, kept, wrong, other))
            )
        return drawn

    def logprob(self, summary: Sequence[Any], context: Sequence[Any], query: Any = None) -> float:
        """Return ``ln p(z | x)``; minus infinity where a kept part differs and none is replaced."""
        return float(self.logprobs(summary, [context], query)[0])

    def logprobs(
        self, summary: Sequence[Any], contexts: Sequence[Sequence[Any]], query: Any = None
    ) -> np.ndarray:
        """Return ``ln p(z | x)`` for several contexts."""
        if wrong := next((x for x in contexts if len(x) != len(summary)), None):
            raise ValueError(f"a summary of {len(summary)} parts and a context of {len(wrong)}")
        places = [k for k, z in enumerate(summary) if z is not None]
        kept, masked = len(places), len(summary) - len(places)
        same = [sum(summary[k] == x[k] for k in places) for x in contexts]
        stray = self.flip / self.values if self.flip else 0.0
        shared = _times(kept, self.keep) + _times(masked, 1 - self.keep)
        by_count = [_times(s, 1 - self.flip + stray) + _times(kept - s, stray) for s in range(kept + 1)]
        return shared + np.array(by_count)[same]

    def length(self, summary: Sequence[Any]) -> int:
        """Return the tokens of a summary: its parts, masks included, and the boilerplate."""
        return len(summary) + self.boilerplate


class CharacterChannel:
    """Continues a context character by character, by a model that learns from the context it was given.

    Parameters
    ----------
    density : PPMDensity
        Fitted character model; ``p(z | x)`` is its probability of z after x.
    length : int
        Characters of a summary.
    boilerplate : array of int, optional
        Symbols copied to the end of each summary that is scored.
    """

    def __init__(self, density: PPMDensity, length: int = 40, boilerplate: Any = ()) -> None:
        if length < 1:
            raise ValueError(f"length={length}: a summary has at least one character")
        self.density = density
        self.characters = length
        self.boilerplate = np.asarray(boilerplate, dtype=np.intp)

    def sample(self, context: Any, query: Any, n: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Return `n` continuations of a context, arrays of symbols."""
        start = np.asarray(context)
        written = np.empty((n, 0), dtype=np.intp)
        for _ in range(self.characters):
            seen = np.concatenate([np.broadcast_to(start, (n, len(start))), written], axis=1)
            law = self.density.next_law(seen)
            points = rng.random((n, 1))
            drawn = np.minimum((law.cumsum(axis=1) < points).sum(axis=1), law.shape[1] - 1)
            written = np.concatenate([written, drawn[:, None]], axis=1)
        return list(written)

    def logprob(self, summary: Any, context: Any, query: Any = None) -> float:
        """Return ``ln p(z | x)``."""
        return float(self.logprobs(summary, [context], query)[0])

    def logprobs(self, summary: Any, contexts: Sequence[Any], query: Any = None) -> np.ndarray:
        """Return ``ln p(z | x)`` for several contexts of the same length."""
        if len({len(x) for x in contexts}) > 1:
            return np.array([self.logprob(summary, x, query) for x in contexts])
        text = np.concatenate([np.asarray(summary, dtype=np.intp), self.boilerplate])
        rows = np.broadcast_to(text, (len(contexts), len(text)))
        return np.asarray(self.density.logprob(rows, np.asarray(contexts)).sum(axis=1))

    def length(self, summary: Any) -> int:
        """Return the characters of a summary, boilerplate included."""
        return len(summary) + len(self.boilerplate)


def _times(count: int, probability: float) -> float:
    """Return ``count * ln(probability)``, 0 for no count."""
    if not count:
        return 0.0
    return count * math.log(probability) if probability > 0 else -math.inf
