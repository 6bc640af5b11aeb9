"""Limits, domains, the account, delays and storage, apart from any method."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from adami.acquisition import (
    UCB1,
    Contradiction,
    FixedOrder,
    Ledger,
    RandomOrder,
    Stop,
    compare,
    load_policy,
    play,
    policy_class,
    simulate,
)
from adami.acquisition._stored import packed, read_state, unpacked, write_state
from adami.acquisition.domains import Anything, Choice, Product, Real, Reals, Subset, Text, Whole
from adami.acquisition.environments import (
    BernoulliBandit,
    Delayed,
    FeatureTable,
    FromGym,
    LossSequence,
    QuestionBank,
)

X = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    "limits",
    [
        {"budget": 0},
        {"budget": -1.0},
        {"budget": math.inf},
        {"max_queries": 0},
        {"confidence": 0.0},
        {"confidence": 1.1},
        {"penalty": -0.1},
        {"penalty": math.nan},
    ],
)
def test_limits_without_a_meaning(limits) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        Stop(**limits)


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Choice(["a", 1]), "a", "b"),
        (Choice([0, 1]), np.int64(1), 2),
        (Whole(3), 2, 3),
        (Whole(3), np.int8(0), True),
        (Real(0, 1), 0.5, 1.5),
        (Real(), -1e9, math.nan),
        (Real(low=0), 2, -1),
        (Real(high=0), -2, 1),
        (Reals((2,)), [1, 2], [1, 2, 3]),
        (Reals((-1,), 0, 1), np.zeros(5), [0.5, math.inf]),
        (Subset(4, at_most=2), {3, 1}, [0, 0]),
        (Subset(4, at_most=2), [3], [0, 1, 2]),
        (Text(), " hm ", "  "),
        (Product([Whole(2), Text()]), (1, "x"), (2, "x")),
    ],
)
def test_domains(domain, inside, outside) -> None:
    plain = domain.check(inside, "it")
    assert domain.same(domain.check(plain, "it"), plain)
    with pytest.raises(ValueError, match="it"):
        domain.check(outside, "it")
    with pytest.raises(ValueError, match="it"):
        domain.check(object(), "it")
    for seed in range(20):
        drawn = domain.sample(np.random.default_rng(seed))
        assert domain.same(domain.check(drawn, "it"), domain.check(drawn, "it"))


def test_a_choice_tells_which_one_is_meant() -> None:
    assert Choice(["yes", "no"]).check(np.str_("yes"), "answer") == "yes"
    with pytest.raises(ValueError, match="none of 'yes', 'no'"):
        Choice(["yes", "no"]).check("maybe", "answer")
    assert Anything().check(None, "answer") is None


def test_ledger_counts_bits_and_channels() -> None:
    ledger = Ledger()
    ledger.charge(bits=12, uplink=7)
    ledger.charge(bits=3)
    assert ledger.spent["bits"] == 15
    assert ledger.spent["uplink"] == 7
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="bits"):
            ledger.charge(cost=1, bits=wrong)
    assert ledger.spent["cost"] == 0


def test_costs_and_budget() -> None:
    policy = FixedOrder([0, 1, 2], costs=[0.1, 0.2, 0.3], stop=Stop(budget=0.3))
    record = play(policy, FeatureTable(X))
    assert record.queries == [0, 1]
    assert record.stop_reason == "budget"
    for wrong in ([1, 1], [1, 1, 0], [1, 1, -1], [1, 1, math.nan]):
        with pytest.raises(ValueError, match="cost"):
            FixedOrder([0, 1, 2], costs=wrong)


def test_refused_features_are_skipped() -> None:
    x = X.copy()
    x[:, 1] = math.nan
    record = play(FixedOrder([1, 0, 2]), FeatureTable(x))
    assert record.answers[0] is None
    assert sorted(record.decision) == [0, 2]
    assert record.stop_reason == "exhausted"


def test_contradiction_is_a_value_error() -> None:
    policy = FixedOrder([0, 1])
    policy.tell(policy.ask(), 1.0)
    policy.tell(0, 1.0)
    with pytest.raises(Contradiction, match="before"):
        policy.tell(0, 2.0)
    assert policy.spent["queries"] == 1
    assert issubclass(Contradiction, ValueError)


class Gather(UCB1):
    """UCB1 that goes on while answers are on their way."""

    name = "gather"
    asynchronous = True


def test_delays_on_a_simulated_clock() -> None:
    world = Delayed(BernoulliBandit([0.2, 0.9]), lambda rng: rng.exponential(5.0))
    record = play(Gather(2, stop=Stop(max_queries=50)), world, random_state=1)
    assert record.spent["queries"] == 50
    assert record.stop_reason == "max_queries"
    assert record.spent["time"] >= 49
    # one that waits for every answer needs as many latencies
    slow = play(UCB1(2, stop=Stop(max_queries=50)), world, random_state=1)
    assert slow.spent["time"] > 2 * record.spent["time"]


def test_a_budget_counts_what_is_on_its_way() -> None:
    policy = Gather(2, stop=Stop(budget=3))
    assert [policy.ask() for _ in range(5)] == [0, 0, 0, None, None]
    assert not policy.done
    for _ in range(3):
        policy.tell(0, 1.0)
    assert policy.ask() is None
    assert policy.stop_reason == "budget"


def test_environments() -> None:
    bank = {"cat": {"barks?": "no", "legs?": ["4", "four"]}, "dog": {"barks?": "yes", "legs?": "4"}}
    world = QuestionBank(bank, label="cat", wrong=1.0)
    assert world.answer("barks?") == "yes"
    assert {QuestionBank(bank, random_state=s).truth for s in range(10)} == {"cat", "dog"}
    with pytest.raises(ValueError, match="no label"):
        QuestionBank(bank, label="cow")
    with pytest.raises(ValueError, match="no answer"):
        world.answer("flies?")
    losses = LossSequence([[0, 1], [1, 0], [0, 1]])
    assert [losses.answer(1), losses.regret(1)] == [1.0, 1.0]
    assert losses.answer([0, 1]).tolist() == [1, 0]
    losses.answer(0)
    assert losses.done
    with pytest.raises(RuntimeError, match="over"):
        losses.answer(0)
    with pytest.raises(ValueError, match="means"):
        BernoulliBandit([0.5, 1.5])


def test_an_episode_of_gymnasium() -> None:
    pytest.importorskip("gymnasium")
    world = FromGym("CartPole-v1", random_state=3)
    again = FromGym("CartPole-v1", random_state=3)
    np.testing.assert_array_equal(world.context(), again.context())
    while not world.done:
        told = world.answer(0)
    assert told["terminated"]
    assert world.loss(None) == -world.returned < 0


def test_lanes_run_much_faster_and_the_same() -> None:
    at_once = simulate(UCB1(3), BernoulliBandit([0.2, 0.5, 0.8]), range(5), rounds=60)
    one_by_one = simulate(UCB1(3), BernoulliBandit([0.2, 0.5, 0.8]), range(5), rounds=60, lanes=False)
    np.testing.assert_allclose(at_once.regret, one_by_one.regret)
    mean, low, high = at_once.interval()
    assert (low <= mean).all()
    assert (mean <= high).all()
    with pytest.raises(ValueError, match="no form"):
        simulate(RandomOrder(3), FeatureTable(X), [0], rounds=2, lanes=True)


def test_comparison() -> None:
    found = compare(
        {"one": FixedOrder([0, 1, 2], len, stop=Stop(max_queries=1)), "all": FixedOrder([0, 1, 2], len)},
        FeatureTable(X, [3, 3, 3, 3]),
        range(5),
    )
    assert found.values("loss")["one"].mean() == 1
    assert found.values("loss")["all"].mean() == 0
    assert "| all | 5 | 0 ± 0 | 3 ± 0 |" in found.table()
    with pytest.raises(ValueError, match="charged no"):
        found.values("uplink")


def test_what_is_stored_comes_back() -> None:
    value = {
        "plain": [1, 2.5, None, True, "text", math.inf],
        "tuple": (1, (2, "x")),
        "set": {1, 2},
        "array": np.arange(6).reshape(2, 3),
        "map": {1: "a", (2, 3): np.float32(1.5)},
        "scalar": np.array(3.0),
    }
    arrays: dict = {}
    text = json.dumps(packed(value, arrays, "v"), allow_nan=False)
    back = unpacked(json.loads(text), arrays)
    assert back["plain"] == value["plain"]
    assert back["tuple"] == value["tuple"]
    assert back["set"] == value["set"]
    assert back["map"] == {1: "a", (2, 3): 1.5}
    np.testing.assert_array_equal(back["array"], value["array"])
    for wrong in (object(), np.array(["a"]), len):
        with pytest.raises(TypeError, match="stored"):
            packed({"x": wrong}, {}, "v")


def test_files(tmp_path) -> None:
    path = tmp_path / "a[1].json"
    write_state(path, {"policy": "x", "w": np.ones(3)})
    first = {p.name for p in tmp_path.iterdir()}
    write_state(path, {"policy": "x", "w": np.zeros(())})
    assert read_state(path)["w"].shape == ()
    # the arrays of the state before are gone
    assert len(list(tmp_path.iterdir())) == 2
    assert {p.name for p in tmp_path.iterdir()} != first
    arrays = next(tmp_path.glob("*.safetensors"))
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match="torn"):
        read_state(path)
    arrays.unlink()
    with pytest.raises(ValueError, match="copy both"):
        read_state(path)
    path.write_text(path.read_text()[:20])
    with pytest.raises(ValueError, match="torn"):
        read_state(path)
    path.write_text(json.dumps({"format": 1, "arrays": "../elsewhere.safetensors"}))
    with pytest.raises(ValueError, match="outside"):
        read_state(path)
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(ValueError, match="format"):
        read_state(path)
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "none.json")
    with pytest.raises(ValueError, match="json"):
        write_state(tmp_path / "a.pkl", {})


def test_loading_the_wrong_thing(tmp_path) -> None:
    UCB1(2).save(tmp_path / "bandit.json")
    with pytest.raises(ValueError, match="ucb1"):
        FixedOrder.load(tmp_path / "bandit.json")
    FixedOrder([0]).save(tmp_path / "order.json")
    with pytest.raises(ValueError, match="decide="):
        load_policy(tmp_path / "order.json")
    with pytest.raises(ValueError, match="did you mean 'ucb1'"):
        policy_class("ucb2")


def test_public_names() -> None:
    import adami.acquisition
    from adami.acquisition import environments

    for package in (adami.acquisition, environments):
        for name in package.__all__:
            assert getattr(package, name) is not None
            assert not (Path(package.__file__).parent / f"{name}.py").exists()
    with pytest.raises(AttributeError, match="nothing"):
        adami.acquisition.nothing  # noqa: B018
