"""The estimator of a whole table: one whose numbers can stand beside entropies."""

from __future__ import annotations

from adami.estimators._base import Estimator
from adami.estimators.registry import get


def table_method(method: str | Estimator) -> Estimator:
    """Return an estimator by name, as `get` does, and refuse one that does not measure Shannon information.

    Rankings and matrices set information against entropies, and take sums and differences of it: numbers on
    another scale would be compared with what they cannot be compared with.
    """
    estimator = get(method)
    if estimator.measure != "shannon":
        raise ValueError(
            f"method {estimator.name!r} measures {estimator.measure!r}, which is not Shannon information and "
            "has no place beside entropies; use it pair by pair with adami.information"
        )
    return estimator
