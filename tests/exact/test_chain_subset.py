"""Projected chains against kernels built out in full, and the selection of coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from adami.exact import (
    MultiChain,
    bernoulli_laplace,
    curie_weiss,
    entropy_rate,
    exhaustive_max,
    greedy_max,
    product_chain,
    removal_costs,
    select_coordinates,
    stationary,
    submodularity_gap,
)

DIMS = (2, 3, 2)


def random_kernel(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(n, 0.7), size=n)


def subsets(n: int) -> list[tuple[int, ...]]:
    return [s for size in range(n + 1) for s in combinations(range(n), size)]


def side_by_side(chain: MultiChain, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the kernel of the groups moving on their own, in the order of the chain's states."""
    states = np.array(list(np.ndindex(*chain.dims)))
    out = np.ones((len(states), len(states)))
    for group in groups:
        if group:
            code = np.ravel_multi_index(states[:, list(group)].T, [chain.dims[e] for e in group])
            out *= chain.kernel(group)[np.ix_(code, code)]
    return out


def distance(P: np.ndarray, K: np.ndarray, pi: np.ndarray) -> float:
    inside = P > 0
    ratio = np.log(np.where(inside, P, 1.0) / np.where(inside, K, 1.0))
    return float((pi[:, None] * P * ratio).sum())


@pytest.mark.parametrize("seed", range(5))
def test_distances_are_divergences_from_explicit_kernels(seed: int) -> None:
    P = random_kernel(12, seed)
    chain = MultiChain(P, DIMS)
    every = set(range(3))
    for S in subsets(3):
        rest = sorted(every - set(S))
        K = side_by_side(chain, [S, rest])
        assert chain.factorizability(S) == pytest.approx(distance(P, K, chain.pi), abs=1e-10)
        if not S:
            continue
        kept = MultiChain(chain.kernel(S), [DIMS[e] for e in S])
        alone = side_by_side(kept, [[e] for e in range(len(S))])
        assert chain.independence(S) == pytest.approx(distance(chain.kernel(S), alone, kept.pi), abs=1e-10)
        anew = np.broadcast_to(kept.pi, chain.kernel(S).shape)
        assert chain.stationarity(S) == pytest.approx(distance(chain.kernel(S), anew, kept.pi), abs=1e-10)
        assert chain.entropy_rate(S) == pytest.approx(float(entropy_rate(chain.kernel(S))), abs=1e-10)
    apart = side_by_side(chain, [[0], [2], [1]])
    assert chain.group_factorizability([[0], [2]]) == pytest.approx(distance(P, apart, chain.pi), abs=1e-10)
    kept = MultiChain(chain.kernel([0, 2]), (2, 2))
    two = side_by_side(kept, [[0], [1]])
    expected = distance(chain.kernel([0, 2]), two, kept.pi)
    assert chain.fixed_factorizability([0], [2]) == pytest.approx(expected, abs=1e-10)
    rates = chain.entropy_rate([0, 1]) + chain.entropy_rate([2])
    assert chain.group_entropy_rate([[0, 1], [2]]) == pytest.approx(rates)


def test_a_kernel_in_permuted_order_gives_another_distance() -> None:
    P = random_kernel(12, 0)
    chain = MultiChain(P, DIMS)
    K = np.kron(chain.kernel([1]), chain.kernel([0, 2]))
    assert abs(chain.factorizability([1]) - distance(P, K, chain.pi)) > 1e-3


def test_edges_are_marginals_of_the_full_table() -> None:
    P = random_kernel(12, 3)
    chain = MultiChain(P, DIMS)
    table = (stationary(P)[:, None] * P).reshape(DIMS + DIMS)
    for S in [*subsets(3), *reversed(subsets(3))]:
        gone = tuple(a for a in range(3) if a not in S)
        expected = table.sum(axis=gone + tuple(a + 3 for a in gone))
        n = math.prod(DIMS[e] for e in S)
        np.testing.assert_allclose(chain.edges(S), expected.reshape(n, n), atol=1e-14)


