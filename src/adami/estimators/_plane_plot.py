"""The figure of an information plane, by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from adami.estimators._plane_table import PlaneTable

WINDOW, ORDER = 31, 4
"""Of the Savitzky-Golay filter for display."""
MARKERS = "osD^vP*X<>"


def draw(table: PlaneTable, ax: Any, smooth: bool) -> Any:
    """Draw the path of every layer, coloured by epoch."""
    try:
        import matplotlib.pyplot as plt
        from matplotlib.colors import LogNorm
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install 'adami[plot]'") from problem
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    labelled = bool(np.isfinite(table["I_TY"]).all())
    epochs = table["epoch"].astype(float) + 1
    norm = LogNorm(epochs.min(), max(epochs.max(), epochs.min() + 1))
    drawn = None
    for i, layer in enumerate(table.layers()):
        part = table.of(layer)
        marker = MARKERS[i % len(MARKERS)]
        if not labelled:
            line = ax.plot(part["epoch"] + 1, _smoothed(part["I_TX"], smooth), marker=marker, markersize=3)[0]
            line.set_label(layer)
            if np.isfinite(part["error"]).all():
                low, high = part["I_TX"] - part["error"], part["I_TX"] + part["error"]
                ax.fill_between(part["epoch"] + 1, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
            continue
        x, y = _smoothed(part["I_TX"], smooth), _smoothed(part["I_TY"], smooth)
        ax.plot(x, y, color="#a8a29e", linewidth=0.7, zorder=1)
        drawn = ax.scatter(
            x, y, c=part["epoch"] + 1, cmap="viridis", norm=norm, marker=marker, s=22, label=layer, zorder=2
        )
    if labelled:
        ax.set_xlabel("I(T;X) (nats)")
        ax.set_ylabel("I(T;Y) (nats)")
        ax.figure.colorbar(drawn, ax=ax, label="epoch + 1")
        keys = ax.legend(title="layer", frameon=False)
        for key in keys.legend_handles:
            key.set_color("#57534e")
    else:
        ax.set_xscale("log")
        ax.set_xlabel("epoch + 1")
        ax.set_ylabel("I(T;X) (nats)")
        ax.legend(title="layer", frameon=False)
    ax.set_title(f"information plane, {table.estimator}", loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _smoothed(curve: np.ndarray, smooth: bool) -> np.ndarray:
    if not smooth:
        return curve
    from scipy.signal import savgol_filter

    window = min(WINDOW, len(curve) - (len(curve) + 1) % 2)
    if window <= ORDER:
        return curve
    return np.asarray(savgol_filter(curve, window, ORDER))
