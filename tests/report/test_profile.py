"""The profile: everything about a table in one record."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import adami
from adami.report.profile import profile
from adami.report.rank import rank


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 200
    species = rng.integers(0, 3, n)
    length = (species * 2.0 + rng.normal(size=n)).round(1)
    length[:7] = np.nan
    names = np.array(["a", "b", "c"], dtype=object)[species]
    return {
        "species": names,
        "length": length,
        "noise": rng.normal(size=n),
        "flat": np.ones(n),
        "empty": np.full(n, np.nan),
        "rain": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
    }


@pytest.fixture(scope="module")
def found(table):
    return profile(table, "species", source="a table", permutations=39)


def test_everything_is_there(found, table):
    assert found.source == "a table"
    assert [c.name for c in found.columns] == list(table)
    assert found.matrix.names == tuple(table)
    assert found.ranking.sufficient == ("length",)
    assert found.ranking.rows[0].name == "length"
    assert set(found.data) == set(table)
    assert found.seconds > 0


def test_columns_are_summarized(found):
    summary = {c.name: c for c in found.columns}
    assert summary["species"].entropy.value == pytest.approx(math.log(3), abs=0.05)
    assert (summary["length"].missing, summary["length"].kind) == (7, "continuous")
    # a mixture of three unit normals at 0, 2, 4
    assert summary["length"].entropy.value == pytest.approx(2.02, abs=0.2)
    assert "ties" in {d.flag for d in summary["length"].diagnostics}
    assert summary["noise"].entropy.value == pytest.approx(0.5 * math.log(2 * math.pi * math.e), abs=0.2)
    assert summary["flat"].entropy is None
    assert summary["flat"].distinct == 1
    assert "constant" in {d.flag for d in summary["flat"].diagnostics}
    assert (summary["empty"].entropy, summary["empty"].distinct, summary["empty"].missing) == (None, 0, 200)
    assert summary["rain"].kind == "mixed"
    assert summary["rain"].entropy is None


def test_matrix_repeats_the_numbers_of_the_ranking(found):
    for row in found.ranking:
        assert found.matrix[row.name, "species"] == row.information.value


def test_ranking_is_that_of_rank(found, table):
    alone = rank(table, "species", permutations=39)
    assert [r.name for r in alone] == [r.name for r in found.ranking]
    assert [r.information.value for r in alone] == [r.information.value for r in found.ranking]
    assert found.ranking.settings == alone.settings


def test_it_is_json_without_the_rows(found):
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert "data" not in json.loads(text)


def test_progress_and_interruption(table):
    seen: list[tuple[int, int, str]] = []
    profile(table, "species", permutations=19, progress=lambda *step: seen.append(step))
    assert [s[0] for s in seen] == sorted(s[0] for s in seen)
    assert seen[-1][0] == seen[-1][1]
    assert [*dict.fromkeys(s[2] for s in seen)] == ["relevance", "pairs", "path", "matrix"]

    def stop(done: int, total: int, what: str) -> None:
        if what == "pairs":
            raise KeyboardInterrupt

    stopped = profile(table, "species", permutations=19, progress=stop)
    assert "interrupted" in {d.flag for d in stopped.ranking.diagnostics}
    assert stopped.matrix["length", "species"] == stopped.ranking["length"].information.value
    assert math.isnan(stopped.matrix["length", "noise"])


def test_repeated_values_that_differ_by_rounding_alone_have_an_entropy() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 7, 3_000)
    # sums of tenths and thousandths: many values twice, some of them 1e-16 apart
    size = rng.integers(0, 1_000, 3_000) / 1_000 + y * 0.1
    assert 0 < np.diff(np.unique(size)).min() < 1e-15
    found = profile({"size": size, "y": y}, "y", permutations=0)
    entropy = next(c.entropy for c in found.columns if c.name == "size")
    spread = size + rng.uniform(-5e-4, 5e-4, 3_000)
    assert entropy == pytest.approx(float(adami.entropy(spread)), abs=0.05)


def test_a_column_without_an_entropy_does_not_end_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("the density is infinite")

    monkeypatch.setattr("adami.estimators.kozachenko_leonenko.KozachenkoLeonenko._entropy", refuse)
    rng = np.random.default_rng(0)
    found = profile({"size": rng.normal(size=200), "y": rng.integers(0, 2, 200)}, "y", permutations=0)
    size = next(c for c in found.columns if c.name == "size")
    assert size.entropy is None
    assert [d.message for d in size.diagnostics if d.flag == "no_entropy"] == [
        "no entropy of 'size': the density is infinite"
    ]
    assert "the density is infinite" in found.to_html()
