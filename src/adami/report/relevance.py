"""What one column tells about the target; what cannot be measured is told with its reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adami.estimators._base import Estimator
from adami.report._table import Field, Table
from adami.result import Diagnostic, Estimate

LEAST_ROWS = 5
"""Fewest complete rows for which a number is worth the name."""


def relevance(
    table: Table,
    estimator: Estimator,
    name: str,
    target: str,
    rng: np.random.Generator,
    options: Mapping[str, float | int],
) -> Estimate:
    """Measure one column; what cannot be measured becomes 0 with the reason, so that the table survives."""
    from adami.estimators.resampling import assess

    field = table[name]
    if not field.present.any():
        return _nothing(estimator, field, 0, "degenerate", f"column {name!r} has no values at all")
    x, y = table.slots([name], [target]) if len(table.complete([name, target])) else (None, None)
    if x is None or y is None or x.n < LEAST_ROWS:
        n = 0 if x is None else x.n
        return _nothing(
            estimator,
            field,
            n,
            "too_few_samples",
            f"column {name!r} has only {n} rows complete with the target",
        )
    if field.kind == "discrete" and _is_identifier(x.codes):
        return _nothing(
            estimator,
            field,
            x.n,
            "identifier",
            f"column {name!r} has a label of its own in (nearly) every row: it names rows and cannot be "
            "shown to tell anything about others; leave it out",
        )
    try:
        return assess(
            estimator,
            x,
            y,
            confidence=float(options["confidence"]),
            permutations=int(options["permutations"]),
            random_state=rng,
        )
    except ValueError as problem:
        return _nothing(estimator, field, x.n, "degenerate", f"column {name!r} was not measured: {problem}")


def _nothing(estimator: Estimator, field: Field, n: int, flag: str, message: str) -> Estimate:
    note = Diagnostic(flag, message, "warning")
    return Estimate(0.0, method=estimator.name, n=n, kinds=(field.kind,), diagnostics=(note,))


def _is_identifier(codes: np.ndarray | None) -> bool:
    from adami.estimators.checks import IDENTIFIER_ROWS, IDENTIFIER_SHARE

    if codes is None or len(codes) < IDENTIFIER_ROWS:
        return False
    return bool(np.count_nonzero(np.bincount(codes)) >= IDENTIFIER_SHARE * len(codes))


def target_notes(goal: Field) -> list[Diagnostic]:
    if goal.distinct == 1:
        return [
            Diagnostic(
                "constant", f"target {goal.name!r} never changes: nothing can tell about it", "warning"
            )
        ]
    if goal.kind == "discrete" and _is_identifier(goal.values[goal.present]):
        return [
            Diagnostic(
                "identifier",
                f"target {goal.name!r} has a label of its own in (nearly) every row: no column can be shown "
                "to tell about it; choose a target whose labels repeat",
                "warning",
            )
        ]
    return []
