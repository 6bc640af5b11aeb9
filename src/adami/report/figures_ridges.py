"""Numbers by label: one small distribution a class, and the histogram of a column alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from markupsafe import Markup

from adami.report.figures_axes import (
    GUTTER,
    WIDTH,
    Axis,
    axis,
    beyond,
    bottom,
    listing,
    quantities,
    short,
    svg,
    text,
)
from adami.variables import ATOM_ROWS

Shape = Literal["smooth", "stems", "bars"]

_GRID = 97
_RIGHT = WIDTH - 44
_STEM = 0.12
"""Share of the rows of a class from which a single value is drawn as a stem: smaller ones would be specks."""
_FEW = 8
"""A class with fewer rows is drawn as single strokes: a density of so few would be invented."""


def ridges(
    raw: np.ndarray,
    codes: np.ndarray,
    names: list[str],
    *,
    of: str,
    by: str,
    shape: Shape = "smooth",
    coloured: bool = True,
) -> Markup:
    """Draw the distribution of a number column in each class.

    Parameters
    ----------
    raw : numpy.ndarray, shape (n,)
        Numbers or dates without missing values.
    codes : numpy.ndarray, shape (n,)
        Class of each row.
    names : list of str
        Names of the classes.
    of, by : str
        Names of the number column and of the label.
    shape : {"smooth", "stems", "bars"}
        A density; a density with stems for single values that fill many rows; or bars for whole numbers.
    coloured : bool
        Whether classes wear their own colours.
    """
    values, scale = quantities(raw)
    across = axis(values, GUTTER, _RIGHT, scale)
    step = 40 if len(names) <= 4 else 30
    floor = 12 + step * len(names)
    parts: list[Markup] = []
    middles: list[tuple[str, str]] = []
    for i, name in enumerate(names):
        own = values[codes == i]
        base = 12 + step * (i + 1)
        colour = f"k{i}" if coloured else "plain"
        parts.append(Markup('<path class="grid" d="M{} {}H{}"/>').format(GUTTER, base, _RIGHT))
        parts.append(text(GUTTER - 8, base - 4, short(name), "name", "end", name))
        parts.append(text(WIDTH - 2, base - 4, f"{len(own):,}", "tick", "end"))
        parts += _ridge(own, across, base, step * 0.86, colour, shape)
        if len(own):
            middles.append((name, across.say(float(np.median(own)))))
    parts += bottom(across, floor, of)
    label = (
        f"Distribution of {of} by {by}, {len(values):,} rows. Medians: {listing(middles)}.{beyond(across)}"
    )
    return svg(floor + 40, label, parts)


def histogram(raw: np.ndarray, name: str, shape: Shape = "smooth") -> Markup:
    """Draw the distribution of one number column."""
    values, scale = quantities(raw)
    across = axis(values, 8, WIDTH - 8, scale)
    floor = 112
    parts = _ridge(values, across, floor, 96.0, "plain", shape)
    parts += bottom(across, floor, name)
    ends = f"from {across.say(float(values.min()))} to {across.say(float(values.max()))}"
    label = f"Distribution of {name}, {len(values):,} rows {ends}.{beyond(across)}"
    return svg(floor + 40, label, parts)


def _ridge(
    own: np.ndarray, across: Axis, base: float, height: float, colour: str, shape: Shape
) -> list[Markup]:
    own = own[(own >= across.low) & (own <= across.high)]
    if len(own) < _FEW:
        marks = "".join(f"M{across(v):.1f} {base}v-{height * 0.5:.1f}" for v in own)
        return [Markup('<path class="strip s-{}" d="{}"/>').format(colour, marks)] if marks else []
    middle = float(across(np.median(own)))
    drawn: list[Markup] = []
    if shape == "stems":
        values, counts = np.unique(own, return_counts=True)
        heavy = (counts >= ATOM_ROWS) & (counts >= _STEM * len(own))
        drawn = [_stem(across(v), base, height * c / len(own)) for v, c in zip(values[heavy], counts[heavy])]
        own = own[~np.isin(own, values[heavy])]
    if len(own) >= _FEW:
        marks = _bars(own, across, base, height) if shape == "bars" else _hill(own, across, base, height)
        drawn.insert(0, Markup('<path class="ridge {}" d="{}"/>').format(colour, marks))
    tick = Markup('<path class="median s-{}" d="M{:.1f} {}v-{:.1f}"/>')
    return [*drawn, tick.format(colour, middle, base, min(10.0, height / 2))]


def _stem(x: float, base: float, height: float) -> Markup:
    """Draw a value that fills many rows: the full height would be all rows."""
    stem = Markup('<path class="stem" d="M{0:.1f} {1}V{2:.1f}"/><circle cx="{0:.1f}" cy="{2:.1f}" r="3"/>')
    return stem.format(x, base, base - height)


def _bars(own: np.ndarray, across: Axis, base: float, height: float) -> str:
    values, counts = np.unique(own, return_counts=True)
    gaps = np.diff(across(values))
    width = min(9.0, 0.8 * float(gaps.min())) if len(gaps) else 9.0
    tall = counts * height / counts.max()
    return "".join(
        f"M{across(v) - width / 2:.1f} {base}v-{t:.1f}h{width:.1f}V{base}z" for v, t in zip(values, tall)
    )


def _hill(own: np.ndarray, across: Axis, base: float, height: float) -> str:
    edges = np.linspace(across.low, across.high, _GRID)
    counts, _ = np.histogram(own, edges)
    middles = 0.5 * (edges[1:] + edges[:-1])
    density = _smooth(counts, own, middles)
    density *= height / density.max()
    line = "L".join(f"{across(m):.1f} {base - d:.1f}" for m, d in zip(middles, density))
    return f"M{across.start:.1f} {base}L{line}L{across.stop:.1f} {base}z"


def _smooth(counts: np.ndarray, own: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Smooth a fine histogram by a Gaussian of Silverman's width."""
    quarter = float(np.subtract(*np.quantile(own, [0.75, 0.25]))) / 1.349
    spread = min(v for v in (float(own.std()), quarter or np.inf) if v > 0) if own.std() > 0 else 0.0
    pixel = float(middles[1] - middles[0])
    width = max(0.9 * spread * len(own) ** -0.2, pixel)
    kernel = np.exp(-0.5 * ((middles[:, None] - middles) / width) ** 2)
    smooth: np.ndarray = kernel @ counts
    return smooth
