"""What every function on laws keeps to: both libraries, gradients, units, batches, logits, and bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from adami import exact

LN2 = math.log(2)


@dataclass(frozen=True)
class Member:
    """One function, how to call it, and what it offers."""

    name: str
    call: Callable[..., Any]
    """Takes `laws` arrays of the same shape and options."""
    laws: int = 1
    base: bool = True
    logits: bool = False
    batch: bool = True
    """Whether `axis=` makes the other axes a batch."""


def weighted(p: Any, **options: Any) -> Any:
    return exact.jensen_shannon(p, axis=-1, **options)


LAWS = [
    Member("entropy", exact.entropy, logits=True),
    Member("renyi_entropy 0.5", lambda p, **o: exact.renyi_entropy(p, 0.5, **o), logits=True),
    Member("renyi_entropy 2", lambda p, **o: exact.renyi_entropy(p, 2, **o), logits=True),
    Member("min_entropy", exact.min_entropy, logits=True),
    Member("tsallis_entropy 1.5", lambda p, **o: exact.tsallis_entropy(p, 1.5, **o), base=False, logits=True),
    Member("gini_simpson", exact.gini_simpson, base=False, logits=True),
    Member("cross_entropy", exact.cross_entropy, laws=2, logits=True),
    Member("kl_divergence", exact.kl_divergence, laws=2, logits=True),
    Member("renyi_divergence 0.5", lambda p, q, **o: exact.renyi_divergence(p, q, 0.5, **o), laws=2),
    Member("renyi_divergence 3", lambda p, q, **o: exact.renyi_divergence(p, q, 3, **o), laws=2),
    Member("renyi_divergence inf", lambda p, q, **o: exact.renyi_divergence(p, q, math.inf, **o), laws=2),
    Member("total_variation", exact.total_variation, laws=2, base=False),
    Member("chi2_divergence", exact.chi2_divergence, laws=2, base=False),
    Member("squared_hellinger", exact.squared_hellinger, laws=2, base=False),
    Member(
        "tsallis_divergence 2", lambda p, q, **o: exact.tsallis_divergence(p, q, 2, **o), laws=2, base=False
    ),
]
JOINTS = {
    "mutual_information": exact.mutual_information,
    "conditional mutual information": lambda p, **o: exact.mutual_information(p, 0, 1, given=2, **o),
    "conditional_entropy": lambda p, **o: exact.conditional_entropy(p, of=0, given=(1, 2), **o),
    "total_correlation": exact.total_correlation,
    "dual_total_correlation": exact.dual_total_correlation,
    "o_information": exact.o_information,
    "co_information": exact.co_information,
    "factorized_mi": lambda p, **o: exact.factorized_mi(p, [(0, 1), (1, 2)], **o),
}
CHAINS = {
    "push": lambda p, K: exact.push(p, K),
    "joint": lambda p, K: exact.joint(p, K),
    "compose": lambda p, K: exact.compose(K, K),
    "tensor": lambda p, K: exact.tensor(K, K),
    "bayes_invert": lambda p, K: exact.bayes_invert(p, K),
    "stationary": lambda p, K: exact.stationary(K),
    "edge_measure": lambda p, K: exact.edge_measure(K),
    "entropy_rate": lambda p, K: exact.entropy_rate(K),
}


def some_logits(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def softmax(z: Any, axis: Any = None) -> Any:
    if isinstance(z, torch.Tensor):
        axes = tuple(range(z.ndim)) if axis is None else (axis,)
        return (z - torch.logsumexp(z, axes, keepdim=True)).exp()
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)


def check_gradient(value: Callable[[Any], Any], z: np.ndarray) -> None:
    """Compare a tensor's gradient with central differences of the NumPy value."""
    tensor = torch.tensor(z, requires_grad=True)
    total = value(tensor).sum()
    total.backward()
    assert isinstance(total, torch.Tensor)
    found = tensor.grad.numpy()
    step = 1e-5
    for at in np.ndindex(z.shape):
        up, down = z.copy(), z.copy()
        up[at] += step
        down[at] -= step
        slope = (np.sum(value(up)) - np.sum(value(down))) / (2 * step)
        assert found[at] == pytest.approx(slope, abs=2e-8)


