"""Pieces of work on threads and on joblib's backends: same results, failures told, lost workers survived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from adami import _parallel
from adami._parallel import n_workers, ordered_map, seeds, spread
from adami.estimators.resampling import interval, permutation_test

joblib = pytest.importorskip("joblib")
pytest.importorskip("cloudpickle")


@pytest.fixture(scope="module", autouse=True)
def end_of_workers():
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


def test_n_workers():
    cores = n_workers(-1)
    assert cores >= 1
    assert (n_workers(None), n_workers(3), n_workers(-1000)) == (1, 3, 1)
    with pytest.raises(ValueError, match="n_jobs=0 has no meaning"):
        spread(abs, [1, 2], 0)


@pytest.mark.parametrize("run", [ordered_map, spread])
@pytest.mark.parametrize("n_jobs", [None, 1, 3])
def test_results_stand_in_the_order_of_the_items(run, n_jobs):
    def slow_first(i: int) -> int:
        time.sleep(0.02 * (i == 0))
        return 10 * i

    assert run(slow_first, range(5), n_jobs) == [0, 10, 20, 30, 40]
    assert run(slow_first, [], n_jobs) == []


def test_import_brings_no_joblib():
    code = "import sys, adami, adami._parallel as p; p.spread(abs, [1, 2]); print('joblib' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def test_joblib_at_rest_changes_nothing():
    threads = spread(lambda _: (os.getpid(), threading.get_ident()), range(3))
    assert threads == [(os.getpid(), threading.get_ident())] * 3


def test_workers_without_a_backend_are_threads():
    def where(_: int) -> tuple[int, int]:
        time.sleep(0.05)
        return os.getpid(), threading.get_ident()

    with joblib.parallel_config(n_jobs=2):
        found = set(spread(where, range(4)))
    assert {pid for pid, _ in found} == {os.getpid()}
    assert len(found) == 2


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_every_backend_draws_the_same(backend):
    told: dict[int, float] = {}

    def finished(place: int, result: tuple[int, float]) -> None:
        assert threading.current_thread() is threading.main_thread()
        told[place] = result[1]

    def work(generator: np.random.Generator) -> tuple[int, float]:
        return os.getpid(), float(generator.normal())

    alone = [v for _, v in spread(work, seeds(5, 20))]
    with joblib.parallel_config(backend=backend, n_jobs=2):
        found = spread(work, seeds(5, 20), finished=finished)
    assert [v for _, v in found] == alone
    assert [told[i] for i in range(20)] == alone
    elsewhere = backend in ("loky", "multiprocessing")
    assert all((pid != os.getpid()) == elsewhere for pid, _ in found)


def test_pieces_do_not_spread_again():
    def outer(_: int) -> tuple[int, set[tuple[int, int]]]:
        def inner(_: int) -> tuple[int, int]:
            return os.getpid(), threading.get_ident()

        with joblib.parallel_config(backend="loky", n_jobs=2):
            return os.getpid(), set(spread(inner, range(4)))

    with joblib.parallel_config(backend="loky", n_jobs=2):
        for pid, inside in spread(outer, range(3)):
            assert pid != os.getpid()
            assert {p for p, _ in inside} == {pid}
            assert len(inside) == 1
        # and it is a matter of pieces, not of processes: here it spreads still
        assert os.getpid() not in spread(lambda _: os.getpid(), range(3))


def test_short_pieces_stay_here(monkeypatch):
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert spread(lambda _: os.getpid(), range(4), fine=True) == [os.getpid()] * 4
        monkeypatch.setattr(_parallel, "WORTH_SENDING", 0.0)
        first, *others = spread(lambda _: os.getpid(), range(4), fine=True)
        assert first == os.getpid()
        assert os.getpid() not in others


def test_permutations_and_subsamples_do_not_depend_on_where(monkeypatch):
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 200))
    y = x + z + rng.normal(size=200)

    def measured() -> list:
        tests = [permutation_test("ksg", x, y, permutations=19)]
        tests.append(permutation_test("frenzel_pompe", x, y, z, permutations=9))
        ends = [interval("ksg", x, y, kind=kind) for kind in ("partition", "subsample")]
        return [*ends, *((t.p_value, t.null.tolist()) for t in tests)]

    alone = measured()
    monkeypatch.setattr(_parallel, "WORTH_SENDING", 0.0)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert measured() == alone


def test_what_a_piece_raises_is_raised_here():
    def work(i: int) -> int:
        if i == 2:
            raise ValueError(f"piece {i} cannot be measured")
        return i

    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(ValueError, match="piece 2 cannot be measured"),
    ):
        spread(work, range(5))


def test_work_that_cannot_travel_is_told():
    lock = threading.Lock()
    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(TypeError, match=r"cannot be sent to other processes: .*lock.*'threading'"),
    ):
        spread(lambda i: (lock, i), range(3))


def test_an_interruption_keeps_what_is_finished():
    done: list[int] = []

    def finished(place: int, _: object) -> None:
        done.append(place)
        if len(done) == 3:
            raise KeyboardInterrupt

    with joblib.parallel_config(backend="loky", n_jobs=2), pytest.raises(KeyboardInterrupt):
        spread(lambda i: time.sleep(0.02), range(50), finished=finished)
    assert len(done) == 3


def test_a_killed_worker_costs_nothing():
    killed: list[int] = []

    def work(generator: np.random.Generator) -> tuple[int, float]:
        time.sleep(0.02)
        return os.getpid(), float(generator.normal())

    def kill_one(place: int, result: tuple[int, float]) -> None:
        if not killed:
            killed.append(result[0])
            os.kill(result[0], signal.SIGKILL)

    alone = [v for _, v in spread(work, seeds(1, 40))]
    with joblib.parallel_config(backend="loky", n_jobs=2):
        found = spread(work, seeds(1, 40), finished=kill_one)
    assert killed[0] != os.getpid()
    assert [v for _, v in found] == alone
    assert len({pid for pid, _ in found}) > 2


def test_a_piece_that_kills_its_worker_is_given_up():
    here = os.getpid()

    def work(i: int) -> int:
        if i == 3 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return i

    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(RuntimeError, match=r"LokyBackend were lost 3 times .* of 6 are finished.*memory"),
    ):
        spread(work, range(6))


def test_an_error_of_the_store_is_no_lost_worker():
    def full(place: int, result: int) -> None:
        raise OSError("the disk is full")

    with joblib.parallel_config(backend="loky", n_jobs=2), pytest.raises(OSError, match="the disk is full"):
        spread(abs, range(4), finished=full)
