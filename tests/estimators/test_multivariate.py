"""Several variables at once: closed forms, identities between the quantities, every route."""

import math

import numpy as np
import pytest

from adami.estimators import KSG, Gaussian, MesnerShalizi, Plugin
from adami.estimators._common import normal_scores
from adami.estimators.multivariate import (
    dual_total_correlation,
    o_information,
    s_information,
    total_correlation,
)
from adami.variables import variable

LN2 = math.log(2)
QUANTITIES = (total_correlation, dual_total_correlation, o_information, s_information)
A, B = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
SYSTEMS = {
    "redundant": (np.full((3, 3), 0.6) + 0.4 * np.eye(3), 0.5221, 0.3747, 0.1474),
    "synergistic": (
        np.array(
            [[1, 1 / math.sqrt(2), 0.6 / math.sqrt(2)], [1 / math.sqrt(2), 1, 0], [0.6 / math.sqrt(2), 0, 1]]
        ),
        0.5697,
        0.6936,
        -0.1239,
    ),
}


def draw(covariance, n=4000, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, len(covariance))) @ np.linalg.cholesky(covariance).T
    return list(rows.T)


def exact(rows, covariance):
    """Rows with exactly this sample covariance."""
    rows = np.column_stack(rows) - np.mean(rows, axis=1)
    whiten = np.linalg.inv(np.linalg.cholesky(rows.T @ rows / len(rows))).T
    return list((rows @ whiten @ np.linalg.cholesky(covariance).T).T)


@pytest.mark.parametrize(
    ("columns", "total", "dual"), [((A, B, A ^ B), LN2, 2 * LN2), ((A, A, A), 2 * LN2, LN2), ((A, B), 0, 0)]
)
def test_parity_and_copies_are_exact(columns, total, dual):
    for quantity, expected in zip(QUANTITIES, (total, dual, total - dual, total + dual)):
        assert quantity(columns, "plugin").value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("system", SYSTEMS)
def test_gaussian_closed_forms(system):
    covariance, *expected = SYSTEMS[system]
    rows = exact(draw(covariance), covariance)
    uncorrected = Gaussian(bias_correct=False)
    for quantity, value in zip(QUANTITIES, expected):
        assert quantity(rows, uncorrected).value == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("method", ["gaussian", "gaussian_copula", "knn", "auto", KSG(k=5)])
def test_every_route_finds_the_gaussian_values(system, method):
    covariance, *expected = SYSTEMS[system]
    rows = draw(covariance)
    for quantity, value in zip(QUANTITIES, expected):
        found = quantity(rows, method)
        assert found.value == pytest.approx(value, abs=0.05)
        low, high = found.interval
        assert low <= found.value <= high
        assert high - low < 0.15


def test_gaussian_bias_is_removed():
    rng = np.random.default_rng(0)
    found = [
        list(s_information(list(rng.normal(size=(4, 30))), "gaussian").details.values()) for _ in range(300)
    ]
    means, errors = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(300)
    assert np.all(np.abs(means) < 3.5 * errors)


@pytest.mark.parametrize("method", ["gaussian", "knn", "gaussian_copula"])
def test_the_quantities_fit_each_other(method):
    rows = draw(np.full((4, 4), 0.3) + 0.7 * np.eye(4), n=500)
    total, dual, o, s = (q(rows, method).value for q in QUANTITIES)
    assert o == pytest.approx(total - dual, abs=1e-12)
    assert s == pytest.approx(total + dual, abs=1e-12)
    assert total_correlation(rows[::-1], method).value == pytest.approx(total, abs=1e-9)
    details = o_information(rows, method).details
    assert details["total_correlation"] == pytest.approx(total)
    assert details["dual_total_correlation"] == pytest.approx(dual)


@pytest.mark.parametrize("method", ["gaussian", "knn", "plugin"])
def test_two_variables_share_their_information(method):
    x, y = draw(np.array([[1, 0.7], [0.7, 1]]), n=800)
    if method == "plugin":
        x, y = (x > 0), (y > 0)
        expected = Plugin().estimate(x, y).value
    else:
        expected = -0.5 * math.log(1 - 0.49)
    assert o_information([x, y], method).value == 0.0
    assert total_correlation([x, y], method).value == pytest.approx(
        dual_total_correlation([x, y], method).value
    )
    tolerance = 1e-12 if method == "plugin" else 0.08
    assert total_correlation([x, y], method).value == pytest.approx(expected, abs=tolerance)


def test_neighbours_for_two_variables_are_ksg_on_normal_scores():
    x, y = draw(np.array([[1, 0.7], [0.7, 1]]), n=300)
    plain = KSG(k=4, transform="none").estimate(normal_scores(x), normal_scores(y)).value
    assert total_correlation([x, y], "knn").value == pytest.approx(plain, abs=1e-9)


