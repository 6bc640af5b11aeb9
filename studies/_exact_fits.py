"""Contests over samples of known laws: precision matrices and mixtures, against scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from adami.exact import AdaptiveMTP2, EnMMixture, IncrementalGMM
from studies.comparison import Row, timed

PRECISION = "Precision matrices"
DELTA = 0.5
ORDERS = 5
Fit = Callable[[np.ndarray], np.ndarray]


def precisions(rng: np.random.Generator, p: int, repeats: int) -> list[Row]:
    """Estimate precision matrices of two kinds of graphs from the same rows."""
    graphs = {
        "all edges attractive": _graph(rng, p, negative=0.0),
        "half of the edges repelling": _graph(rng, p, negative=0.5),
    }
    rows = []
    for n in (3 * p, 50 * p):
        for kind, theta in graphs.items():
            case = f"{kind}, {p} variables, {n} rows, means of {repeats}"
            rows += _precision_rows(case, theta, rng, n, repeats)
    return rows


def _graph(rng: np.random.Generator, p: int, negative: float) -> np.ndarray:
    """Return the precision matrix of a random graph of about two edges a variable, of unit variances."""
    weights = np.triu(rng.random((p, p)) < 4 / p, 1) * rng.uniform(0.5, 1.0, (p, p))
    weights *= np.where(rng.random((p, p)) < negative, -1.0, 1.0)
    weights += weights.T
    theta = np.diag(np.abs(weights).sum(axis=1) + 0.2) - weights
    scale = np.sqrt(np.diag(np.linalg.inv(theta)))
    return theta * np.outer(scale, scale)


def _precision_rows(
    case: str, theta: np.ndarray, rng: np.random.Generator, n: int, repeats: int
) -> list[Row]:
    from sklearn.covariance import GraphicalLassoCV, LedoitWolf

    covariance = np.linalg.inv(theta)
    samples = [rng.multivariate_normal(np.zeros(len(theta)), covariance, n) for _ in range(repeats)]

    def ours(**options: Any) -> Fit:
        return lambda X: np.asarray(AdaptiveMTP2(**options).fit(X).precision_)

    def lasso(X: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            # its smallest penalties do not converge on few rows; cross-validation then leaves them out
            warnings.simplefilter("ignore")
            return np.asarray(GraphicalLassoCV().fit(X).precision_)

    contestants: dict[str, Fit] = {
        "adaptive, M-matrix": ours(),
        "adaptive, diagonally dominant": ours(constraint="dd"),
        "one stage, M-matrix": ours(stages=1),
        "maximum likelihood, M-matrix": ours(alpha=0.0),
        "scikit-learn GraphicalLassoCV": lasso,
        "scikit-learn LedoitWolf": lambda X: np.asarray(LedoitWolf().fit(X).precision_),
    }
    if n > len(theta):
        contestants["inverse sample covariance"] = lambda X: np.linalg.inv(np.cov(X.T, bias=True))
    # what the first call imports is not what is compared
    ours()(samples[0])
    lasso(samples[0])
    rows = []
    for who, fit in contestants.items():
        fitted, seconds = timed(lambda fit=fit: [fit(X) for X in samples])
        loss = float(np.mean([_loss(covariance, found) for found in fitted]))
        marks = float(np.mean([_f1(theta, found) for found in fitted]))
        rows.append(Row(PRECISION, case, who, "divergence from the true law, nats", loss, "lower", seconds))
        rows.append(Row(PRECISION, case, who, "F1 of the edges", marks, "higher", seconds))
    return rows


def _loss(covariance: np.ndarray, fitted: np.ndarray) -> float:
    product = covariance @ fitted
    return float(np.trace(product) - np.linalg.slogdet(product)[1] - len(product)) / 2


def _f1(theta: np.ndarray, fitted: np.ndarray) -> float:
    above = np.triu_indices(len(theta), 1)
    scale = np.sqrt(np.diag(fitted))
    true = theta[above] != 0
    # an edge is what no rounding explains, the same for all
    found = np.abs(fitted / np.outer(scale, scale))[above] > 1e-3
    return float(2 * (true & found).sum() / (true.sum() + found.sum()))


def mixtures(rng: np.random.Generator, dims: int, n: int) -> list[Row]:
    """Fit mixtures to rows of three normal laws and score them on fresh rows."""
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal
    from sklearn.mixture import GaussianMixture

    centres = 4 * rng.normal(size=(3, dims))
    shapes = rng.normal(size=(3, dims, dims)) * 0.5 + np.eye(dims)
    weights = np.array([0.5, 0.3, 0.2])

    def draw(count: int) -> np.ndarray:
        which = rng.choice(3, count, p=weights)
        noise = rng.normal(size=(count, dims))
        return centres[which] + np.einsum("nij,nj->ni", shapes[which], noise)

    train, test = draw(n), draw(4000)
    # compiled loops compile on their first call, which is not what is compared
    IncrementalGMM().fit(train[:10])
    contestants: dict[str, Callable[[], Any]] = {
        "incremental, exact update": lambda: IncrementalGMM(delta=DELTA),
        "incremental, original update": lambda: IncrementalGMM(delta=DELTA, update="igmn"),
        "E-n-M, told of 3 components": lambda: EnMMixture(3, n_init=5, random_state=0),
        "scikit-learn GaussianMixture, told of 3 components": lambda: GaussianMixture(
            3, n_init=5, random_state=0
        ),
    }
    contest, case = "Mixtures", f"3 normal laws in {dims} dimensions, {n} rows"
    metric = "mean log-density of 4000 fresh rows, nats"
    rows = []
    # what a one-pass learner finds depends on the order of the rows
    orders = [rng.permutation(n) for _ in range(ORDERS)]
    for who, make in contestants.items():
        one_pass = who.startswith("incremental")
        rounds = orders if one_pass else orders[:1]
        models, seconds = timed(lambda make=make, rounds=rounds: [make().fit(train[o]) for o in rounds])
        score = float(np.mean([model.score(test) for model in models]))
        note = ""
        if one_pass:
            counts = [model.n_components_ for model in models]
            note = f"delta = {DELTA}, mean of {ORDERS} orders, {min(counts)} to {max(counts)} components"
        rows.append(Row(contest, case, who, metric, score, "higher", seconds / len(rounds), note))
    parts = [
        np.log(w) + multivariate_normal(c, m @ m.T).logpdf(test) for w, c, m in zip(weights, centres, shapes)
    ]
    best = float(logsumexp(parts, axis=0).mean())
    return [
        *rows,
        Row(contest, case, "the true law", metric, best, "higher", None, "no fit can be expected above"),
    ]
