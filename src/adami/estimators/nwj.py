"""NWJ, also called MINE-f: an unbiased lower bound without a logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adami.estimators._neural import Callback, Progress, Transform
from adami.estimators.variational import Variational


class NWJ(Variational):
    """Mutual information by the bound of Nguyen, Wainwright and Jordan, which is MINE-f.

    Its batches are unbiased, and their variance grows like exp(I).

    Parameters
    ----------
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
    Nguyen, Wainwright and Jordan, "Estimating divergence functionals and the likelihood ratio by convex risk
    minimization", IEEE Transactions on Information Theory 56, 2010.
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import NWJ
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 400))
    >>> bool(0.1 < NWJ(hidden=(16,), steps=100).estimate(x, x + noise) < 0.5)
    True
    """

    name = "nwj"
    objective = "nwj"

    def __init__(
        self,
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
