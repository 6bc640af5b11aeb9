"""The common ground of the small plots: SVG pieces, axes, ranges and levels. All text is escaped here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from markupsafe import Markup

Scale = Literal["plain", "dates", "log"]

WIDTH = 340
GUTTER = 92
"""Room at the left for names of levels."""
_CROWDED = 0.1
"""Numbers whose median lies below this share of their range are drawn on a logarithmic scale."""
MAX_LEVELS = 8
"""Levels drawn; the rest become one."""


def svg(height: float, label: str, parts: Iterable[Markup]) -> Markup:
    """Return a picture that screen readers announce by `label`."""
    head = Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        WIDTH, round(height), label
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def text(x: float, y: float, words: str, kind: str = "tick", anchor: str = "start", full: str = "") -> Markup:
    """Return one line of text; `full` appears on hover where `words` were cut short."""
    title = Markup("<title>{}</title>").format(full) if full and full != words else Markup("")
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}{}</text>').format(
        x, y, kind, anchor, words, title
    )


def short(words: str, most: int = 14) -> str:
    """Cut a name to fit, keeping its end, where names often differ."""
    if len(words) <= most:
        return words
    tail = most // 3
    return f"{words[: most - 1 - tail]}…{words[-tail:]}"


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values to pixels and knows its ticks.

    Parameters
    ----------
    low, high : float
        Values at the ends.
    start, stop : float
        Pixels at the ends.
    scale : {"plain", "dates", "log"}
        What the values are: numbers, seconds since 1970, or decimal logarithms.
    outside : int
        Rows that lie beyond the ends.
    """

    low: float
    high: float
    start: float
    stop: float
    scale: Scale = "plain"
    outside: int = 0

    def __call__(self, values: Any) -> Any:
        """Return pixels."""
        return self.start + (values - self.low) / (self.high - self.low) * (self.stop - self.start)

    def say(self, value: float) -> str:
        """Return a value in words."""
        if self.scale == "dates":
            return _moment(value).date().isoformat()
        return number(10.0**value if self.scale == "log" else value)

    def title(self, name: str, most: int) -> str:
        """Return the name of what is shown, with the scale where it is not the usual one."""
        return f"{short(name, most - 6)} (log)" if self.scale == "log" else short(name, most)

    def ticks(self, count: int = 4) -> list[tuple[float, str]]:
        """Return (pixel, label) pairs."""
        if self.scale == "dates":
            return [(float(self(v)), t) for v, t in _date_ticks(self.low, self.high)]
        if self.scale == "log":
            return [(float(self(v)), number(10.0**v)) for v in _log_ticks(self.low, self.high)]
        step = nice_step(self.high - self.low, count)
        marks = np.arange(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1) * step
        return [(float(self(v)), number(float(v), step)) for v in marks]


def axis(values: np.ndarray, start: float, stop: float, scale: Scale = "plain") -> Axis:
    """Return an axis that shows all values, or all but far outliers, which would squeeze the rest."""
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(q) for q in np.quantile(values, [0.01, 0.99]))
    if len(values) >= 50 and inner_high > inner_low and high - low > 5 * (inner_high - inner_low):
        pad = 0.25 * (inner_high - inner_low)
        low, high = max(low, inner_low - pad), min(high, inner_high + pad)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-290):
        margin = abs(low) * 0.1 or 1.0
    else:
        margin = 0.03 * (high - low)
    outside = int(((values < low) | (values > high)).sum())
    return Axis(low - margin, high + margin, start, stop, scale, outside)


def bottom(across: Axis, y: float, name: str) -> list[Markup]:
    """Draw the horizontal axis: ticks and, at the right end, what it shows."""
    parts = [
        Markup('<path class="rule" d="M{:.1f} {:.1f}H{:.1f}"/>').format(across.start, y, across.stop),
    ]
    for x, label in across.ticks():
        parts.append(Markup('<path class="rule" d="M{:.1f} {:.1f}v4"/>').format(x, y))
        near_end = x > across.stop - 14
        parts.append(
            text(
                min(x, across.stop) if near_end else x, y + 16, label, "tick", "end" if near_end else "middle"
            )
        )
    parts.append(text(across.stop, y + 31, across.title(name, 36), "axis", "end", name))
    return parts


