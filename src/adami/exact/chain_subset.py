"""Which coordinates of a multivariate Markov chain: entropy rates and distances of projected chains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import reduce
from math import prod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from adami.exact._arrays import in_base, unit_name
from adami.exact._edge_marginals import EdgeMarginals
from adami.exact.entropies import entropy
from adami.exact.greedy import Scheme, Selection, greedy_max
from adami.exact.kernels import closed_classes, edge_measure, stationary
from adami.exact.pmf import as_kernel, as_pmf, check_cells

Objective = Literal["entropy_rate", "factorizability", "independence", "stationarity", "fixed"]
Goal = Literal["max", "drop"]
Coordinates = Iterable[int]
SUBMODULAR = {("entropy_rate", "max"), ("factorizability", "max"), ("independence", "drop")}
SUBMODULAR |= {("stationarity", "drop")}
INCREASING = {("independence", "max"), ("stationarity", "max"), ("fixed", "max")}
INCREASING |= {("independence", "drop"), ("stationarity", "drop")}


class MultiChain:
    """A stationary Markov chain whose states have coordinates, and what each set of them keeps of it.

    The chain kept in S moves by ``P^(S)(x_S, y_S)``, the law of the next ``y_S`` given ``x_S`` at
    stationarity; the distances are Kullback-Leibler divergences per step, ``sum pi P log(P / K)``.

    Parameters
    ----------
    P : array, shape (n_states, n_states)
        Transition probabilities, a law in each row. The states are in row-major order of the coordinates.
    dims : sequence of int
        Number of values of each coordinate; their product is n_states.
    pi : array, shape (n_states,), optional
        The stationary law; found by default.
    base : float, optional
        Base of the logarithms; nats by default.
    allow_large : bool
        Whether a chain of more than 2**20 transitions is let in.

    Attributes
    ----------
    dims, base, pi, unit
        As given; the stationary law; the unit of all values.
    is_product : bool
        Whether the coordinates are independent at stationarity. The guarantees of greedy selection need it.

    Raises
    ------
    ValueError
        If `P` is not a kernel, its size is not the product of `dims`, `pi` is not stationary, or the chain
        has several closed classes. States that are left for good are let in: they have no mass.

    References
    ----------
    "Information-theoretic subset selection of multivariate Markov chains via submodular optimization", paper
    34 of adami's register.

    Examples
    --------
    A bit that copies itself with noise, beside a fair coin:

    >>> import numpy as np
    >>> from adami.exact import MultiChain
    >>> noisy = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> chain = MultiChain(np.kron(noisy, np.full((2, 2), 0.5)), (2, 2))
    >>> chain.is_product, round(chain.entropy_rate([0]), 4), round(chain.entropy_rate([1]), 4)
    (True, 0.3251, 0.6931)
    >>> round(abs(chain.factorizability([0])), 9), round(chain.stationarity([0, 1]), 4)
    (0.0, 0.3681)
    """

    def __init__(
        self,
        P: Any,
        dims: Sequence[int],
        pi: Any = None,
        *,
        base: float | None = None,
        allow_large: bool = False,
    ) -> None:
        kernel = np.asarray(as_kernel(np.asarray(P), name="P"))
        self.dims = tuple(int(n) for n in dims)
        n = kernel.shape[0]
        if kernel.shape != (n, n) or not self.dims or min(self.dims) < 1 or prod(self.dims) != n:
            raise ValueError(
                f"P has shape {kernel.shape}, but coordinates of {self.dims} values make {prod(self.dims)} "
                "states: P is square, of the product of dims"
            )
        check_cells(n * n, allow_large, what="the chain")
        classes = closed_classes(kernel)
        if len(classes) > 1:
            shown = " and ".join(str(c[:3].tolist()) for c in classes[:2])
            raise ValueError(
                f"P is reducible: {len(classes)} closed classes (states {shown} never meet); "
                "split the chain or join the classes"
            )
        law = stationary(kernel) if pi is None else as_pmf(np.asarray(pi), name="pi")
        edges = np.asarray(edge_measure(kernel, law))
        self.pi: NDArray[np.float64] = np.asarray(law)
        self.base, self.unit = base, unit_name(base)
        self._every = frozenset(range(len(self.dims)))
        self._marginals = EdgeMarginals(edges, self.dims)
        self._rates: dict[frozenset[int], float] = {}
        self._state_entropies: dict[frozenset[int], float] = {}
        self.is_product = self._is_product()

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates."""
        return len(self.dims)

    def edges(self, S: Coordinates) -> NDArray[np.float64]:
        """Return the law of ``(x_S, y_S)`` at stationarity, shape (n_states_S, n_states_S)."""
        return self._marginals(self._set(S)).copy()

    def kernel(self, S: Coordinates) -> NDArray[np.float64]:
        """Return ``P^(S)``; from what cannot happen it goes to the stationary law of S.

        Parameters
        ----------
        S : iterable of int
            Coordinates, in increasing order in the kernel.

        Returns
        -------
        numpy.ndarray, shape (n_states_S, n_states_S)
        """
        table = self._marginals(self._set(S))
        law = table.sum(axis=1, keepdims=True)
        seen = law > 0
        return np.asarray(np.where(seen, table / np.where(seen, law, 1.0), law.T))

    def entropy_rate(self, S: Coordinates) -> float:
        """Return ``H(P^(S))``, 0 for no coordinate."""
        return self._value(self._rate(self._set(S)))

    def factorizability(self, S: Coordinates) -> float:
        """Return the distance of the chain from S and the others moving on their own."""
        return self.group_factorizability([S])

    def independence(self, S: Coordinates) -> float:
        """Return the distance of the chain kept in S from all its coordinates moving on their own."""
        kept = self._set(S)
        return self._value(sum(self._rate(frozenset([e])) for e in kept) - self._rate(kept))

    def stationarity(self, S: Coordinates) -> float:
        """Return the distance of the chain kept in S from drawing every state anew."""
        kept = self._set(S)
        rate = self._rate(kept)
        return self._value(self._state_entropies[kept] - rate)

    def fixed_factorizability(self, S: Coordinates, fixed: Coordinates) -> float:
        """Return the distance of the chain kept in `S` and `fixed` from the two moving on their own."""
        kept, base = self._disjoint([S, fixed])
        return self._value(self._rate(kept) + self._rate(base) - self._rate(kept | base))

    def group_factorizability(self, groups: Sequence[Coordinates]) -> float:
        """Return the distance of the chain from all groups, and the coordinates left, moving on their own."""
        parts = self._disjoint(groups)
        rest = self._every - frozenset().union(*parts)
        return self._value(sum(map(self._rate, [*parts, rest])) - self._rate(self._every))

    def group_entropy_rate(self, groups: Sequence[Coordinates]) -> float:
        """Return the sum of the entropy rates of the chains kept in the groups."""
        return self._value(sum(map(self._rate, self._disjoint(groups))))

    def _rate(self, subset: frozenset[int]) -> float:
        if not subset:
            # the one state of no coordinate has a mass of 1 only up to rounding
            self._state_entropies[subset] = self._rates[subset] = 0.0
        if subset not in self._rates:
            table = self._marginals(subset)
            here = float(entropy(table.sum(axis=1), check=False))
            self._state_entropies[subset] = here
            self._rates[subset] = float(entropy(table, check=False)) - here
        return self._rates[subset]

    def _value(self, nats: float) -> float:
        return float(in_base(nats, self.base))

    def _set(self, S: Coordinates) -> frozenset[int]:
        asked = [int(e) for e in S]
        found = frozenset(asked)
        if len(found) < len(asked) or not found <= self._every:
            raise ValueError(f"coordinates {asked}: name distinct ones of 0 to {len(self.dims) - 1}")
        return found

    def _disjoint(self, groups: Sequence[Coordinates]) -> list[frozenset[int]]:
        parts = [self._set(g) for g in groups]
        if len(frozenset().union(*parts)) < sum(map(len, parts)):
            raise ValueError(
                f"groups {[sorted(p) for p in parts]} overlap: each coordinate is in one at most"
            )
        return parts

    def _is_product(self) -> bool:
        table = self.pi.reshape(self.dims)
        axes = range(len(self.dims))
        singles = [table.sum(axis=tuple(a for a in axes if a != e)) for e in axes]
        apart = reduce(np.multiply.outer, singles)
        return bool(0.5 * np.abs(table - apart).sum() <= 1e-9)


