"""Transformer layers that can also be run one token at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

Memory = tuple[Tensor, Tensor]
"""Keys and values, shape (b, heads, n, size of a head)."""


class Attention(nn.Module):  # type: ignore[misc]
    """Several heads of dot-product attention.

    Parameters
    ----------
    width, heads : int
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.pair = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def memory(self, x: Tensor) -> Memory:
        """Return keys and values of what is attended to."""
        keys, values = self.pair(x).chunk(2, dim=-1)
        return self.split(keys), self.split(values)

    def forward(self, x: Tensor, memory: Memory, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        heard = scaled_dot_product_attention(
            self.split(self.query(x)), *memory, attn_mask=mask, is_causal=causal
        )
        return self.out(heard.transpose(1, 2).flatten(-2))


class Layer(nn.Module):  # type: ignore[misc]
    """Self-attention, attention to a memory if there is one, and a feed-forward part, each with its norm.

    Parameters
    ----------
    width, heads, hidden : int
    cross : bool
        Whether the layer attends to a memory too.
    before : bool
        Whether a part normalises what it reads (True), or what it adds to (False, as first published).
    dropout : float
    """

    def __init__(
        self, width: int, heads: int, hidden: int, *, cross: bool, before: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.before = before
        self.own = Attention(width, heads)
        self.other = Attention(width, heads) if cross else None
        self.rise, self.fall = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if cross else 2))
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        *,
        causal: bool = False,
        memory: Memory | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Return x, shape (b, n, width), after the layer."""
        h = self._read(x, 0)
        x = self._add(x, self.own(h, self.own.memory(h), mask, causal), 0)
        return self._rest(x, memory, memory_mask)

    def step(
        self, x: Tensor, past: Memory | None, memory: Memory, memory_mask: Tensor | None, beams: int
    ) -> tuple[Tensor, Memory]:
        """Return one more place of every beam, shape (b * beams, 1, width), and what later ones attend to."""
        h = self._read(x, 0)
        new = self.own.memory(h)
        if past is not None:
            new = (torch.cat([past[0], new[0]], dim=2), torch.cat([past[1], new[1]], dim=2))
        x = self._add(x, self.own(h, new), 0)
        # the beams of one spectrum attend to the same memory: it is not copied for them
        x = self._rest(x.view(-1, beams, x.shape[-1]), memory, memory_mask)
        return x.reshape(-1, 1, x.shape[-1]), new

    def _rest(self, x: Tensor, memory: Memory | None, memory_mask: Tensor | None) -> Tensor:
        last = 1
        if self.other is not None and memory is not None:
            x = self._add(x, self.other(self._read(x, 1), memory, memory_mask), 1)
            last = 2
        return self._add(x, self.fall(self.drop(self.rise(self._read(x, last)).relu())), last)

    def _read(self, x: Tensor, part: int) -> Tensor:
        return self.norms[part](x) if self.before else x

    def _add(self, x: Tensor, change: Tensor, part: int) -> Tensor:
        x = x + self.drop(change)
        return x if self.before else self.norms[part](x)
