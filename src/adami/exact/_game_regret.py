"""What it costs to answer one strategic class when another holds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from adami.exact._arrays import Array
from adami.exact._game_classes import StrategicClasses
from adami.exact._game_layers import LayerGraph, StageOption, root_options
from adami.exact._game_model import player_view


def regret_matrix(classes: StrategicClasses) -> Array:
    """Return the largest loss of answering one class when another holds.

    The player answers a class by the lowest of the best actions against its representative policy, in every
    state. The loss is what a best response would have earned beyond that, for the partner policy of the other
    class for which it is largest.

    Parameters
    ----------
    classes : StrategicClasses
        Of a fully observed game.

    Returns
    -------
    array, shape (n_classes, n_classes)
        Row: the class that is answered; column: the class that holds. In units of reward.

    Raises
    ------
    ValueError
        If the game is partially observed.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame, regret_matrix, strategic_classes
    >>> regret_matrix(strategic_classes(CommonPayoffGame.from_matrix([[2, 0], [0, 1]])))
    array([[0., 1.],
           [2., 0.]])
    """
    graph = classes.graph
    if graph is None:
        raise ValueError(
            "regrets are computed on the states of a fully observed game: this one has observations"
        )
    P, r = player_view(classes.game, classes.player)
    chains = {i: root_options(graph, i) for c in classes.classes for i in c.roots}
    answers = [{at: option.best[0] for at, option in chains[c.roots[0]].items()} for c in classes.classes]
    start = classes.game.start[list(graph.states[0])]
    loss = np.zeros((len(classes), len(classes)))
    for i, answer in enumerate(answers):
        for j, held in enumerate(classes.classes):
            for root in held.roots:
                chain = chains[root]
                best = np.array([chain[0, s].value for s in graph.states[0]])
                worst = _worst(P, r, classes.game.discount, graph, chain, answer)
                loss[i, j] = max(loss[i, j], float(start @ (best - worst)))
    # values are rounded to the tolerance of ties, and a loss below it is none
    return np.where(loss > 1e-8, loss, 0.0)


def max_regret(classes: StrategicClasses, cell: Iterable[int] | None = None) -> float:
    """Return the largest loss of answering one class of a cell when another class of the cell holds.

    A question to the partner splits the classes into cells; the best question leaves cells of small regret.

    Parameters
    ----------
    classes : StrategicClasses
        Of a fully observed game.
    cell : iterable of int, optional
        Indices of the classes that are still possible; all by default.

    Returns
    -------
    float
        In units of reward.

    Raises
    ------
    ValueError
        If the cell is empty or names a class that is not there.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame, max_regret, strategic_classes
    >>> found = strategic_classes(CommonPayoffGame.from_matrix([[2, 0], [0, 1]]))
    >>> max_regret(found), max_regret(found, [1])
    (2.0, 0.0)
    """
    members = list(range(len(classes))) if cell is None else sorted(set(cell))
    if not members or members[0] < 0 or members[-1] >= len(classes):
        raise ValueError(f"cell={members}: name at least one of the classes 0 to {len(classes) - 1}")
    return float(regret_matrix(classes)[np.ix_(members, members)].max())


def _worst(
    P: Array,
    r: Array,
    discount: float,
    graph: LayerGraph,
    chain: dict[tuple[int, int], StageOption],
    answer: dict[tuple[int, int], int],
) -> Array:
    """Return what an answer earns from the first states against the least friendly policy of a chain."""
    values = np.zeros(P.shape[0])
    for t in reversed(range(len(graph.states))):
        here = np.zeros(P.shape[0])
        for s in graph.states[t]:
            a, theirs = answer[t, s], list(chain[t, s].partner_actions)
            here[s] = (r[s, a, theirs] + discount * (P[s, a, theirs] @ values)).min()
        values = here
    return values[list(graph.states[0])]
