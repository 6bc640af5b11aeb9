"""Interventions on causal graphs: Meek's rules, verification, separators, the search and its baselines."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from adami.acquisition import (
    Contradiction,
    InterventionSearch,
    class_members,
    essential_graph,
    interventional_essential_graph,
    meek_closure,
    play,
    verification_cost,
    verification_set,
    worst_verification_cost,
)
from adami.acquisition._orientation import acyclic, components, parts, v_structures
from adami.acquisition._separators import clique_targets, half_separator, maximal_cliques
from adami.acquisition.environments import CausalGraph


def graph(n: int, arcs=(), edges=()) -> np.ndarray:
    found = np.zeros((n, n), dtype=bool)
    for u, v in arcs:
        found[u, v] = True
    for u, v in edges:
        found[u, v] = found[v, u] = True
    return found


def random_dag(n: int, density: float, rng, moral: bool = True) -> np.ndarray:
    dag = np.triu(rng.random((n, n)) < density, 1)
    for v in range(n - 1, 0, -1):
        dag[rng.integers(v), v] = True
        if moral:
            for u, w in combinations(np.flatnonzero(dag[:, v]), 2):
                dag[u, w] = True
    places = rng.permutation(n)
    return dag[np.ix_(places, places)]


def solved(dag, weights, **given) -> InterventionSearch:
    policy = InterventionSearch(essential_graph(dag), weights, **given)
    play(policy, CausalGraph(dag), random_state=None)
    return policy


@pytest.mark.parametrize(
    ("given", "arc"),
    [
        (graph(3, [(0, 1)], [(1, 2)]), (1, 2)),
        (graph(3, [(0, 1), (1, 2)], [(0, 2)]), (0, 2)),
        (graph(4, [(2, 1), (3, 1)], [(0, 1), (0, 2), (0, 3)]), (0, 1)),
        (graph(4, [(3, 2), (2, 1)], [(0, 1), (0, 3), (0, 2)]), (0, 1)),
    ],
)
def test_each_of_meeks_rules(given, arc) -> None:
    arcs, _ = parts(meek_closure(given))
    assert arcs[arc]


def test_closure_is_what_all_members_share() -> None:
    rng = np.random.default_rng(0)
    for _ in range(25):
        dag = random_dag(5, 0.4, rng, moral=False)
        found = essential_graph(dag)
        members = list(class_members(found))
        assert any(np.array_equal(m, dag) for m in members)
        # every graph with this skeleton and these v-structures is a member, and no other
        skeleton = np.argwhere(np.triu(dag | dag.T))
        count = 0
        for turn in range(2 ** len(skeleton)):
            other = graph(5, [(v, u) if turn >> i & 1 else (u, v) for i, (u, v) in enumerate(skeleton)])
            count += acyclic(other) and v_structures(other) == v_structures(dag)
        assert len(members) == count
        np.testing.assert_array_equal(np.any(members, axis=0), found)


def test_contradictions() -> None:
    with pytest.raises(Contradiction, match="cycle"):
        meek_closure(graph(3, [(0, 1), (1, 2), (2, 0)]))
    with pytest.raises(Contradiction, match="both ways"):
        meek_closure(graph(4, [(0, 1), (3, 2)], [(1, 2)]))
    # 0 - 1 - 2: two arcs into the middle make a v-structure
    policy = InterventionSearch(essential_graph(graph(3, [(0, 1), (1, 2)])), [1, 1, 1])
    query = policy.ask()
    assert query == (1,) or query == (0,)
    before = policy.recommend()
    with pytest.raises(Contradiction, match="rules out"):
        policy._with((1,), ((0, 1), (2, 1)))
    np.testing.assert_array_equal(policy.recommend(), before)
    with pytest.raises(ValueError, match="does not orient"):
        policy.tell(query, ())


def test_cheapest_verification_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        n = int(rng.integers(3, 6))
        dag, weights = random_dag(n, 0.4, rng), rng.exponential(size=n) + 0.01
        prices = [
            weights[list(s)].sum()
            for size in range(n + 1)
            for s in combinations(range(n), size)
            if np.array_equal(interventional_essential_graph(dag, [(v,) for v in s]), dag)
        ]
        cost, chosen = verification_set(dag, weights)
        assert cost == pytest.approx(min(prices))
        assert cost == pytest.approx(weights[list(chosen)].sum())
        assert np.array_equal(interventional_essential_graph(dag, [(v,) for v in chosen]), dag)


def test_worst_verification_of_a_path() -> None:
    # wherever the source of a path is, the cheaper end of a covered edge at it is enough
    path = essential_graph(graph(3, [(0, 1), (1, 2)]))
    assert worst_verification_cost(path, [1.0, 10.0, 1.0]) == 2.0
    assert worst_verification_cost(path, [5.0, 3.0, 5.0]) == 3.0


def test_separators_and_cliques() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        dag = random_dag(12, 0.1, rng)
        edges = dag | dag.T
        separator = half_separator(edges, range(12))
        assert all(edges[u, v] for u, v in combinations(separator, 2))
        rest = [v for v in range(12) if v not in separator]
        assert all(len(part) <= 6 for part in components(edges, rest))
        import networkx as nx

        theirs = {frozenset(c) for c in nx.find_cliques(nx.from_numpy_array(edges))}
        assert {frozenset(c) for c in maximal_cliques(edges, range(12))} == theirs


@pytest.mark.parametrize("m", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_labels_tell_all_pairs_apart(m, k) -> None:
    targets = clique_targets(list(range(m)), k)
    assert all(1 <= len(t) <= k for t in targets)
    assert all(any((u in t) != (v in t) for t in targets) for u, v in combinations(range(m), 2))


@pytest.mark.parametrize("strategy", ["weighted", "separator", "random", "degree", "cheapest"])
@pytest.mark.parametrize("k", [1, 3])
def test_orients_everything(strategy, k) -> None:
    rng = np.random.default_rng(3)
    for trial in range(6):
        dag = random_dag(9, 0.2, rng, moral=trial % 2 == 0)
        policy = solved(dag, rng.exponential(size=9) + 0.01, k=k, strategy=strategy, beta=0.1)
        assert policy.stop_reason == "oriented"
        assert policy.open_edges == 0
        np.testing.assert_array_equal(policy.recommend(), dag)
        assert all(len(e.query) <= k for e in policy.ledger.entries)


def test_heavy_centre_of_a_star_is_spared() -> None:
    for source in (0, 3):
        star = graph(7, [(0, v) for v in range(1, 7) if v != source] + ([(source, 0)] if source else []))
        weights = [1e6] + [1.0] * 6
        ours = solved(star, weights)
        assert ours.spent["cost"] <= 6
        assert solved(star, weights, strategy="separator").spent["cost"] >= 1e6
        # where the centre is cheap it is touched, and once is enough
        assert solved(star, [1.0] * 7).spent["cost"] == 1


def test_cost_counts_weights_and_interventions() -> None:
    policy = InterventionSearch(graph(3, edges=[(0, 1), (1, 2)]), [1.0, 2.0, 4.0], 2, alpha=0.5, beta=3.0)
    assert policy.cost((0, 2)) == 5.5
    assert verification_cost(graph(2, [(0, 1)]), [2.0, 1.0]) == 1.0


def test_bad_input() -> None:
    path = graph(3, edges=[(0, 1), (1, 2)])
    for weights in ([1, 1], [1, 0, 1], [1, -1, 1], [1, np.nan, 1]):
        with pytest.raises(ValueError, match="weight"):
            InterventionSearch(path, weights)
    with pytest.raises(ValueError, match="chordal"):
        InterventionSearch(graph(4, edges=[(0, 1), (1, 2), (2, 3), (3, 0)]), [1] * 4)
    with pytest.raises(ValueError, match="essential graph"):
        InterventionSearch(graph(3, [(0, 1)], [(1, 2)]), [1] * 3)
    with pytest.raises(ValueError, match="itself"):
        InterventionSearch(np.eye(2), [1, 1])
    for wrong in ({"k": 0}, {"k": 4}, {"alpha": -1.0}, {"alpha": 0.0}, {"strategy": "x"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            InterventionSearch(path, [1, 1, 1], **wrong)
    with pytest.raises(ValueError, match="cycle"):
        CausalGraph(graph(2, edges=[(0, 1)]))
    with pytest.raises(ValueError, match="square"):
        meek_closure([[0, 1]])
