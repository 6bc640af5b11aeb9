"""Cases to imagine answers with: each has a label, and an answer to every question."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

History = Sequence[tuple[Any, Any]]


class CasePool:
    """Labelled cases that answer questions.

    Parameters
    ----------
    labels : sequence of hashable
        The label of each case.
    answer : callable(case, question, rng) -> answer
        `case` is the number of the case.
    questions : sequence, optional
        The closed bank; None where questions are invented on the way.
    options : mapping of question -> answers, optional
        What may be answered; any text without it.
    classes : sequence of hashable, optional
        Labels in their order; those of the cases, in order of appearance, without it.
    """

    def __init__(
        self,
        labels: Sequence[Hashable],
        answer: Callable[[int, Any, np.random.Generator], Any],
        questions: Sequence[Any] | None = None,
        options: Mapping[Any, Sequence[Any]] | None = None,
        classes: Sequence[Hashable] | None = None,
    ) -> None:
        self.classes = list(dict.fromkeys(labels)) if classes is None else list(classes)
        if len(self.classes) < 2:
            raise ValueError("cases of at least two labels are needed")
        places = {c: i for i, c in enumerate(self.classes)}
        if unknown := [c for c in labels if c not in places]:
            raise ValueError(f"a case has the label {unknown[0]!r}, which is none of the classes")
        self.codes = np.array([places[c] for c in labels])
        self.questions = None if questions is None else list(questions)
        if self.questions is not None and len(set(self.questions)) != len(self.questions):
            raise ValueError("a question stands twice in the bank")
        self.options = None if options is None else {q: list(o) for q, o in options.items()}
        self._answer = answer

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def from_bank(cls, bank: Mapping[Any, Mapping[Any, Any]]) -> CasePool:
        """Return one case a label from ``{label: {question: answer or list of answers}}``.

        Raises
        ------
        ValueError
            If a label lacks an answer.
        """
        classes = list(bank)
        questions = list(dict.fromkeys(q for told in bank.values() for q in told))
        options: dict[Any, list[Any]] = {q: [] for q in questions}
        for label, told in bank.items():
            for question in questions:
                if question not in told or told[question] in ([], ()):
                    raise ValueError(f"the bank has no answer of {label!r} to {question!r}")
                for found in _listed(told[question]):
                    if found not in options[question]:
                        options[question].append(found)

        def answer(case: int, question: Any, rng: np.random.Generator) -> Any:
            found = _listed(bank[classes[case]][question])
            return found[int(rng.integers(len(found)))] if len(found) > 1 else found[0]

        return cls(classes, answer, questions, options)

    @classmethod
    def from_table(cls, answers: Any, labels: Sequence[Hashable], questions: Sequence[Any]) -> CasePool:
        """Return one case a row of a table of answers, shape ``(n_cases, n_questions)``."""
        table = np.asarray(answers)
        if table.shape != (len(labels), len(questions)):
            raise ValueError(f"answers has shape {table.shape}, not ({len(labels)}, {len(questions)})")
        places = {q: j for j, q in enumerate(questions)}
        options = {q: np.unique(table[:, j]).tolist() for q, j in places.items()}

        def answer(case: int, question: Any, rng: np.random.Generator) -> Any:
            return table[case, places[question]].item()

        pool = cls(list(labels), answer, questions, options, classes=sorted(set(labels), key=repr))
        pool._table, pool._places = table, places
        return pool

    _table: np.ndarray | None = None
    _places: Mapping[Any, int] = {}

    def answer(self, case: int, question: Any, rng: np.random.Generator) -> Any:
        """Return what a case answers."""
        return self._answer(case, question, rng)

    def answers(self, cases: np.ndarray, question: Any, rng: np.random.Generator) -> list[Any]:
        """Return what several cases answer."""
        if self._table is not None:
            found: list[Any] = self._table[cases, self._places[question]].tolist()
            return found
        return [self._answer(int(case), question, rng) for case in cases]

    def matches(self, history: History, rng: np.random.Generator) -> np.ndarray:
        """Return how many answers of a history each case would have given, shape ``(n_cases,)``."""
        everyone = np.arange(len(self))
        counts = np.zeros(len(self))
        for question, answer in history:
            if self._table is not None:
                counts += self._table[:, self._places[question]] == answer
                continue
            counts += np.array([a == answer for a in self.answers(everyone, question, rng)])
        return counts


def random_histories(
    pool: CasePool, length: int, count: int, rng: np.random.Generator
) -> tuple[list[list[tuple[Any, Any]]], np.ndarray]:
    """Return histories of random questions, answered by random cases of uniform labels, and the labels."""
    if pool.questions is None or length > len(pool.questions):
        raise ValueError(f"a history of {length} needs a bank of at least as many questions")
    histories, codes = [], rng.choice(np.unique(pool.codes), size=count)
    for code in codes:
        case = int(rng.choice(np.flatnonzero(pool.codes == code)))
        chosen = rng.permutation(len(pool.questions))[:length]
        asked = [pool.questions[j] for j in chosen]
        histories.append([(q, pool.answer(case, q, rng)) for q in asked])
    return histories, np.asarray(codes)


def _listed(answers: Any) -> Sequence[Any]:
    return answers if isinstance(answers, list | tuple) else [answers]
