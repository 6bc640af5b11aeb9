"""Trained networks on disk, with their residues and their preprocessing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from adami.applications.peptides._extras import need
from adami.applications.peptides.spectra import Preprocessing

if TYPE_CHECKING:
    from adami.applications.peptides._nets.network import PeptideNet

SHIPPED = Path(__file__).parent / "weights" / "adanovo.safetensors"
"""The network that comes with adami; a version without one says so."""


def read_network(path: str | Path) -> tuple[PeptideNet, Preprocessing]:
    """Return the network of a file, ready to read spectra, and the preprocessing it was trained with.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds no network of AdaNovo.
    """
    need("torch", "reading peptides", "PyTorch", "torch")
    from adami.applications.peptides._nets.network import PeptideNet, Shape
    from adami.estimators._nets.checkpoints import load_tensors

    place = SHIPPED if path == "adanovo" else Path(path)
    if not place.exists():
        said = "this version of adami comes without weights" if path == "adanovo" else "no such file"
        raise FileNotFoundError(
            f"weights {str(path)!r}: {said}; train a network with 'adami peptides train' and name its file"
        )
    tensors, told = load_tensors(place)
    if "adanovo" not in told:
        raise ValueError(f"{place} holds no network of AdaNovo; write one with AdaNovo(...).save")
    known = told["adanovo"]
    net = PeptideNet(Shape(**known["shape"]), known["residues"])
    net.load_state_dict(tensors)
    net.eval()
    return net, Preprocessing(**known["preprocessing"])


def write_network(path: str | Path, net: PeptideNet, preprocessing: Preprocessing) -> None:
    """Write a network to a safetensors file."""
    from adami.estimators._nets.checkpoints import save_tensors

    told = {
        "shape": net.shape.to_dict(),
        "residues": dict(net.words.residues),
        "preprocessing": asdict(preprocessing),
    }
    save_tensors(Path(path), net.state_dict(), {"adanovo": told})
