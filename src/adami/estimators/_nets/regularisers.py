"""Information as a term in somebody else's loss: raised or lowered while another network trains."""

from __future__ import annotations

from collections.abc import Iterable

from adami.estimators._nets.critic_losses import CriticLoss
from adami.estimators.bounds import dv_bound

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("neural estimators need PyTorch: pip install 'adami[torch]'") from problem


class InformationPenalty(nn.Module):  # type: ignore[misc]
    """The information between two variables that are still being learned, as a critic sees it now.

    Between two steps of the encoder, `learn` brings the critic up to date. Add ``weight * penalty(x, z)`` to
    a loss to lower the information (a bottleneck), subtract it to raise it (a regulariser of a generator; see
    `AdaptiveGradClip`). A deterministic continuous z has infinite information with x: add noise to it. Where
    information is lowered, take ``penalty(x, z).clamp_min(0)``: below 0 the critic was left behind, and an
    encoder that may go on from there learns to fool it and nothing else.

    Parameters
    ----------
    loss : CriticLoss
        What trains the critic, such as `MINELoss`.
    steps : int
        Steps of the critic for one of the encoder, 1 to 5.
    learning_rate : float

    References
    ----------
    Belghazi et al., "Mutual Information Neural Estimation", ICML 2018; paper 10 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import InformationPenalty, MINELoss, SeparableCritic
    >>> penalty = InformationPenalty(MINELoss(SeparableCritic(4, 2, hidden=(16,))))
    >>> x, encoder = torch.randn(32, 4), torch.nn.Linear(4, 2)
    >>> penalty.learn(x, encoder(x))
    >>> penalty(x, encoder(x) + 0.1 * torch.randn(32, 2)).backward()
    >>> encoder.weight.grad.shape, penalty.loss.critic.g[0].weight.grad
    (torch.Size([2, 4]), None)
    """

    def __init__(self, loss: CriticLoss, steps: int = 1, learning_rate: float = 5e-4) -> None:
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps={steps}: a critic that never learns says nothing")
        self.loss = loss
        self.steps = steps
        self.optimizer = torch.optim.Adam(loss.parameters(), lr=learning_rate, fused=True)

    def learn(self, x: Tensor, z: Tensor) -> None:
        """Train the critic on rows x and z; nothing flows back to what made them."""
        x, z = x.detach(), z.detach()
        with torch.enable_grad():
            for _ in range(self.steps):
                self.optimizer.zero_grad(set_to_none=True)
                value = self.loss(x, z)
                if not torch.isfinite(value):
                    raise ValueError(
                        "the critic diverged: lower learning_rate, or bound z by a norm or a tanh"
                    )
                value.backward()
                nn.utils.clip_grad_norm_(self.loss.parameters(), 1.0)
                self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Return Donsker and Varadhan's bound in nats, with gradients for x and z and none for the critic."""
        trainable = [p for p in self.loss.parameters() if p.requires_grad]
        for p in trainable:
            p.requires_grad_(False)
        try:
            return dv_bound(self.loss.critic(x, z))
        finally:
            for p in trainable:
                p.requires_grad_(True)


class AdaptiveGradClip:
    """Adds the gradient of an information term to that of a task, never longer than the task's own.

    Parameters
    ----------
    parameters : iterable of torch.nn.Parameter
        What both losses train.

    References
    ----------
    Belghazi et al., "Mutual Information Neural Estimation", ICML 2018; paper 10 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.estimators import AdaptiveGradClip
    >>> w = torch.nn.Parameter(torch.tensor([0.0, 0.0]))
    >>> AdaptiveGradClip([w]).backward(w[0], 100 * w[1])
    0.01
    >>> w.grad
    tensor([1., 1.])
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = [p for p in parameters if p.requires_grad]
        if not self.parameters:
            raise ValueError("there is no parameter to train")

    def backward(self, task: Tensor, information: Tensor) -> float:
        """Put ``g_task + g_information * min(|g_task|, |g_information|) / |g_information|`` in ``.grad``.

        Parameters
        ----------
        task, information : tensor, shape ()
            Losses to minimise; to raise information give its negative.

        Returns
        -------
        float
            Factor that the gradient of the information got, at most 1.
        """
        first = self._gradient(task)
        second = self._gradient(information)
        length, other = _norm(first), _norm(second)
        factor = min(length, other) / other if other > 0 else 1.0
        for p, a, b in zip(self.parameters, first, second):
            p.grad = a + factor * b
        return factor

    def _gradient(self, loss: Tensor) -> list[Tensor]:
        found = torch.autograd.grad(loss, self.parameters, retain_graph=True, allow_unused=True)
        return [torch.zeros_like(p) if g is None else g for p, g in zip(self.parameters, found)]


def _norm(gradients: list[Tensor]) -> float:
    return float(torch.stack([g.norm() for g in gradients]).norm())
