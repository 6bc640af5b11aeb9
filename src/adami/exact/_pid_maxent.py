"""The law of largest entropy among those with given marginals, to rounding error."""

from __future__ import annotations

import numpy as np

Kept = tuple[tuple[int, ...], ...]
SWEEPS = 30
STEPS = 200


def maximum_entropy(table: np.ndarray, kept: Kept) -> np.ndarray:
    """Return the law of largest entropy with the marginals of `table` over each of the groups of axes.

    Cells that no law with these marginals can fill are found first, so that on the others the logarithm of
    the solution is a sum of one term a marginal and Newton's method finds the terms.

    Raises
    ------
    ValueError
        If Newton's method stalls, which marginals spread over too many orders of magnitude may cause.
    """
    rows = [_cells_of(table.shape, axes) for axes in kept]
    sides = [np.bincount(r, weights=table.ravel(), minlength=int(r.max()) + 1) for r in rows]
    free = _support(table.ravel(), rows, sides)
    cells = np.zeros(table.size)
    cells[free] = _fit([r[free] for r in rows], sides)
    return cells.reshape(table.shape)


def _cells_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> np.ndarray:
    """Return for every cell the number of its cell in the marginal."""
    sizes = [shape[a] for a in axes]
    index = np.indices(shape)
    return np.ravel_multi_index(tuple(index[a] for a in axes), sizes).ravel()


def _support(cells: np.ndarray, rows: list[np.ndarray], sides: list[np.ndarray]) -> np.ndarray:
    """Return which cells are positive under some law with these marginals."""
    open_ = np.logical_and.reduce([side[r] > 0 for r, side in zip(rows, sides)])
    asked = np.flatnonzero(open_ & (cells <= 0))
    if not len(asked):
        return open_
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, hstack, vstack

    # the table has these marginals itself: a cell can be filled just when some change that keeps them all
    # lowers no empty cell and raises this one, whatever the sizes of the probabilities. On empty cells the
    # change is y + u with y >= 0 and 0 <= u <= 1; where it can be positive, scaling makes u reach 1
    names = np.flatnonzero(open_)
    n, position = len(names), np.full(len(cells), -1)
    position[names] = np.arange(n)
    marginals = vstack(
        [
            coo_array((np.ones(n), (r[names], np.arange(n))), shape=(len(side), n))
            for r, side in zip(rows, sides)
        ]
    ).tocsc()
    matrix = hstack([marginals, marginals[:, position[asked]]])
    costs = np.concatenate([np.zeros(n), -np.ones(len(asked))])
    bounds = [(None, None) if filled else (0, None) for filled in cells[names] > 0] + [(0, 1)] * len(asked)
    found = linprog(costs, A_eq=matrix, b_eq=np.zeros(matrix.shape[0]), bounds=bounds, method="highs")
    if found.x is None:
        raise ValueError(f"the cells of a law of largest entropy could not be found: {found.message}")
    closed = asked[found.x[n : n + len(asked)] < 0.5]
    open_[closed] = False
    return open_


def _fit(rows: list[np.ndarray], sides: list[np.ndarray]) -> np.ndarray:
    """Return ``q = exp(sum of terms)`` on its cells with the marginals asked for."""
    q = np.full(len(rows[0]), 1 / len(rows[0]))
    for _ in range(SWEEPS):
        if _off(q, rows, sides) < 1e-14:
            return q
        for r, side in zip(rows, sides):
            sums = np.bincount(r, weights=q, minlength=len(side))
            q = q * np.divide(side, sums, out=np.zeros_like(side), where=sums > 0)[r]
    offsets = np.cumsum([0, *(len(s) for s in sides)])
    index = np.stack([r + o for r, o in zip(rows, offsets)])
    right = np.concatenate(sides)
    size, crosses = len(right), len(rows) ** 2
    crossed = np.concatenate([a * size + b for a in index for b in index])
    logs = np.log(q)
    best, left = q, _off(q, rows, sides)
    for _ in range(STEPS):
        gradient = right - np.bincount(index.ravel(), weights=np.tile(q, len(rows)), minlength=len(right))
        hessian = np.bincount(crossed, weights=np.tile(q, crosses), minlength=size * size).reshape(size, size)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0][index].sum(axis=0)
        # far from the optimum the full step overshoots: no cell grows more than e**2 times at once
        rate = min(1.0, 2.0 / max(float(np.max(step)), 1e-300))
        logs = logs + rate * step
        q = np.exp(logs)
        off = _off(q, rows, sides)
        settled = left < 1e-12 and off > left / 2
        if off < left:
            best, left = q, off
        if settled or left < 1e-15:
            break
    if left > 1e-9:
        raise ValueError(f"the law of largest entropy was found to {left:.1g} only, not to 1e-9")
    return best


def _off(q: np.ndarray, rows: list[np.ndarray], sides: list[np.ndarray]) -> float:
    return max(
        float(np.max(np.abs(np.bincount(r, weights=q, minlength=len(s)) - s))) for r, s in zip(rows, sides)
    )
