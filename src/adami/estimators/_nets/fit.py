"""One training loop for every network: seeded, watched, stopped early, resumed, never silently diverged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

from adami.estimators._nets.stepping import Average, Optimizer, Schedule, optimizer_of, share_of_rate

TELL_EVERY = 25
"""Steps between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Training:
    """Where and how a network trains.

    Parameters
    ----------
    what : str
        Name of the training, for progress and errors.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    random_state : int
        Seed of everything the loss draws.
    progress : callable(done, total, what), optional
    checkpoint : Path, optional
        Folder; the training goes on from what is there.
    callback : callable(step, numbers), optional
        Receives the loss and the validation of every look.
    """

    what: str = "training"
    device: str = "cpu"
    random_state: int = 0
    progress: Callable[[int, int, str], None] | None = None
    checkpoint: Path | None = None
    callback: Callable[[int, Mapping[str, float]], None] | None = None


@dataclass(slots=True)
class History:
    """What a training saw.

    Parameters
    ----------
    steps : int
        Steps done.
    losses : list of float
        Mean loss between two looks.
    validation : list of (step, value)
        Higher is better.
    best_step : int
        Step whose weights were kept.
    stopped : {"done", "early", "interrupted"}
    """

    steps: int = 0
    losses: list[float] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    best_step: int = 0
    stopped: Literal["done", "early", "interrupted"] = "done"

    @property
    def best(self) -> float:
        """The highest validation, or NaN without any."""
        return max((value for _, value in self.validation), default=float("nan"))


def fit(
    model: nn.Module,
    loss: Callable[[torch.Generator], Tensor],
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    clip: float | None = 1.0,
    ema: float | None = None,
    schedule: Schedule = "constant",
    validate: Callable[[], float] | None = None,
    every: int = 100,
    patience: int | None = None,
    optimizer: Optimizer = "adam",
    training: Training | None = None,
) -> History:
    """Train a network in place.

    Parameters
    ----------
    model : torch.nn.Module
        Its buffers are part of the state; with `ema` its parameters end as their moving averages.
    loss : callable(generator) -> scalar tensor
        Draws its own batch with the generator, which lives on the CPU.
    steps : int
    learning_rate, weight_decay : float
    clip : float, optional
        Largest norm of the gradient.
    ema : float, optional
        Decay of the moving average of the parameters; the average is what is validated and kept.
    schedule : {"constant", "cosine", "onecycle"}
        How the step size changes over the steps.
    validate : callable() -> float, optional
        Called in evaluation mode without gradients; higher is better, and a copy of the best weights is kept.
    every : int
        Steps between two looks.
    patience : int, optional
        Looks without a better validation after which the training stops.
    optimizer : {"adam", "adamw", "sgd"}
    training : Training, optional

    Returns
    -------
    History
        Interrupted from the keyboard, the best weights until then are kept and ``stopped`` says so.

    Raises
    ------
    ValueError
        If the loss or a validation is not finite, or a checkpoint belongs to another training.
    """
    from adami.estimators._nets.checkpoints import Checkpoint

    how = training or Training()
    if steps < 1:
        raise ValueError(f"{how.what}: steps={steps}: at least one step is needed")
    if patience is not None and validate is None:
        raise ValueError(f"{how.what}: patience= stops on a validation, and there is none")
    made = optimizer_of(optimizer, model, learning_rate, weight_decay)
    average = Average(model, ema)
    generator = torch.Generator().manual_seed(how.random_state)
    history, best = History(), None
    settings = {
        "steps": steps,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "clip": clip,
        "ema": ema,
        "schedule": schedule,
        "optimizer": optimizer,
        "every": every,
        "random_state": how.random_state,
    }
    store = None if how.checkpoint is None else Checkpoint(how.checkpoint, how.what, settings)
    summed, counted = 0.0, 0
    # dropout and noise layers draw from the global generator
    with one_thread(how.device), seeded(how.random_state):
        if store is not None and (found := store.load(model, made, average.values, generator)) is not None:
            history, best = found
        try:
            while history.steps < steps and history.stopped == "done":
                for group in made.param_groups:
                    group["lr"] = learning_rate * share_of_rate(schedule, history.steps / steps)
                summed += _step(model, loss, made, generator, clip, history.steps, how.what, learning_rate)
                counted += 1
                average.update()
                history.steps += 1
                if how.progress is not None and (history.steps % TELL_EVERY == 0 or history.steps == steps):
                    how.progress(history.steps, steps, how.what)
                if history.steps % every and history.steps != steps:
                    continue
                history.losses.append(summed / counted)
                summed, counted = 0.0, 0
                best = _look(model, average, validate, history, best, patience, how)
                if store is not None:
                    store.save(model, made, average.values, generator, history, best)
        except KeyboardInterrupt:
            if not history.steps:
                raise
            history.stopped = "interrupted"
    average.keep()
    if best is not None:
        model.load_state_dict(best)
    elif not history.best_step:
        history.best_step = history.steps
    model.eval()
    return history


