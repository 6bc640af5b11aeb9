"""Factorized mutual information: its value, its bound, when that is attained, and by which laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from adami.exact import (
    FactorizedMIMaximizer,
    factorized_mi,
    fmi_bound,
    fmi_bound_attained,
    fmi_maximizers,
    maximize_fmi,
    mutual_information,
    total_correlation,
)
from adami.exact._fmi_attained import _program, attained, comonotone_table, functions_needed
from adami.exact._fmi_search import _value_and_gradient
from adami.exact._margins import entropy_terms, margin_components

PAIRS = [(0, 1), (0, 2), (1, 2)]
BLOCKS = [(0, 2), (0, 3), (1, 2), (1, 3)]
MATCHED = [(0, 2), (1, 3)]


def random_law(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(math.prod(shape))).reshape(shape)


def test_special_cases() -> None:
    p = random_law((2, 3, 2, 2), seed=0)
    assert factorized_mi(p, [(0, 1, 2, 3)]) == pytest.approx(float(total_correlation(p)), abs=1e-12)
    pairs = list(itertools.combinations(range(4), 2))
    mean = np.mean([mutual_information(p, a, b) for a, b in pairs])
    assert factorized_mi(p, pairs) == pytest.approx(float(mean), abs=1e-12)
    weights = [1.0, 2.0]
    weighted = mutual_information(p, 0, 2) + 2 * mutual_information(p, 1, 3)
    assert factorized_mi(p, MATCHED, weights) == pytest.approx(float(weighted), abs=1e-12)
    assert factorized_mi(p, [(3, 0), (-1, 0)]) == pytest.approx(float(mutual_information(p, 0, 3)), abs=1e-12)
    assert factorized_mi(p, pairs, base=2) == pytest.approx(float(factorized_mi(p, pairs)) / math.log(2))


def test_tensors_and_gradients() -> None:
    p = random_law((2, 3, 2), seed=1)
    margins, weights = [(0, 1), (0, 1, 2)], [0.3, 0.7]
    tensor = torch.tensor(p, requires_grad=True)
    value = factorized_mi(tensor, margins, weights)
    assert isinstance(value, torch.Tensor)
    assert value.item() == pytest.approx(float(factorized_mi(p, margins, weights)), abs=1e-14)
    factorized_mi(tensor, margins, weights, check=False).backward()
    theirs = tensor.grad.numpy()
    ours = _value_and_gradient(p, entropy_terms(((0, 1), (0, 1, 2)), weights))[1]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    step = 1e-6
    for at in np.ndindex(p.shape):
        up, down = p.copy(), p.copy()
        up[at] += step
        down[at] -= step
        slope = (
            factorized_mi(up, margins, weights, check=False)
            - factorized_mi(down, margins, weights, check=False)
        ) / (2 * step)
        assert theirs[at] == pytest.approx(float(slope), abs=1e-7)
    single = factorized_mi(torch.tensor(p, dtype=torch.float32), margins)
    assert single.dtype == torch.float32


def test_batches() -> None:
    tables = np.stack([random_law((2, 3, 2), seed) for seed in range(6)]).reshape(2, 3, 2, 3, 2)
    found = factorized_mi(tables, PAIRS, base=2, batch_dims=2)
    assert found.shape == (2, 3)
    for at in np.ndindex(2, 3):
        assert found[at] == pytest.approx(float(factorized_mi(tables[at], PAIRS, base=2)), abs=1e-12)
    with pytest.raises(ValueError, match="batch_dims"):
        factorized_mi(tables, PAIRS, batch_dims=6)
    with pytest.raises(ValueError, match="out of range"):
        factorized_mi(tables, [(0, 3)], batch_dims=2)


def test_bound_holds_for_random_laws() -> None:
    for seed, (shape, margins) in enumerate(
        [((2, 3, 3), [(0, 1, 2)]), ((2, 3, 4), PAIRS), ((2, 2, 2, 2), BLOCKS), ((5, 2), [(0, 1)])] * 20
    ):
        law = np.random.default_rng(seed).dirichlet(np.full(math.prod(shape), 0.05)).reshape(shape)
        assert factorized_mi(law, margins) <= fmi_bound(shape, margins) + 1e-12


def test_bound_of_known_cases() -> None:
    assert fmi_bound((2, 3, 3), [(0, 1, 2)]) == pytest.approx(math.log(6))
    assert fmi_bound((4, 4), [(0, 1)], base=2) == pytest.approx(2)
    assert fmi_bound((2, 3, 4), [(0, 1), (1, 2)], [1, 3]) == pytest.approx(math.log(2) + 3 * math.log(3))


@pytest.mark.parametrize(("first", "second"), [(2, 2), (2, 3), (4, 6), (3, 5), (6, 9)])
def test_smallest_uniform_table_and_the_gcd_condition(first: int, second: int) -> None:
    needed = first + second - math.gcd(first, second)
    table = comonotone_table((first, second))
    assert np.count_nonzero(table) == needed
    np.testing.assert_allclose(table.sum(axis=1), 1 / first, atol=1e-12)
    np.testing.assert_allclose(table.sum(axis=0), 1 / second, atol=1e-12)
    margin = [(0, 1, 2)]
    for have in range(second, needed + 3):
        sizes = (first, second, have)
        assert fmi_bound_attained(sizes, margin) == (have >= needed)
        law = attained(sizes, ((0, 1, 2),)).law
        if have >= needed:
            assert factorized_mi(law, margin) == pytest.approx(fmi_bound(sizes, margin), abs=1e-9)
            assert np.all(law.sum(axis=(0, 1)) > 0)
        else:
            assert law is None


@pytest.mark.parametrize(
    "sizes", [(2, 2, 2), (2, 2, 3), (2, 3, 3), (2, 3, 4), (2, 4, 4), (3, 3, 4), (3, 4, 4)]
)
def test_the_program_agrees_with_the_gcd_condition(sizes: tuple[int, ...]) -> None:
    found = _program(sizes, functions_needed(sizes, ((0, 1, 2),)))
    assert found.answer is fmi_bound_attained(sizes, [(0, 1, 2)])


@pytest.mark.parametrize(
    ("sizes", "margins", "answer"),
    [
        ((2, 5), [(0, 1)], True),
        ((2, 4, 8), [(0, 1), (1, 2)], True),
        ((2, 3, 4), [(0, 1), (1, 2)], False),
        ((2, 3, 3), PAIRS, False),
        ((2, 3, 6), PAIRS, False),
        ((2, 3, 6), [(0, 2), (1, 2)], True),
        pytest.param((3, 4, 5, 9), [(0, 1, 2, 3)], True, marks=pytest.mark.full),
        ((3, 4, 5, 7), [(0, 1, 2, 3)], False),
        ((2, 3, 5, 8), [(0, 1, 2, 3)], True),
        ((2, 3, 4, 5), [(0, 1, 2), (2, 3)], False),
        ((2, 3, 3, 2, 2), [(0, 1, 2), (3, 4)], False),
        ((2, 3, 4, 2, 2, 5), [(2, 0, 1), (4, 3)], True),
    ],
)
def test_attained(sizes: tuple[int, ...], margins: list[tuple[int, ...]], answer: bool) -> None:
    found = attained(sizes, tuple(margins))
    assert found.answer is answer
    assert found.reason
    if answer:
        assert factorized_mi(found.law, margins) == pytest.approx(fmi_bound(sizes, margins), abs=1e-9)


def test_undecided_is_said() -> None:
    """Four variables that no closed form covers, in more cells than the program is asked about."""
    assert fmi_bound_attained((9, 10, 11, 20), [(0, 1, 2, 3)]) is None
    with pytest.raises(ValueError, match="cells"):
        fmi_bound_attained((30, 30, 31, 60), [(0, 1, 2, 3)])


@pytest.mark.parametrize("margins", [PAIRS, [(0, 1), (1, 2)], [(0, 1, 2)]])
def test_search_finds_all_maximizers(margins: list[tuple[int, ...]]) -> None:
    found = maximize_fmi((2, 2, 2), margins, restarts=30, random_state=0)
    assert found.value == pytest.approx(found.bound, abs=1e-4)
    best = found.pmfs[found.trace > found.bound - 1e-4]
    assert len({tuple(p.ravel().round().astype(int)) for p in 2 * best}) == 4
    described = fmi_maximizers((2, 2, 2), margins)
    assert described.count == 4
    assert all(described.contains(p, tol=1e-3) for p in best)


def test_known_maxima_below_the_bound() -> None:
    three = maximize_fmi((2, 3, 3), [(0, 1, 2)], restarts=10, random_state=0)
    assert three.value == pytest.approx(2 * math.log(1 + math.sqrt(2)), abs=1e-4)
    pairs = maximize_fmi((2, 3, 3), PAIRS, restarts=10, random_state=0)
    assert pairs.value == pytest.approx(math.log(1 + 2 ** (1 / 3)), abs=1e-4)
    rng = np.random.default_rng(0)
    for p in rng.dirichlet(np.full(18, 0.2), size=500).reshape(-1, 2, 3, 3):
        assert factorized_mi(p, [(0, 1, 2)], check=False) < three.value
        assert factorized_mi(p, PAIRS, check=False) < pairs.value


def test_theory_comes_before_the_search() -> None:
    best = FactorizedMIMaximizer((2, 3, 4), [(0, 1, 2)]).fit()
    assert best.attained_
    assert best.search_ is None
    assert best.value_ == pytest.approx(math.log(6), abs=1e-12)
    np.testing.assert_allclose(best.pmf_.sum(axis=2), [[1 / 3, 1 / 6, 0], [0, 1 / 6, 1 / 3]])
    below = FactorizedMIMaximizer((2, 3, 3), [(0, 1, 2)], restarts=8, random_state=0, base=2).fit()
    assert below.attained_ is False
    assert below.value_ < below.bound_
    assert below.value_ == pytest.approx(below.search_.value, abs=1e-9)
    assert below.unit_ == below.search_.unit == "bits"
    # a search can be led to what chance does not find
    led = maximize_fmi((2, 3, 4), [(0, 1, 2)], restarts=0, extra=[best.pmf_])
    assert led.value == pytest.approx(math.log(6), abs=1e-4)


def test_components() -> None:
    assert margin_components(((0, 1), (2, 3), (1, 4), (5, 3))) == ((0, 1, 4), (2, 3, 5))
    assert margin_components(((0, 1), (2, 3), (1, 3))) == ((0, 1, 2, 3),)


def test_connected_maximizers_are_those_of_the_multi_information() -> None:
    for margins in ([(0, 1), (1, 2)], PAIRS, [(0, 1, 2)]):
        described = fmi_maximizers((3, 3, 3), margins)
        assert (described.count, described.dimension) == (36, 0)
        laws = set()
        for seed in range(300):
            p = described.sample(seed)
            laws.add(p.tobytes())
            assert factorized_mi(p, margins) == pytest.approx(described.bound, abs=1e-9)
            assert total_correlation(p) == pytest.approx(2 * math.log(3), abs=1e-9)
            assert described.contains(p)
        assert len(laws) == 36
        assert described.multi_information_range == pytest.approx((2 * math.log(3),) * 2)


def test_blocks() -> None:
    full, matched = (fmi_maximizers((2, 2, 2, 2), m, base=2) for m in (BLOCKS, MATCHED))
    assert full.count == 8
    assert (matched.count, matched.pieces, matched.dimension) == (None, 4, 1)
    assert full.information_range((0, 1), (2, 3)) == (1, 1)
    assert matched.information_range((0, 1), (2, 3)) == (1, 2)
    assert matched.information_range(0, 1) == (0, 1)
    assert matched.multi_information_range == (2, 3)
    seen = []
    for seed in range(200):
        for described, margins in ((full, BLOCKS), (matched, MATCHED)):
            p = described.sample(seed)
            assert factorized_mi(p, margins, base=2) == pytest.approx(1, abs=1e-9)
            assert described.contains(p)
        seen.append(float(mutual_information(p, (0, 1), (2, 3), base=2)))
        assert 2 - 1e-9 <= total_correlation(p, base=2) <= 3 + 1e-9
    assert 1 - 1e-9 <= min(seen) < 1.1
    assert 1.9 < max(seen) <= 2 + 1e-9


def test_three_components_of_three_symbols() -> None:
    margins = [(0, 1), (2, 3), (4, 5)]
    described = fmi_maximizers((3,) * 6, margins)
    assert described.dimension == 27 - 3 * 2 - 1
    assert described.pieces == 6**3
    low, high = described.multi_information_range
    for seed in range(20):
        p = described.sample(seed)
        assert described.contains(p)
        assert low - 1e-9 <= total_correlation(p) <= high + 1e-9
    uniform = np.einsum("ab,cd,ef->abcdef", *[np.eye(3) / 3] * 3)
    assert described.contains(uniform)
    assert total_correlation(uniform) == pytest.approx(low)


def test_dimension_is_that_of_the_sampled_laws() -> None:
    described = fmi_maximizers((3,) * 4, MATCHED)
    rng = np.random.default_rng(0)
    codes = np.array([np.eye(3)[rng.permutation(3)] for _ in range(50)]).reshape(50, -1)
    assert np.linalg.matrix_rank(codes - codes[0]) == described.dimension == 4


def test_pair_of_unequal_alphabets() -> None:
    described = fmi_maximizers((3, 5), [(0, 1)])
    assert (described.pieces, described.dimension, described.count) == (150, 2, None)
    for seed in range(30):
        p = described.sample(seed)
        assert described.contains(p)
        assert factorized_mi(p, [(0, 1)]) == pytest.approx(math.log(3), abs=1e-9)
    assert fmi_maximizers((5, 3), [(0, 1)]).sample(0).shape == (5, 3)
    assert described.information_range(0, 1) == described.multi_information_range
    assert described.information_range(0, 1) == pytest.approx((math.log(3),) * 2)
    assert described.unit == "nats"


def test_false_claims_fail() -> None:
    described = fmi_maximizers((2, 2, 2, 2), MATCHED)
    copies = np.eye(2) / 2
    noisy = np.array([[0.45, 0.05], [0.05, 0.45]])
    uneven = np.diag([0.6, 0.4])
    constant = np.array([[0.5, 0.0], [0.5, 0.0]])
    for code, answer in ((copies, True), (noisy, False), (uneven, False), (constant, False)):
        p = np.einsum("ac,bd->abcd", code, copies)
        assert described.contains(p) is answer
    assert not fmi_maximizers((2, 2, 2), PAIRS).contains(np.full((2, 2, 2), 1 / 8))
    # a generous tolerance on the value alone must not let a law in that is far from any code
    assert not described.contains(np.einsum("ac,bd->abcd", noisy, copies), tol=0.05)


def test_bad_input() -> None:
    p = np.full((2, 2), 0.25)
    for margins, words in (
        ([(0,)], "fewer than two"),
        ([(0, 0)], "twice"),
        ([(0, -2)], "twice"),
        ([(0, 2)], "out of range"),
        ([(0, 0.5)], "out of range"),
        ([], "no margins"),
        ([0], "no set of variables"),
    ):
        with pytest.raises(ValueError, match=words):
            factorized_mi(p, margins)
        with pytest.raises(ValueError, match=words):
            fmi_maximizers((2, 2), margins)
    with pytest.raises(ValueError, match="sums to"):
        factorized_mi(p / 2, [(0, 1)])
    with pytest.raises(ValueError, match="2 weights for 1"):
        factorized_mi(p, [(0, 1)], [0.5, 0.5])
    with pytest.raises(ValueError, match="positive"):
        factorized_mi(p, [(0, 1)], [0.0])
    with pytest.raises(ValueError, match="symbols"):
        fmi_bound((2, 0), [(0, 1)])
    with pytest.raises(ValueError, match="no variables"):
        fmi_bound((), [(0, 1)])
    with pytest.raises(ValueError, match="no start"):
        maximize_fmi((2, 2), [(0, 1)], restarts=0)
    with pytest.raises(ValueError, match="has shape"):
        maximize_fmi((2, 3), [(0, 1)], extra=[p])
    with pytest.raises(ValueError, match="cells"):
        maximize_fmi((2000, 2000), [(0, 1)])
    with pytest.raises(ValueError, match="in no margin"):
        fmi_maximizers((2, 2, 2), [(0, 1)])
    with pytest.raises(ValueError, match="differ"):
        fmi_maximizers((2, 3, 4), PAIRS)
    described = fmi_maximizers((2, 2), [(0, 1)])
    with pytest.raises(ValueError, match="has shape"):
        described.contains(np.full((2, 3), 1 / 6))
    with pytest.raises(ValueError, match="share"):
        described.information_range(0, 0)
    with pytest.raises(ValueError, match="at least one"):
        described.information_range((), 0)
    with pytest.raises(ValueError, match="out of range"):
        described.information_range(0, 2)
