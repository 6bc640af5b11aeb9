"""Unique information by convex optimisation: the least information that keeps both pairs as they are.

The joint law q with the given laws of (source, target) pairs for which ``I(target; both sources)`` is least
solves a program over exponential cones. Its solution is then moved onto the constraints, and its prices onto
those of the dual program, so that the two values enclose the optimum whatever the solver's own precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import xlogy
from adami.exact._pid_imin import part_information
from adami.exact._redundancy_lattice import Node


@dataclass(frozen=True, slots=True)
class LeastInformation:
    """The optimal law of (first source, second source, target) and bounds of its value in nats."""

    law: np.ndarray
    value: float
    lower: float


def broja_redundancies(table: np.ndarray, nodes: tuple[Node, ...]) -> tuple[np.ndarray, float]:
    """Return the redundancies of two sources in nats, and how far they may lie from the optimum."""
    least = least_information(table)
    own = [part_information(table, (0,)), part_information(table, (1,))]
    whole = part_information(table, (0, 1))
    values = {((0,), (1,)): sum(own) - least.value, ((0,),): own[0], ((1,),): own[1], ((0, 1),): whole}
    return np.array([values[node] for node in nodes]), least.value - least.lower


def least_information(table: np.ndarray, tolerance: float = 1e-12) -> LeastInformation:
    """Minimise ``I(target; sources)`` over laws that keep both laws of (source, target).

    Parameters
    ----------
    table : numpy.ndarray, shape (n_first, n_second, n_target)
        Joint law without symbols that cannot happen.
    tolerance : float
        Relative and absolute gap asked of the solver.
    """
    first, second = table.sum(axis=1), table.sum(axis=0)
    target = first.sum(axis=0)
    allowed = (first[:, None, :] > 0) & (second[None, :, :] > 0)
    cells, prices_first, prices_second = _solve(first, second, allowed, tolerance)
    law = _onto_constraints(cells, first, second)
    entropy = -float(xlogy(np, target, target).sum())
    pairs = law.sum(axis=2, keepdims=True)
    ratio = np.divide(law, pairs, out=np.ones_like(law), where=pairs > 0)
    value = entropy + float(xlogy(np, law, ratio).sum())
    lower = entropy + _dual_value(first, second, allowed, prices_first, prices_second)
    # an information is not negative, and neither is the gap but for rounding
    lower = min(max(lower, 0.0), value)
    return LeastInformation(law, value, lower)


def _solve(
    first: np.ndarray, second: np.ndarray, allowed: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells and the prices of both constraints, as precise as the solver gives them.

    Per allowed cell there are its mass q and a number r below ``q log(pair / q)``; the sum of r is largest.
    """
    import clarabel
    from scipy.sparse import coo_array, csc_array

    i, j, k = np.nonzero(allowed)
    n = len(i)
    cell = np.arange(n)
    pair_names, pair = np.unique(i * allowed.shape[1] + j, return_inverse=True)
    rows_first, at_first = _rows(first, k, i)
    rows_second, at_second = _rows(second, k, j)
    # of the second kind one row a target symbol follows from the others
    spare = np.unique(rows_second[0], return_index=True)[1]
    keep = np.ones(len(rows_second[0]), dtype=bool)
    keep[spare] = False
    number = np.cumsum(keep) - 1
    used = keep[at_second]
    n_first, n_second, n_pairs = len(rows_first[0]), int(keep.sum()), len(pair_names)
    top = n_first + n_second
    equal = top + n_pairs
    # columns: q, r, mass of each pair of source symbols; rows: marginals, pairs, and (r, q, pair) a cell
    blocks = [
        (at_first, cell, 1.0),
        (n_first + number[at_second[used]], cell[used], 1.0),
        (top + pair, cell, 1.0),
        (top + np.arange(n_pairs), 2 * n + np.arange(n_pairs), -1.0),
        (equal + 3 * cell, n + cell, -1.0),
        (equal + 3 * cell + 1, cell, -1.0),
        (equal + 3 * cell + 2, 2 * n + pair, -1.0),
    ]
    rows = np.concatenate([b[0] for b in blocks])
    columns = np.concatenate([b[1] for b in blocks])
    entries = np.concatenate([np.full(len(b[0]), b[2]) for b in blocks])
    width = 2 * n + n_pairs
    matrix = csc_array(coo_array((entries, (rows, columns)), shape=(equal + 3 * n, width)))
    right = np.zeros(equal + 3 * n)
    right[:n_first] = first[rows_first[1], rows_first[0]]
    right[n_first:top] = second[rows_second[1][keep], rows_second[0][keep]]
    costs = np.zeros(width)
    costs[n : 2 * n] = -1.0
    cones: list[Any] = [clarabel.ZeroConeT(equal)] + [clarabel.ExponentialConeT()] * n
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    solver = clarabel.DefaultSolver(csc_array((width, width)), costs, matrix, right, cones, settings)
    found = solver.solve()
    cells = np.zeros(allowed.shape)
    cells[i, j, k] = np.maximum(np.nan_to_num(np.asarray(found.x[:n])), 0.0)
    z = np.nan_to_num(np.asarray(found.z[:top]))
    prices_first = np.zeros(first.shape)
    prices_first[rows_first[1], rows_first[0]] = -z[:n_first]
    prices_second = np.zeros(second.shape)
    prices_second[rows_second[1][keep], rows_second[0][keep]] = -z[n_first:]
    return cells, prices_first, prices_second


def _rows(pair_law: np.ndarray, k: np.ndarray, symbol: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return (target, symbol) of the rows of one kind, and the row of each cell."""
    targets, symbols = np.nonzero(pair_law.T > 0)
    index = np.full(pair_law.T.shape, -1)
    index[targets, symbols] = np.arange(len(targets))
    return (targets, symbols), index[k, symbol]


def _onto_constraints(cells: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Move nearly feasible cells onto both constraints: shrink what is too much, spread what is missing."""
    sums = cells.sum(axis=1)
    cells = cells * np.minimum(1.0, np.divide(first, sums, out=np.ones_like(sums), where=sums > 0))[:, None]
    sums = cells.sum(axis=0)
    cells = cells * np.minimum(1.0, np.divide(second, sums, out=np.ones_like(sums), where=sums > 0))[None]
    lack_first = np.maximum(first - cells.sum(axis=1), 0.0)
    lack_second = np.maximum(second - cells.sum(axis=0), 0.0)
    total = lack_second.sum(axis=0)
    share = np.divide(lack_second, total, out=np.zeros_like(lack_second), where=total > 0)
    return np.asarray(cells + lack_first[:, None, :] * share[None, :, :])


def _dual_value(
    first: np.ndarray,
    second: np.ndarray,
    allowed: np.ndarray,
    prices_first: np.ndarray,
    prices_second: np.ndarray,
) -> float:
    """Return a lower bound of ``-H(target | sources)`` from any prices.

    Prices are feasible when over the target ``sum exp(price_first + price_second)`` is at most 1 for every
    pair of source symbols; they are lowered, symbol by symbol of the first source, until they are.
    """
    sums = np.where(allowed, prices_first[:, None, :] + prices_second[None, :, :], -np.inf)
    top = sums.max(axis=2)
    live = top > -np.inf
    safe = np.where(live, top, 0.0)
    size = np.where(allowed, np.exp(sums - safe[:, :, None]), 0.0).sum(axis=2)
    excess = np.where(live, safe + np.log(np.where(live, size, 1.0)), -np.inf)
    lowered = excess.max(axis=1)
    return float(
        (prices_first * first).sum() + (prices_second * second).sum() - (first.sum(axis=1) * lowered).sum()
    )