@pytest.mark.parametrize("member", LAWS, ids=lambda m: m.name)
def test_laws(member: Member) -> None:
    z = [some_logits((4, 5), seed) for seed in range(member.laws)]
    laws = [softmax(a) for a in z]
    value = member.call(*laws)
    assert np.ndim(value) == 0
    tensors = member.call(*(torch.tensor(p) for p in laws))
    assert isinstance(tensors, torch.Tensor)
    assert tensors.dtype == torch.float64
    assert float(tensors) == pytest.approx(float(value), abs=1e-14)
    single = member.call(*(torch.tensor(p, dtype=torch.float32) for p in laws))
    assert single.dtype == torch.float32
    assert float(single) == pytest.approx(float(value), abs=1e-5)
    assert float(member.call(*(p.tolist() for p in laws))) == pytest.approx(float(value), abs=1e-15)
    if member.base:
        assert float(member.call(*laws, base=2)) == pytest.approx(float(value) / LN2)
        with pytest.raises(ValueError, match="base"):
            member.call(*laws, base=1)
    else:
        with pytest.raises(TypeError):
            member.call(*laws, base=2)
    if member.logits:
        assert float(member.call(*z, from_logits=True)) == pytest.approx(float(value))
        shifted = member.call(*(a + 700.0 for a in z), from_logits=True)
        assert float(shifted) == pytest.approx(float(value))
    if member.logits and member.laws == 1:
        check_gradient(lambda a: member.call(a, from_logits=True), z[0])
    rows = [softmax(a, -1) for a in z]
    batch = member.call(*rows, axis=-1)
    assert batch.shape == (4,)
    np.testing.assert_allclose(batch, [member.call(*(r[i] for r in rows)) for i in range(4)], atol=1e-14)
    np.testing.assert_allclose(member.call(*(r.T for r in rows), axis=0), batch, atol=1e-14)
    for i in range(member.laws):
        others = [torch.tensor(p) for p in laws]

        def value_of(a: Any, i: int = i, others: list[Any] = others) -> Any:
            given = [*others] if isinstance(a, torch.Tensor) else [*laws]
            given[i] = softmax(a)
            return member.call(*given)

        check_gradient(value_of, z[i])


@pytest.mark.parametrize("member", LAWS, ids=lambda m: m.name)
def test_bad_laws(member: Member) -> None:
    good = np.full((2, 2), 0.25)
    bad = {
        "sums to 2": np.full((2, 2), 0.5),
        "is -0.25": np.array([[0.75, 0.25], [-0.25, 0.25]]),
        "is nan": np.array([[np.nan, 0.25], [0.25, 0.25]]),
        "is inf": np.array([[np.inf, 0.25], [0.25, 0.25]]),
    }
    for words, p in bad.items():
        for place in range(member.laws):
            given = [good] * member.laws
            given[place] = p
            with pytest.raises(ValueError, match=words):
                member.call(*given)
    with pytest.raises(ValueError, match="at least one outcome"):
        member.call(*[np.empty((0, 2))] * member.laws)
    with pytest.raises(ValueError, match="out of range"):
        member.call(*[good] * member.laws, axis=2)
    with pytest.raises(ValueError, match="twice"):
        member.call(*[good] * member.laws, axis=(0, -2))
    with pytest.raises(TypeError, match="real numbers"):
        member.call(*[[["a", "b"]]] * member.laws)
    with pytest.raises(ValueError, match=r"\[1, :\] sums to 0.5"):
        member.call(*[[[0.5, 0.5], [0.25, 0.25]]] * member.laws, axis=1)
    if member.logits:
        with pytest.raises(ValueError, match="all -inf"):
            member.call(*[[-np.inf, -np.inf]] * member.laws, from_logits=True)
        with pytest.raises(ValueError, match="logit"):
            member.call(*[[0.0, np.nan]] * member.laws, from_logits=True)
    if member.laws == 2:
        with pytest.raises(TypeError, match="mixes"):
            member.call(good, torch.tensor(good))
        for short in ([0.5, 0.5], [1.0]):
            with pytest.raises(ValueError, match="same outcomes"):
                member.call(short, [0.25, 0.25, 0.5])


