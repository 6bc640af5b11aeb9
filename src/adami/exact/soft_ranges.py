"""Range-partition entropy with soft ranges: how clustered points are, in a form that has a gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from adami.exact._arrays import Array, floats, in_base, log_softmax, unit_name, xlogy
from adami.exact.entropies import binary_entropy

RangeKind = Literal["ball", "halfspace"]
MOST_SEPARATORS = 8
"""Half-spaces up to which all their ``2**h`` cells are counted."""


@dataclass(frozen=True, slots=True)
class RangeGradient:
    """A range entropy and its derivatives.

    Parameters
    ----------
    value : float
    unit : str
        Unit of `value` and, for a unit of length, of the derivatives.
    points : ndarray, shape (n, d)
    anchors : ndarray, shape (k, d) or (h, d + 1)
    """

    value: float
    unit: str
    points: np.ndarray
    anchors: np.ndarray


@dataclass(frozen=True, slots=True)
class RangeBound:
    """How far a soft entropy can be from that of the partition into nearest anchors.

    Parameters
    ----------
    soft, hard : float
        Entropy of soft and of nearest-anchor memberships.
    bound : float
        ``|soft - hard|`` is at most this.
    unit : str
        Unit of the three.
    misassigned : float
        Mean mass that points give to anchors other than their nearest.
    margin : float
        The least difference of squared distances between the second and the nearest anchor.
    margin_misassigned : float
        ``(k - 1) exp(-alpha * margin)``, which bounds `misassigned` from the margin alone.
    informative : bool
        Whether `bound` is below the logarithm of the number of anchors, which bounds any difference.
    """

    soft: float
    hard: float
    bound: float
    unit: str
    misassigned: float
    margin: float
    margin_misassigned: float
    informative: bool


def range_entropy(
    X: Any,
    anchors: Any,
    *,
    kind: RangeKind = "ball",
    alpha: float = 1.0,
    base: float | None = None,
) -> Array:
    """Return the entropy of the soft assignment of points to ranges.

    Parameters
    ----------
    X : array or tensor, shape (..., n, d)
        Points; the leading axes count sets of points.
    anchors : array or tensor, shape (k, d) or (h, d + 1)
        Centres of balls; or half-spaces ``w @ x >= b``, a row ``(w, b)`` each, whose scale does not matter.
    kind : {"ball", "halfspace"}
        Memberships are the softmax of ``-alpha * |x - c|**2`` over centres, or, for each cell of the
        arrangement of half-spaces, products of logistic functions of ``alpha`` times the signed distance.
        Above eight half-spaces the sum of their binary entropies, an upper bound, stands for the cells.
    alpha : float
        Sharpness. Towards infinity the value becomes the entropy of the partition into nearest anchors or
        cells; at zero it is the logarithm of their number.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    array or tensor, shape (...)
        With gradients for tensors, also with respect to the anchors.

    Raises
    ------
    ValueError
        If shapes do not fit, numbers are not finite, or `alpha` is negative.

    Notes
    -----
    The value is zero when all points share one anchor. So a loss that only lowers it collapses the points;
    it belongs beside a term for fidelity or for the task.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.

    Examples
    --------
    >>> from adami.exact import range_entropy
    >>> X = [[0.0, 0.0], [0.1, 0.0], [9.0, 9.0], [9.1, 9.0]]
    >>> range_entropy(X, [[0.0, 0.0], [9.0, 9.0]], alpha=1.0, base=2).round(6)
    np.float64(1.0)
    """
    xp, points, ranges = _prepare(X, anchors, kind, alpha)
    if kind == "ball":
        return in_base(_entropy(xp, range_members(xp, points, ranges, alpha)), base)
    inside = _sides(xp, points, ranges, alpha)
    if inside.shape[-1] > MOST_SEPARATORS:
        mean = xp.mean(inside, axis=-2)
        each = 0.0 - xlogy(xp, mean, mean) - xlogy(xp, 1 - mean, 1 - mean)
        return in_base(xp.sum(each, axis=-1), base)
    return in_base(_entropy(xp, _cells(xp, inside)), base)


def range_entropy_gradient(
    X: Any,
    anchors: Any,
    *,
    kind: RangeKind = "ball",
    alpha: float = 1.0,
    base: float | None = None,
) -> RangeGradient:
    """Return the range entropy of one set of points with its derivatives in closed form.

    Parameters
    ----------
    X : array, shape (n, d)
    anchors, kind, alpha, base
        As in `range_entropy`, for NumPy arrays.

    Returns
    -------
    RangeGradient

    Examples
    --------
    >>> from adami.exact import range_entropy_gradient
    >>> found = range_entropy_gradient([[0.0], [1.0], [1.2]], [[0.0], [1.0]], alpha=2.0)
    >>> found.points.round(3)
    array([[-0.085],
           [-0.085],
           [-0.044]])
    """
    unit = unit_name(base)
    _, points, ranges = _prepare(np.asarray(X), np.asarray(anchors), kind, alpha)
    if points.ndim != 2:
        raise ValueError(f"X has shape {points.shape}: the closed form takes one set of points")
    if kind == "ball":
        value, d_points, d_ranges = _ball_gradient(points, ranges, alpha)
    else:
        value, d_points, d_ranges = _side_gradient(points, ranges, alpha)
    scale = float(in_base(1.0, base))
    return RangeGradient(value * scale, unit, d_points * scale, d_ranges * scale)


def range_entropy_bound(X: Any, anchors: Any, *, alpha: float = 1.0, base: float | None = None) -> RangeBound:
    """Return how far the soft entropy can be from the entropy of nearest anchors.

    Parameters
    ----------
    X : array, shape (n, d)
    anchors : array, shape (k, d)
    alpha, base
        As in `range_entropy`.

    Returns
    -------
    RangeBound

    Notes
    -----
    Memberships averaged over points differ from the shares of the nearest anchors by at most `misassigned`
    in total variation, so that the inequality of Fannes and Audenaert bounds the difference of entropies by
    ``e log(k - 1) + h(e)`` for ``e <= 1 - 1 / k``.

    Examples
    --------
    >>> from adami.exact import range_entropy_bound
    >>> found = range_entropy_bound([[0.0], [0.1], [1.0]], [[0.0], [1.0]], alpha=8.0)
    >>> abs(found.soft - found.hard) <= found.bound < 0.7
    True
    """
    unit = unit_name(base)
    _, points, centres = _prepare(np.asarray(X), np.asarray(anchors), "ball", alpha)
    if points.ndim != 2:
        raise ValueError(f"X has shape {points.shape}: the bound is for one set of points")
    k = len(centres)
    member = range_members(np, points, centres, alpha)
    far = np.sum((points[:, None, :] - centres) ** 2, axis=2)
    nearest = far.argmin(axis=1)
    share = np.bincount(nearest, minlength=k) / len(points)
    wrong = float(np.mean(1.0 - member[np.arange(len(points)), nearest])) if k > 1 else 0.0
    margin = float(np.min(np.diff(np.sort(far, axis=1)[:, :2], axis=1))) if k > 1 else math.inf
    most = math.log(k)
    bound = most
    if wrong <= 1 - 1 / k:
        bound = min(most, wrong * math.log(max(k - 1, 1)) + float(binary_entropy(wrong)))
    return RangeBound(
        soft=float(in_base(_entropy(np, member), base)),
        hard=float(in_base(-np.sum(xlogy(np, share, share)), base)),
        bound=float(in_base(bound, base)),
        unit=unit,
        misassigned=wrong,
        margin=margin,
        margin_misassigned=(k - 1) * math.exp(-alpha * margin) if k > 1 else 0.0,
        informative=bound < most,
    )


def _prepare(X: Any, anchors: Any, kind: str, alpha: float) -> tuple[Any, Array, Array]:
    if kind not in get_args(RangeKind):
        raise ValueError(f"kind={kind!r}: choose one of {', '.join(get_args(RangeKind))}")
    if not (alpha >= 0 and math.isfinite(alpha)):
        raise ValueError(f"alpha={alpha}: the sharpness is a finite number from 0")
    xp, points, ranges = floats(X, anchors, name="X and anchors")
    if points.ndim < 2 or 0 in points.shape:
        raise ValueError(f"X has shape {tuple(points.shape)}: give at least one point, one row each")
    width = points.shape[-1] + (kind == "halfspace")
    if ranges.ndim != 2 or ranges.shape[1] != width or len(ranges) == 0:
        raise ValueError(
            f"anchors have shape {tuple(ranges.shape)}: a {kind} for points of {points.shape[-1]} dimensions "
            f"is a row of {width} numbers"
        )
    for name, array in (("X", points), ("anchors", ranges)):
        if not bool(xp.all(xp.isfinite(array))):
            raise ValueError(f"{name} holds NaN or infinite numbers: remove or impute them first")
    if kind == "halfspace" and bool(xp.any(xp.max(xp.abs(ranges[:, :-1]), axis=1) == 0)):
        raise ValueError("a half-space has the normal vector zero: give it a direction")
    return xp, points, ranges


def range_members(xp: Any, points: Array, centres: Array, alpha: float) -> Array:
    """Return the softmax of ``-alpha * |x - c|**2``, shape (..., n, k)."""
    # the square of the point is common to all anchors; around their middle nothing large cancels
    middle = xp.mean(centres, axis=0)
    points, centres = points - middle, centres - middle
    closeness = 2 * (points @ xp.permute_dims(centres, (1, 0))) - xp.sum(centres**2, axis=1)
    logits = alpha * closeness
    return xp.exp(log_softmax(xp, logits, (logits.ndim - 1,)))


def _sides(xp: Any, points: Array, planes: Array, alpha: float) -> Array:
    length = xp.sqrt(xp.sum(planes[:, :-1] ** 2, axis=1))
    score = (points @ xp.permute_dims(planes[:, :-1], (1, 0)) - planes[:, -1]) / length
    return 0.5 + 0.5 * xp.tanh(0.5 * alpha * score)


def _cells(xp: Any, inside: Array) -> Array:
    cells = xp.ones_like(inside[..., :1])
    for t in range(inside.shape[-1]):
        one = inside[..., t : t + 1]
        cells = xp.concat([cells * (1 - one), cells * one], axis=-1)
    return cells


def _entropy(xp: Any, member: Array) -> Array:
    share = xp.mean(member, axis=-2)
    return 0.0 - xp.sum(xlogy(xp, share, share), axis=-1)


def _pull(member: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the entropy and its derivative by each membership, the same for every point."""
    share = member.mean(axis=0)
    value = -float(np.sum(xlogy(np, share, share)))
    return value, -(np.log(np.maximum(share, 1e-300)) + 1) / len(member)


