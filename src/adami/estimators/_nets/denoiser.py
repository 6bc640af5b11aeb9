"""Networks that guess the noise in rows of several variables, for every choice of what is known of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from adami.estimators._nets.diffusion import signal_and_noise
from adami.estimators._nets.gaussian_denoiser import CLEAN, DIFFUSED, GaussianPart, Pattern

Architecture = Literal["mlp", "transformer"]
Moments = tuple[np.ndarray, np.ndarray]
FREQUENCIES = 4
"""Waves over the noise level that a network is given, beside the level itself."""
REACH = 10.0
"""Alpha is divided by this before a network sees it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one pattern, one after the other, in a batch that mixes patterns."""

    pattern: Pattern
    rows: int


class Denoiser(nn.Module):  # type: ignore[misc]
    """Noise expected in partly noisy rows: a Gaussian guess, and what a network adds to it.

    Parameters
    ----------
    sizes : sequence of int
        Columns of each variable.
    patterns : sequence of Pattern
        All that it will be asked for.
    starts : sequence of (mean, covariance), Module or None
        One a pattern: the guess from which the network starts, Gaussian or one of its own. None for all of
        them takes all columns for independent standard normals.
    architecture : {"mlp", "transformer"}
        The transformer sees one token a variable.
    hidden : int
        Width.
    depth : int
        Residual blocks, or layers of the transformer.
    start_floor : float
        Smallest variance of a direction in the Gaussian guess.

    Notes
    -----
    The network is scaled by the factor of the signal, ``noise = guess + m * network``: where no signal is
    left, the guess is exact, and with unit variances the network predicts what is known as velocity.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        patterns: Sequence[Pattern],
        starts: Sequence[Moments | nn.Module | None],
        architecture: Architecture = "mlp",
        hidden: int = 64,
        depth: int = 2,
        start_floor: float = 0.0,
    ) -> None:
        super().__init__()
        self.sizes, self.patterns = tuple(sizes), tuple(patterns)
        total = sum(self.sizes)
        self.guesses = nn.ModuleList(
            GaussianPart(p, self.sizes, start[0], start[1], start_floor)
            if isinstance(start, tuple)
            else start
            for p, start in zip(self.patterns, starts, strict=True)
            if start is not None
        )
        roles = np.array([p.roles for p in self.patterns])
        told = [roles == DIFFUSED, roles == CLEAN, np.array([[p.source] for p in self.patterns])]
        self.register_buffer("codes", torch.tensor(np.hstack(told), dtype=torch.float32), persistent=False)
        mask = np.repeat(roles == DIFFUSED, self.sizes, axis=1)
        self.register_buffer("mask", torch.tensor(mask, dtype=torch.float32), persistent=False)
        codes = self.codes.shape[1]
        if architecture == "mlp":
            self.net: nn.Module = _ResidualNet(total, codes, hidden, depth)
        elif architecture == "transformer":
            self.net = _TokenNet(self.sizes, codes, hidden, depth)
        else:
            raise ValueError(f"arch={architecture!r}: choose 'mlp' or 'transformer'")
        self._index = {p: i for i, p in enumerate(self.patterns)}
        self._known: dict[tuple[tuple[int, int], ...], tuple[Tensor, Tensor]] = {}

    def forward(self, z: Tensor, alpha: Tensor, blocks: Sequence[Block]) -> Tensor:
        """Return the expected noise, zero in columns that are not diffused.

        Parameters
        ----------
        z : tensor of shape (n, D)
            Noisy, known and zero columns.
        alpha : tensor of shape (n,)
            Logarithm of the signal-to-noise ratio.
        blocks : sequence of Block
            What the rows are; their sizes add up to n.
        """
        key = tuple((self._index[b.pattern], b.rows) for b in blocks)
        codes, mask = self._repeated(key)
        m, s = signal_and_noise(alpha)
        learned = self.net(z, _level_features(alpha, m, s), codes)
        if not self.guesses:
            # of standard normals the expected noise is s times what is seen
            return (s * z + m * learned) * mask
        counts = [rows for _, rows in key]
        parts = zip(key, z.split(counts), alpha.split(counts))
        guess = torch.cat([self.guesses[i](*part) for (i, _), *part in parts])
        return guess + m * learned * mask

    def _repeated(self, key: tuple[tuple[int, int], ...]) -> tuple[Tensor, Tensor]:
        """Return codes and masks row by row; the last two compositions of a batch are remembered."""
        if key not in self._known:
            if len(self._known) > 1:
                self._known.pop(next(iter(self._known)))
            index = torch.repeat_interleave(
                torch.tensor([i for i, _ in key]), torch.tensor([r for _, r in key])
            )
            index = index.to(self.codes.device)
            self._known[key] = self.codes[index], self.mask[index]
        return self._known[key]

    def predict(self, z: Tensor, alpha: Tensor, pattern: Pattern) -> Tensor:
        """Return the expected noise in rows of one pattern."""
        return torch.as_tensor(self(z, alpha, [Block(pattern, len(z))])).float()


