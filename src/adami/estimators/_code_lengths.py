"""Code lengths from what a training wrote down, and what speaks against them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from adami.estimators._token_rows import TokenRows
from adami.estimators.epiplexity_frontier import CodePoint, training_compute
from adami.result import Diagnostic

if TYPE_CHECKING:
    from adami.estimators._nets.token_codes import Codes
    from adami.estimators.epiplexity import Epiplexity

MESSAGE_BITS = 5.21
"""What naming one batch of samples costs beside ``KL + 2 log2(1 + KL)`` bits."""
FAR = 0.1
"""Share of the fall of the curve that its end may lie above its minimum."""

MEDIAN_TO_DEVIATION = 1.4826
"""Standard deviation of normal numbers by their median size."""


def naming_cost(nats: float) -> float:
    """Return what naming one message of this divergence costs on top of it; nats."""
    return math.log(2) * (2 * math.log2(1 + nats / math.log(2)) + MESSAGE_BITS)


def code_points(how: Epiplexity, codes: Codes, learnt: TokenRows, test_tokens: float) -> list[CodePoint]:
    """Return the code lengths at each look of a training."""
    row = learnt.tokens.shape[1]
    # what is given is read too
    read = (row + (0 if learnt.given is None else learnt.given.shape[1])) / row
    losses, sizes = _sums([v for _, v in codes.losses]), _sums([k for k, _ in codes.losses])
    costs = [nats + (naming_cost(nats) if how.rigorous else 0.0) for _, nats in codes.messages]
    messages, sent = _sums(costs), _sums([k for k, _ in codes.messages])
    points = []
    for step, message, taught, student in codes.looks:
        if how.method == "requential":
            structure, trained, loss = messages[message], sent[message], student
        else:
            trained, loss = sizes[step], taught
            structure = losses[step] - trained * taught
            if how.reference == "stream" and step == len(codes.losses):
                structure = losses[step] - codes.final_stream * how.epochs
        compute = training_compute(codes.parameters, float(read * trained), float(read * test_tokens))
        noise = loss * test_tokens
        points.append(CodePoint(compute, float(structure), float(noise), codes.parameters, int(trained)))
    return points


def curve_notes(curve: np.ndarray, codes: Codes, best: CodePoint, epochs: int) -> tuple[Diagnostic, ...]:
    """Return what a reader of the code lengths should know."""
    found = []
    losses = curve[:, 1]
    window = max(len(losses) // 20, 1)
    smooth = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    fall = max(smooth[0] - smooth.min(), 0.01 * abs(smooth[0]))
    # batches differ: a minimum of many windows lies some deviations below the rest by luck alone
    step = float(np.median(np.abs(np.diff(losses)))) if len(losses) > 1 else 0.0
    luck = 4 * MEDIAN_TO_DEVIATION * step / math.sqrt(2 * window)
    if smooth[-1] - smooth.min() > max(FAR * fall, luck):
        found.append(
            Diagnostic(
                "not_converged",
                f"the learning curve ends at {smooth[-1]:.4g} nats a token, above its minimum "
                f"{smooth.min():.4g}; lower learning_rate, or shuffle rows whose order means nothing",
                "warning",
                "unknown",
            )
        )
    if epochs > 1:
        found.append(
            Diagnostic(
                "repeated",
                f"{epochs} passes over the stream count memory as structure; use epochs=1",
                "warning",
                "high",
            )
        )
    if best.structure < 0:
        found.append(
            Diagnostic(
                "negative",
                "the averaged model is worse than those on the way to it; lower ema, or train longer",
                "warning",
                "low",
            )
        )
    if codes.paused > len(codes.losses):
        found.append(Diagnostic("paused", f"the teacher paused in {codes.paused} of its steps; raise max_kl"))
    return tuple(found)


def _sums(values: Sequence[float]) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=float))])
