"""The figure of a code: the learning curve, its end, and the area between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adami.estimators.epiplexity import EpiplexityResult


def draw(found: EpiplexityResult, ax: Any) -> Any:
    """Draw the loss before each step over the tokens seen; the shaded area is the prequential structure."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install 'adami[plot]'") from problem
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    tokens, losses = found.curve.T
    end = found.S.details["teacher_loss"]
    ax.plot(tokens, losses, linewidth=1)
    ax.axhline(end, color="0.3", linestyle="--", linewidth=1)
    ax.fill_between(tokens, end, losses, where=losses > end, alpha=0.25, linewidth=0)
    ax.set_xlabel("tokens seen")
    ax.set_ylabel("loss before learning, nats a token")
    ax.set_title(f"S = {float(found.S):,.0f} nats, H = {float(found.H):,.0f} nats ({found.S.method})")
    return ax