@pytest.mark.parametrize("name", JOINTS)
def test_joints(name: str) -> None:
    call = JOINTS[name]
    z = some_logits((2, 3, 2), 5)
    table = softmax(z)
    value = call(table)
    assert float(call(torch.tensor(table))) == pytest.approx(float(value), abs=1e-14)
    assert float(call(table, base=2)) == pytest.approx(float(value) / LN2)
    many = np.stack([softmax(some_logits((2, 3, 2), seed)) for seed in range(4)])
    np.testing.assert_allclose(call(many, batch_dims=1), [call(p) for p in many], atol=1e-14)
    check_gradient(lambda a: call(softmax(a)), z)
    sparse = np.zeros((2, 2, 2))
    sparse[0, 0, 0] = sparse[1, 1, 1] = 0.5
    tensor = torch.tensor(sparse, requires_grad=True)
    call(tensor).backward()
    assert torch.isfinite(tensor.grad).all()
    with pytest.raises(ValueError, match="sums to"):
        call(np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match=r"batch_dims|out of range"):
        call(table, batch_dims=3)


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str) -> None:
    call = CHAINS[name]
    z, w = some_logits((3, 3), 1), some_logits((3,), 2)
    p, K = softmax(w), softmax(z, -1)
    value = call(p, K)
    tensors = call(torch.tensor(p), torch.tensor(K))
    assert isinstance(tensors, torch.Tensor)
    np.testing.assert_allclose(tensors.numpy(), value, atol=1e-14)
    other = {True: torch.tensor(p), False: p}
    # a squared sum, since rows that sum to one have no gradient
    check_gradient(lambda a: call(other[isinstance(a, torch.Tensor)], softmax(a, -1)) ** 2, z)
    with pytest.raises(ValueError, match="sums to"):
        call(p, np.ones((3, 3)))
    with pytest.raises(ValueError, match="K has"):
        call(p, p)


def test_jensen_shannon() -> None:
    z = some_logits((3, 4, 5), 0)
    laws = softmax(z, -1)
    weights = np.array([0.2, 0.3, 0.5])
    found = exact.jensen_shannon(laws, weights)
    for i in range(4):
        joint = weights[:, None] * laws[:, i]
        assert found[i] == pytest.approx(exact.mutual_information(joint))
    np.testing.assert_allclose(exact.jensen_shannon(z, weights, from_logits=True), found, atol=1e-14)
    moved = exact.jensen_shannon(np.moveaxis(laws, 0, 1), weights, members=1, base=2)
    np.testing.assert_allclose(moved * LN2, found, atol=1e-14)
    check_gradient(lambda a: exact.jensen_shannon(a, from_logits=True), z)
    with pytest.raises(ValueError, match="3 laws"):
        exact.jensen_shannon(laws, [0.5, 0.5])
    with pytest.raises(ValueError, match="cannot count"):
        exact.jensen_shannon(laws, axis=0)


def test_impossible_outcomes() -> None:
    inf = float("inf")
    assert exact.entropy([0.0, -inf, 0.0], from_logits=True) == pytest.approx(LN2)
    z = torch.tensor([0.0, -inf, 0.5], dtype=torch.float64, requires_grad=True)
    exact.entropy(z, from_logits=True).backward()
    assert torch.isfinite(z.grad).all()
    assert exact.kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(LN2)
    for divergence in (
        exact.kl_divergence,
        exact.chi2_divergence,
        exact.cross_entropy,
        lambda p, q: exact.renyi_divergence(p, q, 2),
        lambda p, q: exact.renyi_divergence(p, q, inf),
        lambda p, q: exact.tsallis_divergence(p, q, 2),
    ):
        assert divergence([0.5, 0.5], [1.0, 0.0]) == inf
    assert exact.renyi_divergence([0.5, 0.5], [1.0, 0.0], 0.5) == pytest.approx(LN2)
    assert exact.renyi_divergence([0.0, 1.0], [1.0, 0.0], 0.5) == inf
    assert exact.kl_divergence([0.0, 0.0], [0.0, -inf], from_logits=True) == inf
    assert exact.total_variation([0.0, 1.0], [1.0, 0.0]) == 1


