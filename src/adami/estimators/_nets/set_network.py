"""Networks that read a whole sample as a set and answer with quantiles of its information."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from adami.estimators._nets.attention import AttentionPool, InducedAttention, SelfAttention
from adami.estimators._nets.fit import mlp
from adami.estimators._nets.sample_summary import N_FEATURES, TOKEN_WIDTH, summarize

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
"""Quantiles that the network answers with."""
MIDDLE = LEVELS.index(0.5)
REFERENCES = 256
"""Samples that are remembered, to tell what is unlike them."""


class SetNetwork(nn.Module):  # type: ignore[misc]
    """Attention over rows and over canonical columns in turn, pooled, beside closed-form summaries.

    Rows and columns may come in any order, and x and y may change places: the answer stays the same.

    Parameters
    ----------
    width : int
        Width of a token.
    blocks : int
        Rounds of attention over rows (through learnt points) and over columns.
    points : int
        Learnt points a round.
    heads : int
    hidden : int
        Width of the layers that answer.
    """

    def __init__(
        self, width: int = 32, blocks: int = 1, points: int = 8, heads: int = 4, hidden: int = 192
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {
            "width": width,
            "blocks": blocks,
            "points": points,
            "heads": heads,
            "hidden": hidden,
        }
        self.heads = heads
        self.token = nn.Linear(TOKEN_WIDTH, width)
        self.rows = nn.ModuleList(InducedAttention(width, points, heads) for _ in range(blocks))
        self.columns = nn.ModuleList(SelfAttention(width, heads) for _ in range(blocks + 1))
        # partner, same side, other side; a column to itself is the base
        self.relations = nn.Parameter(torch.zeros(blocks + 1, heads, 3))
        self.pool = AttentionPool(width, 1, heads)
        self.merge = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(2 * width)
        self.register_buffer("centre", torch.zeros(N_FEATURES))
        self.register_buffer("spread", torch.ones(N_FEATURES))
        # how far the quantiles are stretched about the median, so that they cover what they say
        self.register_buffer("stretch", torch.ones(len(LEVELS)))
        # what samples like those learnt from look like, and how far from them a familiar one may be
        self.register_buffer("reference", torch.zeros(REFERENCES, 2 * width))
        self.register_buffer("familiar", torch.tensor(torch.inf))
        self.answer = mlp((2 * width + N_FEATURES, hidden, hidden, len(LEVELS)), "silu")

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return quantiles at `LEVELS` of the root of twice the information, shape (b, levels), rising.

        Parameters
        ----------
        x : tensor, shape (b, n, dim_x)
            Normal scores.
        y : tensor, shape (b, n, dim_y)
        """
        summary = summarize(x, y)
        return self.quantiles(summary.features, summary.gaussian, self.embed(summary.tokens))

    def quantiles(self, features: Tensor, gaussian: Tensor, embedding: Tensor) -> Tensor:
        """Return the quantiles for a description of the sample, shape (b, levels)."""
        out = self.answer(torch.cat([embedding, self.scaled(features)], dim=1))
        middle = gaussian[:, None] + out[:, MIDDLE : MIDDLE + 1]
        steps = nn.functional.softplus(out) * 0.1
        below = steps[:, :MIDDLE].flip(1).cumsum(1).flip(1)
        above = steps[:, MIDDLE + 1 :].cumsum(1)
        away = torch.cat([-below, torch.zeros_like(middle), above], dim=1)
        return middle + self.stretch * away

    def scaled(self, features: Tensor) -> Tensor:
        """Return features on the scale of those seen in training."""
        return ((features - self.centre) / self.spread).clamp(-8, 8)

    def embed(self, tokens: Tensor) -> Tensor:
        """Return one vector a sample, shape (b, 2 width), for tokens (b, n, columns, TOKEN_WIDTH)."""
        b, n, c, _ = tokens.shape
        h = self.token(tokens)
        bias = self._bias(c)
        for rows, columns, own in zip(self.rows, self.columns, bias):
            by_column = h.transpose(1, 2).reshape(b * c, n, -1)
            h = rows(by_column).view(b, c, n, -1).transpose(1, 2)
            h = columns(h.reshape(b * n, c, -1), own).view(b, n, c, -1)
        by_column = h.transpose(1, 2).reshape(b * c, n, -1)
        pooled = torch.cat([self.pool(by_column)[:, 0], by_column.mean(1)], dim=1)
        pooled = self.columns[-1](self.merge(pooled).view(b, c, -1), bias[-1])
        return self.norm(torch.cat([pooled.mean(1), pooled.amax(1)], dim=1))

    def strangeness(self, embeddings: Tensor) -> Tensor:
        """Return the distance of samples to the nearest remembered one, shape (b,)."""
        return torch.cdist(embeddings, self.reference).amin(1)

    def _bias(self, columns: int) -> Tensor:
        half = columns // 2
        side = torch.arange(columns, device=self.relations.device) // half
        place = torch.arange(columns, device=self.relations.device) % half
        same_side, same_place = side[:, None] == side, place[:, None] == place
        kinds = torch.stack([same_place & ~same_side, same_side & ~same_place, ~same_side & ~same_place])
        return torch.einsum("bhk,kij->bhij", self.relations, kinds.to(self.relations.dtype))


