"""DIME: known informations, limits, costs, units, missing values, storage."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from adami.acquisition import DIMEClassifier, DIMEPolicy, FixedOrder, Stop, play
from adami.acquisition._selection import next_unit
from adami.acquisition._selector import Selector
from adami.acquisition.environments import FeatureTable

SMALL = {
    "hidden": (32,),
    "dropout": 0.0,
    "learning_rate": 1e-2,
    "pretraining_steps": 250,
    "steps": 60,
    "settling_steps": 500,
}


@pytest.fixture(scope="module")
def switch():
    """y is x1 where the switch s is 0, else x2; the fourth column is noise."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (1500, 4)).astype(float)
    y = np.where(x[:, 0] == 0, x[:, 1], x[:, 2])
    return DIMEClassifier(**SMALL, random_state=1).fit(x, y), x, y


def test_known_informations(switch) -> None:
    model, _, _ = switch
    nan = math.nan
    found = model.gains([[nan] * 4, [0, nan, nan, nan], [nan, 1, nan, nan]])
    guess = math.log(2) - (-0.25 * math.log(0.25) - 0.75 * math.log(0.75))
    np.testing.assert_allclose(found[0], [0, guess, guess, 0], atol=0.08)
    np.testing.assert_allclose(found[1], [0, math.log(2), 0, 0], atol=0.1)
    assert found[2, 0] == pytest.approx(0.2158, abs=0.08)
    # a wrong variant: what x1 tells alone is far from what it tells after the switch
    assert abs(found[0, 1] - math.log(2)) > 0.3


def test_asks_for_what_the_switch_says(switch) -> None:
    model, x, y = switch
    chosen = model.select(x, Stop(confidence=0.9))
    assert (chosen.labels == y).mean() > 0.97
    assert chosen.mask.sum(1).max() <= 3
    assert chosen.mask[:, 3].mean() < 0.05
    assert set(chosen.stop_reasons) <= {"confidence", "exhausted"}


def test_limits(switch) -> None:
    model, x, _ = switch
    rows = x[:50]
    assert (model.select(rows, Stop(max_queries=2)).mask.sum(1) == 2).all()
    assert (model.select(rows).mask.sum(1) == 4).all()
    assert (model.select(rows, Stop(penalty=5.0)).mask.sum() == 0).all()
    dear = model.with_costs([3, 2, 2, 0.5])
    chosen = dear.select(rows, Stop(budget=2.4))
    assert (chosen.costs <= 2.4 + 1e-9).all()
    assert chosen.costs.max() > 1.9
    few, many = (dear.select(rows, Stop(budget=2.4), fill=f).mask.sum() for f in (False, True))
    assert few <= many
    with pytest.raises(ValueError, match="cost"):
        model.with_costs([1, 1, 1, 0])
    with pytest.raises(ValueError, match="4 features"):
        model.with_costs([1.0])


def test_a_dearer_unit_is_asked_for_less(switch) -> None:
    model, x, _ = switch
    stop = Stop(penalty=0.03)
    before = model.select(x[:300], stop).mask.mean(0)
    for unit in range(4):
        costs = np.ones(4)
        costs[unit] = 2
        assert model.with_costs(costs).select(x[:300], stop).mask.mean(0)[unit] <= before[unit]


def test_next_unit() -> None:
    gains, costs, free = np.array([0.5, 0.4, -0.1]), np.array([4.0, 1.0, 1.0]), np.ones(3, dtype=bool)
    assert next_unit(gains, costs, free, 9, True, "bounded") == (1, "")
    free[1] = False
    assert next_unit(gains, costs, free, 2, True, "bounded") == (2, "")
    assert next_unit(gains, costs, free, 2, False, "bounded") == (-1, "budget")
    assert next_unit(gains, costs, free, 2, True, "none") == (-1, "no gain")
    assert next_unit(gains, costs, free, 0.5, True, "none") == (-1, "budget")
    assert next_unit(gains, costs, np.zeros(3, dtype=bool), 9, True, "none") == (-1, "exhausted")


