"""What a study returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Scale = Literal["quick", "full", "gpu"]
SCALES: tuple[Scale, ...] = get_args(Scale)
"""From seconds, over minutes on two cores, to an accelerator."""


@dataclass(frozen=True, slots=True)
class Check:
    """One statement of a study that may fail.

    Parameters
    ----------
    name : str
        What has to be so, in words.
    value : float
        What was measured.
    bar : float
        What it is held against.
    holds : bool
        Whether it is so.
    """

    name: str
    value: float
    bar: float
    holds: bool

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.bar)):
            raise ValueError(f"{self.name}: {self.value} against {self.bar}: a check measures finite numbers")
        # NumPy's numbers and truth values would not survive the store
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "bar", float(self.bar))
        object.__setattr__(self, "holds", bool(self.holds))


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One claim, measured.

    Parameters
    ----------
    claim : str
        What the paper says, in one sentence.
    metric : str
        What is counted, with its unit.
    ours, baseline : float
        The metric of the method and of what the paper compares with.
    bar : float
        What `ours` has to reach.
    holds : bool
        Whether it does.
    note : str
        What a reader has to know: a stand-in for the paper's data, a condition under which the claim holds.
    checks : tuple of Check
        Everything else that has to be so; a result holds only if all of them do.
    """

    claim: str
    metric: str
    ours: float
    baseline: float
    bar: float
    holds: bool
    note: str = ""
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        for name in ("ours", "baseline", "bar"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}: a study measures finite numbers")
            object.__setattr__(self, name, float(getattr(self, name)))
        object.__setattr__(self, "holds", bool(self.holds))
        if not self.claim or not self.metric:
            raise ValueError("a study names its claim and its metric")
        if self.holds and (failed := [c.name for c in self.checks if not c.holds]):
            raise ValueError(f"a study does not hold while a check fails: {failed[0]}")