def _step(
    model: nn.Module,
    loss: Callable[[torch.Generator], Tensor],
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    clip: float | None,
    step: int,
    what: str,
    learning_rate: float,
) -> float:
    model.train()
    optimizer.zero_grad(set_to_none=True)
    value = loss(generator)
    told = float(value.detach())
    if not np.isfinite(told):
        raise ValueError(
            f"{what}: training diverged at step {step + 1} (the loss is {told}); lower learning_rate "
            f"(it is {learning_rate:g}), standardise the columns, or clip the gradient harder"
        )
    value.backward()
    if clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return told


def _look(
    model: nn.Module,
    average: Average,
    validate: Callable[[], float] | None,
    history: History,
    best: dict[str, Tensor] | None,
    patience: int | None,
    how: Training,
) -> dict[str, Tensor] | None:
    """Validate, keep a copy of the best weights, and decide whether to stop."""
    numbers = {"loss": history.losses[-1]}
    if validate is not None:
        model.eval()
        with torch.no_grad(), average.in_place():
            value = float(validate())
            if not np.isfinite(value):
                raise ValueError(
                    f"{how.what}: the validation at step {history.steps} is {value}; lower learning_rate"
                )
            if not history.validation or value > history.best:
                history.best_step = history.steps
                best = {name: t.detach().clone() for name, t in model.state_dict().items()}
        history.validation.append((history.steps, value))
        numbers["validation"] = value
        waited = sum(step > history.best_step for step, _ in history.validation)
        if patience is not None and waited >= patience:
            history.stopped = "early"
    if how.callback is not None:
        how.callback(history.steps, numbers)
    return best


def batch(n: int, size: int, generator: torch.Generator) -> Tensor:
    """Return `size` of `n` row numbers, none twice."""
    if size > n:
        raise ValueError(f"a batch of {size} rows is wanted, and there are {n}; lower batch_size")
    if 4 * size >= n:
        return torch.randperm(n, generator=generator)[:size]
    # few of many: drawing and mending the rare doubles is faster than shuffling all rows
    rows = torch.randint(n, (size,), generator=generator)
    while len(seen := torch.unique(rows)) < size:
        more = torch.randint(n, (size - len(seen),), generator=generator)
        rows = torch.cat([seen, more])
    return rows[torch.randperm(size, generator=generator)]


@contextmanager
def seeded(random_state: int) -> Iterator[None]:
    """Seed PyTorch's global generator for a while: weights are drawn from it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state)
        yield


@contextmanager
def one_thread(device: str = "cpu") -> Iterator[None]:
    """Use one thread for a while: small layers lose more by handing work over than they win."""
    before = torch.get_num_threads()
    if device_of(device).type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_of(name: str) -> torch.device:
    """Return the device of a name; ``"auto"`` is an accelerator where there is one.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as problem:
        raise ValueError(f"device={name!r} cannot be used here; use 'auto' or 'cpu'") from problem
    return device


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
}


def mlp(
    sizes: list[int] | tuple[int, ...], activation: str = "relu", dropout: float = 0.0, norm: bool = False
) -> nn.Sequential:
    """Return linear layers of these sizes with an activation between them, none after the last.

    Parameters
    ----------
    sizes : sequence of int
        Input, hidden layers, output.
    activation : {"relu", "elu", "gelu", "leaky_relu", "tanh", "silu"}
    dropout : float
    norm : bool
        Whether each hidden layer is normalised before its activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation={activation!r}: choose one of {', '.join(ACTIVATIONS)}")
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(a, b))
        if i < len(sizes) - 2:
            layers += [nn.LayerNorm(b)] if norm else []
            layers.append(ACTIVATIONS[activation]())
            layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers)


def to_tensor(values: Any, device: torch.device | str = "cpu") -> Tensor:
    """Return numbers as a float32 tensor."""
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32, device=device)