def test_numpy_says_what_torch_says() -> None:
    torch = pytest.importorskip("torch")
    from adami.acquisition._nets.selection import SelectionNets, plain_layers

    rng = np.random.default_rng(0)
    expand = np.array([0, 0, 1, 2])
    for shared in (False, True):
        for scaling in ("bounded", "softplus", "none"):
            nets = SelectionNets(expand, 3, 2, (8, 6), 0.2, shared, scaling).eval()
            x, prior = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
            masks = rng.integers(0, 2, (5, 3)).astype(float)
            one = Selector(plain_layers(nets), expand, np.zeros(4), np.ones(4), np.ones(3), scaling)
            p, gains = one.look(x, masks, prior)
            with torch.no_grad():
                rows = nets.rows(*(torch.as_tensor(v, dtype=torch.float32) for v in (x, masks, prior)))
                logits, raw = nets.both(rows)
                wanted = nets.gains(raw, logits)
            np.testing.assert_allclose(p, torch.softmax(logits, -1).numpy(), atol=1e-5)
            np.testing.assert_allclose(gains, wanted.numpy(), atol=1e-5)


def test_units_missing_values_and_what_is_known_beforehand() -> None:
    rng = np.random.default_rng(1)
    n = 400
    label = rng.integers(0, 3, n)
    # three columns that are asked for together, one number with gaps, and a free hint
    x = np.column_stack([np.eye(3)[label], rng.normal(size=n)])
    x[rng.random(n) < 0.3, 3] = np.nan
    gone = rng.random(n) < 0.2
    x[gone, :3] = np.nan
    hint = (label == 2).astype(float)[:, None]
    names = np.array(["a", "b", "c"])[label]
    model = DIMEClassifier(groups=[[0, 1, 2], [3]], scaling="none", shared=True, **SMALL)
    model.fit(x, names, hint)
    chosen = model.select(x, Stop(max_queries=1), prior=hint)
    assert not chosen.mask[gone, 0].any()
    asked = ~gone & (label != 2)
    assert chosen.mask[asked, 0].mean() > 0.9
    assert (chosen.labels[asked] == names[asked]).mean() > 0.95
    # the hint alone decides for c
    assert model.predict_proba(np.full((1, 4), np.nan), [[1.0]])[0, 2] > 0.9
    policy = model.as_policy(prior=[0.0])
    with pytest.raises(ValueError, match="shape"):
        policy.tell(0, 1.0)
    policy.tell(0, [0, 1, 0])
    assert policy.recommend() == "b"
    with pytest.raises(ValueError, match="prior has 0"):
        model.predict(x)


def test_same_seed_same_model(tmp_path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 3))
    y = x[:, 0] * x[:, 1] > 0
    quick = {"hidden": (8,), "pretraining_steps": 50, "steps": 20, "settling_steps": 10, "random_state": 5}
    first, again = (DIMEClassifier(**quick).fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(x), again.predict_proba(x))
    first.save(tmp_path / "model.json", columns=["a", "b", "c"])
    loaded = DIMEClassifier.load(tmp_path / "model.json")
    np.testing.assert_array_equal(first.predict_proba(x), loaded.predict_proba(x))
    np.testing.assert_array_equal(first.predict(x), loaded.predict(x))
    assert loaded.more_ == {"columns": ["a", "b", "c"]}
    assert loaded.hidden == [8]
    (tmp_path / "other.json").write_text('{"format": 1, "kind": "else"}')
    with pytest.raises(ValueError, match="no model"):
        DIMEClassifier.load(tmp_path / "other.json")


def test_policy_is_the_selection(switch) -> None:
    model, x, y = switch
    for row in range(5):
        record = play(model.as_policy(stop=Stop(confidence=0.9)), FeatureTable(x, y, row=row))
        chosen = model.select(x[row : row + 1], Stop(confidence=0.9))
        assert record.queries == [u for u in chosen.order[0].tolist() if u >= 0]
        assert record.decision == chosen.labels[0]
        assert record.stop_reason == chosen.stop_reasons[0]


def test_accepts_answers_that_were_not_asked_for(switch) -> None:
    model, _, _ = switch
    policy = model.as_policy()
    before = policy.gains()
    policy.tell(0, 1.0)
    assert 0 not in policy.gains()
    assert policy.gains()[2] > before[2] + 0.3
    assert policy.rate() == max(policy.gains().values())
    assert isinstance(policy, DIMEPolicy)


def test_asking_is_quick() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 100))
    model = DIMEClassifier(pretraining_steps=5, steps=2, settling_steps=1, max_features=5)
    policy = model.fit(x, x[:, 0] > 0).as_policy()
    start = time.process_time()
    for _ in range(20):
        policy.tell(policy.ask(), 0.5)
    # far above what it takes, far below what would be felt
    assert (time.process_time() - start) / 20 < 0.1


