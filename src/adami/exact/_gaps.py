"""The divergences that make an entropy: each between laws, and in closed form from the copied outcome."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adami.exact._arrays import Array, floats, in_base
from adami.exact.divergences import (
    chi2_divergence,
    f_divergence,
    kl_divergence,
    renyi_divergence,
    squared_hellinger,
    total_variation,
    tsallis_divergence,
)
from adami.exact.entropies import entropy, gini_simpson, renyi_entropy, tsallis_entropy

Divergence = str | tuple[Any, ...] | Callable[[Array, Array], Any]
"""A name, a family with its order or generator, or a function of two laws."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A divergence along the last axis, and its value between a copied outcome and two draws.

    `closed` says that the latter needs no table of pairs.
    """

    between: Callable[[Array, Array], Array]
    gap: Callable[[Array], Array]
    closed: bool = True


def resolve(divergence: Divergence, base: float | None) -> Gap:
    """Return the divergence that was asked for."""
    if base is not None and not (
        divergence == "kl" or (isinstance(divergence, tuple) and divergence[:1] == ("renyi",))
    ):
        raise ValueError(
            f"base={base}, but only 'kl' and 'renyi' have a logarithm whose base could be chosen"
        )
    if callable(divergence):
        return _own(divergence)
    if isinstance(divergence, str) and divergence in _PLAIN:
        return _PLAIN[divergence](base)
    match divergence:
        case ("renyi", order):
            return _renyi(_number(order, "renyi"), base)
        case ("tsallis", order):
            return _tsallis(_number(order, "tsallis"))
        case ("f", phi) if callable(phi):
            return _generated(phi, math.inf)
        case ("f", phi, slope) if callable(phi):
            return _generated(phi, float(slope))
    raise ValueError(
        f"divergence={divergence!r} is unknown: give {', '.join(map(repr, _PLAIN))}, ('renyi', order), "
        "('tsallis', order), ('f', phi), ('f', phi, slope) or a function of two laws"
    )


def _number(order: Any, family: str) -> float:
    low = "at least 0" if family == "renyi" else "positive and finite"
    value = float(order)
    if not (value >= 0 if family == "renyi" else 0 < value < math.inf):
        raise ValueError(f"order={order}: {family} divergences have orders that are {low}")
    return value


def _kl(base: float | None) -> Gap:
    return Gap(
        lambda p, q: kl_divergence(p, q, axis=-1, base=base, check=False),
        lambda p: entropy(p, axis=-1, base=base, check=False),
    )


def _tv(_: float | None) -> Gap:
    return Gap(
        lambda p, q: total_variation(p, q, axis=-1, check=False),
        lambda p: gini_simpson(p, axis=-1, check=False),
    )


def _chi2(_: float | None) -> Gap:
    return Gap(
        lambda p, q: chi2_divergence(p, q, axis=-1, check=False),
        lambda p: tsallis_entropy(p, 0, axis=-1, check=False),
    )


def _hellinger(_: float | None) -> Gap:
    return Gap(
        lambda p, q: squared_hellinger(p, q, axis=-1, check=False),
        lambda p: tsallis_entropy(p, 1.5, axis=-1, check=False) / 2,
    )


_PLAIN: dict[str, Callable[[float | None], Gap]] = {
    "kl": _kl,
    "tv": _tv,
    "chi2": _chi2,
    "hellinger": _hellinger,
}


def _renyi(order: float, base: float | None) -> Gap:
    return Gap(
        lambda p, q: renyi_divergence(p, q, order, axis=-1, base=base, check=False),
        lambda p: in_base(_renyi_entropy(p, 2 - order), base),
    )


def _tsallis(order: float) -> Gap:
    def gap(p: Array) -> Array:
        if order <= 2:
            return tsallis_entropy(p, 2 - order, axis=-1, check=False)
        xp, value = floats(_renyi_entropy(p, 2 - order))
        return xp.expm1((order - 1) * value) / (order - 1)

    return Gap(lambda p, q: tsallis_divergence(p, q, order, axis=-1, check=False), gap)


def _renyi_entropy(p: Array, order: float) -> Array:
    """Return the Rényi entropy of any real order; divergences above order 2 lead to negative ones."""
    if order >= 0:
        return renyi_entropy(p, order, axis=-1, check=False)
    xp, law = floats(p)
    inside = law > 0
    logs = xp.log(xp.where(inside, law, xp.ones_like(law)))
    low = xp.zeros_like(law) - xp.inf
    if math.isinf(order):
        return xp.max(xp.where(inside, -logs, low), axis=-1)
    scaled = xp.where(inside, order * logs, low)
    top = xp.max(scaled, axis=-1)
    return (top + xp.log(xp.sum(xp.exp(scaled - top[..., None]), axis=-1))) / (1 - order)


def _generated(phi: Callable[[Array], Array], slope: float) -> Gap:
    def gap(p: Array) -> Array:
        xp, law = floats(p)
        inside = law > 0
        ratio = 1 / xp.where(inside, law, xp.ones_like(law))
        diagonal = xp.sum(xp.where(inside, law**2 * phi(ratio), xp.zeros_like(law)), axis=-1)
        # what two draws give off the diagonal, a copy never gives; at a certain outcome there is none of it
        rest = 1 - xp.sum(law**2, axis=-1)
        some = rest > 0
        at_zero = phi(xp.zeros_like(rest))
        one = xp.ones_like(rest)
        return diagonal + xp.where(
            some, xp.where(some, rest, one) * xp.where(some, at_zero, one), xp.zeros_like(rest)
        )

    return Gap(lambda p, q: f_divergence(p, q, phi, slope=slope, axis=-1, check=False), gap)


def _own(divergence: Callable[[Array, Array], Any]) -> Gap:
    def between(p: Array, q: Array) -> Array:
        if p.ndim == 1:
            return floats(divergence(p, q))[1]
        xp, _ = floats(p)
        return xp.stack([floats(divergence(p[i, :], q[i, :]))[1] for i in range(p.shape[0])])

    def gap(p: Array) -> Array:
        xp, _ = floats(p)
        if p.ndim == 2:
            return xp.stack([gap(p[i, :]) for i in range(p.shape[0])])
        copied = xp.eye(p.shape[0], dtype=p.dtype, device=p.device) * p[:, None]
        return between(xp.reshape(copied, (-1,)), xp.reshape(p[:, None] * p, (-1,)))

    return Gap(between, gap, closed=False)
