"""The scale of first weights."""

import numpy as np
import pytest
import torch

from adami.estimators import diffusion_spectral_entropy
from adami.representation import init_scale_search


@pytest.fixture
def net():
    return torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))


def test_entropy_grows_with_the_scale_and_the_model_is_left_as_told(net):
    X = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    low = init_scale_search(net, X, scales=(10.0, 0.1, 1.0))
    assert low.scale == 0.1
    assert low.scales.tolist() == [0.1, 1.0, 10.0]
    assert (np.diff(low.entropies) > 0).all()
    assert float(net[0].weight.detach().std()) == pytest.approx(0.1, rel=0.3)
    high = init_scale_search(net, X, "high", scales=(0.1, 10.0), n_draws=1)
    assert high.scale == 10
    rows = net[:2](X).detach().double().numpy()
    assert float(diffusion_spectral_entropy(rows)) == pytest.approx(high.entropies[1], abs=1e-6)
    near = init_scale_search(net, X, float(low.entropies[1]), scales=(0.1, 1.0, 10.0))
    assert near.scale == 1
    assert net.training


def test_a_layer_can_be_named(net):
    found = init_scale_search(net, torch.randn(30, 5), layer="0", scales=(0.1, 1.0), n_draws=1)
    assert found.entropies.shape == (2,)


def test_bad_input(net):
    X = torch.randn(30, 5)
    with pytest.raises(ValueError, match="no layer 'x'"):
        init_scale_search(net, X, layer="x")
    with pytest.raises(ValueError, match="positive"):
        init_scale_search(net, X, scales=(0.0,))
    with pytest.raises(ValueError, match="n_draws=0"):
        init_scale_search(net, X, n_draws=0)
    with pytest.raises(ValueError, match="target='middle'"):
        init_scale_search(net, X, "middle", scales=(0.1,))
    with pytest.raises(ValueError, match="no linear layer"):
        init_scale_search(torch.nn.ReLU(), X)