def test_any_other_estimator_is_chained():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, 2000), rng.integers(0, 2, 2000)
    triple = [a, b, a ^ b]
    found = o_information(triple, MesnerShalizi())
    assert found.value == pytest.approx(-LN2, abs=0.05)
    assert "chained" in found.flags
    assert found.interval is None


def test_synergy_without_any_pair():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 3000))
    z = np.sign(x * y) * np.abs(rng.normal(size=3000))
    found = o_information([x, y, z])
    assert found.method == "knn"
    assert found.value < -0.3
    assert found.interval[1] < 0


def test_numbers_and_labels_mix():
    rng = np.random.default_rng(2)
    side = rng.integers(0, 2, 3000)
    x = rng.normal(size=3000) + 8 * side
    # the label is a function of x: all that is shared is one bit, three times
    found = total_correlation([x, side, 1 - side])
    assert found.method == "knn"
    assert found.value == pytest.approx(2 * LN2, abs=0.03)
    assert o_information([x, side, 1 - side]).value == pytest.approx(LN2, abs=0.03)


def test_vectors_are_single_variables():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3000, 2))
    y = x + rng.normal(size=(3000, 2))
    truth = LN2
    for method in ("gaussian", "knn"):
        assert total_correlation([x, y], method).value == pytest.approx(truth, abs=0.08)
        assert total_correlation([variable(x), y, rng.normal(size=3000)], method).value == pytest.approx(
            truth, abs=0.1
        )


def test_units_and_monotone_maps_change_nothing():
    rows = draw(SYSTEMS["redundant"][0], n=600)
    changed = [rows[0] * 1e9, np.exp(rows[1]), rows[2] ** 3]
    for method in ("knn", "gaussian_copula"):
        assert o_information(changed, method).value == pytest.approx(
            o_information(rows, method).value, abs=1e-9
        )


def test_the_choice_follows_the_kinds():
    rng = np.random.default_rng(4)
    numbers = rng.normal(size=(200, 8))
    assert total_correlation([A, B, A ^ B]).method == "miller_madow"
    assert total_correlation(list(numbers.T[:3])).method == "knn"
    assert total_correlation(list(numbers.T)).method == "gaussian_copula"
    assert total_correlation([numbers[:, 0], rng.integers(0, 2, 200)]).method == "knn"


def test_many_labels_need_no_dense_table():
    rng = np.random.default_rng(5)
    x = rng.integers(0, 10, 500)
    columns = [x] * 12
    found = total_correlation(columns, "plugin")
    assert found.value == pytest.approx(11 * Plugin().estimate(x).value, abs=1e-9)
    assert dual_total_correlation(columns, "plugin").value == pytest.approx(
        Plugin().estimate(x).value, abs=1e-9
    )
    assert "sparse_table" in total_correlation(list(rng.integers(0, 9, (6, 200))), "plugin").flags


def test_constants_are_left_out():
    rows = draw(SYSTEMS["redundant"][0], n=300)
    constant = np.full(300, 3.0)
    with_constant = o_information([*rows, constant], "knn")
    assert with_constant.value == o_information(rows, "knn").value
    assert "constant" in with_constant.flags
    assert total_correlation([rows[0], constant]).value == 0.0


def test_copies_share_infinitely_much():
    x, y, z = draw(SYSTEMS["redundant"][0], n=300)
    found = total_correlation([x, y, 2 * x + 1])
    assert found.value == math.inf
    assert "perfect_dependence" in found.flags
    with pytest.raises(ValueError, match="infinity less infinity"):
        o_information([x, z, x + z])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: total_correlation([A]), ValueError, "at least two"),
        (lambda: total_correlation([A, B[:3]]), ValueError, "unequal"),
        (lambda: total_correlation([A, B], confidence=1.5), ValueError, "confidence"),
        (lambda: total_correlation([A, B], method="nothing"), ValueError, "unknown method"),
        (
            lambda: total_correlation(list(np.random.default_rng(0).normal(size=(3, 50))), "plugin"),
            TypeError,
            "discrete",
        ),
        (
            lambda: total_correlation(list(np.random.default_rng(0).normal(size=(30, 20))), "gaussian"),
            ValueError,
            "few",
        ),
        (lambda: total_correlation(variable(np.column_stack([A, B]))), TypeError, "list of variables"),
        (lambda: total_correlation([A, B, A.astype(float) * np.nan]), ValueError, "missing"),
    ],
)
def test_bad_input(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_threads_change_nothing():
    rows = draw(SYSTEMS["synergistic"][0], n=3000)
    assert o_information(rows, "knn", n_jobs=2).value == o_information(rows, "knn").value
