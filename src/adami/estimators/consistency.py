"""Four questions to an estimator that need no ground truth, asked with images and their masked copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from adami.variables import Variable, variable

Question = Literal["ordering", "data processing", "additivity", "independence"]
TOLERANCE = 0.15
LAG = 3
"""Rows by which the further view of the data-processing question is shorter."""


@dataclass(frozen=True, slots=True)
class ConsistencyRow:
    """One answer of an estimator.

    Parameters
    ----------
    question : {"ordering", "data processing", "additivity", "independence"}
    rows : int
        Image rows that are seen.
    ratio : float
        What was measured; NaN never occurs.
    expected : float or None
        What it should be; None where only the order of the ratios counts.
    passed : bool
    """

    question: Question
    rows: int
    ratio: float
    expected: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class ConsistencyReport:
    """All answers of an estimator.

    Parameters
    ----------
    method : str
    answers : tuple of ConsistencyRow
    whole : float
        Estimate of I(X;X), the unit of the ordering and independence ratios.
    tolerance : float
    """

    method: str
    answers: tuple[ConsistencyRow, ...]
    whole: float
    tolerance: float = TOLERANCE
    passed: dict[str, bool] = field(init=False)
    """Whether every answer to a question passed, by question."""

    def __post_init__(self) -> None:
        questions = dict.fromkeys(a.question for a in self.answers)
        passed = {q: all(a.passed for a in self.answers if a.question == q) for q in questions}
        object.__setattr__(self, "passed", passed)

    def to_markdown(self) -> str:
        """Return the answers as a table."""
        lines = ["| question | rows | ratio | expected | passed |", "| --- | ---: | ---: | ---: | --- |"]
        for a in self.answers:
            expected = "rising" if a.expected is None else f"{a.expected:g}"
            lines.append(
                f"| {a.question} | {a.rows} | {a.ratio:.3f} | {expected} | {'yes' if a.passed else 'no'} |"
            )
        return "\n".join(lines)


def self_consistency(
    estimator: Any,
    images: Any,
    rows: Sequence[int] | None = None,
    *,
    tolerance: float = TOLERANCE,
    noise: float = 0.0,
    random_state: int = 0,
) -> ConsistencyReport:
    """Ask an estimator of information four questions whose answers are known without knowing the information.

    With Y_t the image X whose rows after the first t are 0, the questions are: does I(X;Y_t) / I(X;X) rise
    from 0 to 1 (ordering); is I([X,X];[Y_t,Y_{t-3}]) / I(X;Y_t) = 1 (data processing); is I([X1,X2];[Y1,Y2])
    / I(X1;Y1) = 2 for two independent images (additivity); is the information 0 when the Y are shuffled
    (independence, as a share of I(X;X)).

    Parameters
    ----------
    estimator : object with ``estimate(x, y)``
        Any estimator of adami, or one of your own that returns a number.
    images : array of shape (n, height, width)
        Constant pixels carry nothing and are left out.
    rows : sequence of int, optional
        Numbers t of rows that are seen; a quarter, half, three quarters and all of the height by default.
    tolerance : float
        Largest departure from what is expected that passes.
    noise : float
        Standard deviation, in units of the images' own, of noise that is added to the whole image and, drawn
        anew, to what is seen of it: without noise the information of images with themselves is infinite, and
        what a method says is a matter of the method.
    random_state : int

    Returns
    -------
    ConsistencyReport

    Raises
    ------
    ValueError
        If the images or the rows do not fit, or the estimator finds nothing in I(X;X).

    References
    ----------
    Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020;
    paper 11 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import Gaussian, self_consistency
    >>> images = np.random.default_rng(0).normal(size=(2000, 4, 2))
    >>> report = self_consistency(Gaussian(), images, rows=(1, 2, 4), noise=0.5)
    >>> report.passed
    {'ordering': True, 'data processing': True, 'additivity': True, 'independence': True}
    """
    pixels = np.asarray(images, dtype=np.float64)
    if pixels.ndim != 3 or len(pixels) < 4 or not np.isfinite(pixels).all():
        raise ValueError(
            f"images of shape {pixels.shape}: finite numbers of shape (n, height, width) are needed"
        )
    height = pixels.shape[1]
    seen = _rows(rows, height)
    if tolerance <= 0 or noise < 0:
        raise ValueError(
            f"tolerance={tolerance}, noise={noise}: the first is positive, the second not negative"
        )
    views = _Views(pixels, noise, np.random.default_rng(random_state))
    names = ("x", "y")

    def measure(x: np.ndarray, y: np.ndarray) -> float:
        value = float(estimator.estimate(*(_block(v, s) for v, s in zip((x, y), names))))
        if math.isnan(value):
            raise ValueError("the estimator returned no number")
        return value

    whole = measure(views.whole, views.first(height))
    if not 0 < whole < math.inf:
        raise ValueError(
            f"I(X;X) is {whole:.4g}, which nothing can be compared with; pass noise=, or another estimator"
        )
    answers: list[ConsistencyRow] = []
    single = {t: whole if t == height else measure(views.whole, views.first(t)) for t in seen}
    answers += _ordering(single, whole, height, tolerance)
    for t in seen:
        if t > LAG and single[t] > 0:
            both = np.hstack([views.whole, views.whole])
            ratio = measure(both, np.hstack([views.first(t), views.first(t - LAG)])) / single[t]
            answers.append(_against("data processing", t, ratio, 1.0, tolerance))
    order = views.rng.permutation(len(pixels))
    for t in seen:
        if single[t] > 0:
            ratio = _additivity(measure, views, t, order)
            answers.append(_against("additivity", t, ratio, 2.0, tolerance))
    for t in seen:
        shuffled = measure(views.whole, views.first(t)[views.rng.permutation(len(pixels))])
        answers.append(_against("independence", t, shuffled / whole, 0.0, tolerance))
    return ConsistencyReport(
        getattr(estimator, "name", type(estimator).__name__), tuple(answers), whole, tolerance
    )


class _Views:
    """The image, and what is seen of it."""

    def __init__(self, pixels: np.ndarray, noise: float, rng: np.random.Generator) -> None:
        self.rng = rng
        self.width = pixels.shape[2]
        flat = pixels.reshape(len(pixels), -1)
        deviation = noise * float(flat.std())
        self.whole = flat + deviation * rng.normal(size=flat.shape) if noise else flat
        self.seen = flat + deviation * rng.normal(size=flat.shape) if noise else flat

    def first(self, t: int) -> np.ndarray:
        """Return the view of the first t rows; masked pixels are constant, so they are left out at once."""
        return self.seen[:, : t * self.width]


def _additivity(measure: Any, views: _Views, t: int, order: np.ndarray) -> float:
    """Compare two independent images side by side with one, over the same number of rows of data."""
    half = len(order) // 2
    one, two = order[:half], order[half : 2 * half]
    x, y = views.whole, views.first(t)
    single = measure(x[one], y[one])
    if single <= 0:
        return 0.0
    return float(measure(np.hstack([x[one], x[two]]), np.hstack([y[one], y[two]])) / single)


def _ordering(single: dict[int, float], whole: float, height: int, tolerance: float) -> list[ConsistencyRow]:
    out, before = [], -math.inf
    for t, value in single.items():
        ratio = value / whole
        passed = before - tolerance <= ratio <= 1 + tolerance
        out.append(ConsistencyRow("ordering", t, ratio, 1.0 if t == height else None, passed))
        before = ratio
    return out


def _against(question: Question, t: int, ratio: float, expected: float, tolerance: float) -> ConsistencyRow:
    return ConsistencyRow(question, t, ratio, expected, abs(ratio - expected) <= tolerance)


def _block(values: np.ndarray, name: str) -> Variable:
    # pixels of few levels would be taken for labels
    varies = np.ptp(values, axis=0) > 0
    if not varies.any():
        raise ValueError(f"{name}: every pixel that is seen is constant; use more rows")
    return variable(values[:, varies], name, kinds="continuous")


def _rows(rows: Sequence[int] | None, height: int) -> list[int]:
    if rows is None:
        rows = sorted({max(1, height * q // 4) for q in (1, 2, 3, 4)})
    seen = [int(t) for t in rows]
    if not seen or seen != sorted(set(seen)) or seen[0] < 1 or seen[-1] > height:
        raise ValueError(f"rows={list(rows)}: rising numbers from 1 to the height, {height}, are needed")
    return seen
