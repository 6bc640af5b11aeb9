"""Two networks on a masked row: one predicts the label, one what each further unit would tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
except ImportError as problem:
    raise ImportError("training what to ask needs PyTorch: pip install 'adami[torch]'") from problem

from adami.estimators._nets.fit import mlp

Scaling = str
"""How raw values become nats: bounded, softplus or none."""


class SelectionNets(nn.Module):  # type: ignore[misc]
    """The predictor and the value network.

    Parameters
    ----------
    expand : array of shape (n_columns,)
        Unit of each column.
    n_classes, n_prior : int
    hidden : sequence of int
    dropout : float
    shared : bool
        Whether both use the same hidden layers.
    scaling : {"bounded", "softplus", "none"}
    """

    def __init__(
        self,
        expand: np.ndarray,
        n_classes: int,
        n_prior: int,
        hidden: Sequence[int],
        dropout: float,
        shared: bool,
        scaling: Scaling,
    ) -> None:
        super().__init__()
        self.register_buffer("expand", torch.as_tensor(expand))
        self.n_units = int(expand.max()) + 1
        self.scaling = scaling
        self.shared = shared
        sizes = [len(expand) + self.n_units + n_prior, *hidden]
        self.trunk = _trunk(sizes, dropout)
        self.value_trunk = nn.Identity() if shared else _trunk(sizes, dropout)
        self.head = nn.Linear(sizes[-1], n_classes)
        self.value_head = nn.Linear(sizes[-1], self.n_units)

    def rows(self, x: Tensor, masks: Tensor, prior: Tensor) -> Tensor:
        """Return what both networks see: masked columns, the mask, and what is known beforehand."""
        return torch.cat([x * masks[..., self.expand], masks, prior], dim=-1)

    def logits(self, rows: Tensor) -> Tensor:
        """Return the logits of the classes."""
        found: Tensor = self.head(self.trunk(rows))
        return found

    def raw(self, rows: Tensor) -> Tensor:
        """Return the raw value of each unit."""
        trunk = self.trunk if self.shared else self.value_trunk
        found: Tensor = self.value_head(trunk(rows))
        return found

    def both(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and raw values."""
        if self.shared:
            seen = self.trunk(rows)
            return self.head(seen), self.value_head(seen)
        return self.logits(rows), self.raw(rows)

    def order_of(self, raw: Tensor) -> Tensor:
        """Return values in the order of the gains, without the entropy that all units share."""
        if self.scaling == "bounded":
            return torch.sigmoid(raw)
        return functional.softplus(raw) if self.scaling == "softplus" else raw

    def gains(self, raw: Tensor, logits: Tensor) -> Tensor:
        """Return conditional informations in nats; no gradient reaches the predictor."""
        found = self.order_of(raw)
        if self.scaling != "bounded":
            return found
        told = functional.log_softmax(logits.detach(), dim=-1)
        return found * -(told.exp() * told).sum(-1, keepdim=True)


def random_masks(available: Tensor, generator: torch.Generator) -> Tensor:
    """Return masks whose number of units is uniform: a share is drawn for each row, then each unit by it."""
    share = torch.rand((len(available), 1), generator=generator)
    kept = torch.rand(available.shape, generator=generator) < share
    return kept.to(available) * available


def rollout(
    nets: SelectionNets,
    x: Tensor,
    prior: Tensor,
    available: Tensor,
    costs: Tensor,
    steps: int,
    eps: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Select unit after unit, greedily but for a share of random ones.

    Returns
    -------
    masks : Tensor of shape (steps + 1, rows, units)
    actions : Tensor of shape (steps, rows)
    valid : Tensor of shape (steps, rows)
        False where a row had nothing left.
    """
    mask = torch.zeros_like(available)
    masks, actions, valid = [mask], [], []
    rows = torch.arange(len(x), device=x.device)
    with torch.no_grad():
        for _ in range(steps):
            left = (available - mask) > 0
            scores = nets.order_of(nets.raw(nets.rows(x, mask, prior))) / costs
            best = scores.masked_fill(~left, -torch.inf).argmax(-1)
            if eps > 0:
                # unseen units only: another look at a known one teaches nothing
                drawn = torch.rand(left.shape, generator=generator).to(x.device)
                blind = drawn.masked_fill(~left, -1).argmax(-1)
                explore = (torch.rand(len(x), generator=generator) < eps).to(x.device)
                best = torch.where(explore, blind, best)
            some = left.any(-1)
            mask = mask.clone()
            mask[rows[some], best[some]] = 1.0
            masks.append(mask)
            actions.append(best)
            valid.append(some)
    return torch.stack(masks), torch.stack(actions), torch.stack(valid)


def joint_loss(
    nets: SelectionNets,
    x: Tensor,
    y: Tensor,
    prior: Tensor,
    masks: Tensor,
    actions: Tensor,
    valid: Tensor,
) -> Tensor:
    """Return the loss of a whole selection: cross-entropies, and gains against the drop of them.

    The steps do not depend on each other's gradients, so that all are one batch.
    """
    stages = len(masks)
    rows = nets.rows(x.expand(stages, *x.shape), masks, prior.expand(stages, *prior.shape))
    logits, raw = nets.both(rows)
    losses = functional.cross_entropy(logits.flatten(0, 1), y.repeat(stages), reduction="none").view(
        stages, -1
    )
    gains = nets.gains(raw[:-1], logits[:-1]).gather(-1, actions[..., None])[..., 0]
    drop = (losses[:-1] - losses[1:]).detach()
    errors = ((gains - drop).square() * valid).mean(-1)
    return (losses.mean(-1).sum() + errors.sum()) / stages


def value_errors(
    nets: SelectionNets,
    x: Tensor,
    y: Tensor,
    prior: Tensor,
    masks: Tensor,
    actions: Tensor,
    valid: Tensor,
) -> Tensor:
    """Return the mean squared error of the gains alone, against a predictor that stands still.

    Its losses are looked at without dropout, so that a drop is that of the unit.
    """
    stages = len(masks)
    rows = nets.rows(x.expand(stages, *x.shape), masks, prior.expand(stages, *prior.shape))
    training = nets.training
    nets.eval()
    with torch.no_grad():
        logits = nets.logits(rows)
        losses = functional.cross_entropy(logits.flatten(0, 1), y.repeat(stages), reduction="none")
        drop = losses.view(stages, -1)[:-1] - losses.view(stages, -1)[1:]
    nets.train(training)
    gains = nets.gains(nets.raw(rows[:-1]), logits[:-1]).gather(-1, actions[..., None])[..., 0]
    return ((gains - drop).square() * valid).mean()


def plain_layers(nets: SelectionNets) -> dict[str, np.ndarray]:
    """Return weights and biases by name: all that a prediction needs."""
    found = {}
    for name in ("trunk", "head", "value_trunk", "value_head"):
        part = getattr(nets, name)
        linear = [m for m in part.modules() if isinstance(m, nn.Linear)]
        for i, layer in enumerate(linear):
            found[f"{name}.{i}.weight"] = layer.weight.detach().cpu().numpy().copy()
            found[f"{name}.{i}.bias"] = layer.bias.detach().cpu().numpy().copy()
    return found


def _trunk(sizes: Sequence[int], dropout: float) -> nn.Sequential:
    # mlp() ends with a linear layer; here the activation of the last hidden one is wanted too
    layers = list(mlp(list(sizes), "relu", dropout))
    return nn.Sequential(*layers, nn.ReLU(), *([nn.Dropout(dropout)] if dropout else []))
