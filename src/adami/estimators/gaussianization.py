"""An invertible map between a sample's law and a Gaussian: columns are straightened, turned, and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.estimators._common import rank_transform
from adami.tasks import MetaDataset

KNOTS = 200
"""Points that describe the map of one column."""


class IterativeGaussianization:
    """A normalizing flow that needs no gradients: marginal Gaussianization and principal axes in turn.

    Parameters
    ----------
    layers : int
        Rounds of straightening every column and turning to new axes.
    random_state : int
        Seed of the random turns that follow the principal axes.

    References
    ----------
    Laparra, Camps-Valls and Malo, "Iterative Gaussianization: from ICA to random rotations", IEEE
    Transactions on Neural Networks 22, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import IterativeGaussianization
    >>> rng = np.random.default_rng(0)
    >>> ring = rng.normal(size=(500, 2)); ring /= np.linalg.norm(ring, axis=1, keepdims=True) ** 0.8
    >>> flow = IterativeGaussianization().fit(ring)
    >>> bool(np.allclose(flow.inverse(flow.transform(ring)), ring, atol=1e-6))
    True
    """

    def __init__(self, layers: int = 12, random_state: int = 0) -> None:
        self.layers = layers
        self.random_state = random_state

    def fit(self, X: Any) -> IterativeGaussianization:
        """Learn the map from rows, shape (n, d)."""
        from scipy.special import ndtri

        if self.layers < 1:
            raise ValueError(f"layers={self.layers}: at least one is needed")
        rows = _numbers(X)
        if (np.ptp(rows, axis=0) == 0).any():
            raise ValueError("X has a constant column, which no map makes Gaussian; leave it out")
        rng = np.random.default_rng(self.random_state)
        levels = (np.arange(min(KNOTS, len(rows))) + 0.5) / min(KNOTS, len(rows))
        self.steps_: list[tuple[np.ndarray, np.ndarray]] = []
        self.normal_ = np.asarray(ndtri(levels))
        for layer in range(self.layers):
            knots = np.quantile(rows, levels, axis=0)
            # equal knots would not be invertible
            tiny = 1e-9 * (1 + np.abs(knots).max(axis=0))
            knots = np.maximum.accumulate(
                knots + tiny * np.arange(len(levels))[:, None] / len(levels), axis=0
            )
            straight = self._straight(rows, knots)
            axes = np.linalg.eigh(np.cov(straight.T).reshape(rows.shape[1], -1))[1]
            if layer:
                axes = axes @ np.linalg.qr(rng.normal(size=axes.shape))[0]
            self.steps_.append((knots, axes))
            rows = straight @ axes
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return rows (n, d) whose law is near a standard Gaussian."""
        rows = self._rows(X)
        for knots, axes in self.steps_:
            rows = self._straight(rows, knots) @ axes
        return rows

    def inverse(self, Z: Any) -> np.ndarray:
        """Return rows (n, d) that `transform` takes to Z."""
        rows = self._rows(Z)
        for knots, axes in reversed(self.steps_):
            rows = rows @ axes.T
            rows = np.column_stack(
                [_line(rows[:, j], self.normal_, knots[:, j]) for j in range(rows.shape[1])]
            )
        return rows

    def _straight(self, rows: np.ndarray, knots: np.ndarray) -> np.ndarray:
        return np.column_stack([_line(rows[:, j], knots[:, j], self.normal_) for j in range(rows.shape[1])])

    def _rows(self, X: Any) -> np.ndarray:
        if not hasattr(self, "steps_"):
            raise ValueError("the map is not learnt yet: call fit(X) first")
        rows = _numbers(X)
        d = self.steps_[0][1].shape[0]
        if rows.shape[1] != d:
            raise ValueError(f"X has {rows.shape[1]} columns, and the map was learnt on {d}")
        return rows


def _numbers(X: Any) -> np.ndarray:
    rows = np.asarray(X, dtype=float)
    if rows.ndim != 2 or len(rows) < 2 or not np.isfinite(rows).all():
        raise ValueError(f"X has shape {rows.shape}: give at least two rows of finite numbers, shape (n, d)")
    return rows


def _line(x: np.ndarray, at: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Interpolate between knots, and go on beyond them with the slope of the whole."""
    inside = np.interp(x, at, to)
    slope = (to[-1] - to[0]) / (at[-1] - at[0])
    below, above = np.minimum(x - at[0], 0), np.maximum(x - at[-1], 0)
    return np.asarray(inside + slope * (below + above))


@dataclass(frozen=True)
class AdaptedMeta:
    """Laws that look like one's own data and keep their known information: to fine-tune `MIST` on.

    Samples of `meta` are pushed through the inverse of a flow learnt on unlabelled rows of x, and of y.

    Parameters
    ----------
    meta : MetaDataset
        Its dimensions are overridden by those of the flows.
    flow_x, flow_y : IterativeGaussianization

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import AdaptedMeta, IterativeGaussianization
    >>> from adami.tasks import MetaDataset
    >>> rows = np.random.default_rng(0).exponential(size=(300, 2))
    >>> flow = IterativeGaussianization().fit(rows)
    >>> families = ("normal-rotated-base",)
    >>> x, y, mi = AdaptedMeta(MetaDataset(families), flow, flow).batch(4, 0)
    >>> x.shape[2], bool(x.min() > -1)
    (2, True)
    """

    meta: MetaDataset
    flow_x: IterativeGaussianization
    flow_y: IterativeGaussianization

    def batch(self, size: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return batch number `index`: x (size, n, dim_x), y (size, n, dim_y) and the information (size,)."""
        dims = [flow.steps_[0][1].shape[0] for flow in (self.flow_x, self.flow_y)]
        x, y, mi = self.meta.batch(size, index, dims=(dims[0], dims[1]))
        return _pushed(x, self.flow_x), _pushed(y, self.flow_y), mi


def _pushed(rows: np.ndarray, flow: IterativeGaussianization) -> np.ndarray:
    """Give Gaussian columns the joint shape that the flow has learnt."""
    from scipy.special import ndtri

    flat = rows.reshape(-1, rows.shape[2])
    shaped = flow.inverse(np.asarray(ndtri(rank_transform(flat))))
    return shaped.reshape(rows.shape)
