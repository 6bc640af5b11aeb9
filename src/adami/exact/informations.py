"""What the variables of a joint table tell about each other: a table of n axes is the law of n variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, combinations
from typing import Any

from adami.exact._arrays import Array, floats, in_base, xlogy
from adami.exact.pmf import as_pmf

Axes = int | tuple[int, ...]


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
    xp, table, (kept,) = _prepare(joint, [axes], batch_dims, check)
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
    xp, table, (first, second, known) = _prepare(joint, [a, b, given], batch_dims, check)
    if not first or not second:
        raise ValueError("mutual information is between two groups of at least one variable each")
    h = _Entropies(xp, table, batch_dims)
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
    xp, table, (wanted, known) = _prepare(joint, [of, given], batch_dims, check)
    if not wanted:
        raise ValueError("name at least one variable whose entropy is asked for")
    h = _Entropies(xp, table, batch_dims)
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
    xp, table, (first, second) = _prepare(joint, [a, b], 0, check)
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


def total_correlation(
    joint: Any,
    groups: Sequence[Axes] | None = None,
    *,
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the total correlation (multi-information), the sum of the entropies less the joint entropy.

    Parameters
    ----------
    joint : array or tensor
    groups : sequence of int or tuple of int, optional
        The variables, or groups that count as one; every axis by default.
    base, batch_dims, check
        As in `mutual_information`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import total_correlation
    >>> copies = np.zeros((2, 2, 2)); copies[0, 0, 0] = copies[1, 1, 1] = 0.5
    >>> total_correlation(copies, base=2).round(6)
    np.float64(2.0)
    """
    xp, table, parts = _grouped(joint, groups, batch_dims, check)
    h = _Entropies(xp, table, batch_dims)
    together = h(tuple(chain(*parts)))
    return in_base(sum((h(g) for g in parts), start=0.0) - together, base)


def dual_total_correlation(
    joint: Any,
    groups: Sequence[Axes] | None = None,
    *,
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the dual total correlation, the joint entropy less what each variable keeps to itself.

    Parameters
    ----------
    joint, groups, base, batch_dims, check
        As in `total_correlation`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import dual_total_correlation
    >>> copies = np.zeros((2, 2, 2)); copies[0, 0, 0] = copies[1, 1, 1] = 0.5
    >>> dual_total_correlation(copies, base=2).round(6)
    np.float64(1.0)
    """
    xp, table, parts = _grouped(joint, groups, batch_dims, check)
    h = _Entropies(xp, table, batch_dims)
    whole = tuple(chain(*parts))
    together = h(whole)
    kept = (together - h(tuple(a for a in whole if a not in g)) for g in parts)
    return in_base(together - sum(kept, start=0.0), base)


def o_information(
    joint: Any,
    groups: Sequence[Axes] | None = None,
    *,
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the O-information, total less dual total correlation.

    It is positive where redundancy prevails and negative where synergy does.

    Parameters
    ----------
    joint, groups, base, batch_dims, check
        As in `total_correlation`.

    Returns
    -------
    array or tensor

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import o_information
    >>> parity = np.zeros((2, 2, 2))
    >>> for x in (0, 1):
    ...     for y in (0, 1):
    ...         parity[x, y, x ^ y] = 0.25
    >>> o_information(parity, base=2).round(6)
    np.float64(-1.0)
    """
    _, table, parts = _grouped(joint, groups, batch_dims, check)
    options: dict[str, Any] = {"base": base, "batch_dims": batch_dims, "check": False}
    parts = tuple(tuple(a - batch_dims for a in g) for g in parts)
    return total_correlation(table, parts, **options) - dual_total_correlation(table, parts, **options)


def co_information(
    joint: Any,
    groups: Sequence[Axes] | None = None,
    *,
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the co-information, the alternating sum of all entropies; for two variables mutual information.

    Parameters
    ----------
    joint, groups, base, batch_dims, check
        As in `total_correlation`. Twenty groups at most: there are ``2**n`` entropies.

    Returns
    -------
    array or tensor
        May be negative from three groups on.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import co_information
    >>> copies = np.zeros((2, 2, 2)); copies[0, 0, 0] = copies[1, 1, 1] = 0.5
    >>> co_information(copies, base=2).round(6)
    np.float64(1.0)
    """
    xp, table, parts = _grouped(joint, groups, batch_dims, check)
    if len(parts) > 20:
        raise ValueError(
            f"co-information of {len(parts)} groups needs 2**{len(parts)} entropies: name at most 20"
        )
    h = _Entropies(xp, table, batch_dims)
    value: Any = 0.0
    for size in range(len(parts), 0, -1):
        for chosen in combinations(parts, size):
            value = value - (-1) ** size * h(tuple(chain(*chosen)))
    return in_base(value, base)


class _Entropies:
    """Entropies of marginals of one table, each computed once, from the smallest marginal that holds it."""

    def __init__(self, xp: Any, table: Array, batch_dims: int) -> None:
        self._xp = xp
        self._axes = tuple(range(batch_dims, table.ndim))
        self._tables: dict[frozenset[int], Array] = {frozenset(self._axes): table}
        self._known: dict[frozenset[int], Array] = {}

    def __call__(self, axes: Iterable[int]) -> Array:
        key = frozenset(axes)
        if not key:
            return 0.0
        if key not in self._known:
            table = self._marginal(key)
            self._known[key] = 0.0 - self._xp.sum(xlogy(self._xp, table, table), axis=self._axes)
        return self._known[key]

    def _marginal(self, key: frozenset[int]) -> Array:
        if key not in self._tables:
            source = min((k for k in self._tables if k > key), key=len)
            gone = tuple(source - key)
            self._tables[key] = self._xp.sum(self._tables[source], axis=gone, keepdims=True)
        return self._tables[key]


def _grouped(
    joint: Any, groups: Sequence[Axes] | None, batch_dims: int, check: bool
) -> tuple[Any, Array, tuple[tuple[int, ...], ...]]:
    _, table = floats(joint, name="joint")
    if groups is None:
        groups = tuple(range(table.ndim - batch_dims))
    xp, table, parts = _prepare(table, list(groups), batch_dims, check)
    if not parts or not all(parts):
        raise ValueError("name at least one group of at least one variable each")
    return xp, table, parts


def _prepare(
    joint: Any, groups: Sequence[Axes], batch_dims: int, check: bool
) -> tuple[Any, Array, tuple[tuple[int, ...], ...]]:
    """Return the table and the groups as axes of the whole array."""
    xp, table = floats(joint, name="joint")
    if not 0 <= batch_dims < max(table.ndim, 1):
        raise ValueError(f"batch_dims={batch_dims}, but joint has {table.ndim} axes")
    variables = tuple(range(batch_dims, table.ndim))
    if check:
        table = as_pmf(table, variables, name="joint")
    found = []
    for group in groups:
        asked = (group,) if isinstance(group, int) else tuple(group)
        for axis in asked:
            if not -len(variables) <= axis < len(variables):
                raise ValueError(f"axis {axis} is out of range: joint has {len(variables)} variables")
        found.append(tuple(variables[axis] for axis in asked))
    every = tuple(chain(*found))
    if len(set(every)) < len(every):
        twice = next(a for a in every if every.count(a) > 1) - batch_dims
        raise ValueError(f"axis {twice} is named twice: groups of variables may not overlap")
    return xp, table, tuple(found)
