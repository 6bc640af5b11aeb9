"""adami channel: stored scores in, information out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    tensor = np.where(np.eye(16, dtype=bool)[:, None, :], -1.0, -9.0).repeat(2, axis=1)
    np.savez(tmp_path / "scores.npz", scores=tensor, lengths=np.full((16, 2), 5))
    return tmp_path / "scores.npz"


def test_channel(run, scores: Path) -> None:
    told = run("channel", scores)
    assert told.exit_code == 0
    assert "a token" in told.stdout
    found = json.loads(run("channel", scores, "--json").stdout)
    wanted = -1 - (math.log(math.exp(-1) + 15 * math.exp(-9)) - math.log(16))
    assert found["value"] == pytest.approx(wanted)
    assert found["details"]["nats_per_token"] == pytest.approx(wanted / 5)
    assert float(run("channel", scores, "--quiet", "--bits").stdout) == pytest.approx(
        wanted / math.log(2), rel=1e-4
    )


def test_refused_files(run, tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", values=np.zeros(3))
    np.savez(tmp_path / "objects.npz", scores=np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text("no archive")
    for name, word in (
        ("other.npz", "scores"),
        ("objects.npz", "allow_pickle"),
        ("text.npz", "archive"),
        ("none.npz", "no file"),
    ):
        told = run("channel", tmp_path / name)
        assert told.exit_code == 1
        assert word in told.stderr
