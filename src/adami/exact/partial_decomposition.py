"""Partial information decomposition: what sources tell about a target in common, alone and only together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import as_numpy, floats, in_base, unit_name
from adami.exact._redundancy_lattice import Node, Part, covers, label, moebius, nodes_of
from adami.exact.pmf import as_pmf, check_cells

Axes = int | tuple[int, ...]
Measure = Literal["broja", "imin", "ccs", "dep"]
MOST_SOURCES = {"broja": 2, "dep": 2, "ccs": 3, "imin": 4}


@dataclass(frozen=True, slots=True)
class PartialInformation:
    """Atoms of the information that sources hold about a target.

    Attributes
    ----------
    measure : str
        The measure of redundancy.
    sources : tuple of tuple of int
        Axes of each source.
    target : tuple of int
        Axes of the target.
    nodes : tuple
        The redundancy lattice from bottom to top. A node is a tuple of parts, a part a tuple of numbers of
        sources: ``((0,), (1,))`` is what both tell, ``((0, 1),)`` what they tell together.
    redundancies : tuple of float
        What all parts of each node tell about the target.
    atoms : tuple of float
        What of it no node below tells (Möbius inversion).
    unit : str
        Unit of all values.
    gap : float
        How far the optimum can lie below the value found, a proven bound; 0 where nothing was optimised.
    """

    measure: str
    sources: tuple[Part, ...]
    target: Part
    nodes: tuple[Node, ...]
    redundancies: tuple[float, ...]
    atoms: tuple[float, ...]
    unit: str
    gap: float = 0.0

    @property
    def total(self) -> float:
        """Information of all sources together about the target, the sum of the atoms."""
        return self.redundancies[-1]

    @property
    def redundant(self) -> float:
        """What every source tells by itself."""
        return self.atoms[0]

    @property
    def unique(self) -> tuple[float, ...]:
        """What only this source tells and the other does not; for two sources."""
        self._two("unique")
        return self.atom(((0,),)), self.atom(((1,),))

    @property
    def synergistic(self) -> float:
        """What the two sources tell only together."""
        self._two("synergistic")
        return self.atoms[-1]

    @property
    def labels(self) -> tuple[str, ...]:
        """The nodes as they are written in papers, such as ``{0}{1}`` and ``{01}``."""
        return tuple(label(node) for node in self.nodes)

    @property
    def edges(self) -> tuple[tuple[Node, Node], ...]:
        """Pairs of a node and one right above it, for drawing the lattice."""
        return tuple(covers(len(self.sources)))

    def atom(self, node: Node | str) -> float:
        """Return the atom of a node, given as a tuple of parts or as its label."""
        return self.atoms[self._find(node)]

    def redundancy(self, node: Node | str) -> float:
        """Return the redundancy of a node, given as a tuple of parts or as its label."""
        return self.redundancies[self._find(node)]

    def _find(self, node: Node | str) -> int:
        if isinstance(node, str):
            names: Sequence[Any] = self.labels
            wanted: Any = node
        else:
            names = self.nodes
            wanted = tuple(sorted((tuple(sorted(part)) for part in node), key=lambda p: (len(p), p)))
        if wanted not in names:
            raise ValueError(f"{node!r} is no node of the lattice: it has {', '.join(self.labels)}")
        return list(names).index(wanted)

    def _two(self, what: str) -> None:
        if len(self.sources) != 2:
            raise ValueError(
                f"'{what}' is a name for two sources, but there are {len(self.sources)}: ask for the atom "
                "of a node, as in atom('{01}{2}')"
            )


def partial_information(
    joint: Any,
    sources: Sequence[Axes] | None = None,
    target: Axes = -1,
    *,
    measure: Measure = "broja",
    base: float | None = None,
    allow_large: bool = False,
) -> PartialInformation:
    """Split the information of several sources about a target into atoms.

    Parameters
    ----------
    joint : array, one axis a variable
        Joint probabilities.
    sources : sequence of int or tuple of int, optional
        Axes of each source; by default every axis that is not of the target is a source.
    target : int or tuple of int
        Axes of the target, the last by default.
    measure : {"broja", "imin", "ccs", "dep"}
        What counts as redundant:

        - "broja", two sources: unique is what stays necessary under the least informative joint law with
          the same law of each source and the target (Bertschinger, Rauh, Olbrich, Jost and Ay). Atoms are
          not negative. Solved as an exponential-cone program with clarabel, with a proven gap.
        - "imin", two to four sources: the least specific information about each symbol of the target
          (Williams and Beer). Atoms are not negative; it also calls redundant what are different bits.
        - "ccs", two or three sources: the change in surprisal that the sources have in common (Ince), under
          the law of largest entropy with their joint law and each one's law with the target. Atoms may be
          negative.
        - "dep", two sources: unique is the least that adding the dependency of source and target brings
          (James, Emenheiser and Crutchfield).
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    allow_large : bool
        Whether tables of more than 2**20 cells are taken.

    Returns
    -------
    PartialInformation

    Raises
    ------
    ValueError
        If `joint` is not a law, axes overlap or are out of range, or the measure is not defined for so many
        sources.

    Notes
    -----
    Every measure keeps the consistency equations: redundant and unique atoms of a source sum to its own
    information about the target, and all atoms to that of all sources together.

    References
    ----------
    P. L. Williams and R. D. Beer, "Nonnegative decomposition of multivariate information", 2010.
    N. Bertschinger, J. Rauh, E. Olbrich, J. Jost and N. Ay, "Quantifying unique information", 2014.
    A. Makkeh, D. O. Theis and R. Vicente, "BROJA-2PID: a robust estimator for bivariate partial information
    decomposition", 2018.
    R. A. A. Ince, "Measuring multivariate redundant information with pointwise common change in surprisal",
    2017.
    R. G. James, J. Emenheiser and J. P. Crutchfield, "Unique information via dependency constraints", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import partial_information
    >>> both = np.zeros((2, 2, 2))
    >>> for x in (0, 1):
    ...     for y in (0, 1):
    ...         both[x, y, x & y] = 0.25
    >>> found = partial_information(both, base=2)
    >>> round(found.redundant, 4), round(found.synergistic, 4)
    (0.3113, 0.5)
    >>> round(partial_information(both, measure="ccs", base=2).redundant, 4)
    0.1038
    """
    if measure not in MOST_SOURCES:
        raise ValueError(f"measure={measure!r}: there are {', '.join(sorted(MOST_SOURCES))}")
    table, parts, aim = grouped_table(joint, sources, target, allow_large)
    most = MOST_SOURCES[measure]
    if not 2 <= len(parts) <= most:
        others = [m for m, k in sorted(MOST_SOURCES.items()) if k >= len(parts) >= 2]
        way = f"; {' and '.join(others)} can" if others else "; group axes as tuples to have fewer"
        asked = "two sources" if most == 2 else f"two to {most} sources"
        raise ValueError(f"measure {measure!r} is for {asked}, not {len(parts)}{way}")
    nodes = nodes_of(len(parts))
    redundancies, gap = _measures()[measure](table, nodes)
    atoms = moebius(redundancies, len(parts))
    return PartialInformation(
        measure=measure,
        sources=parts,
        target=aim,
        nodes=nodes,
        redundancies=tuple(in_base(redundancies, base).tolist()),
        atoms=tuple(in_base(atoms, base).tolist()),
        unit=unit_name(base),
        gap=float(in_base(gap, base)),
    )


def grouped_table(
    joint: Any, sources: Sequence[Axes] | None, target: Axes, allow_large: bool
) -> tuple[np.ndarray, tuple[Part, ...], Part]:
    """Return the table with one axis a source and the target last, without symbols that cannot happen."""
    _, array = floats(joint, name="joint")
    p = np.asarray(as_pmf(as_numpy(array), name="joint"), dtype=float)
    check_cells(p.size, allow_large)
    aim = _axes(target, p.ndim)
    given = [a for a in range(p.ndim) if a not in aim] if sources is None else list(sources)
    parts = tuple(_axes(s, p.ndim) for s in given)
    every = [a for part in (*parts, aim) for a in part]
    if len(set(every)) < len(every):
        twice = next(a for a in every if every.count(a) > 1)
        raise ValueError(f"axis {twice} is named twice: sources and target may not overlap")
    rest = tuple(a for a in range(p.ndim) if a not in every)
    kept = p.sum(axis=rest)
    order = [sorted(every).index(a) for a in every]
    sizes = [int(np.prod([p.shape[a] for a in part])) for part in (*parts, aim)]
    table = kept.transpose(order).reshape(sizes)
    for axis in range(table.ndim):
        sums = table.sum(axis=tuple(a for a in range(table.ndim) if a != axis))
        if not sums.all():
            table = np.compress(sums > 0, table, axis=axis)
    return table, parts, aim


def _axes(group: Axes, ndim: int) -> Part:
    asked = (group,) if isinstance(group, int | np.integer) else tuple(group)
    if not asked:
        raise ValueError("every source and the target need at least one axis")
    for a in asked:
        if not -ndim <= a < ndim:
            raise ValueError(f"axis {a} is out of range: joint has {ndim} variables")
    return tuple(int(a) % ndim for a in asked)


def _measures() -> dict[str, Callable[[np.ndarray, tuple[Node, ...]], tuple[np.ndarray, float]]]:
    from adami.exact._pid_broja import broja_redundancies
    from adami.exact._pid_ccs import ccs_redundancies, dep_redundancies
    from adami.exact._pid_imin import imin_redundancies

    return {
        "broja": broja_redundancies,
        "imin": lambda table, nodes: (imin_redundancies(table, nodes), 0.0),
        "ccs": lambda table, nodes: (ccs_redundancies(table, nodes), 0.0),
        "dep": lambda table, nodes: (dep_redundancies(table, nodes), 0.0),
    }
