"""Information of many columns, each side compressed to a few coordinates first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import ceiling_note, normal_scores, nothing_to_tell, small_class_note, varying
from adami.estimators._entropy_sums import EntropyOfRows, entropy_sum, shuffles
from adami.estimators._lossy_notes import bias_note, block, discarded_note
from adami.estimators.compressors import COMPRESSORS, PCACompressor
from adami.variables import Variable, variable

Choice = Literal["auto", "none", "pca", "cca", "autoencoder", "supervised"]


class LossyMI(Estimator):
    """Information between two vectors, or a vector and a label, each compressed to a few coordinates first.

    Compression never adds information, so this estimates from below what both sides share; it is all of it
    where the codes keep what the other side knows. Blocks are whitened, and the information is
    ``h(f(X)) + h(g(Y)) - h(f(X), g(Y))``, or ``h(f(X)) - sum_y p(y) h(f(X) | y)`` for a label. An entropy in
    8 dimensions misses more than those in 4 wherever the density has edges or folds, so the sum is off even
    for independent sides; the same sum over shuffled pairs shows by how much.

    Principal directions can throw away exactly the informative one. What a linear model sees in the discarded
    directions is estimated, and flagged as ``discarded_information`` where it matters; use "autoencoder",
    "cca" or "supervised" then, or `LMI`. Compressors that look at both sides are fitted on one half of the
    rows and read out on the other.

    Parameters
    ----------
    x_compressor, y_compressor : {"auto", "none", "pca", "cca", "autoencoder", "supervised"} or object
        "auto" is "pca" for more than `latent` columns and "none" otherwise. An object has ``fit(numbers,
        other)``, ``transform(numbers)`` and ``supervised``; see `PCACompressor` and its neighbours.
    latent : int
        Coordinates of each code, where a compressor is made by name.
    entropy : {"weighted_kl", "kde"}
        Entropy of the codes. The kernel bandwidth of the pair is used for both sides too.
    transform : {"normal_score", "none"}
        Whether each coordinate of a code of two or more gets the normal scores of its ranks first. That
        leaves the information as it is and makes densities smooth, without which the biases of neighbour
        entropies in 4 and 8 dimensions do not cancel.
    k : int or "auto"
        Neighbours of "weighted_kl"; see `WeightedKL`. "auto" takes at most one for 80 rows, and at least 20.
    shuffles : int
        How often rows of y are put beside other rows of x. What the sum of entropies says of such pairs,
        which share nothing, is its bias; their mean is taken away. 0 leaves the sum as it is.
    noise : float, optional
        Deviation of the noise in each column of x, where known: then the details hold
        `compression_gap_bound`, what PCA can have lost.
    random_state : int
        Of the halves of rows, of trained compressors and of the shuffles.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Butakov et al., "Information Bottleneck Analysis of Deep Neural Networks via Lossy Compression", 2024
    (paper 55 of adami's register).

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import LossyMI
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(2000, 1))
    >>> x = shared @ rng.normal(size=(1, 50)) + 0.01 * rng.normal(size=(2000, 50))
    >>> y = 0.8 * shared + 0.6 * rng.normal(size=(2000, 1))
    >>> abs(LossyMI(latent=1).estimate(x, y) + 0.5 * np.log(1 - 0.8**2)) < 0.06
    True
    """

    name: ClassVar[str] = "lossy"

    def __init__(
        self,
        x_compressor: Choice | Any = "auto",
        y_compressor: Choice | Any = "auto",
        latent: int = 4,
        entropy: Literal["weighted_kl", "kde"] = "weighted_kl",
        transform: Literal["normal_score", "none"] = "normal_score",
        k: int | Literal["auto"] = "auto",
        shuffles: int = 4,
        noise: float | None = None,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.x_compressor = x_compressor
        self.y_compressor = y_compressor
        self.latent = latent
        self.entropy = entropy
        self.transform = transform
        self.k = k
        self.shuffles = shuffles
        self.noise = noise
        self.random_state = random_state
        self.n_jobs = n_jobs

    def compressed(self, x: Any) -> np.ndarray:
        """Return the codes of x, by a compressor that needs no other variable.

        Parameters
        ----------
        x : array of shape (n, d)

        Raises
        ------
        ValueError
            If the compressor looks at both sides.
        """
        v = variable(x, "x", kinds="continuous")
        numbers = varying(v)
        if not numbers.shape[1]:
            raise ValueError(f"{v} is constant: it tells nothing")
        compressor = self._compressor(self.x_compressor, numbers.shape[1])
        if compressor is None:
            return numbers
        if compressor.supervised:
            raise ValueError("a compressor that looks at both variables cannot compress one of them alone")
        return np.asarray(compressor.fit(numbers, v).transform(numbers))

    def _information(self, x: Variable, y: Variable) -> Measurement:
        for v in (x, y):
            if v.dim and v.codes is not None:
                raise TypeError(f"method 'lossy' takes numbers or labels, and {v} has both; use 'mixed_ksg'")
        if not x.dim and not y.dim:
            raise TypeError(
                "method 'lossy' takes numbers on one side at least; use 'miller_madow' for two labels"
            )
        if (nothing := nothing_to_tell(x, y)) is not None:
            return nothing
        made = [
            None if v.dim == 0 else self._compressor(choice, varying(v).shape[1])
            for v, choice in ((x, self.x_compressor), (y, self.y_compressor))
        ]
        rows = np.arange(x.n)
        fitted = rows
        if any(c is not None and c.supervised for c in made):
            order = np.random.default_rng(self.random_state).permutation(x.n)
            fitted, rows = order[: x.n // 2], np.sort(order[x.n // 2 :])
        codes, notes, details = [], [], {}
        for v, other, compressor, side in zip((x, y), (y, x), made, "xy"):
            codes.append(_coded(v, other, compressor, fitted, rows, side))
            if isinstance(compressor, PCACompressor):
                share = compressor.variances_[: compressor.kept_].sum() / compressor.variances_.sum()
                details[f"kept_{side}"] = float(share)
                if side == "x" and self.noise is not None:
                    lost = compressor.variances_[compressor.kept_ :]
                    details["compression_gap_bound"] = _gap(lost, self.noise)
        m = self._of_codes(*codes)
        for v, code, compressor, other in zip((x, y), codes, made, reversed(codes)):
            if isinstance(compressor, PCACompressor):
                notes += discarded_note(v, code, compressor, other, m.value)
        pointwise = m.pointwise if len(rows) == x.n else None
        details = {**m.details, **details, "rows_read": len(rows)}
        told = (*m.diagnostics, *notes, *bias_note(m), *ceiling_note(m.value, len(rows)))
        return replace(m, pointwise=pointwise, diagnostics=told, details=details)

    def _of_codes(self, x: Variable, y: Variable) -> Measurement:
        if self.transform not in ("normal_score", "none"):
            raise ValueError(f"transform={self.transform!r}: choose 'normal_score' or 'none'")
        if self.transform == "normal_score":
            # the scores of a single column are a grid, whose neighbours lie nearer than those of random rows
            x, y = (block(normal_scores(v.numbers), list(v.names)) if v.dim > 1 else v for v in (x, y))
        if int(self.shuffles) != self.shuffles or self.shuffles < 0:
            raise ValueError(f"shuffles={self.shuffles!r} must be a whole number of at least 0")
        how = EntropyOfRows(self.entropy, self.k, self.n_jobs)
        label = x if not x.dim else y if not y.dim else None
        orders = shuffles(x, y, self.shuffles, self.random_state)
        if label is None:
            return entropy_sum(x, y, how, orders)
        numbers = y if label is x else x
        m = entropy_sum(numbers, label, how, orders)
        least = how.least_rows(numbers.dim)
        sizes = np.bincount(np.asarray(label.codes))
        return replace(m, diagnostics=(*m.diagnostics, *small_class_note(sizes, least)))

    def _compressor(self, choice: Any, d: int) -> Any:
        """Return a fresh or given compressor, or None to leave the columns as they are."""
        if not isinstance(choice, str):
            return choice
        if choice == "auto":
            choice = "pca" if d > self.latent else "none"
        if choice == "none":
            return None
        if choice not in COMPRESSORS:
            raise ValueError(
                f"compressor {choice!r}: choose 'auto', 'none', {', '.join(map(repr, COMPRESSORS))}"
            )
        made = COMPRESSORS[choice](self.latent)
        if hasattr(made, "random_state"):
            made.random_state = self.random_state
        return made


def compression_gap_bound(x: Any, components: int, noise: float) -> float:
    """Bound what is lost when x = signal + noise is reduced to its first principal directions.

    Whatever y is, as long as the noise is Gaussian, white and independent of y given the signal,
    ``I(X;Y) - I(PX;Y)`` is at least 0 and at most half the sum of ``ln(1 + l / noise**2)`` over the signal
    variances l of the discarded directions.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows with their noise.
    components : int
        Directions kept.
    noise : float
        Deviation of the noise in each column.

    Returns
    -------
    float
        In nats, with the variances of this sample.

    Raises
    ------
    ValueError
        If the noise is not positive.

    References
    ----------
    For paper 55 of adami's register: the chain rule bounds the loss by the information between the signal and
    the discarded coordinates, which a Gaussian of the same variances makes largest.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import compression_gap_bound
    >>> rows = np.random.default_rng(0).normal(size=(20_000, 3)) * [5.0, 2.0, 1.0]
    >>> round(compression_gap_bound(rows, 1, 1.0), 1)
    0.7
    """
    numbers = variable(x, "x", kinds="continuous").numbers
    fitted = PCACompressor(components).fit(numbers)
    return _gap(fitted.variances_[fitted.kept_ :], noise)


def _gap(variances: np.ndarray, noise: float) -> float:
    if not (math.isfinite(noise) and noise > 0):
        raise ValueError(f"noise={noise!r}: the deviation of the noise must be positive")
    # a variance below that of the noise, by chance, leaves no signal
    signal = np.maximum(variances - noise**2, 0.0)
    return float(0.5 * np.log1p(signal / noise**2).sum())


def _coded(
    v: Variable, other: Variable, compressor: Any, fitted: np.ndarray, rows: np.ndarray, side: str
) -> Variable:
    """Return the code of the rows that are read out, fitted on others where the compressor is supervised."""
    if not v.dim:
        return v if len(rows) == v.n else variable(np.asarray(v.codes)[rows], side, kinds="discrete")
    numbers = varying(v)
    if compressor is None:
        names = [c.name for c in v.columns if c.values.min() < c.values.max()]
        return block(numbers[rows], names)
    learned = compressor.fit(numbers[fitted], other.take(fitted))
    code = np.asarray(learned.transform(numbers[rows]), dtype=np.float64)
    if not np.isfinite(code).all():
        raise ValueError(f"the compressor of {side} gave codes that are not finite")
    return block(code, [f"code {i} of {side}" for i in range(code.shape[1])])
