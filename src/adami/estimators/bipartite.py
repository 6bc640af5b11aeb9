"""How the information between two neighbouring blocks of a sequence grows with their length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adami.estimators._base import normal_interval
from adami.estimators._scaling_fits import power_law
from adami.result import Bound, Diagnostic, Estimate

if TYPE_CHECKING:
    from adami.estimators.sequence_models import SequenceDensity

Kind = Literal["direct", "vclub", "gaussian"]
LENGTHS = tuple(2**k for k in range(1, 10))
SHORT_RANGE = 0.1
"""Exponent below which the information is taken to stay bounded."""
BIGRAM_WEIGHT = 0.2
"""Share of the model in the corrected probability of a block's first two symbols."""


@dataclass(frozen=True)
class ScalingLaw:
    """The law ``I = A l**beta`` through the information at several lengths.

    Parameters
    ----------
    lengths : tuple of int
        Symbols of the first block.
    points : tuple of Estimate
        Information at each, in nats.
    beta, amplitude : float
        Exponent and factor, by least squares of logarithms.
    r2 : float
        Share of the variance of ``ln I`` that the law explains.
    se : float or None
        Jackknife standard error of `beta` over lengths.
    ratio : int
        Length of both blocks over that of the first.
    diagnostics : tuple of Diagnostic
        ``short_range`` where the information does not grow, ``non_positive`` where points are not in the fit.
    """

    lengths: tuple[int, ...]
    points: tuple[Estimate, ...]
    beta: float
    amplitude: float
    r2: float
    se: float | None
    ratio: int = 2
    diagnostics: tuple[Diagnostic, ...] = field(default=(), repr=False)

    @property
    def short_range(self) -> bool:
        """Whether the information stays about constant."""
        return any(d.flag == "short_range" for d in self.diagnostics)

    def predict(self, length: float) -> float:
        """Return the information in nats of the law at a length of the first block."""
        return float(self.amplitude * float(length) ** self.beta)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "lengths": list(self.lengths),
            "points": [p.to_dict() for p in self.points],
            "beta": self.beta,
            "amplitude": self.amplitude,
            "r2": self.r2,
            "se": self.se,
            "ratio": self.ratio,
            "short_range": self.short_range,
            "diagnostics": [d.message for d in self.diagnostics],
        }


def scaling_law(lengths: Sequence[int], points: Sequence[Estimate | float], ratio: int = 2) -> ScalingLaw:
    """Fit ``I = A l**beta`` to information at several lengths.

    Raises
    ------
    ValueError
        If fewer than 2 values are positive.

    Examples
    --------
    >>> from adami.estimators import scaling_law
    >>> law = scaling_law([2, 4, 8, 16], [0.3, 0.6, 1.2, 2.4])
    >>> round(law.beta, 3), round(law.amplitude, 3), law.short_range
    (1.0, 0.15, False)
    """
    if len(lengths) != len(points):
        raise ValueError(f"{len(lengths)} lengths and {len(points)} values")
    told = [p if isinstance(p, Estimate) else Estimate(p) for p in points]
    places, values = np.asarray(lengths, dtype=float), np.array([float(p) for p in told])
    fits = values > 0
    if fits.sum() < 2 or len(set(places[fits])) < 2:
        raise ValueError(
            f"a power law needs 2 positive values, and of {len(values)} there are {int(fits.sum())}: the "
            "blocks share nothing that this estimator sees; use more documents or a better density"
        )
    law = power_law(places[fits], values[fits])
    notes = []
    if not fits.all():
        left = ", ".join(str(n) for n, f in zip(lengths, fits) if not f)
        notes.append(
            Diagnostic(
                "non_positive", f"the values at lengths {left} are not positive and not in the fit", "warning"
            )
        )
    if law.exponent < max(SHORT_RANGE, 2 * (law.error or 0.0)):
        notes.append(
            Diagnostic(
                "short_range",
                f"the information does not grow with the length (exponent {law.exponent:.3f}): the "
                "dependence is of short range, as in a Markov chain",
            )
        )
    return ScalingLaw(
        tuple(int(n) for n in lengths),
        tuple(told),
        law.exponent,
        law.amplitude,
        law.r2,
        law.error,
        ratio,
        tuple(notes),
    )


