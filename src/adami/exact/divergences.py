"""Divergences between laws over the same outcomes; where supports fail they are infinite, not just large."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from adami.exact._arrays import Array, all_axes, floats, in_base, side_by_side, xlogy
from adami.exact.entropies import Axis, excess_length
from adami.exact.pmf import as_log_pmf, as_pmf


def kl_divergence(
    p: Any,
    q: Any,
    *,
    axis: Axis = None,
    base: float | None = None,
    from_logits: bool = False,
    check: bool = True,
) -> Array:
    """Return the Kullback-Leibler divergence ``sum p log(p / q)``.

    Parameters
    ----------
    p, q : array or tensor
        Laws over the same outcomes; both logits with ``from_logits=True``. They broadcast.
    axis : int, tuple of int or None
        Axes of the outcomes, all by default; the other axes are a batch.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    from_logits : bool
        Whether both hold unnormalised log-probabilities.
    check : bool
        Whether to check that both hold laws.

    Returns
    -------
    array or tensor
        Infinite where `q` gives no mass to what happens under `p`.

    Raises
    ------
    ValueError
        If `p` or `q` is not a law.

    Examples
    --------
    >>> from adami.exact import kl_divergence
    >>> kl_divergence([0.5, 0.5], [0.25, 0.75]).round(4)
    np.float64(0.1438)
    >>> kl_divergence([0.5, 0.5], [1.0, 0.0])
    np.float64(inf)
    """
    return in_base(excess_length(p, q, axis, from_logits, check, own=True), base)


def jensen_shannon(
    laws: Any,
    weights: Any = None,
    *,
    axis: int | tuple[int, ...] = -1,
    members: int = 0,
    base: float | None = None,
    from_logits: bool = False,
    check: bool = True,
) -> Array:
    """Return the Jensen-Shannon divergence of several laws: what their index tells about a draw.

    It is the entropy of the mixture less the mean entropy, the mutual information between the index (drawn
    with `weights`) and the outcome; for an ensemble of predictions it is the information that the label
    holds about the model.

    Parameters
    ----------
    laws : array or tensor
        Several laws over the same outcomes, or their logits.
    weights : array or tensor, shape (n_members,), optional
        Probability of each law; equal by default.
    axis : int or tuple of int
        Axes of the outcomes, the last by default.
    members : int
        Axis that counts the laws, the first by default. Further axes are a batch.
    base, from_logits, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> from adami.exact import jensen_shannon
    >>> jensen_shannon([[1.0, 0.0], [0.0, 1.0]], base=2)
    np.float64(1.0)
    """
    xp, array = floats(laws, name="laws")
    axes = all_axes(array, axis)
    (index,) = all_axes(array, members)
    if index in axes:
        raise ValueError(f"axis {members} cannot count the laws and hold their outcomes")
    p, logs = as_log_pmf(xp, array, axes, from_logits=from_logits, check=check, name="laws")
    n = int(array.shape[index])
    if weights is None:
        weight = xp.full_like(xp.sum(p, axis=tuple(i for i in range(p.ndim) if i != index)), 1 / n)
    else:
        _, _, weight = floats(array, weights, name="laws and weights")
        weight = as_pmf(weight, name="weights")
        if tuple(weight.shape) != (n,):
            raise ValueError(f"weights has shape {tuple(weight.shape)}, but there are {n} laws")
    weight = xp.reshape(weight, tuple(n if i == index else 1 for i in range(p.ndim)))
    mixture = xp.sum(weight * p, axis=index, keepdims=True)
    spread = xp.sum(xlogy(xp, mixture, mixture), axis=(index, *axes))
    return in_base(xp.sum(weight * p * logs, axis=(index, *axes)) - spread, base)


def renyi_divergence(
    p: Any, q: Any, order: float, *, axis: Axis = None, base: float | None = None, check: bool = True
) -> Array:
    """Return the Rényi divergence ``log(sum p**order q**(1 - order)) / (order - 1)`` with its limits.

    Parameters
    ----------
    p, q : array or tensor
    order : float
        From 0 over 1 (Kullback-Leibler) to ``math.inf`` (logarithm of the largest ratio).
    axis, base, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If `order` is negative or NaN.

    Examples
    --------
    >>> from adami.exact import renyi_divergence
    >>> renyi_divergence([0.5, 0.5], [0.25, 0.75], 2).round(4)
    np.float64(0.2877)
    """
    if not order >= 0:
        raise ValueError(f"order={order}: Rényi divergences have orders from 0 to infinity")
    if order == 1:
        return kl_divergence(p, q, axis=axis, base=base, check=check)
    xp, first, second, axes = _two_laws(p, q, axis, check)
    both = (first > 0) & (second > 0)
    one = xp.ones_like(first)
    log_p, log_q = xp.log(xp.where(both, first, one)), xp.log(xp.where(both, second, one))
    broken = xp.any((first > 0) & (second <= 0), axis=axes)
    if math.isinf(order):
        low = xp.zeros_like(first) - xp.inf
        value = xp.max(xp.where(both, log_p - log_q, low), axis=axes)
    else:
        cells = xp.where(both, xp.exp(order * log_p + (1 - order) * log_q), xp.zeros_like(first))
        # disjoint supports make the sum 0 and the divergence infinite, for orders below 1 too
        total = xp.sum(cells, axis=axes)
        inside = total > 0
        logs = xp.log(xp.where(inside, total, xp.ones_like(total)))
        value = xp.where(inside, logs / (order - 1), xp.zeros_like(total) + xp.inf)
    if order > 1:
        value = xp.where(broken, xp.zeros_like(value) + xp.inf, value)
    return in_base(value, base)


def total_variation(p: Any, q: Any, *, axis: Axis = None, check: bool = True) -> Array:
    """Return the total variation distance, half of ``sum |p - q|``.

    Parameters
    ----------
    p, q, axis, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor
        Between 0 and 1.

    Examples
    --------
    >>> from adami.exact import total_variation
    >>> total_variation([0.5, 0.5], [0.25, 0.75])
    np.float64(0.25)
    """
    xp, first, second, axes = _two_laws(p, q, axis, check)
    return xp.sum(xp.abs(first - second), axis=axes) / 2


def chi2_divergence(p: Any, q: Any, *, axis: Axis = None, check: bool = True) -> Array:
    """Return Pearson's divergence ``sum (p - q)**2 / q``.

    Parameters
    ----------
    p, q, axis, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor
        Infinite where `q` gives no mass to what happens under `p`.

    Examples
    --------
    >>> from adami.exact import chi2_divergence
    >>> chi2_divergence([0.5, 0.5], [0.25, 0.75]).round(4)
    np.float64(0.3333)
    """
    return f_divergence(p, q, lambda t: (t - 1) ** 2, slope=math.inf, axis=axis, check=check)


def squared_hellinger(p: Any, q: Any, *, axis: Axis = None, check: bool = True) -> Array:
    """Return the squared Hellinger distance, one less the Bhattacharyya coefficient ``sum sqrt(p q)``.

    Parameters
    ----------
    p, q, axis, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor
        Between 0 and 1.

    Examples
    --------
    >>> from adami.exact import squared_hellinger
    >>> squared_hellinger([1.0, 0.0], [0.0, 1.0])
    np.float64(1.0)
    """
    xp, first, second, axes = _two_laws(p, q, axis, check)
    both = (first > 0) & (second > 0)
    roots = xp.sqrt(xp.where(both, first * second, xp.ones_like(first)))
    return 1 - xp.sum(xp.where(both, roots, xp.zeros_like(roots)), axis=axes)


def tsallis_divergence(p: Any, q: Any, order: float, *, axis: Axis = None, check: bool = True) -> Array:
    """Return the Tsallis divergence ``(sum p**order q**(1 - order) - 1) / (order - 1)``.

    Parameters
    ----------
    p, q : array or tensor
    order : float
        Positive; 1 is the Kullback-Leibler divergence in nats.
    axis, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If `order` is not positive and finite.

    Examples
    --------
    >>> from adami.exact import tsallis_divergence
    >>> tsallis_divergence([0.5, 0.5], [0.25, 0.75], 2).round(4)
    np.float64(0.3333)
    """
    if not (order > 0 and math.isfinite(order)):
        raise ValueError(f"order={order}: Tsallis divergences have positive, finite orders")
    if order == 1:
        return kl_divergence(p, q, axis=axis, check=check)
    value = renyi_divergence(p, q, order, axis=axis, check=check)
    xp, value = floats(value)
    return (xp.exp((order - 1) * value) - 1) / (order - 1)


def f_divergence(
    p: Any,
    q: Any,
    phi: Callable[[Array], Array],
    *,
    slope: float = math.inf,
    axis: Axis = None,
    check: bool = True,
) -> Array:
    """Return ``sum q phi(p / q)`` for a convex function with ``phi(1) = 0``.

    Parameters
    ----------
    p, q : array or tensor
    phi : callable
        Takes an array of ratios and returns an array; it must give ``phi(0)`` too.
    slope : float
        The limit of ``phi(t) / t`` for large t, which counts the mass of `p` where `q` has none.
    axis, check
        As in `kl_divergence`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> from adami.exact import f_divergence
    >>> f_divergence([0.5, 0.5], [0.25, 0.75], lambda t: abs(t - 1) / 2, slope=0.5)
    np.float64(0.25)
    """
    xp, first, second, axes = _two_laws(p, q, axis, check)
    inside = second > 0
    ratio = xp.where(inside, first / xp.where(inside, second, xp.ones_like(second)), xp.ones_like(first))
    value = xp.sum(xp.where(inside, second * phi(ratio), xp.zeros_like(first)), axis=axes)
    outside = xp.sum(xp.where(inside, xp.zeros_like(first), first), axis=axes)
    some = outside > 0
    return value + xp.where(
        some, slope * xp.where(some, outside, xp.ones_like(outside)), xp.zeros_like(outside)
    )


def _two_laws(p: Any, q: Any, axis: Axis, check: bool) -> tuple[Any, Array, Array, tuple[int, ...]]:
    xp, first, second = floats(p, q, name="p and q")
    if check:
        first = as_pmf(first, all_axes(first, axis), name="p")
        second = as_pmf(second, all_axes(second, axis), name="q")
    first, second = side_by_side(xp, first, second, axis)
    return xp, first, second, all_axes(first, axis)
