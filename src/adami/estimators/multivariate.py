"""Total correlation, dual total correlation, O-information and S-information of several variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.estimators._base import Estimator, normal_interval
from adami.estimators._entropy_terms import Terms, chained, gaussian_terms, neighbour_terms, table_terms
from adami.estimators._perfect import affine_dependence
from adami.result import Diagnostic, Estimate
from adami.variables import Variable, merge, variable

NEIGHBOURS = 4
LOW_DIMENSION = 6
"""Up to this many number columns in all, nearest neighbours see any shape of dependence."""


@dataclass(frozen=True, slots=True)
class _Quantity:
    name: str
    total: float
    dual: float


TOTAL = _Quantity("total correlation", 1.0, 0.0)
DUAL = _Quantity("dual total correlation", 0.0, 1.0)
O_INFORMATION = _Quantity("O-information", 1.0, -1.0)
S_INFORMATION = _Quantity("S-information", 1.0, 1.0)


def total_correlation(
    variables: Sequence[Any],
    method: str | Estimator = "auto",
    *,
    confidence: float = 0.95,
    n_jobs: int | None = 1,
) -> Estimate:
    """Measure how much several variables share: the sum of their entropies less the entropy of all.

    Parameters
    ----------
    variables : sequence of Variable, or of what `estimate` takes
        At least two, of equal length; each may be a vector.
    method : str or Estimator
        ``"knn"`` (Kraskov's estimator for several variables; labels split the rows), ``"gaussian"``,
        ``"gaussian_copula"``, ``"soi"`` (one denoising network for all terms), a method for labels such as
        ``"plugin"`` or ``"miller_madow"``, or any other estimator of information, whose values are then
        chained. ``"auto"``: ``"miller_madow"`` for labels, ``"knn"`` up to six number columns or where labels
        and numbers mix, ``"gaussian_copula"`` beyond.
    confidence : float
        Level of the interval, in (0, 1).
    n_jobs : int, optional
        Threads; the value does not depend on it.

    Returns
    -------
    Estimate
        In nats; the details hold total and dual total correlation.

    Raises
    ------
    ValueError
        For fewer than two variables, unequal lengths, or too few rows.
    TypeError
        If the method does not take variables of these kinds.

    References
    ----------
    .. [1] S. Watanabe, "Information theoretical analysis of multivariate correlation", IBM Journal of
       Research and Development 4, 1960.
    .. [2] A. Kraskov, H. Stögbauer, P. Grassberger, "Estimating mutual information", Physical Review E
       69, 2004.

    Examples
    --------
    >>> from adami.estimators.multivariate import total_correlation
    >>> a, b, parity = [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]
    >>> round(total_correlation([a, b, parity], method="plugin").bits, 12)
    1.0
    """
    return _measure(TOTAL, variables, method, confidence, n_jobs)


def dual_total_correlation(
    variables: Sequence[Any],
    method: str | Estimator = "auto",
    *,
    confidence: float = 0.95,
    n_jobs: int | None = 1,
) -> Estimate:
    """Measure the part of the entropy that is shared: the entropy of all less what each has for itself.

    Parameters
    ----------
    variables, method, confidence, n_jobs
        As in `total_correlation`.

    Returns
    -------
    Estimate
        In nats.

    Raises
    ------
    ValueError, TypeError
        As `total_correlation`.

    References
    ----------
    .. [1] T. S. Han, "Nonnegative entropy measures of multivariate symmetric correlations", Information
       and Control 36, 1978.

    Examples
    --------
    >>> from adami.estimators.multivariate import dual_total_correlation
    >>> a, b, parity = [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]
    >>> round(dual_total_correlation([a, b, parity], method="plugin").bits, 12)
    2.0
    """
    return _measure(DUAL, variables, method, confidence, n_jobs)


def o_information(
    variables: Sequence[Any],
    method: str | Estimator = "auto",
    *,
    confidence: float = 0.95,
    n_jobs: int | None = 1,
) -> Estimate:
    """Measure whether redundancy (positive) or synergy (negative) rules: total less dual total correlation.

    Parameters
    ----------
    variables, method, confidence, n_jobs
        As in `total_correlation`. Two variables give 0.

    Returns
    -------
    Estimate
        In nats. Its interval is of the difference itself, not of two separate errors.

    Raises
    ------
    ValueError
        As `total_correlation`, and where both terms are infinite.
    TypeError
        As `total_correlation`.

    References
    ----------
    .. [1] F. E. Rosas, P. A. M. Mediano, M. Gastpar, H. J. Jensen, "Quantifying high-order
       interdependencies via multivariate extensions of the mutual information", Physical Review E 100, 2019.

    Examples
    --------
    >>> from adami.estimators.multivariate import o_information
    >>> a, b, parity = [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]
    >>> round(o_information([a, b, parity], method="plugin").bits, 12)
    -1.0
    >>> round(o_information([a, a, a], method="plugin").bits, 12)
    1.0
    """
    return _measure(O_INFORMATION, variables, method, confidence, n_jobs)


def s_information(
    variables: Sequence[Any],
    method: str | Estimator = "auto",
    *,
    confidence: float = 0.95,
    n_jobs: int | None = 1,
) -> Estimate:
    """Measure the overall dependence: the sum of total and dual total correlation.

    It is also the sum of what each variable tells about all others.

    Parameters
    ----------
    variables, method, confidence, n_jobs
        As in `total_correlation`.

    Returns
    -------
    Estimate
        In nats.

    Raises
    ------
    ValueError, TypeError
        As `total_correlation`.

    References
    ----------
    .. [1] R. G. James, C. J. Ellison, J. P. Crutchfield, "Anatomy of a bit", Chaos 21, 2011.

    Examples
    --------
    >>> from adami.estimators.multivariate import s_information
    >>> s_information([[0, 1, 0, 1], [0, 1, 0, 1]], method="plugin").bits
    2.0
    """
    return _measure(S_INFORMATION, variables, method, confidence, n_jobs)


def _measure(
    quantity: _Quantity,
    variables: Sequence[Any],
    method: str | Estimator,
    confidence: float,
    n_jobs: int | None,
) -> Estimate:
    if isinstance(variables, Variable):
        raise TypeError("variables: give a list of variables; the columns of one Variable are one variable")
    slots = [variable(v, f"x{i}") for i, v in enumerate(variables)]
    if len(slots) < 2:
        raise ValueError(f"{quantity.name} needs at least two variables, got {len(slots)}")
    if len({v.n for v in slots}) > 1:
        raise ValueError(f"unequal numbers of rows: {', '.join(f'{v} has {v.n}' for v in slots)}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence={confidence!r} must lie between 0 and 1")
    kinds, n = tuple(v.kind for v in slots), slots[0].n
    notes = [
        Diagnostic("constant", f"{v} holds one value only: it adds nothing and is left out")
        for v in slots
        if _constant(v)
    ]
    slots = [v for v in slots if not _constant(v)]

    def estimate(value: float, name: str, **more: Any) -> Estimate:
        return Estimate(value, quantity=quantity.name, method=name, n=n, kinds=kinds, **more)

    chosen = _choose(slots, method)
    name = chosen if isinstance(chosen, str) else chosen.name
    if len(slots) < 2:
        nothing = {"interval": (0.0, 0.0), "interval_kind": "analytic", "confidence": confidence}
        return estimate(0.0, name, diagnostics=tuple(notes), **nothing)
    perfect = _perfect(slots)
    if perfect is not None:
        if quantity is O_INFORMATION and len(slots) > 2:
            raise ValueError(f"O-information is infinity less infinity here: {perfect.message}")
        value = 0.0 if quantity is O_INFORMATION else math.inf
        return estimate(value, name, diagnostics=(*notes, perfect))
    terms = _terms(slots, chosen, n_jobs)
    value = quantity.total * terms.total + quantity.dual * terms.dual
    if len(slots) == 2 and quantity is O_INFORMATION:
        value = 0.0
    interval = None
    if terms.error is not None:
        interval = normal_interval(value, terms.error(quantity.total, quantity.dual), confidence)
    return estimate(
        value,
        name,
        interval=interval,
        interval_kind=None if interval is None else "analytic",
        confidence=confidence,
        diagnostics=(*notes, *terms.notes),
        details={"total_correlation": terms.total, "dual_total_correlation": terms.dual},
    )


def _choose(slots: list[Variable], method: str | Estimator) -> str | Estimator:
    if method != "auto":
        return method
    if all(v.dim == 0 for v in slots):
        return "miller_madow"
    if any(v.codes is not None for v in slots) or sum(v.dim for v in slots) <= LOW_DIMENSION:
        return "knn"
    return "gaussian_copula"


def _terms(slots: list[Variable], method: str | Estimator, n_jobs: int | None) -> Terms:
    from adami.estimators._counts import DiscreteEstimator
    from adami.estimators.gaussian import Gaussian
    from adami.estimators.gaussian_copula import GaussianCopula
    from adami.estimators.registry import get
    from adami.estimators.score_o_information import ScoreOInformation

    if method == "knn":
        return neighbour_terms(slots, NEIGHBOURS, n_jobs)
    estimator = get(method)
    if estimator.measure != "shannon":
        raise TypeError(
            f"method {estimator.name!r} measures {estimator.measure!r}, which does not add up by the chain "
            "rule as Shannon information does; use another method"
        )
    if isinstance(estimator, DiscreteEstimator):
        return table_terms(slots, estimator)
    if isinstance(estimator, ScoreOInformation):
        return estimator.system_terms(slots)
    parameters = estimator.get_params(deep=False)
    if estimator.name == "ksg" and parameters["variant"] == 1:
        return neighbour_terms(slots, parameters["k"], n_jobs)
    numbers = all(v.codes is None for v in slots)
    if numbers and isinstance(estimator, GaussianCopula):
        return gaussian_terms(slots, True, estimator.bias_correct)
    if numbers and isinstance(estimator, Gaussian) and estimator.shrinkage is None:
        return gaussian_terms(slots, False, estimator.bias_correct)
    return chained(slots, estimator)


def _constant(v: Variable) -> bool:
    still = v.codes is None or bool(np.all(v.codes == v.codes[0]))
    return still and bool(np.all(v.numbers == v.numbers[:1]))


def _perfect(slots: list[Variable]) -> Diagnostic | None:
    """Return the finding that one variable's numbers are an exact linear function of the others'."""
    for i, v in enumerate(slots):
        if v.dim:
            found = affine_dependence(merge(*slots[:i], *slots[i + 1 :]), v)
            if found is not None:
                return found
    return None
