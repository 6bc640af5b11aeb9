"""DIME for one row: ask, be told, decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._selection import next_unit
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Domain, Real, Reals, Whole
from adami.acquisition.environments import Environment, FeatureTable

if TYPE_CHECKING:
    from adami.acquisition.dime import DIMEClassifier


class DIMEPolicy(Policy):
    """Ask for the feature that is expected to tell most about the label, for its cost.

    Parameters
    ----------
    model : DIMEClassifier
        Trained.
    fill : bool
        Where the best feature exceeds the budget, ask for the best that does not; otherwise stop.
    prior : sequence of float, optional
        What is known for free about this row, where the model was trained with it.
    stop : Stop, optional
    random_state : int
        Not used: nothing is random.

    References
    ----------
    Gadgil, Covert and Lee, "Estimating Conditional Mutual Information for Dynamic Feature Selection", ICLR
    2024: paper 30 of adami's register.
    """

    name = "dime"
    remembers: ClassVar[tuple[str, ...]] = ("values", "refused")
    needs: ClassVar[tuple[str, ...]] = ("model",)
    knows_confidence = True
    knows_gain = True
    foreign = True

    def __init__(
        self,
        model: DIMEClassifier,
        fill: bool = True,
        prior: Sequence[float] | None = None,
        *,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.fill = fill
        self.prior = None if prior is None else [float(v) for v in prior]
        self._free = model._rows(
            np.full((1, model.n_features_in_), np.nan), None if prior is None else [self.prior]
        )[1]
        self._columns = [np.flatnonzero(model.selector_.expand == u) for u in range(model.selector_.n_units)]
        super().__init__(stop=stop, random_state=random_state)

    def _start(self) -> None:
        self.values = np.full(self.model.n_features_in_, np.nan)
        self.refused: list[int] = []
        self._woken()

    def _woken(self) -> None:
        model = self.model.selector_
        known = ~np.isnan(self.values)
        self._mask = np.zeros((1, model.n_units))
        self._mask[0, model.expand[known]] = 1.0
        scaled = model.standardized(self.values[None])
        self._p, gains = model.look(scaled, self._mask, self._free)
        self._gains = gains[0]

    def queries(self) -> Domain:
        return Whole(self.model.selector_.n_units)

    def answers(self, query: int) -> Domain:
        """Return a number, or as many as the unit has columns."""
        count = len(self._columns[query])
        return Real() if count == 1 else Reals((count,))

    def cost(self, query: int) -> float:
        return float(self.model.selector_.costs[query])

    def _ask(self, context: Any) -> int | None:
        left = self.left if self.stop.budget is None else self.left + 1e-9 * self.stop.budget
        selector = self.model.selector_
        unit, why = next_unit(self._gains, selector.costs, self._open(), left, self.fill, selector.scaling)
        if unit < 0:
            self._end(why)
            return None
        return unit

    def _tell(self, query: int, answer: Any) -> None:
        self.values[self._columns[query]] = answer
        self._woken()

    def _refuse(self, query: int) -> None:
        self.refused.append(query)

    def _open(self) -> np.ndarray:
        free = np.asarray(self._mask[0] == 0)
        free[self.refused] = False
        return free

    @property
    def confidence(self) -> float:
        """The probability of the most likely label."""
        return float(self._p.max())

    def belief(self) -> dict[str, float]:
        """Return the probability of each label."""
        return {str(c): float(p) for c, p in zip(self.model.classes_, self._p[0], strict=True)}

    def gains(self) -> Mapping[int, float]:
        """Return how much each unit that is left is expected to tell, in nats."""
        return {int(u): float(self._gains[u]) for u in np.flatnonzero(self._open())}

    def recommend(self) -> Any:
        """Return the most likely label."""
        return self.model.classes_[int(self._p.argmax())].item()

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        """Return a policy of a small model, and rows to ask about."""
        model, x, y = _small_model()
        return cls(model, random_state=random_state), FeatureTable(x, y, random_state=random_state)


@cache
def _small_model() -> tuple[DIMEClassifier, np.ndarray, np.ndarray]:
    from adami.acquisition.dime import DIMEClassifier

    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4))
    y = (x[:, 0] + x[:, 2] > 0).astype(int)
    model = DIMEClassifier(hidden=(8,), pretraining_steps=60, steps=20, settling_steps=20, batch_size=32)
    return model.fit(x, y), x, y
