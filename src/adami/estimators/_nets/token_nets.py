"""Networks that predict a row of tokens one by one, from what is given and from the tokens before."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from adami.estimators._nets.attention import SelfAttention

Shape = tuple[int, int, int, int]
"""Number of symbols, tokens a row, and both for what is given with each row (0 tokens: nothing)."""
Factory = Callable[[int, int, int, int], nn.Module]
"""Makes a network of a `Shape`, its numbers in that order."""


class MaskedLinear(nn.Linear):  # type: ignore[misc]
    """A linear layer some of whose weights stay zero."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask, persistent=False)
        with torch.no_grad():
            # the fewer inputs a unit hears, the louder each has to be
            heard = mask.sum(dim=1, keepdim=True).clamp(min=1)
            self.weight.mul_((mask.shape[1] / heard).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight * self.mask, self.bias)


class TokenMLP(nn.Module):  # type: ignore[misc]
    """Layers whose masked weights let a token hear only what is given and the tokens before it.

    Parameters
    ----------
    n_symbols, length, given_symbols, n_given : int
        See `Shape`.
    width, depth : int
        Units of a hidden layer, and number of those layers. Half of the units hear only what is given.
    """

    def __init__(
        self, n_symbols: int, length: int, given_symbols: int, n_given: int, width: int = 128, depth: int = 2
    ) -> None:
        super().__init__()
        self.n_symbols, self.length = n_symbols, length
        self.given_symbols, self.n_given = given_symbols, n_given
        # how many tokens each unit has heard
        free = width // 2 if n_given else 0
        heard = torch.cat([torch.zeros(free), torch.arange(width - free) % length])
        inputs = torch.cat(
            [torch.zeros(n_given * given_symbols), (1 + torch.arange(length)).repeat_interleave(n_symbols)]
        )
        outputs = torch.arange(length).repeat_interleave(n_symbols)
        layers: list[nn.Module] = []
        before = inputs
        for _ in range(depth):
            layers += [MaskedLinear((heard[:, None] >= before[None]).float()), nn.ReLU()]
            before = heard
        layers.append(MaskedLinear((outputs[:, None] >= before[None]).float()))
        self.layers = nn.Sequential(*layers)

    def forward(self, given: Tensor | None, tokens: Tensor) -> Tensor:
        """Return logits (b, length, n_symbols) of tokens (b, length)."""
        told = one_hot(tokens, self.n_symbols).float().flatten(1)
        if given is not None:
            told = torch.cat([one_hot(given, self.given_symbols).float().flatten(1), told], dim=1)
        return self.layers(told).view(len(tokens), self.length, self.n_symbols)

    def sample(self, given: Tensor | None, rows: int, length: int, dice: Tensor) -> tuple[Tensor, Tensor]:
        """Return drawn tokens (rows, length) and the logits that they were drawn from."""
        *hidden, last = [(m.weight * m.mask, m.bias) for m in self.layers if isinstance(m, MaskedLinear)]
        told = torch.zeros(rows, self.n_given * self.given_symbols + length * self.n_symbols)
        told = told.to(dice.device)
        before = self.n_given * self.given_symbols
        if given is not None:
            told[:, :before] = one_hot(given, self.given_symbols).flatten(1)
        drawn, logits = [], []
        for t in range(length):
            h = told
            for weight, bias in hidden:
                h = torch.relu(nn.functional.linear(h, weight, bias))
            own = slice(t * self.n_symbols, (t + 1) * self.n_symbols)
            logits.append(nn.functional.linear(h, last[0][own], last[1][own]))
            drawn.append(_pick(logits[-1], dice[:, t]))
            told.scatter_(1, before + t * self.n_symbols + drawn[-1][:, None], 1.0)
        return torch.stack(drawn, dim=1), torch.stack(logits, dim=1)


class TokenGRU(nn.Module):  # type: ignore[misc]
    """A gated recurrent network that reads what is given first.

    Parameters
    ----------
    n_symbols, length, given_symbols, n_given : int
        See `Shape`.
    width, depth : int
        Size of the state, and number of layers.
    """

    def __init__(
        self, n_symbols: int, length: int, given_symbols: int, n_given: int, width: int = 64, depth: int = 1
    ) -> None:
        super().__init__()
        self.n_symbols = n_symbols
        # one symbol more marks the beginning; the given symbols come after it
        self.embed = nn.Embedding(n_symbols + 1 + given_symbols, width)
        self.cells = nn.GRU(width, width, depth, batch_first=True)
        self.out = nn.Linear(width, n_symbols)

    def forward(self, given: Tensor | None, tokens: Tensor) -> Tensor:
        """Return logits (b, length, n_symbols) of tokens (b, length)."""
        state, _ = self.cells(self.embed(shifted(given, tokens, self.n_symbols)))
        return self.out(state[:, -tokens.shape[1] :])

    def sample(self, given: Tensor | None, rows: int, length: int, dice: Tensor) -> tuple[Tensor, Tensor]:
        """Return drawn tokens (rows, length) and the logits that they were drawn from."""
        start = torch.zeros(rows, 1, dtype=torch.int64, device=dice.device)
        state, memory = self.cells(self.embed(shifted(given, start, self.n_symbols)))
        drawn, logits = [], []
        for t in range(length):
            logits.append(self.out(state[:, -1]))
            drawn.append(_pick(logits[-1], dice[:, t]))
            if t < length - 1:
                state, memory = self.cells(self.embed(drawn[-1][:, None]), memory)
        return torch.stack(drawn, dim=1), torch.stack(logits, dim=1)


