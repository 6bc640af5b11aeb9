"""What one column tells about the target; what cannot be measured is told with its reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adami.estimators._base import Estimator
from adami.estimators.selection import tail_probability
from adami.report._table import Field, Table
from adami.result import Diagnostic, Estimate
from adami.variables import Variable

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
    for_interval, for_test = rng.spawn(2)
    try:
        found = assess(estimator, x, y, confidence=float(options["confidence"]), random_state=for_interval)
        return with_p_value(estimator, found, (x, y, None), int(options["permutations"]), for_test)
    except ValueError as problem:
        return _nothing(estimator, field, x.n, "degenerate", f"column {name!r} was not measured: {problem}")


def with_p_value(
    estimator: Estimator,
    found: Estimate,
    slots: tuple[Variable, Variable, Variable | None],
    permutations: int,
    rng: np.random.Generator,
    *,
    max_rows: int | None = None,
    n_jobs: int | None = 1,
) -> Estimate:
    """Add a permutation p-value, and to the details the ``"tail_p"`` that corrections for many tests need.

    A permutation p-value cannot be below ``1 / (1 + permutations)``, which after correction for a few dozen
    columns would leave none significant; the fitted tail of the permuted values goes on where it ends.
    """
    from adami.estimators.resampling import permutation_test

    if not permutations:
        return found
    least = 1 / (1 + permutations)
    if np.isinf(found.value):
        return found.replace(p_value=least, details={**found.details, "tail_p": 0.0})
    if found.value == 0.0 and found.interval == (0.0, 0.0):
        return found.replace(p_value=1.0, details={**found.details, "tail_p": 1.0})
    test = permutation_test(
        estimator, *slots, permutations=permutations, max_rows=max_rows, random_state=rng, n_jobs=n_jobs
    )
    tail = tail_probability(test.statistic, test.null)
    with_p = found.replace(p_value=test.p_value, details={**found.details, "tail_p": tail})
    return with_p.with_diagnostics(*test.diagnostics)


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
