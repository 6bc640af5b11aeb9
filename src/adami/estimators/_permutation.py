"""Permutation p-values: plain for two variables, local for conditional information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami._parallel import seeds, spread
from adami.estimators._base import Estimator
from adami.estimators._common import rank_transform
from adami.result import Diagnostic
from adami.variables import Variable, variable

NEIGHBOURS = 5
"""Size of the neighbourhood of the condition within which rows are exchanged (Runge 2018)."""
ROWS_PLANE, ROWS_SPACE = 10_000, 3_000
"""Most rows that carry a test: of up to three number columns, of more. Tables of labels need no limit."""

Shuffle = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A permutation test of independence, or of conditional independence.

    Parameters
    ----------
    p_value : float
        ``(1 + b) / (1 + B)``, b the number of permutations whose statistic is at least the observed one.
    statistic : float
        Observed value, in nats.
    null : numpy.ndarray
        Shape ``(B,)``: the values under permutation, in nats.
    n : int
        Rows that carried the test.
    diagnostics : tuple of Diagnostic
    """

    p_value: float
    statistic: float
    null: np.ndarray
    n: int
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return (
            f"PermutationTest(p={self.p_value:.3g}, statistic={self.statistic:.4f} nats, {len(self.null)} "
            f"permutations, n={self.n})"
        )


def permutation_test(
    estimator: str | Estimator,
    x: Any,
    y: Any,
    given: Any = None,
    *,
    permutations: int = 199,
    blocks: Any = None,
    max_rows: int | None = None,
    random_state: int | np.random.Generator | None = 0,
    n_jobs: int | None = 1,
) -> PermutationTest:
    """Test whether x and y are independent (given a condition) by permuting rows.

    Without a condition the rows of y are permuted. With one, the rows of x are exchanged among the nearest
    neighbours of the condition, each used once, so that x keeps its dependence on the condition; within equal
    labels when the condition is discrete.

    Parameters
    ----------
    estimator : str or Estimator
        Its statistic is compared; any estimator of information will do.
    x, y : array of shape (n,) or (n, d), list, series, frame, tensor or Variable
    given : same, optional
    permutations : int
        Number B of permutations; the smallest possible p-value is ``1 / (1 + B)``.
    blocks : sequence of labels, shape (n,), optional
        Rows are exchanged only within equal labels, for data in groups (several rows a patient, say).
    max_rows : int, optional
        At most so many rows, drawn at random, carry the test: valid, with less power. By default 10,000 with
        up to three number columns, 3,000 with more; tables of labels carry all rows.
    random_state : int, numpy.random.Generator or None
        Decides rows and permutations; the same for any `n_jobs`.
    n_jobs : int
        Number of threads; within ``joblib.parallel_config(backend=...)`` the workers of that backend.

    Returns
    -------
    PermutationTest

    References
    ----------
    Phipson and Smyth, "Permutation p-values should never be zero", 2010.
    Runge, "Conditional independence testing based on a nearest-neighbor estimator of conditional mutual
    information", AISTATS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.resampling import permutation_test
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 3, 200)
    >>> permutation_test("plugin", x, x % 2, permutations=99).p_value
    0.01
    """
    from adami.estimators.registry import get

    estimator = get(estimator)
    check_permutations(permutations, least=1)
    vx, vy = variable(x, "x"), variable(y, "y")
    vz = None if given is None else variable(given, "given")
    label = None if blocks is None else variable(blocks, "blocks", kinds="discrete").codes
    lengths = {v.n for v in (vx, vy, vz) if v is not None} | (set() if label is None else {len(label)})
    if len(lengths) > 1:
        raise ValueError(f"unequal numbers of rows: {sorted(lengths)}")
    if vz is not None and label is not None:
        raise ValueError("blocks= and given= do not go together; put the blocks into given as a label")
    rng, *generators = seeds(random_state, permutations + 1)
    if estimator.name == "auto" and all(v.kind == "discrete" for v in (vx, vy, vz) if v is not None):
        # tables of labels can be drawn without touching the rows, by a method for labels alone
        estimator = get("miller_madow")
    tables = getattr(estimator, "_null_statistics", None)
    if tables is not None and label is None:
        observed, null = estimator._statistic(vx, vy, vz), tables(vx, vy, vz, permutations, rng)
        return PermutationTest(p_value(observed, null), observed, null, vx.n)
    notes: tuple[Diagnostic, ...] = ()
    n, limit = vx.n, max_rows or _row_limit(vx, vy, vz)
    if n > limit:
        rows = np.sort(rng.choice(n, limit, replace=False))
        vx, vy = vx.take(rows), vy.take(rows)
        vz, label = None if vz is None else vz.take(rows), None if label is None else label[rows]
        notes = (_subsampled(limit, n),)
    observed = estimator._statistic(vx, vy, vz)
    shuffle = _plain(vx.n) if vz is None else local_shuffle(vz, rng)
    if label is not None:
        shuffle = within(label)

    null = np.array(spread(_Shuffled(estimator, (vx, vy, vz), shuffle), generators, n_jobs, fine=True))
    return PermutationTest(p_value(observed, null), observed, null, vx.n, notes)


