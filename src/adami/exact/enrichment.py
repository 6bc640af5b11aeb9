"""Whether a divergence keeps the rules that make its gaps an entropy and an information."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adami.exact._gaps import Divergence, resolve


@dataclass(frozen=True, slots=True)
class EnrichmentCheck:
    """By how much the rules that a divergence must obey were kept, at the worst of many random draws.

    Each slack is the right side of an inequality less its left side, in the unit of the divergence; a
    negative one is a counterexample.

    Attributes
    ----------
    trials : int
    composition : float
        ``D(f' f, g' g) <= D(f, g) + D(f', g')`` for kernels applied one after the other.
    tensor : float
        ``D(f x h, g x k) <= D(f, g) + D(h, k)`` for kernels applied side by side.
    local_kernels : float
        The independence gap does not grow when each variable passes through a kernel.
    deterministic_maps : float
        The entropy of a source does not grow under a function.
    channel_entropy : float
        The entropy of what leaves a channel is at most that of its source and of its worst input together.
        It does not follow from the first two.
    """

    trials: int
    composition: float
    tensor: float
    local_kernels: float
    deterministic_maps: float
    channel_entropy: float

    @property
    def worst_slack(self) -> float:
        """The lesser of the two slacks that make the category of kernels enriched."""
        return min(self.composition, self.tensor)

    @property
    def holds(self) -> bool:
        """Whether both were kept but for rounding."""
        return self.worst_slack >= -1e-10

    def __float__(self) -> float:
        return self.worst_slack


def check_enrichment(
    divergence: Divergence = "kl", trials: int = 2000, random_state: int | np.random.Generator | None = None
) -> EnrichmentCheck:
    """Look for kernels on which a divergence breaks the rules that its entropy needs.

    Parameters
    ----------
    divergence : str, tuple or callable
        As in `determinism_gap`.
    trials : int
        Number of random draws of kernels with 2 to 4 symbols, some close to each other and some with symbols
        that cannot occur.
    random_state : int, numpy.random.Generator or None

    Returns
    -------
    EnrichmentCheck
        The worst slack of each rule. Kullback-Leibler, Rényi, total variation, squared Hellinger and Tsallis
        divergences of order at most 1 keep them; chi-squared and Tsallis above 1 break the tensor rule.

    Raises
    ------
    ValueError
        If `trials` is not positive, or the divergence is unknown or gives NaN.

    References
    ----------
    P. Perrone, "Markov Categories and Entropy", IEEE Transactions on Information Theory, 2024;
    paper 18 of adami's register.

    Examples
    --------
    >>> from adami.exact import check_enrichment
    >>> check_enrichment("tv", trials=100, random_state=0).holds
    True
    >>> check_enrichment("chi2", trials=100, random_state=0).holds
    False
    """
    if trials < 1:
        raise ValueError(f"trials={trials}: draw at least one pair of kernels")
    rng = np.random.default_rng(random_state)
    chosen = resolve(divergence, None)

    def apart(f: np.ndarray, g: np.ndarray) -> float:
        return float(np.max(chosen.between(f, g)))

    def gap(law: np.ndarray) -> float:
        return float(np.max(chosen.gap(law)))

    def linked(table: np.ndarray) -> float:
        product = table.sum(axis=1)[:, None] * table.sum(axis=0)
        return float(chosen.between(table.ravel(), product.ravel()))

    worst = [math.inf] * 5
    for _ in range(trials):
        a, b, c, d = (int(n) for n in rng.integers(2, 5, size=4))
        (f, g), (f2, g2), (h, k) = _pair(rng, a, b), _pair(rng, b, c), _pair(rng, c, d)
        one, two, three = apart(f, g), apart(f2, g2), apart(h, k)
        table = _rows(rng, 1, a * c).reshape(a, c)
        source = _rows(rng, 1, a)[0]
        image = np.zeros((a, b))
        image[np.arange(a), rng.integers(0, b, size=a)] = 1
        own = gap(source)
        found = (
            _slack(apart(f @ f2, g @ g2), one + two),
            _slack(apart(np.kron(f, h), np.kron(g, k)), one + three),
            _slack(linked(f.T @ table @ h), linked(table)),
            _slack(gap(source @ image), own),
            _slack(gap(source @ f), own + gap(f)),
        )
        worst = [min(pair) for pair in zip(worst, found, strict=True)]
    return EnrichmentCheck(trials, *worst)


def _slack(left: float, right: float) -> float:
    if math.isnan(left) or math.isnan(right):
        raise ValueError("the divergence gave NaN: it has to give a number or infinity for any two laws")
    return math.inf if right == math.inf else right - left


def _rows(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Draw laws from even to peaked, now and then with outcomes that cannot occur."""
    weights = rng.gamma(np.exp(rng.uniform(-1, 1.5)), size=(n, m)) + 1e-12
    if rng.random() < 0.25:
        hidden = rng.random((n, m)) < 0.3
        hidden[np.arange(n), rng.integers(0, m, size=n)] = False
        weights = np.where(hidden, 0.0, weights)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _pair(rng: np.random.Generator, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    f, g = _rows(rng, n, m), _rows(rng, n, m)
    near = rng.choice([0.0, 0.5, 0.95])
    return f, near * f + (1 - near) * g
