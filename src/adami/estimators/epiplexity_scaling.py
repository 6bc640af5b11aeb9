"""Epiplexity in closed form where the loss follows a scaling law of parameters and tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adami.result import Estimate


@dataclass(frozen=True, slots=True)
class ScalingEpiplexity:
    """The split of a data set's information under a scaling law, at one compute budget.

    Parameters
    ----------
    S, H : Estimate
        Epiplexity and time-bounded entropy; nats.
    tokens, parameters : float
        Training tokens and model size that make the sum of both smallest.
    compute : float
        The budget, in floating-point operations.
    """

    S: Estimate
    H: Estimate
    tokens: float
    parameters: float
    compute: float

    @property
    def total(self) -> float:
        """Length of the two-part code; nats."""
        return self.S + self.H


def scaling_law_area(beta: float, t0: float, t: float) -> float:
    """Return the area between a power law's learning curve ``(s/t0)^-beta``, s up to t, and its end.

    Parameters
    ----------
    beta : float
        Exponent, in (0, 1).
    t0 : float
        Tokens at which the excess loss is 1 nat.
    t : float
        Tokens trained on.

    Returns
    -------
    float
        ``β/(1-β) · t0^β · t^(1-β)``; nats.

    Raises
    ------
    ValueError
        If `beta` is not in (0, 1): the area would not be finite. If a number of tokens is not positive.

    Examples
    --------
    >>> from adami.estimators import scaling_law_area
    >>> scaling_law_area(0.5, 1.0, 100.0)
    10.0
    """
    if not 0 < beta < 1:
        raise ValueError(f"beta={beta}: the area is finite for exponents between 0 and 1")
    if not (0 < t0 < math.inf and 0 <= t < math.inf):
        raise ValueError(f"t0={t0}, t={t}: numbers of tokens are positive")
    return float(beta / (1 - beta) * t0**beta * t ** (1 - beta))


def scaling_law_epiplexity(
    alpha: float, beta: float, N0: float, t0: float, E: float, C: float, D: float
) -> ScalingEpiplexity:
    """Return epiplexity and time-bounded entropy where ``loss = E + (N/N0)^-alpha + (t/t0)^-beta``.

    Model size N and training tokens t are those of the shortest two-part code of D tokens whose training and
    reading cost ``2 N (3 t + D)`` operations, all of the budget.

    Parameters
    ----------
    alpha, beta : float
        Exponents of parameters and of tokens; `beta` below 1.
    N0, t0 : float
        Parameters and tokens at which each excess loss is 1 nat.
    E : float
        Loss that remains, nats a token.
    C : float
        Budget in floating-point operations.
    D : float
        Tokens of the data set; as the budget grows, t grows to it.

    Returns
    -------
    ScalingEpiplexity

    Raises
    ------
    ValueError
        If an exponent or a size is not positive and finite, `beta` is not below 1, or `E` is negative.

    References
    ----------
    Finzi and others, "From Entropy to Epiplexity", 2026; paper 15 of adami's register.

    Examples
    --------
    >>> from adami.estimators import scaling_law_epiplexity
    >>> found = scaling_law_epiplexity(alpha=0.34, beta=0.28, N0=5e6, t0=2e9, E=1.7, C=1e22, D=1e10)
    >>> 0 < found.tokens < 1e10, round(found.S / found.total, 3)
    (True, 0.092)
    """
    if not (alpha > 0 and math.isfinite(alpha) and 0 < beta < 1):
        raise ValueError(f"alpha={alpha}, beta={beta}: alpha is positive, and beta lies between 0 and 1")
    sizes = {"N0": N0, "t0": t0, "C": C, "D": D}
    for name, size in sizes.items():
        if not 0 < size < math.inf:
            raise ValueError(f"{name}={size}: positive and finite")
    if not 0 <= E < math.inf:
        raise ValueError(f"E={E}: a loss is finite and not negative")
    t = D * math.exp(_log_share(alpha, beta, N0, t0, C, D))
    n = C / (2 * (3 * t + D))
    loss = E + (n / N0) ** -alpha + (t / t0) ** -beta

    def estimate(value: float, quantity: str) -> Estimate:
        return Estimate(value, quantity=quantity, method="scaling_law", n=round(D), measure="epiplexity")

    S = estimate(scaling_law_area(beta, t0, t), "epiplexity")
    return ScalingEpiplexity(S, estimate(loss * D, "time-bounded entropy"), t, n, C)


def _log_share(alpha: float, beta: float, N0: float, t0: float, C: float, D: float) -> float:
    """Return ln(t/D) where the slope of the code's length is zero; the slope has one zero below t = D."""
    from scipy.optimize import brentq

    right = math.log(3 * alpha) + math.log(D) + alpha * (math.log(N0) + math.log(2) - math.log(C))

    def balance(u: float) -> float:
        # logarithm of both sides, with 1 - t/D kept exact near t = D
        left = beta * math.log(t0) + math.log(beta) + math.log(D) + math.log(-math.expm1(u))
        left -= (beta + 1) * (u + math.log(D))
        return left - right - (alpha - 1) * (math.log(D) + math.log(3 * math.exp(u) + 1))

    low, high = -1.0, -1e-15
    while balance(low) < 0:
        low *= 2
    if balance(high) > 0:
        return high
    return float(brentq(balance, low, high, xtol=1e-15, rtol=1e-14))
