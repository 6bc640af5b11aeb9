"""CLUB: an upper estimate of information from a conditional density, to be minimised."""

from __future__ import annotations

from collections.abc import Sequence

from adami.estimators._nets.fit import mlp
from adami.estimators.bounds import SMALLEST_BATCH, club_bound

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem


class CLUB(nn.Module):  # type: ignore[misc]
    """Contrastive log-ratio upper bound with a Gaussian q(y|x) whose mean and deviations are networks of x.

    Train q by `learning_loss` on detached rows, and add the bound itself to the loss of whatever made x or y.

    Parameters
    ----------
    dim_x, dim_y : int
    hidden : sequence of int
        Hidden layers of the network from x to the mean and the log deviation of y.
    sampled : bool
        Whether each x is compared with the y of one other row instead of all: cheaper, and noisier.

    Notes
    -----
    With the true conditional the value is I(X;Y) + KL(p_x p_y || p_xy), often several times the information.
    With a fitted one it bounds only where the fit is good.

    References
    ----------
    Cheng, Hao, Dai, Liu, Gan and Carin, "CLUB: a contrastive log-ratio upper bound of mutual information",
    ICML 2020.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import CLUB
    >>> club = CLUB(3, 2, hidden=(16,))
    >>> x, y = torch.randn(32, 3), torch.randn(32, 2)
    >>> club.learning_loss(x, y).shape, club(x, y).shape
    (torch.Size([]), torch.Size([]))
    """

    def __init__(
        self, dim_x: int, dim_y: int, hidden: Sequence[int] = (64, 64), sampled: bool = False
    ) -> None:
        super().__init__()
        self.parameters_of_y = mlp([dim_x, *hidden, 2 * dim_y])
        self.sampled = sampled

    def learning_loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Return minus the mean log-likelihood of y given x, up to a constant."""
        mean, log_deviation = self._of(x)
        return (0.5 * ((y - mean) / log_deviation.exp()) ** 2 + log_deviation).sum(-1).mean()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the bound in nats for rows x (b, dim_x) and y (b, dim_y)."""
        if len(x) < SMALLEST_BATCH:
            raise ValueError(f"a batch of {len(x)} pairs is too small: at least {SMALLEST_BATCH} are needed")
        mean, log_deviation = self._of(x)
        if self.sampled:
            weight = torch.exp(-2 * log_deviation)
            other = y.roll(-1, 0)
            return 0.5 * (weight * ((other - mean) ** 2 - (y - mean) ** 2)).sum(-1).mean()
        apart = (y.unsqueeze(0) - mean.unsqueeze(1)) / log_deviation.exp().unsqueeze(1)
        # what depends on x alone cancels in a row
        return club_bound(-0.5 * (apart**2).sum(-1))

    def _of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_deviation = self.parameters_of_y(x).chunk(2, -1)
        # between e-4 and e4 in units of y, so that no likelihood runs away
        return mean, 4 * torch.tanh(log_deviation / 4)
