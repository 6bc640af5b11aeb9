"""Laws of the properties that concepts are made of: yes-or-no indicators, or two exclusive lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact.informations import marginal
from adami.exact.pmf import as_pmf, check_cells

MOST_JOINT = 16
"""Properties of which a joint law is built; more of them are counted subset by subset."""


@dataclass(frozen=True, slots=True, eq=False)
class PropertyLaw:
    """The joint law of yes-or-no properties.

    Parameters
    ----------
    names : sequence of str
        One name for each axis.
    pmf : array, shape (2, 2, ...)
        ``pmf[1, 0, ...]`` is the probability of having the first property and not the second.

    Raises
    ------
    ValueError
        If `pmf` is no law with an axis of two for each name, or a name stands twice.

    Examples
    --------
    >>> from adami.exact import PropertyLaw
    >>> PropertyLaw(["flies", "sings"], [[0.4, 0.1], [0.1, 0.4]]).names
    ('flies', 'sings')
    """

    names: tuple[str, ...]
    pmf: np.ndarray

    def __init__(self, names: Sequence[str], pmf: Any) -> None:
        object.__setattr__(self, "names", _distinct(names))
        table = np.asarray(as_pmf(pmf, name="pmf"), dtype=float)
        if table.shape != (2,) * len(self.names):
            raise ValueError(
                f"pmf has shape {table.shape}: {len(self.names)} properties need {len(self.names)} axes of 2"
            )
        object.__setattr__(self, "pmf", table)

    @classmethod
    def from_table(
        cls, table: Any, names: Iterable[str] | None = None, *, smoothing: float = 0.5
    ) -> PropertyLaw:
        """Count how often each combination of properties occurs.

        Parameters
        ----------
        table : mapping of name -> array of 0 and 1, or DataFrame
            One column a property, one row an object.
        names : iterable of str, optional
            Properties to use; every column by default.
        smoothing : float
            Added to the count of every combination.

        Returns
        -------
        PropertyLaw
        """
        asked = _distinct(table.keys() if names is None else names)
        check_cells(2 ** len(asked), what="the joint law of the properties")
        rows = binary_columns(table, asked)
        codes = np.ravel_multi_index(tuple(rows.T), (2,) * len(asked))
        counts = np.bincount(codes, minlength=2 ** len(asked)) + checked_smoothing(smoothing)
        return cls(asked, (counts / counts.sum()).reshape((2,) * len(asked)))

    def of(self, names: Sequence[str]) -> np.ndarray:
        """Return the joint law of some of the properties, in the order asked for."""
        missing = [n for n in names if n not in self.names]
        if missing:
            raise ValueError(f"the law knows no property {missing[0]!r}: it has {', '.join(self.names)}")
        return np.asarray(marginal(self.pmf, tuple(self.names.index(n) for n in names), check=False))


@dataclass(frozen=True, slots=True, eq=False)
class ExclusiveLaw:
    """The joint law of two lists of properties, of each of which every object has exactly one.

    Parameters
    ----------
    first, second : sequence of str
        The properties of each list; they may be the same list.
    pmf : array, shape (n_first, n_second)

    Raises
    ------
    ValueError
        If `pmf` is no law of that shape, or a name stands twice in a list.

    Examples
    --------
    >>> from adami.exact import ExclusiveLaw
    >>> ExclusiveLaw(["small", "large"], ["cheap", "dear"], [[0.4, 0.1], [0.1, 0.4]]).pmf.shape
    (2, 2)
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    pmf: np.ndarray

    def __init__(self, first: Sequence[str], second: Sequence[str], pmf: Any) -> None:
        object.__setattr__(self, "first", _distinct(first))
        object.__setattr__(self, "second", _distinct(second))
        table = np.asarray(as_pmf(pmf, name="pmf"), dtype=float)
        if table.shape != (len(self.first), len(self.second)):
            raise ValueError(
                f"pmf has shape {table.shape}, but the lists have {len(self.first)} and {len(self.second)}"
            )
        object.__setattr__(self, "pmf", table)

    @classmethod
    def from_table(
        cls, table: Any, first: Iterable[str], second: Iterable[str], *, smoothing: float = 0.5
    ) -> ExclusiveLaw:
        """Count how often the properties of two lists meet.

        Parameters
        ----------
        table : mapping of name -> array of 0 and 1, or DataFrame
            One column a property, one row an object.
        first, second : iterable of str
            The two lists.
        smoothing : float
            Added to the count of every pair that may occur: a property in both lists meets only itself.

        Returns
        -------
        ExclusiveLaw

        Raises
        ------
        ValueError
            If an object has none or several of the properties of a list.
        """
        names = _distinct(first), _distinct(second)
        parts = [binary_columns(table, n) for n in names]
        for part, asked in zip(parts, names, strict=True):
            wrong = np.flatnonzero(part.sum(axis=1) != 1)
            if wrong.size:
                raise ValueError(
                    f"object {wrong[0]} has {part[wrong[0]].sum()} of the properties {', '.join(asked)}: "
                    "exclusive properties hold one at a time; use method='interaction'"
                )
        counts = parts[0].T @ parts[1] + checked_smoothing(smoothing) * _may_meet(*names)
        return cls(*names, counts / counts.sum())

    @classmethod
    def from_law(cls, law: PropertyLaw, first: Sequence[str], second: Sequence[str]) -> ExclusiveLaw:
        """Return the law of two lists of indicators after checking that each list is exclusive."""
        names = _distinct([*first, *(n for n in second if n not in first)])
        cells = law.of(names)
        pmf = np.zeros((len(first), len(second)))
        for cell in np.argwhere(cells > 0):
            present = {n for n, on in zip(names, cell, strict=True) if on}
            rows = [i for i, n in enumerate(first) if n in present]
            columns = [j for j, n in enumerate(second) if n in present]
            if len(rows) != 1 or len(columns) != 1:
                held = ", ".join(sorted(present)) or "none of them"
                raise ValueError(
                    f"the properties are not exclusive and exhaustive: an object may have {held}; "
                    "use method='interaction'"
                )
            pmf[rows[0], columns[0]] += cells[tuple(cell)]
        return cls(first, second, pmf)


def binary_columns(table: Any, names: Sequence[str]) -> np.ndarray:
    """Return the columns as integers 0 and 1, one row an object."""
    if not isinstance(table, Mapping) and not (hasattr(table, "keys") and hasattr(table, "__getitem__")):
        raise ValueError(
            f"a {type(table).__name__} is no table of properties: give a mapping of name -> column of "
            "0 and 1, a DataFrame, or a law"
        )
    columns = []
    for name in names:
        if name not in table:
            raise ValueError(f"the table has no column {name!r}: every property of a concept needs one")
        column = np.asarray(table[name])
        if column.ndim != 1 or not np.isin(column, (0, 1)).all():
            raise ValueError(f"column {name!r} holds something else than 0 and 1: has an object it or not?")
        columns.append(column.astype(int))
    sizes = {c.size for c in columns}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"the columns have {sorted(sizes)} rows: give one row an object, at least one")
    return np.stack(columns, axis=1)


def checked_smoothing(smoothing: float) -> float:
    """Return the pseudo-count after checking it."""
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"smoothing={smoothing}: add a count of at least 0")
    return smoothing


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(names)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"the properties {list(found)} have to be at least one, each named once")
    return found


def _may_meet(first: tuple[str, ...], second: tuple[str, ...]) -> np.ndarray:
    """Tell which pairs can hold of one object: a property of both lists shuts out all others."""
    return np.array([[a == b or (a not in second and b not in first) for b in second] for a in first])
