"""Optimistic optimization of a Brownian: looks against accuracy, the certificate, and the uniform grid."""

from __future__ import annotations

import math

import numpy as np

from adami.acquisition import BrownianOptimizer
from adami.acquisition.environments import BrownianPath
from adami.acquisition.environments.brownian import bridge_maxima
from studies.study import Check, Scale, StudyResult

PATHS = {"quick": 100, "full": 250, "gpu": 250}
"""Paths for each accuracy. Their looks vary by 40 %: of 40 paths the mean is too coarse for its limits."""
CERTIFIED = 400
COMPARED = 1e-3


def run(scale: Scale, seed: int) -> StudyResult:
    paths = PATHS[scale]
    accuracies = [10.0**-k for k in range(1, 4 if scale == "quick" else 7)]
    counts = {
        accuracy: np.array([_one(accuracy, path)[0] for path in _seeds(seed, paths, i)])
        for i, accuracy in enumerate(accuracies)
    }
    means = np.array([counts[a].mean() for a in accuracies])
    logs = np.log(1 / np.array(accuracies))
    constants = means / logs**2
    slope = float(np.polyfit(np.log(logs), np.log(means), 1)[0])
    losses = np.array([_one(0.05, path)[1] for path in _seeds(seed, CERTIFIED, 50)])
    violations = int((losses > 0.05).sum())
    ours = float(counts[COMPARED].mean())
    points = round(ours)
    grid = _grid_error(points, 2000, np.random.default_rng([seed, 99]))
    # the error of a grid falls with the root of its size
    needed = points * (grid / COMPARED) ** 2
    checks = (
        *(
            Check(f"1. looks / ln(1/eps)^2 at eps = {a:g}: 25 to 35", c, 35 if c > 30 else 25, 25 <= c <= 35)
            for a, c in zip(accuracies, constants, strict=True)
        ),
        Check(
            f"2. misses above eps = 0.05 on {CERTIFIED} paths, exact maxima", violations, 1, violations <= 1
        ),
        Check("3. mean error of a uniform grid of as many points, in eps", grid / COMPARED, 8, grid >= 8e-3),
        Check("4. slope of log looks in log log(1/eps), off 2", abs(slope - 2), 0.2, abs(slope - 2) <= 0.2),
    )
    bar = 35 * math.log(1 / COMPARED) ** 2
    return StudyResult(
        claim="the maximum of a Brownian path is found with O(log(1/eps)^2) looks, a grid needs 1/eps^2",
        metric="mean looks for an accuracy of 0.001",
        ours=ours,
        baseline=needed,
        bar=bar,
        holds=all(c.holds for c in checks),
        note=(
            f"eps from 0.1 to {accuracies[-1]:g}, {paths} paths each. The baseline is the size of a uniform "
            f"grid whose mean error is 0.001, scaled from {points} points (theory: 0.5826 / sqrt(n))."
        ),
        checks=checks,
    )


def _one(accuracy: float, path_seed: int) -> tuple[float, float]:
    """Return the number of looks and how far the best look lies below the maximum of the path."""
    policy, path = BrownianOptimizer(accuracy), BrownianPath(random_state=path_seed)
    while (query := policy.ask()) is not None:
        policy.tell(query, path.answer(query))
    return policy.spent["queries"], path.loss(policy.recommend())


def _seeds(seed: int, count: int, stream: int) -> list[int]:
    return [int(s) for s in np.random.SeedSequence([seed, stream]).generate_state(count)]


def _grid_error(points: int, paths: int, rng: np.random.Generator) -> float:
    """Return how far the best point of a uniform grid lies below the maximum of a path, on average."""
    errors = np.empty(paths)
    for i in range(paths):
        values = np.concatenate([[0.0], np.cumsum(rng.normal(size=points))]) / math.sqrt(points)
        errors[i] = bridge_maxima(values, np.array(1 / points), rng).max() - values.max()
    return float(errors.mean())
