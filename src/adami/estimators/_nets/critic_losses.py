"""Losses that train a critic, each the negative of a variational bound, to be minimised.

All of them are called with a batch of rows x (b, d_x) and y (b, d_y) that occurred together. Minimised over
the critic they estimate information; minimised over encoders that made x and y as well, they maximise it.
"""

from __future__ import annotations

import math

from adami.estimators.bounds import (
    dv_bound,
    infonce_bound,
    interpolated_bound,
    js_nwj_bound,
    js_objective,
    nwj_bound,
    smile_bound,
)

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem


class CriticLoss(nn.Module):  # type: ignore[misc]
    """A critic and the bound that it is trained on.

    Parameters
    ----------
    critic : torch.nn.Module
        Takes x (b, d_x) and y (b, d_y), returns the scores of all pairs, shape (b, b).
    """

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        raise NotImplementedError

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of a batch of pairs: minus the bound, in nats."""
        return self.of_scores(self.critic(x, y))


class DVLoss(CriticLoss):
    """Minus Donsker and Varadhan's bound, with the biased gradient of a batch; see `MINELoss`.

    Parameters
    ----------
    critic : torch.nn.Module

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import DVLoss, SeparableCritic
    >>> DVLoss(SeparableCritic(2, 2))(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -dv_bound(scores)


class NWJLoss(CriticLoss):
    """Minus the bound of Nguyen, Wainwright and Jordan, which is MINE-f.

    Parameters
    ----------
    critic : torch.nn.Module

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import NWJLoss, SeparableCritic
    >>> NWJLoss(SeparableCritic(2, 2))(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -nwj_bound(scores)


class InfoNCELoss(CriticLoss):
    """Minus InfoNCE, at least -ln b: each x picks its y among those of the batch.

    Parameters
    ----------
    critic : torch.nn.Module

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import InfoNCELoss, SeparableCritic
    >>> loss = InfoNCELoss(SeparableCritic(2, 2))(torch.randn(16, 2), torch.randn(16, 2))
    >>> bool(loss >= -torch.tensor(16.0).log())
    True
    """

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -infonce_bound(scores)


class JSLoss(CriticLoss):
    """Cross-entropy of a classifier of pairs, whose best scores are log density ratios.

    Parameters
    ----------
    critic : torch.nn.Module

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import JSLoss, SeparableCritic
    >>> bool(JSLoss(SeparableCritic(2, 2))(torch.randn(16, 2), torch.randn(16, 2)) > 0)
    True
    """

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -js_objective(scores)


class SMILELoss(CriticLoss):
    """Minus SMILE as a value, with the gradient of `JSLoss`.

    Parameters
    ----------
    critic : torch.nn.Module
    tau : float
        Clip of the log density ratio; infinity leaves it as it is.

    References
    ----------
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import SMILELoss, SeparableCritic
    >>> SMILELoss(SeparableCritic(2, 2), tau=5.0)(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def __init__(self, critic: nn.Module, tau: float = 5.0) -> None:
        super().__init__(critic)
        if not tau > 0:
            raise ValueError(f"tau={tau}: the clip of the log density ratio is positive; 5 is usual")
        self.tau = tau

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -_value_with_gradient(smile_bound(scores.detach(), self.tau), js_objective(scores))


class JSNWJLoss(CriticLoss):
    """Minus the NWJ bound as a value, with the gradient of `JSLoss`.

    Parameters
    ----------
    critic : torch.nn.Module
        Its scores end as log density ratios.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import JSNWJLoss, SeparableCritic
    >>> JSNWJLoss(SeparableCritic(2, 2))(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the loss of the scores of all pairs, shape (b, b)."""
        return -_value_with_gradient(js_nwj_bound(scores.detach()), js_objective(scores))


class InterpolatedLoss(CriticLoss):
    """Minus the bound between TUBA (alpha = 0) and InfoNCE (alpha = 1), with a baseline that learns.

    Parameters
    ----------
    critic : torch.nn.Module
    baseline : torch.nn.Module
        Takes y (b, d_y), returns ``ln a(y)`` of shape (b,) or (b, 1).
    alpha : float
        In [0, 1].

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import InterpolatedLoss, SeparableCritic
    >>> loss = InterpolatedLoss(SeparableCritic(2, 2), torch.nn.Linear(2, 1), alpha=0.1)
    >>> loss(torch.randn(16, 2), torch.randn(16, 2)).shape
    torch.Size([])
    """

    def __init__(self, critic: nn.Module, baseline: nn.Module, alpha: float) -> None:
        super().__init__(critic)
        self.baseline = baseline
        self.alpha = alpha

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the loss of a batch of pairs: minus the bound, in nats."""
        return -interpolated_bound(self.critic(x, y), self.baseline(y).view(-1), self.alpha)


class MINELoss(CriticLoss):
    """Donsker and Varadhan's bound with a moving average in its denominator, which takes most of the bias of
    a batch out of the gradient.

    The value is a surrogate, useful for its gradient only: report `dv_bound` on held-out rows.

    Parameters
    ----------
    critic : torch.nn.Module
    ema : float
        Decay of the moving average, in [0, 1); 0 gives the gradient of a plain batch.
    shifts : int, optional
        Product pairs for each row: its x with the y of the next rows. All other rows of the batch by default,
        which a separable critic gives away; a joint critic pays for each pair.

    Attributes
    ----------
    log_m : tensor, shape ()
        Logarithm of the moving average of the mean of exp f over product pairs; it starts at that of the
        first batch.

    References
    ----------
    Belghazi, Baratin, Rajeshwar, Ozair, Bengio, Courville and Hjelm, "Mutual Information Neural Estimation",
    ICML 2018; paper 10 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import JointCritic, MINELoss
    >>> loss = MINELoss(JointCritic(2, 2, hidden=(16,)), ema=0.99, shifts=1)
    >>> x = torch.randn(64, 2)
    >>> loss(x, x + torch.randn(64, 2)).backward()
    >>> bool(torch.isfinite(loss.log_m))
    True
    """

    log_m: Tensor
    batches: Tensor

    def __init__(self, critic: nn.Module, ema: float = 0.99, shifts: int | None = None) -> None:
        super().__init__(critic)
        if not 0 <= ema < 1:
            raise ValueError(f"ema={ema}: the decay of the moving average lies in [0, 1); 0.99 is usual")
        if shifts is not None and shifts < 1:
            raise ValueError(f"shifts={shifts}: at least one product pair for each row is needed")
        self.ema = ema
        self.shifts = shifts
        self.register_buffer("log_m", torch.zeros(()))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the surrogate loss of a batch of pairs, and move the average on while training."""
        if self.shifts is None:
            return self.of_scores(self.critic(x, y))
        if self.shifts >= len(x):
            raise ValueError(f"shifts={self.shifts} in a batch of {len(x)} rows: there are fewer other rows")
        scores = self.critic.shifted(x, y, self.shifts)
        return self._surrogate(scores[:, 0], scores[:, 1:].reshape(-1))

    def of_scores(self, scores: Tensor) -> Tensor:
        """Return the surrogate loss of the scores of all pairs, shape (b, b)."""
        b = len(scores)
        # every row without its own column: the diagonal falls off when the flat matrix is cut b + 1 apart
        product = scores.flatten()[:-1].view(b - 1, b + 1)[:, 1:].reshape(-1)
        return self._surrogate(scores.diagonal(), product)

    def _surrogate(self, joint: Tensor, product: Tensor) -> Tensor:
        log_mean = torch.logsumexp(product, 0) - math.log(len(product))
        if self.training:
            self._move(log_mean.detach())
        # exp of a difference of logarithms: at most 1 / (1 - ema)
        return -joint.mean() + torch.exp(log_mean - self.log_m)

    def _move(self, log_mean: Tensor) -> None:
        if not torch.isfinite(log_mean):
            raise ValueError(
                "the critic's scores are not finite; lower learning_rate, or clip the gradient harder"
            )
        if self.batches == 0 or self.ema == 0:
            self.log_m.copy_(log_mean)
        else:
            old, new = self.log_m + math.log(self.ema), log_mean + math.log1p(-self.ema)
            self.log_m.copy_(torch.logaddexp(old, new))
        self.batches += 1


def _value_with_gradient(value: Tensor, objective: Tensor) -> Tensor:
    """Return a number whose gradient is that of another."""
    return objective + (value - objective).detach()
