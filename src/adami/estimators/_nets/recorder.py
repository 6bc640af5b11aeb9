"""Activations of a network by forward hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Softplus, nn.Softsign, nn.Tanhshrink,
)  # fmt: skip
OUTPUT = "output"


def activations(
    model: nn.Module, inputs: Any, layers: Sequence[str] | None, batch_size: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the inputs and the outputs of the chosen modules, one row an input.

    The network is in evaluation mode meanwhile; its mode, gradients and hooks are as before afterwards.

    Raises
    ------
    ValueError
        If a named module does not exist or gives no tensor, or runs more than once.
    """
    x = inputs if isinstance(inputs, Tensor) else torch.as_tensor(np.asarray(inputs))
    parameter = next(model.parameters(), None)
    if parameter is not None:
        x = x.to(parameter.device, parameter.dtype if x.is_floating_point() else x.dtype)
    modules = dict(model.named_modules())
    if layers is None:
        names = [n for n, m in modules.items() if isinstance(m, ACTIVATIONS)]
    else:
        names = list(layers)
        if missing := [n for n in names if n not in modules]:
            raise ValueError(
                f"the network has no module {missing[0]!r}: it has {', '.join(filter(None, modules))}"
            )
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    handles = [modules[name].register_forward_hook(_keeper(name, parts[name])) for name in names]
    modes = {m: m.training for m in modules.values()}
    outputs = []
    try:
        model.eval()
        with torch.no_grad():
            for piece in x.split(batch_size):
                found = model(piece)
                if layers is None:
                    outputs.append(_rows(found, OUTPUT))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
    pieces = -(-len(x) // batch_size)
    if odd := [n for n in names if len(parts[n]) != pieces]:
        raise ValueError(
            f"module {odd[0]!r} ran {len(parts[odd[0]])} times for {pieces} batches; name others in layers="
        )
    found_layers = {name: np.concatenate(kept) for name, kept in parts.items()}
    if layers is None and not (names and _is_last(found_layers[names[-1]], np.concatenate(outputs))):
        found_layers[OUTPUT] = np.concatenate(outputs)
    return _rows(x, "X"), found_layers


def _keeper(name: str, into: list[np.ndarray]) -> Any:
    def keep(module: nn.Module, args: Any, output: Any) -> None:
        into.append(_rows(output, name))

    return keep


def _rows(values: Any, name: str) -> np.ndarray:
    if not isinstance(values, Tensor):
        raise ValueError(f"{name} gives {type(values).__name__} and no tensor; name other modules in layers=")
    return np.asarray(values.detach().to("cpu", torch.float64).numpy().reshape(len(values), -1))


def _is_last(layer: np.ndarray, output: np.ndarray) -> bool:
    """Whether the network's output is that of its last activation function."""
    return layer.shape == output.shape and bool(np.array_equal(layer, output))
