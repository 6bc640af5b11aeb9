"""Adaptive bins of activations and the plug-in information of a binned layer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import ebab_edges, even_edges
from adami.estimators.activation_bins import binned_information, layer_edges, quantize, symbols


def relu_layer(n=400, d=4, seed=0):
    return np.maximum(np.random.default_rng(seed).normal(size=(n, d)), 0.0)


def test_bins_hold_equally_many_levels_and_the_floor_one_of_its_own():
    layer = relu_layer()
    edges = ebab_edges(layer, 30)
    levels = np.unique(layer)[1:]
    assert edges[0] == 0
    assert edges[1] == levels[0]
    assert edges[-1] == levels[-1]
    counts = np.bincount(quantize(levels, edges))[2:-1]
    assert counts.max() - counts.min() <= 1
    assert (quantize(layer, edges)[layer == 0] == 1).all()
    assert (quantize(layer, edges)[layer > 0] > 1).all()


def test_edges_equal_the_published_rule():
    layer = relu_layer(50)
    u = np.unique(layer)[1:]
    expected = [0.0, *(u[i * len(u) // 7] for i in range(7)), u[-1]]
    np.testing.assert_array_equal(ebab_edges(layer, 7), expected)


def test_floor_of_other_activation_functions():
    tanh = np.tanh(np.random.default_rng(0).normal(size=(50, 2)))
    assert ebab_edges(tanh)[0] == -1.000001
    free = 5 * np.random.default_rng(0).normal(size=(50, 2))
    assert ebab_edges(free)[0] < free.min()
    assert ebab_edges(free, low=-100.0)[0] == -100
    with pytest.raises(ValueError, match="below low"):
        ebab_edges(tanh, low=0.0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 100.0])
def test_information_does_not_depend_on_the_scale_of_a_layer(scale):
    layer, y = relu_layer(), np.arange(400) % 3

    def found(values, edges):
        return binned_information(quantize(values, edges), y)

    plain = found(layer, ebab_edges(layer))
    scaled = found(scale * layer, ebab_edges(scale * layer))
    assert scaled.entropy == pytest.approx(plain.entropy, abs=1e-12)
    assert scaled.about_y == pytest.approx(plain.about_y, abs=1e-12)
    if scale != 1:
        fixed = even_edges(0, 1)
        assert abs(found(scale * layer, fixed).entropy - found(layer, fixed).entropy) > 0.1


def test_a_silent_layer_tells_nothing():
    silent = np.zeros((20, 3))
    edges = ebab_edges(silent)
    np.testing.assert_array_equal(edges, [0.0])
    found = binned_information(quantize(silent, edges), np.arange(20) % 2)
    assert found == (0.0, 0.0, 0.0, False)


def test_plug_in_information():
    layer = np.array([[0.0], [0.0], [1.0], [1.0]])
    bins = quantize(layer, np.array([0.0, 0.5]))
    found = binned_information(bins, np.array([0, 0, 1, 1]))
    assert found.entropy == found.about_x == pytest.approx(math.log(2))
    assert found.about_y == pytest.approx(math.log(2))
    # the same input gives both symbols: what is left is half
    noisy = binned_information(bins, None, np.array([0, 1, 0, 1]))
    assert noisy.about_x == pytest.approx(0, abs=1e-12)
    assert binned_information(np.arange(50)[:, None]).saturated
    assert not binned_information(bins).saturated


def test_symbols_of_many_units_do_not_overflow():
    bins = np.random.default_rng(0).integers(0, 31, size=(100, 300))
    bins[1] = bins[0]
    codes = symbols(bins)
    assert codes[0] == codes[1]
    assert len(np.unique(codes)) == 99


def test_baselines():
    layer = np.array([[-2.0, 0.2], [0.5, 3.0]])
    np.testing.assert_allclose(layer_edges(layer, "range", 5), [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(layer_edges(layer, "global", 4, span=(0, 8)), [0, 2, 4, 6])
    np.testing.assert_allclose(layer_edges(layer, "fixed", 4), [-1, -0.5, 0, 0.5])
    wide = layer_edges(layer, "fixed", width=0.07)
    np.testing.assert_allclose(np.diff(wide), 0.07)
    assert wide[0] <= -2 < wide[1]
    with pytest.raises(ValueError, match="width"):
        layer_edges(layer, "fixed", width=0)
    with pytest.raises(ValueError, match="binning"):
        layer_edges(layer, "equal")


def test_refusals():
    with pytest.raises(ValueError, match="not finite"):
        ebab_edges([[0.0, np.nan]])
    with pytest.raises(ValueError, match="no activations"):
        ebab_edges(np.empty((3, 0)))
    with pytest.raises(ValueError, match="n_bins"):
        ebab_edges([[1.0]], n_bins=0)
    with pytest.raises(ValueError, match="ends"):
        even_edges(1, 0)
