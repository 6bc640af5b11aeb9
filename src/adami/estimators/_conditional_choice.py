"""The adaptive choice for information given numbers: a copula, and what neighbours see beyond it."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._choice import Choice
from adami.estimators._common import normal_scores
from adami.estimators._continuous import few_rows
from adami.estimators._elliptical import fit_student
from adami.estimators._local_terms import frenzel_pompe_terms
from adami.estimators._remainder import remainder
from adami.estimators._uniform_scores import without_copies
from adami.estimators.gaussian import canonical_error

ROWS = 20_000
MOST_COLUMNS = 9
"""Columns of x, y and the condition together up to which neighbours are looked for."""


def choose_conditional(
    u_x: np.ndarray,
    u_y: np.ndarray,
    u_z: np.ndarray,
    k: int,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> Choice:
    """Measure I(X;Y|Z) of columns given as ranks in (0, 1) without repeats.

    Parameters
    ----------
    u_x, u_y, u_z : numpy.ndarray of shape (n, d)
    k : int
    rng : numpy.random.Generator
    n_jobs : int
    """
    u_z = without_copies(u_z)
    u_x, u_y = without_copies(u_x, u_z), without_copies(u_y, u_z)
    n = len(u_x)
    if u_x.shape[1] == 0 or u_y.shape[1] == 0:
        return Choice(0.0, 0.0, "none", "the condition determines one of the variables", {})
    blocks = [u_x, u_y, u_z]
    columns = sum(b.shape[1] for b in blocks)
    if n < 2 * columns + 5:
        return few_rows(u_x, u_y, u_z)
    fit = fit_student(blocks, ROWS, 0, df=math.inf)
    error = canonical_error(fit.cells, n, float(fit.log_ratio.var()))
    name = "gaussian_copula"
    best = Choice(fit.information, error, name, "the copula model explains the rows", {name: fit.information})
    if columns > MOST_COLUMNS:
        return best
    some = np.sort(rng.choice(n, ROWS, replace=False)) if n > ROWS else np.arange(n)
    z_x, z_y, z_z = (normal_scores(b[some]) for b in blocks)

    draw = fit.sampler()

    def on_model(g: np.random.Generator) -> np.ndarray:
        drawn_x, drawn_y, drawn_z = draw(len(some), g)
        return frenzel_pompe_terms(drawn_x, drawn_y, drawn_z, k)

    rest = remainder(frenzel_pompe_terms(z_x, z_y, z_z, k, n_jobs), on_model, rng, n_jobs)
    best.candidates["frenzel_pompe"] = rest.neighbours
    best.doubts = rest.doubt(name)
    best.error = rest.error_of(best.error)
    if rest.weight == 0.0:
        return best
    # what a model claims can be taken back at most to zero
    value = best.value + rest.weight * max(rest.difference, -max(best.value, 0.0))
    best.candidates["model_plus_neighbours"] = value
    reason = f"neighbours differ from the {name} by {rest.difference:+.3f} nats"
    return Choice(value, best.error, "model_plus_neighbours", reason, best.candidates, doubts=best.doubts)
