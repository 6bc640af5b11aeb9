"""A recurrent network as a law of symbol sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from adami.estimators.sequence_models import sequences


class GRUDensity:
    """A recurrent network (GRU) over symbols, trained on windows of a text.

    Parameters
    ----------
    hidden : int
        Size of the state.
    window : int
        Symbols of a training window; blocks may be longer.
    steps, batch_size : int
    learning_rate : float
    dropout : float
    device, random_state, progress, checkpoint, callback
        As for all estimators that train a network.

    Notes
    -----
    Windows start anywhere in the text and after a start symbol, so the law without `given` is that of a block
    in mid-text.
    """

    name: ClassVar[str] = "gru_density"

    def __init__(
        self,
        hidden: int = 128,
        window: int = 128,
        steps: int = 1500,
        batch_size: int = 32,
        learning_rate: float = 4e-3,
        dropout: float = 0.1,
        device: str = "auto",
        random_state: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
        checkpoint: str | Path | None = None,
        callback: Callable[[int, Mapping[str, float]], None] | None = None,
    ) -> None:
        self.hidden = hidden
        self.window = window
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, text: Any, symbols: int | None = None) -> Self:
        """Train on a text of symbols, shape ``(n,)``."""
        from adami.estimators._nets.character_gru import trained

        rows = sequences(text, symbols, "text")
        if len(rows) != 1 or rows.shape[1] <= self.window + 1:
            raise ValueError(
                f"text: one sequence of more than window + 1 = {self.window + 1} symbols is needed"
            )
        self.symbols_ = int(rows.max()) + 1 if symbols is None else symbols
        self._net, self.history_ = trained(rows[0], self)
        return self

    def logprob(self, y: Any, given: Any = None) -> np.ndarray:
        """Return ln q of each symbol of `y`, shape ``(n, m)``, after the rows of `given` or the start."""
        from adami.estimators._nets.character_gru import scored

        if not hasattr(self, "_net"):
            raise ValueError("this GRUDensity has not been fitted; call fit(text) first")
        rows = sequences(y, self.symbols_)
        if given is None:
            return scored(self._net, rows)
        before = sequences(given, self.symbols_, "given")
        if len(before) != len(rows):
            raise ValueError(f"y has {len(rows)} rows, and given has {len(before)}")
        return scored(self._net, np.concatenate([before, rows], axis=1))[:, before.shape[1] :]
