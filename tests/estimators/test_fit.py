"""The training loop: same seed same weights, best weights kept, divergence told, resumed to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from adami.estimators._nets.checkpoints import load_tensors, save_tensors  # noqa: E402
from adami.estimators._nets.fit import (  # noqa: E402
    History,
    Training,
    batch,
    device_of,
    fit,
    mlp,
    seeded,
    to_tensor,
)
from adami.estimators._neural import continuous_block  # noqa: E402
from adami.variables import variable  # noqa: E402

X = to_tensor(np.random.default_rng(0).normal(size=(400, 3)))
Y = X @ torch.tensor([[1.0], [-2.0], [0.5]])


def train(steps: int = 60, checkpoint: Path | None = None, **options) -> tuple[torch.nn.Module, History]:
    with seeded(1):
        model = mlp((3, 16, 1), "tanh", dropout=0.1)

    def loss(generator):
        rows = batch(len(X), 32, generator)
        return ((model(X[rows]) - Y[rows]) ** 2).mean()

    options = {"learning_rate": 1e-2, "every": 20, **options}
    if options.pop("watched", False):
        options["validate"] = lambda: -float(((model(X) - Y) ** 2).mean())
    return model, fit(model, loss, steps=steps, training=Training("toy", checkpoint=checkpoint), **options)


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(u, v) for u, v in zip(a.state_dict().values(), b.state_dict().values()))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "onecycle"])
def test_it_learns_and_repeats(schedule: str) -> None:
    a, history = train(300, schedule=schedule, watched=True)
    assert history.losses[-1] < 0.3 * history.losses[0]
    assert history.stopped == "done"
    assert history.steps == 300
    before = torch.get_rng_state()
    assert same(a, train(300, schedule=schedule, watched=True)[0])
    assert torch.equal(before, torch.get_rng_state())
    assert not a.training


def test_the_best_weights_are_a_copy_and_restored() -> None:
    with seeded(0):
        model = mlp((3, 1))
    values = iter([1.0, 5.0, 2.0, 3.0, 4.0])
    seen = []

    def validate() -> float:
        seen.append(model[0].weight.detach().clone())
        return next(values)

    history = fit(
        model,
        lambda g: ((model(X) - Y) ** 2).mean(),
        steps=50,
        learning_rate=0.1,
        validate=validate,
        every=10,
        patience=3,
        training=Training("toy"),
    )
    assert history.best_step == 20
    assert history.stopped == "early"
    assert history.steps == 50
    assert torch.equal(model[0].weight, seen[1])
    assert not torch.equal(seen[1], seen[2])


@pytest.mark.parametrize("options", [{}, {"ema": 0.9, "watched": True}, {"optimizer": "sgd"}])
def test_a_training_goes_on_where_it_was_cut_off(tmp_path: Path, options: dict) -> None:
    whole, told = train(60, **options)
    stop = RuntimeError("the machine goes down")

    def cut(step: int, total: int, what: str) -> None:
        if step == 50:
            raise stop

    with seeded(1):
        model = mlp((3, 16, 1), "tanh", dropout=0.1)

    def loss(generator):
        rows = batch(len(X), 32, generator)
        return ((model(X[rows]) - Y[rows]) ** 2).mean()

    own = {k: v for k, v in options.items() if k != "watched"}
    if options.get("watched"):
        own["validate"] = lambda: -float(((model(X) - Y) ** 2).mean())
    with pytest.raises(RuntimeError, match="goes down"):
        fit(
            model,
            loss,
            steps=60,
            learning_rate=1e-2,
            every=20,
            training=Training("toy", checkpoint=tmp_path, progress=cut),
            **own,
        )
    again, history = train(60, checkpoint=tmp_path, **options)
    assert same(whole, again)
    assert history.validation == told.validation
    # a finished training is not repeated
    assert same(train(60, checkpoint=tmp_path, **options)[0], whole)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    train(20, checkpoint=tmp_path)
    with pytest.raises(ValueError, match="another learning_rate"):
        train(20, checkpoint=tmp_path, learning_rate=0.5)
    file = tmp_path / "training.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match="is torn"):
        train(20, checkpoint=tmp_path)


def test_divergence_is_an_error_that_says_what_to_do() -> None:
    model = mlp((3, 1))
    with pytest.raises(ValueError, match=r"diverged at step 1 .* lower learning_rate"):
        fit(model, lambda g: model(X).sum() * float("nan"), steps=5, learning_rate=1e-3)
    with pytest.raises(ValueError, match="validation at step 5"):
        fit(
            model,
            lambda g: model(X).mean() ** 2,
            steps=5,
            learning_rate=1e-3,
            validate=lambda: float("nan"),
        )


def test_interruption_keeps_what_is_done() -> None:
    model = mlp((3, 1))
    calls = 0

    def loss(generator):
        nonlocal calls
        calls += 1
        if calls == 30:
            raise KeyboardInterrupt
        return ((model(X) - Y) ** 2).mean()

    history = fit(model, loss, steps=100, learning_rate=1e-2, every=10)
    assert (history.stopped, history.steps) == ("interrupted", 29)


def test_moving_averages_lag_behind_and_are_kept() -> None:
    plain, averaged = train(40)[0], train(40, ema=0.999)[0]
    assert not same(plain, averaged)
    with pytest.raises(ValueError, match="between 0 and 1"):
        train(1, ema=1.5)


def test_batches_have_no_row_twice() -> None:
    generator = torch.Generator().manual_seed(0)
    for n, size in ((10, 10), (1000, 200), (100_000, 512)):
        rows = batch(n, size, generator)
        assert len(torch.unique(rows)) == size
        assert int(rows.max()) < n
    with pytest.raises(ValueError, match="lower batch_size"):
        batch(5, 6, generator)
    many = torch.cat([batch(1000, 64, generator) for _ in range(500)]).bincount(minlength=1000)
    assert abs(float(many.float().mean()) - 32) < 1e-6
    assert float(many.float().std()) < 8


def test_bad_settings() -> None:
    model = mlp((3, 1))
    for wrong, said in (
        ({"steps": 0}, "at least one step"),
        ({"patience": 2}, "there is none"),
        ({"optimizer": "other"}, "choose 'adam'"),
        ({"schedule": "other"}, "choose 'constant'"),
    ):
        with pytest.raises(ValueError, match=said):
            fit(model, lambda g: model(X).mean() ** 2, **{"steps": 1, "learning_rate": 0.1, **wrong})
    with pytest.raises(ValueError, match="activation="):
        mlp((1, 2, 1), "none")
    with pytest.raises(ValueError, match="cannot be used here"):
        device_of("nonsense")


def test_weights_and_settings_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_tensors(path, {"a": X[:2].T}, {"n": 3})
    tensors, told = load_tensors(path)
    assert torch.equal(tensors["a"], X[:2].T)
    assert told == {"n": 3}
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_blocks_of_numbers() -> None:
    rows = np.column_stack([np.arange(10.0) ** 3, np.ones(10)])
    v = variable(rows, "x")
    assert continuous_block(v).shape == (10, 1)
    assert continuous_block(v, "normal_score")[:, 0].tolist() == pytest.approx(
        continuous_block(variable(np.arange(10.0), "x"), "normal_score")[:, 0].tolist()
    )
    assert continuous_block(v, "rank")[0, 0] == pytest.approx(1 / 11)
    assert continuous_block(v, "none")[-1, 0] == 729
    with pytest.raises(TypeError, match="takes numbers"):
        continuous_block(variable(["a", "b"] * 5, "x"))
    with pytest.raises(ValueError, match="constant"):
        continuous_block(variable(np.ones(10) * 1.5, "x"))
    with pytest.raises(ValueError, match="transform="):
        continuous_block(v, "other")
