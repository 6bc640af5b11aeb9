"""P-values, intervals and what goes around every measurement."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from adami.estimators._base import Estimator, Measurement
from adami.estimators._intervals import standard_error
from adami.estimators._permutation import local_shuffle, p_value, within
from adami.estimators.resampling import (
    assess,
    benjamini_hochberg,
    conditional_independence_test,
    interval,
    permutation_test,
    size_drift,
)
from adami.variables import variable


class Correlation(Estimator):
    """Information of two Gaussian columns: cheap, smooth, and its spread is known in closed form."""

    name = "correlation"
    takes = frozenset({"continuous", "mixed"})

    def __init__(self, known_error=None):
        self.known_error = known_error

    def _information(self, x, y):
        return Measurement(_of(x.numbers[:, 0], y.numbers[:, 0]), standard_error=self.known_error)

    def _conditional(self, x, y, given):
        basis = np.column_stack([np.ones(x.n), given.numbers])
        a, b = (
            v.numbers[:, 0] - basis @ np.linalg.lstsq(basis, v.numbers[:, 0], rcond=None)[0] for v in (x, y)
        )
        return Measurement(_of(a, b))


def _of(a, b):
    return -0.5 * math.log1p(-(np.corrcoef(a, b)[0, 1] ** 2))


def gaussian(rho, n, seed=0):
    x, e = np.random.default_rng(seed).normal(size=(2, n))
    return variable(x, "a"), variable(rho * x + math.sqrt(1 - rho**2) * e, "b")


X, Y = gaussian(0.6, 500)
FREE = gaussian(0.0, 500, seed=1)

# -- permutation -----------------------------------------------------------------------------------


def test_p_value_counts_ties_and_itself():
    assert p_value(1.0, np.array([0.0, 1.0, 2.0])) == 3 / 4
    assert p_value(1.0, np.array([1.0 - 1e-14])) == 1.0
    assert p_value(3.0, np.zeros(99)) == 0.01


def test_dependence_is_found_and_independence_is_not():
    assert permutation_test(Correlation(), X, Y, permutations=99).p_value == 0.01
    assert permutation_test(Correlation(), *FREE, permutations=99).p_value > 0.05


def test_any_number_of_threads_gives_the_same_null():
    one = permutation_test(Correlation(), X, Y, permutations=20, n_jobs=1)
    two = permutation_test(Correlation(), X, Y, permutations=20, n_jobs=3)
    np.testing.assert_array_equal(one.null, two.null)
    other = permutation_test(Correlation(), X, Y, permutations=20, random_state=1)
    assert not np.array_equal(one.null, other.null)
    more = permutation_test(Correlation(), X, Y, permutations=30)
    np.testing.assert_array_equal(one.null, more.null[:20])


def test_a_statistic_without_spread_gives_one():
    labels = variable(np.zeros(50), "b"), variable(np.arange(50) % 3, "a")
    assert permutation_test("plugin", *labels, permutations=19).p_value == 1.0


def test_large_samples_are_thinned_and_it_is_said():
    test = permutation_test(Correlation(), X, Y, permutations=19, max_rows=100)
    assert test.n == 100
    assert test.diagnostics[0].flag == "subsampled"
    assert permutation_test(Correlation(), X, Y, permutations=19).diagnostics == ()


def test_blocks_keep_rows_in_their_group():
    group = np.arange(300) // 100
    order = within(group)(np.random.default_rng(0))
    assert sorted(order) == list(range(300))
    np.testing.assert_array_equal(group[order], group)
    rng = np.random.default_rng(0)
    x, y = group + 0.1 * rng.normal(size=(2, 300))
    assert permutation_test(Correlation(), x, y, permutations=99).p_value == 0.01
    assert permutation_test(Correlation(), x, y, permutations=99, blocks=group).p_value > 0.05


@pytest.mark.parametrize("shape", [(400,), (400, 3)])
def test_local_shuffle_is_a_permutation_among_near_rows(shape):
    z = np.random.default_rng(0).normal(size=shape)
    order = local_shuffle(variable(z), np.random.default_rng(1))(np.random.default_rng(2))
    assert sorted(order) == list(range(400))
    assert (order == np.arange(400)).mean() < 0.35
    ranks = stats.rankdata(z, axis=0).reshape(400, -1)
    apart = np.abs(ranks[:, None] - ranks[None]).max(axis=2)
    near = np.sort(apart, axis=1)[:, 5]
    assert (apart[np.arange(400), order] <= near).all()


def test_local_shuffle_keeps_labels_and_moves_equal_rows():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 300)
    z = variable({"label": label, "number": rng.normal(size=300)})
    order = local_shuffle(z, rng)(rng)
    np.testing.assert_array_equal(label[order], label)
    zeros = variable(np.where(rng.random(400) < 0.5, 0.0, rng.normal(size=400)))
    order = local_shuffle(zeros, rng)(rng)
    atom = zeros.numbers[:, 0] == 0
    assert (order[atom] != np.flatnonzero(atom)).mean() > 0.6


def test_conditional_independence():
    z, a, b = np.random.default_rng(3).normal(size=(3, 500))
    x, y = z + a, z + b
    assert permutation_test(Correlation(), x, y, permutations=99).p_value == 0.01
    assert conditional_independence_test(x, y, z, method=Correlation(), permutations=99).p_value > 0.05
    assert conditional_independence_test(x, y + a, z, method=Correlation(), permutations=99).p_value == 0.01
    g = (z > 0).astype(int)
    x, y = g ^ (a > 1), g ^ (b > 1)
    assert permutation_test("plugin", x, y, permutations=99).p_value == 0.01
    assert conditional_independence_test(x, y, g, method="plugin", permutations=99).p_value > 0.05


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="whole number"):
        permutation_test(Correlation(), X, Y, permutations=0)
    with pytest.raises(ValueError, match="whole number"):
        assess(Correlation(), X, Y, permutations=1.5)
    with pytest.raises(ValueError, match="unequal"):
        permutation_test(Correlation(), X, variable(np.arange(50.0)))
    with pytest.raises(ValueError, match="give y as well"):
        assess(Correlation(), X, permutations=9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        assess(Correlation(), X, Y, confidence=95)
    with pytest.raises(ValueError, match="do not go together"):
        permutation_test(Correlation(), X, Y, X, blocks=np.zeros(500))


def null_p_values(repetitions, n=100, permutations=39, given=False):
    out = []
    for seed in range(repetitions):
        x, y, z = np.random.default_rng(seed).normal(size=(3, n))
        slots = (x + z, y + z, z) if given else (x, y)
        out.append(
            permutation_test(Correlation(), *slots, permutations=permutations, random_state=seed).p_value
        )
    return np.array(out)


@pytest.mark.parametrize("given", [False, True])
def test_p_values_are_uniform_on_independent_data(given):
    p = null_p_values(200, given=given)
    # discrete in steps of 1/40, so the continuous test is a little liberal towards rejection
    assert stats.kstest(p - 1 / 80, "uniform").pvalue > 0.01


# -- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["partition", "subsample"])
def test_resampled_errors_match_the_known_one(kind):
    # the delta method: the error of -ln(1-r²)/2 is |r|/sqrt(n)
    errors = [standard_error(Correlation(), *gaussian(0.6, 1000, seed), kind=kind) for seed in range(10)]
    assert np.mean(errors) == pytest.approx(0.6 / math.sqrt(1000), rel=0.25)


def test_partition_intervals_cover():
    truth = -0.5 * math.log(1 - 0.36)
    hits = 0
    for seed in range(100):
        low, high = interval(Correlation(), *gaussian(0.6, 300, seed), kind="partition", confidence=0.9)
        hits += low < truth < high
    assert 82 <= hits <= 97


def test_intervals_do_not_depend_on_threads():
    for kind in ("partition", "subsample"):
        ends = [interval(Correlation(), X, Y, kind=kind, n_jobs=jobs) for jobs in (1, 3)]
        assert ends[0] == ends[1]


def test_own_intervals_come_first():
    low, high = interval(Correlation(known_error=0.1), X, Y, confidence=0.9)
    assert (high - low) / 2 == pytest.approx(0.1 * stats.norm.ppf(0.95))
    assert interval(Correlation(known_error=0.1), X, Y, kind="analytic", confidence=0.9) == (low, high)
    with pytest.raises(ValueError, match="no analytic interval"):
        interval(Correlation(), X, Y, kind="analytic")
    with pytest.raises(ValueError, match="unknown kind"):
        interval(Correlation(), X, Y, kind="jackknife")


def test_the_bootstrap_is_refused_for_neighbour_methods():
    class Neighbours(Correlation):
        name = "ksg"

    with pytest.raises(ValueError, match=r"repeats rows.*kind='partition'"):
        interval(Neighbours(), X, Y, kind="bootstrap")
    low, high = interval(Neighbours(), X, Y, kind="bootstrap", force=True)
    assert high - low == pytest.approx(2 * 1.96 * 0.6 / math.sqrt(500), rel=0.3)


def test_too_few_rows_for_parts():
    small = X.take(np.arange(40)), Y.take(np.arange(40))
    for kind in ("partition", "subsample"):
        with pytest.raises(ValueError, match="too few"):
            interval(Correlation(), *small, kind=kind)
    assert assess(Correlation(), *small).interval is None


def test_size_drift_sees_bias_and_nothing_else():
    values, finding = size_drift(Correlation(), X, Y)
    assert list(values) == [500, 250, 125]
    assert finding is None
    labels = np.random.default_rng(0).integers(0, 20, (2, 1000))
    values, finding = size_drift("plugin", *labels)
    assert values[250] > values[500] > values[1000]
    assert (finding.flag, finding.direction) == ("size_drift", "high")
    with pytest.raises(ValueError, match="quartered"):
        size_drift(Correlation(), *gaussian(0.6, 50))


# -- assess ----------------------------------------------------------------------------------------


def test_assess_brings_everything_together():
    e = assess(Correlation(), X, Y, confidence=0.9, permutations=99, n_jobs=2)
    assert e.interval[0] < e < e.interval[1]
    assert (e.interval_kind, e.confidence, e.p_value, e.n) == ("partition", 0.9, 0.01, 500)
    assert (e.method, e.kinds) == ("correlation", ("continuous", "continuous"))
    assert e.diagnostics == ()
    again = assess(Correlation(), X, Y, confidence=0.9, permutations=99)
    assert (again.interval, again.p_value) == (e.interval, e.p_value)
    plain = assess(Correlation(), X, Y, interval=False)
    assert (plain.interval, plain.p_value, plain.interval_kind) == (None, None, None)


def test_a_constant_column_gives_exactly_zero():
    for constant in (variable(np.zeros(500), "c"), variable(["u"] * 500, "c")):
        for pair in ((X, constant), (constant, X)):
            e = assess(Correlation(), *pair, permutations=9)
            assert e.value == 0.0
            assert e.interval == (0.0, 0.0)
            assert e.p_value == 1.0
            assert "constant" in e.flags


def test_a_copy_gives_infinity_and_a_warning():
    e = assess(Correlation(), X, variable(2 * X.numbers + 1, "copy"), permutations=99)
    assert e.value == math.inf
    assert e.p_value == 0.01
    assert e.interval is None
    assert "perfect_dependence" in {d.flag for d in e.warnings}
    given = variable(np.random.default_rng(5).normal(size=500), "c")
    assert assess(Correlation(), X, X, given).value == math.inf


def test_what_the_condition_determines_tells_nothing_more():
    e = assess(Correlation(), variable(3 * X.numbers - 1, "a"), Y, X)
    assert e.value == 0.0
    assert "degenerate" in e.flags


def test_a_method_says_itself_what_it_cannot_do():
    labels = variable(np.arange(500) % 3, "label")
    with pytest.raises(TypeError, match="'correlation' takes continuous"):
        assess(Correlation(), X, labels)
    with pytest.raises(TypeError, match="has no entropy"):
        assess(Correlation(), X)
    with pytest.raises(ValueError, match="unequal"):
        assess(Correlation(), X, Y.take(np.arange(400)))


def test_no_number_is_an_error_that_tells_why():
    class Broken(Correlation):
        def _information(self, x, y):
            return Measurement(math.nan)

    with pytest.raises(ValueError, match=r"found no number.*share their value"):
        assess(Broken(), variable(np.round(X.numbers, 2), "a"), Y)


def test_the_methods_own_words_replace_the_common_ones():
    from adami.result import Diagnostic

    class Teller(Correlation):
        def _information(self, x, y):
            return Measurement(0.5, 0.1, diagnostics=(Diagnostic("ties", "mine"),))

    e = assess(Teller(), variable(np.round(X.numbers, 2), "a"), Y)
    assert [d.message for d in e.diagnostics if d.flag == "ties"] == ["mine"]


# -- many tests ------------------------------------------------------------------------------------


def test_benjamini_hochberg_agrees_with_scipy():
    p = np.random.default_rng(0).random(50) ** 2
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))
    with_gap = np.append(p, np.nan)
    np.testing.assert_allclose(benjamini_hochberg(with_gap)[:50], stats.false_discovery_control(p))
    assert np.isnan(benjamini_hochberg(with_gap)[50])
    assert benjamini_hochberg([]).shape == (0,)
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([1.2])
