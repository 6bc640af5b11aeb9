"""Multivariate Markov chains with known stationary laws: spins, urns and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import comb, prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from adami.exact.chain_subset import MultiChain


def curie_weiss(d: int = 10, beta: float = 0.1, h: float = 1.0) -> MultiChain:
    """Return the Metropolis chain of a Curie-Weiss model whose couplings decay with distance.

    Its energy is ``- sum_ij 2**-|i-j| x_i x_j - h sum_i x_i``, over all ordered pairs of spins.

    Parameters
    ----------
    d : int
        Number of spins, each -1 (symbol 0) or 1 (symbol 1).
    beta : float
        Inverse temperature, not negative.
    h : float
        Field.

    Returns
    -------
    MultiChain
        A step takes a random spin and flips it if the energy allows.

    Raises
    ------
    ValueError
        If `d` is less than 1 or the chain is too large, or `beta` is negative or not finite.

    References
    ----------
    "Information-theoretic subset selection of multivariate Markov chains via submodular optimization", paper
    34 of adami's register.

    Examples
    --------
    >>> from adami.exact import curie_weiss
    >>> round(curie_weiss().entropy_rate(range(10)), 6)
    2.291092
    """
    _check_size(d)
    if not (0 <= beta < np.inf and np.isfinite(h)):
        raise ValueError(f"beta={beta}, h={h}: give a finite field and a finite beta from 0 up")
    symbols = _states(d)
    spins = 2.0 * symbols - 1
    place = np.arange(d)
    coupling = 0.5 ** np.abs(place[:, None] - place)
    energy = -np.einsum("ni,ij,nj->n", spins, coupling, spins) - h * spins.sum(axis=1)
    weight = np.exp(-beta * (energy - energy.min()))
    n = len(energy)
    P = np.zeros((n, n))
    here = np.arange(n)
    for e in range(d):
        there = here ^ (1 << (d - 1 - e))
        P[here, there] = np.exp(-beta * np.maximum(energy[there] - energy, 0)) / d
    P[here, here] = 1 - P.sum(axis=1)
    return MultiChain(P, (2,) * d, weight / weight.sum())


def bernoulli_laplace(d: int = 10, left: int | None = None, common: int | None = None) -> MultiChain:
    """Return the Bernoulli-Laplace chain of two urns that swap a ball a step.

    There are `d` balls of their own kinds and `common` balls of one more kind. The state says which of the
    first are in the left urn; a step swaps a random ball of the left urn with a random one of the right.

    Parameters
    ----------
    d : int
        Number of balls that are followed.
    left : int, optional
        Number of balls in the left urn, from `d` to `common`; `d` by default.
    common : int, optional
        Number of balls of the last kind; `d` by default.

    Returns
    -------
    MultiChain
        Its stationary law is proportional to ``C(common, left - number of followed balls on the left)``.

    Raises
    ------
    ValueError
        If `d` is less than 1 or the chain is too large, or `left` is not between `d` and `common`.

    References
    ----------
    "Information-theoretic subset selection of multivariate Markov chains via submodular optimization", paper
    34 of adami's register.

    Examples
    --------
    >>> from adami.exact import bernoulli_laplace
    >>> round(bernoulli_laplace().entropy_rate(range(10)), 6)
    2.968662
    """
    _check_size(d)
    left = d if left is None else left
    common = d if common is None else common
    if not d <= left <= common:
        raise ValueError(f"left={left} must be from d={d} to common={common}: else not every state can occur")
    on_left = _states(d)
    count = on_left.sum(axis=1)
    right = d + common - left
    pairs = left * right
    n = len(count)
    here = np.arange(n)
    P = np.zeros((n, n))
    for e in range(d):
        bit = 1 << (d - 1 - e)
        # out against a common ball, in against a common ball
        out, into = here[on_left[:, e] == 1], here[on_left[:, e] == 0]
        P[out, out ^ bit] = (common - left + count[out]) / pairs
        P[into, into ^ bit] = (left - count[into]) / pairs
        for other in range(d):
            both = out[on_left[out, other] == 0]
            P[both, both ^ bit ^ (1 << (d - 1 - other))] = 1 / pairs
    P[here, here] = 1 - P.sum(axis=1)
    weight = np.array([comb(common, left - int(s)) for s in count], dtype=float)
    return MultiChain(P, (2,) * d, weight / weight.sum())


def product_chain(
    dims: Sequence[int],
    kind: Literal["metropolis", "doubly-stochastic"] = "metropolis",
    *,
    random_state: int | np.random.Generator | None = None,
) -> MultiChain:
    """Return a random chain whose coordinates are independent at stationarity, though they move together.

    Parameters
    ----------
    dims : sequence of int
        Number of values of each coordinate.
    kind : {"metropolis", "doubly-stochastic"}
        "metropolis" takes random proposals towards a random product law, "doubly-stochastic" mixes random
        permutations of the states, whose stationary law is uniform.
    random_state : int, numpy.random.Generator or None

    Returns
    -------
    MultiChain

    Raises
    ------
    ValueError
        If `kind` is not known, or the chain is too large.

    Examples
    --------
    >>> from adami.exact import product_chain
    >>> product_chain((2, 3), random_state=0).is_product
    True
    """
    rng = np.random.default_rng(random_state)
    n = prod(dims)
    if kind == "metropolis":
        pi = reduce(np.multiply.outer, [rng.dirichlet(np.full(k, 2.0)) for k in dims]).reshape(-1)
        moves = rng.dirichlet(np.ones(n), size=n)
        flow = pi[:, None] * moves
        P = np.minimum(flow, flow.T) / pi[:, None]
        np.fill_diagonal(P, 0.0)
        P[np.arange(n), np.arange(n)] = 1 - P.sum(axis=1)
    elif kind == "doubly-stochastic":
        pi = np.full(n, 1 / n)
        order = rng.permutation(n)
        # one cycle through all states keeps the chain irreducible
        targets = [np.roll(order, -1)[np.argsort(order)], *(rng.permutation(n) for _ in range(n))]
        P = np.zeros((n, n))
        for weight, target in zip(rng.dirichlet(np.ones(len(targets))), targets):
            P[np.arange(n), target] += weight
    else:
        raise ValueError(f"kind={kind!r} is not known: choose metropolis or doubly-stochastic")
    return MultiChain(P, dims, pi)


def _check_size(d: int) -> None:
    if not 1 <= d <= 10:
        raise ValueError(f"d={d}: from 1 to 10 bits, beyond which the chain has more than 2**20 transitions")


def _states(d: int) -> NDArray[np.int64]:
    """Return all states of d bits, in row-major order."""
    return np.arange(2**d)[:, None] >> np.arange(d)[::-1] & 1
