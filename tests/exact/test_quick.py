"""The short way for one NumPy table gives what the general way gives, and leaves complaints to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adami.exact import (
    co_information,
    conditional_entropy,
    dual_total_correlation,
    entropy,
    mutual_information,
    o_information,
    total_correlation,
)
from adami.exact._quick import quick

MEASURES = (total_correlation, dual_total_correlation, o_information, co_information)


def drawn(seed: int, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(int(np.prod(shape)))).reshape(shape)
    p[rng.random(shape) < 0.2] = 0.0
    return p / p.sum()


def same(measure: Callable[..., Any], p: np.ndarray, *arguments: Any, **options: Any) -> None:
    short = measure(p, *arguments, **options)
    general = measure(p[None], *arguments, batch_dims=1, **options)[0]
    assert type(short) is np.float64
    assert short == pytest.approx(float(general), abs=1e-13)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (3, 1, 2, 2), (2, 2, 3, 2, 2)])
def test_both_ways_agree(shape: tuple[int, ...]) -> None:
    for seed in range(5):
        p = drawn(seed, *shape)
        for base in (None, 2, 10):
            same(mutual_information, p, 0, 1, base=base)
            same(mutual_information, p, -1, 0, base=base)
            same(conditional_entropy, p, 1, 0, base=base)
            assert entropy(p, base=base) == pytest.approx(
                float(entropy(p[None], axis=tuple(range(1, p.ndim + 1)), base=base)[0])
            )
            for measure in MEASURES:
                same(measure, p, base=base)
        if len(shape) > 3:
            same(mutual_information, p, (3, 0), 2, given=1)
            same(conditional_entropy, p, (2, 0), (3, 1))
            for measure in MEASURES:
                same(measure, p, [(2, 0), 1, 3])
                same(measure, p.transpose(2, 0, 3, 1, *range(4, p.ndim)), [(2, 0), 1])


def test_what_is_no_plain_question_is_left_alone() -> None:
    p = drawn(0, 2, 2)
    assert quick("mutual", p, (0, 1, ()), None) is not None
    assert quick("mutual", p.tolist(), (0, 1, ()), None) is None
    assert quick("mutual", p.astype(np.float32), (0, 1, ()), None) is None
    assert quick("mutual", p, (0, 2, ()), None) is None
    assert quick("mutual", p, (0, 0, ()), None) is None
    assert quick("mutual", p, (0, (), ()), None) is None
    assert quick("mutual", p, ([0], 1, ()), None) is None
    for wrong in (p * 2, np.array([[np.nan, 0.5], [0.25, 0.25]]), p - 0.5, np.full((2, 2), np.inf)):
        assert quick("mutual", wrong, (0, 1, ()), None) is None
    with pytest.raises(ValueError, match="base"):
        mutual_information(p, base=1)
