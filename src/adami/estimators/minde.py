"""Information, entropy and divergence of numbers by denoising networks (Franzese and others, 2024)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import standardize
from adami.estimators._minde_terms import difference, divergence_shares, information_shares, terms
from adami.estimators._neural import Callback, Progress, Transform, continuous_block
from adami.estimators._score_based import ScoreEstimator, tail_notes
from adami.result import Estimate
from adami.variables import Variable, variable

if TYPE_CHECKING:
    from adami.estimators._nets.diffusion import VPSDE

KINDS = ("c", "j")


class MINDE(ScoreEstimator):
    """Mutual information as an integral of squared differences between scores, learned by one network.

    Rows are noised step by step. A network learns to guess the noise with and without knowledge of the other
    variable, and half the squared difference of the two guesses, integrated over the noise level, is the
    information. It works for vectors of any shape of dependence, and needs thousands of rows and minutes.

    Parameters
    ----------
    kind : {"c", "j"}
        "c" compares the guess for x alone with the guess for x given y; "j" compares the guess for both
        together with the guesses for each given the other.
    sigma : float, optional
        Compare each guess with that for a normal law of this deviation first, and take the difference of the
        two divergences: errors of the guesses may cancel, the variance is larger, and the value may become
        negative. Without it the guesses are compared directly, which is never negative.
    importance_sampling : bool
        Draw times where the integral has its weight; evenly otherwise.
    transform : {"standardize", "normal_score", "rank", "none"}
        Column by column before anything else; the information stays. Entropy and divergence use
        "standardize" and put the scale back.
    gaussian_start : bool
        Start from the guess that is exact for the Gaussian of the same covariance, and let the network learn
        what is missing: more precise where the dependence is nearly Gaussian, less so for spirals.
    hidden : int or "auto"
        Width; "auto" is 64, 128 or 256 by the number of columns.
    depth : int
        Residual blocks.
    steps, batch_size, learning_rate : int, int, float
        Of Adam, with a step size that falls to zero as a cosine.
    ema : float, optional
        Decay of the moving average of the weights, which is what reads.
    passes : int
        Noises and levels drawn a row at the read-out.
    folds : int
        From 2 on, every row is read by a network that has not seen it, and there is an interval.
    repeats : int
        Networks of different seeds; with several there is an interval that holds their spread.
    holdout : float
        Share of rows kept apart (2,048 at most) to choose the best weights.
    patience : int, optional
        Looks (a twentieth of the steps each) without improvement after which the training stops.
    precision : {"float32", "bfloat16"}
        Of the network's layers while it trains; "bfloat16" is for accelerators.
    compiled : bool
        Compile the network with ``torch.compile`` first.
    device, random_state, progress, checkpoint, callback
        As in all estimators that train a network.

    Notes
    -----
    Networks smooth, so that "c" tends to be too low where little data or few steps were given. The pointwise
    values are non-negative averages of the integrand, not log ratios of densities; `InfoDiffusion` has both.

    References
    ----------
    Franzese, Bounoua and Michiardi, "MINDE: Mutual Information Neural Diffusion Estimation", 2024; paper 17
    of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import MINDE
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=400)
    >>> y = 0.8 * x + 0.6 * rng.normal(size=400)
    >>> found = MINDE(steps=20, batch_size=64, passes=4, gaussian_start=True).estimate(x, y)
    >>> abs(found - 0.511) < 0.15
    True
    """

    name = "minde"

    def __init__(
        self,
        kind: Literal["c", "j"] = "c",
        sigma: float | None = None,
        importance_sampling: bool = True,
        transform: Transform = "standardize",
        gaussian_start: bool = False,
        hidden: int | str = "auto",
        depth: int = 2,
        steps: int = 4000,
        batch_size: int = 512,
        learning_rate: float = 2e-3,
        ema: float | None = 0.999,
        passes: int = 10,
        folds: int = 1,
        repeats: int = 1,
        holdout: float = 0.1,
        patience: int | None = None,
        precision: Literal["float32", "bfloat16"] = "float32",
        compiled: bool = False,
        device: str = "auto",
        random_state: int = 0,
        progress: Progress = None,
        checkpoint: str | Path | None = None,
        callback: Callback = None,
    ) -> None:
        self.kind = kind
        self.sigma = sigma
        self.importance_sampling = importance_sampling
        self.transform = transform
        self.gaussian_start = gaussian_start
        self.hidden = hidden
        self.depth = depth
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema = ema
        self.passes = passes
        self.folds = folds
        self.repeats = repeats
        self.holdout = holdout
        self.patience = patience
        self.precision = precision
        self.compiled = compiled
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def pointwise(self, x: Any, y: Any, given: Any = None) -> np.ndarray:
        """Return each row's share of the information: non-negative without `sigma`, with the mean `estimate`.

        Parameters
        ----------
        x, y : array of shape (n,) or (n, d)
        given : same, optional

        Returns
        -------
        numpy.ndarray of shape (n,)
            In nats.
        """
        return np.asarray(self.estimate(x, y, given).pointwise)

    def entropy(self, x: Any, given: Any = None) -> Estimate:
        """Return the differential entropy of x, given another variable if there is one.

        Parameters
        ----------
        x : array of shape (n,) or (n, d)
        given : same, optional

        Returns
        -------
        Estimate
            In nats.
        """
        return self.estimate(x, given=given)

    def kl(self, p: Any, q: Any) -> Estimate:
        """Return the Kullback-Leibler divergence KL(p || q) between the laws of two samples.

        Parameters
        ----------
        p : array of shape (n, d)
            Rows from the first law.
        q : array of shape (m, d)
            Rows from the second law.

        Returns
        -------
        Estimate
            In nats.

        Raises
        ------
        ValueError
            If the dimensions differ or there are too few rows.
        TypeError
            For labels.
        """
        first, second = variable(p, "p", kinds="continuous"), variable(q, "q", kinds="continuous")
        if first.dim != second.dim:
            raise ValueError(f"p has {first.dim} column(s) and q has {second.dim}")
        both = np.vstack([first.numbers, second.numbers])
        scaled, log_scale = standardize(both)
        _refuse_flat(first, log_scale)
        self._check(min(first.n, second.n))
        found = self._divergence(scaled[: first.n], scaled[first.n :])
        return found.replace(kinds=(first.kind, second.kind))

    def _divergence(self, p: np.ndarray, q: np.ndarray) -> Estimate:
        from adami.estimators._nets.denoiser_fit import train_denoiser
        from adami.estimators._nets.fit import one_thread, to_tensor
        from adami.estimators._nets.score_reads import integrate

        shares = divergence_shares()
        own, other = shares
        trained = train_denoiser(
            {own: p, other: q},
            (p.shape[1],),
            shares,
            self._levels(),
            self._settings(depth=self.depth),
            self._training("divergence"),
        )
        with one_thread(str(trained.device)):
            found = integrate(
                trained.model,
                to_tensor(p, trained.device),
                (p.shape[1],),
                difference(own, other, None),
                self._levels(),
                passes=self.passes,
                random_state=self.random_state,
            )
        values = found.rows["value"]
        return Estimate(
            float(values.mean()),
            quantity="Kullback-Leibler divergence",
            method=self.name,
            n=len(p),
            pointwise=values,
            diagnostics=tail_notes(found.profile["value"]),
            details={"m": len(q), "standard_error": found.error("value"), "profile": found.profile["value"]},
        )

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._compared((x, y))

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        return self._compared((x, y, given))

    def _compared(self, slots: tuple[Variable, ...]) -> Measurement:
        self._check_settings()
        blocks = [continuous_block(v, self.transform) for v in slots]
        if self.transform == "rank":
            # ranks lie between 0 and 1, and the noise has unit deviation
            blocks = [standardize(b)[0] for b in blocks]
        sizes = [b.shape[1] for b in blocks]
        shares, integrands = (
            information_shares(self.kind, len(slots)),
            terms(self.kind, len(slots), self.sigma),
        )
        read = self._read(
            np.hstack(blocks), sizes, shares, integrands, self._levels(), self._settings(depth=self.depth)
        )
        return self._measured(read, _plain, "value")

    def _entropy(self, x: Variable) -> Measurement:
        return self._entropy_of((x,))

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        return self._entropy_of((x, given))

    def _entropy_of(self, slots: tuple[Variable, ...]) -> Measurement:
        from adami.estimators._minde_terms import entropy_shares, entropy_terms

        self._check_settings()
        sigma = 1.0 if self.sigma is None else self.sigma
        scaled, log_scale = standardize(slots[0].numbers)
        _refuse_flat(slots[0], log_scale)
        blocks = [scaled, *(continuous_block(v) for v in slots[1:])]
        sizes = [b.shape[1] for b in blocks]
        read = self._read(
            np.hstack(blocks),
            sizes,
            entropy_shares(len(slots)),
            entropy_terms(len(slots), sigma),
            self._levels(),
            self._settings(depth=self.depth),
        )
        d = scaled.shape[1]
        square = float(np.sum(scaled**2)) / len(scaled)
        reference = 0.5 * d * math.log(2 * math.pi * sigma**2) + square / (2 * sigma**2)
        return self._measured(
            read,
            lambda found: -found["value"],
            "value",
            information=False,
            shift=reference + float(log_scale.sum()),
            pointwise=False,
        )

    def _levels(self) -> VPSDE:
        from adami.estimators._nets.diffusion import VPSDE

        return VPSDE(importance=self.importance_sampling)

    def _check_settings(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r}: choose 'c' or 'j'")
        if self.sigma is not None and not self.sigma > 0:
            raise ValueError(f"sigma={self.sigma!r}: a positive deviation, or None")


def _plain(found: Mapping[str, Any]) -> Any:
    return found["value"]


def _refuse_flat(x: Variable, log_scale: np.ndarray) -> None:
    flat = [c.name for c, s in zip(x.columns, log_scale) if not np.isfinite(s)]
    if flat:
        raise ValueError(
            f"column(s) {', '.join(map(repr, flat))} never change, so there is no density; leave them out"
        )
