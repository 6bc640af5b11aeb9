"""StABL with two looks, its convex form, EXP3 and EXP3.S, and regret on intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.acquisition import EXP3, StABL, StABLConvex, Stop, adaptive_regret, play, simulate
from adami.acquisition._restarts import bet, draw, estimated_losses, laws, restarts
from adami.acquisition.environments import SwitchingBandit, SwitchingTarget


def burst(quiet: int, length: int) -> SwitchingBandit:
    return SwitchingBandit([quiet, length], [[0.2, 0.5, 0.5, 0.5], [0.9, 0.9, 0.1, 0.9]])


def test_restarts_have_the_rates_of_the_paper() -> None:
    lengths, meta = restarts(1000, 32, 4)
    assert lengths.tolist() == [32, 128, 512, 1000]
    np.testing.assert_allclose(meta, np.minimum(1 / 16, np.sqrt(np.log(1000) / lengths)))
    state = StABL(8, 100_000)._state
    np.testing.assert_allclose(state.rates, np.minimum(1 / 32, np.sqrt(np.log(8) / (8 * state.lengths))))


def test_second_look_knows_every_learner() -> None:
    rng = np.random.default_rng(0)
    now = laws(5 * rng.normal(size=(3, 4, 6)), rng.random((3, 4)))
    for law in (now.play, now.look):
        np.testing.assert_allclose(law.sum(1), 1)
    assert (now.look[:, None] >= now.learners / (2 * 4)).all()
    assert (now.look >= 1 / 12).all()


@pytest.mark.parametrize("both_looks", [True, False])
def test_estimates_are_unbiased(both_looks) -> None:
    rng = np.random.default_rng(2)
    losses, draws = rng.random(5), 40_000
    now = laws(np.repeat(rng.normal(size=(1, 3, 5)), draws, 0), np.repeat(rng.random((1, 3)), draws, 0))
    queries = np.stack([draw(now.play, rng.random(draws)), draw(now.look, rng.random(draws))], axis=1)
    found = estimated_losses(now, queries, losses[queries], both_looks)
    errors = (found.mean(0) - losses) / (found.std(0) / math.sqrt(draws))
    assert np.abs(errors).max() < 3
    # over all pairs of looks it is exact
    pairs = np.stack(np.divmod(np.arange(25), 5), axis=1)
    every = estimated_losses(laws(np.zeros((25, 3, 5)), np.ones((25, 3))), pairs, losses[pairs], both_looks)
    np.testing.assert_allclose(every.mean(0), losses, rtol=1e-12)
    # looks that are not independent of the play are biased
    same = np.repeat(queries[:, :1], 2, axis=1)
    wrong = estimated_losses(now, same, losses[same], both_looks)
    assert np.abs((wrong.mean(0) - losses) / (wrong.std(0) / math.sqrt(draws))).max() > 3


def test_regrets_stay_in_their_range_and_weights_above_half() -> None:
    policy, world = StABL(4, 400), burst(200, 200)
    state, top = policy._state, 0.0
    for _ in range(400):
        query = policy.ask()
        now = state.laws()
        losses = estimated_losses(now, np.array([query]), np.ones((1, 2)), True)
        top = max(top, np.abs((now.play * losses).sum(1) - (now.learners[0] * losses).sum(1)).max())
        policy.tell(query, world.answer(query))
    assert top <= 4 * len(state.lengths)
    np.testing.assert_allclose(bet(np.ones((1, 2)), np.ones(2), np.array([[-9.0, 1.0]])), [[0.5, 2.0]])


def test_adapts_to_a_burst_where_exp3_does_not() -> None:
    world, seeds = burst(4096, 1024), range(6)
    regrets = {}
    for name, policy in (("stabl", StABL(4, 8192)), ("exp3", EXP3(4, 8192))):
        curves = simulate(policy, world, seeds, rounds=5120, looks=5)
        regrets[name] = (curves.regret[:, 4] - curves.regret[:, 3]).mean()
    assert regrets["stabl"] < 0.6 * regrets["exp3"]
    # one learner that never starts anew is no better than EXP3
    alone = simulate(StABL(4, 8192, first=8192), world, seeds, rounds=5120, looks=5).regret
    assert (alone[:, 4] - alone[:, 3]).mean() > 0.6 * regrets["exp3"]


def test_losses_that_stay() -> None:
    rounds = 2048
    curves = simulate(StABL(4, rounds), SwitchingBandit([rounds], [[0.2, 0.5, 0.5, 0.5]]), range(4), rounds)
    assert curves.regret[:, -1].mean() <= 4 * math.sqrt(4 * rounds * math.log(4))


def test_unknown_horizon_doubles() -> None:
    policy = StABL(2, first=4)
    epochs = []
    for _ in range(100):
        query = policy.ask()
        policy.tell(query, [0.5, 0.5])
        epochs.append(policy.epoch)
    assert sorted(set(epochs)) == [16, 32, 64]
    assert policy.round == 100 - 16 - 32


def test_exp3_finds_the_arm_and_shares_weight() -> None:
    world = SwitchingBandit([4000], [[0.9, 0.9, 0.1]])
    for switches in (0, 3):
        policy = EXP3(3, 4000, switches=switches, stop=Stop(max_queries=4000))
        record = play(policy, world, random_state=0)
        assert record.decision == 2
        assert record.regret < 0.5 * 4000 * 0.8 * 2 / 3
    # shared weight never falls far behind
    assert np.ptp(policy.scores) < math.log(3 * 4000)


def test_adaptive_regret_is_the_worst_interval() -> None:
    rng = np.random.default_rng(1)
    losses, plays = rng.random((30, 3)), rng.integers(3, size=30)
    own = losses[np.arange(30), plays]
    for length in (1, 7, 30):
        slow = max(
            own[s : s + length].sum() - losses[s : s + length].sum(0).min() for s in range(31 - length)
        )
        assert adaptive_regret(losses, plays, [length])[0] == pytest.approx(slow)
    with pytest.raises(ValueError, match="30 rounds"):
        adaptive_regret(losses, plays, [31])
    with pytest.raises(ValueError, match="columns"):
        adaptive_regret(losses, plays + 1, [1])
    with pytest.raises(ValueError, match="one row a round"):
        adaptive_regret(losses, plays[1:], [1])


@pytest.mark.parametrize("looks", [2, 3])
def test_convex_follows_a_target(looks) -> None:
    world = SwitchingTarget([1500, 500], [[0.6, 0.0], [-0.6, 0.0]])
    record = play(StABLConvex(2, 2000, looks=looks), world, random_state=0)
    # who stays in the middle loses 0.6 a round
    assert record.regret < 0.5 * 0.6 * 2000
    assert np.linalg.norm(record.decision - [-0.6, 0.0]) < 0.5


def test_convex_looks_stay_in_the_ball_or_the_given_set() -> None:
    policy = StABLConvex(3, 50, radius=2.0)
    while (query := policy.ask()) is not None:
        assert query.shape == (3, 3)
        assert (np.linalg.norm(query, axis=1) <= 2 + 1e-9).all()
        np.testing.assert_allclose(query[0], query[1:].mean(0), atol=1e-12)
        policy.tell(query, query[:, 0])
    assert policy.recommend()[0] < -0.3
    box = StABLConvex(2, 50, project=lambda x: np.clip(x, 0.1, 0.2))
    while (query := box.ask()) is not None:
        box.tell(query, query[:, 0])
    assert box.recommend() == pytest.approx([0.1, 0.15], abs=0.06)


def test_bad_input() -> None:
    for wrong in ({"n_arms": 1}, {"horizon": 0}, {"base": 1}, {"first": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            StABL(**{"n_arms": 3, "horizon": 10, **wrong})
    policy = StABL(3, 10)
    query = policy.ask()
    for answer in ([0.5, 1.5], [-0.1, 0.5], [0.5], 0.5):
        with pytest.raises(ValueError):
            policy.tell(query, answer)
    for wrong in ({"dim": 0}, {"radius": 0.0}, {"lipschitz": -1.0}, {"width": 2.0}, {"looks": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            StABLConvex(**{"dim": 2, "horizon": 10, **wrong})
    convex = StABLConvex(2, 10)
    with pytest.raises(ValueError, match="lipschitz"):
        convex.tell(convex.ask(), [0.0, 5.0, -5.0])
    for lengths, means in (([1], [[0.5, 1.5]]), ([1, 2], [[0.5, 0.5]]), ([0], [[0.5, 0.5]])):
        with pytest.raises(ValueError):
            SwitchingBandit(lengths, means)
    with pytest.raises(ValueError, match="targets"):
        SwitchingTarget([1], [[math.nan]])
    with pytest.raises(ValueError, match="switches"):
        EXP3(2, 10, switches=-1)
