"""Range entropy: its limits, its gradient in closed form, by differences and by autograd, its bound."""

import math

import numpy as np
import pytest

from adami.exact import (
    binary_entropy,
    entropy,
    place_anchors,
    range_entropy,
    range_entropy_bound,
    range_entropy_gradient,
    reseed_anchors,
    sharpness_unit,
)


def blobs(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10.0]])
    label = rng.choice(4, size=n, p=[0.5, 0.25, 0.125, 0.125])
    return centres[label] + 0.3 * rng.normal(size=(n, 2)), centres, label


def numeric(function, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    slope = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        values = []
        for k in (-2, -1, 1, 2):
            moved = at.copy()
            moved[i] += k * step
            values.append(float(function(moved)))
        slope[i] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return slope


def test_separate_blobs_give_the_entropy_of_their_labels() -> None:
    X, centres, label = blobs()
    truth = entropy(np.bincount(label) / len(label), base=2)
    for alpha in (1.0, 5.0, 100.0):
        assert range_entropy(X, centres, alpha=alpha, base=2) == pytest.approx(truth, abs=1e-6)
    assert range_entropy(X, centres, alpha=1e-3, base=2) == pytest.approx(2.0, abs=1e-3)
    assert range_entropy(X, centres, alpha=0.0, base=2) == pytest.approx(2.0, abs=1e-12)
    # another partition has another entropy
    assert abs(range_entropy(X, centres + 5, base=2) - truth) > 0.05


def test_half_spaces_give_the_entropy_of_their_cells() -> None:
    X, _, label = blobs()
    planes = np.array([[1.0, 0, 5], [0, 2.0, 10]])
    truth = entropy(np.bincount(label) / len(label))
    assert range_entropy(X, planes, kind="halfspace", alpha=10.0) == pytest.approx(truth, abs=1e-9)
    blunt = range_entropy(X, planes, kind="halfspace", alpha=0.0)
    assert blunt == pytest.approx(math.log(4), abs=1e-12)
    # a half-space does not depend on the length of its normal
    scaled = range_entropy(X, planes * [[3.0], [0.1]], kind="halfspace", alpha=0.7)
    assert scaled == pytest.approx(range_entropy(X, planes, kind="halfspace", alpha=0.7), abs=1e-12)


def test_many_half_spaces_bound_the_cells_from_above() -> None:
    rng = np.random.default_rng(1)
    X, planes = rng.normal(size=(50, 3)), rng.normal(size=(9, 4))
    many = range_entropy(X, planes, kind="halfspace", alpha=3.0)
    score = (X @ planes[:, :3].T - planes[:, 3]) / np.linalg.norm(planes[:, :3], axis=1)
    member = 1 / (1 + np.exp(-3.0 * score))
    assert many == pytest.approx(np.sum(binary_entropy(member.mean(axis=0))))
    few = range_entropy(X, planes[:8], kind="halfspace", alpha=3.0)
    apart = np.sum(binary_entropy(member.mean(axis=0))[:8])
    assert few <= apart + 1e-12


@pytest.mark.parametrize(("kind", "k"), [("ball", 5), ("halfspace", 4), ("halfspace", 10)])
def test_gradient_in_closed_form(kind: str, k: int) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(12, 3))
    anchors = rng.normal(size=(k, 3 + (kind == "halfspace")))
    options = {"kind": kind, "alpha": 0.8, "base": 2}
    found = range_entropy_gradient(X, anchors, **options)
    assert found.value == pytest.approx(range_entropy(X, anchors, **options), abs=1e-12)
    by_points = numeric(lambda x: range_entropy(x, anchors, **options), X)
    by_anchors = numeric(lambda a: range_entropy(X, a, **options), anchors)
    assert np.abs(found.points - by_points).max() < 1e-8
    assert np.abs(found.anchors - by_anchors).max() < 1e-8
    # the sign matters: the opposite of the gradient fails the same test
    assert np.abs(-found.points - by_points).max() > 1e-3


@pytest.mark.parametrize(("kind", "k"), [("ball", 5), ("halfspace", 4), ("halfspace", 10)])
def test_autograd_agrees(kind: str, k: int) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    X, anchors = rng.normal(size=(12, 3)), rng.normal(size=(k, 3 + (kind == "halfspace")))
    x = torch.tensor(X, requires_grad=True)
    a = torch.tensor(anchors, requires_grad=True)
    value = range_entropy(x, a, kind=kind, alpha=1.3)
    value.backward()
    found = range_entropy_gradient(X, anchors, kind=kind, alpha=1.3)
    assert float(value.detach()) == pytest.approx(found.value, abs=1e-12)
    assert np.abs(x.grad.numpy() - found.points).max() < 1e-12
    assert np.abs(a.grad.numpy() - found.anchors).max() < 1e-12


