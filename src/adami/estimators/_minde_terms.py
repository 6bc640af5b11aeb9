"""Which guesses of the noise MINDE trains, and what it integrates; PyTorch is imported inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adami.estimators._nets.gaussian_denoiser import Pattern
    from adami.estimators._nets.score_reads import Draw, Integrands


def information_patterns(count: int) -> dict[str, Pattern]:
    """Return the patterns by name, for x and y (`count` 2) or for x, y and a condition (3)."""
    from adami.estimators._nets.gaussian_denoiser import ABSENT, CLEAN, DIFFUSED, Pattern

    known = (CLEAN,) * (count - 2)
    return {
        "x": Pattern((DIFFUSED, ABSENT, *known)),
        "x|y": Pattern((DIFFUSED, CLEAN, *known)),
        "y|x": Pattern((CLEAN, DIFFUSED, *known)),
        "xy": Pattern((DIFFUSED, DIFFUSED, *known)),
    }


def information_shares(kind: str, count: int) -> dict[Pattern, float]:
    """Return the patterns that a kind needs, each as often as it has noisy variables."""
    p = information_patterns(count)
    return {p["x"]: 1.0, p["x|y"]: 1.0} if kind == "c" else {p["xy"]: 2.0, p["x|y"]: 1.0, p["y|x"]: 1.0}


def terms(kind: str, count: int, sigma: float | None) -> Integrands:
    """Return the integrand of the information."""
    from adami.estimators._nets.score_reads import half_square

    p = information_patterns(count)

    def joint(draw: Draw) -> dict[str, Any]:
        # each prediction is zero in the other's columns
        together, apart = draw.predicted(p["xy"]), draw.predicted(p["x|y"]) + draw.predicted(p["y|x"])
        if sigma is None:
            return {"value": half_square(together - apart)}
        reference = draw.masked(draw.reference(sigma), p["xy"])
        return {"value": half_square(apart - reference) - half_square(together - reference)}

    return difference(p["x|y"], p["x"], sigma) if kind == "c" else joint


def difference(own: Pattern, other: Pattern, sigma: float | None) -> Integrands:
    """Return the integrand of the divergence between the laws behind two patterns of the same noisy columns.

    With `sigma`, the second law has to be a mixture of the first ones, as x is of x given y.
    """
    from adami.estimators._nets.score_reads import half_square

    def integrand(draw: Draw) -> dict[str, Any]:
        first, second = draw.predicted(own), draw.predicted(other)
        if sigma is None:
            return {"value": half_square(first - second)}
        reference = draw.masked(draw.reference(sigma), own)
        return {"value": half_square(first - reference) - half_square(second - reference)}

    return integrand


def entropy_shares(count: int) -> dict[Pattern, float]:
    """Return the pattern of x, alone (`count` 1) or with a known condition (2)."""
    from adami.estimators._nets.gaussian_denoiser import CLEAN, DIFFUSED, Pattern

    return {Pattern((DIFFUSED, *(CLEAN,) * (count - 1))): 1.0}


def entropy_terms(count: int, sigma: float) -> Integrands:
    """Return the integrand of the divergence from the normal law of a deviation."""
    from adami.estimators._nets.score_reads import half_square

    (own,) = entropy_shares(count)

    def integrand(draw: Draw) -> dict[str, Any]:
        return {"value": half_square(draw.predicted(own) - draw.masked(draw.reference(sigma), own))}

    return integrand


def divergence_shares() -> dict[Pattern, float]:
    """Return the patterns of two laws of the same columns."""
    from adami.estimators._nets.gaussian_denoiser import DIFFUSED, Pattern

    return {Pattern((DIFFUSED,), 0): 1.0, Pattern((DIFFUSED,), 1): 1.0}
