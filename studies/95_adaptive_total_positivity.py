"""Paper 95: precision matrices under total positivity, edges weighted in stages, against one stage of l1."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
from scipy.optimize import nnls

from adami.exact import (
    AdaptiveMTP2,
    adaptive_mtp2,
    mtp2_precision,
    project_dominant,
)
from studies.study import Check, Scale, StudyResult

CORRELATED = [0, 2, 3, 5, 6, 7, 10, 12, 13, 15, 16, 17, 20, 22, 23, 25, 26, 27]
"""Sizes and concavities of the breast cancer table: columns that are all positively correlated."""
SIZE = 50


def run(scale: Scale, seed: int) -> StudyResult:
    rng = np.random.default_rng(seed)
    repeats = 3 if scale == "quick" else 20
    large = trees(rng, repeats, 250)
    small = trees(rng, repeats, 100)
    checks = (
        projection(rng),
        *optimality(rng),
        Check("tree, n=250: edge F1 of the stages", large["f1"], 0.70, large["f1"] >= 0.70),
        Check(
            "tree, n=250: edge F1 above that of one stage",
            large["f1"],
            large["plain f1"],
            large["f1"] > large["plain f1"],
        ),
        Check(
            "tree, n=250: edge F1 at 1.5 times the penalty",
            large["strong f1"],
            0.80,
            large["strong f1"] >= 0.80,
        ),
        Check(
            "tree, n=250: error below the unpenalised one",
            large["error"],
            large["mle"],
            large["error"] < large["mle"],
        ),
        Check(
            "tree, n=250: error below scikit-learn's graphical lasso",
            large["error"],
            large["lasso"],
            large["error"] < large["lasso"],
        ),
        Check("tree, n=250: error with the penalty chosen by BIC", large["bic"], 0.15, large["bic"] <= 0.15),
        Check("tree, n=100: error of the stages", small["error"], 0.27, small["error"] <= 0.27),
        Check("tree, n=100: edge F1 of the stages", small["f1"], 0.55, small["f1"] >= 0.55),
        *existence(rng),
        *held_out(rng, scale),
    )
    return StudyResult(
        claim="weights adapted over stages find the precision matrix with less error than one stage of l1",
        metric="relative Frobenius error, preferential attachment tree of 50, n=250",
        ours=large["error"],
        baseline=large["plain"],
        bar=0.15,
        holds=large["error"] <= 0.15 and large["error"] < large["plain"] and all(c.holds for c in checks),
        note=(
            "Breast cancer columns stand in for the paper's returns. At the optimum the estimate beats "
            "Ledoit-Wolf there from 10 to 80 rows when the mean is known; but at 10 rows only by the median: "
            "single splits go so wrong that the mean over splits may fall either way. Ledoit-Wolf wins at "
            "320 rows, at 80 rows if gradient steps stop short of the optimum, and at 10 rows that also "
            "have to give the mean."
        ),
        checks=checks,
    )


def tree(rng: np.random.Generator) -> np.ndarray:
    """Draw the precision matrix of a preferential attachment tree, rescaled to unit variances."""
    links = np.zeros((SIZE, SIZE))
    for new in range(1, SIZE):
        degree = np.count_nonzero(links[:new], axis=1) if new > 1 else np.ones(1)
        old = rng.choice(new, p=degree / degree.sum())
        links[old, new] = links[new, old] = rng.uniform(2, 5)
    theta = 1.05 * np.linalg.eigvalsh(links)[-1] * np.eye(SIZE) - links
    sd = np.sqrt(np.diag(np.linalg.inv(theta)))
    return theta * np.outer(sd, sd)


def f1(edges: np.ndarray, truth: np.ndarray) -> float:
    found, there = np.triu(edges, 1), np.triu(truth, 1)
    return 2 * int((found & there).sum()) / int(found.sum() + there.sum())


def trees(rng: np.random.Generator, repeats: int, n: int) -> dict[str, float]:
    """Average errors and edge scores over random trees."""
    from sklearn.covariance import graphical_lasso

    rows = []
    for _ in range(repeats):
        truth = tree(rng)
        edges = truth < -1e-9
        X = rng.multivariate_normal(np.zeros(SIZE), np.linalg.inv(truth), n)
        S = X.T @ X / n
        penalty = float(np.sqrt(np.log(SIZE) / n))

        def error(theta: np.ndarray, truth: np.ndarray = truth) -> float:
            return float(np.linalg.norm(theta - truth) / np.linalg.norm(truth))

        ours, strong = (adaptive_mtp2(S, n, alpha=c * penalty) for c in (1.0, 1.5))
        plain = ours.stages[0].precision
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lasso = graphical_lasso(S, penalty)[1]
        rows.append(
            {
                "error": error(ours.precision),
                "f1": f1(ours.edges, edges),
                "strong f1": f1(strong.edges, edges),
                "plain": error(plain),
                "plain f1": f1(plain < -1e-4, edges),
                "mle": error(mtp2_precision(S).precision),
                "bic": error(adaptive_mtp2(S, n).precision),
                "lasso": error(lasso),
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def projection(rng: np.random.Generator) -> Check:
    """Compare the dominant projection with non-negative least squares on the rays of the cone."""
    eye = np.eye(6)
    rays = [*eye, *(eye[i] - eye[j] for i, j in itertools.combinations(range(6), 2))]
    atoms = np.array([np.outer(r, r).ravel() for r in rays]).T
    worst = 0.0
    for _ in range(20):
        matrix = rng.normal(size=(6, 6)) * 2
        matrix = (matrix + matrix.T) / 2
        nearest = (atoms @ nnls(atoms, matrix.ravel())[0]).reshape(6, 6)
        worst = max(worst, float(np.abs(project_dominant(matrix, tol=1e-11) - nearest).max()))
    return Check("Dykstra's projection is that of least squares on the cone", worst, 1e-8, worst <= 1e-8)


def optimality(rng: np.random.Generator) -> tuple[Check, ...]:
    """Look at the optimality conditions with and without a penalty, and at two solvers' agreement."""
    truth = tree(rng)
    X = rng.multivariate_normal(np.zeros(SIZE), np.linalg.inv(truth), 250)
    S = X.T @ X / 250
    off = ~np.eye(SIZE, dtype=bool)
    on_edge = outside = diagonal = gap = 0.0
    for weight in (0.0, float(np.sqrt(np.log(SIZE) / 250))):
        first, second = (mtp2_precision(S, weight, solver=s) for s in ("newton", "gradient"))
        for found in (first, second):
            covariance = np.linalg.inv(found.precision)
            gradient = S - weight * off - covariance
            edge = (found.precision < 0) & off
            on_edge = max(on_edge, float(np.abs(gradient[edge]).max()))
            outside = max(outside, float(gradient[~edge & off].max()))
            diagonal = max(diagonal, float(np.abs(np.diag(covariance - S)).max()))
        gap = max(gap, abs(first.value - second.value))
    return (
        Check("gradient on the edges", on_edge, 1e-4, on_edge <= 1e-4),
        Check("gradient off the edges, towards the forbidden sign", outside, 1e-4, outside <= 1e-4),
        Check("variances of the fit are those of the data", diagonal, 1e-4, diagonal <= 1e-4),
        Check("Newton and gradient steps reach the same objective", gap, 1e-7, gap <= 1e-7),
    )


