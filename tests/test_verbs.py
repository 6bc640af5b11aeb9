"""The verbs, from what people hold to what they get."""

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import adami
from adami.estimators import KSG, Plugin

N = 600


@pytest.fixture(scope="module")
def gaussian():
    rng = np.random.default_rng(11)
    x = rng.normal(size=N)
    y = 0.8 * x + 0.6 * rng.normal(size=N)
    return x, y, -0.5 * math.log(1 - 0.64)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(12)
    label = rng.choice(["a", "b", "c"], size=N)
    number = rng.normal(size=N) + 2 * (label == "a")
    day = np.datetime64("2026-01-01") + rng.integers(0, 300, N).astype("timedelta64[D]")
    return {"label": label, "number": number, "flag": label == "b", "day": day, "noise": rng.normal(size=N)}


def test_every_kind_of_input_gives_the_same_answer(gaussian):
    x, y, truth = gaussian
    said = float(adami.information(x, y))
    assert said == pytest.approx(truth, abs=0.12)
    for hold in (list, pd.Series, pl.Series, pa.array, torch.from_numpy, lambda v: v[:, None]):
        assert float(adami.information(hold(x), hold(y))) == pytest.approx(said, abs=1e-12), hold


def test_a_frame_and_names_are_the_same_as_the_columns(table):
    for frame in (table, pd.DataFrame(table), pl.DataFrame(table), pa.Table.from_pandas(pd.DataFrame(table))):
        named = adami.information(frame, "number", "label")
        assert float(named) == float(adami.information(table["number"], table["label"]))
        assert named.kinds == ("continuous", "discrete")
    vector = adami.information(table, ["number", "noise"], "label")
    assert float(vector) > 0.1


def test_given_takes_rows_or_a_name(table):
    by_name = adami.information(table, "number", "flag", given="label")
    by_rows = adami.information(table["number"], table["flag"], given=table["label"])
    assert float(by_name) == float(by_rows)
    assert by_name.quantity == "conditional mutual information"
    # the flag is a function of the label: nothing is left to tell
    assert abs(float(by_name)) < 0.03


def test_the_method_is_a_name_or_an_object(gaussian):
    x, y, _ = gaussian
    assert float(adami.information(x, y, method="ksg")) == float(adami.information(x, y, method=KSG(k=3)))
    assert adami.information(x, y, method=KSG(k=7)).method == "ksg"
    with pytest.raises(ValueError, match="did you mean 'ksg'"):
        adami.information(x, y, method="kgs")


def test_missing_values_are_refused_dropped_or_a_category():
    frame = pd.DataFrame({"a": ["x", None, "y", "x"] * 20, "b": [1.0, 2.0, np.nan, 4.0] * 20})
    with pytest.raises(ValueError, match=r"'a' \(20\), 'b' \(20\)"):
        adami.information(frame, "a", "b")
    dropped = adami.information(frame, "a", "b", missing="drop", method="plugin")
    assert dropped.n == 40
    assert "dropped_rows" in dropped.flags
    kept = adami.information(frame, "a", "b", missing="category", method="plugin")
    assert kept.n == 80
    assert kept.value == pytest.approx(adami.entropy(frame, "a", missing="category", method="plugin").value)
    with pytest.raises(ValueError, match="choose 'raise', 'drop' or 'category'"):
        adami.information(frame, "a", "b", missing="ignore")


def test_kinds_are_reported_and_overridden():
    rng = np.random.default_rng(3)
    dice = rng.integers(1, 7, 400)
    assert adami.entropy(dice).kinds == ("discrete",)
    with pytest.raises(ValueError, match="unknown column"):
        adami.information({"a": dice, "b": dice[::-1]}, "a", "b", kinds={"c": "discrete"})
    with pytest.raises(ValueError, match="unknown kind"):
        adami.information({"a": dice, "b": dice[::-1]}, "a", "b", kinds={"a": "nominal"})
    with pytest.raises(ValueError, match="holds labels"):
        adami.entropy(["a", "b"] * 10, kinds="continuous")
    zero_inflated = np.where(rng.random(400) < 0.4, 0.0, rng.exponential(size=400))
    assert adami.information(zero_inflated, rng.normal(size=400)).kinds == ("mixed", "continuous")


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads(table):
    for pair in (("number", "noise"), ("number", "label"), ("flag", "label")):
        one, two = (
            adami.information(table, *pair, permutations=40, random_state=5, n_jobs=j) for j in (1, 2)
        )
        assert one.value == two.value
        assert one.p_value == two.p_value
        assert one.interval == two.interval


def test_clip_reports_zero_and_says_so():
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=200), rng.normal(size=200)) for _ in range(20)]
    raw = [adami.information(x, y, method="ksg") for x, y in pairs]
    x, y = pairs[int(np.argmin(raw))]
    assert min(raw) < 0
    clipped = adami.information(x, y, method="ksg", clip=True)
    assert clipped.value == 0.0
    assert "negative_clipped" in clipped.flags
    assert clipped.interval[0] >= 0


def test_nothing_means_nothing(table):
    constant = np.ones(N)
    assert adami.information(constant, table["number"]).value == 0.0
    assert adami.information(constant, table["label"]).value == 0.0
    assert adami.information(["same"] * N, table["number"]).value == 0.0
    assert adami.entropy(["same"] * N).value == pytest.approx(0.0, abs=1e-12)


