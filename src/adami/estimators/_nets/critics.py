"""Critics: networks that score how well an x and a y go together."""

from __future__ import annotations

from collections.abc import Sequence

from adami.estimators._nets.fit import ACTIVATIONS, mlp

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

HIDDEN = (256, 256, 256)
EMBEDDED = 32


class SeparableCritic(nn.Module):  # type: ignore[misc]
    """Scores g(x) . h(y): b networks' passes for all b² pairs.

    Parameters
    ----------
    dim_x, dim_y : int
        Columns of x and y.
    hidden : sequence of int
        Hidden layers of both networks.
    embedded : int
        Length of g(x) and h(y).
    activation : str
        As `adami` networks name them: ``"relu"``, ``"elu"``, ...
    dropout : float
        Share of hidden units dropped while training.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import SeparableCritic
    >>> SeparableCritic(3, 2)(torch.zeros(8, 3), torch.zeros(5, 2)).shape
    torch.Size([8, 5])
    """

    def __init__(
        self,
        dim_x: int,
        dim_y: int,
        hidden: Sequence[int] = HIDDEN,
        embedded: int = EMBEDDED,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.g = mlp([dim_x, *hidden, embedded], activation, dropout)
        self.h = mlp([dim_y, *hidden, embedded], activation, dropout)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the scores of all pairs, shape (n_x, n_y), of x (n_x, dim_x) and y (n_y, dim_y)."""
        return self.g(x) @ self.h(y).T

    def rows(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the score of each x with the y of its row, shape (n,)."""
        return (self.g(x) * self.h(y)).sum(-1)

    def shifted(self, x: Tensor, y: Tensor, shifts: int) -> Tensor:
        """Return scores of shape (n, 1 + shifts): each x with its own y, then with those of the next rows."""
        g, h = self.g(x), self.h(y)
        return torch.stack([(g * h.roll(-s, 0)).sum(-1) for s in range(shifts + 1)], 1)


class JointCritic(nn.Module):  # type: ignore[misc]
    """Scores by one network that reads x and y together: b² passes for all pairs, and no form is ruled out.

    Parameters
    ----------
    dim_x, dim_y : int
        Columns of x and y.
    hidden : sequence of int
        Hidden layers, at least one.
    activation : str
    dropout : float
        Share of hidden units dropped while training.
    noise : float
        Standard deviation of normal noise added after each hidden layer while training.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import JointCritic
    >>> critic = JointCritic(3, 2, hidden=(16, 16))
    >>> critic(torch.zeros(8, 3), torch.zeros(5, 2)).shape
    torch.Size([8, 5])
    """

    def __init__(
        self,
        dim_x: int,
        dim_y: int,
        hidden: Sequence[int] = HIDDEN,
        activation: str = "relu",
        dropout: float = 0.0,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        if not hidden:
            raise ValueError("a joint critic needs a hidden layer: without one it is a sum of f(x) and g(y)")
        # the first layer of [x, y] is a sum: computed once a row and not once a pair
        self.of_x = nn.Linear(dim_x, hidden[0])
        self.of_y = nn.Linear(dim_y, hidden[0], bias=False)
        layers: list[nn.Module] = [ACTIVATIONS[activation]()]
        for layer in mlp([*hidden, 1], activation, dropout):
            layers += [GaussianNoise(noise), layer] if noise and isinstance(layer, nn.Linear) else [layer]
        self.rest = nn.Sequential(*layers)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the scores of all pairs, shape (n_x, n_y), of x (n_x, dim_x) and y (n_y, dim_y)."""
        pairs = self.of_x(x).unsqueeze(1) + self.of_y(y).unsqueeze(0)
        return self.rest(pairs.flatten(0, 1)).view(len(x), len(y))

    def rows(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the score of each x with the y of its row, shape (n,)."""
        return self.rest(self.of_x(x) + self.of_y(y)).squeeze(-1)

    def shifted(self, x: Tensor, y: Tensor, shifts: int) -> Tensor:
        """Return scores of shape (n, 1 + shifts): each x with its own y, then with those of the next rows."""
        a, b = self.of_x(x), self.of_y(y)
        pairs = torch.cat([a + b.roll(-s, 0) for s in range(shifts + 1)])
        return self.rest(pairs).view(shifts + 1, len(x)).T


class GaussianNoise(nn.Module):  # type: ignore[misc]
    """Adds normal noise while training, and nothing afterwards."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        if deviation < 0:
            raise ValueError(f"noise={deviation}: a standard deviation is not negative")
        self.deviation = deviation

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        return values + self.deviation * torch.randn_like(values)


def matched(critic: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Return the score of each x with its own y, by any critic that scores all pairs."""
    if hasattr(critic, "rows"):
        return critic.rows(x, y)
    return torch.cat([critic(x[i : i + 1], y[i : i + 1]).view(1) for i in range(len(x))])


def make_critic(
    kind: str | nn.Module,
    dim_x: int,
    dim_y: int,
    hidden: Sequence[int] | None = None,
    dropout: float = 0.0,
    noise: float = 0.0,
) -> nn.Module:
    """Return a new critic by name, or a copy of one that was given.

    Parameters
    ----------
    kind : {"separable", "joint"} or torch.nn.Module
        A module takes x (n, dim_x) and y (m, dim_y) and returns scores (n, m).
    dim_x, dim_y : int
    hidden : sequence of int, optional
    dropout, noise : float
        The noise is that of a joint critic only.
    """
    if isinstance(kind, nn.Module):
        import copy

        return copy.deepcopy(kind)
    layers = HIDDEN if hidden is None else tuple(hidden)
    if kind == "separable":
        if noise:
            raise ValueError("noise= stands between the layers of critic='joint'")
        return SeparableCritic(dim_x, dim_y, layers, dropout=dropout)
    if kind == "joint":
        return JointCritic(dim_x, dim_y, layers, dropout=dropout, noise=noise)
    raise ValueError(f"critic={kind!r}: choose 'separable' or 'joint', or give a torch.nn.Module")
