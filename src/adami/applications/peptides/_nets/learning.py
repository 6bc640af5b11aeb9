"""Training of the network, and how it reads labelled spectra afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from adami.applications.peptides._nets.network import PeptideNet
from adami.applications.peptides._nets.stepwise import tensors
from adami.applications.peptides.batches import PSMs
from adami.estimators._nets.fit import History, Training, batch, fit
from adami.estimators._nets.stepping import Schedule
from adami.training import CMIReweightedLoss

VALIDATION_DRAW = 20241
"""Validation spectra are drawn once, with this seed, so that their loss is comparable over a training."""
MOST_VALIDATION = 512
READ_AT_ONCE = 128
LARGEST_SEED = 2**62


class Reading(NamedTuple):
    """What both decoders say about one label, token by token from C to N with the end.

    Attributes
    ----------
    information : numpy.ndarray
        Pointwise conditional information, nats.
    log_probability : numpy.ndarray
        Of the decoder that reads the spectrum, nats.
    right, prior_right : numpy.ndarray of bool
        Whether each decoder would have written the token, after the true ones before.
    """

    information: np.ndarray
    log_probability: np.ndarray
    right: np.ndarray
    prior_right: np.ndarray


def train(
    net: PeptideNet,
    psms: PSMs,
    rows: np.ndarray,
    held_out: tuple[PSMs, np.ndarray] | None,
    loss: CMIReweightedLoss,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    schedule: Schedule,
    clip: float | None,
    ema: float | None,
    every: int,
    training: Training,
    watch: Callable[[dict[str, Tensor]], None] | None = None,
) -> History:
    """Train in place on some rows; the weights with the least validation loss are kept."""
    size = min(batch_size, len(rows))
    device = net.head.weight.device

    def step(generator: torch.Generator) -> Tensor:
        chosen = rows[batch(len(rows), size, generator).numpy()]
        seed = int(torch.randint(LARGEST_SEED, (1,), generator=generator))
        fields = tensors(psms.draw(chosen, seed), device)
        terms = loss(*net(*fields), fields[-1], fields[-1] > 0)
        if watch is not None:
            watch(terms)
        return terms["total"]

    def validation() -> float:
        if held_out is None:
            raise ValueError("there are no rows to validate on")
        source, chosen = held_out
        found = readings(net, source, chosen[:MOST_VALIDATION], VALIDATION_DRAW)
        return float(np.concatenate([r.log_probability for r in found]).mean())

    return fit(
        net,
        step,
        steps=steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        clip=clip,
        ema=ema,
        schedule=schedule,
        validate=None if held_out is None else validation,
        every=every,
        training=training,
    )


def readings(net: PeptideNet, psms: PSMs, rows: np.ndarray, random_state: int = 0) -> list[Reading]:
    """Return what both decoders say about labelled spectra, in the order of the rows."""
    return list(_read(net, psms, rows, random_state))


@torch.no_grad()  # type: ignore[untyped-decorator]
def _read(net: PeptideNet, psms: PSMs, rows: np.ndarray, random_state: int) -> Iterator[Reading]:
    device = net.head.weight.device
    for start in range(0, len(rows), READ_AT_ONCE):
        fields = tensors(psms.draw(rows[start : start + READ_AT_ONCE], random_state + start), device)
        tokens = fields[-1]
        told, guessed = (logits.log_softmax(-1) for logits in net(*fields))
        own, prior = (t.gather(-1, tokens[..., None]).squeeze(-1) for t in (told, guessed))
        columns = [own - prior, own, told.argmax(-1) == tokens, guessed.argmax(-1) == tokens]
        arrays = [c.cpu().numpy() for c in columns]
        for i, n in enumerate((tokens > 0).sum(1).tolist()):
            yield Reading(*(a[i, :n] for a in arrays))
