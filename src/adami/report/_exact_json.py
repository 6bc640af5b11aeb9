"""Results to JSON and back without losing a bit: infinities, NumPy scalars, arrays, estimates and records."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from adami.engines.fields import Field
from adami.estimators.co_information import CoInformation
from adami.report.interactions import Pair
from adami.report.results import ColumnSummary, Interaction
from adami.result import Diagnostic, Estimate

RECORDS: dict[str, type] = {
    cls.__name__: cls for cls in (CoInformation, ColumnSummary, Diagnostic, Field, Interaction, Pair)
}
"""Records that pieces of a profile are made of."""
PLAIN_DTYPES = "biufU"


def encode(value: Any) -> Any:
    """Return what `decode` turns back into an equal value, of JSON's own types.

    Raises
    ------
    TypeError
        For a value of another type.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is Estimate:
        return {"estimate": [encode(value.value), encode(value.__dict__)]}
    if kind is tuple:
        return {"tuple": [encode(v) for v in value]}
    if kind is list:
        return [encode(v) for v in value]
    if isinstance(value, Mapping):
        return {"mapping": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, np.generic) and value.dtype.kind in PLAIN_DTYPES and value.itemsize <= 8:
        return {"scalar": [value.dtype.str, encode(value.item())]}
    if kind is np.ndarray and value.dtype.kind in PLAIN_DTYPES:
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": [value.dtype.str, list(value.shape), data]}
    if is_dataclass(value) and RECORDS.get(kind.__name__) is kind:
        return {"record": [kind.__name__, {f.name: encode(getattr(value, f.name)) for f in fields(value)}]}
    raise TypeError(f"a {kind.__name__} cannot be kept as JSON")


def decode(plain: Any) -> Any:
    """Return the value behind what `encode` gave.

    Raises
    ------
    ValueError
        For anything else.
    """
    if isinstance(plain, list):
        return [decode(v) for v in plain]
    if not isinstance(plain, dict):
        return plain
    ((kind, inside),) = plain.items()
    if kind == "float":
        return float(inside)
    if kind == "estimate":
        return Estimate(decode(inside[0]), **decode(inside[1]))
    if kind == "tuple":
        return tuple(decode(v) for v in inside)
    if kind == "mapping":
        return {decode(k): decode(v) for k, v in inside}
    if kind == "scalar":
        return np.dtype(inside[0]).type(decode(inside[1]))
    if kind == "array":
        values = np.frombuffer(base64.b64decode(inside[2]), dtype=np.dtype(inside[0]))
        return values.reshape(inside[1]).copy()
    if kind == "record" and inside[0] in RECORDS:
        return RECORDS[inside[0]](**{name: decode(v) for name, v in inside[1].items()})
    raise ValueError(f"{kind!r} is no kind of kept value")
