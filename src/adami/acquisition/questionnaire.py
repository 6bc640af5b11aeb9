"""A table in, questions out: DIME with the names, levels and costs of a table's columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from adami._inputs import RawColumns, raw_columns
from adami._missing import missing_rows
from adami.acquisition._asking_curve import AskingCurve, asking_curve
from adami.acquisition._feature_columns import FeatureColumns
from adami.acquisition.dime import DIMEClassifier
from adami.acquisition.dime_policy import DIMEPolicy
from adami.variables import unknown_column


class Questionnaire:
    """Learn from a table which of its columns to ask for next.

    Parameters
    ----------
    target : str
        The column to be decided.
    costs : mapping of column name -> float, optional
        What each column costs; 1 without it.
    test : float
        Share of the rows that are kept out of the training, for `curve`.
    random_state : int
    **model
        Parameters of `DIMEClassifier`.

    Attributes
    ----------
    columns_ : FeatureColumns
    model_ : DIMEClassifier
    orders_ : dict of str to list of int
        Static orders of the columns, to compare with: by information, by permutation importance.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import Questionnaire, Stop
    >>> rng = np.random.default_rng(0)
    >>> size, noise = rng.normal(size=(2, 300))
    >>> table = {"size": size, "noise": noise, "kind": np.where(size > 0, "big", "small")}
    >>> quick = {"hidden": (16,), "pretraining_steps": 150, "steps": 40, "settling_steps": 40}
    >>> asks = Questionnaire("kind", learning_rate=0.01, **quick)
    >>> policy = asks.fit(table).policy(stop=Stop(confidence=0.9))
    >>> asks.columns_.names[policy.ask()]
    'size'
    """

    def __init__(
        self,
        target: str,
        costs: Mapping[str, float] | None = None,
        test: float = 0.2,
        random_state: int = 0,
        **model: Any,
    ) -> None:
        if not 0 <= test < 1:
            raise ValueError(f"test={test}: a share of at least 0 and below 1 is wanted")
        self.target = target
        self.costs = None if costs is None else dict(costs)
        self.test = test
        self.random_state = random_state
        self.parameters = model

    def fit(self, table: Any) -> Self:
        """Train on the rows of a table whose target is known.

        Parameters
        ----------
        table : frame or mapping of name -> column

        Returns
        -------
        Questionnaire
        """
        raw, labels = self._known(raw_columns(table))
        features = {n: v for n, v in raw.items() if n != self.target}
        self.columns_ = FeatureColumns.of(features)
        costs = None if self.costs is None else self.columns_.costs(self.costs)
        x = self.columns_.matrix(features)
        self.rows_ = _fingerprint(labels)
        learn = np.flatnonzero(~self._held(labels))
        self.model_ = DIMEClassifier(
            costs=costs, groups=self.columns_.groups, random_state=self.random_state, **self.parameters
        ).fit(x[learn], labels[learn])
        self.orders_ = {
            "information": _information_order(features, labels, self.columns_.names, learn),
            "permutation importance": _importance_order(self.model_, x[learn], labels[learn]),
        }
        return self

    def policy(self, **parameters: Any) -> DIMEPolicy:
        """Return a policy that asks; query i is the i-th of ``columns_.names``."""
        return self.model_.as_policy(**parameters)

    def curve(self, table: Any, most: int | None = None) -> AskingCurve:
        """Return accuracy against the number of columns asked for, beside static orders.

        Parameters
        ----------
        table : frame or mapping of name -> column
            If it is the table of the training, only rows that were kept out of it are used.
        most : int, optional
            Largest number of columns.

        Returns
        -------
        AskingCurve
        """
        raw, labels = self._known(raw_columns(table))
        x = self.columns_.matrix(raw)
        same = _fingerprint(labels) == self.rows_
        if same and self.test > 0:
            held = self._held(labels)
            x, labels = x[held], labels[held]
        if unknown := sorted(set(labels) - {str(c) for c in self.model_.classes_}):
            raise ValueError(f"{self.target!r} holds {unknown[0]!r}, which was never seen in training")
        return asking_curve(self.model_, x, labels, self.orders_, most, self.random_state, same)

    def save(self, path: str | Path) -> None:
        """Store it as JSON, with weights in safetensors beside it."""
        self.model_.save(
            path,
            questionnaire={
                "target": self.target,
                "costs": self.costs,
                "test": self.test,
                "random_state": self.random_state,
                "columns": self.columns_.told(),
                "rows": self.rows_,
                "orders": self.orders_,
            },
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a stored one.

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        model = DIMEClassifier.load(path)
        told = model.more_.get("questionnaire")
        if told is None:
            raise ValueError(f"{path} holds a model without the names of its columns")
        found = cls(told["target"], told["costs"], told["test"], told["random_state"])
        found.model_ = model
        found.columns_ = FeatureColumns.from_told(told["columns"])
        found.rows_ = told["rows"]
        found.orders_ = told["orders"]
        return found

    def _known(self, raw: RawColumns) -> tuple[RawColumns, np.ndarray]:
        """Return the rows whose target is known, and the target as text."""
        if self.target not in raw:
            raise ValueError(unknown_column(self.target, list(raw)))
        there = ~missing_rows(raw[self.target])
        if not there.any():
            raise ValueError(f"the target {self.target!r} is missing in every row")
        labels = np.array([str(v) for v in raw[self.target][there]])
        if len(np.unique(labels)) > max(2, len(labels) // 2):
            raise ValueError(
                f"the target {self.target!r} has {len(np.unique(labels))} different values in {len(labels)} "
                "rows; what is decided is one of a few labels"
            )
        return {n: v[there] for n, v in raw.items()}, labels

    def _held(self, labels: np.ndarray) -> np.ndarray:
        """Return which rows are kept out of the training, a share of each label."""
        rng = np.random.default_rng(self.random_state)
        held = np.zeros(len(labels), dtype=bool)
        for label in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == label))
            held[rows[: int(self.test * len(rows))]] = True
        return held


def _fingerprint(labels: np.ndarray) -> str:
    """Return what tells the table of the training from another one."""
    return hashlib.sha256("\n".join(labels).encode()).hexdigest()[:16]


def _information_order(
    raw: RawColumns, labels: np.ndarray, names: Sequence[str], rows: np.ndarray
) -> list[int]:
    """Rank columns by what each alone tells about the target."""
    from adami.estimators.registry import get
    from adami.variables import variable

    target = variable({"target": labels[rows].astype(object)})
    found = []
    for name in names:
        values = raw[name][rows]
        there = ~missing_rows(values)
        part = {name: values[there]}
        if there.sum() < 5 or len(np.unique(values[there].astype(str))) < 2:
            found.append(0.0)
            continue
        found.append(float(get("auto").estimate(variable(part), target.take(np.flatnonzero(there)))))
    return [int(i) for i in np.argsort(-np.array(found), kind="stable")]


def _importance_order(model: DIMEClassifier, x: np.ndarray, labels: np.ndarray) -> list[int]:
    """Rank units by how much the loss of the predictor rises when their values are shuffled."""
    rng = np.random.default_rng(model.random_state)
    codes = np.searchsorted(model.classes_, labels)

    def loss(rows: np.ndarray) -> float:
        p = model.predict_proba(rows)[np.arange(len(rows)), codes]
        return float(-np.log(np.maximum(p, 1e-12)).mean())

    base, rises = loss(x), []
    for unit in range(model.selector_.n_units):
        shuffled = x.copy()
        columns = np.flatnonzero(model.selector_.expand == unit)
        shuffled[:, columns] = x[rng.permutation(len(x))][:, columns]
        rises.append(loss(shuffled) - base)
    return [int(i) for i in np.argsort(-np.array(rises), kind="stable")]