def test_a_copy_is_not_a_plain_number(gaussian):
    x, _, _ = gaussian
    for copy in (x, -3 * x + 5):
        said = adami.information(x, copy)
        assert "perfect_dependence" in said.flags
        assert math.isinf(said.value)
    bent = adami.information(x, np.exp(x))
    assert "perfect_dependence" in {d.flag for d in bent.warnings}
    assert bent.value > math.log(N)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_do_not_matter(gaussian, table, factor):
    x, y, _ = gaussian
    assert float(adami.information(x * factor, y)) == pytest.approx(float(adami.information(x, y)), abs=1e-9)
    label = table["label"]
    scaled = adami.information(table["number"] * factor, label)
    assert float(scaled) == pytest.approx(float(adami.information(table["number"], label)), abs=1e-9)


def test_entropy_of_labels_and_numbers():
    rng = np.random.default_rng(4)
    assert adami.entropy(rng.integers(0, 4, 4000)).value == pytest.approx(math.log(4), abs=0.01)
    normal = adami.entropy(rng.normal(size=4000))
    assert normal.value == pytest.approx(0.5 * math.log(2 * math.pi * math.e), abs=0.06)
    assert normal.quantity == "differential entropy"
    a, b = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    assert adami.entropy(a, given=b).value == pytest.approx(math.log(2), abs=0.01)


def test_pointwise_averages_to_the_whole(gaussian, table):
    x, y, _ = gaussian
    local = adami.pointwise(x, y)
    assert local.shape == (N,)
    assert local.mean() == pytest.approx(float(adami.information(x, y, method="ksg")), abs=1e-12)
    assert adami.pointwise(table, "number", "label").mean() == pytest.approx(
        float(adami.information(table, "number", "label", method="ross")), abs=1e-12
    )
    with pytest.raises(TypeError, match="no local values"):
        adami.pointwise(["a", "b"] * 50, ["c", "d"] * 50, method="miller_madow")


def test_systems_of_variables():
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    xor = {"a": a, "b": b, "c": a ^ b}
    assert adami.total_correlation(xor).value == pytest.approx(math.log(2), abs=0.01)
    assert adami.o_information(xor).value == pytest.approx(-math.log(2), abs=0.01)
    assert adami.o_information([a, a, a]).value == pytest.approx(math.log(2), abs=0.01)
    with pytest.raises(ValueError, match="at least two"):
        adami.total_correlation([a])


def test_transfer_entropy_has_a_direction():
    rng = np.random.default_rng(8)
    x, y = np.zeros(3000), np.zeros(3000)
    for t in range(1, 3000):
        x[t] = 0.5 * x[t - 1] + rng.normal()
        y[t] = 0.4 * y[t - 1] + 0.6 * x[t - 1] + rng.normal()
    assert float(adami.transfer_entropy(x, y)) == pytest.approx(0.18, abs=0.05)
    assert abs(float(adami.transfer_entropy(y, x))) < 0.03
    assert adami.transfer_entropy(x, y, method="gaussian", permutations=49).p_value == pytest.approx(0.02)


def test_results_are_json(gaussian):
    x, y, _ = gaussian
    said = json.loads(json.dumps(adami.information(x, y, permutations=9).to_dict()))
    assert said["unit"] == "nats"
    assert said["bits"] == pytest.approx(said["value"] / math.log(2))
    json.dumps(adami.information(x, x).to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: adami.information([1.0, 2.0], None), TypeError, "y"),
        (lambda: adami.information([1.0, np.inf] * 20, [1.0, 2.0] * 20), ValueError, "infinite"),
        (lambda: adami.information([1.0, 2.0, 3.0], [1.0, 2.0]), ValueError, "different lengths"),
        (lambda: adami.information([], []), ValueError, "no rows"),
        (lambda: adami.information([1.5], [2.5]), ValueError, "row"),
        (lambda: adami.information([1j, 2], [1, 2]), TypeError, "complex"),
        (lambda: adami.information(np.zeros((3, 3, 3)), [1, 2, 3]), TypeError, "shape"),
        (lambda: adami.information({"abc": [1, 2]}, "abd", "abc"), KeyError, "did you mean 'abc'"),
        (lambda: adami.information([1, 2], [3, 4], [5, 6]), TypeError, "given="),
        (lambda: adami.information([[1], [2, 3]], [1, 2]), ValueError, "different lengths"),
        (lambda: adami.entropy("abc"), TypeError, "expected an array"),
        (lambda: adami.information([{}, {}], [1, 2]), TypeError, "dict"),
        (lambda: adami.information([1.0, 2.0] * 30, [1, 2] * 30, confidence=1.5), ValueError, "confidence"),
        (
            lambda: adami.information([1.0, 2.0] * 30, [1, 2] * 30, permutations=-1),
            ValueError,
            "permutations",
        ),
        (lambda: adami.information([1.0, 2.0] * 30, [1, 2] * 30, n_jobs=0), ValueError, "n_jobs"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_two_estimates_of_different_measures_do_not_mix():
    shannon, other = adami.Estimate(1.0), adami.Estimate(1.0, measure="coding_rate")
    assert isinstance(shannon + 1, float)
    for mix in (lambda: shannon + other, lambda: shannon - other, lambda: shannon < other):
        with pytest.raises(TypeError, match="different measures"):
            mix()


def test_estimator_objects_take_plain_data():
    assert Plugin().estimate(["a", "b"] * 10).bits == pytest.approx(1.0)
