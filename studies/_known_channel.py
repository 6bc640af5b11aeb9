"""A channel of sequences whose conditional information is set by hand, place by place."""

from __future__ import annotations

import math

import numpy as np

from adami.applications.peptides import RESIDUES, Vocabulary
from adami.applications.peptides.batches import Batch

SYMBOLS = 8
PLACES = 6
MASS = 1000.0
WORDS = {token: RESIDUES[token] for token in list(RESIDUES)[:SYMBOLS]}


class Channel:
    """Odd places are copied from the spectrum, even ones follow from the place before."""

    def __len__(self) -> int:
        return 100_000

    def draw(self, rows: np.ndarray, random_state: int) -> Batch:
        """Return as many fresh sequences as there are rows."""
        rng = np.random.default_rng(random_state)
        told = rng.integers(0, SYMBOLS, (len(rows), PLACES // 2))
        follows = (3 * told + 1) % SYMBOLS
        y = np.stack([told, follows], axis=2).reshape(len(rows), PLACES) + 1
        end = np.full((len(rows), 1), SYMBOLS + 1)
        mz = 100.0 + 300.0 * np.arange(PLACES // 2) + 30.0 * told
        charge = np.ones(len(rows), dtype=np.int64)
        return Batch(
            mz,
            np.full(mz.shape, 1 / math.sqrt(PLACES // 2)),
            np.full(len(rows), MASS),
            charge,
            np.concatenate([y, end], axis=1).astype(np.int64),
        )


def information_by_place(steps: int, leaky: bool, random_state: int) -> tuple[float, float]:
    """Return the mean information of odd and of even places that a trained model measures, in nats."""
    from adami.applications.peptides._nets.learning import readings, train
    from adami.applications.peptides._nets.network import PeptideNet, Shape
    from adami.estimators._nets.fit import Training, one_thread, seeded
    from adami.training import CMIReweightedLoss

    shape = Shape(
        d_model=32,
        n_layers=1,
        n_prior_layers=1,
        n_heads=4,
        d_ff=64,
        shortest_wave=30.0,
        prefix_mass=False,
        peak_lookup=False,
        leaky_prior=leaky,
    )
    channel, rows = Channel(), np.arange(len(Channel()))
    with seeded(random_state):
        net = PeptideNet(shape, Vocabulary(WORDS).residues)
    train(
        net,
        channel,
        rows,
        None,
        CMIReweightedLoss(),
        steps=steps,
        batch_size=64,
        learning_rate=5e-3,
        weight_decay=0.0,
        schedule="onecycle",
        clip=1.0,
        ema=None,
        every=steps,
        training=Training(what="known channel", random_state=random_state),
    )
    with one_thread():
        found = np.stack([r.information for r in readings(net, channel, rows[:2000], random_state + 1)])
    return float(found[:, 0:PLACES:2].mean()), float(found[:, 1:PLACES:2].mean())
