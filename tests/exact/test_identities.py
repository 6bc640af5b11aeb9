"""Laws of information theory, on laws and kernels that Hypothesis makes up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adami import exact

TINY = 1e-10
sizes = st.integers(1, 4)
# the same examples in every run; the first call imports SciPy, so no deadline
many = settings(max_examples=80, deadline=None, derandomize=True)
masses = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))


@st.composite
def pmfs(draw: st.DrawFn, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Laws of any shape, with zeros, small masses and certain outcomes."""
    if shape is None:
        shape = tuple(draw(st.lists(sizes, min_size=3, max_size=3)))
    weights = draw(arrays(float, shape, elements=masses))
    if weights.sum() == 0:
        weights[tuple(0 for _ in shape)] = 1.0
    return weights / weights.sum()


@st.composite
def kernels(draw: st.DrawFn, inputs: int, outputs: int) -> np.ndarray:
    return np.stack([draw(pmfs((outputs,))) for _ in range(inputs)])


@st.composite
def a_law_through_kernels(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A joint law of two variables and a kernel for each."""
    n, m, a, b = (draw(sizes) for _ in range(4))
    return draw(pmfs((n, m))), draw(kernels(n, a)), draw(kernels(m, b))


@many
@given(pmfs())
def test_chain_rules(joint: np.ndarray) -> None:
    h = exact.entropy(joint)
    steps = exact.entropy(exact.marginal(joint, 0)) + exact.conditional_entropy(joint, 1, 0)
    assert h == pytest.approx(steps + exact.conditional_entropy(joint, 2, (0, 1)), abs=TINY)
    both = exact.mutual_information(joint, 0, (1, 2))
    one = exact.mutual_information(joint, 0, 1)
    assert both == pytest.approx(one + exact.mutual_information(joint, 0, 2, given=1), abs=TINY)
    tc, dtc = exact.total_correlation(joint), exact.dual_total_correlation(joint)
    assert tc == pytest.approx(one + exact.mutual_information(joint, 2, (0, 1)), abs=TINY)
    assert exact.o_information(joint) == pytest.approx(tc - dtc, abs=TINY)
    # of three variables, O-information is co-information
    assert exact.co_information(joint) == pytest.approx(tc - dtc, abs=TINY)
    assert exact.co_information(joint) == pytest.approx(
        one - exact.mutual_information(joint, 0, 1, given=2), abs=TINY
    )


@many
@given(pmfs())
def test_nothing_is_negative(joint: np.ndarray) -> None:
    assert exact.mutual_information(joint, 0, 1) >= -TINY
    assert exact.mutual_information(joint, 0, 1, given=2) >= -TINY
    assert exact.conditional_entropy(joint, 0, (1, 2)) >= -TINY
    assert exact.total_correlation(joint) >= -TINY
    assert exact.dual_total_correlation(joint) >= -TINY
    assert 0 <= exact.entropy(joint) <= np.log(joint.size) + TINY
    orders = [exact.renyi_entropy(joint, a) for a in (0, 0.5, 1, 2, 7)] + [exact.min_entropy(joint)]
    assert np.all(np.diff(orders) <= TINY)


@many
@given(pmfs(), st.randoms(use_true_random=False))
def test_names_do_not_matter(joint: np.ndarray, random: object) -> None:
    rng = np.random.default_rng(random.randrange(2**32))  # type: ignore[attr-defined]
    renamed = joint
    for axis in range(3):
        renamed = np.take(renamed, rng.permutation(joint.shape[axis]), axis=axis)
    for measure in (exact.entropy, exact.mutual_information, exact.total_correlation, exact.co_information):
        assert measure(renamed) == pytest.approx(measure(joint), abs=TINY)
    swapped = np.transpose(joint, (1, 0, 2))
    assert exact.mutual_information(swapped) == pytest.approx(exact.mutual_information(joint), abs=TINY)


@many
@given(a_law_through_kernels())
def test_processing_loses_information(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    joint, K, L = drawn
    processed = K.T @ joint @ L
    before, after = exact.mutual_information(joint), exact.mutual_information(processed)
    assert after <= before + TINY
    # the product of kernels on the pair is the same thing
    pair = exact.push(joint.ravel(), exact.tensor(K, L)).reshape(processed.shape)
    np.testing.assert_allclose(pair, processed, atol=1e-12)


@many
@given(st.data())
def test_divergences_shrink_under_a_kernel(data: st.DataObject) -> None:
    n, m = data.draw(sizes), data.draw(sizes)
    p, q, K = data.draw(pmfs((n,))), data.draw(pmfs((n,))), data.draw(kernels(n, m))
    for name, divergence in {
        "kl": exact.kl_divergence,
        "renyi": lambda a, b: exact.renyi_divergence(a, b, 0.5),
        "renyi 2": lambda a, b: exact.renyi_divergence(a, b, 2),
        "tv": exact.total_variation,
        "hellinger": exact.squared_hellinger,
        "chi2": exact.chi2_divergence,
    }.items():
        before, after = divergence(p, q), divergence(exact.push(p, K), exact.push(q, K))
        assert after <= before * (1 + 1e-9) + TINY, name
        assert before >= -TINY, name
    assert exact.kl_divergence(p, p) == pytest.approx(0, abs=TINY)
    # Pinsker, and the order of the family
    assert 2 * exact.total_variation(p, q) ** 2 <= exact.kl_divergence(p, q) + TINY
    assert exact.kl_divergence(p, q) <= exact.renyi_divergence(p, q, 2) + TINY
    phi = exact.f_divergence(p, q, lambda t: np.where(t > 0, t * np.log(np.where(t > 0, t, 1)), 0))
    assert phi == pytest.approx(exact.kl_divergence(p, q), abs=1e-8)


@many
@given(st.data())
def test_inverting_a_kernel(data: st.DataObject) -> None:
    n, m = data.draw(sizes), data.draw(sizes)
    p, K = data.draw(pmfs((n,))), data.draw(kernels(n, m))
    backward = exact.bayes_invert(p, K)
    forward = exact.joint(p, K)
    np.testing.assert_allclose(exact.joint(exact.push(p, K), backward).T, forward, atol=1e-12)
    assert exact.mutual_information(forward) == pytest.approx(
        exact.kl_divergence(forward, np.outer(p, exact.push(p, K))), abs=TINY
    )


@many
@given(st.data())
def test_chains_settle(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 5))
    # every state can follow every other
    K = 0.9 * data.draw(kernels(n, n)) + 0.1 / n
    pi = exact.stationary(K)
    np.testing.assert_allclose(pi @ K, pi, atol=1e-12)
    np.testing.assert_allclose(np.linalg.matrix_power(K, 400)[0], pi, atol=1e-9)
    edge = exact.edge_measure(K)
    assert exact.entropy_rate(K) == pytest.approx(exact.conditional_entropy(edge, 1, 0), abs=TINY)
    assert exact.entropy_rate(K) <= exact.entropy(pi) + TINY
