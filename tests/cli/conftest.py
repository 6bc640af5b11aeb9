"""Run the command line inside the test, and small tables for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from adami.cli.app import app

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments: str | Path, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)

    return call


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """240 rows: y = a xor b, c a copy of y, noise told apart from everything, and three gaps in c."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 240))
    noise = rng.integers(0, 3, 240)
    rows = [f"{i},{j},{i ^ j if n > 2 else 'NA'},{k},{i ^ j}" for n, (i, j, k) in enumerate(zip(a, b, noise))]
    path = tmp_path / "labels.csv"
    path.write_text("a,b,c,noise,y\n" + "\n".join(rows) + "\n")
    return path
