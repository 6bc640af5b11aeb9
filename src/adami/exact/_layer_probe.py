"""Layer entropies of a PyTorch network, watched while something else trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adami.exact._arrays import Array, in_base, unit_name
from adami.exact.forward_entropy import alignment, sigmoid


def layer_entropy_probe(
    module: Any, layers: Sequence[str] | None = None, *, base: float | None = None
) -> LayerEntropyProbe:
    """Return a probe of the layer entropies of a PyTorch network, whatever trains it.

    Call `LayerEntropyProbe.record` with the same batch between training steps. The numbers are those of
    `SKANetwork`: the output of each watched layer is taken as pre-activation of a sigmoid, whatever follows
    it in the network.

    Parameters
    ----------
    module : torch.nn.Module
    layers : sequence of str, optional
        Names of submodules to watch, as in ``module.named_modules()``; all linear layers by default.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    LayerEntropyProbe

    Raises
    ------
    ValueError
        If a name is none of the module's, or there is nothing to watch.

    References
    ----------
    Structured Knowledge Accumulation: An Autonomous Framework for Layer-Wise Entropy Reduction in Neural
    Learning, 2025. Paper 41 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.exact import layer_entropy_probe
    >>> network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Sigmoid())
    >>> probe = layer_entropy_probe(network)
    >>> for _ in range(3):
    ...     _ = probe.record(torch.ones(4, 3))
    >>> probe.names, probe.entropy_history.shape
    (('0',), (2, 1))
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module is a {type(module).__name__}: give a torch.nn.Module")
    known = dict(module.named_modules())
    if layers is None:
        layers = [name for name, part in known.items() if isinstance(part, torch.nn.Linear)]
    missing = [name for name in layers if name not in known]
    if missing:
        raise ValueError(
            f"layers names {missing[0]!r}, which the module does not have: it has {list(known)[1:]}"
        )
    if not layers:
        raise ValueError("the module has no linear layer: name the layers to watch")
    return LayerEntropyProbe(module, {name: known[name] for name in layers}, base)


class LayerEntropyProbe:
    """Records pre-activations of one fixed batch again and again; made by `layer_entropy_probe`.

    Attributes
    ----------
    names : tuple of str
        The watched layers.
    entropy_history, cosine_history : array, shape (n_records - 1, n_layers)
        Entropy between consecutive records, summed over samples and units, and the alignment of
        pre-activations with the change of their sigmoids.
    frobenius_history : array, shape (n_records, n_layers)
        Norm of the pre-activations.
    unit : str
    """

    def __init__(self, module: Any, layers: dict[str, Any], base: float | None) -> None:
        self.names = tuple(layers)
        self.unit = unit_name(base)
        self._module, self._layers, self._base = module, layers, base
        self.reset()

    def reset(self) -> None:
        """Forget all records."""
        self._last: dict[str, Array] = {}
        self._entropies: list[list[float]] = []
        self._cosines: list[list[float]] = []
        self._norms: list[list[float]] = []

    def record(self, *inputs: Any, **named: Any) -> Any:
        """Run the network once on the probe's batch, without gradients and in evaluation mode.

        Parameters
        ----------
        *inputs, **named
            What the module is called with; the same batch at every record.

        Returns
        -------
        object
            What the module returned.

        Raises
        ------
        ValueError
            If a layer was not reached, was reached twice, or its output has another shape than before.
        """
        import torch

        seen: dict[str, Array] = {}
        twice: list[str] = []

        def watch(name: str) -> Any:
            def keep(_module: Any, _inputs: Any, output: Any) -> None:
                if name in seen:
                    twice.append(name)
                seen[name] = output.detach().to("cpu", torch.float64).numpy()

            return keep

        modes = [(part, part.training) for part in self._module.modules()]
        hooks = [layer.register_forward_hook(watch(name)) for name, layer in self._layers.items()]
        try:
            self._module.eval()
            with torch.no_grad():
                output = self._module(*inputs, **named)
        finally:
            for hook in hooks:
                hook.remove()
            for part, training in modes:
                part.training = training
        self._add(seen, twice)
        return output

    @property
    def entropy_history(self) -> Array:
        return np.array(self._entropies).reshape(-1, len(self.names))

    @property
    def cosine_history(self) -> Array:
        return np.array(self._cosines).reshape(-1, len(self.names))

    @property
    def frobenius_history(self) -> Array:
        return np.array(self._norms).reshape(-1, len(self.names))

    def _add(self, seen: dict[str, Array], twice: list[str]) -> None:
        missed = [name for name in self.names if name not in seen]
        if missed or twice:
            wrong = f"{missed[0]} was not reached" if missed else f"{twice[0]} was reached more than once"
            raise ValueError(f"layer {wrong} by one forward pass: name other layers")
        for name, z in seen.items():
            before = self._last.get(name)
            if before is not None and before.shape != z.shape:
                raise ValueError(
                    f"layer {name} gave shape {z.shape} after {before.shape}: record the same batch every "
                    "time, or call reset"
                )
        if self._last:
            pairs = [(seen[name], sigmoid(seen[name]) - sigmoid(self._last[name])) for name in self.names]
            self._entropies.append([float(in_base(-np.vdot(z, d), self._base)) for z, d in pairs])
            self._cosines.append([alignment(z, d) for z, d in pairs])
        self._norms.append([float(np.linalg.norm(seen[name])) for name in self.names])
        self._last = seen
