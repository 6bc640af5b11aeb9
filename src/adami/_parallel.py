"""Run independent pieces of work: on threads here, or wherever joblib was told to run them.

Compiled kernels release the interpreter lock, so threads are the default and need nothing installed. Inside
``joblib.parallel_config(backend=...)`` the pieces go to that backend: processes, a Dask or a Ray cluster.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
R = TypeVar("R")
TRIES = 3
"""How often pieces are sent again when workers die without a single piece coming back."""
WORTH_SENDING = 1.0
"""Seconds of short pieces from which a backend is worth its overhead."""
PATIENCE = 10.0
"""Seconds given to a cluster to replace lost workers."""
ROUND = 8
"""Pieces a worker gets at a time where a backend cannot hand over results one by one."""
_here = threading.local()
_loading = threading.Lock()
_loaded: tuple[bytes, Callable[[Any], Any]] | None = None


def n_workers(n_jobs: int | None) -> int:
    """Return the number of workers that ``n_jobs`` asks for: None is 1, -1 is every core."""
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise ValueError("n_jobs=0 has no meaning; use 1, or -1 for every core")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)


def ordered_map(work: Callable[[T], R], items: Iterable[T], n_jobs: int | None = 1) -> list[R]:
    """Return ``[work(i) for i in items]``, computed by `n_jobs` threads that share memory."""
    workers = n_workers(n_jobs)
    pieces: Sequence[T] = list(items)
    if workers == 1 or len(pieces) < 2:
        return [work(item) for item in pieces]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, pieces))


def spread(
    work: Callable[[T], R],
    items: Iterable[T],
    n_jobs: int | None = 1,
    finished: Callable[[int, R], None] | None = None,
    fine: bool = False,
) -> list[R]:
    """Return ``[work(i) for i in items]``, computed by threads or by the backend that joblib was given.

    Parameters
    ----------
    work : callable
        A function of its item alone: it must not write to anything that it shares. On another process it and
        all that it holds are sent once, each item with its piece.
    items : iterable
    n_jobs : int or None
        Threads; within ``joblib.parallel_config`` 1 leaves the number of workers to the configuration.
    finished : callable(place, result), optional
        Told of each piece as it is finished, in this process and in no order.
    fine : bool
        The pieces may be short: the first is done here and tells whether the others are worth sending.

    Raises
    ------
    RuntimeError
        If workers die again and again.
    """
    pieces: Sequence[T] = list(items)

    def one(place: int) -> R:
        result = work(pieces[place])
        if finished is not None:
            finished(place, result)
        return result

    backend, configured = _configured()
    asked = configured if n_jobs in (None, 1) else n_jobs
    if backend is None or len(pieces) < 2:
        return ordered_map(one, range(len(pieces)), asked)
    first: list[R] = []
    if fine:
        start = time.perf_counter()
        first = [one(0)]
        if (time.perf_counter() - start) * (len(pieces) - 1) < WORTH_SENDING:
            return first + [one(place) for place in range(1, len(pieces))]
    places = range(len(first), len(pieces))
    return first + _through_joblib(backend, work, pieces, places, -1 if asked is None else asked, finished)


def seeds(random_state: int | np.random.Generator | None, count: int) -> list[np.random.Generator]:
    """Return one generator a piece of work, so that results do not depend on who does which piece."""
    if isinstance(random_state, np.random.Generator):
        return list(random_state.spawn(count))
    return [np.random.default_rng(s) for s in np.random.SeedSequence(random_state).spawn(count)]


def _configured() -> tuple[Any, int | None]:
    """Return the backend and the number of workers that joblib was told to use, None where it was not told.

    Inside of a piece of work there is none: the pieces are what is spread, and each runs on one thread.
    """
    if "joblib" not in sys.modules or getattr(_here, "inside", False):
        return None, None
    import joblib

    # without arguments this changes nothing, and hands over what is configured around it
    with joblib.parallel_config() as active:
        backend, workers = active["backend"], active["n_jobs"]
    told = isinstance(backend, joblib.ParallelBackendBase)
    return backend if told else None, workers if isinstance(workers, int) else None


def _through_joblib(
    backend: Any,
    work: Callable[[T], R],
    pieces: Sequence[T],
    places: Sequence[int],
    n_jobs: int,
    finished: Callable[[int, R], None] | None,
) -> list[R]:
    """Run pieces on a backend of joblib; those that are lost with a worker are sent again."""
    shared = getattr(backend, "supports_sharedmem", False)
    sent, token = (work, None) if shared else _packed(work)
    lost, workers = _signs_of_lost_workers(), _effective(n_jobs)
    done: dict[int, R] = {}
    fruitless = 0
    while left := [i for i in places if i not in done]:
        before = len(done)
        with closing(_results(backend, sent, token, pieces, left, n_jobs)) as stream:
            while True:
                try:
                    place, result = next(stream)
                except StopIteration:
                    break
                except lost as error:
                    fruitless = fruitless + 1 if len(done) == before else 1
                    if fruitless >= TRIES:
                        raise _given_up(backend, len(done), len(places), error) from error
                    _await_workers(n_jobs, workers)
                    break
                done[place] = result
                if finished is not None:
                    finished(place, result)
    return [done[i] for i in places]


def _effective(n_jobs: int) -> int:
    import joblib

    return int(joblib.effective_n_jobs(n_jobs))


def _await_workers(n_jobs: int, before: int) -> None:
    """Give a cluster time to put new workers in the place of lost ones; with one left joblib uses none."""
    end = time.monotonic() + PATIENCE
    while _effective(n_jobs) < min(before, 2) and time.monotonic() < end:
        time.sleep(0.1)


def _given_up(backend: Any, done: int, of: int, error: BaseException) -> RuntimeError:
    return RuntimeError(
        f"workers of joblib's {type(backend).__name__} were lost {TRIES} times without finishing a piece "
        f"({done} of {of} are finished); the last time: {error!r}. A piece may need more memory than a "
        "worker has: use fewer workers, or run without the backend"
    )


def _results(
    backend: Any, work: Any, token: bytes | None, pieces: Sequence[Any], places: Sequence[int], n_jobs: int
) -> Generator[tuple[int, Any], None, None]:
    """Give the results of some of the pieces as they come in."""
    import joblib

    run = joblib.delayed(_piece)
    calls = [run(work, token, place, pieces[place]) for place in places]
    if not getattr(backend, "supports_return_generator", False):
        # such a backend answers when everything sent is done: rounds show progress and bound what is lost
        size = ROUND * _effective(n_jobs)
        with joblib.Parallel(n_jobs=n_jobs) as parallel:
            for start in range(0, len(calls), size):
                yield from parallel(calls[start : start + size])
        return
    with _heard_errors(backend):
        stream = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)
        try:
            # not `yield from`: that would hand an interruption to the stream, past what follows
            for found in stream:  # noqa: UP028
                yield found
        finally:
            with warnings.catch_warnings():
                # an end before the last piece is an interruption; joblib takes it for a way to work
                warnings.filterwarnings("ignore", ".*tasks which were still being processed", UserWarning)
                stream.close()


@contextmanager
def _heard_errors(backend: Any) -> Iterator[None]:
    """Make joblib hear of a piece that Dask's scheduler gave up on; it would wait for it forever."""
    if type(backend).__name__ != "DaskDistributedBackend":
        yield
        return
    submit = backend.submit

    def heard(batch: Any, callback: Any = None) -> Any:
        future = submit(batch, callback)
        future.add_done_callback(lambda f: callback(f.exception()) if f.exception() is not None else None)
        return future

    backend.submit = heard
    try:
        yield
    finally:
        del backend.submit


