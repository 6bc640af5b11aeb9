"""Numbers and positions as the page writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from adami.result import LN2, Estimate


@dataclass(frozen=True, slots=True)
class Unit:
    """Nats or bits."""

    name: str
    per_nat: float

    def say(self, nats: float | None) -> str:
        """Return an amount with three decimals, or a dash where there is none."""
        if nats is None or math.isnan(nats):
            return "–"
        if math.isinf(nats):
            return "∞" if nats > 0 else "−∞"
        said = f"{nats * self.per_nat:.3f}"
        return "0.000" if said == "-0.000" else said.replace("-", "−")

    def signed(self, nats: float) -> str:
        """Return an amount with its sign."""
        said = self.say(nats)
        return said if said.startswith("−") or nats == 0.0 or said == "–" else f"+{said}"

    def interval(self, estimate: Estimate) -> str:
        """Return "low to high", or nothing."""
        if estimate.interval is None:
            return ""
        low, high = estimate.interval
        return f"{self.say(low)} to {self.say(high)}"


def unit(bits: bool) -> Unit:
    """Return the unit of the page."""
    return Unit("bits", 1.0 / LN2) if bits else Unit("nats", 1.0)


def p_text(p: float | None) -> str:
    """Return a p-value in three decimals."""
    if p is None or math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.0005 else f"{p:.3f}"


def percent(share: float | None) -> str:
    """Return a share as a whole percentage."""
    if share is None or not math.isfinite(share):
        return "–"
    return f"{round(100 * share)}\u00a0%".replace("-", "−")


def seconds_text(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 0.95:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


@dataclass(frozen=True, slots=True)
class Scale:
    """A horizontal scale in percent of the room for bars."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None], symmetric: bool = False) -> Scale:
        """Return the scale that holds zero and all finite values."""
        finite = [v for v in values if v is not None and math.isfinite(v)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        if symmetric:
            high = max(high, -low)
            low = -high
        if high == low:
            high = low + 1.0
        return cls(low, high)

    def at(self, value: float) -> float:
        """Return the position of a value, between 0 and 100."""
        if math.isnan(value):
            return self.at(0.0)
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(100 * share, 2)

    def bar(self, start: float, end: float) -> dict[str, float]:
        """Return left edge and width of the bar between two values."""
        left, right = sorted((self.at(start), self.at(end)))
        return {"left": left, "width": round(right - left, 2)}

    def whisker(self, estimate: Estimate, shift: float = 0.0) -> dict[str, float] | None:
        """Return left edge and width of an interval."""
        if estimate.interval is None or any(math.isnan(v) for v in estimate.interval):
            return None
        low, high = estimate.interval
        return self.bar(low + shift, high + shift)
