"""Information of jointly Gaussian variables, with its exact bias removed."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._canonical import Canonical, canonical, independence_p_value, psi_half
from adami.estimators._common import constant_note, nothing_to_tell, standardized, varying
from adami.result import Diagnostic
from adami.variables import Variable, merge, variable

Shrinkage = float | Literal["auto"] | None


class Gaussian(Estimator):
    """Entropy and information of jointly Gaussian rows (canonical correlations).

    Exact for Gaussians, invariant under invertible linear maps of either side. For other laws it sees the
    linear part of the dependence only.

    Parameters
    ----------
    bias_correct : bool
        Remove the expected excess, which is known exactly for Gaussian rows and does not depend on the truth.
    shrinkage : float in [0, 1], "auto" or None
        Shrink correlations towards 0: "auto" chooses the amount from the rows (Schäfer and Strimmer 2005).
        For fewer rows than columns; the bias is not removed then.

    References
    ----------
    .. [1] N. Misra, H. Singh and E. Demchuk, "Estimation of the entropy of a multivariate normal
       distribution",
       Journal of Multivariate Analysis 92, 2005.
    .. [2] J. Schäfer and K. Strimmer, "A shrinkage approach to large-scale covariance matrix estimation",
       Statistical Applications in Genetics and Molecular Biology 4, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=1000)
    >>> y = 0.6 * x + 0.8 * rng.normal(size=1000)
    >>> round(Gaussian().estimate(x, y), 2)  # the truth is 0.22
    0.24
    """

    name: ClassVar[str] = "gaussian"
    takes: ClassVar[frozenset[str]] = frozenset({"continuous", "mixed"})
    takes_given: ClassVar[frozenset[str] | None] = frozenset({"continuous", "discrete", "mixed"})

    def __init__(self, bias_correct: bool = True, shrinkage: Shrinkage = None) -> None:
        self.bias_correct = bias_correct
        self.shrinkage = shrinkage

    def _entropy(self, x: Variable) -> Measurement:
        rows, n, dim = _numbers(x), x.n, x.dim
        spread = rows.std(axis=0)
        if not np.all(np.isfinite(spread)) or np.any(spread == 0):
            raise ValueError(f"{x}: a constant column has no differential entropy (it is minus infinity)")
        if n <= dim + 1 and self.shrinkage is None:
            raise ValueError(f"{x}: {n} rows are too few for {dim} columns; use more rows, or shrinkage")
        log_det = _log_det(_correlation(standardized(rows), self.shrinkage))
        if log_det == -math.inf:
            raise ValueError(
                f"{x}: columns are linear functions of each other; the entropy is minus infinity"
            )
        value = 0.5 * log_det + float(np.log(spread).sum()) + 0.5 * dim * math.log(2 * math.pi * math.e)
        if self.bias_correct and self.shrinkage is None:
            halves = [psi_half(n - m) for m in range(1, dim + 1)]
            # spreads above divide by n
            value -= 0.5 * dim * math.log(2 / n) + 0.5 * sum(halves)
        return Measurement(value, math.sqrt(dim / (2 * n)))

    def _information(self, x: Variable, y: Variable) -> Measurement:
        trivial = nothing_to_tell(x, y)
        if trivial is not None:
            return trivial
        return self._of_rows(_numbers(x), _numbers(y), None, x.n, constant_note(x, y))

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        trivial = nothing_to_tell(x, y)
        if trivial is not None:
            return trivial
        return self._of_rows(_numbers(x), _numbers(y), design(given), x.n, constant_note(x, y))

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        joint, alone = self._entropy(merge(x, given)), self._entropy(given)
        return Measurement(joint.value - alone.value, math.sqrt(x.dim / (2 * x.n)))

    def _of_rows(
        self,
        x: np.ndarray,
        y: np.ndarray,
        given: np.ndarray | None,
        n: int,
        notes: tuple[Diagnostic, ...],
    ) -> Measurement:
        if self.shrinkage is not None:
            return Measurement(shrunk_information(x, y, given, self.shrinkage), diagnostics=notes)
        c = canonical(x, y, given)
        if c.rank_x == 0 or c.rank_y == 0:
            return Measurement(0.0, pointwise=np.zeros(n), diagnostics=notes)
        return gaussian_measurement(c, n, self.bias_correct, notes)


def gaussian_measurement(
    c: Canonical, n: int, bias_correct: bool, notes: tuple[Diagnostic, ...] = ()
) -> Measurement:
    """Return the information of canonical pairs with its standard error and exact p-value."""
    details: dict[str, Any] = {"canonical_correlations": c.correlations[:10].tolist()}
    if c.correlations[0] ** 2 >= 1 - 1e-13:
        said = "a combination of the columns of one side is an exact linear function of the other side"
        perfect = Diagnostic("perfect_dependence", f"{said}: the information is infinite", "warning")
        return Measurement(math.inf, p_value=0.0, diagnostics=(*notes, perfect), details=details)
    bias = c.bias if bias_correct else 0.0
    pointwise = c.pointwise() - bias
    return Measurement(
        c.information - bias,
        canonical_error(c.rank_x * c.rank_y, n, float(pointwise.var())),
        p_value=independence_p_value(c),
        pointwise=pointwise,
        diagnostics=notes,
        details=details | {"bias": c.bias},
    )


def canonical_error(cells: int, n: int, variance: float) -> float:
    """Return the standard error: the spread of the local values, and the quadratic part of a sample."""
    return math.sqrt(max(variance - cells / n, 0.0) / n + cells / (2 * n * n))


def design(given: Variable) -> np.ndarray:
    """Return the columns whose linear effect is removed: numbers, and one indicator a label."""
    if given.codes is None:
        return given.numbers
    indicators = np.equal.outer(given.codes, np.unique(given.codes)[1:]).astype(np.float64)
    if indicators.shape[1] > given.n // 3:
        raise ValueError(f"{given}: {indicators.shape[1] + 1} labels are too many for {given.n} rows")
    return np.hstack([given.numbers, indicators])


def cca_spectrum(x: Any, y: Any) -> np.ndarray:
    """Return the canonical correlations of two sets of number columns, largest first.

    Parameters
    ----------
    x, y : array of shape (n,) or (n, d), series or frame

    Returns
    -------
    numpy.ndarray
        As many as the smaller rank; their information is ``-0.5 * sum(log(1 - r**2))`` nats for Gaussian
        rows.

    References
    ----------
    Hotelling, "Relations between two sets of variates", Biometrika 28, 1936.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> bool(np.allclose(cca_spectrum(x, x @ [[2.0, 1.0], [0.0, 1.0]]), 1))
    True
    """
    a, b = variable(x, "x"), variable(y, "y")
    return canonical(_numbers(a), _numbers(b)).correlations


def shrunk_information(x: np.ndarray, y: np.ndarray, given: np.ndarray | None, shrinkage: Shrinkage) -> float:
    """Return the Gaussian information of shrunk correlations."""
    z = np.empty((len(x), 0)) if given is None else given
    columns = standardized(np.hstack([x, y, z]))
    columns, owner = _drop_constant(columns, [x.shape[1], y.shape[1], z.shape[1]])
    matrix = _correlation(columns, shrinkage)

    def log_det(*owners: int) -> float:
        keep = np.isin(owner, owners)
        return _log_det(matrix[np.ix_(keep, keep)])

    return 0.5 * (log_det(0, 2) + log_det(1, 2) - log_det(2) - log_det(0, 1, 2))


def _drop_constant(columns: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    owner = np.repeat(np.arange(len(sizes)), sizes)
    keep = columns.any(axis=0)
    return columns[:, keep], owner[keep]


def _correlation(columns: np.ndarray, shrinkage: Shrinkage) -> np.ndarray:
    """Return the correlation matrix of standardized columns, shrunk towards the identity."""
    n = len(columns)
    matrix = columns.T @ columns / n
    if shrinkage is None:
        return np.asarray(matrix)
    amount = _best_shrinkage(columns, matrix) if shrinkage == "auto" else float(shrinkage)
    if not 0 <= amount <= 1:
        raise ValueError(f"shrinkage={shrinkage!r}: choose a number from 0 to 1, 'auto' or None")
    return np.asarray((1 - amount) * matrix + amount * np.eye(len(matrix)))


def _best_shrinkage(columns: np.ndarray, matrix: np.ndarray) -> float:
    n = len(columns)
    off = ~np.eye(len(matrix), dtype=bool)
    squares = (columns**2).T @ columns**2 / n
    variances = (squares - matrix**2) / (n - 1)
    total = float((matrix[off] ** 2).sum())
    return min(1.0, float(variances[off].sum()) / total) if total > 0 else 1.0


def _log_det(matrix: np.ndarray) -> float:
    sign, value = np.linalg.slogdet(matrix)
    return float(value) if sign > 0 else -math.inf


def _numbers(v: Variable) -> np.ndarray:
    if v.codes is not None:
        raise TypeError(f"{v} holds labels; method 'gaussian' takes numbers: use 'gaussian_copula' or 'ross'")
    return varying(v)
