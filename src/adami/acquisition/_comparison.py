"""Policies side by side, over the same seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition.environments._base import Environment
from adami.acquisition.run import Record, play

COLUMNS = ("loss", "queries", "cost", "regret")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs of several policies on the same seeds.

    Parameters
    ----------
    records : dict of str to list of Record
    """

    records: dict[str, list[Record]]

    def values(self, column: str) -> dict[str, np.ndarray]:
        """Return one number a seed for each policy: loss, queries, cost, regret or a charged name."""
        return {name: np.array([_value(r, column) for r in rs]) for name, rs in self.records.items()}

    def rows(self, confidence: float = 0.95) -> list[dict[str, Any]]:
        """Return one row a policy: means and half widths of their intervals over seeds."""
        found = []
        for name, records in self.records.items():
            row: dict[str, Any] = {"policy": name, "seeds": len(records)}
            for column in COLUMNS:
                values = np.array([_value(r, column) for r in records])
                if np.isfinite(values).all():
                    row[column], row[f"{column}_half"] = _mean_and_half(values, confidence)
            found.append(row)
        return found

    def table(self, confidence: float = 0.95) -> str:
        """Return the rows as a Markdown table."""
        rows = self.rows(confidence)
        columns = [c for c in COLUMNS if any(c in r for r in rows)]
        lines = ["| policy | seeds | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 2) + "|"]
        for row in rows:
            cells = [f"{row[c]:.4g} ± {row[f'{c}_half']:.2g}" if c in row else "" for c in columns]
            lines.append(f"| {row['policy']} | {row['seeds']} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def compare(
    policies: Mapping[str, Policy], environment: Environment, random_states: Sequence[int]
) -> Comparison:
    """Play every policy on every seed.

    Parameters
    ----------
    policies : mapping of name -> Policy
    environment : Environment
        Reset with each seed, so that all policies meet the same worlds.
    random_states : sequence of int

    Returns
    -------
    Comparison

    Examples
    --------
    >>> from adami.acquisition import FixedOrder, RandomOrder, Stop, compare
    >>> from adami.acquisition.environments import FeatureTable
    >>> x, y = [[0, 5, 1], [1, 5, 1]], [0, 1]
    >>> def decide(values):
    ...     return int(values.get(0, 0) > 0.5)
    >>> stop = Stop(max_queries=1)
    >>> informed = FixedOrder([0, 1, 2], decide, stop=stop)
    >>> blind = RandomOrder(3, decide, stop=stop)
    >>> found = compare({"informed": informed, "random": blind}, FeatureTable(x, y), range(20))
    >>> float(found.values("loss")["informed"].mean())
    0.0
    """
    if not policies or not len(random_states):
        raise ValueError("at least one policy and one seed are needed")
    return Comparison(
        {
            name: [play(policy, environment, random_state=int(s)) for s in random_states]
            for name, policy in policies.items()
        }
    )


def _value(record: Record, column: str) -> float:
    if column == "loss":
        return math.nan if record.loss is None else record.loss
    if column == "regret":
        return record.regret
    if column not in record.spent:
        raise ValueError(f"{record.policy} charged no {column!r}; there are {', '.join(record.spent)}")
    return record.spent[column]


def _mean_and_half(values: np.ndarray, confidence: float) -> tuple[float, float]:
    from scipy.stats import t

    if len(values) < 2:
        raise ValueError("an interval over seeds needs at least two of them")
    half = t.ppf(0.5 + confidence / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean()), float(half)
