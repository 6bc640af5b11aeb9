"""The columns of a table, checked once and cut to complete rows as often as needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adami._inputs import RawColumns
from adami.result import Diagnostic
from adami.variables import (
    Column,
    Kind,
    Missing,
    Variable,
    _kind_for,
    column,
    join,
    missing_rows,
    refuse_missing,
    unknown_column,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the table: values of all rows, and which of them are there."""

    name: str
    kind: Kind
    values: np.ndarray
    present: np.ndarray
    levels: tuple[object, ...] = ()
    forced: bool = False

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(len(self.present) - self.present.sum())

    @property
    def distinct(self) -> int:
        """Number of distinct values."""
        return len(np.unique(self.values[self.present]))

    def cut(self, rows: np.ndarray) -> Variable:
        """Return the chosen rows as a variable."""
        return join([self.column(rows)], self.name)

    def column(self, rows: np.ndarray) -> Column:
        """Return the chosen rows as a checked column."""
        return Column(self.name, self.kind, self.values[rows], self.levels, self.forced)


class Table:
    """Checked columns by name.

    Parameters
    ----------
    columns : mapping of name -> raw column
    kinds : str or mapping of name -> kind, optional
    missing : {"drop", "raise", "category"}
        With "drop" each measurement uses the rows that are complete for its own columns.

    Raises
    ------
    ValueError
        If columns have different lengths, no rows, infinite values, or missing ones that may not be dropped.
    """

    def __init__(
        self, columns: RawColumns, kinds: Kind | Mapping[str, Kind] | None, missing: Missing
    ) -> None:
        if missing not in ("raise", "drop", "category"):
            raise ValueError(f"missing={missing!r}: choose 'drop', 'raise' or 'category'")
        if not columns:
            raise ValueError("the table has no columns")
        lengths = {name: len(v) for name, v in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns have different lengths: {lengths}")
        self.n = next(iter(lengths.values()))
        if self.n == 0:
            raise ValueError("the table has no rows")
        if isinstance(kinds, Mapping):
            for name in kinds:
                self._known(name, list(columns), "kinds= names an unknown column: ")
        if missing == "raise":
            refuse_missing(columns)
        self.fields = {name: _field(name, raw, kinds, missing) for name, raw in columns.items()}

    @staticmethod
    def _known(name: str, known: Sequence[str], lead: str = "") -> None:
        if name not in known:
            raise KeyError(lead + unknown_column(name, known))

    def __getitem__(self, name: str) -> Field:
        self._known(name, list(self.fields))
        return self.fields[name]

    def complete(self, names: Iterable[str]) -> np.ndarray:
        """Return the rows that have a value in all these columns."""
        masks = [self.fields[n].present for n in names]
        return np.flatnonzero(np.logical_and.reduce(masks))

    def slots(self, *slots: Sequence[str]) -> list[Variable]:
        """Return one variable a slot, all cut to the rows that are complete for all of them."""
        rows = self.complete([name for names in slots for name in names])
        return [join([self.fields[n].column(rows) for n in names], ", ".join(names)) for names in slots]

    def gaps(self) -> tuple[Diagnostic, ...]:
        """Say which columns have missing values."""
        gaps = {f.name: f.missing for f in self.fields.values() if f.missing}
        if not gaps:
            return ()
        said = ", ".join(f"{name!r} ({count})" for name, count in gaps.items())
        return (
            Diagnostic(
                "dropped_rows",
                f"missing values in {said}: each measurement uses the rows complete for its columns",
            ),
        )


def _field(name: str, raw: np.ndarray, kinds: Kind | Mapping[str, Kind] | None, missing: Missing) -> Field:
    wanted = _kind_for(name, kinds)
    present = ~missing_rows(raw)
    if not present.any():
        return Field(name, wanted or "discrete", np.zeros(len(raw), dtype=np.int64), present)
    if missing == "category":
        settled = column(raw, name, wanted, missing)
        return Field(
            name, settled.kind, settled.values, np.ones(len(raw), dtype=bool), settled.levels, settled.forced
        )
    settled = column(raw[present], name, wanted)
    values = np.zeros(len(raw), dtype=settled.values.dtype)
    values[present] = settled.values
    return Field(name, settled.kind, values, present, settled.levels, settled.forced)
