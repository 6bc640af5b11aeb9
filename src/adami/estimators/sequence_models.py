"""Laws of symbol sequences that give the log-probability of a block, alone or after another block."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np

from adami.estimators import _ngram_tables as tables

LEAST = 5.0
"""Least weight of what is known before: a long match within the sequence is no certainty."""
CHUNK = 1 << 22
"""Entries of one boolean array of matches between places of sequences."""


class SequenceDensity(Protocol):
    """A law of sequences over the symbols 0, 1, ..."""

    def logprob(self, y: Any, given: Any = None) -> np.ndarray:
        """Return ln q of each symbol of `y`, shape ``(n, m)``, after the rows of `given` or the start."""


def sequences(rows: Any, symbols: int | None = None, name: str = "y") -> np.ndarray:
    """Return rows of symbols as an integer array of shape ``(n, m)``, checked."""
    found = np.asarray(rows)
    if found.ndim == 1:
        found = found[None]
    if found.ndim != 2 or not found.size:
        raise ValueError(f"{name}: rows of symbols are needed, of equal length and not empty")
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name}: symbols are whole numbers from 0; map characters with text_codes() first")
    if found.min() < 0 or (symbols is not None and found.max() >= symbols):
        raise ValueError(f"{name}: symbols lie in 0..{'' if symbols is None else symbols - 1}")
    return found.astype(np.int64, copy=False)


def text_codes(text: str, alphabet: str = " abcdefghijklmnopqrstuvwxyz") -> np.ndarray:
    """Return a text as numbers of an alphabet: lower case, all else one space.

    Examples
    --------
    >>> from adami.estimators import text_codes
    >>> text_codes("A b!").tolist()
    [1, 0, 2, 0]
    """
    import re

    inside = re.escape(alphabet.replace(" ", ""))
    plain = re.sub(f"[^{inside}]+", " ", text.lower())
    place = {c: k for k, c in enumerate(alphabet)}
    return np.array([place[c] for c in plain], dtype=np.int64)


class MarkovDensity:
    """A stationary Markov chain of order 1, known or fitted.

    Parameters
    ----------
    transition : array of shape (k, k), optional
        ``p(next | now)``; without it, `fit` counts.
    initial : array of shape (k,), optional
        Law of the first symbol; the stationary one by default.
    prior : float
        Added to each count by `fit`.

    Examples
    --------
    >>> from adami.estimators import MarkovDensity
    >>> chain = MarkovDensity([[0.9, 0.1], [0.1, 0.9]])
    >>> chain.logprob([[0, 0, 1]]).round(3).tolist()
    [[-0.693, -0.105, -2.303]]
    """

    def __init__(self, transition: Any = None, initial: Any = None, prior: float = 0.5) -> None:
        self.transition = transition
        self.initial = initial
        self.prior = prior
        if transition is not None:
            self._set(np.asarray(transition, dtype=float))

    def fit(self, rows: Any) -> Self:
        """Count transitions within rows of symbols."""
        seen = sequences(rows, name="rows")
        if seen.shape[1] < 2:
            raise ValueError("rows of one symbol have no transitions")
        k = int(seen.max()) + 1
        pairs = np.bincount(seen[:, :-1].ravel() * k + seen[:, 1:].ravel(), minlength=k * k).reshape(k, k)
        counts = pairs + self.prior
        self._set(counts / counts.sum(axis=1, keepdims=True))
        return self

    def logprob(self, y: Any, given: Any = None) -> np.ndarray:
        """Return ln q of each symbol, shape ``(n, m)``."""
        if not hasattr(self, "transition_"):
            raise ValueError("this MarkovDensity has no transitions: give them, or call fit(rows)")
        rows = sequences(y, len(self.initial_))
        with np.errstate(divide="ignore"):
            logs, first = np.log(self.transition_), np.log(self.initial_)
        found = np.empty(rows.shape)
        found[:, 1:] = logs[rows[:, :-1], rows[:, 1:]]
        if given is None:
            found[:, 0] = first[rows[:, 0]]
        else:
            found[:, 0] = logs[sequences(given, len(first), "given")[:, -1], rows[:, 0]]
        return found

    def sample(self, n: int, length: int, random_state: int | np.random.Generator = 0) -> np.ndarray:
        """Return `n` sequences as rows."""
        rng = np.random.default_rng(random_state)
        sums = self.transition_.cumsum(axis=1)
        rows = np.empty((n, length), dtype=np.int64)
        rows[:, 0] = rng.choice(len(self.initial_), size=n, p=self.initial_)
        for t in range(1, length):
            drawn = (sums[rows[:, t - 1]] < rng.random((n, 1))).sum(axis=1)
            rows[:, t] = np.minimum(drawn, len(sums) - 1)
        return rows

    def _set(self, transition: np.ndarray) -> None:
        k = len(transition)
        if transition.shape != (k, k) or (transition < 0).any() or not np.allclose(transition.sum(axis=1), 1):
            raise ValueError("transition is a square table of probabilities whose rows sum to 1")
        if self.initial is not None:
            initial = np.asarray(self.initial, dtype=float)
        else:
            values, vectors = np.linalg.eig(transition.T)
            if np.sum(np.abs(values - 1) < 1e-9) > 1:
                raise ValueError("the chain has several stationary laws; give initial=")
            lead = np.abs(np.real(vectors[:, np.argmin(np.abs(values - 1))]))
            initial = lead / lead.sum()
        if initial.shape != (k,) or (initial < 0).any() or not np.isclose(initial.sum(), 1):
            raise ValueError(f"initial is a law over the {k} symbols")
        self.transition_, self.initial_ = transition, initial


class PPMDensity:
    """Prediction by partial matching: blended counts of a training text, then of the sequence itself.

    The law after a context blends the counts of its last 0, 1, ..., `order` symbols in the training text,
    each order resting on the one below with the weight of `backoff` times the number of different symbols
    that followed. On this rests the same blend over what the sequence at hand (`given` and the symbols so
    far) has shown, from contexts of `local_from` to `local_order` symbols, so that a word once seen is
    expected again.

    Parameters
    ----------
    order : int
        Longest context in the training text; at most 11 for 27 symbols.
    backoff : float
        Weight of the order below for each different symbol that followed a context.
    local_order : int
        Longest context in the sequence itself; 0 for a law that does not learn from it.
    local_from : int
        Shortest such context.
    strength : float
        Weight of what is known before, in counts of the sequence itself, for contexts of `local_from`
        symbols; it halves with each symbol more, down to 5.

    References
    ----------
    .. [1] J. Cleary, I. Witten, "Data compression using adaptive coding and partial string matching", IEEE
       Transactions on Communications 32, 1984.

    Examples
    --------
    >>> from adami.estimators import PPMDensity, text_codes
    >>> model = PPMDensity(order=2).fit(text_codes("abcabcabcabcabcabcabc"))
    >>> bool(model.logprob(text_codes("abc")).sum() > model.logprob(text_codes("acb")).sum())
    True
    """

    def __init__(
        self,
        order: int = 6,
        backoff: float = 8.0,
        local_order: int = 8,
        local_from: int = 2,
        strength: float = 64.0,
    ) -> None:
        self.order = order
        self.backoff = backoff
        self.local_order = local_order
        self.local_from = local_from
        self.strength = strength

    def fit(self, text: Any, symbols: int | None = None) -> Self:
        """Count a training text.

        Parameters
        ----------
        text : array of int, shape (n,) or (n_rows, n)
        symbols : int, optional
            Size of the alphabet; the largest symbol plus one by default.
        """
        rows = sequences(text, symbols, "text")
        self.symbols_ = int(rows.max()) + 1 if symbols is None else symbols
        tables.check_order(self.order, self.symbols_)
        if min(self.strength, self.backoff) <= 0 or self.local_from < 0 or self.local_order < 0:
            raise ValueError("strength and backoff are above 0, local_from and local_order are at least 0")
        self._tables = [tables.count(rows, k, self.symbols_) for k in range(self.order + 1)]
        return self

    def logprob(self, y: Any, given: Any = None) -> np.ndarray:
        """Return ln q of each symbol of `y`, shape ``(n, m)``, after the rows of `given` or the start."""
        self._check_fitted()
        rows = sequences(y, self.symbols_)
        known = 0
        if given is not None:
            before = sequences(given, self.symbols_, "given")
            if len(before) != len(rows):
                raise ValueError(f"y has {len(rows)} rows, and given has {len(before)}")
            known = before.shape[1]
            rows = np.concatenate([before, rows], axis=1)
        at_once = max(1, CHUNK // rows.shape[1] ** 2)
        parts = [self._score(rows[i : i + at_once]) for i in range(0, len(rows), at_once)]
        return np.asarray(np.log(np.concatenate(parts)[:, known:]))

    def next_law(self, seen: Any) -> np.ndarray:
        """Return the law of the next symbol after each row, shape ``(n, symbols)``."""
        self._check_fitted()
        rows = np.asarray(seen, dtype=np.int64)
        n, k = len(rows), self.symbols_
        # each possible next symbol is scored as the last of a sequence of its own
        longer = np.concatenate([np.repeat(rows, k, axis=0), np.tile(np.arange(k), n)[:, None]], axis=1)
        law = self._local(longer, self._trained(longer)[:, -1:], last=True).reshape(n, k)
        return np.asarray(law / law.sum(axis=1, keepdims=True))

    def _score(self, rows: np.ndarray) -> np.ndarray:
        return self._local(rows, self._trained(rows), last=False)

    def _trained(self, rows: np.ndarray) -> np.ndarray:
        """Return the probability of each symbol by the counts of the training text."""
        law = np.full(rows.shape, 1.0 / self.symbols_)
        for k, table in enumerate(self._tables):
            if rows.shape[1] > k:
                law[:, k:] = tables.blend(table, rows, k, self.symbols_, law[:, k:], self.backoff)
        return law

    def _local(self, rows: np.ndarray, law: np.ndarray, last: bool) -> np.ndarray:
        """Blend in what the sequence itself has shown before each place, or before the last one only."""
        if not self.local_order:
            return law
        n, length = rows.shape
        places = np.arange(length)[-1:] if last else np.arange(length)
        earlier = np.arange(length)[None, :] < places[:, None]
        same = np.broadcast_to(earlier, (n, *earlier.shape)).copy()
        right = rows[:, None, :] == rows[:, places][:, :, None]
        for k in range(self.local_order + 1):
            if k:
                # shifted by k: the k-th symbol before a place equals the k-th before an earlier one
                shifted = np.full((n, length), -1, dtype=rows.dtype)
                shifted[:, k:] = rows[:, :-k] if k < length else rows[:, :0]
                own = shifted[:, places]
                same &= (shifted[:, None, :] == own[:, :, None]) & (shifted[:, None, :] >= 0)
            if k < self.local_from:
                continue
            seen = same.sum(axis=2)
            hit = (same & right).sum(axis=2)
            weight = max(self.strength * 0.5 ** (k - self.local_from), LEAST)
            law = (hit + weight * law) / (seen + weight)
        return law

    def _check_fitted(self) -> None:
        if not hasattr(self, "_tables"):
            raise ValueError("this PPMDensity has not been fitted; call fit(text) first")
