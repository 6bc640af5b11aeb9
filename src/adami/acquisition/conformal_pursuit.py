"""Conformal information pursuit: ask what shrinks the expected prediction set most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from adami.acquisition._base import Policy
from adami.acquisition._conformal_sets import check_alpha, conformal_threshold, entropy_upper_bound
from adami.acquisition._question_models import NaiveBayesPredictor, Predictor
from adami.acquisition._question_pools import CasePool, History, random_histories
from adami.acquisition._stop import Stop
from adami.acquisition.domains import Anything, Choice, Domain, Text
from adami.acquisition.environments import Environment, QuestionBank

RULES = ("conformal", "entropy", "random")
COVERAGES = ("empirical", "nominal")
SAMPLINGS = ("matched", "uniform", "model")
MATCH = 2.0
"""Log-weight of a case for every answer of the history that it shares."""


class Proposer(Protocol):
    """Invents questions where there is no closed bank."""

    def propose(self, history: History) -> list[str]:
        """Return candidates."""
        ...


class ConformalPursuit(Policy):
    """Play twenty questions with a predictor whose probabilities need not be right.

    Each candidate question is tried on drawn cases; prediction sets of promised coverage turn into a bound of
    the entropy that would be left, and the question of the smallest bound is asked.

    Parameters
    ----------
    predictor : Predictor
        ``predict(histories)`` gives probabilities of the pool's labels.
    pool : CasePool
        Labelled cases that answer questions; a closed bank is its ``questions``.
    thresholds : mapping of int to float, optional
        Of the score -p(label) for each length of history; `calibrate` finds them.
    alpha : float
        Share of misses of the prediction sets.
    n_draws : int
        Cases on which a question is tried.
    coverage : {"empirical", "nominal"}
        Whether the bound uses the misses among the draws, or the promise (as the paper does).
    sampling : {"matched", "uniform", "model"}
        Cases that would have given the same answers are likelier; all are alike; or the label is drawn from
        the predictor.
    rule : {"conformal", "entropy", "random"}
        What the question is chosen by; the others are baselines.
    n_calibration : int
        Histories of each length that thresholds are found from.
    proposer : Proposer, optional
        Invents candidates where the pool has no bank.
    stop_at_single : bool
        Whether to stop as soon as the prediction set has one label.
    stop : Stop, optional
    random_state : int

    References
    ----------
    Chan et al., "Conformal Information Pursuit for Interactively Guiding Large Language Models", 2025: paper
    49 of adami's register. Its own form is ``coverage="nominal", sampling="uniform"``.

    Examples
    --------
    >>> from adami.acquisition import CasePool, ConformalPursuit, NaiveBayesPredictor
    >>> pool = CasePool.from_bank({
    ...     "cat": {"barks?": "no", "flies?": "no"},
    ...     "dog": {"barks?": "yes", "flies?": "no"},
    ...     "owl": {"barks?": "no", "flies?": "yes"},
    ...     "hen": {"barks?": "no", "flies?": "yes"},
    ... })
    >>> policy = ConformalPursuit(NaiveBayesPredictor.from_pool(pool, smoothing=0.05), pool).calibrate(2)
    >>> policy.ask()
    'flies?'
    """

    name = "conformal_pursuit"
    remembers: ClassVar[tuple[str, ...]] = ("history", "closed", "candidates")
    needs: ClassVar[tuple[str, ...]] = ("predictor", "pool", "proposer")
    knows_confidence = True

    def __init__(
        self,
        predictor: Predictor,
        pool: CasePool,
        thresholds: Mapping[int, float] | None = None,
        alpha: float = 0.1,
        n_draws: int = 64,
        coverage: str = "empirical",
        sampling: str = "matched",
        rule: str = "conformal",
        n_calibration: int = 200,
        proposer: Proposer | None = None,
        stop_at_single: bool = True,
        *,
        stop: Stop | None = None,
        random_state: int = 0,
    ) -> None:
        check_alpha(alpha)
        for word, what, known in (
            (coverage, "coverage", COVERAGES),
            (sampling, "sampling", SAMPLINGS),
            (rule, "rule", RULES),
        ):
            if word not in known:
                raise ValueError(f"{what}={word!r}: choose one of {', '.join(known)}")
        if n_draws < 2 or n_calibration < 1:
            raise ValueError("n_draws is at least 2, and n_calibration at least 1")
        if pool.questions is None and proposer is None:
            raise ValueError("without a bank of questions a proposer is needed")
        self.predictor = predictor
        self.pool = pool
        self.thresholds = None if thresholds is None else {int(k): float(v) for k, v in thresholds.items()}
        self.alpha = alpha
        self.n_draws = n_draws
        self.coverage = coverage
        self.sampling = sampling
        self.rule = rule
        self.n_calibration = n_calibration
        self.proposer = proposer
        self.stop_at_single = stop_at_single
        super().__init__(stop=stop, random_state=random_state)

    def calibrate(self, max_length: int = 20, pool: CasePool | None = None, random_state: int = 0) -> Self:
        """Find the threshold of each length of history, from random cases and random questions.

        Parameters
        ----------
        max_length : int
            Longest history; at most as many as there are questions.
        pool : CasePool, optional
            Cases to calibrate on; those of the policy without it.
        random_state : int

        Returns
        -------
        ConformalPursuit
        """
        cases = pool or self.pool
        if cases.questions is None:
            raise ValueError("calibration draws questions from a bank; give a pool that has one")
        rng = np.random.default_rng(random_state)
        found = {}
        for length in range(1, min(max_length, len(cases.questions)) + 1):
            histories, codes = random_histories(cases, length, self.n_calibration, rng)
            p = self.predictor.predict(histories)
            found[length] = conformal_threshold(-p[np.arange(len(codes)), codes], self.alpha)
        self.thresholds = found
        return self

    def _start(self) -> None:
        self.history: list[tuple[Any, Any]] = []
        self.closed: list[Any] = []
        self.candidates: dict[Any, float] = {}
        self._p = self.predictor.predict([[]])[0]

    def _woken(self) -> None:
        self._p = self.predictor.predict([self.history])[0]

    def queries(self) -> Domain:
        return Text() if self.pool.questions is None else Choice(self.pool.questions)

    def answers(self, query: Any) -> Domain:
        """Return the options of a question; any text where there are none."""
        if self.pool.options is None:
            return Text()
        return Choice(self.pool.options[query]) if query in self.pool.options else Anything()

    def _ask(self, context: Any) -> Any:
        if self.rule == "conformal" and self.thresholds is None:
            raise ValueError("there are no thresholds; call calibrate() first")
        if (
            self.stop_at_single
            and self.history
            and self.rule == "conformal"
            and self.set_of(self._p).sum() == 1
        ):
            self._end("single")
            return None
        length = len(self.history) + 1
        if self.rule == "conformal" and self.thresholds is not None and length not in self.thresholds:
            self._end("calibrated length")
            return None
        questions = self._candidates()
        if not questions:
            return None
        if self.rule == "random":
            return questions[int(self.rng.integers(len(questions)))]
        self.candidates = dict(zip(questions, self._bounds(questions, length), strict=True))
        return min(self.candidates, key=lambda q: self.candidates[q])

    def _candidates(self) -> list[Any]:
        used = {q for q, _ in self.history} | set(self.closed)
        if self.pool.questions is None and self.proposer is not None:
            proposed = self.proposer.propose(self.history)
            return [q for q in proposed if q not in used]
        return [q for q in self.pool.questions or () if q not in used]

    def _bounds(self, questions: list[Any], length: int) -> list[float]:
        """Return what would be left to know after each question, in nats."""
        cases = self._draw()
        codes = self.pool.codes[cases]
        told = [self.pool.answers(cases, q, self.rng) for q in questions]
        # one history for each different answer: asking the predictor is what costs
        places: dict[tuple[int, Any], int] = {}
        for i, answers in enumerate(told):
            for answer in answers:
                places.setdefault((i, answer), len(places))
        p = self.predictor.predict([[*self.history, (questions[i], a)] for i, a in places])
        found = []
        for i, answers in enumerate(told):
            rows = p[[places[i, a] for a in answers]]
            if self.rule == "entropy":
                safe = np.where(rows > 0, rows, 1.0)
                found.append(float(-(rows * np.log(safe)).sum(1).mean()))
                continue
            sets = self.set_of(rows, length)
            promised = self.alpha if self.coverage == "nominal" else None
            found.append(entropy_upper_bound(sets, codes, promised, self.n_calibration))
        return found

    def _draw(self) -> np.ndarray:
        """Return numbers of cases that the question is tried on."""
        everyone = len(self.pool)
        if self.sampling == "uniform":
            return self.rng.integers(everyone, size=self.n_draws)
        if self.sampling == "matched":
            weights = np.exp(MATCH * (self.pool.matches(self.history, self.rng) - len(self.history)))
        else:
            counts = np.bincount(self.pool.codes, minlength=len(self.pool.classes))
            weights = (self._p / np.maximum(counts, 1))[self.pool.codes]
        return self.rng.choice(everyone, self.n_draws, p=weights / weights.sum())

    def set_of(self, p: np.ndarray, length: int | None = None) -> np.ndarray:
        """Return the prediction set of probabilities, a bool of their shape.

        Parameters
        ----------
        p : array of shape (..., n_labels)
        length : int, optional
            Of the history behind them; the present one without it. Beyond the longest calibrated history its
            threshold is used, and before the first answer every label is possible.
        """
        if self.thresholds is None:
            raise ValueError("there are no thresholds; call calibrate() first")
        at = len(self.history) if length is None else length
        if at == 0:
            return np.ones(np.shape(p), dtype=bool)
        return np.asarray(p >= -self.thresholds[min(at, max(self.thresholds))])

    def _tell(self, query: Any, answer: Any) -> None:
        history = [*self.history, (query, answer)]
        self._p = self.predictor.predict([history])[0]
        self.history = history

    def _refuse(self, query: Any) -> None:
        self.closed.append(query)

    @property
    def confidence(self) -> float:
        """The probability of the most likely label, as the predictor sees it."""
        return float(self._p.max())

    def belief(self) -> dict[str, float]:
        """Return the probability of each label, as the predictor sees it."""
        return {str(c): float(p) for c, p in zip(self.pool.classes, self._p, strict=True)}

    def recommend(self) -> Any:
        """Return the most likely label."""
        return self.pool.classes[int(self._p.argmax())]

    @classmethod
    def example(cls, random_state: int = 0) -> tuple[Self, Environment]:
        """Return a game of eight animals."""
        questions = ("barks?", "flies?", "swims?", "eats grass?")
        bank = {
            f"animal {i}": {q: "yes" if i >> j & 1 else "no" for j, q in enumerate(questions)}
            for i in range(8)
        }
        pool = CasePool.from_bank(bank)
        predictor = NaiveBayesPredictor.from_pool(pool, smoothing=0.1)
        policy = cls(
            predictor, pool, n_draws=16, n_calibration=50, stop_at_single=False, random_state=random_state
        )
        return policy.calibrate(4), QuestionBank(bank, random_state=random_state)
