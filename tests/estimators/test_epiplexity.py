"""Epiplexity by networks: what noise, rules and constants cost, both codes, the recipe's guards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.base import clone

from adami.estimators import Epiplexity, EpiplexityResult, Plugin, automaton_pairs, shuffled_within

torch = pytest.importorskip("torch")

SMALL = {
    "width": 32,
    "batch_size": 32,
    "warmup": 10,
    "ema": 10,
    "learning_rate": 0.02,
    "looks": 4,
    "device": "cpu",
}


def learner(**settings):
    return Epiplexity(**{**SMALL, **settings})


def copies(n=1600, width=6, seed=0):
    """Return rows of bits and the same rows backwards and negated: a rule that is learnt at once."""
    first = np.random.default_rng(seed).integers(0, 2, size=(n, width))
    return first, 1 - first[:, ::-1]


def noise(n=1600, width=6, seed=1):
    return np.random.default_rng(seed).integers(0, 2, size=(n, width))


@pytest.mark.parametrize("method", ["prequential", "requential"])
def test_noise_is_noise_and_a_rule_is_structure(method):
    first, last = copies()
    rule = learner(method=method).estimate(last, given=first)
    dice = learner(method=method).estimate(noise(), given=first)
    assert isinstance(rule, EpiplexityResult)
    assert 3 * abs(dice.S) < rule.S
    assert rule.H < 0.2 * dice.H
    assert "not_converged" not in dice.S.flags
    assert pytest.approx(dice.test_tokens * math.log(2), rel=0.03) == dice.H
    assert rule.total == pytest.approx(float(rule.S) + float(rule.H))


def test_what_is_given_is_free():
    first, last = copies()
    alone = learner().estimate(last)
    assert alone.H > 0.9 * last.size * math.log(2) > 10 * learner().estimate(last, given=first).H


def test_prequential_is_the_area_of_the_curve_above_its_end():
    first, last = copies(800)
    found = learner().estimate(last, given=first)
    tokens = np.diff(found.curve[:, 0], prepend=0)
    area = float(tokens @ (found.curve[:, 1] - found.S.details["loss"]))
    assert pytest.approx(area, rel=1e-9) == found.S
    assert found.S.details["prequential"] == found.S
    # before anything is learnt both values are as likely
    assert found.curve[0, 1] == pytest.approx(math.log(2), abs=0.15)


def test_the_end_may_be_the_final_model_on_the_stream_itself():
    first, last = copies(800)
    apart = learner().estimate(last, given=first).S
    stream = learner(reference="stream").estimate(last, given=first).S
    assert stream == pytest.approx(apart, rel=0.1)
    assert stream != apart


def test_models_that_never_learn_need_no_code():
    first, last = automaton_pairs(54, 320, 8, 4)
    found = learner(method="requential", learning_rate=0.0).estimate(last, given=first)
    assert 0 <= found.S < 1e-6 * last.size


def test_a_student_that_sees_samples_only_lags_behind_its_teacher():
    first, last = copies(960)
    found = learner(method="requential", max_kl=None).estimate(last, given=first)
    assert found.S.details["loss"] >= found.S.details["teacher_loss"]


def test_rigorous_adds_the_naming_of_each_message():
    first, last = copies(640)
    plain = learner(method="requential").estimate(last, given=first)
    full = learner(method="requential", rigorous=True).estimate(last, given=first)
    assert pytest.approx(plain.S.details["overhead"], rel=1e-6) == full.S - plain.S
    assert plain.S.details["overhead"] > 5.21 * math.log(2) * len(plain.curve)


def test_a_cap_makes_the_teacher_pause():
    first, last = copies(960)
    tight = learner(method="requential", max_kl=0.02, learning_rate=0.01).estimate(last, given=first)
    free = learner(method="requential", max_kl=None, learning_rate=0.01).estimate(last, given=first)
    assert tight.S.details["paused"] > free.S.details["paused"] == 0


def test_a_cap_that_stops_the_teacher_is_refused():
    with pytest.raises(ValueError, match="paused the teacher in more than 90 %"):
        learner(method="requential", max_kl=1e-9).estimate(noise(640))


def test_resets_of_the_teacher_are_the_other_control():
    first, last = copies(6400)
    found = learner(method="requential", control="iso_loss", learning_rate=0.01).estimate(last, given=first)
    assert found.S.details["alone"] > 0
    assert found.S.details["paused"] == 0
    assert 0.1 * last.size * math.log(2) > found.H


@pytest.mark.parametrize("model", ["mlp", "gru", "transformer"])
def test_all_families_learn_a_cycle(model):
    rows = np.add.outer(np.random.default_rng(0).integers(0, 3, 1600), np.arange(6)) % 3
    found = learner(model=model).estimate(rows)
    # only the first token of each row is a surprise
    assert found.H / rows.size == pytest.approx(math.log(3) / 6, rel=0.25)
    requential = learner(model=model, width=16, method="requential", max_kl=None).estimate(rows[:320])
    assert requential.S > 0


@pytest.mark.parametrize("model", ["mlp", "gru", "transformer"])
@pytest.mark.parametrize("n_given", [0, 4])
def test_samples_come_with_the_logits_that_the_model_gives_them(model, n_given):
    from adami.estimators._nets.token_nets import made, sample

    network = made(model, (3, 5, 2, n_given), 16, 1)
    generator = torch.Generator().manual_seed(0)
    given = torch.randint(2, (4000, n_given), generator=generator) if n_given else None
    drawn, logits = sample(network, given, 4000, 5, torch.rand(4000, 5, generator=generator))
    with torch.no_grad():
        torch.testing.assert_close(logits, network(given, drawn), atol=1e-5, rtol=1e-4)
    # each symbol comes as often as its probability says
    shares = torch.nn.functional.one_hot(drawn, 3).double().mean(dim=0)
    expected = torch.softmax(logits, dim=-1).double().mean(dim=0)
    torch.testing.assert_close(shares, expected, atol=0.03, rtol=0)


def test_a_model_of_ones_own_and_one_that_reads_ahead():
    class Even(torch.nn.Module):
        def __init__(self, n_symbols, length, given_symbols, n_given):
            super().__init__()
            self.logits = torch.nn.Parameter(torch.zeros(length, n_symbols))

        def forward(self, given, tokens):
            return self.logits.expand(len(tokens), -1, -1)

    class Oracle(Even):
        def forward(self, given, tokens):
            return self.logits + torch.nn.functional.one_hot(tokens, self.logits.shape[1])

    rows = noise(320)
    assert pytest.approx(rows.size * math.log(2), rel=0.02) == learner(model=Even).estimate(rows).H
    with pytest.raises(ValueError, match="reads ahead"):
        learner(model=Oracle).estimate(rows)


def test_budgets_read_the_frontier_of_several_sizes():
    first, last = copies()
    sizes = learner(width=(4, 32)).estimate(last, given=first)
    points = sizes.frontier.points
    assert len({p.parameters for p in points}) == 2
    low, high = (np.quantile([p.compute for p in points], q) for q in (0.5, 1.0))
    found = learner(width=(4, 32), budgets=(high, low)).estimate(last, given=first)
    assert [p.compute <= b for p, b in zip(found.readings, (low, high))] == [True, True]
    assert found.readings[-1].structure == found.S
    with pytest.raises(ValueError, match="below the cheapest model"):
        learner(width=4, budgets=(1.0,)).estimate(last, given=first)


def test_more_test_tokens_count_in_the_noise_only():
    first, last = copies(640)
    small, large = (learner(test_tokens=tokens).estimate(last, given=first) for tokens in (last.size, 1e6))
    assert small.S == large.S
    assert pytest.approx(1e6 / last.size) == large.H / small.H


def test_it_is_no_shannon_information():
    found = learner().estimate(noise(320))
    assert found.S.measure == found.H.measure == "epiplexity"
    with pytest.raises(TypeError, match="different measures"):
        found.S + Plugin().estimate([0, 1, 0, 1])


def test_the_order_of_tokens_is_structure():
    rows = np.add.outer(np.random.default_rng(0).integers(0, 4, 960), np.arange(8)) % 4
    plain, mixed = (learner(n_symbols=4).estimate(r) for r in (rows, shuffled_within(rows)))
    assert mixed.S < plain.S
    assert mixed.H > 2 * plain.H


def test_same_seed_same_answer_and_another_seed_another():
    rows = noise(320)
    for method in ("prequential", "requential"):
        a, b, c = (learner(method=method, random_state=s).estimate(rows) for s in (3, 3, 4))
        assert float(a.S) == float(b.S) != float(c.S)


def test_a_training_goes_on_where_it_was_cut_off(tmp_path):
    first, last = copies(640)
    settings = {"method": "requential", "max_kl": None}
    whole = learner(**settings).estimate(last, given=first)
    seen = []

    def cut(step, numbers):
        seen.append(step)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learner(**settings, checkpoint=tmp_path, callback=cut).estimate(last, given=first)
    resumed = learner(**settings, checkpoint=tmp_path, callback=lambda step, _: seen.append(step))
    found = resumed.estimate(last, given=first)
    assert float(found.S) == float(whole.S)
    assert float(found.H) == float(whole.H)
    # the cut came before the third look was stored
    assert len(seen) == 3 + 2
    with pytest.raises(ValueError, match="another recipe"):
        learner(**settings, checkpoint=tmp_path, batch_size=16).estimate(last, given=first)


def test_text_is_cut_into_rows_and_the_rest_is_told():
    found = learner(model="gru", width=8, length=10).estimate("to be or not to be " * 30)
    assert "remainder" not in found.flags
    found = learner(model="gru", width=8, length=16).estimate("to be or not to be " * 30)
    assert "remainder" in found.flags


def test_a_second_pass_is_flagged():
    assert "repeated" in learner(epochs=2).estimate(noise(320)).flags
    assert "repeated" not in learner().estimate(noise(320)).flags


def test_a_curve_that_ends_above_its_minimum_is_flagged():
    easy, hard = np.zeros((640, 6), dtype=int), noise(320)
    found = learner().estimate(np.vstack([easy, hard]))
    assert "not_converged" in found.flags


def test_the_curve_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = learner().estimate(noise(320))
    ax = found.plot()
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.curve[:, 1])
    assert ax.lines[1].get_ydata()[0] == found.S.details["loss"]
    plt.close(ax.figure)


def test_progress_is_told():
    told = []
    learner(progress=lambda done, total, what: told.append((done, total))).estimate(noise(320))
    assert told[-1] == (10, 10)


def test_parameters_as_scikit_learn_knows_them():
    twin = clone(learner(method="requential"))
    assert twin.get_params()["ema"] == 10
    assert "method='requential'" in repr(twin)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magic"}, "choose 'prequential' or 'requential'"),
        ({"control": "hope"}, "choose 'max_kl' or 'iso_loss'"),
        ({"reference": "x"}, "choose 'apart' or 'stream'"),
        ({"model": "lstm"}, "choose 'mlp'"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"ema": 0}, "ema is positive"),
        ({"max_kl": 0.0}, "max_kl=0"),
        ({"apart": 0.9}, "apart lies between"),
        ({"test_tokens": 0}, "test_tokens=0"),
        ({"n_symbols": 1}, "n_symbols=1"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        learner(**settings).estimate(noise(64))


def test_streams_that_are_none():
    with pytest.raises(ValueError, match="whole numbers"):
        learner().estimate(np.random.default_rng(0).normal(size=(50, 4)))
    with pytest.raises(ValueError, match="negative"):
        learner().estimate(-np.ones((50, 4), dtype=int))
    with pytest.raises(ValueError, match="at least 4 rows"):
        learner().estimate(np.zeros((3, 4), dtype=int), None)
    with pytest.raises(ValueError, match="needs 50 rows"):
        learner().estimate(noise(50), given=noise(49))
    with pytest.raises(ValueError, match="one stream"):
        learner().estimate(noise(50), noise(50))
    with pytest.raises(ValueError, match="keeps none"):
        learner().estimate(noise(8))


def test_a_training_that_diverges_is_refused():
    class Broken(torch.nn.Module):
        def __init__(self, n_symbols, length, given_symbols, n_given):
            super().__init__()
            self.logits = torch.nn.Parameter(torch.zeros(length, n_symbols))

        def forward(self, given, tokens):
            logits = self.logits.expand(len(tokens), -1, -1)
            return logits if len(tokens) == 1 else logits * math.inf

    with pytest.raises(ValueError, match="diverged at step 1"):
        learner(model=Broken).estimate(noise(320))
