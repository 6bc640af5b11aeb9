"""Reading tables."""

from __future__ import annotations

import datetime
import decimal
import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adami import files
from adami.files import read

PENGUINS = Path(__file__).parents[1] / "examples" / "penguins.csv"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


def arrow_table():  # type: ignore[no-untyped-def]
    pa = pytest.importorskip("pyarrow")
    return pa.table(
        {
            "whole": [1, 2, 3],
            "gap": [1, None, 3],
            "label": pa.array(["x", None, "y"]).dictionary_encode(),
            "money": pa.array([decimal.Decimal("1.5"), None, decimal.Decimal(2)]),
            "flag": [True, None, False],
            "when": pa.array([datetime.datetime(2020, 1, 1), None, datetime.datetime(2021, 1, 1)]),
        }
    )


def check_arrow_table(found: files.RawColumns) -> None:
    assert found["whole"].dtype == np.int64
    np.testing.assert_array_equal(found["gap"], [1.0, np.nan, 3.0])
    assert found["label"].tolist() == ["x", None, "y"]
    np.testing.assert_array_equal(found["money"], [1.5, np.nan, 2.0])
    assert found["flag"].tolist() == [True, None, False]
    assert found["when"].dtype.kind == "M"
    assert np.isnat(found["when"]).tolist() == [False, True, False]


def test_penguins() -> None:
    table = read(PENGUINS)
    assert list(table)[:3] == ["species", "island", "bill_length_mm"]
    assert {len(v) for v in table.values()} == {344}
    assert table["bill_length_mm"].dtype == np.float64
    assert np.isnan(table["bill_length_mm"]).sum() == 2
    assert sum(v is None for v in table["sex"]) == 11
    assert set(table["sex"]) == {"male", "female", None}
    assert table["year"].dtype == np.int64


def test_types_of_text(write: Write) -> None:
    path = write(
        "whole,real,label,yes,day,clock\n"
        "1,NA,x,true,2020-01-02,10:00:01\n2,3.5,NA,,NA,11:00:00\n3,nan,null,false,2021-02-03,\n"
    )
    table = read(path)
    assert table["whole"].dtype == np.int64
    np.testing.assert_array_equal(table["real"], [np.nan, 3.5, np.nan])
    assert table["label"].tolist() == ["x", None, None]
    assert table["yes"].tolist() == [True, None, False]
    assert table["day"].dtype.kind == "M"
    assert np.isnat(table["day"]).tolist() == [False, True, False]
    np.testing.assert_array_equal(table["clock"], [36001.0, 39600.0, np.nan])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a;b\n1;2\n3;4\n", "t.csv"),
        ("a\tb\n1\t2\n3\t4\n", "t.tsv"),
        ("a\tb\n1\t2\n3\t4\n", "t.csv"),
        ("a|b\n1|2\n3|4\n", "t.txt"),
        ("\ufeffa,b\r\n1,2\r\n3,4\r\n", "t.csv"),
        ("a, b\n1, 2\n3, 4\n", "t.csv"),
        (gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0), "t.csv.gz"),
        ('{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n', "t.jsonl"),
        ('[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', "t.json"),
        ("a,b\n1,2\n3,4\n", "a[1]*?.csv"),
    ],
)
def test_same_table(write: Write, text: str | bytes, name: str) -> None:
    table = read(write(text, name))
    assert {k: v.tolist() for k, v in table.items()} == {"a": [1, 3], "b": [2, 4]}


def test_columns_are_chosen_in_order(write: Write) -> None:
    assert list(read(write("a,b,c\n1,2,3\n"), ["c", "a"])) == ["c", "a"]
    with pytest.raises(KeyError, match="did you mean 'size'"):
        read(write("size,b\n1,2\n"), ["siz"])
    with pytest.raises(ValueError, match="twice"):
        read(write("a,b\n1,2\n"), ["a", "a"])


def test_a_quoted_name_and_value(write: Write) -> None:
    table = read(write('"a ""b""",c\n"x,\ny",1\nz,2\n'))
    assert table['a "b"'].tolist() == ["x,\ny", "z"]


def test_a_comment_sign_is_data(write: Write) -> None:
    assert read(write("a,b\n#x,1\ny,2\n"))["a"].tolist() == ["#x", "y"]


