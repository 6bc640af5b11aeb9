"""Ranking experts over tasks with gaps that nobody knows."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from adami.acquisition import ExpertRanker, Stop, difficulty, play
from adami.acquisition._expert_search import SignWatch, decided, halving
from adami.acquisition.environments import ScoreTable

LIMIT = Stop(budget=1e8)


def pair(tasks: int, gap: float, d: int = 64) -> np.ndarray:
    means = np.zeros((2, d))
    means[1, :tasks] = gap
    return means


def solved(means, seed: int, sigma: float = 1.0, shuffle: bool = True, **given) -> tuple:
    world = ScoreTable(means, sigma=sigma, shuffle=shuffle, random_state=seed)
    policy = ExpertRanker(*world.means.shape, 0.1, **{"stop": LIMIT, "random_state": seed, **given})
    policy.solve(world.sample)
    return policy, world


@pytest.mark.parametrize("test_each", [False, True])
@pytest.mark.parametrize(("tasks", "gap"), [(64, 0.3), (1, 3.0), (8, 1.0)])
def test_decides_right(tasks, gap, test_each) -> None:
    runs = [solved(pair(tasks, gap), seed, test_each=test_each) for seed in range(15)]
    assert sum(p.recommend() != w.truth for p, w in runs) <= 1
    assert all(p.stop_reason == "certified" for p, _ in runs)


def test_finds_a_rare_gap_that_averaging_misses() -> None:
    ours = np.median([solved(pair(1, 3.0), s)[0].spent["cost"] for s in range(15)])
    plain = np.median([solved(pair(1, 3.0), s, method="averaging")[0].spent["cost"] for s in range(9)])
    assert plain > 5 * ours


def test_a_test_on_the_scores_that_selected_is_wrong() -> None:
    rng, wrong = np.random.default_rng(0), {"fresh": 0, "same": 0}
    for _ in range(200):
        scores = rng.normal(size=(2, 256)) * math.sqrt(2 / 25)
        top = np.abs(scores[0]).argmax()
        wrong["same"] += decided(float(scores[0, top]), 25, 0.1, 1.0) != 0
        wrong["fresh"] += decided(float(scores[1, top]), 25, 0.1, 1.0) != 0
    assert wrong["fresh"] <= 20 < wrong["same"]


def test_budget_of_one_attempt_is_kept() -> None:
    rng = np.random.default_rng(1)
    attempt = halving(100, rng, 1.0, False, None)
    for budget in (64, 1000, 50_000):
        steps, spent = attempt(0, 1, budget, 0.1), 0
        try:
            batch = next(steps)
            while True:
                spent += int(batch[2].sum())
                batch = steps.send(np.zeros(len(batch[0])))
        except StopIteration as end:
            found = end.value
        assert found == 0
        assert spent <= budget


def test_exact_scores_sort_with_few_comparisons() -> None:
    for n in (2, 3, 9, 16):
        policy, world = solved(5.0 * np.arange(n)[:, None] * np.ones(8), n, sigma=0.0)
        assert policy.recommend() == world.truth
        assert policy.comparisons <= n * max(math.ceil(math.log2(n)), 1)


def test_best_alone_costs_less_than_the_order() -> None:
    means = np.arange(8)[:, None] * np.ones(16)
    best, world = solved(means, 3, goal="best")
    full, _ = solved(means, 3)
    assert best.recommend() == world.truth[:1]
    assert full.recommend() == world.truth
    assert best.spent["cost"] < full.spent["cost"]


def test_one_by_one_is_the_same_as_in_batches() -> None:
    batches, _ = solved(pair(4, 1.0, 16), 5)
    world = ScoreTable(pair(4, 1.0, 16), shuffle=True, random_state=5)
    record = play(ExpertRanker(2, 16, 0.1, stop=LIMIT), world, random_state=5)
    assert record.stop_reason == "certified"
    assert record.spent["cost"] == batches.spent["cost"]
    assert record.spent["queries"] == batches.spent["queries"]
    assert record.decision == batches.recommend()


def test_sigma_is_a_unit() -> None:
    plain, _ = solved(pair(4, 1.0, 16), 2)
    scaled, _ = solved(10 * pair(4, 1.0, 16), 2, sigma=10.0)
    told = ExpertRanker(2, 16, 0.1, sigma=10.0, stop=LIMIT, random_state=2)
    world = ScoreTable(10 * pair(4, 1.0, 16), sigma=10.0, shuffle=True, random_state=2)
    told.solve(world.sample)
    assert told.spent["cost"] == plain.spent["cost"]
    assert scaled.stop_reason == "certified"


def test_equal_experts_end_at_the_limit() -> None:
    with pytest.raises(ValueError, match="equal experts"):
        ExpertRanker(2, 4, 0.1)
    for stop in (Stop(budget=5000), Stop(max_queries=300)):
        policy, _ = solved(np.zeros((2, 4)), 0, stop=stop)
        assert policy.stop_reason in ("budget", "max_queries")
        assert policy.spent["cost"] <= 5000 or policy.spent["queries"] <= 300


def test_sees_where_no_order_holds_on_all_tasks() -> None:
    told: list = []
    watch = SignWatch(0.1, 1.0, lambda *found: told.append(found))
    tasks, repeats = np.array([4, 7, 9]), np.full(3, 50)
    watch.add(0, 1, tasks, repeats, np.array([1.5, 0.3, -0.3]))
    assert not told
    watch.add(0, 1, tasks, repeats, np.array([0.1, 1.5, -1.5]))
    watch.add(0, 1, tasks, repeats, np.array([0.1, 1.5, -1.5]))
    assert told == [(0, 1, 7, 9)]
    with pytest.warns(UserWarning, match="expert 0 is better than expert 1 on task 7"):
        ExpertRanker(2, 4, 0.1, stop=LIMIT)._warn(0, 1, 7, 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solved(pair(8, 1.0, 16), 1, check_signs=True)


def test_difficulty() -> None:
    assert difficulty(pair(1, 3.0, 256))[0, 1] == pytest.approx(256 / 9)
    assert difficulty(pair(256, 0.2, 256))[0, 1] == pytest.approx(25)
    assert np.isinf(difficulty(np.zeros((2, 3)))).all()
    with pytest.raises(ValueError, match="each better"):
        difficulty([[0, 1], [1, 0]])


def test_bad_input() -> None:
    good = {"n_experts": 2, "n_tasks": 3, "delta": 0.1, "stop": LIMIT}
    for wrong in (
        {"n_experts": 1},
        {"n_tasks": 0},
        {"delta": 1.0},
        {"goal": "x"},
        {"method": "x"},
        {"sigma": 0.0},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ExpertRanker(**{**good, **wrong})
    policy = ExpertRanker(**good)
    with pytest.raises(ValueError, match="one finite mean"):
        policy.solve(lambda experts, tasks, repeats: np.full(len(experts), np.nan))
    policy.ask()
    with pytest.raises(RuntimeError, match="on its way"):
        policy.solve(lambda experts, tasks, repeats: np.zeros(len(experts)))
    with pytest.raises(ValueError, match="means"):
        ScoreTable([[math.nan]])
