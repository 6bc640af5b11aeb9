"""Whether a model's memory of the past is large enough for the information that the past holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from adami.estimators.bipartite import ScalingLaw

Architecture = Literal["recurrent", "transformer", "sliding_window", "log_linear"]
ARCHITECTURES = ("recurrent", "transformer", "sliding_window", "log_linear")
FARTHEST = 1e18
"""Length beyond which a bound counts as never reached."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What decides the size of a model's history state.

    Parameters
    ----------
    architecture : {"recurrent", "transformer", "sliding_window", "log_linear"}
        Recurrent covers state-space models; log-linear ones keep a state for each of ln L scales.
    state : int
        Numbers in the state of a recurrent model, or in one state of a log-linear one.
    layers, heads, head_size : int
        Of a transformer: it keeps a key and a value a token, head and layer.
    window : int
        Tokens that a sliding window keeps.
    """

    architecture: Architecture
    state: int = 0
    layers: int = 1
    heads: int = 1
    head_size: int = 1
    window: int = 0

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"architecture={self.architecture!r}: choose one of {', '.join(ARCHITECTURES)}")
        if self.architecture in ("recurrent", "log_linear") and self.state < 1:
            raise ValueError(f"a {self.architecture} model has a state of at least 1 number: give state=")
        if self.architecture == "sliding_window" and self.window < 1:
            raise ValueError("a sliding window keeps at least 1 token: give window=")
        if min(self.layers, self.heads, self.head_size) < 1:
            raise ValueError("layers, heads and head_size are at least 1")


@dataclass(frozen=True, slots=True)
class L2MVerdict:
    """Whether one model can carry the information of ever longer texts.

    Attributes
    ----------
    passes : bool
        Whether the history state grows at least as fast as the information: one model serves all lengths.
    growth : float
        Exponent of the history state in the length.
    required : float
        Exponent of the information.
    largest_length : float
        Longest text whose information the state can carry; infinite if it always can.
    told : str
        The same in words.
    """

    passes: bool
    growth: float
    required: float
    largest_length: float
    told: str


def history_state_dim(model: ModelSpec, length: float) -> float:
    """Return how many numbers a model keeps of `length` tokens.

    Examples
    --------
    >>> from adami.estimators import ModelSpec, history_state_dim
    >>> history_state_dim(ModelSpec("transformer", layers=2, heads=4, head_size=16), 100)
    25600.0
    >>> history_state_dim(ModelSpec("recurrent", state=512), 100)
    512.0
    """
    if length < 1:
        raise ValueError(f"length={length}: at least one token")
    if model.architecture == "recurrent":
        return float(model.state)
    if model.architecture == "log_linear":
        # a text of one token has one scale
        return model.state * max(math.log(length), 1.0)
    kept = length if model.architecture == "transformer" else min(length, model.window)
    return 2.0 * model.layers * model.heads * model.head_size * kept


@dataclass(frozen=True, slots=True)
class L2MCondition:
    """The condition that a history state grows as the information between past and future.

    A model with a history state of dimension d carries at most ``capacity * d + ln V`` nats across a cut.

    Parameters
    ----------
    beta, amplitude : float
        The law ``I = amplitude * l**beta``, l the length of the first block.
    capacity : float
        Nats that one number of the state carries.
    vocabulary : int
        Number of symbols V: the last one read is known beside the state.
    ratio : int
        Length of the whole over that of the first block.

    References
    ----------
    .. [1] Z. Chen et al., "L^2M: Mutual Information Scaling Law for Long-Context Language Modeling", 2025;
       paper 40 of adami's register.

    Examples
    --------
    >>> from adami.estimators import L2MCondition, ModelSpec
    >>> condition = L2MCondition(beta=0.8, amplitude=0.3)
    >>> condition.check(ModelSpec("transformer")).passes
    True
    >>> condition.check(ModelSpec("recurrent", state=64)).passes
    False
    """

    beta: float
    amplitude: float
    capacity: float = 1.0
    vocabulary: int = 1
    ratio: int = 2

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beta) and self.amplitude > 0 and self.capacity > 0):
            raise ValueError("beta is finite, amplitude and capacity are above 0")
        if self.vocabulary < 1 or self.ratio < 2:
            raise ValueError("vocabulary is at least 1 and ratio at least 2")

    @classmethod
    def from_law(cls, law: ScalingLaw, capacity: float = 1.0, vocabulary: int = 1) -> Self:
        """Return the condition of a measured law; information of short range counts as bounded."""
        if law.short_range:
            return cls(0.0, max(float(p) for p in law.points), capacity, vocabulary, law.ratio)
        return cls(law.beta, law.amplitude, capacity, vocabulary, law.ratio)

    def information(self, length: float) -> float:
        """Return the information in nats across the cut of a text of `length` tokens."""
        return float(self.amplitude * (length / self.ratio) ** self.beta)

    def limit(self, model: ModelSpec, length: float) -> float:
        """Return the most nats that a model carries across the cut of such a text."""
        past = max(length / self.ratio, 1.0)
        return self.capacity * history_state_dim(model, past) + math.log(self.vocabulary)

    def check(self, model: ModelSpec) -> L2MVerdict:
        """Return whether a model's history state grows fast enough, and how far it reaches if not."""
        growth = 1.0 if model.architecture == "transformer" else 0.0
        required = max(self.beta, 0.0)
        passes = growth >= required
        reach = self._reach(model)
        if passes:
            told = (
                f"the state grows as L^{growth:g}, the information as L^{required:.3g}: "
                "MI-capable as one model"
            )
        else:
            told = (
                f"the state does not grow as a power of L, the information grows as L^{required:.3g}: the "
                f"state has to grow as fast; this one suffices up to L = {reach:.3g}"
            )
        return L2MVerdict(passes, growth, required, reach, told)

    def _reach(self, model: ModelSpec) -> float:
        """Return the largest length up to which the state carries the information."""

        def short(length: float) -> bool:
            return self.information(length) > self.limit(model, length)

        grid = [float(self.ratio) * 2.0**k for k in range(int(math.log2(FARTHEST)))]
        over = next((length for length in grid if short(length)), None)
        if over is None:
            return math.inf
        low, high = over / 2, over
        if over == grid[0]:
            return 0.0
        while high - low > 1e-9 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if short(middle) else (middle, high)
        return low
