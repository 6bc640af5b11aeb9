"""Models behind an OpenAI-compatible address."""

from __future__ import annotations

import json
import math
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adami.acquisition._language import Messages, normalized

TOP = 20
"""Most likely tokens that endpoints give at most."""
FIRST_WAIT = 0.5
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT = 60.0
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers of a server after which another attempt may succeed."""


class _Unsupported(Exception):
    """The endpoint cannot do what was asked of it."""


class OpenAIChat:
    """A model behind ``POST base_url/chat/completions``: a hosted one, vLLM, llama.cpp, Ollama, ...

    Options are scored from the most likely first tokens when these tell all of them apart, else by one scored
    completion each (``/completions`` with ``echo``), else by how often each is said in `samples` answers.

    Parameters
    ----------
    base_url : str
        Up to and with ``/v1``.
    model : str
    api_key_env : str, optional
        Name of the environment variable that holds the key; the key itself is never stored or shown.
    timeout : float
        Seconds for one attempt.
    retries : int
        Further attempts after one that failed; waits double.
    samples : int
        Answers that are counted where the endpoint gives no log-probabilities.
    sleep : callable(seconds)
        How it waits.

    Raises
    ------
    ValueError
        If the address is none of http, or the key is missing.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        samples: int = 20,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(
                f"base_url={base_url!r}: an address that starts with http:// or https:// is wanted"
            )
        if not timeout > 0 or retries < 0 or samples < 1:
            raise ValueError("timeout is above 0, retries at least 0, and samples at least 1")
        if api_key_env is not None and not os.environ.get(api_key_env):
            raise ValueError(f"the environment variable {api_key_env} holds no key")
        self.base_url = base_url.rstrip("/")
        self.model = model
        self.api_key_env = api_key_env
        self.timeout = timeout
        self.retries = retries
        self.samples = samples
        self.sleep = sleep
        self.scoring = ""
        """How options were scored the last time: first_token, completion or counts."""
        self._without: set[str] = set()

    def complete(
        self, messages: Messages, *, temperature: float = 0.0, max_tokens: int = 256, seed: int = 0
    ) -> str:
        """Return the next message.

        Raises
        ------
        ConnectionError
            If no attempt got an answer, or none that makes sense.
        """
        sent = self._chat(messages, temperature, max_tokens, seed)
        try:
            return str(self._post("/chat/completions", sent, _text))
        except _Unsupported as problem:
            raise ValueError(f"{self.base_url} refuses this request: {problem}") from problem

    def option_logprobs(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        """Return the log-probability of each option as the continuation, in nats; they sum to one."""
        if len(set(options)) != len(options) or len(options) < 2:
            raise ValueError("at least two different options are needed")
        ways = (("first_token", self._first_tokens), ("completion", self._completions))
        for name, way in ways:
            if name in self._without:
                continue
            try:
                found = way(messages, options)
            except _Unsupported:
                self._without.add(name)
                continue
            if found is not None:
                self.scoring = name
                return normalized(found)
        self.scoring = "counts"
        return self._counts(messages, options)

    def _first_tokens(self, messages: Messages, options: Sequence[str]) -> np.ndarray | None:
        """Score options by their first tokens; None where these do not tell all of them apart."""
        sent = self._chat(messages, 0.0, 1, 0) | {"logprobs": True, "top_logprobs": TOP}
        pairs = self._post("/chat/completions", sent, _top_tokens)
        found = np.full(len(options), -math.inf)
        for token, value in pairs:
            word = token.strip()
            fits = [i for i, o in enumerate(options) if word and o.strip().startswith(word)]
            if len(fits) > 1:
                return None
            if fits:
                found[fits[0]] = np.logaddexp(found[fits[0]], value)
        return found if np.isfinite(found).all() else None

    def _completions(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        prompt = "".join(f"{m['role']}: {m['content']}\n" for m in messages).rstrip("\n")
        if messages[-1]["role"] != "assistant":
            prompt += "\nassistant:"
        found = []
        for option in options:
            sent = {
                "model": self.model,
                "prompt": f"{prompt} {option}",
                "echo": True,
                "max_tokens": 0,
                "logprobs": 0,
                "temperature": 0,
            }
            pairs = self._post("/completions", sent, _echoed)
            found.append(sum(value for place, value in pairs if place >= len(prompt)))
        return np.array(found)

    def _counts(self, messages: Messages, options: Sequence[str]) -> np.ndarray:
        counts = np.full(len(options), 1 / len(options))
        for seed in range(self.samples):
            said = self.complete(messages, temperature=1.0, max_tokens=16, seed=seed).strip().lower()
            fits = [i for i, o in enumerate(options) if said.startswith(o.strip().lower())]
            if fits:
                # of "cat" and "catfish" the longer one was said
                counts[max(fits, key=lambda i: len(options[i]))] += 1
        return np.asarray(np.log(counts / counts.sum()))

    def _chat(self, messages: Messages, temperature: float, max_tokens: int, seed: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [dict(m) for m in messages],
            "temperature": temperature,
            "max_tokens": max_tokens,
            "seed": seed,
        }

    def _post(self, path: str, sent: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
        """Send a request until there is an answer that can be read."""
        problem = ""
        for attempt in range(self.retries + 1):
            wait = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT)
            try:
                return read(json.loads(self._once(path, sent)))
            except urllib.error.HTTPError as error:
                told = _shortened(error.read())
                if error.code in (401, 403):
                    raise PermissionError(f"{self.base_url} refuses the key ({error.code})") from error
                if error.code not in AGAIN:
                    raise _Unsupported(f"{error.code} {told}") from error
                problem = f"{error.code} {told}"
                asked = error.headers.get("Retry-After", "")
                wait = min(float(asked), LONGEST_WAIT) if asked.isdigit() else wait
            except OSError as error:
                problem = str(getattr(error, "reason", error)) or type(error).__name__
            except (ValueError, KeyError, IndexError, TypeError) as error:
                problem = f"an answer that makes no sense ({type(error).__name__}: {error})"
            if attempt < self.retries:
                self.sleep(wait)
        raise ConnectionError(
            f"{self.base_url} gave no answer in {self.retries + 1} attempts; the last time: {problem}"
        )

    def _once(self, path: str, sent: Mapping[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self.api_key_env is not None:
            headers["Authorization"] = f"Bearer {os.environ[self.api_key_env]}"
        request = urllib.request.Request(
            self.base_url + path, data=json.dumps(sent).encode(), headers=headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=self.timeout) as answer:
            return bytes(answer.read())


def _text(told: Any) -> str:
    text = told["choices"][0]["message"]["content"]
    if not isinstance(text, str):
        raise TypeError("the message is no text")
    return text


def _top_tokens(told: Any) -> list[tuple[str, float]]:
    logprobs = told["choices"][0].get("logprobs")
    if not logprobs or not logprobs.get("content"):
        raise _Unsupported("no log-probabilities")
    return [(str(t["token"]), float(t["logprob"])) for t in logprobs["content"][0]["top_logprobs"]]


def _echoed(told: Any) -> list[tuple[int, float]]:
    logprobs = told["choices"][0].get("logprobs")
    if not logprobs or not logprobs.get("token_logprobs"):
        raise _Unsupported("no log-probabilities of the prompt")
    pairs = zip(logprobs["text_offset"], logprobs["token_logprobs"], strict=True)
    return [(int(place), float(value)) for place, value in pairs if value is not None]


def _shortened(body: bytes) -> str:
    return " ".join(body[:300].decode(errors="replace").split())
