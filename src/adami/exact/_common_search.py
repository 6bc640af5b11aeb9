"""Mixtures of products that equal a table, with little information about the component."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from adami.exact._arrays import xlogy

TEMPERATURES = 1 - np.geomspace(0.5, 1e-3, 24)
SWEEPS = 12
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Model:
    """A mixture of products: weights of components, and each variable's law in each."""

    weights: np.ndarray
    laws: tuple[np.ndarray, ...]

    def mixture(self) -> np.ndarray:
        """Return the joint table of the variables."""
        cells = self.weights
        for law in self.laws:
            cells = cells[..., None] * law.reshape(len(law), *(1,) * (cells.ndim - 1), law.shape[1])
        return np.asarray(cells.sum(axis=0))

    def information(self) -> float:
        """Return the information in nats between the variables and the component."""
        table = self.mixture()
        inner = sum(self.weights @ xlogy(np, law, law).sum(axis=1) for law in self.laws)
        return max(float(inner - xlogy(np, table, table).sum()), 0.0)


def trivial_models(table: np.ndarray) -> list[Model]:
    """Return models whose component names all variables but one, or nothing if that is enough."""
    singles = [table.sum(axis=tuple(a for a in range(table.ndim) if a != i)) for i in range(table.ndim)]
    alone = Model(np.ones(1), tuple(s[None] for s in singles))
    if np.max(np.abs(alone.mixture() - table)) < 1e-15:
        return [alone]
    models = []
    for free in range(table.ndim):
        rows = np.moveaxis(table, free, -1).reshape(-1, table.shape[free])
        named = np.indices([n for a, n in enumerate(table.shape) if a != free]).reshape(table.ndim - 1, -1)
        weights = rows.sum(axis=1)
        seen = weights > 0
        laws = [np.eye(n)[c[seen]] for n, c in zip(np.delete(table.shape, free), named)]
        laws.insert(free, rows[seen] / weights[seen, None])
        models.append(Model(weights[seen], tuple(laws)))
    return models


def least_model(table: np.ndarray, count: int, rng: np.random.Generator) -> Model:
    """Return a feasible model found from one random start."""
    return _repaired(_polished(_pruned(_annealed(table, count, rng), table), table), table)


def _annealed(table: np.ndarray, count: int, rng: np.random.Generator) -> Model:
    """Minimise information plus ever dearer dependence given the component, by alternation.

    For the price g / (1 - g) of dependence the stationary points satisfy q(w | x) ~ p(w) prod p(x_i | w)**g.
    """
    cells = np.nonzero(table > 0)
    masses = table[cells]
    q = rng.dirichlet(np.ones(count), size=len(masses)).T
    for power in TEMPERATURES:
        for _ in range(SWEEPS):
            shares = q * masses
            weights = shares.sum(axis=1)
            laws = []
            logs = np.log(np.maximum(weights, 1e-300))[:, None]
            for c, size in zip(cells, table.shape):
                law = _sums(shares, c, size) / np.maximum(weights, 1e-300)[:, None]
                laws.append(law)
                logs = logs + power * np.log(np.maximum(law, 1e-300))[:, c]
            q = np.exp(logs - logs.max(axis=0))
            q /= q.sum(axis=0)
    return Model(weights, tuple(laws))


def _sums(shares: np.ndarray, symbol: np.ndarray, size: int) -> np.ndarray:
    flat = (np.arange(len(shares))[:, None] * size + symbol).ravel()
    return np.bincount(flat, weights=shares.ravel(), minlength=len(shares) * size).reshape(-1, size)


def _pruned(model: Model, table: np.ndarray) -> Model:
    """Drop empty components and whatever would fill cells that cannot happen."""
    kept = model.weights > TINY
    weights = model.weights[kept] / model.weights[kept].sum()
    laws = [np.where(law[kept] > TINY, law[kept], 0.0) for law in model.laws]
    empty = np.argwhere(table <= 0)
    for w in range(len(weights)):
        for cell in empty:
            entries = [law[w, x] for law, x in zip(laws, cell)]
            if np.prod(entries) > 0:
                laws[int(np.argmin(entries))][w, cell[int(np.argmin(entries))]] = 0.0
    alive = np.all([law.sum(axis=1) > 0 for law in laws], axis=0)
    laws = [law[alive] / law[alive].sum(axis=1, keepdims=True) for law in laws]
    return Model(weights[alive] / max(weights[alive].sum(), 1e-300), tuple(laws))


