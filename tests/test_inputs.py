"""The same rows from NumPy, lists, pandas, polars, Arrow and PyTorch become the same columns."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from adami._inputs import is_frame, raw_columns

RNG = np.random.default_rng(1)
NUMBERS = RNG.normal(size=50)
WHOLE = RNG.integers(-5, 5, 50)
WORDS = np.array(["ant", "bee", "cow"], dtype=object)[RNG.integers(0, 3, 50)]
TRUTHS = NUMBERS > 0
DAYS = np.datetime64("2024-01-01") + np.arange(50)
TABLE = {"number": NUMBERS, "whole": WHOLE, "word": WORDS, "truth": TRUTHS, "day": DAYS}


def frames():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    plain = {k: v.tolist() if k == "word" else v for k, v in TABLE.items()}
    return {
        "pandas": pandas.DataFrame(plain),
        "pandas_arrow": pandas.DataFrame(plain).convert_dtypes(dtype_backend="pyarrow"),
        "pandas_category": pandas.DataFrame(plain).astype({"word": "category"}),
        "polars": polars.DataFrame(plain),
        "polars_lazy": polars.DataFrame(plain).lazy(),
        "arrow": arrow.table(plain),
        "dict": plain,
    }


@pytest.mark.parametrize(
    "name", ["pandas", "pandas_arrow", "pandas_category", "polars", "polars_lazy", "arrow", "dict"]
)
def test_every_frame_gives_the_same_columns(name):
    frame = frames()[name]
    assert is_frame(frame)
    raw = raw_columns(frame)
    assert list(raw) == list(TABLE)
    np.testing.assert_array_equal(raw["number"], NUMBERS)
    np.testing.assert_array_equal(raw["whole"], WHOLE)
    assert raw["word"].tolist() == WORDS.tolist()
    assert raw["truth"].astype(bool).tolist() == TRUTHS.tolist()
    assert raw["day"].astype("datetime64[D]").tolist() == DAYS.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "int64", "bool"])
def test_every_tensor_gives_the_same_column(dtype):
    torch = pytest.importorskip("torch")
    values = (np.abs(NUMBERS * 10)).astype(dtype)
    if dtype == "uint16":
        values = values.astype("int32")
    raw = raw_columns(torch.tensor(values))
    np.testing.assert_array_equal(raw["x"], values)
    tensor = torch.tensor(NUMBERS, requires_grad=True)
    np.testing.assert_array_equal(raw_columns(tensor)["x"], NUMBERS)


def test_series_keep_their_names():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    assert list(raw_columns(pandas.Series(NUMBERS, name="a"))) == ["a"]
    assert list(raw_columns(pandas.Series(NUMBERS), "x")) == ["x"]
    assert list(raw_columns(polars.Series("b", NUMBERS))) == ["b"]


def test_arrays_and_lists():
    assert list(raw_columns(np.zeros((4, 2)), "x")) == ["x0", "x1"]
    assert list(raw_columns(np.zeros((4, 1)), "x")) == ["x"]
    assert list(raw_columns([[1, 2], [3, 4]], "y")) == ["y0", "y1"]
    assert raw_columns([1, 2.5])["x"].dtype == np.float64
    assert raw_columns([True, False])["x"].dtype == bool
    assert raw_columns((1, 2, 3))["x"].dtype == np.int64
    assert raw_columns([1, "a"])["x"].tolist() == [1, "a"]
    assert raw_columns([["a", 1.5], ["b", 2.5]])["x1"].dtype == np.float64
    assert raw_columns(range(5))["x"].tolist() == [0, 1, 2, 3, 4]


def test_missing_values_stay_apart():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    assert np.isnan(raw_columns([1, None, 3])["x"]).tolist() == [False, True, False]
    assert raw_columns(["a", None, np.nan, pandas.NA])["x"].tolist() == ["a", None, None, None]
    whole = pandas.Series([1, None, 3], dtype="Int64")
    assert np.isnan(raw_columns(whole)["x"]).tolist() == [False, True, False]
    assert np.isnan(raw_columns(polars.Series([1, None, 3]))["x"]).tolist() == [False, True, False]
    truth = raw_columns(pandas.Series([True, None, False], dtype="boolean"))["x"]
    assert truth.tolist() == [True, None, False]
    day = raw_columns(polars.Series("d", [datetime.date(2020, 1, 1), None]))["d"]
    assert np.isnat(day).tolist() == [False, True]
    assert np.isnan(raw_columns([None, None])["x"]).all()


def test_masked_arrays():
    masked = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
    assert np.isnan(raw_columns(masked)["x"]).tolist() == [False, True, False]
    assert raw_columns(np.ma.masked_array([1, 2, 3]))["x"].tolist() == [1, 2, 3]
    words = np.ma.masked_array(np.array(["a", "b"], dtype=object), mask=[0, 1])
    assert raw_columns(words)["x"].tolist() == ["a", None]


def test_time_zones_are_instants():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    times = [
        datetime.datetime(2020, 1, 1, 2, tzinfo=zone),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    ]
    assert len(set(raw_columns(times)["x"].tolist())) == 1


def test_two_columns_of_one_name_are_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="'a'"):
        raw_columns(pandas.DataFrame(np.zeros((3, 2)), columns=["a", "a"]))


def test_what_is_no_frame():
    for data in (NUMBERS, [1, 2], (1, 2)):
        assert not is_frame(data)
    with pytest.raises(TypeError, match="structured"):
        raw_columns(np.zeros(3, dtype=[("a", float)]))
