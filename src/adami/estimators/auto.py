"""The adaptive choice: kinds, size and shape of the rows decide which estimator answers, and the result says why."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._cheap_statistic import dependence_statistic
from adami.estimators._common import constant_note, has_levels, nothing_to_tell, varying
from adami.estimators._continuous import Choice, choose
from adami.estimators._labelled_choice import choose_labelled
from adami.estimators._perfect import affine_dependence
from adami.estimators._uniform_scores import spread_ranks
from adami.result import Diagnostic
from adami.variables import Variable

LEAST_ROWS = 5
DISAGREE = 0.15


class Auto(Estimator):
    """Information by the method that suits the variables.

    - Labels with labels: Miller and Madow's correction.
    - Numbers with a label: one Gaussian a label on normal scores, and Ross's neighbours where they see more.
    - Numbers with numbers: a Gaussian or Student-t copula, whichever the ranks make likelier; neighbours (KSG on
      normal scores) where they clearly see what rows drawn from that copula do not show; and with many columns,
      neighbours in a few linear or nonlinear directions learnt on other rows.
    - Repeated values and labels beside numbers are spread over their ranks, which changes no information.

    Every comparison is against rows drawn from the simpler model, so that independent data stay at zero on average.

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
    .. [1] A. Kraskov, H. Stögbauer and P. Grassberger, "Estimating mutual information", Physical Review E 69, 2004.
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

    def _information(self, x: Variable, y: Variable) -> Measurement:
        known = nothing_to_tell(x, y) or _perfect(x, y)
        if known is not None:
            return known
        rng = np.random.default_rng(self.random_state)
        x, y = _order(x, y)
        numbers_x, numbers_y = varying(x).shape[1] > 0, varying(y).shape[1] > 0
        if not numbers_x and not numbers_y:
            return self._labels(x, y)
        if x.n < LEAST_ROWS:
            raise ValueError(f"{x.n} rows are too few for information between {x} and {y}; use at least {LEAST_ROWS}")
        k = min(self.k, x.n - 2)
        if numbers_x != numbers_y:
            numbers, label = (x, y) if numbers_x else (y, x)
            if not has_levels(numbers) and label.codes is not None:
                choice = choose_labelled(spread_ranks(numbers, rng), label.codes, k, rng, self.n_jobs)
                return _measured(choice, x.n, constant_note(x, y))
        choice = choose(spread_ranks(x, rng), spread_ranks(y, rng), k, rng, self.n_jobs)
        return _measured(choice, x.n, constant_note(x, y))

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        from adami.estimators.registry import get

        known = nothing_to_tell(x, y)
        if known is not None:
            return known
        if nothing_to_tell(given) is not None:
            return self._information(x, y)
        if x.kind == y.kind == given.kind == "discrete":
            return get("miller_madow")._conditional(x, y, given)
        return get("mesner_shalizi")._conditional(x, y, given)

    def _labels(self, x: Variable, y: Variable) -> Measurement:
        from adami.estimators.registry import get

        m = get("miller_madow")._information(x, y)
        details = {
            "candidates": {"miller_madow": m.value},
            "chosen": "miller_madow",
            "reason": "both variables are labels",
        }
        return Measurement(
            m.value, m.standard_error, m.interval, m.interval_kind, m.p_value, m.pointwise, m.diagnostics, details
        )


def _order(x: Variable, y: Variable) -> tuple[Variable, Variable]:
    """Put the pair in an order that does not depend on how it was given, so that I(X;Y) = I(Y;X) to the bit."""
    keys = [(v.dim, v.n_levels, v.numbers.tobytes(), b"" if v.codes is None else v.codes.tobytes()) for v in (x, y)]
    return (x, y) if keys[0] <= keys[1] else (y, x)


def _perfect(x: Variable, y: Variable) -> Measurement | None:
    found = affine_dependence(x, y)
    if found is None:
        return None
    details = {"candidates": {}, "chosen": "none", "reason": found.message}
    return Measurement(math.inf, diagnostics=(found,), details=details)


def _measured(choice: Choice, n: int, notes: tuple[Diagnostic, ...]) -> Measurement:
    spread = max(choice.candidates.values()) - min(choice.candidates.values())
    if spread > max(DISAGREE, 6 * choice.error):
        told = ", ".join(f"{name} {value:.3f}" for name, value in choice.candidates.items())
        notes += (
            Diagnostic(
                "candidates_disagree",
                f"the candidates say {told} nats; {choice.name} was chosen: {choice.reason}",
                "note",
                None,
            ),
        )
    details = {
        "candidates": choice.candidates,
        "chosen": choice.name,
        "reason": choice.reason,
        **choice.notes,
    }
    return Measurement(choice.value, choice.error, diagnostics=notes, details=details)
