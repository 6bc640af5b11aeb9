"""Common informations: closed forms, the order of the bounds, and feasibility of what was found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adami.exact import (
    binary_entropy,
    dual_total_correlation,
    entropy,
    gacs_korner_common_information,
    mutual_information,
    wyner_common_information,
)
from adami.exact._common_search import Model, trivial_models


def rebuilt(weights: np.ndarray, laws: tuple[np.ndarray, ...]) -> np.ndarray:
    """Sum the products with an own loop."""
    table = np.zeros([law.shape[1] for law in laws])
    for w, *rows in zip(weights, *laws):
        cell = np.asarray(w)
        for row in rows:
            cell = np.multiply.outer(cell, row)
        table += cell
    return table


def drawn(seed: int, *shape: int, sparse: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(int(np.prod(shape)))).reshape(shape)
    p[rng.random(shape) < sparse] = 0.0
    return p / p.sum()


def symmetric(flip: float) -> np.ndarray:
    return np.array([[1 - flip, flip], [flip, 1 - flip]]) / 2


def test_gacs_korner_of_blocks() -> None:
    p = np.zeros((4, 5))
    p[np.ix_([0, 2], [1, 4])] = 0.5 / 4
    p[np.ix_([1], [0, 2])] = 0.5 / 2
    found = gacs_korner_common_information(p, base=2)
    assert found.value == pytest.approx(1.0)
    assert found.unit == "bits"
    assert found.labels[0].tolist() == [0, 1, 0, -1]
    assert found.labels[1].tolist() == [1, 0, 1, -1, 0]
    np.testing.assert_allclose(found.probabilities, [0.5, 0.5])


def test_gacs_korner_needs_exact_links_and_every_variable() -> None:
    # one cell of 1e-12 links the blocks and nothing is common any more, though the information hardly moves
    p = np.diag([0.5, 0.5])
    assert gacs_korner_common_information(p, base=2).value == pytest.approx(1.0)
    p[0, 1], p[0, 0] = 1e-12, 0.5 - 1e-12
    assert gacs_korner_common_information(p).value == 0.0
    parity = np.zeros((2, 2, 2))
    for x in (0, 1):
        for y in (0, 1):
            parity[x, y, x ^ y] = 0.25
    assert gacs_korner_common_information(parity).value == 0.0
    assert gacs_korner_common_information(parity, [(0, 1), 2], base=2).value == pytest.approx(1.0)
    assert gacs_korner_common_information(parity, [2], base=2).value == pytest.approx(1.0)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), sparse=st.sampled_from([0.0, 0.4, 0.6]))
def test_the_common_variable_is_a_function_of_each_and_below_the_information(
    seed: int, sparse: float
) -> None:
    p = drawn(seed, 4, 5, sparse=sparse)
    found = gacs_korner_common_information(p)
    left, right = found.labels
    for x, y in zip(*np.nonzero(p)):
        assert left[x] == right[y] >= 0
    law = np.bincount(left[left >= 0], weights=p.sum(axis=1)[left >= 0])
    np.testing.assert_allclose(found.probabilities, law, atol=1e-12)
    assert found.value == pytest.approx(float(entropy(found.probabilities)))
    assert found.value <= float(mutual_information(p)) + 1e-12


@pytest.mark.parametrize("flip", [0.02, 0.1, 0.3])
def test_wyner_of_the_symmetric_pair(flip: float) -> None:
    found = wyner_common_information(symmetric(flip), base=2, restarts=2, random_state=0)
    inner = (1 - np.sqrt(1 - 2 * flip)) / 2
    known = 1 + binary_entropy(flip, base=2) - 2 * binary_entropy(inner, base=2)
    assert found.value == pytest.approx(float(known), abs=1e-9)


@pytest.mark.parametrize(("erased", "known"), [(0.3, 1.0), (0.8, float(binary_entropy(0.8, base=2)))])
def test_wyner_of_the_erased_bit(erased: float, known: float) -> None:
    p = np.array([[1 - erased, erased, 0.0], [0.0, erased, 1 - erased]]) / 2
    found = wyner_common_information(p, base=2, restarts=2, random_state=0)
    assert found.value == pytest.approx(known, abs=1e-9)


def test_wyner_of_what_is_independent_equal_or_in_blocks() -> None:
    independent = np.outer([0.2, 0.8], [0.5, 0.3, 0.2])
    assert wyner_common_information(independent).value == pytest.approx(0.0, abs=1e-12)
    equal = wyner_common_information(np.diag([0.5, 0.25, 0.25]), base=2)
    assert (equal.value, equal.lower) == pytest.approx((1.5, 1.5))
    # blocks cost their name and then their own: H(1/2) + I of the symmetric pair in one of them
    p = np.zeros((3, 4))
    p[:2, :2] = symmetric(0.1) / 2
    p[2, 2:] = 0.25
    found = wyner_common_information(p, base=2, restarts=2, random_state=0)
    inner = wyner_common_information(symmetric(0.1), base=2, restarts=2, random_state=0)
    assert found.value == pytest.approx(1 + inner.value / 2, abs=1e-9)


@pytest.mark.parametrize(("shape", "sparse"), [((3, 3), 0.0), ((3, 4), 0.4), ((2, 2, 2), 0.0)])
def test_wyner_is_feasible_between_its_bounds(shape: tuple[int, ...], sparse: float) -> None:
    p = drawn(2, *shape, sparse=sparse)
    found = wyner_common_information(p, restarts=2, random_state=0)
    np.testing.assert_allclose(rebuilt(found.weights, found.laws), p, atol=1e-14)
    assert found.mismatch < 1e-14
    for law in found.laws:
        np.testing.assert_allclose(law.sum(axis=1), 1.0, atol=1e-12)
    inside = found.weights @ sum(entropy(law, axis=1) for law in found.laws)
    assert found.value == pytest.approx(float(entropy(p)) - inside, abs=1e-9)
    assert found.lower == pytest.approx(float(dual_total_correlation(p)))
    assert found.lower <= found.value <= found.trace[0] + 1e-12
    assert len(found.trace) == 3
    assert list(found.trace) == sorted(found.trace, reverse=True)


def test_common_informations_are_in_their_order() -> None:
    for seed in range(5):
        p = drawn(seed, 3, 3, sparse=0.4)
        inner = gacs_korner_common_information(p).value
        outer = wyner_common_information(p, restarts=1, random_state=0).value
        assert inner - 1e-12 <= float(mutual_information(p)) <= outer + 1e-12


def test_the_same_seed_finds_the_same_variable() -> None:
    p = drawn(3, 3, 3)
    one, two = (wyner_common_information(p, restarts=2, random_state=7) for _ in range(2))
    assert one.value == two.value
    np.testing.assert_array_equal(one.weights, two.weights)


def test_an_infeasible_variable_would_look_better() -> None:
    # the independent product needs no information, and its mixture is not the table
    p = symmetric(0.1)
    wrong = Model(np.ones(1), (p.sum(axis=1)[None], p.sum(axis=0)[None]))
    assert wrong.information() < min(m.information() for m in trivial_models(p))
    assert np.abs(wrong.mixture() - p).max() > 0.1


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="sums to"):
        gacs_korner_common_information([[0.5, 0.1]])
    with pytest.raises(ValueError, match="named twice"):
        gacs_korner_common_information(symmetric(0.1), [0, (0, 1)])
    with pytest.raises(ValueError, match="at least one group"):
        gacs_korner_common_information(symmetric(0.1), [])
    with pytest.raises(ValueError, match="two variables"):
        wyner_common_information([0.5, 0.5])
    with pytest.raises(ValueError, match="symbols=0"):
        wyner_common_information(symmetric(0.1), symbols=0)
    with pytest.raises(ValueError, match="restarts=-1"):
        wyner_common_information(symmetric(0.1), restarts=-1)
