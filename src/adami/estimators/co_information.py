"""What two variables tell about a third together beyond what each tells alone, by one estimator for all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adami.estimators.shared_radius import INFLATION, NEIGHBOURS, Subsets, joint_cells, neighbour_terms
from adami.variables import Variable

Terms = tuple[dict[str, np.ndarray], dict[str, float]]
SUBSETS: Subsets = {
    "aby": (0, 1, 2), "ab": (0, 1), "ay": (0, 2), "by": (1, 2), "a": (0,), "b": (1,), "y": (2,)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoInformation:
    """The information terms of a triple, all from the same neighbourhoods, so that their biases cancel.

    Parameters
    ----------
    together : float
        I(a, b; y) in nats.
    first, second : float
        I(a; y) and I(b; y).
    synergy : float
        ``together - first - second``.
    standard_error : float
        Of the synergy.
    given_first, given_first_error : float
        I(b; y | a) and its standard error.
    given_second, given_second_error : float
        I(a; y | b) and its standard error.
    n : int
        Rows that carried the estimate.
    method : str
        ``"miller_madow"`` for labels alone, ``"nearest neighbours"`` otherwise.
    """

    together: float
    first: float
    second: float
    synergy: float
    standard_error: float
    given_first: float
    given_first_error: float
    given_second: float
    given_second_error: float
    n: int
    method: str


def co_information(a: Variable, b: Variable, y: Variable, k: int = NEIGHBOURS) -> CoInformation:
    """Estimate I(a, b; y), its parts and the synergy I(a, b; y) - I(a; y) - I(b; y).

    Labels alone: entropies with Miller and Madow's correction. Otherwise k nearest neighbours in the joint
    space of normal scores (rows with other labels are infinitely far, equal values are spread over their
    ranks), and all marginal counts within that one radius, as in the estimator of Kraskov et al. for several
    variables; with a label as y this is Ross's estimator.

    Parameters
    ----------
    a, b, y : Variable
        Of equal length.
    k : int
        Number of neighbours.

    Returns
    -------
    CoInformation
        In nats.

    References
    ----------
    Kraskov, Stögbauer and Grassberger, "Estimating mutual information", Physical Review E 69, 2004.
    Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.co_information import co_information
    >>> from adami.variables import variable
    >>> a, b = np.array([0, 0, 1, 1] * 50), np.array([0, 1, 0, 1] * 50)
    >>> xor = co_information(variable(a, "a"), variable(b, "b"), variable(a ^ b, "y"))
    >>> abs(round(xor.first, 2)), abs(round(xor.second, 2)), round(xor.synergy, 1)
    (0.0, 0.0, 0.7)
    """
    if a.dim == b.dim == y.dim == 0:
        logs, shifts = _table_terms(a, b, y)
        method = "miller_madow"
    else:
        logs, shifts = neighbour_terms((a, b, y), SUBSETS, k)
        method = "nearest neighbours"
    n = len(logs["aby"])
    if n == 0:
        return CoInformation(*(0.0,) * 9, n=0, method=method)

    inflation = 1.0 if method == "miller_madow" else INFLATION

    def mean_error(plus: tuple[str, ...], minus: tuple[str, ...]) -> tuple[float, float]:
        row = np.zeros(n)
        for name in plus:
            row += logs[name]
        for name in minus:
            row -= logs[name]
        shift = sum(shifts[s] for s in plus) - sum(shifts[s] for s in minus)
        return float(row.mean()) + shift, inflation * float(row.std()) / math.sqrt(n)

    together, _ = mean_error(("aby", "all"), ("ab", "y"))
    first, _ = mean_error(("ay", "all"), ("a", "y"))
    second, _ = mean_error(("by", "all"), ("b", "y"))
    synergy, error = mean_error(("aby", "a", "b", "y"), ("ab", "ay", "by", "all"))
    # without dependence the rows' terms of labels all but vanish, and what varies is a chi-squared over 2n
    error = max(error, math.sqrt(_freedom(a, b, y) / 2) / n)
    given_first, given_first_error = mean_error(("aby", "a"), ("ab", "ay"))
    given_second, given_second_error = mean_error(("aby", "b"), ("ab", "by"))
    return CoInformation(
        together, first, second, synergy, error, given_first, given_first_error, given_second,
        given_second_error, n, method,
    )  # fmt: skip


def _freedom(*slots: Variable) -> int:
    """Return the degrees of freedom of a three-way interaction of labels; 0 with numbers."""
    codes = [v.codes for v in slots if v.codes is not None and v.dim == 0]
    if len(codes) < len(slots):
        return 0
    return int(np.prod([len(np.unique(c)) - 1 for c in codes]))


def _table_terms(*slots: Variable) -> Terms:
    """Return the log frequency of every row's cell in every subset, and the corrections of the means."""
    n = slots[0].n
    logs: dict[str, np.ndarray] = {"all": np.zeros(n)}
    shifts = {"all": 0.0}
    for name, members in SUBSETS.items():
        cells, sizes = joint_cells([slots[m] for m in members])
        logs[name] = np.log(sizes[cells] / n)
        # a log frequency is minus an entropy, and an entropy is underestimated by (cells - 1) / 2n
        shifts[name] = -(len(sizes) - 1) / (2 * n)
    return logs, shifts
