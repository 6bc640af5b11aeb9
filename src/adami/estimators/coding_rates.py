"""Coding rate of a set of vectors, and how much of it a grouping saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._gram import as_rows
from adami.exact._arrays import Array, as_numpy, floats
from adami.result import Diagnostic
from adami.variables import Variable

UNIT_TOLERANCE = 1e-3
"""How far the length of a row may be from 1 before it counts as not normalised."""


class RateAdditivity(NamedTuple):
    """How nearly the rate of the whole is the sum over groups.

    Attributes
    ----------
    rate : float
        Coding rate of all rows; nats.
    parts : float
        Sum over the groups of the rate at the whole's scale: at least `rate`, and equal to it exactly where
        the subspaces of the groups are orthogonal; nats.
    gap : float
        ``parts - rate``; nats.
    """

    rate: float
    parts: float
    gap: float


def coding_rate(Z: Array, eps2: float = 0.5, *, gamma: float = 1.0, assume_normalized: bool = True) -> Array:
    r"""Return the rate needed to code vectors up to a distortion, ``½ ln det(I + γ d/(m ε²) ZᵀZ)``.

    It is the rate of a normal law with the second moments of the rows at distortion `eps2` a vector, up to
    the identity that regularises it.

    Parameters
    ----------
    Z : array or tensor, shape (m, d)
        Rows of length 1.
    eps2 : float
        The squared distortion ε².
    gamma : float
        Factor of the second moments.
    assume_normalized : bool
        Whether the rows are taken to have length 1, which is checked; False divides them by their length.

    Returns
    -------
    scalar of the same array library
        In nats; computed in float64 from the smaller of the d x d and the m x m form. Gradients flow for
        tensors.

    Raises
    ------
    ValueError
        For rows of other lengths, a row of zeros, missing values, or an `eps2` that is not positive.

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import coding_rate
    >>> round(float(coding_rate(np.eye(4))), 4)
    2.1972
    >>> round(float(coding_rate(np.tile([1.0, 0, 0, 0], (4, 1)))), 4)
    1.0986
    """
    xp, Z = floats(Z, name="Z")
    Z = unit_rows(xp, Z, assume_normalized)
    return _rate(xp, Z, gamma * Z.shape[1] / (Z.shape[0] * positive(eps2, "eps2")))


def rate_reduction(
    Z: Array,
    y: Any,
    eps2: float = 0.5,
    *,
    gamma: tuple[float, float] = (1.0, 1.0),
    assume_normalized: bool = True,
) -> Array:
    """Return the coding rate of the whole less the mean rate of its groups.

    Parameters
    ----------
    Z : array or tensor, shape (m, d)
        Rows of length 1.
    y : array of labels, shape (m,), or of memberships, shape (m, k)
        Groups; memberships are not negative and sum to 1 in each row. Empty groups count nothing.
    eps2 : float
        The squared distortion ε².
    gamma : tuple of float
        Factor within the rate of the whole, and of that rate: ``gamma[1] R(gamma[0]) - R_groups``.
    assume_normalized : bool
        As in `coding_rate`.

    Returns
    -------
    scalar of the same array library
        In nats; gradients flow to `Z` for tensors.

    Raises
    ------
    ValueError
        As in `coding_rate`, and for labels of another length or memberships that are none.

    References
    ----------
    Yu and others, 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import rate_reduction
    >>> Z = np.repeat(np.eye(4), 50, axis=0)
    >>> round(float(rate_reduction(Z, np.repeat(range(4), 50))), 3)
    1.099
    """
    whole, groups = rate_terms(Z, y, eps2, gamma[0], assume_normalized=assume_normalized)
    return gamma[1] * whole - groups


def rate_terms(
    Z: Array, y: Any, eps2: float, gamma: float = 1.0, *, assume_normalized: bool = True
) -> tuple[Array, Array]:
    """Return the rate of the whole and the mean rate of the groups, each in nats."""
    xp, Z = floats(Z, name="Z")
    Z = unit_rows(xp, Z, assume_normalized)
    m, d = Z.shape
    scale = d / positive(eps2, "eps2")
    Z = xp.astype(Z, xp.float64)
    groups = 0.0
    for rows, weights in _stacks(y, m):
        size = weights.sum(axis=1)
        # one stack of equally many rows a group, so that one call finds all of its determinants
        parts = (
            xp.reshape(_rows_of(Z, rows.ravel()), (*rows.shape, d)) * _like(xp, Z, weights**0.5)[:, :, None]
        )
        groups = groups + xp.sum(_like(xp, Z, size / m) * _rates(xp, parts, _like(xp, Z, scale / size)))
    return _rate(xp, Z, gamma * scale / m), groups


def rate_additivity(Z: Array, y: Any, eps2: float = 0.5, *, assume_normalized: bool = True) -> RateAdditivity:
    """Hold the rate of the whole against the sum over its groups, which it reaches where they are orthogonal.

    Parameters
    ----------
    Z : array or tensor, shape (m, d)
    y : array of labels, shape (m,)
    eps2 : float
    assume_normalized : bool
        As in `coding_rate`.

    Returns
    -------
    RateAdditivity

    References
    ----------
    Yu and others, 2020, appendix A; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import rate_additivity
    >>> Z = np.repeat(np.eye(2), 50, axis=0)
    >>> shuffled, sorted_ = rate_additivity(Z, [0, 1] * 50), rate_additivity(Z, [0] * 50 + [1] * 50)
    >>> round(shuffled.gap, 2), round(abs(sorted_.gap), 9)
    (0.29, 0.0)
    """
    Z = unit_rows(np, np.asarray(as_numpy(Z), dtype=np.float64), assume_normalized)
    scale = Z.shape[1] / (len(Z) * positive(eps2, "eps2"))
    rate = float(_rate(np, Z, scale))
    parts = sum(float(_rate(np, Z[rows], scale)) for rows, _ in _groups(np.asarray(y).ravel(), len(Z)))
    return RateAdditivity(rate, parts, parts - rate)


def unit_rows(xp: Any, Z: Array, assume_normalized: bool) -> Array:
    """Return rows of length 1, or say why they are not."""
    Z = as_rows(xp, Z, "Z")
    length = xp.sqrt(xp.sum(Z * Z, axis=1))
    if assume_normalized:
        off = float(xp.max(xp.abs(length - 1.0)))
        if off > UNIT_TOLERANCE:
            raise ValueError(
                f"rows of Z have lengths up to {off:.3g} away from 1, and the rate has no bound then: "
                "divide them by their lengths, or say assume_normalized=False"
            )
        return Z
    if bool(xp.any(length == 0)):
        raise ValueError("a row of Z is all zeros and has no direction: drop such rows")
    return Z / length[:, None]


def positive(value: float, name: str) -> float:
    """Return a positive finite number, or raise."""
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name}={value!r} must be a positive number")
    return float(value)


def _rate(xp: Any, Z: Array, scale: float) -> Array:
    # float32 loses the determinant where the distortion is small
    parts = xp.astype(Z, xp.float64)[None]
    return _rates(xp, parts, _like(xp, parts, np.array([scale])))[0]


def _rates(xp: Any, parts: Array, scale: Array) -> Array:
    """Return the rate of each part, shape (k,), from parts of shape (k, s, d) and one scale for each."""
    _, s, d = parts.shape
    turned = xp.permute_dims(parts, (0, 2, 1))
    gram = xp.matmul(turned, parts) if d <= s else xp.matmul(parts, turned)
    identity = _like(xp, parts, np.eye(min(s, d)))
    return 0.5 * xp.linalg.slogdet(identity + scale[:, None, None] * gram)[1]


def _like(xp: Any, Z: Array, values: np.ndarray) -> Array:
    """Return float64 values in the library and on the device of Z."""
    return values if xp is np else xp.asarray(values, device=Z.device)


def _rows_of(Z: Array, rows: np.ndarray) -> Array:
    return Z[rows.tolist() if hasattr(Z, "detach") else rows]


def _stacks(y: Any, m: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return rows and weights of groups of like size, shape (k, s) each; short ones end in weights of 0."""
    groups = _groups(y, m)
    classes = [int(np.ceil(np.log2(len(rows)))) for rows, _ in groups]
    stacks = []
    for level in sorted(set(classes)):
        members = [group for group, own in zip(groups, classes) if own == level]
        width = max(len(rows) for rows, _ in members)
        rows, weights = np.zeros((len(members), width), dtype=np.int64), np.zeros((len(members), width))
        for i, (r, w) in enumerate(members):
            rows[i, : len(r)], weights[i, : len(r)] = r, w
        stacks.append((rows, weights))
    return stacks


