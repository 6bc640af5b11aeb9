"""The adaptive choice for two labels: corrected entropies, less what unrelated labels would show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._count_inference import ROWS_PER_CELL
from adami.estimators._counts import DiscreteEstimator
from adami.estimators.grassberger import Grassberger
from adami.estimators.miller_madow import MillerMadow
from adami.variables import Variable

DRAWS = 30
MANY_ROWS = 100
"""Rows a cell from which the bias left is far below the standard error and no unrelated table is drawn."""


def choose_table(x: Variable, y: Variable, rng: np.random.Generator) -> Measurement:
    """Measure the information between two labels.

    Miller and Madow's correction has the smaller spread, and Grassberger's the smaller bias in sparse tables,
    where either leaves some. For independent labels that is the mean over permutations; for labels that
    determine each other it is none; in between the share of it is removed that the entropy leaves open, so
    that both ends are right (Vinh's adjustment, on a corrected estimate).

    Parameters
    ----------
    x, y : Variable
        Labels.
    rng : numpy.random.Generator

    References
    ----------
    Miller, "Note on the bias of information estimates", 1955.
    Grassberger, "Entropy estimates from insufficient samplings", 2003.
    Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", 2010.
    """
    estimator: DiscreteEstimator = MillerMadow()
    m = estimator._information(x, y)
    cells = m.details["possible_cells"]
    if x.n < ROWS_PER_CELL * cells:
        estimator = Grassberger()
        m = estimator._information(x, y)
    candidates = {estimator.name: m.value}
    if x.n >= MANY_ROWS * cells:
        return _chosen(m, m.value, estimator.name, "many rows a cell", candidates)
    expected = float(estimator._null_statistics(x, y, None, DRAWS, rng).mean())
    entropy = min(m.details["entropy_x"], m.details["entropy_y"])
    # not cut at 1: only a share that is linear in the value leaves independent labels at 0 on average
    left = max(0.0, (entropy - m.value) / (entropy - expected)) if entropy > expected else 0.0
    name = f"adjusted_{estimator.name}"
    candidates[name] = m.value - left * expected
    reason = f"unrelated labels of these frequencies would show {expected:+.4f} nats"
    return _chosen(m, candidates[name], name, reason, candidates)


def _chosen(
    m: Measurement, value: float, name: str, reason: str, candidates: dict[str, float]
) -> Measurement:
    def interval(confidence: float) -> tuple[float, float]:
        low, high = m.interval(confidence)
        return min(low, value), max(high, value)

    details = {**m.details, "candidates": candidates, "chosen": name, "reason": reason}
    return replace(m, value=value, interval=interval, details=details)
