"""What a study returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Scale = Literal["quick", "full", "gpu"]
SCALES: tuple[Scale, ...] = get_args(Scale)
"""From seconds, over minutes on two cores, to an accelerator."""


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
    """

    claim: str
    metric: str
    ours: float
    baseline: float
    bar: float
    holds: bool
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("ours", "baseline", "bar"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}: a study measures finite numbers")
        if not self.claim or not self.metric:
            raise ValueError("a study names its claim and its metric")
