"""Train the network of `adami peptides` and write its weights: `python -m benchmarks.train_peptides FOLDER`.

Trains on spectra of the bacterium and the contaminants, drawn anew in every step; the mouse proteins, and
the peptides of the 128 real mouse spectra, are held out. It goes on from its checkpoint in FOLDER after a
kill, writes ``FOLDER/adanovo.safetensors`` and prints what it reads of held-out simulated and of real
spectra. With --ship the weights are also put where `AdaNovo.load()` looks for them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from adami.applications.peptides import (
    AdaNovo,
    BeamSearch,
    Preprocessing,
    Vocabulary,
    leave_one_out,
    massivekb_spectra,
    mouse_proteome,
    mouse_spectra,
    other_proteomes,
    simulate_psms,
)
from adami.applications.peptides.storage import SHIPPED

HELD_OUT = 1000


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--peaks", type=int, default=100)
    parser.add_argument("--intensities", choices=("auto", "rule", "ms2pip"), default="auto")
    parser.add_argument("--reweight", choices=("cmi", "none"), default="cmi")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ship", action="store_true", help="put the weights into the package")
    asked = parser.parse_args()
    real, words = mouse_spectra(), Vocabulary()
    hidden = ["".join(t[0] for t in words.split(s.peptide or "") if t[0].isupper()) for s in real]
    peptides, rest = leave_one_out(other_proteomes() | {"mouse": mouse_proteome()}, "mouse", hidden)
    how = Preprocessing(n_peaks=asked.peaks)
    rng = np.random.default_rng(asked.seed)
    rest = [rest[i] for i in np.sort(rng.permutation(len(rest))[:HELD_OUT])]
    print(f"{len(peptides)} peptides to train on", flush=True)
    train = simulate_psms(peptides, asked.seed, intensities=asked.intensities, preprocessing=how)
    held = simulate_psms(rest, asked.seed + 1, intensities=asked.intensities, preprocessing=how)

    def tell(step: int, numbers: Mapping[str, float]) -> None:
        print(step, json.dumps(dict(numbers)), flush=True)

    model = AdaNovo(
        d_model=asked.width,
        n_layers=asked.layers,
        steps=asked.steps,
        batch_size=asked.batch_size,
        learning_rate=asked.learning_rate,
        shortest_wave=0.01,
        preprocessing=how,
        reweight=asked.reweight,
        validation_share=0.01,
        device=asked.device,
        random_state=asked.seed,
        checkpoint=asked.folder / "checkpoint",
        callback=tell,
    ).fit(train)
    written = asked.folder / "adanovo.safetensors"
    model.save(written)
    sets = {"held-out": held.spectra(2), "mouse": real}
    try:
        sets["massivekb"] = massivekb_spectra()[0]
    except FileNotFoundError as problem:
        print(f"left out: {problem}", file=sys.stderr)
    told = {"intensities": train.intensities, "steps": asked.steps}
    for name, spectra in sets.items():
        for constrained in (False, True):
            scored = model.score(spectra, BeamSearch(mass_constrained=constrained))
            told[f"{name}, {'mass-constrained' if constrained else 'free'}"] = scored
    text = json.dumps(told, indent=1)
    (asked.folder / "measured.json").write_text(text + "\n")
    print(text)
    if asked.ship:
        SHIPPED.parent.mkdir(exist_ok=True)
        shutil.copyfile(written, SHIPPED)


if __name__ == "__main__":
    main()
