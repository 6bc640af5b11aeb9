"""A causal language model as a channel from contexts to summaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

TEMPLATE = "{context}\n\n{query}\n\nSummary:"


class CausalLM:
    """Scores and draws summaries with any causal language model of Hugging Face's transformers.

    Parameters
    ----------
    model : torch.nn.Module
        Called with ``input_ids`` and ``attention_mask``, it returns an object with ``logits``.
    tokenizer : callable
        ``tokenizer(text, add_special_tokens=...)["input_ids"]`` is a list of int; has ``eos_token_id``.
    template : str
        The prompt, with ``{context}`` and ``{query}``.
    max_new_tokens : int
        Tokens after which a summary is cut. The score of a cut summary is that of its tokens, for every
        context alike.
    temperature : float
        The channel is the tempered model, in drawing and in scoring.
    batch_size : int
        Contexts scored at a time.

    Notes
    -----
    A summary is a tuple of token numbers, so that scoring sees the tokens that were drawn; strings are
    tokenized without special tokens.

    Raises
    ------
    ValueError
        If a prompt with its summary is longer than the model's window, which would cut it silently.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        template: str = TEMPLATE,
        max_new_tokens: int = 64,
        temperature: float = 1.0,
        batch_size: int = 8,
    ) -> None:
        if temperature <= 0:
            raise ValueError(f"temperature={temperature}: a channel that draws has a temperature above 0")
        if max_new_tokens < 1 or batch_size < 1:
            raise ValueError("max_new_tokens and batch_size are at least 1")
        if "{context}" not in template:
            raise ValueError("template has no {context}: the summaries would not depend on it")
        self.model = model
        self.tokenizer = tokenizer
        self.template = template
        self.max_new_tokens = max_new_tokens
        self.temperature = temperature
        self.batch_size = batch_size
        self.window = _window(model)

    def sample(self, context: str, query: Any, n: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
        """Return `n` summaries of a context; one that ends early holds its end token."""
        import torch

        prompt = self._prompt(context, query)
        self._fits(len(prompt) + self.max_new_tokens)
        end = self.tokenizer.eos_token_id
        drawn = []
        for _ in range(n):
            tokens: list[int] = []
            fed, past = prompt, None
            for _ in range(self.max_new_tokens):
                with torch.no_grad():
                    extra: dict[str, Any] = {} if past is None else {"past_key_values": past}
                    out = self.model(input_ids=self._ids([fed]), use_cache=True, **extra)
                law = torch.softmax(out.logits[0, -1].double() / self.temperature, dim=0)
                sums = law.cumsum(dim=0).cpu().numpy()
                tokens.append(min(int(np.searchsorted(sums, rng.random() * sums[-1])), len(sums) - 1))
                if tokens[-1] == end:
                    break
                past = getattr(out, "past_key_values", None)
                fed = [*prompt, *tokens] if past is None else tokens[-1:]
            drawn.append(tuple(tokens))
        return drawn

    def logprob(self, summary: Any, context: str, query: Any = None) -> float:
        """Return the log-probability of a summary given a context, in nats."""
        return float(self.logprobs(summary, [context], query)[0])

    def logprobs(self, summary: Any, contexts: Sequence[str], query: Any = None) -> np.ndarray:
        """Return the log-probability of a summary given each of several contexts."""
        tokens = self._tokens(summary)
        prompts = [self._prompt(x, query) for x in contexts]
        parts = [prompts[i : i + self.batch_size] for i in range(0, len(prompts), self.batch_size)]
        return np.concatenate([self._scores(part, tokens) for part in parts])

    def length(self, summary: Any) -> int:
        """Return the tokens of a summary."""
        return len(self._tokens(summary))

    def _scores(self, prompts: list[list[int]], tokens: list[int]) -> np.ndarray:
        import torch

        rows = [[*p, *tokens] for p in prompts]
        longest = max(len(r) for r in rows)
        self._fits(longest)
        # padding stands at the end, where a causal model does not look from anywhere earlier
        ids = self._ids([r + [0] * (longest - len(r)) for r in rows])
        mask = self._ids([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
        with torch.no_grad():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        wanted = self._ids([tokens])[0]
        found = []
        for i, prompt in enumerate(prompts):
            part = logits[i, len(prompt) - 1 : len(prompt) - 1 + len(tokens)].double() / self.temperature
            logs = torch.log_softmax(part, dim=-1)
            found.append(float(logs.gather(1, wanted[:, None]).sum()))
        return np.array(found)

    def _prompt(self, context: str, query: Any) -> list[int]:
        text = self.template.replace("{query}", "" if query is None else str(query))
        found = self.tokenizer(text.replace("{context}", context), add_special_tokens=True)["input_ids"]
        if not len(found):
            raise ValueError("the prompt has no tokens: give a template with words, or a start token")
        return list(found)

    def _tokens(self, summary: Any) -> list[int]:
        if isinstance(summary, str):
            summary = self.tokenizer(summary, add_special_tokens=False)["input_ids"]
        if not len(summary):
            raise ValueError("an empty summary has no tokens to score")
        return [int(t) for t in summary]

    def _ids(self, rows: list[list[int]]) -> Any:
        import torch

        weight = next(iter(self.model.parameters()), None)
        return torch.tensor(rows, device=None if weight is None else weight.device)

    def _fits(self, tokens: int) -> None:
        if self.window is not None and tokens > self.window:
            raise ValueError(
                f"prompt and summary take {tokens} tokens, and the model sees {self.window}: "
                "shorten the contexts"
            )


def _window(model: Any) -> int | None:
    """Return how many tokens a model sees, where its settings tell."""
    told = getattr(model, "config", None)
    for name in ("max_position_embeddings", "n_positions", "n_ctx"):
        value = getattr(told, name, None)
        if isinstance(value, int):
            return value
    return None
