"""One code for NumPy arrays and PyTorch tensors, through the array API standard."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any
"""A NumPy array or a PyTorch tensor; what comes in decides what goes out."""


def floats(*values: Any, name: str = "the input") -> tuple[Any, ...]:
    """Return the array namespace and the values as floating point arrays of that namespace.

    Lists, numbers and integer arrays become float64; floating point arrays and tensors keep their type.

    Raises
    ------
    TypeError
        If NumPy arrays and tensors are mixed, or a value does not hold real numbers.
    """
    if all(type(v) is np.ndarray and v.dtype == np.float64 for v in values):
        return np, *values
    from array_api_compat import array_namespace, is_array_api_obj, is_numpy_array

    given = [v for v in values if is_array_api_obj(v) and not isinstance(v, np.generic)]
    foreign = [v for v in given if not is_numpy_array(v)]
    if foreign and len(foreign) < len(given):
        kinds = ", ".join(sorted({type(v).__module__.split(".")[0] for v in given}))
        raise TypeError(f"{name} mixes arrays of {kinds}: convert them to one library first")
    # NumPy 2 speaks the standard itself
    xp = array_namespace(*foreign) if foreign else np
    return xp, *(_floating(xp, v, foreign, name) for v in values)


def _floating(xp: Any, value: Any, foreign: list[Any], name: str) -> Array:
    if foreign:
        like = foreign[0]
        value = xp.asarray(value, device=like.device) if not hasattr(value, "device") else value
    else:
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            try:
                value = value.astype(float)
            except (TypeError, ValueError):
                raise TypeError(
                    f"{name} holds {value.dtype} values: probabilities are real numbers"
                ) from None
    if xp.isdtype(value.dtype, "real floating"):
        return value
    if xp.isdtype(value.dtype, "complex floating"):
        raise TypeError(f"{name} holds complex values: probabilities are real numbers")
    return xp.astype(value, xp.float64)


def as_numpy(array: Array) -> np.ndarray:
    """Return a NumPy array of an array or a tensor, without its gradient."""
    return np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)


def all_axes(p: Array, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Return the axes as a tuple of numbers from 0; None means all of them.

    Raises
    ------
    ValueError
        If an axis is out of range or named twice.
    """
    if axis is None:
        return tuple(range(p.ndim))
    asked = (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    for a in asked:
        if not -p.ndim <= a < p.ndim:
            raise ValueError(
                f"axis {a} is out of range: the array has {p.ndim} axes, of shape {tuple(p.shape)}"
            )
    found = tuple(int(a) % p.ndim for a in asked)
    if len(set(found)) < len(found):
        raise ValueError(f"axes {asked} name an axis twice")
    return found


def side_by_side(xp: Any, p: Array, q: Array, axis: int | tuple[int, ...] | None) -> tuple[Array, Array]:
    """Broadcast the batches of two laws over the same outcomes.

    Raises
    ------
    ValueError
        If their numbers of outcomes differ, or their batches do not fit.
    """
    outcomes = [tuple(a.shape[i] for i in all_axes(a, axis)) for a in (p, q)]
    if outcomes[0] == outcomes[1]:
        try:
            first, second = xp.broadcast_arrays(p, q)
            return first, second
        except (ValueError, RuntimeError):
            pass
    raise ValueError(
        f"p has shape {tuple(p.shape)} and q {tuple(q.shape)}: both are laws over the same outcomes"
    )


def in_base(value: Array, base: float | None) -> Array:
    """Turn nats into logarithms of another base."""
    return value if base is None else value / _log_base(base)


def unit_name(base: float | None) -> str:
    """Return the name of the unit: nats, bits, or the base."""
    if base is None:
        return "nats"
    _log_base(base)
    return "bits" if base == 2 else f"base {base:g}"


def _log_base(base: float) -> float:
    if not (base > 0 and base != 1 and math.isfinite(base)):
        raise ValueError(f"base={base} is no base of a logarithm: give a positive number other than 1")
    return math.log(base)


def xlogy(xp: Any, x: Array, y: Array) -> Array:
    """Return ``x log y`` with 0 where `x` is 0, and gradients that stay finite there."""
    inside = x > 0
    return x * xp.log(xp.where(inside, y, xp.ones_like(y)))


def log_softmax(xp: Any, logits: Array, axes: tuple[int, ...]) -> Array:
    """Return normalised log-probabilities; -inf logits stay -inf."""
    top = xp.max(logits, axis=axes, keepdims=True)
    shifted = logits - top
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axes, keepdims=True))


def first_index(xp: Any, where: Array) -> tuple[int, ...]:
    """Return the index of the first true cell."""
    flat = int(xp.argmax(xp.astype(xp.reshape(where, (-1,)), xp.int8)))
    return tuple(int(i) for i in np.unravel_index(flat, tuple(where.shape)))
