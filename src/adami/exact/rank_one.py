"""A precision matrix that follows rank-one changes of its covariance, without inverting anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class RankOnePrecision:
    """The inverse and the log-determinant of a covariance that changes by one direction at a time.

    Each change ``C <- a C + b v v'`` costs of the order of D squared operations, where inverting anew costs
    D cubed. The log-determinant is kept as a logarithm, so that it does not underflow in high dimension.

    Parameters
    ----------
    precision : array, shape (n_dims, n_dims)
        Inverse of the covariance, symmetric and positive definite.
    logdet : float, optional
        Natural logarithm of the determinant of the covariance; computed by default.

    Attributes
    ----------
    precision : numpy.ndarray, shape (n_dims, n_dims)
    logdet : float

    Raises
    ------
    ValueError
        If `precision` is not a symmetric, positive definite matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import RankOnePrecision
    >>> tracked = RankOnePrecision(np.eye(2))
    >>> tracked.update(0.5, 0.5, [2.0, 0.0])
    >>> np.linalg.inv(tracked.precision).round(6)
    array([[2.5, 0. ],
           [0. , 0.5]])
    >>> round(float(np.exp(tracked.logdet)), 6)
    1.25
    """

    def __init__(self, precision: Any, logdet: float | None = None) -> None:
        matrix = np.array(precision, dtype=float)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise ValueError(f"precision has shape {matrix.shape}: it is a square matrix")
        if not np.all(np.isfinite(matrix)) or not np.allclose(
            matrix, matrix.T, rtol=1e-9, atol=1e-9 * np.abs(matrix).max()
        ):
            raise ValueError("precision is not a finite, symmetric matrix")
        try:
            factor = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise ValueError("precision is not positive definite") from None
        self.precision = (matrix + matrix.T) / 2
        self.logdet = float(-2.0 * np.sum(np.log(np.diag(factor)))) if logdet is None else float(logdet)

    @property
    def n_dims(self) -> int:
        """Number of dimensions."""
        return int(self.precision.shape[0])

    def squared_distance(self, v: Any) -> float:
        """Return the squared Mahalanobis length ``v' precision v``.

        Parameters
        ----------
        v : array, shape (n_dims,)
        """
        direction = self._direction(v)
        return float(direction @ self.precision @ direction)

    def update(self, a: float, b: float, v: Any) -> None:
        """Let the covariance become ``a C + b v v'``.

        Parameters
        ----------
        a : float
            Positive.
        b : float
            May be negative as long as the covariance stays positive definite.
        v : array, shape (n_dims,)

        Raises
        ------
        ValueError
            If the covariance would not be positive definite; it is then left as it was.
        """
        direction = self._direction(v)
        if not (a > 0 and math.isfinite(a) and math.isfinite(b)):
            raise ValueError(f"a={a}, b={b}: a scale is positive and both are finite")
        along = self.precision @ direction
        growth = 1.0 + b * float(direction @ along) / a
        if growth <= 0:
            raise ValueError(
                f"b={b} takes more of the direction than the covariance holds: "
                "it would not be positive definite"
            )
        # the outer product of one vector with itself is symmetric to the last bit
        self.precision = self.precision / a - (b / (a * a * growth)) * np.outer(along, along)
        self.logdet += self.n_dims * math.log(a) + math.log(growth)

    def _direction(self, v: Any) -> np.ndarray:
        direction = np.asarray(v, dtype=float)
        if direction.shape != (self.n_dims,):
            raise ValueError(f"v has shape {direction.shape}, but there are {self.n_dims} dimensions")
        if not np.all(np.isfinite(direction)):
            raise ValueError("v holds NaN or infinite entries")
        return direction
