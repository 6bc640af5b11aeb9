"""Whatever people hold (NumPy, lists, pandas, polars, Arrow, PyTorch) -> named raw columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

RawColumns = dict[str, np.ndarray]
"""Column name -> one-dimensional array: float64, int64, bool, datetime64, timedelta64 or object.

Object columns hold labels, with None for a missing one; float columns have NaN there, datetime columns NaT.
"""


def raw_columns(data: Any, default_name: str = "x") -> RawColumns:
    """Return the columns of anything with rows.

    Parameters
    ----------
    data : array, sequence, frame, series, tensor or mapping of name -> column
        One column or many.
    default_name : str
        Name for columns that have none; several are numbered from 0.

    Returns
    -------
    dict of str -> numpy.ndarray

    Raises
    ------
    TypeError
        If `data` has no rows, more than two dimensions, or complex numbers.
    """
    if isinstance(data, Mapping):
        return {str(name): _one_column(values, str(name)) for name, values in data.items()}
    module = type(data).__module__.split(".")[0]
    if module == "torch":
        return _from_array(data.detach().cpu().numpy(), default_name)
    if isinstance(data, np.ndarray):
        return _from_array(data, default_name)
    framed = _from_frame(data, default_name)
    if framed is not None:
        return framed
    if isinstance(data, str | bytes) or not isinstance(data, Sequence):
        raise TypeError(
            f"{default_name}: expected an array, a list, a frame or a series, got {type(data).__name__}; "
            "column names are looked up only when a frame comes first, as in information(frame, 'a', 'b')"
        )
    return _from_array(_sequence_to_array(data, default_name), default_name)


def is_frame(data: Any) -> bool:
    """Tell whether `data` has named columns."""
    if isinstance(data, Mapping):
        return True
    if isinstance(data, np.ndarray | list | tuple) or type(data).__module__.split(".")[0] == "torch":
        return False
    import narwhals as nw

    native = nw.from_native(data, allow_series=True, pass_through=True)
    return isinstance(native, nw.DataFrame | nw.LazyFrame)


def _from_frame(data: Any, default_name: str) -> RawColumns | None:
    import narwhals as nw

    if type(data).__module__ == "pyarrow.lib" and hasattr(data, "null_count") and not hasattr(data, "chunks"):
        data = _chunked(data)
    native = nw.from_native(data, allow_series=True, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
    if isinstance(native, nw.DataFrame):
        names = [str(c) for c in native.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"two columns share a name: {sorted({c for c in names if names.count(c) > 1})}")
        return {name: _from_series(native[column]) for name, column in zip(names, native.columns)}
    if isinstance(native, nw.Series):
        return {str(native.name or default_name): _from_series(native)}
    return None


def _chunked(array: Any) -> Any:
    """Wrap a plain Arrow array, which narwhals does not take, into one that it does."""
    import pyarrow as pa

    return pa.chunked_array([array])


def _from_series(series: Any) -> np.ndarray:
    """Turn a narwhals series into an array that keeps missing values apart."""
    dtype = series.dtype
    if dtype.is_numeric():
        if series.null_count():
            return _numeric(series.cast(_float64()).to_numpy(), str(series.name))
        return _one_column(series.to_numpy(), str(series.name))
    if dtype.is_temporal():
        return _one_column(series.to_numpy(), str(series.name))
    return _one_column(np.array(series.to_list(), dtype=object), str(series.name))


def _float64() -> Any:
    import narwhals as nw

    return nw.Float64


def _sequence_to_array(data: Sequence[Any], name: str) -> np.ndarray:
    if len(data) and isinstance(data[0], list | tuple | np.ndarray):
        widths = {len(row) for row in data}
        if len(widths) > 1:
            raise ValueError(f"{name}: rows have different lengths {sorted(widths)}")
        columns = [_one_column([row[j] for row in data], f"{name}{j}") for j in range(widths.pop())]
        if all(c.dtype.kind in "bif" for c in columns):
            return np.column_stack(columns) if columns else np.empty((len(data), 0))
        return np.array([list(row) for row in data], dtype=object)
    return _one_column(data, name)


def _from_array(array: np.ndarray, name: str) -> RawColumns:
    if isinstance(array, np.ma.MaskedArray):
        array = _unmask(array)
    if array.ndim == 0:
        raise TypeError(f"{name}: expected rows, got a single value")
    if array.ndim > 2:
        raise TypeError(f"{name}: expected shape (n,) or (n, d), got {array.shape}; reshape to (n, -1)")
    if array.ndim == 1:
        return {name: _one_column(array, name)}
    if array.shape[1] == 1:
        return {name: _one_column(array[:, 0], name)}
    return {f"{name}{j}": _one_column(array[:, j], f"{name}{j}") for j in range(array.shape[1])}


def _unmask(array: np.ma.MaskedArray[Any, Any]) -> np.ndarray:
    if not np.ma.is_masked(array):
        return np.asarray(array.data)
    if array.dtype.kind in "biuf":
        return np.asarray(np.ma.filled(array.astype(np.float64), np.nan))
    if array.dtype.kind in "mM":
        return np.where(np.ma.getmaskarray(array), np.array("NaT", dtype=array.dtype), array.data)
    labels = np.array(array.data, dtype=object)
    labels[np.ma.getmaskarray(array)] = None  # filled(None) would write the word "?"
    return labels


def _one_column(data: Any, name: str) -> np.ndarray:
    """Return one column as float64, int64, bool, datetime64, timedelta64, or object with None for missing."""
    if type(data).__module__.split(".")[0] == "torch":
        data = data.detach().cpu().numpy()
    if isinstance(data, np.ma.MaskedArray):
        data = _unmask(data)
    if not isinstance(data, np.ndarray):
        if hasattr(data, "__array__") or hasattr(data, "to_numpy"):
            framed = _from_frame(data, name)
            if framed is not None and len(framed) == 1:
                return next(iter(framed.values()))
        data = _list_to_array(list(data))
    values: np.ndarray = data
    if values.ndim != 1:
        raise TypeError(f"column {name!r}: expected one dimension, got shape {values.shape}")
    kind = values.dtype.kind
    if kind == "c":
        raise TypeError(f"column {name!r}: complex numbers; pass real and imaginary parts as two columns")
    if kind == "V":
        raise TypeError(f"column {name!r}: structured or raw bytes are not understood; pass plain columns")
    if kind in "fiu":
        return _numeric(values, name)
    if kind == "b":
        return values
    if kind in "mM":
        return values
    if kind in "US":
        return values.astype(object)
    return _from_objects(values, name)


def _list_to_array(values: list[Any]) -> np.ndarray:
    """Keep mixed lists as objects: np.array([1, 'a']) would turn the 1 into a string."""
    if all(isinstance(v, bool | np.bool_) for v in values):
        return np.array(values, dtype=bool)
    if all(isinstance(v, int | np.integer) and not isinstance(v, bool) for v in values):
        return _numeric(np.array(values, dtype=np.float64 if _too_big(values) else np.int64), "")
    if all(isinstance(v, int | float | np.integer | np.floating) for v in values):
        return np.array(values, dtype=np.float64)
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _too_big(values: list[Any]) -> bool:
    return any(not -(2**63) <= int(v) < 2**63 for v in values)


def _numeric(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind in "iu":
        if values.dtype == np.uint64 and values.size and values.max() > np.uint64(2**63 - 1):
            return values.astype(np.float64)
        return values.astype(np.int64, copy=False)
    return values.astype(np.float64, copy=False)


def _from_objects(values: np.ndarray, name: str) -> np.ndarray:
    """Objects: numbers where all are numbers, dates where all are dates, labels otherwise."""
    import datetime
    import decimal

    if set(map(type, values)) <= {str, type(None)}:
        return values if any(v is not None for v in values) else np.full(len(values), np.nan)
    missing = np.array([_is_missing(v) for v in values], dtype=bool)
    present = values[~missing]
    if len(present) == 0:
        return np.full(len(values), np.nan)
    if all(isinstance(v, bool | np.bool_) for v in present):
        if not missing.any():
            return values.astype(bool)
    elif any(isinstance(v, complex | np.complexfloating) for v in present):
        raise TypeError(f"column {name!r}: complex numbers; pass real and imaginary parts as two columns")
    elif all(isinstance(v, int | float | decimal.Decimal | np.number) for v in present):
        out = np.full(len(values), np.nan)
        out[~missing] = [float(v) for v in present]
        return out
    elif all(isinstance(v, datetime.date | np.datetime64) for v in present):
        dates = np.full(len(values), np.datetime64("NaT", "us"), dtype="datetime64[us]")
        dates[~missing] = np.array([_utc(v) for v in present], dtype="datetime64[us]")
        return dates
    elif all(isinstance(v, datetime.time) for v in present):
        day = np.full(len(values), np.nan)
        day[~missing] = [v.hour * 3600 + v.minute * 60 + v.second + v.microsecond / 1e6 for v in present]
        return day
    elif all(isinstance(v, datetime.timedelta | np.timedelta64) for v in present):
        spans = np.full(len(values), np.timedelta64("NaT", "us"), dtype="timedelta64[us]")
        spans[~missing] = np.array(list(present), dtype="timedelta64[us]")
        return spans
    for v in present:
        try:
            hash(v)
        except TypeError:
            raise TypeError(
                f"column {name!r}: a cell holds a {type(v).__name__}; labels must be plain values, "
                "and vectors belong in columns of their own"
            ) from None
    out = values.copy()
    out[missing] = None
    return out


def _utc(value: Any) -> Any:
    import datetime

    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        # pandas.NA refuses to be a truth value: it is the missing value that says so
        return type(value).__name__ in {"NAType", "NaTType"}
