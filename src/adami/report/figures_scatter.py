"""Numbers against numbers: points while they can be told apart, hexagons when there are many."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from adami.report.figures_axes import WIDTH, Axis, axis, beyond, bottom, quantities, svg, text

POINTS = 1500
"""Rows from which hexagons take over."""
_HEIGHT, _TOP, _FLOOR, _LEFT = 232, 22, 192, 44
_RADIUS = 6.0
_CHUNK = 100


def scatter(x_raw: np.ndarray, y_raw: np.ndarray, x_name: str, y_name: str) -> Markup:
    """Draw one number column against another, with the running median of the second."""
    x, x_scale = quantities(x_raw)
    y, y_scale = quantities(y_raw)
    across = axis(x, _LEFT, WIDTH - 6, x_scale)
    up = axis(y, _FLOOR, _TOP, y_scale)
    parts = [*_upright(up, across, y_name), *bottom(across, _FLOOR, x_name)]
    inside = (x >= across.low) & (x <= across.high) & (y >= up.low) & (y <= up.high)
    px, py = across(x[inside]), up(y[inside])
    parts += _points(px, py) if len(px) <= POINTS else _hexagons(px, py)
    trend, said = _median_line(x, y, across, up)
    parts += trend
    many = "points" if len(px) <= POINTS else "hexagons, darker where rows are denser"
    label = f"{y_name} against {x_name}, {len(x):,} rows as {many}. {said}{beyond(across, up)}"
    return svg(_HEIGHT, label, parts)


def _upright(up: Axis, across: Axis, name: str) -> list[Markup]:
    parts = [text(4, 12, up.title(name, 40), "axis", "start", name)]
    for y, label in up.ticks():
        parts.append(
            Markup('<path class="grid" d="M{:.1f} {:.1f}H{:.1f}"/>').format(across.start, y, across.stop)
        )
        parts.append(text(_LEFT - 6, y + 4, label, "tick", "end"))
    return parts


def _points(px: np.ndarray, py: np.ndarray) -> list[Markup]:
    """Draw dots as zero-length strokes: a few bytes each; in several paths, so that crowds grow darker."""
    kind = "dots few" if len(px) <= 200 else "dots"
    parts = []
    for i in range(0, len(px), _CHUNK):
        marks = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(px[i : i + _CHUNK], py[i : i + _CHUNK]))
        parts.append(Markup('<path class="{}" d="{}"/>').format(kind, marks))
    return parts


def _hexagons(px: np.ndarray, py: np.ndarray) -> list[Markup]:
    wide, tall = _RADIUS * 3**0.5, _RADIUS * 1.5
    # two staggered lattices; each point belongs to the nearer of its two candidate centres
    row_a, row_b = 2 * np.round(py / (2 * tall)), 2 * np.floor(py / (2 * tall)) + 1
    col_a, col_b = np.round(px / wide), np.floor(px / wide) + 0.5
    near_a = (px - col_a * wide) ** 2 + (py - row_a * tall) ** 2
    near_b = (px - col_b * wide) ** 2 + (py - row_b * tall) ** 2
    first = near_a <= near_b
    cells = np.column_stack([np.where(first, col_a, col_b) * wide, np.where(first, row_a, row_b) * tall])
    centres, counts = np.unique(np.round(cells, 1), axis=0, return_counts=True)
    shade = np.ceil(5 * np.log1p(counts) / np.log1p(counts.max())).astype(int)
    half, quarter = wide / 2, _RADIUS / 2
    right, left = f"l{half:.1f} {quarter:.1f}v{_RADIUS:.1f}", f"l-{half:.1f} {quarter:.1f}"
    shape = f"{right}{left}l-{half:.1f}-{quarter:.1f}v-{_RADIUS:.1f}z"
    parts = []
    for level in range(1, 6):
        marks = "".join(f"M{a:.1f} {b - _RADIUS:.1f}{shape}" for a, b in centres[shade == level])
        if marks:
            parts.append(Markup('<path class="hex h{}" d="{}"/>').format(level, marks))
    return parts


def _median_line(x: np.ndarray, y: np.ndarray, across: Axis, up: Axis) -> tuple[list[Markup], str]:
    pieces = min(12, len(x) // 25)
    if pieces < 3:
        return [], ""
    edges = np.unique(np.quantile(x, np.linspace(0, 1, pieces + 1)))
    if len(edges) < 4:
        return [], ""
    where = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    middles = [
        (np.median(x[where == i]), np.median(y[where == i]))
        for i in range(len(edges) - 1)
        if (where == i).any()
    ]
    marks = "L".join(f"{across(a):.1f} {up(b):.1f}" for a, b in middles)
    parts = [
        Markup('<path class="halo" d="M{}"/>').format(marks),
        Markup('<path class="trend" d="M{}"/>').format(marks),
    ]
    first, last = middles[0][1], middles[-1][1]
    return parts, f"The running median goes from {up.say(first)} to {up.say(last)}."
