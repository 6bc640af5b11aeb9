"""Tables on disk that the tests of the engines share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ibis", reason="the extra 'engines' is not installed")
pa = pytest.importorskip("pyarrow")


@pytest.fixture(scope="session")
def rows() -> dict[str, np.ndarray]:
    """Return labels, small numbers, numbers with an atom, and plain numbers, tied together."""
    rng = np.random.default_rng(3)
    n = 3_000
    x = rng.integers(0, 6, n)
    y = (x + rng.integers(0, 4, n)) % 5
    size = rng.normal(size=n) + 0.5 * x
    rain = np.where(rng.random(n) < 0.4, 0.0, rng.gamma(2.0, size=n) + 0.3 * y)
    words = np.array(["ash", "oak", "fir", "elm", "yew"], dtype=object)[y]
    return {"x": x, "tree": words, "z": rng.integers(0, 3, n), "size": size, "rain": rain}


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Return a function that writes columns as Parquet."""
    import pyarrow.parquet as pq

    def write(path: Path, columns: dict[str, object], row_group: int = 1_000) -> Path:
        pq.write_table(pa.table(columns), path, row_group_size=row_group)
        return path

    return write


@pytest.fixture(scope="session")
def parts(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, np.ndarray], write: Callable[..., Path]
) -> str:
    """Return a pattern of three Parquet files that hold the rows."""
    folder = tmp_path_factory.mktemp("parts")
    for i in range(3):
        write(folder / f"part{i}.parquet", {k: v[1_000 * i : 1_000 * (i + 1)] for k, v in rows.items()}, 500)
    return f"{folder}/*.parquet"
