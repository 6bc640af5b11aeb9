"""Recording a network and measuring its layers."""

from __future__ import annotations

import math

import matplotlib
import numpy as np
import pytest
import torch
from torch import nn

from adami.estimators import (
    Compression,
    InformationPlane,
    LossyMI,
    StochasticNet,
    compression_correlation,
    log_spaced_epochs,
    to_mlflow,
    to_tensorboard,
)

matplotlib.use("Agg")
ROWS = np.random.default_rng(0).normal(size=(120, 6))
LABELS = np.arange(120) % 3


def network(seed=0, activation=nn.ReLU):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 4), activation(), nn.Dropout(0.5), nn.Linear(4, 3))


def recorded(estimator="ebab", epochs=3, **parameters):
    plane = InformationPlane(estimator, **parameters)
    for epoch in range(epochs):
        plane.record(network(epoch), ROWS, epoch)
    return plane


def test_hooks_see_activations_and_output_and_leave_the_network_alone():
    net = network()
    net.train()
    net[2].eval()
    plane = InformationPlane(batch_size=50)
    plane.record(net, ROWS, 0)
    assert net.training
    assert not net[2].training
    assert not net[1]._forward_hooks
    x = torch.tensor(ROWS, dtype=torch.float32)
    with torch.no_grad():
        hidden = net[1](net[0](x))
        expected = net[3](hidden)
    layers = plane._recording[0]
    assert list(layers) == ["1", "output"]
    np.testing.assert_allclose(layers["1"], hidden, atol=1e-6)
    np.testing.assert_allclose(layers["output"], expected, atol=1e-6)
    ends = nn.Sequential(nn.Linear(6, 2), nn.Tanh())
    only = InformationPlane()
    only.record(ends, ROWS, 0)
    assert list(only._recording[0]) == ["1"]
    chosen = InformationPlane(layers=["0"])
    chosen.record(net, ROWS, 5)
    assert list(chosen._recording[5]) == ["0"]
    assert chosen.epochs == [5]


@pytest.mark.parametrize("estimator", ["ebab", "akde", "binning"])
def test_columns_and_limits(estimator):
    table = recorded(estimator).compute(LABELS)
    assert list(table) == ["epoch", "layer", "I_TX", "I_TY", "lower", "upper", "error", "saturated", "edges"]
    assert table["epoch"].tolist() == [0, 0, 1, 1, 2, 2]
    assert table.layers() == ["1", "output"]
    assert (table["I_TX"] <= math.log(120) + 1e-9).all()
    assert (table["I_TY"] <= math.log(3) + 1e-9).all()
    assert (table["lower"] <= table["upper"] + 1e-12).all()
    assert len(table.records()) == 6
    assert table.to_pandas().shape == (6, 8)
    if estimator != "akde":
        assert all(len(e) >= 2 for e in table["edges"])
    again = recorded(estimator, n_jobs=2).compute(LABELS)
    np.testing.assert_array_equal(again["I_TX"], table["I_TX"])


def test_edges_follow_the_layer_and_the_epoch():
    plane = InformationPlane()
    layer = np.abs(ROWS[:, :2])
    plane.add(0, [layer])
    plane.add(1, [1000 * layer])
    edges = plane.compute()["edges"]
    np.testing.assert_allclose(edges[1], 1000 * edges[0])
    values = plane.compute(LABELS)["I_TX"]
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    whole = InformationPlane("binning", binning="global")
    whole.add(0, [layer])
    whole.add(1, [1000 * layer])
    found = whole.compute()
    assert found["I_TX"][0] < 0.1 < found["I_TX"][1]


def test_compression_and_fitting():
    plane = InformationPlane()
    spread = np.arange(16.0)[:, None]
    for epoch, parts in enumerate((2, 8, 4)):
        plane.add(epoch, [np.floor(spread * parts / 16)])
    (found,) = plane.compression()
    assert found.layer == "layer 0"
    assert found.compression == pytest.approx(math.log(2))
    assert found.fitting == pytest.approx(math.log(4))
    assert found.peak_epoch == 1
    assert not found.saturated


def test_repeated_inputs():
    plane = InformationPlane()
    plane.add(0, [[[0.0], [1.0], [0.0], [1.0]]])
    assert plane.compute(x_id=[0, 0, 1, 1])["I_TX"][0] == pytest.approx(0, abs=1e-12)
    assert plane.compute()["I_TX"][0] == pytest.approx(math.log(2))
    with pytest.raises(ValueError, match="x_id= is for bins"):
        recorded("akde", 1).compute(x_id=LABELS)


def test_akde_variants():
    adaptive = recorded("akde", 1).compute()["I_TX"]
    noisy = recorded("akde", 1, add_noise=True).compute()["I_TX"]
    assert not np.array_equal(adaptive, noisy)
    np.testing.assert_array_equal(noisy, recorded("akde", 1, add_noise=True).compute()["I_TX"])
    assert not np.array_equal(adaptive, recorded("akde", 1, scale="max").compute()["I_TX"])
    assert not np.array_equal(adaptive, recorded("akde", 1, scale="fixed").compute()["I_TX"])
    silent = InformationPlane("akde")
    silent.add(0, [np.zeros((5, 2))])
    assert silent.compute([0, 1, 0, 1, 0])["I_TX"][0] == 0


