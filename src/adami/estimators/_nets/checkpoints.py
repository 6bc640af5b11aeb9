"""Trainings and weights on disk: safetensors beside JSON, replaced at once or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from adami.estimators._nets.fit import History

FILE = "training.safetensors"


class Checkpoint:
    """The state of one training in a folder.

    Parameters
    ----------
    folder : Path
    what : str
        Name of the training, for errors.
    settings : mapping
        A checkpoint of other settings is refused.
    """

    def __init__(self, folder: Path, what: str, settings: Mapping[str, Any]) -> None:
        self.path = folder / FILE
        self.what = what
        self.settings = json.loads(json.dumps(dict(settings)))

    def save(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Sequence[Tensor],
        generator: torch.Generator,
        history: History,
        best: Mapping[str, Tensor] | None,
    ) -> None:
        """Write everything that the next step depends on."""
        tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in (best or {}).items()}
        tensors |= {f"average.{i}": v for i, v in enumerate(average)}
        tensors |= {"generator": generator.get_state(), "global_generator": torch.get_rng_state()}
        state = optimizer.state_dict()
        for key, slots in state["state"].items():
            tensors |= {f"optimizer.{key}.{name}": torch.as_tensor(v) for name, v in slots.items()}
        told = {"settings": self.settings, "history": asdict(history)}
        save_tensors(self.path, tensors, told)

    def load(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Sequence[Tensor],
        generator: torch.Generator,
    ) -> tuple[History, dict[str, Tensor] | None] | None:
        """Put a stored state in place; None where there is none."""
        from adami.estimators._nets.fit import History

        if not self.path.exists():
            return None
        tensors, told = load_tensors(self.path)
        if told.get("settings") != self.settings:
            differs = sorted(k for k in self.settings if told.get("settings", {}).get(k) != self.settings[k])
            raise ValueError(
                f"{self.path} belongs to a training with another {', '.join(differs) or 'set of settings'}; "
                "use the same settings, or another folder for checkpoint="
            )
        _refuse_other_shapes(self.path, model, tensors)
        model.load_state_dict(_under(tensors, "model."))
        for i, value in enumerate(average):
            value.copy_(tensors[f"average.{i}"])
        generator.set_state(tensors["generator"].cpu())
        torch.set_rng_state(tensors["global_generator"].cpu())
        state = optimizer.state_dict()
        for name, value in _under(tensors, "optimizer.").items():
            key, slot = name.split(".", 1)
            state["state"].setdefault(int(key), {})[slot] = value
        optimizer.load_state_dict(state)
        history = History(**told["history"])
        history.validation = [(int(step), float(value)) for step, value in history.validation]
        return history, _under(tensors, "best.") or None


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _refuse_other_shapes(path: Path, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    stored = {k: tuple(v.shape) for k, v in _under(tensors, "model.").items()}
    own = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    if stored != own:
        raise ValueError(f"{path} belongs to a network of another shape; use another folder for checkpoint=")


def save_tensors(path: Path, tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> None:
    """Write tensors with a JSON description, so that a reader finds the old file or the whole new one.

    Raises
    ------
    OSError
        If it cannot be written; the old file stays.
    """
    from safetensors.torch import save

    # shared memory would be refused, and a view would drag its whole base along
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    data = save(plain, metadata={"adami": json.dumps(dict(told), allow_nan=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as problem:
        new.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written: {problem.strerror or problem}") from problem


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read tensors and their JSON description.

    Raises
    ------
    ValueError
        If the file is torn or was not written by adami.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            told = json.loads((file.metadata() or {})["adami"])
    except (SafetensorError, KeyError, json.JSONDecodeError) as problem:
        raise ValueError(f"{path} is torn or no file of adami's: delete it to start anew") from problem
    return tensors, told