class _Shuffled:
    """The statistic of shuffled rows; in another process what it prepares is prepared there."""

    def __init__(
        self, estimator: Estimator, slots: tuple[Variable, Variable, Variable | None], shuffle: Shuffle
    ) -> None:
        self.estimator, self.slots, self.shuffle = estimator, slots, shuffle
        self._after = estimator._shuffled_statistic(*slots)

    def __call__(self, generator: np.random.Generator) -> float:
        return self._after(self.shuffle(generator))

    def __reduce__(self) -> tuple[Any, ...]:
        return _Shuffled, (self.estimator, self.slots, self.shuffle)


def p_value(observed: float, null: np.ndarray) -> float:
    """Return (1 + b) / (1 + B); equal statistics count, also when the order of summation tells them apart."""
    slack = 1e-10 * max(1.0, abs(observed))
    return (1 + int(np.count_nonzero(null >= observed - slack))) / (1 + len(null))


def check_permutations(permutations: int, least: int = 0) -> None:
    """Raise unless the number of permutations is a whole number of at least `least`."""
    if (
        not isinstance(permutations, int | np.integer)
        or isinstance(permutations, bool)
        or permutations < least
    ):
        raise ValueError(
            f"permutations={permutations!r}: give a whole number of at least {least}, such as 199"
        )


def within(label: np.ndarray) -> Shuffle:
    """Return a shuffle that exchanges rows of equal labels only."""
    grouped = np.argsort(label, kind="stable")

    def shuffle(rng: np.random.Generator) -> np.ndarray:
        order = np.empty(len(label), dtype=np.intp)
        order[grouped] = np.lexsort((rng.random(len(label)), label))
        return order

    return shuffle


def local_shuffle(given: Variable, rng: np.random.Generator, k: int = NEIGHBOURS) -> Shuffle:
    """Return a shuffle that gives every row the place of one of its k nearest rows in `given`, each once.

    A random perfect matching of the neighbour graph is such a permutation; it exists since a row may keep its
    place. Columns are compared by ranks, so that neither units nor tails matter, and equal rows are told
    apart at random.
    """
    if given.dim == 0:
        return within(np.zeros(given.n, dtype=np.int64) if given.codes is None else given.codes)
    neighbours = _neighbours(given, rng, k)
    n, width = neighbours.shape

    def shuffle(rng: np.random.Generator) -> np.ndarray:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import maximum_bipartite_matching

        # the matching prefers early edges: rows, places and edges come in random order
        rows, places = rng.permutation(n), rng.permutation(n)
        edges = rng.permuted(places[neighbours[rows]], axis=1)
        graph = csr_matrix(
            (np.ones(n * width, dtype=np.int8), edges.ravel(), np.arange(0, n * width + 1, width))
        )
        matched = maximum_bipartite_matching(graph, perm_type="column")
        back = np.empty(n, dtype=np.intp)
        back[places] = np.arange(n)
        order = np.empty(n, dtype=np.intp)
        order[rows] = back[matched]
        return order

    return shuffle


def _neighbours(given: Variable, rng: np.random.Generator, k: int) -> np.ndarray:
    """Return for each row itself and its k nearest rows with the same label, shape (n, k + 1)."""
    from scipy.spatial import cKDTree

    ranks = rank_transform(given.numbers)
    points = np.column_stack([ranks, 1e-6 * rng.random(given.n) / given.n])
    label = np.zeros(given.n, dtype=np.int64) if given.codes is None else given.codes
    out = np.tile(np.arange(given.n)[:, None], (1, k + 1))
    for rows in _groups(label):
        if len(rows) < 2:
            continue
        near = cKDTree(points[rows]).query(points[rows], k=min(k + 1, len(rows)), p=np.inf)[1]
        out[rows, : near.shape[1]] = rows[near]
        # every row must be able to keep its place, or no perfect matching need exist
        lost = ~(near == np.arange(len(rows))[:, None]).any(axis=1)
        out[rows[lost], 0] = rows[lost]
    return out


def _groups(label: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    return np.split(order, cuts)


def _plain(n: int) -> Shuffle:
    return lambda rng: rng.permutation(n)


def _row_limit(*slots: Variable | None) -> int:
    dim = sum(v.dim for v in slots if v is not None)
    return ROWS_PLANE if dim <= 3 else ROWS_SPACE


def _subsampled(used: int, n: int) -> Diagnostic:
    return Diagnostic(
        "subsampled",
        f"the permutation test used {used:,} of {n:,} rows, drawn at random: its p-value is valid and has "
        "less power than all rows would give; raise max_rows of permutation_test for more",
    )
