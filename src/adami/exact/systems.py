"""Informations of several variables at once: what they share, and what they hold only together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Any

from adami.exact._arrays import Array, in_base
from adami.exact._joint import Axes, Entropies, grouped
from adami.exact._quick import quick


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
    if batch_dims == 0 and (quickly := quick("total", joint, groups, base)) is not None:
        return quickly
    xp, table, parts = grouped(joint, groups, batch_dims, check)
    h = Entropies(xp, table, batch_dims)
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
    if batch_dims == 0 and (quickly := quick("dual", joint, groups, base)) is not None:
        return quickly
    xp, table, parts = grouped(joint, groups, batch_dims, check)
    h = Entropies(xp, table, batch_dims)
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
    if batch_dims == 0 and (quickly := quick("o", joint, groups, base)) is not None:
        return quickly
    _, table, parts = grouped(joint, groups, batch_dims, check)
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
    if batch_dims == 0 and (quickly := quick("co", joint, groups, base)) is not None:
        return quickly
    xp, table, parts = grouped(joint, groups, batch_dims, check)
    if len(parts) > 20:
        raise ValueError(
            f"co-information of {len(parts)} groups needs 2**{len(parts)} entropies: name at most 20"
        )
    h = Entropies(xp, table, batch_dims)
    value: Any = 0.0
    for size in range(len(parts), 0, -1):
        for chosen in combinations(parts, size):
            value = value - (-1) ** size * h(tuple(chain(*chosen)))
    return in_base(value, base)