def _groups(y: Any, m: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows and their weights of every group that has any."""
    labels = as_numpy(y) if hasattr(y, "detach") else np.asarray(y)
    if len(labels) != m:
        raise ValueError(f"Z has {m} rows and y has {len(labels)}")
    if labels.ndim == 1 or labels.shape[1] == 1:
        codes = np.unique(labels.ravel(), return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
        return [(rows, np.ones(len(rows))) for rows in members]
    shares = labels.astype(np.float64)
    if labels.ndim != 2 or (shares < 0).any() or np.abs(shares.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError(
            f"memberships of shape {labels.shape} must be of shape (m, k), and sum to 1 in each row"
        )
    return [(rows, w[rows]) for w in shares.T if len(rows := np.flatnonzero(w))]


class CodingRate(Estimator):
    """Coding rate of numbers, or with labels the rate that knowing them saves.

    Parameters
    ----------
    eps2 : float
        The squared distortion ε².
    normalize : bool
        Divide every row by its length; False expects rows of length 1 and raises otherwise.

    References
    ----------
    Yu, Chan, You, Song and Ma, "Learning Diverse and Discriminative Representations via the Principle of
    Maximal Coding Rate Reduction", 2020; paper 53 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import CodingRate
    >>> label = np.arange(200) % 4
    >>> noise = 1e-3 * np.random.default_rng(0).normal(size=(200, 4))
    >>> found = CodingRate().estimate(np.eye(4)[label] + noise, label)
    >>> found.measure, found.quantity, round(float(found), 2)
    ('coding_rate', 'coding rate reduction', 1.1)
    """

    name = "coding_rate"
    measure = "coding_rate"

    def __init__(self, eps2: float = 0.5, normalize: bool = True) -> None:
        self.eps2 = eps2
        self.normalize = normalize

    def _named(self, variables: Mapping[str, Variable]) -> str:
        return "coding rate reduction" if "y" in variables else "coding rate"

    def _entropy(self, x: Variable) -> Measurement:
        rows, notes = self._rows(x)
        rate = float(coding_rate(rows, self.eps2, assume_normalized=not self.normalize))
        return Measurement(rate, diagnostics=notes, details={"eps2": self.eps2})

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if y.codes is None or y.dim:
            raise TypeError(
                f"method 'coding_rate' takes labels for y, and {y} is {y.kind}; use kinds='discrete', or "
                "method='cs_qmi' for two sets of numbers"
            )
        rows, notes = self._rows(x)
        whole, groups = rate_terms(rows, y.codes, self.eps2, assume_normalized=not self.normalize)
        sizes = np.bincount(y.codes)
        small = int(((sizes > 0) & (sizes < rows.shape[1])).sum())
        if small:
            message = (
                f"{small} label(s) have fewer rows than the {rows.shape[1]} dimensions: their rate is that "
                "of few directions, and the reduction looks larger than it is"
            )
            notes += (Diagnostic("small_class", message, "warning", "high"),)
        details = {"eps2": self.eps2, "rate": float(whole), "rate_of_groups": float(groups)}
        return Measurement(float(whole) - float(groups), diagnostics=notes, details=details)

    def _rows(self, x: Variable) -> tuple[np.ndarray, tuple[Diagnostic, ...]]:
        if x.dim == 0 or x.codes is not None:
            raise TypeError(
                f"method 'coding_rate' takes numbers for x, and {x} has labels; use kinds='continuous' if "
                "the numbers are meant"
            )
        off = np.abs(np.linalg.norm(x.numbers, axis=1) - 1).max()
        if not self.normalize or off <= UNIT_TOLERANCE:
            return x.numbers, ()
        note = "rows are divided by their lengths: only their directions count, from the origin as it is"
        return x.numbers, (Diagnostic("normalized", note),)