def _signs_of_lost_workers() -> tuple[type[BaseException], ...]:
    """Return what the backends raise when a worker is gone; estimators raise none of these."""
    from concurrent.futures import BrokenExecutor, CancelledError

    found: list[type[BaseException]] = [BrokenExecutor, CancelledError, EOFError, OSError]
    if (distributed := sys.modules.get("distributed")) is not None:
        found.append(distributed.KilledWorker)
    if "ray" in sys.modules:
        from ray.exceptions import RayError

        found.append(RayError)
    return tuple(found)


def _packed(work: Callable[[Any], Any]) -> tuple[np.ndarray, bytes]:
    """Make work ready to travel, as bytes in one array: backends send that once, not with every piece."""
    import cloudpickle

    try:
        data = cloudpickle.dumps(work, protocol=5)
    except Exception as error:
        raise TypeError(
            f"the work cannot be sent to other processes: {error}; use joblib's backend 'threading', or an "
            "estimator that holds no open file, lock and the like"
        ) from error
    return np.frombuffer(data, dtype=np.uint8), os.urandom(16)


def _piece(sent: Any, token: bytes | None, place: int, item: Any) -> tuple[int, Any]:
    """Do one piece on a worker."""
    work = sent if token is None else _unpacked(sent, token)
    _here.inside = True
    try:
        return place, work(item)
    finally:
        _here.inside = False


def _unpacked(blob: np.ndarray, token: bytes) -> Callable[[Any], Any]:
    """Return the work in an array of bytes; each process unpacks it once."""
    global _loaded
    with _loading:
        if _loaded is None or _loaded[0] != token:
            import cloudpickle

            _loaded = None
            _loaded = token, cloudpickle.loads(blob.data)
        return _loaded[1]
