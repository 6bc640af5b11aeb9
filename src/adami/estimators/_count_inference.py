"""How sure a count-based value is: the G-test, intervals that stay honest near independence, null tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells

LARGE_NONCENTRALITY = 1e4
"""Beyond this a noncentral chi-square is normal for our purpose, and its series is slow."""


ROWS_PER_CELL = 5
"""Fewer rows than this for each cell that can occur make a sparse table."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a two-way table (in each level of a condition) says about dependence.

    Parameters
    ----------
    n : int
        Number of rows.
    value : float
        Plug-in information in nats.
    variance : float
        Variance of the local log ratios over the rows.
    degrees : int
        Degrees of freedom of the test of independence.
    cells : int
        Occupied cells.
    possible : float
        Cells that are occupied or empty by chance only: empty ones count with their chance to be empty if the
        variables were independent.
    bias : float
        Second-order bias of the plug-in value.
    smallest, scarce : float
        Smallest expected count under independence, and the share of expected counts under 5.
    williams : float
        Mean of the test statistic in small samples over its degrees of freedom.
    levels : tuple of int
        Occupied labels of x, y and the condition.
    joint : tuple of int
        Occupied cells of (x, condition) and (y, condition).
    """

    n: int
    value: float
    variance: float
    degrees: int
    cells: int
    possible: float
    bias: float
    smallest: float
    scarce: float
    williams: float
    levels: tuple[int, int, int]
    joint: tuple[int, int]
    conditional: bool


def plain_information(cells: Cells) -> float:
    """Return the plug-in information of (x, y) or (x, y, condition) as a mean ratio: never negative."""
    condition = (2,) if len(cells.sizes) == 3 else ()
    n_xz, xz = cells.marginal(0, *condition)
    n_yz, yz = cells.marginal(1, *condition)
    n_z, z = cells.marginal(*condition)
    return _mean_ratio(cells.counts * _log_ratio(cells.counts, n_z[z], n_xz[xz], n_yz[yz]), cells.n)


def _log_ratio(c: np.ndarray, n_z: np.ndarray, n_xz: np.ndarray, n_yz: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(c * n_z.astype(np.float64) / (n_xz.astype(np.float64) * n_yz)))


def _mean_ratio(weighted: np.ndarray, n: int) -> float:
    # sorted: the sum does not depend on the names of the labels
    return max(float(np.sort(weighted).sum()) / n, 0.0)


def dependence(cells: Cells) -> Dependence:
    """Summarise the occupied cells of (x, y) or (x, y, condition)."""
    from adami.estimators._kernels.tables import expected_counts

    n = cells.n
    conditional = len(cells.sizes) == 3
    condition = (2,) if conditional else ()
    c = cells.counts.astype(np.float64)
    n_xz, xz = cells.marginal(0, *condition)
    n_yz, yz = cells.marginal(1, *condition)
    n_z, z = cells.marginal(*condition)
    local = _log_ratio(cells.counts, n_z[z], n_xz[xz], n_yz[yz])
    value = _mean_ratio(c * local, n)
    variance = float(np.sort(c * (local - value) ** 2).sum()) / n

    z_of_x = np.empty(len(n_xz), dtype=np.int64)
    z_of_y = np.empty(len(n_yz), dtype=np.int64)
    z_of_x[xz], z_of_y[yz] = z, z
    rows, cols = np.bincount(z_of_x, minlength=len(n_z)), np.bincount(z_of_y, minlength=len(n_z))
    degrees = int(((rows - 1) * (cols - 1)).sum())
    empty_all, scarce, smallest = expected_counts(z_of_x, n_xz, z_of_y, n_yz, n_z)
    empty_occupied = float(np.exp(-n_xz[xz].astype(np.float64) * n_yz[yz] / n_z[z]).sum())
    # an occupied cell counts as one, an empty one as its chance to be empty
    possible = len(c) + max(empty_all - empty_occupied, 0.0)
    spread_x = np.bincount(z_of_x, weights=1.0 / n_xz, minlength=len(n_z)) * n_z - 1.0
    spread_y = np.bincount(z_of_y, weights=1.0 / n_yz, minlength=len(n_z)) * n_z - 1.0
    williams = 1.0 + float((spread_x * spread_y / (6.0 * n_z)).sum()) / max(degrees, 1)
    bias = (possible - len(n_xz) - len(n_yz) + len(n_z)) / (2 * n)
    return Dependence(
        n=n,
        value=value,
        variance=variance,
        degrees=degrees,
        cells=len(c),
        possible=possible,
        bias=bias * williams if bias > 0.0 else bias,
        smallest=smallest,
        scarce=scarce / max(float((rows * cols).sum()), 1.0),
        williams=williams,
        levels=(len(cells.marginal(0)[0]), len(cells.marginal(1)[0]), len(n_z)),
        joint=(len(n_xz), len(n_yz)),
        conditional=conditional,
    )


def is_sparse(found: Dependence) -> bool:
    """Whether there are too few rows for the cells that can occur."""
    return found.n < ROWS_PER_CELL * found.possible


def g_test(found: Dependence) -> float | None:
    """Return the chi-square p-value of independence, or None where its approximation is not sound.

    Cochran's rule: every expected count at least 1, at most a fifth of them under 5. The statistic is divided
    by Williams' correction.
    """
    if found.degrees == 0:
        return 1.0
    if found.smallest < 1.0 or found.scarce > 0.2:
        return None
    from scipy.special import chdtrc

    return float(chdtrc(found.degrees, 2.0 * found.n * found.value / found.williams))


def dependence_interval(found: Dependence, uncorrected: float, confidence: float) -> tuple[float, float]:
    """Return the interval of the true information.

    ``2n`` times the plug-in value is taken as noncentral chi-square whose noncentrality is ``2nI``; its
    first-order variance is scaled to that of the local log ratios, which differs from ``2I`` away from
    independence.

    Parameters
    ----------
    found : Dependence
    uncorrected : float
        The value with the second-order bias in it.
    confidence : float

    Returns
    -------
    low, high : float
        In nats, 0 at least.
    """
    n, tail = found.n, (1.0 - confidence) / 2.0
    degrees = 2.0 * n * found.bias
    if found.degrees == 0:
        return 0.0, 0.0
    if degrees < 1.0:
        from scipy.special import ndtri

        # a dependence with forbidden cells: the square term no longer looks like a chi-square
        error = np.sqrt(found.variance / n + abs(degrees) / (2.0 * n * n))
        centre, z = uncorrected - found.bias, float(ndtri(1.0 - tail))
        return max(centre - z * error, 0.0), max(centre + z * error, 0.0)
    statistic = max(2.0 * n * uncorrected, 0.0)
    ratio = found.variance / (2.0 * found.value) if found.value > 0.0 else 1.0
    low = _noncentrality(statistic, degrees, ratio, 1.0 - tail)
    high = _noncentrality(statistic, degrees, ratio, tail)
    return low / (2.0 * n), high / (2.0 * n)


def _noncentrality(statistic: float, degrees: float, ratio: float, level: float) -> float:
    """Return the noncentrality that puts the statistic at `level` of its distribution; 0 without one."""

    def below(noncentrality: float) -> float:
        return (
            _distribution(statistic - noncentrality * (1.0 - ratio), degrees, noncentrality * ratio) - level
        )

    if below(0.0) <= 0.0:
        return 0.0
    low, high = 0.0, 2.0 * (statistic + degrees) + 10.0
    while below(high) > 0.0:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        if below(middle) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _distribution(statistic: float, degrees: float, noncentrality: float) -> float:
    from scipy.special import chndtr, ndtr

    if noncentrality > LARGE_NONCENTRALITY:
        spread = np.sqrt(2.0 * (degrees + 2.0 * noncentrality))
        return float(ndtr((statistic - degrees - noncentrality) / spread))
    return float(chndtr(statistic, degrees, noncentrality)) if statistic > 0.0 else 0.0


def entropy_variance(counts: np.ndarray) -> float:
    """Return the variance of an entropy: delta method, and the square term that rules near uniform."""
    n = float(counts.sum())
    surprise = np.log(n / counts)
    plain = float((counts * surprise).sum()) / n
    spare = len(counts) - 1
    first = float((counts * (surprise - plain) ** 2).sum()) / n - spare / n
    return max(first, 0.0) / n + spare / (2.0 * n * n)


def null_tables(cells: Cells, count: int, random_state: Any) -> list[Cells]:
    """Draw tables with the margins of these cells as permuted rows would give them.

    Parameters
    ----------
    cells : Cells
        Of (x, y), or of (x, y, condition): rows are then permuted within each level of the condition.
    count : int
    random_state : int, numpy.random.Generator or None

    Returns
    -------
    list of Cells
    """
    from adami.estimators._kernels.contingency import Cells

    rng = np.random.default_rng(random_state)
    condition = (2,) if len(cells.sizes) == 3 else ()
    n_xz, xz = cells.marginal(0, *condition)
    n_yz, yz = cells.marginal(1, *condition)
    n_z, z = cells.marginal(*condition)
    of_x, of_y = _per_cell(cells, xz, z, 0), _per_cell(cells, yz, z, 1)
    level = np.zeros(len(n_z), dtype=np.int64)
    if condition:
        level[z] = cells.labels[2]
    sides = [
        (_by_size(np.flatnonzero(of_x[1] == j), n_xz), _by_size(np.flatnonzero(of_y[1] == j), n_yz), j)
        for j in range(len(n_z))
    ]
    # by size, so that what is drawn does not depend on the names of the labels, nor on their order
    sides.sort(key=lambda side: (n_xz[side[0]].tolist(), n_yz[side[1]].tolist()))
    out = []
    for _ in range(count):
        pieces: list[tuple[np.ndarray, ...]] = []
        for at_x, at_y, j in sides:
            rows, cols, counts = random_cells(n_xz[at_x], n_yz[at_y], rng)
            pieces.append((counts, of_x[0][at_x][rows], of_y[0][at_y][cols], np.full(len(rows), level[j])))
        counts, *labels = (np.concatenate(p) for p in zip(*pieces))
        out.append(Cells(counts, tuple(labels[: len(cells.sizes)]), cells.sizes))
    return out


def _by_size(where: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return where[np.argsort(-counts[where], kind="stable")]


def _per_cell(cells: Cells, number: np.ndarray, z: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    size = int(number.max()) + 1
    label, level = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    label[number], level[number] = cells.labels[axis], z
    return label, level


def random_cells(
    rows: np.ndarray, cols: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a table as randomly paired rows with these margins give it: places and counts of its cells."""
    if len(rows) * len(cols) > rows.sum():
        from adami.estimators._kernels.tables import count_cells

        # more cells than rows: pairing the rows is cheaper than drawing every cell
        a = rng.permutation(np.repeat(np.arange(len(rows)), rows))
        cells = count_cells((a, np.repeat(np.arange(len(cols)), cols)), (len(rows), len(cols)))
        return cells.labels[0], cells.labels[1], cells.counts
    left = cols.astype(np.int64)
    table = np.zeros((len(rows), len(cols)), dtype=np.int64)
    for i, total in enumerate(rows[:-1]):
        table[i] = rng.multivariate_hypergeometric(left, int(total), method="marginals")
        left = left - table[i]
    table[-1] = left
    where = np.nonzero(table)
    return where[0], where[1], table[where]
