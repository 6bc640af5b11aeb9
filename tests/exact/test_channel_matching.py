"""Channel matching against the best of all partitions, and the classifier that stands on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adami.exact import binary_optimum, match_channels, mutual_information


def medical_test(step: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = np.arange(0, 100 + step / 2, step)
    density = np.exp(-((z[None, :] - np.array([[30.0], [70.0]])) ** 2) / (2 * 15**2))
    return z, np.array([0.8, 0.2]), density / density.sum(axis=1, keepdims=True)


def information(prior: np.ndarray, likelihood: np.ndarray, partition: np.ndarray) -> float:
    cells = prior[:, None] * likelihood
    table = np.stack([cells[:, partition == y].sum(axis=1) for y in np.unique(partition)], axis=1)
    return float(mutual_information(table))


@pytest.mark.parametrize("threshold", [10, 50, 80])
def test_threshold_of_a_medical_test(threshold: float) -> None:
    z, prior, likelihood = medical_test()
    found = match_channels(prior, likelihood, (z >= threshold).astype(int), base=2)
    best, value = binary_optimum(prior, likelihood, base=2)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.value == pytest.approx(0.38260, abs=1e-5)
    assert z[found.partition == 1].min() == pytest.approx(53.9)
    assert np.array_equal(found.partition, best)
    assert found.rounds <= 9
    assert found.converged
    assert np.all(np.diff(found.trace) > 0)


def test_a_coarse_grid_can_hold_it_up() -> None:
    z, prior, likelihood = medical_test(step=1.0)
    ends = {t: match_channels(prior, likelihood, (z >= t).astype(int)).value for t in (10, 80)}
    _, value = binary_optimum(prior, likelihood)
    assert ends[10] == pytest.approx(value, abs=1e-12)
    assert value - 1e-3 < ends[80] < value - 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_binary_optimum_is_the_best_of_all_partitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior, likelihood = rng.dirichlet([1, 1]), rng.dirichlet(np.ones(7), size=2)
    _, value = binary_optimum(prior, likelihood)
    every = [
        information(prior, likelihood, np.array(p))
        for p in itertools.product([0, 1], repeat=7)
        if len(set(p)) == 2
    ]
    assert value == pytest.approx(max(every), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_information_rises_and_the_end_is_reported(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior, likelihood = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(60), size=4)
    found = match_channels(prior, likelihood, 3, random_state=seed)
    assert np.all(np.diff(found.trace) > -1e-12)
    assert found.value == pytest.approx(information(prior, likelihood, found.partition))
    channel = np.eye(3)[found.partition]
    whole = likelihood @ channel
    # the end matches: semantic and Shannon information agree
    assert found.semantic.semantic_mi(whole) == pytest.approx(found.value, abs=1e-12)
    again = match_channels(prior, likelihood, 3, random_state=seed)
    assert np.array_equal(again.partition, found.partition)
    more = match_channels(prior, likelihood, 3, n_init=40, random_state=seed)
    assert more.value >= found.value - 1e-12


def test_as_many_labels_as_observations_keep_everything() -> None:
    rng = np.random.default_rng(0)
    prior, likelihood = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(6), size=3)
    found = match_channels(prior, likelihood, np.arange(6))
    assert found.value == pytest.approx(float(mutual_information(prior[:, None] * likelihood)))


def test_a_label_that_tells_nothing_is_dropped_with_a_warning() -> None:
    likelihood = [[0.5, 0.0, 0.5, 0.0], [0.0, 0.5, 0.0, 0.5]]
    with pytest.warns(UserWarning, match="1 of 3 labels lost"):
        found = match_channels([0.5, 0.5], likelihood, [0, 1, 2, 1])
    assert found.labels.tolist() == [0, 1]
    assert found.partition.tolist() == [0, 1, 0, 1]
    assert found.semantic.truth.shape == (2, 2)
    assert found.value == pytest.approx(np.log(2))


def test_impossible_instances_and_observations() -> None:
    found = match_channels([0.5, 0.5, 0.0], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 1, 1])
    assert found.value == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (0, "start=0"),
        (9, "start=9"),
        ([0, 1], "start has shape"),
        ([0.5, 1.0, 2.0], "whole numbers"),
    ],
)
def test_bad_starts(start: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        match_channels([0.5, 0.5], [[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], start)


def test_bad_laws() -> None:
    with pytest.raises(ValueError, match="likelihood has 2 instances"):
        match_channels([0.5, 0.25, 0.25], [[0.6, 0.4], [0.1, 0.9]], 2)
    with pytest.raises(ValueError, match="n_init=0"):
        match_channels([0.5, 0.5], [[0.6, 0.4], [0.1, 0.9]], 2, n_init=0)
    with pytest.raises(ValueError, match="match_channels takes any number"):
        binary_optimum([0.5, 0.25, 0.25], np.full((3, 2), 0.5))
