"""What neighbours see beyond a fitted model: their value on the rows less that on rows of the model.

A neighbour estimator is biased towards 0 by an amount that depends on n, dimension and strength. Rows drawn
from
the fitted model, of the same number and shape, show nearly the same bias, so the difference shows what the
model
leaves out, and model + difference is a neighbour estimate whose bias is gone where the model is nearly right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from adami._parallel import ordered_map
from adami.result import Diagnostic, Direction

DRAWS, MOST_DRAWS, DRAWN_ROWS = 4, 12, 12_000
"""Samples of the model: few where each is large, more where they are cheap.

With the same seed every table is compared with much the same draws, so that their noise is no noise over
tables but a bias."""
CERTAIN = {False: (2.5, 4.0), True: (1.5, 3.0)}
"""Standard errors of the remainder: below the first it is noise, above the second it counts in full.

Rows that are dependent anyway (True) cannot be pushed away from zero, so less will do."""
DOUBT_ABOVE = 2.0
SPREAD = 1.2
"""Ratio of the spread of neighbour estimates over samples to that of their local values, as simulated."""
DOUBTFUL = 0.05
"""Nats from which an uncertain difference is worth a warning."""


class Remainder(NamedTuple):
    """Neighbour estimate on the rows, on rows of the model, and what to make of the difference."""

    neighbours: float
    """On the rows."""
    expected: float
    """On rows of the model."""
    error: float
    """Standard error of the difference."""
    local: np.ndarray
    """Local values on the rows."""
    dependent: bool
    """Whether the model alone shows clear dependence."""

    @property
    def difference(self) -> float:
        """What the model leaves out (or claims too much), in nats."""
        return self.neighbours - self.expected

    @property
    def weight(self) -> float:
        """0 for a difference within the noise, 1 for a certain one."""
        below, above = CERTAIN[self.dependent]
        return min(1.0, max(0.0, (self.sizes - below) / (above - below)))

    @property
    def sizes(self) -> float:
        """The difference in standard errors."""
        return abs(self.difference) / max(self.error, 1e-300)

    def error_of(self, model_error: float) -> float:
        """Return the standard error of a value between model and neighbours, in doubt between them."""
        own = SPREAD * float(self.local.std()) / math.sqrt(len(self.local))
        share = self.weight if self.dependent else min(1.0, max(0.0, self.sizes / DOUBT_ABOVE - 1.0))
        doubt = share * (1 - share) * self.difference**2
        return math.sqrt((1 - self.weight) * model_error**2 + self.weight * own**2 + doubt)

    def doubt(self, model: str) -> tuple[Diagnostic, ...]:
        """Say when the difference is large and too uncertain to be counted in full."""
        if not DOUBT_ABOVE < self.sizes < CERTAIN[False][1] or abs(self.difference) < DOUBTFUL:
            return ()
        message = (
            f"neighbours see {self.difference:+.3f} nats ({self.sizes:.1f} standard errors) beyond "
            f"the {model}, too little to be sure of and too much to pass over; more rows would decide"
        )
        side: Direction = "low" if self.difference > 0 else "high"
        return (Diagnostic("candidates_disagree", message, "warning", side),)


def remainder(
    terms: np.ndarray,
    simulate: Callable[[np.random.Generator], np.ndarray],
    rng: np.random.Generator,
    n_jobs: int | None = 1,
    dependent: bool = False,
) -> Remainder:
    """Compare local values on the rows with those on rows of the model.

    Parameters
    ----------
    terms : numpy.ndarray
        Local values on the rows.
    simulate : callable
        ``simulate(rng)`` draws as many rows from the model and returns the local values there.
    rng : numpy.random.Generator
    n_jobs : int
    dependent : bool
        Whether the model alone shows clear dependence.
    """
    draws = min(MOST_DRAWS, max(DRAWS, DRAWN_ROWS // len(terms)))
    drawn = ordered_map(simulate, rng.spawn(draws), n_jobs)
    means = [float(d.mean()) for d in drawn]
    error = math.sqrt(terms.var() / len(terms) + float(np.mean([d.var() / len(d) for d in drawn])) / draws)
    return Remainder(float(terms.mean()), float(np.mean(means)), error, terms, dependent)
