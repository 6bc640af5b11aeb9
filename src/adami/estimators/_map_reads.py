"""Fits and read-outs behind the maps of information; PyTorch is imported inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from adami.estimators._common import repeated_share
from adami.estimators._conditions import ConditionCode
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._nets.diffusion import LogisticLevels
    from adami.estimators._nets.gaussian_denoiser import Pattern
    from adami.estimators._nets.score_reads import Draw, Integrands, Predictor, Reads
    from adami.estimators.information_maps import InfoDiffusion

SPECTRUM_FLOOR = 1e-4
"""Directions of less than this share of the largest variance do not widen the range of noise levels."""
START_FLOOR = 0.1
"""Smallest variance in the Gaussian guess from which a network starts, of columns with variance 1."""
REPEATS = 0.5
"""Share of repeated values from which a column is taken for rounded."""


@dataclass(frozen=True, slots=True)
class MapModel:
    """A denoiser with everything that new rows need.

    Parameters
    ----------
    predictor : Predictor
    levels : LogisticLevels
    kept : numpy.ndarray of bool, shape (d,)
        Columns that change; the others carry nothing.
    mean, deviation : numpy.ndarray of shape (kept,)
    codes : tuple of ConditionCode
    moments : (mean, covariance)
        Of the scaled rows of x.
    no_density : str
        Why the rows have no density; empty if they have.
    device : Any
    """

    predictor: Predictor
    levels: LogisticLevels
    kept: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    codes: tuple[ConditionCode, ...]
    moments: tuple[np.ndarray, np.ndarray]
    no_density: str
    device: Any

    def rows(self, slots: Sequence[Variable]) -> tuple[np.ndarray, list[int]]:
        """Return scaled rows with the columns of the conditions beside them, and the sizes of all."""
        x, *conditions = slots
        if x.dim != len(self.kept):
            raise ValueError(f"{x}: {x.dim} column(s), and the fit had {len(self.kept)}")
        if len(conditions) > len(self.codes):
            raise ValueError(f"{len(conditions)} condition(s) given, and the fit had {len(self.codes)}")
        if len({v.n for v in slots}) > 1:
            raise ValueError(f"unequal numbers of rows: {', '.join(f'{v} has {v.n}' for v in slots)}")
        return _beside((x.numbers[:, self.kept] - self.mean) / self.deviation, conditions, self.codes)

    def pattern(self, *known: bool) -> Pattern:
        """Return the pattern of noisy rows whose conditions are known or not."""
        return _pattern(known, len(self.codes))


def _beside(
    scaled: np.ndarray, conditions: Sequence[Variable], codes: Sequence[ConditionCode]
) -> tuple[np.ndarray, list[int]]:
    blocks = [scaled, *(code.columns(v) for code, v in zip(codes, conditions))]
    # conditions of the fit that are not used now stay unknown
    blocks += [np.zeros((len(scaled), code_width(code))) for code in codes[len(conditions) :]]
    return np.hstack(blocks), [b.shape[1] for b in blocks]


def _pattern(known: Sequence[bool], count: int) -> Pattern:
    from adami.estimators._nets.gaussian_denoiser import ABSENT, CLEAN, DIFFUSED, Pattern

    told = [*known, *[False] * (count - len(known))]
    return Pattern((DIFFUSED, *(CLEAN if k else ABSENT for k in told)))


def code_width(code: ConditionCode) -> int:
    """Return the number of columns of a coded condition."""
    return sum(1 if levels is None or code.plain else len(levels) for levels in code.levels)


def fit_maps(settings: InfoDiffusion, slots: Sequence[Variable]) -> MapModel:
    """Train a denoiser for x with every choice of known conditions."""
    from adami.estimators._nets.denoiser_fit import train_denoiser

    x, *conditions = slots
    if x.n < 16:
        raise ValueError(f"{x.n} rows are too few to train a network; at least 16 are needed")
    kept = np.ptp(x.numbers, axis=0) > 0
    if not kept.any():
        raise ValueError(f"{x}: no column ever changes, so there is nothing to tell")
    numbers = x.numbers[:, kept]
    mean, deviation = numbers.mean(axis=0), numbers.std(axis=0)
    if settings.common_scale:
        deviation = np.full_like(deviation, math.sqrt(float(np.mean(deviation**2))))
    codes = tuple(ConditionCode.of(v) for v in conditions)
    scaled = (numbers - mean) / deviation
    rows, sizes = _beside(scaled, conditions, codes)
    levels = _levels(settings, rows, sizes[0])
    d = settings.dropout
    shares = {
        _pattern(known, len(codes)): math.prod(1 - d if k else d for k in known)
        for known in product((False, True), repeat=len(codes))
    }
    how = settings._settings(depth=settings.depth, start_floor=START_FLOOR)
    labels = bool(codes) and all(level is not None for code in codes for level in code.levels)
    trained = train_denoiser(rows, sizes, shares, levels, how, settings._training("maps"), labels)
    moments = scaled.mean(axis=0), np.atleast_2d(np.cov(scaled.T, bias=True))
    return MapModel(
        trained.model, levels, kept, mean, deviation, codes, moments, _no_density(x, kept), trained.device
    )


def outside_maps(settings: InfoDiffusion, slots: Sequence[Variable]) -> MapModel:
    """Take up a denoiser from outside; columns keep their scale."""
    from adami.estimators._nets.denoiser_adapter import Adapter
    from adami.estimators._nets.diffusion import LogisticLevels
    from adami.estimators._nets.fit import device_of

    x, *conditions = slots
    codes = tuple(ConditionCode.of(v, plain=True) for v in conditions)
    levels = LogisticLevels(
        0.0 if settings.loc == "auto" else float(settings.loc),
        1.0 if settings.scale == "auto" else float(settings.scale),
        settings.clip,
        settings.importance_sampling,
    )
    assert settings.denoiser is not None
    sizes = [x.dim, *(code_width(c) for c in codes)]
    return MapModel(
        Adapter(settings.denoiser, sizes, [c.labels for c in codes]),
        levels,
        np.ones(x.dim, dtype=bool),
        np.zeros(x.dim),
        np.ones(x.dim),
        codes,
        (np.zeros(x.dim), np.eye(x.dim)),
        "",
        device_of(settings.device),
    )


def pointwise_reads(
    model: MapModel, slots: Sequence[Variable], kind: str, passes: int, random_state: int
) -> Maps:
    """Return the information of the first condition about every column of every row."""
    if len(slots) < 2:
        raise ValueError("y: a condition is needed")
    others = [True] * (len(slots) - 2)
    without, known = model.pattern(False, *others), model.pattern(True, *others)
    rows, sizes = model.rows(slots)
    seen = _Ignored()

    def integrand(draw: Draw) -> dict[str, Any]:
        plain, told = draw.predicted(without)[:, : sizes[0]], draw.predicted(known)[:, : sizes[0]]
        seen.look(plain, told)
        if kind == "o":
            return {"value": 0.5 * (plain - told) ** 2}
        noise = draw.noise[:, : sizes[0]]
        return {"value": 0.5 * ((noise - plain) ** 2 - (noise - told) ** 2)}

    found = _integrated(model, rows, sizes, integrand, passes, random_state)
    seen.refuse()
    maps = np.zeros((len(rows), len(model.kept)))
    maps[:, model.kept] = found.rows["value"]
    return Maps(maps, found.profile["value"])


@dataclass(frozen=True, slots=True)
class Maps:
    """Information of every column of every row, and the mean integrand over the noise levels."""

    maps: np.ndarray
    profile: np.ndarray


class _Ignored:
    """Notices a denoiser that answers the same with and without its condition."""

    def __init__(self) -> None:
        self.same = True

    def look(self, plain: Any, told: Any) -> None:
        self.same = self.same and bool((plain == told).all())

    def refuse(self) -> None:
        if self.same:
            raise ValueError(
                "denoiser: its answers with and without the condition are identical, so it ignores the "
                "condition; train it with conditions, or look at how it takes them"
            )


def surprise_rows(
    model: MapModel,
    slots: Sequence[Variable],
    reference: tuple[np.ndarray, np.ndarray] | None,
    passes: int,
    random_state: int,
) -> np.ndarray:
    """Return minus the log density of rows, as the exact one of a Gaussian plus an integral."""
    from adami.estimators._nets.gaussian_denoiser import GaussianDenoiser

    if model.no_density:
        raise ValueError(model.no_density)
    pattern = model.pattern(*[True] * (len(slots) - 1))
    rows, sizes = model.rows(slots)
    d, total = sizes[0], sum(sizes)
    if reference is None:
        mean, covariance = model.moments
    else:
        mean = (np.atleast_1d(np.asarray(reference[0], dtype=float)) - model.mean) / model.deviation
        covariance = np.atleast_2d(np.asarray(reference[1], dtype=float))
        covariance = covariance / np.outer(model.deviation, model.deviation)
    sign, log_det = np.linalg.slogdet(covariance)
    if sign <= 0 or not np.isfinite(log_det):
        raise ValueError(
            "the covariance of x is singular: columns repeat each other, and there is no density"
        )
    wide_mean, wide = np.zeros(total), np.eye(total)
    wide_mean[:d], wide[:d, :d] = mean, covariance
    gaussian = GaussianDenoiser(wide, sizes, wide_mean)
    alone = model.pattern()

    def integrand(draw: Draw) -> dict[str, Any]:
        noise = draw.noise[:, :d]
        own = (noise - draw.predicted(pattern)[:, :d]) ** 2
        z = draw.masked(draw.noisy, alone)
        plain = (noise - gaussian.predict(z, draw.alpha, alone)[:, :d]) ** 2
        return {"value": 0.5 * (own - plain).sum(dim=1)}

    apart = rows[:, :d] - mean
    exact = 0.5 * (d * math.log(2 * math.pi) + log_det)
    exact = exact + 0.5 * np.einsum("ij,ij->i", apart, np.linalg.solve(covariance, apart.T).T)
    found = _integrated(model, rows, sizes, integrand, passes, random_state)
    return np.asarray(exact + found.rows["value"] + float(np.log(model.deviation).sum()))


def errors_by_candidate(
    model: MapModel, x: Variable, candidates: Variable, kind: str, passes: int, random_state: int
) -> np.ndarray:
    """Return the information of each candidate about each row, all on the same noise."""
    known, without = model.pattern(True), model.pattern(False)
    scores = []
    base: np.ndarray | None = None
    for i in range(candidates.n):
        told = candidates.take(np.full(x.n, i))
        rows, sizes = model.rows([x, told])
        d = sizes[0]
        first = base is None

        def integrand(draw: Draw, d: int = d, first: bool = first) -> dict[str, Any]:
            guess = draw.predicted(known)[:, :d]
            if kind == "o":
                return {"score": 0.5 * ((draw.predicted(without)[:, :d] - guess) ** 2).sum(dim=1)}
            noise = draw.noise[:, :d]
            out = {"score": -0.5 * ((noise - guess) ** 2).sum(dim=1)}
            if first:
                out["base"] = 0.5 * ((noise - draw.predicted(without)[:, :d]) ** 2).sum(dim=1)
            return out

        found = _integrated(model, rows, sizes, integrand, passes, random_state)
        if first:
            base = found.rows.get("base", np.zeros(x.n))
        scores.append(found.rows["score"] + base)
    return np.column_stack(scores)


def edited(
    model: MapModel, slots: Sequence[Variable], target: Variable | None, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows rebuilt from their latent with the first condition, and without it or with another."""
    from adami.estimators._nets.denoiser_adapter import regenerated
    from adami.estimators._nets.fit import one_thread, to_tensor

    others = [True] * (len(slots) - 2)
    known = model.pattern(True, *others)
    removed = known if target is not None else model.pattern(False, *others)
    rows, sizes = model.rows(slots)
    after = rows if target is None else model.rows([slots[0], target, *slots[2:]])[0]
    with one_thread(str(model.device)):
        made = regenerated(
            model.predictor,
            to_tensor(rows, model.device),
            known,
            removed,
            to_tensor(after, model.device),
            model.levels.ends(),
            steps,
            sizes,
        )
    out = []
    for values in made:
        full = np.array(slots[0].numbers, dtype=np.float64)
        full[:, model.kept] = values[:, : sizes[0]].double().cpu().numpy() * model.deviation + model.mean
        out.append(full)
    return out[0], out[1]


