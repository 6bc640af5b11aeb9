"""From what the verbs are called with to checked variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adami._inputs import RawColumns
from adami.result import Diagnostic
from adami.variables import Kind, Missing, Variable, align, is_frame, raw_columns, select

Kinds = Kind | Mapping[str, Kind] | None
Progress = Callable[[int, int, str], None] | None


def plain_slots(*, given: Any = None, **data: Any) -> list[tuple[RawColumns, str]]:
    """Return the raw columns of every slot; only the condition may be left out."""
    if given is not None:
        data["given"] = given
    return [(raw_columns(d, slot), slot) for slot, d in data.items()]


def frame_slots(frame: Any, names: Mapping[str, Any]) -> list[tuple[RawColumns, str]]:
    """Return the named columns of a frame for every slot."""
    if not is_frame(frame):
        raise TypeError(
            "with column names the first argument must be a frame or a mapping of columns, "
            f"got {type(frame).__name__}; pass a condition by keyword: given=z"
        )
    return [(select(frame, n), slot) for slot, n in names.items() if n is not None]


def table(frame: Any, columns: Sequence[str] | None) -> RawColumns:
    """Return the columns of a frame, or only some of them."""
    return raw_columns(frame) if columns is None else select(frame, columns)


def many(xs: Any, kinds: Kinds, missing: Missing) -> tuple[list[Variable], list[Diagnostic]]:
    """Each column of a frame or array is a variable; each element of a list is one."""
    if is_frame(xs) or hasattr(xs, "shape"):
        slots = [({name: column}, name) for name, column in raw_columns(xs).items()]
    else:
        slots = [(raw_columns(x, f"x{i}"), f"x{i}") for i, x in enumerate(xs)]
    if len(slots) < 2:
        raise ValueError(f"at least two variables are needed, got {len(slots)}")
    return align(*slots, kinds=kinds, missing=missing)
