"""Active ranking of experts by their scores on many tasks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._expert_search import (
    Batch,
    SignWatch,
    Standing,
    averaging,
    best_of,
    halving,
    ranking,
)
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Product, Real, Whole
from adami.acquisition.environments import Environment, ScoreTable

MOST_REPEATS = 2**62


class ExpertRanker(Policy):
    """Rank experts, or find the best, where a better one is better on all tasks, by gaps that nobody knows.

    Two experts are compared on sets of tasks of all sizes 1, 2, 4, ...: halving keeps those on which they
    seem to differ most, and a test on fresh scores decides. So a few tasks with large gaps are found among
    many without, and many small gaps cost no more than they must. Experts are sorted by binary insertion; the
    best is found by a tournament in which clear losers leave early. It stops with ``"certified"``: right with
    a probability of at least 1 - delta.

    A query is ``(expert, task, repeats)``, its answer the mean of so many scores, its cost `repeats`.

    Parameters
    ----------
    n_experts, n_tasks : int
    delta : float
        Chance of error, above 0 and below 1.
    goal : {"rank", "best"}
    sigma : float
        The noise of a score is sigma-sub-Gaussian.
    method : {"halving", "averaging"}
        Averaging over tasks drawn at random is the baseline.
    test_each : bool
        Test before every halving as well: less for dense gaps, a little more for rare ones.
    check_signs : bool
        Warn when two tasks of one batch are sure to have different winners, which voids the guarantee.
    stop : Stop
        With `budget` (scores) or `max_queries`: experts that are equal would never be told apart.
    random_state : int

    References
    ----------
    Saad, Verzelen and Carpentier, "Active ranking of experts based on their performances in many tasks",
    2023. Paper 47 of adami's register. Halving and its constants are derived here; the guarantee is that of
    the fresh tests and a union bound.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import ExpertRanker, Stop, play
    >>> from adami.acquisition.environments import ScoreTable
    >>> means = np.zeros((3, 4))
    >>> means[1, 2], means[2] = 2.0, 3.0
    >>> record = play(ExpertRanker(3, 4, 0.1, stop=Stop(budget=100_000)), ScoreTable(means))
    >>> record.decision, record.stop_reason
    ([2, 1, 0], 'certified')
    """

    name = "expert_ranking"
    repeats = True
    keeps_entries = False
    remembers: ClassVar[tuple[str, ...]] = ("told",)

    def __init__(
        self,
        n_experts: int,
        n_tasks: int,
        delta: float,
        *,
        goal: str = "rank",
        sigma: float = 1.0,
        method: str = "halving",
        test_each: bool = False,
        check_signs: bool = False,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        if n_experts < 2 or n_tasks < 1:
            raise ValueError(
                f"n_experts={n_experts}, n_tasks={n_tasks}: at least 2 experts and 1 task are wanted"
            )
        if not 0 < delta < 1:
            raise ValueError(f"delta={delta}: a chance of error is above 0 and below 1")
        if goal not in ("rank", "best"):
            raise ValueError(f"goal={goal!r}: 'rank' or 'best'")
        if method not in ("halving", "averaging"):
            raise ValueError(f"method={method!r}: 'halving' or 'averaging'")
        if not (math.isfinite(sigma) and sigma > 0):
            raise ValueError(f"sigma={sigma}: a finite number above 0 is wanted")
        if stop is None or stop == Stop():
            raise ValueError("equal experts are never told apart: give stop=Stop(budget=...) or max_queries=")
        self.n_experts = n_experts
        self.n_tasks = n_tasks
        self.delta = delta
        self.goal = goal
        self.sigma = sigma
        self.method = method
        self.test_each = test_each
        self.check_signs = check_signs
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.told: list[float] = []
        self._woken()

    def _woken(self) -> None:
        """Play the search again with the answers told so far; its draws depend on the seed alone."""
        rng = np.random.default_rng(self.random_state)
        seen = SignWatch(self.delta, self.sigma, self._warn) if self.check_signs else None
        if self.method == "halving":
            attempt = halving(self.n_tasks, rng, self.sigma, self.test_each, seen)
        else:
            attempt = averaging(self.n_tasks, rng, self.sigma, seen)
        self._standing = Standing()
        search = ranking if self.goal == "rank" else best_of
        self._search = search(attempt, self.n_experts, self.delta, self._standing)
        self._batch: Batch | None = next(self._search)
        self._from = 0
        while self._batch is not None and self._from + len(self._batch[0]) <= len(self.told):
            self._next()

    def _next(self) -> None:
        """Hand a full batch to the search."""
        assert self._batch is not None
        end = self._from + len(self._batch[0])
        try:
            self._batch = self._search.send(np.array(self.told[self._from : end]))
        except StopIteration:
            self._batch = None
        self._from = end

    def queries(self) -> Domain:
        return Product((Whole(self.n_experts), Whole(self.n_tasks), Whole(MOST_REPEATS, low=1)))

    def answers(self, query: Any) -> Domain:
        return Real()

    def cost(self, query: tuple[int, int, int]) -> float:
        return float(query[2])

    def _ask(self, context: Any) -> tuple[int, int, int]:
        assert self._batch is not None
        at = len(self.told) - self._from
        experts, tasks, repeats = self._batch
        return int(experts[at]), int(tasks[at]), int(repeats[at])

    def _tell(self, query: Any, answer: float) -> None:
        self.told.append(answer)
        if self._batch is not None and len(self.told) - self._from == len(self._batch[0]):
            self._next()
        if self._batch is None:
            self._end("certified")

    def solve(self, sample: Callable[[np.ndarray, np.ndarray, np.ndarray], Any]) -> list[int]:
        """Go on to the end with a function that answers whole batches.

        Parameters
        ----------
        sample : callable(experts, tasks, repeats) -> array of mean scores

        Returns
        -------
        list of int
            As `recommend`.
        """
        if self.pending:
            raise RuntimeError("an answer is on its way; tell() or refuse() it first")
        while self._batch is not None and not self.done:
            at = len(self.told) - self._from
            rest = tuple(part[at:] for part in self._batch)
            price, spent = float(rest[2].sum()), self.ledger.spent
            most = self.stop.max_queries
            if price > self.left:
                self._end("budget")
            elif most is not None and spent["queries"] + len(rest[0]) > most:
                self._end("max_queries")
            else:
                scores = np.asarray(sample(*rest), dtype=float)
                if scores.shape != rest[0].shape or not np.isfinite(scores).all():
                    raise ValueError("sample has to return one finite mean score for each query")
                self.ledger.charge(queries=len(scores), cost=price)
                self.told.extend(scores.tolist())
                self._next()
        if self._batch is None:
            self._end("certified")
        return self.recommend()

    def recommend(self) -> list[int]:
        """Return experts from the best to the worst; those not yet placed last. For ``"best"``, one alone."""
        order = list(self._standing.order) or [0]
        if self.goal == "best":
            return order
        return order + [i for i in range(self.n_experts) if i not in order]

    @property
    def comparisons(self) -> int:
        """How many comparisons were decided."""
        return self._standing.comparisons

    def _warn(self, i: int, k: int, up: int, down: int) -> None:
        warnings.warn(
            f"expert {i} is better than expert {k} on task {up} and worse on task {down}: no order holds on "
            "all tasks, and the ranking is not guaranteed",
            UserWarning,
            stacklevel=6,
        )

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        means = np.arange(3)[:, None] * np.ones(4)
        policy = cls(3, 4, 0.1, stop=Stop(budget=50_000), random_state=random_state)
        return policy, ScoreTable(means, shuffle=True)


def difficulty(means: Any) -> np.ndarray:
    """Return how hard each pair of experts is to compare: min over s of (d / s) / (s-th largest gap)^2.

    Parameters
    ----------
    means : array of shape (experts, tasks)

    Returns
    -------
    numpy.ndarray
        Shape ``(experts, experts)``, in scores for sigma = 1; infinite for equal experts.

    Raises
    ------
    ValueError
        If neither of two experts is at least as good as the other on all tasks.

    Examples
    --------
    >>> from adami.acquisition import difficulty
    >>> float(difficulty([[0, 0, 0, 0], [0, 0, 0, 2]])[0, 1])
    1.0
    """
    table = np.asarray(means, dtype=float)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("means is a table of finite numbers, one row an expert, one column a task")
    n, d = table.shape
    found = np.full((n, n), np.inf)
    for i in range(n):
        gaps = table - table[i]
        mixed = (gaps > 0).any(1) & (gaps < 0).any(1)
        if mixed.any():
            raise ValueError(f"experts {i} and {int(mixed.argmax())} are each better on some task")
        squares = np.sort(gaps**2, axis=1)[:, ::-1]
        shares = np.arange(1, d + 1) * squares
        top = shares.max(1)
        found[i, top > 0] = d / top[top > 0]
    return found
