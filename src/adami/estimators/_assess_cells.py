"""What `assess` says about labels, from the counts of their table alone: the rows are not needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adami.estimators import checks
from adami.estimators._base import Estimator, Measurement, normal_interval
from adami.estimators._counts import DiscreteEstimator
from adami.estimators._intervals import check_confidence
from adami.estimators._kernels.contingency import Cells
from adami.estimators._perfect import told_determined
from adami.estimators._permutation import check_permutations, p_value
from adami.estimators._table_choice import choose_cells, choose_within
from adami.estimators.auto import Auto
from adami.estimators.miller_madow import MillerMadow
from adami.result import Diagnostic, Estimate

Slots = Sequence[Sequence[str]]


def assess_cells(
    estimator: Estimator,
    cells: Cells,
    slots: Slots,
    *,
    conditional: bool = False,
    confidence: float = 0.95,
    permutations: int = 0,
    random_state: int | None = 0,
) -> Estimate:
    """Measure labels from the occupied cells of their table, and say how far the number can be trusted.

    Parameters
    ----------
    estimator : Estimator
        `Auto`, or one for labels.
    cells : Cells
        One axis a column.
    slots : sequence of sequences of str
        Names of the columns of x, y and the condition, in the order of the axes.
    conditional : bool
        Whether the last slot is a condition.
    confidence : float
    permutations : int
        Tables drawn with the same margins for a p-value; 0 leaves the analytic one.
    random_state : int or None

    Returns
    -------
    Estimate
        As `adami.estimators.resampling.assess` gives it for the rows, without values of single rows.

    Raises
    ------
    TypeError
        If the method is not one for labels.
    """
    check_confidence(confidence)
    check_permutations(permutations)
    if not counts_suffice(estimator):
        raise TypeError(
            f"method {estimator.name!r} needs the rows; counts serve 'auto' and the methods for labels"
        )
    table = joined(cells, [len(s) for s in slots])
    names = [", ".join(s) for s in slots]
    quantity = _quantity(len(slots), conditional)
    informs = quantity.endswith("information")
    found = _inspected(cells, table, slots, names, informs, conditional)
    constant = informs and any(len(table.marginal(axis)[0]) == 1 for axis in (0, 1))
    if constant:
        m = Measurement(0.0, interval=lambda confidence: (0.0, 0.0), p_value=1.0)
    else:
        m = _measured(estimator, table, quantity, names)
    found = checks.merged(found, m.diagnostics)
    if informs:
        found = checks.merged(_above(m.value, table, names), found)
    elif not conditional:
        found = checks.merged(checks.entropy_near_ceiling(m.value, table.counts, names[0]), found)
    interval, kind = _interval(m, confidence)
    p = m.p_value
    if permutations and informs:
        p = _permuted(estimator, table, quantity, permutations, random_state, constant)
    return Estimate(
        m.value,
        quantity=quantity,
        method=estimator.name,
        n=table.n,
        kinds=("discrete",) * len(slots),
        interval=interval,
        interval_kind=kind,
        confidence=confidence,
        p_value=p,
        measure=estimator.measure,
        bound=estimator.bound,
        diagnostics=tuple(found),
        details=m.details,
    )


def counts_suffice(estimator: Estimator) -> bool:
    """Tell whether a method can measure labels without seeing the rows."""
    return isinstance(estimator, DiscreteEstimator | Auto)


def joined(cells: Cells, widths: Sequence[int]) -> Cells:
    """Number the combinations of neighbouring axes, so that each slot becomes one axis."""
    if all(w == 1 for w in widths):
        return cells
    labels, sizes, start = [], [], 0
    for width in widths:
        totals, code = cells.marginal(*range(start, start + width))
        labels.append(code)
        sizes.append(len(totals))
        start += width
    order = np.lexsort(labels[::-1])
    return Cells(cells.counts[order], tuple(code[order] for code in labels), tuple(sizes))


def _quantity(slots: int, conditional: bool) -> str:
    if conditional:
        return "conditional entropy" if slots == 2 else "conditional mutual information"
    return "entropy" if slots == 1 else "mutual information"


def _measured(estimator: Estimator, table: Cells, quantity: str, names: Sequence[str]) -> Measurement:
    if isinstance(estimator, DiscreteEstimator):
        return estimator._from_cells(table, quantity, *names[:2])
    if quantity.endswith("entropy"):
        return MillerMadow()._from_cells(table, quantity, names[0])
    seed = estimator.get_params()["random_state"]
    if quantity == "mutual information":
        return choose_cells(table, (names[0], names[1]), seed)
    return choose_within(table, (names[0], names[1], names[2]), seed)


def _interval(m: Measurement, confidence: float) -> tuple[tuple[float, float] | None, str | None]:
    if m.interval is not None:
        low, high = m.interval(confidence)
        return (float(low), float(high)), m.interval_kind
    if m.standard_error is not None:
        return normal_interval(m.value, m.standard_error, confidence), m.interval_kind
    return None, None


def _permuted(
    estimator: Estimator,
    table: Cells,
    quantity: str,
    permutations: int,
    random_state: int | None,
    constant: bool,
) -> float:
    if constant:
        return 1.0
    from adami._parallel import seeds

    fixed = estimator if isinstance(estimator, DiscreteEstimator) else MillerMadow()
    rng = seeds(random_state, permutations + 1)[0]
    return p_value(fixed._value(table, quantity)[0], fixed._null_values(table, permutations, rng))


def _inspected(
    cells: Cells, table: Cells, slots: Slots, names: Sequence[str], informs: bool, conditional: bool
) -> list[Diagnostic]:
    columns = [name for slot in slots for name in slot]
    found = [
        d
        for axis, name in enumerate(columns)
        for d in checks.inspect_levels(name, len(cells.marginal(axis)[0]), cells.n)
    ]
    varies = informs and all(len(table.marginal(axis)[0]) > 1 for axis in (0, 1))
    if varies and not conditional and "identifier" not in {d.flag for d in found}:
        # a label determines the other side where it has one occupied cell; single rows make that chance
        levels = [len(table.marginal(axis)[0]) for axis in (0, 1)]
        forth, back = (len(table.counts) == k and table.n >= 2 * k for k in levels)
        found += told_determined(names[0], names[1], forth, back, table.n)
    return list(dict.fromkeys(found))


def _above(value: float, table: Cells, names: Sequence[str]) -> tuple[Diagnostic, ...]:
    return tuple(
        d for axis in (0, 1) for d in checks.above_entropy(value, table.marginal(axis)[0], names[axis])
    )
