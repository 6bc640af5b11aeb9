"""Estimators for labels: closed forms, identities, published numbers, and what is said about the result."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, kstest
from sklearn.metrics import mutual_info_score

from adami.estimators import NSB, ChaoShen, Grassberger, Jackknife, MillerMadow, Plugin, Shrinkage
from adami.estimators._count_inference import dependence, dependence_interval, null_tables
from adami.estimators._kernels.contingency import occupied
from adami.estimators._kernels.tables import count_cells
from adami.variables import variable

ALL = [Plugin, MillerMadow, ChaoShen, Grassberger, Jackknife, Shrinkage, NSB]
PAIRS = np.array([[40, 10, 5], [10, 40, 5], [3, 7, 30]])


def labels(*values):
    return [variable(v, f"v{i}", kinds="discrete") for i, v in enumerate(values)]


def noisy(n=400, levels=4, share=0.5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, n)
    return x, np.where(rng.random(n) < share, x, rng.integers(0, levels, n)), rng.integers(0, 3, n)


def rows_of(table):
    where = np.nonzero(table)
    return [np.repeat(w, table[where]) for w in where]


# -- values ---------------------------------------------------------------------------------------------


def test_plugin_is_exact_on_uniform_counts():
    assert Plugin().from_counts([7] * 12) == pytest.approx(math.log(12), abs=1e-14)
    assert Plugin().from_counts(np.eye(5, dtype=int) * 3) == pytest.approx(math.log(5), abs=1e-14)
    assert Plugin().from_counts(np.full((4, 6), 9)) == 0.0


@pytest.mark.parametrize(
    ("method", "counts", "expected"),
    [
        (MillerMadow(), [4, 2, 3, 2, 4, 2], 1.742326588860738 + 5 / 34),
        (ChaoShen(), [1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 8, 11], 2.343302629991526),
        (Shrinkage(), [1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 8, 11], 2.3066122416096793),
    ],
)
def test_values_of_an_independent_implementation(method, counts, expected):
    assert method.from_counts(counts) == pytest.approx(expected, abs=1e-12)


def test_jackknife_is_its_definition():
    counts = np.array([1, 1, 2, 5, 9])
    n = counts.sum()
    without = 0.0
    for i, c in enumerate(counts):
        less = counts.copy()
        less[i] -= 1
        without += c / n * Plugin().from_counts(less)
    assert Jackknife().from_counts(counts) == pytest.approx(
        n * Plugin().from_counts(counts) - (n - 1) * without
    )


def test_grassberger_is_its_sum():
    # G(1) = -gamma - ln 2, G(2) = 2 - gamma - ln 2, G(2n+1) = G(2n), G(2n+2) = G(2n) + 2 / (2n+1)
    first = -np.euler_gamma - math.log(2)
    g = {1: first, 2: 2 + first, 3: 2 + first, 4: 2 + first + 2 / 3}
    counts = [1, 2, 3, 4]
    expected = math.log(10) - sum(c * g[c] for c in counts) / 10
    assert Grassberger().from_counts(counts) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Plugin(), 3.145),
        (MillerMadow(), 3.367),
        (Grassberger(), 3.548),
        (ChaoShen(), 3.604),
        (NSB(100), 3.602),
    ],
)
def test_zipf_sample_means(method, expected):
    p = 1 / np.arange(1, 101)
    rng = np.random.default_rng(5)
    values = [float(method.from_counts(rng.multinomial(80, p / p.sum()))) for _ in range(40)]
    assert np.mean(values) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("method", [Grassberger, Jackknife, NSB, Shrinkage])
def test_corrected_information_of_independent_labels_is_near_zero(method):
    rng = np.random.default_rng(3)
    tables = [rng.multinomial(200, np.full(100, 0.01)).reshape(10, 10) for _ in range(30)]
    assert np.mean([float(Plugin().from_counts(t)) for t in tables]) == pytest.approx(0.23, abs=0.05)
    assert abs(np.mean([float(method().from_counts(t)) for t in tables])) < 0.05


def test_agrees_with_scikit_learn():
    x, y, _ = noisy(2000)
    assert Plugin().estimate(x, y) == pytest.approx(mutual_info_score(x, y), abs=1e-13)


def test_conditional_information_is_the_mean_over_the_condition():
    x, y, z = noisy()
    parts = sum(np.mean(z == k) * mutual_info_score(x[z == k], y[z == k]) for k in range(3))
    assert Plugin().estimate(x, y, z) == pytest.approx(parts, abs=1e-13)
    within = sum(np.mean(z == k) * Plugin().estimate(x[z == k]).value for k in range(3))
    assert Plugin().estimate(x, given=z) == pytest.approx(within, abs=1e-13)


# -- identities -----------------------------------------------------------------------------------------


def test_chain_rule_of_plugin_is_exact():
    x, y, z = noisy()
    plug = Plugin()
    both = np.column_stack([y, z])
    total = plug.estimate(x, both).value
    assert total == pytest.approx(plug.estimate(x, z).value + plug.estimate(x, y, z).value, abs=1e-12)
    joint = plug.estimate(np.column_stack([x, y])).value
    assert joint == pytest.approx(plug.estimate(x).value + plug.estimate(y, given=x).value, abs=1e-12)


@pytest.mark.parametrize("method", ALL)
def test_symmetry_relabelling_and_row_order_change_nothing(method):
    x, y, z = noisy()
    value = method().estimate(x, y, z).value
    order = np.random.default_rng(1).permutation(len(x))
    renamed = np.array([2, 0, 3, 1])[x]
    assert method().estimate(renamed, y, z).value == value
    assert method().estimate(x[order], y[order], z[order]).value == value
    assert method().estimate(y, x, z).value == pytest.approx(value, abs=1e-13)
    named = np.array(["d", "a", "b", "c"], dtype=object)[x]
    assert method().estimate(named, y, z).value == value


@pytest.mark.parametrize("method", ALL)
def test_a_table_is_its_rows(method):
    cube = np.stack([PAIRS, PAIRS.T + 1], axis=2)
    for table in (PAIRS.sum(axis=1), PAIRS, cube):
        by_table, by_rows = method().from_counts(table), method().estimate(*labels(*rows_of(table)))
        assert by_table.value == by_rows.value
        assert by_table.quantity == by_rows.quantity
        assert by_table.n == by_rows.n == table.sum()
        assert by_table.interval == by_rows.interval
        assert by_table.p_value == by_rows.p_value


def test_pointwise_values_average_to_the_estimate():
    x, y, z = noisy(300)
    for slots in ((x,), (x, y), (x, y, z)):
        found = Plugin().estimate(*slots)
        assert found.pointwise.shape == (300,)
        assert found.pointwise.mean() == pytest.approx(found.value, abs=1e-12)
    found = Plugin().estimate(x, given=z)
    assert found.pointwise.mean() == pytest.approx(found.value, abs=1e-12)
    i = 17
    local = math.log(np.mean((x == x[i]) & (y == y[i])) / np.mean(x == x[i]) / np.mean(y == y[i]))
    assert Plugin().estimate(x, y).pointwise[i] == pytest.approx(local)
    assert Plugin(pointwise=False).estimate(x, y).pointwise is None


@pytest.mark.parametrize("method", ALL)
def test_a_constant_side_tells_exactly_nothing(method):
    x, y, z = noisy()
    constant = np.zeros(len(x), dtype=int)
    for slots in ((x, constant), (constant, y), (x, constant, z), (x, z, z)):
        found = method().estimate(*slots)
        assert found.value == 0.0
        assert found.interval == (0.0, 0.0)
        assert found.p_value == 1.0
    assert "constant" in method().estimate(constant, x).flags
    assert method().estimate(constant).value == 0.0


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("table", [[1], [[0, 1], [0, 0]], np.ones((1, 1, 1), dtype=int)])
def test_a_table_of_one_row_holds_nothing(method, table):
    assert method().from_counts(table).value == 0.0


def test_plugin_information_lies_between_zero_and_the_entropies():
    rng = np.random.default_rng(2)
    for _ in range(50):
        x, y, z = (rng.integers(0, k, 30) for k in (9, 4, 3))
        for found in (Plugin().estimate(x, y), Plugin().estimate(x, y, z)):
            assert 0.0 <= found.value <= min(found.details["entropy_x"], found.details["entropy_y"]) + 1e-12
            assert "above_entropy" not in found.flags


# -- how sure -------------------------------------------------------------------------------------------


def test_g_test_is_uniform_on_independent_labels_and_absent_where_unsound():
    rng = np.random.default_rng(4)
    found = [
        Plugin().from_counts(rng.multinomial(300, np.full(9, 1 / 9)).reshape(3, 3)).p_value
        for _ in range(400)
    ]
    assert kstest(found, "uniform").pvalue > 0.01
    assert Plugin().from_counts([[3, 0], [0, 3]]).p_value is None
    assert MillerMadow().from_counts(PAIRS).p_value == Plugin().from_counts(PAIRS).p_value < 1e-10


def test_conditional_g_test_is_uniform():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        z = rng.integers(0, 2, 400)
        x, y = (rng.random(400) < 0.3 + 0.4 * z).astype(int), (rng.random(400) < 0.3 + 0.4 * z).astype(int)
        found.append(Plugin().estimate(x, y, z).p_value)
    assert kstest(found, "uniform").pvalue > 0.01


LAWS = {
    "independent": np.full((3, 3), 1 / 9),
    "independent, skew": np.outer([0.8, 0.2], [0.7, 0.2, 0.1]),
    "weak": np.array([[0.27, 0.23], [0.23, 0.27]]),
    "strong": np.array([[0.45, 0.05], [0.05, 0.45]]),
    "copy": np.diag([0.6, 0.3, 0.1]),
}


@pytest.mark.parametrize("law", LAWS)
def test_intervals_cover_near_and_far_from_independence(law):
    p = LAWS[law]
    outer = np.outer(p.sum(axis=1), p.sum(axis=0))
    truth = float(np.sum(p[p > 0] * np.log(p[p > 0] / outer[p > 0])))
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(200):
        found = dependence(occupied(rng.multinomial(300, p.ravel()).reshape(p.shape)))
        low, high = dependence_interval(found, found.value, 0.9)
        hits += low - 1e-12 <= truth <= high + 1e-12
    # 0.90 with a standard error of 0.02; at 0 the interval is one-sided and covers 0.95
    assert 0.84 <= hits / 200 <= 0.985


@pytest.mark.parametrize("method", [Plugin, MillerMadow, NSB])
@pytest.mark.parametrize("p", [np.full(6, 1 / 6), np.array([0.5, 0.3, 0.1, 0.1])])
def test_entropy_intervals_cover(method, p):
    truth = -float(np.sum(p * np.log(p)))
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(150):
        low, high = method().from_counts(rng.multinomial(200, p)).interval
        hits += low <= truth <= high
    assert hits / 150 >= 0.9


def test_intervals_contain_the_value_and_are_named():
    x, y, z = noisy(60, levels=8)
    for method in ALL:
        for slots in ((x,), (x, y), (x, y, z)):
            found = method().estimate(*slots)
            low, high = found.interval
            assert low <= high
            if len(slots) > 1:
                assert low <= max(found.value, 0.0)
                assert found.value <= high
    assert NSB().estimate(x).interval_kind == "posterior"


def test_interval_at_independence_follows_the_chi_square():
    # 2nI at a quantile of its law at independence: the lower end leaves 0 exactly there
    found = dependence(occupied(np.full((2, 2), 500)))
    edge = chi2.ppf(0.95, found.degrees) * found.williams / (2 * found.n)
    assert dependence_interval(found, 0.99 * edge, 0.9)[0] == 0.0
    assert dependence_interval(found, 1.05 * edge, 0.9)[0] > 0.0


def test_null_tables_keep_the_margins_and_the_mean():
    x, y, z = noisy(300)
    cells = count_cells((x, y, z), (4, 4, 3))
    drawn = null_tables(cells, 100, 0)
    for other in drawn[:5]:
        for axes in ((0, 2), (1, 2)):
            np.testing.assert_array_equal(other.marginal(*axes)[0], cells.marginal(*axes)[0])
    pair = count_cells((x, y), (4, 4))
    found = [2 * 300 * dependence(c).value for c in null_tables(pair, 400, 1)]
    assert np.mean(found) == pytest.approx(9, abs=0.8)
    again = [2 * 300 * dependence(c).value for c in null_tables(pair, 400, 1)]
    assert found == again


def test_null_statistics_are_those_of_permuted_rows():
    # many labels, so that rows are paired rather than cells drawn
    rng = np.random.default_rng(0)
    for size in (3, 60):
        x, y = labels(rng.integers(0, size, 200), rng.integers(0, size, 200))
        drawn = MillerMadow()._null_statistics(x, y, None, 200, 0)
        shuffled = [MillerMadow()._statistic(x.take(rng.permutation(200)), y) for _ in range(200)]
        error = np.std(shuffled) * math.sqrt(2 / 200)
        assert abs(drawn.mean() - np.mean(shuffled)) < 4 * error


# -- what is said ---------------------------------------------------------------------------------------


def test_sparse_tables_are_flagged_with_the_side():
    rng = np.random.default_rng(0)
    x, y = labels(rng.integers(0, 20, 100), rng.integers(0, 20, 100))
    plain = {d.flag: d for d in Plugin().estimate(x, y).diagnostics}["sparse_table"]
    assert plain.severity == "warning"
    assert plain.direction == "high"
    assert "sparse_table" in NSB().estimate(x, y).flags
    assert "sparse_table" not in Plugin().from_counts(PAIRS * 10).flags
    assert "sparse_table" in Plugin().estimate(x).flags | Plugin().estimate(*labels(np.arange(50) // 2)).flags


def test_identifiers_are_flagged():
    rng = np.random.default_rng(0)
    ids, y = labels(np.arange(50), rng.integers(0, 2, 50))
    assert "identifier" in Plugin().estimate(ids, y).flags
    assert "v0" in next(d.message for d in Plugin().estimate(ids, y).diagnostics if d.flag == "identifier")
    assert "identifier" in Plugin().estimate(ids).flags


def test_impossible_corrected_values_are_flagged():
    found = [m().estimate(*labels(np.arange(40) % 20, np.arange(40) % 20)) for m in (ChaoShen, Grassberger)]
    for f in found:
        assert (f.value > f.details["entropy_x"] + 1e-9) == ("above_entropy" in f.flags)
    ids = labels(np.arange(30), np.arange(30))
    assert "above_log_n" in ChaoShen().estimate(*ids).flags


# -- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "error", "says"),
    [
        ([[1, -1]], ValueError, "negative"),
        ([0.5, 1.0], ValueError, "whole numbers"),
        ([float("nan"), 1.0], ValueError, "whole numbers"),
        ([0, 0], ValueError, "empty"),
        ([], ValueError, "empty"),
        (np.ones((2, 2, 2, 2), dtype=int), ValueError, "axes"),
        (5, ValueError, "axes"),
        (["a"], TypeError, "numbers"),
    ],
)
def test_bad_tables(table, error, says):
    with pytest.raises(error, match=says):
        Plugin().from_counts(table)


def test_numbers_are_refused_with_the_way_out():
    with pytest.raises(TypeError, match="kinds="):
        Plugin().estimate(np.random.default_rng(0).normal(size=50), np.arange(50) % 2)


@pytest.mark.parametrize("method", [NSB, Shrinkage])
def test_support_is_checked(method):
    assert method(support=9).from_counts([4, 2, 3, 2, 4, 2]) == method().from_counts(
        [4, 2, 3, 0, 2, 4, 0, 0, 2]
    )
    pairs = method(support=(3, 3)).from_counts(PAIRS)
    assert pairs == method().from_counts(PAIRS)
    with pytest.raises(ValueError, match="only 2 could occur"):
        method(support=2).from_counts([1, 1, 1])
    with pytest.raises(ValueError, match="variable"):
        method(support=3).from_counts(PAIRS)


@pytest.mark.parametrize("method", ALL)
def test_parameters_follow_the_protocol(method):
    made = method()
    assert type(made)(**made.get_params()).get_params() == made.get_params()
    assert made.name in repr(made).lower() or type(made).__name__ in repr(made)
