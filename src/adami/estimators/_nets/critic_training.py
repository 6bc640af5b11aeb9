"""Train one critic on rows, watched on others, and score rows with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adami.estimators._critic_plan import CriticPlan
from adami.estimators._critic_readout import Scores, blocks_of
from adami.estimators._nets.critic_losses import (
    CriticLoss,
    DVLoss,
    InfoNCELoss,
    InterpolatedLoss,
    JSLoss,
    MINELoss,
    NWJLoss,
)
from adami.estimators._nets.critics import make_critic, matched
from adami.estimators._nets.fit import History, Training, batch, device_of, fit, mlp, seeded, to_tensor
from adami.estimators.bounds import dv_bound

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

BASELINE = (64,)
"""Hidden layers of the network that learns ln a(y)."""


def make_loss(plan: CriticPlan, dim_x: int, dim_y: int) -> CriticLoss:
    """Return a new critic inside the loss that trains it."""
    critic = make_critic(plan.critic, dim_x, dim_y, plan.hidden, plan.dropout, plan.noise)
    if plan.objective == "mine":
        return MINELoss(critic, plan.ema, plan.shifts)
    if plan.objective == "interpolated":
        return InterpolatedLoss(critic, mlp([dim_y, *BASELINE, 1]), plan.alpha)
    plain = {"smile": JSLoss, "js": JSLoss, "infonce": InfoNCELoss, "nwj": NWJLoss, "dv": DVLoss}
    return plain[plan.objective](critic)


def train_critic(
    plan: CriticPlan,
    x: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    watched: np.ndarray,
    training: Training,
    random_state: int,
) -> tuple[CriticLoss, History]:
    """Train a critic on some rows and keep the weights that do best on others.

    Parameters
    ----------
    plan : CriticPlan
    x, y : numpy.ndarray, shape (n, d)
    train, watched : numpy.ndarray
        Row numbers.
    training : Training
    random_state : int
        Of weights and batches.
    """
    device = device_of(training.device)
    with seeded(random_state):
        loss = make_loss(plan, x.shape[1], y.shape[1]).to(device)
        a, b = to_tensor(x[train], device), to_tensor(y[train], device)
        held = [
            (to_tensor(x[watched[r]], device), to_tensor(y[watched[r]], device)) for r in _cut(plan, watched)
        ]

        def draw(generator: torch.Generator) -> Tensor:
            rows = batch(len(train), plan.batch_size, generator)
            return loss(a[rows], b[rows])

        history = fit(
            loss,
            draw,
            steps=plan.steps,
            learning_rate=plan.learning_rate,
            weight_decay=plan.weight_decay,
            # the gradients of these two are bounded in every score, and need no clip
            clip=None if plan.objective in ("smile", "infonce") else 1.0,
            validate=lambda: _objective(loss, held),
            every=plan.every,
            patience=plan.patience,
            training=replace(training, random_state=random_state),
        )
    return loss, history


def scorer(loss: CriticLoss, x: np.ndarray, y: np.ndarray) -> Scores:
    """Return a function: row numbers -> scores of all their pairs, and ln a(y) where there is a baseline."""
    device = next((p.device for p in loss.parameters()), torch.device("cpu"))
    baseline = getattr(loss, "baseline", None)

    def scores(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        a, b = to_tensor(x[rows], device), to_tensor(y[rows], device)
        with torch.no_grad():
            found = _finite(loss.critic(a, b)).double().cpu().numpy()
            return found, None if baseline is None else baseline(b).view(-1).double().cpu().numpy()

    return scores


def scores_of_rows(loss: CriticLoss, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the score of each x with its own y, shape (n,)."""
    device = next((p.device for p in loss.parameters()), torch.device("cpu"))
    with torch.no_grad():
        found = matched(loss.critic, to_tensor(x, device), to_tensor(y, device))
    return np.asarray(_finite(found).double().cpu().numpy())


def _cut(plan: CriticPlan, watched: np.ndarray) -> list[np.ndarray]:
    return blocks_of(len(watched), plan.readout_batch)


def _objective(loss: CriticLoss, held: list[tuple[Tensor, Tensor]]) -> float:
    """Return the mean of what the critic is trained to raise; of MINE the bound, not the surrogate."""
    total, rows = 0.0, 0
    for a, b in held:
        if isinstance(loss, MINELoss):
            value = dv_bound(loss.critic(a, b).double())
        elif isinstance(loss, InterpolatedLoss):
            value = -loss(a, b)
        else:
            value = -loss.of_scores(loss.critic(a, b).double())
        total += float(value) * len(a)
        rows += len(a)
    return total / rows


def _finite(scores: Tensor) -> Tensor:
    if not torch.isfinite(scores).all():
        raise ValueError(
            "the trained critic gives scores that are not finite on held-out rows; lower learning_rate, or "
            "use transform='normal_score' where the columns have far outliers"
        )
    return scores