def test_sets_of_points_in_one_call() -> None:
    rng = np.random.default_rng(4)
    X, anchors = rng.normal(size=(3, 2, 7, 2)), rng.normal(size=(4, 2))
    together = range_entropy(X, anchors)
    assert together.shape == (3, 2)
    assert together[1, 1] == pytest.approx(range_entropy(X[1, 1], anchors))


def test_far_away_points_keep_their_value_and_finite_gradients() -> None:
    X, centres, _ = blobs()
    moved = range_entropy(X + 1e6, centres + 1e6, alpha=1.0)
    assert moved == pytest.approx(range_entropy(X, centres, alpha=1.0), abs=1e-8)
    found = range_entropy_gradient(X, np.vstack([centres, [[1e4, 1e4]]]), alpha=50.0)
    assert np.isfinite(found.points).all()
    assert np.isfinite(found.anchors).all()


def test_bound_holds_and_tightens() -> None:
    rng = np.random.default_rng(5)
    X, centres, _ = blobs(100)
    widths = []
    for alpha in (0.001, 0.02, 0.1, 1.0):
        found = range_entropy_bound(X, centres, alpha=alpha, base=2)
        assert abs(found.soft - found.hard) <= found.bound + 1e-12
        assert found.misassigned <= found.margin_misassigned + 1e-15
        widths.append(found.bound)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] <= 2.0
    assert found.informative
    for _ in range(50):
        X, centres = rng.normal(size=(20, 2)), rng.normal(size=(5, 2))
        found = range_entropy_bound(X, centres, alpha=float(rng.exponential(5)))
        assert abs(found.soft - found.hard) <= found.bound + 1e-12
    single = range_entropy_bound(X, centres[:1])
    assert single.soft == single.hard == single.bound == 0.0


def test_collapsed_points_have_no_entropy() -> None:
    assert range_entropy(np.zeros((9, 2)), [[0.0, 0.0], [50.0, 0.0]]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("method", ["kmeans", "kmeans++", "farthest"])
def test_anchors_find_separate_blobs(method: str) -> None:
    X, centres, _ = blobs()
    found = place_anchors(X, 4, method=method, random_state=0)
    far = np.linalg.norm(found[:, None] - centres, axis=2)
    assert sorted(far.argmin(axis=1)) == [0, 1, 2, 3]
    assert far.min(axis=1).max() < 1.5
    again = place_anchors(X, 4, method=method, random_state=0)
    assert np.array_equal(found, again)


def test_dead_anchors_are_moved() -> None:
    X, centres, label = blobs()
    dead = np.vstack([centres[:3], [[500.0, 500.0]]])
    alive = reseed_anchors(X, dead, alpha=1.0)
    assert np.array_equal(alive[:3], dead[:3])
    assert label[np.flatnonzero((alive[3] == X).all(axis=1))[0]] == 3
    assert np.array_equal(reseed_anchors(X, centres, alpha=1.0), centres)


def test_sharpness_unit() -> None:
    assert sharpness_unit([[0.0, 0.0], [3.0, 4.0]]) == pytest.approx(1 / 25)
    with pytest.raises(ValueError, match="two distinct anchors"):
        sharpness_unit([[0.0, 0.0]])


def test_bad_input() -> None:
    X = np.zeros((3, 2))
    with pytest.raises(ValueError, match="ball for points of 2 dimensions"):
        range_entropy(X, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="halfspace for points"):
        range_entropy(X, np.zeros((2, 2)), kind="halfspace")
    with pytest.raises(ValueError, match="direction"):
        range_entropy(X, np.zeros((2, 3)), kind="halfspace")
    with pytest.raises(ValueError, match="kind"):
        range_entropy(X, np.zeros((2, 2)), kind="cone")
    with pytest.raises(ValueError, match="alpha"):
        range_entropy(X, np.zeros((2, 2)), alpha=-1.0)
    with pytest.raises(ValueError, match="NaN"):
        range_entropy(np.full((3, 2), np.nan), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="distinct points"):
        place_anchors(X, 2)
    with pytest.raises(ValueError, match="method"):
        place_anchors(np.eye(3), 2, method="grid")
    with pytest.raises(ValueError, match="one set of points"):
        range_entropy_gradient(np.zeros((2, 3, 2)), np.eye(2))
