"""What all environments share: a seed, an answer, a cost, and what only a judge may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adami.acquisition._lanes import LaneEnvironment


class _Refused:
    """The mark of an answer that is refused."""

    def __repr__(self) -> str:
        return "REFUSED"


REFUSED = _Refused()
"""Returned by an environment that does not answer a query."""


class Environment:
    """Base of seeded worlds that answer queries.

    A member overrides `_start` and `answer`, and what else it can tell.

    Parameters
    ----------
    random_state : int

    Attributes
    ----------
    rng : numpy.random.Generator
    clock : float
        Simulated time; stands still where answers take none.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state
        self.reset()

    def reset(self, random_state: int | None = None) -> None:
        """Draw a new world.

        Parameters
        ----------
        random_state : int, optional
            Replaces that of the constructor.
        """
        if random_state is not None:
            self.random_state = random_state
        self.rng = np.random.default_rng(self.random_state)
        self.clock = 0.0
        self._mail: list[tuple[Any, Any]] = []
        self._start()

    def _start(self) -> None:
        """Draw what is different from seed to seed."""

    def context(self) -> Any:
        """Return what the policy may know of the situation before it asks; None without any."""
        return None

    def answer(self, query: Any) -> Any:
        """Return the answer to a query, or `REFUSED`."""
        raise NotImplementedError

    def cost(self, query: Any) -> float | None:
        """Return what a query really costs; None leaves that to the policy."""
        return None

    def regret(self, query: Any) -> float | None:
        """Return what a query loses in expectation against the best one; None where that is not defined."""
        return None

    def loss(self, decision: Any) -> float | None:
        """Return how bad a decision is; None where that is not defined."""
        return None

    @property
    def truth(self) -> Any:
        """What is looked for; for judging only."""
        return None

    @property
    def done(self) -> bool:
        """Whether there is nothing more to answer: the horizon is reached, the episode is over."""
        return False

    # answers come at once, unless an environment overrides these three

    def send(self, query: Any) -> None:
        """Take a query; its answer arrives when it arrives."""
        self._mail.append((query, self.answer(query)))

    def arrived(self) -> list[tuple[Any, Any]]:
        """Return the queries whose answers have arrived, with the answers, in the order of arrival."""
        mail, self._mail = self._mail, []
        return mail

    def wait(self) -> bool:
        """Let time pass until the next answer arrives; False if none is on its way."""
        return bool(self._mail)

    def in_lanes(self, random_states: Sequence[int]) -> LaneEnvironment | None:
        """Return the same world for many seeds at once, as arrays; None where there is no such form."""
        return None
