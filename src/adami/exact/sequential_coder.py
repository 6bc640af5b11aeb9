"""A predictor that learns as it goes, and an arithmetic coder that turns its predictions into real bits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

_WIDTH = 48
"""Bits of the coder's registers: rounding then costs less than 1e-6 bits a symbol."""
_WHOLE, _HALF, _QUARTER = 1 << _WIDTH, 1 << (_WIDTH - 1), 1 << (_WIDTH - 2)


class Predictor(Protocol):
    """What an arithmetic coder needs: whole-number weights of the next symbol, and to be told what came."""

    def reset(self) -> None:
        """Forget everything."""

    def weights(self) -> np.ndarray:
        """Return a positive whole number for each symbol, proportional to its probability."""

    def observe(self, symbol: int) -> None:
        """Learn what came."""


class KrichevskyTrofimov:
    """Predict symbols from counts in the context of those before, each count half a symbol ahead.

    Parameters
    ----------
    n_symbols : int
        Size of the alphabet.
    order : int
        Number of symbols before that make the context: 0 counts symbols, 1 pairs. The first symbols have
        contexts of their own.

    Raises
    ------
    ValueError
        If `n_symbols` is below 2 or `order` negative.

    Notes
    -----
    In each context the code is longer than that of the true law by ``(n_symbols - 1) / 2`` times the binary
    logarithm of its visits and a constant, which is the least that can be promised.

    References
    ----------
    R. Krichevsky and V. Trofimov, "The performance of universal encoding", 1981.

    Examples
    --------
    >>> from adami.exact import KrichevskyTrofimov
    >>> model = KrichevskyTrofimov(2, order=0)
    >>> model.code_lengths([0, 0, 0]).round(3)
    array([1.   , 0.415, 0.263])
    """

    def __init__(self, n_symbols: int, order: int = 1) -> None:
        if n_symbols < 2 or order < 0:
            raise ValueError(
                f"n_symbols={n_symbols}, order={order}: give at least 2 symbols and no negative order"
            )
        if n_symbols ** (order + 1) >= 2**62:
            raise ValueError(f"order={order} is too long for {n_symbols} symbols: give a shorter one")
        self.n_symbols = n_symbols
        self.order = order
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._counts: dict[tuple[int, ...], np.ndarray] = {}
        self._context: tuple[int, ...] = ()

    def weights(self) -> np.ndarray:
        """Return one more than twice the counts in the present context."""
        if self._context not in self._counts:
            self._counts[self._context] = np.ones(self.n_symbols, dtype=np.int64)
        return self._counts[self._context]

    def observe(self, symbol: int) -> None:
        """Count what came, and move on."""
        self.weights()[symbol] += 2
        if self.order:
            self._context = (*self._context, symbol)[-self.order :]

    def code_lengths(self, symbols: Any) -> np.ndarray:
        """Return the code length of each symbol in bits, as if read from the start.

        Parameters
        ----------
        symbols : array of int, shape (n,)

        Returns
        -------
        numpy.ndarray, shape (n,)

        Raises
        ------
        ValueError
            If a symbol is outside of the alphabet.
        """
        tokens = _symbols(symbols, self.n_symbols)
        contexts = np.zeros(tokens.size, dtype=np.int64)
        for back in range(1, self.order + 1):
            contexts[back:] = contexts[back:] * self.n_symbols + tokens[:-back]
        # a beginning has a context that never comes again
        start = min(self.order, tokens.size)
        contexts[:start] = -1 - np.arange(start)
        visits = _seen_before(contexts)
        _, places = np.unique(contexts, return_inverse=True)
        hits = _seen_before(places * self.n_symbols + tokens)
        return np.asarray(np.log2((2 * visits + self.n_symbols) / (2 * hits + 1)))


