"""The small plot of one column against the target: the right picture for the two kinds."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from adami.report.figures_axes import MAX_LEVELS, levels
from adami.report.figures_ridges import Shape, histogram, ridges
from adami.report.figures_scatter import scatter
from adami.report.figures_shares import counts, shares
from adami.report.results import Profile
from adami.variables import missing_rows

MOST_ROWS = 200_000
"""Rows beyond this are thinned evenly: the picture would not change."""


class Figures:
    """Draws the columns of one profile; classes of the target keep their colours from plot to plot.

    Parameters
    ----------
    profile : Profile
        Its `data` must hold the raw columns; a column that it lacks has no picture.
    """

    def __init__(self, profile: Profile) -> None:
        self._data = profile.data
        self._kinds = {c.name: c.kind for c in profile.columns}
        self.target = profile.ranking.target
        self.classes: list[str] = []
        self._codes: np.ndarray | None = None
        if self.target in self._data and not self._is_number(self.target):
            raw = self._data[self.target]
            present = ~missing_rows(raw)
            if present.any():
                self._codes = np.full(len(raw), -1, dtype=np.int64)
                self.classes, self._codes[present] = levels(raw[present])

    def draw(self, name: str) -> Markup | None:
        """Return the picture of a column against the target, or of the target alone; None without rows."""
        rows = self._rows(name)
        if rows is None or not len(rows):
            return None
        raw = self._data[name][rows]
        number, target_number = self._is_number(name), self._is_number(self.target)
        if name == self.target:
            if number:
                return histogram(raw, name, self._shape(name))
            return counts(self._classes(rows), self.classes, name, True)
        if number and target_number:
            return scatter(raw, self._data[self.target][rows], name, self.target)
        if number:
            return ridges(
                raw, self._classes(rows), self.classes, of=name, by=self.target, shape=self._shape(name)
            )
        names, codes = levels(raw)
        if target_number:
            target = self._data[self.target][rows]
            return ridges(
                target, codes, names, of=self.target, by=name, shape=self._shape(self.target), coloured=False
            )
        return shares(codes, names, self._classes(rows), self.classes, of=name, by=self.target)

    def _rows(self, name: str) -> np.ndarray | None:
        if name not in self._data or self.target not in self._data:
            return None
        gone: np.ndarray = missing_rows(self._data[name]) | missing_rows(self._data[self.target])
        for raw in (self._data[name], self._data[self.target]):
            if raw.dtype.kind == "f":
                gone = gone | ~np.isfinite(raw)
        rows: np.ndarray = np.flatnonzero(~gone)[:: max(1, -(-int((~gone).sum()) // MOST_ROWS))]
        return rows

    def _classes(self, rows: np.ndarray) -> np.ndarray:
        if self._codes is None:
            raise ValueError(f"target {self.target!r} has no classes")
        codes: np.ndarray = self._codes[rows]
        return codes

    def _is_number(self, name: str) -> bool:
        """Tell whether to draw on a number line; long scales of whole numbers belong there too."""
        raw = self._data[name]
        if raw.dtype == object or raw.dtype.kind == "b":
            return False
        if self._kinds.get(name) != "discrete":
            return True
        return len(np.unique(raw[~missing_rows(raw)])) > MAX_LEVELS

    def _shape(self, name: str) -> Shape:
        shapes: dict[str, Shape] = {"mixed": "stems", "discrete": "bars"}
        return shapes.get(self._kinds.get(name, ""), "smooth")
