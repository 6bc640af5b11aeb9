"""Accuracy against the number of features asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adami.acquisition._stop import Stop
from adami.acquisition.dime import DIMEClassifier

RANDOM_ORDERS = 20


@dataclass(frozen=True, slots=True)
class AskingCurve:
    """Accuracies of several ways to ask.

    Parameters
    ----------
    asked : numpy.ndarray
        Shape ``(m,)``: 0, 1, 2, ... features.
    accuracy : dict of str to numpy.ndarray
        Each of shape ``(m,)``; ``"adaptive"`` first.
    everything : float
        Accuracy with all features.
    n : int
        Rows behind it.
    held_out : bool
        Whether these rows were kept out of the training of the model.
    """

    asked: np.ndarray
    accuracy: dict[str, np.ndarray]
    everything: float
    n: int
    held_out: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "asked": self.asked.tolist(),
            "accuracy": {k: v.tolist() for k, v in self.accuracy.items()},
            "all_features": self.everything,
            "rows": self.n,
            "held_out": self.held_out,
        }

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the curves; with a path, write the figure there.

        Returns
        -------
        matplotlib.figure.Figure
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as problem:
            raise ImportError("drawing needs matplotlib: pip install 'adami[plot]'") from problem
        figure = Figure(figsize=(7, 4.4), layout="constrained")
        axes = figure.subplots()
        styles = ("-", "--", "-.", ":")
        for i, (name, values) in enumerate(self.accuracy.items()):
            first = i == 0
            axes.plot(
                self.asked,
                values,
                styles[i % 4],
                label=name,
                color="#0b5fa5" if first else ("#c05a00", "#4d7c0f", "#6b7280")[(i - 1) % 3],
                linewidth=2.4 if first else 1.5,
                zorder=3 if first else 2,
            )
            if first:
                half = 1.96 * np.sqrt(values * (1 - values) / self.n)
                axes.fill_between(
                    self.asked, values - half, np.minimum(values + half, 1), color="#0b5fa5", alpha=0.15, lw=0
                )
        axes.axhline(self.everything, color="black", linewidth=0.8)
        axes.annotate(
            "all features",
            (self.asked[-1], self.everything),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
        )
        axes.set_xlabel("features asked for")
        axes.set_ylabel(f"accuracy, {self.n} {'held-out ' if self.held_out else ''}rows")
        axes.set_xlim(self.asked[0], self.asked[-1])
        top = max(self.everything, *(float(v.max()) for v in self.accuracy.values()))
        axes.set_ylim(top=min(1.02, top + 0.06))
        if len(self.asked) <= 12:
            axes.set_xticks(self.asked)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right")
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure


def asking_curve(
    model: DIMEClassifier,
    x: np.ndarray,
    labels: np.ndarray,
    orders: Mapping[str, Sequence[int]],
    most: int | None,
    random_state: int,
    held_out: bool,
) -> AskingCurve:
    """Return the curves; every way to ask uses the same predictor."""
    units = model.selector_.n_units
    limit = units if most is None else min(most, units)
    if limit < 1:
        raise ValueError(f"most={most}: at least one feature has to be asked for")
    codes = np.searchsorted(model.classes_, labels)
    chosen = model.select(x, Stop(max_queries=limit)).order
    chosen = np.pad(chosen, ((0, 0), (0, limit - chosen.shape[1])), constant_values=-1)
    found = {"adaptive": _accuracies(model, x, codes, chosen)}
    for name, order in orders.items():
        found[name] = _accuracies(model, x, codes, np.tile(np.array(order[:limit]), (len(x), 1)))
    rng = np.random.default_rng(random_state)
    blind = []
    for _ in range(min(RANDOM_ORDERS, math.factorial(min(units, 5)))):
        drawn = rng.permutation(units)[:limit]
        blind.append(_accuracies(model, x, codes, np.tile(drawn, (len(x), 1))))
    found["random"] = np.mean(blind, axis=0)
    everything = float((model.predict(x) == labels).mean())
    return AskingCurve(np.arange(limit + 1), found, everything, len(x), held_out)


def _accuracies(model: DIMEClassifier, x: np.ndarray, codes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the accuracy after 0, 1, ... features in an order of each row."""
    rows, known = model._rows(x, None)
    scaled, available = model.selector_.standardized(rows), model._available(rows)
    masks, found = np.zeros(available.shape), []
    for step in range(order.shape[1] + 1):
        if step:
            some = np.flatnonzero(order[:, step - 1] >= 0)
            masks[some, order[some, step - 1]] = available[some, order[some, step - 1]]
        p, _ = model.selector_.look(scaled, masks, known)
        found.append(float((p.argmax(1) == codes).mean()))
    return np.array(found)