def _level_features(alpha: Tensor, m: Tensor, s: Tensor) -> Tensor:
    scaled = alpha[:, None] / REACH
    waves = scaled * (math.pi / 2 * 2.0 ** torch.arange(FREQUENCIES, device=alpha.device))
    return torch.cat([scaled, m, s, torch.sin(waves), torch.cos(waves)], dim=1)


LEVEL_FEATURES = 3 + 2 * FREQUENCIES


class _ResidualNet(nn.Module):  # type: ignore[misc]
    """Residual blocks whose layers are shifted and scaled by the noise level and the pattern."""

    def __init__(self, columns: int, codes: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.told = nn.Sequential(
            nn.Linear(LEVEL_FEATURES + codes, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.enter = nn.Linear(columns, hidden)
        self.blocks = nn.ModuleList(_Residual(hidden) for _ in range(depth))
        self.leave = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.SiLU(), nn.Linear(hidden, columns))
        self.gain = nn.Linear(hidden, columns)
        for layer in (self.leave[-1], self.gain):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, z: Tensor, level: Tensor, codes: Tensor) -> Tensor:
        told = self.told(torch.cat([level, codes], dim=1))
        first = h = self.enter(z)
        for block in self.blocks:
            h = block(h, told)
        # the first layer once more: what the blocks need not carry along
        out = self.leave(torch.cat([h, first], dim=1))
        return torch.as_tensor(out * (1 + self.gain(told)))


class _Residual(nn.Module):  # type: ignore[misc]
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden, hidden)
        self.outer = nn.Linear(hidden, hidden)
        self.shift = nn.Linear(hidden, 2 * hidden)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        shift, scale = self.shift(told).chunk(2, dim=1)
        inner = nn.functional.silu(self.inner(h) * (1 + scale) + shift)
        return torch.as_tensor(h + self.outer(inner))


class _TokenNet(nn.Module):  # type: ignore[misc]
    """A transformer over one token a variable."""

    def __init__(self, sizes: Sequence[int], codes: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        heads = next(h for h in (4, 2, 1) if hidden % h == 0)
        self.told = nn.Sequential(
            nn.Linear(LEVEL_FEATURES + codes, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )
        self.enter = nn.ModuleList(nn.Linear(d, hidden) for d in sizes)
        # patterns differ by the roles of each token, so these are added token by token
        self.role = nn.Linear(2, hidden)
        self.place = nn.Parameter(0.1 * torch.randn(len(self.sizes), hidden))
        layer = nn.TransformerEncoderLayer(
            hidden, heads, 2 * hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.leave = nn.ModuleList(nn.Linear(hidden, d) for d in sizes)
        for last in self.leave:
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, z: Tensor, level: Tensor, codes: Tensor) -> Tensor:
        count = len(self.sizes)
        told = self.told(torch.cat([level, codes], dim=1))[:, None]
        roles = torch.stack([codes[:, :count], codes[:, count : 2 * count]], dim=2)
        tokens = torch.stack([f(part) for f, part in zip(self.enter, z.split(self.sizes, dim=1))], dim=1)
        out = self.layers(tokens + told + self.role(roles) + self.place)
        return torch.cat([f(out[:, i]) for i, f in enumerate(self.leave)], dim=1)


def width_for(columns: int) -> int:
    """Return the width of a network for rows of so many columns."""
    return 64 if columns <= 10 else 128 if columns <= 50 else 256


def faster(model: nn.Module, precision: str, compiled: bool, device: torch.device) -> Callable[..., Tensor]:
    """Return the model's forward pass, compiled and in half precision where that is asked for.

    Raises
    ------
    ValueError
        If the precision is unknown.
    """
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision={precision!r}: choose 'float32' or 'bfloat16'")
    run: Any = torch.compile(model, dynamic=False) if compiled else model
    if precision == "float32":
        return run  # type: ignore[no-any-return]

    def half(z: Tensor, alpha: Tensor, blocks: Sequence[Block]) -> Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return torch.as_tensor(run(z, alpha, blocks)).float()

    return half
