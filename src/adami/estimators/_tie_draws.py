"""Repeated values are spread at random: the mean over several draws, the same for any order of the rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from adami.estimators._choice import Choice
from adami.estimators._common import repeated_share
from adami.result import Diagnostic
from adami.variables import TIES_SHARE, Variable

MOST_DRAWS = 8
ROWS = 40_000
"""Rows over all draws; the noise of a single draw falls with the rows."""

Once = Callable[[Variable, Variable, np.random.Generator], Choice]


def over_ties(once: Once, x: Variable, y: Variable, rng: np.random.Generator) -> Choice:
    """Return ``once(x, y, rng)``, or its mean over several draws where values repeat.

    Parameters
    ----------
    once : callable
        Spreads ties with the generator and chooses.
    x, y : Variable
    rng : numpy.random.Generator
    """
    if not (_repeats(x) or _repeats(y)):
        return once(x, y, rng)
    rows = np.lexsort(_columns(y) + _columns(x))
    x, y = x.take(rows), y.take(rows)
    draws = min(MOST_DRAWS, max(1, ROWS // x.n))
    choice = _mean([once(x, y, g) for g in rng.spawn(draws)])
    choice.doubts = (*_note(draws, x, y), *choice.doubts)
    return choice


def _note(draws: int, *slots: Variable) -> tuple[Diagnostic, ...]:
    numbers = [c for v in slots for c in v.columns if c.kind != "discrete"]
    names = [repr(c.name) for c in numbers if repeated_share(c.values) > TIES_SHARE]
    if not names:
        return ()
    said = f"repeated values in {', '.join(names)} are spread at random within their ranks, which changes no"
    return (Diagnostic("ties", f"{said} information; the value is the mean of {draws} such draws"),)


def _repeats(v: Variable) -> bool:
    """Whether there are numbers with ties, or labels beside numbers, which are spread like ties."""
    if v.dim and v.codes is not None:
        return True
    return any(bool((np.diff(np.sort(v.numbers[:, j])) == 0).any()) for j in range(v.dim))


def _columns(v: Variable) -> list[np.ndarray]:
    codes = [] if v.codes is None else [v.codes]
    return [*codes, *v.numbers.T]


def _mean(choices: list[Choice]) -> Choice:
    """Average values; the name, reason and doubts are those of the method chosen most often."""
    name = Counter(c.name for c in choices).most_common(1)[0][0]
    told = next(c for c in choices if c.name == name)
    keys = dict.fromkeys(key for c in choices for key in c.candidates)
    candidates = {
        key: float(np.mean([c.candidates[key] for c in choices if key in c.candidates])) for key in keys
    }
    value = float(np.mean([c.value for c in choices]))
    error = math.sqrt(float(np.mean([c.error**2 for c in choices])))
    notes = {**told.notes, "tie_draws": len(choices)}
    return Choice(value, error, name, told.reason, candidates, notes, told.doubts)
