"""The adaptive choice: kinds, size and shape of the rows decide which estimator answers, and why is told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from adami.estimators._atoms import over_atoms, splits
from adami.estimators._base import Estimator, Measurement
from adami.estimators._cheap_statistic import dependence_statistic, shuffled_statistic
from adami.estimators._choice import Choice
from adami.estimators._common import constant_note, has_levels, nothing_to_tell, standardized, varying
from adami.estimators._conditional_choice import choose_conditional
from adami.estimators._continuous import choose
from adami.estimators._counts import slot_cells
from adami.estimators._labelled_choice import choose_labelled
from adami.estimators._perfect import affine_dependence, monotone, number_dependence
from adami.estimators._table_choice import LEAST_ROWS, choose_table, choose_within
from adami.estimators._tie_draws import over_ties
from adami.estimators._uniform_scores import spread_ranks, without_copies
from adami.estimators.checks import label_entropy
from adami.estimators.ksg import KSG
from adami.estimators.lnc import LNC
from adami.result import Diagnostic
from adami.variables import Variable

LNC_ROWS = 20
MONOTONE_ROWS = 50
GLANCE_ROWS = 500
CEILING = 0.4
"""Share of ln n from which neighbours in the plane see too little of a nearly functional relation."""


class Auto(Estimator):
    """Information by the method that suits the variables.

    - Labels with labels: corrected entropies, less what unrelated labels of their frequencies show.
    - Numbers with a label: one Gaussian a label on normal scores, and Ross's neighbours where they see more.
    - Numbers with numbers: a Gaussian or Student-t copula, whichever the ranks make likelier; neighbours
      (KSG on normal scores) where they clearly see what rows drawn from that copula do not show; and with
      many columns, neighbours in a few linear or nonlinear directions learnt on other rows.
    - A column with atoms (zero-inflated, clipped): the chain rule over the atoms and the numbers beside them.
    - Repeated values and labels beside numbers are spread over their ranks, which changes no information.

    Every comparison is against rows drawn from the simpler model, so that independent data stay at zero on
    average.

    Parameters
    ----------
    k : int
        Neighbours.
    random_state : int
        Seed of draws, halves and spread ties.
    n_jobs : int
        Threads; the value does not depend on it.

    References
    ----------
    .. [1] A. Kraskov, H. Stögbauer and P. Grassberger, "Estimating mutual information", Physical Review E
       69, 2004.
    .. [2] B. C. Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9, 2014.
    .. [3] P. Czyż et al., "Beyond normal: on the evaluation of mutual information estimators", NeurIPS 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import Auto
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=1000)
    >>> result = Auto().estimate(x, x**2 + 0.5 * rng.normal(size=1000))
    >>> result.details["chosen"]
    'model_plus_neighbours'
    """

    name: ClassVar[str] = "auto"

    def __init__(self, k: int = 3, random_state: int = 0, n_jobs: int | None = 1) -> None:
        self.k = k
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _entropy(self, x: Variable) -> Measurement:
        from adami.estimators.registry import get

        return get("miller_madow" if x.kind == "discrete" else "kl")._entropy(x)

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        from adami.estimators.registry import get

        labels = x.kind == "discrete" and given.kind == "discrete"
        return get("miller_madow" if labels else "kl")._conditional_entropy(x, given)

    def _statistic(self, x: Variable, y: Variable, given: Variable | None = None) -> float:
        return dependence_statistic(x, y, given)

    def _shuffled_statistic(
        self, x: Variable, y: Variable, given: Variable | None = None
    ) -> Callable[[np.ndarray], float]:
        return shuffled_statistic(x, y, given)

    def _information(self, x: Variable, y: Variable) -> Measurement:
        known = nothing_to_tell(x, y) or _perfect(x, y)
        if known is not None:
            return known
        rng = np.random.default_rng(self.random_state)
        x, y = _order(x, y)
        numbers_x, numbers_y = varying(x).shape[1] > 0, varying(y).shape[1] > 0
        if not numbers_x and not numbers_y:
            return choose_table(x, y, rng)
        _need_rows(x, y)
        if splits(x, y):
            return over_atoms(x, y, self._information)
        k = min(self.k, x.n - 2)
        if numbers_x != numbers_y:
            numbers, label = (x, y) if numbers_x else (y, x)
            if not has_levels(numbers) and label.codes is not None:
                choice = self._numbers_with_label(numbers, label, k, rng)
                choice.value = min(choice.value, label_entropy(label.codes))
                return _measured(choice, constant_note(x, y))
        found = _copied_order(x, y)
        if found is not None:
            return found

        def once(x: Variable, y: Variable, g: np.random.Generator) -> Choice:
            return choose(spread_ranks(x, g), spread_ranks(y, g), k, g, self.n_jobs)

        choice = _near_functional(over_ties(once, x, y, rng), x, y, self.n_jobs)
        return _measured(choice, constant_note(x, y))

    def _numbers_with_label(
        self, numbers: Variable, label: Variable, k: int, rng: np.random.Generator
    ) -> Choice:
        def once(numbers: Variable, label: Variable, g: np.random.Generator) -> Choice:
            ranks = without_copies(spread_ranks(numbers, g))
            return choose_labelled(ranks, _codes(label), k, g, self.n_jobs)

        return over_ties(once, numbers, label, rng)

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        known = nothing_to_tell(x, y)
        if known is not None:
            return known
        if nothing_to_tell(given) is not None:
            return self._information(x, y)
        if x.kind == y.kind == given.kind == "discrete":
            return choose_within(slot_cells(x, y, given), (str(x), str(y), str(given)), self.random_state)
        if given.codes is not None and has_levels(given):
            return self._within_labels(x, y, given)
        found = affine_dependence(x, y, given)
        if found is not None:
            return _infinite(found)
        _need_rows(x, y)
        rng = np.random.default_rng(self.random_state)
        x, y = _order(x, y)
        ranks = [spread_ranks(v, rng) for v in (x, y, given)]
        choice = choose_conditional(
            ranks[0], ranks[1], ranks[2], max(1, min(self.k, x.n - 2)), rng, self.n_jobs
        )
        return _measured(choice, constant_note(x, y, given))

    def _within_labels(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        """Average the information within each label of the condition: I(X;Y|Z,L) = Σ p(l) I(X;Y|Z, L = l)."""
        codes = _codes(given)
        rest = Variable(
            given.numbers, None, 0, given.kind, tuple(c for c in given.columns if c.kind != "discrete")
        )
        value, variance, used = 0.0, 0.0, 0
        notes: list[Diagnostic] = []
        for label in np.unique(codes):
            rows = np.flatnonzero(codes == label)
            if len(rows) < self._least_rows(x, y, rest):
                continue
            parts = [v.take(rows) for v in (x, y, rest)]
            m = self._information(*parts[:2]) if rest.dim == 0 else self._conditional(*parts)
            used += len(rows)
            value += len(rows) * m.value
            variance += (len(rows) * (m.standard_error or 0.0)) ** 2
            notes += [d for d in m.diagnostics if d.flag == "perfect_dependence"]
        if used == 0:
            raise ValueError(
                f"every label of {given} has fewer than {self._least_rows(x, y, rest)} rows, too few to "
                f"measure {x} and {y} within it; merge rare labels"
            )
        if used < x.n:
            told = f"{x.n - used} of {x.n} rows are left out: their labels of {given} are too rare"
            notes.append(Diagnostic("small_class", told, "warning", "unknown"))
        details = {
            "candidates": {"within_labels": value / used},
            "chosen": "within_labels",
            "reason": f"the condition has labels: the mean over {len(np.unique(codes))} labels",
        }
        return Measurement(
            value / used, math.sqrt(variance) / used, diagnostics=tuple(dict.fromkeys(notes)), details=details
        )

    def _least_rows(self, x: Variable, y: Variable, given: Variable) -> int:
        columns = x.dim + y.dim + given.dim + (x.codes is not None) + (y.codes is not None)
        return LEAST_ROWS if x.dim + y.dim + given.dim == 0 else 2 * columns + LEAST_ROWS


def _need_rows(x: Variable, y: Variable) -> None:
    if x.n < LEAST_ROWS:
        raise ValueError(f"{x.n} rows are too few to measure {x} and {y}; use at least {LEAST_ROWS}")


def _codes(v: Variable) -> np.ndarray:
    return np.zeros(v.n, dtype=np.int64) if v.codes is None else v.codes


def _order(x: Variable, y: Variable) -> tuple[Variable, Variable]:
    """Put the pair in an order of its own, so that I(X;Y) = I(Y;X) to the bit.

    Neither units nor the order of rows decide it: the sizes of labels and the skewness of numbers do.
    """
    return (x, y) if _fingerprint(x) <= _fingerprint(y) else (y, x)


def _fingerprint(v: Variable) -> tuple[int, int, bytes, tuple[float, ...]]:
    counts = b"" if v.codes is None else np.sort(np.bincount(v.codes)).tobytes()
    skewness = (np.sort(standardized(v.numbers), axis=0) ** 3).mean(axis=0) if v.dim else np.empty(0)
    return v.dim, v.n_levels, counts, tuple(np.round(skewness, 6).tolist())


def _perfect(x: Variable, y: Variable) -> Measurement | None:
    some = np.arange(min(x.n, GLANCE_ROWS + 4 * (x.dim + y.dim)))
    # a relation that holds in all rows holds in the first ones, and those are cheap to look at
    found = affine_dependence(x.take(some), y.take(some)) and affine_dependence(x, y)
    return None if found is None else _infinite(found)


def _infinite(found: Diagnostic) -> Measurement:
    details = {"candidates": {}, "chosen": "none", "reason": found.message}
    return Measurement(math.inf, diagnostics=(found,), details=details)


def _copied_order(x: Variable, y: Variable) -> Measurement | None:
    """Answer where a column of one side is a strictly monotone function of a column of the other."""
    if x.dim == y.dim == 1 and x.codes is None and y.codes is None:
        notes = number_dependence(x, y)
        if not notes:
            return None
        value = LNC()._information(x, y).value if x.n >= LNC_ROWS else KSG(k=1)._information(x, y).value
        details = {"candidates": {"lnc": value}, "chosen": "lnc", "reason": notes[0].message}
        return Measurement(value, diagnostics=tuple(notes), details=details)
    for a in (c for c in x.columns if c.kind == "continuous"):
        for b in (c for c in y.columns if c.kind == "continuous"):
            if x.n >= MONOTONE_ROWS and monotone(a.values, b.values):
                said = f"column {b.name!r} is a strictly monotone function of {a.name!r} in all {x.n} rows"
                return _infinite(
                    Diagnostic("perfect_dependence", f"{said}: the information is infinite", "warning")
                )
    return None


def _near_functional(choice: Choice, x: Variable, y: Variable, n_jobs: int | None) -> Choice:
    """Prefer the local non-uniformity correction where neighbours near their ceiling see too little."""
    plain = x.kind == y.kind == "continuous" and x.dim == y.dim == 1
    if not plain or x.n < LNC_ROWS or choice.value <= CEILING * math.log(x.n):
        return choice
    value = LNC(n_jobs=n_jobs)._information(x, y).value
    choice.candidates["lnc"] = value
    if value <= choice.value:
        return choice
    reason = "the relation is nearly functional: neighbour boxes are thin, and their tilt is corrected for"
    return Choice(value, choice.error, "lnc", reason, choice.candidates, choice.notes, choice.doubts)


def _measured(choice: Choice, notes: tuple[Diagnostic, ...]) -> Measurement:
    details = {
        "candidates": choice.candidates,
        "chosen": choice.name,
        "reason": choice.reason,
        **choice.notes,
    }
    return Measurement(choice.value, choice.error, diagnostics=(*notes, *choice.doubts), details=details)
