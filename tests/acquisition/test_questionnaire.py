"""Tables with names, labels, gaps and costs; curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adami.acquisition import Questionnaire, Stop
from adami.acquisition._feature_columns import FeatureColumn, FeatureColumns
from adami.files import read

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
QUICK = {"hidden": (32,), "pretraining_steps": 150, "steps": 50, "settling_steps": 30, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def asks() -> Questionnaire:
    costs = {
        "island": 1.0,
        "bill_length_mm": 2.0,
        "bill_depth_mm": 2.0,
        "flipper_length_mm": 2.0,
        "body_mass_g": 4.0,
        "sex": 1.0,
        "year": 0.5,
    }
    return Questionnaire("species", costs, **QUICK).fit(read(PENGUINS))


def test_asks_by_name_and_saves(asks, tmp_path) -> None:
    asks.save(tmp_path / "m.json")
    loaded = Questionnaire.load(tmp_path / "m.json")
    assert loaded.columns_ == asks.columns_
    policy = loaded.policy(stop=Stop(budget=5))
    names = loaded.columns_.names
    assert policy.cost(names.index("body_mass_g")) == 4
    while (query := policy.ask()) is not None:
        column = loaded.columns_.columns[query]
        policy.tell(query, column.value(column.levels[0] if column.levels else str(column.low)))
    assert policy.spent["cost"] <= 5
    assert policy.recommend() in {"Adelie", "Chinstrap", "Gentoo"}


def test_curve(asks, tmp_path) -> None:
    found = asks.curve(read(PENGUINS))
    assert found.held_out
    assert found.n == 67
    assert found.accuracy["adaptive"][-1] == pytest.approx(found.everything)
    assert found.accuracy["adaptive"][0] == pytest.approx(found.accuracy["random"][0])
    assert found.everything > 0.9
    found.plot(tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 5000
    part = {k: v[:100] for k, v in read(PENGUINS).items()}
    other = asks.curve(part, most=3)
    assert not other.held_out
    assert other.asked.tolist() == [0, 1, 2, 3]
    assert other.to_dict()["rows"] == 100


def test_columns() -> None:
    number, label = FeatureColumn("mass", (), 1.0, 9.0), FeatureColumn("sex", ("male", "female"))
    assert number.value(" 3.5 ") == 3.5
    assert label.value("Female") == [0.0, 1.0]
    for column, wrong in ((number, "heavy"), (number, "inf"), (label, "other"), (label, "")):
        with pytest.raises(ValueError, match=column.name):
            column.value(wrong)
    columns = FeatureColumns((number, label))
    assert columns.groups == [[0], [1, 2]]
    raw = {"mass": np.array([1.0, np.nan]), "sex": np.array([None, "female"], dtype=object)}
    np.testing.assert_array_equal(columns.matrix(raw), [[1, np.nan, np.nan], [np.nan, 0, 1]])
    assert FeatureColumns.from_told(columns.told()) == columns
    with pytest.raises(ValueError, match="none of male"):
        columns.matrix({**raw, "sex": np.array(["x", "male"], dtype=object)})
    with pytest.raises(ValueError, match="no column 'sex'"):
        columns.matrix({"mass": raw["mass"]})
    with pytest.raises(ValueError, match="no numbers"):
        columns.matrix({**raw, "mass": np.array(["a", "b"], dtype=object)})


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ({"mass": 1.0}, "missing for sex"),
        ({"mass": 1.0, "sex": 1.0, "age": 1.0}, "'age'"),
        ({"mass": -1.0, "sex": 1.0}, "cost of 'mass'"),
        ({"mass": float("nan"), "sex": 1.0}, "cost of 'mass'"),
    ],
)
def test_costs(costs, said) -> None:
    columns = FeatureColumns((FeatureColumn("mass"), FeatureColumn("sex", ("m", "f"))))
    with pytest.raises(ValueError, match=said):
        columns.costs(costs)


def test_tables_that_cannot_be_used() -> None:
    n = 120
    y = np.array(["a", "b"] * (n // 2), dtype=object)
    names = np.array([f"id {i}" for i in range(n)], dtype=object)
    with (
        pytest.raises(ValueError, match="there is no column to ask for"),
        pytest.warns(UserWarning, match="'id'"),
    ):
        Questionnaire("y").fit({"id": names, "y": y})
    with pytest.raises(ValueError, match="different values"):
        Questionnaire("id").fit({"id": names, "y": y})
    with pytest.raises(ValueError, match="'z'"):
        Questionnaire("z").fit({"x": np.arange(4.0), "y": y[:4]})
    with pytest.raises(ValueError, match="test"):
        Questionnaire("y", test=1.0)
