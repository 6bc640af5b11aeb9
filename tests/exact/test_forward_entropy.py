"""The entropy of a path against binary entropies, the network's trends and its control, and the probe."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import SKANetwork, binary_entropy, layer_entropy_probe, ska_entropy


def logistic(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return np.clip(rng.random((10, 30))[rng.integers(10, size=80)] + 0.1 * rng.normal(size=(80, 30)), 0, 1)


class TestPath:
    @pytest.mark.parametrize(("start", "end"), [(-1.3, 2.1), (0.0, 30.0), (2.0, -2.0), (-800.0, 800.0)])
    def test_is_the_difference_of_binary_entropies(self, start, end):
        got = ska_entropy(np.linspace(start, end, 400_001), rule="trapezoid")
        ends = [0.5 * (1 + math.tanh(z / 2)) for z in (end, start)]
        assert got == pytest.approx(float(binary_entropy(ends[0]) - binary_entropy(ends[1])), abs=1e-6)

    def test_only_the_ends_matter(self):
        t = np.linspace(0, 1, 100_001)
        straight, winding = 3 * t - 1, 3 * t - 1 + 4 * np.sin(2 * np.pi * t)
        paths = ska_entropy(np.stack([straight, winding], axis=1), rule="trapezoid")
        assert paths.shape == (2,)
        assert paths[0] == pytest.approx(paths[1], abs=1e-7)

    def test_another_squashing_function_breaks_the_identity(self):
        z = np.linspace(-1.3, 2.1, 100_001)
        D = 0.5 * (1 + np.tanh(z))
        wrong = -np.sum(0.5 * (z[1:] + z[:-1]) * np.diff(D))
        assert abs(wrong - (binary_entropy(D[-1]) - binary_entropy(D[0]))) > 0.05

    def test_the_papers_rule_errs_by_the_step(self):
        exact = float(binary_entropy(logistic(2.0)) - binary_entropy(logistic(0.0)))
        errors = [abs(float(ska_entropy(np.linspace(0, 2, n + 1))) - exact) for n in (50, 100)]
        assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)

    def test_units(self):
        z = np.linspace(0, 1, 50)
        assert ska_entropy(z, base=2) == pytest.approx(ska_entropy(z) / math.log(2))

    def test_gradients_flow(self):
        torch = pytest.importorskip("torch")
        z = torch.linspace(0, 1, 10, dtype=torch.float64, requires_grad=True)
        value = ska_entropy(z)
        value.backward()
        assert float(value.detach()) == pytest.approx(float(ska_entropy(z.detach().numpy())))
        bump = z.detach().numpy().copy()
        bump[4] += 1e-6
        slope = (ska_entropy(bump) - ska_entropy(z.detach().numpy())) / 1e-6
        assert float(z.grad[4]) == pytest.approx(slope, abs=1e-5)

    @pytest.mark.parametrize(("path", "rule"), [([1.0], "right"), (1.0, "right"), ([0.0, 1.0], "left")])
    def test_bad_input(self, path, rule):
        with pytest.raises(ValueError, match=r"z_path|rule"):
            ska_entropy(path, rule=rule)


class TestNetwork:
    def test_shapes_and_sums(self, X):
        net = SKANetwork((8, 5), n_steps=12, random_state=0).fit(X)
        assert (
            net.entropy_history_.shape
            == net.cosine_history_.shape
            == net.tensor_net_history_.shape
            == (11, 2)
        )
        assert net.frobenius_history_.shape == (12, 2)
        assert net.network_entropy_ == pytest.approx(net.entropy_history_.sum())
        assert [D.shape for D in net.layer_outputs(X)] == [(80, 8), (80, 5)]
        assert (net.transform(X) == net.layer_outputs(X)[-1]).all()
        assert (net.fit_transform(X) == net.transform(X)).all()
        assert net.unit_ == "nats"

    def test_nothing_is_learnt_in_the_first_step(self, X):
        net = SKANetwork((8, 5), n_steps=3, random_state=0).fit(X)
        assert (net.entropy_history_[0] == 0).all()
        assert (net.cosine_history_[0] == 0).all()
        assert (net.entropy_history_[1] < 0).all()

    def test_one_update_by_hand(self, X):
        net = SKANetwork((4,), n_steps=2, lr=0.1, random_state=0).fit(X)
        W = np.random.default_rng(0).normal(0, 0.01, size=(30, 4))
        Z = X @ W
        D = logistic(Z)
        G = -Z * D * (1 - D) / math.log(2)
        np.testing.assert_allclose(net.weights_[0], W - 0.1 * X.T @ G / 80, atol=1e-14)
        np.testing.assert_allclose(net.biases_[0], -0.1 * G.mean(axis=0), atol=1e-14)

    def test_entropy_is_that_of_the_recorded_path(self, X):
        paths = []
        for steps in (2, 3, 4, 5):
            net = SKANetwork((4,), n_steps=steps, random_state=0)
            net.fit(X)
            D = net.transform(X)
            paths.append(np.log(D / (1 - D)))
        # after the update of step k the outputs are those of step k + 1
        full = SKANetwork((4,), n_steps=6, random_state=0).fit(X)
        expected = ska_entropy(np.stack(paths)).sum()
        assert full.entropy_history_[2:].sum() == pytest.approx(expected, rel=1e-9)

    def test_entropies_fall_and_the_control_unlearns(self, X):
        net = SKANetwork((16, 8), lr=0.05, random_state=0).fit(X)
        assert (net.entropy_history_[1:] < 0).all()
        assert (net.cosine_history_[1:5] > 0.8).all()
        assert (net.frobenius_history_[-1] > net.frobenius_history_[0]).all()
        control = SKANetwork((16, 8), lr=-0.05, random_state=0).fit(X)
        assert (control.entropy_history_[1:] > 0).all()
        assert (control.cosine_history_[1:] < 0).all()
        assert (control.frobenius_history_[-1] < control.frobenius_history_[0]).all()

    def test_bits(self, X):
        nats = SKANetwork((4, 3), n_steps=5, random_state=0).fit(X)
        bits = SKANetwork((4, 3), n_steps=5, base=2, random_state=0).fit(X)
        np.testing.assert_allclose(bits.entropy_history_, nats.entropy_history_ / math.log(2))
        np.testing.assert_array_equal(bits.weights_[1], nats.weights_[1])

    def test_fresh_inputs_change_only_deeper_layers(self, X):
        old, new = (SKANetwork((6, 4), n_steps=6, fresh=f, random_state=0).fit(X) for f in (False, True))
        np.testing.assert_array_equal(old.weights_[0], new.weights_[0])
        assert np.abs(old.weights_[1] - new.weights_[1]).max() > 0

    def test_stops_at_the_minimum(self, X):
        settings = {"layer_sizes": (16, 8), "lr": 0.3, "init_std": 0.1, "random_state": 0}
        free, stopped = SKANetwork(**settings).fit(X), SKANetwork(**settings, stop_at_minimum=True).fit(X)
        assert free.stopped_at_ == [None, None]
        first = min(range(2), key=lambda layer: stopped.stopped_at_[layer])
        step = stopped.stopped_at_[first]
        history = free.entropy_history_[:, first]
        assert history[step - 2] < history[step - 1]
        assert (np.diff(history[: step - 1]) <= 0).all()
        assert (stopped.saturation_ < free.saturation_).all()
        shorter = SKANetwork(**{**settings, "n_steps": step - 1}).fit(X)
        np.testing.assert_array_equal(stopped.weights_[first], shorter.weights_[first])

    def test_large_rates_saturate(self, X):
        # deep outputs no longer say which input they came from
        net = SKANetwork((16, 8), lr=5.0, random_state=0).fit(X)
        assert net.saturation_[1] > 0.9
        assert net.saturation_[1] > SKANetwork((16, 8), random_state=0).fit(X).saturation_[1]

    def test_labels_are_ignored(self, X):
        first = SKANetwork((4,), n_steps=4, random_state=0).fit(X, y=np.arange(80))
        second = SKANetwork((4,), n_steps=4, random_state=0).fit(X)
        np.testing.assert_array_equal(first.weights_[0], second.weights_[0])

    def test_follows_scikit_learn(self, X):
        base, pipeline = pytest.importorskip("sklearn.base"), pytest.importorskip("sklearn.pipeline")
        net = SKANetwork((4, 3), n_steps=4, lr=0.1, random_state=3)
        assert net.get_params()["layer_sizes"] == (4, 3)
        assert base.clone(net).get_params() == net.get_params()
        assert net.set_params(n_steps=5, fresh=True) is net
        assert len(net.fit(X).entropy_history_) == 4
        with pytest.raises(ValueError, match="rate"):
            net.set_params(rate=1.0)
        piped = pipeline.make_pipeline(SKANetwork((4,), n_steps=3, random_state=3))
        piped.set_params(skanetwork__n_steps=4)
        np.testing.assert_array_equal(
            piped.fit_transform(X), SKANetwork((4,), n_steps=4, random_state=3).fit_transform(X)
        )

    def test_says_that_it_is_no_classifier(self):
        assert "not a classifier" in SKANetwork.__doc__

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"layer_sizes": ()}, "layer_sizes"),
            ({"layer_sizes": (3, 0)}, "layer_sizes"),
            ({"n_steps": 1}, "n_steps"),
            ({"lr": 0.0}, "lr"),
            ({"lr": math.inf}, "lr"),
            ({"init_std": -1.0}, "init_std"),
            ({"base": 1.0}, "base"),
        ],
    )
    def test_bad_settings(self, X, settings, message):
        with pytest.raises(ValueError, match=message):
            SKANetwork(**{"layer_sizes": (3,), **settings}).fit(X)

    @pytest.mark.parametrize("bad", [np.ones(3), np.ones((0, 3)), np.full((2, 2), np.nan)])
    def test_bad_data(self, bad):
        with pytest.raises(ValueError, match="X"):
            SKANetwork((2,)).fit(bad)

    def test_use_before_fit_and_other_columns(self, X):
        with pytest.raises(ValueError, match="call fit"):
            SKANetwork().transform(X)
        with pytest.raises(ValueError, match="30"):
            SKANetwork((2,), n_steps=2).fit(X).transform(X[:, :4])


class TestProbe:
    def test_sees_what_the_network_reports(self, X):
        torch = pytest.importorskip("torch")
        module = torch.nn.Sequential(
            torch.nn.Linear(30, 6), torch.nn.Sigmoid(), torch.nn.Linear(6, 4), torch.nn.Sigmoid()
        ).double()
        probe = layer_entropy_probe(module, base=2)
        net = SKANetwork((6, 4), n_steps=7, base=2, random_state=0).fit(X)
        # the weights after n steps are those of step n + 1; step 2 still has those of step 1
        weights = [SKANetwork((6, 4), n_steps=n, random_state=0).fit(X) for n in range(2, 7)]
        for state in weights:
            with torch.no_grad():
                for layer, W, b in zip((module[0], module[2]), state.weights_, state.biases_):
                    layer.weight.copy_(torch.from_numpy(W.T))
                    layer.bias.copy_(torch.from_numpy(b))
            probe.record(torch.from_numpy(X))
        assert probe.names == ("0", "2")
        assert probe.unit == "bits"
        np.testing.assert_allclose(probe.entropy_history, net.entropy_history_[2:], rtol=1e-7)
        np.testing.assert_allclose(probe.cosine_history, net.cosine_history_[2:], rtol=1e-7)
        np.testing.assert_allclose(probe.frobenius_history, net.frobenius_history_[2:], rtol=1e-9)

    def test_leaves_the_module_as_it_was(self):
        torch = pytest.importorskip("torch")
        module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.5), torch.nn.Linear(3, 2))
        module[1].eval()
        probe = layer_entropy_probe(module)
        outputs = [probe.record(torch.ones(4, 3)) for _ in range(2)]
        assert torch.equal(*outputs)
        assert module.training
        assert not module[1].training
        assert not module[0]._forward_hooks
        assert (probe.entropy_history == 0).all()

    def test_bad_use(self):
        torch = pytest.importorskip("torch")
        module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 2))
        with pytest.raises(ValueError, match="'nowhere'"):
            layer_entropy_probe(module, ["nowhere"])
        with pytest.raises(ValueError, match="no linear layer"):
            layer_entropy_probe(torch.nn.ReLU())
        with pytest.raises(TypeError, match="Module"):
            layer_entropy_probe(np.eye(2))
        probe = layer_entropy_probe(module, ["0"])
        probe.record(torch.ones(4, 3))
        with pytest.raises(ValueError, match="same batch"):
            probe.record(torch.ones(5, 3))
        probe.reset()
        probe.record(torch.ones(5, 3))
        assert probe.frobenius_history.shape == (1, 1)
        twice = torch.nn.Linear(3, 3)
        with pytest.raises(ValueError, match="more than once"):
            layer_entropy_probe(torch.nn.Sequential(twice, twice)).record(torch.ones(2, 3))
