"""Figures of labelled spectra: how much they tell about their labels, and one spectrum with its fragments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from adami.applications.peptides._extras import need
from adami.applications.peptides.fragments import matched_ions
from adami.applications.peptides.residues import Vocabulary
from adami.applications.peptides.spectra import Spectrum
from adami.applications.peptides.suspicion import PSMInformation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 40
ION_COLORS = {"b": "#4c72b0", "y": "#c44e52"}


def plot_information(
    information: PSMInformation, suspects: Sequence[int] | np.ndarray = (), axes: Axes | None = None
) -> Figure:
    """Draw how the mean information is distributed over the matches, suspicious ones apart.

    Parameters
    ----------
    information : PSMInformation
        Of `AdaNovo.cmi`.
    suspects : sequence of int
        Rows to draw apart, such as ``information.suspects(below=0.0)``.
    axes : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    need("matplotlib", "drawing", "matplotlib", "plot")
    axes = _axes() if axes is None else axes
    marked = np.zeros(len(information), dtype=bool)
    marked[np.asarray(suspects, dtype=np.int64)] = True
    edges = np.histogram_bin_edges(information.means, BINS).tolist()
    axes.hist(information.means[~marked], edges, color="#4c72b0", label="other matches")
    if marked.any():
        axes.hist(information.means[marked], edges, color="#c44e52", label="suspicious matches")
        axes.legend(frameon=False)
    axes.axvline(0.0, color="0.4", linewidth=0.8)
    axes.set_xlabel("what the spectrum tells about its label (nats a residue)")
    axes.set_ylabel("matches")
    return _figure(axes)


def plot_spectrum(
    spectrum: Spectrum,
    peptide: str | None = None,
    *,
    information: np.ndarray | None = None,
    tolerance: float = 20.0,
    axes: Axes | None = None,
) -> Figure:
    """Draw a spectrum with the b- and y-ions of a peptide named.

    Parameters
    ----------
    spectrum : Spectrum
    peptide : str, optional
        The label of the spectrum by default; without any, peaks stay unnamed.
    information : array, shape (n tokens,), optional
        A row of ``PSMInformation.residues``, written under the peptide in the title.
    tolerance : float
        Of fragments, ppm.
    axes : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    need("matplotlib", "drawing", "matplotlib", "plot")
    axes = _axes() if axes is None else axes
    highest = float(spectrum.intensity.max(initial=0.0)) or 1.0
    heights = spectrum.intensity / highest
    axes.vlines(spectrum.mz, 0, heights, color="0.7", linewidth=0.8)
    shown = peptide or spectrum.peptide
    if shown:
        words = Vocabulary()
        tokens = words.split(shown)
        for ion in matched_ions(spectrum, tokens, tolerance, words):
            color, height = ION_COLORS[ion.name[0]], heights[ion.peak]
            axes.vlines(spectrum.mz[ion.peak], 0, height, color=color, linewidth=1.2)
            axes.annotate(
                ion.name,
                (spectrum.mz[ion.peak], height),
                (0, 2),
                textcoords="offset points",
                color=color,
                fontsize=7,
                rotation=90,
                ha="center",
            )
        title = "".join(tokens)
        if information is not None:
            title += "\n" + "  ".join(f"{t} {v:+.1f}" for t, v in zip(tokens, information))
        axes.set_title(title, fontsize=9)
    axes.set_xlabel("m/z")
    axes.set_ylabel("share of the highest peak")
    axes.set_ylim(0, 1.15)
    return _figure(axes)


def _axes() -> Axes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # no window, and nothing to close: the figure belongs to the caller
    figure = Figure(figsize=(8, 4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("axes= belongs to no figure")
    return figure
