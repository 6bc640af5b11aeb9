"""Whether a law can attain the bound of factorized mutual information, and one that does.

The bound is attained just if, in every margin, the other variables are uniform functions of the one with the
largest alphabet. Connected sets of margins can be looked at one by one.
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd, lcm, prod
from typing import NamedTuple

import numpy as np

from adami.exact._margins import Margins, margin_components
from adami.exact.pmf import check_cells

LARGEST_PROGRAM = 4096
"""Cells of a connected set of variables up to which a mixed-integer program is asked."""
MOST_NODES = 1000
"""Branches that it may look at: a count and not a time, so that the answer does not depend on the machine."""


class Attained(NamedTuple):
    """Answer, a law of all variables if the answer is yes, and what decided it."""

    answer: bool | None
    law: np.ndarray | None
    reason: str


def comonotone_table(sizes: tuple[int, ...]) -> np.ndarray:
    """Return the joint law of uniform variables that are all rounded from one uniform number.

    For two variables it has the fewest cells that uniform margins allow, ``n1 + n2 - gcd(n1, n2)``.
    """
    unit = lcm(*sizes)
    cuts = sorted({unit // n * k for n in sizes for k in range(n)} | {unit})
    table = np.zeros(sizes)
    for low, high in pairwise(cuts):
        table[tuple(low * n // unit for n in sizes)] = (high - low) / unit
    return table


def attained(sizes: tuple[int, ...], margins: Margins) -> Attained:
    """Decide whether the bound is attained; the answer is None where that takes too long."""
    check_cells(prod(sizes))
    components = margin_components(margins)
    answers = []
    for component in components:
        place = {axis: i for i, axis in enumerate(component)}
        inside = tuple(tuple(place[i] for i in m) for m in margins if m[0] in place)
        answers.append(_connected(tuple(sizes[i] for i in component), inside))
    reason = "; ".join(dict.fromkeys(a.reason for a in answers))
    if any(a.answer is False for a in answers):
        return Attained(False, None, "; ".join(a.reason for a in answers if a.answer is False))
    if any(a.answer is None for a in answers):
        return Attained(None, None, reason)
    free = tuple(i for i in range(len(sizes)) if not any(i in c for c in components))
    law = np.ones(())
    laws = [a.law for a in answers if a.law is not None]
    for table in (*laws, *(np.full(sizes[i], 1 / sizes[i]) for i in free)):
        law = np.multiply.outer(law, table)
    order = [i for c in components for i in c] + list(free)
    return Attained(True, np.transpose(law, np.argsort(order)), reason)


def functions_needed(sizes: tuple[int, ...], margins: Margins) -> list[tuple[int, int]]:
    """Return the pairs (variable, variable it has to be a uniform function of)."""
    needed = []
    for margin in margins:
        largest = max(margin, key=lambda i: (sizes[i], -i))
        needed += [(i, largest) for i in margin if i != largest]
    return list(dict.fromkeys(needed))


def _connected(sizes: tuple[int, ...], margins: Margins) -> Attained:
    ascending = sorted(sizes)
    if all(high % low == 0 for low, high in pairwise(ascending)):
        return Attained(True, comonotone_table(sizes), "each alphabet divides the next")
    if len(margins) == 1 and len(sizes) <= 3:
        return _single(sizes)
    functions = functions_needed(sizes, margins)
    obstacle = _obstacle(sizes, functions)
    if obstacle:
        return Attained(False, None, obstacle)
    if prod(sizes) > LARGEST_PROGRAM:
        return Attained(None, None, f"undecided: more than {LARGEST_PROGRAM} cells are connected")
    return _program(sizes, functions)


def _obstacle(sizes: tuple[int, ...], functions: list[tuple[int, int]]) -> str:
    """Say which of the functions cannot be, looking at one or two of them at a time."""
    uniform = {i for i, _ in functions}
    for i, f in functions:
        if f in uniform and sizes[f] % sizes[i]:
            return f"a uniform variable of {sizes[f]} symbols has no uniform function of {sizes[i]}"
        for j, g in functions:
            needed = sizes[i] + sizes[j] - gcd(sizes[i], sizes[j])
            if g == f and sizes[f] < needed:
                return _too_few(needed, sizes[f])
    return ""


def _too_few(needed: int, have: int) -> str:
    return f"two variables of a margin need {needed} symbols of the largest, which has {have}"


def _single(sizes: tuple[int, ...]) -> Attained:
    """Decide for one margin of two or three variables: enough symbols for the smallest table of the rest."""
    largest = max(range(len(sizes)), key=lambda i: (sizes[i], -i))
    rest = tuple(n for i, n in enumerate(sizes) if i != largest)
    needed = rest[0] if len(rest) == 1 else sum(rest) - gcd(*rest)
    have = sizes[largest]
    if have < needed:
        return Attained(False, None, _too_few(needed, have))
    small = comonotone_table(rest)
    cells = np.argwhere(small > 0)
    law = np.zeros(sizes)
    for symbol in range(have):
        cell = cells[min(symbol, needed - 1)]
        # symbols that are not needed share the last cell
        shared = have - needed + 1 if symbol >= needed - 1 else 1
        law[tuple(np.insert(cell, largest, symbol))] = small[tuple(cell)] / shared
    return Attained(True, law, f"the largest variable of a margin needs {needed} symbols and has {have}")


def _program(sizes: tuple[int, ...], functions: list[tuple[int, int]]) -> Attained:
    """Decide by a mixed-integer program: masses of the cells, and the graphs of the functions as bits."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import csr_array

    cells = prod(sizes)
    symbols = np.indices(sizes).reshape(len(sizes), cells)
    # in units in which uniform masses are whole numbers, so that a solver's tolerance decides nothing
    unit = lcm(*sizes)
    starts = np.cumsum([cells, *(sizes[f] * sizes[i] for i, f in functions)])
    n = int(starts[-1])
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    low: list[float] = []
    high: list[float] = []

    def add(places: np.ndarray, factors: np.ndarray, least: float, most: float) -> None:
        rows.extend([len(low)] * places.size)
        columns.extend(places.tolist())
        values.extend(factors.tolist())
        low.append(least)
        high.append(most)

    for i in sorted({i for i, _ in functions}):
        for s in range(sizes[i]):
            inside = np.flatnonzero(symbols[i] == s)
            add(inside, np.ones(inside.size), unit / sizes[i], unit / sizes[i])
    for (i, f), start in zip(functions, starts.tolist()):
        for t in range(sizes[f]):
            bits = start + t * sizes[i] + np.arange(sizes[i])
            add(bits, np.ones(bits.size), 1.0, 1.0)
            for s in range(sizes[i]):
                inside = np.flatnonzero((symbols[i] == s) & (symbols[f] == t))
                places, factors = np.append(inside, bits[s]), np.ones(inside.size + 1)
                factors[-1] = -unit / sizes[i]
                add(places, factors, -np.inf, 0.0)
    matrix = csr_array((values, (rows, columns)), shape=(len(low), n))
    top = np.concatenate([np.full(cells, float(unit)), np.ones(n - cells)])
    whole = np.concatenate([np.zeros(cells), np.ones(n - cells)])
    # a fixed objective: any law will do
    found = milp(
        np.zeros(n),
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(0, top),
        integrality=whole,
        options={"node_limit": MOST_NODES},
    )
    if found.status == 2:
        return Attained(False, None, "a mixed-integer program finds no law that attains the bound")
    if found.x is None:
        return Attained(None, None, f"undecided after {MOST_NODES} branches of a mixed-integer program")
    # with the functions fixed the masses are those of a linear program, exact to rounding
    top[cells:] = bits_set = np.round(found.x[cells:])
    fixed = np.concatenate([np.zeros(cells), bits_set])
    equal = np.isfinite(low)
    exact = linprog(
        np.zeros(n),
        A_ub=matrix[~equal],
        b_ub=np.array(high)[~equal],
        A_eq=matrix[equal],
        b_eq=np.array(high)[equal],
        bounds=np.column_stack([fixed, top]),
    )
    if exact.x is None:
        return Attained(None, None, f"undecided: the linear program ended with {exact.message!r}")
    law = np.maximum(exact.x[:cells], 0.0).reshape(sizes)
    return Attained(True, law / law.sum(), "a mixed-integer program found a law that attains the bound")
