"""Structure and noise of a sequence as counting learners see it: codes that are exact to the last digit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.exact.sequential_coder import KrichevskyTrofimov
from adami.result import Estimate


@dataclass(frozen=True, slots=True)
class MarkovEpiplexity:
    """The best of several counting learners, and all of them.

    Parameters
    ----------
    order : int
        Of the best; -1 is the model without parameters.
    structure, noise : Estimate
        Nats to tell what the best learner learns, and of the sequence under what it has learnt.
    orders : tuple of int
    structures, noises : tuple of float
        Of all learners; nats.
    """

    order: int
    structure: Estimate
    noise: Estimate
    orders: tuple[int, ...]
    structures: tuple[float, ...]
    noises: tuple[float, ...]

    @property
    def total(self) -> float:
        """Length of the best code; nats."""
        return self.structure + self.noise

    @property
    def S(self) -> Estimate:
        """Epiplexity: `structure`."""
        return self.structure

    @property
    def H(self) -> Estimate:
        """Time-bounded entropy: `noise`."""
        return self.noise


def markov_epiplexity(
    seq: Any, max_order: int = 3, *, n_symbols: int | None = None, uniform: bool = False
) -> MarkovEpiplexity:
    """Split the shortest code of a sequence by a counting learner into structure and noise.

    A learner of order o counts what came after the o symbols before, each count half a symbol ahead, and
    predicts before it counts. What its predictions cost is the code; what they would have cost with the final
    counts is the noise; the rest is what was learnt. A learner charges noise as many parameters as structure:
    only those of the learner with the shortest code are epiplexity.

    Parameters
    ----------
    seq : array of int, shape (n,), or str
        Whole numbers from 0, or text.
    max_order : int
        Orders 0 to this one are tried; each further order has `n_symbols` times as many contexts.
    n_symbols : int, optional
        Size of the alphabet; by default the largest symbol and one, or the number of different characters.
    uniform : bool
        Whether the even law, which has nothing to learn, is tried too, as order -1.

    Returns
    -------
    MarkovEpiplexity
        Where two codes are equally long, that of the lower order.

    Raises
    ------
    ValueError
        If symbols are no whole numbers from 0 below `n_symbols`, only one symbol is known, or an order is
        negative or too long for the alphabet.

    Notes
    -----
    Structure is close to ``n_parameters / 2 · ln(n / n_contexts)``.

    References
    ----------
    Finzi, Qiu, Jiang, Izmailov, Kolter and Wilson, "From Entropy to Epiplexity: Rethinking Information for
    Computationally Bounded Intelligence", 2026; paper 15 of adami's register.

    Examples
    --------
    >>> from adami.estimators import markov_epiplexity
    >>> found = markov_epiplexity("abc" * 200, max_order=2)
    >>> found.order, round(found.S, 1), round(found.H, 1)
    (1, 15.6, 3.5)
    """
    tokens = _tokens(seq)
    size = int(tokens.max()) + 1 if n_symbols is None else int(n_symbols)
    if size < 2:
        raise ValueError("the sequence has a single symbol; give n_symbols, of which it was one")
    if max_order < 0:
        raise ValueError(f"max_order={max_order}: orders are not negative")
    orders, structures, noises = [], [], []
    if uniform:
        orders.append(-1)
        structures.append(0.0)
        noises.append(tokens.size * math.log(size))
    for order in range(max_order + 1):
        code = math.fsum(KrichevskyTrofimov(size, order).code_lengths(tokens).tolist()) * math.log(2)
        known = _final_code(tokens, size, order)
        orders.append(order)
        structures.append(code - known)
        noises.append(known)
    best = int(np.argmin(np.add(structures, noises)))
    told = {"order": orders[best], "n_symbols": size}

    def estimate(value: float, quantity: str) -> Estimate:
        return Estimate(
            value,
            quantity=quantity,
            method="markov",
            n=tokens.size,
            kinds=("discrete",),
            measure="epiplexity",
            details=told,
        )

    return MarkovEpiplexity(
        orders[best],
        estimate(structures[best], "epiplexity"),
        estimate(noises[best], "time-bounded entropy"),
        tuple(orders),
        tuple(structures),
        tuple(noises),
    )


def _tokens(seq: Any) -> np.ndarray:
    if isinstance(seq, str) and seq:
        return np.unique(np.array(list(seq)), return_inverse=True)[1]
    tokens = np.asarray(seq)
    if tokens.ndim != 1 or not tokens.size or tokens.dtype.kind not in "iu" or tokens.min() < 0:
        raise ValueError(
            f"seq ({tokens.size} entries): a sequence of whole numbers from 0, or a text, is needed"
        )
    return tokens.astype(np.int64)


def _final_code(tokens: np.ndarray, size: int, order: int) -> float:
    """Return the nats of a sequence under the counts that it leaves behind."""
    contexts = np.zeros(tokens.size, dtype=np.int64)
    for back in range(1, order + 1):
        contexts[back:] = contexts[back:] * size + tokens[:-back]
    start = min(order, tokens.size)
    contexts[:start] = -1 - np.arange(start)
    _, places, visits = np.unique(contexts, return_inverse=True, return_counts=True)
    pairs, hits = np.unique(places * size + tokens, return_counts=True)
    return float(hits @ (np.log(visits[pairs // size] + size / 2) - np.log(hits + 0.5)))
