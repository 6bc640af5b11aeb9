"""Densities of rows, free or given other rows, trained by likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from adami.estimators._nets.fit import mlp

try:
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

Density = Literal["gauss", "logistic", "flow"]
BENDS = 6
"""Bends of the map that straightens one column."""
LOGISTIC = math.log(math.pi / math.sqrt(3))
"""Logarithm of the standard deviation of a logistic law of scale 1."""
WIDEST = 7.0
"""Largest logarithm of a scale, in units of the columns' own deviation."""


class TwoEntropies(nn.Module):  # type: ignore[misc]
    """A density of y and a density of y given x of the same family, trained together.

    Parameters
    ----------
    dim_x, dim_y : int
    hidden : sequence of int
        Hidden layers of the network from x to scale and location of y; the location has a linear part too.
    density : {"gauss", "logistic", "flow"}
        The last straightens every column of y by one learned increasing map that both densities share, so
        that its volume cancels in their difference, and is Gaussian after it.
    full : bool
        Whether the columns of y may depend on one another within each density.
    """

    def __init__(
        self,
        dim_x: int,
        dim_y: int,
        hidden: Sequence[int] = (128,),
        density: Density = "gauss",
        full: bool = False,
    ) -> None:
        super().__init__()
        self.logistic = density == "logistic"
        self.straighten = Straighten(dim_y) if density == "flow" else None
        self.free = nn.Parameter(torch.zeros(2 * dim_y))
        # the straight part of a location is found at once, and the network adds what is bent
        self.line = nn.Linear(dim_x, dim_y)
        self.given = mlp([dim_x, *hidden, 2 * dim_y], "tanh")
        with torch.no_grad():
            for start in (self.line, self.given[-1]):
                start.weight.zero_()
                start.bias.zero_()
        self.mix_free = nn.Parameter(torch.zeros(dim_y, dim_y)) if full else None
        self.mix_given = nn.Parameter(torch.zeros(dim_y, dim_y)) if full else None

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``-ln q(y)`` and ``-ln q(y|x)`` of each row, shapes (n,)."""
        volume = torch.zeros((), dtype=y.dtype, device=y.device)
        if self.straighten is not None:
            y, volume = self.straighten(y)
        free = self._surprise(y, self.free.expand(len(y), -1), self.mix_free)
        location, log_scale = self.given(x).chunk(2, -1)
        given = self._surprise(y, torch.cat([location + self.line(x), log_scale], -1), self.mix_given)
        return free - volume, given - volume

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def start(self, y: Tensor) -> None:
        """Give both densities the location and scale of these rows, so that they begin with no difference."""
        u = y if self.straighten is None else self.straighten(y)[0]
        log_scale = u.std(0).clamp_min(1e-3).log() - (LOGISTIC if self.logistic else 0.0)
        both = torch.cat([u.mean(0), log_scale])
        self.free.copy_(both)
        self.given[-1].bias.copy_(both)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum of both cross-entropies."""
        free, given = self(x, y)
        return (free + given).mean()

    def _surprise(self, y: Tensor, parameters: Tensor, mix: Tensor | None) -> Tensor:
        location, log_scale = parameters.chunk(2, -1)
        log_scale = WIDEST * torch.tanh(log_scale / WIDEST)
        z = (y - location) * torch.exp(-log_scale)
        if mix is not None:
            # a triangle with ones on its diagonal turns without changing volume
            z = z + z @ mix.tril(-1).T
        if self.logistic:
            return (z + 2 * F.softplus(-z) + log_scale).sum(-1)
        return (0.5 * z**2 + log_scale + 0.5 * math.log(2 * math.pi)).sum(-1)


class Straighten(nn.Module):  # type: ignore[misc]
    """An increasing map of each column: a line plus bends that shorten tails or spread crowded middles."""

    def __init__(self, dim: int, bends: int = BENDS) -> None:
        super().__init__()
        self.line = nn.Parameter(torch.full((dim,), -1.0))
        self.height = nn.Parameter(torch.full((bends, dim), -1.0))
        self.centre = nn.Parameter(torch.zeros(bends, dim))
        # bends from sharp to blunt
        self.log_sharp = nn.Parameter(torch.linspace(3.0, -1.0, bends)[:, None].repeat(1, dim))

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the straightened rows (n, d) and the logarithm of the change of volume (n,)."""
        sharp, height = self.log_sharp.clamp(-WIDEST, WIDEST).exp(), F.softplus(self.height)
        at = sharp * (y.unsqueeze(1) - self.centre)
        u = F.softplus(self.line) * y + (height * torch.asinh(at)).sum(1)
        slope = F.softplus(self.line) + (height * sharp * torch.rsqrt(1 + at**2)).sum(1)
        return u, slope.log().sum(-1)
