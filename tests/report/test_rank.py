"""Ranking: relevance, repeats, synergy and the sufficient set on tables whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.report._progress import Progress
from adami.report._table import Table
from adami.report.interactions import choose_pairs
from adami.report.rank import rank

LN2 = math.log(2.0)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_xor_is_found_together_and_not_alone():
    a, b, c = _rng(1).integers(0, 2, (3, 400))
    found = rank({"c": c, "a": a, "b": b, "y": a ^ b}, "y", permutations=99)
    assert all(r.information.value < 0.02 for r in found)
    assert all(r.adjusted_p > 0.05 for r in found)
    top = found.interactions[0]
    assert {top.first, top.second} == {"a", "b"}
    assert top.synergy.value == pytest.approx(LN2, abs=0.03)
    assert top.together == pytest.approx(LN2, abs=0.03)
    assert top.adjusted_p < 0.001
    assert set(found.sufficient) == {"a", "b"}
    assert found.path[1].total == pytest.approx(LN2, abs=0.03)


def test_parity_of_numbers_is_found():
    rng = _rng(1)
    a, b, c = rng.normal(size=(3, 500))
    found = rank({"c": c, "a": a, "b": b, "y": (a * b > 0)}, "y", permutations=99)
    top = found.interactions[0]
    assert {top.first, top.second} == {"a", "b"}
    assert top.synergy.value > 0.4
    assert set(found.sufficient) == {"a", "b"}


def test_a_copy_repeats_and_is_not_needed():
    rng = _rng(2)
    z = rng.normal(size=400)
    table = {"copy": 2.0 * z + 0.01 * rng.normal(size=400), "z": z, "noise": rng.normal(size=400)}
    found = rank(table | {"y": (z + 0.5 * rng.normal(size=400) > 0)}, "y", permutations=99)
    first, second = found.rows[0].name, found.rows[1].name
    assert {first, second} == {"copy", "z"}
    assert found[second].repeats == first
    assert found[first].repeats is None
    assert found["noise"].repeats is None
    assert found.sufficient == (first,)


def test_in_a_chain_only_the_near_column_is_needed():
    rng = _rng(3)
    x = rng.normal(size=800)
    z = x + 0.5 * rng.normal(size=800)
    y = z + 0.5 * rng.normal(size=800)
    found = rank({"x": x, "z": z, "y": y}, "y", permutations=99)
    assert [r.name for r in found] == ["z", "x"]
    assert found.target_entropy is None
    assert found["z"].share is None
    # correlation of z and y: var z = 1.25, var y = 1.5
    assert found["z"].information.value == pytest.approx(-0.5 * math.log(1 - 1.25 / 1.5), abs=0.08)
    assert found["x"].information.value == pytest.approx(-0.5 * math.log(1 - 1 / 1.5), abs=0.08)
    assert found["x"].repeats == "z"
    assert found.sufficient == ("z",)
    low, high = found["z"].information.interval
    assert low < found["z"].information.value < high


def test_complementary_columns_are_both_needed_and_add_up():
    rng = _rng(4)
    a, b = rng.integers(0, 2, (2, 600))
    found = rank({"a": a, "b": b, "y": 2 * a + b}, "y", permutations=99)
    assert set(found.sufficient) == {"a", "b"}
    assert found.path[-1].total == pytest.approx(found.target_entropy.value, abs=0.01)
    assert found["a"].share == pytest.approx(0.5, abs=0.02)
    assert found["a"].repeats is None
    assert "above_entropy" not in {d.flag for d in found.diagnostics}


def test_noise_ranks_as_noise():
    rng = _rng(5)
    table = {f"x{j}": rng.normal(size=200) for j in range(5)} | {"y": rng.integers(0, 2, 200)}
    found = rank(table, "y", permutations=99)
    assert found.sufficient == ()
    assert len(found.path) == 1
    assert not found.path[0].accepted
    assert all(r.repeats is None for r in found)


def test_strange_columns_are_shown_and_flagged():
    rng = _rng(6)
    n = 100
    y = rng.integers(0, 2, n)
    table = {
        "constant": np.zeros(n),
        "empty": np.full(n, np.nan),
        "identifier": np.array([f"row {i}" for i in range(n)], dtype=object),
        "almost_empty": np.where(np.arange(n) < 3, 1.5, np.nan),
        "signal": y + 0.1 * rng.normal(size=n),
        "y": y,
    }
    found = rank(table, "y", permutations=19)
    assert found.rows[0].name == "signal"
    for name, flag in (
        ("constant", "constant"),
        ("empty", "degenerate"),
        ("identifier", "identifier"),
        ("almost_empty", "too_few_samples"),
    ):
        assert found[name].information.value == 0.0
        assert flag in found[name].information.flags
    assert found["empty"].missing == n
    assert found.sufficient == ("signal",)
    assert found.to_dict()["columns"][0]["name"] == "signal"


def test_missing_rows_are_dropped_pair_by_pair():
    rng = _rng(7)
    x, y = rng.normal(size=(2, 120))
    gappy = x.copy()
    gappy[:30] = np.nan
    found = rank({"x": x, "gappy": gappy, "y": y}, "y", permutations=19)
    assert found["x"].information.n == 120
    assert found["gappy"].information.n == 90
    assert found["gappy"].missing == 30
    assert "dropped_rows" in {d.flag for d in found.diagnostics}
    with pytest.raises(ValueError, match=r"'gappy' \(30\)"):
        rank({"x": x, "gappy": gappy, "y": y}, "y", missing="raise")


def test_missing_as_category():
    rng = _rng(8)
    y = rng.integers(0, 2, 200)
    told = np.array([None if v else "here" for v in y], dtype=object)
    found = rank({"told": told, "y": y}, "y", missing="category", permutations=19)
    assert found["told"].information.value == pytest.approx(found.target_entropy.value, abs=0.01)
    assert found["told"].missing == 0


def test_constant_and_identifier_targets_are_flagged():
    rng = _rng(9)
    x = rng.normal(size=60)
    constant = rank({"x": x, "y": np.ones(60)}, "y", permutations=19)
    assert constant["x"].information.value == 0.0
    assert "constant" in {d.flag for d in constant.diagnostics}
    names = np.array([f"n{i}" for i in range(60)], dtype=object)
    named = rank({"x": x, "y": names}, "y", permutations=19)
    assert "identifier" in {d.flag for d in named.diagnostics}


def test_bad_calls_say_what_is_wrong():
    table = {"species": np.array([0, 1] * 20), "x": np.arange(40.0)}
    with pytest.raises(KeyError, match="did you mean 'species'"):
        rank(table, "specie")
    with pytest.raises(KeyError, match="kinds= names an unknown column"):
        rank(table, "species", kinds={"xx": "discrete"})
    with pytest.raises(ValueError, match="unknown kind 'number'"):
        rank(table, "species", kinds={"x": "number"})
    with pytest.raises(ValueError, match="no column beside the target"):
        rank({"y": np.arange(40)}, "y")
    with pytest.raises(ValueError, match="has no values"):
        rank({"x": np.arange(40.0), "y": np.full(40, np.nan)}, "y")
    with pytest.raises(ValueError, match="no rows"):
        rank({"x": np.empty(0), "y": np.empty(0)}, "y")
    with pytest.raises(ValueError, match="different lengths"):
        rank({"x": np.arange(40.0), "y": np.arange(39)}, "y")
    with pytest.raises(ValueError, match="infinite"):
        rank({"x": np.full(40, np.inf), "y": np.arange(40) % 2}, "y")
    with pytest.raises(ValueError, match="choose 'drop'"):
        rank(table, "species", missing="ignore")


def test_same_seed_same_answer_for_any_number_of_workers():
    rng = _rng(10)
    x = rng.normal(size=(150, 4)).round(1)
    table = {f"x{j}": x[:, j] for j in range(4)} | {"y": (x[:, 0] + x[:, 1] > 0)}
    one, two = (rank(table, "y", permutations=39, n_jobs=jobs, random_state=3).to_dict() for jobs in (1, 2))
    one.pop("seconds"), two.pop("seconds")
    assert one == two
    other = rank(table, "y", permutations=39, random_state=4).to_dict()
    assert other["columns"] != one["columns"]


def test_progress_counts_up_to_its_total():
    seen: list[tuple[int, int, str]] = []
    rng = _rng(11)
    table = {f"x{j}": rng.normal(size=60) for j in range(3)} | {"y": rng.integers(0, 2, 60)}
    rank(table, "y", permutations=19, progress=lambda *step: seen.append(step))
    done = [s[0] for s in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]
    assert len({s[1] for s in seen}) == 1
    assert [*dict.fromkeys(s[2] for s in seen)] == ["relevance", "pairs", "path"]


@pytest.mark.parametrize(("stage", "rows", "pairs"), [("relevance", 1, 0), ("pairs", 4, 1), ("path", 4, 6)])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interruption_keeps_what_is_done(stage, rows, pairs, n_jobs):
    rng = _rng(12)
    table = {f"x{j}": rng.normal(size=60) for j in range(4)} | {"y": rng.integers(0, 2, 60)}

    def stop(done: int, total: int, what: str) -> None:
        if what == stage:
            raise KeyboardInterrupt

    found = rank(table, "y", permutations=19, progress=stop, n_jobs=n_jobs)
    assert found.diagnostics[-1].flag == "interrupted"
    assert rows <= len(found) <= 4
    assert len(found.interactions) >= pairs
    assert found.to_dict()["target"] == "y"


def test_pairs_beyond_the_limit_are_screened():
    rng = _rng(13)
    table = {f"x{j}": rng.normal(size=800) for j in range(30)}
    table["y"] = table["x7"] * table["x23"] > 0
    names = [f"x{j}" for j in range(30)]
    chosen = choose_pairs(Table(table, None, "drop"), "y", names, 40, rng)
    assert len(chosen) == 40
    assert ("x7", "x23") in chosen


def test_no_pairs_and_no_permutations():
    rng = _rng(14)
    x = rng.normal(size=200)
    table = {"x": x, "w": rng.normal(size=200), "y": x + rng.normal(size=200)}
    found = rank(table, "y", permutations=0, max_pairs=0)
    assert found.interactions == ()
    assert all(r.information.p_value is None or 0 <= r.information.p_value <= 1 for r in found)
    assert found.sufficient == ("x",)


@pytest.mark.parametrize("method", ["ksg", "gaussian_copula", "mesner_shalizi"])
def test_other_methods(method):
    rng = _rng(15)
    x = rng.normal(size=300)
    table = {"x": x, "w": rng.normal(size=300), "y": x + 0.5 * rng.normal(size=300)}
    found = rank(table, "y", method=method, permutations=19)
    assert found.settings["method"] == method
    assert found["x"].information.method == method
    assert found["x"].information.value == pytest.approx(0.5 * math.log(5), abs=0.15)
    assert found.sufficient == ("x",)


def test_a_method_that_cannot_take_the_kinds_says_so():
    rng = _rng(16)
    with pytest.raises(TypeError, match="takes"):
        rank({"x": rng.normal(size=50), "y": rng.normal(size=50)}, "y", method="plugin")


def test_progress_never_passes_its_total():
    counted: list[int] = []
    progress = Progress(lambda done, total, what: counted.append(done), 3)
    progress.step("a")
    progress.reach(2, "b")
    progress.step("b", 5)
    progress.reach(3, "c")
    assert counted == [1, 2, 3, 3]
