"""Raw columns -> variables that estimators understand. Every input check and the rule for kinds live here.

The rule for kinds
------------------
1. Text, categories and booleans are **discrete**; dates and times are **continuous** (seconds).
2. A number column is **discrete** when it has at most `MAX_LEVELS` (20) distinct values and at least twice as
   many rows as distinct values.
3. Any other number column is **mixed** when one value alone fills at least `ATOM_SHARE` (5 %) of the rows, at
   least `ATOM_ROWS` (5) rows, and at least `ATOM_TIMES` (10) times as many as the median distinct value:
   zero-inflated counts, clipped readings. (A rounded column repeats all its values and has no atom.)
4. Any other number column is **continuous**.
The rule is applied after missing rows are gone. It is reported in every result and overridden with `kinds=`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from adami._inputs import RawColumns, is_frame, raw_columns
from adami._levels import distinct, encode
from adami._missing import (
    Missing,
    drop_missing,
    missing_message,
    missing_rows,
    refuse_missing,
    refuse_missing_slots,
)
from adami.result import Diagnostic

Kind = Literal["continuous", "discrete", "mixed"]
KINDS: tuple[Kind, ...] = ("continuous", "discrete", "mixed")
MAX_LEVELS = 20
ATOM_SHARE = 0.05
ATOM_ROWS = 5
ATOM_TIMES = 10
TIES_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Column:
    """One checked column: float64 numbers, or integer codes of its levels."""

    name: str
    kind: Kind
    values: np.ndarray
    """Shape ``(n,)``: float64 for continuous and mixed columns, int64 codes of `levels` for discrete ones."""
    levels: tuple[Any, ...] = ()
    forced: bool = False
    """Whether the kind was given rather than inferred."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One slot of a measurement: a vector of numbers, a label, or both.

    Parameters
    ----------
    numbers : numpy.ndarray
        float64, shape ``(n, d)``: the continuous and mixed columns, d may be 0.
    codes : numpy.ndarray or None
        int64, shape ``(n,)``: the joint label of all discrete columns, ``0..n_levels-1``; None without any.
    n_levels : int
        Number of distinct joint labels seen; 0 without discrete columns.
    kind : {"continuous", "discrete", "mixed"}
        Discrete without numbers; mixed with both numbers and labels, or when a number column is mixed.
    columns : tuple of Column
        Where it came from.
    """

    numbers: np.ndarray
    codes: np.ndarray | None
    n_levels: int
    kind: Kind
    columns: tuple[Column, ...] = field(repr=False)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    @property
    def dim(self) -> int:
        """Number of number columns."""
        return int(self.numbers.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(c.name for c in self.columns)

    def __str__(self) -> str:
        return ", ".join(self.names)

    def take(self, rows: np.ndarray) -> Variable:
        """Return the chosen rows, with kinds and codes as they are (levels may become empty)."""
        codes = None if self.codes is None else self.codes[rows]
        columns = tuple(Column(c.name, c.kind, c.values[rows], c.levels, c.forced) for c in self.columns)
        return Variable(self.numbers[rows], codes, self.n_levels, self.kind, columns)


def variable(
    data: Any,
    name: str = "x",
    *,
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "raise",
) -> Variable:
    """Check `data` and return it as a Variable.

    Parameters
    ----------
    data : anything with rows, or Variable
        One column or many; a Variable is returned as it is.
    name : str
        Name for unnamed columns, used in messages.
    kinds : str or mapping of column name -> kind, optional
        Overrides the inferred kind.
    missing : {"raise", "category"}
        "category" makes missing labels of discrete columns a level of their own.

    Raises
    ------
    ValueError
        For missing or infinite values, no rows, or a kind that the column cannot have.
    TypeError
        For data without rows or of types that have no information content here.
    """
    if isinstance(data, Variable):
        return data
    raw = raw_columns(data, name)
    refuse_missing(raw, missing)
    return join([column(v, n, _kind_for(n, kinds), missing) for n, v in raw.items()], name)


def join(columns: Sequence[Column], name: str = "x") -> Variable:
    """Make one variable of several columns."""
    if not columns:
        raise ValueError(f"{name}: no columns, so there is nothing to measure")
    lengths = {len(c.values) for c in columns}
    if len(lengths) > 1:
        raise ValueError(
            f"{name}: columns have different lengths { ({c.name: len(c.values) for c in columns}) }"
        )
    numeric = [c for c in columns if c.kind != "discrete"]
    labels = [c for c in columns if c.kind == "discrete"]
    n = lengths.pop()
    numbers = np.column_stack([c.values for c in numeric]) if numeric else np.empty((n, 0))
    codes, n_levels = _joint_codes(labels)
    kind: Kind = "mixed"
    if not numeric:
        kind = "discrete"
    elif not labels and all(c.kind == "continuous" for c in numeric):
        kind = "continuous"
    return Variable(np.ascontiguousarray(numbers), codes, n_levels, kind, tuple(columns))


def merge(*variables: Variable | None) -> Variable:
    """Make one variable of several: (X, Z) of X and Z. None is passed over."""
    return join([c for v in variables if v is not None for c in v.columns])


def _joint_codes(labels: Sequence[Column]) -> tuple[np.ndarray | None, int]:
    if not labels:
        return None, 0
    codes, size = labels[0].values, max(len(labels[0].levels), 1)
    for c in labels[1:]:
        width = max(len(c.levels), 1)
        # renumber after every column: a plain product of level counts would overflow
        seen, codes = np.unique(codes * width + c.values, return_inverse=True)
        size = len(seen)
    return np.ascontiguousarray(codes, dtype=np.int64), size


def column(raw: np.ndarray, name: str, kind: Kind | None = None, missing: Missing = "raise") -> Column:
    """Check one raw column without missing values (or with ``missing="category"``) and settle its kind."""
    if len(raw) == 0:
        raise ValueError(f"column {name!r}: no rows")
    if raw.dtype == object or raw.dtype.kind == "b":
        if kind in ("continuous", "mixed"):
            if raw.dtype == object:
                raise ValueError(
                    f"column {name!r}: holds labels, so its kind cannot be {kind!r}; encode it as numbers"
                )
            return Column(name, kind, raw.astype(np.float64), (), True)
        return _labels(raw, name, kind is not None)
    if raw.dtype.kind in "mM":
        raw, kind = _seconds(raw), kind or "continuous"
    if raw.dtype.kind == "f" and np.isinf(raw).any():
        raise ValueError(
            f"column {name!r}: {int(np.isinf(raw).sum())} infinite value(s); replace or drop those rows"
        )
    gaps = missing_rows(raw)
    if gaps.any():
        if missing != "category":
            raise ValueError(missing_message([(name, int(gaps.sum()))]))
        if (kind or _infer(raw[~gaps])) != "discrete":
            raise ValueError(
                f"column {name!r}: {int(gaps.sum())} missing value(s) in a numeric column; "
                "missing='category' is for discrete columns: use missing='drop' or kinds={...: 'discrete'}"
            )
        labels = raw.astype(object)
        labels[gaps] = None
        return _labels(labels, name, kind is not None)
    settled = kind or _infer(raw)
    if settled == "discrete":
        return _labels(raw, name, kind is not None)
    return Column(name, settled, raw.astype(np.float64), (), kind is not None)


def _infer(raw: np.ndarray) -> Kind:
    n = len(raw)
    if n == 0:
        return "discrete"
    counts = distinct(raw)[1]
    if len(counts) <= MAX_LEVELS and n >= 2 * len(counts):
        return "discrete"
    return "mixed" if has_atom(counts) else "continuous"


def has_atom(counts: np.ndarray) -> bool:
    """Tell whether one value stands out of the others, from the number of rows of each distinct value."""
    return bool(counts.max() >= _rows_of_an_atom(counts))


def atoms(numbers: np.ndarray) -> np.ndarray:
    """Return the values of a column that stand out of the others, in order."""
    values, counts = distinct(numbers)
    return np.asarray(values[counts >= _rows_of_an_atom(counts)])


def _rows_of_an_atom(counts: np.ndarray) -> float:
    return float(max(ATOM_ROWS, ATOM_SHARE * counts.sum(), ATOM_TIMES * np.median(counts)))


def _labels(raw: np.ndarray, name: str, forced: bool) -> Column:
    levels, codes = encode(raw)
    return Column(name, "discrete", codes, levels, forced)


def _seconds(raw: np.ndarray) -> np.ndarray:
    unit = "datetime64[us]" if raw.dtype.kind == "M" else "timedelta64[us]"
    out = raw.astype(unit).astype(np.int64).astype(np.float64) / 1e6
    return np.where(np.isnat(raw), np.nan, out)


def _kind_for(name: str, kinds: Kind | Mapping[str, Kind] | None) -> Kind | None:
    kind = kinds.get(name) if isinstance(kinds, Mapping) else kinds
    if kind is not None and kind not in KINDS:
        raise ValueError(f"column {name!r}: unknown kind {kind!r}; choose one of {', '.join(KINDS)}")
    return kind


def align(
    *slots: tuple[RawColumns, str],
    kinds: Kind | Mapping[str, Kind] | None = None,
    missing: Missing = "raise",
) -> tuple[list[Variable], list[Diagnostic]]:
    """Check several slots together: equal lengths, missing rows treated alike.

    Parameters
    ----------
    *slots : pairs of raw columns and the slot's name
    kinds : str or mapping of column name -> kind, optional
    missing : {"raise", "drop", "category"}

    Returns
    -------
    variables : list of Variable, one a slot
    notes : list of Diagnostic
        What was dropped, inferred or noticed.
    """
    if missing not in ("raise", "drop", "category"):
        raise ValueError(f"missing={missing!r}: choose 'raise', 'drop' or 'category'")
    lengths = [(name, len(v)) for raw, _ in slots for name, v in raw.items()]
    if len({length for _, length in lengths}) > 1:
        raise ValueError(f"columns have different lengths: {', '.join(f'{n!r} has {k}' for n, k in lengths)}")
    if lengths and lengths[0][1] == 0:
        raise ValueError(f"no rows: column {lengths[0][0]!r} is empty")
    if lengths and lengths[0][1] == 1:
        raise ValueError(f"one row tells nothing: column {lengths[0][0]!r} needs at least 2")
    _refuse_unknown_kinds(kinds, [name for name, _ in lengths])
    notes: list[Diagnostic] = []
    if missing == "drop":
        slots, dropped = drop_missing(slots)
        notes += dropped
    else:
        refuse_missing_slots([raw for raw, _ in slots], missing)
    made = [
        join([column(v, n, _kind_for(n, kinds), missing) for n, v in raw.items()], slot)
        for raw, slot in slots
    ]
    return made, notes


def _refuse_unknown_kinds(kinds: Kind | Mapping[str, Kind] | None, known: Sequence[str]) -> None:
    if isinstance(kinds, Mapping) and (strange := [k for k in kinds if k not in known]):
        raise ValueError(f"kinds= names unknown column(s) {strange}; known: {', '.join(map(repr, known))}")


def select(frame: Any, names: str | Sequence[str]) -> RawColumns:
    """Return named columns of a frame, in that order.

    Raises
    ------
    KeyError
        If a column does not exist; near spellings are offered.
    """
    several = not isinstance(names, str) and hasattr(names, "__iter__")
    wanted = [str(n) for n in (names if several else [names])]
    raw = frame if isinstance(frame, dict) and _is_raw(frame) else raw_columns(frame)
    lost = [n for n in wanted if n not in raw]
    if lost:
        raise KeyError(unknown_column(lost[0], list(raw)))
    return {n: raw[n] for n in wanted}


def unknown_column(name: str, known: Sequence[str]) -> str:
    """Say that a column does not exist and which ones come near."""
    import difflib

    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"columns are {', '.join(map(repr, known[:20]))}"
    )
    return f"no column {name!r}: {hint}"


def _is_raw(frame: Mapping[str, Any]) -> bool:
    return all(isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype.kind in "fibmMO" for v in frame.values())


__all__ = [
    "Column",
    "Kind",
    "Missing",
    "Variable",
    "align",
    "column",
    "is_frame",
    "join",
    "merge",
    "missing_rows",
    "raw_columns",
    "refuse_missing",
    "select",
    "unknown_column",
    "variable",
]
