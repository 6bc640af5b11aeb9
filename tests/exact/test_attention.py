"""Entropy and pruning of attention: closed forms, the information between query and key, gradients."""

import math

import numpy as np
import pytest

from adami.exact import attention_entropy, entropy, mutual_information, prune_attention


def attention(seed: int, shape: tuple[int, ...] = (2, 3, 5, 6)) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def test_closed_forms() -> None:
    one_key = np.zeros((4, 8))
    one_key[:, 2] = 1
    assert attention_entropy(one_key) == attention_entropy(one_key, "usage") == 0.0
    apart = np.eye(8)
    assert attention_entropy(apart) == 0.0
    assert attention_entropy(apart, "usage", base=2) == pytest.approx(3.0)
    assert attention_entropy(apart, "information", base=2) == pytest.approx(3.0)
    spread = np.full((4, 8), 1 / 8)
    assert attention_entropy(spread, base=2) == pytest.approx(3.0)
    assert attention_entropy(spread, "information") == pytest.approx(0.0, abs=1e-12)


def test_terms_of_each_head() -> None:
    weights = attention(0)
    rows, usage = attention_entropy(weights), attention_entropy(weights, "usage")
    assert rows.shape == usage.shape == (2, 3)
    assert rows[1, 2] == pytest.approx(entropy(weights[1, 2], axis=-1).mean())
    assert usage[1, 2] == pytest.approx(entropy(weights[1, 2].mean(axis=0)))
    information = attention_entropy(weights, "information")
    assert information[1, 2] == pytest.approx(mutual_information(weights[1, 2] / 5))
    assert (information >= 0).all()
    # L1 on weights cannot tell these apart
    assert np.abs(weights).sum(axis=-1) == pytest.approx(1.0)


def test_scores_in_place_of_weights() -> None:
    scores = np.random.default_rng(1).normal(size=(2, 4, 4))
    scores[:, 0, 1:] = -np.inf
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    for mode in ("row", "usage", "information"):
        assert attention_entropy(scores, mode, from_logits=True) == pytest.approx(
            attention_entropy(weights, mode)
        )


def test_gradients_flow() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.randn(3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scores.requires_grad_()
    for mode in ("row", "usage", "information"):
        assert torch.autograd.gradcheck(lambda s, m=mode: attention_entropy(s, m, from_logits=True), scores)


@pytest.mark.parametrize("scope", ["row", "head"])
def test_pruning_keeps_the_largest(scope: str) -> None:
    weights = attention(2, (2, 3, 8, 8))
    pruned = prune_attention(weights, 0.5, scope=scope)
    assert pruned.sum(axis=-1) == pytest.approx(1.0)
    kept = pruned > 0
    if scope == "row":
        assert (kept.sum(axis=-1) == 4).all()
    else:
        assert (kept.sum(axis=(-1, -2)) >= 32).all()
        assert (kept.sum(axis=(-1, -2)) <= 32 + 8).all()
    least = np.where(kept, weights, np.inf).min(axis=-1)
    most = np.where(kept, 0, weights).max(axis=-1)
    assert (least >= most).all()
    # within a row the proportions stay
    ratio = np.where(kept, pruned / weights, np.nan)
    assert np.nanmax(ratio, axis=-1) == pytest.approx(np.nanmin(ratio, axis=-1))
    assert np.array_equal(prune_attention(weights, 0.0, scope=scope), weights) or np.allclose(
        prune_attention(weights, 0.0, scope=scope), weights, atol=1e-15
    )


def test_pruning_at_80_percent_and_ties() -> None:
    pruned = prune_attention(attention(3, (20, 8, 8)), 0.8)
    share = (pruned == 0).mean(axis=(-1, -2))
    assert (share >= 0.8 - 8 / 64).all()
    assert prune_attention(np.full((1, 4), 0.25), 0.5).tolist() == [[0.5, 0.5, 0.0, 0.0]]
    # a row all of whose weights are small keeps its largest
    uneven = np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3]])
    assert prune_attention(uneven, 0.6).tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]


def test_tensors_stay_tensors() -> None:
    torch = pytest.importorskip("torch")
    weights = attention(4)
    pruned = prune_attention(torch.tensor(weights), 0.7)
    assert isinstance(pruned, torch.Tensor)
    assert np.allclose(pruned.numpy(), prune_attention(weights, 0.7))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="sums to"):
        attention_entropy(np.ones((2, 2)))
    with pytest.raises(ValueError, match="mode"):
        attention_entropy(np.eye(2), "column")
    with pytest.raises(ValueError, match="matrix of queries"):
        attention_entropy([0.5, 0.5])
    with pytest.raises(ValueError, match="sparsity"):
        prune_attention(np.eye(2), 1.0)
    with pytest.raises(ValueError, match="scope"):
        prune_attention(np.eye(2), 0.5, scope="layer")
    assert math.isclose(attention_entropy(np.eye(2), "usage"), math.log(2))
