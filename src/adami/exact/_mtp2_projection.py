"""The nearest M-matrix in sign pattern, and the nearest diagonally dominant one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def square(matrix: Any, name: str) -> np.ndarray:
    """Return a finite square matrix of floats, or say what is wrong with it."""
    found = np.asarray(matrix, dtype=float)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not found.size:
        raise ValueError(f"{name} has shape {found.shape}: it is a square matrix")
    if not np.all(np.isfinite(found)):
        raise ValueError(f"{name} holds NaN or infinite entries")
    return found


def symmetric(matrix: Any, name: str) -> np.ndarray:
    """Return a finite symmetric matrix of floats, or say what is wrong with it."""
    found = square(matrix, name)
    if not np.allclose(found, found.T, rtol=1e-9, atol=1e-9 * float(np.abs(found).max())):
        raise ValueError(f"{name} is not symmetric: average it with its transpose first")
    return (found + found.T) / 2


def project_signs(matrix: Any) -> np.ndarray:
    """Return the nearest symmetric matrix whose off-diagonal entries are not positive.

    Parameters
    ----------
    matrix : array, shape (n, n)

    Returns
    -------
    numpy.ndarray, shape (n, n)
        Nearest in the Frobenius norm; the diagonal stays as it is.

    Raises
    ------
    ValueError
        If `matrix` is not a finite square matrix.

    References
    ----------
    Ying, Cardoso and Palomar, "Adaptive Estimation of Graphical Models under Total Positivity", ICML 2023;
    paper 95 of adami's register.

    Examples
    --------
    >>> from adami.exact import project_signs
    >>> project_signs([[1.0, 3.0], [-5.0, 2.0]])
    array([[ 1., -1.],
           [-1.,  2.]])
    >>> project_signs([[1.0, 3.0], [5.0, 2.0]])
    array([[1., 0.],
           [0., 2.]])
    """
    return _signs(square(matrix, "matrix"))


def _signs(matrix: np.ndarray) -> np.ndarray:
    even = (matrix + matrix.T) / 2
    found = np.minimum(even, 0.0)
    np.fill_diagonal(found, np.diag(even))
    return found


def project_dominant(matrix: Any, *, tol: float = 1e-8, max_iter: int = 1000) -> np.ndarray:
    """Return the nearest symmetric diagonally dominant matrix with non-positive off-diagonal entries.

    Dykstra's rounds between the symmetric matrices and the matrices whose rows keep both conditions; the
    projection of one row is exact.

    Parameters
    ----------
    matrix : array, shape (n, n)
    tol : float
        Stop when the two sets' points are nearer than this in the Frobenius norm, for a matrix of length
        one; longer ones are measured by their length.
    max_iter : int
        Most rounds.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        Nearest in the Frobenius norm, up to `tol`; every row sums to at least zero exactly.

    Raises
    ------
    ValueError
        If `matrix` is not a finite square matrix.

    References
    ----------
    Paper 95 of adami's register. Boyle and Dykstra, "A method for finding projections onto the
    intersection of convex sets in Hilbert spaces", 1986.

    Examples
    --------
    >>> from adami.exact import project_dominant
    >>> project_dominant([[1.0, -3.0], [-3.0, 5.0]]).round(3)
    array([[ 2.333, -2.333],
           [-2.333,  5.   ]])
    """
    point = square(matrix, "matrix")
    point = (point + point.T) / 2
    goal = tol * max(1.0, float(np.linalg.norm(point)))
    memory = np.zeros_like(point)
    for _ in range(max_iter):
        rows = _project_rows(point + memory)
        memory += point - rows
        point = (rows + rows.T) / 2
        if math.sqrt(float(np.sum((point - rows) ** 2))) <= goal:
            break
    found = _signs(point)
    # what the last round left over goes to the diagonal, so that the answer lies in the set
    short = np.minimum(found.sum(axis=1), 0.0)
    found[np.diag_indices_from(found)] -= short * (1 + 1e-12)
    return found


def _project_rows(matrix: np.ndarray) -> np.ndarray:
    """Project each row onto: off-diagonal entries not positive, sum not negative."""
    size = len(matrix)
    diagonal = np.diag(matrix).copy()
    clipped = np.minimum(matrix, 0.0)
    np.fill_diagonal(clipped, diagonal)
    bad = np.flatnonzero(clipped.sum(axis=1) < 0)
    if not len(bad):
        return clipped
    # the smallest shift t with d + t + sum_j min(x_j + t, 0) >= 0: the sum is the least over k of the
    # k smallest x_j + t, so that t is the largest of the roots -(d + sum of the k smallest) / (1 + k)
    others = matrix[bad].copy()
    others[np.arange(len(bad)), bad] = np.inf
    ordered = np.sort(others, axis=1)[:, : size - 1]
    sums = np.concatenate([np.zeros((len(bad), 1)), np.cumsum(ordered, axis=1)], axis=1)
    t = np.max(-(diagonal[bad, None] + sums) / np.arange(1, size + 1), axis=1)
    fixed = np.minimum(matrix[bad] + t[:, None], 0.0)
    fixed[np.arange(len(bad)), bad] = diagonal[bad] + t
    clipped[bad] = fixed
    return clipped
