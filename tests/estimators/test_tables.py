"""Counting: the same cells as NumPy's unique, for any size, split and number of threads."""

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from adami.estimators._kernels import tables
from adami.estimators._kernels.tables import (
    count_cells,
    dense_table,
    information_of_pairs,
    joint_codes,
    occupied,
    pair_information,
    permuted_information,
    row_values,
)


def columns(n, *sizes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, s, n) for s in sizes]


@pytest.fixture
def threads_on_few_rows(monkeypatch):
    monkeypatch.setattr(tables, "ROWS_PER_THREAD", 100)


@pytest.mark.parametrize(
    "sizes", [(7,), (3, 4), (900, 800), (3, 5, 4), (300, 7, 500), (40, 50, 60, 70), (1, 1)]
)
@pytest.mark.parametrize("n", [1, 2, 3000])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_cells_are_those_of_unique(threads_on_few_rows, n, sizes, n_jobs):
    data = columns(n, *sizes)
    cells = count_cells(data, sizes, n_jobs)
    rows, counts = np.unique(np.column_stack(data), axis=0, return_counts=True)
    np.testing.assert_array_equal(np.column_stack(cells.labels), rows)
    np.testing.assert_array_equal(cells.counts, counts)
    assert cells.n == n


@pytest.mark.parametrize("size", [4, 3000])
def test_marginals_add_up(size):
    data = columns(2000, size, 5, size)
    cells = count_cells(data, (size, 5, size))
    for axes in ((0,), (2,), (0, 2), (1, 2), (0, 1, 2)):
        totals, where = cells.marginal(*axes)
        _, expected = np.unique(np.column_stack([data[a] for a in axes]), axis=0, return_counts=True)
        np.testing.assert_array_equal(totals, expected)
        np.testing.assert_array_equal(np.bincount(where, weights=cells.counts), totals)
    assert cells.marginal()[0].tolist() == [2000]


def test_huge_label_numbers_neither_overflow_nor_fill_the_memory():
    a = np.array([0, 2**61, 2**61, 5], dtype=np.int64)
    b = np.array([2**40, 1, 1, 2**40], dtype=np.int64)
    cells = count_cells((a, b), (2**61 + 1, 2**40 + 1))
    assert cells.counts.tolist() == [1, 1, 2]
    assert cells.labels[0].tolist() == [0, 5, 2**61]
    assert cells.labels[1].tolist() == [2**40, 2**40, 1]
    assert pair_information(a, b, 2**61 + 1, 2**40 + 1) == pytest.approx(math.log(2))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_every_integer_type_counts(dtype):
    a, b = (c.astype(dtype) for c in columns(500, 5, 6))
    np.testing.assert_array_equal(dense_table((a, b), (5, 6)), dense_table(columns(500, 5, 6), (5, 6)))


@pytest.mark.parametrize("bad", [-1, 5])
@pytest.mark.parametrize("size", [3, 500])
def test_codes_out_of_range_are_refused(bad, size):
    a = np.zeros(100, dtype=np.int64)
    a[50] = bad if bad < 0 else size
    b = np.arange(100) % size
    for call in (
        lambda: dense_table((a,), (size,)),
        lambda: pair_information(a, b, size, size),
        lambda: count_cells((a, b), (size, size)),
        lambda: count_cells((a, b, b), (size, size, size)),
        lambda: information_of_pairs(np.stack([a, b]), [size, size], [[0, 1]]),
        lambda: permuted_information(a, b, size, size, np.arange(100)[None]),
    ):
        with pytest.raises(ValueError, match="outside"):
            call()


def test_permutations_must_name_rows():
    a, b = columns(50, 3, 3)
    with pytest.raises(ValueError, match="rows outside"):
        permuted_information(a, b, 3, 3, np.full((1, 50), 50))


@pytest.mark.parametrize("size", [5, 400])
def test_information_agrees_with_scikit_learn(threads_on_few_rows, size):
    a, noise = columns(3000, size, size)
    b = np.where(noise % 3 == 0, a, noise)
    expected = mutual_info_score(a, b)
    assert pair_information(a, b, size, size) == pytest.approx(expected, abs=1e-12)
    assert pair_information(a, b, size, size) == pair_information(a, b, size, size, 4)


def test_many_pairs_are_the_pairs(threads_on_few_rows):
    sizes = [3, 9, 400, 2, 700]
    data = np.stack(columns(2000, *sizes))
    pairs = np.array([[i, j] for i in range(5) for j in range(5)])
    found = information_of_pairs(data, sizes, pairs)
    expected = [pair_information(data[i], data[j], sizes[i], sizes[j]) for i, j in pairs]
    np.testing.assert_allclose(found, expected, atol=1e-13)
    np.testing.assert_array_equal(found, information_of_pairs(data.astype(np.int32), sizes, pairs, 3))
    assert information_of_pairs(data, sizes, np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("size", [4, 600])
def test_permuted_information_is_that_of_permuted_rows(threads_on_few_rows, size):
    a, b = columns(1000, size, size)
    orders = np.array([np.random.default_rng(i).permutation(1000) for i in range(5)])
    found = permuted_information(a, b, size, size, orders)
    expected = [pair_information(a[o], b, size, size) for o in orders]
    np.testing.assert_allclose(found, expected, atol=1e-13)
    np.testing.assert_array_equal(found, permuted_information(a, b, size, size, orders, 2))


@pytest.mark.parametrize("sizes", [(4, 5), (700, 800)])
def test_joint_codes_number_the_cells(sizes):
    a, b = columns(1500, *sizes)
    cells, codes = joint_codes(a, b, *sizes)
    np.testing.assert_array_equal(cells.labels[0][codes], a)
    np.testing.assert_array_equal(cells.labels[1][codes], b)
    np.testing.assert_array_equal(np.bincount(codes), cells.counts)


@pytest.mark.parametrize("sizes", [(6,), (4, 5), (700, 800), (3, 4, 5), (90, 80, 70), (300, 4, 3)])
def test_row_values_find_the_cell_of_each_row(threads_on_few_rows, sizes):
    data = columns(1500, *sizes)
    cells = count_cells(data, sizes)
    _, inverse = np.unique(np.column_stack(data), axis=0, return_inverse=True)
    values = np.random.default_rng(0).normal(size=len(cells.counts))
    np.testing.assert_array_equal(row_values(data, cells, values, 2), values[inverse.ravel()])


def test_occupied_leaves_out_empty_cells():
    cells = occupied(np.array([[0, 3], [1, 0]]))
    assert cells.counts.tolist() == [3, 1]
    assert [a.tolist() for a in cells.labels] == [[0, 1], [1, 0]]
