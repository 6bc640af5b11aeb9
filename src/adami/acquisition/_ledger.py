"""What was asked, answered and paid, and the regret of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Contradiction(ValueError):
    """An answer that cannot be true together with an earlier one; the policy is as it was before."""


@dataclass(slots=True)
class Entry:
    """One query and its answer.

    Parameters
    ----------
    query, answer : object
        In their plain form.
    cost : float
    refused : bool
        Whether there is no answer because it was refused.
    regret : float
        What the query lost against the best one, where the runner knows.
    """

    query: Any
    answer: Any
    cost: float
    refused: bool = False
    regret: float = 0.0


@dataclass(slots=True)
class Ledger:
    """The account of one run.

    Parameters
    ----------
    keep : bool
        Whether single entries are kept, or sums only: a bandit of a million rounds keeps sums.

    Attributes
    ----------
    entries : list of Entry
    spent : dict of str to float
        ``queries``, ``cost``, ``bits`` and ``time``, and any name that was charged.
    regret : float
        Cumulative regret.
    """

    keep: bool = True
    entries: list[Entry] = field(default_factory=list)
    spent: dict[str, float] = field(
        default_factory=lambda: {"queries": 0.0, "cost": 0.0, "bits": 0.0, "time": 0.0}
    )
    regret: float = 0.0

    def add(self, query: Any, answer: Any, cost: float, refused: bool = False) -> None:
        """Write down one query."""
        self.charge(queries=1, cost=cost)
        if self.keep:
            self.entries.append(Entry(query, answer, cost, refused))

    def charge(self, **amounts: float) -> None:
        """Add amounts to what was spent, by name: ``charge(bits=12)``, ``charge(uplink=3)``.

        Raises
        ------
        ValueError
            If an amount is negative or not finite.
        """
        for name, amount in amounts.items():
            if not math.isfinite(amount) or amount < 0:
                raise ValueError(f"{name}={amount}: what is spent is a finite number of at least 0")
        for name, amount in amounts.items():
            self.spent[name] = self.spent.get(name, 0.0) + float(amount)

    def lose(self, regret: float) -> None:
        """Add the regret of the last query."""
        if not math.isfinite(regret):
            raise ValueError(f"a regret of {regret} is no finite number")
        self.regret += float(regret)
        if self.keep and self.entries:
            self.entries[-1].regret += float(regret)

    def told(self) -> dict[str, Any]:
        """Return what is stored."""
        rows = [[e.query, e.answer, e.cost, e.refused, e.regret] for e in self.entries]
        return {"keep": self.keep, "entries": rows, "spent": dict(self.spent), "regret": self.regret}

    @classmethod
    def from_told(cls, told: Mapping[str, Any]) -> Ledger:
        """Return a ledger from what was stored."""
        return cls(
            bool(told["keep"]), [Entry(*row) for row in told["entries"]], dict(told["spent"]), told["regret"]
        )
