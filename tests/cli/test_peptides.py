"""adami peptides: from proteins to peptides read from spectra."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

PROTEINS = (
    ">a\nMKWVTFLSLLLLFSSAYSRGVFRRDTHKSELAHRFKDLGEEHFKGLVLLAFSQYLQQCPFDEHVKLVNELTEFAKTCVADESHAGCEKSLH"
    "TLFGDELCK\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Proteins, labelled spectra and a network that has hardly been trained."""
    from adami.cli.app import app

    place = tmp_path_factory.mktemp("peptides")
    (place / "proteins.fasta").write_text(PROTEINS)

    def call(*arguments: object) -> None:
        done = CliRunner().invoke(app, ["peptides", *(str(a) for a in arguments)])
        assert done.exit_code == 0, done.output

    call("simulate", place / "proteins.fasta", "-o", place / "some.mgf", "--intensities", "rule")
    call("train", place / "some.mgf", "-o", place / "net.safetensors", *small())
    return place


def small() -> list[str]:
    return ["--steps", "4", "--width", "16", "--layers", "1"]


def test_simulated_spectra(run, folder: Path, tmp_path: Path) -> None:
    told = run(
        *("peptides", "simulate", folder / "proteins.fasta", "-o", tmp_path / "few.mgf", "-n", 5),
        *("--label-noise", 0.5, "--intensities", "rule"),
    )
    assert told.exit_code == 0
    assert "5 spectra" in " ".join(told.stderr.split())
    assert "labelled wrongly" in " ".join(told.stderr.split())
    assert (tmp_path / "few.mgf").read_text().count("SEQ=") == 5


def test_training_on_proteins(run, folder: Path, tmp_path: Path) -> None:
    told = run(
        *("peptides", "train", folder / "proteins.fasta", "-o", tmp_path / "net.safetensors"),
        *("--json", "--reweight", "none", "--checkpoint", tmp_path / "kept", *small()),
    )
    assert told.exit_code == 0, told.stderr
    found = json.loads(told.stdout)
    assert (found["steps"], found["stopped"]) == (4, "done")
    assert (tmp_path / "net.safetensors").exists()
    assert list((tmp_path / "kept").iterdir())


def test_sequence(run, folder: Path, tmp_path: Path) -> None:
    net = folder / "net.safetensors"
    told = run("peptides", "sequence", folder / "some.mgf", "--weights", net, "--beams", 2)
    assert told.exit_code == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0].startswith("title\treference\tsequence")
    assert len(lines) == 1 + (folder / "some.mgf").read_text().count("BEGIN IONS")
    assert "spectra have a peptide" in " ".join(told.stderr.split())
    for name, start in (("out.tsv", "title"), ("out.mztab", "MTD\tmzTab-version")):
        wanted = run("peptides", "sequence", folder / "some.mgf", "-w", net, "-o", tmp_path / name, "-q")
        assert wanted.stdout == ""
        assert (tmp_path / name).read_text().startswith(start)
    assert run("peptides", "sequence", folder / "some.mgf", "-o", "out.xlsx").exit_code == 2


def test_evaluate_and_suspects(run, folder: Path, tmp_path: Path) -> None:
    net = folder / "net.safetensors"
    told = run("peptides", "evaluate", folder / "some.mgf", "-w", net, "--mass-constrained", "--json")
    found = json.loads(told.stdout)
    assert found["spectra"] > 10
    assert 0 <= found["aa_recall"] <= 1
    assert (
        "residues read that are right" in run("peptides", "evaluate", folder / "some.mgf", "-w", net).stdout
    )
    told = run(
        "peptides", "suspects", folder / "some.mgf", "-w", net, "-n", 2, "--figures", tmp_path / "figures"
    )
    assert told.exit_code == 0, told.stderr
    assert len(told.stdout.splitlines()) == 3
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {
        "information.png",
        "suspect_001.png",
        "suspect_002.png",
    }
    rows = json.loads(run("peptides", "suspects", folder / "some.mgf", "-w", net, "-n", 3, "--json").stdout)
    values = [row["information"] for row in rows["suspects"]]
    assert values == sorted(values)


def test_broken_entries_are_told(run, folder: Path, tmp_path: Path) -> None:
    text = (folder / "some.mgf").read_text()
    (tmp_path / "torn.mgf").write_text(text + "BEGIN IONS\nTITLE=broken\nPEPMASS=500\n100 1\nEND IONS\n")
    told = run("peptides", "evaluate", tmp_path / "torn.mgf", "-w", folder / "net.safetensors", "--json")
    assert told.exit_code == 0
    assert "title broken (no charge)" in " ".join(told.stderr.split())


def test_mistakes(run, folder: Path, tmp_path: Path) -> None:
    from adami.applications.peptides.storage import SHIPPED

    if not SHIPPED.exists():
        told = run("peptides", "sequence", folder / "some.mgf")
        assert told.exit_code == 1
        assert "comes without weights" in " ".join(told.stderr.split())
    unlabelled = (folder / "some.mgf").read_text().replace("SEQ=", "NOTE=")
    (tmp_path / "bare.mgf").write_text(unlabelled)
    told = run("peptides", "evaluate", tmp_path / "bare.mgf", "-w", folder / "net.safetensors")
    assert told.exit_code == 1
    assert "has no peptide" in " ".join(told.stderr.split())
    both = run("peptides", "train", folder / "some.mgf", folder / "proteins.fasta", "-o", tmp_path / "x")
    assert both.exit_code == 2
    assert run("peptides", "sequence", tmp_path / "none.mgf", "-w", folder / "net.safetensors").exit_code == 1
