"""What variables have in common as one variable: Gács and Körner's from inside, Wyner's from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact._arrays import as_numpy, floats, in_base, unit_name
from adami.exact._common_search import Model, least_model, trivial_models
from adami.exact._joint import Axes
from adami.exact.entropies import entropy
from adami.exact.pmf import as_pmf, check_cells
from adami.exact.systems import dual_total_correlation


@dataclass(frozen=True, slots=True)
class CommonVariable:
    """The finest variable that each of several variables determines by itself.

    Attributes
    ----------
    value : float
        Its entropy, the Gács-Körner common information.
    unit : str
    probabilities : numpy.ndarray, shape (n_common,)
        Its law.
    labels : tuple of numpy.ndarray of int
        For each variable (or group, in row-major order of its axes) the common symbol of each of its symbols;
        -1 where the symbol cannot happen.
    """

    value: float
    unit: str
    probabilities: np.ndarray
    labels: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class SeparatingVariable:
    """A variable given which several variables are independent, and the information it needs for that.

    Attributes
    ----------
    value : float
        ``I(variables; W)`` of the variable W described here, hence an upper bound of Wyner's common
        information whatever the search missed.
    lower : float
        The dual total correlation (for two variables mutual information), which is a lower bound.
    unit : str
    weights : numpy.ndarray, shape (n_symbols,)
        Law of W.
    laws : tuple of numpy.ndarray, shape (n_symbols, n_outcomes)
        Law of each variable (or group) given W.
    mismatch : float
        Largest difference between the table and the mixture of products that W stands for: the certificate
        that W is feasible, at most some rounding errors.
    trace : tuple of float
        The best value known after the trivial choices of W and after each start.
    """

    value: float
    lower: float
    unit: str
    weights: np.ndarray
    laws: tuple[np.ndarray, ...]
    mismatch: float
    trace: tuple[float, ...]


def gacs_korner_common_information(
    joint: Any, groups: Sequence[Axes] | None = None, *, base: float | None = None, allow_large: bool = False
) -> CommonVariable:
    """Return the largest entropy of a variable that each of the variables determines by itself.

    Two symbols share a common symbol when cells that can happen link them; no optimisation is needed.

    Parameters
    ----------
    joint : array, one axis a variable
        Joint probabilities. What counts is which cells are exactly zero.
    groups : sequence of int or tuple of int, optional
        The variables, or groups that count as one; every axis by default.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    allow_large : bool
        Whether tables of more than 2**20 cells are taken.

    Returns
    -------
    CommonVariable

    Raises
    ------
    ValueError
        If `joint` is not a law, or groups overlap or are out of range.

    References
    ----------
    P. Gács and J. Körner, "Common information is far less than mutual information", 1973.

    Examples
    --------
    >>> from adami.exact import gacs_korner_common_information
    >>> blocks = [[0.25, 0.25, 0.0], [0.0, 0.0, 0.5]]
    >>> found = gacs_korner_common_information(blocks, base=2)
    >>> found.value, found.labels[1].tolist()
    (1.0, [0, 0, 1])
    """
    table = _table(joint, groups, allow_large)
    labels, law = _common(table)
    return CommonVariable(float(entropy(law, base=base)), unit_name(base), law, labels)


def wyner_common_information(
    joint: Any,
    groups: Sequence[Axes] | None = None,
    *,
    base: float | None = None,
    symbols: int | None = None,
    restarts: int = 8,
    random_state: int | np.random.Generator | None = None,
    allow_large: bool = False,
) -> SeparatingVariable:
    """Search the least information ``I(variables; W)`` of a W given which the variables are independent.

    The problem splits exactly over the common symbols of Gács and Körner. In each part, an annealed
    alternating minimisation from random starts is followed by sequential quadratic programming, and the
    result is moved onto the constraints, so that the value returned always belongs to a W that is feasible.
    The problem is not convex: the value is an upper bound, which more starts may lower.

    Parameters
    ----------
    joint : array, one axis a variable
        Joint probabilities.
    groups : sequence of int or tuple of int, optional
        The variables, or groups that count as one; every axis by default.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    symbols : int, optional
        Symbols of W to begin with in each part; by default the sum of the variables' alphabets, or the number
        of cells where that is less, which always suffices.
    restarts : int
        Random starts for each part.
    random_state : int, numpy.random.Generator or None
        Seed of the starts.
    allow_large : bool
        Whether tables of more than 2**20 cells are taken.

    Returns
    -------
    SeparatingVariable

    Raises
    ------
    ValueError
        If `joint` is not a law, groups overlap or are out of range, or `symbols` or `restarts` is too small.

    References
    ----------
    A. D. Wyner, "The common information of two dependent random variables", 1975.

    Examples
    --------
    >>> from adami.exact import wyner_common_information
    >>> found = wyner_common_information([[0.45, 0.05], [0.05, 0.45]], base=2, random_state=0)
    >>> round(found.value, 4), found.mismatch < 1e-12
    (0.8728, True)
    """
    if symbols is not None and symbols < 1:
        raise ValueError(f"symbols={symbols}: the separating variable needs at least one symbol")
    if restarts < 0:
        raise ValueError(f"restarts={restarts}: give 0 or more random starts")
    table = _table(joint, groups, allow_large)
    if table.ndim < 2:
        raise ValueError("a separating variable is for at least two variables")
    rng = np.random.default_rng(random_state)
    labels, law = _common(table)
    trace = np.full(restarts + 1, float(entropy(law, check=False)))
    weights: list[np.ndarray] = []
    laws: list[list[np.ndarray]] = [[] for _ in labels]
    for symbol, mass in enumerate(law):
        members = [np.flatnonzero(label == symbol) for label in labels]
        part = table[np.ix_(*members)] / mass
        model, steps = _part(part / part.sum(), symbols, restarts, rng)
        trace += mass * np.array(steps)
        weights.append(mass * model.weights)
        for whole, small, member, size in zip(laws, model.laws, members, table.shape):
            wide = np.zeros((len(small), size))
            wide[:, member] = small
            whole.append(wide)
    weight, kernels = np.concatenate(weights), tuple(np.concatenate(x) for x in laws)
    model = Model(weight / weight.sum(), kernels)
    # the two agree up to rounding where the search is exact; an upper bound may not lie below a lower one
    lower = max(float(dual_total_correlation(table, check=False)), 0.0)
    value = max(model.information(), lower)
    return SeparatingVariable(
        value=float(in_base(value, base)),
        lower=float(in_base(lower, base)),
        unit=unit_name(base),
        weights=model.weights,
        laws=model.laws,
        mismatch=float(np.max(np.abs(model.mixture() - table))),
        trace=tuple(in_base(trace, base).tolist()),
    )


def _part(
    table: np.ndarray, symbols: int | None, restarts: int, rng: np.random.Generator
) -> tuple[Model, list[float]]:
    """Return the best model of a table that does not split, and the best value after each start."""
    best = min(trivial_models(table), key=Model.information)
    steps = [best.information()]
    lower = float(dual_total_correlation(table, check=False))
    count = symbols or min(int((table > 0).sum()), sum(table.shape))
    for _ in range(restarts):
        if best.information() > lower + 1e-12:
            found = least_model(table, count, rng)
            if found.information() < best.information():
                best = found
        steps.append(best.information())
    return best, steps


def _common(table: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Return the common symbol of every symbol of every variable, and the law of the common variable."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    cells = np.nonzero(table > 0)
    offsets = np.cumsum([0, *table.shape])
    nodes = np.concatenate([c + o for c, o in zip(cells[1:], offsets[1:])] or [cells[0]])
    first = np.tile(cells[0], max(table.ndim - 1, 1))
    links = coo_array((np.ones(len(first)), (first, nodes)), shape=(offsets[-1],) * 2)
    _, component = connected_components(links, directed=False)
    used = np.unique(component[cells[0]], return_index=True)
    # numbered as they first appear among the symbols of the first variable
    names = used[0][np.argsort([np.flatnonzero(component[: table.shape[0]] == c)[0] for c in used[0]])]
    number = np.full(int(component.max()) + 1, -1)
    number[names] = np.arange(len(names))
    labels = tuple(number[component[o : o + n]] for o, n in zip(offsets, table.shape))
    law = np.bincount(labels[0][cells[0]], weights=table[cells], minlength=len(names))
    return labels, law / law.sum()


def _table(joint: Any, groups: Sequence[Axes] | None, allow_large: bool) -> np.ndarray:
    """Return a NumPy table with one axis a group."""
    from adami.exact.informations import marginal

    _, array = floats(joint, name="joint")
    p = np.asarray(as_pmf(as_numpy(array), name="joint"), dtype=float)
    check_cells(p.size, allow_large)
    if groups is None:
        return p
    parts = [(g,) if isinstance(g, int | np.integer) else tuple(g) for g in groups]
    if not parts or not all(parts):
        raise ValueError("name at least one group of at least one variable each")
    small = marginal(p, tuple(int(a) for part in parts for a in part), check=False)
    sizes, at = [], 0
    for part in parts:
        sizes.append(int(np.prod(small.shape[at : at + len(part)])))
        at += len(part)
    return np.asarray(small.reshape(sizes))
