"""The adaptive choice for two labels: corrected entropies, less what unrelated labels would show."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._count_inference import ROWS_PER_CELL
from adami.estimators._counts import DiscreteEstimator, slot_cells
from adami.estimators._kernels.contingency import Cells
from adami.estimators.grassberger import Grassberger
from adami.estimators.miller_madow import MillerMadow
from adami.result import Diagnostic
from adami.variables import Variable

Seed = int | np.random.Generator | None
LEAST_ROWS = 5
"""Rows that a label of a condition needs to be measured within."""
DRAWS = 30
MANY_ROWS = 100
"""Rows a cell from which the bias left is far below the standard error and no unrelated table is drawn."""


def choose_table(x: Variable, y: Variable, random_state: Seed) -> Measurement:
    """Measure the information between two labels; see `choose_cells`."""
    return choose_cells(slot_cells(x, y), (str(x), str(y)), random_state)


def choose_cells(cells: Cells, names: tuple[str, str], random_state: Seed) -> Measurement:
    """Measure the information between two labels from the occupied cells of their table.

    Miller and Madow's correction has the smaller spread, and Grassberger's the smaller bias in sparse tables,
    where either leaves some. For independent labels that is the mean over permutations; for labels that
    determine each other it is none; in between the share of it is removed that the entropy leaves open, so
    that both ends are right (Vinh's adjustment, on a corrected estimate).

    Parameters
    ----------
    cells : Cells
        Of (x, y).
    names : pair of str
        What to call them.
    random_state : int, numpy.random.Generator or None

    References
    ----------
    Miller, "Note on the bias of information estimates", 1955.
    Grassberger, "Entropy estimates from insufficient samplings", 2003.
    Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", 2010.
    """
    if _fingerprint(cells, 1) < _fingerprint(cells, 0):
        # an order of their own, so that I(X;Y) = I(Y;X) to the bit
        cells, names = _turned(cells), (names[1], names[0])
    estimator: DiscreteEstimator = MillerMadow()
    m = estimator._from_cells(cells, "mutual information", *names)
    rng = np.random.default_rng(random_state)
    n, possible = cells.n, m.details["possible_cells"]
    if n < ROWS_PER_CELL * possible:
        estimator = Grassberger()
        m = estimator._from_cells(cells, "mutual information", *names)
    candidates = {estimator.name: m.value}
    if n >= MANY_ROWS * possible:
        return _chosen(m, m.value, estimator.name, "many rows a cell", candidates)
    expected = float(estimator._null_values(cells, DRAWS, rng).mean())
    entropy = min(m.details["entropy_x"], m.details["entropy_y"])
    # not cut at 1: only a share that is linear in the value leaves independent labels at 0 on average
    left = max(0.0, (entropy - m.value) / (entropy - expected)) if entropy > expected else 0.0
    name = f"adjusted_{estimator.name}"
    candidates[name] = m.value - left * expected
    reason = f"unrelated labels of these frequencies would show {expected:+.4f} nats"
    return _chosen(m, candidates[name], name, reason, candidates)


def choose_within(cells: Cells, names: tuple[str, str, str], random_state: int | None) -> Measurement:
    """Average the information between two labels within each label of a third: I(X;Y|Z) = Σ p(z) I(X;Y|Z=z).

    Parameters
    ----------
    cells : Cells
        Of (x, y, condition).
    names : three str
    random_state : int or None
        Of every label alike.

    Raises
    ------
    ValueError
        If every label of the condition has fewer than five rows.
    """
    totals, where = cells.marginal(2)
    terms: list[tuple[int, Measurement]] = []
    order = np.argsort(where, kind="stable")
    for label, at in enumerate(np.split(order, np.cumsum(np.bincount(where))[:-1])):
        if totals[label] >= LEAST_ROWS:
            part = Cells(cells.counts[at], tuple(a[at] for a in cells.labels[:2]), cells.sizes[:2])
            terms.append((int(totals[label]), _within(part, names, random_state)))
    used = sum(rows for rows, _ in terms)
    if used == 0:
        raise ValueError(
            f"every label of {names[2]} has fewer than {LEAST_ROWS} rows, too few to measure {names[0]} and "
            f"{names[1]} within it; merge rare labels"
        )
    notes: tuple[Diagnostic, ...] = ()
    if used < cells.n:
        told = f"{cells.n - used} of {cells.n} rows are left out: their labels of {names[2]} are too rare"
        notes = (Diagnostic("small_class", told, "warning", "unknown"),)
    # exact sums: the order of the labels does not matter
    value = math.fsum(rows * m.value for rows, m in terms) / used
    variance = math.fsum((rows * (m.standard_error or 0.0)) ** 2 for rows, m in terms)
    details = {
        "candidates": {"within_labels": value},
        "chosen": "within_labels",
        "reason": f"the condition has labels: the mean over {len(totals)} labels",
    }
    return Measurement(value, math.sqrt(variance) / used, diagnostics=notes, details=details)


def _within(part: Cells, names: tuple[str, str, str], random_state: int | None) -> Measurement:
    if any((labels == labels[0]).all() for labels in part.labels):
        return Measurement(0.0)
    return choose_cells(part, names[:2], random_state)


def _fingerprint(cells: Cells, axis: int) -> tuple[int, list[int]]:
    return cells.sizes[axis], np.sort(cells.marginal(axis)[0]).tolist()


def _turned(cells: Cells) -> Cells:
    order = np.lexsort((cells.labels[0], cells.labels[1]))
    labels = (cells.labels[1][order], cells.labels[0][order])
    return Cells(cells.counts[order], labels, (cells.sizes[1], cells.sizes[0]))


def _chosen(
    m: Measurement, value: float, name: str, reason: str, candidates: dict[str, float]
) -> Measurement:
    def interval(confidence: float) -> tuple[float, float]:
        low, high = m.interval(confidence)
        return min(low, value), max(high, value)

    details = {**m.details, "candidates": candidates, "chosen": name, "reason": reason}
    return replace(m, value=value, interval=interval, details=details)
