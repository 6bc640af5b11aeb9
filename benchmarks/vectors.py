"""Nearest-neighbour information of vectors, under a condition, and of numbers with a label."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmarks._harness import Case, Peer

K = 3
NOISY = "adds noise of 1e-10"
ROUNDED = "its digamma is good to about 1e-6"


def cases() -> list[Case]:
    """Return the comparisons of this file."""
    trees = {
        "scikit-learn trees, as in NPEET": Peer(_npeet_sklearn, "sklearn"),
        "SciPy k-d trees, as in NPEET": Peer(_npeet_scipy, "scipy", largest=20_000),
    }
    infomeasure = {"infomeasure": Peer(_infomeasure, "infomeasure", largest=20_000)}
    dit = {"dit": Peer(_dit, "dit", None, 20_000, "scales in another way; " + NOISY)}
    return [
        Case("KSG of 2 + 2 columns", (1_000, 10_000), _pair(2), _ours, trees),
        Case(
            "KSG of 3 + 3 columns",
            (1_000, 10_000, 100_000),
            _pair(3),
            _ours,
            trees | infomeasure,
            {10_000: 3},
        ),
        Case("KSG of 5 + 5 columns", (10_000,), _pair(5), _ours, trees),
        Case(
            "KSG of 10 + 10 columns",
            (10_000,),
            _pair(10),
            _ours,
            dit | infomeasure,
            {10_000: 6},
        ),
        Case(
            "Conditional information, one column each",
            (1_000, 10_000, 100_000),
            _chain(1),
            _ours_given,
            trees | {"ennemi": Peer(_ennemi_given, "ennemi", 1e-6, note=ROUNDED)} | infomeasure,
            {10_000: 4},
        ),
        Case("Conditional information, 2 columns each", (10_000,), _chain(2), _ours_given, trees),
        Case(
            "Ross of one column and a label",
            (1_000, 10_000, 100_000),
            _classes,
            _ours_ross,
            {
                "scikit-learn": Peer(_sklearn_ross, "sklearn", 1e-6, note=NOISY + " standard deviations"),
                "ennemi": Peer(_ennemi_ross, "ennemi", 1e-6, note=ROUNDED),
            },
        ),
    ]


# -- data ----------------------------------------------------------------------------------------------------


def _pair(d: int):  # type: ignore[no-untyped-def]
    def make(n: int) -> tuple[np.ndarray, ...]:
        x, noise = np.random.default_rng([n, d]).normal(size=(2, n, d))
        return _scaled(x), _scaled(0.6 * x + 0.8 * noise)

    return make


def _chain(d: int):  # type: ignore[no-untyped-def]
    def make(n: int) -> tuple[np.ndarray, ...]:
        z, a, b = np.random.default_rng([n, d]).normal(size=(3, n, d))
        return _scaled(z + a), _scaled(z + 0.5 * a + b), _scaled(z)

    return make


def _classes(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    label = rng.integers(0, 4, size=n)
    return _scaled(rng.normal(size=n) + label), label


def _scaled(columns: np.ndarray) -> np.ndarray:
    """Most of the peers do not scale by themselves."""
    return np.asarray((columns - columns.mean(axis=0)) / columns.std(axis=0))


# -- contestants ---------------------------------------------------------------------------------------------


def _ours(data):  # type: ignore[no-untyped-def]
    from adami.estimators import KSG

    return KSG(K).estimate(*data)


def _ours_given(data):  # type: ignore[no-untyped-def]
    from adami.estimators import FrenzelPompe

    return FrenzelPompe(K).estimate(*data)


def _ours_ross(data):  # type: ignore[no-untyped-def]
    from adami.estimators import Ross

    return Ross(K).estimate(*data)


def _formula(slots: Sequence[np.ndarray], radius, counts):  # type: ignore[no-untyped-def]
    """Return KSG 1, or the estimate of Frenzel and Pompe for three slots."""
    from scipy.special import digamma

    # strictly inside: the k-th neighbour itself does not count
    inside = np.nextafter(radius, 0)
    if len(slots) == 2:
        x, y = (digamma(counts(s, inside)) for s in slots)
        return digamma(K) + digamma(len(radius)) - np.mean(x + y)
    x, y, z = slots
    xz, yz, given = (digamma(counts(s, inside)) for s in (np.hstack([x, z]), np.hstack([y, z]), z))
    return digamma(K) + np.mean(given - xz - yz)


def _npeet_sklearn(data):  # type: ignore[no-untyped-def]
    from sklearn.neighbors import KDTree

    radius = KDTree(np.hstack(data), metric="chebyshev").query(np.hstack(data), K + 1)[0][:, K]

    def counts(points, inside):  # type: ignore[no-untyped-def]
        return KDTree(points, metric="chebyshev").query_radius(points, inside, count_only=True)

    return _formula(data, radius, counts)


def _npeet_scipy(data):  # type: ignore[no-untyped-def]
    from scipy.spatial import cKDTree

    radius = cKDTree(np.hstack(data)).query(np.hstack(data), [K + 1], p=np.inf)[0][:, 0]

    def counts(points, inside):  # type: ignore[no-untyped-def]
        return cKDTree(points).query_ball_point(points, inside, p=np.inf, return_length=True)

    return _formula(data, radius, counts)


def _dit(data):  # type: ignore[no-untyped-def]
    from dit.inference.knn_estimators import total_correlation_ksg

    x, y = (s.shape[1] for s in data)
    bits = total_correlation_ksg(np.hstack(data), [list(range(x)), list(range(x, x + y))], k=K)
    return bits * math.log(2)


def _infomeasure(data):  # type: ignore[no-untyped-def]
    from infomeasure import conditional_mutual_information, mutual_information

    options = {"approach": "ksg", "k": K, "noise_level": 0, "base": "e"}
    if len(data) == 2:
        return mutual_information(*data, **options)
    x, y, z = (s[:, 0] for s in data)
    return conditional_mutual_information(x, y, cond=z, **options)


def _ennemi_given(data):  # type: ignore[no-untyped-def]
    from ennemi import estimate_mi

    x, y, z = (s[:, 0] for s in data)
    return estimate_mi(y, x, cond=z, k=K, preprocess=False, max_threads=1).item()


def _ennemi_ross(data):  # type: ignore[no-untyped-def]
    from ennemi import estimate_mi

    number, label = data
    return estimate_mi(label, number, k=K, discrete_y=True, preprocess=False, max_threads=1).item()


def _sklearn_ross(data):  # type: ignore[no-untyped-def]
    from sklearn.feature_selection import mutual_info_classif

    return mutual_info_classif(data[0][:, None], data[1], n_neighbors=K, random_state=0)[0]
