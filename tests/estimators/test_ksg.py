import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma

from adami.estimators import KSG
from adami.estimators._kernels.digamma import digamma_table
from adami.estimators._kernels.plane import knn_distance, knn_sides, plane
from adami.estimators._kernels.scale import unit_scaled
from adami.estimators._kernels.sorted_marginal import count, marginal
from adami.variables import variable


def gaussian(rho, n, seed=0):
    x, z = np.random.default_rng(seed).normal(size=(2, n))
    return x, rho * x + math.sqrt(1 - rho**2) * z


def by_hand(x, y, k, variant=1):
    """The two formulas of the paper, with all distances written out."""
    dx, dy = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    joint = np.maximum(dx, dy)
    np.fill_diagonal(joint, np.inf)
    radius = np.sort(joint, axis=1)[:, k - 1]
    if variant == 1:
        nx, ny = (np.count_nonzero(d < radius[:, None], axis=1) - 1 for d in (dx, dy))
        local = digamma(k) - digamma(nx + 1) - digamma(ny + 1)
    else:
        near = joint <= radius[:, None]
        sides = [np.where(near, d, 0).max(axis=1) for d in (dx, dy)]
        nx, ny = (np.count_nonzero(d <= s[:, None], axis=1) - 1 for d, s in zip((dx, dy), sides))
        local = digamma(k) - 1 / k - digamma(nx) - digamma(ny)
    return local + digamma(len(x))


rng = np.random.default_rng(1)
CLOUDS = {
    "normal": rng.normal(size=(2, 500)),
    "correlated": np.array(gaussian(0.999, 500)),
    "cauchy": rng.standard_cauchy(size=(2, 500)) ** 3,
    "clusters": rng.normal(size=(2, 500)) * 10.0 ** rng.integers(-6, 1, 500) + rng.integers(0, 3, 500),
    "line": np.tile(rng.uniform(size=500), (2, 1)),
    "flat": np.array([rng.uniform(size=500), rng.uniform(size=500) * 1e-9]),
    "lattice": rng.integers(0, 8, size=(2, 500)).astype(float),
    "atoms": np.array([np.maximum(rng.normal(size=500), 0.5), rng.normal(size=500)]),
    "one place": np.zeros((2, 300)),
    "few": rng.normal(size=(2, 5)),
}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("k", [1, 3, 4])
def test_plane_kernel_equals_brute_force_on_any_cloud(cloud, k):
    x, y = CLOUDS[cloud]
    dx, dy = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    joint = np.maximum(dx, dy)
    expected = np.sort(joint, axis=1)[:, k]
    tree = plane(x, y)
    radius = knn_distance(tree, k)
    assert np.array_equal(tree.to_rows(radius), expected)
    side_x, side_y = knn_sides(tree, radius)
    near = joint <= expected[:, None]
    assert np.array_equal(tree.to_rows(side_x), np.where(near, dx, 0).max(axis=1))
    assert np.array_equal(tree.to_rows(side_y), np.where(near, dy, 0).max(axis=1))
    for column, gaps in ((x, dx), (y, dy)):
        assert np.array_equal(
            count(marginal(column), column, expected, True), (gaps < expected[:, None]).sum(1)
        )
        assert np.array_equal(
            count(marginal(column), column, expected, False), (gaps <= expected[:, None]).sum(1)
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(-3, 3)), min_size=3, max_size=80),
    st.floats(0, 1e3),
)
def test_plane_kernel_equals_brute_force_on_nasty_numbers(points, reach):
    x, y = np.array(points, dtype=float).T
    joint = np.maximum(np.abs(x[:, None] - x), np.abs(y[:, None] - y))
    tree = plane(x, y)
    assert np.array_equal(tree.to_rows(knn_distance(tree, 2)), np.sort(joint, axis=1)[:, 2])
    radius = np.full(len(x), reach)
    for strict in (True, False):
        gaps = np.abs(x[:, None] - x)
        expected = (gaps < reach if strict else gaps <= reach).sum(axis=1)
        assert np.array_equal(count(marginal(x), x, radius, strict), expected)


def test_kernels_do_not_depend_on_the_number_of_threads():
    x, y = gaussian(0.7, 21_000)
    one, two = KSG(n_jobs=1).estimate(x, y), KSG(n_jobs=3).estimate(x, y)
    assert one.value == two.value
    assert np.array_equal(one.pointwise, two.pointwise)
    assert KSG(variant=2, n_jobs=1).estimate(x, y) == KSG(variant=2, n_jobs=3).estimate(x, y)


def test_too_many_neighbours_are_refused_by_the_kernel():
    with pytest.raises(ValueError, match="k=3"):
        knn_distance(plane(np.arange(3.0), np.arange(3.0)), 3)


