"""Teach a network that reads samples: the answer from closed forms, then everything, then its coverage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._common import normal_scores
from adami.estimators._nets.fit import History, Training, batch, fit, one_thread
from adami.estimators._nets.sample_summary import summarize
from adami.estimators._nets.set_network import LEVELS, MIDDLE, REFERENCES, RowSetNetwork, SetNetwork, pinball
from adami.tasks import MetaDataset

HELD_OUT = 1 << 40
"""Batches from this number on are never learnt from."""
CALIBRATION = HELD_OUT + (1 << 20)
"""Batches from this number on decide how far quantiles are stretched."""


def scores(rows: np.ndarray) -> Tensor:
    """Return the normal scores of every column of every sample, shape (b, n, d), as float32."""
    b, n, d = rows.shape
    columns = normal_scores(rows.transpose(1, 0, 2).reshape(n, b * d))
    return torch.as_tensor(columns.reshape(n, b, d).transpose(1, 0, 2).copy(), dtype=torch.float32)


def root(mi: np.ndarray) -> Tensor:
    """Return the root of twice the information: the scale on which the network answers."""
    return torch.as_tensor(np.sqrt(2 * mi), dtype=torch.float32)


class Described(NamedTuple):
    """Descriptions of many samples."""

    features: Tensor
    gaussian: Tensor
    target: Tensor


def describe(meta: MetaDataset, batches: int, size: int = 32, first: int = 0) -> Described:
    """Return what closed forms say about samples, beside the truth."""
    parts = []
    with torch.no_grad(), one_thread():
        for i in range(first, first + batches):
            x, y, mi = meta.batch(size, i)
            summary = summarize(scores(x), scores(y))
            parts.append(Described(summary.features, summary.gaussian, root(mi)))
    return Described(*(torch.cat(part) for part in zip(*parts)))


def train_answer(
    net: SetNetwork,
    table: Described,
    *,
    steps: int,
    size: int = 512,
    training: Training,
    learning_rate: float = 2e-3,
) -> History:
    """Teach the layers that answer, from descriptions only."""
    net.centre.copy_(table.features.mean(0))
    net.spread.copy_(table.features.std(0).clamp_min(1e-3))
    levels = torch.tensor(LEVELS)
    width = net.answer[0].in_features - table.features.shape[1]
    # what attention finds is not there yet: the answer starts without it
    nn.init.zeros_(net.answer[0].weight[:, :width].detach())
    held = len(table.target) // 20
    blank = torch.zeros(size, width)

    def error(rows: Tensor) -> Tensor:
        out = net.quantiles(table.features[rows], table.gaussian[rows], blank[:1].expand(len(rows), -1))
        return pinball(table.target[rows, None] - out, levels).mean()

    return fit(
        net,
        lambda generator: error(held + batch(len(table.target) - held, size, generator)),
        steps=steps,
        learning_rate=learning_rate,
        schedule="onecycle",
        optimizer="adamw",
        weight_decay=1e-4,
        validate=lambda: -float(error(torch.arange(held))),
        every=max(1, steps // 20),
        training=training,
    )


def train_network(
    net: SetNetwork,
    meta: MetaDataset,
    *,
    steps: int,
    size: int = 32,
    learning_rate: float = 1e-3,
    training: Training,
    held_out: int = 40,
    every: int = 500,
) -> History:
    """Teach the whole network on samples that are drawn as they are needed."""
    levels = torch.tensor(LEVELS)
    tests = [meta.batch(size, HELD_OUT + i) for i in range(held_out)]
    shown = [(scores(x), scores(y), root(mi)) for x, y, mi in tests]

    def loss(generator: torch.Generator) -> Tensor:
        index = int(torch.randint(HELD_OUT, (), generator=generator))
        x, y, mi = meta.batch(size, index)
        return pinball(root(mi)[:, None] - net(scores(x), scores(y)), levels).mean()

    def validate() -> float:
        return -float(
            torch.stack([pinball(t[:, None] - net(x, y), levels).mean() for x, y, t in shown]).mean()
        )

    return fit(
        net,
        loss,
        steps=steps,
        learning_rate=learning_rate,
        schedule="cosine",
        optimizer="adamw",
        weight_decay=1e-4,
        ema=0.999,
        validate=validate,
        every=every,
        training=training,
    )


def calibrate(net: SetNetwork, meta: MetaDataset, batches: int = 64, size: int = 32) -> None:
    """Stretch the quantiles until they cover fresh samples as often as they say, and learn what is familiar.

    Romano, Patterson and Candès, "Conformalized quantile regression", 2019, with distances relative to the
    network's own.
    """
    net.stretch.fill_(1.0)
    answers, truths, found = [], [], []
    with torch.no_grad(), one_thread():
        for i in range(CALIBRATION, CALIBRATION + batches):
            x, y, mi = meta.batch(size, i)
            summary = summarize(scores(x), scores(y))
            embedding = net.embed(summary.tokens)
            answers.append(net.quantiles(summary.features, summary.gaussian, embedding))
            found.append(embedding)
            truths.append(root(mi))
    out, truth, embeddings = torch.cat(answers), torch.cat(truths), torch.cat(found)
    away = truth - out[:, MIDDLE]
    for low in range(MIDDLE):
        high = len(LEVELS) - 1 - low
        reach = torch.where(away > 0, out[:, high] - out[:, MIDDLE], out[:, MIDDLE] - out[:, low])
        needed = away.abs() / reach.clamp_min(1e-6)
        # one more than the share, as in conformal prediction, so that coverage is not below what is said
        share = min(1.0, (LEVELS[high] - LEVELS[low]) * (len(truth) + 1) / len(truth))
        net.stretch[low] = net.stretch[high] = torch.quantile(needed, share)
    # batches share a size and a shape: neighbours are sought among other batches
    half = len(embeddings) // 2
    kept = embeddings[:half][torch.randperm(half, generator=torch.Generator().manual_seed(0))[:REFERENCES]]
    net.reference.copy_(kept[torch.arange(REFERENCES) % len(kept)])
    net.familiar.copy_(torch.quantile(net.strangeness(embeddings[half:]), 0.999))


def train_published(
    net: RowSetNetwork,
    meta: MetaDataset,
    *,
    steps: int,
    size: int = 32,
    learning_rate: float = 1.13e-4,
    training: Training,
) -> History:
    """Teach the published design as published: standardised columns, one drawn level a sample, nats."""

    def loss(generator: torch.Generator) -> Tensor:
        x, y, mi = meta.batch(size, int(torch.randint(HELD_OUT, (), generator=generator)))
        level = torch.rand(size, generator=generator)
        answer = net(standard(x), standard(y), level)
        return pinball(torch.as_tensor(mi, dtype=torch.float32) - answer, level).mean()

    return fit(
        net,
        loss,
        steps=steps,
        learning_rate=learning_rate,
        optimizer="adamw",
        weight_decay=8.7e-6,
        every=max(1, steps // 10),
        training=training,
    )


def standard(rows: np.ndarray) -> Tensor:
    """Return standardised columns of every sample, as float32."""
    spread = rows.std(axis=1, keepdims=True)
    scaled = (rows - rows.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return torch.as_tensor(scaled, dtype=torch.float32)