def test_relabelling_coordinates_changes_nothing() -> None:
    P = random_kernel(12, 4)
    chain = MultiChain(P, DIMS)
    for order in permutations(range(3)):
        table = P.reshape(DIMS + DIMS).transpose(*order, *(o + 3 for o in order))
        other = MultiChain(table.reshape(12, 12), [DIMS[o] for o in order])
        for S in subsets(3):
            there = [order.index(e) for e in S]
            assert other.entropy_rate(there) == pytest.approx(chain.entropy_rate(S), abs=1e-12)
            assert other.stationarity(there) == pytest.approx(chain.stationarity(S), abs=1e-12)


def test_nothing_kept_and_everything_kept() -> None:
    chain = MultiChain(random_kernel(12, 5), DIMS)
    assert chain.entropy_rate([]) == chain.independence([]) == chain.stationarity([]) == 0
    assert chain.factorizability([]) == pytest.approx(0, abs=1e-14)
    assert chain.factorizability(range(3)) == pytest.approx(0, abs=1e-14)
    assert chain.kernel([]).tolist() == [[1.0]]


def test_base_changes_the_unit() -> None:
    P = random_kernel(12, 6)
    nats, bits = MultiChain(P, DIMS), MultiChain(P, DIMS, base=2)
    assert bits.unit == "bits"
    for name in ("entropy_rate", "factorizability", "independence", "stationarity"):
        here, there = getattr(nats, name)([0, 1]), getattr(bits, name)([0, 1])
        assert here == pytest.approx(there * math.log(2))
    assert select_coordinates(bits, "entropy_rate", 1).unit == "bits"


def grouped(chain: MultiChain, objective: str, parts: list[list[int]]) -> Any:
    value = getattr(chain, objective)
    return lambda s: value([[e for e in p if e in s] for p in parts])


@pytest.mark.parametrize("kind", ["metropolis", "doubly-stochastic"])
def test_shapes_with_a_product_stationary_law(kind: Any) -> None:
    for seed in range(15):
        chain = product_chain((2, 2, 2), kind, random_state=seed)
        assert chain.is_product
        for f in (chain.entropy_rate, chain.factorizability):
            assert submodularity_gap(f, range(3)) >= -1e-10
        for f in (chain.independence, chain.stationarity):
            assert submodularity_gap(lambda s, f=f: -f(s), range(3)) >= -1e-10
            for S in subsets(3):
                assert all(f({*S, e}) >= f(S) - 1e-10 for e in range(3) if e not in S)
        for objective in ("group_entropy_rate", "group_factorizability"):
            assert submodularity_gap(grouped(chain, objective, [[0, 2], [1]]), range(3)) >= -1e-10
        grows = [chain.fixed_factorizability(s, [2]) for s in ([], [0], [0, 1])]
        assert grows == sorted(grows)


def test_shape_fails_without_a_product_stationary_law() -> None:
    # coordinates z_t, z_t and (z_{t-1}, z_{t+1}) of independent bits z
    P = np.zeros((16, 16))
    for z in np.ndindex(2, 2, 2):
        here = np.ravel_multi_index((z[1], z[1], z[0], z[2]), (2, 2, 2, 2))
        for new in (0, 1):
            P[here, np.ravel_multi_index((z[2], z[2], z[1], new), (2, 2, 2, 2))] = 0.5
    P[P.sum(axis=1) == 0] = 1 / 16
    chain = MultiChain(P, (2, 2, 4))
    assert not chain.is_product
    assert submodularity_gap(chain.entropy_rate, range(3)) == pytest.approx(-math.log(2), abs=1e-9)
    assert select_coordinates(chain, "entropy_rate", 2).bound is None


