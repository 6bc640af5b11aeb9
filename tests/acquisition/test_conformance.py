"""What every registered policy has in common: one suite, run over all of them."""

from __future__ import annotations

import importlib
import inspect
import json
import math

import numpy as np
import pytest

from adami.acquisition import Policy, Stop, load_policy, play, policy_class, policy_names
from adami.acquisition._ledger import Contradiction
from adami.acquisition._stored import packed
from adami.acquisition.environments import REFUSED, Environment
from adami.acquisition.registry import POLICIES

ROUNDS = 12


@pytest.fixture(params=policy_names())
def name(request) -> str:
    return request.param


def given(policy: Policy) -> dict:
    return {n: getattr(policy, n) for n in policy.needs}


def frozen(policy: Policy) -> str:
    """Return the state as text, to be compared."""
    arrays: dict[str, np.ndarray] = {}
    told = {k: packed(v, arrays, k) for k, v in policy.state().items()}
    return json.dumps([told, {k: v.tolist() for k, v in arrays.items()}], default=str, sort_keys=True)


def step(policy: Policy, world: Environment) -> bool:
    """Ask once and tell what has arrived; False when it is over."""
    query = None if policy.done or world.done else policy.ask(world.context())
    if query is None:
        return False
    world.send(query)
    world.wait()
    for told, answer in world.arrived():
        if policy.done:
            return False
        if answer is REFUSED:
            policy.refuse(told)
        else:
            policy.tell(told, answer, world.cost(told))
    return True


def test_declares_itself(name: str) -> None:
    cls = policy_class(name)
    assert cls.name == name
    assert POLICIES[name][0] in cls.__module__
    module = importlib.import_module(cls.__module__)
    assert module.__doc__
    assert "Parameters" in (inspect.getdoc(cls) or "")
    policy, _ = cls.example(0)
    for parameter in inspect.signature(cls).parameters:
        assert hasattr(policy, parameter), f"{parameter} is not stored under its name"


def test_runs_and_accounts(name: str) -> None:
    policy, world = policy_class(name).example(3)
    record = play(policy, world, random_state=3, max_rounds=200)
    assert record.stop_reason
    assert record.spent["queries"] >= 1
    assert all(math.isfinite(v) and v >= 0 for v in record.spent.values())
    if policy.keeps_entries:
        assert len(record.entries) == record.spent["queries"]
        assert sum(e.cost for e in record.entries) == pytest.approx(record.spent["cost"])
    if policy.knows_confidence:
        assert 0 <= policy.confidence <= 1
    if (belief := policy.belief()) is not None:
        assert sum(belief.values()) == pytest.approx(1, abs=1e-5)


def test_same_seed_same_run(name: str) -> None:
    states = []
    for _ in range(2):
        policy, world = policy_class(name).example(5)
        play(policy, world, random_state=5, max_rounds=ROUNDS)
        states.append(frozen(policy))
    assert states[0] == states[1]
    play(policy, world, random_state=5, max_rounds=ROUNDS)
    assert frozen(policy) == states[0], "reset() leaves something behind"


def test_asked_twice_it_asks_the_same(name: str) -> None:
    policy, world = policy_class(name).example(0)
    if policy.asynchronous:
        pytest.skip("asks on while answers are on their way")
    context = world.context()
    first, before = policy.ask(context), frozen(policy)
    domain = policy.queries()
    assert domain.same(domain.check(first, "query"), domain.check(policy.ask(context), "query"))
    assert frozen(policy) == before


def test_early_stop(name: str) -> None:
    policy, world = policy_class(name).example(0)
    policy.stop = Stop(max_queries=2)
    policy.reset()
    for _ in range(4):
        step(policy, world)
    assert policy.done
    # a policy may have been sure after one
    assert policy.spent["queries"] <= 2
    assert policy.stop_reason
    assert policy.ask(world.context()) is None
    policy.recommend()
    with pytest.raises(RuntimeError, match="stopped"):
        policy.tell(policy.queries().sample(np.random.default_rng(0)), None)
    policy.reset()
    assert not policy.done
    assert policy.ask(world.context()) is not None


def test_budget_is_never_exceeded(name: str) -> None:
    policy, world = policy_class(name).example(0)
    query = policy.ask(world.context())
    price = policy.cost(query)
    assert price > 0
    budget = 2.5 * price
    policy.stop = Stop(budget=budget)
    policy.reset(1)
    world.reset(1)
    play(policy, world, random_state=None, max_rounds=ROUNDS)
    assert policy.spent["cost"] <= budget * (1 + 1e-6)


