"""Information from a critic that learns to tell pairs that occurred from pairs that did not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import constant_note, nothing_to_tell
from adami.estimators._critic_notes import critic_notes
from adami.estimators._critic_plan import NO_CRITIC, CriticSettings, Objective
from adami.estimators._critic_readout import LOWER, Reading, Readout, read
from adami.estimators._network_columns import NetworkColumns
from adami.estimators._neural import Callback, Progress, Transform
from adami.result import Diagnostic, Estimate
from adami.variables import Variable, variable

if TYPE_CHECKING:
    from adami.estimators._nets.critic_losses import CriticLoss
    from adami.estimators._nets.fit import History


@dataclass(frozen=True, slots=True)
class FittedCritic:
    """A trained critic and what it said on rows that it had not seen."""

    loss: CriticLoss
    held: np.ndarray
    reading: Reading
    history: History
    silent: bool
    """Whether it did no better than no critic on the rows that choose its weights: it is taken for none."""


class Variational(CriticSettings):
    """Mutual information from a critic, by any variational objective and read out by any bound.

    The rows are cut into folds. For each, a critic is trained on the others (a tenth of which choose its
    weights) and read out on rows that it has not seen; the values are averaged over all rows.

    Parameters
    ----------
    objective : str
        What trains the critic: ``"smile"`` (or ``"js"``, the same training), ``"js_nwj"``, ``"infonce"``,
        ``"nwj"`` (or ``"mine_f"``), ``"dv"``, ``"mine"``, ``"interpolated"``, ``"tuba"``.
    readout : str, optional
        The bound that is reported: ``"smile"``, ``"dv"``, ``"nwj"``, ``"js_nwj"``, ``"infonce"``,
        ``"interpolated"``; that of the objective by default.
    critic : {"separable", "joint"} or torch.nn.Module
        g(x).h(y), one network of [x, y], or a module: x (n, d_x), y (m, d_y) -> scores (n, m).
    hidden : sequence of int, optional
        Hidden layers; three of 256 by default.
    tau : float
        Clip of SMILE's read-out.
    alpha : float
        Weight of the interpolated objective.
    ema : float
        Decay of MINE's moving average.
    shifts : int, optional
        Product pairs a row in MINE; all other rows of the batch by default.
    batch_size, steps : int
    learning_rate, weight_decay, dropout : float
    noise : float
        Standard deviation of noise between the layers of a joint critic.
    folds : int
        1 trains and reads on the same rows, which reports too much and bounds nothing.
    repeats : int
        Trainings of everything from new seeds; their spread is part of the interval.
    every, patience : int
        Steps between two looks at the rows that choose the weights, and looks without a better one until the
        training stops.
    readout_batch : int, optional
        Rows compared with one another in the read-out. InfoNCE cannot exceed its logarithm; `batch_size` by
        default there.
    transform : {"standardize", "none", "rank", "normal_score"}
    device, random_state, progress, checkpoint, callback
        As in every estimator that trains a network.

    References
    ----------
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register. Poole et al., "On variational bounds of mutual information", ICML 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import Variational
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 400))
    >>> found = Variational("nwj", hidden=(16,), steps=100).estimate(x, x + noise)
    >>> found.bound, bool(0.1 < found < 0.5)
    ('lower', True)
    """

    name: ClassVar[str] = "variational"

    def __init__(
        self,
        objective: Objective = "smile",
        readout: Readout | None = None,
        critic: Any = "separable",
        hidden: Sequence[int] | None = None,
        tau: float = 5.0,
        alpha: float = 0.01,
        ema: float = 0.99,
        shifts: int | None = None,
        batch_size: int = 64,
        steps: int = 2000,
        learning_rate: float = 5e-4,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        noise: float = 0.0,
        folds: int = 2,
        repeats: int = 1,
        every: int = 100,
        patience: int | None = 10,
        readout_batch: int | None = None,
        transform: Transform = "standardize",
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.objective = objective
        self.readout = readout
        self.critic = critic
        self.hidden = hidden
        self.tau = tau
        self.alpha = alpha
        self.ema = ema
        self.shifts = shifts
        self.batch_size = batch_size
        self.steps = steps
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.noise = noise
        self.folds = folds
        self.repeats = repeats
        self.every = every
        self.patience = patience
        self.readout_batch = readout_batch
        self.transform = transform
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, x: Any, y: Any) -> Variational:
        """Train the critics and keep them for `pointwise`; `estimate` does this and reads them out.

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d), list, series, frame, tensor or Variable
        """
        vx, vy = variable(x, "x"), variable(y, "y")
        self.columns_ = NetworkColumns(vx, self.transform), NetworkColumns(vy, self.transform)
        self.critics_ = self._fit(self.columns_[0].table(vx), self.columns_[1].table(vy))
        return self

    def pointwise(self, x: Any, y: Any) -> np.ndarray:
        """Return the pointwise information of further rows, after `fit`.

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d), ...
            Columns as in `fit`.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Mean over the critics of ``f(x, y) - ln Z``, in nats.
        """
        from adami.estimators._nets.critic_training import scores_of_rows

        if not hasattr(self, "critics_"):
            raise ValueError("there is no critic yet: call fit(x, y) first")
        a, b = (c.table(variable(v, s)) for c, v, s in zip(self.columns_, (x, y), "xy"))
        found = [
            np.zeros(len(a)) if c.silent else scores_of_rows(c.loss, a, b) - c.reading.log_partition
            for c in self.critics_
        ]
        return np.asarray(np.mean(found, axis=0))

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if (nothing := nothing_to_tell(x, y)) is not None:
            return nothing
        tables = (NetworkColumns(v, self.transform).table(v) for v in (x, y))
        critics = self._fit(*tables)
        pointwise = np.zeros(x.n)
        values, squares = np.zeros(self.repeats), np.zeros(self.repeats)
        for i, c in enumerate(critics):
            share = len(c.held) / x.n
            pointwise[c.held] += c.reading.pointwise / self.repeats
            values[i // self.folds] += share * c.reading.value
            squares[i // self.folds] += (share * c.reading.standard_error) ** 2
        between = float(values.var(ddof=1)) / self.repeats if self.repeats > 1 else 0.0
        value = float(pointwise.mean())
        return Measurement(
            value,
            standard_error=math.sqrt(float(squares.mean()) + between),
            interval_kind="clt" if self.repeats == 1 else "clt and seeds",
            pointwise=pointwise,
            diagnostics=(*constant_note(x, y), *self._notes(value, x.n, critics)),
            details={
                "objective": self.objective,
                "readout": self._how(),
                "readout_batch": self._readout_batch(),
                "values": values.tolist(),
                "validation": [c.history.validation for c in critics],
                "steps": [c.history.steps for c in critics],
                "clipped_share": float(np.mean([c.reading.clipped for c in critics])),
            },
        )

    def _fit(self, x: np.ndarray, y: np.ndarray) -> list[FittedCritic]:
        from adami.estimators._nets.critic_training import scorer, train_critic
        from adami.estimators._nets.fit import one_thread

        n, plan = len(x), self._plan(len(x))
        out = []
        for r in range(self.repeats):
            rng = np.random.default_rng([self.random_state, r])
            parts = np.array_split(rng.permutation(n), self.folds)
            for k, held in enumerate(parts):
                others = np.concatenate([p for i, p in enumerate(parts) if i != k or self.folds == 1])
                count = self._watched(len(others))
                seed = int(rng.integers(2**31))
                loss, history = train_critic(
                    plan,
                    x,
                    y,
                    others[count:] if self.folds > 1 else others,
                    others[:count],
                    self._training(f"fold{k + 1}-repeat{r + 1}"),
                    seed,
                )
                with one_thread(self.device):
                    scores = scorer(loss, x[held], y[held])
                    alpha = plan.alpha if plan.objective == "interpolated" else 0.0
                    reading = read(scores, len(held), plan.readout_batch, self._how(), self.tau, alpha)
                # a critic that only learned the noise of its own rows would report less than nothing
                silent = self.folds > 1 and history.best <= NO_CRITIC.get(plan.objective, 0.0)
                if silent:
                    reading = Reading(0.0, np.zeros(len(held)), 0.0, 0.0, 0.0)
                out.append(FittedCritic(loss, held, reading, history, silent))
        return out

    def _notes(self, value: float, n: int, critics: Sequence[FittedCritic]) -> tuple[Diagnostic, ...]:
        return critic_notes(
            value,
            n,
            how=self._how(),
            batch=self._readout_batch(),
            held=min(len(c.held) for c in critics),
            in_sample=self.folds == 1,
            silent=sum(c.silent for c in critics),
            best_came_last=any(c.history.best_step == self.steps for c in critics),
            steps=self.steps,
        )

    def _finish(self, variables: Any, m: Measurement, confidence: float = 0.95) -> Estimate:
        # a bound in expectation only where the critic has not seen the rows
        lower = self._how() in LOWER and self.folds > 1
        return super()._finish(variables, m, confidence).replace(bound="lower" if lower else "none")
