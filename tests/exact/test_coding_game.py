"""Coding games: the policy's law is kept exactly, and messages arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import (
    MarkovCodingGame,
    MarkovDecisionProcess,
    entropy,
    greedy_mec,
    soft_value_iteration,
    uniform_quantization,
)


@pytest.fixture(scope="module")
def process() -> MarkovDecisionProcess:
    rng = np.random.default_rng(0)
    return MarkovDecisionProcess(
        transitions=rng.dirichlet(np.ones(5), size=(5, 4)),
        rewards=rng.normal(size=(5, 4)),
        start=np.full(5, 0.2),
        discount=0.9,
    )


def test_soft_values_solve_their_equations(process: MarkovDecisionProcess) -> None:
    beta = 0.5
    found = soft_value_iteration(process, beta)
    q = process.rewards + 0.9 * process.transitions @ found.v
    v = beta * np.log(np.exp(q / beta).sum(axis=1))
    np.testing.assert_allclose(found.q, q, atol=1e-9)
    np.testing.assert_allclose(found.v, v, atol=1e-9)
    np.testing.assert_allclose(found.policy, np.exp((q - v[:, None]) / beta), atol=1e-9)
    assert np.all(np.diff(found.trace) <= 1e-12)
    assert found.unit == "reward"


def test_soft_policy_is_the_best_with_entropy(process: MarkovDecisionProcess) -> None:
    """The value of any policy, entropy counted as reward, is at most that of the soft one."""
    beta = 0.5
    found = soft_value_iteration(process, beta)

    def value(policy: np.ndarray) -> np.ndarray:
        reward = (policy * process.rewards).sum(axis=1) + beta * entropy(policy, axis=1)
        moves = np.einsum("sa,sat->st", policy, process.transitions)
        return np.linalg.solve(np.eye(5) - 0.9 * moves, reward)

    np.testing.assert_allclose(value(found.policy), found.v, atol=1e-8)
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert np.all(value(rng.dirichlet(np.ones(4), size=5)) <= found.v + 1e-8)


def test_without_discount_and_at_extreme_temperatures() -> None:
    one = MarkovDecisionProcess([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], discount=0.0)
    np.testing.assert_allclose(soft_value_iteration(one, 1e-3).policy, [[0, 1]], atol=1e-12)
    np.testing.assert_allclose(soft_value_iteration(one, 1e6).policy, [[0.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize("rule", ["max", "zero"])
@pytest.mark.parametrize("code", ["bottleneck", "quantization"])
def test_actions_follow_the_policy_exactly(process: MarkovDecisionProcess, code: str, rule: str) -> None:
    """Summed over code symbols, the coupling's law of actions is the policy at every step of a game."""
    game = MarkovCodingGame(process, 32, 3.0, 0.5, horizon=6, code=code, rule=rule, base=2)
    rng = np.random.default_rng(2)
    belief, pi = game.encoding.marginal(1), game.policy.policy
    for _ in range(8):
        state = int(rng.integers(5))
        table = greedy_mec(belief, pi[state], rule=rule).toarray()
        np.testing.assert_allclose(table.sum(axis=0), pi[state], atol=1e-12)
        np.testing.assert_allclose(table.sum(axis=1), belief, atol=1e-12)
        action = int(rng.choice(4, p=pi[state]))
        belief = table[:, action] / table[:, action].sum()


def test_play_agrees_with_the_couplings(process: MarkovDecisionProcess) -> None:
    """The receiver's belief can be found again from states and actions alone."""
    game = MarkovCodingGame(process, 32, 3.0, 0.5, horizon=8, base=2)
    for seed in range(5):
        episode = game.play(seed)
        belief = game.encoding.marginal(1)
        for state, action in zip(episode.states, episode.actions):
            column = greedy_mec(belief, game.policy.policy[state]).toarray()[:, action]
            assert column.sum() > 0
            belief = column / column.sum()
        np.testing.assert_allclose(episode.belief, belief, atol=1e-9)
        assert episode.reward == pytest.approx(process.rewards[episode.states, episode.actions].sum())
        posterior = (game.encoding.toarray() / game.encoding.marginal(1)) @ belief
        assert posterior[episode.decoded] == pytest.approx(posterior.max())


def test_long_games_send_all_that_the_code_holds(process: MarkovDecisionProcess) -> None:
    game = MarkovCodingGame(process, 8, 3.0, 1.0, horizon=25, base=2)
    assert game.perfect_accuracy() == pytest.approx(1)
    assert [game.play(m, message=m).decoded for m in range(8)] == list(range(8))