def arithmetic_encode(symbols: Any, model: Predictor) -> bytes:
    """Return the arithmetic code of symbols under a model that learns as they pass.

    Parameters
    ----------
    symbols : array of int, shape (n,)
    model : Predictor
        Such as `KrichevskyTrofimov`; it is reset first.

    Returns
    -------
    bytes
        Within two bits and a byte's padding of the sum of ``-log2`` of the predicted probabilities.

    Raises
    ------
    ValueError
        If a symbol is outside of the alphabet or the weights are not positive.

    Examples
    --------
    >>> from adami.exact import KrichevskyTrofimov, arithmetic_decode, arithmetic_encode
    >>> model = KrichevskyTrofimov(256, order=0)
    >>> text = b"abracadabra" * 20
    >>> code = arithmetic_encode(list(text), model)
    >>> len(text), len(code), bytes(arithmetic_decode(code, len(text), model)) == text
    (220, 98, True)
    """
    model.reset()
    tokens = _symbols(symbols, len(model.weights()))
    low, high, waiting = 0, _WHOLE - 1, 0
    bits: list[int] = []
    for symbol in tokens.tolist():
        below, weight, total = _share(model, symbol)
        low, high = _narrowed(low, high, below, weight, total)
        model.observe(symbol)
        while True:
            if high < _HALF or low >= _HALF:
                bit = int(low >= _HALF)
                bits.append(bit)
                bits.extend([1 - bit] * waiting)
                waiting = 0
                low, high = low - bit * _HALF, high - bit * _HALF
            elif low >= _QUARTER and high < _HALF + _QUARTER:
                # around the middle: the next bit is open, the one after it is its opposite
                waiting += 1
                low, high = low - _QUARTER, high - _QUARTER
            else:
                break
            low, high = 2 * low, 2 * high + 1
    last = int(low >= _QUARTER)
    bits.extend([last] + [1 - last] * (waiting + 1))
    return np.packbits(np.array(bits, dtype=np.uint8)).tobytes()


def arithmetic_decode(code: bytes, n_symbols: int, model: Predictor) -> list[int]:
    """Return the symbols that `arithmetic_encode` wrote.

    Parameters
    ----------
    code : bytes
    n_symbols : int
        How many symbols were written.
    model : Predictor
        The same as for encoding; it is reset first.

    Returns
    -------
    list of int
    """
    model.reset()
    bits = iter(np.unpackbits(np.frombuffer(code, dtype=np.uint8)).tolist())
    value = 0
    for _ in range(_WIDTH):
        value = 2 * value + next(bits, 0)
    low, high = 0, _WHOLE - 1
    found: list[int] = []
    for _ in range(n_symbols):
        ends = np.cumsum(model.weights())
        total = int(ends[-1])
        target = ((value - low + 1) * total - 1) // (high - low + 1)
        symbol = int(np.searchsorted(ends, target, side="right"))
        low, high = _narrowed(low, high, *_share(model, symbol))
        model.observe(symbol)
        found.append(symbol)
        while True:
            if high < _HALF or low >= _HALF:
                shift = _HALF if low >= _HALF else 0
            elif low >= _QUARTER and high < _HALF + _QUARTER:
                shift = _QUARTER
            else:
                break
            low, high = 2 * (low - shift), 2 * (high - shift) + 1
            value = 2 * (value - shift) + next(bits, 0)
    return found


def _share(model: Predictor, symbol: int) -> tuple[int, int, int]:
    """Return the weight below a symbol, its own, and that of all."""
    weights = model.weights()
    below, weight, total = int(weights[:symbol].sum()), int(weights[symbol]), int(weights.sum())
    if weight <= 0 or total >= _QUARTER:
        raise ValueError(
            f"symbol {symbol} has weight {weight} of {total}: weights are positive and not too large"
        )
    return below, weight, total


def _narrowed(low: int, high: int, below: int, weight: int, total: int) -> tuple[int, int]:
    span = high - low + 1
    return low + span * below // total, low + span * (below + weight) // total - 1


def _symbols(symbols: Iterable[int], n_symbols: int) -> np.ndarray:
    tokens = np.asarray(symbols)
    if tokens.ndim != 1 or not tokens.size or tokens.dtype.kind not in "iu":
        raise ValueError("symbols have to be a sequence of at least one whole number")
    if tokens.min() < 0 or tokens.max() >= n_symbols:
        raise ValueError(
            f"symbols reach from {tokens.min()} to {tokens.max()}, but the alphabet is 0 to {n_symbols - 1}"
        )
    return tokens.astype(np.int64)


def _seen_before(keys: np.ndarray) -> np.ndarray:
    """Return how often each entry stood earlier in the array."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    starts = np.maximum.accumulate(np.where(first, np.arange(keys.size), 0))
    seen = np.empty(keys.size, dtype=np.int64)
    seen[order] = np.arange(keys.size) - starts
    return seen