def _polished(model: Model, table: np.ndarray) -> Model:
    """Minimise the information over the entries that are positive, the mixture being held at the table."""
    from scipy.optimize import minimize

    if not len(model.weights):
        return model
    cells = np.argwhere(table > 0)
    masses = table[tuple(cells.T)]
    # the first variable's laws carry the weights, so that its entries are free
    start = [model.weights[:, None] * model.laws[0], *model.laws[1:]]
    places = [np.argwhere(block > 0) for block in start]
    ends = np.cumsum([0, *(len(p) for p in places)])
    count = len(model.weights)

    def blocks(x: np.ndarray) -> list[np.ndarray]:
        out = []
        for block, place, a, b in zip(start, places, ends, ends[1:]):
            full = np.zeros_like(block)
            full[tuple(place.T)] = x[a:b]
            out.append(full)
        return out

    def gather(full: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([f[tuple(p.T)] for f, p in zip(full, places)])

    def cost(x: np.ndarray) -> tuple[float, np.ndarray]:
        full = blocks(x)
        logs = [np.log(np.maximum(f, 1e-14)) for f in full]
        weights = full[0].sum(axis=1)
        log_w = np.log(np.maximum(weights, 1e-14))
        inner = [(f * g).sum(axis=1) for f, g in zip(full[1:], logs[1:])]
        value = (full[0] * logs[0]).sum() - weights @ log_w + sum(weights @ i for i in inner)
        first = logs[0] - log_w[:, None] + sum(inner, start=np.zeros(count))[:, None]
        return float(value), gather([first, *(weights[:, None] * (g + 1) for g in logs[1:])])

    def held(x: np.ndarray) -> np.ndarray:
        full = blocks(x)
        factors = np.prod([f[:, c] for f, c in zip(full, cells.T)], axis=0)
        return np.concatenate([factors.sum(axis=0) - masses, *(f.sum(axis=1) - 1 for f in full[1:])])

    def slopes(x: np.ndarray) -> np.ndarray:
        full = blocks(x)
        factors = [f[:, c] for f, c in zip(full, cells.T)]
        out = np.zeros((len(masses) + count * (len(full) - 1), len(x)))
        for i, (f, place) in enumerate(zip(full, places)):
            others = np.prod([g for j, g in enumerate(factors) if j != i], axis=0)
            column = np.full(f.shape, -1)
            column[tuple(place.T)] = np.arange(ends[i], ends[i + 1])
            w, c = np.nonzero(column[:, cells[:, i]] >= 0)
            out[c, column[w, cells[c, i]]] = others[w, c]
            if i:
                out[len(masses) + (i - 1) * count + place[:, 0], np.arange(ends[i], ends[i + 1])] = 1.0
        return out

    found = minimize(
        cost,
        gather(start),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * int(ends[-1]),
        constraints={"type": "eq", "fun": held, "jac": slopes},
        options={"maxiter": 300, "ftol": 1e-13},
    )
    full = blocks(np.clip(np.nan_to_num(found.x), 0.0, 1.0))
    weights = full[0].sum(axis=1)
    sums = [weights, *(f.sum(axis=1) for f in full[1:])]
    kept = np.all([s > 1e-12 for s in sums], axis=0)
    return Model(weights[kept], tuple(f[kept] / s[kept, None] for f, s in zip(full, sums)))


def _repaired(model: Model, table: np.ndarray) -> Model:
    """Shrink the mixture below the table and name the cells of what is missing: exactly feasible."""
    shape = table.shape
    if len(model.weights):
        mixture = model.mixture()
        inside = mixture > 0
        share = min(1.0, float(np.min(table[inside] / mixture[inside])))
    else:
        mixture, share = np.zeros(shape), 0.0
    rest = np.maximum(table - share * mixture, 0.0)
    rest[rest < 1e-17] = 0.0
    extra = [c for c in product(*map(range, shape)) if rest[c] > 0]
    weights = np.concatenate([share * model.weights, [rest[c] for c in extra]])
    laws = tuple(
        np.concatenate([law, np.eye(n)[[c[i] for c in extra]].reshape(-1, n)])
        for i, (law, n) in enumerate(zip(model.laws, shape))
    )
    return Model(weights / weights.sum(), laws)