def test_bottleneck_beats_quantization(process: MarkovDecisionProcess) -> None:
    accuracies = {
        code: MarkovCodingGame(process, 128, 3.0, 0.5, horizon=10, code=code, base=2)
        for code in ("bottleneck", "quantization")
    }
    ours, theirs = (game.simulate(150, 0).accuracy for game in accuracies.values())
    assert ours > 2 * theirs
    assert accuracies["bottleneck"].perfect_accuracy() > 2 * accuracies["quantization"].perfect_accuracy()


def test_reward_is_that_of_the_policy(process: MarkovDecisionProcess) -> None:
    game = MarkovCodingGame(process, 64, 3.0, 0.5, horizon=10, base=2)
    record = game.simulate(400, 0)
    assert abs(record.mean_reward - game.expected_reward()) < 3 * record.reward_error
    assert record.action_counts.sum() == 4000
    # a greedy policy earns more: the check can fail
    hot = MarkovCodingGame(process, 64, 3.0, 0.01, horizon=10, base=2)
    assert abs(hot.simulate(100, 0).mean_reward - game.expected_reward()) > 3 * record.reward_error


def test_same_seed_same_game(process: MarkovDecisionProcess) -> None:
    game = MarkovCodingGame(process, 16, 2.0, 0.5)
    first, second = game.simulate(5, 3), game.simulate(5, np.random.default_rng(3))
    np.testing.assert_array_equal(first.rewards, second.rewards)
    np.testing.assert_array_equal(first.correct, second.correct)
    assert math.isinf(game.simulate(1, 0).reward_error)


def test_quantization() -> None:
    code = uniform_quantization(np.full(512, 1 / 512), 3.7, base=2)
    assert code.shape == (512, 8)
    assert code.information == code.entropy == pytest.approx(3)
    assert code.toarray().max(axis=0).sum() == pytest.approx(8 / 512)
    assert uniform_quantization(np.full(8, 1 / 8), 2 * math.log(2)).shape == (8, 4)
    assert uniform_quantization([0.5, 0.5], 0.0).shape == (2, 1)
    assert uniform_quantization([0.5, 0.5], 1e6).shape == (2, 2)
    sorted_bins = uniform_quantization([0.1, 0.4, 0.0, 0.2, 0.3], 1.0, base=2)
    np.testing.assert_allclose(sorted_bins.marginal(1), [0.7, 0.3])


def test_bad_input(process: MarkovDecisionProcess) -> None:
    with pytest.raises(ValueError, match="discount"):
        MarkovDecisionProcess([[[1.0]]], [[0.0]], [1.0], discount=1.0)
    with pytest.raises(ValueError, match="transitions has shape"):
        MarkovDecisionProcess([[1.0]], [[0.0]], [1.0], discount=0.5)
    with pytest.raises(ValueError, match=r"sums to 0\.9"):
        MarkovDecisionProcess([[[0.9]]], [[0.0]], [1.0], discount=0.5)
    with pytest.raises(ValueError, match="rewards has shape"):
        MarkovDecisionProcess([[[1.0]]], [0.0], [1.0], discount=0.5)
    with pytest.raises(ValueError, match="rewards holds NaN"):
        MarkovDecisionProcess([[[1.0]]], [[math.nan]], [1.0], discount=0.5)
    with pytest.raises(ValueError, match="start has shape"):
        MarkovDecisionProcess([[[1.0]]], [[0.0]], [0.5, 0.5], discount=0.5)
    with pytest.raises(ValueError, match="beta"):
        soft_value_iteration(process, 0.0)
    with pytest.raises(ValueError, match="n_messages"):
        MarkovCodingGame(process, 0, 1.0, 1.0)
    with pytest.raises(ValueError, match="horizon"):
        MarkovCodingGame(process, 4, 1.0, 1.0, horizon=0)
    with pytest.raises(ValueError, match="code="):
        MarkovCodingGame(process, 4, 1.0, 1.0, code="none")
    with pytest.raises(ValueError, match="rule="):
        MarkovCodingGame(process, 4, 1.0, 1.0, rule="none")
    game = MarkovCodingGame(process, 4, 1.0, 1.0)
    with pytest.raises(ValueError, match="message=4"):
        game.play(0, message=4)
    with pytest.raises(ValueError, match="n_games"):
        game.simulate(0)
