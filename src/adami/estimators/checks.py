"""What could be wrong with the data or with the number, said in words, before and after a measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adami.estimators._perfect import label_dependence, number_dependence
from adami.result import Diagnostic
from adami.variables import TIES_SHARE, Column, Variable, has_atom

IDENTIFIER_SHARE = 0.95
"""Share of rows with a label of their own from which a label column counts as an identifier."""
IDENTIFIER_ROWS = 20
HEAVY_ROWS = 200
HEAVY_RATIO = 7.0
"""Range of the middle 99 % over the interquartile range: normal 3.8, t(5) 5.5, t(3) 7.6, t(2) 12."""
SCALE_RATIO = 1e6
CEILING_SHARE = 0.65
"""Share of ln n from which a neighbour count is likely to have saturated."""


class NumberFacts(NamedTuple):
    """What one pass over the sorted values of a number column shows."""

    constant: bool
    tied_share: float
    top_value: float
    top_share: float
    atom: bool
    consecutive: bool
    tail_ratio: float


def inspect(x: Variable, y: Variable | None = None, given: Variable | None = None) -> tuple[Diagnostic, ...]:
    """Look for what makes a measurement of these variables doubtful.

    Parameters
    ----------
    x : Variable
    y, given : Variable, optional

    Returns
    -------
    tuple of Diagnostic
        Flags ``constant``, ``ties``, ``atoms``, ``heavy_tails``, ``scale``, ``identifier``,
        ``too_few_samples`` and ``perfect_dependence``; each message names column, cause and way out.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.checks import inspect
    >>> from adami.variables import variable
    >>> rows = np.random.default_rng(0).normal(size=100)
    >>> [d.flag for d in inspect(variable(rows, "a"), variable(2 * rows + 1, "b"))]
    ['perfect_dependence']
    """
    slots = [v for v in (x, y, given) if v is not None]
    found: list[Diagnostic] = []
    for v in slots:
        for c in v.columns:
            found += _inspect_labels(c) if c.kind == "discrete" else _inspect_numbers(c)
        found += _inspect_scales(v)
    found += _inspect_size(slots)
    if y is not None and not any(is_constant(v) for v in (x, y)):
        found += number_dependence(x, y, given)
        if given is None and "identifier" not in {d.flag for d in found}:
            found += label_dependence(x, y)
    return tuple(dict.fromkeys(found))


def inspect_value(
    value: float, x: Variable, y: Variable | None = None, given: Variable | None = None
) -> tuple[Diagnostic, ...]:
    """Compare a measured value with what it cannot honestly exceed.

    Parameters
    ----------
    value : float
        Information between x and y, or entropy of x without y, in nats.
    x : Variable
    y, given : Variable, optional

    Returns
    -------
    tuple of Diagnostic
        ``above_entropy`` when an information exceeds the entropy of a label side; ``near_ceiling`` and
        ``above_log_n`` when it comes near or above the logarithm of the number of rows.

    References
    ----------
    McAllester and Stratos, "Formal limitations on the measurement of mutual information", 2020: no
    distribution-free method certifies more than about ln n from n rows.
    """
    if not math.isfinite(value):
        return ()
    log_n = math.log(max(x.n, 2))
    if y is None:
        if given is not None or x.kind != "discrete" or x.codes is None or x.n_levels < 2:
            return ()
        return entropy_near_ceiling(value, np.bincount(x.codes), str(x))
    found: list[Diagnostic] = []
    labelled = False
    for v in (x, y):
        if v.codes is not None and v.dim == 0:
            labelled = True
            found += above_entropy(value, np.bincount(v.codes), str(v))
    if labelled:
        return tuple(found)
    if value > log_n:
        found.append(
            Diagnostic(
                "above_log_n",
                f"{value:.4g} nats is more than ln n = {log_n:.4g}: {x.n} rows alone cannot show so much, "
                "so the number rests on the method's model; take it as 'very strongly dependent'",
                "warning",
                "unknown",
            )
        )
    elif value > CEILING_SHARE * log_n:
        found.append(
            Diagnostic(
                "near_ceiling",
                f"{value:.4g} nats is near ln n = {log_n:.4g}, the most that {x.n} rows can show: the truth "
                "may lie higher; use more rows, or method='lnc' for nearly functional relations",
                "warning",
                "low",
            )
        )
    return tuple(found)


def above_entropy(value: float, counts: np.ndarray, name: str) -> tuple[Diagnostic, ...]:
    """Say when an information exceeds the entropy of one side, given the number of rows of its labels."""
    entropy = _corrected_entropy(counts)
    if value <= entropy * (1 + 1e-9) + 1e-9:
        return ()
    return (
        Diagnostic(
            "above_entropy",
            f"{value:.4g} nats is more than the entropy of {name} ({entropy:.4g} nats), which "
            "information cannot exceed: collect more rows per label, or compare with "
            "method='auto'",
            "warning",
            "high",
        ),
    )


def entropy_near_ceiling(value: float, counts: np.ndarray, name: str) -> tuple[Diagnostic, ...]:
    """Say when many labels were seen only once, given the number of rows of each label."""
    n = int(counts.sum())
    singles = np.count_nonzero(counts == 1)
    if value <= CEILING_SHARE * math.log(max(n, 2)) or singles < 0.3 * n:
        return ()
    return (
        Diagnostic(
            "near_ceiling",
            f"{name}: {singles} of {n} rows hold a label seen only once, so labels not "
            "yet seen are likely and the entropy lies higher; collect more rows or merge rare labels",
            "warning",
            "low",
        ),
    )


def is_constant(v: Variable) -> bool:
    """Tell whether every row of a variable is the same."""
    if v.codes is not None and v.n_levels > 1 and v.codes.min() != v.codes.max():
        return False
    return v.dim == 0 or bool(np.all(v.numbers == v.numbers[0]))


def label_entropy(codes: np.ndarray) -> float:
    """Return the entropy of labels in nats, with Miller and Madow's correction: a ceiling with some slack."""
    return _corrected_entropy(np.bincount(codes))


