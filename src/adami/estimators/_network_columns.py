"""Columns as a network reads them: numbers on one scale, labels as indicators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adami.estimators._common import standardize
from adami.estimators._neural import TRANSFORMS, Transform
from adami.variables import Variable

MOST_LEVELS = 512


class NetworkColumns:
    """The map from a checked variable to a float64 table, kept so that later rows are treated alike.

    Parameters
    ----------
    v : Variable
        Columns that never change are left out.
    transform : {"standardize", "none", "rank", "normal_score"}

    Raises
    ------
    ValueError
        For an unknown transform, or labels with too many levels to be told apart by indicators.
    """

    def __init__(self, v: Variable, transform: Transform = "standardize") -> None:
        if transform not in TRANSFORMS:
            raise ValueError(f"transform={transform!r}: choose one of {', '.join(TRANSFORMS)}")
        if v.n_levels > MOST_LEVELS:
            raise ValueError(
                f"{v} has {v.n_levels} different labels, and a network would need an input for each; merge "
                "rare ones, or use method='auto'"
            )
        self.transform = transform
        self.columns, self.labelled = v.dim, v.codes is not None
        # numbered as they appear, so that the names of labels change nothing
        seen, first = (
            (np.empty(0, int), np.empty(0, int)) if v.codes is None else np.unique(v.codes, return_index=True)
        )
        self.labels = seen[np.argsort(first)]
        self.keep = np.ptp(v.numbers, axis=0) > 0 if v.dim else np.zeros(0, dtype=bool)
        self.numbers = v.numbers[:, self.keep]
        self.sorted: Sequence[np.ndarray] = (
            [np.sort(c) for c in self.numbers.T] if transform in ("rank", "normal_score") else []
        )

    def table(self, v: Variable) -> np.ndarray:
        """Return rows as a table of shape (n, width), with an indicator for each label."""
        if v.dim != self.columns or (v.codes is not None) != self.labelled:
            raise ValueError(f"{v}: these columns differ in number or kind from those of the training")
        table = self._scaled(v.numbers[:, self.keep])
        if v.codes is None:
            return table
        indicators = (v.codes[:, None] == self.labels).astype(float)
        if not indicators.any(axis=1).all():
            raise ValueError(f"{v} holds labels that the training has not seen")
        return np.hstack([table, indicators])

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        if self.transform == "none" or not numbers.shape[1]:
            return np.ascontiguousarray(numbers)
        if self.transform == "standardize":
            # the training rows alone set the scale: two of them are enough to place any other value on it
            own, _ = standardize(self.numbers)
            low, high, at = self.numbers.argmin(axis=0), self.numbers.argmax(axis=0), np.arange(own.shape[1])
            a, b = self.numbers[low, at] / 2, self.numbers[high, at] / 2
            share = (numbers / 2 - a) / (b - a)
            return np.asarray(own[low, at] + share * (own[high, at] - own[low, at]))
        ranks = np.column_stack([_ranks(c, s) for c, s in zip(numbers.T, self.sorted)])
        if self.transform == "rank":
            return ranks
        from scipy.special import ndtri

        return np.asarray(ndtri(ranks))


def _ranks(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return mean ranks among known values over n + 1, strictly between 0 and 1 for any value."""
    below, upto = np.searchsorted(known, column, "left"), np.searchsorted(known, column, "right")
    # a known value counts itself half way; a new one stands between its neighbours
    return np.asarray((below + upto + 1) / 2 / (len(known) + 1))
