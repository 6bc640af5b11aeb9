"""A network with Gaussian noise in its layers, in evaluation too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("StochasticNet needs PyTorch: pip install 'adami[torch]'") from problem

from adami.estimators._nets.recorder import ACTIVATIONS


class StochasticNet(nn.Module):  # type: ignore[misc]
    """Wrap a network so that Gaussian noise is added to its layers, whether it trains or not.

    A deterministic network keeps all information about a continuous input in every layer; with noise that is
    part of the network, I(X;L) is finite and means something.

    Parameters
    ----------
    module : torch.nn.Module
        The network; it is not changed but for the noise, which `remove` takes away.
    sigma : float
        Deviation of the noise: of each activation's absolute value with `relative`, otherwise in the units of
        the layer.
    relative : bool
        Relative noise leaves activations of exactly 0 without noise, as those of ReLU: use absolute noise
        there, or activation functions without a flat part.
    layers : sequence of str, optional
        Names of the modules whose outputs become noisy. By default those of the activation functions and the
        output of the network itself.
    random_state : int
        Seed of the noise; every pass draws on.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import StochasticNet
    >>> net = StochasticNet(torch.nn.Identity(), sigma=0.1, relative=False).eval()
    >>> rows = torch.zeros(2000, 1)
    >>> round(float(net(rows).std()), 1)
    0.1
    """

    def __init__(
        self,
        module: nn.Module,
        sigma: float = 1e-3,
        relative: bool = True,
        layers: Sequence[str] | None = None,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        if not sigma >= 0 or sigma == float("inf"):
            raise ValueError(f"sigma={sigma!r} must be at least 0 and finite")
        self.module = module
        self.sigma = sigma
        self.relative = relative
        self.random_state = random_state
        self._generator: torch.Generator | None = None
        modules = dict(module.named_modules())
        if layers is None:
            names = [name for name, m in modules.items() if isinstance(m, ACTIVATIONS)]
            # the output is noisy once, be it the last activation function or not
            last = list(modules.values())[-1]
            self._output_noise = not isinstance(last, ACTIVATIONS)
        else:
            names, self._output_noise = list(layers), False
            if missing := [n for n in names if n not in modules]:
                raise ValueError(
                    f"the network has no module {missing[0]!r}: it has {', '.join(filter(None, modules))}"
                )
        self.noisy_layers = tuple(names)
        self._handles = [modules[n].register_forward_hook(self._hook) for n in names]

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Pass the inputs through the noisy network."""
        found = self.module(*args, **kwargs)
        return self._noisy(found) if self._output_noise else found

    def reseed(self, random_state: int) -> None:
        """Begin the noise anew from a seed."""
        self.random_state, self._generator = random_state, None

    def remove(self) -> nn.Module:
        """Take the noise out of the network and return it."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._output_noise = [], False
        return self.module

    def _hook(self, module: nn.Module, args: Any, output: Tensor) -> Tensor:
        return self._noisy(output)

    def _noisy(self, output: Tensor) -> Tensor:
        if self._generator is None or self._generator.device != output.device:
            self._generator = torch.Generator(output.device).manual_seed(self.random_state)
        noise = torch.randn(output.shape, generator=self._generator, device=output.device, dtype=output.dtype)
        # no gradient through the scale: otherwise training could silence the noise by shrinking a layer
        return output + self.sigma * (output.detach().abs() if self.relative else 1.0) * noise
