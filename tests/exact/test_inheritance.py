"""Inheritance between concepts: direct sums, models, crisp sets, and real compressors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adami.exact import (
    Concept,
    ExclusiveLaw,
    PropertyLaw,
    co_information,
    entropy,
    inheritance_matrix,
    intensional_inheritance,
    mutual_information,
)

NAMES = ["a", "b", "c", "d", "e"]


def full(name, properties):
    return Concept(name, dict.fromkeys(properties, 1.0))


def random_law(n, seed):
    rng = np.random.default_rng(seed)
    return PropertyLaw(NAMES[:n], rng.dirichlet(np.full(2**n, 0.5)).reshape((2,) * n))


@given(st.integers(0, 10**6))
def test_expansion_is_the_group_information(seed):
    law = random_law(5, seed)
    found = intensional_inheritance(full("F", "ab"), full("W", "cde"), law)
    direct = mutual_information(law.pmf, (0, 1), (2, 3, 4))
    assert found.value == pytest.approx(direct, abs=1e-9)
    assert len(found.terms) == 3 * 7
    assert sum(t.contribution for t in found.terms) == pytest.approx(found.value, abs=1e-12)


def test_pairs_alone_miss_interactions():
    parity = np.zeros((2, 2, 2))
    for x, y in np.ndindex(2, 2):
        parity[x, y, x ^ y] = 0.25
    law = PropertyLaw("abc", parity)
    f, w = full("F", "ab"), full("W", "c")
    assert intensional_inheritance(f, w, law, base=2).value == pytest.approx(1, abs=1e-12)
    assert intensional_inheritance(f, w, law, order=2).value == pytest.approx(0, abs=1e-12)


def test_pairs_are_weighted_informations():
    law = random_law(4, 1)
    f, w = Concept("F", {"a": 0.3, "b": 0.9}), Concept("W", {"c": 0.5, "d": 0.0})
    by_hand = sum(
        f.properties[x] * w.properties[y] * mutual_information(law.pmf, NAMES.index(x), NAMES.index(y))
        for x in "ab"
        for y in "cd"
    )
    assert intensional_inheritance(f, w, law, order=2).value == pytest.approx(by_hand, abs=1e-12)


def test_terms_are_signed_co_informations():
    law = random_law(3, 2)
    (term,) = (
        t for t in intensional_inheritance(full("F", "ab"), full("W", "c"), law).terms if len(t.source) == 2
    )
    assert term.information == pytest.approx(-co_information(law.pmf), abs=1e-12)


def test_a_shared_property_tells_its_entropy():
    law = random_law(3, 3)
    f, w = full("F", "ab"), full("W", "bc")
    direct = mutual_information(law.pmf, 1, (0, 2)) + mutual_information(law.pmf, 0, 2, given=1)
    with_copy = entropy(law.pmf.sum(axis=(0, 2))) + mutual_information(law.pmf, 0, 2, given=1)
    assert intensional_inheritance(f, w, law).value == pytest.approx(with_copy, abs=1e-12)
    assert with_copy > direct
    alone = intensional_inheritance(full("F", "b"), full("W", "b"), law)
    assert alone.value == pytest.approx(entropy(law.pmf.sum(axis=(0, 2))), abs=1e-12)


def test_truncated_sums_may_be_negative_and_say_so():
    copies = np.zeros((2,) * 5)
    copies[(0,) * 5] = copies[(1,) * 5] = 0.5
    law = PropertyLaw(NAMES, copies)
    f, w = full("F", "abc"), full("W", "de")
    # six pairs of one bit, and nine threes that take one back each
    found = intensional_inheritance(f, w, law, order=3, base=2, prior=0.5)
    assert found.value == pytest.approx(-3, abs=1e-12)
    assert "negative" in found.notes[0]
    whole = intensional_inheritance(f, w, law, base=2, prior=0.9)
    assert whole.value == pytest.approx(1, abs=1e-12)
    assert whole.probability == pytest.approx(1.8)
    assert "do not fit" in whole.notes[0]


def test_many_properties_by_pairs_agree_with_the_joint_law():
    rng = np.random.default_rng(4)
    hidden = rng.random(300) < 0.5
    table = {f"p{i}": np.where(rng.random(300) < 0.2, ~hidden, hidden).astype(int) for i in range(18)}
    f, w = full("F", [f"p{i}" for i in range(9)]), full("W", [f"p{i}" for i in range(9, 18)])
    large = intensional_inheritance(f, w, table, order=2, smoothing=0)
    pairs = sum(
        mutual_information(PropertyLaw.from_table(table, (a, b), smoothing=0).pmf)
        for a in f.properties
        for b in w.properties
    )
    assert large.value == pytest.approx(pairs, abs=1e-10)
    assert not large.notes
    assert "outweighs" in intensional_inheritance(f, w, table, order=2).notes[0]
    law = PropertyLaw.from_table(table, smoothing=0)
    assert intensional_inheritance(f, w, law, order=2).value == pytest.approx(pairs, abs=1e-10)
    with pytest.raises(ValueError, match="order=2"):
        intensional_inheritance(f, w, table)


def test_interaction_in_a_frame_with_smoothing():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 1, 0, 0], "b": [1, 1, 0, 1]})
    found = intensional_inheritance(full("F", "a"), full("W", "b"), frame, prior=0.5)
    table = (np.array([[1, 1], [0, 2]]) + 0.5) / 6
    assert found.value == pytest.approx(mutual_information(table), abs=1e-12)
    assert found.probability == pytest.approx(0.5 * math.exp(found.value), abs=1e-12)


def exclusive_model(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 6, size=2)
    pmf = rng.dirichlet(np.full(n * m, 0.7)).reshape(n, m)
    of_f, of_w = rng.random(n), rng.random(m)
    p_f, p_w = pmf.sum(1) @ of_f, pmf.sum(0) @ of_w
    d, e = pmf.sum(1) * of_f / p_f, pmf.sum(0) * of_w / p_w
    first, second = [f"f{i}" for i in range(n)], [f"w{j}" for j in range(m)]
    f, w = Concept("F", dict(zip(first, d, strict=True))), Concept("W", dict(zip(second, e, strict=True)))
    return f, w, ExclusiveLaw(first, second, pmf), p_f, p_w, of_f @ pmf @ of_w


@given(st.integers(0, 10**6))
def test_exclusive_formula_is_the_models_probability(seed):
    f, w, law, p_f, p_w, both = exclusive_model(seed)
    found = intensional_inheritance(f, w, law, method="exclusive", prior=p_w, source_prior=p_f, base=2)
    assert found.probability == pytest.approx(both / p_f, abs=1e-12)
    assert found.value == pytest.approx(math.log2(both / p_f / p_w), abs=1e-9)
    assert found.lower_bound <= found.value + 1e-12
    members = np.array([[both, p_f - both], [p_w - both, 1 - p_f - p_w + both]])
    assert found.average == pytest.approx(mutual_information(members, base=2), abs=1e-9)


def test_exclusive_from_columns_and_from_indicators():
    table = {"x": [1, 1, 0, 0], "y": [0, 0, 1, 1], "u": [1, 0, 0, 0], "v": [0, 1, 1, 1]}
    f, w = Concept("F", {"x": 0.75, "y": 0.25}), Concept("W", {"u": 0.5, "v": 0.5})
    law = ExclusiveLaw(["x", "y"], ["u", "v"], [[0.25, 0.25], [0.0, 0.5]])
    wanted = intensional_inheritance(f, w, law, method="exclusive").value
    plain = intensional_inheritance(f, w, table, method="exclusive", smoothing=0)
    assert plain.value == pytest.approx(wanted, abs=1e-12)
    indicators = PropertyLaw.from_table(table, smoothing=0)
    assert intensional_inheritance(f, w, indicators, method="exclusive").value == pytest.approx(wanted)
    assert intensional_inheritance(f, w, table, method="exclusive").value != pytest.approx(wanted)
    assert plain.lower_bound == -math.inf
    # a shared list meets itself only, with smoothing too
    own = intensional_inheritance(f, f, table, method="exclusive")
    assert own.lift == pytest.approx((0.75**2 + 0.25**2) / 0.5, abs=1e-12)


def test_exclusive_lifts_average_to_one():
    rng = np.random.default_rng(5)
    terms, labels = rng.integers(0, 3, size=90), rng.integers(0, 3, size=90)
    table = {f"t{i}": (terms == i).astype(int) for i in range(3)}
    concepts = [Concept.from_table(f"class {c}", table, labels == c) for c in range(3)]
    priors = {f"class {c}": float((labels == c).mean()) for c in range(3)}
    found = inheritance_matrix(concepts, table, method="exclusive", priors=priors, smoothing=0)
    assert np.array(list(priors.values())) @ found.lifts == pytest.approx(np.ones(3), abs=1e-12)
    assert (np.diag(found.lifts) >= 1 - 1e-12).all()
    assert found.probabilities == pytest.approx(found.lifts * list(priors.values()), abs=1e-12)


def test_crisp_sets_are_the_special_case():
    individuals = [str(i) for i in range(20)]
    f, w = full("F", individuals[:8]), full("W", individuals[5:15])
    found = intensional_inheritance(f, w, individuals, method="extensional")
    assert found.probability == 0.375
    assert found.value == pytest.approx(math.log(0.375 / 0.5), abs=1e-12)
    # the same through the exclusive formula, with the individuals as the properties of both
    mu = dict.fromkeys(individuals, 1 / 20)
    law = ExclusiveLaw(individuals, individuals, np.diag(list(mu.values())))
    d = Concept("F", {i: f.properties.get(i, 0.0) / 8 for i in individuals})
    e = Concept("W", {i: w.properties.get(i, 0.0) / 10 for i in individuals})
    same = intensional_inheritance(d, e, law, method="exclusive", prior=0.5)
    assert same.probability == pytest.approx(0.375, abs=1e-12)
    assert intensional_inheritance(f, w, mu, method="extensional").lift == pytest.approx(same.lift)
    assert sum(t.weight * math.exp(t.information) for t in found.terms) == pytest.approx(found.lift)


def test_fuzzy_members_and_uneven_individuals():
    mu = {"x": 0.5, "y": 0.3, "z": 0.2}
    f, w = Concept("F", {"x": 0.5, "y": 1.0}), Concept("W", {"y": 0.4, "z": 1.0})
    found = intensional_inheritance(f, w, mu, method="extensional")
    assert found.probability == pytest.approx(0.3 * 0.4 / (0.25 + 0.3), abs=1e-12)
    nothing = intensional_inheritance(full("F", "x"), full("W", "z"), mu, method="extensional")
    assert nothing.probability == 0
    assert nothing.value == -math.inf
    everything = intensional_inheritance(full("F", "x"), full("W", "xyz"), mu, method="extensional")
    assert everything.value == pytest.approx(0, abs=1e-12)
    assert everything.average == pytest.approx(0, abs=1e-12)


def words(n, seed):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=8)) for _ in range(n)]


@pytest.mark.parametrize("compressor", ["zlib", "lzma"])
def test_a_part_is_inherited_more_than_strangers(compressor):
    known, others = words(60, 6), words(30, 7)
    whole, part, strange = full("whole", known), full("part", known[::2]), full("strange", others)
    near = intensional_inheritance(whole, part, method="compressor", compressor=compressor, base=2)
    far = intensional_inheritance(whole, strange, method="compressor", compressor=compressor, base=2)
    assert near.value > far.value
    assert near.distance < far.distance
    assert near.value == pytest.approx(near.lengths[0] + near.lengths[1] - near.lengths[2])
    back = intensional_inheritance(part, whole, method="compressor", compressor=compressor, base=2)
    assert back.lengths[2] == near.lengths[2]
    shares = inheritance_matrix(
        [whole, part, strange], method="compressor", compressor=compressor
    ).probabilities
    assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-12)
    assert shares[0, 1] > shares[0, 2]


def test_serialisation_has_one_form():
    names = words(20, 8)
    one = Concept("F", dict.fromkeys(names, 0.5))
    two = Concept("F", dict.fromkeys(reversed(names), 0.5001))
    other = full("W", words(20, 9))
    assert (
        intensional_inheritance(one, other, method="compressor").lengths
        == intensional_inheritance(two, other, method="compressor").lengths
    )


F, W, TABLE = full("F", "a"), full("W", "b"), {"a": [0, 1], "b": [1, 1]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Concept("F", {}), "no properties"),
        (lambda: Concept("F", {"a": 1.2}), "between 0 and 1"),
        (lambda: Concept("F", {"a": math.nan}), "between 0 and 1"),
        (lambda: Concept.from_table("F", TABLE, [False, False]), "no members"),
        (lambda: Concept.from_table("F", TABLE, [1, 0]), "one bool"),
        (lambda: PropertyLaw("aa", np.full((2, 2), 0.25)), "named once"),
        (lambda: PropertyLaw("ab", np.full(4, 0.25)), "2 axes of 2"),
        (lambda: PropertyLaw("a", [0.5, 0.4]), "sums to 0.9"),
        (lambda: PropertyLaw.from_table(TABLE, smoothing=-1), "smoothing=-1"),
        (lambda: PropertyLaw.from_table({str(i): [0, 1] for i in range(21)}), "cells"),
        (lambda: PropertyLaw.from_table({"a": [0, 2]}), "0 and 1"),
        (lambda: PropertyLaw.from_table({"a": [0, 1], "b": [0]}), "rows"),
        (lambda: ExclusiveLaw("ab", "c", np.full((2, 2), 0.25)), "2 and 1"),
        (lambda: intensional_inheritance(F, full("W", "z"), TABLE), "no column 'z'"),
        (lambda: intensional_inheritance(F, full("W", "z"), PropertyLaw("ab", np.full((2, 2), 0.25))), "'z'"),
        (lambda: intensional_inheritance(F, W, None), "no table"),
        (lambda: intensional_inheritance(F, W, TABLE, order=1), "order=1"),
        (lambda: intensional_inheritance(F, W, TABLE, method="exclusive", order=2), "has no order"),
        (lambda: intensional_inheritance(F, W, TABLE, method="exclusive"), "one at a time"),
        (lambda: intensional_inheritance(F, W, TABLE, prior=1.5), "prior=1.5"),
        (lambda: intensional_inheritance(F, W, TABLE, method="mean"), "'mean' is unknown"),
        (lambda: intensional_inheritance(F, W, TABLE, base=1), "base=1"),
        (
            lambda: intensional_inheritance(
                F, W, PropertyLaw("ab", np.full((2, 2), 0.25)), method="exclusive"
            ),
            "not exclusive",
        ),
        (
            lambda: intensional_inheritance(
                Concept("F", {"a": 0.5}), W, ExclusiveLaw("a", "b", [[1.0]]), method="exclusive"
            ),
            "sum to 0.5",
        ),
        (
            lambda: intensional_inheritance(
                Concept("F", {"a": 0.5, "c": 0.5}),
                W,
                ExclusiveLaw("ac", "b", [[1.0], [0.0]]),
                method="exclusive",
            ),
            "no object has",
        ),
        (
            lambda: intensional_inheritance(
                F, W, ExclusiveLaw("ac", "b", [[1.0], [0.0]]), method="exclusive"
            ),
            "other properties",
        ),
        (lambda: intensional_inheritance(F, W, method="extensional"), "needs the individuals"),
        (lambda: intensional_inheritance(F, W, ["a"], method="extensional"), "no individual"),
        (lambda: intensional_inheritance(F, W, ["a", "a"], method="extensional"), "named once"),
        (lambda: intensional_inheritance(F, W, ["a", "b"], method="extensional", prior=0.5), "pass no prior"),
        (
            lambda: intensional_inheritance(Concept("F", {"a": 0.0}), W, ["a", "b"], method="extensional"),
            "no members",
        ),
        (lambda: intensional_inheritance(F, W, method="compressor"), "below 64"),
        (
            lambda: intensional_inheritance(
                full("F", words(9, 0)), full("W", words(9, 1)), method="compressor", compressor="gzip"
            ),
            "'gzip' is unknown",
        ),
        (lambda: inheritance_matrix([F, F], TABLE), "named once"),
        (lambda: inheritance_matrix([F, W], TABLE, priors={"F": 0.5}), "'W' has no prior"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