def select_coordinates(
    chain: MultiChain,
    objective: Objective,
    m: int,
    *,
    scheme: Scheme | None = None,
    goal: Goal = "max",
    fixed: Coordinates = (),
    groups: Sequence[Collection[int]] | None = None,
    batch_sizes: Sequence[int] | None = None,
) -> Selection[int]:
    """Choose at most `m` coordinates of a chain by a greedy search.

    Parameters
    ----------
    chain : MultiChain
    objective : {"entropy_rate", "factorizability", "independence", "stationarity", "fixed"}
        What is to be large; "fixed" is the distance between the coordinates chosen and the `fixed` ones.
    m : int
        Most coordinates to choose, of all groups together.
    scheme : {"plain", "distorted", "batch", "k-submodular"}, optional
        As in `greedy_max`. By default "k-submodular" for groups, "distorted" for the entropy rate and
        factorizability, which are not increasing, and "plain" for what is increasing.
    goal : {"max", "drop"}
        "drop" chooses what to leave out so that the independence or stationarity distance of the *other*
        coordinates is small; the value is minus that distance.
    fixed : iterable of int
        The coordinates that "fixed" holds against; they are not chosen.
    groups : sequence of collections of int, optional
        Disjoint ground sets, one a group, for "entropy_rate" (the sum over the groups) and "factorizability"
        (all groups and the rest on their own).
    batch_sizes : sequence of int, optional
        Sizes of the steps of "batch".

    Returns
    -------
    Selection
        Its bound is given only where it is proved: the stationary law is a product, and the objective is
        then submodular, which leaves out "fixed", and the largest independence or stationarity distance.
        ``g`` and ``c`` are given whenever the search used them.

    Raises
    ------
    ValueError
        If the objective has no such goal, or coordinates or sizes are wrong.

    Notes
    -----
    With a product stationary law the entropy rate and factorizability are submodular, the distances to
    independence and stationarity supermodular and increasing. Without one this can fail: of independent bits
    ``z_t``, the coordinates ``(z_t, z_t, (z_{t-1}, z_{t+1}))`` break it for the entropy rate by ``log 2``.

    References
    ----------
    "Information-theoretic subset selection of multivariate Markov chains via submodular optimization", paper
    34 of adami's register.

    Examples
    --------
    >>> from adami.exact import curie_weiss, select_coordinates
    >>> found = select_coordinates(curie_weiss(d=5), "entropy_rate", 2, scheme="plain")
    >>> found.subset, round(found.value, 4), found.bound
    ((0, 4), 0.8763, None)
    """
    for name, given, known in (("objective", objective, Objective), ("goal", goal, Goal)):
        if given not in get_args(known):
            raise ValueError(f"{name}={given!r} is not known: choose one of {', '.join(get_args(known))}")
    if (objective == "fixed") != bool(held := tuple(fixed)):
        raise ValueError("objective='fixed' and the fixed coordinates go together: give both or neither")
    if groups is not None and objective not in ("entropy_rate", "factorizability"):
        raise ValueError(f"groups go with the entropy rate and factorizability, not with {objective!r}")
    if goal == "drop" and objective not in ("independence", "stationarity"):
        raise ValueError(f"goal='drop' goes with independence and stationarity, not with {objective!r}")
    increasing = (objective, goal) in INCREASING
    submodular = (objective, goal) in SUBMODULAR and chain.is_product
    if scheme is None:
        scheme = "k-submodular" if groups is not None else "plain" if increasing else "distorted"
    ground: Sequence[int] = [e for e in range(chain.n_coordinates) if e not in held]
    if groups is not None:
        ground = sorted(e for part in groups for e in part)
    return greedy_max(
        _function(chain, objective, goal, held, groups is not None),
        ground,
        m,
        scheme=scheme,
        partition=groups,
        batch_sizes=batch_sizes,
        submodular=submodular,
        monotone=increasing,
        unit=chain.unit,
    )


def _function(
    chain: MultiChain, objective: Objective, goal: Goal, held: tuple[int, ...], grouped: bool
) -> Callable[[Any], float]:
    if objective == "fixed":
        return lambda s: chain.fixed_factorizability(s, held)
    if grouped:
        asked: Callable[[Any], float] = getattr(chain, f"group_{objective}")
        return asked
    value: Callable[[Any], float] = getattr(chain, objective)
    every = frozenset(range(chain.n_coordinates))
    return value if goal == "max" else lambda s: -value(every - s)
