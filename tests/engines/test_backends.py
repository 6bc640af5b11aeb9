"""Columns in parallel on clusters: the same numbers as here, also when a worker is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adami.estimators.ksg import KSG
from adami.report.matrix import matrix
from adami.report.profile import profile
from adami.report.rank import rank

joblib = pytest.importorskip("joblib")
Configured = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def dask() -> Iterator[Configured]:
    distributed = pytest.importorskip("distributed", reason="needs dask: pip install 'adami[dask]'")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield lambda: joblib.parallel_config(backend="dask")


@pytest.fixture(scope="module")
def ray() -> Iterator[Configured]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    library = pytest.importorskip("ray", reason="needs ray: pip install 'adami[ray]'")
    from ray.util.joblib import register_ray

    library.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        object_store_memory=100 * 2**20,
    )
    register_ray()
    yield lambda: joblib.parallel_config(backend="ray")
    library.shutdown()


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(3, 200))
    columns = {f"x{j}": hidden[j % 3] + 0.5 * rng.normal(size=200) for j in range(6)}
    columns["x5"][:9] = np.nan
    return columns | {"y": hidden[0] + 0.5 * hidden[1] + 0.3 * rng.normal(size=200)}


def dying(folder: Path) -> KSG:
    """Return an estimator that takes its time; one of its workers is killed in the middle of a piece."""
    here = os.getpid()

    class Dying(KSG):
        def _information(self, x: Any, y: Any) -> Any:
            time.sleep(0.005)
            (folder / f"{time.monotonic_ns()}-{os.getpid()}").touch()
            if os.getpid() != here and len(list(folder.iterdir())) > 60:
                with suppress(FileExistsError):
                    (folder / "killed").mkdir()
                    os.kill(os.getpid(), signal.SIGKILL)
            return super()._information(x, y)

    return Dying()


def plain(found: Any) -> str:
    """Return everything that was found, without times."""
    told = found.to_dict()
    for part in (told, told.get("ranking", {}), told.get("matrix", {})):
        part.pop("seconds", None)
    return json.dumps(told)


@pytest.mark.parametrize(("backend", "verb"), [("dask", rank), ("ray", matrix)])
def test_a_killed_worker_changes_nothing(backend, verb, request, table, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    seen: list[int] = []
    options: dict[str, Any] = {"permutations": 9} | ({"target": "y", "max_pairs": 10} if verb is rank else {})
    alone = verb(table, method=dying(here), **options)
    with request.getfixturevalue(backend)():
        found = verb(table, method=dying(there), progress=lambda done, *_: seen.append(done), **options)
    assert plain(found) == plain(alone)
    assert {p.name.split("-")[1] for p in here.iterdir()} == {str(os.getpid())}
    assert (there / "killed").exists()
    workers = {p.name.split("-")[1] for p in there.iterdir() if "-" in p.name} - {str(os.getpid())}
    assert len(workers) > 1
    assert seen == sorted(seen)
    assert len(seen) >= len(table)


def test_a_profile_on_dask_goes_on_here(dask, table, tmp_path):
    alone = profile(table, "y", permutations=9)

    def stop(done: int, total: int, what: str) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with dask():
        cut = profile(table, "y", permutations=9, resume=tmp_path, progress=stop)
    assert "interrupted" in {d.flag for d in cut.ranking.diagnostics}
    kept = len(list(tmp_path.glob("piece-*")))
    assert kept >= 9
    with dask():
        found = profile(table, "y", permutations=9, resume=tmp_path)
    assert plain(found) == plain(alone)
    # where it runs is no setting: the folder serves on either side
    assert plain(profile(table, "y", permutations=9, resume=tmp_path)) == plain(alone)


def test_a_piece_that_dask_gives_up_is_told(dask):
    """joblib itself would wait for such a piece without end."""
    from adami._parallel import spread

    here = os.getpid()

    def work(i: int) -> int:
        if i == 3 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)
        return i

    with dask(), pytest.raises(RuntimeError, match="DaskDistributedBackend were lost 3 times"):
        spread(work, range(8))
