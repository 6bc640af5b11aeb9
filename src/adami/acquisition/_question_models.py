"""Who predicts, who asks and who answers: a count-based stand-in, and language models."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from adami.acquisition._language import LanguageModel
from adami.acquisition._question_pools import CasePool, History


class Predictor(Protocol):
    """Says how likely each label is after a history of questions and answers."""

    def predict(self, histories: Sequence[History]) -> np.ndarray:
        """Return probabilities of shape ``(n_histories, n_labels)``."""
        ...


class NaiveBayesPredictor:
    """Labels from answers that are taken to be independent given the label.

    Parameters
    ----------
    likelihoods : mapping of question -> mapping of answer -> array of shape (n_labels,)
        The probability of the answer for each label.
    prior : array of shape (n_labels,), optional
        Uniform without it.
    temperature : float
        Log-probabilities are divided by it: below 1 the predictor is too sure of itself.

    Examples
    --------
    >>> from adami.acquisition import NaiveBayesPredictor
    >>> model = NaiveBayesPredictor({"barks?": {"yes": [0.9, 0.1], "no": [0.1, 0.9]}})
    >>> model.predict([[("barks?", "yes")]]).round(2).tolist()
    [[0.9, 0.1]]
    """

    def __init__(
        self,
        likelihoods: Mapping[Any, Mapping[Any, Any]],
        prior: Any = None,
        temperature: float = 1.0,
    ) -> None:
        if not temperature > 0:
            raise ValueError(f"temperature={temperature}: a number above 0 is wanted")
        every = [np.asarray(p, dtype=float) for told in likelihoods.values() for p in told.values()]
        if len({p.shape for p in every}) != 1 or every[0].ndim != 1:
            raise ValueError("likelihoods: one probability a label is wanted for every answer")
        if not all((p > 0).all() for p in every):
            raise ValueError("likelihoods: probabilities above 0 are wanted; smooth the counts")
        self.logs = {
            q: {a: np.log(np.asarray(p, dtype=float)) for a, p in told.items()}
            for q, told in likelihoods.items()
        }
        k = len(every[0])
        weights = np.full(k, 1 / k) if prior is None else np.asarray(prior, dtype=float)
        self.prior = np.log(weights / weights.sum())
        self.temperature = temperature

    @classmethod
    def from_pool(
        cls, pool: CasePool, smoothing: float = 1.0, temperature: float = 1.0
    ) -> NaiveBayesPredictor:
        """Count answers in a pool of cases with a closed bank."""
        if pool.questions is None or pool.options is None:
            raise ValueError("counting answers needs a closed bank of questions")
        rng, everyone, k = np.random.default_rng(0), np.arange(len(pool)), len(pool.classes)
        likelihoods = {}
        for question in pool.questions:
            told = pool.answers(everyone, question, rng)
            options = pool.options[question]
            counts = np.full((len(options), k), smoothing)
            for answer, code in zip(told, pool.codes, strict=True):
                counts[options.index(answer), code] += 1
            shares = counts / counts.sum(0)
            likelihoods[question] = dict(zip(options, shares, strict=True))
        return cls(likelihoods, temperature=temperature)

    def predict(self, histories: Sequence[History]) -> np.ndarray:
        """Return probabilities of shape ``(n_histories, n_labels)``."""
        known: dict[tuple[Any, ...], np.ndarray] = {}
        scores = np.stack([self._score(tuple(h), known) for h in histories]) / self.temperature
        weights = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(weights / weights.sum(1, keepdims=True))

    def _score(self, history: tuple[Any, ...], known: dict[tuple[Any, ...], np.ndarray]) -> np.ndarray:
        # many histories differ in their last answer only
        if not history:
            return np.asarray(self.prior)
        before = history[:-1]
        if before not in known:
            known[before] = self._score(before, known)
        question, answer = history[-1]
        told = self.logs.get(question, {})
        if answer not in told:
            raise ValueError(f"no likelihood of the answer {answer!r} to {question!r}")
        return np.asarray(known[before] + told[answer])


class LanguagePredictor:
    """A language model that scores the labels after reading the history.

    Parameters
    ----------
    model : LanguageModel
    labels : sequence of str
    task : str
        What is guessed, in one sentence.
    lead : str
        How its answer begins; each label is scored as the continuation.
    """

    def __init__(
        self,
        model: LanguageModel,
        labels: Sequence[str],
        task: str = "Someone thinks of one of the things below, and answers questions about it.",
        lead: str = "It is:",
    ) -> None:
        self.model = model
        self.labels = [str(v) for v in labels]
        self.task = task
        self.lead = lead

    def predict(self, histories: Sequence[History]) -> np.ndarray:
        """Return probabilities of shape ``(n_histories, n_labels)``."""
        found = []
        for history in histories:
            scores = np.asarray(self.model.option_logprobs(self._messages(history), self.labels), dtype=float)
            if scores.shape != (len(self.labels),) or np.isnan(scores).any():
                raise ValueError(f"the model scored {len(self.labels)} labels with {scores}")
            weights = np.exp(scores - scores.max())
            found.append(weights / weights.sum())
        return np.stack(found)

    def _messages(self, history: History) -> list[dict[str, str]]:
        told = f"{self.task}\nPossible: {', '.join(self.labels)}."
        return [
            {"role": "system", "content": told},
            {"role": "user", "content": f"{as_text(history)}\nWhich one is it? Answer with its name only."},
            {"role": "assistant", "content": self.lead},
        ]


class LanguageQuestioner:
    """A language model that proposes questions as a JSON list.

    Parameters
    ----------
    model : LanguageModel
    labels : sequence of str
    count : int
        Questions a step.
    task : str
    tries : int
        How often it is asked again where its answer is no list of questions.
    """

    def __init__(
        self,
        model: LanguageModel,
        labels: Sequence[str],
        count: int = 10,
        task: str = "Someone thinks of one of the things below, and answers your questions with yes or no.",
        tries: int = 3,
    ) -> None:
        self.model = model
        self.labels = [str(v) for v in labels]
        self.count = count
        self.task = task
        self.tries = tries

    def propose(self, history: History) -> list[str]:
        """Return questions that were not asked yet.

        Raises
        ------
        ValueError
            If the model gives no list of questions in any of its tries.
        """
        asked = {str(q).strip().lower() for q, _ in history}
        messages = [
            {"role": "system", "content": f"{self.task}\nPossible: {', '.join(self.labels)}."},
            {
                "role": "user",
                "content": f"{as_text(history)}\nPropose {self.count} short questions that tell most about "
                'which one it is. Answer with a JSON list of strings only: ["...", "..."]',
            },
        ]
        said = ""
        for seed in range(self.tries):
            said = self.model.complete(messages, temperature=0.7, max_tokens=60 * self.count, seed=seed)
            fresh = [q for q in _listed_in(said) if q.lower() not in asked]
            if fresh:
                return list(dict.fromkeys(fresh))[: self.count]
        raise ValueError(f"the model proposed no new question in {self.tries} tries; it said {said[:200]!r}")


class LanguageAnswerer:
    """A language model that answers for a case; each answer is asked for once.

    Parameters
    ----------
    model : LanguageModel
    cases : sequence of str
        What each case is: a name, or a page of text.
    options : sequence of str, optional
        The allowed answers, scored as continuations; free text without it.
    """

    def __init__(
        self, model: LanguageModel, cases: Sequence[str], options: Sequence[str] | None = ("yes", "no")
    ) -> None:
        self.model = model
        self.cases = [str(c) for c in cases]
        self.options = None if options is None else [str(o) for o in options]
        self._known: dict[tuple[int, str], str] = {}

    def __call__(self, case: int, question: Any, rng: np.random.Generator) -> str:
        key = (case, str(question))
        if key not in self._known:
            allowed = "in a few words" if self.options is None else "with " + " or ".join(self.options)
            messages = [
                {"role": "system", "content": f"Answer {allowed} for: {self.cases[case]}"},
                {"role": "user", "content": str(question)},
            ]
            if self.options is None:
                self._known[key] = self.model.complete(messages, max_tokens=40).strip()
            else:
                scores = self.model.option_logprobs(messages, self.options)
                self._known[key] = self.options[int(np.argmax(scores))]
        return self._known[key]


def as_text(history: History) -> str:
    """Return questions and answers as numbered lines."""
    if not history:
        return "Nothing is known yet."
    return "Known so far:\n" + "\n".join(f"{i}. {q} {a}" for i, (q, a) in enumerate(history, 1))


def _listed_in(text: str) -> list[str]:
    """Return the strings of the first JSON list in a text; none where there is no such list."""
    for start in (m.start() for m in re.finditer(r"\[", text)):
        try:
            found, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            continue
        if isinstance(found, list) and found and all(isinstance(q, str) and q.strip() for q in found):
            return [q.strip() for q in found]
    return []
