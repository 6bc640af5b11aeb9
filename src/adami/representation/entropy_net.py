"""A network that moves points a little so that they become easier for algorithms that adapt to structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact import convex_hull, range_entropy
from adami.representation.kd_cells import soft_kd_entropy
from adami.representation.range_entropy_loss import RangeEntropyLoss, chamfer_distance

try:
    import torch
    from torch import Tensor, nn
except ImportError as problem:
    raise ImportError("adami.representation needs PyTorch: pip install 'adami[torch]'") from problem


class EntropyNet(nn.Module):  # type: ignore[misc]
    """Moves each point by a bounded step that depends on the point and on its whole set.

    Parameters
    ----------
    dim : int
        Dimensions of the points.
    width : int
        Width of the layers.
    scale : float
        The longest step along an axis, as a share of the widest side of the set's bounding box. A map as
        smooth as this one gathers points only by carrying them over the distance between anchors: steps of
        0.1 lower the entropy of evenly spread points by a few percent, steps of 1 by half and more.

    Notes
    -----
    An untrained network moves nothing, because its last layer starts at zero. An algorithm that has to be
    exact uses the moved points only to order or to prune the points, and finishes on the points themselves.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.

    Examples
    --------
    >>> import torch
    >>> from adami.representation import EntropyNet
    >>> X = torch.rand(5, 2)
    >>> bool((EntropyNet()(X) == X).all())
    True
    """

    def __init__(self, dim: int = 2, width: int = 64, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.point = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.step = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, dim))
        nn.init.zeros_(self.step[-1].weight)
        nn.init.zeros_(self.step[-1].bias)

    def forward(self, X: Tensor, planes: Tensor | None = None) -> Tensor:
        """Return the moved points.

        Parameters
        ----------
        X : tensor, shape (..., n, dim)
        planes : tensor, shape (m, dim + 1), optional
            Half-spaces ``w @ x >= b``, a row ``(w, b)`` each. Points on their boundary stay, and steps that
            would leave them are shortened.

        Returns
        -------
        tensor, shape (..., n, dim)
        """
        low = X.amin(-2, keepdim=True)
        side = (X.amax(-2, keepdim=True) - low).amax(-1, keepdim=True)
        side = torch.where(side > 0, side, torch.ones_like(side))
        local = self.point(2 * (X - low) / side - 1)
        whole = local.amax(-2, keepdim=True).expand_as(local)
        step = self.scale * side * torch.tanh(self.step(torch.cat([local, whole], dim=-1)))
        return X + step if planes is None else X + _within(X, step, planes)


@dataclass(frozen=True, slots=True)
class EntropyNetFit:
    """A trained network and what it does to the points it was trained on.

    Parameters
    ----------
    net : EntropyNet
    anchors : ndarray, shape (k, d)
    moved : ndarray, shape (..., n, d)
    before, after : float
        Range entropy of the points and of the moved points at the final sharpness.
    unit : str
        Unit of `before` and `after`.
    chamfer : float
        Chamfer distance between the two, as a share of the squared diameter of the points.
    trace : ndarray, shape (steps, 3)
        Entropy, Chamfer distance as a share, and weight of the entropy at each step.
    """

    net: EntropyNet
    anchors: np.ndarray
    moved: np.ndarray
    before: float
    after: float
    unit: str
    chamfer: float
    trace: np.ndarray


def fit_entropy_net(
    X: Any,
    *,
    k: int = 16,
    weight: float = 0.1,
    max_chamfer: float | None = None,
    keep_hull: bool = False,
    kd_weight: float = 0.0,
    steps: int = 500,
    learning_rate: float = 1e-2,
    sharpness: tuple[float, float] = (1.0, 20.0),
    softness: tuple[float, float] = (0.05, 0.005),
    net: EntropyNet | None = None,
    random_state: int | None = None,
) -> EntropyNetFit:
    """Train an `EntropyNet` to lower the range entropy of points while they stay where they are.

    Parameters
    ----------
    X : array, shape (n, d) or (sets, n, d)
        Points; they are scaled to a unit box for the training.
    k : int
        Number of anchors, the means of clusters.
    weight : float
        Weight of the entropy, in nats, against the Chamfer distance in the unit box.
    max_chamfer : float, optional
        Largest Chamfer distance, as a share of the squared diameter. With it the weight shrinks while there
        is no room, returns up to `weight` while there is, and the best step within the budget is kept.
    keep_hull : bool
        Whether to hold the corners of the convex hull and everything else inside it, for points in the
        plane. The Chamfer distance alone, a mean, hardly feels the few corners and lets the hull shrink.
    kd_weight : float
        Weight of the entropy of kd-cells inside the hull, `soft_kd_entropy`, against that of the balls; only
        with `keep_hull`. Balls know nothing of the hull: without this term the entropy that the cost of a
        hull algorithm follows falls on most sets of points and rises on others.
    steps : int
        Steps of Adam.
    learning_rate : float
        At the start; it falls linearly to a tenth.
    sharpness : tuple of float
        As in `RangeEntropyLoss`, reached geometrically over the training.
    softness : tuple of float
        Of the kd-cells at the start and at the end, in sides of the unit box.
    net : EntropyNet, optional
        A network to go on from.
    random_state : int or None

    Returns
    -------
    EntropyNetFit

    Raises
    ------
    ValueError
        If `X` holds no finite points, all of them coincide, a hull is to be kept that is none, or `kd_weight`
        is given for a hull that is not kept.

    Notes
    -----
    On 500 points spread evenly, with 0.2 % of the squared diameter as budget, the entropy of balls falls by
    about two thirds. Without `kd_weight` the entropy of kd-cells, which a hull algorithm pays for, falls on
    most such sets and rises on some; with a weight of 0.5 it fell on every set tried.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.representation import fit_entropy_net
    >>> X = np.random.default_rng(0).random((60, 2))
    >>> found = fit_entropy_net(X, k=4, steps=30, random_state=0)
    >>> found.after < found.before
    True
    """
    cloud = np.asarray(X, dtype=float)
    if cloud.ndim not in (2, 3) or 0 in cloud.shape or not np.isfinite(cloud).all():
        raise ValueError(f"X has shape {cloud.shape}: give finite points, one row each, or sets of them")
    flat = cloud.reshape(-1, cloud.shape[-1])
    low = flat.min(axis=0)
    side = float((flat.max(axis=0) - low).max())
    if side == 0:
        raise ValueError("all points of X coincide: nothing can be moved to lower their entropy")
    points = torch.as_tensor((cloud - low) / side, dtype=torch.get_default_dtype())
    diameter = max(float(torch.cdist(one, one).max()) for one in points.reshape(-1, *points.shape[-2:])) ** 2
    loss = RangeEntropyLoss.around(
        points.reshape(-1, points.shape[-1]),
        k,
        random_state=random_state,
        weight=weight,
        sharpness=sharpness,
    )
    if kd_weight and not keep_hull:
        raise ValueError("kd_weight is for cells inside a hull that stays: set keep_hull=True")
    planes = _hull_planes(points) if keep_hull else None
    with torch.random.fork_rng(devices=[]):
        if random_state is not None:
            torch.manual_seed(random_state)
        model = EntropyNet(cloud.shape[-1]) if net is None else net
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    trace, best, least = np.zeros((steps, 3)), None, float("inf")

    def final(moved: Tensor) -> tuple[float, float]:
        """Return the range entropy at the last sharpness, and what is lowered, the kd-cells included."""
        value = float(range_entropy(moved, loss.anchors, alpha=sharpness[1] * loss.unit).mean())
        if not kd_weight:
            return value, value
        return value, value + kd_weight * float(soft_kd_entropy(moved, planes, softness=softness[1]))

    for step in range(steps):
        progress = step / max(steps - 1, 1)
        loss.anneal(progress)
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - 0.9 * progress)
        moved = model(points, planes)
        terms = loss(moved, points)
        total = terms["total"]
        if kd_weight:
            soft = softness[0] * (softness[1] / softness[0]) ** progress
            total = total + loss.weight * kd_weight * soft_kd_entropy(moved, planes, softness=soft)
        share = float(terms["fidelity"].detach()) / diameter
        trace[step] = float(terms["entropy"].detach()), share, loss.weight
        if max_chamfer is not None:
            if share <= max_chamfer:
                value = final(moved.detach())[1]
                if value < least:
                    least = value
                    best = {name: t.detach().clone() for name, t in model.state_dict().items()}
            room = float(np.clip(1 - share / max_chamfer, -1, 1))
            loss.weight = min(weight, loss.weight * float(np.exp(0.05 * room)))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    if best is not None:
        model.load_state_dict(best)
    with torch.no_grad():
        moved = model(points, planes)
        after = final(moved)[0]
        share = float(chamfer_distance(moved, points).mean()) / diameter
    return EntropyNetFit(
        net=model,
        anchors=loss.anchors.numpy().astype(float) * side + low,
        moved=moved.numpy().astype(float) * side + low,
        before=final(points)[0],
        after=after,
        unit="nats",
        chamfer=share,
        trace=trace,
    )


def _within(X: Tensor, step: Tensor, planes: Tensor) -> Tensor:
    """Shorten steps that leave the half-spaces, and take away those from their boundary."""
    normals = planes[:, :-1].T
    room = X @ normals - planes[:, -1]
    toward = (-(step @ normals)).clamp_min(torch.finfo(X.dtype).tiny)
    # short of the boundary: points that pile up on it would be corners of the hull by rounding
    share = (0.9 * room.clamp_min(0) / toward).amin(-1, keepdim=True).clamp_max(1)
    edge = room.amin(-1, keepdim=True) <= 1e-6
    return torch.where(edge, torch.zeros_like(step), share * step)


def _hull_planes(points: Tensor) -> Tensor:
    """Return the half-planes of the convex hull of one set of points, normals of length one."""
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a hull is kept for one set of points in the plane, not for {tuple(points.shape)}")
    corners = convex_hull(points.numpy())
    if len(corners) < 3:
        raise ValueError("all points lie on a line: there is no hull to keep")
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
    planes = np.column_stack([normal, np.sum(normal * corners, axis=1)])
    return torch.as_tensor(planes, dtype=points.dtype)
