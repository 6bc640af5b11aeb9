"""Conditions as columns of numbers: numbers standardised, labels with one column a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.variables import Kind, Variable


@dataclass(frozen=True, slots=True)
class ConditionCode:
    """How a condition was coded at the fit, to code new rows alike.

    Parameters
    ----------
    levels : tuple of (tuple or None)
        One a column: its levels, or None for a column of numbers.
    mean, deviation : numpy.ndarray
        Of the number columns.
    plain : bool
        Hand labels on as codes and numbers as they are, for a denoiser from outside.
    """

    levels: tuple[tuple[Any, ...] | None, ...]
    mean: np.ndarray
    deviation: np.ndarray
    plain: bool = False

    @classmethod
    def of(cls, v: Variable, plain: bool = False) -> ConditionCode:
        """Return the code of a condition.

        Raises
        ------
        TypeError
            If a denoiser from outside were to get labels and numbers at once.
        """
        levels = tuple(c.levels if c.kind == "discrete" else None for c in v.columns)
        if plain and any(lv is not None for lv in levels) and len(levels) > 1:
            raise TypeError(f"{v}: a denoiser from outside takes one label, or numbers, as a condition")
        mean, deviation = v.numbers.mean(axis=0), v.numbers.std(axis=0)
        return cls(levels, mean, np.where(deviation > 0, deviation, 1.0), plain)

    @property
    def labels(self) -> bool:
        """Whether it is one label."""
        return len(self.levels) == 1 and self.levels[0] is not None

    @property
    def kind(self) -> Kind | None:
        """Kind that new rows are given; None where labels and numbers mix."""
        if all(levels is not None for levels in self.levels):
            return "discrete"
        return "continuous" if all(levels is None for levels in self.levels) else None

    def columns(self, v: Variable) -> np.ndarray:
        """Return the numbers of a condition's rows, shape (n, d).

        Raises
        ------
        ValueError
            If the columns are not those of the fit, or a label was not seen there.
        """
        if len(v.columns) != len(self.levels):
            raise ValueError(f"{v}: {len(v.columns)} column(s), and the fit had {len(self.levels)}")
        numbers, out = iter(v.numbers.T), []
        places = iter(range(v.dim))
        for column, levels in zip(v.columns, self.levels):
            if (column.kind == "discrete") != (levels is not None):
                raise ValueError(f"column {column.name!r} is {column.kind}, and was not at the fit")
            if levels is None:
                j = next(places)
                values = next(numbers)
                out.append((values if self.plain else (values - self.mean[j]) / self.deviation[j])[:, None])
                continue
            if lost := [lv for lv in column.levels if lv not in levels]:
                raise ValueError(f"column {column.name!r}: label {lost[0]!r} was not seen at the fit")
            place = np.array([levels.index(lv) for lv in column.levels], dtype=np.int64)
            codes = place[column.values]
            out.append(codes[:, None].astype(float) if self.plain else np.eye(len(levels))[codes])
        return np.hstack(out)
