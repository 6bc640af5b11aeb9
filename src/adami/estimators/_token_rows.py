"""Text, sequences and tables of tokens -> rows of equal length, and rows kept apart from training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.result import Diagnostic


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Rows of tokens in the order of the stream.

    Parameters
    ----------
    tokens : numpy.ndarray, shape (n, length), int64
        Codes from 0.
    given : numpy.ndarray, shape (n, n_given), int64, or None
    n_symbols, given_symbols : int
        Sizes of the alphabets.
    notes : tuple of Diagnostic
    """

    tokens: np.ndarray
    given: np.ndarray | None
    n_symbols: int
    given_symbols: int
    notes: tuple[Diagnostic, ...] = ()

    def split(self, apart: float) -> tuple[TokenRows, TokenRows]:
        """Return the rows to learn from, and every k-th row, kept apart."""
        n = len(self.tokens)
        every = max(round(1 / apart), 2)
        # from the middle of each stretch, so that neither end of the stream decides
        chosen = np.zeros(n, dtype=bool)
        chosen[every // 2 :: every] = True
        if not chosen.any():
            raise ValueError(f"the stream has {n} rows, of which apart={apart} keeps none for the final loss")
        return self._rows(~chosen), self._rows(chosen)

    def _rows(self, rows: np.ndarray) -> TokenRows:
        given = None if self.given is None else self.given[rows]
        return TokenRows(self.tokens[rows], given, self.n_symbols, self.given_symbols, self.notes)


def token_rows(stream: Any, given: Any = None, length: int = 64, n_symbols: int | None = None) -> TokenRows:
    """Check a stream and what is given with it.

    Raises
    ------
    ValueError
        If there are too few tokens, they are no whole numbers from 0, or `given` has other rows.
    """
    notes: tuple[Diagnostic, ...] = ()
    if isinstance(stream, str):
        stream = np.unique(np.array(list(stream)), return_inverse=True)[1] if stream else np.empty(0, int)
    table = _whole(stream, "the stream")
    if table.ndim == 1:
        if given is not None:
            raise ValueError("the stream is one sequence; with given= it needs one row for each row of given")
        if length < 1:
            raise ValueError(f"length={length}: a row has at least one token")
        rest = table.size % length
        if rest:
            message = (
                f"the last {rest} of {table.size} tokens do not fill a row of {length} and were left out"
            )
            notes = (Diagnostic("remainder", message),)
        table = table[: table.size - rest].reshape(-1, length)
    if len(table) < 4 or not table.shape[1]:
        raise ValueError(f"the stream has shape {table.shape}: at least 4 rows of tokens are needed")
    size = int(table.max()) + 1 if n_symbols is None else int(n_symbols)
    if size < 2 or table.max() >= size:
        raise ValueError(
            f"n_symbols={size}: an alphabet has at least two symbols, and the largest is {table.max()}"
        )
    if given is None:
        return TokenRows(table, None, size, 0, notes)
    told = _whole(given, "given")
    if told.ndim != 2 or len(told) != len(table):
        raise ValueError(f"given has shape {told.shape}: it needs {len(table)} rows, as the stream")
    if not told.shape[1]:
        return TokenRows(table, None, size, 0, notes)
    return TokenRows(table, told, size, int(told.max()) + 1, notes)


def _whole(values: Any, name: str) -> np.ndarray:
    table = np.asarray(values)
    if table.ndim not in (1, 2) or (table.dtype.kind not in "biu" and table.size):
        raise ValueError(
            f"{name} has shape {table.shape} and type {table.dtype}: tokens are whole numbers, in one "
            "sequence or one row a sequence"
        )
    if table.size and table.min() < 0:
        raise ValueError(f"{name} has negative numbers: tokens count from 0")
    return table.astype(np.int64)
