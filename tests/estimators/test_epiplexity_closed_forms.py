"""Counting learners, scaling laws, the lower frontier and the tasks: everything that has an exact answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from adami.estimators import (
    CodePoint,
    Plugin,
    automaton_pairs,
    cellular_automaton,
    hidden_rule_chains,
    lower_frontier,
    markov_epiplexity,
    scaling_law_area,
    scaling_law_epiplexity,
    shuffled_within,
    training_compute,
)
from adami.exact import KrichevskyTrofimov, arithmetic_encode

N, V = 20_000, 4
LAW = {"alpha": 0.34, "beta": 0.28, "N0": 5e6, "t0": 2e9, "E": 1.7, "C": 1e22, "D": 1e10}


def chain(seed=0):
    rng = np.random.default_rng(seed)
    ends = rng.dirichlet(np.ones(V), size=V).cumsum(axis=1)
    out = np.zeros(N, dtype=int)
    for t, dice in enumerate(rng.random(N - 1)):
        out[t + 1] = min(int((ends[out[t]] < dice).sum()), V - 1)
    return out


# -- counting learners -----------------------------------------------------------------------------


def test_even_noise_is_order_zero():
    found = markov_epiplexity(np.random.default_rng(0).integers(0, V, N), n_symbols=V)
    # redundancy of the half-count code: (V-1)/2 ln(n/2pi) + ln(Gamma(1/2)^V / Gamma(V/2))
    theory = (V - 1) / 2 * math.log(N / (2 * math.pi)) + V * math.lgamma(0.5) - math.lgamma(V / 2)
    assert found.order == 0
    assert pytest.approx(theory, abs=0.05) == found.S
    assert pytest.approx(14.4, rel=0.01) == found.S
    assert pytest.approx(N * math.log(V), rel=1e-3) == found.H


def test_a_constant_in_closed_form():
    found = markov_epiplexity(np.zeros(N, dtype=int), n_symbols=V)
    noise = N * math.log((N + V / 2) / (N + 0.5))
    total = math.lgamma(N + V / 2) - math.lgamma(V / 2) - math.lgamma(N + 0.5) + math.lgamma(0.5)
    assert found.order == 0
    assert pytest.approx(noise, rel=1e-9) == found.H
    assert pytest.approx(total - noise, rel=1e-7) == found.S
    assert (round(found.S, 1), round(found.H, 1)) == (13.9, 1.5)


def test_a_chain_is_order_one():
    found = markov_epiplexity(chain(), n_symbols=V)
    assert found.order == 1
    assert pytest.approx(V * (V - 1) / 2 * math.log(N / V), rel=0.1) == found.S
    # a shuffle has less structure and more noise
    mixed = markov_epiplexity(np.random.default_rng(0).permutation(chain()), n_symbols=V)
    assert mixed.order == 0
    assert mixed.S < found.S
    assert mixed.H > found.H


def test_a_learner_charges_noise_for_parameters_and_only_the_best_one_counts():
    found = markov_epiplexity(np.random.default_rng(0).integers(0, V, N), n_symbols=V)
    assert found.structures[2] > 5 * found.S
    free = markov_epiplexity(np.random.default_rng(0).integers(0, V, N), n_symbols=V, uniform=True)
    assert (free.order, float(free.S)) == (-1, 0.0)


def test_the_total_is_a_code_that_can_be_written():
    tokens = chain()[:2000]
    found = markov_epiplexity(tokens, n_symbols=V)
    bits = 8 * len(arithmetic_encode(tokens, KrichevskyTrofimov(V, found.order)))
    assert bits * math.log(2) == pytest.approx(found.total, abs=8)


def test_text_and_numbers_give_the_same():
    assert float(markov_epiplexity("abab" * 20).S) == float(markov_epiplexity([0, 1] * 40).S)


def test_counting_is_no_shannon_information():
    found = markov_epiplexity([0, 1, 1, 0] * 10)
    with pytest.raises(TypeError, match="different measures"):
        found.S - Plugin().estimate([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("seq", "settings", "message"),
    [
        ([], {}, "whole numbers"),
        ("", {}, "whole numbers"),
        ([0.5, 1.5], {}, "whole numbers"),
        ([-1, 0], {}, "whole numbers"),
        ([0, 0, 0], {}, "single symbol"),
        ([0, 3], {"n_symbols": 2}, "alphabet"),
        ([0, 1], {"max_order": -1}, "max_order=-1"),
    ],
)
def test_sequences_that_are_none(seq, settings, message):
    with pytest.raises(ValueError, match=message):
        markov_epiplexity(np.asarray(seq) if not isinstance(seq, str) else seq, **settings)


# -- scaling laws ----------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.1, 0.28, 0.5, 0.9])
def test_area_under_a_power_law(beta):
    t0, t = 3.0, 1000.0
    area = quad(lambda s: (s / t0) ** -beta - (t / t0) ** -beta, 0, t, limit=400)[0]
    assert scaling_law_area(beta, t0, t) == pytest.approx(area, rel=1e-3)


def total_at(t, law, factor=2.0):
    size = law["C"] / (factor * (3 * t + law["D"]))
    loss = law["E"] + (size / law["N0"]) ** -law["alpha"] + (t / law["t0"]) ** -law["beta"]
    return scaling_law_area(law["beta"], law["t0"], t) + loss * law["D"]


@pytest.mark.parametrize("compute", [1e16, 1e19, 1e22, 1e26])
def test_no_other_number_of_tokens_gives_a_shorter_code(compute):
    law = {**LAW, "C": compute}
    found = scaling_law_epiplexity(**law)
    assert found.total == pytest.approx(total_at(found.tokens, law), rel=1e-12)
    for share in (0.5, 0.9, 0.99, 1.01, 1.1):
        assert total_at(found.tokens * share, law) > found.total
    assert 2 * found.parameters * (3 * found.tokens + law["D"]) == pytest.approx(compute)
    slope = LAW["t0"] ** LAW["beta"] * LAW["beta"] * (LAW["D"] - found.tokens)
    slope *= found.tokens ** (-LAW["beta"] - 1)
    right = 3 * LAW["alpha"] * LAW["D"] * LAW["N0"] ** LAW["alpha"] * (2 / compute) ** LAW["alpha"]
    assert slope == pytest.approx(right * (3 * found.tokens + LAW["D"]) ** (LAW["alpha"] - 1), rel=1e-6)


def test_with_all_compute_every_token_is_learnt_from():
    shares = [scaling_law_epiplexity(**{**LAW, "C": c}).tokens / LAW["D"] for c in (1e18, 1e22, 1e30, 1e60)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=1e-9)
    structures = [scaling_law_epiplexity(**{**LAW, "C": c}).S for c in (1e18, 1e22, 1e30)]
    assert structures == sorted(structures)


@pytest.mark.parametrize(
    "change",
    [{"alpha": 0}, {"beta": 1.0}, {"C": 0}, {"D": math.inf}, {"E": -1}, {"N0": -5}, {"t0": math.nan}],
)
def test_laws_that_are_none(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        scaling_law_epiplexity(**{**LAW, **change})


# -- the lower frontier ----------------------------------------------------------------------------


def points(*pairs):
    return [CodePoint(c, 1.0, h - 1.0) for c, h in pairs]


def test_the_hull_is_convex_and_falls():
    rng = np.random.default_rng(0)
    frontier = lower_frontier(points(*zip(rng.random(200), 1 + rng.random(200))), tolerance=0)
    x = np.array([p.compute for p in frontier.hull])
    y = np.array([p.total for p in frontier.hull])
    slopes = np.diff(y) / np.diff(x)
    assert (slopes < 0).all()
    assert (np.diff(slopes) > 0).all()
    for p in frontier.points:
        assert p.total >= np.interp(p.compute, x, y) - 1e-12 or p.compute < x[0]


def test_a_dearer_and_longer_code_is_never_read():
    frontier = lower_frontier(points((1, 10), (2, 4), (3, 9), (4, 3.99)), tolerance=0)
    assert frontier.at(3.5).compute == 2
    assert frontier.at(1e9).compute == 4
    with pytest.raises(ValueError, match="below the cheapest"):
        frontier.at(0.5)


def test_a_tolerance_keeps_points_a_little_above():
    near = points((1, 10), (2, 9.05), (3, 8))
    assert len(lower_frontier(near, tolerance=0).hull) == 2
    assert len(lower_frontier(near, tolerance=0.02).hull) == 3


def test_compute_counts_training_and_reading():
    assert training_compute(10, 5, 7) == 6 * 10 * 5 + 2 * 10 * 7


def test_no_points_no_frontier():
    with pytest.raises(ValueError, match="nothing was trained"):
        lower_frontier([])
    with pytest.raises(ValueError, match="finite"):
        lower_frontier(points((1, math.nan)))
    with pytest.raises(ValueError, match="tolerance"):
        lower_frontier(points((1, 1)), tolerance=1.0)


# -- tasks -----------------------------------------------------------------------------------------


def test_rules_of_automata():
    cells = np.random.default_rng(0).integers(0, 2, size=(5, 16))
    left, right = np.roll(cells, 1, axis=1), np.roll(cells, -1, axis=1)
    np.testing.assert_array_equal(cellular_automaton(cells, 15), 1 - left)
    np.testing.assert_array_equal(cellular_automaton(cells, 30), left ^ (cells | right))
    np.testing.assert_array_equal(cellular_automaton(cells, 204, 7), cells)
    np.testing.assert_array_equal(
        cellular_automaton(cellular_automaton(cells, 54, 3), 54, 2), cellular_automaton(cells, 54, 5)
    )


def test_rule_15_is_a_shift():
    first, last = automaton_pairs(15, 20, 16, 8, burn_in=1)
    np.testing.assert_array_equal(last, np.roll(first, 8, axis=1))


def test_hidden_rules_are_followed_and_shown():
    chains, shown = hidden_rule_chains(4000, length=40, n_symbols=2, order=1, hidden=0, levels=10)
    assert shown.shape == (4000, 4)
    after_zero = [c[1:][c[:-1] == 0].mean() if (c[:-1] == 0).any() else np.nan for c in chains]
    keep = np.isfinite(after_zero)
    assert np.corrcoef(np.array(after_zero)[keep], shown[keep, 1])[0, 1] > 0.9
    assert hidden_rule_chains(3, order=2, hidden=4)[1].shape == (3, 0)
    np.testing.assert_array_equal(chains[:5], hidden_rule_chains(4000, length=40, order=1)[0][:5])


def test_a_shuffle_keeps_the_counts_of_each_row():
    rows = np.random.default_rng(0).integers(0, 9, size=(20, 30))
    mixed = shuffled_within(rows)
    np.testing.assert_array_equal(np.sort(mixed, axis=1), np.sort(rows, axis=1))
    assert (mixed != rows).any()


def test_tasks_refuse_what_is_none():
    with pytest.raises(ValueError, match="rule=256"):
        cellular_automaton([0, 1], 256)
    with pytest.raises(ValueError, match="0 or 1"):
        cellular_automaton([0, 2], 30)
    with pytest.raises(ValueError, match="n=0"):
        automaton_pairs(30, 0)
    with pytest.raises(ValueError, match="hidden=9"):
        hidden_rule_chains(3, hidden=9)
    with pytest.raises(ValueError, match="one row a sequence"):
        shuffled_within([1, 2, 3])
