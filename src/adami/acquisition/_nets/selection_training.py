"""How the two networks train: random masks first, then the selections they make themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from adami.acquisition._nets.selection import SelectionNets, joint_loss, random_masks, rollout, value_errors
from adami.estimators._nets.fit import TELL_EVERY, batch, device_of, one_thread, seeded, to_tensor

FACTOR = 0.2
"""What the learning rate and the share of random selections are multiplied with when they are lowered."""
LOWEST_RATE = 1e-6
FEWEST_STEPS = 25
"""Steps between two looks at the validation; a small table has fewer in an epoch, and they tell little."""


@dataclass(slots=True)
class SelectionPlan:
    """Settings of a training; see `DIMEClassifier`."""

    max_features: int
    eps: float
    eps_decays: int
    learning_rate: float
    batch_size: int
    pretraining_steps: int
    steps: int
    settling_steps: int
    patience: int
    random_state: int
    device: str
    progress: Callable[[int, int, str], None] | None = None
    callback: Callable[[int, Mapping[str, float]], None] | None = None


@dataclass(slots=True)
class SelectionHistory:
    """What a training saw: validation losses of both phases, exploration at the end, and why it ended."""

    pretraining: list[float] = field(default_factory=list)
    joint: list[float] = field(default_factory=list)
    eps: float = 0.0
    stopped: str = "done"


@dataclass(slots=True)
class Rows:
    """Rows on the device: columns, labels, what is known beforehand, units that can be asked for."""

    x: Tensor
    y: Tensor
    prior: Tensor
    available: Tensor

    @classmethod
    def of(cls, x: Any, y: Any, prior: Any, available: Any, device: torch.device) -> Rows:
        """Put arrays on the device."""
        return cls(
            to_tensor(x, device),
            torch.as_tensor(y, dtype=torch.long, device=device),
            to_tensor(prior, device),
            to_tensor(available, device),
        )

    def part(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return some rows."""
        return self.x[index], self.y[index], self.prior[index], self.available[index]


def train(
    make: Callable[[], SelectionNets], learn: Rows, check: Rows, costs: Any, plan: SelectionPlan
) -> tuple[SelectionNets, SelectionHistory]:
    """Train both networks; interrupted from the keyboard, the best ones until then are kept.

    Raises
    ------
    ValueError
        If a loss is not finite.
    """
    history = SelectionHistory(eps=plan.eps)
    generator = torch.Generator().manual_seed(plan.random_state)
    device = device_of(plan.device)
    with one_thread(plan.device), seeded(plan.random_state):
        nets = make().to(device)
        price = to_tensor(costs, device)
        try:
            _pretrain(nets, learn, check, generator, plan, history)
            _train_jointly(nets, learn, check, price, generator, plan, history)
            _settle(nets, learn, price, generator, plan)
        except KeyboardInterrupt:
            if not history.pretraining:
                raise
            history.stopped = "interrupted"
    nets.eval()
    return nets, history


def _pretrain(
    nets: SelectionNets,
    learn: Rows,
    check: Rows,
    generator: torch.Generator,
    plan: SelectionPlan,
    history: SelectionHistory,
) -> None:
    """Train the predictor on masks of uniform size."""
    optimizer = torch.optim.Adam(nets.parameters(), lr=plan.learning_rate)
    masks = random_masks(check.available.cpu(), torch.Generator().manual_seed(plan.random_state + 1))
    fixed = nets.rows(check.x, masks.to(check.x), check.prior)
    per_epoch = _epoch(learn, plan)
    best, waited, kept = float("inf"), 0, _copy(nets)
    try:
        for step in range(1, plan.pretraining_steps + 1):
            nets.train()
            x, y, prior, available = learn.part(batch(len(learn.x), _size(learn, plan), generator))
            seen = nets.rows(x, random_masks(available.cpu(), generator).to(x), prior)
            _descend(optimizer, functional.cross_entropy(nets.logits(seen), y), step, plan)
            _progress(plan, step, plan.pretraining_steps, "predicting from any features")
            if step % per_epoch and step != plan.pretraining_steps:
                continue
            nets.eval()
            with torch.no_grad():
                value = float(functional.cross_entropy(nets.logits(fixed), check.y))
            history.pretraining.append(value)
            _report(plan, step, value)
            if value < best:
                best, waited, kept = value, 0, _copy(nets)
                continue
            waited += 1
            # as many looks as the rate waits for before it is lowered, and one more
            if waited % 3 == 0:
                if _rate(optimizer) <= LOWEST_RATE or waited >= 2 * plan.patience:
                    break
                _set_rate(optimizer, max(_rate(optimizer) * FACTOR, LOWEST_RATE))
    finally:
        nets.load_state_dict(kept)


