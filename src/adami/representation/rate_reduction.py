"""Maximal coding rate reduction as a loss: features spread as a whole and shrink within groups."""

from __future__ import annotations

from typing import Any

from adami.estimators.coding_rates import positive, rate_terms

try:
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem


class MCR2Loss(nn.Module):  # type: ignore[misc]
    """Mean coding rate of the groups less the coding rate of all features, to be minimised.

    Parameters
    ----------
    eps2 : float
        The squared distortion ε².
    gamma1, gamma2 : float
        Factor within the rate of all features, and of that rate; other than 1 for self-supervised learning.
    normalize : bool
        Whether features are divided by their lengths; False expects length 1.

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import MCR2Loss
    >>> terms = MCR2Loss()(torch.eye(4).repeat(5, 1), torch.arange(4).repeat(5))
    >>> {name: round(float(term), 4) for name, term in terms.items()}
    {'total': -1.0986, 'expansion': 2.1972, 'compression': 1.0986}
    """

    def __init__(
        self, eps2: float = 0.5, gamma1: float = 1.0, gamma2: float = 1.0, *, normalize: bool = True
    ) -> None:
        super().__init__()
        self.eps2 = positive(eps2, "eps2")
        self.gamma1, self.gamma2 = positive(gamma1, "gamma1"), positive(gamma2, "gamma2")
        self.normalize = normalize

    def forward(self, Z: Tensor, y: Any) -> dict[str, Tensor]:
        """Return the terms of a batch.

        Parameters
        ----------
        Z : tensor of shape (m, d)
        y : labels of shape (m,), or memberships of shape (m, k)

        Returns
        -------
        dict of str to tensor
            "total", "expansion" (rate of all features) and "compression" (rate of the groups); nats.
        """
        whole, groups = rate_terms(Z, y, self.eps2, self.gamma1, assume_normalized=not self.normalize)
        return {"total": groups - self.gamma2 * whole, "expansion": whole, "compression": groups}
