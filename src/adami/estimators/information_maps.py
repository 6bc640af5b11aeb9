"""Information of single rows and single columns, from denoisers with and without a condition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import ceiling_note
from adami.estimators._map_reader import MapReader, slots_of
from adami.estimators._map_reads import MapModel, fit_maps, outside_maps, pointwise_reads, surprise_rows
from adami.estimators._neural import Callback, Progress
from adami.estimators._score_based import tail_notes
from adami.result import Estimate
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._nets.denoiser_adapter import External


class InfoDiffusion(MapReader):
    """Pointwise and column-wise information about rows of numbers, from how well noise can be guessed.

    Half the squared difference of the noise guessed with and without a condition, integrated over the
    logarithm of the signal-to-noise ratio, is the information of the condition about the row. It falls into
    one part a column: a map of where in an image the information is.

    Parameters
    ----------
    denoiser : callable(z, alpha, condition) -> tensor, optional
        The expected noise in rows ``sqrt(sigmoid(alpha)) x + sqrt(sigmoid(-alpha)) noise``; a network is
        trained without it. The condition is None, the rows of y, or with `given` the pair
        ``(y or None, given or None)``; labels come as integer codes. Columns keep their scale.
    loc, scale : float or "auto"
        Centre and width of the noise levels; "auto" takes them from the spectrum of the rows' covariance,
        alone and given the conditions. With a `denoiser` they are 0 and 1.
    clip : float
        Levels reach this many widths to both sides.
    n_alpha : int
        Noises and levels drawn a row at a read-out.
    kind : {"o", "s"}
        "o" is the squared difference of the guesses: never negative and of low variance. "s" is the
        difference of their squared errors: ``ln p(x|y) - ln p(x)``, which may be negative. Their means agree.
    importance_sampling : bool
        Draw levels from a logistic law; evenly otherwise.
    common_scale : bool
        Divide all columns by one number (images) instead of each by its own deviation.
    dropout : float
        Share of the training rows of which a condition is unknown. Both networks should be equally good, and
        the one that does not know the condition has more to learn.
    gaussian_start : bool
        Start from the guess that is exact for Gaussian rows whose mean follows the condition: for labels a
        mixture with one covariance. With a thousand rows a network alone learns less.
    hidden, depth, steps, batch_size, learning_rate, ema, holdout, patience, precision, compiled
        As in `MINDE`.
    device, random_state, progress, checkpoint, callback
        As in all estimators that train a network.

    Notes
    -----
    Networks that are trained unequally well with and without the condition bias "s" to either side: neither
    kind is a bound. Columns that never change are known for certain; their share is exactly zero. Repeated
    values of x (pixels) are no obstacle to information, but have no density: `nll` refuses them.

    References
    ----------
    Kong, Liu, Li, Yogatama and Ver Steeg, "Interpretable Diffusion via Information Decomposition", 2024;
    paper 39 of adami's register. Kong, Brekelmans and Ver Steeg, "Information-theoretic diffusion", 2023.

    Examples
    --------
    A denoiser that knows the law, here of one standard normal number:

    >>> import torch
    >>> from adami.estimators import InfoDiffusion
    >>> def denoiser(z, alpha, condition):
    ...     return torch.sqrt(torch.sigmoid(-alpha))[:, None] * z
    >>> float(InfoDiffusion(denoiser).nll([[1.3]]).round(3)[0])
    1.764
    """

    name = "info_diffusion"
    takes = frozenset({"continuous", "discrete", "mixed"})

    def __init__(
        self,
        denoiser: External | None = None,
        loc: float | str = "auto",
        scale: float | str = "auto",
        clip: float = 4.0,
        n_alpha: int = 100,
        kind: Literal["o", "s"] = "o",
        importance_sampling: bool = True,
        common_scale: bool = False,
        dropout: float = 0.6,
        gaussian_start: bool = False,
        hidden: int | str = "auto",
        depth: int = 2,
        steps: int = 4000,
        batch_size: int = 512,
        learning_rate: float = 2e-3,
        ema: float | None = 0.999,
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
        self.denoiser = denoiser
        self.loc = loc
        self.scale = scale
        self.clip = clip
        self.n_alpha = n_alpha
        self.kind = kind
        self.importance_sampling = importance_sampling
        self.common_scale = common_scale
        self.dropout = dropout
        self.gaussian_start = gaussian_start
        self.hidden = hidden
        self.depth = depth
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema = ema
        self.holdout = holdout
        self.patience = patience
        self.precision = precision
        self.compiled = compiled
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.callback = callback

    def fit(self, x: Any, y: Any = None, given: Any = None) -> Self:
        """Train the network, or take up the denoiser that was given.

        Parameters
        ----------
        x : array of shape (n, d)
            Numbers.
        y : array of shape (n,) or (n, k), optional
            Condition: labels or numbers.
        given : same, optional
            A second condition.

        Returns
        -------
        InfoDiffusion
        """
        self._model(*slots_of(x, y, given))
        return self

    def estimate(self, x: Any, y: Any = None, given: Any = None) -> Estimate:
        """Fit, and measure I(X;Y), I(X;Y|Z), or the entropy of x; x counts as numbers, whatever it repeats.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k), optional
        given : same, optional

        Returns
        -------
        Estimate
            In nats. The network has seen these rows; `information` reads others.
        """
        slots = slots_of(x, y, given)
        return super().estimate(*slots)

    def information(self, x: Any, y: Any, given: Any = None) -> Estimate:
        """Measure the information in rows that the network need not have seen.

        Parameters
        ----------
        x, y, given
            As at the fit.

        Returns
        -------
        Estimate
            In nats, with one value a row.
        """
        model = self._fitted()
        x, y, given = slots_of(x, y, given, model)
        measured = self._told(model, [v for v in (x, y, given) if v is not None])
        return self._finish({"x": x, "y": y, **({} if given is None else {"given": given})}, measured)

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._told(self._model(x, y), [x, y])

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        return self._told(self._model(x, y, given), [x, y, given])

    def _entropy(self, x: Variable) -> Measurement:
        local = surprise_rows(self._model(x), [x], None, self.n_alpha, self.random_state)
        return Measurement(float(local.mean()), pointwise=local)

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        local = surprise_rows(self._model(x, given), [x, given], None, self.n_alpha, self.random_state)
        return Measurement(float(local.mean()), pointwise=local)

    def _told(self, model: MapModel, slots: Sequence[Variable]) -> Measurement:
        found = pointwise_reads(model, slots, self._kind(None), self.n_alpha, self.random_state)
        rows = found.maps.sum(axis=1)
        value = float(rows.mean())
        return Measurement(
            value,
            pointwise=rows,
            diagnostics=tail_notes(found.profile) + ceiling_note(value, len(rows)),
            details={
                "standard_error": float(rows.std(ddof=1) / np.sqrt(len(rows))),
                "profile": found.profile,
                "coordinates": found.maps.mean(axis=0),
            },
        )

    def _model(self, x: Variable, y: Variable | None = None, given: Variable | None = None) -> MapModel:
        if not 0 < self.dropout < 1:
            raise ValueError(f"dropout={self.dropout}: a share between 0 and 1")
        if self.n_alpha < 1:
            raise ValueError(f"n_alpha={self.n_alpha}: at least one noise level is needed")
        slots = [v for v in (x, y, given) if v is not None]
        self.maps_ = outside_maps(self, slots) if self.denoiser is not None else fit_maps(self, slots)
        return self.maps_