class RowSetNetwork(nn.Module):  # type: ignore[misc]
    """The published design: rows padded to slots, attention over rows only, one quantile level as an input.

    Parameters
    ----------
    slots : int
        Most columns of x and y together.
    width : int
    dropout : float

    References
    ----------
    Gritsai et al., "MIST: Mutual Information Via Supervised Training", 2025; paper 12 of adami's register.
    """

    def __init__(self, slots: int = 64, width: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"slots": slots, "width": width, "dropout": dropout}
        self.slots = slots
        self.token = nn.Sequential(
            nn.Linear(slots, 2 * width),
            nn.GELU(),
            nn.LayerNorm(2 * width),
            nn.Dropout(dropout / 3),
            nn.Linear(2 * width, width),
        )
        self.whole = nn.ModuleList(SelfAttention(width, 16, 4 * width, dropout) for _ in range(2))
        self.norms = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), nn.Dropout(dropout)) for _ in range(2))
        self.induced = nn.ModuleList(InducedAttention(width, 32, 16, 4 * width) for _ in range(2))
        self.pool, self.among = AttentionPool(width, 10, 16, 4 * width), SelfAttention(width, 16, 4 * width)
        self.last = AttentionPool(width, 1, 16, 4 * width)
        self.out = nn.Linear(width, width)
        self.answer = mlp((width + 1, width, width, 1), "relu")

    def forward(self, x: Tensor, y: Tensor, level: Tensor) -> Tensor:
        """Return the quantile at one level a sample, in nats, shape (b,).

        Parameters
        ----------
        x : tensor, shape (b, n, dim)
        y : tensor, shape (b, n, dim)
            The layout tells x from y only where both have as many columns.
        level : tensor, shape (b,)
        """
        rows = torch.cat([x, y], dim=2)
        if rows.shape[2] > self.slots:
            raise ValueError(f"x and y have {rows.shape[2]} columns, and the network has {self.slots} slots")
        h = self.token(nn.functional.pad(rows, (0, self.slots - rows.shape[2])))
        for attend, norm in zip(self.whole, self.norms):
            h = norm(attend(h))
        for attend in self.induced:
            h = attend(h)
        phi = self.out(self.last(self.among(self.pool(h)))[:, 0])
        return self.answer(torch.cat([phi, level[:, None]], dim=1))[:, 0]


def pinball(error: Tensor, levels: Tensor) -> Tensor:
    """Return the loss whose least expectation is the quantile; `error` is truth less answer."""
    return torch.maximum(levels * error, (levels - 1) * error)
