"""How strongly a 2x2 table of counts confirms a rule, between -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class ConfirmationDegrees:
    """Degrees of confirmation of the rule "if e then h"; pure numbers from -1 to 1.

    Parameters
    ----------
    channel : float
        Degree b*, ``[P(e|h) - P(e|not h)] / max(P(e|h), P(e|not h))``: how good `e` is as a sign of `h`. It
        does not depend on how common `h` is, and is 0 when the two are independent.
    prediction : float
        Degree c*, ``[P(h|e) - P(not h|e)] / max(P(h|e), P(not h|e))``: how safe it is to predict `h` from
        `e`. It is 0 when both outcomes are equally likely after `e`, which under independence happens only if
        `h` has probability one half.
    likelihood_ratio : float
        ``P(e|h) / P(e|not h)``, infinite if `e` never happens without `h`; b* is a function of it alone.
    """

    channel: float
    prediction: float
    likelihood_ratio: float


def confirmation_degree(table: Any) -> ConfirmationDegrees:
    """Return the degrees of confirmation b* and c* of "if e then h".

    Parameters
    ----------
    table : array of float, shape (2, 2)
        Counts or probabilities: rows `h` and not `h`, columns `e` and not `e`.

    Returns
    -------
    ConfirmationDegrees

    Raises
    ------
    ValueError
        If entries are negative or not finite, if `e` never happens, or if `h` always or never does.

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    A test finds 9 of 10 infections among 110 people, with one false alarm in a hundred.

    >>> from adami.exact import confirmation_degree
    >>> found = confirmation_degree([[9, 1], [1, 99]])
    >>> round(found.channel, 4), round(found.prediction, 4)
    (0.9889, 0.8889)
    """
    counts = np.asarray(table, dtype=float)
    if counts.shape != (2, 2):
        raise ValueError(f"table has shape {counts.shape}: give rows h, not h and columns e, not e")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("table holds negative or infinite entries or NaN: counts are numbers from 0")
    rows = counts.sum(axis=1)
    if not (rows > 0).all():
        never = "h" if rows[0] <= 0 else "not h"
        raise ValueError(f"{never} never happens in the table: a rule needs cases with h and without")
    if counts[:, 0].sum() <= 0:
        raise ValueError("e never happens in the table: it can confirm nothing")
    with_h, without_h = (counts[:, 0] / rows).tolist()
    ratio = with_h / without_h if without_h > 0 else float("inf")
    return ConfirmationDegrees(_contrast(with_h, without_h), _contrast(*counts[:, 0].tolist()), ratio)


def _contrast(first: float, second: float) -> float:
    return (first - second) / max(first, second)