def test_one_law_broadcasts_over_many() -> None:
    many, one = softmax(some_logits((4, 3), 0), -1), softmax(some_logits((3,), 1))
    for name in ("kl_divergence", "total_variation", "squared_hellinger", "chi2_divergence"):
        divergence = getattr(exact, name)
        np.testing.assert_allclose(
            divergence(many, one[None], axis=-1), [divergence(p, one) for p in many], atol=1e-15
        )


def test_nothing_is_renormalised_in_silence() -> None:
    # rounding is, and says nothing; more is an error
    assert exact.as_pmf([0.5, 0.5 + 5e-10]).sum() == pytest.approx(1, abs=1e-15)
    with pytest.raises(ValueError, match=r"sums to 1\.00000001"):
        exact.as_pmf([0.5, 0.5 + 1e-8])
    assert exact.as_pmf([1.0, -1e-12]).min() == 0
    float32 = torch.softmax(torch.randn(50_000, generator=torch.Generator().manual_seed(0)), 0)
    assert exact.as_pmf(float32).dtype == torch.float32


def test_axes_of_a_joint() -> None:
    table = softmax(some_logits((2, 3, 4), 0))
    assert exact.marginal(table, (2, 0)).shape == (4, 2)
    np.testing.assert_allclose(exact.marginal(table, (2, 0)), table.sum(1).T)
    assert exact.marginal(np.stack([table] * 5), (1,), batch_dims=1).shape != (5,)
    for wrong, words in (((0, 0), "twice"), ((3,), "out of range"), ((0, -3), "twice")):
        with pytest.raises(ValueError, match=words):
            exact.marginal(table, wrong)
    with pytest.raises(ValueError, match="twice"):
        exact.mutual_information(table, (0, 1), (1, 2))
    with pytest.raises(ValueError, match="at least one variable"):
        exact.mutual_information(table, (), 1)
    with pytest.raises(ValueError, match="at least one"):
        exact.total_correlation(table, [(0,), ()])
    grouped = exact.total_correlation(table, [(0, 1), 2])
    assert grouped == pytest.approx(exact.mutual_information(table, (0, 1), 2))
    pmi = exact.pointwise_mutual_information(table, 0, 2)
    assert np.sum(table.sum(1) * pmi) == pytest.approx(exact.mutual_information(table, 0, 2))


def test_chains_without_a_unique_law() -> None:
    with pytest.raises(ValueError, match="reducible"):
        exact.stationary(np.eye(3))
    with pytest.raises(ValueError, match="reducible"):
        exact.entropy_rate([[1.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])
    # transient states are no obstacle, nor is a period
    np.testing.assert_allclose(exact.stationary([[0.5, 0.5], [0.0, 1.0]]), [0, 1], atol=1e-15)
    np.testing.assert_allclose(exact.stationary([[0.0, 1.0], [1.0, 0.0]]), [0.5, 0.5])
    assert exact.entropy_rate(np.eye(2), [0.3, 0.7]) == 0
    with pytest.raises(ValueError, match="not stationary"):
        exact.edge_measure([[0.9, 0.1], [0.2, 0.8]], [0.5, 0.5])
    with pytest.raises(ValueError, match="2 states"):
        exact.edge_measure([[0.9, 0.1], [0.2, 0.8]], [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="the same states"):
        exact.stationary([[0.5, 0.25, 0.25]])
    with pytest.raises(ValueError, match="ends in"):
        exact.compose([[0.5, 0.25, 0.25]], np.eye(2))
    with pytest.raises(ValueError, match="inputs"):
        exact.push([1.0], np.eye(2))