def test_lossy_plane_of_a_stochastic_network():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3))
    found = []
    for sigma in (0.1, 1.0):
        net = StochasticNet(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), sigma, relative=False)
        with torch.no_grad():
            net.module[0].weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]))
            net.module[0].bias.zero_()
        plane = InformationPlane("lossy", lossy=LossyMI(latent=3))
        plane.record(net, rows, 0)
        table = plane.compute(rows[:, 0] > 0)
        found.append(table["I_TX"][0])
        assert 0 < table["error"][0] < 0.3
        assert 0 < table["I_TY"][0] < math.log(2) + 0.1
    assert found[0] > found[1] + 0.5
    lone = InformationPlane("lossy")
    lone.add(0, [rows])
    with pytest.raises(ValueError, match="X=inputs"):
        lone.compute()


def test_noise_is_there_in_evaluation_and_seeded():
    net = StochasticNet(network(), sigma=0.1, relative=False).eval()
    assert net.noisy_layers == ("1",)
    x = torch.tensor(ROWS, dtype=torch.float32)
    with torch.no_grad():
        first, second = net(x), net(x)
        assert not torch.equal(first, second)
        net.reseed(0)
        assert torch.equal(net(x), first)
        clean = net.remove().eval()
        assert torch.equal(clean(x), clean(x))
        relative = StochasticNet(nn.Identity(), sigma=0.1)
        values = torch.tensor([[0.0, 1.0, 100.0]]).repeat(4000, 1)
        np.testing.assert_allclose(relative(values).std(0), [0, 0.1, 10], rtol=0.05)
    with pytest.raises(ValueError, match="sigma"):
        StochasticNet(nn.Identity(), -1.0)
    with pytest.raises(ValueError, match="no module 'x'"):
        StochasticNet(nn.Identity(), layers=["x"])


def test_epochs_and_recorder():
    epochs = log_spaced_epochs(8000)
    assert epochs[0] == 0
    assert epochs[-1] == 8000
    assert len(epochs) <= 60
    assert log_spaced_epochs(0) == [0]
    plane = InformationPlane()
    after = plane.recorder(network(), ROWS, 10, points=4)
    assert [e for e in range(11) if after(e)] == plane.epochs == log_spaced_epochs(10, 4)
    with pytest.raises(ValueError, match="two points"):
        log_spaced_epochs(10, 1)


def test_export_and_plots():
    class Told:
        def __init__(self):
            self.scalars, self.metrics = [], []

        def add_scalar(self, name, value, step):
            self.scalars.append((name, step))

        def log_metrics(self, numbers, step):
            self.metrics.append((step, sorted(numbers)))

    told, plane = Told(), recorded()
    plane.compute(LABELS).export(to_tensorboard(told))
    plane.compute().export(to_mlflow(told))
    assert ("I_TY/output", 2) in told.scalars
    assert told.metrics[0] == (0, ["I_TX/1", "I_TX/output"])
    plane.compute(LABELS)
    assert plane.plot().get_xlabel() == "I(T;X) (nats)"
    plane.compute()
    assert plane.plot(smooth=True).get_xscale() == "log"
    matplotlib.pyplot.close("all")


def test_correlation_with_accuracy():
    runs = [[Compression("a", c, 0, 0, False), Compression("b", 0.5, 0, 0, False)] for c in (1, 2, 3, 4)]
    found = compression_correlation(runs, [0.9, 0.8, 0.7, 0.6])
    assert found["a"] == pytest.approx(-1)
    assert math.isnan(found["b"])
    with pytest.raises(ValueError, match="at least 3"):
        compression_correlation(runs[:2], [0.9, 0.8])


def test_refusals():
    plane = recorded(epochs=1)
    for epoch, layers, told in (
        (0, {"1": np.ones((120, 4)), "output": np.ones((120, 3))}, "recorded already"),
        (1, {"1": np.ones((119, 4)), "output": np.ones((119, 3))}, "same layers for the same inputs"),
        (1, {"1": np.full((120, 4), np.nan), "output": np.ones((120, 3))}, "epoch 1, 1.*not finite"),
        (1, {"1": np.ones((120, 4)), "output": np.ones((119, 3))}, "different numbers of rows"),
        (1.5, {}, "whole number"),
        (1, {}, "no layers"),
    ):
        with pytest.raises(ValueError, match=told):
            plane.add(epoch, layers)
    with pytest.raises(ValueError, match="inputs differ"):
        plane.record(network(), ROWS + 1, 1)
    with pytest.raises(ValueError, match="y has 119 rows"):
        plane.compute(LABELS[:-1])
    with pytest.raises(ValueError, match="nothing is recorded"):
        InformationPlane().compute()
    with pytest.raises(ValueError, match="no module 'no'"):
        InformationPlane(layers=["no"]).record(network(), ROWS, 0)
    for parameters in ({"estimator": "kde"}, {"binning": "even"}, {"scale": "mean"}):
        with pytest.raises(ValueError, match="choose"):
            InformationPlane(**parameters)
    with pytest.raises(ValueError, match="no layer"):
        plane.compute().of("9")
