"""Critics, the losses that train them, and information as a term of another loss."""

from __future__ import annotations

import math

import pytest
import torch

from adami.estimators import (
    CLUB,
    AdaptiveGradClip,
    DVLoss,
    InfoNCELoss,
    InformationPenalty,
    InterpolatedLoss,
    JointCritic,
    JSLoss,
    JSNWJLoss,
    MINELoss,
    NWJLoss,
    SeparableCritic,
    SMILELoss,
    bounds,
)
from adami.estimators._nets.critics import GaussianNoise, make_critic, matched


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def rows(n=24, dim=3):
    x = torch.randn(n, dim)
    return x, x + 0.5 * torch.randn(n, dim)


@pytest.mark.parametrize("kind", ["separable", "joint"])
def test_all_pairs_rows_and_shifts_agree(kind):
    critic = make_critic(kind, 3, 2, (16, 16)).double()
    x, y = torch.randn(7, 3).double(), torch.randn(7, 2).double()
    scores = critic(x, y).detach()
    for i, j in ((0, 0), (2, 5), (6, 1)):
        assert scores[i, j] == pytest.approx(critic(x[i : i + 1], y[j : j + 1]).item(), abs=1e-12)
    torch.testing.assert_close(critic.rows(x, y).detach(), scores.diagonal())
    shifted = critic.shifted(x, y, 2).detach()
    assert shifted.shape == (7, 3)
    assert shifted[6, 2] == pytest.approx(float(scores[6, 1]))
    torch.testing.assert_close(matched(critic, x, y), critic.rows(x, y))


def test_a_critic_of_ones_own_needs_all_pairs_only():
    class Dot(torch.nn.Module):
        def forward(self, x, y):
            return x @ y.T

    x, y = rows()
    torch.testing.assert_close(matched(Dot(), x, y), (x * y).sum(1))


def test_noise_is_there_in_training_only():
    noise = GaussianNoise(0.3)
    ones = torch.ones(1000)
    assert 0.25 < float(noise(ones).std()) < 0.35
    assert torch.equal(noise.eval()(ones), ones)
    critic = JointCritic(3, 3, (8, 8), noise=0.3)
    x, y = rows()
    assert not torch.equal(critic(x, y), critic(x, y))
    critic.eval()
    assert torch.equal(critic(x, y), critic(x, y))


def test_values_are_the_bounds():
    critic = SeparableCritic(3, 3, (16,))
    x, y = rows()
    scores = critic(x, y)
    for loss, value in (
        (DVLoss(critic), bounds.dv_bound(scores)),
        (NWJLoss(critic), bounds.nwj_bound(scores)),
        (InfoNCELoss(critic), bounds.infonce_bound(scores)),
        (JSLoss(critic), bounds.js_objective(scores)),
        (SMILELoss(critic, 2.0), bounds.smile_bound(scores, 2.0)),
        (JSNWJLoss(critic), bounds.js_nwj_bound(scores)),
    ):
        torch.testing.assert_close(loss(x, y), -value)
    loss = InterpolatedLoss(critic, torch.nn.Linear(3, 1), 0.2)
    expected = bounds.interpolated_bound(scores, loss.baseline(y).view(-1), 0.2)
    torch.testing.assert_close(loss(x, y), -expected)


@pytest.mark.parametrize("loss", [SMILELoss(torch.nn.Identity(), 1.0), JSNWJLoss(torch.nn.Identity())])
def test_the_gradient_is_that_of_the_classifier(loss):
    scores = (3 * torch.randn(10, 10, dtype=torch.float64)).requires_grad_()
    (found,) = torch.autograd.grad(loss.of_scores(scores), scores)
    (wanted,) = torch.autograd.grad(-bounds.js_objective(scores), scores)
    assert float((found - wanted).abs().max()) < 1e-7
    # the gradient of the value itself is another one
    (other,) = torch.autograd.grad(-bounds.smile_bound(scores, 1.0), scores)
    assert float((other - wanted).abs().max()) > 1e-3


def test_moving_average_follows_its_recursion():
    loss = MINELoss(torch.nn.Identity(), ema=0.9)
    log_m = None
    for step in range(30):
        scores = torch.randn(6, 6, dtype=torch.float64) + step / 3
        off = scores[~torch.eye(6, dtype=torch.bool)]
        log_mean = float(torch.logsumexp(off, 0)) - math.log(30)
        log_m = (
            log_mean
            if log_m is None
            else float(
                torch.logaddexp(torch.tensor(math.log(0.9) + log_m), torch.tensor(math.log(0.1) + log_mean))
            )
        )
        value = loss.of_scores(scores)
        assert float(loss.log_m) == pytest.approx(log_m, abs=1e-5)
        expected = -float(scores.diagonal().mean()) + math.exp(log_mean - log_m)
        assert float(value) == pytest.approx(expected, rel=1e-4)
    assert int(loss.batches) == 30


def test_moving_average_in_double_precision_is_exact():
    loss = MINELoss(torch.nn.Identity(), ema=0.99).double()
    script = [0.0, 4.0, -2.0, 10.0, 1.0]
    m = None
    for level in script:
        loss.of_scores(torch.full((5, 5), level, dtype=torch.float64))
        m = math.exp(level) if m is None else 0.99 * m + 0.01 * math.exp(level)
        assert float(loss.log_m) == pytest.approx(math.log(m), abs=1e-12)


