"""Data whose structure is known: cellular automata, one-way orders, chains with a hidden rule, shuffles."""

from __future__ import annotations

from typing import Any

import numpy as np


def cellular_automaton(rows: Any, rule: int, steps: int = 1) -> np.ndarray:
    """Return rows of cells after some steps of an elementary cellular automaton, the ends joined.

    Parameters
    ----------
    rows : array of 0 and 1, shape (n, width) or (width,)
    rule : int
        Wolfram's number, 0 to 255: bit ``4 left + 2 centre + right`` is the next state.
    steps : int

    Returns
    -------
    numpy.ndarray of the same shape, int64

    Raises
    ------
    ValueError
        If the rule is none of the 256, steps are negative, or the cells are not 0 and 1.

    Examples
    --------
    >>> from adami.estimators import cellular_automaton
    >>> cellular_automaton([0, 0, 0, 1, 0, 0, 0], rule=30, steps=2).tolist()
    [0, 1, 1, 0, 0, 1, 0]
    """
    cells = np.asarray(rows)
    if not 0 <= rule <= 255 or steps < 0:
        raise ValueError(f"rule={rule}, steps={steps}: rules are 0 to 255, and steps are not negative")
    if cells.dtype.kind not in "biu" or not cells.size or cells.min() < 0 or cells.max() > 1:
        raise ValueError("rows: cells are whole numbers, 0 or 1")
    cells = cells.astype(np.int64)
    table = (rule >> np.arange(8)) & 1
    for _ in range(steps):
        cells = table[4 * np.roll(cells, 1, axis=-1) + 2 * cells + np.roll(cells, -1, axis=-1)]
    return cells


def automaton_pairs(
    rule: int, n: int, width: int = 16, steps: int = 8, burn_in: int = 0, random_state: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return first rows of a cellular automaton and the rows that come of them.

    Parameters
    ----------
    rule : int
    n, width : int
        Number of rows and of cells.
    steps : int
        Steps between the two.
    burn_in : int
        Steps before the first row.
    random_state : int

    Returns
    -------
    first, last : numpy.ndarray, shape (n, width)
        To learn the last row given the first follows the rule; the first given the last has to undo it, which
        the same pairs make harder for a bounded learner and no harder for an unbounded one.

    Examples
    --------
    >>> from adami.estimators import automaton_pairs
    >>> first, last = automaton_pairs(rule=15, n=3, width=8, steps=1)
    >>> bool((last[:, 1:] == 1 - first[:, :-1]).all())
    True
    """
    if n < 1 or width < 3:
        raise ValueError(f"n={n}, width={width}: give at least one row of at least 3 cells")
    cells = np.random.default_rng(random_state).integers(0, 2, size=(n, width))
    first = cellular_automaton(cells, rule, burn_in)
    return first, cellular_automaton(first, rule, steps)


def hidden_rule_chains(
    n: int,
    length: int = 32,
    n_symbols: int = 2,
    order: int = 2,
    hidden: int = 0,
    levels: int = 10,
    random_state: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Markov chains that each follow a rule of their own, and the part of each rule that is shown.

    A model that shall predict a chain has to find the hidden part of its rule from the chain itself.

    Parameters
    ----------
    n, length : int
        Number of chains, and of tokens in each.
    n_symbols, order : int
        Size of the alphabet, and number of tokens that set the next one's law.
    hidden : int
        How many of the ``n_symbols**order`` rows of the rule are not shown.
    levels : int
        The shown probabilities are rounded to this many levels, as tokens of their own.
    random_state : int

    Returns
    -------
    chains : numpy.ndarray, shape (n, length)
    shown : numpy.ndarray, shape (n, n_symbols * (n_symbols**order - hidden))
        Give it as the free input; it has no columns when everything is hidden.

    Raises
    ------
    ValueError
        If a size is not positive, or more is hidden than there is.

    Examples
    --------
    >>> from adami.estimators import hidden_rule_chains
    >>> chains, shown = hidden_rule_chains(5, length=16, hidden=1)
    >>> chains.shape, shown.shape
    ((5, 16), (5, 6))
    """
    contexts = n_symbols**order
    if min(n, length, order) < 1 or n_symbols < 2 or levels < 2 or not 0 <= hidden <= contexts:
        raise ValueError(
            f"n={n}, length={length}, n_symbols={n_symbols}, order={order}, hidden={hidden}, "
            f"levels={levels}: sizes are positive, and at most {contexts} rows of the rule can be hidden"
        )
    rng = np.random.default_rng(random_state)
    rules = rng.dirichlet(np.ones(n_symbols), size=(n, contexts))
    context = rng.integers(0, contexts, size=n)
    chains = np.empty((n, length), dtype=np.int64)
    everyone = np.arange(n)
    for t in range(length):
        ends = rules[everyone, context].cumsum(axis=1)
        chains[:, t] = np.minimum((ends < rng.random(n)[:, None]).sum(axis=1), n_symbols - 1)
        context = (context * n_symbols + chains[:, t]) % contexts
    shown = np.minimum((rules[:, hidden:] * levels).astype(np.int64), levels - 1)
    return chains, shown.reshape(n, -1)


def shuffled_within(rows: Any, random_state: int = 0) -> np.ndarray:
    """Return rows whose tokens have been shuffled, each row for itself: counts stay, the order is lost.

    Parameters
    ----------
    rows : array, shape (n, length)
    random_state : int

    Returns
    -------
    numpy.ndarray of the same shape

    Examples
    --------
    >>> from adami.estimators import shuffled_within
    >>> rows = shuffled_within([[1, 2, 3, 4], [5, 6, 7, 8]])
    >>> sorted(rows[0].tolist()), sorted(rows[1].tolist())
    ([1, 2, 3, 4], [5, 6, 7, 8])
    """
    table = np.asarray(rows)
    if table.ndim != 2:
        raise ValueError(f"rows has shape {table.shape}: one row a sequence is needed")
    return np.random.default_rng(random_state).permuted(table, axis=1)
