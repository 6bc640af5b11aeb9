"""Choose the scale of a network's first weights by the spectral entropy of its representation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from adami.estimators.spectral_entropy import diffusion_spectral_entropy

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem


class InitScale(NamedTuple):
    """Which deviation of the first weights was chosen, and why.

    Attributes
    ----------
    scale : float
        Standard deviation of the weights.
    scales : numpy.ndarray
        All that were tried.
    entropies : numpy.ndarray
        Diffusion spectral entropy of the representation for each, mean over draws; nats.
    """

    scale: float
    scales: np.ndarray
    entropies: np.ndarray


def init_scale_search(
    model: nn.Module,
    X: Any,
    target: Literal["low", "high"] | float = "low",
    *,
    layer: str | None = None,
    scales: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    sigma: float = 10.0,
    n_draws: int = 3,
    random_state: int = 0,
) -> InitScale:
    """Draw the weights of a network at several scales and leave it with those of the wanted entropy.

    Parameters
    ----------
    model : torch.nn.Module
        Its weight matrices and kernels are drawn from normal laws; biases become 0. Other parameters stay.
    X : array or tensor, shape (n, ...)
        Inputs at which the representation is looked at.
    target : {"low", "high"} or float
        The least or the largest entropy, or the value in nats that it should come nearest to.
    layer : str, optional
        Name of the module whose output is looked at; by default what goes into the last linear layer.
    scales : sequence of float
        Standard deviations to try.
    sigma : float
        Width of the affinities.
    n_draws : int
        Draws that an entropy is the mean of.
    random_state : int

    Returns
    -------
    InitScale
        The model holds the first draw at that scale; of equals the smallest scale.

    Raises
    ------
    ValueError
        If there is no such layer, no weight to draw, or a scale is not positive.

    References
    ----------
    Liao and others, "Assessing Neural Network Representations During Training Using Noise-Resilient Diffusion
    Spectral Entropy", 2023; paper 23 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import init_scale_search
    >>> net = torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> init_scale_search(net, torch.randn(50, 5), scales=(0.1, 10.0)).scale
    0.1
    """
    if not scales or min(scales) <= 0:
        raise ValueError(f"scales={tuple(scales)}: deviations of weights are positive")
    if n_draws < 1:
        raise ValueError(f"n_draws={n_draws}: at least one draw is needed")
    modules = dict(model.named_modules())
    if layer is None:
        linear = [name for name, module in modules.items() if isinstance(module, nn.Linear)]
        if not linear:
            raise ValueError("the model has no linear layer: name the layer to look at")
        looked, incoming = modules[linear[-1]], True
    elif layer in modules:
        looked, incoming = modules[layer], False
    else:
        raise ValueError(f"the model has no layer {layer!r}: {', '.join(name for name in modules if name)}")
    if not any(p.ndim > 1 for p in model.parameters()):
        raise ValueError("the model has no weight matrix to draw")
    x = torch.as_tensor(X)
    ordered = sorted(float(scale) for scale in scales)
    entropies = np.array(
        [
            np.mean(
                [_entropy(model, x, looked, incoming, scale, random_state + r, sigma) for r in range(n_draws)]
            )
            for scale in ordered
        ]
    )
    wanted = (
        {"low": entropies, "high": -entropies}.get(target)
        if isinstance(target, str)
        else abs(entropies - target)
    )
    if wanted is None:
        raise ValueError(f"target={target!r}: choose 'low', 'high' or a number of nats")
    best = ordered[int(np.argmin(wanted))]
    _draw(model, best, random_state)
    return InitScale(best, np.array(ordered), entropies)


def _entropy(
    model: nn.Module, x: Tensor, looked: nn.Module, incoming: bool, scale: float, seed: int, sigma: float
) -> float:
    _draw(model, scale, seed)
    seen: list[Tensor] = []
    handle = looked.register_forward_hook(lambda _, given, out: seen.append(given[0] if incoming else out))
    was_training = model.training
    try:
        with torch.no_grad():
            model.eval()(x)
    finally:
        handle.remove()
        model.train(was_training)
    rows = seen[-1].flatten(1).cpu().numpy().astype(np.float64)
    return float(diffusion_spectral_entropy(rows, sigma))


def _draw(model: nn.Module, scale: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
            elif name.endswith("bias"):
                parameter.zero_()
