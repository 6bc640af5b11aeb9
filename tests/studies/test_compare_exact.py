"""The comparison of `adami.exact`: what must be so between its contestants."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from studies import _exact_fits as fits
from studies import _exact_searches as searches
from studies.comparison import Row, markdown


def values(rows: list[Row], metric: str | None = None) -> dict[str, dict[str, float]]:
    """Return case -> contestant -> value."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if metric is None or row.metric.startswith(metric):
            found[row.case][row.who] = row.value
    return found


def test_couplings_keep_their_order() -> None:
    rows = searches.couplings(np.random.default_rng(0), 3, (6, 5))
    (reached,) = values(rows).values()
    most = reached.pop("upper bound")
    assert all(value <= most + 1e-9 for value in reached.values())
    assert reached["independent"] == pytest.approx(0, abs=1e-9)
    assert reached["greedy, largest masses"] > reached["bottleneck, code of 25% of the source's entropy"] > 0


def test_no_search_beats_the_exhaustive_one() -> None:
    rows = searches.subsets(np.random.default_rng(0), 5, 10)
    for case, reached in values(rows).items():
        best = reached["exhaustive"]
        assert all(value <= best + 1e-9 for value in reached.values()), case
        assert len(reached) > 1


def test_bottleneck_and_rate_distortion_meet() -> None:
    rows = searches.rates(np.random.default_rng(0), 4)
    for reached in values(rows, "rate - beta").values():
        assert reached["rate-distortion"] == pytest.approx(reached["bottleneck, soft"], abs=1e-6)
        assert min(reached.values()) == pytest.approx(reached["bottleneck, soft"], abs=1e-6)


def test_redundancies_are_consistent() -> None:
    rows = searches.redundancies()
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        totals[row.case, row.who] += row.value
    bits = {"redundant copy": 1, "exclusive or": 1, "and": 0.811278, "sum": 1.5, "two-bit copy": 2}
    for (case, measure), total in totals.items():
        assert total == pytest.approx(bits.get(case, 1), abs=1e-5), (case, measure)


def test_common_informations_are_ordered() -> None:
    for reached in values(searches.commons(np.random.default_rng(0))).values():
        assert reached["Gacs-Korner"] <= reached["mutual information"] + 1e-9
        assert reached["mutual information"] <= reached["Wyner"] + 1e-3


def test_mixtures_are_near_the_truth() -> None:
    for reached in values(fits.mixtures(np.random.default_rng(0), 2, 300)).values():
        assert max(reached, key=reached.__getitem__) == "the true law"
        assert min(reached.values()) > reached["the true law"] - 0.5


@pytest.mark.full
def test_precisions_are_near_the_truth() -> None:
    losses = values(fits.precisions(np.random.default_rng(0), 6, 1), "divergence")
    many = losses["all edges attractive, 6 variables, 300 rows, means of 1"]
    assert all(0 < value < 0.3 for value in many.values())


def test_the_page_holds_every_row() -> None:
    rows = [
        Row("A", "one", "ours", "error, nats", -1e-9, "lower", 0.5, "said"),
        Row("A", "one", "theirs", "error, nats", 2.0, "lower"),
        Row("A", "one", "theirs", "size", 3.0, ""),
    ]
    page = markdown(rows)
    assert "| ours | 0.0000 |  | 0.5 | said |" in page
    assert "| theirs | 2.0000 | 3.0000 |  |  |" in page
    assert "error, nats (lower is better)" in page
