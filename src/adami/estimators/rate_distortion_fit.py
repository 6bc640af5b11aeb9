"""What a compressor's rate buys downstream: a fitted curve, a cost model and the pair that fits a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np


@dataclass
class RateDistortion:
    """Fit ``D(R) = C exp(-b R) + D0`` by least squares, with C, b and D0 at least 0.

    Attributes
    ----------
    scale_, decay_, floor_ : float
        C, b and D0, after `fit`.
    correlation_ : float
        Pearson correlation of rates and distortions.
    r2_ : float
        Share of the distortions' variance that the curve explains.

    References
    ----------
    .. [1] "An Information Theoretic Perspective on Agentic System Design", arXiv:2512.21720, 2025; paper 19
       of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import RateDistortion
    >>> rates = np.array([0.0, 0.5, 1.0, 2.0, 4.0])
    >>> curve = RateDistortion().fit(rates, 0.6 * np.exp(-1.5 * rates) + 0.1)
    >>> [round(v, 3) for v in (curve.scale_, curve.decay_, curve.floor_, curve.r2_)]
    [0.6, 1.5, 0.1, 1.0]
    >>> round(curve.rate_for(0.4), 3)
    0.462
    """

    scale_: float = field(init=False, default=math.nan, repr=False)
    decay_: float = field(init=False, default=math.nan, repr=False)
    floor_: float = field(init=False, default=math.nan, repr=False)
    correlation_: float = field(init=False, default=math.nan, repr=False)
    r2_: float = field(init=False, default=math.nan, repr=False)

    def fit(self, rates: Any, distortions: Any) -> Self:
        """Fit the curve.

        Parameters
        ----------
        rates : array of shape (n,)
            Information, or information a token; any unit.
        distortions : array of shape (n,)
            Such as 1 - accuracy; at least 0.

        Raises
        ------
        ValueError
            For fewer than 3 different rates, missing values or negative distortions.
        """
        r, d = np.asarray(rates, dtype=float), np.asarray(distortions, dtype=float)
        if r.ndim != 1 or r.shape != d.shape:
            raise ValueError(
                f"rates {r.shape} and distortions {d.shape}: two lists of equal length are needed"
            )
        if not (np.isfinite(r).all() and np.isfinite(d).all()):
            raise ValueError("rates and distortions are finite numbers; leave out what was not measured")
        if (d < 0).any():
            raise ValueError(f"distortion {d.min():g} is negative: use 1 - accuracy or a loss of at least 0")
        if len(np.unique(r)) < 3:
            raise ValueError("a curve of three parameters needs at least 3 different rates")
        decay = _best_decay(r, d)
        scale, floor = _linear_part(r, d, decay)
        left = float(np.sum((d - scale * np.exp(-decay * (r - r.min())) - floor) ** 2))
        whole = float(np.sum((d - d.mean()) ** 2))
        self.scale_, self.decay_, self.floor_ = scale * math.exp(decay * r.min()), decay, floor
        self.r2_ = 1 - left / whole if whole > 0 else 1.0
        self.correlation_ = float(np.corrcoef(r, d)[0, 1]) if whole > 0 else 0.0
        return self

    def predict(self, rates: Any) -> np.ndarray:
        """Return the distortion of the curve at these rates."""
        self._check_fitted()
        return np.asarray(self.scale_ * np.exp(-self.decay_ * np.asarray(rates, dtype=float)) + self.floor_)

    def rate_for(self, distortion: float) -> float:
        """Return the rate at which the curve reaches a distortion; infinite where it never does."""
        self._check_fitted()
        if distortion <= self.floor_ or self.decay_ == 0 or self.scale_ == 0:
            return math.inf if distortion < float(self.predict(0.0)) else 0.0
        return max(math.log(self.scale_ / (distortion - self.floor_)) / self.decay_, 0.0)

    def _check_fitted(self) -> None:
        if math.isnan(self.scale_):
            raise ValueError("this RateDistortion has not been fitted; call fit(rates, distortions) first")


@dataclass(frozen=True, slots=True)
class CompressorSpec:
    """A model that summarises.

    Parameters
    ----------
    name : str
    parameters : float
        Number of weights.
    rate : float
        What its summaries carry, on the scale on which the predictors' curves were fitted.
    tokens : float
        Mean length of its summaries.
    """

    name: str
    parameters: float
    rate: float
    tokens: float


@dataclass(frozen=True, slots=True)
class PredictorSpec:
    """A model that answers from summaries.

    Parameters
    ----------
    name : str
    parameters : float
        Number of weights.
    curve : RateDistortion
        Its fitted distortion over the rate of what it is given.
    tokens : float
        Mean length of its answers.
    """

    name: str
    parameters: float
    curve: RateDistortion
    tokens: float = 32.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A compressor and a predictor, with what they cost and what they reach.

    Attributes
    ----------
    compressor, predictor : str
    flops : float
        Operations for one context: reading it, writing the summary, reading that, writing the answer.
    distortion : float
        By the predictor's curve at the compressor's rate.
    affordable : bool
        Whether the cost is within the budget.
    """

    compressor: str
    predictor: str
    flops: float
    distortion: float
    affordable: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """The best affordable pair, and all pairs from the cheapest to the dearest."""

    best: Pipeline
    pairs: tuple[Pipeline, ...]


