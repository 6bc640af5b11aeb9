"""Entropies of every order, of whole tables or along chosen axes, from probabilities or logits."""

from __future__ import annotations

import math
from typing import Any

from adami.exact._arrays import Array, all_axes, floats, in_base, side_by_side, xlogy
from adami.exact.pmf import as_log_pmf

Axis = int | tuple[int, ...] | None


def entropy(
    p: Any, *, axis: Axis = None, base: float | None = None, from_logits: bool = False, check: bool = True
) -> Array:
    """Return Shannon's entropy.

    Parameters
    ----------
    p : array or tensor
        Probabilities, or logits with ``from_logits=True``.
    axis : int, tuple of int or None
        Axes of the outcomes, all by default; one entropy is returned for each cell of the other axes.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    from_logits : bool
        Whether `p` holds unnormalised log-probabilities; -inf is allowed for what cannot happen.
    check : bool
        Whether to check that `p` holds laws. Without it nothing is verified, and an accelerator need not
        wait.

    Returns
    -------
    array or tensor
        The shape of `p` without `axis`.

    Raises
    ------
    ValueError
        If `p` is not a law.

    Examples
    --------
    >>> from adami.exact import entropy
    >>> entropy([0.5, 0.25, 0.25], base=2)
    np.float64(1.5)
    >>> entropy([[0.0, 0.0], [5.0, 5.0]], axis=-1, from_logits=True).round(4)
    array([0.6931, 0.6931])
    """
    xp, array = floats(p, name="p")
    axes = all_axes(array, axis)
    probabilities, logs = as_log_pmf(xp, array, axes, from_logits=from_logits, check=check, name="p")
    # 0.0 minus, so that a certain outcome gives 0 and not -0
    return in_base(0.0 - xp.sum(probabilities * logs, axis=axes), base)


def cross_entropy(
    p: Any,
    q: Any,
    *,
    axis: Axis = None,
    base: float | None = None,
    from_logits: bool = False,
    check: bool = True,
) -> Array:
    """Return the expected code length of `p` under the code made for `q`, ``-sum p log q``.

    Parameters
    ----------
    p, q : array or tensor
        Laws over the same outcomes; both logits with ``from_logits=True``. They broadcast.
    axis, base, from_logits, check
        As in `entropy`.

    Returns
    -------
    array or tensor
        Infinite where `q` gives no mass to what happens under `p`.

    Examples
    --------
    >>> from adami.exact import cross_entropy
    >>> cross_entropy([1.0, 0.0], [0.25, 0.75], base=2)
    np.float64(2.0)
    """
    return in_base(excess_length(p, q, axis, from_logits, check, own=False), base)


def excess_length(p: Any, q: Any, axis: Axis, from_logits: bool, check: bool, *, own: bool) -> Array:
    """Return ``sum p (own log p - log q)`` in nats: cross entropy, or with `own` the divergence."""
    xp, first, second = floats(p, q, name="p and q")
    first, second = side_by_side(xp, first, second, axis)
    axes = all_axes(first, axis)
    weights, own_logs = as_log_pmf(xp, first, axes, from_logits=from_logits, check=check, name="p")
    masses, logs = as_log_pmf(xp, second, axes, from_logits=from_logits, check=check, name="q")
    impossible = (second == -xp.inf) if from_logits else (masses <= 0)
    cells = weights * ((own_logs - logs) if own else -logs)
    cells = xp.where((weights > 0) & impossible, xp.zeros_like(cells) + xp.inf, cells)
    return xp.sum(cells, axis=axes)


