"""Strategic classes of a partially observed game, on the tree of what the players have done and seen.

A part of the tree is a set of the player's histories and of the co-players' histories that go together with
positive probability. Given the past, parts are independent: the partner's choices in one say nothing about
another, so each is solved apart, once, and only then combined. Within a part they are not, and are
enumerated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from adami.exact._arrays import Array

Cell = tuple[int, tuple[int, ...], float]
"""A state, the index of every co-player's history, and the probability of both."""
Part = tuple[tuple[Cell, ...], ...]
"""One row of cells for every history of the player."""
Label = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """Partner policies of a part that mean the same to the player.

    Attributes
    ----------
    shapes : tuple
        For every history of the player, which continuations are best; None when all are.
    values : tuple of float
        For every history of the player, its best value times its probability.
    count : int
        Policies it stands for.
    policy : tuple of ((co-player, history, suffix), action)
        One of them; a history is an index into the part and what was done and seen since.
    responses : tuple of ((history, suffix), (best actions, value))
        How the player answers it.
    """

    shapes: tuple[Any, ...]
    values: tuple[float, ...]
    count: int
    policy: tuple[tuple[tuple[int, int, Label], int], ...]
    responses: tuple[tuple[tuple[int, Label], tuple[Label, float]], ...]


class TreeSolver:
    """Backs classes up from the ends of the tree; equal parts are solved once.

    Parameters
    ----------
    P : array, shape (n_states, n_actions, ..., n_states)
        With the player's actions first and those of every co-player after them.
    r : array, shape (n_states, n_actions, ...)
    observations : list of array, shape (n_states, n_symbols)
        Of the player and of every co-player.
    horizon, discount, mode, valued, tol, max_classes
        As in `strategic_classes`.
    """

    def __init__(
        self,
        P: Array,
        r: Array,
        observations: list[Array],
        *,
        horizon: int,
        discount: float,
        mode: str,
        valued: bool,
        tol: float,
        max_classes: int,
    ) -> None:
        self.P, self.r, self.observations = P, r, observations
        self.horizon, self.discount = horizon, discount
        self.mode, self.valued, self.tol, self.max_classes = mode, valued, tol, max_classes
        self.actions = P.shape[1]
        self.partner_actions = P.shape[2:-1]
        self.evaluations = 0
        self._known: dict[tuple[int, Part], tuple[TreeEntry, ...]] = {}
        self._emissions = [self._emitted(s) for s in range(P.shape[0])]

    def roots(self, start: Array) -> tuple[list[TreeEntry], list[Label], list[list[Label]]]:
        """Return the entries of the whole game, the player's first histories and those of every co-player."""
        cells: dict[Label, dict[tuple[int, tuple[Label, ...]], float]] = {}
        for s in np.flatnonzero(start > 0):
            for seen, weight in self._emissions[s]:
                row = cells.setdefault((seen[0],), {})
                key = (int(s), tuple((o,) for o in seen[1:]))
                row[key] = row.get(key, 0.0) + float(start[s]) * weight
        return self._combine(0, cells)

    def _emitted(self, s: int) -> list[tuple[Label, float]]:
        rows = [kernel[s] for kernel in self.observations]
        seen = product(*(np.flatnonzero(row > 0).tolist() for row in rows))
        return [(o, float(prod(row[i] for row, i in zip(rows, o, strict=True)))) for o in seen]

    def _combine(
        self, t: int, cells: dict[Label, dict[tuple[int, tuple[Label, ...]], float]]
    ) -> tuple[list[TreeEntry], list[Label], list[list[Label]]]:
        """Split histories into independent parts, solve each, and join what they can be together."""
        ours = list(cells)
        theirs: list[list[Label]] = []
        for k in range(len(self.partner_actions)):
            theirs.append(list(dict.fromkeys(infos[k] for row in cells.values() for _, infos in row)))
        total = 1
        solved = []
        for members in _linked(cells):
            part, local = _canonical([cells[h] for h in members])
            entries = self._solve(t, part)
            total *= len(entries)
            self._refuse(total, t)
            solved.append((members, local, entries))
        joined: list[TreeEntry] = []
        for chosen in product(*(entries for _, _, entries in solved)):
            shapes: dict[Label, Any] = {}
            values: dict[Label, float] = {}
            policy: list[tuple[tuple[int, int, Label], int]] = []
            responses: list[tuple[tuple[int, Label], tuple[Label, float]]] = []
            for (members, local, _), entry in zip(solved, chosen, strict=True):
                shapes.update(zip(members, entry.shapes, strict=True))
                values.update(zip(members, entry.values, strict=True))
                policy += [((k, theirs[k].index(local[k][i]), x), a) for (k, i, x), a in entry.policy]
                responses += [((ours.index(members[i]), x), best) for (i, x), best in entry.responses]
            joined.append(
                TreeEntry(
                    tuple(shapes[h] for h in ours),
                    tuple(values[h] for h in ours),
                    prod(e.count for e in chosen),
                    tuple(policy),
                    tuple(responses),
                )
            )
        return joined, ours, theirs

    def _solve(self, t: int, part: Part) -> tuple[TreeEntry, ...]:
        key = (t, part)
        if key not in self._known:
            self._known[key] = self._back_up(t, part)
        return self._known[key]

    def _back_up(self, t: int, part: Part) -> tuple[TreeEntry, ...]:
        n_partners = len(self.partner_actions)
        infos = [sorted({cell[1][k] for row in part for cell in row}) for k in range(n_partners)]
        deciding = [(k, i) for k in range(n_partners) for i in infos[k]]
        self._refuse(prod(self.partner_actions[k] for k, _ in deciding), t)
        merged: dict[tuple[Any, ...], TreeEntry] = {}
        for moves in product(*(range(self.partner_actions[k]) for k, _ in deciding)):
            played = dict(zip(deciding, moves, strict=True))
            gains, cells = self._step(t, part, played)
            if t + 1 < self.horizon:
                below, ours, theirs = self._combine(t + 1, cells)
            else:
                below, ours, theirs = [TreeEntry((), (), 1, (), ())], [], []
            for entry in below:
                found = self._entry(part, played, gains, entry, ours, theirs)
                same = (found.shapes, found.values)
                known = merged.get(same)
                if known is not None:
                    found = TreeEntry(*same, known.count + found.count, known.policy, known.responses)
                merged[same] = found
                self._refuse(len(merged), t)
        return tuple(merged.values())

    def _step(
        self, t: int, part: Part, played: dict[tuple[int, int], int]
    ) -> tuple[Array, dict[Label, dict[tuple[int, tuple[Label, ...]], float]]]:
        """Return the rewards of every action in every history, and the histories that follow."""
        gains = np.zeros((len(part), self.actions))
        cells: dict[Label, dict[tuple[int, tuple[Label, ...]], float]] = {}
        for h, row in enumerate(part):
            for s, infos, weight in row:
                theirs = tuple(played[k, i] for k, i in enumerate(infos))
                for a in range(self.actions):
                    joint = (s, a, *theirs)
                    gains[h, a] += weight * self.r[joint]
                    if t + 1 == self.horizon:
                        continue
                    for after in np.flatnonzero(self.P[joint] > 0):
                        for seen, chance in self._emissions[after]:
                            follows = cells.setdefault((h, a, seen[0]), {})
                            new = tuple((i, played[k, i], seen[1 + k]) for k, i in enumerate(infos))
                            key = (int(after), new)
                            follows[key] = (
                                follows.get(key, 0.0) + weight * float(self.P[joint][after]) * chance
                            )
        return gains, cells

    def _entry(
        self,
        part: Part,
        played: dict[tuple[int, int], int],
        gains: Array,
        entry: TreeEntry,
        ours: list[Label],
        theirs: list[list[Label]],
    ) -> TreeEntry:
        """Answer one move and one continuation of the partner."""
        Q = gains.copy()
        for (h, a, _), value in zip(ours, entry.values, strict=True):
            Q[h, a] += self.discount * value
        self.evaluations += len(part)
        after = dict(zip(ours, entry.shapes, strict=True))
        shapes: list[Any] = []
        values: list[float] = []
        responses: list[tuple[tuple[int, Label], tuple[Label, float]]] = []
        for h, row in enumerate(part):
            weight = sum(cell[2] for cell in row)
            top = Q[h].max()
            best = tuple(np.flatnonzero(Q[h] >= top - self.tol * weight).tolist())
            value = float(np.round(top / self.tol) * self.tol)
            below: list[tuple[Label, Any]] = [
                (edge[1:], shape) for edge, shape in after.items() if edge[0] == h
            ]
            shapes.append(self._shape(best, value, below))
            values.append(value)
            responses.append(((h, ()), (best, value / weight)))
        responses += [((ours[i][0], ours[i][1:] + x), answer) for (i, x), answer in entry.responses]
        policy: list[tuple[tuple[int, int, Label], int]] = [((k, i, ()), a) for (k, i), a in played.items()]
        policy += [((k, theirs[k][i][0], theirs[k][i][1:] + x), a) for (k, i, x), a in entry.policy]
        return TreeEntry(tuple(shapes), tuple(values), entry.count, tuple(policy), tuple(responses))

    def _shape(self, best: Label, value: float, below: list[tuple[Label, Any]]) -> Any:
        if self.mode == "subgame":
            return (best, value if self.valued else None, tuple(sorted(below, key=lambda item: item[0])))
        # what constrains nothing is left out, so that two shapes are equal just when the best policies are
        kept = [(edge, shape) for edge, shape in below if edge[0] in best and shape is not None]
        if len(best) == self.actions and not kept:
            return None
        return (best, tuple(sorted(kept, key=lambda item: item[0])))

    def _refuse(self, found: int, t: int) -> None:
        if found > self.max_classes:
            raise ValueError(
                f"more than {self.max_classes:,} classes or partner moves at time {t}: their number can grow "
                "exponentially; shorten the horizon, let the players see less, or raise max_classes"
            )


