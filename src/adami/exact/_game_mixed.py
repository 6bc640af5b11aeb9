"""Strategic classes of mixed partners in a matrix game: the argmax cells of a linear map on the simplex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import Array, floats
from adami.exact.pmf import check_cells


@dataclass(frozen=True, slots=True)
class MixedClass:
    """The mixed partners who make just one set of actions best.

    Attributes
    ----------
    best : tuple of int
        The player's best actions.
    partner : tuple of float
        A mixed partner of the class.
    margin : float
        By how much the best actions beat all others there, at most one: as much as any partner of the class
        makes them.
    full : bool
        Whether the class has volume in the simplex; the others are boundaries between those.
    """

    best: tuple[int, ...]
    partner: tuple[float, ...]
    margin: float
    full: bool


def mixed_classes(payoff: Any, *, tol: float = 1e-9, allow_large: bool = False) -> tuple[MixedClass, ...]:
    """Return the strategic classes of mixed partners in a matrix game.

    Two mixed partners ``w`` are equivalent when the same actions maximise ``payoff @ w``. Every set of
    actions is tried by one linear programme, and a set is given up with all that contain it when no partner
    makes it tie, so the cost can grow exponentially with the number of actions.

    Parameters
    ----------
    payoff : array, shape (n_actions, n_partner_actions)
        The common payoff; the player chooses the row.
    tol : float
        Margins up to this count as ties.
    allow_large : bool
        Whether to go on with more than 20 actions.

    Returns
    -------
    tuple of MixedClass
        In the lexicographic order of their best actions, smaller sets first.

    Raises
    ------
    ValueError
        If `payoff` is no finite matrix or has too many rows.

    References
    ----------
    Lauffer, Shah, Carroll, Dennis and Russell, Who Needs to Know? Minimal Knowledge for Optimal
    Coordination, 2023. Paper 68 of adami's register.

    Examples
    --------
    >>> from adami.exact import mixed_classes
    >>> [c.best for c in mixed_classes([[1, 0, 1], [0, 1, 0]])]
    [(0,), (1,), (0, 1)]
    """
    matrix = as_payoff(payoff)
    n = matrix.shape[0]
    check_cells(2 ** min(n, 1000), allow_large, what=f"the subsets of {n} actions")
    found: list[MixedClass] = []
    tied: list[tuple[int, ...]] = [()]
    while tied:
        larger = [(*b, a) for b in tied for a in range(b[-1] + 1 if b else 0, n)]
        tied = []
        for best in larger:
            solved = _widest(matrix, best)
            if solved is None:
                continue
            tied.append(best)
            partner, margin = solved
            if margin > tol:
                full = bool(np.ptp(matrix[list(best)], axis=0).max() <= tol)
                found.append(MixedClass(best, tuple(float(w) for w in partner), margin, full))
    return tuple(found)


def as_payoff(payoff: Any) -> Array:
    """Return a finite payoff matrix in float64.

    Raises
    ------
    ValueError
        If it is none.
    """
    _, matrix = floats(payoff, name="payoff")
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"payoff has shape {matrix.shape}: a matrix game has a row for every action of the player"
        )
    if not np.isfinite(matrix).all():
        raise ValueError("payoff holds NaN or infinite entries")
    return matrix


def _widest(matrix: Array, best: tuple[int, ...]) -> tuple[Array, float] | None:
    """Return the partner that makes `best` win by the widest margin; None if none lets them tie."""
    from scipy.optimize import linprog

    n, m = matrix.shape
    others = [a for a in range(n) if a not in best]
    top = matrix[best[0]]
    equal = np.vstack([np.append(np.ones(m), 0.0)] + [np.append(matrix[b] - top, 0.0) for b in best[1:]])
    ahead = [np.append(matrix[a] - top, 1.0) for a in others]
    solved = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.vstack(ahead) if ahead else None,
        b_ub=np.zeros(len(others)) if ahead else None,
        A_eq=equal,
        b_eq=np.append(1.0, np.zeros(len(best) - 1)),
        bounds=[(0, 1)] * m + [(0, 1)],
    )
    return (solved.x[:m], float(solved.x[m])) if solved.status == 0 else None