def generation_flops(parameters: float, tokens_out: float, tokens_in: float = 0.0) -> float:
    """Return the operations of one generation: 2 a weight for every token read or written.

    Examples
    --------
    >>> from adami.estimators import generation_flops
    >>> generation_flops(7e9, tokens_out=100, tokens_in=1000)
    15400000000000.0
    """
    if min(parameters, tokens_out, tokens_in) < 0:
        raise ValueError("parameters and numbers of tokens are at least 0")
    return 2.0 * parameters * (tokens_out + tokens_in)


def advise(
    compressors: Sequence[CompressorSpec],
    predictors: Sequence[PredictorSpec],
    budget: float,
    context_tokens: float = 0.0,
) -> Advice:
    """Return the pair with the least fitted distortion that a budget pays for.

    Parameters
    ----------
    compressors, predictors : sequence
    budget : float
        Operations for one context.
    context_tokens : float
        Mean length of the contexts, which the compressor reads.

    Raises
    ------
    ValueError
        If there is no pair, or none within the budget.

    Examples
    --------
    >>> from adami.estimators import CompressorSpec, PredictorSpec, RateDistortion, advise
    >>> curve = RateDistortion().fit([0, 1, 2, 3], [0.8, 0.5, 0.35, 0.28])
    >>> small, large = CompressorSpec("small", 1e9, 1.0, 400), CompressorSpec("large", 7e9, 3.0, 100)
    >>> advise([small, large], [PredictorSpec("p", 1e10, curve)], budget=1e13).best.compressor
    'large'
    """
    pairs = sorted(
        (_pipeline(c, p, budget, context_tokens) for c in compressors for p in predictors),
        key=lambda pair: pair.flops,
    )
    if not pairs:
        raise ValueError("no pairs: give at least one compressor and one predictor")
    within = [pair for pair in pairs if pair.affordable]
    if not within:
        least = pairs[0]
        raise ValueError(
            f"budget={budget:g} pays for no pair: the cheapest, {least.compressor} with {least.predictor}, "
            f"costs {least.flops:g}"
        )
    return Advice(min(within, key=lambda pair: (pair.distortion, pair.flops)), tuple(pairs))


def _pipeline(c: CompressorSpec, p: PredictorSpec, budget: float, context_tokens: float) -> Pipeline:
    flops = generation_flops(c.parameters, c.tokens, context_tokens) + generation_flops(
        p.parameters, p.tokens, c.tokens
    )
    return Pipeline(c.name, p.name, flops, float(p.curve.predict(c.rate)), flops <= budget)


def _best_decay(r: np.ndarray, d: np.ndarray) -> float:
    """Return the decay with the least squares left, the other two parameters being linear given it."""
    from scipy.optimize import minimize_scalar

    def left(log_decay: float) -> float:
        scale, floor = _linear_part(r, d, math.exp(log_decay))
        return float(np.sum((d - scale * np.exp(-math.exp(log_decay) * (r - r.min())) - floor) ** 2))

    span = math.log(float(np.ptp(r)))
    grid = np.linspace(-7.0, 6.0, 66) - span
    at = int(np.argmin([left(g) for g in grid]))
    near = (grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)])
    found = minimize_scalar(left, bounds=near, method="bounded", options={"xatol": 1e-10})
    return math.exp(float(found.x))


def _linear_part(r: np.ndarray, d: np.ndarray, decay: float) -> tuple[float, float]:
    """Return the scale (at the least rate) and the floor, both at least 0."""
    from scipy.optimize import nnls

    curve = np.exp(-decay * (r - r.min()))
    (scale, floor), _ = nnls(np.column_stack([curve, np.ones_like(curve)]), d)
    return float(scale), float(floor)
