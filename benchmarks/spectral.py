"""Diffusion spectral entropy beside the package of the paper's authors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from benchmarks._harness import Case, Peer

SIGMA = 10.0


def cases() -> list[Case]:
    """Return the comparisons of this file."""
    # it adds a rounding error of one to each probability before its logarithm
    peers = {"dse-dsmi": Peer(_dse_dsmi, "dse_dsmi", 1e-9)}
    # with a spectrum of full rank all eigenvalues have to be found, and the time is LAPACK's
    clouds: dict[str, tuple[Callable[[int], np.ndarray], float]] = {
        "3 columns": (_normal(3), 5),
        "10 columns": (_normal(10), 1),
        "64 columns": (_normal(64), 1),
        "32 rectified units": (_rectified, 1),
    }
    return [
        Case(f"Diffusion spectral entropy, {name}", (500, 2_000), make, _ours, peers, {2_000: bar})
        for name, (make, bar) in clouds.items()
    ]


def _normal(d: int) -> Callable[[int], np.ndarray]:
    def make(n: int) -> np.ndarray:
        return np.random.default_rng([n, d]).normal(size=(n, d))

    return make


def _rectified(n: int) -> np.ndarray:
    """A layer of a network at its first weights, on inputs of few factors."""
    rng = np.random.default_rng(n)
    inputs = np.tanh(rng.normal(size=(n, 8)) @ rng.normal(size=(8, 64)))
    return np.maximum(inputs @ rng.normal(size=(64, 32)) / 8, 0)


def _ours(data):  # type: ignore[no-untyped-def]
    from adami.estimators import diffusion_spectral_entropy

    return diffusion_spectral_entropy(data, SIGMA)


def _dse_dsmi(data):  # type: ignore[no-untyped-def]
    from dse_dsmi.dse import diffusion_spectral_entropy

    return diffusion_spectral_entropy(data, gaussian_kernel_sigma=SIGMA) * math.log(2)
