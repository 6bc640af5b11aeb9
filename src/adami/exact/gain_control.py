"""Adaptive coding by gains: one number a unit, set in closed form for the stimuli of the moment."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import numpy as np

from adami.exact._gain_steps import Circuit, GainResult, Variant, spectral_radius
from adami.exact._mtp2_projection import square
from adami.exact.pmf import as_pmf


class GainControl:
    """A recurrent linear population whose gains trade fidelity against activity.

    Drives f(s) reach units that talk to each other through fixed weights W; the steady response is
    ``r = inv(I - W) (g * f)`` or, with gains inside the loop, ``r = inv(diag(1/g) - W) f``. The gains g
    minimise ``E|f - D r|^2 + alpha E|r|^2 + gamma |g - 1|^2`` over the stimuli, with a decoder D that stays.

    Parameters
    ----------
    W : array, shape (n_units, n_units)
        Recurrent weights of spectral radius below one.
    alpha : float
        Cost of activity. It has to hold the gains below their resting value of one for a frequent stimulus
        to be suppressed; a decoder made optimal at rest turns that around.
    gamma : float
        Pull of the gains towards one. Small values with W near instability make gains oscillate over units.
    decoder : "inverse" or array, shape (n_units, n_units)
        What reads the drives from the responses; "inverse" is I - W, exact at rest.
    variant : {"feedforward", "recurrent"}
        Gains on the drive (closed form) or inside the loop (Gauss-Newton steps).
    rate : float
        How much `partial_fit` trusts a new stimulus: ``C <- (1 - rate) C + rate f f'``. The first ``1/rate``
        stimuli count alike.
    online : {"solve", "gradient"}
        What `partial_fit` does then: solve anew, or take one gradient step a stimulus.
    step : float, optional
        Size of that gradient step; one over the curvature by default.
    tol : float
        Largest entry of half the gradient, relative to the stimuli's power, at which Gauss-Newton stops.
    max_iter : int
        Most Gauss-Newton steps.

    Attributes
    ----------
    gains_ : numpy.ndarray, shape (n_units,)
    moment_ : numpy.ndarray, shape (n_units, n_units)
        Second moment of the drives, all that the gains depend on.
    decoder_ : numpy.ndarray, shape (n_units, n_units)
        Known from the start; `scale_decoder` changes it.
    result_ : GainResult
        Loss, steps and trace of the last full solution.

    Raises
    ------
    ValueError
        If W is unstable or a setting is out of range.

    References
    ----------
    "Adaptive coding efficiency in recurrent cortical circuits via gain control", 2023; paper 94 of adami's
    register. The decoder I - W and the pull towards one complete what the abstract leaves open.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import GainControl
    >>> F = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> GainControl(np.zeros((2, 2)), alpha=1.0).fit(F, [0.9, 0.1]).gains_.round(3)
    array([0.55 , 0.712])
    """

    def __init__(
        self,
        W: Any,
        alpha: float = 1.0,
        gamma: float = 0.2,
        decoder: Any = "inverse",
        variant: Variant = "feedforward",
        *,
        rate: float = 0.05,
        online: Literal["solve", "gradient"] = "solve",
        step: float | None = None,
        tol: float = 1e-10,
        max_iter: int = 200,
    ) -> None:
        self.W = square(W, "W")
        if (radius := spectral_radius(self.W)) >= 1:
            raise ValueError(f"W has spectral radius {radius:.4g}: responses settle only below 1")
        if not (alpha >= 0 and gamma >= 0 and math.isfinite(alpha) and math.isfinite(gamma)):
            raise ValueError(f"alpha={alpha} and gamma={gamma} must be finite and not negative")
        if variant not in ("feedforward", "recurrent"):
            raise ValueError(f"variant={variant!r} is neither 'feedforward' nor 'recurrent'")
        if online not in ("solve", "gradient"):
            raise ValueError(f"online={online!r} is neither 'solve' nor 'gradient'")
        if not 0 < rate <= 1:
            raise ValueError(f"rate={rate} must lie above 0 and at most at 1")
        if (step is not None and not step > 0) or not (tol > 0 and max_iter >= 1):
            raise ValueError(f"step={step}, tol={tol} and max_iter={max_iter} must be positive")
        self.alpha, self.gamma, self.variant = float(alpha), float(gamma), variant
        self.rate, self.online, self.step, self.tol, self.max_iter = rate, online, step, tol, max_iter
        if isinstance(decoder, str):
            if decoder != "inverse":
                raise ValueError(f"decoder={decoder!r} is neither 'inverse' nor a matrix")
            self.decoder_ = np.eye(len(self.W)) - self.W
        else:
            self.decoder_ = square(decoder, "decoder").copy()
            if self.decoder_.shape != self.W.shape:
                raise ValueError(f"decoder has shape {self.decoder_.shape}, but W has {self.W.shape}")

    @property
    def circuit(self) -> Circuit:
        """The fixed part of the model: its loss, gradient and response map as functions of the gains."""
        return Circuit(self.W, self.decoder_, self.alpha, self.gamma, self.variant)

    def fit(self, F: Any, p: Any = None) -> Self:
        """Set the gains for stimuli of known probabilities.

        Parameters
        ----------
        F : array, shape (n_stimuli, n_units)
            Non-negative drives of each stimulus.
        p : array, shape (n_stimuli,), optional
            Probability of each stimulus; all alike by default.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `F` or `p` is not what it should be, or ``gamma=0`` leaves a gain undetermined: a unit that no
            stimulus drives keeps its resting gain only if gamma is positive.
        """
        return self._settle(self._moment(F, p))

    def partial_fit(self, F: Any) -> Self:
        """Follow a stream of stimuli.

        Parameters
        ----------
        F : array, shape (n_stimuli, n_units) or (n_units,)
            Drives in the order in which they came.

        Returns
        -------
        self
        """
        stream = self._drives(np.atleast_2d(np.asarray(F, dtype=float)))
        if not hasattr(self, "moment_"):
            self.moment_, self._seen = np.zeros_like(self.W), 0.0
            self.gains_ = np.ones(len(self.W))
        for drive in stream:
            self._seen += 1.0
            weight = max(self.rate, 1.0 / self._seen)
            self.moment_ = (1.0 - weight) * self.moment_ + weight * np.outer(drive, drive)
            if self.online == "gradient":
                self.gains_ = self.circuit.gradient_step(self.gains_, self.moment_, self.step)
        if self.online == "solve":
            self._solve()
        return self

    def transform(self, F: Any) -> np.ndarray:
        """Return the steady responses, shape (n_stimuli, n_units).

        Parameters
        ----------
        F : array, shape (n_stimuli, n_units)
        """
        drives = self._drives(F)
        return np.asarray(drives @ self.circuit.response_map(self._fitted()).T)

    def loss(self, F: Any, p: Any = None, gains: Any = None) -> float:
        """Return the loss, in squared units of the drives.

        Parameters
        ----------
        F : array, shape (n_stimuli, n_units)
        p : array, shape (n_stimuli,), optional
        gains : array, shape (n_units,), optional
            The fitted ones by default.
        """
        used = self._fitted() if gains is None else np.asarray(gains, dtype=float)
        if used.shape != (len(self.W),):
            raise ValueError(f"gains have shape {used.shape}, but there are {len(self.W)} units")
        return self.circuit.loss(used, self._moment(F, p))

    def scale_decoder(self, F: Any, p: Any = None) -> Self:
        """Scale the decoder so that the gains of a control context are exactly one.

        With all units alike (circulant W, shifted tuning curves, uniform p) every gain is one then;
        otherwise they are so on average, as the gradient at one sums to zero.

        Parameters
        ----------
        F : array, shape (n_stimuli, n_units)
        p : array, shape (n_stimuli,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no scale does so, because activity costs too much.
        """
        self.decoder_ = self.circuit.matched_scale(self._moment(F, p)) * self.decoder_
        return self

    def _settle(self, moment: np.ndarray) -> Self:
        self.moment_, self._seen = moment, math.inf
        self._solve()
        return self

    def _solve(self) -> None:
        self.result_: GainResult = self.circuit.solve(self.moment_, self.tol, self.max_iter)
        self.gains_ = self.result_.gains

    def _fitted(self) -> np.ndarray:
        if not hasattr(self, "gains_"):
            raise ValueError("this GainControl is not fitted: call fit or partial_fit first")
        return self.gains_

    def _drives(self, F: Any) -> np.ndarray:
        drives = np.asarray(F, dtype=float)
        if drives.ndim != 2 or drives.shape[1] != len(self.W) or not len(drives):
            raise ValueError(f"F has shape {drives.shape}, but W has {len(self.W)} units: rows are stimuli")
        if not np.all(np.isfinite(drives)) or np.any(drives < 0):
            raise ValueError("F holds NaN, infinite or negative drives")
        return drives

    def _moment(self, F: Any, p: Any) -> np.ndarray:
        drives = self._drives(F)
        if p is None:
            law = np.full(len(drives), 1.0 / len(drives))
        else:
            law = np.asarray(as_pmf(p), dtype=float)
        if law.shape != (len(drives),):
            raise ValueError(f"p has shape {law.shape}, but there are {len(drives)} stimuli")
        moment = drives.T @ (law[:, None] * drives)
        if self.gamma == 0 and np.any(np.diag(moment) == 0):
            unit = int(np.argmin(np.diag(moment)))
            raise ValueError(f"no stimulus drives unit {unit}, and gamma=0: drop the unit or give gamma > 0")
        return (moment + moment.T) / 2