def test_modular_costs_have_their_closed_forms() -> None:
    chain = product_chain((2, 3, 2), random_state=7)
    every = frozenset(range(3))
    factor = removal_costs(chain.factorizability, range(3))
    near = removal_costs(lambda s: -chain.stationarity(s), range(3))
    groups = removal_costs(grouped(chain, "group_entropy_rate", [[0, 2], [1]]), range(3))
    for e in range(3):
        apart = chain.factorizability([e])
        assert factor[e] == pytest.approx(apart)
        assert near[e] == pytest.approx(apart + chain.stationarity([e]))
    assert groups[0] == pytest.approx(max(0.0, chain.entropy_rate([2]) - chain.entropy_rate([0, 2])))
    # the chain nearest to stationarity is the empty one, and the distorted search finds it
    found = greedy_max(lambda s: -chain.stationarity(s), range(3), 2, scheme="distorted", submodular=True)
    assert found.subset == ()
    assert every - set(found.subset) == every


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("objective", ["entropy_rate", "factorizability"])
def test_selection_keeps_its_certificate(seed: int, objective: Any) -> None:
    chain = product_chain((2,) * 5, random_state=seed)
    f = getattr(chain, objective)
    costs = removal_costs(f, range(5))
    for m in (2, 3):
        best = exhaustive_max(f, range(5), m)
        c_best = sum(costs[e] for e in best.subset)
        for scheme in ("plain", "distorted"):
            found = select_coordinates(chain, objective, m, scheme=scheme)
            assert found.bound is not None
            assert found.value <= best.value + 1e-12 <= found.bound + 2e-12
        found = select_coordinates(chain, objective, m)
        assert found.scheme == "distorted"
        assert found.value >= (1 - 1 / math.e) * (best.value + c_best) - c_best - 1e-12


@pytest.mark.parametrize("objective", ["independence", "stationarity"])
def test_dropping_leaves_the_least(objective: Any) -> None:
    chain = product_chain((2,) * 5, random_state=1)
    value = getattr(chain, objective)
    every = frozenset(range(5))
    found = select_coordinates(chain, objective, 2, goal="drop")
    best = exhaustive_max(lambda s: -value(every - s), range(5), 2)
    assert len(found.subset) == 2
    assert found.value == pytest.approx(-value(every - set(found.subset)))
    assert found.bound is not None
    assert found.value <= best.value + 1e-12 <= found.bound + 2e-12


def test_increasing_objectives_are_filled() -> None:
    chain = product_chain((2,) * 5, random_state=2)
    for objective in ("independence", "stationarity"):
        for scheme in ("plain", "batch"):
            found = select_coordinates(chain, objective, 3, scheme=scheme)
            assert len(found.subset) == 3
            assert found.bound is None
    found = select_coordinates(chain, "fixed", 2, fixed=[0])
    assert 0 not in found.subset
    assert found.value == pytest.approx(chain.fixed_factorizability(found.subset, [0]))


def test_groups() -> None:
    chain = product_chain((2,) * 5, random_state=3)
    parts = [[0, 1], [2, 3, 4]]
    for objective in ("entropy_rate", "factorizability"):
        found = select_coordinates(chain, objective, 3, groups=parts)
        value = getattr(chain, f"group_{objective}")
        best = exhaustive_max(value, range(5), 3, partition=parts)
        assert found.value == pytest.approx(value(found.groups))
        assert found.bound is not None
        assert found.value <= best.value + 1e-12 <= found.bound + 2e-12


def test_curie_weiss_values() -> None:
    chain = curie_weiss()
    every = range(10)
    assert chain.entropy_rate(every) == pytest.approx(2.291092, abs=1e-6)
    assert not chain.is_product
    for m, subset, value in ((2, (0, 9), 0.57371), (3, (0, 1, 9), 0.83933)):
        found = select_coordinates(chain, "entropy_rate", m, scheme="plain")
        assert found.subset == subset
        assert found.value == pytest.approx(value, abs=1e-5)
    # the chain is its own mirror image
    assert chain.factorizability([1, 3, 5, 7, 9]) == pytest.approx(0.36791, abs=1e-5)
    assert chain.factorizability([0, 2, 4, 6, 8]) == pytest.approx(0.36791, abs=1e-5)
    for scheme, value in (("plain", 0.36625), ("distorted", 0.35419)):
        found = select_coordinates(chain, "factorizability", 5, scheme=scheme)
        assert found.value == pytest.approx(value, abs=1e-5)


