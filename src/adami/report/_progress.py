"""Count finished pieces of work and tell who asked; keep what is done when interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from adami._parallel import ordered_map

T = TypeVar("T")
R = TypeVar("R")
Report = Callable[[int, int, str], None] | None


class Progress:
    """Counts up to a total that may shrink when less work turns out to be needed.

    Parameters
    ----------
    report : callable(done, total, what) or None
    total : int
    """

    def __init__(self, report: Report, total: int) -> None:
        self.report, self.total, self.done = report, total, 0
        self._lock = threading.Lock()

    def step(self, what: str, count: int = 1) -> None:
        """Tell that `count` pieces are done."""
        with self._lock:
            self.done = min(self.done + count, self.total)
            if self.report is not None:
                self.report(self.done, self.total, what)

    def reach(self, done: int, what: str) -> None:
        """Tell that everything up to `done` is done or not needed."""
        self.step(what, max(0, done - self.done))


def collect(
    work: Callable[[T], R],
    items: Sequence[T],
    into: dict[int, R],
    *,
    progress: Progress,
    what: str,
    n_jobs: int | None = 1,
) -> None:
    """Store ``work(items[i])`` under i, so that what is finished outlives an interruption."""

    def one(i: int) -> None:
        into[i] = work(items[i])
        progress.step(what)

    ordered_map(one, range(len(items)), n_jobs)
