"""The sentences say what the numbers say, in every case that a table can bring."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from adami.report.headline import Name, beyond_chance, count_word, headline, remarks
from adami.report.results import Interaction, Matrix, Profile, Ranking, Relevance, Step
from adami.result import LN2, Diagnostic, Estimate

VOID = Estimate(0.0, n=0, diagnostics=(Diagnostic("degenerate", "no values", "warning"),))
EMPTY = Matrix((), (), np.empty((0, 0)), np.empty((0, 0)), None, np.empty((0, 0)))


def info(value, p=0.005, spread=None):
    interval = None if spread is None else (value - spread, value + spread)
    return Estimate(value, n=100, p_value=p, interval=interval)


def profile(path=(), entropy=1.06, rows=None, interactions=(), n=344):
    rows = [Relevance(name, "continuous", info(0.5)) for name in "abc"] if rows is None else rows
    h = None if entropy is None else Estimate(entropy, quantity="entropy", n=n)
    kind = "continuous" if entropy is None else "discrete"
    return Profile(
        "t.csv", Ranking("species", kind, h, tuple(rows), tuple(interactions), tuple(path), n), EMPTY, ()
    )


def steps(*totals, last_accepted=True):
    made, before = [], 0.0
    for name, total in zip("abcdefghijklmnop", totals):
        made.append(Step(name, info(total - before), total))
        before = total
    if not last_accepted:
        made[-1] = replace(made[-1], accepted=False)
    return made


def said(p, bits=False):
    return "".join(headline(p, bits))


def test_enough():
    p = profile(steps(0.7, 0.95, 1.05))
    assert said(p) == (
        "Three columns are enough to know species: a, b and c; together they tell 1.05 of 1.06 nats (99 %)."
    )


def test_the_rejected_step_does_not_count():
    p = profile(steps(0.7, 1.02, 1.05, last_accepted=False))
    assert said(p).startswith("Two columns are enough to know species: a and b; together they tell 1.02 of")


def test_one_column():
    assert said(profile(steps(1.06))) == (
        "One column is enough to know species: a; alone it tells 1.06 of 1.06 nats (100 %)."
    )


def test_not_enough_is_not_called_enough():
    text = said(profile(steps(0.2, 0.3)))
    assert "enough" not in text
    assert text.endswith("a and b; together they tell 0.30 of 1.06 nats (28 %).")


def test_nobody_knows_more_than_everything():
    assert "1.06 of 1.06 nats (100 %)" in said(profile(steps(1.3)))


def test_bits():
    assert "1.00 of 1.00 bits (100 %)" in said(profile(steps(LN2), entropy=LN2), bits=True)


def test_continuous_target_has_no_entropy_to_reach():
    text = said(profile(steps(0.9), entropy=None))
    assert f"0.90 nats, as much as a correlation of {math.sqrt(1 - math.exp(-1.8)):.2f} would" in text


def test_an_exact_dependence_is_said_in_words():
    assert "the dependence is exact" in said(profile(steps(math.inf), entropy=None))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (profile(rows=[]), "no column beside species"),
        (profile(entropy=0.0), "never changes"),
        (
            profile(),
            "No column of this table tells anything about species that could not be chance in 344 rows.",
        ),
        (profile(rows=[Relevance("a", "discrete", info(0.1, None))]), "without a test"),
        (
            profile(rows=[Relevance("a", "discrete", VOID)], n=6),
            "Nothing could be measured about species in 6 rows.",
        ),
    ],
)
def test_nothing_to_say(case, expected):
    assert expected in said(case)


def test_many_columns_are_not_all_listed():
    text = said(profile(steps(*np.linspace(0.1, 1.05, 14))))
    assert text.startswith("14 columns are enough")
    assert "a, b, c, d, e and nine more; together" in text


def test_names_are_marked():
    names = [w for w in headline(profile(steps(0.7, 1.05))) if isinstance(w, Name)]
    assert names == ["species", "a", "b"]


def test_remarks_tell_strength_repeats_synergy_and_chance():
    rows = [
        Relevance("a", "continuous", info(0.6, spread=0.1), share=0.57, adjusted_p=0.01),
        Relevance("b", "continuous", info(0.5), share=0.5, adjusted_p=0.01, repeats="a"),
        Relevance("c", "continuous", info(0.01, p=0.5), share=0.01, adjusted_p=0.6),
    ]
    pairs = [
        Interaction("b", "c", 0.8, info(0.3, spread=0.1)),
        Interaction("a", "c", 0.8, info(0.9, spread=1.0)),
    ]
    text = ["".join(w) for w in remarks(profile(steps(1.05), rows=rows, interactions=pairs))]
    assert text == [
        "a tells most by itself: 0.60 nats, 57 % of what there is to know (95 % interval 0.50 to 0.70).",
        "b mostly repeats what a already tells.",
        "b and c tell 0.30 nats more together than apart.",
        "By itself c does no better than chance.",
    ]


@pytest.mark.parametrize(
    ("repeats", "expected"),
    [
        ((None, "a", "a"), "b and c mostly repeat what a already tells."),
        ((None, "a", "b"), "b and c mostly repeat what stronger columns already tell."),
    ],
)
def test_repeats(repeats, expected):
    rows = [Relevance(n, "discrete", info(0.4), repeats=r) for n, r in zip("abc", repeats)]
    assert expected in ["".join(w) for w in remarks(profile(rows=rows))]


def test_remarks_are_silent_where_there_is_nothing():
    rows = [Relevance(n, "continuous", info(0.0, p=0.7), adjusted_p=0.9) for n in "ab"]
    assert remarks(profile(rows=rows)) == []


def test_beyond_chance_reads_intervals_before_p_values():
    assert beyond_chance(info(0.5, p=0.9, spread=0.1))
    assert not beyond_chance(info(0.5, p=0.001, spread=0.6))
    assert beyond_chance(info(-0.5, spread=0.1))
    assert not beyond_chance(info(0.5, p=0.2))


def test_count_word():
    assert [count_word(k) for k in (0, 1, 12, 13, 1234)] == ["no", "one", "twelve", "13", "1,234"]
