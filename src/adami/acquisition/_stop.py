"""When to stop asking."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stop:
    """Limits of a run; whichever is met first ends it.

    Parameters
    ----------
    budget : float, optional
        Largest total cost; it is never exceeded.
    max_queries : int, optional
        Largest number of queries.
    confidence : float, optional
        Stop as soon as the policy is this sure of its decision, above 0 and at most 1.
    penalty : float, optional
        Stop when the best query is worth no more than this for each unit of its cost (nats a unit, where the
        policy counts information).

    Raises
    ------
    ValueError
        If a limit has no meaning: a budget of zero, a confidence of 1.2.

    Examples
    --------
    >>> from adami.acquisition import Stop
    >>> Stop(budget=5, confidence=0.95).budget
    5
    """

    budget: float | None = None
    max_queries: int | None = None
    confidence: float | None = None
    penalty: float | None = None

    def __post_init__(self) -> None:
        if self.budget is not None and not (math.isfinite(self.budget) and self.budget > 0):
            raise ValueError(f"budget={self.budget}: a budget is a finite number above 0")
        if self.max_queries is not None and (isinstance(self.max_queries, bool) or self.max_queries < 1):
            raise ValueError(f"max_queries={self.max_queries}: at least one query has to be allowed")
        if self.confidence is not None and not 0 < self.confidence <= 1:
            raise ValueError(f"confidence={self.confidence}: a confidence is above 0 and at most 1")
        if self.penalty is not None and not (math.isfinite(self.penalty) and self.penalty >= 0):
            raise ValueError(f"penalty={self.penalty}: a penalty is a finite number of at least 0")

    def to_dict(self) -> dict[str, Any]:
        """Return the limits by name."""
        return asdict(self)