def _train_jointly(
    nets: SelectionNets,
    learn: Rows,
    check: Rows,
    costs: Tensor,
    generator: torch.Generator,
    plan: SelectionPlan,
    history: SelectionHistory,
) -> None:
    """Train both networks on the units that they select themselves."""
    optimizer = torch.optim.Adam(nets.parameters(), lr=plan.learning_rate)
    per_epoch = _epoch(learn, plan)
    best, waited, decays, eps, kept = float("inf"), 0, 0, plan.eps, _copy(nets)
    rate = plan.learning_rate
    try:
        for step in range(1, plan.steps + 1):
            # a training that ends by its number of steps would otherwise end in the noise of a full rate
            _set_rate(optimizer, rate * min(1.0, 3 * (plan.steps + 1 - step) / plan.steps))
            x, y, prior, available = learn.part(batch(len(learn.x), _size(learn, plan), generator))
            nets.eval()
            chosen = rollout(nets, x, prior, available, costs, plan.max_features, eps, generator)
            nets.train()
            _descend(optimizer, joint_loss(nets, x, y, prior, *chosen), step, plan)
            _progress(plan, step, plan.steps, "learning what to ask")
            if step % per_epoch and step != plan.steps:
                continue
            value = _validation(nets, check, costs, plan)
            history.joint.append(value)
            _report(plan, step, value)
            if value < best:
                best, waited, kept = value, 0, _copy(nets)
                continue
            waited += 1
            if waited > plan.patience:
                waited, decays, eps = 0, decays + 1, eps * FACTOR
                rate = plan.learning_rate
                if decays >= plan.eps_decays:
                    history.stopped = "early"
                    break
            elif waited == (plan.patience + 1) // 2:
                rate = max(rate * FACTOR, LOWEST_RATE)
    finally:
        history.eps = eps
        nets.load_state_dict(kept)


def _settle(
    nets: SelectionNets,
    learn: Rows,
    costs: Tensor,
    generator: torch.Generator,
    plan: SelectionPlan,
) -> None:
    """Train the value network alone, for the predictor that was kept.

    The way of the selection shows it few masks; here random ones come beside it, so that gains are right for
    answers in any order. The predictor no longer moves, and each gain has one truth. Random masks alone would
    spoil what was learned on the way: they come one a row, the way with all its stages.
    """
    values = nets.value_head.parameters() if nets.shared else _values(nets)
    optimizer = torch.optim.Adam(values, lr=plan.learning_rate)
    steps = plan.settling_steps
    for step in range(1, steps + 1):
        _set_rate(optimizer, plan.learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps)))
        x, y, prior, available = learn.part(batch(len(learn.x), _size(learn, plan), generator))
        nets.eval()
        chosen = rollout(nets, x, prior, available, costs, plan.max_features, plan.eps, generator)
        with torch.no_grad():
            before = random_masks(available.cpu(), generator).to(x)
            left = available - before
            drawn = torch.rand(left.shape, generator=generator).to(left).masked_fill(left <= 0, -1)
            unit = drawn.argmax(-1)
            after = torch.maximum(before, functional.one_hot(unit, left.shape[1]).to(left) * left)
        nets.train()
        way = value_errors(nets, x, y, prior, *chosen)
        aside = value_errors(
            nets, x, y, prior, torch.stack([before, after]), unit[None], left.sum(-1)[None] > 0
        )
        _descend(optimizer, way + aside, step, plan)
        _progress(plan, step, steps, "settling what each answer tells")


def _values(nets: SelectionNets) -> list[torch.nn.Parameter]:
    return [*nets.value_trunk.parameters(), *nets.value_head.parameters()]


def _validation(nets: SelectionNets, check: Rows, costs: Tensor, plan: SelectionPlan) -> float:
    """Return the mean cross-entropy over all numbers of selected units."""
    nets.eval()
    none = torch.Generator()
    with torch.no_grad():
        masks, _, _ = rollout(
            nets, check.x, check.prior, check.available, costs, plan.max_features, 0.0, none
        )
        losses = [
            functional.cross_entropy(nets.logits(nets.rows(check.x, m, check.prior)), check.y) for m in masks
        ]
        return float(torch.stack(losses).mean())


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor, step: int, plan: SelectionPlan) -> None:
    if not torch.isfinite(loss.detach()):
        raise ValueError(
            f"training diverged at step {step} (the loss is {float(loss.detach())}); lower learning_rate "
            f"(it is {plan.learning_rate:g})"
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def _progress(plan: SelectionPlan, step: int, steps: int, what: str) -> None:
    if plan.progress is not None and (step % TELL_EVERY == 0 or step == steps):
        plan.progress(step, steps, what)


def _report(plan: SelectionPlan, step: int, value: float) -> None:
    if plan.callback is not None:
        plan.callback(step, {"validation": value})


def _size(rows: Rows, plan: SelectionPlan) -> int:
    return min(plan.batch_size, len(rows.x))


def _epoch(rows: Rows, plan: SelectionPlan) -> int:
    return max(FEWEST_STEPS, len(rows.x) // _size(rows, plan))


def _rate(optimizer: torch.optim.Optimizer) -> float:
    return float(optimizer.param_groups[0]["lr"])


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _copy(nets: SelectionNets) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in nets.state_dict().items()}
