"""What a trained selection is: weights in NumPy, so that asking needs no PyTorch and takes microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Selector:
    """Two small networks on a masked row, evaluated in NumPy.

    Parameters
    ----------
    layers : mapping of name -> array
        ``trunk.0.weight`` and so on; ``value_trunk`` is missing where both share their hidden layers.
    expand : array of shape (n_columns,)
        Unit of each column.
    center, scale : arrays of shape (n_columns,)
    costs : array of shape (n_units,)
    scaling : {"bounded", "softplus", "none"}
    """

    layers: Mapping[str, np.ndarray]
    expand: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    costs: np.ndarray
    scaling: str

    @property
    def n_units(self) -> int:
        """Number of units that can be asked for."""
        return len(self.costs)

    def standardized(self, x: np.ndarray) -> np.ndarray:
        """Return columns of mean 0 and deviation 1 as in training; what is missing becomes 0."""
        scaled = (x - self.center) / self.scale
        return np.where(np.isfinite(scaled), scaled, 0.0)

    def look(self, scaled: np.ndarray, masks: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities ``(n, n_classes)`` and gains ``(n, n_units)`` in nats."""
        rows = np.concatenate([scaled * masks[:, self.expand], masks, prior], axis=1)
        seen = self._hidden("trunk", rows)
        logits = self._linear("head.0", seen)
        shared = "value_trunk.0.weight" not in self.layers
        raw = self._linear("value_head.0", seen if shared else self._hidden("value_trunk", rows))
        shifted = logits - logits.max(1, keepdims=True)
        weights = np.exp(shifted)
        total = weights.sum(1, keepdims=True)
        p = weights / total
        if self.scaling == "softplus":
            return p, np.logaddexp(0, raw)
        if self.scaling == "none":
            return p, raw
        entropy = np.log(total) - (p * shifted).sum(1, keepdims=True)
        return p, entropy / (1 + np.exp(-np.clip(raw, -60, 60)))

    def _hidden(self, trunk: str, rows: np.ndarray) -> np.ndarray:
        depth = sum(name.startswith(f"{trunk}.") and name.endswith(".weight") for name in self.layers)
        for i in range(depth):
            rows = np.maximum(self._linear(f"{trunk}.{i}", rows), 0)
        return rows

    def _linear(self, name: str, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = rows @ self.layers[f"{name}.weight"].T + self.layers[f"{name}.bias"]
        return found