def renyi_entropy(
    p: Any,
    order: float,
    *,
    axis: Axis = None,
    base: float | None = None,
    from_logits: bool = False,
    check: bool = True,
) -> Array:
    """Return the Rényi entropy ``log(sum p**order) / (1 - order)`` with its limits.

    Parameters
    ----------
    p : array or tensor
    order : float
        From 0 (logarithm of the number of possible outcomes) over 1 (Shannon) and 2 (collision entropy) to
        ``math.inf`` (min-entropy).
    axis, base, from_logits, check
        As in `entropy`.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If `order` is negative or NaN.

    Examples
    --------
    >>> from adami.exact import renyi_entropy
    >>> renyi_entropy([0.5, 0.25, 0.25], 2, base=2).round(4)
    np.float64(1.415)
    """
    if not order >= 0:
        raise ValueError(f"order={order}: Rényi entropies have orders from 0 to infinity")
    if order == 1:
        return entropy(p, axis=axis, base=base, from_logits=from_logits, check=check)
    xp, array = floats(p, name="p")
    axes = all_axes(array, axis)
    probabilities, logs = as_log_pmf(xp, array, axes, from_logits=from_logits, check=check, name="p")
    inside = probabilities > 0
    low = xp.zeros_like(logs) - xp.inf
    if math.isinf(order):
        return in_base(-xp.max(xp.where(inside, logs, low), axis=axes), base)
    scaled = xp.where(inside, order * logs, low)
    top = xp.max(scaled, axis=axes, keepdims=True)
    total = xp.log(xp.sum(xp.exp(scaled - top), axis=axes)) + xp.reshape(top, tuple(_rest(array, axes)))
    return in_base(total / (1 - order), base)


def min_entropy(
    p: Any, *, axis: Axis = None, base: float | None = None, from_logits: bool = False, check: bool = True
) -> Array:
    """Return the Rényi entropy of infinite order, ``-log max p``.

    Parameters
    ----------
    p, axis, base, from_logits, check
        As in `entropy`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> from adami.exact import min_entropy
    >>> min_entropy([0.5, 0.25, 0.25], base=2)
    np.float64(1.0)
    """
    return renyi_entropy(p, math.inf, axis=axis, base=base, from_logits=from_logits, check=check)


def tsallis_entropy(
    p: Any, order: float, *, axis: Axis = None, from_logits: bool = False, check: bool = True
) -> Array:
    """Return the Tsallis entropy ``(1 - sum p**order) / (order - 1)``; order 1 is Shannon's, in nats.

    Parameters
    ----------
    p : array or tensor
    order : float
        At least 0. It has no unit of information: no `base` can be chosen.
    axis, from_logits, check
        As in `entropy`.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If `order` is negative or not finite.

    Examples
    --------
    >>> from adami.exact import tsallis_entropy
    >>> tsallis_entropy([0.5, 0.5], 2)
    np.float64(0.5)
    """
    if not (order >= 0 and math.isfinite(order)):
        raise ValueError(f"order={order}: Tsallis entropies have finite orders from 0")
    if order == 1:
        return entropy(p, axis=axis, from_logits=from_logits, check=check)
    xp, array = floats(p, name="p")
    axes = all_axes(array, axis)
    probabilities, logs = as_log_pmf(xp, array, axes, from_logits=from_logits, check=check, name="p")
    inside = probabilities > 0
    powers = xp.where(inside, xp.exp(order * logs), xp.zeros_like(logs))
    return (1 - xp.sum(powers, axis=axes)) / (order - 1)


def gini_simpson(p: Any, *, axis: Axis = None, from_logits: bool = False, check: bool = True) -> Array:
    """Return the probability that two draws differ, ``1 - sum p**2``.

    Parameters
    ----------
    p, axis, from_logits, check
        As in `entropy`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> from adami.exact import gini_simpson
    >>> gini_simpson([0.5, 0.5])
    np.float64(0.5)
    """
    return tsallis_entropy(p, 2, axis=axis, from_logits=from_logits, check=check)


def binary_entropy(p: Any, *, base: float | None = None) -> Array:
    """Return the entropy of a coin, for every entry of `p`.

    Parameters
    ----------
    p : float, array or tensor
        Probabilities of one of the two sides.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    array or tensor
        Of the shape of `p`.

    Raises
    ------
    ValueError
        If an entry is not between 0 and 1.

    Examples
    --------
    >>> from adami.exact import binary_entropy
    >>> binary_entropy([0.0, 0.5, 0.11], base=2).round(4)
    array([0.    , 1.    , 0.4999])
    """
    xp, array = floats(p, name="p")
    if not bool(xp.all((array >= 0) & (array <= 1))):
        raise ValueError("p holds entries that are not between 0 and 1")
    return in_base(0.0 - xlogy(xp, array, array) - xlogy(xp, 1 - array, 1 - array), base)


def _rest(array: Array, axes: tuple[int, ...]) -> list[int]:
    return [int(n) for i, n in enumerate(array.shape) if i not in axes]
