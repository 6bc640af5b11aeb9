"""Columns of a table as units to ask for: numbers as they are, labels as one column of 0 and 1 a level."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami._inputs import RawColumns
from adami._levels import encode
from adami._missing import missing_rows

MOST_LEVELS = 50
"""Labels that a person may be asked to choose from."""


@dataclass(frozen=True)
class FeatureColumn:
    """One column.

    Parameters
    ----------
    name : str
    levels : tuple of str
        Of a label; empty for a number.
    low, high : float
        Smallest and largest number that was seen; 0 for labels.
    """

    name: str
    levels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return max(len(self.levels), 1)

    def hint(self) -> str:
        """Return what may be answered, in words."""
        if self.levels:
            return " / ".join(self.levels)
        return f"a number, {self.low:.4g} to {self.high:.4g} so far"

    def strange(self, value: float | list[float]) -> str:
        """Return a warning for a number far outside of the table that was learnt from, else nothing."""
        room = 0.5 * (self.high - self.low)
        if isinstance(value, list) or self.low - room <= value <= self.high + room:
            return ""
        return (
            f"{self.name}: {value:g} lies far outside of {self.low:.4g} to {self.high:.4g}, all "
            "that was seen; what follows from it is a guess"
        )

    def value(self, text: str) -> float | list[float]:
        """Return what a typed answer means.

        Raises
        ------
        ValueError
            If it is none of the levels, or no number.
        """
        plain = text.strip()
        if self.levels:
            near = [level for level in self.levels if level.lower() == plain.lower()]
            if plain in self.levels:
                near = [plain]
            if len(near) != 1:
                raise ValueError(f"{self.name}: {plain!r} is none of {', '.join(self.levels)}")
            return [float(level == near[0]) for level in self.levels]
        try:
            found = float(plain)
        except ValueError:
            raise ValueError(f"{self.name}: {plain!r} is no number") from None
        if not math.isfinite(found):
            raise ValueError(f"{self.name}: {plain!r} is no finite number")
        return found


@dataclass(frozen=True)
class FeatureColumns:
    """All columns, in order.

    Parameters
    ----------
    columns : tuple of FeatureColumn
    """

    columns: tuple[FeatureColumn, ...]

    @classmethod
    def of(cls, raw: RawColumns) -> FeatureColumns:
        """Read the kinds off a table; what nobody can be asked for is left out with a warning."""
        found, skipped = [], []
        for name, values in raw.items():
            there = values[~missing_rows(values)]
            if values.dtype.kind in "mM":
                skipped.append(f"{name!r} (times)")
            elif not len(there):
                skipped.append(f"{name!r} (empty)")
            elif values.dtype.kind in "Ob":
                levels = tuple(str(v) for v in encode(there)[0])
                if len(levels) > MOST_LEVELS:
                    skipped.append(f"{name!r} ({len(levels)} different labels)")
                else:
                    found.append(FeatureColumn(name, levels))
            else:
                numbers = there.astype(float)
                if np.isinf(numbers).any():
                    raise ValueError(f"column {name!r} holds infinity; replace it or leave the column out")
                found.append(FeatureColumn(name, (), float(numbers.min()), float(numbers.max())))
        if skipped:
            warnings.warn(f"left out, as nobody can be asked for them: {', '.join(skipped)}", stacklevel=2)
        if not found:
            raise ValueError("there is no column to ask for")
        return cls(tuple(found))

    @property
    def names(self) -> list[str]:
        """Names in order: unit i is the i-th."""
        return [c.name for c in self.columns]

    @property
    def groups(self) -> list[list[int]]:
        """Columns of the matrix of each unit."""
        ends = np.cumsum([c.width for c in self.columns]).tolist()
        return [list(range(end - c.width, end)) for c, end in zip(self.columns, ends, strict=True)]

    def matrix(self, raw: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the rows of a table as numbers; NaN where a value is missing.

        Raises
        ------
        ValueError
            If a column is missing, or holds labels that were never seen.
        """
        parts = []
        for column in self.columns:
            if column.name not in raw:
                raise ValueError(f"the table has no column {column.name!r}, which the model asks for")
            parts.append(_block(raw[column.name], column))
        return np.concatenate(parts, axis=1)

    def costs(self, given: Mapping[str, float]) -> list[float]:
        """Return the cost of each unit.

        Raises
        ------
        ValueError
            If one is missing, unknown, or not above 0.
        """
        if unknown := [n for n in given if n not in self.names]:
            raise ValueError(f"a cost is given for {unknown[0]!r}; columns are {', '.join(self.names)}")
        if missing := [n for n in self.names if n not in given]:
            raise ValueError(f"costs are missing for {', '.join(missing)}")
        for name, cost in given.items():
            if not (math.isfinite(cost) and cost > 0):
                raise ValueError(f"the cost of {name!r} is {cost}; costs are finite numbers above 0")
        return [float(given[n]) for n in self.names]

    def told(self) -> list[list[Any]]:
        """Return what is stored."""
        return [[c.name, list(c.levels), c.low, c.high] for c in self.columns]

    @classmethod
    def from_told(cls, told: Sequence[Sequence[Any]]) -> FeatureColumns:
        """Return columns from what was stored."""
        return cls(tuple(FeatureColumn(n, tuple(levels), low, high) for n, levels, low, high in told))


def _block(values: np.ndarray, column: FeatureColumn) -> np.ndarray:
    gone = missing_rows(values)
    if not column.levels:
        if values.dtype.kind not in "iuf":
            raise ValueError(f"column {column.name!r} holds no numbers, as it did in training")
        return np.asarray(values, dtype=float)[:, None]
    block = np.zeros((len(values), column.width))
    places = {level: i for i, level in enumerate(column.levels)}
    for row, value in enumerate(values):
        if gone[row]:
            continue
        if str(value) not in places:
            raise ValueError(f"column {column.name!r}: {value!r} is none of {', '.join(column.levels)}")
        block[row, places[str(value)]] = 1.0
    block[gone] = np.nan
    return block
