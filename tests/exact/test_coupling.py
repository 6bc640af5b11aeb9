"""Greedy minimum entropy couplings against their definition, their bound and the marginals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from adami.exact import entropy, greedy_mec, majorization_meet, mutual_information, total_correlation


def pairs(n: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Laws of different sizes, every other pair with ties."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(n):
        sizes = rng.integers(1, 9, 2)
        if k % 2:
            found.append(tuple(rng.multinomial(64, np.ones(m) / m) / 64 for m in sizes))
        else:
            found.append(tuple(rng.dirichlet(np.ones(m)) for m in sizes))
    return found


def by_definition(p: np.ndarray, q: np.ndarray, rule: str) -> np.ndarray:
    """The two rules, written as they are told: the best pair of all, the lowest index among equals."""
    p, q = p.tolist(), q.tolist()
    table = np.zeros((len(p), len(q)))
    while any(p) and any(q):
        candidates = [(i, j) for i in range(len(p)) for j in range(len(q)) if p[i] > 0 and q[j] > 0]
        if rule == "max":
            i, j = min(candidates, key=lambda c: (-p[c[0]], -q[c[1]], c))
        else:
            i, j = min(candidates, key=lambda c: (abs(p[c[0]] - q[c[1]]), c))
        moved = min(p[i], q[j])
        table[i, j] += moved
        p[i], q[j] = (x - moved if x - moved > 1e-15 else 0.0 for x in (p[i], q[j]))
    return table


@pytest.mark.parametrize("rule", ["max", "zero"])
def test_rule_is_the_one_told(rule: str) -> None:
    for p, q in pairs(120, seed=0):
        np.testing.assert_array_equal(greedy_mec(p, q, rule=rule).toarray(), by_definition(p, q, rule))


@pytest.mark.parametrize("rule", ["max", "zero"])
def test_marginals_entropy_and_bound(rule: str) -> None:
    for p, q in pairs(120, seed=1):
        found = greedy_mec(p, q, rule=rule, base=2)
        table = found.toarray()
        np.testing.assert_allclose(table.sum(axis=1), p, atol=1e-12)
        np.testing.assert_allclose(table.sum(axis=0), q, atol=1e-12)
        np.testing.assert_allclose(found.marginal(1), q, atol=1e-12)
        assert found.entropy == pytest.approx(float(entropy(table, base=2)), abs=1e-12)
        assert found.information == pytest.approx(float(mutual_information(table, base=2)), abs=1e-12)
        assert found.bound <= found.entropy + 1e-12
        assert found.bound >= max(entropy(p, base=2), entropy(q, base=2)) - 1e-12
        assert len(found.masses) <= p.size + q.size - 1
        assert found.rows.tolist() == found.cells[:, 0].tolist()
        assert found.columns.tolist() == found.cells[:, 1].tolist()
        assert found.trace[-1] == pytest.approx(0, abs=1e-12)
        assert np.all(np.diff(found.trace) <= 0)
        if rule == "max":
            assert found.entropy <= found.bound + 1


def test_a_worse_rule_breaks_the_one_bit_promise() -> None:
    rng = np.random.default_rng(2)
    worst = 0.0
    for _ in range(20):
        p, q = rng.dirichlet(np.ones(8), size=2)
        worst = max(worst, float(entropy(np.outer(p, q), base=2)) - greedy_mec(p, q, base=2).bound)
    assert worst > 1


def test_bound_is_below_every_coupling() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        table = rng.dirichlet(np.full(12, 0.3)).reshape(3, 4)
        meet = majorization_meet(table.sum(axis=1), table.sum(axis=0))
        assert entropy(meet) <= entropy(table) + 1e-12
        assert meet.sum() == pytest.approx(1)
        assert np.all(np.diff(meet) <= 1e-15)
        for law in (table.sum(axis=1), table.sum(axis=0)):
            heads = np.cumsum(np.sort(np.pad(law, (0, 4 - law.size)))[::-1])
            assert np.all(np.cumsum(meet) <= heads + 1e-12)


def test_equal_laws_are_coupled_without_noise() -> None:
    law = np.array([0.1, 0.4, 0.2, 0.3])
    for rule in ("max", "zero"):
        found = greedy_mec(law, law[::-1], rule=rule)
        assert found.entropy == pytest.approx(float(entropy(law)))
        assert found.entropy == pytest.approx(found.bound)


def test_best_coupling_of_small_laws_is_within_the_promise() -> None:
    """Vertices of the polytope of couplings are forests: for 2 x 2 there are two of them."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        p, q = rng.dirichlet(np.ones(2), size=2)
        vertices = []
        for top in (min(p[0], q[0]), max(0.0, p[0] - q[1])):
            vertices.append(np.array([[top, p[0] - top], [q[0] - top, q[1] - p[0] + top]]))
        best = min(float(entropy(np.maximum(v, 0) / np.maximum(v, 0).sum())) for v in vertices)
        found = greedy_mec(p, q)
        assert found.bound - 1e-12 <= best <= found.entropy + 1e-12 <= best + math.log(2) + 2e-12


