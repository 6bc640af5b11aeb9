"""Semantic information against closed forms, Shannon's bound and its identities."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adami.exact import SemanticChannel, conditional_entropy, entropy, joint, kl_divergence

SEEDS = st.integers(0, 2**32 - 1)
YOUNG = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]


def drawn(seed: int, n: int = 5, labels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(labels), size=n), rng.dirichlet(np.ones(n))


@given(SEEDS)
def test_matched_truth_functions_tell_all_of_shannons_information(seed: int) -> None:
    channel, prior = drawn(seed)
    matched = SemanticChannel.from_channel(channel, prior)
    assert matched.semantic_mi(channel) == pytest.approx(matched.shannon_mi(channel), abs=1e-12)
    # they predict what the channel's posteriors say, which needs no prior to find
    assert np.allclose(matched.semantic_bayes() * (prior @ channel)[:, None], (prior[:, None] * channel).T)


@given(SEEDS)
def test_other_truth_functions_tell_less(seed: int) -> None:
    channel, prior = drawn(seed)
    rng = np.random.default_rng(seed + 1)
    truth = rng.uniform(0.01, 1, size=channel.shape)
    other = SemanticChannel(truth / truth.max(axis=0), prior)
    assert other.semantic_mi(channel) <= other.shannon_mi(channel) + 1e-12


def test_a_prediction_that_is_wrong_breaks_the_equality() -> None:
    channel, prior = drawn(7)
    matched = SemanticChannel.from_channel(channel, prior)
    swapped = SemanticChannel(matched.truth[:, ::-1], prior)
    assert swapped.semantic_mi(channel) < matched.shannon_mi(channel) - 1e-3


@given(SEEDS)
def test_identities(seed: int) -> None:
    channel, prior = drawn(seed)
    rng = np.random.default_rng(seed + 1)
    truth = rng.uniform(0.01, 1, size=channel.shape)
    semantic = SemanticChannel(truth, prior, rescale=True)
    told = semantic.label_information(channel)
    used = prior @ channel
    posterior = (prior[:, None] * channel / used).T
    by_divergence = kl_divergence(posterior, prior[None, :], axis=1) - kl_divergence(
        posterior, semantic.semantic_bayes(), axis=1
    )
    assert np.allclose(told, by_divergence, atol=1e-10)
    assert used @ told == pytest.approx(semantic.semantic_mi(channel), abs=1e-10)
    assert np.sum(prior[:, None] * channel * semantic.semantic_information()) == pytest.approx(
        semantic.semantic_mi(channel), abs=1e-10
    )
    difference = semantic.semantic_entropy(channel) - semantic.fuzziness(channel)
    assert difference == pytest.approx(semantic.semantic_mi(channel), abs=1e-12)
    again = SemanticChannel.from_posterior(semantic.semantic_bayes(), prior)
    assert np.allclose(again.truth, semantic.truth, atol=1e-9)


def test_fuzziness_of_a_distortion_is_its_mean() -> None:
    costs = np.array([[0.0, 1.0], [2.0, 0.0], [0.5, 0.3]])
    channel, prior = drawn(3, n=3, labels=2)
    semantic = SemanticChannel.from_distortion(costs, prior)
    assert semantic.fuzziness(channel) == pytest.approx(np.sum(prior[:, None] * channel * costs))


def test_hard_labels_tell_their_entropy() -> None:
    sure = np.eye(3)[[0, 1, 2, 2]]
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    semantic = SemanticChannel(sure, prior)
    assert semantic.semantic_mi(sure) == pytest.approx(entropy(prior @ sure))
    assert semantic.fuzziness(sure) == 0
    assert np.isneginf(semantic.semantic_information()[0, 1])
    # a label where it is false costs everything
    assert semantic.semantic_mi(np.full((4, 3), 1 / 3)) == -np.inf
    assert np.isneginf(semantic.label_information(np.full((4, 3), 1 / 3))).all()


def test_matched_fuzziness_differs_from_conditional_entropy_by_the_scales() -> None:
    channel, prior = drawn(5)
    matched = SemanticChannel.from_channel(channel, prior)
    scales = (prior @ channel) @ np.log(channel.max(axis=0))
    cells = joint(prior, channel)
    assert matched.fuzziness(channel) == pytest.approx(conditional_entropy(cells, 1, 0) + scales)


def test_prediction_follows_the_prior_to_the_rarer_label() -> None:
    ages = SemanticChannel(YOUNG, [0.2, 0.6, 0.2])
    assert ages.predict().tolist() == [2, 0, 1]
    assert ages.predict(np.array([[0.0, 0.9, 0.1]])).tolist() == [0]
    # when nearly everybody is old, "adult" and "old" exclude nearly as much, and the tie breaks by truth
    nested = SemanticChannel([[0.0, 1.0], [1.0, 1.0]], [0.5, 0.5])
    assert nested.predict().tolist() == [1, 0]
    assert SemanticChannel([[1.0, 0.4], [0.6, 1.0]], [0.5, 0.5]).predict([[0.6, 0.4]]).tolist() == [0]
    assert SemanticChannel([[1.0, 0.4], [0.6, 1.0]], [0.5, 0.5]).with_prior([0.99, 0.01]).predict(
        [[0.4, 0.6]]
    ).tolist() == [1]


def test_base_and_pickle() -> None:
    channel, prior = drawn(2)
    semantic = SemanticChannel.from_channel(channel, prior)
    assert semantic.semantic_mi(channel, base=2) * np.log(2) == pytest.approx(semantic.semantic_mi(channel))
    again = pickle.loads(pickle.dumps(semantic))  # noqa: S301
    assert np.array_equal(again.truth, semantic.truth)


def test_tensors_in_tensors_out_with_gradients() -> None:
    torch = pytest.importorskip("torch")
    channel, prior = drawn(4)
    truth = np.random.default_rng(0).uniform(0.1, 1, size=channel.shape)
    truth /= truth.max(axis=0)
    leaf = torch.tensor(truth, requires_grad=True)
    semantic = SemanticChannel(leaf, torch.tensor(prior))
    value = semantic.semantic_mi(torch.tensor(channel))
    assert float(value.detach()) == pytest.approx(float(SemanticChannel(truth, prior).semantic_mi(channel)))
    value.backward()
    row, column = np.argwhere(truth < 0.99)[0]
    moved = truth.copy()
    moved[row, column] += 1e-6
    slope = (SemanticChannel(moved, prior).semantic_mi(channel) - float(value.detach())) / 1e-6
    assert float(leaf.grad[row, column]) == pytest.approx(slope, abs=1e-5)
    assert semantic.predict().shape == (5,)
    hard = SemanticChannel(torch.eye(2, dtype=torch.float64), torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert bool(torch.isinf(hard.semantic_mi(torch.full((2, 2), 0.5, dtype=torch.float64))))


@pytest.mark.parametrize(
    ("truth", "prior", "said"),
    [
        ([[1.2], [0.5]], [0.5, 0.5], "between 0 and 1"),
        ([[-0.1], [1.0]], [0.5, 0.5], "between 0 and 1"),
        ([[np.nan], [1.0]], [0.5, 0.5], "between 0 and 1"),
        ([[0.9], [0.5]], [0.5, 0.5], "never exceeds 0.9"),
        ([[1.0], [0.0]], [0.0, 1.0], "logical probability 0"),
        ([[1.0], [0.0]], [0.5, 0.6], "prior sums to 1.1"),
        ([[1.0], [0.0]], [0.5, 0.25, 0.25], "one row for each instance"),
        ([1.0, 0.0], [0.5, 0.5], "one row for each instance"),
    ],
)
def test_bad_truth(truth: list[list[float]], prior: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SemanticChannel(truth, prior)


def test_bad_calls() -> None:
    semantic = SemanticChannel([[1.0, 0.5], [0.5, 1.0]], [0.5, 0.5])
    with pytest.raises(ValueError, match="never used"):
        SemanticChannel.from_channel([[1.0, 0.0], [1.0, 0.0]], [0.5, 0.5])
    with pytest.raises(ValueError, match="predicts instance 1"):
        SemanticChannel.from_posterior([[0.5, 0.5]], [1.0, 0.0])
    with pytest.raises(ValueError, match="instances"):
        SemanticChannel.from_posterior([[0.5, 0.5]], [0.5, 0.25, 0.25])
    with pytest.raises(ValueError, match="distortion"):
        SemanticChannel.from_distortion([[-1.0], [0.0]], [0.5, 0.5])
    with pytest.raises(ValueError, match="channel has shape"):
        semantic.semantic_mi([[1.0], [1.0]])
    with pytest.raises(ValueError, match="evidence covers"):
        semantic.predict([[0.2, 0.2, 0.6]])
    with pytest.raises(ValueError, match="true nowhere"):
        SemanticChannel([[0.0], [0.0]], [0.5, 0.5], rescale=True)
    assert "2 labels" in repr(semantic)
