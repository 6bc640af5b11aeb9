"""Conformal pursuit: bounds, coverage, choices, roles of language models."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from adami.acquisition import (
    CasePool,
    ConformalPursuit,
    LanguageAnswerer,
    LanguagePredictor,
    LanguageQuestioner,
    NaiveBayesPredictor,
    Recorded,
    Replayed,
    ScriptedModel,
    Stop,
    conformal_threshold,
    entropy_upper_bound,
    play,
)
from adami.acquisition._question_pools import random_histories
from adami.acquisition.environments import QuestionBank

BANK = {
    "cat": {"barks?": "no", "flies?": "no", "purrs?": "yes"},
    "dog": {"barks?": "yes", "flies?": "no", "purrs?": "no"},
    "owl": {"barks?": "no", "flies?": "yes", "purrs?": "no"},
    "hen": {"barks?": "no", "flies?": ["no", "yes"], "purrs?": "no"},
}


def noisy_bits(n: int, seed: int, labels: int = 8, questions: int = 12):
    """Labels whose answers are coins of their own."""
    rng = np.random.default_rng(0)
    chances = rng.choice([0.1, 0.9], size=(labels, questions))
    rng = np.random.default_rng([seed, 1])
    y = rng.integers(labels, size=n)
    answers = (rng.random((n, questions)) < chances[y]).astype(int)
    return CasePool.from_table(answers, y.tolist(), [f"q{j}" for j in range(questions)])


def test_threshold() -> None:
    scores = np.arange(1, 100) / 100
    assert conformal_threshold(scores, 0.1) == 0.90
    assert conformal_threshold(scores[:5], 0.1) == math.inf
    for wrong in (0, 0.6, 1):
        with pytest.raises(ValueError, match="alpha"):
            conformal_threshold(scores, wrong)
    with pytest.raises(ValueError, match="scores"):
        conformal_threshold([], 0.1)


def test_coverage_of_thresholds() -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(400):
        level = conformal_threshold(rng.normal(size=60), 0.1)
        hits.append((rng.normal(size=50) <= level).mean())
    assert np.mean(hits) == pytest.approx(0.9, abs=0.012)
    # without the correction for the sample the promise is broken
    plain = [(rng.normal(size=200) <= np.quantile(rng.normal(size=8), 0.9)).mean() for _ in range(400)]
    assert np.mean(plain) < 0.87


def test_bound_is_one() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        posterior = rng.dirichlet(np.full(12, 0.4), size=6)
        truth = float(-(posterior * np.log(posterior)).sum(1).mean())
        sharp = posterior**3 / (posterior**3).sum(1, keepdims=True)
        x = rng.integers(6, size=3000)
        y = np.array([rng.choice(12, p=posterior[i]) for i in x])
        sets = sharp[x] >= 0.05
        assert entropy_upper_bound(sets, y) > truth - 0.05
        believed = -(sharp * np.log(sharp)).sum(1).mean()
        assert believed < truth


def test_bound_in_closed_form() -> None:
    sets = np.array([[1, 1, 0, 0]] * 4, dtype=bool)
    assert entropy_upper_bound(sets, [0, 1, 0, 2]) == pytest.approx(
        -0.25 * math.log(0.25) - 0.75 * math.log(0.75) + math.log(2)
    )
    nominal = entropy_upper_bound(sets, [0, 1, 0, 1], 0.1, 99)
    assert nominal == pytest.approx(-0.1 * math.log(0.1) - 0.9 * math.log(0.9) + (0.9 + 0.01) * math.log(2))
    # an empty set misses, and leaves everything open
    assert entropy_upper_bound(np.zeros((2, 4), dtype=bool), [0, 1]) == pytest.approx(math.log(4))
    for sets, labels, more in (
        (np.ones(3), [0], ()),
        (np.ones((1, 2)), [2], ()),
        (np.ones((1, 2)), [0], (0.1,)),
    ):
        with pytest.raises(ValueError):
            entropy_upper_bound(sets, labels, *more)


def test_sets_cover_as_promised() -> None:
    pool, fresh = noisy_bits(600, 0), noisy_bits(600, 1)
    predictor = NaiveBayesPredictor.from_pool(pool, temperature=0.4)
    policy = ConformalPursuit(predictor, pool, n_calibration=400).calibrate(6)
    rng = np.random.default_rng(5)
    for length in (1, 3, 6):
        histories, codes = random_histories(fresh, length, 600, rng)
        p = predictor.predict(histories)
        covered = policy.set_of(p, length)[np.arange(600), codes]
        assert covered.mean() > 0.9 - 0.045


@pytest.mark.parametrize("rule", ["conformal", "entropy", "random"])
def test_games_are_won(rule) -> None:
    pool = noisy_bits(400, 0)
    policy = ConformalPursuit(
        NaiveBayesPredictor.from_pool(pool), pool, rule=rule, stop=Stop(confidence=0.95, max_queries=10)
    ).calibrate(12)
    wins, asked = [], []
    for case in range(20):
        told = {q: pool.answer(case, q, policy.rng) for q in pool.questions}
        label = pool.classes[pool.codes[case]]
        record = play(policy, QuestionBank({label: told}), random_state=case)
        wins.append(record.decision == label)
        asked.append(record.spent["queries"])
        assert len(set(record.queries)) == len(record.queries)
    assert np.mean(wins) > 0.7
    assert max(asked) <= 10


@pytest.mark.parametrize(
    ("coverage", "sampling"), [("nominal", "uniform"), ("empirical", "model"), ("nominal", "matched")]
)
def test_variants_ask_what_splits(coverage, sampling) -> None:
    pool = CasePool.from_bank(
        {
            f"animal {i}": {
                "half?": "yes" if i < 4 else "no",
                "none?": "no",
                "one?": "yes" if i == 0 else "no",
            }
            for i in range(8)
        }
    )
    predictor = NaiveBayesPredictor.from_pool(pool, smoothing=0.01)
    policy = ConformalPursuit(predictor, pool, coverage=coverage, sampling=sampling).calibrate(3)
    assert policy.ask() == "half?"


def test_why_it_stops() -> None:
    pool = CasePool.from_bank(BANK)
    policy = ConformalPursuit(NaiveBayesPredictor.from_pool(pool, smoothing=0.01), pool).calibrate(3)
    record = play(policy, QuestionBank(BANK, label="dog"))
    assert record.decision == "dog"
    assert record.stop_reason == "single"
    short = ConformalPursuit(NaiveBayesPredictor.from_pool(pool), pool, stop_at_single=False).calibrate(1)
    assert play(short, QuestionBank(BANK, label="dog")).stop_reason == "calibrated length"
    with pytest.raises(ValueError, match="calibrate"):
        ConformalPursuit(NaiveBayesPredictor.from_pool(pool), pool).ask()


def test_bad_input() -> None:
    pool = CasePool.from_bank(BANK)
    predictor = NaiveBayesPredictor.from_pool(pool)
    for wrong in ({"alpha": 0.7}, {"coverage": "x"}, {"sampling": "x"}, {"rule": "x"}, {"n_draws": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ConformalPursuit(predictor, pool, **wrong)
    with pytest.raises(ValueError, match="no answer of 'b'"):
        CasePool.from_bank({"a": {"q": "x"}, "b": {}})
    with pytest.raises(ValueError, match="two labels"):
        CasePool.from_bank({"a": {"q": "x"}})
    with pytest.raises(ValueError, match="proposer"):
        ConformalPursuit(predictor, CasePool(["a", "b"], lambda case, question, rng: "yes"))
    with pytest.raises(ValueError, match="above 0"):
        NaiveBayesPredictor({"q": {"a": [0.0, 1.0]}})
    with pytest.raises(ValueError, match="no likelihood"):
        predictor.predict([[("barks?", "maybe")]])


def test_three_roles_of_language_models(tmp_path) -> None:
    animals = list(BANK)

    def knows(case: str, question: str) -> str:
        found = BANK[case][question]
        return found if isinstance(found, str) else found[0]

    def score(messages, option: str) -> float:
        text = messages[-1]["content"] if messages[-1]["role"] == "user" else messages[1]["content"]
        if option in ("yes", "no"):
            return 0.0 if knows(messages[0]["content"].rsplit(" ", 1)[-1], text) == option else -9.0
        lines = [line.split(". ", 1)[1] for line in text.splitlines() if line[:1].isdigit()]
        return sum(0.0 if knows(option, q) == a else -4.0 for q, a in (li.rsplit(" ", 1) for li in lines))

    questions = json.dumps(list(BANK["cat"]))
    model = Recorded(ScriptedModel(lambda messages: f"Sure: {questions}", score), tmp_path / "said.jsonl")

    def played(model):
        pool = CasePool(
            animals, LanguageAnswerer(model, animals), options={q: ["yes", "no"] for q in BANK["cat"]}
        )
        policy = ConformalPursuit(
            LanguagePredictor(model, animals),
            pool,
            n_draws=8,
            proposer=LanguageQuestioner(model, animals, count=3),
            stop=Stop(confidence=0.9),
        ).calibrate(3, pool=CasePool.from_bank(BANK))
        return play(policy, QuestionBank(BANK, label="owl"))

    record = played(model)
    assert record.decision == "owl"
    assert record.stop_reason in ("confidence", "single")
    again = played(Replayed(tmp_path / "said.jsonl"))
    assert again.queries == record.queries


def test_a_questioner_that_talks_nonsense() -> None:
    with pytest.raises(ValueError, match="no new question"):
        LanguageQuestioner(ScriptedModel(lambda m: "I cannot."), ["a", "b"]).propose([])
    told = ScriptedModel(["[1, 2]", 'well ["Is it a?", "Does it fly?"] indeed'])
    assert LanguageQuestioner(told, ["a", "b"]).propose([("is it A?", "no")]) == ["Does it fly?"]
    bad = ScriptedModel(lambda m: "", lambda m, option: math.nan)
    with pytest.raises(ValueError, match="scored"):
        LanguagePredictor(bad, ["a", "b"]).predict([[]])


@pytest.mark.full
def test_traps_mislead_entropies() -> None:
    import importlib

    study = importlib.import_module("studies.49_conformal_pursuit")
    found = study.digits(7, 40, 16, ("recommended", "entropy"))
    assert found["recommended"] > found["entropy"] + 0.1


def test_an_endpoint_that_fails_loses_no_answer() -> None:
    pool = CasePool.from_bank(BANK)

    class Flaky:
        def __init__(self) -> None:
            self.real = NaiveBayesPredictor.from_pool(pool, smoothing=0.1)
            self.broken = False

        def predict(self, histories):
            if self.broken:
                raise ConnectionError("no answer in 5 attempts")
            return self.real.predict(histories)

    predictor = Flaky()
    policy = ConformalPursuit(predictor, pool, stop_at_single=False).calibrate(3)
    first = policy.ask()
    policy.tell(first, "no")
    second = policy.ask()
    predictor.broken = True
    with pytest.raises(ConnectionError):
        policy.tell(second, "no")
    assert policy.history == [(first, "no")]
    assert policy.spent["queries"] == 1
    predictor.broken = False
    assert policy.ask() == second
    policy.tell(second, "no")
    assert policy.history == [(first, "no"), (second, "no")]
