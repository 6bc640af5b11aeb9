"""Language models: any OpenAI-compatible endpoint, a scripted stand-in, and recordings of either."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Messages = Sequence[Mapping[str, str]]


class LanguageModel(Protocol):
    """What answers prompts: a list of messages, each with a ``role`` and a ``content``."""

    def complete(
        self, messages: Messages, *, temperature: float = 0.0, max_tokens: int = 256, seed: int = 0
    ) -> str:
        """Return the next message."""
        ...

    def option_logprobs(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        """Return the log-probability of each option as the continuation, in nats, shape ``(n_options,)``."""
        ...


class ScriptedModel:
    """A stand-in that follows a script: for tests, never a result.

    Parameters
    ----------
    answer : callable(messages) -> str, or sequence of str
        A sequence is answered in order.
    score : callable(messages, option) -> float, optional
        Log-probability of an option, up to a constant; equal for all without it.

    Examples
    --------
    >>> from adami.acquisition import ScriptedModel
    >>> ScriptedModel(["yes", "no"]).complete([{"role": "user", "content": "Does it bark?"}])
    'yes'
    """

    def __init__(
        self,
        answer: Callable[[Messages], str] | Sequence[str],
        score: Callable[[Messages, str], float] | None = None,
    ) -> None:
        self.answer = answer
        self.score = score
        self.asked = 0

    def complete(
        self, messages: Messages, *, temperature: float = 0.0, max_tokens: int = 256, seed: int = 0
    ) -> str:
        """Return what the script says."""
        self.asked += 1
        if callable(self.answer):
            return self.answer(messages)
        if self.asked > len(self.answer):
            raise ValueError(f"the script has {len(self.answer)} answers, and this is question {self.asked}")
        return self.answer[self.asked - 1]

    def option_logprobs(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        """Return the scores of the script, made a distribution."""
        self.asked += 1
        scores = [0.0 if self.score is None else float(self.score(messages, o)) for o in options]
        return normalized(np.array(scores))


class Recorded:
    """A model whose answers are written down as they come, one JSON line each.

    Parameters
    ----------
    model : LanguageModel
    path : path
        Appended to; what was answered stays there if the next question fails.
    """

    def __init__(self, model: LanguageModel, path: str | Path) -> None:
        self.model = model
        self.path = Path(path)

    def complete(
        self, messages: Messages, *, temperature: float = 0.0, max_tokens: int = 256, seed: int = 0
    ) -> str:
        """Ask the model and write its answer down."""
        found = self.model.complete(messages, temperature=temperature, max_tokens=max_tokens, seed=seed)
        request = completion_request(messages, temperature, max_tokens, seed)
        self._write({"request": request, "answer": found})
        return found

    def option_logprobs(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        """Ask the model and write its scores down."""
        found = self.model.option_logprobs(messages, options)
        self._write({"request": option_request(messages, options), "answer": [float(v) for v in found]})
        return found

    def _write(self, line: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Replayed:
    """The answers of a recording; no model is asked.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If a line is no recorded answer. A last line that an interruption cut is left out.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._answers: dict[str, list[Any]] = {}
        lines = self.path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                told = json.loads(line)
                self._answers.setdefault(_key(told["request"]), []).append(told["answer"])
            except (ValueError, KeyError, TypeError) as problem:
                if number == len(lines):
                    continue
                raise ValueError(f"{self.path}, line {number}: no recorded answer") from problem

    def complete(
        self, messages: Messages, *, temperature: float = 0.0, max_tokens: int = 256, seed: int = 0
    ) -> str:
        """Return the recorded answer to this very request."""
        return str(self._next(completion_request(messages, temperature, max_tokens, seed)))

    def option_logprobs(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        """Return the recorded scores of this very request."""
        return np.array(self._next(option_request(messages, options)), dtype=float)

    def _next(self, request: Mapping[str, Any]) -> Any:
        answers = self._answers.get(_key(request))
        if not answers:
            shown = str(request["messages"][-1]["content"])[:80]
            raise KeyError(f"{self.path} holds no answer to {shown!r} with these settings; record it first")
        # what was asked once more than recorded gets the last answer again
        return answers.pop(0) if len(answers) > 1 else answers[0]


def normalized(scores: np.ndarray) -> np.ndarray:
    """Return log-probabilities that sum to one."""
    top = scores.max()
    shifted: np.ndarray = scores - top - np.log(np.exp(scores - top).sum())
    return shifted


def completion_request(messages: Messages, temperature: float, max_tokens: int, seed: int) -> dict[str, Any]:
    """Return what tells one completion from another."""
    plain = [dict(m) for m in messages]
    return {"messages": plain, "temperature": temperature, "max_tokens": max_tokens, "seed": seed}


def option_request(messages: Messages, options: Sequence[str]) -> dict[str, Any]:
    """Return what tells one scoring of options from another."""
    return {"messages": [dict(m) for m in messages], "options": list(options)}


def _key(request: Mapping[str, Any]) -> str:
    return json.dumps(request, sort_keys=True, ensure_ascii=False)