@pytest.mark.parametrize(
    ("change", "x", "y", "said"),
    [
        ({}, np.zeros(5), np.zeros(5), "rows and columns"),
        ({}, np.full((6, 2), np.inf), [0, 1] * 3, "infinity"),
        ({}, [["a"], ["b"]], [0, 1], "no numbers"),
        ({}, np.ones((6, 2)), [0, 1] * 2, "shape"),
        ({}, np.ones((6, 2)), [0] * 6, "one class"),
        ({}, np.ones((6, 2)), [0] * 5 + [1], "one row"),
        ({}, np.array([[np.nan, 1]] * 6), [0, 1] * 3, "missing in every row"),
        ({"costs": [1, -1]}, np.ones((6, 2)), [0, 1] * 3, "cost of feature 1"),
        ({"costs": [1]}, np.ones((6, 2)), [0, 1] * 3, "costs are given"),
        ({"groups": [[0]]}, np.ones((6, 2)), [0, 1] * 3, "in no group"),
        ({"groups": [[0, 1], [1]]}, np.ones((6, 2)), [0, 1] * 3, "in groups"),
        ({"groups": [[0, 2], [1]]}, np.ones((6, 2)), [0, 1] * 3, "names column 2"),
        ({"groups": [[0, 1], []]}, np.ones((6, 2)), [0, 1] * 3, "empty"),
        ({"scaling": "loud"}, np.ones((6, 2)), [0, 1] * 3, "scaling"),
        ({"eps": 2}, np.ones((6, 2)), [0, 1] * 3, "eps"),
        ({"max_features": 3}, np.ones((6, 2)), [0, 1] * 3, "max_features"),
        ({"validation": 0}, np.ones((6, 2)), [0, 1] * 3, "validation"),
    ],
)
def test_bad_input(change, x, y, said) -> None:
    with pytest.raises(ValueError, match=said):
        DIMEClassifier(**change).fit(x, y)


def test_an_untrained_model_and_wrong_rows(switch) -> None:
    model, x, _ = switch
    with pytest.raises(ValueError, match="fit"):
        DIMEClassifier().predict(x)
    with pytest.raises(ValueError, match="trained on 4"):
        model.predict(x[:, :2])
    with pytest.raises(ValueError, match="no parameter"):
        DIMEClassifier().set_params(depth=3)
    assert DIMEClassifier().set_params(eps=0.2).get_params()["eps"] == 0.2


def test_a_diverged_training_says_so() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(ValueError, match="learning_rate"):
        DIMEClassifier(hidden=(8,), pretraining_steps=200, steps=50, learning_rate=1e30).fit(x, x[:, 0] > 0)


@pytest.mark.full
def test_beats_static_orders_on_digits() -> None:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    model = DIMEClassifier(max_features=15, random_state=3).fit(x[:1200], y[:1200])
    mine = (model.select(x[1200:], Stop(max_queries=10)).labels == y[1200:]).mean()

    def decide(values):
        row = np.full((1, 64), np.nan)
        row[0, list(values)] = list(values.values())
        return model.predict(row)[0]

    order = np.random.default_rng(0).permutation(64).tolist()
    blind = FixedOrder(order, decide, stop=Stop(max_queries=10))
    others = [play(blind, FeatureTable(x[1200:], y[1200:], row=i)).loss for i in range(100)]
    assert mine > 1 - np.mean(others) + 0.15


def test_progress_and_interruption() -> None:
    x = np.random.default_rng(0).normal(size=(200, 3))
    seen, numbers = [], []
    quick = {"hidden": (8,), "pretraining_steps": 50, "steps": 50, "settling_steps": 25}
    told = DIMEClassifier(
        **quick, progress=lambda *a: seen.append(a), callback=lambda step, found: numbers.append(found)
    ).fit(x, x[:, 0] > 0)
    assert {what for _, _, what in seen} == {
        "predicting from any features",
        "learning what to ask",
        "settling what each answer tells",
    }
    assert all(0 < done <= total for done, total, _ in seen)
    assert len(numbers) == len(told.history_["pretraining"]) + len(told.history_["joint"])

    def interrupt(done: int, total: int, what: str) -> None:
        if what == "learning what to ask":
            raise KeyboardInterrupt

    kept = DIMEClassifier(**quick, progress=interrupt).fit(x, x[:, 0] > 0)
    assert kept.history_["stopped"] == "interrupted"
    assert (kept.predict(x) == (x[:, 0] > 0)).mean() > 0.6
