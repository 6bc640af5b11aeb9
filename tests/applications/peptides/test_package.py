"""The package as a whole: its names, and what a missing extra says."""

from __future__ import annotations

from pathlib import Path

import pytest

from adami.applications import peptides
from adami.applications.peptides import (
    AdaNovo,
    Spectrum,
    _extras,
    plot_spectrum,
    read_fasta,
    read_mgf,
    storage,
)


def test_every_public_name_is_there() -> None:
    modules = {p.stem for p in Path(peptides.__file__).parent.glob("*.py")}
    for name in peptides.__all__:
        assert getattr(peptides, name) is not None
    assert not modules & set(peptides.__all__)


@pytest.mark.parametrize(
    ("missing", "call", "extra"),
    [
        ("pyteomics", lambda: read_mgf("some.mgf"), "peptides"),
        ("pyteomics", lambda: read_fasta("some.fasta"), "peptides"),
        ("matplotlib", lambda: plot_spectrum(Spectrum([1.0], [1.0], 500.0, 2)), "plot"),
        ("torch", lambda: AdaNovo().fit([]), "torch"),
        ("torch", lambda: storage.read_network("some.safetensors"), "torch"),
    ],
)
def test_a_missing_extra_is_named_in_one_line(
    missing: str, call: object, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = _extras.find_spec
    monkeypatch.setattr(_extras, "find_spec", lambda name: None if name == missing else there(name))
    with pytest.raises(ImportError, match=rf"pip install 'adami\[{extra}\]'") as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
