"""What all policies share: ask and tell, the account, limits, refusals, saving and loading."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adami.acquisition._ledger import Contradiction, Ledger
from adami.acquisition._run_state import from_state, state_of
from adami.acquisition._stop import Stop
from adami.acquisition._stored import read_state, write_state
from adami.acquisition.domains import Anything, Domain

if TYPE_CHECKING:
    from adami.acquisition._lanes import LanePolicy
    from adami.acquisition.environments import Environment


class Policy:
    """Base of everything that decides what to ask next.

    A member stores its parameters in ``__init__`` under their names, calls ``super().__init__`` last, and
    overrides `_start`, `_ask`, `_tell` and `recommend`. The hooks see checked values; `_tell` has to find out
    whether an answer is acceptable before it changes anything, so that a refused answer leaves no trace.

    Parameters
    ----------
    stop : Stop, optional
        Limits; the policy may also stop by itself.
    random_state : int
        Decides everything random.

    Attributes
    ----------
    rng : numpy.random.Generator
        Where a policy draws from; its state is stored.
    ledger : Ledger
        What was asked, answered and spent.
    stop_reason : str
        Empty while it goes on; then ``"budget"``, ``"max_queries"``, ``"confidence"``, ``"penalty"``,
        ``"exhausted"`` (nothing left to ask), ``"refused"``, or a policy's own word.
    """

    name: ClassVar[str]
    """Short name, as in the registry."""
    remembers: ClassVar[tuple[str, ...]] = ()
    """Attributes that make up the state: plain values and arrays, nested as they like."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Parameters that are not stored (a model, an endpoint, a function) and have to be handed to `load`."""
    repeats: ClassVar[bool] = False
    """Whether the same query may be asked again: an arm of a bandit, never a feature of a patient."""
    foreign: ClassVar[bool] = False
    """Whether answers to queries that it did not ask are welcome."""
    asynchronous: ClassVar[bool] = False
    """Whether more may be asked while answers are on their way."""
    knows_confidence: ClassVar[bool] = False
    """Whether `confidence` is a number, so that ``Stop(confidence=...)`` has a meaning."""
    knows_gain: ClassVar[bool] = False
    """Whether `gains` and `rate` are numbers, so that ``Stop(penalty=...)`` has a meaning."""
    keeps_entries: ClassVar[bool] = True
    """Whether the ledger keeps every entry; false for policies of a million rounds."""

    def __init__(self, *, stop: Stop | None = None, random_state: int = 0) -> None:
        if stop is not None and stop.confidence is not None and not self.knows_confidence:
            raise ValueError(f"{self.name} has no confidence to stop at; use budget= or max_queries=")
        if stop is not None and stop.penalty is not None and not self.knows_gain:
            raise ValueError(
                f"{self.name} has no gain to hold against a penalty; use budget= or max_queries="
            )
        self.stop = stop or Stop()
        self.random_state = random_state
        self.reset()

    # what a member overrides

    def _start(self) -> None:
        """Put the state to that of a new run."""

    def _ask(self, context: Any) -> Any:
        """Return the next query, or None when there is nothing left to ask."""
        raise NotImplementedError

    def _tell(self, query: Any, answer: Any) -> None:
        """Take an answer in; raise ValueError or Contradiction before changing anything."""
        raise NotImplementedError

    def _refuse(self, query: Any) -> None:
        """Go on without the answer to a query; a policy that cannot stops."""
        self._end("refused")

    def queries(self) -> Domain:
        """Return what may be asked at all."""
        return Anything()

    def answers(self, query: Any) -> Domain:
        """Return what may be answered to a query."""
        return Anything()

    def cost(self, query: Any) -> float:
        """Return what a query is expected to cost."""
        return 1.0

    def recommend(self) -> Any:
        """Return the decision that the answers so far lead to."""
        raise NotImplementedError

    @property
    def confidence(self) -> float | None:
        """How sure the decision is, from 0 to 1; None where a policy has no such number."""
        return None

    def belief(self) -> Mapping[str, float] | None:
        """Return the probability of each decision, where a policy has one."""
        return None

    def gains(self) -> Mapping[Any, float] | None:
        """Return how much each further query is expected to tell, in nats, where a policy knows."""
        return None

    def rate(self) -> float | None:
        """Return the largest gain for each unit of cost."""
        if (gains := self.gains()) is None:
            return None
        return max((gain / self.cost(query) for query, gain in gains.items()), default=0.0)

    def in_lanes(self, random_states: Sequence[int]) -> LanePolicy | None:
        """Return the same policy for many seeds at once, as arrays; None where there is no such form."""
        return None

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        """Return a small policy and an environment to try it on."""
        raise NotImplementedError

    # the protocol

    def reset(self, random_state: int | None = None) -> None:
        """Forget everything and start anew.

        Parameters
        ----------
        random_state : int, optional
            Replaces that of the constructor.
        """
        if random_state is not None:
            self.random_state = random_state
        self.rng = np.random.default_rng(self.random_state)
        self.ledger = Ledger(self.keeps_entries)
        self.pending: list[Any] = []
        self.stop_reason = ""
        self._seen: dict[Any, Any] = {}
        self._start()

    def ask(self, context: Any = None) -> Any:
        """Return what to ask next, or None when the policy stops.

        Parameters
        ----------
        context : object, optional
            What is known of the situation, where a policy uses it: the arms of a round, an information set.

        Returns
        -------
        object or None
            Asked again before the answer is told, the same query, unless the policy is asynchronous.
        """
        if self.stop_reason:
            return None
        if self.pending and not self.asynchronous:
            return self.pending[0]
        if not self._may_ask():
            return None
        query = self._ask(context)
        if query is None:
            # a hook that stopped with a word of its own keeps it
            self._end("exhausted")
            return None
        if not self._affordable(query):
            # an answer on its way may change what comes next, but not what was promised for it
            if not self.pending:
                self._end("budget")
            return None
        self.pending.append(query)
        return query

    def tell(self, query: Any, answer: Any, cost: float | None = None) -> None:
        """Take the answer to a query in.

        Parameters
        ----------
        query : object
        answer : object
        cost : float, optional
            What it really cost; `cost(query)` without it.

        Raises
        ------
        ValueError
            If the query was not asked, or query or answer lie outside of their domain.
        Contradiction
            If the answer cannot be true together with an earlier one. In both cases nothing has changed.
        RuntimeError
            If the policy has stopped.
        """
        asked, place = self._known(query)
        plain = self.answers(asked).check(answer, f"the answer to {_shown(asked)}:")
        if place is None and self._told_before(asked, plain):
            return
        paid = self.cost(asked) if cost is None else cost
        if not (math.isfinite(paid) and paid >= 0):
            raise ValueError(f"cost={paid}: a cost is a finite number of at least 0")
        self._tell(asked, plain)
        self._settle(asked, plain, paid, place)

    def refuse(self, query: Any, cost: float = 0.0) -> None:
        """Say that there is no answer to a query.

        Parameters
        ----------
        query : object
        cost : float
            What the attempt cost.
        """
        asked, place = self._known(query)
        if not (math.isfinite(cost) and cost >= 0):
            raise ValueError(f"cost={cost}: a cost is a finite number of at least 0")
        if place is None:
            raise ValueError(f"query {_shown(query)} was not asked")
        self._refuse(asked)
        self.pending.pop(place)
        self.ledger.add(asked, None, cost, refused=True)
        self._check_limits()

    @property
    def done(self) -> bool:
        """Whether the policy has stopped."""
        return bool(self.stop_reason)

    @property
    def spent(self) -> dict[str, float]:
        """What was spent: ``queries``, ``cost``, ``bits``, ``time`` and other names that were charged."""
        return dict(self.ledger.spent)

    @property
    def left(self) -> float:
        """What is left of the budget; infinite without one."""
        return math.inf if self.stop.budget is None else self.stop.budget - self.ledger.spent["cost"]

    # state

    def state(self) -> dict[str, Any]:
        """Return everything that the next query depends on, as plain values and arrays."""
        return state_of(self)

    def save(self, path: str | Path) -> None:
        """Store the run as JSON, with arrays in safetensors beside it.

        Parameters
        ----------
        path : path
            Ends in ``.json``.
        """
        write_state(path, self.state())

    @classmethod
    def load(cls, path: str | Path, **given: Any) -> Self:
        """Take a stored run up where it was.

        Parameters
        ----------
        path : path
        **given
            The parameters that are not stored (`needs`), and any that shall be different from now on.

        Raises
        ------
        ValueError
            If the file belongs to another policy, or a needed parameter is not given.
        """
        told = read_state(path)
        if told.get("policy") != cls.name:
            raise ValueError(f"{path} holds {told.get('policy', 'no policy')!r}, not {cls.name!r}")
        return from_state(cls, told, given)

    def _woken(self) -> None:
        """Rebuild what follows from the state after loading; there is nothing to do where all is stored."""

    # bookkeeping

    def _end(self, reason: str) -> None:
        """Stop for a reason; the first one stands."""
        self.stop_reason = self.stop_reason or reason

    def _known(self, query: Any) -> tuple[Any, int | None]:
        """Return the plain form of a query and its place among the pending ones."""
        if self.stop_reason:
            raise RuntimeError(f"{self.name} has stopped ({self.stop_reason}); reset() starts anew")
        domain = self.queries()
        plain = domain.check(query, "query")
        for place, waiting in enumerate(self.pending):
            if domain.same(domain.check(waiting, "query"), plain):
                return plain, place
        if not self.foreign and not (not self.repeats and _key(plain) in self._seen):
            raise ValueError(f"query {_shown(query)} was not asked; tell() what ask() returned")
        return plain, None

    def _told_before(self, query: Any, answer: Any) -> bool:
        """Tell whether this very answer is known; refuse another one to the same query."""
        if self.repeats or (key := _key(query)) not in self._seen:
            return False
        if self.answers(query).same(self._seen[key], answer):
            return True
        raise Contradiction(
            f"{_shown(query)} was answered {_shown(self._seen[key])} before, and now {_shown(answer)}; "
            "reset() and tell the right answers"
        )

    def _settle(self, query: Any, answer: Any, paid: float, place: int | None) -> None:
        if place is not None:
            self.pending.pop(place)
        if not self.repeats:
            self._seen[_key(query)] = answer
        self.ledger.add(query, answer, paid)
        self._check_limits()

    def _affordable(self, query: Any) -> bool:
        if self.stop.budget is None:
            return True
        promised = sum(self.cost(q) for q in self.pending)
        # sums of costs such as 0.1 are not exact
        return promised + self.cost(query) <= self.left + 1e-9 * self.stop.budget

    def _check_limits(self) -> None:
        """Stop where a limit is met."""
        most, sure = self.stop.max_queries, self.stop.confidence
        if most is not None and self.ledger.spent["queries"] >= most:
            self._end("max_queries")
        elif sure is not None and (now := self.confidence) is not None and now >= sure:
            self._end("confidence")

    def _may_ask(self) -> bool:
        """Look at all limits before a query."""
        self._check_limits()
        if self.stop_reason:
            return False
        if self.stop.penalty is not None and (rate := self.rate()) is not None and rate <= self.stop.penalty:
            self._end("penalty")
            return False
        # as many as are allowed may be on their way
        most = self.stop.max_queries
        return most is None or self.ledger.spent["queries"] + len(self.pending) < most


def _key(query: Any) -> Any:
    """Return something hashable that stands for a query."""
    return tuple(query.ravel().tolist()) if isinstance(query, np.ndarray) else query


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
