"""MINE: a critic trained on Donsker and Varadhan's bound with an unbiased enough gradient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adami.estimators._neural import Callback, Progress, Transform
from adami.estimators.variational import Variational


class MINE(Variational):
    """Mutual information by MINE.

    The gradient divides by a moving average of the partition term; the value is the plain bound of Donsker
    and Varadhan on rows that the critic has not seen.

    Parameters
    ----------
    critic : {"joint", "separable"} or torch.nn.Module
    hidden : sequence of int, optional
        Hidden layers; three of 256 by default.
    ema : float
        Decay of the moving average, in [0, 1).
    shifts : int, optional
        Product pairs for each row of a batch; all of them by default.
    noise : float
        Standard deviation of noise between the layers of a joint critic; 0.3 is usual.
    batch_size, steps : int
    learning_rate : float
    folds, repeats, every, patience, transform
        As in `adami.estimators.Variational`.
    device, random_state, progress, checkpoint, callback
        As in every estimator that trains a network.

    References
    ----------
    Belghazi, Baratin, Rajeshwar, Ozair, Bengio, Courville and Hjelm, "Mutual Information Neural Estimation",
    ICML 2018; paper 10 of adami's register. With scores bounded by M, L-Lipschitz in d parameters of norm at
    most K, n >= 2 M² (d ln(16 K L √d / ε) + 2 d M + ln(2 / δ)) / ε² rows bring the value within ε of the best
    that the network can say, with probability 1 - δ.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import MINE
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 600))
    >>> bool(0.1 < MINE(hidden=(16,), steps=300, learning_rate=2e-3).estimate(x, x + noise) < 0.5)
    True
    """

    name = "mine"
    objective = "mine"

    def __init__(
        self,
        critic: Any = "joint",
        hidden: Sequence[int] | None = (256, 256),
        ema: float = 0.99,
        shifts: int | None = 1,
        noise: float = 0.0,
        batch_size: int = 256,
        steps: int = 5000,
        learning_rate: float = 5e-4,
        folds: int = 2,
        repeats: int = 1,
        every: int = 100,
        patience: int | None = 10,
        transform: Transform = "standardize",
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.critic = critic
        self.hidden = hidden
        self.ema = ema
        self.shifts = shifts
        self.noise = noise
        self.batch_size = batch_size
        self.steps = steps
        self.learning_rate = learning_rate
        self.folds = folds
        self.repeats = repeats
        self.every = every
        self.patience = patience
        self.transform = transform
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback
