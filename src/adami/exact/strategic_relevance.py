"""What a player has to know about its partner: the classes of policies with equal best responses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

import numpy as np

from adami.exact._arrays import Array
from adami.exact._game_classes import Mode, Partners, ReadWhenAsked, StrategicClass, StrategicClasses
from adami.exact._game_layers import equal_roots, layer_graph, policy_of, responses_to
from adami.exact._game_model import CommonPayoffGame, player_view, players_first
from adami.exact._game_tree import TreeEntry, TreeSolver
from adami.exact.entropies import entropy
from adami.exact.pmf import as_pmf


def strategic_classes(
    game: CommonPayoffGame,
    player: int = 0,
    *,
    mode: Mode = "subgame",
    valued: bool = True,
    partners: Partners = "all",
    prior: Any = None,
    tol: float = 1e-9,
    max_classes: int = 100_000,
) -> StrategicClasses:
    """Return the classes of partner policies that call for the same best responses.

    Which class the partner is in is all that is worth knowing about it. The classes are found from the last
    step to the first, without listing policies; their number itself can grow exponentially with the horizon.

    Parameters
    ----------
    game : CommonPayoffGame
    player : int
        Who wants to know. All others are the partner; only their pure policies count.
    mode : {"subgame", "path"}
        Where best responses have to agree: in every state (or history) that play can reach, mistakes
        included, or only where best responses lead. In a fully observed game two policies are on one path
        when the tables of best actions and values over the times and states reached through best actions are
        equal. In a partially observed game they are when their sets of best policies are, and, with `valued`,
        what those earn in all. In a fully observed game partner actions are told apart on the way also by
        where they lead: paths take more memory than subgames, and now and then are more.
    valued : bool
        Whether classes differ also by what the best responses earn.
    partners : {"all", "best-response", "equilibrium", "optimal"}
        Which partners there are: all; those left when, in every stage game, actions that answer no remaining
        action best are eliminated again and again; those whose action is part of a pure Nash equilibrium of
        every stage game; those whose action is part of a joint maximum of every stage game. All but the first
        need a fully observed game.
    prior : array, broadcastable to (horizon, n_states, n_partner_actions), optional
        Laws of the partner's action, drawn apart at every time and state; uniform by default. It needs a
        fully observed game and all partners.
    tol : float
        Values that differ by less are ties. Ties decide classes, so rational payoffs are best.
    max_classes : int
        Largest number of classes of a subgame to go on with.

    Returns
    -------
    StrategicClasses

    Raises
    ------
    ValueError
        If an argument is wrong or there are too many classes.

    Notes
    -----
    The classes are exact. Those of single states must not be combined freely, as states share successors: on
    a game of three states that sees 8192 combinations where 128 policies exist. So a class of a fully
    observed game is a table over a whole layer of states, and in a partially observed one the histories that
    share a history of a co-player are solved together.

    The paper states its recursion with values compared in every history that best responses reach. Values can
    compensate each other across observations, so that this is finer than its definition, equal best responses
    and equal total value; in a partially observed game ``mode="path"`` follows the definition.

    References
    ----------
    Lauffer, Shah, Carroll, Dennis and Russell, Who Needs to Know? Minimal Knowledge for Optimal
    Coordination, 2023. Paper 68 of adami's register.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame, relevant_bits, strategic_classes
    >>> found = strategic_classes(CommonPayoffGame.from_matrix([[1, 0, 1], [0, 1, 0]]))
    >>> [(c.label, c.count) for c in found]
    [(((0,), 1.0), 2), (((1,), 1.0), 1)]
    >>> round(relevant_bits(found), 4)
    0.9183
    """
    _check_choices(game, player, mode, partners, prior, tol, max_classes)
    if game.observations is not None:
        return _tree_classes(game, player, mode, valued, tol, max_classes)
    return _layer_classes(game, player, mode, valued, partners, prior, tol, max_classes)


def relevant_bits(classes: StrategicClasses) -> float:
    """Return the bits about the partner that matter: the entropy of its class.

    Parameters
    ----------
    classes : StrategicClasses

    Returns
    -------
    float
        In bits.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame, irrelevant_bits, relevant_bits, strategic_classes
    >>> found = strategic_classes(CommonPayoffGame.from_matrix([[1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> relevant_bits(found), irrelevant_bits(found)
    (1.0, 1.0)
    """
    return float(entropy(np.array([c.probability for c in classes.classes]), base=2))


def irrelevant_bits(classes: StrategicClasses) -> float:
    """Return the bits about the partner that do not matter: what its class leaves open of its policy.

    Parameters
    ----------
    classes : StrategicClasses

    Returns
    -------
    float
        In bits.

    Examples
    --------
    >>> from adami.exact import CommonPayoffGame, irrelevant_bits, strategic_classes
    >>> irrelevant_bits(strategic_classes(CommonPayoffGame.from_matrix([[1, 1], [0, 0]])))
    1.0
    """
    return max(classes.policy_bits - relevant_bits(classes), 0.0)


def _check_choices(
    game: CommonPayoffGame,
    player: int,
    mode: str,
    partners: str,
    prior: Any,
    tol: float,
    max_classes: int,
) -> None:
    if not 0 <= player < len(game.n_actions):
        raise ValueError(f"player={player}: the game has players 0 to {len(game.n_actions) - 1}")
    for name, value, kind in (("mode", mode, Mode), ("partners", partners, Partners)):
        if value not in get_args(kind):
            raise ValueError(f"{name}={value!r} is none of {', '.join(get_args(kind))}")
    if not (tol > 0 and math.isfinite(tol)):
        raise ValueError(f"tol={tol}: the tolerance of ties is a positive number")
    if max_classes < 1:
        raise ValueError(f"max_classes={max_classes}: allow at least one class")
    if game.observations is not None and (partners != "all" or prior is not None):
        raise ValueError(
            "with observations the partner's reasons depend on its beliefs about the player: "
            "partners and prior need a fully observed game"
        )
    if partners != "all" and prior is not None:
        raise ValueError("prior is a law over all partners: leave it out, or keep partners='all'")


def _layer_classes(
    game: CommonPayoffGame,
    player: int,
    mode: Mode,
    valued: bool,
    partners: Partners,
    prior: Any,
    tol: float,
    max_classes: int,
) -> StrategicClasses:
    P, r = player_view(game, player)
    laws = _laws(prior, (game.horizon, game.n_states, P.shape[2]))
    graph = layer_graph(
        P,
        r,
        game.start,
        game.horizon,
        discount=game.discount,
        partners=partners,
        prior=laws,
        keep_reached=mode == "path",
        tol=tol,
        max_classes=max_classes,
    )
    total = sum(node.count for node in graph.nodes[0])
    first = [float(game.start[s]) for s in graph.states[0]]
    classes = []
    for roots in equal_roots(graph, on_path=mode == "path", valued=valued):
        nodes = [graph.nodes[0][i] for i in roots]
        policy = ReadWhenAsked(partial(policy_of, graph, roots[0]))
        answers = ReadWhenAsked(partial(responses_to, graph, roots[0], mode == "path"))
        value = sum(law * option.value for law, option in zip(first, nodes[0].options, strict=True))
        count = sum(node.count for node in nodes)
        share = count / total if prior is None else sum(node.mass for node in nodes)
        classes.append(StrategicClass(policy, answers, value, count, share, roots))
    bits = math.log2(total)
    if prior is not None:
        bits = float(
            sum(entropy(laws[t, list(s)], axis=-1, base=2).sum() for t, s in enumerate(graph.states))
        )
    return StrategicClasses(
        game, player, mode, partners, valued, tuple(classes), graph, graph.evaluations, total, bits
    )


def _laws(prior: Any, shape: tuple[int, int, int]) -> Array:
    """Return the law of the partner's action at every time and state."""
    uniform = np.full((1, 1, shape[2]), 1 / shape[2])
    law = uniform if prior is None else as_pmf(np.asarray(prior), -1, name="prior")
    try:
        return np.broadcast_to(law, shape)
    except ValueError:
        raise ValueError(
            f"prior has shape {law.shape}, which does not broadcast to (horizon, states, partner actions), "
            f"here {shape}"
        ) from None


def _tree_classes(
    game: CommonPayoffGame, player: int, mode: Mode, valued: bool, tol: float, max_classes: int
) -> StrategicClasses:
    order = [player] + [k for k in range(len(game.n_actions)) if k != player]
    P, r = players_first(game, player)
    solver = TreeSolver(
        P,
        r,
        [game.observations[k] for k in order],
        horizon=game.horizon,
        discount=game.discount,
        mode=mode,
        valued=valued,
        tol=tol,
        max_classes=max_classes,
    )
    entries, ours, theirs = solver.roots(game.start)
    groups: dict[tuple[Any, ...], list[TreeEntry]] = {}
    for entry in entries:
        total_value = round(sum(entry.values) / tol) if valued and mode == "path" else None
        groups.setdefault((entry.shapes, total_value), []).append(entry)
    total = sum(entry.count for entry in entries)
    classes = []
    for members in groups.values():
        first = members[0]
        answers = {ours[i] + x: answer for (i, x), answer in first.responses}
        if mode == "path":
            answers = {h: answer for h, answer in answers.items() if _on_path(h, answers)}
        policy = {(order[1 + k], theirs[k][i] + x): a for (k, i, x), a in first.policy}
        count = sum(entry.count for entry in members)
        classes.append(StrategicClass(policy, answers, sum(first.values), count, count / total))
    bits = math.log2(total)
    return StrategicClasses(
        game, player, mode, "all", valued, tuple(classes), None, solver.evaluations, total, bits
    )


def _on_path(history: tuple[int, ...], answers: Mapping[Any, tuple[tuple[int, ...], float]]) -> bool:
    """Tell whether every action of a history answered best; actions stand at the odd places."""
    return all(history[i] in answers[history[:i]][0] for i in range(1, len(history), 2))
