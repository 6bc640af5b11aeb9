"""What `LossyMI` says beside its value: of what was thrown away, and of its bias."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import varying
from adami.estimators.compressors import PCACompressor
from adami.result import Diagnostic
from adami.variables import Column, Variable, join

LOOKED_AT = 100
"""Discarded directions that are looked at, half of them of the largest, half of the smallest variance."""
LARGE_BIAS = 0.5
"""Nats that shuffled pairs may seem to share before it is told of."""
TELLING = 0.1
"""Share of the value that linear information in discarded directions may have before it is told of."""


def block(numbers: np.ndarray, names: list[str]) -> Variable:
    """Return columns of numbers as a variable."""
    return join([Column(name, "continuous", column) for name, column in zip(names, numbers.T)])


def bias_note(m: Measurement) -> list[Diagnostic]:
    """Say where shuffled pairs show a bias so large that what is left of it may matter."""
    bias = m.details.get("shuffled", 0.0)
    if abs(bias) <= LARGE_BIAS:
        return []
    return [
        Diagnostic(
            "large_bias",
            f"the entropies of shuffled pairs, which share nothing, make {bias:.2g} nats; that is taken off, "
            "but pairs that share much may be off by another amount; add rows or lower latent",
            "warning",
            "unknown",
        )
    ]


def discarded_note(
    v: Variable, code: Variable, compressor: PCACompressor, other: Variable, value: float
) -> list[Diagnostic]:
    """Say where a linear model sees information about the other side in what PCA left out."""
    from adami.estimators.gaussian import Gaussian

    if not other.dim or code.n != v.n:
        return []
    left = compressor.discarded(varying(v))
    most = min(LOOKED_AT, v.n // 10)
    if left.shape[1] > most:
        left = np.hstack([left[:, : most // 2], left[:, left.shape[1] - most // 2 :]])
    if not left.shape[1]:
        return []
    seen = float(Gaussian().estimate(block(left, [f"left {i}" for i in range(left.shape[1])]), other, code))
    error = math.sqrt(left.shape[1] * other.dim / 2) / v.n
    if not seen > max(TELLING * abs(value), 0.02) + 3 * error:
        return []
    return [
        Diagnostic(
            "discarded_information",
            f"a linear model sees {seen:.3g} nats in directions of {v.names[0]}, ... that PCA discarded; "
            "raise latent, or use the compressor 'autoencoder', 'cca' or 'supervised', or method 'lmi'",
            "warning",
            "low",
        )
    ]
