"""What could be wrong with a number that a critic gave, in words."""

from __future__ import annotations

import math

from adami.estimators._common import ceiling_note
from adami.estimators.bound_theory import partition_variance
from adami.result import Diagnostic

SATURATED = 0.9
"""Share of its ceiling above which InfoNCE says no more than "at least this"."""


def critic_notes(
    value: float,
    n: int,
    *,
    how: str,
    batch: int,
    held: int,
    in_sample: bool,
    silent: int,
    best_came_last: bool,
    steps: int,
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a variational estimate.

    Parameters
    ----------
    value : float
        In nats.
    n : int
        Rows.
    how : str
        Read-out.
    batch : int
        Rows compared with one another in the read-out.
    held : int
        Held-out rows of the smallest fold.
    in_sample : bool
        Whether the critic was read out on the rows that trained it.
    silent : int
        Critics that did no better than none.
    best_came_last : bool
        Whether the training ended at its best weights.
    steps : int
        Steps allowed.
    """
    found = list(ceiling_note(value, n))
    if how == "infonce" and value > SATURATED * math.log(batch):
        found.append(
            Diagnostic(
                "saturated",
                f"{value:.3g} nats is near ln {batch} = {math.log(batch):.3g}, the most that "
                f"InfoNCE says with {batch} candidates; raise batch_size or readout_batch, or use "
                "method='smile'",
                "warning",
                "low",
            )
        )
    if how in ("dv", "nwj", "js_nwj") and partition_variance(min(max(value, 0.0), 700.0), held) > 1:
        found.append(
            Diagnostic(
                "partition_variance",
                f"at {value:.3g} nats the mean of density ratios over {held} held-out rows has a standard "
                "deviation above 1 even with the true ratio; use more rows, or method='smile'",
                "warning",
                "unknown",
            )
        )
    if in_sample:
        message = "trained and read out on the same rows, which reports too much; use folds=2"
        found.append(Diagnostic("in_sample", message, "warning", "high"))
    if silent:
        message = (
            f"{silent} critic(s) found nothing that holds on rows new to them and were taken for 0; "
            "if there should be something, give more rows or steps"
        )
        found.append(Diagnostic("nothing_found", message, "note", "low"))
    if best_came_last:
        message = f"the best weights came last, after {steps} steps: more steps may find more"
        found.append(Diagnostic("not_converged", message, "note", "low"))
    return tuple(found)
