"""Information of single rows and single columns, from denoisers with and without a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._common import ceiling_note
from adami.estimators._map_reads import (
    MapModel,
    edited,
    errors_by_candidate,
    fit_maps,
    outside_maps,
    pointwise_reads,
    surprise_rows,
)
from adami.estimators._neural import Callback, Progress
from adami.estimators._score_based import ScoreEstimator, tail_notes
from adami.result import Estimate
from adami.variables import Variable, variable

if TYPE_CHECKING:
    from adami.estimators._nets.denoiser_adapter import External

POINTWISE = ("o", "s")


@dataclass(frozen=True, slots=True)
class EditEffect:
    """What the removal of a condition does to rows, and whether their information foretells it.

    Parameters
    ----------
    information : numpy.ndarray of shape (n,)
        Pointwise information of the condition, in nats.
    change : numpy.ndarray of shape (n,)
        Distance between the row rebuilt with the condition and the row rebuilt without it.
    correlation : float
        Pearson correlation of the two.
    rebuilt, edited : numpy.ndarray of shape (n, d)
        The rows with the condition, and after the edit.
    """

    information: np.ndarray
    change: np.ndarray
    correlation: float
    rebuilt: np.ndarray
    edited: np.ndarray


class InfoDiffusion(ScoreEstimator):
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
        Start from the guess that is exact for Gaussian rows whose mean follows the condition.
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
        self._model(*_slots(x, y, given))
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
        slots = _slots(x, y, given)
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
        x, y, given = _slots(x, y, given, model)
        measured = self._told(model, [v for v in (x, y, given) if v is not None])
        return self._finish({"x": x, "y": y, **({} if given is None else {"given": given})}, measured)

    def pointwise(
        self,
        x: Any,
        y: Any,
        given: Any = None,
        kind: Literal["o", "s"] | None = None,
        per_coordinate: bool = False,
    ) -> np.ndarray:
        """Return the information of each row's condition about it.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k)
        given : same, optional
            i(x;y|given) instead of i(x;y).
        kind : {"o", "s"}, optional
            The estimator's own by default.
        per_coordinate : bool
            One value a column; they add up to the row's value.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, d)
            In nats.
        """
        model = self._fitted()
        slots = [v for v in _slots(x, y, given, model) if v is not None]
        maps = pointwise_reads(model, slots, self._kind(kind), self.n_alpha, self.random_state).maps
        return maps if per_coordinate else maps.sum(axis=1)

    def nll(
        self, x: Any, y: Any = None, reference: tuple[np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """Return minus the log density of each row, given y if there is one.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k), optional
        reference : (mean, covariance), optional
            Gaussian law in the rows' own units against which the guesses are integrated; that of the rows
            of the fit by default, standard normal for a denoiser from outside.

        Returns
        -------
        numpy.ndarray of shape (n,)
            In nats.

        Raises
        ------
        ValueError
            If the rows of the fit have no density: constant columns, or values that repeat.
        """
        if self.denoiser is not None and not hasattr(self, "maps_"):
            self.fit(x, y)
        model = self._fitted()
        slots = [v for v in _slots(x, y, None, model) if v is not None]
        return surprise_rows(model, slots, reference, self.n_alpha, self.random_state)

    def match_score(self, x: Any, candidates: Any, kind: Literal["o", "s"] | None = None) -> np.ndarray:
        """Return how much each candidate condition tells about each row.

        Parameters
        ----------
        x : array of shape (n, d)
        candidates : array of shape (m,) or (m, k)
        kind : {"o", "s"}, optional

        Returns
        -------
        numpy.ndarray of shape (n, m)
            In nats; every candidate is tried on the same noise.
        """
        model = self._fitted()
        rows, tried = _slots(x, candidates, None, model)[:2]
        assert tried is not None
        return errors_by_candidate(model, rows, tried, self._kind(kind), self.n_alpha, self.random_state)

    def classify(self, x: Any, labels: Any = None) -> np.ndarray:
        """Return for each row the label that tells most about it: that of the highest ``ln p(x|y)``.

        Parameters
        ----------
        x : array of shape (n, d)
        labels : sequence, optional
            Candidates; all labels of the fit by default.

        Returns
        -------
        numpy.ndarray of shape (n,)
        """
        model = self._fitted()
        if labels is None:
            levels = model.codes[0].levels[0] if model.codes and model.codes[0].labels else None
            if levels is None:
                raise ValueError("labels: the condition of the fit was no label; give the candidates")
            labels = list(levels)
        scores = self.match_score(x, labels, kind="s")
        return np.asarray(np.asarray(labels)[scores.argmax(axis=1)])

    def edit_effect(
        self, x: Any, y: Any, given: Any = None, target: Any = None, n_steps: int = 50
    ) -> EditEffect:
        """Remove the condition y by the deterministic diffusion, and compare the change with the information.

        Parameters
        ----------
        x : array of shape (n, d)
        y : array of shape (n,) or (n, k)
        given : same, optional
            A condition that stays.
        target : same as y, optional
            The condition that takes its place; none by default.
        n_steps : int
            Steps from the row to its latent, and back.

        Returns
        -------
        EditEffect
        """
        if n_steps < 2:
            raise ValueError(f"n_steps={n_steps}: at least two steps are needed")
        model = self._fitted()
        slots = [v for v in _slots(x, y, given, model) if v is not None]
        goal = None if target is None else variable(target, "target", kinds=model.codes[0].kind)
        information = self.pointwise(x, y, given)
        rebuilt, after = edited(model, slots, goal, n_steps)
        change = np.linalg.norm(after - rebuilt, axis=1)
        moving = change.std() > 0 and information.std() > 0
        correlation = float(np.corrcoef(information, change)[0, 1]) if moving else 0.0
        return EditEffect(information, change, correlation, rebuilt, after)

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

    def _fitted(self) -> MapModel:
        if not hasattr(self, "maps_"):
            raise ValueError("InfoDiffusion has no network yet: call fit(x, y) first")
        return self.maps_

    def _kind(self, kind: str | None) -> str:
        chosen = self.kind if kind is None else kind
        if chosen not in POINTWISE:
            raise ValueError(f"kind={chosen!r}: choose 'o' or 's'")
        return chosen


def _slots(
    x: Any, y: Any, given: Any, model: MapModel | None = None
) -> tuple[Variable, Variable | None, Variable | None]:
    """Return checked variables, of the fit's kinds if there was one; x is numbers even where they repeat."""
    rows = variable(x, "x", kinds="continuous")
    if rows.codes is not None:
        raise TypeError(f"{rows} has labels among its numbers; use kinds='continuous' if they are numbers")
    kinds = [code.kind for code in model.codes] if model is not None else []
    kinds += [None] * (2 - len(kinds))
    return (
        rows,
        None if y is None else variable(y, "y", kinds=kinds[0]),
        None if given is None else variable(given, "given", kinds=kinds[1]),
    )
