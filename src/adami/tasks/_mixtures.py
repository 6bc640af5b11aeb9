"""Mixtures of Gaussians in the plane, and a noisy ring, by quadrature on a grid."""

from __future__ import annotations

import numpy as np

from adami.tasks.task import Task


def cross(correlation: float = 0.9) -> Task:
    """Return an even mixture of two centred normals of opposite correlation: an X, uncorrelated."""
    covariances = [np.array([[1, r], [r, 1]]) for r in (correlation, -correlation)]
    return mixture(f"mixture-cross-{correlation}", [0.5, 0.5], [[0, 0], [0, 0]], covariances)


def islands() -> Task:
    """Return four normals at uneven places, of uneven weights and shapes."""
    covariances = [
        np.array([[0.3, 0.2], [0.2, 0.4]]),
        np.array([[0.5, -0.3], [-0.3, 0.3]]),
        np.diag([0.2, 0.6]),
        np.array([[0.4, 0.1], [0.1, 0.2]]),
    ]
    return mixture("mixture-islands", [0.4, 0.3, 0.2, 0.1], [[-2, -1], [0, 2], [2, -1], [1, 1]], covariances)


def ring(noise: float = 0.2, points: int = 48) -> Task:
    """Return points on the unit circle plus normal noise (a fine mixture of round normals)."""
    angle = 2 * np.pi * np.arange(points) / points
    centres = np.column_stack([np.cos(angle), np.sin(angle)])
    return mixture(f"ring-{noise}", np.full(points, 1 / points), centres, [noise**2 * np.eye(2)] * points)


def mixture(name: str, weights: object, means: object, covariances: list[np.ndarray]) -> Task:
    """Return the task of a mixture of bivariate normals; I = ∫ p ln p / (p_x p_y) on a grid."""
    w, m, c = np.asarray(weights, dtype=float), np.asarray(means, dtype=float), np.array(covariances)
    inverse, log_det = np.linalg.inv(c), np.linalg.slogdet(c)[1]
    factors = np.linalg.cholesky(c)

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        step = np.stack([x[:, 0, None] - m[:, 0], y[:, 0, None] - m[:, 1]], axis=-1)
        squares = np.einsum("nki,kij,nkj->nk", step, inverse, step)
        joint = np.exp(-0.5 * (squares + log_det)) @ w / (2 * np.pi)
        sides = 1.0
        for side in (0, 1):
            variance = c[:, side, side]
            sides = sides * (
                np.exp(-0.5 * step[:, :, side] ** 2 / variance) / np.sqrt(2 * np.pi * variance) @ w
            )
        return np.asarray(np.log(joint / sides))

    def density(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        step = np.stack([x[:, 0, None] - m[:, 0], y[:, 0, None] - m[:, 1]], axis=-1)
        squares = np.einsum("nki,kij,nkj->nk", step, inverse, step)
        return np.asarray(np.exp(-0.5 * (squares + log_det)) @ w / (2 * np.pi))

    spread = 6 * np.sqrt(c[:, [0, 1], [0, 1]])
    low, high = (m - spread).min(axis=0), (m + spread).max(axis=0)
    ticks = [np.linspace(a, b, 501) for a, b in zip(low, high)]
    cell = (ticks[0][1] - ticks[0][0]) * (ticks[1][1] - ticks[1][0])
    total = 0.0
    for x in ticks[0]:
        xs, ys = np.full((501, 1), x), ticks[1][:, None]
        p = density(xs, ys)
        seen = p > 1e-14
        if seen.any():
            total += float((p[seen] * log_ratio(xs[seen], ys[seen])).sum())

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        which = rng.choice(len(w), size=n, p=w)
        rows = m[which] + np.einsum("nij,nj->ni", factors[which], rng.standard_normal((n, 2)))
        return rows[:, :1], rows[:, 1:]

    return Task(name, total * cell, draw, log_ratio=log_ratio, mi_error=1e-5)
