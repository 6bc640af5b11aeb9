"""Critics that may not change faster than their inputs: the dual of the Wasserstein distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from adami.estimators.bounds import infonce_bound

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem

Encoder = Callable[[Tensor], Tensor]
Space = Literal["input", "feature"]


def gradient_penalty(
    score: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    limit: float = 1.0,
    two_sided: bool = False,
) -> Tensor:
    """Return the mean squared excess of a critic's slope between joint and product pairs.

    Parameters
    ----------
    score : callable
        Scores of rows: x (n, ...), y (n, ...) -> (n,).
    x, y : tensor
        Rows that occurred together.
    limit : float
        Slope that is allowed, in the Euclidean norm of (x, y).
    two_sided : bool
        Whether a smaller slope is penalised too.
    """
    shape = (len(x), *([1] * (x.ndim - 1)))
    mix = torch.rand(len(x), device=x.device, dtype=x.dtype)
    # between the pair of a row and a product pair of two other rows
    u = torch.lerp(x.roll(-1, 0), x, mix.view(shape)).detach().requires_grad_()
    v = torch.lerp(y.roll(-2, 0), y, mix.view(len(y), *([1] * (y.ndim - 1)))).detach().requires_grad_()
    excess = slopes(score, u, v, create_graph=True) - limit
    return ((excess if two_sided else excess.clamp_min(0.0)) ** 2).mean()


def slopes(
    score: Callable[[Tensor, Tensor], Tensor], u: Tensor, v: Tensor, create_graph: bool = False
) -> Tensor:
    """Return the norm of a critic's gradient at each row (u, v), shape (n,)."""
    with torch.enable_grad():
        if not u.requires_grad:
            u, v = u.detach().requires_grad_(), v.detach().requires_grad_()
        parts = torch.autograd.grad(score(u, v).sum(), (u, v), create_graph=create_graph)
    # a small number under the root: its slope at exactly zero is infinite
    return (sum((g.flatten(1) ** 2).sum(1) for g in parts) + 1e-12).sqrt()


def spectral(module: nn.Module) -> nn.Module:
    """Give every linear and convolutional layer of a module a spectral norm of at most 1, in place."""
    for child in list(module.modules()):
        if isinstance(child, nn.Linear | nn.Conv2d):
            nn.utils.parametrizations.spectral_norm(child)
    return module


class WassersteinLoss(nn.Module):  # type: ignore[misc]
    """Minus the difference of a critic's mean over joint and product pairs, plus the penalty on its slope.

    Parameters
    ----------
    critic : torch.nn.Module
        With ``rows(x, y)`` as in `adami.estimators.JointCritic`.
    lam : float
        Weight of the penalty; 0 where the critic is bounded otherwise.
    limit : float
        Slope that is allowed.
    two_sided : bool

    References
    ----------
    Ozair, Lynch, Bengio, van den Oord, Levine and Sermanet, "Wasserstein Dependency Measure for
    Representation Learning", NeurIPS 2019; paper 14 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import JointCritic, WassersteinLoss
    >>> loss = WassersteinLoss(JointCritic(2, 2, hidden=(16,)))
    >>> loss(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def __init__(
        self, critic: nn.Module, lam: float = 10.0, limit: float = 1.0, two_sided: bool = False
    ) -> None:
        super().__init__()
        if lam < 0 or limit <= 0:
            raise ValueError(
                f"lam={lam}, limit={limit}: the penalty is not negative, the slope allowed positive"
            )
        self.critic, self.lam, self.limit, self.two_sided = critic, lam, limit, two_sided

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of rows that occurred together."""
        apart = self.critic.rows(x, y).mean() - self.critic.rows(x, y.roll(-1, 0)).mean()
        if not self.lam:
            return -apart
        return self.lam * gradient_penalty(self.critic.rows, x, y, self.limit, self.two_sided) - apart


class WPCLoss(nn.Module):  # type: ignore[misc]
    """Wasserstein predictive coding: InfoNCE whose critic may not change faster than the data it compares.

    Parameters
    ----------
    critic : torch.nn.Module
        Scores of features: all pairs by call, rows by ``rows``, as in `adami.estimators.SeparableCritic`.
    encode_x, encode_y : callable, optional
        From data to features; modules are trained with the loss. None leaves the data as they are.
    lam : float
        Weight of the penalty on the slope; 0 is plain contrastive predictive coding.
    limit : float
        Slope that is allowed.
    space : {"input", "feature"}
        Where the slope is measured: through the encoders, as the distance on the data asks, or after them.

    References
    ----------
    Ozair et al., "Wasserstein Dependency Measure for Representation Learning", NeurIPS 2019; paper 14 of
    adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import SeparableCritic, WPCLoss
    >>> loss = WPCLoss(SeparableCritic(3, 3, hidden=(16,)), torch.nn.Linear(5, 3), torch.nn.Linear(4, 3))
    >>> loss(torch.randn(16, 5), torch.randn(16, 4)).shape
    torch.Size([])
    """

    def __init__(
        self,
        critic: nn.Module,
        encode_x: Encoder | None = None,
        encode_y: Encoder | None = None,
        lam: float = 10.0,
        limit: float = 1.0,
        space: Space = "input",
    ) -> None:
        super().__init__()
        if lam < 0 or limit <= 0:
            raise ValueError(
                f"lam={lam}, limit={limit}: the penalty is not negative, the slope allowed positive"
            )
        if space not in ("input", "feature"):
            raise ValueError(f"space={space!r}: choose 'input' or 'feature'")
        self.critic, self.lam, self.limit, self.space = critic, lam, limit, space
        self.encode_x = nn.Identity() if encode_x is None else encode_x
        self.encode_y = nn.Identity() if encode_y is None else encode_y

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of data x (b, ...) and y (b, ...) that occurred together."""
        hx, hy = self.encode_x(x), self.encode_y(y)
        contrast = infonce_bound(self.critic(hx, hy))
        if not self.lam:
            return -contrast
        if self.space == "feature":
            return self.lam * gradient_penalty(self.critic.rows, hx, hy, self.limit) - contrast
        return self.lam * gradient_penalty(self._score, x, y, self.limit) - contrast

    def _score(self, x: Tensor, y: Tensor) -> Tensor:
        return self.critic.rows(self.encode_x(x), self.encode_y(y))
