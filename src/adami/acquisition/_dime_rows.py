"""Checked rows for selection: units, costs, labels, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.acquisition.static_orders import checked_costs


@dataclass(frozen=True)
class Layout:
    """Which columns make up which unit, and what each unit costs.

    Parameters
    ----------
    expand : array of shape (n_columns,)
        Unit of each column.
    costs : array of shape (n_units,)
    """

    expand: np.ndarray
    costs: np.ndarray

    @classmethod
    def of(
        cls, columns: int, groups: Sequence[Sequence[int]] | None, costs: Sequence[float] | None
    ) -> Layout:
        """Return a checked layout."""
        if groups is None:
            expand = np.arange(columns)
        else:
            expand = np.full(columns, -1)
            for unit, members in enumerate(groups):
                for column in members:
                    if not 0 <= column < columns:
                        raise ValueError(f"group {unit} names column {column}; there are {columns}")
                    if expand[column] >= 0:
                        raise ValueError(f"column {column} is in groups {expand[column]} and {unit}")
                    expand[column] = unit
                if not len(members):
                    raise ValueError(f"group {unit} is empty")
            if (expand < 0).any():
                raise ValueError(f"column {int(np.flatnonzero(expand < 0)[0])} is in no group")
        units = int(expand.max()) + 1
        found = checked_costs(costs, units)
        return cls(expand, np.ones(units) if found is None else np.array(found))

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.costs)

    def available(self, rows: np.ndarray) -> np.ndarray:
        """Return which units are known in each row; refuse a unit that never is."""
        found = self.known(rows, self.expand, self.n_units)
        if not found.any(0).all():
            unit = int(np.flatnonzero(~found.any(0))[0])
            raise ValueError(f"unit {unit} is missing in every row; leave its columns out")
        return found

    @staticmethod
    def known(rows: np.ndarray, expand: np.ndarray, units: int) -> np.ndarray:
        """Return bool of shape (n, n_units): whether all columns of a unit are there."""
        order = np.argsort(expand, kind="stable")
        starts = np.searchsorted(expand[order], np.arange(units))
        return np.asarray(np.logical_and.reduceat(np.isfinite(rows)[:, order], starts, axis=1))

    def moments(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation of each column, 1 where it is constant."""
        center, spread = np.nanmean(rows, 0), np.nanstd(rows, 0)
        return center, np.where(spread > 0, spread, 1.0)


def checked_rows(x: Any) -> np.ndarray:
    """Return float64 of shape (n, d); NaN stays, infinity is refused."""
    try:
        rows = np.asarray(x, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("x holds values that are no numbers; encode labels as columns of 0 and 1") from None
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"x has shape {rows.shape}; rows and columns are needed")
    if np.isinf(rows).any():
        raise ValueError(f"column {int(np.isinf(rows).any(0).argmax())} of x holds infinity")
    return rows


def checked_labels(y: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes in order, and the class of each row."""
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise ValueError(f"y has shape {labels.shape}, not ({n},)")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("y holds NaN or infinity; leave those rows out")
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError("y has one class; at least two are needed")
    if counts.min() < 2:
        raise ValueError(f"class {classes[counts.argmin()]!r} has one row; at least two a class are needed")
    return classes, codes


def checked_prior(prior: Any, n: int) -> np.ndarray:
    """Return what is known beforehand, shape (n, k), k = 0 without any."""
    if prior is None:
        return np.zeros((n, 0))
    rows = checked_rows(prior)
    if len(rows) != n:
        raise ValueError(f"prior has {len(rows)} rows, and x has {n}")
    if np.isnan(rows).any():
        raise ValueError("prior holds missing values; what is known beforehand is known in every row")
    return rows


def split_rows(codes: np.ndarray, share: float, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to learn from and rows to check on, with every class on both sides."""
    if not 0 < share < 1:
        raise ValueError(f"validation={share}: a share above 0 and below 1 is wanted")
    rng = np.random.default_rng(random_state)
    check = []
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        check.append(rows[: min(max(1, round(share * len(rows))), len(rows) - 1)])
    held = np.sort(np.concatenate(check))
    return np.setdiff1d(np.arange(len(codes)), held), held