def _ball_gradient(
    points: np.ndarray, centres: np.ndarray, alpha: float
) -> tuple[float, np.ndarray, np.ndarray]:
    member = range_members(np, points, centres, alpha)
    value, pull = _pull(member)
    by_logit = member * (pull - (member @ pull)[:, None])
    # sums over (x - c) without the array of all differences
    d_points = -2 * alpha * (by_logit.sum(axis=1, keepdims=True) * points - by_logit @ centres)
    d_centres = 2 * alpha * (by_logit.T @ points - by_logit.sum(axis=0)[:, None] * centres)
    return value, d_points, d_centres


def _side_gradient(
    points: np.ndarray, planes: np.ndarray, alpha: float
) -> tuple[float, np.ndarray, np.ndarray]:
    inside = _sides(np, points, planes, alpha)
    h = len(planes)
    if h > MOST_SEPARATORS:
        mean = inside.mean(axis=0)
        value = float(np.sum(binary_entropy(mean)))
        odds = np.log(np.maximum(1 - mean, 1e-300)) - np.log(np.maximum(mean, 1e-300))
        by_score = odds / len(points) * inside * (1 - inside)
    else:
        member = _cells(np, inside)
        value, pull = _pull(member)
        weighted = member * pull
        on = (np.arange(2**h)[:, None] >> np.arange(h)) & 1
        by_score = weighted @ on - inside * weighted.sum(axis=1, keepdims=True)
    length = np.sqrt(np.sum(planes[:, :-1] ** 2, axis=1))
    normal = planes[:, :-1] / length[:, None]
    distance = points @ normal.T - planes[:, -1] / length
    by_distance = alpha * by_score
    along = by_distance.T @ points - np.sum(by_distance * distance, axis=0)[:, None] * normal
    d_planes = np.column_stack([along, -by_distance.sum(axis=0)]) / length[:, None]
    return value, by_distance @ normal, d_planes
