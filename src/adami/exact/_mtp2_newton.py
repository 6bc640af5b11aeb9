"""Projected Newton steps for -log det T + <T, target> over M-matrices and diagonally dominant ones."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Constraint = Literal["m", "dd"]
_DECREASE = 0.1
_MOST_CONJUGATE = 100


class Likelihood:
    """-log det T + <T, target> and its gradient; the factor of the last point serves both."""

    def __init__(self, target: np.ndarray) -> None:
        self.target = target
        self._at: np.ndarray | None = None
        self._factor: np.ndarray | None = None

    def value(self, point: np.ndarray) -> float:
        try:
            factor = np.linalg.cholesky(point)
        except np.linalg.LinAlgError:
            return math.inf
        self._at, self._factor = point, factor
        return float(-2.0 * np.sum(np.log(np.diag(factor))) + np.sum(point * self.target))

    def gradient(self, point: np.ndarray) -> np.ndarray:
        return self.target - self.inverse(point)

    def inverse(self, point: np.ndarray) -> np.ndarray:
        if self._at is not point:
            self.value(point)
        from scipy.linalg.lapack import dpotri

        lower = np.tril(dpotri(self._factor, lower=1)[0])
        return np.asarray(lower + lower.T - np.diag(np.diag(lower)))


class Coordinates:
    """Coordinates in which the set is a box: edge weights off the diagonal, all at least zero.

    The diagonal holds that of the matrix for "m", where it is free, and the sum of each row for "dd", where
    it is at least zero. Coordinates and matrices are related linearly, one to one.
    """

    def __init__(self, constraint: Constraint, size: int) -> None:
        self.dominant = constraint == "dd"
        self.bounded = np.ones((size, size), dtype=bool) if self.dominant else ~np.eye(size, dtype=bool)

    def of(self, matrix: np.ndarray) -> np.ndarray:
        found = -matrix
        np.fill_diagonal(found, matrix.sum(axis=1) if self.dominant else np.diag(matrix))
        return found

    def matrix(self, at: np.ndarray) -> np.ndarray:
        found = -at
        np.fill_diagonal(found, at.sum(axis=1) if self.dominant else np.diag(at))
        return found

    def pull(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient in the coordinates; the same rule leads back."""
        diagonal = np.diag(gradient)
        found = (np.add.outer(diagonal, diagonal) / 2 if self.dominant else 0.0) - gradient
        np.fill_diagonal(found, diagonal)
        return found

    def clip(self, at: np.ndarray) -> np.ndarray:
        return np.where(self.bounded, np.maximum(at, 0.0), at)

    def residual(self, at: np.ndarray, slope: np.ndarray) -> float:
        """Return the largest move that a gradient step of size one would still make."""
        return float(np.max(np.abs(self.clip(at - slope) - at)))


def newton(
    likelihood: Likelihood, first: np.ndarray, constraint: Constraint, tol: float, max_iter: int
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the optimum, the values on the way and whether it was reached.

    Coordinates that are held at zero by their bound stay there in a step; the others take a Newton step,
    halved until it is feasible and the objective falls.
    """
    box = Coordinates(constraint, len(first))
    at = box.clip(box.of(first))
    point = box.matrix(at)
    value = likelihood.value(point)
    trace = [value]
    for _ in range(max_iter):
        inverse = likelihood.inverse(point)
        slope = box.pull(likelihood.target - inverse)
        if box.residual(at, slope) <= tol:
            return point, np.array(trace), True
        free = ~(box.bounded & (at <= 0) & (slope > 0))
        direction = _direction(box, point, inverse, np.where(free, slope, 0.0), free)
        size = 1.0
        while size > 1e-12:
            new = box.clip(at - size * direction)
            reached = box.matrix(new)
            ahead = likelihood.value(reached)
            fall = _DECREASE * max(float(np.sum(slope * (at - new))), 0.0)
            if ahead <= value - fall + 1e-14 * max(1.0, abs(value)):
                break
            size /= 2
        else:
            break
        at, point, value = new, reached, min(value, ahead)
        trace.append(value)
    return point, np.array(trace), False


def _direction(
    box: Coordinates, point: np.ndarray, inverse: np.ndarray, slope: np.ndarray, free: np.ndarray
) -> np.ndarray:
    """Solve Hessian D = slope on the free coordinates, by conjugate gradients.

    Without bounds the inverse Hessian takes a gradient G to T G T, which therefore is the preconditioner.
    The equation is solved the better, the nearer the optimum is.
    """

    def curved(move: np.ndarray) -> np.ndarray:
        return np.where(free, box.pull(inverse @ box.matrix(move) @ inverse), 0.0)

    def straightened(left: np.ndarray) -> np.ndarray:
        return np.where(free, box.of(point @ box.pull(left) @ point), 0.0)

    length = float(np.linalg.norm(slope))
    goal = length * min(0.1, math.sqrt(length))
    direction, left = np.zeros_like(slope), slope
    along = straightened(left)
    product = float(np.sum(left * along))
    for _ in range(_MOST_CONJUGATE):
        bent = curved(along)
        size = product / float(np.sum(along * bent))
        direction = direction + size * along
        left = left - size * bent
        if float(np.linalg.norm(left)) <= goal:
            break
        ahead = straightened(left)
        before, product = product, float(np.sum(left * ahead))
        along = ahead + (product / before) * along
    return (direction + direction.T) / 2
