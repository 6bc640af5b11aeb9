"""A bottleneck of information for regression, by Cauchy-Schwarz divergences in closed form."""

from __future__ import annotations

from typing import Literal

import numpy as np

from adami.estimators._gram import Bandwidth
from adami.estimators.cauchy_schwarz import Denominator, conditional_cs, cs_qmi

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem

from adami.estimators._nets.fit import mlp

LARGEST_BATCH = 2000


class CSIBLoss(nn.Module):  # type: ignore[misc]
    """Conditional Cauchy-Schwarz divergence of a prediction plus the information its representation keeps.

    Parameters
    ----------
    beta : float
        Weight of the compression.
    sigma : float, "median" or "wide"
        Width of the kernels of inputs, targets and representations; the first two are best standardised.
    normalized : bool
        Whether the compression is a share of what the variables tell about themselves.
    denominator : {"sq_sum", "sum_sq"}
        See `adami.estimators.conditional_cs`.
    prediction : {"cs", "mse"}
        "mse" puts the mean squared error in the divergence's place.

    References
    ----------
    Yu, Yu, Løkse, Jenssen and Principe, "Cauchy-Schwarz Divergence Information Bottleneck for Regression",
    2024; paper 46 of adami's register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import CSIBLoss
    >>> x = torch.linspace(-1, 1, 20)[:, None]
    >>> terms = CSIBLoss(beta=0.1)(x, y=2 * x, y_hat=2 * x, t=x)
    >>> list(terms), round(float(terms["prediction"]), 4), round(float(terms["compression"]), 4)
    (['total', 'prediction', 'compression'], 0.0, 1.0)
    """

    def __init__(
        self,
        beta: float = 1e-2,
        sigma: Bandwidth = 1.0,
        *,
        normalized: bool = True,
        denominator: Denominator = "sq_sum",
        prediction: Literal["cs", "mse"] = "cs",
    ) -> None:
        super().__init__()
        if not (np.isfinite(beta) and beta >= 0):
            raise ValueError(f"beta={beta}: the weight of the compression is at least 0")
        if prediction not in ("cs", "mse"):
            raise ValueError(f"prediction={prediction!r}: choose 'cs' or 'mse'")
        self.beta, self.sigma, self.normalized = beta, sigma, normalized
        self.denominator: Denominator = denominator
        self.prediction = prediction

    def forward(self, x: Tensor, y: Tensor, y_hat: Tensor, t: Tensor) -> dict[str, Tensor]:
        """Return the terms of a batch.

        Parameters
        ----------
        x, y, y_hat, t : tensors of shape (n, d_x), (n, d_y), (n, d_y), (n, d_t)
            Inputs, targets, predictions and representations.

        Returns
        -------
        dict of str to tensor
            "total", "prediction" and "compression"; nats, but for a normalised compression and a squared
            error.

        Raises
        ------
        ValueError
            For batches above 2,000 rows, or shapes that do not fit.
        """
        if len(x) > LARGEST_BATCH:
            raise ValueError(
                f"a batch of {len(x):,} rows: time and memory grow with its square; take at most "
                f"{LARGEST_BATCH:,}"
            )
        if self.prediction == "cs":
            fits = conditional_cs(x, y, y_hat, self.sigma, self.sigma, denominator=self.denominator)
        else:
            fits = nn.functional.mse_loss(y_hat, y)
        keeps = cs_qmi(x, t, self.sigma, normalized=self.normalized)
        return {"total": fits + self.beta * keeps, "prediction": fits, "compression": keeps}


class CSIBNet(nn.Module):  # type: ignore[misc]
    """Encoder to a representation with a linear head, and a decoder to the target.

    Parameters
    ----------
    d_x, d_y : int
        Columns of the input and of the target.
    latent : int
        Columns of the representation.
    hidden : int
        Units of the hidden layers.
    noise : bool
        Whether a second head gives the deviation of normal noise added to the representation in training.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import CSIBNet
    >>> t, y_hat = CSIBNet(3, 1, latent=8)(torch.zeros(5, 3))
    >>> tuple(t.shape), tuple(y_hat.shape)
    ((5, 8), (5, 1))
    """

    def __init__(
        self, d_x: int, d_y: int = 1, *, latent: int = 128, hidden: int = 128, noise: bool = False
    ) -> None:
        super().__init__()
        self.encoder = mlp((d_x, hidden, hidden, latent))
        self.mean = nn.Linear(latent, latent)
        self.log_variance = nn.Linear(latent, latent) if noise else None
        self.decoder = mlp((latent, hidden, d_y))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return representations and predictions of inputs, shape (n, d_x)."""
        found = self.encoder(x)
        t = self.mean(found)
        if self.log_variance is not None and self.training:
            t = t + torch.exp(self.log_variance(found) / 2) * torch.randn_like(t)
        return t, self.decoder(t)
