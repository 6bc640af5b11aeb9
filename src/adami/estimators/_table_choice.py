"""The adaptive choice for two labels: Grassberger's entropies, less what unrelated labels would show."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._choice import Choice

DRAWS = 30
ROWS_PER_CELL = 100
"""Rows a cell from which the remaining bias is far below the standard error and no permutation is drawn."""


def choose_table(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> Choice:
    """Measure the information between two labels.

    In sparse tables even Grassberger's entropies leave a positive bias. For independent labels it is the
    mean over
    permutations; for labels that determine each other it is none; in between the share of it is removed that
    the entropy leaves open, so that both ends are right (Vinh's adjustment, on a corrected estimate).

    Parameters
    ----------
    a, b : numpy.ndarray of shape (n,)
        Integer codes.
    rng : numpy.random.Generator

    References
    ----------
    Grassberger, "Entropy estimates from insufficient samplings", 2003.
    Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", 2010.
    """
    a, b = (np.unique(c, return_inverse=True)[1] for c in (a, b))
    n, size_a, size_b = len(a), int(a.max()) + 1, int(b.max()) + 1
    terms = _terms(n)
    apart_a, apart_b = (float(terms[np.bincount(c)].sum()) / n for c in (a, b))

    def information(other: np.ndarray) -> float:
        return (
            float(terms[_counts(a, other, size_b, size_a * size_b)].sum()) / n
            - apart_a
            - apart_b
            + math.log(n)
        )

    value = information(b)
    candidates = {"grassberger": value}
    freedom = (size_a - 1) * (size_b - 1)
    local = _local(a, b, size_b)
    noise = max(float(local.var()) - freedom / n, 0.0) / n + freedom / (2 * n * n)
    if n >= ROWS_PER_CELL * size_a * size_b:
        return Choice(value, math.sqrt(noise), "grassberger", "many rows a cell", candidates)
    null = np.array([information(g.permutation(b)) for g in rng.spawn(DRAWS)])
    expected, entropy = float(null.mean()), min(math.log(n) - apart_a, math.log(n) - apart_b)
    left = min(1.0, max(0.0, (entropy - value) / (entropy - expected))) if entropy > expected else 0.0
    adjusted = value - left * expected
    candidates["adjusted_grassberger"] = adjusted
    reason = f"unrelated labels of these frequencies would show {expected:+.4f} nats"
    error = math.sqrt(noise + left * max(float(null.var()) - freedom / (2 * n * n), 0.0))
    return Choice(adjusted, error, "adjusted_grassberger", reason, candidates)


def _terms(n: int) -> np.ndarray:
    """Return m G(m) for m = 0..n, with Grassberger's G."""
    from scipy.special import psi

    m = np.arange(1, n + 1)
    signs = np.where(m % 2 == 0, 1.0, -1.0)
    return np.concatenate([[0.0], m * (psi(m) + 0.5 * signs * (psi((m + 1) / 2) - psi(m / 2)))])


def _counts(a: np.ndarray, b: np.ndarray, size_b: int, cells: int) -> np.ndarray:
    joint = a * size_b + b
    if cells <= 4 * len(a):
        return np.bincount(joint)
    return np.unique(joint, return_counts=True)[1]


def _local(a: np.ndarray, b: np.ndarray, size_b: int) -> np.ndarray:
    _, place, counts = np.unique(a * size_b + b, return_inverse=True, return_counts=True)
    return np.asarray(np.log(counts[place] * len(a) / (np.bincount(a)[a] * np.bincount(b)[b])))
