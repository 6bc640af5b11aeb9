"""Information that summaries carry about their contexts, from the log-probabilities of a noisy channel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from adami.estimators import _channel_terms as terms
from adami.estimators._base import normal_interval
from adami.result import LN2, Bound, Diagnostic, Estimate

Marginal = Literal["leave_in", "leave_one_out", "both"]
SATURATED = 0.9
"""Share of ln N above which the number of contexts and not the channel sets the value."""


class ChannelModel(Protocol):
    """What a channel from contexts to summaries offers.

    A model may also offer ``logprobs(summary, contexts, query) -> array``, one number a context, where that
    is faster, and ``length(summary) -> int``, the tokens of a summary.
    """

    def sample(self, context: Any, query: Any, n: int, rng: np.random.Generator) -> Sequence[Any]:
        """Return `n` summaries of a context."""

    def logprob(self, summary: Any, context: Any, query: Any) -> float:
        """Return the log-probability of a summary given a context, summed over its tokens, in nats."""


@dataclass
class ChannelMI:
    """I(X;Z) between contexts and their summaries, each summary scored under every context.

    With scores ``l[i, j, k] = ln p(z_ij | x_k)`` the value is the mean of ``l[i, j, i]`` minus the logarithm
    of the mean of ``exp l[i, j, k]`` over all contexts k. With the own context among them (leave-in) it lies
    too low by about 1/N and never above ln N; without it (leave-one-out) it lies too high. Where the contexts
    are all there are, leave-in is exact.

    Parameters
    ----------
    scorer : ChannelModel, optional
        Gives the log-probabilities; not needed for `from_scores`.
    n_samples : int
        Summaries drawn a context.
    marginal : {"both", "leave_in", "leave_one_out"}
        ``"both"`` returns the leave-in value; both are told as a bracket in the details in any case.
    generator : ChannelModel, optional
        Draws the summaries where the scorer does not, such as a small model scored by a larger one.
    clip : bool
        Whether a negative value becomes 0, for rankings; the raw value is told.
    confidence : float
        Level of the interval.
    random_state : int
        Seed of the summaries and of the subsets of contexts.

    References
    ----------
    .. [1] "An Information Theoretic Perspective on Agentic System Design", arXiv:2512.21720, 2025; paper 19
       of adami's register.

    Examples
    --------
    >>> from adami.estimators import ChannelMI, TableChannel
    >>> copied = TableChannel([[1.0, 0.0], [0.0, 1.0]])
    >>> round(float(ChannelMI(copied).estimate([0, 1])), 4)
    0.6931
    """

    scorer: ChannelModel | None = None
    n_samples: int = 4
    marginal: Marginal = "both"
    generator: ChannelModel | None = None
    clip: bool = False
    confidence: float = 0.95
    random_state: int = 0

    def estimate(self, contexts: Sequence[Any], query: Any = None, summaries: Any = None) -> Estimate:
        """Draw summaries, score each under every context, and measure.

        Parameters
        ----------
        contexts : sequence
            N different contexts of the kind that the scorer takes.
        query : object or list, optional
            One query for all contexts, or a list of one a context.
        summaries : sequence of N sequences, optional
            Summaries of each context, the same number for all, in place of drawn ones.

        Returns
        -------
        Estimate
            In nats; `bits_per_token` and the rate are told where the lengths of summaries are known.

        Raises
        ------
        ValueError
            For fewer than 2 contexts, or a summary that its own context cannot give.
        """
        scorer = self._scorer()
        contexts = list(contexts)
        n = len(contexts)
        if n < 2:
            raise ValueError(f"{n} contexts: information between contexts and summaries needs at least 2")
        queries = list(query) if isinstance(query, list) else [query] * n
        if len(queries) != n:
            raise ValueError(f"{len(queries)} queries for {n} contexts: give one query, or one a context")
        drawn = self._draw(contexts, queries) if summaries is None else [list(s) for s in summaries]
        if len(drawn) != n or len({len(s) for s in drawn}) != 1 or not drawn[0]:
            raise ValueError("every context needs the same number of summaries, and at least one")
        scores = np.array(
            [[terms.scored(scorer, z, contexts, q) for z in row] for row, q in zip(drawn, queries)]
        )
        length = getattr(scorer, "length", None)
        lengths = None if length is None else np.array([[length(z) for z in row] for row in drawn])
        found = self.from_scores(scores, lengths)
        if summaries is not None or self.generator is not None:
            found = found.with_diagnostics(
                Diagnostic(
                    "proxy_scorer",
                    "the summaries were not drawn from the scorer: the value may be negative, and it is a "
                    "lower bound only as far as the scorer is calibrated",
                    direction="unknown",
                )
            )
        return found

    def estimate_over_queries(self, contexts: Sequence[Any], queries: Sequence[Any]) -> Estimate:
        """Return I(X;Z|Q): the mean over queries, each asked of every context.

        The details hold the value of each query; the interval is normal over queries, from 3 of them on.
        """
        if not len(queries):
            raise ValueError("no queries: give at least one, or use estimate() without a query")
        each = [self.estimate(contexts, q) for q in queries]
        values = np.array([float(e) for e in each])
        mean, error = float(values.mean()), None
        if len(each) >= 3:
            error = float(values.std(ddof=1) / math.sqrt(len(each)))
        found = each[0].with_diagnostics(*(d for e in each for d in e.diagnostics))
        told = {"per_query": values.tolist(), "cap": each[0].details["cap"], "queries": len(each)}
        return found.replace(
            mean,
            quantity="conditional mutual information",
            interval=None if error is None else normal_interval(mean, error, self.confidence),
            interval_kind=None if error is None else "queries",
            pointwise=np.mean([np.asarray(e.pointwise) for e in each], axis=0),
            details=told,
        )

    def from_scores(self, scores: Any, lengths: Any = None) -> Estimate:
        """Measure from a tensor of log-probabilities.

        Parameters
        ----------
        scores : array of shape (N, M, N), or (N, N) for one summary a context
            ``scores[i, j, k] = ln p(z_ij | x_k)`` in nats, summed over tokens not divided by their number;
            minus infinity where x_k cannot give z_ij.
        lengths : array of shape (N, M), optional
            Tokens of the summaries.

        Returns
        -------
        Estimate
            `pointwise` has one value a context. Details: ``cap`` (ln N), ``bracket`` (leave-in,
            leave-one-out), ``extrapolated`` (in 1/N, from subsets of N/4, N/2 and N contexts), ``raw``,
            ``clipped``, and with `lengths` ``tokens``, ``nats_per_token``, ``bits_per_token``.

        Raises
        ------
        ValueError
            For another shape, fewer than 2 contexts, missing or infinite entries, or an own score of minus
            infinity.
        """
        tensor = terms.checked(scores)
        if self.marginal not in ("both", "leave_in", "leave_one_out"):
            raise ValueError(f"marginal={self.marginal!r}: choose 'both', 'leave_in' or 'leave_one_out'")
        n, m, _ = tensor.shape
        inside, outside = terms.local(tensor, own=True), terms.local(tensor, own=False)
        chosen = outside if self.marginal == "leave_one_out" else inside
        raw = float(chosen.mean())
        value = max(raw, 0.0) if self.clip else raw
        rng = np.random.default_rng([self.random_state, 1])
        details: dict[str, Any] = {
            "cap": math.log(n),
            "bracket": (float(inside.mean()), float(outside.mean())),
            "extrapolated": terms.extrapolated(tensor, rng),
            "raw": raw,
            "clipped": self.clip and raw < 0,
            "contexts": n,
            "samples": m,
        }
        if lengths is not None:
            details |= _per_token(value, np.asarray(lengths, dtype=float), (n, m))
        error = terms.subsample_error(tensor, self.marginal != "leave_one_out", rng)
        bounds: dict[str, Bound] = {"leave_one_out": "upper"}
        return Estimate(
            value,
            method="channel_mi",
            n=n,
            kinds=("mixed", "mixed"),
            interval=None if error is None else normal_interval(raw, error, self.confidence),
            interval_kind=None if error is None else "subsample",
            confidence=self.confidence,
            bound=bounds.get(self.marginal, "lower"),
            pointwise=chosen.mean(axis=1) if np.isfinite(chosen).all() else None,
            diagnostics=_notes(tensor, raw, float(inside.mean())),
            details=details,
        )

    def _scorer(self) -> ChannelModel:
        if self.scorer is None:
            raise ValueError("ChannelMI() has no scorer: give one, or use from_scores()")
        if self.n_samples < 1:
            raise ValueError(f"n_samples={self.n_samples}: at least one summary a context is needed")
        return self.scorer

    def _draw(self, contexts: Sequence[Any], queries: Sequence[Any]) -> list[list[Any]]:
        source = self.generator or self._scorer()
        rngs = [
            np.random.default_rng(s) for s in np.random.SeedSequence(self.random_state).spawn(len(contexts))
        ]
        return [list(source.sample(x, q, self.n_samples, rng)) for x, q, rng in zip(contexts, queries, rngs)]


def _per_token(value: float, lengths: np.ndarray, shape: tuple[int, int]) -> dict[str, float]:
    if lengths.shape != shape:
        raise ValueError(f"lengths has shape {lengths.shape}, and the summaries are {shape}")
    if not np.isfinite(lengths).all() or (lengths < 0).any() or not lengths.any():
        raise ValueError("lengths are numbers of tokens: finite, none negative, not all 0")
    tokens = float(lengths.mean())
    return {"tokens": tokens, "nats_per_token": value / tokens, "bits_per_token": value / tokens / LN2}


def _notes(tensor: np.ndarray, raw: float, inside: float) -> tuple[Diagnostic, ...]:
    n = len(tensor)
    notes = []
    if inside > SATURATED * math.log(n):
        notes.append(
            Diagnostic(
                "saturated",
                f"the value is within a tenth of its cap ln {n} = {math.log(n):.3f}: the channel may carry "
                "more; use more contexts",
                "warning",
                "low",
            )
        )
    columns = np.ascontiguousarray(tensor.reshape(-1, n).T)
    same = n - len(np.unique(columns, axis=0))
    if same:
        notes.append(
            Diagnostic(
                "duplicate_contexts",
                f"{same} contexts score every summary as another one does: duplicates hold the value below "
                f"ln {n}; leave them out",
                "warning",
                "low",
            )
        )
    if raw < 0:
        notes.append(
            Diagnostic(
                "negative",
                "the value is negative: the scorer finds summaries likelier under other contexts than under "
                "their own, so it is no calibrated model of them",
                "warning",
                "low",
            )
        )
    return tuple(notes)
