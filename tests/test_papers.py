"""The register of the papers."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from adami.papers import Paper, paper, papers

ROOT = Path(__file__).parents[1]
PACKAGES = {
    *("exact", "estimators", "representation", "training"),
    *("acquisition", "decoding", "guarantees", "applications"),
}


def test_register_is_whole() -> None:
    register = papers()
    assert [p.number for p in register] == list(range(1, 120))
    assert len({p.title for p in register}) == 119
    assert {p.package for p in register} <= PACKAGES
    assert {p.status for p in register} <= {"planned", "started", "works"}
    assert all(p.system and p.title for p in register)


@pytest.mark.parametrize("entry", papers(), ids=lambda p: str(p.number))
def test_status_is_earned(entry: Paper) -> None:
    if entry.entry_point:
        module, name = entry.entry_point.rsplit(".", 1)
        assert hasattr(importlib.import_module(module), name)
    if entry.study:
        assert (ROOT / "studies" / f"{entry.study}.py").exists()
    if entry.status == "works":
        from studies.store import load

        stored = load(entry.number)
        assert stored is not None
        assert stored.holds


def test_one_paper() -> None:
    assert paper(30).system == "DIME"
    assert paper(30).to_dict()["package"] == "acquisition"
    with pytest.raises(KeyError, match="no paper 120"):
        paper(120)
