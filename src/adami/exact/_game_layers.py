"""Strategic classes of a fully observed game: whole layers of states are backed up at once.

States of one layer share their successors, so classes found state by state and then combined would hold
combinations that no partner can play. A class of a layer is therefore a table over all its states, and rests
on one class of the layer after it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from adami.exact._arrays import Array

Actions = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StageOption:
    """What a partner can do in one state that makes a difference to the player.

    Attributes
    ----------
    best : tuple of int
        The player's best actions.
    value : float
        What they are worth from here on.
    reached : tuple of int
        States that can follow a best action; empty when the classes do not ask for them.
    partner_actions : tuple of int
        Partner actions with this effect.
    mass : float
        Their probability under the prior.
    """

    best: Actions
    value: float
    reached: Actions
    partner_actions: Actions
    mass: float


@dataclass(frozen=True, slots=True)
class LayerNode:
    """A class of the partner's policies from one time on: an option for every state of the layer.

    Attributes
    ----------
    options : tuple of StageOption
        One for every state of the layer, in the order of the states.
    child : int
        The node of the next layer it rests on; -1 in the last layer.
    count : int
        Policies of the partner, from here on, that it stands for.
    mass : float
        Their probability under the prior.
    """

    options: tuple[StageOption, ...]
    child: int
    count: int
    mass: float


@dataclass(frozen=True, slots=True)
class LayerGraph:
    """The classes of all layers: `states[t]` and `nodes[t]`, and how many best responses were computed."""

    states: tuple[Actions, ...]
    nodes: tuple[tuple[LayerNode, ...], ...]
    evaluations: int


def reachable_layers(P: Array, start: Array, horizon: int) -> tuple[Actions, ...]:
    """Return the states that some pair of policies can reach at every time."""
    moves = (P > 0).any(axis=(1, 2))
    layer = start > 0
    layers = []
    for _ in range(horizon):
        layers.append(tuple(int(s) for s in np.flatnonzero(layer)))
        layer = moves[layer].any(axis=0)
    return tuple(layers)


def layer_graph(
    P: Array,
    r: Array,
    start: Array,
    horizon: int,
    *,
    discount: float,
    partners: str,
    prior: Array,
    keep_reached: bool,
    tol: float,
    max_classes: int,
) -> LayerGraph:
    """Back the classes up from the last layer to the first.

    Parameters
    ----------
    P : array, shape (n_states, n_actions, n_partner_actions, n_states)
    r : array, shape (n_states, n_actions, n_partner_actions)
    start : array, shape (n_states,)
    horizon, discount, partners, tol, max_classes
        As in `strategic_classes`.
    prior : array, shape (horizon, n_states, n_partner_actions)
    keep_reached : bool
        Whether partner actions that lead the same best actions to other states are told apart.
    """
    layers = reachable_layers(P, start, horizon)
    stage = _Stage(P, r, discount, partners, keep_reached, tol)
    nodes: list[tuple[LayerNode, ...]] = []
    after: tuple[LayerNode, ...] = (LayerNode((), -1, 1, 1.0),)
    for t in reversed(range(horizon)):
        below = layers[t + 1] if t + 1 < horizon else ()
        values = np.zeros((len(after), P.shape[0]))
        values[:, list(below)] = [[option.value for option in node.options] for node in after]
        choices = [stage.options(s, values, prior[t, s]) for s in layers[t]]
        if sum(prod(map(len, options)) for options in zip(*choices, strict=True)) > max_classes:
            raise ValueError(
                f"more than {max_classes:,} classes at time {t}: their number can grow exponentially; "
                "shorten the horizon, restrict the partners, or raise max_classes"
            )
        here: list[LayerNode] = []
        for child, node in enumerate(after):
            rests = child if below else -1
            for options in product(*(of_state[child] for of_state in choices)):
                count = node.count * prod([len(o.partner_actions) for o in options])
                mass = node.mass * prod([o.mass for o in options])
                here.append(LayerNode(options, rests, count, mass))
        after = tuple(here)
        nodes.append(after)
    return LayerGraph(layers, tuple(reversed(nodes)), stage.evaluations)


def root_options(graph: LayerGraph, root: int) -> dict[tuple[int, int], StageOption]:
    """Return the options of a root and of all it rests on, by time and state."""
    found = {}
    index = root
    for t, states in enumerate(graph.states):
        node = graph.nodes[t][index]
        for s, option in zip(states, node.options, strict=True):
            found[t, s] = option
        index = node.child
    return found


def policy_of(graph: LayerGraph, root: int) -> dict[tuple[int, int], int]:
    """Return a policy of a root: the first partner action of each of its options."""
    return {at: option.partner_actions[0] for at, option in root_options(graph, root).items()}


def responses_to(graph: LayerGraph, root: int, on_path: bool) -> dict[tuple[int, int], tuple[Actions, float]]:
    """Return best actions and values at every time and state, or where best actions lead."""
    wanted = {(0, s) for s in graph.states[0]}
    table = {}
    for at, option in root_options(graph, root).items():
        if not on_path or at in wanted:
            table[at] = (option.best, option.value)
            wanted.update((at[0] + 1, after) for after in option.reached)
    return table


def equal_roots(graph: LayerGraph, *, on_path: bool, valued: bool) -> list[tuple[int, ...]]:
    """Return the roots in groups that ask for the same responses, and are worth the same if values count."""
    groups: dict[Hashable, list[int]] = {}
    if on_path:
        for root in range(len(graph.nodes[0])):
            table = responses_to(graph, root, True)
            key = tuple((at, best, value if valued else None) for at, (best, value) in table.items())
            groups.setdefault(key, []).append(root)
        return [tuple(members) for members in groups.values()]
    # the number of what a node asks for stands for its whole table, so that no table is spelled out
    numbers = [-1]
    for nodes in reversed(graph.nodes):
        known: dict[Hashable, int] = {}
        here = []
        for node in nodes:
            asked = tuple((o.best, o.value if valued else None) for o in node.options)
            here.append(known.setdefault((asked, numbers[node.child]), len(known)))
        numbers = here
    for root, number in enumerate(numbers):
        groups.setdefault(number, []).append(root)
    return [tuple(members) for members in groups.values()]


def surviving_partner_actions(Q: Array, partners: str, tol: float) -> Array:
    """Return which partner actions a restriction leaves in a stage game of common payoffs.

    Parameters
    ----------
    Q : array, shape (n_actions, n_partner_actions)
    partners : str
        "all"; "best-response": what is left when actions of either side that answer no remaining action of
        the other best are removed again and again; "equilibrium": actions in a pure Nash equilibrium;
        "optimal": actions in a joint maximum.
    tol : float
    """
    if partners == "all":
        return np.ones(Q.shape[1], dtype=bool)
    if partners == "optimal":
        return np.asarray((Q.max() - tol <= Q).any(axis=0))
    answers = Q.max(axis=0, keepdims=True) - tol <= Q
    partner_answers = Q.max(axis=1, keepdims=True) - tol <= Q
    if partners == "equilibrium":
        return np.asarray((answers & partner_answers).any(axis=0))
    ours, theirs = np.ones(Q.shape[0], dtype=bool), np.ones(Q.shape[1], dtype=bool)
    while True:
        fewer_theirs = theirs & partner_answers[ours].any(axis=0)
        fewer_ours = ours & answers[:, fewer_theirs].any(axis=1)
        if (fewer_theirs == theirs).all() and (fewer_ours == ours).all():
            return theirs
        ours, theirs = fewer_ours, fewer_theirs


class _Stage:
    """The stage games, solved at once for all values that can follow them."""

    def __init__(
        self, P: Array, r: Array, discount: float, partners: str, keep_reached: bool, tol: float
    ) -> None:
        self.P, self.r, self.discount = P, r, discount
        self.partners, self.keep_reached, self.tol = partners, keep_reached, tol
        self.follows = (P > 0).any(axis=(1, 2))
        self.evaluations = 0
        self._led: dict[tuple[int, Actions, int], Actions] = {}

    def options(self, s: int, values: Array, prior: Array) -> list[list[StageOption]]:
        """Return the options in a state for every row of values, which are known state by state."""
        rows, back = np.unique(values[:, self.follows[s]], axis=0, return_inverse=True)
        Q = self.r[s] + self.discount * np.moveaxis(self.P[s][:, :, self.follows[s]] @ rows.T, -1, 0)
        solved = self._solve(s, Q, prior)
        return [solved[i] for i in back.ravel().tolist()]

    def _solve(self, s: int, Q: Array, prior: Array) -> list[list[StageOption]]:
        n, n_actions, n_partner = Q.shape
        top = Q.max(axis=1)
        best = np.moveaxis(top[:, None] - self.tol <= Q, 1, 2).reshape(-1, n_actions)
        patterns, which = np.unique(best, axis=0, return_inverse=True)
        actions = [tuple(np.flatnonzero(pattern).tolist()) for pattern in patterns]
        coded = which.reshape(n, n_partner).tolist()
        # a value is a multiple of tol, so that ties met by other sums stay ties
        tops = (np.round(top / self.tol) * self.tol).tolist()
        everybody = list(range(n_partner))
        weights = prior.tolist()
        solved = []
        for i in range(n):
            allowed = everybody
            if self.partners != "all":
                allowed = np.flatnonzero(surviving_partner_actions(Q[i], self.partners, self.tol)).tolist()
            self.evaluations += len(allowed)
            groups: dict[tuple[Actions, float, Actions], list[int]] = {}
            for b in allowed:
                ours = actions[coded[i][b]]
                reached = self._reached(s, ours, b) if self.keep_reached else ()
                groups.setdefault((ours, tops[i][b], reached), []).append(b)
            solved.append(
                [
                    StageOption(*key, tuple(members), sum([weights[b] for b in members]))
                    for key, members in groups.items()
                ]
            )
        return solved

    def _reached(self, s: int, ours: Actions, b: int) -> Actions:
        key = (s, ours, b)
        if key not in self._led:
            self._led[key] = tuple(np.flatnonzero((self.P[s, list(ours), b] > 0).any(axis=0)).tolist())
        return self._led[key]