def test_bernoulli_laplace_values() -> None:
    chain = bernoulli_laplace()
    assert chain.entropy_rate(range(10)) == pytest.approx(2.968662, abs=1e-6)
    rng = np.random.default_rng(0)
    for size, value in ((1, 0.325083), (5, 1.56955)):
        for _ in range(4):
            S = rng.choice(10, size, replace=False)
            assert chain.entropy_rate(S) == pytest.approx(value, abs=1e-5)
    assert chain.factorizability(range(5)) == pytest.approx(0.17043, abs=1e-5)
    for k in range(5):
        assert chain.factorizability(range(k)) == pytest.approx(chain.factorizability(range(10 - k)))


@pytest.mark.parametrize(("d", "left", "common"), [(3, 4, 5), (4, 4, 4)])
def test_urns_against_all_ball_pairs(d: int, left: int, common: int) -> None:
    chain = bernoulli_laplace(d, left, common)
    for state in np.ndindex(*(2,) * d):
        row: dict[tuple[int, ...], float] = {}
        inside = [e for e in range(d) if state[e]] + [None] * (left - sum(state))
        outside = [e for e in range(d) if not state[e]] + [None] * (common - left + sum(state))
        for out in inside:
            for into in outside:
                new = list(state)
                if out is not None:
                    new[out] = 0
                if into is not None:
                    new[into] = 1
                row[tuple(new)] = row.get(tuple(new), 0.0) + 1 / (len(inside) * len(outside))
        expected = np.zeros(2**d)
        for new_state, mass in row.items():
            expected[np.ravel_multi_index(new_state, (2,) * d)] = mass
        here = np.ravel_multi_index(state, (2,) * d)
        np.testing.assert_allclose(chain.kernel(range(d))[here], expected, atol=1e-12)


def good(n: int = 4) -> np.ndarray:
    return np.full((n, n), 1 / n)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MultiChain(good() * 0.9, (2, 2)), "sums to 0.9"),
        (lambda: MultiChain(good(), (2, 3)), "product of dims"),
        (lambda: MultiChain(good(), ()), "product of dims"),
        (lambda: MultiChain(good()[:2], (2,)), "square"),
        (lambda: MultiChain(np.eye(4), (2, 2)), "reducible"),
        (lambda: MultiChain(np.eye(4), (2, 2), np.full(4, 0.25)), "reducible"),
        (lambda: MultiChain(good(), (2, 2), [0.4, 0.2, 0.2, 0.2]), "not stationary"),
        (lambda: MultiChain(good(), (2, 2), [0.5, 0.5]), "shape"),
        (lambda: MultiChain(np.full((4, 4), np.nan), (2, 2)), "finite"),
        (lambda: MultiChain(np.broadcast_to(1 / 1025, (1025, 1025)), (1025,)), "more than 1,048,576"),
        (lambda: curie_weiss(11), "from 1 to 10"),
        (lambda: curie_weiss(3, beta=-1), "beta=-1"),
        (lambda: bernoulli_laplace(3, left=2), "left=2"),
        (lambda: product_chain((2, 2), "gibbs"), "not known"),  # type: ignore[arg-type]
        (lambda: MultiChain(good(), (2, 2)).entropy_rate([2]), "0 to 1"),
        (lambda: MultiChain(good(), (2, 2)).entropy_rate([0, 0]), "distinct"),
        (lambda: MultiChain(good(), (2, 2)).group_factorizability([[0], [0]]), "overlap"),
    ],
)
def test_bad_chains(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "speed"}, "not known"),
        ({"objective": "fixed"}, "go together"),
        ({"objective": "entropy_rate", "fixed": [1]}, "go together"),
        ({"objective": "entropy_rate", "goal": "drop"}, "goal='drop'"),
        ({"objective": "entropy_rate", "goal": "min"}, "not known"),
        ({"objective": "stationarity", "groups": [[0], [1]]}, "groups go with"),
        ({"objective": "entropy_rate", "groups": [[0], [0, 1]]}, "twice"),
        ({"objective": "entropy_rate", "groups": [[0], [5]]}, "0 to 1"),
    ],
)
def test_bad_selections(options: dict[str, Any], message: str) -> None:
    chain = MultiChain(good(), (2, 2))
    with pytest.raises(ValueError, match=message):
        select_coordinates(chain, m=1, **options)
