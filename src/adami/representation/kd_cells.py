"""Entropy of kd-cells inside a hull, in a form that has a gradient: how early a hull algorithm is done."""

from __future__ import annotations

import math

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem

TOUCH = 1e-6
"""Distance to a half-space's boundary, below which a point lies on it."""
_OFFSET = 4.0


def soft_kd_entropy(X: Tensor, planes: Tensor, *, softness: float = 0.01) -> Tensor:
    """Return the entropy of the kd-cells of points, each disposed of as far as its box lies inside the hull.

    Parameters
    ----------
    X : tensor, shape (n, 2)
        Points in the plane.
    planes : tensor, shape (m, 3)
        Half-planes ``w @ x >= b`` that meet in the hull, a row ``(w, b)`` each, `w` of length one.
    softness : float
        A distance, in the unit of the points. A box whose corners lie at least ``s`` inside the hull is
        disposed of to the share ``sigmoid(s / softness - 4)``; what is left of it is split further.

    Returns
    -------
    tensor, shape ()
        In nats, with a gradient: the expected entropy of the partition when each cell stops with its share.
        Towards softness zero it becomes `adami.exact.kd_structural_entropy` in hull mode.

    Raises
    ------
    ValueError
        If shapes do not fit or `softness` is not positive.

    Notes
    -----
    The cells are a family of ranges that a hull algorithm disposes of at once, the ones that the exact upper
    bound uses. Membership is one half-space's logistic function, that of the half-plane a box violates most.
    The tree follows the points and has no gradient itself; the corners of boxes have one.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import soft_kd_entropy
    >>> square = torch.tensor([[1.0, 0, 0], [0, 1, 0], [-1, 0, -1], [0, -1, -1]])
    >>> X = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1], [0.4, 0.4], [0.5, 0.4], [0.4, 0.5], [0.5, 0.5]])
    >>> round(float(soft_kd_entropy(X, square, softness=1e-3)) / 0.6931, 3)
    3.0
    """
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ValueError(f"X has shape {tuple(X.shape)}: give one set of points in the plane")
    if planes.ndim != 2 or planes.shape[1] != 3 or not len(planes):
        raise ValueError(f"planes have shape {tuple(planes.shape)}: give rows (w, b) of three numbers")
    if not (softness > 0 and math.isfinite(softness)):
        raise ValueError(f"softness={softness}: give a positive distance")
    levels = _levels(X.detach(), planes)
    extremes = torch.cat([level[0] for level in levels])
    box = X.gather(0, extremes.reshape(-1, 2)).reshape(-1, 2, 2)
    normals, shift = planes[:, :2], planes[:, 2]
    # the corner of the box that lies deepest on the wrong side of each half-plane
    corner = torch.where(normals > 0, box[:, :1], box[:, 1:])
    inside = ((corner * normals).sum(-1) - shift).amin(1)
    share = torch.sigmoid(inside / softness - _OFFSET)
    alive, total, start = X.new_ones(1), X.new_zeros(()), 0
    for extreme, size, held in levels:
        stop = start + len(extreme)
        ends = torch.where(held, torch.zeros_like(alive), share[start:stop])
        ends = torch.where(size == 1, torch.ones_like(alive), ends)
        part = size.to(X.dtype) / len(X)
        total = total - (alive * ends * part * part.log()).sum()
        alive = (alive * (1 - ends))[size > 1].repeat(2)
        start = stop
    return total


def _levels(X: Tensor, planes: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return by level which points span each cell's box, its size, and whether one lies on the hull."""
    edge = (X @ planes[:, :2].T - planes[:, 2]).amin(1) <= TOUCH
    cells, size = torch.arange(len(X), device=X.device)[None], torch.tensor([len(X)], device=X.device)
    levels = []
    while len(cells):
        # rows are padded with their own first point, which changes no extreme
        place = torch.arange(cells.shape[1], device=X.device)
        cells = torch.where(place < size[:, None], cells, cells[:, :1])
        coordinates = X[cells]
        low, high = coordinates.min(1), coordinates.max(1)
        extremes = torch.stack([low.indices, high.indices], dim=1)
        extremes = cells[:, None, :].expand(-1, 2, -1).gather(2, extremes)
        levels.append((extremes, size, edge[cells].any(1)))
        go = size > 1
        cells, size, coordinates = cells[go], size[go], coordinates[go]
        axis = (high.values - low.values)[go].argmax(1)
        along = coordinates.gather(2, axis[:, None, None].expand(-1, cells.shape[1], 1))[..., 0]
        along = along.masked_fill(place >= size[:, None], math.inf)
        cells = cells.gather(1, along.sort(dim=1, stable=True).indices)
        half = size // 2
        widest = int((size - half).max()) if len(size) else 0
        rest = (half[:, None] + place[:widest]).clamp_max(max(cells.shape[1] - 1, 0))
        cells = torch.cat([cells[:, :widest], cells.gather(1, rest)])
        size = torch.cat([half, size - half])
    return levels
