"""Greedy searches against exhaustive ones, on functions whose shape is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adami.exact import exhaustive_max, greedy_max, removal_costs, submodularity_gap

Function = Callable[[Any], float]
BEST_SHARE = 1 - 1 / math.e


def coverage(seed: int, n: int = 8, points: int = 20) -> Function:
    rng = np.random.default_rng(seed)
    covers = rng.random((n, points)) < 0.2
    weight = rng.random(points)
    return lambda s: float(weight[covers[sorted(s)].any(axis=0)].sum()) if s else 0.0


def cut(seed: int, n: int = 8) -> Function:
    """Return the weight between a set and the rest: submodular, not monotone."""
    rng = np.random.default_rng(seed)
    weight = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.5), 1)
    weight += weight.T

    def f(s: frozenset[int]) -> float:
        inside = np.isin(np.arange(n), list(s))
        return float(weight[inside][:, ~inside].sum())

    return f


def coverage_less_cost(seed: int, n: int = 8) -> tuple[Function, dict[int, float]]:
    g = coverage(seed, n)
    costs = dict(enumerate(np.random.default_rng(seed + 1000).random(n) * 1.5))
    return lambda s: g(s) - sum(costs[e] for e in s), costs


@pytest.mark.parametrize("seed", range(20))
def test_plain_keeps_its_guarantee_and_bound(seed: int) -> None:
    f = coverage(seed)
    best = exhaustive_max(f, range(8), 3)
    found = greedy_max(f, range(8), 3, submodular=True, monotone=True)
    assert found.value >= BEST_SHARE * best.value - 1e-12
    assert found.bound is not None
    assert best.value <= found.bound + 1e-12
    assert found.c == 0
    assert found.g == found.value


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("known_cost", [True, False])
def test_distorted_keeps_its_guarantee_and_bound(seed: int, known_cost: bool) -> None:
    f, costs = coverage_less_cost(seed)
    used = costs if known_cost else removal_costs(f, range(8))
    found = greedy_max(
        f, range(8), 4, scheme="distorted", cost=costs if known_cost else None, submodular=True
    )
    best = exhaustive_max(f, range(8), 4)
    c_best = sum(used[e] for e in best.subset)
    assert found.value >= BEST_SHARE * (best.value + c_best) - c_best - 1e-12
    assert found.bound is not None
    assert best.value <= found.bound + 1e-12
    assert found.g is not None
    assert found.c is not None
    assert found.g - found.c == pytest.approx(found.value)


@pytest.mark.parametrize("seed", range(10))
def test_bound_holds_for_functions_that_are_not_monotone(seed: int) -> None:
    f = cut(seed)
    best = exhaustive_max(f, range(8), 4)
    for scheme in ("plain", "distorted", "batch"):
        found = greedy_max(f, range(8), 4, scheme=scheme, submodular=True)
        assert found.bound is not None
        assert found.value <= best.value + 1e-12 <= found.bound + 2e-12


@pytest.mark.parametrize("scheme", ["plain", "distorted", "batch"])
@pytest.mark.parametrize("seed", range(10))
def test_lazy_evaluation_chooses_the_same_with_fewer_evaluations(seed: int, scheme: Any) -> None:
    for f in (coverage(seed, 12), cut(seed, 12)):
        costs = removal_costs(f, range(12))
        full = greedy_max(f, range(12), 5, scheme=scheme, cost=costs)
        lazy = greedy_max(f, range(12), 5, scheme=scheme, cost=costs, submodular=True, certify=False)
        assert lazy.trace == full.trace
        assert lazy.evaluations <= full.evaluations
        assert lazy.bound is None


def test_distorted_wins_where_plain_is_misled() -> None:
    # one element is good on its own and dear; the others are together better
    n = 6

    def f(s: frozenset[int]) -> float:
        dear = 10.0 * (0 in s) + sum(4.0 for e in s if e > 0 and 0 not in s)
        return dear - (7.5 if 0 in s else 0.0) + 0.2 * len(s)

    plain = greedy_max(f, range(n), 5)
    distorted = greedy_max(
        f, range(n), 5, scheme="distorted", cost={0: 7.5, **dict.fromkeys(range(1, 6), 0.0)}
    )
    assert distorted.value >= plain.value
    assert 0 not in distorted.subset


def test_groups_match_exhaustive_search_where_the_parts_do_not_interact() -> None:
    f = coverage(3, 4)
    g = coverage(4, 4)

    def both(groups: tuple[frozenset[int], ...]) -> float:
        return f(groups[0]) + g(frozenset(e - 4 for e in groups[1]))

    parts = [[0, 1, 2, 3], [4, 5, 6, 7]]
    found = greedy_max(both, range(8), 8, scheme="k-submodular", partition=parts, submodular=True)
    best = exhaustive_max(both, range(8), 8, partition=parts)
    assert found.value == pytest.approx(best.value)
    assert found.groups[0] == tuple(e for e in found.subset if e < 4)
    assert found.groups[1] == tuple(e for e in found.subset if e >= 4)


@pytest.mark.parametrize("seed", range(10))
def test_groups_keep_the_guarantee(seed: int) -> None:
    f = cut(seed)

    def grouped(groups: tuple[frozenset[int], ...]) -> float:
        return f(groups[0] | groups[1]) + 0.5 * f(groups[0])

    parts = [[0, 2, 4, 6], [1, 3, 5, 7]]
    union = lambda s: grouped((s & set(parts[0]), s & set(parts[1])))  # noqa: E731
    assert submodularity_gap(union, range(8)) >= -1e-12
    costs = removal_costs(union, range(8))
    found = greedy_max(grouped, range(8), 3, scheme="k-submodular", partition=parts, submodular=True)
    best = exhaustive_max(grouped, range(8), 3, partition=parts)
    c_best = sum(costs[e] for e in best.subset)
    assert found.value >= BEST_SHARE * (best.value + c_best) - c_best - 1e-12
    assert found.bound is not None
    assert best.value <= found.bound + 1e-12


def test_batch_fills_every_batch() -> None:
    weights = [5.0, 1.0, 4.0, 2.0, 3.0]
    found = greedy_max(lambda s: sum(weights[e] for e in s), range(5), 5, scheme="batch")
    assert [step.added for step in found.trace] == [(0, 2), (4, 3), (1,)]
    sized = greedy_max(lambda s: sum(weights[e] for e in s), range(5), 4, scheme="batch", batch_sizes=[1, 3])
    assert [step.added for step in sized.trace] == [(0,), (2, 4, 3)]
    # without a gain on its own, an element still comes in
    pairs = greedy_max(lambda s: len(s) * (len(s) - 1) / 2, range(4), 3, scheme="batch")
    assert pairs.value == 3


def test_plain_stops_without_gain_unless_increasing() -> None:
    f = lambda s: float(len(s) * (len(s) - 1))  # noqa: E731
    assert greedy_max(f, range(4), 3).subset == ()
    assert greedy_max(f, range(4), 3, monotone=True).value == 6


def test_rounding_does_not_break_ties() -> None:
    noise = [0.0, 3e-16, -2e-16, 1e-15]
    f = lambda s: sum(1 + noise[e] for e in s)  # noqa: E731
    assert greedy_max(f, range(4), 2).subset == (0, 1)
    assert exhaustive_max(f, range(4), 2).subset == (0, 1)
    assert [step.added for step in greedy_max(f, range(4), 2).trace] == [(0,), (1,)]


def test_each_set_is_asked_once() -> None:
    seen: list[frozenset[int]] = []

    def f(s: frozenset[int]) -> float:
        seen.append(s)
        return float(len(s))

    found = greedy_max(f, range(6), 4, scheme="distorted", submodular=True)
    assert len(seen) == len(set(seen)) == found.evaluations


def test_trace_adds_up() -> None:
    found = greedy_max(cut(1), range(8), 6)
    assert sum(step.gain for step in found.trace) == pytest.approx(found.value)
    assert found.trace[-1].value == found.value
    assert {e for step in found.trace for e in step.added} == set(found.subset)


def test_exhaustive_counts_and_limits() -> None:
    found = exhaustive_max(lambda s: float(-len(s)), range(5), 2)
    assert found.subset == ()
    assert found.evaluations == 1 + 5 + 10
    assert exhaustive_max(lambda s: float(-len(s)), range(5), 2, exactly=True).value == -2
    with pytest.raises(ValueError, match="more than 100"):
        exhaustive_max(len, range(30), 5, limit=100)


def test_gap_sees_what_is_not_submodular() -> None:
    assert submodularity_gap(cut(0), range(8)) >= -1e-12
    assert submodularity_gap(lambda s: -cut(0)(s), range(8)) < -0.1
    assert submodularity_gap(len, [1]) == math.inf
    with pytest.raises(ValueError, match="16 at most"):
        submodularity_gap(len, range(17))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ground": [1, 1, 2]}, "twice"),
        ({"k": 9}, "k=9"),
        ({"k": -1}, "k=-1"),
        ({"scheme": "best"}, "not known"),
        ({"partition": [[0, 1, 2]]}, "go together"),
        ({"scheme": "k-submodular"}, "go together"),
        ({"scheme": "k-submodular", "partition": [[0, 1], [1, 2]]}, "disjoint"),
        ({"scheme": "k-submodular", "partition": [[0, 1]]}, "cover"),
        ({"scheme": "batch", "batch_sizes": [3]}, "sum to k"),
        ({"scheme": "batch", "batch_sizes": [0, 2]}, "at least 1"),
        ({"batch_sizes": [2]}, "batch_sizes go with"),
        ({"scheme": "distorted", "cost": {0: 1.0}}, "missing"),
        ({"scheme": "distorted", "cost": {0: 1.0, 1: -1.0, 2: 0.0}}, "-1.0"),
        ({"f": lambda s: math.nan}, "finite"),
        ({"f": lambda s: -math.inf if s else 0.0}, "finite"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"f": len, "ground": range(3), "k": 2, **options}
    with pytest.raises(ValueError, match=message):
        greedy_max(given.pop("f"), given.pop("ground"), given.pop("k"), **given)
