"""Bins that follow a layer's activity, and the information of the binned layer.

The edges are those of Chelombiev, Houghton and O'Donnell, "Adaptive Estimators Show Information Compression
in Deep Neural Networks", 2019 (paper 2 of adami's register). The information of a deterministic network is
only a statement about a resolution, so it is always shown with its edges.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np

Binning = Literal["ebab", "range", "global", "fixed"]
BINNINGS: tuple[Binning, ...] = ("ebab", "range", "global", "fixed")
SATURATED = 0.9
"""Share of ln n above which nearly every row is a symbol of its own."""


class LayerInformation(NamedTuple):
    """What a binned layer tells about the input and the label, in nats."""

    entropy: float
    """H(T)."""
    about_x: float
    """I(T;X); it is H(T) where every input is another one."""
    about_y: float | None
    """I(T;Y), where there are labels."""
    saturated: bool
    """Whether H(T) is above 90 % of ln n, its largest value in n rows."""


def ebab_edges(activations: Any, n_bins: int = 30, low: float | Literal["auto"] = "auto") -> np.ndarray:
    """Return the edges of entropy-based adaptive binning of one layer at one epoch.

    Every bin holds the same number of distinct levels, and the floor of the activation function has a bin of
    its own, so that units that are off stay apart from units that are on.

    Parameters
    ----------
    activations : array of shape (n, d)
        Rows are inputs, columns are units; all units share the edges.
    n_bins : int
    low : float or "auto"
        Floor of the activation function: 0 for ReLU, slightly below -1 for tanh and ELU. "auto" takes 0 where
        no activation is negative, -1.000001 where none is below -1, and just below the least one otherwise.

    Returns
    -------
    numpy.ndarray
        Rising; `n_bins` + 2 of them, fewer where levels are few, and `low` alone for a layer at its floor.

    Raises
    ------
    ValueError
        For activations that are not finite, or lie below `low`.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import ebab_edges
    >>> ebab_edges(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 90.0]]), n_bins=2)
    array([ 0.,  1.,  3., 90.])
    """
    values = checked_activations(activations)
    _check_bins(n_bins)
    levels = np.unique(values)
    floor = _floor(levels) if low == "auto" else float(low)
    if levels[0] < floor:
        raise ValueError(
            f"an activation of {levels[0]:g} lies below low={floor:g}; lower it, or use low='auto'"
        )
    levels = levels[levels > floor]
    if not len(levels):
        return np.array([floor])
    places = np.arange(n_bins) * len(levels) // n_bins
    return np.unique(np.concatenate(([floor], levels[places], levels[-1:])))


def even_edges(least: float, most: float, n_bins: int = 30) -> np.ndarray:
    """Return the edges of bins of equal width, the last of which is closed.

    Parameters
    ----------
    least, most : float
        Ends of the range: of one layer at one epoch, of a whole recording, or fixed in advance.
    n_bins : int

    Examples
    --------
    >>> from adami.estimators import even_edges
    >>> even_edges(-1.0, 1.0, 4)
    array([-1. , -0.5,  0. ,  0.5])
    """
    _check_bins(n_bins)
    if not (math.isfinite(least) and math.isfinite(most)) or most < least:
        raise ValueError(f"bins from {least} to {most}: the ends must be finite and in this order")
    return np.unique(np.linspace(least, most, n_bins + 1)[:-1])


def layer_edges(
    activations: np.ndarray,
    binning: Binning,
    n_bins: int = 30,
    low: float | Literal["auto"] = "auto",
    span: tuple[float, float] = (-1.0, 1.0),
    width: float | None = None,
) -> np.ndarray:
    """Return the edges of a layer by the adaptive rule or one of its baselines.

    Parameters
    ----------
    activations : numpy.ndarray of shape (n, d)
    binning : {"ebab", "range", "global", "fixed"}
        Adaptive; equal widths over this layer's range; equal widths over `span`, the range of the recording;
        equal widths over `span`, fixed in advance.
    n_bins : int
    low : float or "auto"
        For "ebab".
    span : tuple of float
        For "global" and "fixed". What lies below it is a bin of its own, what lies above falls into the last.
    width : float, optional
        Width of the bins of "fixed", in place of their number.
    """
    if binning == "ebab":
        return ebab_edges(activations, n_bins, low)
    if binning == "range":
        return even_edges(float(activations.min()), float(activations.max()), n_bins)
    if binning not in BINNINGS:
        raise ValueError(f"binning={binning!r}: choose one of {', '.join(BINNINGS)}")
    if binning == "fixed" and width is not None:
        if not (math.isfinite(width) and width > 0):
            raise ValueError(f"width={width!r}: bins need a positive width")
        first, last = (math.floor(float(end) / width) for end in (activations.min(), activations.max()))
        return width * np.arange(first, last + 1)
    return even_edges(*span, n_bins)


def quantize(activations: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin of each activation: the number of edges at or below it, int64 of the same shape."""
    return np.searchsorted(edges, activations, side="right").astype(np.int64)


def symbols(bins: np.ndarray) -> np.ndarray:
    """Return the number of each distinct row of a binned layer: int64 ``(n,)``."""
    codes = np.zeros(len(bins), dtype=np.int64)
    for unit in bins.T:
        # renumbered after every unit: a product of bin counts would overflow
        codes = np.unique(codes * (int(unit.max()) + 1) + unit, return_inverse=True)[1]
    return codes


def binned_information(
    bins: np.ndarray, y: np.ndarray | None = None, x_id: np.ndarray | None = None
) -> LayerInformation:
    """Return the plug-in information of a binned layer, a row of which is one symbol.

    Parameters
    ----------
    bins : numpy.ndarray of shape (n, d)
        As `quantize` gives them.
    y : numpy.ndarray of shape (n,), optional
        Codes of the labels.
    x_id : numpy.ndarray of shape (n,), optional
        Codes of the inputs; by default all of them are distinct.

    Returns
    -------
    LayerInformation
        In nats.
    """
    codes = symbols(bins)
    entropy = _entropy(codes)
    about_x = entropy if x_id is None else _information(codes, x_id)
    about_y = None if y is None else _information(codes, y)
    return LayerInformation(entropy, about_x, about_y, entropy > SATURATED * math.log(len(codes)))


def checked_activations(activations: Any, name: str = "activations") -> np.ndarray:
    """Return activations as float64 ``(n, d)``; units of higher rank are laid side by side.

    Raises
    ------
    ValueError
        If there are none, or some are not finite.
    """
    values = np.asarray(activations, dtype=np.float64)
    values = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
    if not values.size:
        raise ValueError(f"{name}: no activations")
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise ValueError(
            f"{name}: {bad} of {values.size} activations are not finite; has the training diverged?"
        )
    return values


def _floor(levels: np.ndarray) -> float:
    least = float(levels[0])
    if least >= 0:
        return 0.0
    if least >= -1.000001:
        return -1.000001
    return float(np.nextafter(least, -np.inf))


def _check_bins(n_bins: int) -> None:
    if int(n_bins) != n_bins or n_bins < 1:
        raise ValueError(f"n_bins={n_bins!r} must be a whole number of at least 1")


def _entropy(codes: np.ndarray) -> float:
    from adami.estimators.plugin import Plugin

    return Plugin(pointwise=False)._entropy_of_counts(np.bincount(codes), 0)


def _information(codes: np.ndarray, other: np.ndarray) -> float:
    from adami.estimators._kernels.tables import pair_information

    other = np.unique(other, return_inverse=True)[1].astype(np.int64)
    return float(pair_information(codes, other, int(codes.max()) + 1, int(other.max()) + 1))
