"""What the estimators that read information off denoisers share: training, read-out, notes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adami.estimators._base import Measurement, normal_interval
from adami.estimators._common import ceiling_note
from adami.estimators._neural import NeuralEstimator
from adami.result import Diagnostic
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._nets.denoiser_fit import Settings, Trained
    from adami.estimators._nets.diffusion import Levels
    from adami.estimators._nets.gaussian_denoiser import Pattern
    from adami.estimators._nets.score_reads import Integrands, Reads

FEWEST_ROWS = 16
DECAYED = 0.1
"""Largest share of its peak that an integrand may have at an end of the noise levels ..."""
VISIBLE = 0.02
"""... unless it is below this there, in nats per unit of alpha."""


@dataclass(frozen=True, slots=True)
class ReadOut:
    """Values of all rows, from one network or several.

    Parameters
    ----------
    rows : mapping of name -> numpy.ndarray of shape (n,)
        Mean over the networks that read a row.
    values : mapping of name -> numpy.ndarray
        Mean value of each network.
    profile : mapping of name -> numpy.ndarray
        Mean integrand from the lowest alpha to the highest.
    monte_carlo : mapping of name -> float
    networks : tuple of Trained
    """

    rows: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    profile: Mapping[str, np.ndarray]
    monte_carlo: Mapping[str, float]
    networks: tuple[Trained, ...]

    def error(self, rows: np.ndarray, values: np.ndarray) -> float:
        """Return the standard error of the mean of a row-wise value, with the spread between networks."""
        between = float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0
        return math.sqrt(float(rows.var(ddof=1)) / len(rows) + between)


class ScoreEstimator(NeuralEstimator):
    """Base of the estimators whose networks guess the noise in noisy rows."""

    takes = frozenset({"continuous"})
    hidden: int | str
    steps: int
    batch_size: int
    learning_rate: float
    ema: float | None
    passes: int
    folds: int
    repeats: int
    gaussian_start: bool
    holdout: float
    patience: int | None
    precision: str
    compiled: bool

    def _settings(self, **changes: Any) -> Settings:
        from adami.estimators._nets.denoiser_fit import Settings

        names = (
            *("hidden", "steps", "batch_size", "learning_rate", "ema", "gaussian_start"),
            *("holdout", "patience", "precision", "compiled"),
        )
        return Settings(**{name: getattr(self, name) for name in names}, **changes)

    def _read(
        self,
        rows: np.ndarray,
        sizes: Sequence[int],
        shares: Mapping[Pattern, float],
        integrands: Integrands,
        levels: Levels,
        settings: Settings,
    ) -> ReadOut:
        """Train one network or several, and read every row."""
        self._check(len(rows))
        networks: list[Trained] = []
        summed: dict[str, np.ndarray] = {}
        reads: list[Reads] = []
        for repeat in range(self.repeats):
            order = np.random.default_rng([self.random_state, repeat]).permutation(len(rows))
            for fold in range(self.folds):
                read = np.sort(order[fold :: self.folds])
                rest = np.setdiff1d(order, read) if self.folds > 1 else np.arange(len(rows))
                run = repeat * self.folds + fold
                trained, found = self._one(
                    rows[rest], rows[read], sizes, shares, integrands, levels, settings, run
                )
                networks.append(trained)
                reads.append(found)
                for name, values in found.rows.items():
                    kept = summed.setdefault(name, np.zeros((len(rows), *values.shape[1:])))
                    kept[read] += values / self.repeats
        names = list(summed)
        return ReadOut(
            rows=summed,
            values={name: np.array([r.value(name) for r in reads]) for name in names},
            profile={name: np.nanmean([r.profile[name] for r in reads], axis=0) for name in names},
            monte_carlo={
                name: math.sqrt(sum(r.monte_carlo[name] ** 2 for r in reads)) / len(reads) for name in names
            },
            networks=tuple(networks),
        )

    def _one(
        self,
        fitted: np.ndarray,
        read: np.ndarray,
        sizes: Sequence[int],
        shares: Mapping[Pattern, float],
        integrands: Integrands,
        levels: Levels,
        settings: Settings,
        run: int,
    ) -> tuple[Trained, Reads]:
        from dataclasses import replace

        from adami.estimators._nets.denoiser_fit import train_denoiser
        from adami.estimators._nets.fit import one_thread, to_tensor
        from adami.estimators._nets.score_reads import integrate

        training = self._training(f"network{run}")
        training = replace(training, random_state=_seed(self.random_state, run))
        trained = train_denoiser(fitted, sizes, shares, levels, settings, training)
        with one_thread(str(trained.device)):
            found = integrate(
                trained.model,
                to_tensor(read, trained.device),
                sizes,
                integrands,
                levels,
                passes=self.passes,
                random_state=training.random_state,
            )
        return trained, found

    def _check(self, n: int) -> None:
        for name in ("passes", "folds", "repeats", "steps"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name}={value!r}: a whole number of at least 1 is needed")
        if n < FEWEST_ROWS * self.folds:
            raise ValueError(
                f"method {self.name!r} trains a network, and {n} rows are too few for that; at least "
                f"{FEWEST_ROWS * self.folds} are needed, and some thousands to be worth it"
            )

    def _measured(
        self,
        read: ReadOut,
        value: Callable[[Mapping[str, Any]], Any],
        name: str,
        *,
        information: bool = True,
        shift: float = 0.0,
        pointwise: bool = True,
    ) -> Measurement:
        """Make a measurement of ``shift + value(read-outs)``; `name` is the integrand that is watched."""
        rows = shift + np.asarray(value(read.rows))
        values = shift + np.asarray(value(read.values))
        found = float(rows.mean())
        notes = tail_notes(read.profile[name]) + _training_notes(read.networks)
        if information:
            notes += ceiling_note(found, len(rows))
        error = read.error(rows, values)
        several = len(values) > 1

        def interval(confidence: float) -> tuple[float, float]:
            return normal_interval(found, error, confidence)

        return Measurement(
            found,
            interval=interval if several else None,
            interval_kind="seeds" if self.repeats > 1 else "partition",
            pointwise=rows if pointwise else None,
            diagnostics=notes,
            details={
                "standard_error": error,
                "monte_carlo_error": read.monte_carlo[name],
                "networks": values.tolist(),
                "best_steps": [t.history.best_step for t in read.networks],
                "profile": read.profile[name],
            },
        )


def tail_notes(profile: np.ndarray) -> tuple[Diagnostic, ...]:
    """Say where an integral over the noise level is cut off while its integrand is still large."""
    told = np.abs(profile[np.isfinite(profile)])
    if not len(told):
        return ()
    bound = max(VISIBLE, DECAYED * float(told.max()))
    notes: tuple[Diagnostic, ...] = ()
    if told[-1] > bound:
        notes += (
            Diagnostic(
                "tail",
                "the integrand has not decayed at the smallest noise: the rows may lie on a set of "
                "fewer dimensions or repeat values, where information and minus the entropy are infinite; "
                "add noise of a size that does not matter, or leave such columns out",
                "warning",
                "unknown",
            ),
        )
    if told[0] > bound:
        notes += (
            Diagnostic(
                "tail",
                "the integrand has not decayed at the largest noise: widen the range of noise levels",
                "warning",
                "low",
            ),
        )
    return notes


def _training_notes(networks: Sequence[Trained]) -> tuple[Diagnostic, ...]:
    if any(t.history.stopped == "interrupted" for t in networks):
        message = "the training was interrupted; the best weights until then were used"
        return (Diagnostic("interrupted", message, "warning", "unknown"),)
    return ()


def _seed(random_state: int, run: int) -> int:
    """Return the seed of the run-th network; the first one has the estimator's own."""
    if run == 0:
        return random_state
    return int(np.random.SeedSequence([random_state, run]).generate_state(1)[0])


def refuse_atoms(v: Variable) -> None:
    """Refuse labels among the numbers."""
    if v.codes is not None:
        raise TypeError(f"{v} has labels, which have no density; use method='auto' for them")
