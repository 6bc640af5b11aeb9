"""Labels against labels: how the classes of the target share each level, and the counts of a label alone."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from adami.report.figures_axes import GUTTER, WIDTH, listing, short, svg, text

_RIGHT = WIDTH - 48


def _row(levels: int) -> int:
    return 36 if levels <= 4 else 27


def shares(
    codes: np.ndarray,
    names: list[str],
    classes: np.ndarray,
    class_names: list[str],
    *,
    of: str,
    by: str,
) -> Markup:
    """Draw one bar a level, cut by the classes of the target; rows of each level stand at the right."""
    table = np.zeros((len(names), len(class_names)), dtype=np.int64)
    np.add.at(table, (codes, classes), 1)
    parts: list[Markup] = []
    row = _row(len(names))
    said: list[tuple[str, str]] = []
    for i, name in enumerate(names):
        total = int(table[i].sum())
        y = 6 + row * i
        parts.append(text(GUTTER - 8, y + row / 2, short(name), "name", "end", name))
        parts.append(text(WIDTH - 2, y + row / 2, f"{total:,}", "tick", "end"))
        edges = GUTTER + (_RIGHT - GUTTER) * np.concatenate([[0], np.cumsum(table[i])]) / max(total, 1)
        for j, class_name in enumerate(class_names):
            if not table[i, j]:
                continue
            share = f"{class_name}: {table[i, j]:,} of {total:,} ({table[i, j] / total:.0%})"
            parts.append(
                Markup(
                    '<rect class="share k{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}">'
                    "<title>{}</title></rect>"
                ).format(j, edges[j], y, max(edges[j + 1] - edges[j], 0.6), row - 8, share)
            )
        top = int(table[i].argmax())
        said.append((name, f"mostly {class_names[top]} ({table[i, top] / max(total, 1):.0%} of {total:,})"))
    label = f"Shares of {by} in each level of {of}: {listing(said)}."
    return svg(8 + row * len(names), label, parts)


def counts(codes: np.ndarray, names: list[str], of: str, coloured: bool) -> Markup:
    """Draw how many rows each level has."""
    rows = np.bincount(codes, minlength=len(names))
    row = _row(len(names))
    parts: list[Markup] = []
    for i, name in enumerate(names):
        y = 6 + row * i
        width = (_RIGHT - GUTTER) * rows[i] / max(rows.max(), 1)
        parts.append(text(GUTTER - 8, y + row / 2, short(name), "name", "end", name))
        parts.append(
            Markup('<rect class="share {}" x="{}" y="{}" width="{:.1f}" height="{}"/>').format(
                f"k{i}" if coloured else "plain", GUTTER, y, max(width, 0.6), row - 8
            )
        )
        parts.append(text(WIDTH - 2, y + row / 2, f"{rows[i]:,}", "tick", "end"))
    label = f"Rows of {of}: {listing([(n, f'{c:,}') for n, c in zip(names, rows)])}."
    return svg(8 + row * len(names), label, parts)
