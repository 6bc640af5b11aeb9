"""Experts with noisy scores on tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.acquisition.environments._base import Environment


class ScoreTable(Environment):
    """Gaussian scores around a table of means; a query is ``(expert, task, repeats)``, an answer their mean.

    Parameters
    ----------
    means : array of shape (experts, tasks)
    sigma : float
        Standard deviation of one score; 0 for exact ones.
    shuffle : bool
        Whether the experts change places from seed to seed.
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import ScoreTable
    >>> ScoreTable([[0.5, 1.0]], sigma=0).answer((0, 1, 3))
    1.0
    """

    def __init__(self, means: Any, sigma: float = 1.0, shuffle: bool = False, random_state: int = 0) -> None:
        self.means = np.asarray(means, dtype=float)
        if self.means.ndim != 2 or not self.means.size or not np.isfinite(self.means).all():
            raise ValueError("means is a table of finite numbers, one row an expert, one column a task")
        if not (np.isfinite(sigma) and sigma >= 0):
            raise ValueError(f"sigma={sigma}: a finite number of at least 0 is wanted")
        self.sigma = sigma
        self.shuffle = shuffle
        super().__init__(random_state)

    def _start(self) -> None:
        places = self.rng.permutation(len(self.means)) if self.shuffle else np.arange(len(self.means))
        self.scores = self.means[places]

    def answer(self, query: tuple[int, int, int]) -> float:
        expert, task, repeats = query
        return float(self.sample(np.array([expert]), np.array([task]), np.array([repeats]))[0])

    def sample(self, experts: np.ndarray, tasks: np.ndarray, repeats: np.ndarray) -> np.ndarray:
        """Return the mean scores of many queries at once."""
        noise = self.rng.normal(size=len(experts)) * self.sigma / np.sqrt(repeats)
        found: np.ndarray = self.scores[experts, tasks] + noise
        return found

    def cost(self, query: tuple[int, int, int]) -> float:
        return float(query[2])

    @property
    def truth(self) -> list[int]:
        """Experts from the best to the worst by their mean over tasks."""
        return [int(i) for i in np.argsort(-self.scores.mean(1), kind="stable")]

    def loss(self, decision: list[int]) -> float:
        """Return 0 for the right order (or the right best expert alone), else 1."""
        return float(list(decision) != self.truth[: len(decision)])
