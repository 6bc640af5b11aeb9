"""Small games whose strategic classes are known, to learn and to test with."""

from __future__ import annotations

from itertools import product

import numpy as np

from adami.exact._game_model import CommonPayoffGame

MIDDLE, DONE = 0, 3
_NEXT = {2: 1, 1: MIDDLE, MIDDLE: DONE, DONE: DONE}
"""What going on leads to, from the number of cells to the middle."""


def two_step_game() -> CommonPayoffGame:
    """Return a game of two steps in which the first decides what the second pays.

    From state 0, equal actions lead to state 2 and unequal ones to state 1. State 1 pays 1 for equal actions,
    state 2 pays 2 if both choose the first action and 1 if both choose the second.

    Returns
    -------
    CommonPayoffGame

    References
    ----------
    Lauffer, Shah, Carroll, Dennis and Russell, Who Needs to Know? Minimal Knowledge for Optimal
    Coordination, 2023 (its figure 3). Paper 68 of adami's register.

    Examples
    --------
    >>> from adami.exact import strategic_classes, two_step_game
    >>> len(strategic_classes(two_step_game())), len(strategic_classes(two_step_game(), mode="path"))
    (6, 4)
    """
    P = np.zeros((3, 2, 2, 3))
    for a, b in product(range(2), repeat=2):
        P[0, a, b, 2 if a == b else 1] = 1
    P[1, ..., 1] = P[2, ..., 2] = 1
    R = np.zeros((3, 2, 2))
    R[1] = np.eye(2)
    R[2] = np.diag([2, 1])
    return CommonPayoffGame(P, R, horizon=2)


def referential_game() -> CommonPayoffGame:
    """Return the game in which a speaker sees one of two symbols and sends one bit to a listener who guesses.

    Player 0 speaks in the first step, player 1 guesses in the second; their other actions do nothing. A right
    guess pays 1.

    Returns
    -------
    CommonPayoffGame
        Partially observed: only the speaker sees the symbol, only the listener the signal.

    References
    ----------
    Lauffer, Shah, Carroll, Dennis and Russell, Who Needs to Know? Minimal Knowledge for Optimal
    Coordination, 2023 (its figure 5). Paper 68 of adami's register.

    Examples
    --------
    >>> from adami.exact import referential_game, strategic_classes
    >>> [c.value for c in strategic_classes(referential_game(), player=1, mode="path")]
    [0.5, 1.0, 1.0]
    """
    # states 0 and 1: the symbol; 2 + 2 * symbol + signal: what was said of it
    P = np.zeros((6, 2, 2, 6))
    R = np.zeros((6, 2, 2))
    for symbol, signal in product(range(2), repeat=2):
        said = 2 + 2 * symbol + signal
        P[symbol, signal, :, said] = 1
        P[said, :, :, said] = 1
        R[said, :, symbol] = 1
    speaker = np.eye(2)[[0, 1, 0, 0, 1, 1]]
    listener = np.eye(3)[[0, 0, 1, 2, 1, 2]]
    return CommonPayoffGame(P, R, 2, start=[0.5, 0.5, 0, 0, 0, 0], observations=(speaker, listener))


def corridor_game(horizon: int = 3, distance: int = 1) -> CommonPayoffGame:
    """Return a corridor of five cells in which two players have to take turns at its middle.

    Each player carries an onion and comes from its own end. In the middle cell, where there is room for one,
    it puts the onion down for a reward of 1 and leaves in the same step. If both would enter,
    or one stays
    while the other enters, whoever enters stands still instead.

    Parameters
    ----------
    horizon : int
    distance : int
        Cells between each player and the middle at the start, 1 or 2. With ``horizon = distance + 2`` there
        is just enough time for both to put down their onions, if they agree who goes first.

    Returns
    -------
    CommonPayoffGame
        Actions 0: go on (enter, put down and leave), 1: wait.

    Raises
    ------
    ValueError
        If `distance` is neither 1 nor 2.

    Examples
    --------
    >>> from adami.exact import corridor_game, strategic_classes
    >>> [c.label for c in strategic_classes(corridor_game(), mode="path", partners="optimal")]
    [((1,), 2.0), ((0,), 2.0)]
    """
    if distance not in (1, 2):
        raise ValueError(f"distance={distance}: the corridor has two cells on either side of the middle")
    states = list(product(range(4), repeat=2))
    P = np.zeros((16, 2, 2, 16))
    R = np.zeros((16, 2, 2))
    for n, before in enumerate(states):
        for actions in product(range(2), repeat=2):
            after = [_NEXT[at] if a == 0 else at for at, a in zip(before, actions, strict=True)]
            if after == [MIDDLE, MIDDLE]:
                after = list(before)
            P[(n, *actions, states.index((after[0], after[1])))] = 1
            R[(n, *actions)] = sum(
                old != DONE and new == DONE for old, new in zip(before, after, strict=True)
            )
    return CommonPayoffGame(P, R, horizon, start=states.index((distance, distance)))
