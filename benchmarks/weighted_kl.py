"""Weighted Kozachenko-Leonenko entropy, beside the package mutinfo (run by hand where that is installed)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks._harness import Case, Peer

K = 20
BAR = 4.0


def cases() -> list[Case]:
    """Return the comparisons of this file."""
    peers = {"mutinfo": Peer(_mutinfo, "mutinfo", 1e-6)}
    return [
        Case("Weighted KL entropy of 8 columns", (2_000, 10_000), _normal(8), _ours, peers, {10_000: BAR}),
        Case("Weighted KL entropy of 6 columns", (10_000,), _normal(6), _ours, peers),
    ]


def _normal(d: int) -> Callable[[int], np.ndarray]:
    def make(n: int) -> np.ndarray:
        return np.random.default_rng([n, d]).normal(size=(n, d))

    return make


def _ours(x: np.ndarray) -> float:
    from adami.estimators import bias_cancelling_weights
    from adami.estimators._kernels.euclidean import knn_distances
    from adami.estimators.weighted_kl import weighted_log_volumes

    # rows as they are and weights of both signs however large, as the peer has them
    distances = knn_distances(x, K)
    weights = bias_cancelling_weights(K, x.shape[1], "spread")
    return float(weighted_log_volumes(distances, weights, x.shape[1]).mean())


def _mutinfo(x: np.ndarray) -> float:
    from mutinfo.estimators.knn import WKL  # type: ignore[import-not-found]

    return float(WKL(k_neighbors=K).entropy(x))