def _linked(cells: dict[Label, dict[tuple[int, tuple[Label, ...]], float]]) -> list[list[Label]]:
    """Return the player's histories in groups that share no history of a co-player."""
    groups: list[tuple[list[Label], set[tuple[int, Label]]]] = []
    for h, row in cells.items():
        members, infos = [h], {(k, info) for _, all_infos in row for k, info in enumerate(all_infos)}
        apart = []
        for other in groups:
            if infos.isdisjoint(other[1]):
                apart.append(other)
            else:
                members, infos = other[0] + members, infos | other[1]
        groups = [*apart, (members, infos)]
    return [members for members, _ in groups]


def _canonical(
    rows: list[dict[tuple[int, tuple[Label, ...]], float]],
) -> tuple[Part, list[list[Label]]]:
    """Number the co-players' histories in the order they appear, so that equal parts look equal."""
    local: list[list[Label]] = [[] for _ in next(iter(rows[0]))[1]]
    part = []
    for row in rows:
        cells = []
        for (s, infos), weight in row.items():
            for k, info in enumerate(infos):
                if info not in local[k]:
                    local[k].append(info)
            cells.append((s, tuple(local[k].index(i) for k, i in enumerate(infos)), round(weight, 15)))
        part.append(tuple(cells))
    return tuple(part), local