def nice_step(span: float, count: int) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` pieces."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next((m * power for m in (1.0, 2.0, 5.0) if m * power >= raw * 0.999), 10.0 * power)


def number(value: float, step: float | None = None) -> str:
    """Return a number as short as its neighbourhood allows."""
    size = max(abs(value), step or 0.0)
    if size == 0.0:
        return "0"
    if size >= 1e15 or size < 1e-3:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            scale = limit if letter != "k" else 1e3
            return _decimals(value / scale, step / scale if step else None) + letter
    return _decimals(value, step)


def _decimals(value: float, step: float | None) -> str:
    if step is None:
        said = f"{value:.4g}"
    else:
        said = f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
    said = "0" if float(said) == 0.0 else said
    return said.replace("-", "−")


def _log_ticks(low: float, high: float) -> list[float]:
    step = max(1, math.ceil((high - low) / 5))
    whole = [float(k) for k in range(math.ceil(low / step) * step, math.floor(high) + 1, step)]
    if high - low > 1.6:
        return whole
    within = [k + math.log10(m) for k in range(math.floor(low), math.floor(high) + 1) for m in (1, 2, 5)]
    return [v for v in within if low <= v <= high]


def _date_ticks(low: float, high: float) -> list[tuple[float, str]]:
    days = (high - low) / 86400.0
    if days > 1000:
        step = max(1, round(nice_step(days / 365.25, 3)))
        first = _moment(low).year // step * step
        moments = [
            datetime(y, 1, 1, tzinfo=UTC)
            for y in range(max(first, 1), _moment(high).year + 2, step)
            if y < 9999
        ]
        form = "%Y"
    elif days > 60:
        step = max(1, round(days / 30.4 / 3))
        begin = _moment(low)
        months = range(0, 40, step)
        moments = [
            datetime(begin.year + (begin.month - 1 + m) // 12, (begin.month - 1 + m) % 12 + 1, 1, tzinfo=UTC)
            for m in months
        ]
        form = "%b %Y"
    else:
        seconds = nice_step(days, 3) * 86400.0
        marks = np.arange(math.ceil(low / seconds), math.floor(high / seconds) + 1) * seconds
        moments = [_moment(float(v)) for v in marks]
        form = "%d %b" if days > 3 else "%d %b %H:%M"
    return [(m.timestamp(), m.strftime(form)) for m in moments if low <= m.timestamp() <= high]


def _moment(seconds: float) -> datetime:
    # years beyond the calendar of datetime would raise; the axis is only a picture
    return datetime.fromtimestamp(min(max(seconds, -6.2e10), 2.5e11), tz=UTC)


def quantities(raw: np.ndarray) -> tuple[np.ndarray, Scale]:
    """Return a raw column as numbers to draw, and their scale.

    Dates become seconds, spans of time days; positive numbers that crowd at the low end become logarithms.
    """
    if raw.dtype.kind == "M":
        return raw.astype("datetime64[us]").astype(np.int64) / 1e6, "dates"
    if raw.dtype.kind == "m":
        return raw.astype("timedelta64[us]").astype(np.int64) / 8.64e10, "plain"
    # the width of an axis must stay finite
    values = np.clip(raw.astype(np.float64), -1e300, 1e300)
    if len(values) >= 20 and values.min() > 0.0:
        low, middle, high = (float(q) for q in np.quantile(values, [0.01, 0.5, 0.99]))
        if middle - low < _CROWDED * (high - low):
            return np.log10(values), "log"
    return values, "plain"


def levels(raw: np.ndarray, most: int = MAX_LEVELS) -> tuple[list[str], np.ndarray]:
    """Return the names of the levels to draw and each row's level; rare ones are joined into the last.

    Numbers come in their order, names by how often they occur.
    """
    values = (raw.astype("datetime64[us]") if raw.dtype.kind == "M" else raw).tolist()
    counts = Counter(values)
    order = sorted(counts, key=lambda v: (-counts[v], str(v)))
    kept = order if len(order) <= most else order[: most - 1]
    if raw.dtype != object:
        kept = sorted(kept)
    index = {v: i for i, v in enumerate(kept)}
    names = [level_name(v) for v in kept]
    if len(kept) < len(order):
        names.append(f"{len(order) - len(kept):,} others")
    codes = np.fromiter((index.get(v, len(kept)) for v in values), dtype=np.int64, count=len(values))
    return names, codes


def level_name(value: Any) -> str:
    """Return a level as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip() or "(blank)"


def beyond(*axes: Axis) -> str:
    """Say how many rows the frame leaves out."""
    count = sum(a.outside for a in axes)
    return f" {count:,} far values lie outside the frame." if count else ""


def listing(pairs: Sequence[tuple[str, str]]) -> str:
    """Return "a 1, b 2" for descriptions."""
    return ", ".join(f"{name} {value}" for name, value in pairs)