def _corrected_entropy(counts: np.ndarray) -> float:
    counts = np.sort(counts[counts > 0])
    n = int(counts.sum())
    p = counts / n
    return float(-(p * np.log(p)).sum()) + (len(counts) - 1) / (2 * n)


def merged(common: Sequence[Diagnostic], own: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Join findings; where both raised a flag the method's own words stay, for it knows what it did."""
    flags = {d.flag for d in own}
    return list(dict.fromkeys([*own, *(d for d in common if d.flag not in flags)]))


# -- one column ------------------------------------------------------------------------------------


def _inspect_labels(c: Column) -> list[Diagnostic]:
    n = len(c.values)
    if len(c.levels) <= 1 or c.values.min() == c.values.max():
        return inspect_levels(c.name, 1, n)
    if len(c.levels) < IDENTIFIER_SHARE * n:
        return []
    return inspect_levels(c.name, int(np.count_nonzero(np.bincount(c.values))), n)


def inspect_levels(name: str, distinct: int, n: int) -> list[Diagnostic]:
    """Return what is wrong with a column of so many different labels in n rows."""
    if distinct == 1:
        return [_constant(name)]
    if distinct < IDENTIFIER_SHARE * n or n < IDENTIFIER_ROWS:
        return []
    return [
        Diagnostic(
            "identifier",
            f"column {name!r} has {distinct} different labels in {n} rows: it names the rows, and "
            "information with it is an artefact of the sample; leave it out",
            "warning",
            "high",
        )
    ]


def _inspect_numbers(c: Column) -> list[Diagnostic]:
    facts = number_facts(c.values)
    if facts.constant:
        return [_constant(c.name)]
    found: list[Diagnostic] = []
    n = len(c.values)
    if facts.atom:
        told = f"column {c.name!r}: {facts.top_share:.0%} of the rows hold the value {facts.top_value:g}"
        if c.kind == "mixed":
            found.append(
                Diagnostic("atoms", f"{told}; it is treated as a mixture of that value and a continuum")
            )
        else:
            found.append(
                Diagnostic(
                    "atoms",
                    f"{told}, yet it is taken as continuous; use kinds={{{c.name!r}: 'mixed'}}",
                    "warning",
                )
            )
    elif facts.tied_share > TIES_SHARE and c.kind == "continuous":
        found.append(
            Diagnostic(
                "ties",
                f"column {c.name!r}: {facts.tied_share:.0%} of the rows share their value with another, as "
                "rounded or counted numbers do; nearest neighbours suffer from it: use method='auto', which "
                f"spreads them, unrounded values, or kinds={{{c.name!r}: 'discrete'}} for a few levels",
                "warning" if facts.tied_share > 0.5 else "note",
                "unknown",
            )
        )
    if facts.consecutive:
        found.append(
            Diagnostic(
                "identifier",
                f"column {c.name!r} counts the rows (consecutive whole numbers, each once): information "
                "with it only tells that the other column drifts with the order of rows; leave it out "
                "unless the order is meant",
                "warning",
            )
        )
    if facts.tail_ratio > HEAVY_RATIO and n >= HEAVY_ROWS:
        found.append(
            Diagnostic(
                "heavy_tails",
                f"column {c.name!r} has heavy tails (middle 99 % is {facts.tail_ratio:.3g} times as wide as "
                "the middle half; 3.8 for a normal): methods on raw values lose accuracy; 'auto' and the "
                "copula methods use ranks",
            )
        )
    return found


def number_facts(values: np.ndarray) -> NumberFacts:
    """Return what one sort of a number column shows."""
    n = len(values)
    ordered = np.sort(values)
    if ordered[0] == ordered[-1]:
        return NumberFacts(True, 1.0, float(ordered[0]), 1.0, False, False, 0.0)
    steps = np.diff(ordered)
    if (steps > 0).all():
        tied_share, top_value, top_share, atom = 0.0, float(ordered[0]), 1 / n, False
    else:
        starts = np.concatenate(([0], np.flatnonzero(steps > 0) + 1))
        runs = np.diff(np.append(starts, n))
        largest = int(runs.argmax())
        tied_share = float(runs[runs > 1].sum()) / n
        top_value, top_share = float(ordered[starts[largest]]), float(runs[largest]) / n
        atom = has_atom(runs)
    consecutive = n >= IDENTIFIER_ROWS and bool((steps == 1.0).all())
    low, q1, q3, high = (ordered[min(n - 1, round(q * (n - 1)))] for q in (0.005, 0.25, 0.75, 0.995))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        ratio = float((high - low) / (q3 - q1)) if q3 > q1 else 0.0
    return NumberFacts(False, tied_share, top_value, top_share, atom, consecutive, ratio)


def _constant(name: str) -> Diagnostic:
    return Diagnostic("constant", f"column {name!r} holds one value only and tells nothing; leave it out")


# -- one variable, all variables -------------------------------------------------------------------


def _inspect_scales(v: Variable) -> list[Diagnostic]:
    if v.dim < 2:
        return []
    named = [c for c in v.columns if c.kind != "discrete"]
    spreads = {c.name: s for c, s in zip(named, _spreads(v.numbers)) if s > 0}
    if len(spreads) < 2 or max(spreads.values()) < SCALE_RATIO * min(spreads.values()):
        return []
    wide, narrow = max(spreads, key=spreads.__getitem__), min(spreads, key=spreads.__getitem__)
    return [
        Diagnostic(
            "scale",
            f"columns {wide!r} and {narrow!r} of one variable differ in spread by a factor of "
            f"{spreads[wide] / spreads[narrow]:.1g}; every column is brought to one scale before distances "
            "are taken",
        )
    ]


def _spreads(numbers: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(np.ptp(numbers, axis=0))


def _inspect_size(slots: list[Variable]) -> list[Diagnostic]:
    n, dim = slots[0].n, sum(v.dim for v in slots)
    if dim == 0:
        return []
    if n < 5 * dim or n < 20:
        return [
            Diagnostic(
                "too_few_samples",
                f"{n} rows for {dim} number column(s) are too few for a trustworthy value; use at least "
                f"{max(50, 10 * dim)} rows, or fewer columns",
                "warning",
                "unknown",
            )
        ]
    if len(slots) > 1 and n < 3**dim:
        return [
            Diagnostic(
                "too_few_samples",
                f"{n} rows leave {dim} dimensions sparsely filled: neighbour methods tell too little there; "
                "use fewer columns, more rows, or a method with a model (auto, gaussian_copula)",
                "note",
                "low",
            )
        ]
    return []
