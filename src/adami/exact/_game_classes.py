"""What a search for strategic classes returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from adami.exact._game_layers import LayerGraph
from adami.exact._game_model import CommonPayoffGame

Mode = Literal["subgame", "path"]
Partners = Literal["all", "best-response", "equilibrium", "optimal"]
Value = TypeVar("Value")


class ReadWhenAsked(Mapping[Any, Value]):
    """A table that is read off the graph only when asked for: there can be very many of them."""

    __slots__ = ("_read", "_table")

    def __init__(self, read: Callable[[], dict[Any, Value]]) -> None:
        self._read = read
        self._table: dict[Any, Value] | None = None

    def _known(self) -> dict[Any, Value]:
        if self._table is None:
            self._table = self._read()
        return self._table

    def __getitem__(self, key: Any) -> Value:
        return self._known()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __repr__(self) -> str:
        return repr(self._known())


@dataclass(frozen=True, slots=True)
class StrategicClass:
    """Partner policies among which the player need not distinguish.

    Attributes
    ----------
    policy : mapping
        One of them. Of a fully observed game: ``(time, state) -> action``, a joint action in row-major order
        when there are several co-players. Otherwise: ``(co-player, history) -> action``, where a history is
        the first observation followed by an action and an observation for every step.
    responses : mapping
        The player's best actions and their value against that policy, ``(time, state)`` or ``history ->
        (actions, value)``. With ``mode="path"`` only those that a best response reaches.
    value : float
        What the player can earn against `policy`; against every policy of the class when values count.
    count : int
        Number of partner policies in the class.
    probability : float
        Their share.
    roots : tuple of int
        Indices of the first layer's nodes in the graph; empty for a partially observed game.
    """

    policy: Mapping[Any, int]
    responses: Mapping[Any, tuple[tuple[int, ...], float]]
    value: float
    count: int
    probability: float
    roots: tuple[int, ...] = ()

    @property
    def label(self) -> tuple[tuple[int, ...], float]:
        """Best first actions (of the first history listed) and value."""
        return next(iter(self.responses.values()))[0], self.value


@dataclass(frozen=True, slots=True)
class StrategicClasses:
    """The partition of the partner's policies, and how it was found.

    Attributes
    ----------
    game : CommonPayoffGame
    player : int
    mode, partners : str
    valued : bool
    classes : tuple of StrategicClass
    graph : LayerGraph or None
        The classes of all later subgames, for a fully observed game.
    evaluations : int
        Best responses computed on the way.
    n_policies : int
        Partner policies in all classes.
    policy_bits : float
        Bits it takes to name one of them.
    """

    game: CommonPayoffGame
    player: int
    mode: Mode
    partners: Partners
    valued: bool
    classes: tuple[StrategicClass, ...]
    graph: LayerGraph | None
    evaluations: int
    n_policies: int
    policy_bits: float

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self) -> Iterator[StrategicClass]:
        return iter(self.classes)

    def __getitem__(self, index: int) -> StrategicClass:
        return self.classes[index]
