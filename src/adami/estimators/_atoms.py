"""Columns with atoms (zero-inflated, clipped): information by the chain rule over atoms and the rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from adami.estimators._base import Measurement
from adami.result import Diagnostic
from adami.variables import Column, Variable, atoms, join

FREE = 0
"""Label of rows whose number is no atom."""
FEWEST_ROWS = 20
"""Rows from which a term of the chain is measured."""

Measure = Callable[[Variable, Variable], Measurement]


def splits(x: Variable, y: Variable) -> bool:
    """Tell whether the chain over atoms applies: single columns, at least one of them with an atom."""
    pure = all(len(v.columns) == 1 for v in (x, y))
    return pure and any(v.dim == 1 and len(atoms(v.numbers[:, 0])) > 0 for v in (x, y))


def over_atoms(x: Variable, y: Variable, measure: Measure) -> Measurement:
    """Measure I(X;Y) = I(A;B) + I(A;Y|B) + I(X;B|A) + I(X;Y|A,B), where A and B tell which atom a row holds.

    Given an atom a column is constant, so the last three terms live on the rows that are free of atoms:
    labels against numbers twice, and numbers against numbers. Every term is a plain one and starts at 0 for
    independent columns.

    Parameters
    ----------
    x, y : Variable
        One column each, a label or numbers.
    measure : callable
        Measures one term.
    """
    a, b = _atom_label(x), _atom_label(y)
    free_a = _free(x, a)
    free_b = _free(y, b)
    terms: list[tuple[str, np.ndarray, Variable, Variable]] = [("atoms", np.ones(x.n, dtype=bool), a, b)]
    if y.dim:
        terms.append((f"{a}, numbers of {y}", free_b, a, y))
    if x.dim:
        terms.append((f"numbers of {x}, {b}", free_a, x, b))
    if x.dim and y.dim:
        terms.append(("numbers", free_a & free_b, x, y))
    local, value, variance = np.zeros(x.n), 0.0, 0.0
    values: dict[str, float] = {}
    notes: list[Diagnostic] = []
    for name, rows, u, v in terms:
        picked = np.flatnonzero(rows)
        if _constant(u, picked) or _constant(v, picked):
            continue
        if len(picked) < FEWEST_ROWS:
            told = f"{len(picked)} rows are too few to measure the {name}; that term counts as 0"
            notes.append(Diagnostic("too_few_samples", told, "note", "low"))
            continue
        m = measure(_again(u, picked), _again(v, picked))
        values[name] = m.value * len(picked) / x.n
        value += values[name]
        local[picked] += m.value
        variance += ((m.standard_error or 0.0) * len(picked) / x.n) ** 2
        notes += m.diagnostics
    # how many rows are free varies too
    spread = float(local.var()) / x.n if math.isfinite(value) else 0.0
    details = {
        "candidates": values,
        "chosen": "chain_over_atoms",
        "reason": "a column has atoms: the chain rule over atoms and the numbers beside them",
    }
    return Measurement(
        value, math.sqrt(variance + spread), diagnostics=tuple(dict.fromkeys(notes)), details=details
    )


def _atom_label(v: Variable) -> Variable:
    """Return the label itself, or for numbers which atom a row holds (`FREE` where none)."""
    if not v.dim:
        return v
    numbers = v.numbers[:, 0]
    codes = np.full(v.n, FREE, dtype=np.int64)
    for i, value in enumerate(atoms(numbers)):
        codes[numbers == value] = FREE + 1 + i
    return join([Column(f"atoms of {v}", "discrete", codes, tuple(range(int(codes.max()) + 1)))])


def _free(v: Variable, label: Variable) -> np.ndarray:
    """Return the rows whose number is no atom; none for a label."""
    if not v.dim or label.codes is None:
        return np.zeros(v.n, dtype=bool)
    return np.asarray(label.codes == FREE)


def _constant(v: Variable, rows: np.ndarray) -> bool:
    values = v.columns[0].values[rows]
    return len(values) == 0 or bool((values == values[0]).all())


def _again(v: Variable, rows: np.ndarray) -> Variable:
    """Return the chosen rows as a variable without atoms, or with the labels that are left."""
    c = v.columns[0]
    values = c.values[rows]
    if c.kind != "discrete":
        return join([Column(c.name, "continuous", values)])
    left, codes = np.unique(values, return_inverse=True)
    return join([Column(c.name, "discrete", codes.astype(np.int64), tuple(range(len(left))))])
