"""The adaptive choice for numbers: a copula, what neighbours see beyond it, few directions of many."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._canonical import canonical
from adami.estimators._choice import Choice
from adami.estimators._common import normal_scores
from adami.estimators._directions import (
    Features,
    Scores,
    candidates,
    crossfit,
    parts,
    same_order,
    significant,
)
from adami.estimators._elliptical import EllipticalFit, fit_student
from adami.estimators._local_terms import ksg_terms
from adami.estimators._remainder import DOUBTFUL, Remainder, remainder
from adami.estimators._uniform_scores import without_copies
from adami.estimators.gaussian import canonical_error, shrunk_information
from adami.result import Diagnostic

FULL_SPACE = 7
"""Columns of x and y together up to which neighbours are looked for in all of them at once."""
ROWS = 20_000
"""Rows used for models, draws and directions; more are thinned by a seeded draw."""
CLEARLY = 2.5
"""Standard errors by which a further candidate must exceed the simpler one."""
MODEL_DRAWS = 4
CLEAR = 5.0
"""Standard errors above zero from which a model shows clear dependence."""
PLANE = 3
"""Columns of both sides together up to which neighbours are nearly unbiased."""
LEAST_ROWS = 40
"""Rows from which directions are looked for: a copula of three on each side needs 17 in each half."""
FINAL_PARTS, PART_ROWS = 4, 100
"""Parts that the chosen directions are read in, each with a map learnt on three quarters of the rows; halves
where a part would be smaller than this."""


def choose(u_x: np.ndarray, u_y: np.ndarray, k: int, rng: np.random.Generator, n_jobs: int | None) -> Choice:
    """Measure the information between columns given as ranks in (0, 1) without repeats.

    Parameters
    ----------
    u_x, u_y : numpy.ndarray of shape (n, d)
    k : int
        Neighbours.
    rng : numpy.random.Generator
    n_jobs : int
    """
    u_x, u_y = without_copies(u_x), without_copies(u_y)
    n, dim = len(u_x), u_x.shape[1] + u_y.shape[1]
    if n < 2 * dim + 5:
        return few_rows(u_x, u_y, None)
    fit = _model(u_x, u_y, rng)
    name = "gaussian_copula" if math.isinf(fit.df) else "student_copula"
    error = canonical_error(fit.cells, n, float(fit.log_ratio.var()))
    best = Choice(fit.information, error, name, "the copula model explains the rows", {name: fit.information})
    if math.isfinite(fit.df):
        best.notes["degrees_of_freedom"] = fit.df
    some = np.sort(rng.choice(n, ROWS, replace=False)) if n > ROWS else np.arange(n)
    z_x, z_y = normal_scores(u_x[some]), normal_scores(u_y[some])
    if dim <= FULL_SPACE:
        best = _with_neighbours(best, fit, u_x, u_y, z_x, z_y, k, rng, n_jobs)
    if (dim > 3 and min(u_x.shape[1], u_y.shape[1]) > 1) or dim > FULL_SPACE:
        best = _with_directions(best, fit, z_x, z_y, k, rng, n_jobs)
    return best


def _model(u_x: np.ndarray, u_y: np.ndarray, rng: np.random.Generator) -> EllipticalFit:
    """Return the Gaussian copula, or the Student-t copula where it says more about the pair.

    The likelihood alone would also reward a t within x and within y, which says nothing about the two
    together.
    """
    fit = fit_student([u_x, u_y], ROWS, 0)
    if math.isinf(fit.df):
        return fit
    gaussian = fit_student([u_x, u_y], ROWS, 0, df=math.inf)
    u = np.hstack([u_x, u_y])
    gain = fit.score(u, rng) - gaussian.score(u, rng)
    clear = gain.mean() > CLEARLY * gain.std() / math.sqrt(len(gain))
    return fit if clear else gaussian


def few_rows(u_x: np.ndarray, u_y: np.ndarray, u_z: np.ndarray | None) -> Choice:
    """Measure with hardly more rows than columns: a Gaussian copula, shrunk where it must be."""
    x, y = normal_scores(u_x), normal_scores(u_y)
    z = None if u_z is None else normal_scores(u_z)
    n, columns = len(x), x.shape[1] + y.shape[1] + (0 if z is None else z.shape[1])
    said = f"{n} rows for {columns} columns: a Gaussian copula was fitted, and nothing beyond it can be seen"
    doubt = Diagnostic("too_few_samples", said, "warning", "unknown")
    if n >= columns + 3:
        c = canonical(x, y, z)
        error = canonical_error(c.rank_x * c.rank_y, n, float(c.pointwise().var()))
        value, name = c.information - c.bias, "gaussian_copula"
    else:
        value, name = shrunk_information(x, y, z, "auto"), "shrunk_gaussian_copula"
        error = math.sqrt(max(value, x.shape[1] * y.shape[1] / n) / n)
    return Choice(value, error, name, "few rows a column", {name: value}, doubts=(doubt,))


def _with_neighbours(
    best: Choice,
    fit: EllipticalFit,
    u_x: np.ndarray,
    u_y: np.ndarray,
    z_x: np.ndarray,
    z_y: np.ndarray,
    k: int,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> Choice:
    rest = _beyond(fit, z_x, z_y, k, rng, n_jobs)
    best.candidates["ksg"] = rest.neighbours
    best.doubts = rest.doubt(best.name)
    if rest.weight == 0.0:
        best.error = rest.error_of(best.error)
        return best
    local = rest.local
    value = best.value + rest.difference
    if z_x.shape[1] + z_y.shape[1] <= PLANE:
        # in few dimensions neighbours are nearly unbiased, and the copula, wrong here, cannot help
        local = (
            local if len(z_x) == len(u_x) else ksg_terms(normal_scores(u_x), normal_scores(u_y), k, n_jobs)
        )
        value = float(local.mean())
    # what a model claims can be taken back at most to zero
    value = best.value + rest.weight * max(value - best.value, -max(best.value, 0.0))
    best.candidates["model_plus_neighbours"] = value
    error = rest.error_of(best.error)
    told = f"{rest.difference:+.3f} nats ({rest.sizes:.1f} standard errors)"
    reason = f"neighbours differ from the {best.name} by {told}"
    return Choice(value, error, "model_plus_neighbours", reason, best.candidates, best.notes, best.doubts)


def _with_directions(
    best: Choice,
    fit: EllipticalFit,
    z_x: np.ndarray,
    z_y: np.ndarray,
    k: int,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> Choice:
    n = len(z_x)
    if n < LEAST_ROWS:
        return best
    half = parts(n, 2, rng)
    found: tuple[float, str, Features, int] | None = None
    for name, features in candidates(z_x.shape[1], z_y.shape[1], n).items():
        scores = crossfit(features, z_x, z_y, half)
        if not significant(scores):
            continue
        for m in range(1, scores[0][0].shape[1] + 1):
            seen, error = _seen(scores, m, k, n_jobs)
            if found is None or seen > found[0] + error:
                found = seen, name, features, m
    if found is None:
        return best
    seen, name, features, m = found
    scores = crossfit(features, z_x, z_y, half)

    draw = fit.sampler()

    def on_model(g: np.random.Generator) -> float:
        drawn_x, drawn_y = draw(n, g)
        return _seen(crossfit(features, drawn_x, drawn_y, half), m, k, n_jobs)[0]

    drawn = np.array([on_model(g) for g in rng.spawn(MODEL_DRAWS)])
    error = _seen(scores, m, k, n_jobs)[1]
    beyond = seen - float(drawn.mean())
    noise = math.sqrt((error**2 + float(drawn.var(ddof=1))) * (1 + 1 / MODEL_DRAWS))
    # halves are enough to choose; the value is read with maps that have seen more rows
    if n >= FINAL_PARTS * PART_ROWS:
        scores = crossfit(features, z_x, z_y, parts(n, FINAL_PARTS, rng))
    value = _in_directions(scores, m, k, rng, n_jobs)
    title = f"{name}_directions"
    best.candidates[title] = value
    best.notes["directions_beyond_model"] = beyond
    weight = min(1.0, (beyond / noise - CLEARLY) / 2)
    if value <= best.value + max(DOUBTFUL, error) or weight <= -0.5:
        return best
    if weight < 1:
        best.doubts += (_doubt(title, beyond, beyond / noise, best.name),)
    if weight <= 0:
        return best
    reason = (
        f"{m} {name} direction(s), read on rows they were not learnt from, show {beyond:+.3f} nats more "
        f"than they would if the {best.name} were right"
    )
    value = best.value + weight * (value - best.value)
    outside = Diagnostic(
        "directions", f"what lies outside of {m} {name} direction(s) is not counted", "note", "low"
    )
    best.doubts += (outside,)
    return Choice(value, error, title, reason, best.candidates, best.notes, best.doubts)


def _doubt(title: str, beyond: float, sizes: float, model: str) -> Diagnostic:
    return Diagnostic(
        "candidates_disagree",
        f"{title} learnt on half of the rows show {beyond:+.3f} nats ({sizes:.1f} standard errors) beyond "
        f"the {model}, too little to be sure of and too much to pass over; more rows would decide",
        "warning",
        "low",
    )


def _seen(scores: list[Scores], m: int, k: int, n_jobs: int | None) -> tuple[float, float]:
    """Return neighbours' information in the first m directions of both halves, and its standard error."""
    terms = [ksg_terms(u[:, :m], v[:, :m], k, n_jobs) for u, v in scores]
    joined = np.concatenate(terms)
    return float(joined.mean()), float(joined.std()) / math.sqrt(len(joined))


