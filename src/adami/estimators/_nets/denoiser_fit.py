"""Training of denoisers: which patterns, which noise, how the rows for watching are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adami.estimators._nets.denoiser import Architecture, Block, Denoiser, Moments, faster, width_for
from adami.estimators._nets.diffusion import Levels, signal_and_noise, strata
from adami.estimators._nets.fit import History, Training, batch, device_of, fit, seeded, to_tensor
from adami.estimators._nets.gaussian_denoiser import CLEAN, DIFFUSED, Pattern
from adami.estimators._nets.mixture_start import MixturePart, few_cells
from adami.estimators._nets.stepping import Schedule

WATCHED = 2048
"""Largest number of rows that are kept for watching."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a denoiser is built and trained.

    Parameters
    ----------
    hidden : int or "auto"
    depth : int
    architecture : {"mlp", "transformer"}
    gaussian_start : bool
        Start from the Gaussian guess of the rows' own covariance.
    start_floor : float
        Smallest variance of a direction in that guess.
    steps, batch_size : int
    learning_rate, weight_decay : float
    ema : float or None
    schedule : {"constant", "cosine", "onecycle"}
    holdout : float
        Share of rows that is watched and not trained on; the weights that do best there are kept.
    patience : int or None
    precision : {"float32", "bfloat16"}
    compiled : bool
    """

    hidden: int | str = "auto"
    depth: int = 2
    architecture: Architecture = "mlp"
    gaussian_start: bool = False
    start_floor: float = 0.0
    steps: int = 2000
    batch_size: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    ema: float | None = 0.999
    schedule: Schedule = "cosine"
    holdout: float = 0.1
    patience: int | None = None
    precision: str = "float32"
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """A denoiser and how it came about."""

    model: Denoiser
    history: History
    device: torch.device


def train_denoiser(
    rows: np.ndarray | Mapping[Pattern, np.ndarray],
    sizes: Sequence[int],
    shares: Mapping[Pattern, float],
    levels: Levels,
    settings: Settings,
    training: Training,
    labelled: bool = False,
) -> Trained:
    """Train one network for all patterns.

    Parameters
    ----------
    rows : array of shape (n, D), or one a pattern
        Columns on a common scale.
    sizes : sequence of int
        Columns of each variable.
    shares : mapping of Pattern -> float
        How often each pattern is trained, relative to the others.
    levels : Levels
    settings : Settings
    training : Training
    labelled : bool
        Whether all variables but the first are labels, one column a level: a Gaussian start then is one for
        each combination of them.

    Raises
    ------
    ValueError
        If the training diverges, or a setting makes no sense.
    """
    patterns = tuple(shares)
    own = dict.fromkeys(patterns, rows) if isinstance(rows, np.ndarray) else dict(rows)
    _check(settings, min(len(r) for r in own.values()))
    device = device_of(training.device)
    split = {id(r): _split(r, settings.holdout, training.random_state) for r in own.values()}
    fitted = {p: split[id(r)][0] for p, r in own.items()}
    watched = {p: split[id(r)][1] for p, r in own.items()}
    moments = {id(r): (r.mean(axis=0), np.atleast_2d(np.cov(r.T, bias=True))) for r in fitted.values()}
    starts = [_start(p, sizes, fitted[p], moments[id(fitted[p])], settings, labelled) for p in patterns]
    hidden = width_for(sum(sizes)) if settings.hidden == "auto" else int(settings.hidden)
    with seeded(training.random_state):
        model = Denoiser(
            *(sizes, patterns, starts, settings.architecture, hidden, settings.depth, settings.start_floor)
        ).to(device)
    run = faster(model, settings.precision, settings.compiled, device)
    tensors = {id(r): to_tensor(r, device) for r in fitted.values()}
    least = min(len(t) for t in tensors.values())
    blocks = [Block(b.pattern, min(b.rows, least)) for b in _blocks(shares, settings.batch_size)]
    objective = _Objective(run, tuple(sizes), levels, blocks, device)

    def loss(generator: torch.Generator) -> Tensor:
        own_rows = (tensors[id(fitted[b.pattern])] for b in blocks)
        chosen = [t[batch(len(t), b.rows, generator)] for t, b in zip(own_rows, blocks)]
        return objective(torch.cat(chosen), generator)

    validate = None
    if settings.holdout > 0:
        kept = [to_tensor(watched[p], device) for p in patterns]
        seen = [Block(p, len(t)) for p, t in zip(patterns, kept)]
        watch, rows_seen = _Objective(run, tuple(sizes), levels, seen, device), torch.cat(kept)

        def validate() -> float:
            # the same noise at every look
            return -float(watch(rows_seen, torch.Generator().manual_seed(training.random_state + 1)))

    history = fit(
        model,
        loss,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        ema=settings.ema,
        schedule=settings.schedule,
        validate=validate,
        every=max(1, settings.steps // 20),
        patience=settings.patience,
        training=training,
    )
    return Trained(model, history, device)


def _start(
    pattern: Pattern,
    sizes: Sequence[int],
    rows: np.ndarray,
    moments: Moments,
    settings: Settings,
    labelled: bool,
) -> Moments | MixturePart | None:
    if not settings.gaussian_start:
        return None
    if labelled and few_cells(rows, slice(sizes[0], None)):
        return MixturePart(pattern, sizes, rows, settings.start_floor)
    return moments


class _Objective:
    """Weighted squared error of predicted noises over batches that mix the same patterns in the same way."""

    def __init__(
        self,
        run: Any,
        sizes: tuple[int, ...],
        levels: Levels,
        blocks: Sequence[Block],
        device: torch.device,
    ) -> None:
        self.run, self.levels, self.blocks, self.device = run, levels, tuple(blocks), device
        counts = torch.tensor([b.rows for b in blocks])
        roles = torch.tensor(np.array([np.repeat(b.pattern.roles, sizes) for b in blocks]))
        noisy = (roles == DIFFUSED).float()
        share = noisy.mean(dim=1, keepdim=True)
        weight = noisy * (2 - share) / noisy.sum(dim=1, keepdim=True) / counts.sum()
        told = (noisy, (roles == CLEAN).float(), weight)
        self.noisy, self.known, self.weight = (t.repeat_interleave(counts, dim=0).to(device) for t in told)

    def __call__(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        # rows stand block by block; stratified levels in random order serve every block alike
        # plain squared errors: weights of levels that are drawn rarely would only add noise
        alpha, _ = self.levels.draw(strata(len(clean), generator))
        level = alpha.to(self.device, torch.float32)
        noise = torch.randn(clean.shape, generator=generator).to(self.device)
        m, s = signal_and_noise(level)
        z = (m * clean + s * noise) * self.noisy + clean * self.known
        error = (self.run(z, level, self.blocks) - noise) ** 2 * self.weight
        return error.sum()


def _blocks(shares: Mapping[Pattern, float], size: int) -> list[Block]:
    whole = sum(shares.values())
    return [Block(p, max(1, round(size * share / whole))) for p, share in shares.items()]


def _split(rows: np.ndarray, holdout: float, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to train on, and rows to watch."""
    if holdout == 0:
        return rows, rows[:0]
    order = np.random.default_rng(random_state).permutation(len(rows))
    count = min(max(1, int(holdout * len(rows))), WATCHED)
    return rows[order[count:]], rows[order[:count]]


def _check(settings: Settings, n: int) -> None:
    if not 0 <= settings.holdout < 1:
        raise ValueError(f"holdout={settings.holdout}: a share of the rows, at least 0 and below 1")
    if settings.batch_size < 1:
        raise ValueError(f"batch_size={settings.batch_size}: at least one row is needed")
    if settings.hidden != "auto" and (not isinstance(settings.hidden, int) or settings.hidden < 1):
        raise ValueError(f"hidden={settings.hidden!r}: 'auto' or a positive number of units")
    if settings.depth < 1:
        raise ValueError(f"depth={settings.depth}: at least one block is needed")
    if n * (1 - settings.holdout) < 4:
        raise ValueError(f"{n} rows are too few to train a denoiser; at least 8 are needed")