class TokenTransformer(nn.Module):  # type: ignore[misc]
    """Attention blocks over what is given and the tokens before.

    Parameters
    ----------
    n_symbols, length, given_symbols, n_given : int
        See `Shape`.
    width, depth : int
        Width of a block, and number of blocks.
    """

    def __init__(
        self, n_symbols: int, length: int, given_symbols: int, n_given: int, width: int = 32, depth: int = 1
    ) -> None:
        super().__init__()
        self.n_symbols = n_symbols
        self.embed = nn.Embedding(n_symbols + 1 + given_symbols, width)
        self.place = nn.Parameter(torch.randn(n_given + length, width) / width**0.5)
        heads = next(h for h in (4, 2, 1) if width % h == 0)
        self.blocks = nn.ModuleList([SelfAttention(width, heads) for _ in range(depth)])
        self.out = nn.Linear(width, n_symbols)

    def forward(self, given: Tensor | None, tokens: Tensor) -> Tensor:
        """Return logits (b, length, n_symbols) of tokens (b, length)."""
        h = self.embed(shifted(given, tokens, self.n_symbols))
        size = h.shape[1]
        h = h + self.place[:size]
        ahead = torch.full((size, size), -torch.inf, device=h.device).triu(1)[None, None]
        for block in self.blocks:
            h = block(h, ahead)
        return self.out(h[:, -tokens.shape[1] :])


DEFAULTS = {"mlp": (TokenMLP, 128, 2), "gru": (TokenGRU, 64, 1), "transformer": (TokenTransformer, 32, 1)}
"""Name -> (class, width, depth)."""


def shifted(given: Tensor | None, tokens: Tensor, n_symbols: int) -> Tensor:
    """Return the given tokens, the mark of a beginning, and all tokens but the last."""
    start = torch.full((len(tokens), 1), n_symbols, dtype=torch.int64, device=tokens.device)
    own = torch.cat([start, tokens[:, :-1]], dim=1)
    return own if given is None else torch.cat([given + n_symbols + 1, own], dim=1)


def made(model: str | Factory, shape: Shape, width: int | None = None, depth: int | None = None) -> nn.Module:
    """Return a network by the name of its family, or from a factory, and see that it does not read ahead.

    Raises
    ------
    ValueError
        If the family is unknown, the logits have another shape, or they depend on tokens that come later.
    """
    if callable(model):
        network = model(*shape)
    elif model in DEFAULTS:
        kind, usual_width, usual_depth = DEFAULTS[model]
        network = kind(*shape, width=width or usual_width, depth=depth or usual_depth)
    else:
        raise ValueError(f"model={model!r}: choose {', '.join(map(repr, DEFAULTS))}, or give a factory")
    _refuse_reading_ahead(network, shape)
    return network


def _refuse_reading_ahead(network: nn.Module, shape: Shape) -> None:
    n_symbols, length, _, n_given = shape
    given = torch.zeros(1, n_given, dtype=torch.int64) if n_given else None
    tokens = torch.arange(length)[None] % n_symbols
    other = tokens.clone()
    later = length // 2
    other[:, later:] = (other[:, later:] + 1) % n_symbols
    was_training = network.training
    network.eval()
    with torch.no_grad():
        a, b = network(given, tokens), network(given, other)
    network.train(was_training)
    if tuple(a.shape) != (1, length, n_symbols):
        raise ValueError(
            f"the model gives logits of shape {tuple(a.shape)}; (rows, {length}, {n_symbols}) are needed"
        )
    if not torch.allclose(a[:, : later + 1], b[:, : later + 1], atol=1e-5):
        raise ValueError(
            "the model reads ahead: its logits at a token change with that token or a later one; shift its "
            "input by one token or mask its weights"
        )


def sample(
    network: nn.Module, given: Tensor | None, rows: int, length: int, dice: Tensor
) -> tuple[Tensor, Tensor]:
    """Return tokens (rows, length) that a network draws one by one, and the logits that they were drawn from.

    Parameters
    ----------
    network : torch.nn.Module
    given : tensor (rows, n_given), optional
    rows, length : int
    dice : tensor (rows, length)
        Uniform numbers in [0, 1): the randomness of the draw.
    """
    with torch.no_grad():
        if hasattr(network, "sample"):
            drawn, logits = network.sample(given, rows, length, dice)
            return drawn, logits
        tokens = torch.zeros(rows, length, dtype=torch.int64, device=dice.device)
        for t in range(length):
            tokens[:, t] = _pick(network(given, tokens)[:, t], dice[:, t])
        # logits at a token do not depend on what comes later: one pass gives them all
        return tokens, network(given, tokens)


def _pick(logits: Tensor, dice: Tensor) -> Tensor:
    ends = torch.softmax(logits, dim=-1).cumsum(dim=-1)
    return (ends < dice[:, None]).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