def test_mine_without_average_is_donsker_varadhan():
    scores = torch.randn(8, 8, dtype=torch.float64, requires_grad=True)
    loss = MINELoss(torch.nn.Identity(), ema=0.0).double()
    (found,) = torch.autograd.grad(loss.of_scores(scores), scores)
    (wanted,) = torch.autograd.grad(-bounds.dv_bound(scores), scores)
    torch.testing.assert_close(found, wanted)


def test_mine_keeps_still_in_evaluation_and_survives_a_reload():
    loss = MINELoss(JointCritic(3, 3, (8,)), shifts=2)
    x, y = rows()
    loss(x, y)
    before = loss.log_m.clone()
    twin = MINELoss(JointCritic(3, 3, (8,)), shifts=2)
    twin.load_state_dict(loss.state_dict())
    assert twin.log_m == before
    assert twin.batches == 1
    loss.eval()
    loss(x, y)
    assert loss.log_m == before


def test_mine_survives_scores_that_overflow():
    loss = MINELoss(torch.nn.Identity(), ema=0.99)
    for level in (0.0, 500.0):
        scores = torch.full((4, 4), level, requires_grad=True)
        value = loss.of_scores(scores)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(scores.grad).all()


def test_club_of_the_true_conditional_is_above_the_information():
    rho, n = 0.6, 2000
    x = torch.randn(n, 1)
    y = rho * x + math.sqrt(1 - rho**2) * torch.randn(n, 1)
    log_q = -0.5 * (y.T - rho * x) ** 2 / (1 - rho**2)
    # I + KL(p_x p_y || p_xy) is rho² / (1 - rho²) for a Gaussian pair
    assert float(bounds.club_bound(log_q)) == pytest.approx(rho**2 / (1 - rho**2), abs=0.1)
    assert float(bounds.club_bound(log_q)) > -0.5 * math.log(1 - rho**2)
    club = CLUB(1, 1, (16,))
    optimizer = torch.optim.Adam(club.parameters(), 1e-2)
    for _ in range(300):
        optimizer.zero_grad()
        club.learning_loss(x, y).backward()
        optimizer.step()
    assert float(club(x, y)) == pytest.approx(rho**2 / (1 - rho**2), abs=0.2)
    sampled = CLUB(1, 1, (16,), sampled=True)
    sampled.load_state_dict(club.state_dict())
    assert float(sampled(x, y)) == pytest.approx(float(club(x, y)), abs=0.15)


def test_clipped_gradient_is_never_longer_than_that_of_the_task():
    w = torch.nn.Parameter(torch.zeros(3))
    clip = AdaptiveGradClip([w])
    assert clip.backward(3 * w[0], 4 * w[1]) == pytest.approx(0.75)
    torch.testing.assert_close(w.grad, torch.tensor([3.0, 3.0, 0.0]))
    assert clip.backward(3 * w[0], 2 * w[1]) == 1.0
    torch.testing.assert_close(w.grad, torch.tensor([3.0, 2.0, 0.0]))
    assert clip.backward(3 * w[0], 0 * w[1]) == 1.0
    assert clip.backward(0 * w[0], 2 * w[1]) == 0.0
    with pytest.raises(ValueError, match="no parameter"):
        AdaptiveGradClip([])


def test_a_penalty_lowers_information_and_its_negative_raises_it():
    found = {}
    for sign in (1, -1):
        torch.manual_seed(1)
        penalty = InformationPenalty(
            MINELoss(SeparableCritic(2, 1, (32,)), ema=0.9), steps=3, learning_rate=1e-2
        )
        scale = torch.nn.Parameter(torch.tensor(1.0))
        optimizer = torch.optim.Adam([scale], 2e-2)
        for _ in range(80):
            x = torch.randn(128, 2)
            z = scale * x[:, :1] + torch.randn(128, 1)
            penalty.learn(x, z)
            optimizer.zero_grad()
            (sign * penalty(x, z)).backward()
            assert all(p.grad is None for p in penalty.loss.parameters())
            optimizer.step()
        found[sign] = abs(float(scale))
    assert found[1] < 0.7
    assert found[-1] > 1.3


def test_bad_settings_are_named():
    critic = SeparableCritic(2, 2, (4,))
    with pytest.raises(ValueError, match="tau"):
        SMILELoss(critic, 0)
    with pytest.raises(ValueError, match="ema"):
        MINELoss(critic, ema=1.0)
    with pytest.raises(ValueError, match="shifts"):
        MINELoss(critic, shifts=0)
    with pytest.raises(ValueError, match="fewer other rows"):
        MINELoss(critic, shifts=9)(torch.zeros(9, 2), torch.zeros(9, 2))
    with pytest.raises(ValueError, match="batch of 3"):
        InfoNCELoss(critic)(torch.zeros(3, 2), torch.zeros(3, 2))
    with pytest.raises(ValueError, match="critic="):
        make_critic("bilinear", 2, 2)
    with pytest.raises(ValueError, match="noise"):
        make_critic("separable", 2, 2, noise=0.1)
    with pytest.raises(ValueError, match="hidden layer"):
        JointCritic(2, 2, ())
