"""Dependence as the distance that the pairs must be moved to become independent (Ozair et al., 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import nothing_to_tell
from adami.estimators._neural import Callback, NeuralEstimator, Progress, Transform, continuous_block
from adami.estimators._transport import METRICS, Metric, assigned_distance, derangement
from adami.result import Diagnostic
from adami.variables import Variable

LARGEST = 2000
"""Rows above which an exact assignment takes too long."""
LIPSCHITZ = ("gp", "spectral")


class WassersteinDependency(NeuralEstimator):
    """1-Wasserstein distance between the joint law and the product of the marginals, in units of the data.

    Not Shannon information: it depends on the scale of the columns, so none is changed by default, and it is
    zero where x and y are independent only.

    Parameters
    ----------
    method : {"assignment", "critic"}
        The best one-to-one matching of the pairs with re-paired ones, exact for at most 2,000 rows; or a
        network whose slope is bounded, for more rows and more columns.
    metric : {"euclidean", "sum", "l1"}
        Distance of two pairs: Euclidean on [x, y], the sum of the two Euclidean distances, or the sum over
        all columns. The critic knows the first.
    derangements : int
        Re-pairings that the assignment is averaged over.
    subsample : int, optional
        Rows, drawn at random, that the assignment uses.
    lam : float
        Weight of the penalty on the critic's slope.
    lipschitz : {"gp", "spectral"}
        A penalty on the slope, or spectral norms of 1 in every layer.
    hidden : sequence of int
    batch_size, steps : int
    learning_rate : float
    transform : {"none", "standardize", "rank", "normal_score"}
        All but the first change the measure.
    device, random_state, progress, checkpoint, callback
        As in every estimator that trains a network.

    Notes
    -----
    The assignment is biased upwards by about n^(-1/d); the same distance after re-pairing y at random is
    subtracted. The critic is read out on rows that it has not seen, and its difference is divided by the
    largest slope seen there where that is above 1.

    References
    ----------
    Ozair, Lynch, Bengio, van den Oord, Levine and Sermanet, "Wasserstein Dependency Measure for
    Representation Learning", NeurIPS 2019; paper 14 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import WassersteinDependency
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 200))
    >>> found = WassersteinDependency().estimate(x, x + 0.1 * noise)
    >>> found.measure, bool(0.3 < found.value < 1.0)
    ('wasserstein', True)
    """

    name = "wasserstein"
    measure = "wasserstein"
    takes = frozenset({"continuous", "mixed"})

    def __init__(
        self,
        method: Literal["assignment", "critic"] = "assignment",
        metric: Metric = "euclidean",
        derangements: int = 5,
        subsample: int | None = None,
        lam: float = 10.0,
        lipschitz: Literal["gp", "spectral"] = "gp",
        hidden: Sequence[int] = (64, 64),
        batch_size: int = 256,
        steps: int = 2000,
        learning_rate: float = 1e-3,
        transform: Transform = "none",
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.method = method
        self.metric = metric
        self.derangements = derangements
        self.subsample = subsample
        self.lam = lam
        self.lipschitz = lipschitz
        self.hidden = hidden
        self.batch_size = batch_size
        self.steps = steps
        self.learning_rate = learning_rate
        self.transform = transform
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if self.metric not in METRICS:
            raise ValueError(f"metric={self.metric!r}: choose one of {', '.join(METRICS)}")
        if (nothing := nothing_to_tell(x, y)) is not None:
            return nothing
        a, b = continuous_block(x, self.transform), continuous_block(y, self.transform)
        if self.method == "assignment":
            return self._assigned(a, b)
        if self.method == "critic":
            return self._by_critic(a, b)
        raise ValueError(f"method={self.method!r}: choose 'assignment' or 'critic'")

    def _assigned(self, x: np.ndarray, y: np.ndarray) -> Measurement:
        if self.derangements < 1:
            raise ValueError(f"derangements={self.derangements}: at least one is needed")
        rng = np.random.default_rng(self.random_state)
        rows = len(x)
        if self.subsample is not None and self.subsample < rows:
            kept = rng.choice(rows, self.subsample, replace=False)
            x, y = x[kept], y[kept]
        n = len(x)
        if n > LARGEST:
            raise ValueError(
                f"an exact assignment of {n} rows takes too long; pass subsample={LARGEST}, or use "
                "method='critic'"
            )
        raw, null = [], []
        for _ in range(self.derangements):
            shuffled = y[rng.permutation(n)]
            other = derangement(n, rng)
            raw.append(assigned_distance(x, y, y[other], self.metric))
            null.append(assigned_distance(x, shuffled, shuffled[other], self.metric))
        notes: tuple[Diagnostic, ...] = ()
        if n < rows:
            notes = (Diagnostic("subsample", f"{n} of {rows} rows were matched, drawn at random"),)
        spread = float(np.std(np.subtract(raw, null), ddof=1)) if self.derangements > 1 else 0.0
        return Measurement(
            float(np.mean(raw) - np.mean(null)),
            diagnostics=notes,
            details={
                "unit": "units of the columns",
                "metric": self.metric,
                "raw": float(np.mean(raw)),
                "null": float(np.mean(null)),
                "spread": spread,
            },
        )

    def _by_critic(self, x: np.ndarray, y: np.ndarray) -> Measurement:
        if self.metric != "euclidean":
            raise ValueError(f"metric={self.metric!r}: a critic's slope is Euclidean; use metric='euclidean'")
        if self.lipschitz not in LIPSCHITZ:
            raise ValueError(f"lipschitz={self.lipschitz!r}: choose 'gp' or 'spectral'")
        n = len(x)
        order = np.random.default_rng(self.random_state).permutation(n)
        train, held = order[n // 3 :], order[: n // 3]
        if not 8 <= self.batch_size <= len(train):
            raise ValueError(
                f"batch_size={self.batch_size} and {len(train)} of {n} rows to train on: between 8 and "
                f"{len(train)} are possible"
            )
        from adami.estimators._nets.wasserstein_training import train_wasserstein

        found = train_wasserstein(
            x,
            y,
            train,
            held,
            hidden=tuple(self.hidden),
            spectral_norms=self.lipschitz == "spectral",
            lam=self.lam,
            batch_size=self.batch_size,
            steps=self.steps,
            learning_rate=self.learning_rate,
            training=self._training("critic"),
        )
        slope = max(1.0, found.slope)
        return Measurement(
            found.difference / slope,
            standard_error=found.standard_error / slope,
            interval_kind="clt",
            details={
                "unit": "units of the columns",
                "metric": self.metric,
                "difference": found.difference,
                "slope": found.slope,
                "steps": found.history.steps,
                "validation": found.history.validation,
            },
        )


def wasserstein_bound(correlation: float) -> float:
    """Return W2 between a bivariate normal and the product of its marginals, which W1 does not exceed.

    Parameters
    ----------
    correlation : float
        In [-1, 1].

    Examples
    --------
    >>> round(wasserstein_bound(0.9), 4)
    0.7815
    """
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation={correlation} lies outside of [-1, 1]")
    rho = abs(correlation)
    return math.hypot(math.sqrt(1 + rho) - 1, 1 - math.sqrt(1 - rho))
