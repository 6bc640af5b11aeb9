"""Total correlation, O-information and its gradient of many vectors, by one denoising network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._entropy_terms import Terms
from adami.estimators._neural import Callback, Progress, Transform, continuous_block
from adami.estimators._score_based import ReadOut, ScoreEstimator, tail_notes
from adami.estimators._system_terms import gradient_of, system_integrands, system_shares
from adami.result import Diagnostic, Estimate
from adami.variables import Variable, variable


@dataclass(frozen=True, slots=True)
class SystemInformation:
    """What several variables share, in nats.

    Parameters
    ----------
    total, dual : float
        Total and dual total correlation.
    errors : mapping of name -> float
        Standard errors of ``"total"``, ``"dual"``, ``"o"`` and ``"s"``; those of the last two are of the
        difference and the sum row by row. Zero for closed forms.
    gradient : numpy.ndarray of shape (N,), optional
        What each variable adds to the O-information: that of all less that of the others.
    n : int
        Rows.
    diagnostics : tuple of Diagnostic
    """

    total: float
    dual: float
    errors: Mapping[str, float]
    gradient: np.ndarray | None = None
    n: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def o(self) -> float:
        """O-information: positive where redundancy rules, negative where synergy does."""
        return self.total - self.dual

    @property
    def s(self) -> float:
        """S-information: what each variable tells about all others, summed."""
        return self.total + self.dual


class ScoreOInformation(ScoreEstimator):
    """O-information of vectors of any size from one network that guesses noise under every pattern needed.

    The network learns to guess the noise in all variables together, in each alone, and in each given all
    others. Squared differences of these guesses, integrated over the noise level, are the total and the dual
    total correlation, and their difference is the O-information.

    Parameters
    ----------
    order : {1, 2}
        2 also trains what the gradient needs: each variable given all others but one.
    arch : {"mlp", "transformer"}
        The transformer has one token a variable; it is slower, and for many variables.
    importance_sampling : bool
        Draw times where the integrals have their weight.
    transform : {"standardize", "normal_score", "rank", "none"}
        Column by column before anything else; all quantities stay.
    gaussian_start : bool
        Start from the guess that is exact for the Gaussian of the same covariance.
    hidden, depth, steps, batch_size, learning_rate, ema, passes, folds, repeats
        As in `MINDE`.
    holdout, patience, precision, compiled
        As in `MINDE`.
    device, random_state, progress, checkpoint, callback
        As in all estimators that train a network.

    Notes
    -----
    The O-information is a difference of two positive estimates, and their errors are told with it. The
    network divides itself among ``2 N + 1`` patterns (``N (N + 1) + 1`` at order 2); too little training of
    the marginal ones makes the total correlation too high. As an estimator of a pair it returns the mutual
    information, which is the total correlation of two variables.

    References
    ----------
    Bounoua, Franzese and Michiardi, "SΩI: Score-based O-INFORMATION Estimation", 2024; paper 20 of adami's
    register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import ScoreOInformation
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=400)
    >>> xs = [shared + rng.normal(size=400) for _ in range(3)]
    >>> found = ScoreOInformation(steps=20, batch_size=64, passes=4, gaussian_start=True).system(xs)
    >>> found.o > 0
    True
    """

    name = "soi"

    def __init__(
        self,
        order: Literal[1, 2] = 1,
        arch: Literal["mlp", "transformer"] = "mlp",
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
        self.order = order
        self.arch = arch
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

    def system(self, variables: Sequence[Any]) -> SystemInformation:
        """Measure total and dual total correlation, O- and S-information, and with ``order=2`` the gradient.

        Parameters
        ----------
        variables : sequence of array of shape (n,) or (n, d_i)
            At least two, of equal length.

        Returns
        -------
        SystemInformation
            In nats.

        Raises
        ------
        ValueError
            For fewer than two variables, unequal lengths, constant columns, too few rows, or a training that
            diverges.
        TypeError
            For labels.
        """
        slots = _checked(variables)
        read = self._system(slots)
        count = len(slots)
        parts = {"total": (1.0, 0.0), "dual": (0.0, 1.0), "o": (1.0, -1.0), "s": (1.0, 1.0)}
        gradient = gradient_of(read.rows, count).mean(axis=0) if self.order == 2 else None
        notes = tail_notes(read.profile["total"])
        return SystemInformation(
            float(read.rows["total"].mean()),
            float(read.rows["dual"].mean()),
            {name: _error(read, a, b) for name, (a, b) in parts.items()},
            gradient,
            slots[0].n,
            notes,
        )

    def system_terms(self, slots: Sequence[Variable]) -> Terms:
        """Return total and dual total correlation with the error of any combination of them.

        Parameters
        ----------
        slots : sequence of Variable
        """
        read = self._system(_checked(slots))
        return Terms(
            float(read.rows["total"].mean()),
            float(read.rows["dual"].mean()),
            lambda a, b: _error(read, a, b),
            tail_notes(read.profile["total"]),
        )

    def o_information(self, variables: Sequence[Any], confidence: float = 0.95) -> Estimate:
        """Return the O-information as an estimate.

        Parameters
        ----------
        variables : sequence of array of shape (n,) or (n, d_i)
        confidence : float

        Returns
        -------
        Estimate
            In nats; its details hold total and dual total correlation.
        """
        from adami.estimators.multivariate import o_information

        return o_information(variables, self, confidence=confidence)

    def _information(self, x: Variable, y: Variable) -> Measurement:
        read = self._system([x, y])
        return self._measured(read, lambda found: found["total"], "total")

    def _system(self, slots: Sequence[Variable]) -> ReadOut:
        from adami.estimators._nets.diffusion import VPSDE

        if self.order not in (1, 2):
            raise ValueError(f"order={self.order!r}: choose 1, or 2 for the gradient")
        blocks = [continuous_block(v, self.transform) for v in slots]
        if self.transform == "rank":
            # ranks lie between 0 and 1, and the noise has unit deviation
            blocks = [(b - 0.5) * np.sqrt(12.0) for b in blocks]
        count = len(slots)
        read = self._read(
            np.hstack(blocks),
            [b.shape[1] for b in blocks],
            system_shares(count, self.order),
            system_integrands(count, self.order),
            VPSDE(importance=self.importance_sampling),
            self._settings(depth=self.depth, architecture=self.arch),
        )
        return read if count > 2 else _of_a_pair(read)


def gaussian_system(covariance: Any, sizes: Sequence[int] | None = None) -> SystemInformation:
    """Return total and dual total correlation, O- and S-information and its gradient of a Gaussian law.

    Parameters
    ----------
    covariance : array of shape (D, D)
        Positive definite.
    sizes : sequence of int, optional
        Columns of each variable; one each by default.

    Returns
    -------
    SystemInformation
        In nats, exact.

    Raises
    ------
    ValueError
        If the matrix is not symmetric and positive definite, or the sizes do not fit.

    References
    ----------
    Rosas, Mediano, Gastpar and Jensen, Physical Review E 100, 032305, 2019. Paper 20 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import gaussian_system
    >>> found = gaussian_system(np.full((3, 3), 0.6) + 0.4 * np.eye(3))
    >>> round(found.total, 4), round(found.dual, 4), round(found.o, 4)
    (0.5221, 0.3747, 0.1474)
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T):
        raise ValueError("covariance: a symmetric matrix is needed")
    sizes = [1] * len(matrix) if sizes is None else [int(d) for d in sizes]
    if len(sizes) < 2 or sum(sizes) != len(matrix) or min(sizes) < 1:
        raise ValueError(f"sizes={sizes}: at least two positive numbers that add up to {len(matrix)}")
    if np.linalg.eigvalsh(matrix)[0] <= 0:
        raise ValueError("covariance: not positive definite, so some of the variables' densities are none")
    owner = np.repeat(np.arange(len(sizes)), sizes)

    def system(chosen: Sequence[int]) -> tuple[float, float]:
        def half_log_det(axes: Sequence[int]) -> float:
            inside = np.isin(owner, axes)
            return 0.5 * float(np.linalg.slogdet(matrix[np.ix_(inside, inside)])[1])

        # the constants 2 pi e of each column cancel
        whole = half_log_det(chosen)
        total = sum(half_log_det([i]) for i in chosen) - whole
        dual = sum(half_log_det([j for j in chosen if j != i]) for i in chosen) - (len(chosen) - 1) * whole
        return total, dual

    everything = list(range(len(sizes)))
    total, dual = system(everything)
    others = [system([j for j in everything if j != i]) for i in everything]
    gradient = np.array([total - dual - (t - d) if len(sizes) > 2 else 0.0 for t, d in others])
    return SystemInformation(total, dual, dict.fromkeys(("total", "dual", "o", "s"), 0.0), gradient)


