"""Runs, kd-cells and merge sorts: closed forms, the cost that entropy promises, inputs without order."""

import math

import numpy as np
import pytest

from adami.exact import (
    convex_hull,
    kd_structural_entropy,
    natural_merge_sort,
    natural_runs,
    run_entropy,
)


def blocks(k: int, each: int, seed: int) -> np.ndarray:
    """Return k sorted blocks, each beginning below the end of the one before."""
    rng = np.random.default_rng(seed)
    parts = np.sort(rng.random((k, each)), axis=1)
    parts[:, 0], parts[:, -1] = 0.0, 1.0
    return parts.ravel()


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8, 16, 31])
def test_sorted_blocks(k: int) -> None:
    seq = blocks(k, 40, k)
    assert run_entropy(seq, base=2) == pytest.approx(math.log2(k), abs=1e-12)
    found = natural_merge_sort(seq)
    assert np.array_equal(found.values, np.sort(seq))
    assert found.runs == k
    assert found.comparisons <= len(seq) * (math.log2(k) + 2)


def test_runs() -> None:
    assert natural_runs([3]) == [(0, 1, False)]
    assert natural_runs([1, 2, 2, 3]) == [(0, 4, False)]
    assert natural_runs([3, 2, 1]) == [(0, 3, True)]
    # equal values end a falling run, because reversing them would exchange them
    assert natural_runs([3, 2, 2, 1]) == [(0, 2, True), (2, 4, True)]
    assert natural_runs([1, 3, 2, 0, 5, 6, 4]) == [(0, 2, False), (2, 4, True), (4, 6, False), (6, 7, False)]
    rng = np.random.default_rng(0)
    for _ in range(50):
        seq = rng.integers(0, 6, size=rng.integers(1, 40))
        runs = natural_runs(seq)
        assert [r[0] for r in runs[1:]] == [r[1] for r in runs[:-1]]
        assert runs[0][0] == 0
        assert runs[-1][1] == len(seq)
        for start, stop, falls in runs:
            steps = np.diff(seq[start:stop])
            assert (steps < 0).all() if falls else (steps >= 0).all()
            if stop < len(seq):
                step = seq[stop] - seq[stop - 1]
                assert not (step < 0 if falls else step >= 0) or stop - start == 1


def test_merge_cost_keeps_its_promise_on_uneven_runs() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        lengths = rng.geometric(rng.uniform(0.02, 0.5), size=rng.integers(1, 30)) + 1
        seq = np.concatenate([np.sort(rng.random(r)) for r in lengths])
        found = natural_merge_sort(seq)
        n, h = len(seq), run_entropy(seq, base=2)
        assert np.array_equal(found.values, np.sort(seq))
        assert found.moved <= n * (h + 2)
        assert found.comparisons <= n * (h + 3)
        assert found.comparisons == found.finding + found.merging


def test_sorting_is_stable_and_plain_merging_does_not_adapt() -> None:
    rng = np.random.default_rng(2)
    seq = rng.integers(0, 10, size=500)
    assert np.array_equal(natural_merge_sort(seq).order, np.argsort(seq, kind="stable"))
    assert np.array_equal(natural_merge_sort(seq, policy="plain").order, np.argsort(seq, kind="stable"))
    ordered = np.arange(1024)
    assert natural_merge_sort(ordered).comparisons == 1023
    assert natural_merge_sort(ordered[::-1]).comparisons == 1023
    # half of n log n, although there is nothing to do
    assert natural_merge_sort(ordered, policy="plain").comparisons == 1024 * 10 // 2
    assert natural_merge_sort(ordered, policy="plain").comparisons > 1024 * (run_entropy(ordered) + 2)


def test_hull_cells() -> None:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    # all points are corners, so that none can be disposed of with another
    assert kd_structural_entropy(circle, base=2).value == pytest.approx(6.0)
    rng = np.random.default_rng(3)
    square = np.array([[-9.0, -9], [-9, 9], [9, -9], [9, 9]])
    few = kd_structural_entropy(np.vstack([square, rng.normal(size=(400, 2))]), base=2)
    many = kd_structural_entropy(np.vstack([rng.uniform(-9, 9, size=(404, 2))]), base=2)
    assert few.value < many.value < math.log2(404)
    assert few.sizes.sum() == 404
    assert few.unit == "bits"


def test_maxima_cells() -> None:
    step = np.arange(32.0)
    antichain = np.column_stack([step, -step])
    assert kd_structural_entropy(antichain, "maxima", base=2).value == pytest.approx(5.0)
    # a chain halves again and again
    chain = np.column_stack([step, step])
    truth = sum(2.0**-i * i for i in range(1, 6)) + 5 / 32
    assert kd_structural_entropy(chain, "maxima", base=2).value == pytest.approx(truth)
    # one point above all others: only the cells that hold it are split
    rng = np.random.default_rng(4)
    topped = np.vstack([rng.random((255, 2)), [[2.0, 2.0]]])
    assert kd_structural_entropy(topped, "maxima", base=2).value < 2.1


def test_repeated_and_flat_points() -> None:
    assert kd_structural_entropy(np.ones((9, 2))).value == 0.0
    line = np.column_stack([np.arange(8.0), np.arange(8.0)])
    # a line has no inside
    assert kd_structural_entropy(line, "hull", base=2).value == pytest.approx(3.0)
    assert kd_structural_entropy([[1.0, 2.0]]).value == 0.0


def test_hull_against_scipy() -> None:
    spatial = pytest.importorskip("scipy.spatial")
    points = np.random.default_rng(5).normal(size=(200, 2))
    ours = convex_hull(points)
    theirs = spatial.ConvexHull(points)
    assert {tuple(p) for p in ours} == {tuple(p) for p in points[theirs.vertices]}
    x, y = ours.T
    assert 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) == pytest.approx(theirs.volume)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        run_entropy([])
    with pytest.raises(ValueError, match="NaN"):
        natural_merge_sort([1.0, math.nan])
    with pytest.raises(ValueError, match="policy"):
        natural_merge_sort([1, 2], policy="quick")
    with pytest.raises(ValueError, match="two coordinates"):
        kd_structural_entropy(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="mode"):
        kd_structural_entropy(np.zeros((3, 2)), "corner")
    with pytest.raises(ValueError, match="infinite"):
        kd_structural_entropy([[math.inf, 0.0]])