def gaussian_scaling(covariances: Mapping[int, Any], ratio: int = 2) -> ScalingLaw:
    """Return the exact law of Gaussian sequences.

    Parameters
    ----------
    covariances : mapping
        Length of the whole sequence -> its covariance.
    ratio : int
        Length of the whole over that of the first block.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import gaussian_scaling
    >>> pairs = {n: np.kron([[1.0, 0.6], [0.6, 1.0]], np.eye(n // 2)) for n in (2, 4, 8)}
    >>> law = gaussian_scaling(pairs)
    >>> round(law.beta, 3), round(law.amplitude, 4)
    (1.0, 0.2231)
    """
    from adami.tasks._gaussian import gaussian_information

    lengths, values = [], []
    for whole, covariance in sorted(covariances.items()):
        first = _first_block(whole, ratio)
        table = np.asarray(covariance, dtype=float)
        if table.shape != (whole, whole):
            raise ValueError(f"the covariance at {whole} has shape {table.shape}")
        lengths.append(first)
        values.append(Estimate(gaussian_information(table, first), method="gaussian_exact", n=0))
    return scaling_law(lengths, values, ratio)


@dataclass
class BipartiteMI:
    """Information between the first symbols of documents and those that follow, over a grid of lengths.

    Parameters
    ----------
    density : SequenceDensity, optional
        Gives ln q of a block, alone and after another; not needed for ``"gaussian"``.
    estimator : {"direct", "vclub", "gaussian"}
        ``"direct"`` is the mean of ``ln q(Y|X) - ln q(Y)``. ``"vclub"`` replaces the second term by the score
        after the first block of another document: it lies above the information even where q is exact, so it
        serves the exponent and never the value. ``"gaussian"`` measures rows of numbers as jointly normal.
    ratio : int
        Length of the whole over that of the first block: 2 is two halves.
    lengths : sequence of int
        Lengths of the first block.
    correct_start : bool
        Whether the log-probability of the first two symbols of a block without its past is replaced by a
        fifth of itself and four fifths of the corpus' 2-gram entropy (Grassberger): a model that has seen
        only beginnings of texts misjudges a block that starts in mid-sentence.
    confidence : float
    random_state : int
        Seed of the shuffle of ``"vclub"``.

    References
    ----------
    .. [1] Z. Chen et al., "L^2M: Mutual Information Scaling Law for Long-Context Language Modeling", 2025;
       paper 40 of adami's register.

    Examples
    --------
    >>> from adami.estimators import BipartiteMI, MarkovDensity
    >>> chain = MarkovDensity([[0.9, 0.1], [0.1, 0.9]])
    >>> law = BipartiteMI(chain, lengths=(2, 4, 8)).estimate(chain.sample(4000, 16))
    >>> round(float(law.points[0]), 1), law.short_range
    (0.4, True)
    """

    density: SequenceDensity | None = None
    estimator: Kind = "direct"
    ratio: int = 2
    lengths: Sequence[int] = LENGTHS
    correct_start: bool = False
    confidence: float = 0.95
    random_state: int = 0

    def estimate(self, documents: Any) -> ScalingLaw:
        """Measure at every length and fit the law.

        Parameters
        ----------
        documents : array of shape (n, m), or (m,)
            Independent documents as rows, of which the first ``ratio * length`` symbols count; or one text,
            which is cut into documents that do not overlap.

        Raises
        ------
        ValueError
            For a length below 2 (1 for numbers), documents shorter than needed, a density whose window is
            shorter, or a block to which it gives probability 0.
        """
        if self.estimator not in ("direct", "vclub", "gaussian"):
            raise ValueError(f"estimator={self.estimator!r}: choose 'direct', 'vclub' or 'gaussian'")
        rows = np.asarray(documents)
        points = [self.at(rows, length) for length in self.lengths]
        return scaling_law(tuple(self.lengths), points, self.ratio)

    def at(self, documents: Any, length: int) -> Estimate:
        """Return the information at one length of the first block."""
        if length < 2:
            raise ValueError(f"length={length}: blocks of at least 2 symbols are needed")
        if self.ratio < 2:
            raise ValueError(f"ratio={self.ratio}: the whole is at least twice the first block")
        rows = _cut(np.asarray(documents), length * self.ratio)
        if self.estimator == "gaussian":
            from adami.estimators.gaussian import Gaussian

            return Gaussian().estimate(rows[:, :length], rows[:, length:])
        local = self._local(rows, length)
        if not np.isfinite(local).all():
            raise ValueError(
                f"length={length}: the density gives a block of these documents probability 0; smooth it"
            )
        value, error = float(local.mean()), float(local.std(ddof=1) / math.sqrt(len(local)))
        bounds: dict[str, Bound] = {"vclub": "upper"}
        return Estimate(
            value,
            method=f"bipartite_{self.estimator}",
            n=len(local),
            kinds=("discrete", "discrete"),
            interval=normal_interval(value, error, self.confidence),
            interval_kind="documents",
            confidence=self.confidence,
            bound=bounds.get(self.estimator, "none"),
            pointwise=local,
            details={"length": length, "whole": length * self.ratio, "standard_error": error},
        )

    def _local(self, rows: np.ndarray, length: int) -> np.ndarray:
        if self.density is None:
            raise ValueError(f"estimator={self.estimator!r} needs a density")
        window = getattr(self.density, "context_window", None)
        if window is not None and window < rows.shape[1]:
            raise ValueError(
                f"the density sees {window} symbols, and {rows.shape[1]} are needed: it would cut them off"
            )
        x, y = rows[:, :length], rows[:, length:]
        after = self.density.logprob(y, x).sum(axis=1)
        if self.estimator == "vclub":
            # a cyclic shift of a random order: nobody keeps the own first block
            order = np.random.default_rng(self.random_state).permutation(len(rows))
            other = np.empty_like(order)
            other[order] = np.roll(order, 1)
            return np.asarray(after - self.density.logprob(y[other], x).sum(axis=1))
        alone = self.density.logprob(y)
        if not self.correct_start:
            return np.asarray(after - alone.sum(axis=1))
        first = BIGRAM_WEIGHT * alone[:, :2].sum(axis=1) - (1 - BIGRAM_WEIGHT) * _bigram_entropy(rows)
        return np.asarray(after - first - alone[:, 2:].sum(axis=1))


def _first_block(whole: int, ratio: int) -> int:
    if ratio < 2 or whole % ratio:
        raise ValueError(f"ratio={ratio}: it must be at least 2 and divide the length {whole}")
    return whole // ratio


def _cut(rows: np.ndarray, whole: int) -> np.ndarray:
    """Return documents of `whole` symbols."""
    if rows.ndim == 1:
        rows = rows[: len(rows) // whole * whole].reshape(-1, whole)
    if rows.ndim != 2:
        raise ValueError("documents are rows of symbols, or one text")
    if rows.shape[1] < whole:
        raise ValueError(f"documents have {rows.shape[1]} symbols, and {whole} are needed; lower lengths")
    if len(rows) < 2:
        raise ValueError(f"{len(rows)} documents of {whole} symbols: at least 2 are needed")
    return rows[:, :whole]


def _bigram_entropy(rows: np.ndarray) -> float:
    from adami.estimators.grassberger import Grassberger

    pairs = rows[:, :-1].astype(np.int64) * (int(rows.max()) + 1) + rows[:, 1:]
    return float(Grassberger().from_counts(np.unique(pairs, return_counts=True)[1]))
