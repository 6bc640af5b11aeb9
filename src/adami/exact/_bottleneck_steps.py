"""Iterations of the information bottleneck: soft ones in a batch of starts, hard ones, and merging."""

from __future__ import annotations

import numpy as np

from adami.exact._arrays import xlogy


def soften(
    table: np.ndarray, encoders: np.ndarray, beta: float, tol: float, max_iter: int
) -> tuple[np.ndarray, list[list[float]], np.ndarray]:
    """Iterate ``p(t|x) ~ p(t) exp(-beta KL(p(y|x) || p(y|t)))``; encoders of shape (starts, n_x, n_clusters).

    Returns the encoders, the objective of each start after each of its iterations, and which of them settled.
    """
    p_x = table.sum(axis=1)
    given_x = _rows(table, p_x)
    own = np.sum(xlogy(np, given_x, given_x), axis=1)
    encoders = encoders.copy()
    traces: list[list[float]] = [[] for _ in encoders]
    settled = np.zeros(len(encoders), dtype=bool)
    for _ in range(max_iter):
        moving = np.flatnonzero(~settled)
        if not len(moving):
            break
        before = encoders[moving]
        log_t, far = _distances(table, p_x, given_x, own, before)
        scores = log_t[:, None, :] - beta * far
        top = scores.max(axis=2, keepdims=True)
        cells = np.exp(scores - top)
        total = cells.sum(axis=2, keepdims=True)
        after = cells / total
        # what the self-consistent step minimises, at the point where it stood
        for start, value in zip(moving.tolist(), -np.sum(p_x * (np.log(total) + top)[..., 0], axis=1)):
            traces[start].append(float(value))
        encoders[moving] = after
        settled[moving] = np.abs(after - before).max(axis=(1, 2)) <= tol
    for start, encoder in enumerate(encoders):
        traces[start].append(objective(table, encoder, beta))
    # the sums above lack the constant beta I(X;Y)
    p_y = table.sum(axis=0)
    known = beta * float(np.sum(xlogy(np, table, table)) - p_x @ np.log(np.where(p_x > 0, p_x, 1)))
    known -= beta * float(np.sum(xlogy(np, p_y, p_y)))
    return encoders, [[*(v - known for v in t[:-1]), t[-1]] for t in traces], settled


def sharpen(
    table: np.ndarray, encoder: np.ndarray, beta: float, max_iter: int
) -> tuple[np.ndarray, list[float], bool]:
    """Move each x to the cluster of largest ``log p(t) - beta KL(p(y|x) || p(y|t))`` until none moves."""
    p_x = table.sum(axis=1)
    given_x = _rows(table, p_x)
    own = np.sum(xlogy(np, given_x, given_x), axis=1)
    kinds = np.eye(encoder.shape[1])
    hard = kinds[encoder.argmax(axis=1)]
    trace = [objective(table, hard, beta)]
    for _ in range(max_iter):
        log_t, far = _distances(table, p_x, given_x, own, hard[None])
        moved = kinds[(log_t[0] - beta * far[0]).argmax(axis=1)]
        value = objective(table, moved, beta)
        if np.array_equal(moved, hard) or value >= trace[-1]:
            return hard, trace, True
        hard = moved
        trace.append(value)
    return hard, trace, False


def merge_down(
    table: np.ndarray, encoder: np.ndarray, beta: float | None, count: int
) -> tuple[np.ndarray, list[float]]:
    """Merge the pair of hard clusters that costs least, down to `count` and then while it pays.

    A merger costs ``beta`` times the information it loses, less the entropy it saves; without a beta only the
    information counts. Returns the encoder without empty clusters and the objective after each merger.
    """
    encoder = encoder[:, encoder.sum(axis=0) > 0]
    cells = encoder.T @ table
    n = len(cells)
    costs = np.full((n, n), np.inf)
    for a in range(n - 1):
        costs[a, a + 1 :] = _merge_costs(cells[a], cells[a + 1 :], beta)
    alive = np.ones(n, dtype=bool)
    trace = [objective(table, encoder, beta or 0.0)]
    encoder = encoder.copy()
    for left in range(n - 1, 0, -1):
        a, b = divmod(int(costs.argmin()), n)
        if left < count and not (beta is not None and costs[a, b] < 0):
            break
        trace.append(trace[-1] + float(costs[a, b]))
        cells[a] += cells[b]
        encoder[:, a] += encoder[:, b]
        alive[b] = False
        costs[b, :] = costs[:, b] = np.inf
        others = np.flatnonzero(alive & (np.arange(n) != a))
        costs[np.minimum(a, others), np.maximum(a, others)] = _merge_costs(cells[a], cells[others], beta)
    return encoder[:, alive], trace


def objective(table: np.ndarray, encoder: np.ndarray, beta: float) -> float:
    """Return ``I(X;T) - beta I(T;Y)``."""
    p_x, p_y = table.sum(axis=1), table.sum(axis=0)
    p_t, cells = p_x @ encoder, encoder.T @ table
    rate = np.sum(xlogy(np, p_x[:, None] * encoder, encoder)) - np.sum(xlogy(np, p_t, p_t))
    shared = np.sum(xlogy(np, cells, cells)) - np.sum(xlogy(np, p_t, p_t)) - np.sum(xlogy(np, p_y, p_y))
    return float(rate - beta * shared)


def _distances(
    table: np.ndarray, p_x: np.ndarray, given_x: np.ndarray, own: np.ndarray, encoders: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return log p(t), -inf for an empty cluster, and KL(p(y|x) || p(y|t)), inf where t excludes a y of x."""
    p_t = p_x @ encoders
    cells = np.swapaxes(encoders, 1, 2) @ table
    empty = p_t <= 0
    log_t = np.where(empty, -np.inf, np.log(np.where(empty, 1.0, p_t)))
    seen = cells > 0
    logs = np.where(seen, np.log(np.where(seen, cells, 1.0)), 0.0) - np.where(empty, 0.0, log_t)[..., None]
    crossed = given_x @ np.swapaxes(np.where(seen, logs, 0.0), 1, 2)
    excluded = (given_x > 0).astype(float) @ np.swapaxes((~seen).astype(float), 1, 2) > 0
    far = np.where(excluded, np.inf, np.maximum(own[:, None] - crossed, 0.0))
    return log_t, np.where(empty[:, None, :], 0.0, far)


def _merge_costs(one: np.ndarray, others: np.ndarray, beta: float | None) -> np.ndarray:
    def plogp(v: np.ndarray) -> np.ndarray:
        return np.asarray(np.sum(xlogy(np, v, v), axis=-1))

    masses = others.sum(axis=1)
    mass = float(one.sum())
    saved = plogp(np.stack([masses + mass], -1)) - plogp(np.stack([masses], -1)) - plogp(np.array([mass]))
    lost = plogp(others) + plogp(one) - plogp(others + one) + saved
    lost = np.maximum(lost, 0.0)
    return lost if beta is None else np.asarray(beta * lost - saved)


def _rows(table: np.ndarray, p_x: np.ndarray) -> np.ndarray:
    return table / np.where(p_x > 0, p_x, 1.0)[:, None]
