"""The matrix of all pairs: truths, normalization, missing rows, speed path, interruption."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adami
from adami.estimators import KSG
from adami.report.matrix import matrix

LN2 = math.log(2.0)


def test_labels():
    a, b = np.array([0, 0, 1, 1] * 50), np.array([0, 1, 0, 1] * 50)
    found = matrix({"a": a, "same": 1 - a, "b": b, "joint": 2 * a + b}, method="plugin")
    assert found["a", "same"] == pytest.approx(LN2)
    assert found["a", "b"] == pytest.approx(0.0, abs=1e-12)
    assert found["joint", "joint"] == pytest.approx(2 * LN2)
    assert np.array_equal(found.information, found.information.T)
    assert found.normalized == pytest.approx(
        np.array([[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]), abs=1e-9
    )
    assert found.p_values is None


def test_numbers_are_normalized_as_correlations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    y = 0.8 * x + 0.6 * rng.normal(size=1000)
    found = matrix({"x": x, "y": y, "label": x > 0}, method="auto")
    assert found.normalized[0, 1] == pytest.approx(0.8, abs=0.05)
    assert math.isnan(found.information[0, 0])
    assert found.information[2, 2] == pytest.approx(LN2, abs=0.01)
    assert np.diag(found.normalized).tolist() == [1.0, 1.0, 1.0]
    assert found.normalized.min() >= 0
    assert found.normalized.max() <= 1
    assert found.kinds == ("continuous", "continuous", "discrete")


def test_each_pair_uses_its_own_rows():
    rng = np.random.default_rng(1)
    x, y, z = rng.normal(size=(3, 100))
    x[:10], y[5:30], z[:] = np.nan, np.nan, np.nan
    found = matrix({"x": x, "y": y, "z": z})
    assert found.counts.tolist() == [[90, 70, 0], [70, 75, 0], [0, 0, 0]]
    assert math.isnan(found["x", "z"])
    assert math.isnan(found.normalized[0, 2])
    assert {"dropped_rows", "too_few_samples"} <= {d.flag for d in found.diagnostics}
    assert found.methods[0][2] == ""
    assert found.to_dict()["information"][0][2] == "nan"


def test_p_values():
    rng = np.random.default_rng(2)
    x = rng.normal(size=150)
    found = matrix({"x": x, "y": x + rng.normal(size=150), "z": rng.normal(size=150)}, permutations=99)
    assert found.p_values[0, 1] == 0.01
    assert found.p_values[0, 2] > 0.05
    assert np.isnan(np.diag(found.p_values)).all()


def test_the_shared_sorts_give_what_single_pairs_give():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 4))
    x[:, 1] += x[:, 0]
    table = {f"x{j}": x[:, j] for j in range(4)}
    found = matrix(table, method="ksg")
    for i in range(4):
        for j in range(i):
            alone = KSG().estimate(x[:, i], x[:, j])
            assert found.information[i, j] == pytest.approx(alone.value, abs=1e-12)
    gappy = x.copy()
    gappy[0, 0] = np.nan
    other = matrix(table | {"x0": gappy[:, 0]}, method="ksg")
    assert other["x2", "x3"] == pytest.approx(found["x2", "x3"], abs=1e-12)
    assert other.counts[0, 1] == 199


def test_constant_columns_share_nothing():
    rng = np.random.default_rng(4)
    found = matrix({"c": np.ones(60), "x": rng.normal(size=60), "l": rng.integers(0, 2, 60)})
    assert found["c", "x"] == 0.0
    assert found["c", "l"] == 0.0
    assert found["c", "c"] == 0.0
    assert found.normalized[0].tolist() == [1.0, 0.0, 0.0]


def test_workers_do_not_change_it():
    rng = np.random.default_rng(5)
    table = {f"x{j}": rng.normal(size=80).round(1) for j in range(4)} | {"l": rng.integers(0, 3, 80)}
    one, two = (matrix(table, permutations=19, n_jobs=jobs, random_state=1) for jobs in (1, 2))
    assert np.array_equal(one.information, two.information, equal_nan=True)
    assert np.array_equal(one.p_values, two.p_values, equal_nan=True)


def test_interruption_keeps_what_is_done():
    rng = np.random.default_rng(6)

    def stop(done: int, total: int, what: str) -> None:
        assert (total, what) == (6, "matrix")
        if done == 3:
            raise KeyboardInterrupt

    found = matrix({f"x{j}": rng.normal(size=60) for j in range(4)}, progress=stop)
    assert found.diagnostics[-1].flag == "interrupted"
    assert np.isfinite(found.information[np.triu_indices(4, 1)]).sum() == 3


def test_one_column_and_none():
    found = matrix({"x": np.arange(30.0)})
    assert found.normalized.tolist() == [[1.0]]
    with pytest.raises(ValueError, match="no columns"):
        matrix({})


@pytest.mark.parametrize("verb", ["matrix", "rank", "profile"])
def test_other_dependences_have_no_place_beside_entropies(verb: str) -> None:
    table = {"a": np.arange(30.0), "y": np.arange(30.0) ** 2}
    target = {} if verb == "matrix" else {"target": "y"}
    with pytest.raises(ValueError, match="not Shannon information"):
        getattr(adami, verb)(table, method="cs_qmi", **target)