def test_digamma_table():
    for most in (5, 5000, 300_000):
        table = digamma_table(most)
        assert np.isnan(table[0])
        assert np.allclose(table[1 : most + 1], digamma(np.arange(1, most + 1)), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("factor", [1.0, 1e-12, 1e12, 1e-300, 1e307])
def test_unit_scale_at_any_size(factor):
    x = np.random.default_rng(0).uniform(-1, 1, size=1001)
    assert np.allclose(unit_scaled(x * factor), x / x.std(), rtol=1e-13)


def test_unit_scale_at_the_ends_of_the_range():
    assert np.allclose(unit_scaled(np.array([1.7e308, -1.7e308, 0.0])), [1.5**0.5, -(1.5**0.5), 0.0])
    assert np.allclose(unit_scaled(np.array([5e-324, 0.0])), [2.0, 0.0])
    assert not unit_scaled(np.full(3, 7.0)).any()


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_formula_equals_the_paper(variant, k):
    x, y = gaussian(0.6, 400)
    found = KSG(k, variant, transform="none").estimate(x, y)
    local = by_hand(x, y, k, variant)
    assert found.value == pytest.approx(local.mean(), abs=1e-12)
    assert np.allclose(found.pointwise, local, atol=1e-12)


def test_vectors_equal_the_formula():
    x = np.random.default_rng(3).normal(size=(300, 2))
    y = x[:, :1] + np.random.default_rng(4).normal(size=(300, 1))
    dx = np.abs(x[:, None] - x).max(axis=2)
    dy = np.abs(y[:, None] - y).max(axis=2)
    joint = np.maximum(dx, dy)
    radius = np.sort(joint, axis=1)[:, 4]
    nx, ny = ((d < radius[:, None]).sum(axis=1) for d in (dx, dy))
    expected = digamma(4) + digamma(300) - np.mean(digamma(nx) + digamma(ny))
    assert KSG(4, transform="none").estimate(x, y).value == pytest.approx(expected, abs=1e-12)
    sides = [np.where(joint <= radius[:, None], d, 0).max(axis=1) for d in (dx, dy)]
    nx, ny = ((d <= s[:, None]).sum(axis=1) - 1 for d, s in zip((dx, dy), sides))
    expected = digamma(4) - 1 / 4 + digamma(300) - np.mean(digamma(nx) + digamma(ny))
    assert KSG(4, 2, transform="none").estimate(x, y).value == pytest.approx(expected, abs=1e-12)


def test_equals_scikit_learn():
    from sklearn.feature_selection._mutual_info import _compute_mi_cc

    x, y = gaussian(0.8, 1000)
    expected = _compute_mi_cc(x / x.std(), y / y.std(), 3)
    assert KSG(3).estimate(x, y).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_truth_of_gaussians(rho, variant):
    values = [KSG(4, variant).estimate(*gaussian(rho, 1000, seed)).value for seed in range(12)]
    assert np.mean(values) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.03)


def test_truth_of_uniform_noise():
    # X uniform, Y = X + uniform noise in (-e, e): I = e - ln(2 e)
    x, u = np.random.default_rng(5).uniform(size=(2, 1000))
    assert KSG().estimate(x, x + 0.1 * (2 * u - 1)) == pytest.approx(0.1 - math.log(0.2), abs=0.1)


def test_several_k_are_averaged():
    x, y = gaussian(0.5, 300)
    both = KSG((3, 8)).estimate(x, y)
    assert both.value == pytest.approx((KSG(3).estimate(x, y).value + KSG(8).estimate(x, y).value) / 2)
    assert both.pointwise.mean() == pytest.approx(both.value)
    assert both.details["k=8"] == KSG(8).estimate(x, y).value


@pytest.mark.parametrize("factor", [1e-12, 1e12, 1e-290, 1e290])
def test_scale_changes_nothing(factor):
    x, y = gaussian(0.7, 800)
    assert KSG().estimate(x * factor, y).value == pytest.approx(KSG().estimate(x, y).value, abs=1e-9)


def test_scale_changes_nothing_with_ties_either():
    x, y = gaussian(0.7, 2000)
    x, y = np.round(x, 2), np.round(y, 2)
    values = {
        KSG(variant=v).estimate(x * f, y * g).value for v in (1,) for f in (1, 1e-12, 3.7) for g in (1, 1e12)
    }
    assert max(values) - min(values) < 1e-9


def test_an_offset_or_one_far_outlier_does_not_drown_the_rest():
    x, y = gaussian(0.8, 1000)
    assert KSG().estimate(x + 1e6, y).value == pytest.approx(KSG().estimate(x, y).value, abs=1e-6)
    x[0] = 1e200
    assert KSG(transform="none").estimate(x, y).value == pytest.approx(0.5, abs=0.1)
    assert np.isfinite(KSG().estimate(x, y).value)