def _integrated(
    model: MapModel,
    rows: np.ndarray,
    sizes: Sequence[int],
    integrand: Integrands,
    passes: int,
    random_state: int,
) -> Reads:
    from adami.estimators._nets.fit import one_thread, to_tensor
    from adami.estimators._nets.score_reads import integrate

    with one_thread(str(model.device)):
        return integrate(
            model.predictor,
            to_tensor(rows, model.device),
            sizes,
            integrand,
            model.levels,
            passes=passes,
            random_state=random_state,
        )


def _levels(settings: InfoDiffusion, rows: np.ndarray, d: int) -> LogisticLevels:
    """Return noise levels that cover the spectrum of x, alone and given all conditions."""
    from adami.estimators._nets.diffusion import LogisticLevels

    covariance = np.atleast_2d(np.cov(rows.T, bias=True))
    inside, across = covariance[:d, :d], covariance[:d, d:]
    spectra = [np.linalg.eigvalsh(inside)]
    if rows.shape[1] > d:
        left = inside - across @ np.linalg.pinv(covariance[d:, d:], 1e-10, hermitian=True) @ across.T
        spectra.append(np.linalg.eigvalsh(left))
    variances = np.concatenate(spectra)
    logs = np.log(variances[variances > SPECTRUM_FLOOR * variances.max()])
    # a logistic law of scale s has the variance s^2 pi^2 / 3; the width 1 is that of a single variance
    loc = -float(logs.mean()) if settings.loc == "auto" else float(settings.loc)
    scale = (
        math.sqrt(1 + 3 / math.pi * float(logs.var())) if settings.scale == "auto" else float(settings.scale)
    )
    return LogisticLevels(loc, scale, settings.clip, settings.importance_sampling)


def _no_density(x: Variable, kept: np.ndarray) -> str:
    names = [c.name for c in x.columns]
    flat = [names[j] for j in np.flatnonzero(~kept)]
    if flat:
        return f"column(s) {', '.join(map(repr, flat))} never change, so there is no density; leave them out"
    rounded = [names[j] for j in range(x.dim) if repeated_share(x.numbers[:, j]) > REPEATS]
    if rounded:
        return (
            f"column(s) {', '.join(map(repr, rounded))} repeat their values, which have no density; add "
            "uniform noise as wide as the rounding, or use information only"
        )
    return ""
