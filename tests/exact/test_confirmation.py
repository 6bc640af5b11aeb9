"""Degrees of confirmation against hand-made tables."""

from __future__ import annotations

import numpy as np
import pytest

from adami.exact import confirmation_degree


def test_independence_confirms_nothing() -> None:
    for h in (0.5, 0.2, 0.9):
        found = confirmation_degree(np.outer([h, 1 - h], [0.3, 0.7]))
        assert found.channel == pytest.approx(0, abs=1e-12)
        assert found.likelihood_ratio == pytest.approx(1)
    # the prediction degree also counts how common h is
    assert confirmation_degree(np.outer([0.5, 0.5], [0.3, 0.7])).prediction == pytest.approx(0, abs=1e-12)
    assert confirmation_degree(np.outer([0.9, 0.1], [0.3, 0.7])).prediction == pytest.approx(8 / 9)


def test_certainty_and_its_opposite() -> None:
    sure = confirmation_degree([[5, 2], [0, 7]])
    assert (sure.channel, sure.prediction, sure.likelihood_ratio) == (1.0, 1.0, np.inf)
    against = confirmation_degree([[0, 2], [5, 7]])
    assert (against.channel, against.prediction) == (-1.0, -1.0)


def test_channel_degree_is_a_function_of_the_likelihood_ratio() -> None:
    rng = np.random.default_rng(0)
    for table in rng.uniform(0.1, 1, size=(50, 2, 2)):
        found = confirmation_degree(table)
        ratio = found.likelihood_ratio
        assert found.channel == pytest.approx((ratio - 1) / max(ratio, 1))
        # more cases of h change the prediction, not the sign's worth
        common = confirmation_degree(table * [[3.0], [1.0]])
        assert common.channel == pytest.approx(found.channel)
        assert common.prediction > found.prediction
        # exchanging h and not h turns both around
        turned = confirmation_degree(table[::-1])
        assert (turned.channel, turned.prediction) == pytest.approx((-found.channel, -found.prediction))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([[1, 2, 3], [1, 2, 3]], "shape"),
        ([[1, -2], [1, 2]], "negative"),
        ([[1, np.nan], [1, 2]], "NaN"),
        ([[0, 0], [1, 2]], "h never happens"),
        ([[1, 2], [0, 0]], "not h never happens"),
        ([[0, 1], [0, 2]], "e never happens"),
    ],
)
def test_bad_tables(table: list[list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        confirmation_degree(table)
