"""The study of every paper that works holds at its quick scale; the others run."""

from __future__ import annotations

import pytest

from adami.papers import paper
from studies.__main__ import discover, row, run
from studies.store import load
from studies.table import MEASURED, summary

STUDIES = discover()
WORKS = [number for number in STUDIES if paper(number).status == "works"]


@pytest.mark.parametrize("number", WORKS)
def test_a_paper_that_works_holds(number: int) -> None:
    found = run(number, "quick", seed=0)
    assert found.result.checks
    assert found.holds, row(found)


@pytest.mark.full
@pytest.mark.parametrize("number", sorted(set(STUDIES) - set(WORKS)))
def test_the_others_run(number: int) -> None:
    assert run(number, "quick", seed=0).result.checks


@pytest.mark.parametrize("number", STUDIES)
def test_result_is_stored(number: int) -> None:
    stored = load(number)
    assert stored is not None
    assert stored.study == STUDIES[number]


def test_the_package_tells_what_is_stored() -> None:
    assert MEASURED.read_text("utf-8") == summary()
