"""Profiles made by hand, so that the page is tested apart from the analysis that fills it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from adami.report.results import ColumnSummary, Interaction, Matrix, Profile, Ranking, Relevance, Step
from adami.result import Diagnostic, Estimate
from adami.variables import column, missing_rows


def _codes(raw: np.ndarray, bins: int = 5) -> np.ndarray:
    """Return labels as codes and numbers cut at quantiles; missing values are a code of their own."""
    if raw.dtype == object or raw.dtype.kind == "b" or len(np.unique(raw)) <= bins:
        return np.unique(raw.astype(str), return_inverse=True)[1]
    if raw.dtype.kind in "mM":
        raw = np.where(np.isnat(raw), np.nan, raw.astype("int64").astype(float))
    cuts = np.nanquantile(raw, np.linspace(0, 1, bins + 1)[1:-1]) if not np.isnan(raw).all() else [0.0]
    return np.where(np.isnan(raw), bins, np.searchsorted(cuts, raw)).astype(np.int64)


def _entropy(*codes: np.ndarray) -> float:
    joint = np.zeros(len(codes[0]), dtype=np.int64)
    for c in codes:
        joint = joint * (int(c.max()) + 1) + c
    _, counts = np.unique(joint[:1000], return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _shared(a: np.ndarray, b: np.ndarray) -> float:
    return _entropy(a) + _entropy(b) - _entropy(a, b)


def _estimate(value: float, n: int, p: float | None = 0.005, wide: float = 0.05, **more: Any) -> Estimate:
    ends = None if math.isinf(value) else (value - wide, value + wide)
    return Estimate(
        value, method="auto: ross", n=n, interval=ends, interval_kind="subsample", p_value=p, **more
    )


def build(data: Mapping[str, np.ndarray], target: str, source: str = "table.csv") -> Profile:
    """Return a profile of the shape that the analysis returns, with plug-in numbers on cut columns."""
    n = len(data[target])
    coded = {name: _codes(raw) for name, raw in data.items()}
    goal = coded[target]
    kinds = {}
    for name, raw in data.items():
        here = raw[~missing_rows(raw)]
        kinds[name] = column(here, name).kind if len(here) else "continuous"
    label = kinds[target] == "discrete"
    h = _entropy(goal)
    others = sorted((c for c in data if c != target), key=lambda c: -_shared(coded[c], goal))
    few = Diagnostic("small_class", "the smallest class has few rows", "warning", "high")
    rows = tuple(
        Relevance(
            c,
            kinds[c],
            _estimate(
                v := _shared(coded[c], goal), n, 0.005 if v > 0.05 else 0.4, diagnostics=(few,) * (i == 1)
            ),
            share=v / h if label else None,
            missing=int(missing_rows(data[c]).sum()),
            adjusted_p=0.006 if v > 0.05 else 0.42,
            repeats=others[0] if i == 2 else None,
        )
        for i, c in enumerate(others)
    )
    pairs = []
    for i, a in enumerate(others[:6]):
        for b in others[i + 1 : 6]:
            both = np.unique(np.column_stack([coded[a], coded[b]]), axis=0, return_inverse=True)[1].ravel()
            together = _shared(both, goal)
            balance = together - _shared(coded[a], goal) - _shared(coded[b], goal)
            pairs.append(Interaction(a, b, together, _estimate(balance, n, None, 0.04)))
    steps, chosen, total = [], np.zeros(n, dtype=int), 0.0
    for i, c in enumerate(others[:4]):
        chosen = np.unique(np.column_stack([chosen, coded[c]]), axis=0, return_inverse=True)[1].ravel()
        gain = _shared(chosen, goal) - total
        total += gain
        steps.append(Step(c, _estimate(gain, n, 0.005 if i < 3 else 0.21), total, i < 3))
    names = tuple(data)
    info = np.array([[_shared(coded[a], coded[b]) for b in names] for a in names])
    own = np.maximum(np.diag(info), 1e-12)
    normal = np.clip(info / np.minimum(own[:, None], own), 0, 1)
    matrix = Matrix(
        names,
        tuple(kinds[c] for c in names),
        info,
        normal,
        np.full(info.shape, 0.005),
        np.full(info.shape, n),
        tuple(("ksg",) * len(names) for _ in names),
        settings={"method": "auto", "permutations": 0},
        seconds=0.4,
    )
    ranking = Ranking(
        target,
        kinds[target],
        _estimate(h, n, None) if label else None,
        rows,
        tuple(pairs),
        tuple(steps),
        n,
        (Diagnostic("dropped_rows", "2 of 344 rows dropped for missing values"),),
        {"method": "auto", "permutations": 199, "random_state": 0, "missing": "drop", "confidence": 0.95},
        1.7,
    )
    columns = tuple(
        ColumnSummary(
            c,
            kinds[c],
            int(missing_rows(data[c]).sum()),
            len(np.unique(data[c][~missing_rows(data[c])].astype(str))),
            None if missing_rows(data[c]).all() else _estimate(_entropy(coded[c]), n, None),
        )
        for c in names
    )
    return Profile(source, ranking, matrix, columns, data, 2.2)


def make_birds(n: int = 344) -> dict[str, np.ndarray]:
    """Return a table of all sorts of columns, with gaps."""
    rng = np.random.default_rng(5)
    kind = rng.choice(3, n, p=[0.44, 0.2, 0.36])
    length = np.array([38.8, 48.8, 47.5])[kind] + rng.normal(0, 2.8, n)
    depth = np.array([18.3, 18.4, 15.0])[kind] + rng.normal(0, 1.0, n)
    length[[3, 70]] = np.nan
    sex = np.array(["male", "female"], dtype=object)[rng.integers(0, 2, n)]
    sex[:9] = None
    rain = np.where(rng.random(n) < 0.4, 0.0, rng.gamma(2, 3, n))
    days = (rng.integers(0, 900, n) + 40 * kind).astype("timedelta64[D]")
    return {
        "species": np.array(["Adelie", "Chinstrap", "Gentoo"], dtype=object)[kind],
        "island": np.array(["Torgersen", "Biscoe", "Dream"], dtype=object)[
            (kind + (rng.random(n) < 0.3)) % 3
        ],
        "bill_length_mm": length,
        "bill_depth_mm": depth,
        "body_mass_g": np.round(3700 + 1300 * (kind == 2) + rng.normal(0, 420, n), -1),
        "sex": sex,
        "year": 2007 + rng.integers(0, 3, n),
        "rain": rain,
        "seen": np.datetime64("2021-03-01") + days,
    }


@pytest.fixture(scope="session")
def birds() -> dict[str, np.ndarray]:
    return make_birds()


@pytest.fixture(scope="session")
def built() -> Callable[..., Profile]:
    return build
