"""Attention blocks on sets (Lee et al., 2019): a row or a column of a table attends to the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionBlock(nn.Module):  # type: ignore[misc]
    """Queries attend to a set; a feed-forward layer follows; both are normalised.

    Parameters
    ----------
    width : int
    heads : int
    hidden : int
        Width of the feed-forward layer.
    dropout : float
    """

    def __init__(self, width: int, heads: int = 4, hidden: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width={width} is no multiple of heads={heads}")
        self.heads, self.dropout = heads, dropout
        self.query, self.pair, self.out = (
            nn.Linear(width, width),
            nn.Linear(width, 2 * width),
            nn.Linear(width, width),
        )
        self.forward_layer = nn.Sequential(
            nn.Linear(width, hidden or 2 * width), nn.ReLU(), nn.Linear(hidden or 2 * width, width)
        )
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, queries: Tensor, members: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return queries (b, q, width) after attending to members (b, m, width).

        `bias` is added to the scores: shape (heads, q, m), or (b, 1, q, m) with -inf for absent members.
        """
        b, q, width = queries.shape
        size = width // self.heads
        asked = self.query(queries).view(b, q, self.heads, size).transpose(1, 2)
        keys, values = self.pair(members).view(b, -1, 2, self.heads, size).permute(2, 0, 3, 1, 4)
        drop = self.dropout if self.training else 0.0
        heard = nn.functional.scaled_dot_product_attention(
            asked, keys, values, attn_mask=bias, dropout_p=drop
        )
        h = self.first(queries + self.out(heard.transpose(1, 2).reshape(b, q, width)))
        return self.second(h + self.forward_layer(h))


class SelfAttention(nn.Module):  # type: ignore[misc]
    """Each member of a set attends to all."""

    def __init__(self, width: int, heads: int = 4, hidden: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.block = AttentionBlock(width, heads, hidden, dropout)

    def forward(self, members: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.block(members, members, bias)


class InducedAttention(nn.Module):  # type: ignore[misc]
    """Each member attends to a few learnt points that attended to all: linear in the size of the set."""

    def __init__(
        self, width: int, points: int = 16, heads: int = 4, hidden: int | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.randn(1, points, width) / width**0.5)
        self.gather = AttentionBlock(width, heads, hidden, dropout)
        self.spread = AttentionBlock(width, heads, hidden, dropout)

    def forward(self, members: Tensor, bias: Tensor | None = None) -> Tensor:
        held = self.gather(self.points.expand(len(members), -1, -1), members, bias)
        return self.spread(members, held)


class AttentionPool(nn.Module):  # type: ignore[misc]
    """A few learnt seeds attend to a set: the same result for any order of it."""

    def __init__(
        self, width: int, seeds: int = 1, heads: int = 4, hidden: int | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.seeds = nn.Parameter(torch.randn(1, seeds, width) / width**0.5)
        self.block = AttentionBlock(width, heads, hidden, dropout)

    def forward(self, members: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.block(self.seeds.expand(len(members), -1, -1), members, bias)
