"""The growing arrays of an incremental mixture, and its pass over rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami._announce import announce
from adami.exact._mixture_laws import Mixture

FLOOR = 1e-2
"""Smallest width of a feature, as a share of the typical width of all features."""


@dataclass(slots=True)
class MixtureState:
    """Components in use are the first `count` of each array; the rest is room to grow."""

    count: int
    means: np.ndarray
    precisions: np.ndarray
    logdets: np.ndarray
    mass: np.ndarray
    age: np.ndarray
    variance: np.ndarray
    novelty: float
    igmn: bool
    v_min: int
    sp_min: float

    @classmethod
    def start(
        cls,
        rows: np.ndarray,
        *,
        delta: float,
        beta: float,
        update: str,
        v_min: int,
        sp_min: float,
        scale: Any,
    ) -> MixtureState:
        """Check the parameters and make room for one component."""
        from scipy.special import chdtri

        if not (delta > 0 and math.isfinite(delta)):
            raise ValueError(f"delta={delta}: the initial width is positive")
        if not 0 <= beta < 1:
            raise ValueError(f"beta={beta}: novelty lies between 0 (one Gaussian) and 1")
        if update not in ("exact", "igmn"):
            raise ValueError(f"update={update!r}: choose 'exact' or 'igmn'")
        dims = rows.shape[1]
        variance = (delta * cls.widths(rows, scale)) ** 2
        return cls(
            count=0,
            means=np.empty((1, dims)),
            precisions=np.empty((1, dims, dims)),
            logdets=np.empty(1),
            mass=np.empty(1),
            age=np.zeros(1, dtype=np.int64),
            variance=variance,
            novelty=float(chdtri(dims, beta)) if beta else math.inf,
            igmn=update == "igmn",
            v_min=int(v_min),
            sp_min=float(sp_min),
        )

    @staticmethod
    def widths(rows: np.ndarray, scale: Any) -> np.ndarray:
        """Return the standard deviation of each feature, given or found, never near zero."""
        dims = rows.shape[1]
        if scale is not None:
            given = np.broadcast_to(np.asarray(scale, dtype=float), (dims,)) if np.ndim(scale) == 0 else scale
            given = np.asarray(given, dtype=float)
            if given.shape != (dims,) or not np.all((given > 0) & np.isfinite(given)):
                raise ValueError(f"scale is one positive number, or one for each of the {dims} features")
            return given
        found = rows.std(axis=0)
        typical = math.sqrt(float(np.mean(found**2)))
        # a first chunk of one row, or of equal rows, tells no width
        return np.maximum(found, FLOOR * typical) if typical > 0 else np.ones(dims)

    def absorb(self, rows: np.ndarray) -> None:
        """Take in rows in their order."""
        from adami.exact._kernels.mixture import absorb

        announce(absorb)
        rows = np.ascontiguousarray(rows, dtype=float)
        done = 0
        while done < len(rows):
            done, self.count = absorb(
                *(rows, done, self.novelty, self.variance, self.igmn, self.v_min, self.sp_min, self.count),
                *(self.means, self.precisions, self.logdets, self.mass, self.age),
            )
            if done < len(rows):
                self._grow()

    def mixture(self) -> Mixture:
        """Return the law as it stands, in arrays of its own."""
        used = slice(0, self.count)
        return Mixture(
            weights=self.mass[used] / self.mass[used].sum(),
            means=self.means[used].copy(),
            precisions=self.precisions[used].copy(),
            logdets=self.logdets[used].copy(),
        )

    def _grow(self) -> None:
        for name in ("means", "precisions", "logdets", "mass", "age"):
            old = getattr(self, name)
            new = np.zeros((2 * len(old), *old.shape[1:]), dtype=old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
