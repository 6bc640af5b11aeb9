"""The learned estimator: what changes nothing by construction, what it was taught, and how it is taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from adami.estimators import MIST, get  # noqa: E402
from adami.estimators._nets.fit import Training, seeded, to_tensor  # noqa: E402
from adami.estimators._nets.sample_summary import N_FEATURES, summarize  # noqa: E402
from adami.estimators._nets.set_network import LEVELS, RowSetNetwork, SetNetwork, pinball  # noqa: E402
from adami.estimators._nets.set_training import calibrate, scores, train_published  # noqa: E402
from adami.tasks import MetaDataset, draw_law  # noqa: E402


def gaussian(n: int, d: int, correlation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=(n, d))


@pytest.mark.parametrize(("dim_x", "dim_y", "n"), [(1, 1, 10), (2, 5, 60), (7, 3, 12)])
def test_order_of_rows_columns_and_sides_changes_nothing(dim_x: int, dim_y: int, n: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, dim_x))
    y = rng.normal(size=(n, dim_y)) + x[:, :1]
    mist = MIST()
    value = mist.estimate(x, y).value
    rows, of_x, of_y = (rng.permutation(k) for k in (n, dim_x, dim_y))
    assert mist.estimate(x[rows], y[rows]).value == pytest.approx(value, abs=1e-4)
    assert mist.estimate(x[:, of_x], y[:, of_y]).value == pytest.approx(value, abs=1e-4)
    assert mist.estimate(y, x).value == pytest.approx(value, abs=1e-4)
    # and an order that matters does matter
    assert abs(mist.estimate(x[rows], y).value - value) > 1e-3


def test_increasing_maps_change_nothing() -> None:
    x, y = gaussian(200, 2, 0.8, 1)
    plain = MIST().estimate(x, y)
    assert MIST().estimate(np.exp(x), y**3).value == plain.value
    assert MIST().estimate(-x, y).value != plain.value


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_it_knows_gaussians(correlation: float) -> None:
    truth = -0.5 * np.log(1 - correlation**2)
    found = [MIST().estimate(*gaussian(400, 1, correlation, seed)) for seed in range(10)]
    assert abs(np.mean(found) - truth) < 0.06
    assert sum(e.interval[0] <= truth + 1e-9 and truth <= e.interval[1] for e in found) >= 8
    assert found[0].interval_kind == "quantile-regression"
    assert found[0].bound == "none"


def test_it_sees_a_common_scale_without_correlation() -> None:
    law = draw_law("student-dense-base", 4, 4, np.random.default_rng(5))
    x, y = law.sample(450, np.random.default_rng(6))
    ours, gauss = MIST().estimate(x, y).value, get("gaussian_copula").estimate(x, y).value
    assert abs(ours - law.mi) < abs(gauss - law.mi)


def test_quantiles_rise_and_intervals_widen() -> None:
    x, y = gaussian(60, 3, 0.6, 2)
    levels = np.linspace(0.01, 0.99, 30)
    assert (np.diff(MIST().quantiles(x, y, levels)) > 0).all()
    from adami.estimators.resampling import assess
    from adami.variables import variable

    wide, narrow = (
        assess(MIST(), variable(x, "x"), variable(y, "y"), confidence=c).interval for c in (0.95, 0.5)
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    with pytest.raises(ValueError, match=r"between 0.01 and 0.99"):
        MIST().quantiles(x, y, [0.001])


def test_large_samples_are_read_in_pieces() -> None:
    x, y = gaussian(2600, 1, 0.7, 3)
    found = MIST().estimate(x, y)
    assert found.details["blocks"] == 6
    assert abs(found.value + 0.5 * np.log(1 - 0.49)) < 0.05
    assert found.value == MIST().estimate(x, y).value


def test_gradients_turn_y_towards_x() -> None:
    rng = np.random.default_rng(4)
    x = torch.tensor(rng.normal(size=(300, 1)), dtype=torch.float32)
    other = torch.tensor(rng.normal(size=(300, 1)), dtype=torch.float32)
    noise = torch.tensor(rng.normal(size=(300, 1)), dtype=torch.float32)
    angle = torch.tensor(0.5, requires_grad=True)
    mist, before = MIST(), None
    for _ in range(25):
        y = torch.sin(angle) * x + torch.cos(angle) * other + 0.3 * noise
        value = mist.differentiable(x, y)
        before = float(value.detach()) if before is None else before
        (slope,) = torch.autograd.grad(value, angle)
        with torch.no_grad():
            angle += 0.05 * slope.sign()
    assert float(angle) > 1.2
    assert float(value.detach()) > before + 0.3


def test_bad_input_is_refused() -> None:
    x, y = gaussian(40, 2, 0.5, 5)
    with pytest.raises(ValueError, match="at least 10 rows"):
        MIST().estimate(x[:8], y[:8])
    with pytest.raises(ValueError, match="has learnt up to 32"):
        MIST().estimate(np.random.default_rng(0).normal(size=(40, 33)), y)
    with pytest.raises(TypeError, match="takes continuous or mixed"):
        MIST().estimate(["a", "b"] * 20, y)
    with pytest.raises(FileNotFoundError, match="no such file"):
        MIST("nowhere.safetensors").estimate(x, y)
    with pytest.raises(ValueError, match="at least 10 rows"):
        MIST().differentiable(torch.zeros(4, 2), torch.zeros(4, 2))


def test_unfamiliar_samples_are_said_to_be() -> None:
    rng = np.random.default_rng(6)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = MIST().estimate(np.cos(angle), np.sin(angle))
    plain = MIST().estimate(*gaussian(400, 1, 0.5, 6))
    assert not [d for d in plain.diagnostics if d.flag == "out_of_meta"]
    assert ring.details["strangeness"] > plain.details["strangeness"]


def test_it_can_be_taught_saved_and_read(tmp_path: Path) -> None:
    meta = MetaDataset(families=("normal-rotated-base",), dims=(1, 2), n_range=(40, 120), seed=3)
    options = {"batches": 60, "answer_steps": 300, "steps": 5, "size": 16}
    sizes = {"width": 8, "blocks": 1, "points": 2, "heads": 2, "hidden": 32}
    taught = MIST(random_state=1).fit(meta, settings=sizes, **options)
    x, y = gaussian(100, 1, 0.8, 7)
    value = taught.estimate(x, y).value
    assert abs(value + 0.5 * np.log(1 - 0.64)) < 0.25
    path = tmp_path / "own.safetensors"
    taught.save(path)
    assert MIST(path).estimate(x, y).value == value
    again = MIST(random_state=1).fit(meta, settings=sizes, **options)
    assert again.estimate(x, y).value == value
    further = MIST().fit(meta, start=again.network, steps=2, size=16)
    assert np.isfinite(further.estimate(x, y).value)


def test_calibration_covers_what_it_says() -> None:
    meta = MetaDataset(families=("normal-rotated-base",), dims=(1, 2), n_range=(40, 120), seed=4)
    with seeded(0):
        net = SetNetwork(width=8, points=2, heads=2, hidden=16)
    calibrate(net, meta, batches=12, size=32)
    hits = []
    with torch.no_grad():
        for i in range(20):
            x, y, mi = meta.batch(32, i)
            out, truth = net(scores(x), scores(y)), torch.as_tensor(np.sqrt(2 * mi))
            hits.append((out[:, 2] <= truth) & (truth <= out[:, -3]))
    # an untrained network is useless, but after stretching it says so
    assert 0.8 < float(torch.cat(hits).float().mean()) < 0.98


def test_the_published_design_learns_too() -> None:
    meta = MetaDataset(families=("normal-dense-base",), dims=(2, 2), n_range=(40, 60), equal_dims=True)
    with seeded(0):
        net = RowSetNetwork(slots=8, width=32)
    history = train_published(net, meta, steps=20, size=8, learning_rate=1e-3, training=Training("published"))
    assert len(history.losses) == 10
    assert np.isfinite(history.losses).all()
    with torch.no_grad():
        x = to_tensor(np.random.default_rng(0).normal(size=(2, 30, 3)))
        level = torch.tensor([0.5, 0.5])
        answer = net.eval()(x, x, level)
        assert torch.allclose(answer, net(x[:, torch.randperm(30)], x, level), atol=1e-4) is False
        order = torch.randperm(30)
        assert torch.allclose(answer, net(x[:, order], x[:, order], level), atol=1e-4)
    with pytest.raises(ValueError, match="8 slots"):
        net(torch.zeros(1, 5, 5), torch.zeros(1, 5, 5), level[:1])


def test_pinball_is_least_at_the_quantile() -> None:
    truth = torch.tensor(np.random.default_rng(0).normal(size=5000))
    level = torch.tensor(0.9, dtype=torch.float64)
    losses = [float(pinball(truth - q, level).mean()) for q in np.linspace(0.5, 2, 31)]
    assert abs(np.linspace(0.5, 2, 31)[int(np.argmin(losses))] - 1.28) < 0.1


def test_descriptions_are_finite_and_symmetric() -> None:
    rng = np.random.default_rng(8)
    for n, dx, dy in ((10, 1, 1), (10, 32, 4), (50, 2, 9)):
        x, y = scores(rng.normal(size=(3, n, dx))), scores(rng.normal(size=(3, n, dy)))
        one, two = summarize(x, y), summarize(y, x)
        assert one.features.shape == (3, N_FEATURES)
        assert torch.isfinite(one.features).all()
        assert torch.isfinite(one.tokens).all()
        assert torch.allclose(one.features, two.features, atol=2e-4)
    assert LEVELS[len(LEVELS) // 2] == 0.5
