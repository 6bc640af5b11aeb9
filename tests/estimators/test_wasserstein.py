"""Dependence as a distance from independence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone

from adami.estimators import (
    JointCritic,
    SeparableCritic,
    WassersteinDependency,
    WassersteinLoss,
    WPCLoss,
    get,
    infonce_bound,
    slot_accuracy,
    spatial_pairs,
    stacked_pairs,
    table_dependency,
    wasserstein_bound,
)
from adami.estimators._nets.wasserstein_critic import gradient_penalty, slopes, spectral
from adami.estimators._transport import assigned_distance, derangement
from adami.variables import variable


def pair(rho, n=300, seed=0):
    rng = np.random.default_rng([seed, n])
    x, noise = rng.normal(size=(2, n))
    return x, rho * x + math.sqrt(1 - rho**2) * noise


@pytest.mark.parametrize("c", [1.0, 0.25, 4.0])
def test_a_bit_and_its_copy_lie_half_a_step_from_independence(c):
    same = [[0.5, 0.0], [0.0, 0.5]]
    assert table_dependency(same, [0, c], [0, c]) == pytest.approx(0.5 * c, abs=1e-9)
    assert table_dependency(same, [0, c], [0, c], metric="sum") == pytest.approx(0.5 * c, abs=1e-9)
    assert table_dependency([[0.25, 0.25], [0.25, 0.25]], [0, c], [0, c]) == pytest.approx(0, abs=1e-9)


def test_the_table_of_a_sample_is_its_assignment():
    # every pair of n atoms against all n x n products, by the same distance
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 6))
    found = table_dependency(np.eye(6) / 6, x, y, metric="euclidean")
    assert (
        0
        < found
        <= np.mean(
            [
                assigned_distance(x[:, None], y[:, None], y[derangement(6, rng)][:, None], "euclidean")
                for _ in range(200)
            ]
        )
    )


def test_assignment_rises_with_dependence_and_stays_below_its_bound():
    values = [WassersteinDependency().estimate(*pair(rho)).value for rho in (0, 0.5, 0.9)]
    assert abs(values[0]) < 0.04
    assert values[0] < values[1] < values[2]
    for value, rho in zip(values[1:], (0.5, 0.9)):
        assert value <= wasserstein_bound(rho) + 0.05
    # without the correction independent columns look dependent
    assert WassersteinDependency().estimate(*pair(0)).details["raw"] > 0.1


def test_scale_is_part_of_the_measure_and_nats_are_not():
    x, y = pair(0.8)
    one, three = (WassersteinDependency().estimate(s * x, s * y) for s in (1, 3))
    assert three.value == pytest.approx(3 * one.value)
    assert one.measure == "wasserstein"
    with pytest.raises(TypeError, match="different measures"):
        _ = one - get("gaussian").estimate(x, y)


def test_critic_comes_near_the_assignment():
    x, y = pair(0.9, 700)
    exact = WassersteinDependency().estimate(x, y).value
    found = WassersteinDependency(
        "critic", hidden=(16, 16), steps=150, learning_rate=1e-2, batch_size=64
    ).estimate(x, y)
    assert found.value == pytest.approx(exact, rel=0.35)
    assert found.value <= wasserstein_bound(0.9) + 0.1
    assert found.interval[0] < found.value < found.interval[1]


def test_spectral_norms_bound_every_layer():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        critic = JointCritic(2, 2, (16, 16))
        for p in critic.parameters():
            p.data *= 5
        spectral(critic)
        for _ in range(20):
            critic(torch.randn(8, 2), torch.randn(8, 2))
    critic.eval()
    for layer in critic.modules():
        if isinstance(layer, torch.nn.Linear):
            assert float(torch.linalg.matrix_norm(layer.weight.detach(), 2)) < 1.05
    x, y = pair(0.9)
    found = WassersteinDependency(
        "critic", lipschitz="spectral", hidden=(16,), steps=60, batch_size=64
    ).estimate(x, y)
    assert 0 < found.value < wasserstein_bound(0.9) + 0.1


def test_slopes_and_their_penalty():
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([4.0])

    def score(x, y):
        return x @ a + y @ b

    x, y = torch.randn(9, 2), torch.randn(9, 1)
    torch.testing.assert_close(slopes(score, x, y), torch.full((9,), 5.0))
    assert gradient_penalty(score, x, y).item() == pytest.approx(16.0, rel=1e-5)
    assert gradient_penalty(score, x, y, limit=7.0).item() == 0.0
    assert gradient_penalty(score, x, y, limit=7.0, two_sided=True).item() == pytest.approx(4.0, rel=1e-5)
    plain = WassersteinLoss(JointCritic(2, 1, (4,)), lam=0.0)
    joint, product = plain.critic.rows(x, y).mean(), plain.critic.rows(x, y.roll(-1, 0)).mean()
    torch.testing.assert_close(plain(x, y), product - joint)


def test_predictive_coding_is_infonce_and_a_penalty_on_its_slope():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        critic = SeparableCritic(3, 3, ())
        encoders = torch.nn.Linear(5, 3), torch.nn.Linear(4, 3)
        x, y = torch.randn(16, 5), torch.randn(16, 4)
        plain = WPCLoss(critic, *encoders, lam=0.0)(x, y)
        torch.testing.assert_close(plain, -infonce_bound(critic(encoders[0](x), encoders[1](y))))
        steep = WPCLoss(critic, *encoders, lam=10.0, limit=1e-3)(x, y)
        assert steep > plain
        steep.backward()
        assert encoders[0].weight.grad.abs().sum() > 0
        # the slope on the features is another one than through the encoders
        for layer in encoders:
            layer.weight.data.zero_()
        assert WPCLoss(critic, *encoders)(x, y) < WPCLoss(critic, *encoders, limit=1e-3, space="feature")(
            x, y
        )


def test_pairs_of_stacks_share_classes_and_no_image():
    images = np.arange(30.0)[:, None, None] * np.ones((30, 2, 3))
    labels = np.repeat(["a", "b", "c"], 10)
    x, y, classes = stacked_pairs(images, labels, k=4, n=500, random_state=1)
    assert x.shape == y.shape == (500, 4, 2, 3)
    first, second = x[..., 0, 0].astype(int), y[..., 0, 0].astype(int)
    assert (first // 10 == classes).all()
    assert (second // 10 == classes).all()
    assert (first != second).all()
    assert np.bincount(classes.ravel()).min() > 550
    tiles, _, same = spatial_pairs(images, labels, k=3, n=500, random_state=1)
    assert tiles.shape == (500, 4, 6)
    assert (tiles[:, 2:, 3:] == 0).all()
    assert (tiles[:, 0, 0] // 10 == same[:, 0]).all()
    assert (tiles[:, 0, 3] // 10 == same[:, 1]).all()


def test_probe_reads_what_is_there():
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=(400, 2))
    features = np.hstack([np.eye(3)[classes[:, 0]], rng.normal(size=(400, 3))])
    found = slot_accuracy(features[:200], classes[:200], features[200:], classes[200:])
    assert found[0] == 1.0
    assert found[1] < 0.5


def test_bad_input_is_named():
    x, y = pair(0.5)
    with pytest.raises(ValueError, match="subsample"):
        WassersteinDependency().estimate(np.arange(2500.0), np.arange(2500.0) ** 2)
    few = WassersteinDependency(subsample=100).estimate(x, y)
    assert "subsample" in few.flags
    for settings, message in (
        ({"metric": "cosine"}, "metric"),
        ({"method": "sinkhorn"}, "method"),
        ({"derangements": 0}, "derangements"),
        ({"method": "critic", "metric": "l1"}, "Euclidean"),
        ({"method": "critic", "lipschitz": "clip"}, "lipschitz"),
        ({"method": "critic", "batch_size": 4}, "batch_size"),
        ({"method": "critic", "batch_size": 250}, "batch_size"),
    ):
        with pytest.raises(ValueError, match=message):
            WassersteinDependency(**settings).estimate(x, y)
    with pytest.raises(TypeError, match="takes continuous or mixed"):
        WassersteinDependency().estimate(x, x > 0)
    with pytest.raises(ValueError, match="probabilities"):
        table_dependency([[0.5, 0.6]], [0], [0, 1])
    with pytest.raises(ValueError, match="y_values"):
        table_dependency([[0.5, 0.5]], [0], [0, 1, 2])
    with pytest.raises(ValueError, match="cells"):
        table_dependency(np.full((30, 30), 1 / 900), np.arange(30), np.arange(30))
    with pytest.raises(ValueError, match="has one image"):
        stacked_pairs(np.zeros((3, 2, 2)), [0, 0, 1], 1, 5)
    with pytest.raises(ValueError, match="space"):
        WPCLoss(SeparableCritic(2, 2, ()), space="output")
    with pytest.raises(ValueError, match="lam"):
        WassersteinLoss(JointCritic(2, 2, (4,)), lam=-1)


def test_registered_under_its_name():
    method = get("wasserstein")
    assert repr(clone(method)) == "WassersteinDependency()"
    assert (
        WassersteinDependency().estimate(variable(np.zeros(50), "x", kinds="continuous"), np.arange(50.0))
        == 0
    )
