"""Gains against generic optimisers, and the adaptation of a ring of orientations."""

from __future__ import annotations

import numpy as np
import pytest

from adami.exact import GainControl, adaptation_report

N = 64


def ring(size: int = N, recurrent: bool = True) -> tuple[np.ndarray, np.ndarray]:
    angle = np.arange(size) * np.pi / size
    kernel = np.exp(2 * (np.cos(2 * (angle[:, None] - angle)) - 1))
    W = 0.8 * kernel / kernel.sum(axis=1, keepdims=True) - 0.3 / size
    return W if recurrent else np.zeros((size, size)), kernel


def contexts(size: int = N) -> tuple[np.ndarray, np.ndarray]:
    often = np.full(size, 0.65 / (size - 1))
    often[size // 2] = 0.35
    return np.full(size, 1 / size), often


def random_case(seed: int = 0, size: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(size, size))
    W *= 0.5 / np.abs(np.linalg.eigvals(W)).max()
    return W, rng.uniform(size=(12, size)), rng.dirichlet(np.ones(12))


def direct_loss(model: GainControl, F: np.ndarray, p: np.ndarray, gains: np.ndarray) -> float:
    """The loss from the responses themselves, stimulus by stimulus."""
    eye = np.eye(len(gains))
    if model.variant == "feedforward":
        r = np.linalg.solve(eye - model.W, (F * gains).T).T
    else:
        r = np.linalg.solve(np.diag(1 / gains) - model.W, F.T).T
    each = np.sum((F - r @ model.decoder_.T) ** 2, axis=1) + model.alpha * np.sum(r**2, axis=1)
    return float(p @ each + model.gamma * np.sum((gains - 1) ** 2))


@pytest.mark.parametrize("variant", ["feedforward", "recurrent"])
@pytest.mark.parametrize("seed", range(3))
def test_gains_are_those_of_a_generic_optimiser(variant: str, seed: int) -> None:
    from scipy.optimize import minimize

    W, F, p = random_case(seed)
    model = GainControl(W, alpha=0.7, gamma=0.3, variant=variant).fit(F, p)
    generic = minimize(
        lambda g: model.loss(F, p, g),
        np.ones(5),
        jac=lambda g: 2 * model.circuit.half_gradient(g, model.moment_),
        bounds=[(1e-6, None)] * 5,
        options={"ftol": 1e-16, "gtol": 1e-11},
    )
    np.testing.assert_allclose(model.gains_, generic.x, atol=1e-6)
    assert model.result_.converged
    assert model.result_.value <= generic.fun + 1e-12
    assert model.result_.value == pytest.approx(direct_loss(model, F, p, model.gains_))


@pytest.mark.parametrize("variant", ["feedforward", "recurrent"])
def test_gradient_against_finite_differences(variant: str) -> None:
    W, F, p = random_case(3)
    model = GainControl(W, alpha=0.7, gamma=0.3, variant=variant).fit(F, p)
    g = np.random.default_rng(0).uniform(0.6, 1.3, size=5)
    step = 1e-5
    numeric = [
        (direct_loss(model, F, p, g + step * e) - direct_loss(model, F, p, g - step * e)) / (2 * step)
        for e in np.eye(5)
    ]
    np.testing.assert_allclose(2 * model.circuit.half_gradient(g, model.moment_), numeric, atol=1e-8)


def test_responses_are_the_steady_states() -> None:
    W, F, p = random_case(4)
    for variant in ("feedforward", "recurrent"):
        model = GainControl(W, variant=variant).fit(F, p)
        g, r = model.gains_, model.transform(F)
        settled = r @ W.T + g * F if variant == "feedforward" else g * (F + r @ W.T)
        np.testing.assert_allclose(r, settled, atol=1e-12)


def test_negative_gains_are_held_at_zero() -> None:
    rng = np.random.default_rng(2)
    F = rng.uniform(size=(20, 4)) + 1
    D = rng.normal(size=(4, 4)) * 3
    model = GainControl(np.zeros((4, 4)), alpha=0.1, gamma=0.01, decoder=D).fit(F)
    assert model.result_.bounded
    assert model.gains_.min() == 0
    half = model.circuit.half_gradient(model.gains_, model.moment_)
    assert np.abs(half[model.gains_ > 0]).max() < 1e-8
    assert half[model.gains_ == 0].min() > 0


def test_ring_adapts_as_it_should() -> None:
    W, F = ring()
    report = adaptation_report(GainControl(W, alpha=5, gamma=0.2), F, *contexts(), spacing=180 / N)
    assert report.adapter == 32
    assert report.relative_gains[32] == pytest.approx(0.757, abs=1e-3)
    assert report.relative_gains[0] == pytest.approx(1.217, abs=1e-3)
    offsets = np.array([16, 10, 6, 3])
    np.testing.assert_allclose(report.peak_shifts[32 + offsets], [0.691, 1.584, 1.553, 0.876], atol=1e-3)
    np.testing.assert_allclose(report.peak_shifts[32 - offsets], -report.peak_shifts[32 + offsets], atol=1e-9)
    assert report.variation_before == pytest.approx(0.392, abs=1e-3)
    assert report.variation_after == pytest.approx(0.173, abs=1e-3)
    assert report.correlation_before == pytest.approx(0.5986, abs=1e-4)
    assert report.correlation_after == pytest.approx(0.5945, abs=1e-4)
    assert report.adapter_ratio < 1
    assert report.loss_after < report.loss_before


def test_without_recurrence_no_repulsion() -> None:
    W, F = ring(recurrent=False)
    report = adaptation_report(GainControl(W, alpha=5, gamma=0.2), F, *contexts())
    assert np.abs(report.peak_shifts).max() < 1e-12
    assert report.correlation_after == pytest.approx(report.correlation_before, abs=1e-12)
    assert report.adapter_ratio < 1


@pytest.mark.parametrize("variant", ["feedforward", "recurrent"])
def test_control_context(variant: str) -> None:
    W, F = ring(16)
    uniform = np.full(16, 1 / 16)
    model = GainControl(W, alpha=0.05, gamma=0.2, variant=variant)
    np.testing.assert_allclose(adaptation_report(model, F, uniform, uniform).relative_gains, 1.0, atol=1e-10)
    assert np.abs(model.fit(F).gains_ - 1).max() > 1e-3
    np.testing.assert_allclose(model.scale_decoder(F).fit(F).gains_, 1.0, atol=1e-9)
    with pytest.raises(ValueError, match="lower alpha"):
        GainControl(W, alpha=5.0, variant=variant).scale_decoder(F)


@pytest.mark.parametrize("online", ["solve", "gradient"])
@pytest.mark.parametrize("variant", ["feedforward", "recurrent"])
def test_stream_reaches_the_batch_answer(variant: str, online: str) -> None:
    W, F, _ = random_case(5)
    model = GainControl(W, alpha=0.7, gamma=0.3, variant=variant, rate=0.002, online=online)
    for _ in range(100):
        model.partial_fit(F)
    batch = GainControl(W, alpha=0.7, gamma=0.3, variant=variant).fit(F)
    np.testing.assert_allclose(model.gains_, batch.gains_, atol=5e-3)


def test_stream_does_not_depend_on_its_cuts() -> None:
    W, F, _ = random_case(6)
    whole = GainControl(W, rate=0.2).partial_fit(F)
    pieces = GainControl(W, rate=0.2)
    for row in F:
        pieces.partial_fit(row)
    np.testing.assert_allclose(whole.gains_, pieces.gains_, atol=1e-12)
    # a fitted moment is not forgotten at once
    moved = GainControl(W, rate=0.2).fit(F).partial_fit(F[:1])
    expected = 0.8 * F.T @ F / 12 + 0.2 * np.outer(F[0], F[0])
    np.testing.assert_allclose(moved.moment_, expected, atol=1e-12)


def test_report_leaves_the_model_alone_and_says_nan_where_nothing_varies() -> None:
    W, F, p = random_case(7)
    model = GainControl(W).fit(F, p)
    before = model.gains_.copy()
    report = adaptation_report(model, F, p, np.eye(12)[0], circular=False)
    np.testing.assert_array_equal(model.gains_, before)
    assert np.isnan(report.correlation_before)


def test_bad_input() -> None:
    W, F, p = random_case(8)
    with pytest.raises(ValueError, match="spectral radius"):
        GainControl(np.eye(5))
    with pytest.raises(ValueError, match="square matrix"):
        GainControl(np.zeros((2, 3)))
    for wrong in (
        {"alpha": -1.0},
        {"gamma": np.inf},
        {"variant": "loop"},
        {"online": "sgd"},
        {"rate": 0.0},
        {"step": 0.0},
        {"decoder": "identity"},
        {"decoder": np.eye(3)},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            GainControl(W, **wrong)
    model = GainControl(W)
    with pytest.raises(ValueError, match="not fitted"):
        model.transform(F)
    with pytest.raises(ValueError, match="negative"):
        model.fit(-F)
    with pytest.raises(ValueError, match="rows are stimuli"):
        model.fit(F[:, :3])
    with pytest.raises(ValueError, match="sums to"):
        model.fit(F, p * 2)
    with pytest.raises(ValueError, match="p has shape"):
        model.fit(F, p[:1] / p[:1])
    silent = F.copy()
    silent[:, 2] = 0
    with pytest.raises(ValueError, match="no stimulus drives unit 2"):
        GainControl(W, gamma=0.0).fit(silent)
    assert GainControl(np.zeros((5, 5))).fit(silent).gains_[2] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="give gamma > 0"):
        GainControl(np.zeros((5, 5)), alpha=0.0, gamma=0.0, decoder=np.ones((5, 5))).fit(F[:1])
