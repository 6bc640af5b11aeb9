"""The adaptive choice for numbers with a label: Gaussians within labels, what neighbours see beyond them."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._choice import Choice
from adami.estimators._common import normal_scores
from adami.estimators._labelled import draw_within_labels, mixture_information
from adami.estimators._local_terms import ross_terms
from adami.estimators._remainder import remainder

FULL_SPACE = 6
CLEAR = 5.0


def choose_labelled(
    u: np.ndarray, codes: np.ndarray, k: int, rng: np.random.Generator, n_jobs: int | None
) -> Choice:
    """Measure the information between columns given as ranks and a label.

    Parameters
    ----------
    u : numpy.ndarray of shape (n, d)
    codes : numpy.ndarray of shape (n,)
    k : int
    rng : numpy.random.Generator
    n_jobs : int
    """
    z = normal_scores(u)
    n, dim = z.shape
    counts = np.bincount(codes)[codes]
    terms = np.zeros(n)
    alone = counts < 2
    if (~alone).sum() > k:
        terms[~alone] = ross_terms(z[~alone], codes[~alone], k, n_jobs)
    ross = Choice(
        float(terms.mean()),
        float(terms.std()) / math.sqrt(n),
        "ross",
        "labels with few rows leave no room for a model",
        {"ross": float(terms.mean())},
    )
    if counts.min() < 2 * (dim + 2):
        return ross
    local = mixture_information(z, codes)
    value = float(local.mean())
    free = (len(np.unique(codes)) - 1) * (dim + dim * (dim + 1) / 2)
    error = math.sqrt(max(float(local.var()) - free / n, 0.0) / n + free / (2 * n * n))
    model = Choice(
        value, error, "gaussian_within_labels", "Gaussians within labels explain the rows", ross.candidates
    )
    model.candidates[model.name] = value
    if dim > FULL_SPACE:
        return model

    def simulate(g: np.random.Generator) -> np.ndarray:
        return ross_terms(normal_scores(draw_within_labels(z, codes, g)), codes, k)

    rest = remainder(terms, simulate, rng, n_jobs, value > CLEAR * error)
    model.doubts = rest.doubt("Gaussians within labels")
    model.error = rest.error_of(model.error)
    if rest.weight == 0.0:
        return model
    # neighbours are nearly unbiased in a line or a plane; elsewhere their bias is that on rows of the model
    difference = rest.neighbours - value if dim <= 2 else rest.difference
    # what a model claims can be taken back at most to zero
    both = value + rest.weight * max(difference, -max(value, 0.0))
    reason = f"neighbours differ from Gaussians within labels by {rest.difference:+.3f} nats"
    model.candidates["model_plus_neighbours"] = both
    return Choice(both, model.error, "model_plus_neighbours", reason, model.candidates, doubts=model.doubts)
