"""Twenty questions: somebody thinks of a label and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adami.acquisition.environments._base import REFUSED, Environment


class QuestionBank(Environment):
    """A label drawn from a bank of answers: queries are questions, answers what the bank says.

    Parameters
    ----------
    bank : mapping of label -> mapping of question -> answer or list of answers
        One of a list is drawn anew each time that it is asked for.
    label : hashable, optional
        This one, rather than a drawn one.
    wrong : float
        Probability that another answer of the bank to the same question is given.
    refusing : float
        Probability that there is no answer.
    random_state : int

    Examples
    --------
    >>> from adami.acquisition.environments import QuestionBank
    >>> world = QuestionBank({"cat": {"barks?": "no"}, "dog": {"barks?": "yes"}}, label="dog")
    >>> world.answer("barks?"), world.loss("cat")
    ('yes', 1.0)
    """

    def __init__(
        self,
        bank: Mapping[Any, Mapping[Any, Any]],
        label: Any = None,
        wrong: float = 0.0,
        refusing: float = 0.0,
        random_state: int = 0,
    ) -> None:
        if not bank:
            raise ValueError("a bank needs labels")
        if label is not None and label not in bank:
            raise ValueError(f"the bank has no label {label!r}")
        for what, share in (("wrong", wrong), ("refusing", refusing)):
            if not 0 <= share <= 1:
                raise ValueError(f"{what}={share} is no probability")
        self.bank = bank
        self.labels = list(bank)
        self.fixed = label
        self.wrong = wrong
        self.refusing = refusing
        super().__init__(random_state)

    def _start(self) -> None:
        drawn = self.labels[int(self.rng.integers(len(self.labels)))]
        self.label = drawn if self.fixed is None else self.fixed

    def answer(self, query: Any) -> Any:
        if query not in self.bank[self.label]:
            raise ValueError(f"the bank has no answer of {self.label!r} to {query!r}")
        if self.refusing and self.rng.random() < self.refusing:
            return REFUSED
        own = _listed(self.bank[self.label][query])
        if self.wrong and self.rng.random() < self.wrong:
            others = [a for told in self.bank.values() for a in _listed(told[query]) if a not in own]
            own = others or own
        return own[int(self.rng.integers(len(own)))] if len(own) > 1 else own[0]

    def loss(self, decision: Any) -> float:
        return float(decision != self.label)

    @property
    def truth(self) -> Any:
        return self.label


def _listed(answers: Any) -> Sequence[Any]:
    return answers if isinstance(answers, list | tuple) else [answers]