def _checked(variables: Sequence[Any]) -> list[Variable]:
    if isinstance(variables, Variable) or not isinstance(variables, Sequence):
        raise TypeError("variables: give a list of variables; the columns of one array are one variable")
    slots = [variable(v, f"x{i}") for i, v in enumerate(variables)]
    if len(slots) < 2:
        raise ValueError(f"at least two variables are needed, got {len(slots)}")
    if len({v.n for v in slots}) > 1:
        raise ValueError(f"unequal numbers of rows: {', '.join(f'{v} has {v.n}' for v in slots)}")
    for v in slots:
        if v.kind != "continuous":
            raise TypeError(
                f"method 'soi' takes continuous variables, and {v} is {v.kind}; use another method, or "
                "override the kind with kinds="
            )
    return slots


def _of_a_pair(read: ReadOut) -> ReadOut:
    """Give both correlations of two variables, which are one, the same value."""

    def same(found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        mean = (found["total"] + found["dual"]) / 2
        return {**found, "total": mean, "dual": mean}

    return replace(read, rows=same(read.rows), values=same(read.values))


def _error(read: ReadOut, a: float, b: float) -> float:
    return read.error(
        a * read.rows["total"] + b * read.rows["dual"], a * read.values["total"] + b * read.values["dual"]
    )