def existence(rng: np.random.Generator) -> tuple[Check, ...]:
    """Fit fewer rows than features, where the unconstrained likelihood has no maximum."""
    two = rng.normal(size=(2, 8))
    S = two.T @ two / 2
    m = mtp2_precision(S)
    least = min(
        float(np.linalg.eigvalsh(mtp2_precision(np.outer(x, x), constraint="dd").precision)[0])
        for x in (rng.normal(size=size) for size in range(4, 9))
    )
    kernel = np.linalg.svd(two)[2][-1]

    def objective(t: float) -> float:
        theta = np.eye(8) + t * np.outer(kernel, kernel)
        return float(-np.linalg.slogdet(theta)[1] + np.sum(theta * S))

    fall = objective(1.0) - objective(1e9)
    kept = m.converged and bool(np.all(np.isfinite(m.precision)))
    return (
        Check(
            "two rows, 8 features: residual of the M-matrix", m.residual, 1e-6, kept and m.residual <= 1e-6
        ),
        Check("one row, 4 to 8 features: least eigenvalue of the dominant matrix", least, 0.0, least > 0),
        Check(
            "without constraint the objective falls for ever (nats over nine decades)", fall, 15.0, fall > 15
        ),
    )


def held_out(rng: np.random.Generator, scale: Scale) -> tuple[Check, ...]:
    """Compare held-out Gaussian losses on real columns, from ten rows to hundreds."""
    from sklearn.covariance import GraphicalLassoCV, LedoitWolf
    from sklearn.datasets import load_breast_cancer

    table = np.log1p(load_breast_cancer().data)[:, CORRELATED]
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    orders = [rng.permutation(len(table)) for _ in range(15 if scale == "quick" else 100)]
    known = {"assume_centered": True}

    def ours(n: int, **settings: object) -> AdaptiveMTP2:
        return AdaptiveMTP2(alpha=0.15 * np.sqrt(np.log(len(CORRELATED)) / n), **settings)

    def losses(model, n: int, splits: int = len(orders)) -> np.ndarray:
        found = []
        for order in orders[:splits]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(table[order[:n]])
            rest = table[order[n:]] - model.location_
            theta = model.precision_
            found.append(np.sum(theta * (rest.T @ rest)) / len(rest) - np.linalg.slogdet(theta)[1])
        return np.array(found)

    checks = []

    def compare(what: str, value: float, bar: float, below: bool) -> None:
        winner = "lower loss than" if below else "higher loss than"
        holds = value < bar if below else value > bar
        checks.append(Check(f"held out, {what}: {winner} Ledoit-Wolf", value, bar, holds))

    for n in (10, 20, 40, 80):
        fit, shrunk = losses(ours(n, **known), n), losses(LedoitWolf(**known), n)
        compare(f"{n} rows, mean known, median split", np.median(fit), np.median(shrunk), True)
        if n == 10:
            compare("10 rows, mean known, worst split", fit.max(), shrunk.max(), False)
    few = 3 if scale == "quick" else 10
    fit = float(np.median(losses(ours(20, **known), 20, few)))
    lasso = float(np.median(losses(GraphicalLassoCV(cv=5, **known), 20, few)))
    checks.append(
        Check("held out, 20 rows, mean known: lower loss than graphical lasso", fit, lasso, fit < lasso)
    )
    short = losses(ours(80, solver="gradient", max_iter=500, **known), 80, few)
    shrunk = losses(LedoitWolf(**known), 80, few)
    compare("80 rows, gradient stopped after 500 steps", np.median(short), np.median(shrunk), False)
    fit, shrunk = losses(ours(320), 320), losses(LedoitWolf(), 320)
    compare("320 rows, median split", np.median(fit), np.median(shrunk), False)
    fit, shrunk = losses(ours(10), 10), losses(LedoitWolf(), 10)
    compare("10 rows that also give the mean, mean over splits", fit.mean(), shrunk.mean(), False)
    return tuple(checks)
