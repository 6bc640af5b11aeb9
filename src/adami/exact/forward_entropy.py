"""Entropy of the path of pre-activations through a sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from adami.exact._arrays import Array, floats, in_base


def ska_entropy(z_path: Any, *, rule: str = "right", base: float | None = None) -> Array:
    """Return the entropy of a trajectory of pre-activations, ``-int z dD`` with ``D = sigmoid(z)``.

    In the limit of small steps it is the difference of the binary entropies of the two ends,
    ``h(D_end) - h(D_start)``, whatever the path between them.

    Parameters
    ----------
    z_path : array or tensor, shape (n_steps, ...)
        Pre-activations at consecutive steps.
    rule : {"right", "trapezoid"}
        How the integral becomes a sum: at the right end of each step, as the paper does, with an error of the
        order of the step; or at both ends.
    base : float, optional
        Base of the logarithm; nats by default. The paper counts bits, ``base=2``.

    Returns
    -------
    array or tensor, shape (...)
        One entropy for every trajectory; negative where the output became more decided.

    Raises
    ------
    ValueError
        If there are fewer than two steps or `rule` is unknown.

    References
    ----------
    Structured Knowledge Accumulation: An Autonomous Framework for Layer-Wise Entropy Reduction in Neural
    Learning, 2025. Paper 41 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import ska_entropy
    >>> ska_entropy(np.linspace(-1.3, 2.1, 10_001), rule="trapezoid", base=2).round(6)
    np.float64(-0.252183)
    """
    xp, z = floats(z_path, name="z_path")
    if z.ndim == 0 or z.shape[0] < 2:
        raise ValueError(f"z_path has shape {tuple(z.shape)}: an entropy needs at least two steps")
    if rule not in ("right", "trapezoid"):
        raise ValueError(f"rule={rule!r} is neither right nor trapezoid")
    D = sigmoid(z, xp)
    height = z[1:] if rule == "right" else 0.5 * (z[1:] + z[:-1])
    return in_base(-xp.sum(height * (D[1:] - D[:-1]), axis=0), base)


def sigmoid(z: Array, xp: Any = np) -> Array:
    """Return ``1 / (1 + exp(-z))``, without overflow."""
    return 0.5 * (1 + xp.tanh(0.5 * z))


def alignment(z: Array, shift: Array) -> float:
    """Return the cosine between pre-activations and the change of the outputs; 0 where one of them is 0."""
    length = float(np.linalg.norm(z)) * float(np.linalg.norm(shift))
    return float(np.vdot(z, shift)) / length if length > 0 else 0.0
