"""What the variables of a joint table tell about each other: a table of n axes is the law of n variables."""

from __future__ import annotations

from typing import Any

from adami.exact._arrays import Array, in_base
from adami.exact._joint import Axes, Entropies, prepare
from adami.exact._quick import quick


def marginal(joint: Any, axes: Axes, *, batch_dims: int = 0, check: bool = True) -> Array:
    """Return the law of some of the variables, in the order asked for.

    Parameters
    ----------
    joint : array or tensor
        Joint probabilities, one axis a variable.
    axes : int or tuple of int
        The variables to keep.
    batch_dims : int
        Number of leading axes that count tables rather than variables; `axes` counts from behind them.
    check : bool
        Whether to check that `joint` is a law.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If an axis is out of range or named twice, or `joint` is not a law.

    Examples
    --------
    >>> from adami.exact import marginal
    >>> marginal([[0.1, 0.2], [0.3, 0.4]], 1)
    array([0.4, 0.6])
    """
    xp, table, (kept,) = prepare(joint, [axes], batch_dims, check)
    gone = tuple(a for a in range(batch_dims, table.ndim) if a not in kept)
    order = sorted(kept)
    # the kept axes stand in table order after the sum; put them as asked
    small = xp.sum(table, axis=gone) if gone else table
    places = [batch_dims + order.index(a) for a in kept]
    return xp.permute_dims(small, (*range(batch_dims), *places))


def mutual_information(
    joint: Any,
    a: Axes = 0,
    b: Axes = 1,
    *,
    given: Axes = (),
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the mutual information between two groups of variables, ``I(A; B | given)``.

    Parameters
    ----------
    joint : array or tensor
        Joint probabilities, one axis a variable.
    a, b, given : int or tuple of int
        The variables of each group; all others are summed out.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    batch_dims : int
        Number of leading axes that count tables rather than variables; the groups count from behind them.
    check : bool
        Whether to check that `joint` is a law.

    Returns
    -------
    array or tensor

    Raises
    ------
    ValueError
        If groups overlap or an axis is out of range, or `joint` is not a law.

    Examples
    --------
    >>> from adami.exact import mutual_information
    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]], base=2)
    np.float64(1.0)
    """
    if batch_dims == 0 and (quickly := quick("mutual", joint, (a, b, given), base)) is not None:
        return quickly
    xp, table, (first, second, known) = prepare(joint, [a, b, given], batch_dims, check)
    if not first or not second:
        raise ValueError("mutual information is between two groups of at least one variable each")
    h = Entropies(xp, table, batch_dims)
    # the largest first: the others are summed out of it
    together = h(first + second + known)
    return in_base(h(first + known) + h(second + known) - together - h(known), base)


def conditional_entropy(
    joint: Any, of: Axes, given: Axes, *, base: float | None = None, batch_dims: int = 0, check: bool = True
) -> Array:
    """Return the entropy of some variables once others are known, ``H(of | given)``.

    Parameters
    ----------
    joint : array or tensor
    of, given : int or tuple of int
        The variables of each group; all others are summed out.
    base, batch_dims, check
        As in `mutual_information`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> from adami.exact import conditional_entropy
    >>> conditional_entropy([[0.25, 0.25], [0.0, 0.5]], of=0, given=1, base=2).round(4)
    np.float64(0.6887)
    """
    if batch_dims == 0 and (quickly := quick("conditional", joint, (of, given), base)) is not None:
        return quickly
    xp, table, (wanted, known) = prepare(joint, [of, given], batch_dims, check)
    if not wanted:
        raise ValueError("name at least one variable whose entropy is asked for")
    h = Entropies(xp, table, batch_dims)
    return in_base(h(wanted + known) - h(known), base)


def pointwise_mutual_information(
    joint: Any, a: Axes = 0, b: Axes = 1, *, base: float | None = None, check: bool = True
) -> Array:
    """Return ``log p(a, b) / (p(a) p(b))`` for every cell.

    Parameters
    ----------
    joint : array or tensor
    a, b : int or tuple of int
        The variables of each group; all others are summed out.
    base, check
        As in `mutual_information`.

    Returns
    -------
    array or tensor
        Axes of `a`, then of `b`; -inf where the cell cannot happen though both sides can, NaN where a
        side cannot.

    Examples
    --------
    >>> from adami.exact import pointwise_mutual_information
    >>> pointwise_mutual_information([[0.5, 0.0], [0.25, 0.25]], base=2).round(3)
    array([[ 0.415,   -inf],
           [-0.585,  1.   ]])
    """
    xp, table, (first, second) = prepare(joint, [a, b], 0, check)
    if not first or not second:
        raise ValueError("mutual information is between two groups of at least one variable each")
    pair = marginal(table, first + second, check=False)
    left = xp.sum(pair, axis=tuple(range(len(first), pair.ndim)), keepdims=True)
    right = xp.sum(pair, axis=tuple(range(len(first))), keepdims=True)
    product = left * right
    inside, possible = pair > 0, product > 0
    one = xp.ones_like(pair)
    value = xp.log(xp.where(inside, pair, one)) - xp.log(xp.where(inside, product, one))
    nothing = xp.zeros_like(pair)
    return in_base(xp.where(inside, value, xp.where(possible, nothing - xp.inf, nothing + xp.nan)), base)