def test_late_label_is_found_and_told(write: Write) -> None:
    path = write("a,b\n" + "".join(f"{i},{i}\n" for i in range(30_000)) + "oops,2\n")
    with pytest.warns(UserWarning, match="'a' is read as labels because 1 of its 30001 values"):
        table = read(path)
    assert table["a"].dtype == object
    assert table["b"].dtype == np.int64
    assert np.isnan(read(path, na=["oops"])["a"][-1])


def test_real_labels_give_no_warning(write: Write, recwarn: pytest.WarningsRecorder) -> None:
    read(write("a,b\nx,1\ny,2\n3,3\n"))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "t.csv", "is empty"),
        ("a,b\n", "t.csv", "no rows"),
        ("\n1,2\n", "t.csv", "first line is empty"),
        (
            "a,b,c\n1,2,3\n4,5\n6,7,8\n",
            "t.csv",
            "line 3 has 2 values, and the first line names 3 columns: '4,5'",
        ),
        ("a,b\n" + "1,2\n" * 30_000 + "7\n", "t.csv", "line 30002 has 1 value"),
        ("a,b\n1,2\n1,2,3\n", "t.csv", "line 3 has 3 values"),
        ('a,b\n"x,1",2\n"open,3\n4,5\n', "t.csv", "row that begins on line 3"),
        ("a,a\n1,2\n", "t.csv", "two columns share the name 'a'"),
        ("a,,c\n1,2,3\n", "t.csv", "column 2 of 3 has no name"),
        ("1,2\n3,4\n", "t.csv", "only numbers"),
        ("a,b\né,2\n".encode("latin1"), "t.csv", "line 2 is not UTF-8"),
        ('{"a": 1}\n{"a": tru}\n', "t.jsonl", "JSON"),
        ("hello", "t.parquet", "cannot be read as Parquet"),
        ("hello", "t.arrow", "cannot be read as Arrow"),
        ("a,b\n1,2\n", "t.xyz", "suffix '.xyz'"),
    ],
)
def test_what_is_wrong_is_said(write: Write, text: str | bytes, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(write(text, name))


def test_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "penguins.csv").write_text("a\n1\n")
    with pytest.raises(FileNotFoundError, match=r"did you mean penguins\.csv"):
        read(tmp_path / "pengins.csv")
    with pytest.raises(FileNotFoundError, match="no folder"):
        read(tmp_path / "nowhere" / "t.csv")
    with pytest.raises(ValueError, match="folder, not a file"):
        read(tmp_path)
    with pytest.raises(ValueError, match="unknown format"):
        read(tmp_path / "penguins.csv", format="xlsx")  # type: ignore[arg-type]


def test_nothing_is_fetched() -> None:
    with pytest.raises(FileNotFoundError):
        read("https://localhost/table.csv")


def test_json_with_mixed_types_and_late_columns(write: Write) -> None:
    table = read(write('{"a": 1, "b": "x"}\n{"a": "NA", "c": true}\n', "t.jsonl"))
    np.testing.assert_array_equal(table["a"], [1.0, np.nan])
    assert table["b"].tolist() == ["x", None]
    assert table["c"].tolist() == [None, True]


def test_nested_json_is_refused(write: Write) -> None:
    with pytest.raises(TypeError, match=r"'a'.*plain values"):
        read(write('{"a": [1, 2]}\n{"a": [3]}\n', "t.jsonl"))


def test_parquet(tmp_path: Path) -> None:
    table = arrow_table()
    from pyarrow import parquet

    parquet.write_table(table, tmp_path / "t.parquet")
    check_arrow_table(read(tmp_path / "t.parquet"))


def test_feather_and_stream(tmp_path: Path) -> None:
    table = arrow_table()
    import pyarrow as pa
    from pyarrow import feather

    feather.write_feather(table, tmp_path / "t.feather")
    check_arrow_table(read(tmp_path / "t.feather"))
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    check_arrow_table(read(tmp_path / "t.arrow"))
    assert list(read(tmp_path / "t.arrow", ["when"])) == ["when"]


def test_missing_extra_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"adami\[arrow\]"):
        read(write("hello", "t.arrow"))


@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4\n", "a\tb\n1\t2\n3\t4\n"])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read("-")["b"].tolist() == [2, 4]


def test_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(ValueError, match="standard input is empty"):
        read("-")


def test_standard_input_of_a_named_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\n{"a": 2}\n')))
    assert read("-", format="jsonl")["a"].tolist() == [1, 2]
