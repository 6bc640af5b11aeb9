"""Run independent pieces of work, in order, on threads: compiled kernels release the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
R = TypeVar("R")


def n_workers(n_jobs: int | None) -> int:
    """Return the number of workers that ``n_jobs`` asks for: None is 1, -1 is every core."""
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise ValueError("n_jobs=0 has no meaning; use 1, or -1 for every core")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)


def ordered_map(work: Callable[[T], R], items: Iterable[T], n_jobs: int | None = 1) -> list[R]:
    """Return ``[work(i) for i in items]``, computed by `n_jobs` threads."""
    workers = n_workers(n_jobs)
    pieces: Sequence[T] = list(items)
    if workers == 1 or len(pieces) < 2:
        return [work(item) for item in pieces]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, pieces))


def seeds(random_state: int | np.random.Generator | None, count: int) -> list[np.random.Generator]:
    """Return one generator a piece of work, so that results do not depend on who does which piece."""
    if isinstance(random_state, np.random.Generator):
        return list(random_state.spawn(count))
    return [np.random.default_rng(s) for s in np.random.SeedSequence(random_state).spawn(count)]