def test_three_marginals() -> None:
    by_hand = greedy_mec([1.0], [0.75, 0.25], [0.6, 0.3, 0.1])
    assert by_hand.cells.tolist() == [[0, 0, 0], [0, 1, 1], [0, 0, 2], [0, 0, 1]]
    np.testing.assert_allclose(by_hand.masses, [0.6, 0.25, 0.1, 0.05], atol=1e-12)
    rng = np.random.default_rng(5)
    for _ in range(20):
        laws = [rng.dirichlet(np.ones(m)) for m in (3, 4, 5)]
        found = greedy_mec(*laws, base=2)
        table = found.toarray()
        for axis, law in enumerate(laws):
            rest = tuple(a for a in range(3) if a != axis)
            np.testing.assert_allclose(table.sum(axis=rest), law, atol=1e-12)
        assert found.bound <= found.entropy
        assert found.information == pytest.approx(float(total_correlation(table, base=2)), abs=1e-12)
        assert len(found.masses) <= 3 + 4 + 5 - 2


def test_relabelling_changes_only_labels() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.45, 0.35, 0.15, 0.05])
    for order in itertools.permutations(range(4)):
        moved = greedy_mec(p, q[list(order)])
        np.testing.assert_allclose(moved.toarray()[:, np.argsort(order)], greedy_mec(p, q).toarray())


def test_large_alphabets_stay_sparse() -> None:
    rng = np.random.default_rng(6)
    p, q = rng.dirichlet(np.ones(2000), size=2)
    for rule in ("max", "zero"):
        found = greedy_mec(p, q, rule=rule, base=2)
        np.testing.assert_allclose(found.marginal(0), p, atol=1e-12)
        np.testing.assert_allclose(found.marginal(1), q, atol=1e-12)
        assert len(found.masses) < 4000
        with pytest.raises(ValueError, match=r"4,000,000 cells"):
            found.toarray()
        assert found.toarray(allow_large=True).shape == (2000, 2000)


def test_units() -> None:
    p, q = [0.5, 0.5], [0.25, 0.75]
    nats, bits = greedy_mec(p, q), greedy_mec(p, q, base=2)
    assert (nats.unit, bits.unit) == ("nats", "bits")
    for name in ("entropy", "bound", "information"):
        assert getattr(nats, name) == pytest.approx(getattr(bits, name) * math.log(2))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="marginal 1 sums to 0, not 1"):
        greedy_mec([1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match=r"marginal 0 sums to 0\.5"):
        greedy_mec([0.5], [1.0])
    with pytest.raises(ValueError, match="marginal 0"):
        greedy_mec([math.nan, 1.0], [1.0])
    with pytest.raises(ValueError, match="law of one variable"):
        greedy_mec([[0.5, 0.5]], [1.0])
    with pytest.raises(ValueError, match="two or more"):
        greedy_mec([1.0])
    with pytest.raises(ValueError, match="two or more"):
        majorization_meet([1.0])
    with pytest.raises(ValueError, match="is unknown"):
        greedy_mec([1.0], [1.0], rule="min")
    with pytest.raises(ValueError, match="two marginals"):
        greedy_mec([1.0], [1.0], [1.0], rule="zero")
    with pytest.raises(ValueError, match="base"):
        greedy_mec([1.0], [1.0], base=1)
