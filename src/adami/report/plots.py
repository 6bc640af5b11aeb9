"""Figures for notebooks and papers, by matplotlib; the page draws its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.report.results import Matrix, Ranking

try:
    import matplotlib.pyplot as plt
except ImportError as problem:
    raise ImportError("plot() needs matplotlib: pip install 'adami[plot]'") from problem

TEAL, GREY = "#0f766e", "#a8a29e"
MOST_NUMBERS = 12
"""Columns up to which the heat map writes its values into the cells."""


def plot_ranking(ranking: Ranking, ax: Any = None) -> Any:
    """Draw what each column tells about the target as bars with intervals.

    Parameters
    ----------
    ranking : Ranking
    ax : matplotlib.axes.Axes, optional
        Drawn into; a new figure is made without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import adami
    >>> table = {"copy": [0, 1] * 60, "other": [0, 0, 1, 1] * 30, "y": [0, 1] * 60}
    >>> axes = adami.rank(table, "y", permutations=19).plot()
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['copy', 'other']
    """
    rows = [r for r in ranking.rows if np.isfinite(r.information.value)]
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 0.9 + 0.32 * len(rows)), layout="constrained")
    places = np.arange(len(rows))
    values = np.array([r.information.value for r in rows])
    sure = [r.adjusted_p is None or r.adjusted_p < 0.05 for r in rows]
    ax.barh(places, values, height=0.62, color=[TEAL if s else GREY for s in sure])
    for place, row in zip(places, rows):
        if row.information.interval is not None:
            ax.plot(row.information.interval, (place, place), color="black", linewidth=1)
    ax.set_yticks(places, [r.name for r in rows])
    ax.invert_yaxis()
    ax.set_xlabel(f"information about {ranking.target} (nats)")
    if ranking.target_entropy is not None and ranking.target_entropy.kinds == ("discrete",):
        ax.axvline(ranking.target_entropy.value, color="black", linewidth=0.8, linestyle=":")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_matrix(matrix: Matrix, ax: Any = None) -> Any:
    """Draw the normalized information of all pairs as a heat map.

    Parameters
    ----------
    matrix : Matrix
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import matplotlib; matplotlib.use("Agg")
    >>> import adami
    >>> m = adami.matrix({"a": [0, 1] * 50, "b": [0, 1] * 50, "c": [0, 0, 1, 1] * 25}, method="plugin")
    >>> m.plot().get_images()[0].get_array().shape
    (3, 3)
    """
    p = len(matrix.names)
    if ax is None:
        side = 1.6 + 0.45 * p
        _, ax = plt.subplots(figsize=(side + 0.8, side), layout="constrained")
    image = ax.imshow(matrix.normalized, vmin=0, vmax=1, cmap="GnBu")
    ax.set_xticks(range(p), matrix.names, rotation=90)
    ax.set_yticks(range(p), matrix.names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if p <= MOST_NUMBERS:
        for i, j in np.ndindex(p, p):
            value = matrix.normalized[i, j]
            if i != j and np.isfinite(value):
                ink = "white" if value > 0.6 else "black"
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    ax.figure.colorbar(image, ax=ax, label="normalized information", shrink=0.8)
    return ax
