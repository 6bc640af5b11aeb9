"""Neighbours among rows with numbers and labels."""

from __future__ import annotations

import numpy as np
import pytest

from adami.estimators import _partition as partition
from adami.variables import variable


def slots(n, levels, seed=0):
    rng = np.random.default_rng(seed)
    numbers = np.round(rng.normal(size=(n, 3)), 1)
    label = rng.integers(0, levels, size=n)
    return (
        partition.part(variable(numbers[:, :2], "x", kinds="continuous")),
        partition.part(variable(label, "label", kinds="discrete")),
        partition.part(variable(numbers[:, 2], "y", kinds="continuous")),
    )


def by_table(parts, k):
    """Return radius, neighbours used, cell sizes and the joint distances, other labels infinitely far."""
    n = len(parts[0].numbers)
    distance = np.zeros((n, n))
    for p in parts:
        if p.numbers.shape[1]:
            distance = np.maximum(distance, np.abs(p.numbers[:, None] - p.numbers[None]).max(axis=-1))
        if p.codes is not None:
            distance[p.codes[:, None] != p.codes[None]] = np.inf
    np.fill_diagonal(distance, np.inf)
    cell = 1 + np.isfinite(distance).sum(axis=1)
    used = np.minimum(k, cell - 1)
    ordered = np.sort(distance, axis=1)
    radius = np.where(used > 0, ordered[np.arange(n), np.maximum(used - 1, 0)], np.inf)
    return radius, used, cell, distance


@pytest.mark.parametrize("small", [1, 64, 10_000])
@pytest.mark.parametrize("levels", [1, 3, 60, 500])
def test_neighbourhoods_and_counts(levels, small, monkeypatch):
    monkeypatch.setattr(partition, "SMALL_CELL", small)
    parts = slots(400, levels)
    near = partition.neighbourhood(parts, 4)
    radius, used, cell, distance = by_table(parts, 4)
    np.testing.assert_array_equal(near.radius, radius)
    np.testing.assert_array_equal(near.used, used)
    np.testing.assert_array_equal(near.cell, cell)
    slack = max(p.slack for p in parts)
    for chosen in (parts, parts[:2], parts[2:], parts[1:2]):
        own = by_table(chosen, 4)[3]
        inside = np.where(radius > 0, radius - slack, 5e-324)[:, None]
        np.testing.assert_array_equal(
            partition.others(chosen, radius, True), (np.isfinite(own) & (own < inside)).sum(axis=1)
        )
        inside = np.where(radius > 0, radius + slack, 0.0)[:, None]
        np.testing.assert_array_equal(
            partition.others(chosen, radius, False), (np.isfinite(own) & (own <= inside)).sum(axis=1)
        )
    assert np.isfinite(distance).sum() == (cell - 1).sum()


def test_without_labels_all_rows_are_one_cell():
    x, _, y = slots(300, 3)
    near = partition.neighbourhood((x, y), 3)
    np.testing.assert_array_equal(near.radius, by_table((x, y), 3)[0])
    assert (near.cell == 300).all()
    assert (partition.others((partition.Part(np.empty((300, 0)), None),), near.radius, True) == 299).all()


def test_a_lattice_counts_the_same_in_any_unit():
    rng = np.random.default_rng(0)
    counts, rate = rng.poisson(3.0, size=300), rng.exponential(size=300)
    found = []
    for unit in (1.0, 0.1, 1e-12, 1 / 3, 1e12):
        parts = [partition.part(variable(unit * v, "v", kinds="mixed")) for v in (counts, rate)]
        near = partition.neighbourhood(parts, 5)
        found.append([partition.others(parts[:1], near.radius, strict).tolist() for strict in (True, False)])
    assert all(f == found[0] for f in found)
