"""SMILE: a critic trained as a classifier of pairs, read out with its density ratio clipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adami.estimators._neural import Callback, Progress, Transform
from adami.estimators.variational import Variational


class SMILE(Variational):
    """Mutual information by SMILE, whose variance stays low where the information is large.

    It is no bound: clipping moves the value by `adami.estimators.clipped_partition_bias`.

    Parameters
    ----------
    tau : float
        The density ratio is clipped to [exp(-tau), exp(tau)] in the partition term.
    critic : {"separable", "joint"} or torch.nn.Module
    hidden : sequence of int, optional
        Hidden layers; three of 256 by default.
    batch_size, steps : int
    learning_rate : float
    folds, repeats, every, patience, transform
        As in `adami.estimators.Variational`.
    device, random_state, progress, checkpoint, callback
        As in every estimator that trains a network.

    References
    ----------
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import SMILE
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 400))
    >>> bool(0.1 < SMILE(hidden=(16,), steps=100).estimate(x, x + noise) < 0.6)
    True
    """

    name = "smile"
    objective = "smile"

    def __init__(
        self,
        tau: float = 5.0,
        critic: Any = "separable",
        hidden: Sequence[int] | None = None,
        batch_size: int = 64,
        steps: int = 2000,
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
        self.tau = tau
        self.critic = critic
        self.hidden = hidden
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
