"""Nearest-neighbour information of two columns, of one target with many features, and of all pairs."""

from __future__ import annotations

import math

import numpy as np

from benchmarks._harness import Case, Peer

K = 3
DIGAMMA = "is 5e-7 away from the formula with SciPy's digamma"
NOISE = "adds its own seeded noise of 1e-10 standard deviations"


def cases() -> list[Case]:
    """Return the comparisons of this file."""
    pair_peers = {
        "scikit-learn": Peer(_sklearn_pair, "sklearn", 1e-4, note=NOISE),
        "ennemi": Peer(_ennemi_pair, "ennemi", 1e-6, note=DIGAMMA),
        "SciPy k-d trees, as in NPEET": Peer(_npeet_pair, "scipy"),
    }
    return [
        Case(
            "KSG of two columns",
            (1_000, 10_000, 100_000, 1_000_000),
            _gaussian,
            _ours_pair,
            pair_peers,
            {1_000: 4, 10_000: 8, 100_000: 10, 1_000_000: 12},
        ),
        *(
            Case(f"KSG of two columns, {kind}", (20_000,), make, _ours_pair, pair_peers)
            for kind, make in SHAPES
        ),
        Case(
            "KSG of one target and 200 features",
            (10_000,),
            _many,
            _ours_many,
            {"scikit-learn": Peer(_sklearn_many, "sklearn", 1e-4, note=NOISE + "; cuts below 0")},
            {10_000: 10},
        ),
        Case(
            "Ross of one label and 200 features",
            (10_000,),
            _many_labelled,
            _ours_ross,
            {"scikit-learn": Peer(_sklearn_ross, "sklearn", 1e-4, note=NOISE + "; cuts below 0")},
            {10_000: 10},
        ),
        Case(
            "KSG of all pairs of 50 columns",
            (5_000,),
            _table,
            _ours_all,
            {"ennemi": Peer(_ennemi_all, "ennemi", 1e-6, note=DIGAMMA)},
            {5_000: 10},
        ),
    ]


# -- data ----------------------------------------------------------------------------------------------------


def _gaussian(n: int, rho: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    x, z = np.random.default_rng(n).normal(size=(2, n))
    return _scaled(x), _scaled(rho * x + math.sqrt(1 - rho**2) * z)


def _strong(n: int) -> tuple[np.ndarray, np.ndarray]:
    return _gaussian(n, 0.999)


def _heavy(n: int) -> tuple[np.ndarray, np.ndarray]:
    x, z = np.random.default_rng(n).standard_cauchy(size=(2, n))
    return _scaled(x), _scaled(x + z)


def _uniform(n: int) -> tuple[np.ndarray, np.ndarray]:
    x, z = np.random.default_rng(n).uniform(size=(2, n))
    return _scaled(x), _scaled(x + z)


def _clusters(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    centres = rng.normal(size=(2, 20))[:, rng.integers(0, 20, n)]
    x, y = centres + rng.normal(size=(2, n)) * 10.0 ** rng.integers(-5, -1, n)
    return _scaled(x), _scaled(y)


SHAPES = (
    ("correlation 0.999", _strong),
    ("Cauchy", _heavy),
    ("uniform", _uniform),
    ("20 clusters of four sizes", _clusters),
)


def _many(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    target, noise = rng.normal(size=n), rng.normal(size=(n, 200))
    # every feature tells something, since one peer cuts negative values off
    return noise + target[:, None] * np.linspace(0.4, 1.5, 200), target


def _many_labelled(n: int) -> tuple[np.ndarray, np.ndarray]:
    features, target = _many(n)
    return features, np.digitize(target, [-0.7, 0.0, 0.7])


def _table(n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    data = rng.normal(size=(n, 50)) @ np.linalg.qr(rng.normal(size=(50, 50)))[0] + rng.normal(size=(n, 1))
    return data / data.std(axis=0)


def _scaled(column: np.ndarray) -> np.ndarray:
    """Two of the peers do not scale by themselves."""
    return np.asarray(column / column.std())


# -- contestants ---------------------------------------------------------------------------------------------


def _ours_pair(data):  # type: ignore[no-untyped-def]
    from adami.estimators import KSG

    return KSG(K).estimate(*data)


def _ours_many(data):  # type: ignore[no-untyped-def]
    from adami.estimators.pairwise import ksg_many

    return ksg_many(*data, k=K)


def _ours_ross(data):  # type: ignore[no-untyped-def]
    from adami.estimators.pairwise import ross_many

    return ross_many(*data, k=K)


def _ours_all(data):  # type: ignore[no-untyped-def]
    from adami.estimators.pairwise import ksg_all_pairs

    return ksg_all_pairs(data, k=K)[np.triu_indices(data.shape[1], 1)]


def _sklearn_pair(data):  # type: ignore[no-untyped-def]
    from sklearn.feature_selection import mutual_info_regression

    return mutual_info_regression(data[0][:, None], data[1], n_neighbors=K, random_state=0)[0]


def _sklearn_many(data):  # type: ignore[no-untyped-def]
    from sklearn.feature_selection import mutual_info_regression

    return mutual_info_regression(*data, n_neighbors=K, random_state=0)


def _sklearn_ross(data):  # type: ignore[no-untyped-def]
    from sklearn.feature_selection import mutual_info_classif

    return mutual_info_classif(*data, n_neighbors=K, random_state=0)


def _ennemi_pair(data):  # type: ignore[no-untyped-def]
    from ennemi import estimate_mi

    return estimate_mi(data[1], data[0], k=K, preprocess=False, max_threads=1).item()


def _ennemi_all(data):  # type: ignore[no-untyped-def]
    from ennemi import pairwise_mi

    found = np.asarray(pairwise_mi(data, k=K, preprocess=False, max_threads=1))
    return found[np.triu_indices(data.shape[1], 1)]


def _npeet_pair(data):  # type: ignore[no-untyped-def]
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    x, y = data
    points = np.column_stack([x, y])
    radius = cKDTree(points).query(points, [K + 1], p=np.inf)[0][:, 0]
    inside = np.nextafter(radius, 0)
    counts = [
        cKDTree(c[:, None]).query_ball_point(c[:, None], inside, p=np.inf, return_length=True) for c in (x, y)
    ]
    return digamma(K) + digamma(len(x)) - np.mean(digamma(counts[0]) + digamma(counts[1]))