def _in_directions(
    scores: list[Scores], m: int, k: int, rng: np.random.Generator, n_jobs: int | None
) -> float:
    """Return the information in the first m directions: the copula's, and what neighbours see beyond it."""
    from scipy.special import ndtr

    values, sizes = [], []
    for u, v in scores:
        a, b = u[:, :m], v[:, :m]
        sizes.append(len(u))
        if same_order(a, b):
            # a direction of x tells one of y exactly: no copula has a density there
            values.append(float(ksg_terms(a, b, k, n_jobs).mean()))
            continue
        fit = _model(ndtr(a), ndtr(b), rng)
        rest = _beyond(fit, a, b, k, rng, n_jobs)
        seen = rest.neighbours if 2 * m <= PLANE else fit.information + rest.difference
        values.append((1 - rest.weight) * fit.information + rest.weight * seen)
    return float(np.average(values, weights=sizes))


def _beyond(
    fit: EllipticalFit, a: np.ndarray, b: np.ndarray, k: int, rng: np.random.Generator, n_jobs: int | None
) -> Remainder:
    terms = ksg_terms(a, b, k, n_jobs)
    noise = canonical_error(fit.cells, len(a), float(fit.log_ratio.var()))
    clear = fit.information > CLEAR * noise

    draw = fit.sampler()

    def on_model(g: np.random.Generator) -> np.ndarray:
        drawn_a, drawn_b = draw(len(a), g)
        return ksg_terms(drawn_a, drawn_b, k)

    return remainder(terms, on_model, rng, n_jobs, clear)
