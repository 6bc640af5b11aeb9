"""Greedy maximization of set functions: plain, distorted, in batches and over groups, with certificates."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, get_args

from adami.exact._set_search import (
    Memo,
    Search,
    Selection,
    Step,
    T,
    checked_batches,
    checked_costs,
    checked_ground,
)
from adami.exact.pmf import LARGEST_TABLE

__all__ = ["Selection", "exhaustive_max", "greedy_max", "removal_costs", "submodularity_gap"]

Scheme = Literal["plain", "distorted", "batch", "k-submodular"]


def greedy_max(
    f: Callable[[Any], float],
    ground: Iterable[T],
    k: int,
    *,
    cost: Mapping[T, float] | None = None,
    scheme: Scheme = "plain",
    batch_sizes: Sequence[int] | None = None,
    partition: Sequence[Collection[T]] | None = None,
    submodular: bool = False,
    monotone: bool = False,
    certify: bool = True,
    unit: str = "",
) -> Selection[T]:
    """Choose at most `k` elements so that a set function is large.

    Parameters
    ----------
    f : callable
        Takes a frozenset of elements, returns a finite number; never called twice with the same set. With a
        `partition` it takes a tuple of frozensets, one a part.
    ground : iterable
        The elements, hashable and distinct. Ties go to the one that stands first.
    k : int
        Most elements to choose, of all parts together.
    cost : mapping of element -> float, optional
        The modular part ``c`` of ``f = g - c``, not negative, such that ``g`` is monotone. By default
        ``max(0, f(U - e) - f(U))``, which makes ``g`` monotone for every submodular `f`.
    scheme : {"plain", "distorted", "batch", "k-submodular"}
        "plain" adds the largest gain while there is a positive one. "distorted" weighs the gains of ``g``
        by ``(1 - 1/k)**(k - i - 1)`` in step i and pays ``c`` in full, for functions that are not monotone.
        "k-submodular" is the same over the parts of a partition. "batch" adds the best few at once.
    batch_sizes : sequence of int, optional
        Sizes of the steps of "batch", which sum to `k`; twos by default. Every batch is filled.
    partition : sequence of collections, optional
        Disjoint parts of the ground set, for "k-submodular" only.
    submodular : bool
        Whether `f` is known to be submodular. Gains are then evaluated lazily, only while they can still be
        the largest, and the result has a bound.
    monotone : bool
        Whether `f` is known to be increasing. "plain" then fills up to `k` even without gain, and no cost is
        needed.
    certify : bool
        Whether to evaluate what the bound needs beyond the search.
    unit : str
        Name of the unit of `f`, handed on to the result.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If elements repeat, `k` is out of range, a cost is missing or negative, the parts do not partition
        the ground set, batches do not sum to `k`, or `f` returns something that is not finite.

    Notes
    -----
    For submodular `f`, "distorted" and "k-submodular" reach
    ``f(S) - f({}) >= (1 - 1/e) (g(best) - g({})) - c(best)``, and "plain" reaches ``1 - 1/e`` of the best
    where `f` is increasing. The bound follows from that and from the gains that are left at the end:
    ``f(best) <= f(S) + c(S) +`` the sum of the `k` largest positive gains.

    References
    ----------
    C. Harshaw, M. Feldman, J. Ward, A. Karbasi, "Submodular maximization beyond non-negativity: guarantees,
    fast algorithms, and applications", 2019 (distorted greedy). M. Minoux, "Accelerated greedy algorithms for
    maximizing submodular set functions", 1978 (lazy evaluation). "Information-theoretic subset selection of
    multivariate Markov chains via submodular optimization", paper 34 of adami's register (groups, batches).

    Examples
    --------
    >>> from adami.exact import greedy_max
    >>> covers = {"a": {1, 2, 3}, "b": {3, 4}, "c": {4, 5}}
    >>> found = greedy_max(lambda s: len(set().union(*(covers[e] for e in s))), covers, 2, submodular=True)
    >>> found.subset, found.value, found.bound
    (('a', 'c'), 5.0, 5.0)
    """
    elements, parts = checked_ground(ground, k, partition)
    if scheme not in get_args(Scheme):
        raise ValueError(f"scheme={scheme!r} is not known: choose one of {', '.join(get_args(Scheme))}")
    if (partition is not None) != (scheme == "k-submodular"):
        raise ValueError("a partition and scheme='k-submodular' go together: give both or neither")
    if batch_sizes is not None and scheme != "batch":
        raise ValueError(f"batch_sizes go with scheme='batch', not with {scheme!r}")
    search = Search(Memo(f, parts), elements, lazy=submodular)
    distorted = scheme in ("distorted", "k-submodular")
    costs = None if cost is None else checked_costs(cost, elements)
    if costs is None and (distorted or (submodular and certify)):
        costs = dict.fromkeys(elements, 0.0) if monotone else removal_costs(search.f, elements)
    if distorted:
        assert costs is not None
        search.distorted(k, costs)
    elif scheme == "batch":
        search.batches(checked_batches(batch_sizes, k))
    else:
        search.plain(k, fill=monotone)
    c = None if costs is None else sum(costs[e] for e in search.chosen)
    bound = None
    if submodular and certify:
        assert costs is not None
        bound = search.remaining_bound(k, costs)
        if distorted or (scheme == "plain" and not any(costs.values())):
            bound = min(bound, search.share_bound(k, costs))
    return search.selection(scheme, unit, c, bound)


def exhaustive_max(
    f: Callable[[Any], float],
    ground: Iterable[T],
    k: int,
    *,
    partition: Sequence[Collection[T]] | None = None,
    exactly: bool = False,
    limit: int = LARGEST_TABLE,
    unit: str = "",
) -> Selection[T]:
    """Choose the best of all subsets of at most `k` elements by looking at each.

    Parameters
    ----------
    f, ground, k, partition, unit
        As in `greedy_max`. The smallest set wins a tie, and of two of one size the first.
    exactly : bool
        Whether to look at subsets of `k` elements only.
    limit : int
        Most subsets to look at.

    Returns
    -------
    Selection
        Its trace is one step, its bound the value itself.

    Raises
    ------
    ValueError
        If there are more than `limit` subsets, or as in `greedy_max`.

    Examples
    --------
    >>> from adami.exact import exhaustive_max
    >>> exhaustive_max(lambda s: -abs(sum(s) - 7), [1, 2, 3, 4], 2).subset
    (3, 4)
    """
    elements, parts = checked_ground(ground, k, partition)
    sizes = range(k if exactly else 0, k + 1)
    count = sum(math.comb(len(elements), size) for size in sizes)
    if count > limit:
        raise ValueError(
            f"{len(elements)} elements have {count:,} subsets of {'' if exactly else 'at most '}{k}, more "
            f"than {limit:,}: choose fewer, raise limit= if time suffices, or use greedy_max"
        )
    memo = Memo(f, parts)
    subsets = [s for size in sizes for s in combinations(elements, size)]
    values = [memo(frozenset(s)) for s in subsets]
    most = max(values)
    at = next(n for n, here in enumerate(values) if here >= most - memo.rounding)
    best, value = subsets[at], values[at]
    step = Step(best, value - memo(frozenset()), value)
    groups = memo.groups(best)
    return Selection(best, groups, value, unit, (step,), memo.count, "exhaustive", None, None, most)


def removal_costs(f: Callable[[frozenset[T]], float], ground: Iterable[T]) -> dict[T, float]:
    """Return ``max(0, f(U - e) - f(U))`` for every element of the ground set U.

    This is the least modular cost c that makes ``f + c`` monotone for a submodular f.

    Parameters
    ----------
    f : callable
        A submodular function of frozensets.
    ground : iterable

    Returns
    -------
    dict of element -> float

    Examples
    --------
    >>> from adami.exact import removal_costs
    >>> removal_costs(lambda s: len(s) * (3 - len(s)), "abc")
    {'a': 2.0, 'b': 2.0, 'c': 2.0}
    """
    elements = tuple(ground)
    every = frozenset(elements)
    whole = f(every)
    return {e: float(max(0.0, f(every - {e}) - whole)) for e in elements}


def submodularity_gap(f: Callable[[frozenset[T]], float], ground: Iterable[T]) -> float:
    """Return the least of ``f(S+a) + f(S+b) - f(S+a+b) - f(S)``, which is not negative if `f` is submodular.

    Parameters
    ----------
    f : callable
        A function of frozensets.
    ground : iterable
        At most 16 elements: all subsets are looked at.

    Returns
    -------
    float
        Infinite for fewer than two elements, where there is nothing to violate.

    Raises
    ------
    ValueError
        If there are more than 16 elements.

    Examples
    --------
    >>> from adami.exact import submodularity_gap
    >>> submodularity_gap(lambda s: len(s) ** 2, range(4))
    -2.0
    """
    elements, _ = checked_ground(ground, 0, None)
    if len(elements) > 16:
        raise ValueError(f"{len(elements)} elements have 2**{len(elements)} subsets: take 16 at most")
    memo: Memo[T] = Memo(f, ())
    least = math.inf
    for a, b in combinations(elements, 2):
        others = [e for e in elements if e not in (a, b)]
        for size in range(len(others) + 1):
            for chosen in combinations(others, size):
                s = frozenset(chosen)
                least = min(least, memo(s | {a}) + memo(s | {b}) - memo(s | {a, b}) - memo(s))
    return least
