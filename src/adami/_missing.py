"""Missing values: where they are, refusing them by name, dropping their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from adami._inputs import RawColumns
from adami.result import Diagnostic

Missing = Literal["raise", "drop", "category"]


def missing_rows(raw: np.ndarray) -> np.ndarray:
    """Return a boolean mask of the missing entries of a raw column."""
    if raw.dtype.kind == "f":
        return np.asarray(np.isnan(raw))
    if raw.dtype.kind in "mM":
        return np.asarray(np.isnat(raw))
    if raw.dtype == object:
        return np.fromiter((v is None for v in raw), dtype=bool, count=len(raw))
    return np.zeros(len(raw), dtype=bool)


def refuse_missing(raw: RawColumns, missing: Missing = "raise") -> None:
    """Raise when columns have missing values, naming each and its count."""
    refuse_missing_slots([raw], missing)


def refuse_missing_slots(slots: Sequence[RawColumns], missing: Missing) -> None:
    """Do the same for several slots at once; two of them may hold columns of one name."""
    if missing == "category":
        return
    gaps = [(name, int(missing_rows(v).sum())) for raw in slots for name, v in raw.items()]
    gaps = [(name, count) for name, count in gaps if count]
    if gaps:
        raise ValueError(missing_message(gaps))


def missing_message(gaps: Sequence[tuple[str, int]]) -> str:
    said = ", ".join(f"{name!r} ({count})" for name, count in gaps)
    return (
        f"missing values in column(s) {said}; pass missing='drop' to use complete rows only, "
        "or missing='category' to make them a level of a discrete column"
    )


def drop_missing(
    slots: tuple[tuple[RawColumns, str], ...],
) -> tuple[tuple[tuple[RawColumns, str], ...], list[Diagnostic]]:
    # pairs, not a mapping: two slots may hold columns of one name
    masks = [(name, missing_rows(v)) for raw, _ in slots for name, v in raw.items()]
    gone = np.logical_or.reduce([m for _, m in masks]) if masks else np.zeros(0, dtype=bool)
    if not gone.any():
        return slots, []
    keep = ~gone
    said = ", ".join(f"{name!r} ({int(m.sum())})" for name, m in masks if m.any())
    if not keep.any():
        raise ValueError(f"no complete rows are left: missing values in {said}")
    note = Diagnostic(
        "dropped_rows", f"{int(gone.sum())} of {len(gone)} rows dropped for missing values in {said}"
    )
    return tuple(({n: v[keep] for n, v in raw.items()}, slot) for raw, slot in slots), [note]
