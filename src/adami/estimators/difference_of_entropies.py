"""Information as a difference of two fitted entropies, for amounts that no lower bound can reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import ceiling_note, constant_note, nothing_to_tell
from adami.estimators._network_columns import NetworkColumns
from adami.estimators._neural import Callback, NeuralEstimator, Progress, Transform, continuous_block
from adami.variables import Variable

DENSITIES = ("gauss", "logistic", "flow")
WATCHED = 0.1


class DifferenceOfEntropies(NeuralEstimator):
    """Cross-entropy of y minus cross-entropy of y given x, both by densities fitted to the same rows.

    Neither a lower nor an upper bound: each cross-entropy is above its entropy, and the difference errs to
    either side. There is no ceiling at ln n, so that tens of nats can be measured where the family of
    densities fits.

    Parameters
    ----------
    density : {"gauss", "logistic", "flow"}
        Of each column of y; ``"flow"`` straightens the columns first by increasing maps that both densities
        share.
    hidden : sequence of int
        Hidden layers of the network from x to location and scale of y.
    full : bool
        Whether the columns of y may depend on one another within each density; without it they should be
        independent of one another.
    batch_size, steps : int
    learning_rate : float
    folds : int
        Each part of the rows is read out with densities that were fitted to the others.
    every, patience : int
    transform : {"standardize", "none", "rank", "normal_score"}
    device, random_state, progress, checkpoint, callback
        As in every estimator that trains a network.

    References
    ----------
    McAllester and Stratos, "Formal limitations on the measurement of mutual information", AISTATS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import DifferenceOfEntropies
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 600))
    >>> found = DifferenceOfEntropies(steps=300).estimate(x, x + noise)
    >>> bool(0.2 < found < 0.5)
    True
    """

    name = "doe"
    takes = frozenset({"continuous", "discrete", "mixed"})

    def __init__(
        self,
        density: Literal["gauss", "logistic", "flow"] = "gauss",
        hidden: Sequence[int] = (128,),
        full: bool = False,
        batch_size: int = 64,
        steps: int = 2000,
        learning_rate: float = 3e-3,
        folds: int = 2,
        every: int = 100,
        patience: int | None = 10,
        transform: Transform = "standardize",
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.density = density
        self.hidden = hidden
        self.full = full
        self.batch_size = batch_size
        self.steps = steps
        self.learning_rate = learning_rate
        self.folds = folds
        self.every = every
        self.patience = patience
        self.transform = transform
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if self.density not in DENSITIES:
            raise ValueError(f"density={self.density!r}: choose one of {', '.join(DENSITIES)}")
        if (nothing := nothing_to_tell(x, y)) is not None:
            return nothing
        return self._measured(
            NetworkColumns(x, self.transform).table(x), continuous_block(y, self.transform), constant_note(x)
        )

    def _measured(self, x: np.ndarray, y: np.ndarray, notes: Any) -> Measurement:
        from adami.estimators._nets.density_training import train_densities

        n = len(x)
        if self.folds < 2:
            raise ValueError(f"folds={self.folds}: densities are read out on rows new to them; use 2")
        rng = np.random.default_rng(self.random_state)
        parts = np.array_split(rng.permutation(n), self.folds)
        smallest = n - len(parts[0])
        watched = max(1, round(WATCHED * smallest))
        if not 8 <= self.batch_size <= smallest - watched:
            raise ValueError(
                f"batch_size={self.batch_size} and {smallest - watched} of {n} rows to train on: between 8 "
                "and that many are possible"
            )
        surprise, conditional = np.zeros(n), np.zeros(n)
        curves, steps = [], []
        for k, held in enumerate(parts):
            others = np.concatenate([p for i, p in enumerate(parts) if i != k])
            training = replace(self._training(f"fold{k + 1}"), random_state=int(rng.integers(2**31)))
            free, given, history = train_densities(
                x,
                y,
                others[watched:],
                others[:watched],
                held,
                hidden=tuple(self.hidden),
                density=self.density,
                full=self.full,
                batch_size=self.batch_size,
                steps=self.steps,
                learning_rate=self.learning_rate,
                every=self.every,
                patience=self.patience,
                training=training,
            )
            surprise[held], conditional[held] = free, given
            curves.append(history.validation)
            steps.append(history.steps)
        local = surprise - conditional
        value = float(local.mean())
        return Measurement(
            value,
            standard_error=float(local.std(ddof=1)) / math.sqrt(n),
            interval_kind="clt of the fitted densities",
            pointwise=local,
            diagnostics=(*notes, *ceiling_note(value, n)),
            details={
                "cross_entropy": float(surprise.mean()),
                "conditional_cross_entropy": float(conditional.mean()),
                "validation": curves,
                "steps": steps,
            },
        )
