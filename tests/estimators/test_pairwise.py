import math

import numpy as np
import pytest

from adami.estimators import KSG, Ross
from adami.estimators.pairwise import ksg_all_pairs, ksg_many, ksg_permutations, ross_many
from adami.variables import variable


def table(n=300, p=5, seed=0):
    data = np.random.default_rng(seed).normal(size=(n, p))
    data[:, 1] += data[:, 0]
    return data


def test_many_equals_single_pairs():
    data = table()
    y = data[:, 0] + data[:, 2] + 0.1 * np.random.default_rng(9).normal(size=300)
    expected = [KSG(4).estimate(data[:, j], y).value for j in range(5)]
    assert ksg_many(data, y, k=4).tolist() == expected
    assert ksg_many(data, y, k=4, n_jobs=2).tolist() == expected


def test_all_pairs_equal_single_pairs():
    data = table()
    found = ksg_all_pairs(data)
    assert np.array_equal(found, found.T)
    assert found[0, 1] == KSG().estimate(data[:, 0], data[:, 1]).value
    assert found[4, 2] == KSG().estimate(data[:, 4], data[:, 2]).value
    assert np.isinf(np.diag(found)).all()
    assert np.array_equal(found, ksg_all_pairs(data, n_jobs=2))


def test_constants_and_copies():
    data = table()
    data[:, 3] = 5.0
    data[:, 4] = 2 - 3 * data[:, 0]
    found = ksg_all_pairs(data)
    assert not found[3].any()
    assert found[0, 4] == math.inf
    assert ksg_many(data, data[:, 0]).tolist()[3:] == [0.0, math.inf]


def test_atoms_are_refused_by_name():
    data = np.round(table(), 0)
    with pytest.raises(ValueError, match=r"column 1.*mixed_ksg"):
        ksg_all_pairs(data[:, :2])


def test_permutations_equal_single_pairs():
    x, y = table()[:, :2].T
    orders = np.array([np.random.default_rng(s).permutation(len(x)) for s in range(4)])
    found = ksg_permutations(x, y, permutations=orders)
    # the same scaled column, as the sum behind the scale depends on the order of rows in its last bit
    expected = [KSG().estimate(x, y[o]).value for o in orders]
    assert np.allclose(found, expected, atol=1e-12)


def test_permutations_by_seed():
    x, y = table()[:, :2].T
    found = ksg_permutations(x, y, permutations=40, random_state=3)
    assert np.array_equal(found, ksg_permutations(x, y, permutations=40, random_state=3, n_jobs=2))
    assert not np.array_equal(found, ksg_permutations(x, y, permutations=40, random_state=4))
    assert abs(found.mean()) < 0.03


@pytest.mark.parametrize("k", [1, 3, 400])
@pytest.mark.parametrize("decimals", [9, 1])
def test_ross_equals_the_single_estimator(k, decimals):
    data = np.round(table(), decimals)
    labels = (data[:, 0] > 0).astype(int) * 3 + np.random.default_rng(1).integers(0, 2, 300)
    labels[:4] = (90, 91, 91, 95)
    features = [variable(data[:, j], f"f{j}", kinds="continuous") for j in range(5)]
    target = variable(labels, "label", kinds="discrete")
    expected = [Ross(k).estimate(f, target).value for f in features]
    assert np.allclose(ross_many(data, labels, k), expected, atol=1e-12)
    assert np.array_equal(ross_many(data, labels, k), ross_many(data, labels, k, n_jobs=2))


def test_ross_equals_scikit_learn():
    from sklearn.feature_selection._mutual_info import _compute_mi_cd

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 1000)
    data = rng.normal(size=(1000, 3)) + labels[:, None] * [0.3, 1.0, 3.0]
    expected = [_compute_mi_cd(data[:, j], labels, 3) for j in range(3)]
    assert min(expected) > 0
    assert np.allclose(ross_many(data, labels), expected, atol=1e-9)


def test_ross_truth():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 4000)
    data = rng.uniform(labels, labels + 2.0)[:, None]
    assert ross_many(data, labels)[0] == pytest.approx(math.log(5) - 0.8 * math.log(2), abs=0.04)


def test_ross_with_nothing_to_tell():
    data = table(20)
    assert not ross_many(data, np.arange(20)).any()
    assert not ross_many(data, np.zeros(20, dtype=int)).any()
    data[:, 2] = 1.0
    assert ross_many(data, np.arange(20) % 2)[2] == 0.0


def test_bad_input():
    data = table()
    with pytest.raises(ValueError, match="rows"):
        ksg_many(data, np.arange(10.0))
    with pytest.raises(ValueError, match=r"column\(s\) \[2\]"):
        ksg_all_pairs(np.where(np.arange(5) == 2, np.nan, data))
    with pytest.raises(ValueError, match="k=3"):
        ksg_all_pairs(data[:3])
    with pytest.raises(TypeError, match="whole numbers"):
        ross_many(data, data[:, 0])
    with pytest.raises(ValueError, match="neighbour"):
        ross_many(data, np.arange(300) % 3, k=0)
    with pytest.raises(ValueError, match="permutations"):
        ksg_permutations(data[:, 0], data[:, 1], permutations=np.zeros((2, 5), dtype=int))
