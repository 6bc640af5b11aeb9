"""Range entropy as a loss: it draws points or tokens towards few anchors, and fidelity holds them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.exact import place_anchors, range_entropy, reseed_anchors, sharpness_unit
from adami.exact.soft_ranges import RangeKind

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem


class RangeEntropyLoss(nn.Module):  # type: ignore[misc]
    """Weighted range entropy of points, with an optional term that keeps them near where they were.

    Parameters
    ----------
    anchors : array or tensor, shape (k, d) or (h, d + 1)
        Centres of balls or half-spaces, as in `adami.exact.range_entropy`. `around` places them.
    kind : {"ball", "halfspace"}
    weight : float
        Weight of the entropy.
    fidelity : float
        Weight of the Chamfer distance to the reference.
    sharpness : tuple of float
        `alpha` at the start and at the end of `anneal`, in units of one over the mean squared distance of the
        anchors; for half-spaces in units of one over the length unit of the points.
    learn_anchors : bool
        Whether anchors are parameters. Anchors that learn can lower the entropy without any point moving.

    Notes
    -----
    The entropy alone is least when all points share one anchor. Give a reference, or add the loss of a task.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import RangeEntropyLoss
    >>> loss = RangeEntropyLoss([[0.0, 0.0], [9.0, 9.0]])
    >>> terms = loss(torch.tensor([[0.0, 0.0], [9.0, 9.0]]))
    >>> list(terms), round(float(terms["entropy"]), 4)
    (['total', 'entropy'], 0.6931)
    """

    def __init__(
        self,
        anchors: Any,
        *,
        kind: RangeKind = "ball",
        weight: float = 0.1,
        fidelity: float = 1.0,
        sharpness: tuple[float, float] = (1.0, 20.0),
        learn_anchors: bool = False,
    ) -> None:
        super().__init__()
        places = torch.as_tensor(np.asarray(anchors, dtype=np.float64)).to(torch.get_default_dtype())
        self.kind: RangeKind = kind
        self.weight, self.fidelity, self.sharpness = weight, fidelity, sharpness
        if learn_anchors:
            self.anchors = nn.Parameter(places)
        else:
            self.register_buffer("anchors", places)
        self.unit = sharpness_unit(anchors) if kind == "ball" else 1.0
        self.alpha = sharpness[0] * self.unit

    @classmethod
    def around(
        cls, X: Any, k: int = 16, *, random_state: int | np.random.Generator | None = None, **options: Any
    ) -> RangeEntropyLoss:
        """Return the loss with anchors at the means of clusters of `X`, shape (n, d)."""
        points = X.detach().cpu().numpy() if isinstance(X, Tensor) else X
        return cls(place_anchors(points, k, random_state=random_state), **options)

    def anneal(self, progress: float) -> float:
        """Set and return `alpha`, geometrically between the two ends of `sharpness`.

        Parameters
        ----------
        progress : float
            Share of the training that is done, from 0 to 1.
        """
        low, high = self.sharpness
        self.alpha = self.unit * low * (high / low) ** min(max(progress, 0.0), 1.0)
        return self.alpha

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def reseed(self, X: Tensor) -> int:
        """Move balls that no point of `X`, shape (n, d), uses to where points are, and return how many."""
        if self.kind != "ball":
            raise ValueError("half-spaces have no place to be moved to: only balls are reseeded")
        before = self.anchors.detach().cpu().numpy().astype(float)
        after = reseed_anchors(X.detach().cpu().numpy(), before, alpha=self.alpha)
        self.anchors.copy_(torch.as_tensor(after))
        return int((before != after).any(axis=1).sum())

    def forward(self, X: Tensor, reference: Tensor | None = None) -> dict[str, Tensor]:
        """Return the terms of the loss, their weighted sum first.

        Parameters
        ----------
        X : tensor, shape (..., n, d)
            Points or tokens; sets of them are averaged.
        reference : tensor, shape (..., m, d), optional
            Where the points were.

        Returns
        -------
        dict of str to tensor
            ``total``, ``entropy`` in nats and, with a reference, ``fidelity``.
        """
        entropy = range_entropy(X, self.anchors.to(X.dtype), kind=self.kind, alpha=self.alpha).mean()
        if reference is None:
            return {"total": self.weight * entropy, "entropy": entropy}
        apart = chamfer_distance(X, reference).mean()
        return {
            "total": self.weight * entropy + self.fidelity * apart,
            "entropy": entropy,
            "fidelity": apart,
        }


def chamfer_distance(X: Tensor, Y: Tensor) -> Tensor:
    """Return the mean squared distance of each point to the other set, summed over both directions.

    Parameters
    ----------
    X : tensor, shape (..., n, d)
    Y : tensor, shape (..., m, d)

    Returns
    -------
    tensor, shape (...)

    Examples
    --------
    >>> import torch
    >>> from adami.representation import chamfer_distance
    >>> chamfer_distance(torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0]]))
    tensor(0.5000)
    """
    with torch.no_grad():
        # differences rather than a matrix product: near points would cancel
        squares = sum((X[..., :, None, a] - Y[..., None, :, a]) ** 2 for a in range(X.shape[-1]))
        to_y, to_x = squares.argmin(-1), squares.argmin(-2)
    # only the nearest points carry a gradient: without the others it costs little
    return _mean_square(X, Y, to_y) + _mean_square(Y, X, to_x)


def _mean_square(X: Tensor, Y: Tensor, nearest: Tensor) -> Tensor:
    found = Y.gather(-2, nearest.unsqueeze(-1).expand(*nearest.shape, Y.shape[-1]))
    return ((X - found) ** 2).sum(-1).mean(-1)