def test_symmetry_and_order_of_rows_are_exact():
    x, y = gaussian(0.7, 900)
    order = np.random.default_rng(0).permutation(900)
    value = KSG().estimate(x, y).value
    assert KSG().estimate(y, x).value == value
    # the scale is a sum over rows, so it may differ in its last bit
    assert KSG(transform="none").estimate(x[order], y[order]) == KSG(transform="none").estimate(x, y)
    assert np.array_equal(
        KSG(transform="none").estimate(x[order], y[order]).pointwise,
        KSG(transform="none").estimate(x, y).pointwise[order],
    )


@pytest.mark.parametrize("transform", ["rank", "normal_score"])
def test_monotone_maps_change_nothing_on_ranks(transform):
    x, y = gaussian(0.7, 500)
    estimator = KSG(transform=transform)
    assert estimator.estimate(np.exp(3 * x), y**3).value == estimator.estimate(x, y).value


def test_copies_are_infinite_and_said_to_be():
    x, _ = gaussian(0, 400)
    for y in (x, 1.8 * x + 32, -x):
        found = KSG().estimate(x, y)
        assert found.value == math.inf
        assert "perfect_dependence" in found.flags


def test_functions_are_flagged():
    x, _ = gaussian(0, 400)
    assert "perfect_dependence" in KSG().estimate(x, np.exp(x)).flags
    assert "perfect_dependence" in KSG().estimate(x, np.exp(5 * x)).flags
    curve = KSG().estimate(x, x**2)
    assert [d.direction for d in curve.diagnostics if d.flag == "near_ceiling"] == ["low"]
    assert not KSG().estimate(*gaussian(0.9, 400)).diagnostics


def test_constant_columns_give_exactly_zero():
    x, _ = gaussian(0, 50)
    flat = variable(np.full(50, 3.0), "flat", kinds="continuous")
    found = KSG().estimate(x, flat)
    assert found.value == 0.0
    assert found.flags == {"constant"}
    padded = variable(np.column_stack([x, np.full(50, 3.0)]), "x", kinds="continuous")
    y = x + np.random.default_rng(1).normal(size=50)
    assert KSG().estimate(padded, y).value == KSG().estimate(x, y).value


def test_ties_are_flagged_and_atoms_refused():
    x, y = gaussian(0.6, 2000)
    found = KSG().estimate(np.round(x, 2), y)
    assert "ties" in found.flags
    assert math.isfinite(found.value)
    with pytest.raises(ValueError, match="mixed_ksg"):
        KSG().estimate(np.round(x, 1), np.round(y, 1))
    wide = variable(np.round(np.column_stack([x, x**2]), 1), kinds="continuous")
    with pytest.raises(ValueError, match="mixed_ksg"):
        KSG().estimate(wide, np.round(y, 1))


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("wide", [False, True])
def test_a_few_duplicates_stay_finite(variant, wide):
    x, y = gaussian(0.5, 1000)
    x[:6], y[:6] = x[0], y[0]
    left = np.column_stack([x, x**2]) if wide else x
    found = KSG(variant=variant).estimate(left, y)
    assert np.isfinite(found.pointwise).all()
    # six rows at one place, five others each: digamma(5) + digamma(n) - 2 digamma(6)
    assert found.pointwise[0] == pytest.approx(digamma(5) + digamma(1000) - 2 * digamma(6))


def test_bad_parameters():
    x, y = gaussian(0.5, 20)
    for bad in (KSG(0), KSG(20), KSG(2.5), KSG(()), KSG(variant=3), KSG(transform="log")):
        with pytest.raises(ValueError, match="ksg"):
            bad.estimate(x, y)
    with pytest.raises(TypeError, match="conditional"):
        KSG().estimate(x, y, x + y)
    with pytest.raises(TypeError, match="entropy"):
        KSG().estimate(x)
    with pytest.raises(TypeError, match="discrete"):
        KSG().estimate(x, ["a", "b"] * 10)


def test_few_rows_for_many_dimensions_are_flagged():
    x = np.random.default_rng(0).normal(size=(60, 8))
    found = KSG().estimate(x, np.random.default_rng(1).normal(size=60))
    assert "too_few_samples" in found.flags


@pytest.mark.full
@pytest.mark.parametrize("n", [20_000, 200_000])
def test_large_clouds_equal_scipy(n):
    from scipy.spatial import cKDTree

    x, y = gaussian(0.9, n)
    tree = plane(x, y)
    expected = cKDTree(np.column_stack([x, y])).query(np.column_stack([x, y]), [4], p=np.inf)[0][:, 0]
    assert np.array_equal(tree.to_rows(knn_distance(tree, 3)), expected)
