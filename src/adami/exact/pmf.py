"""Probability arrays: checked where they come in, never renormalised in silence."""

from __future__ import annotations

from typing import Any, NoReturn

from adami.exact._arrays import Array, all_axes, first_index, floats, log_softmax

LARGEST_TABLE = 2**20
"""Joint cells above which exact enumeration asks for ``allow_large=True``."""


def as_pmf(
    p: Any, axis: int | tuple[int, ...] | None = None, *, atol: float | None = None, name: str = "p"
) -> Array:
    """Return an array of probabilities after checking that it is one.

    Parameters
    ----------
    p : array or tensor
        Probabilities, of any shape.
    axis : int, tuple of int or None
        Axes over which the probabilities sum to one; all of them by default, so that an n-dimensional
        array is the joint law of n variables. The other axes are a batch.
    atol : float, optional
        How far a sum may be from one, and an entry below zero, to count as rounding; 1e-9 for float64.
        Within it the array is clipped at zero and divided by its sum; beyond it there is an error.
    name : str
        What to call the array in errors.

    Returns
    -------
    array or tensor
        Of the same library and, when floating point, the same type.

    Raises
    ------
    ValueError
        If entries are NaN, infinite or negative, or do not sum to one.

    Examples
    --------
    >>> from adami.exact import as_pmf
    >>> as_pmf([0.25, 0.75])
    array([0.25, 0.75])
    >>> as_pmf([0.25, 0.25])
    Traceback (most recent call last):
    ...
    ValueError: p sums to 0.5, not 1: divide counts or weights by their sum first
    """
    xp, array = floats(p, name=name)
    if array.ndim == 0 or 0 in array.shape:
        raise ValueError(f"{name} has shape {tuple(array.shape)}: a law needs at least one outcome")
    axes = all_axes(array, axis)
    if not axes:
        raise ValueError(f"{name}: name at least one axis to sum over")
    if atol is None:
        atol = rounding(xp, array)
    low = xp.min(array)
    total = xp.sum(array, axis=axes, keepdims=True)
    off = xp.max(xp.abs(total - 1))
    # NaN and infinity fail these comparisons too
    if not (bool(low >= -atol) and bool(off <= atol)):
        _complain(xp, array, total, axes, atol, name)
    if low < 0:
        array = xp.where(array > 0, array, xp.zeros_like(array))
        total = xp.sum(array, axis=axes, keepdims=True)
    elif off < atol / 1e4:
        return array
    return array / total


def rounding(xp: Any, array: Array) -> float:
    """Return how far a sum of this type may be from one by rounding alone: 1e-9 for float64."""
    return min(max(1e-9, 100 * float(xp.finfo(array.dtype).eps)), 0.05)


def as_kernel(K: Any, *, atol: float | None = None, name: str = "K") -> Array:
    """Return a Markov kernel, ``K[x, y] = P(y | x)``, after checking that every row is a law.

    Parameters
    ----------
    K : array or tensor, shape (n_inputs, n_outputs)
    atol, name
        As in `as_pmf`.

    Returns
    -------
    array or tensor, shape (n_inputs, n_outputs)

    Raises
    ------
    ValueError
        If `K` is not a matrix or a row is not a law.

    Examples
    --------
    >>> from adami.exact import as_kernel
    >>> as_kernel([[0.9, 0.1], [0.2, 0.8]]).shape
    (2, 2)
    """
    _, array = floats(K, name=name)
    if array.ndim != 2:
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}: a kernel is a matrix with a law in each row"
        )
    return as_pmf(array, axis=1, atol=atol, name=name)


def as_log_pmf(
    xp: Any, values: Array, axes: tuple[int, ...], *, from_logits: bool, check: bool, name: str
) -> tuple[Array, Array]:
    """Return probabilities and their logarithms (0 in place of -inf), from either of the two."""
    if not from_logits:
        p = as_pmf(values, axes, name=name) if check else values
        return p, xp.log(xp.where(p > 0, p, xp.ones_like(p)))
    if check:
        top = xp.max(values, axis=axes)
        if not bool(xp.all((top < xp.inf) & (top > -xp.inf))):
            _complain_logits(xp, values, top, name)
    log_p = log_softmax(xp, values, axes)
    inside = log_p > -xp.inf
    p = xp.exp(log_p)
    return p, xp.where(inside, log_p, xp.zeros_like(log_p))


def check_cells(cells: int, allow_large: bool = False, *, what: str = "the joint table") -> None:
    """Refuse an enumeration that is too large.

    Raises
    ------
    ValueError
        If there are more than 2**20 cells and `allow_large` is False.
    """
    if cells > LARGEST_TABLE and not allow_large:
        raise ValueError(
            f"{what} has {cells:,} cells, more than {LARGEST_TABLE:,}: merge variables or symbols, "
            "or pass allow_large=True if memory and time suffice"
        )


def _complain(xp: Any, array: Array, total: Array, axes: tuple[int, ...], atol: float, name: str) -> NoReturn:
    for wrong, rule in ((~xp.isfinite(array), "finite"), (array < -atol, "not negative")):
        if bool(xp.any(wrong)):
            at = first_index(xp, wrong)
            raise ValueError(f"{_cell(name, at)} is {float(array[at]):.6g}: probabilities are {rule}")
    at = first_index(xp, xp.abs(total - 1) > atol)
    where = _cell(name, tuple(":" if i in axes else n for i, n in enumerate(at)))
    raise ValueError(
        f"{where if len(axes) < array.ndim else name} sums to {float(total[at]):.9g}, not 1: "
        "divide counts or weights by their sum first"
    )


def _complain_logits(xp: Any, values: Array, top: Array, name: str) -> NoReturn:
    wrong = xp.isnan(values) | (values == xp.inf)
    if bool(xp.any(wrong)):
        at = first_index(xp, wrong)
        raise ValueError(
            f"{_cell(name, at)} is {float(values[at]):.6g}: a logit is finite, or -inf for what cannot happen"
        )
    raise ValueError(f"{name} has a law whose logits are all -inf: nothing can happen there")


def _cell(name: str, at: tuple[int | str, ...]) -> str:
    return f"{name}[{', '.join(map(str, at))}]"
