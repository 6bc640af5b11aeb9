"""Count finished pieces of work and tell who asked; keep what is done when interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from adami._parallel import spread

if TYPE_CHECKING:
    from adami.report._pieces import Pieces

T = TypeVar("T")
R = TypeVar("R")
Key = tuple[str, ...]
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
    items: Mapping[Key, T],
    into: dict[Key, R],
    *,
    what: str,
    progress: Progress | None = None,
    n_jobs: int | None = 1,
    store: Pieces | None = None,
    fine: bool = False,
) -> None:
    """Put ``work(item)`` of every item into a dictionary, so that what is finished outlives an interruption.

    Parameters
    ----------
    work : callable
        A function of its item alone; it may run in another process.
    items : mapping of name -> item
        The name of a piece is a tuple of strings, unique among the pieces of its kind.
    into : dict
        Filled in place.
    what : str
        Kind of the pieces, for the progress and the store.
    progress : Progress, optional
        Told of each piece.
    n_jobs : int
    store : Pieces, optional
        Pieces found there are not measured again; those measured are kept there.
    fine : bool
        The pieces may be too short to be worth sending to another process.
    """
    left: list[Key] = []
    for name in items:
        known = None if store is None else store.find((what, *name))
        if known is None:
            left.append(name)
            continue
        into[name] = known
        if progress is not None:
            progress.step(what)

    def finished(place: int, result: R) -> None:
        name = left[place]
        if store is not None:
            store.keep((what, *name), result)
        into[name] = result
        if progress is not None:
            progress.step(what)

    spread(work, [items[name] for name in left], n_jobs, finished, fine=fine)


def once(work: Callable[[], R], what: str, name: Key, store: Pieces | None) -> R:
    """Return ``work()``, or what it gave before it was interrupted the last time."""
    done: dict[Key, R] = {}
    collect(lambda _: work(), {name: None}, done, what=what, store=store)
    return done[name]
