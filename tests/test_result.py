"""The result: a float in nats that carries what a reader should know."""

from __future__ import annotations

import copy
import json
import math
import pickle

import numpy as np
import pytest

from adami.result import Diagnostic, Estimate

NOTE = Diagnostic("ties", "column 'a' has ties")
WARNING = Diagnostic("near_ceiling", "too <high>", "warning", "low")


@pytest.fixture
def estimate():
    return Estimate(
        math.log(2),
        method="ksg",
        n=100,
        kinds=("continuous", "discrete"),
        interval=(0.6, 0.8),
        interval_kind="partition",
        confidence=0.9,
        p_value=0.01,
        pointwise=np.zeros(100),
        diagnostics=(NOTE, WARNING),
        details={"k": np.int64(3), "tried": {"a": np.float64(0.1)}},
    )


def test_is_a_float_in_nats(estimate):
    assert isinstance(estimate, float)
    assert estimate == math.log(2)
    assert estimate.value == math.log(2)
    assert type(estimate.value) is float
    assert estimate.bits == pytest.approx(1.0)
    assert f"{estimate:.3f}" == "0.693"
    assert np.isclose(np.exp(estimate), 2)


def test_arithmetic_gives_plain_floats(estimate):
    for value in (
        estimate + 1,
        1 + estimate,
        estimate - 0.1,
        1 - estimate,
        estimate * 2,
        -estimate,
        abs(estimate),
    ):
        assert type(value) is float
    assert sum([estimate, estimate]) == pytest.approx(2 * math.log(2))
    assert max(Estimate(0.1), estimate) is estimate


def test_sorts_and_hashes_as_its_value(estimate):
    assert sorted([estimate, Estimate(0.2), 0.5]) == [0.2, 0.5, math.log(2)]
    assert {estimate: 1}[math.log(2)] == 1


@pytest.mark.parametrize(
    "operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__", "__radd__", "__rsub__"]
)
def test_different_measures_do_not_mix(estimate, operation):
    other = Estimate(0.3, measure="cs_qmi")
    with pytest.raises(TypeError, match="cs_qmi"):
        getattr(estimate, operation)(other)
    getattr(estimate, operation)(Estimate(0.3))
    getattr(estimate, operation)(0.3)


def test_does_not_change(estimate):
    with pytest.raises(AttributeError, match="replace"):
        estimate.n = 3
    changed = estimate.replace(n=3)
    assert (changed.n, estimate.n) == (3, 100)
    assert changed.value == estimate.value
    assert estimate.replace(value=0.5).value == 0.5
    with pytest.raises(TypeError):
        estimate.details["k"] = 4


def test_flags_and_warnings(estimate):
    assert estimate.flags == {"ties", "near_ceiling"}
    assert estimate.warnings == (WARNING,)
    assert len(estimate.with_diagnostics(NOTE).diagnostics) == 2
    assert "likely too low" in str(WARNING)
    assert str(NOTE) == "note: column 'a' has ties"


def test_repr_is_short_and_tells_what_matters(estimate):
    told = repr(estimate)
    assert told == str(estimate) == f"{estimate}"
    for part in ("0.6931 nats", "90% interval [0.6000, 0.8000]", "p=0.01", "'ksg'", "n=100", "near_ceiling"):
        assert part in told
    assert "ties" not in told
    assert "measure='x'" in repr(estimate.replace(measure="x"))


def test_html_is_escaped(estimate):
    page = estimate._repr_html_()
    assert "too &lt;high&gt;" in page
    assert "0.6931" in page
    assert "90% interval" in page


def test_goes_to_json(estimate):
    out = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert out["value"] == pytest.approx(math.log(2))
    assert out["interval"] == [0.6, 0.8]
    assert out["details"] == {"k": 3, "tried": {"a": 0.1}}
    assert out["diagnostics"][1] == {
        "flag": "near_ceiling",
        "message": "too <high>",
        "severity": "warning",
        "direction": "low",
    }
    assert json.loads(json.dumps(Estimate(math.inf).to_dict(), allow_nan=False))["value"] == "inf"


def test_copies_and_pickles(estimate):
    for twin in (copy.copy(estimate), copy.deepcopy(estimate), pickle.loads(pickle.dumps(estimate))):  # noqa: S301
        assert twin == estimate
        assert twin.diagnostics == estimate.diagnostics
        assert dict(twin.details) == dict(estimate.details)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.99])
def test_correlation_inverts_the_gaussian_formula(rho):
    assert Estimate(-0.5 * math.log1p(-(rho**2))).correlation == pytest.approx(rho)


def test_correlation_of_a_negative_value_is_zero_and_of_infinity_one():
    assert Estimate(-0.1).correlation == 0.0
    assert Estimate(math.inf).correlation == 1.0
