"""How a critic is made, trained and read out: the settings, checked against the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adami.estimators._critic_readout import READOUTS, Readout
from adami.estimators._neural import NeuralEstimator

Objective = Literal["smile", "js", "js_nwj", "infonce", "nwj", "mine_f", "dv", "mine", "interpolated", "tuba"]
READ_BY: dict[str, Readout] = {
    "smile": "smile",
    "js": "smile",
    "js_nwj": "js_nwj",
    "infonce": "infonce",
    "nwj": "nwj",
    "mine_f": "nwj",
    "dv": "dv",
    "mine": "dv",
    "interpolated": "interpolated",
    "tuba": "interpolated",
}
"""The read-out that goes with each objective."""
TRAINED_AS = {"js": "smile", "js_nwj": "smile", "mine_f": "nwj", "tuba": "interpolated"}
NO_CRITIC = {"smile": -2 * math.log(2.0)}
"""What an objective is worth where every score is the same and best, 0 unless it is said here."""
SMALLEST_TRAINING = 8
WATCHED = 0.1
"""Share of the training rows that choose the weights."""
PAIRS_AT_ONCE = {"separable": 2048, "joint": 128}
"""Rows compared with one another in a read-out whose value does not depend on their number."""


@dataclass(frozen=True, slots=True)
class CriticPlan:
    """How a critic is made and trained; `adami.estimators.Variational` describes the fields."""

    objective: str
    critic: Any
    hidden: tuple[int, ...] | None
    alpha: float
    ema: float
    shifts: int | None
    batch_size: int
    steps: int
    learning_rate: float
    weight_decay: float
    dropout: float
    noise: float
    every: int
    patience: int | None
    readout_batch: int


class CriticSettings(NeuralEstimator):
    """Settings that the estimators with a critic share."""

    # what a thin configuration leaves out of its own __init__
    objective: Objective = "smile"
    readout: Readout | None = None
    alpha: float = 0.01
    tau: float = 5.0
    ema: float = 0.99
    shifts: int | None = None
    noise: float = 0.0
    weight_decay: float = 0.0
    dropout: float = 0.0
    every: int = 100
    readout_batch: int | None = None
    critic: Any
    hidden: Sequence[int] | None
    batch_size: int
    steps: int
    learning_rate: float
    folds: int
    repeats: int
    patience: int | None

    def _how(self) -> Readout:
        return self.readout or READ_BY[self.objective]

    def _watched(self, rows: int) -> int:
        return max(SMALLEST_TRAINING, round(WATCHED * rows))

    def _readout_batch(self) -> int:
        if self.readout_batch is not None:
            return self.readout_batch
        if self._how() in ("infonce", "interpolated"):
            return self.batch_size
        return PAIRS_AT_ONCE["separable" if self.critic == "separable" else "joint"]

    def _plan(self, n: int) -> CriticPlan:
        """Check the settings against the number of rows."""
        if self.objective not in READ_BY:
            raise ValueError(f"objective={self.objective!r}: choose one of {', '.join(READ_BY)}")
        if self._how() not in READOUTS:
            raise ValueError(f"readout={self.readout!r}: choose one of {', '.join(READOUTS)}")
        if self._how() == "interpolated" and READ_BY[self.objective] != "interpolated":
            raise ValueError("readout='interpolated' needs objective='interpolated' or 'tuba' as well")
        if not self.tau > 0:
            raise ValueError(f"tau={self.tau}: the clip of the log density ratio is positive; 5 is usual")
        if self.batch_size < SMALLEST_TRAINING:
            raise ValueError(
                f"batch_size={self.batch_size}: at least {SMALLEST_TRAINING} pairs are needed in a batch"
            )
        if self.folds < 1 or self.repeats < 1:
            raise ValueError(f"folds={self.folds}, repeats={self.repeats}: at least one of each is needed")
        others = n if self.folds == 1 else n - math.ceil(n / self.folds)
        rows = others - (self._watched(others) if self.folds > 1 else 0)
        if self.batch_size > rows or n < SMALLEST_TRAINING * (self.folds + 1):
            raise ValueError(
                f"batch_size={self.batch_size} and {max(rows, 0)} of {n} rows to train on "
                f"(folds={self.folds}): lower batch_size, or measure with method='ksg', which needs few rows"
            )
        return CriticPlan(
            objective=TRAINED_AS.get(self.objective, self.objective),
            critic=self.critic,
            hidden=None if self.hidden is None else tuple(self.hidden),
            alpha=0.0 if self.objective == "tuba" else self.alpha,
            ema=self.ema,
            shifts=self.shifts,
            batch_size=self.batch_size,
            steps=self.steps,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            dropout=self.dropout,
            noise=self.noise,
            every=self.every,
            patience=self.patience,
            readout_batch=self._readout_batch(),
        )
