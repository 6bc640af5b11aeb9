"""Orders that do not listen to the answers: what an adaptive policy has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

from adami.acquisition._base import Policy
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Real, Whole
from adami.acquisition.environments import Environment, FeatureTable

Decide = Callable[[Mapping[int, float]], Any]


class FixedOrder(Policy):
    """Ask for features in one order, whatever the answers.

    Parameters
    ----------
    order : sequence of int
        Numbers of features, each once.
    decide : callable(values), optional
        Turns the known values, by number of feature, into a decision; without it they are the decision.
    costs : sequence of float, optional
        Of each feature by its number; 1 without it.
    stop : Stop, optional
    random_state : int

    Examples
    --------
    >>> from adami.acquisition import FixedOrder
    >>> policy = FixedOrder([2, 0, 1])
    >>> policy.ask()
    2
    >>> policy.tell(2, 1.5)
    >>> policy.ask(), policy.recommend()
    (0, {2: 1.5})
    """

    name = "fixed_order"
    remembers: ClassVar[tuple[str, ...]] = ("order_now", "place", "values")
    needs: ClassVar[tuple[str, ...]] = ("decide",)

    def __init__(
        self,
        order: Sequence[int],
        decide: Decide | None = None,
        costs: Sequence[float] | None = None,
        *,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        self.order = [int(i) for i in order]
        self.decide = decide
        self.costs = checked_costs(costs, len(self.order))
        if sorted(self.order) != list(range(len(self.order))) or not self.order:
            raise ValueError(f"order={self.order}: each of the features 0 to n - 1 once is wanted")
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.order_now = list(self.order)
        self.place = 0
        self.values: dict[int, float] = {}

    def queries(self) -> Domain:
        return Whole(len(self.order))

    def answers(self, query: int) -> Domain:
        return Real()

    def cost(self, query: int) -> float:
        return 1.0 if self.costs is None else self.costs[query]

    def _ask(self, context: Any) -> int | None:
        return self.order_now[self.place] if self.place < len(self.order_now) else None

    def _tell(self, query: int, answer: float) -> None:
        self.values[query] = answer
        self.place += 1

    def _refuse(self, query: int) -> None:
        self.place += 1

    def recommend(self) -> Any:
        return dict(self.values) if self.decide is None else self.decide(self.values)

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        x = [[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 2.0, 0.0]]
        return cls([1, 2, 0], random_state=random_state), FeatureTable(x, random_state=random_state)


class RandomOrder(FixedOrder):
    """Ask for features in an order drawn anew for each run.

    Parameters
    ----------
    n_features : int
    decide : callable(values), optional
    costs : sequence of float, optional
    stop : Stop, optional
    random_state : int
    """

    name = "random_order"

    def __init__(
        self,
        n_features: int,
        decide: Decide | None = None,
        costs: Sequence[float] | None = None,
        *,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_features = n_features
        super().__init__(range(n_features), decide, costs, stop=stop, random_state=random_state)

    def _start(self) -> None:
        super()._start()
        self.order_now = self.rng.permutation(len(self.order)).tolist()

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        x = [[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 2.0, 0.0]]
        return cls(3, random_state=random_state), FeatureTable(x, random_state=random_state)


def checked_costs(costs: Sequence[float] | None, count: int) -> list[float] | None:
    """Return costs as floats; refuse a wrong number of them, and any that is not above 0."""
    if costs is None:
        return None
    found = [float(c) for c in costs]
    if len(found) != count:
        raise ValueError(f"{len(found)} costs are given for {count} features")
    for i, c in enumerate(found):
        if not 0 < c < float("inf"):
            raise ValueError(f"the cost of feature {i} is {c}; costs are finite numbers above 0")
    return found
