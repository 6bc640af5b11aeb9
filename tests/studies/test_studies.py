"""Every study of a paper holds at its quick scale."""

from __future__ import annotations

import pytest

from studies.__main__ import discover, row, run
from studies.store import load
from studies.table import MEASURED, summary

STUDIES = discover()


@pytest.mark.parametrize("number", STUDIES)
def test_holds(number: int) -> None:
    found = run(number, "quick", seed=0)
    assert found.holds, row(found)
    assert found.result.checks


@pytest.mark.parametrize("number", STUDIES)
def test_result_is_stored(number: int) -> None:
    stored = load(number)
    assert stored is not None
    assert stored.study == STUDIES[number]


def test_the_package_tells_what_is_stored() -> None:
    assert MEASURED.read_text("utf-8") == summary()