def test_what_lies_outside_is_refused_without_a_trace(name: str) -> None:
    policy, world = policy_class(name).example(0)
    step(policy, world)
    if policy.done:
        pytest.skip("sure after one answer")
    query, before = policy.ask(world.context()), None
    before = frozen(policy)
    for wrong in (object(), math.nan):
        with pytest.raises(ValueError):
            policy.tell(query, wrong)
    with pytest.raises(ValueError):
        policy.tell(object(), world.answer(query))
    with pytest.raises(ValueError, match="cost"):
        policy.tell(query, world.answer(query), -1.0)
    assert frozen(policy) == before


def test_a_query_that_was_not_asked(name: str) -> None:
    policy, world = policy_class(name).example(0)
    query = policy.ask(world.context())
    if policy.foreign:
        pytest.skip("welcomes data of others")
    domain, rng = policy.queries(), np.random.default_rng(0)
    for _ in range(200):
        other = domain.check(domain.sample(rng), "query")
        if not domain.same(other, domain.check(query, "query")):
            break
    else:
        pytest.skip("there is but one query")
    before = frozen(policy)
    with pytest.raises(ValueError, match="not asked"):
        policy.tell(other, policy.answers(other).sample(rng))
    assert frozen(policy) == before


def test_a_contradictory_answer(name: str) -> None:
    policy, world = policy_class(name).example(0)
    if policy.repeats:
        pytest.skip("answers differ from time to time")
    step(policy, world)
    if policy.done or not policy.keeps_entries:
        pytest.skip("nothing is left to contradict")
    first = policy.ledger.entries[0]
    before = frozen(policy)
    policy.tell(first.query, first.answer)
    assert frozen(policy) == before, "the same answer again is no news"
    domain, rng = policy.answers(first.query), np.random.default_rng(0)
    for _ in range(200):
        other = domain.check(domain.sample(rng), "answer")
        if not domain.same(other, first.answer):
            break
    else:
        pytest.skip("there is but one answer")
    with pytest.raises(Contradiction):
        policy.tell(first.query, other)
    assert frozen(policy) == before


def test_a_refused_answer(name: str) -> None:
    policy, world = policy_class(name).example(0)
    query = policy.ask(world.context())
    policy.refuse(query, cost=0.0)
    assert policy.spent["queries"] == 1
    if not policy.done:
        after = policy.ask(world.context())
        domain = policy.queries()
        if after is not None and not policy.repeats:
            assert not domain.same(domain.check(after, "query"), domain.check(query, "query"))
    policy.recommend()


def test_save_and_load_in_the_middle(name: str, tmp_path) -> None:
    policy, world = policy_class(name).example(7)
    other, twin = policy_class(name).example(7)
    for _ in range(2):
        step(policy, world)
        step(other, twin)
    if not policy.done:
        # an answer is on its way
        policy.ask(world.context())
        other.ask(twin.context())
    policy.save(tmp_path / "run.json")
    loaded = load_policy(tmp_path / "run.json", **given(policy))
    assert type(loaded) is type(policy)
    assert frozen(loaded) == frozen(policy)
    for _ in range(ROUNDS):
        went_on = step(loaded, world)
        assert step(other, twin) == went_on
        if not went_on:
            break
    assert frozen(loaded) == frozen(other)
    assert not list(tmp_path.glob("*.pkl"))
    for file in tmp_path.iterdir():
        assert file.suffix in (".json", ".safetensors")


def test_meaningless_limits(name: str) -> None:
    cls = policy_class(name)
    policy, _ = cls.example(0)
    parameters = {n: getattr(policy, n) for n in inspect.signature(cls).parameters}
    if not cls.knows_confidence:
        with pytest.raises(ValueError, match="confidence"):
            cls(**{**parameters, "stop": Stop(confidence=0.9)})
    if not cls.knows_gain:
        with pytest.raises(ValueError, match="penalty"):
            cls(**{**parameters, "stop": Stop(penalty=0.1)})


def test_lanes_are_the_single_runs(name: str) -> None:
    from adami.acquisition import simulate

    policy, world = policy_class(name).example(0)
    seeds = [0, 1, 2]
    if policy.in_lanes(seeds) is None or world.in_lanes(seeds) is None:
        pytest.skip("has no form for many seeds at once")
    at_once = simulate(policy, world, seeds, rounds=20, looks=4, lanes=True)
    one_by_one = simulate(policy, world, seeds, rounds=20, looks=4, lanes=False)
    np.testing.assert_allclose(at_once.regret, one_by_one.regret, rtol=1e-9)
