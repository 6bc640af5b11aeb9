"""Every function that takes a law, a joint table or a kernel refuses what is none, in one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adami import exact

LAW = np.array([0.5, 0.25, 0.25])
JOINT = np.array([[0.25, 0.25], [0.0, 0.5]])
THREE = np.full((2, 2, 2), 0.125)
KERNEL = np.array([[0.75, 0.25], [0.5, 0.5]])

TAKES: dict[str, tuple[np.ndarray, Callable[[Any], Any]]] = {
    "greedy_mec": (LAW, lambda p: exact.greedy_mec(p, LAW)),
    "majorization_meet": (LAW, lambda p: exact.majorization_meet(LAW, p)),
    "ebim": (LAW, lambda p: exact.ebim(p, 0.5)),
    "CouplingBottleneck": (LAW, lambda p: exact.CouplingBottleneck(0.5).fit(LAW, p)),
    "determinism_gap": (LAW, exact.determinism_gap),
    "determinism_gap of a kernel": (KERNEL, exact.determinism_gap),
    "independence_gap": (JOINT, exact.independence_gap),
    "kernel_divergence": (KERNEL, lambda K: exact.kernel_divergence(KERNEL, K)),
    "factorized_mi": (THREE, lambda p: exact.factorized_mi(p, [(0, 1), (1, 2)])),
    "partial_information": (THREE, exact.partial_information),
    "gacs_korner": (JOINT, exact.gacs_korner_common_information),
    "wyner": (JOINT, lambda p: exact.wyner_common_information(p, restarts=1, random_state=0)),
    "channel_capacity": (KERNEL, exact.channel_capacity),
    "rate_distortion": (LAW, lambda p: exact.rate_distortion(p, 1 - np.eye(3), slope=1.0)),
    "information_bottleneck": (JOINT, lambda p: exact.information_bottleneck(p, 2.0, random_state=0)),
    "hidden_markov_entropy_rate": (KERNEL, exact.hidden_markov_entropy_rate),
    "MultiChain": (np.full((4, 4), 0.25), lambda K: exact.MultiChain(K, (2, 2))),
    "SemanticChannel": (LAW, lambda p: exact.SemanticChannel([[1.0], [0.5], [0.0]], p)),
    "pointwise_mutual_information": (JOINT, exact.pointwise_mutual_information),
    "marginal": (JOINT, lambda p: exact.marginal(p, 0)),
    "stationary": (KERNEL, exact.stationary),
    "closed_classes": (KERNEL, exact.closed_classes),
    "edge_measure": (KERNEL, exact.edge_measure),
}


def spoiled(good: np.ndarray) -> dict[str, np.ndarray]:
    """Return arrays that are no laws, each in one way."""
    at = tuple(0 for _ in good.shape)
    too_much, negative, missing, endless = (good.copy() for _ in range(4))
    too_much[at] += 0.25
    negative[at] -= 2.0
    negative[(*at[:-1], 1)] += 2.0
    missing[at] = np.nan
    endless[at] = np.inf
    return {"sum": too_much, "negative": negative, "nan": missing, "inf": endless, "empty": good[:0]}


@pytest.mark.parametrize("name", TAKES)
def test_what_is_no_law_is_refused(name: str) -> None:
    good, call = TAKES[name]
    call(good)
    for what, bad in spoiled(good).items():
        with pytest.raises(ValueError, match=r".{15,}") as problem:
            call(bad)
        assert "\n" not in str(problem.value), (name, what)


@pytest.mark.parametrize("name", TAKES)
def test_an_array_handed_in_is_not_changed(name: str) -> None:
    good, call = TAKES[name]
    given = good.copy()
    call(given)
    np.testing.assert_array_equal(given, good)


def test_tables_beyond_the_limit_are_refused() -> None:
    large = np.full((1024, 1025), 1 / (1024 * 1025))
    for call in (exact.partial_information, exact.gacs_korner_common_information):
        with pytest.raises(ValueError, match="allow_large"):
            call(large[..., None] if call is exact.partial_information else large)
    with pytest.raises(ValueError, match="allow_large"):
        exact.MultiChain(np.eye(2048), (2,) * 11)
    wide = exact.greedy_mec(np.full(2000, 1 / 2000), np.full(2000, 1 / 2000))
    with pytest.raises(ValueError, match="allow_large"):
        wide.toarray()
    assert wide.toarray(allow_large=True).shape == (2000, 2000)
