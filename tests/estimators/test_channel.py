"""Information of channels known by log-probabilities: closed forms, brackets, adapters."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from adami.estimators import (
    CausalLM,
    ChannelMI,
    CharacterChannel,
    MaskedExtractive,
    PPMDensity,
    TableChannel,
    text_codes,
)

SIXTEEN = [tuple(int(b) for b in f"{k:04b}") for k in range(16)]


def gaussian_scores(rng: np.random.Generator, n: int, m: int = 1, noise: float = 0.5) -> np.ndarray:
    """Return the scores of contexts x ~ N(0, 1) and summaries x + noise, with I = ln(1 + 1/noise^2) / 2."""
    x = rng.normal(size=n)
    z = x[:, None] + noise * rng.normal(size=(n, m))
    return -0.5 * ((z[:, :, None] - x) / noise) ** 2 - math.log(noise * math.sqrt(2 * math.pi))


def flipped_information(epsilon: float) -> float:
    p = epsilon / 2
    entropy = -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)
    return 4 * (math.log(2) - entropy)


def test_sixteen_contexts_at_the_ends() -> None:
    for epsilon, wanted in ((0.0, math.log(16)), (1.0, 0.0)):
        channel = MaskedExtractive(keep=1.0, flip=epsilon, values=2)
        found = ChannelMI(channel).estimate(SIXTEEN)
        assert float(found) == pytest.approx(wanted, abs=1e-12)
        assert ("saturated" in found.flags) == (epsilon == 0)


def test_sixteen_contexts_with_noise() -> None:
    channel = MaskedExtractive(keep=1.0, flip=0.3, values=2)
    values = [float(ChannelMI(channel, random_state=r).estimate(SIXTEEN)) for r in range(50)]
    assert flipped_information(0.3) == pytest.approx(1.0818, abs=1e-3)
    assert np.mean(values) == pytest.approx(1.0818, abs=0.03)


def test_bracket_of_a_gaussian_channel() -> None:
    rng = np.random.default_rng(0)
    for n, repeats, inside, outside in ((16, 200, 0.719, 0.905), (64, 60, 0.789, 0.835)):
        found = [ChannelMI().from_scores(gaussian_scores(rng, n)) for _ in range(repeats)]
        low, high = np.mean([f.details["bracket"] for f in found], axis=0)
        assert low == pytest.approx(inside, abs=0.03)
        assert high == pytest.approx(outside, abs=0.04)
        assert low < 0.5 * math.log(5) < high


def test_extrapolation_is_nearer_than_the_value() -> None:
    rng = np.random.default_rng(1)
    found = [ChannelMI().from_scores(gaussian_scores(rng, 64, 4)) for _ in range(40)]
    truth = 0.5 * math.log(5)
    plain, beyond = np.mean([float(f) for f in found]), np.mean([f.details["extrapolated"] for f in found])
    assert abs(beyond - truth) < 0.03
    assert abs(beyond - truth) < abs(plain - truth)


def test_interval_covers_the_spread_over_contexts() -> None:
    rng = np.random.default_rng(2)
    found = [ChannelMI().from_scores(gaussian_scores(rng, 64)) for _ in range(40)]
    spread = np.std([float(f) for f in found], ddof=1)
    told = np.mean([(f.interval[1] - f.interval[0]) / 2 / 1.96 for f in found])
    assert told == pytest.approx(spread, rel=0.4)


def test_value_is_the_mean_of_local_terms_and_at_most_the_cap() -> None:
    scores = gaussian_scores(np.random.default_rng(3), 12, 3, noise=0.01)
    found = ChannelMI().from_scores(scores, np.full((12, 3), 7.0))
    assert found.pointwise is not None
    assert found.pointwise.mean() == pytest.approx(float(found))
    assert float(found) <= found.details["cap"] == math.log(12)
    assert found.details["bits_per_token"] == pytest.approx(found.bits / 7)
    # a constant of each summary cancels, as the normaliser of its length would
    shifted = ChannelMI().from_scores(scores - 1000.0 * np.arange(36).reshape(12, 3, 1))
    assert float(shifted) == pytest.approx(float(found), abs=1e-9)


def test_dividing_scores_by_length_breaks_the_estimate() -> None:
    rng = np.random.default_rng(4)
    right = np.mean([float(ChannelMI().from_scores(gaussian_scores(rng, 64))) for _ in range(10)])
    wrong = np.mean([float(ChannelMI().from_scores(gaussian_scores(rng, 64) / 5)) for _ in range(10)])
    assert abs(right - 0.789) < 0.06 < abs(wrong - 0.789)


def test_foreign_scorer_may_be_negative_and_says_so() -> None:
    contexts = [0, 1]
    wrong = TableChannel([[0.1, 0.9], [0.9, 0.1]])
    found = ChannelMI(wrong).estimate(contexts, summaries=[[0], [1]])
    assert float(found) < 0
    assert {"negative", "proxy_scorer"} <= found.flags
    clipped = ChannelMI(wrong, clip=True).estimate(contexts, summaries=[[0], [1]])
    assert float(clipped) == 0
    assert clipped.details["clipped"]
    assert clipped.details["raw"] == float(found)
    drawn = ChannelMI(wrong, generator=TableChannel(np.eye(2))).estimate(contexts)
    assert float(drawn) == float(found)


def test_duplicates_are_told() -> None:
    found = ChannelMI(TableChannel(np.eye(2))).estimate([0, 1, 1])
    assert "duplicate_contexts" in found.flags
    assert float(found) < math.log(3)


def test_queries() -> None:
    class Asked:
        def sample(self, context, query, n, rng):
            return [context[query]] * n

        def logprob(self, summary, context, query):
            return 0.0 if context[query] == summary else -math.inf

    contexts = [(0, 0), (0, 1), (1, 0), (1, 1)]
    meter = ChannelMI(Asked(), n_samples=1)
    found = meter.estimate_over_queries(contexts, [0, 1, 0])
    assert float(found) == pytest.approx(math.log(2))
    assert found.quantity == "conditional mutual information"
    assert len(found.details["per_query"]) == 3
    assert float(meter.estimate(contexts, [0, 0, 1, 1])) > 0
    with pytest.raises(ValueError, match="3 queries for 4 contexts"):
        meter.estimate(contexts, [0, 1, 0])


def test_boilerplate_lowers_the_rate_only() -> None:
    contexts = [tuple(row) for row in np.random.default_rng(5).integers(3, size=(32, 6))]
    plain, long = (
        ChannelMI(MaskedExtractive(0.4, boilerplate=extra)).estimate(contexts) for extra in (0, 30)
    )
    assert float(plain) == float(long)
    assert long.details["bits_per_token"] < plain.details["bits_per_token"] / 5


def test_same_seed_same_answer() -> None:
    channel = MaskedExtractive(keep=0.5)
    first, second = (ChannelMI(channel, random_state=7).estimate(SIXTEEN) for _ in range(2))
    assert float(first) == float(second)
    assert first.interval == second.interval


def test_character_channel_knows_its_context() -> None:
    rng = np.random.default_rng(6)
    words = ["alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "lambda"]
    text = " ".join(rng.choice(words, size=600))
    density = PPMDensity(order=2, local_order=5, strength=4.0).fit(text_codes(text), 27)
    contexts = [text_codes(" ".join([a, b] * 4))[:36] for a, b in pairwise(words)]
    found = ChannelMI(CharacterChannel(density, length=12), n_samples=2).estimate(contexts)
    blind = PPMDensity(order=2, local_order=0).fit(text_codes(text), 27)
    without = ChannelMI(CharacterChannel(blind, length=12), n_samples=2).estimate(contexts)
    assert float(found) > float(without) + 0.1
    assert found.details["tokens"] == 12
    law = density.next_law(np.array([contexts[0]]))
    own = [float(density.logprob([[s]], contexts[0][None]).sum()) for s in range(27)]
    assert np.exp(own).sum() == pytest.approx(1, abs=1e-9)
    assert np.log(law[0]) == pytest.approx(own)


def test_table_channel_draws_its_law() -> None:
    channel = TableChannel([[0.7, 0.3], [0.1, 0.9]])
    drawn = channel.sample(0, None, 4000, np.random.default_rng(0))
    assert np.mean(drawn) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((3, 2)), "every summary scored under every context"),
        (np.zeros((1, 1, 1)), "at least 2"),
        (np.full((2, 1, 2), np.nan), "missing"),
        ([[-np.inf, 0.0], [0.0, 0.0]], "own context cannot give"),
    ],
)
def test_bad_scores(scores, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChannelMI().from_scores(scores)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="no scorer"):
        ChannelMI().estimate([0, 1])
    with pytest.raises(ValueError, match="at least one summary"):
        ChannelMI(TableChannel(np.eye(2)), n_samples=0).estimate([0, 1])
    with pytest.raises(ValueError, match="marginal"):
        ChannelMI(marginal="none").from_scores(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="lengths has shape"):
        ChannelMI().from_scores(np.zeros((2, 2)), [1, 2])
    with pytest.raises(ValueError, match="sum to 1"):
        TableChannel([[0.5, 0.1]])
    with pytest.raises(ValueError, match="values"):
        MaskedExtractive(0.5, flip=0.1)
    with pytest.raises(ValueError, match="same number of summaries"):
        ChannelMI(TableChannel(np.eye(2))).estimate([0, 1], summaries=[[0], [1, 1]])


def byte_tokenizer(text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
    return {"input_ids": [b % 31 + 1 for b in text.encode()]}


byte_tokenizer.eos_token_id = 0  # type: ignore[attr-defined]


def tiny_model():
    """Return a causal model whose law of the next token depends on all tokens so far, and no others."""
    import torch

    class Sums(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.table = torch.nn.Parameter(torch.randn(32, 32))
            self.config = SimpleNamespace(max_position_embeddings=64)

        def forward(self, input_ids, attention_mask=None, use_cache=False):
            return SimpleNamespace(logits=self.table[input_ids].cumsum(dim=1))

    return Sums()


def check_language_model(model) -> None:
    channel = CausalLM(model, byte_tokenizer, template="{context}:{query}", max_new_tokens=5, batch_size=2)
    contexts = ["ab", "a longer one", "zz"]
    (summary,) = channel.sample(contexts[0], "q", 1, np.random.default_rng(0))
    together = channel.logprobs(summary, contexts, "q")
    alone = [channel.logprob(summary, x, "q") for x in contexts]
    assert together == pytest.approx(alone, abs=1e-4)
    # the law over one more token sums to 1
    ones = [channel.logprob((t,), "ab", "q") for t in range(32)]
    assert np.exp(ones).sum() == pytest.approx(1, abs=1e-5)
    found = ChannelMI(channel, n_samples=2).estimate(contexts, "q")
    assert np.isfinite(float(found))
    assert found.details["tokens"] <= 5
    with pytest.raises(ValueError, match="the model sees 64"):
        channel.logprob(summary, "x" * 80)


def test_language_model_adapter() -> None:
    pytest.importorskip("torch")
    check_language_model(tiny_model())
    hot = CausalLM(tiny_model(), byte_tokenizer, template="{context}", temperature=2.0)
    cold = CausalLM(tiny_model(), byte_tokenizer, template="{context}")
    assert hot.logprob((3,), "ab") != cold.logprob((3,), "ab")
    with pytest.raises(ValueError, match="temperature"):
        CausalLM(tiny_model(), byte_tokenizer, temperature=0)
    with pytest.raises(ValueError, match="context"):
        CausalLM(tiny_model(), byte_tokenizer, template="{query}")
    with pytest.raises(ValueError, match="empty summary"):
        cold.logprob("", "ab")


def test_language_model_of_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    settings = transformers.GPT2Config(vocab_size=32, n_positions=64, n_embd=16, n_layer=1, n_head=2)
    check_language_model(transformers.GPT2LMHeadModel(settings).eval())
