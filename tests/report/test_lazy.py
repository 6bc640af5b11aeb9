"""Rankings, matrices and pages of tables that stay in an engine: all rows counted, the rest on a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adami
from adami.engines.source import Source, open_source
from adami.report import lazy
from adami.report._survey import Sampling
from adami.verbs import _sources

ibis = pytest.importorskip("ibis", reason="needs Ibis: pip install 'adami[engines]'")
pa = pytest.importorskip("pyarrow")
N = 9_000


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    noisy = np.where(rng.random(N) < 0.1, 1 - y, y)
    gaps = np.array(["a", "b"], dtype=object)[np.where(rng.random(N) < 0.3, 1 - y, y)]
    gaps[rng.random(N) < 0.2] = None
    return {"y": y, "noisy": noisy, "gaps": gaps, "near": y + rng.normal(size=N), "far": rng.normal(size=N)}


@pytest.fixture(scope="module")
def source(rows: dict[str, np.ndarray]) -> Source:
    return open_source(ibis.memtable(pa.table(rows)))


@pytest.fixture(scope="module")
def profile(source: Source) -> Any:
    return lazy.profile(source, "y", permutations=0, sampling=Sampling(max_rows=2_500, tol=0.05))


def test_labels_are_counted_over_all_rows(profile: Any, rows: dict[str, np.ndarray]) -> None:
    ranking = profile.ranking
    assert ranking.n == N
    assert ranking["noisy"].information.n == N
    whole = adami.information(rows, "noisy", "y")
    assert ranking["noisy"].information.value == pytest.approx(whole.value, abs=1e-12)
    assert ranking["noisy"].information.interval == pytest.approx(whole.interval)
    assert ranking.target_entropy.n == N
    assert ranking["noisy"].share == pytest.approx(whole.value / adami.entropy(rows["y"]).value, abs=1e-6)
    assert ranking["gaps"].missing == sum(v is None for v in rows["gaps"])
    assert ranking["gaps"].information.n == N - ranking["gaps"].missing
    assert "counted" in {d.flag for d in ranking.diagnostics}


def test_numbers_come_from_the_sample(profile: Any, rows: dict[str, np.ndarray]) -> None:
    near = profile.ranking["near"].information
    assert near.n == len(profile.data["near"]) == profile.ranking.settings["sample_rows"] <= 2_500
    assert near.value == pytest.approx(adami.information(rows, "near", "y").value, abs=0.05)
    told = {d.flag: d.message for d in profile.ranking.diagnostics}
    assert "2,500 of 9,000 rows" in told.get("sample_budget", told.get("sampled", "")) or near.n < 2_500


def test_the_matrix_holds_both(profile: Any, rows: dict[str, np.ndarray], source: Source) -> None:
    matrix = profile.matrix
    at = {n: i for i, n in enumerate(matrix.names)}
    assert matrix.counts[at["y"], at["noisy"]] == N
    assert matrix.counts[at["y"], at["near"]] < N
    assert matrix["y", "y"] == pytest.approx(np.log(2), abs=1e-3)
    assert np.nanmax(matrix.normalized) <= 1
    alone = lazy.matrix(source, sampling=Sampling(max_rows=2_500, tol=0.05))
    assert alone["y", "noisy"] == matrix["y", "noisy"]
    assert {"counted"} <= {d.flag for d in alone.diagnostics}


def test_columns_are_described_by_all_rows(profile: Any, rows: dict[str, np.ndarray]) -> None:
    gaps = next(c for c in profile.columns if c.name == "gaps")
    assert gaps.missing == sum(v is None for v in rows["gaps"])
    assert gaps.entropy.n == N - gaps.missing
    assert next(c for c in profile.columns if c.name == "far").entropy.n <= 2_500


def test_the_page_says_what_was_sampled(profile: Any) -> None:
    page = profile.to_html()
    assert "9,000 rows" in page
    assert "were counted over all 9,000 rows in duckdb" in page
    assert "random sample of" in page


def test_a_table_within_the_budget_gives_what_memory_gives(rows: dict[str, np.ndarray]) -> None:
    few = {n: v[:900] for n, v in rows.items()}
    here = adami.rank(few, "y", permutations=0)
    there = adami.rank(ibis.memtable(pa.table(few)), "y", permutations=0)
    assert [r.name for r in here] == [r.name for r in there]
    for a, b in zip(here, there):
        assert b.information.n == a.information.n
        assert b.information.value == pytest.approx(a.information.value, abs=0.01)
    assert "all_rows" in {d.flag for d in there.diagnostics}


def test_the_budget_that_ends_is_a_warning(source: Source) -> None:
    found = lazy.rank(source, "y", permutations=0, max_pairs=0, sampling=Sampling(1e-4, 2_500))
    ended = [d for d in found.diagnostics if d.flag == "sample_budget"]
    assert ended
    assert ended[0].severity == "warning"
    assert "2,500 of 9,000 rows" in ended[0].message
    grown = lazy.rank(source, "y", permutations=0, max_pairs=0, sampling=Sampling(0.08))
    assert "sampled" in {d.flag for d in grown.diagnostics}
    assert grown.settings["sample_rows"] < N


def test_what_memory_refuses_is_refused(source: Source) -> None:
    with pytest.raises(KeyError, match="did you mean 'noisy'"):
        lazy.rank(source, "nois")
    with pytest.raises(ValueError, match="'gaps'"):
        lazy.matrix(source, missing="raise")
    with pytest.raises(ValueError, match="tol=0"):
        lazy.matrix(source, sampling=Sampling(tol=0))
    endless = open_source(ibis.memtable(pa.table({"x": [1.0, float("inf")] * 50, "y": [0, 1] * 50})))
    with pytest.raises(ValueError, match="infinite"):
        lazy.rank(endless, "y")


def test_a_method_that_needs_rows_gets_the_sample(source: Source) -> None:
    found = lazy.matrix(source, method="mixed_ksg", sampling=Sampling(max_rows=500))
    assert found.counts.max() <= 500
    assert "counted" not in {d.flag for d in found.diagnostics}


def test_columns_that_are_never_there_together() -> None:
    odd = [i % 2 == 0 for i in range(400)]
    rows = {
        "a": ["u" if o else None for o in odd],
        "b": [None if o else "v" for o in odd],
        "y": [i % 4 < 2 for i in range(400)],
    }
    found = adami.matrix(ibis.memtable(pa.table(rows)))
    assert np.isnan(found["a", "b"])
    assert found.counts[0, 2] == 200


def test_verbs_take_paths_and_patterns(
    rows: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    few = {n: v[:600] for n, v in rows.items()}
    for i in range(2):
        pq.write_table(
            pa.table({n: v[300 * i : 300 * (i + 1)] for n, v in few.items()}), tmp_path / f"{i}.parquet"
        )
    pattern = f"{tmp_path}/*.parquet"
    whole = adami.matrix(pattern, columns=["y", "noisy"])
    assert whole["y", "noisy"] == pytest.approx(
        adami.matrix(few, columns=["y", "noisy"])["y", "noisy"], abs=1e-9
    )
    alone = adami.profile(tmp_path / "0.parquet", "y", permutations=0)
    assert alone.source == "0.parquet"
    assert alone.ranking.n == 300
    assert "engine" not in alone.ranking.settings
    monkeypatch.setattr(_sources, "GROWTH", 1e9)
    tight = adami.rank(tmp_path / "0.parquet", "y", permutations=0, memory_limit="64MB")
    assert tight.settings["engine"] == "duckdb"
    with pytest.raises(ValueError, match="leaves no room"):
        adami.rank(tmp_path / "0.parquet", "y", memory_limit="5kB")


def test_what_an_engine_answered_is_not_asked_again(
    rows: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    from adami.engines import Source as Asked

    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table(rows), file)
    options: dict[str, Any] = {"permutations": 0, "sampling": Sampling(max_rows=500), "name": "rows"}
    plain = lazy.profile(open_source(f"{file}"), "y", **options)
    kept = lazy.profile(open_source(f"{file}"), "y", resume=tmp_path / "kept", **options)
    fetch, count = Asked.fetch, []
    monkeypatch.setattr(Asked, "fetch", lambda self, e: count.append(1) or fetch(self, e))
    monkeypatch.setattr("adami.report._survey.draw", lambda *_, **__: pytest.fail("drawn again"))
    again = lazy.profile(open_source(f"{file}"), "y", resume=tmp_path / "kept", **options)
    assert not count
    for a, b, c in zip(plain.ranking.rows, kept.ranking.rows, again.ranking.rows):
        assert a.information == b.information == c.information
        assert a.information.interval == b.information.interval == c.information.interval
    np.testing.assert_array_equal(plain.matrix.information, again.matrix.information)
    assert [c.distinct for c in plain.columns] == [c.distinct for c in again.columns]
    assert all((plain.data[n] == again.data[n]).all() for n in plain.data)
    monkeypatch.undo()
    # torn rows are drawn again, and another state of the file is another question
    torn = next((tmp_path / "kept" / "engine").glob("rows-*.arrow"))
    torn.write_bytes(torn.read_bytes()[:-9])
    with pytest.warns(UserWarning, match="rows are drawn again"):
        lazy.profile(open_source(f"{file}"), "y", resume=tmp_path / "kept", **options)
    pq.write_table(pa.table({n: v[: N // 2] for n, v in rows.items()}), file)
    monkeypatch.setattr(Asked, "fetch", lambda self, e: count.append(1) or fetch(self, e))
    with pytest.raises(ValueError, match="pieces of other work"):
        lazy.profile(open_source(f"{file}"), "y", resume=tmp_path / "kept", **options)
    assert count
