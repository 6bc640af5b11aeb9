"""Any rows whatever: every verb gives a number that is no NaN, or an error of our own, in words."""

from __future__ import annotations

import math
import traceback
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import adami
from adami.result import Estimate

SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
HOME = str(Path(adami.__file__).parent)
NASTY = (0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, 1e-300, math.nan, math.inf, -math.inf, 2**53 + 1, 0.1)
KINDS = st.sampled_from([None, None, None, "continuous", "discrete", "mixed", "nonsense"])
MISSING = st.sampled_from(["raise", "drop", "category", "nonsense"])
METHODS = st.sampled_from(
    ["auto", "auto", "ksg", "plugin", "gaussian", "gaussian_copula", "mixed_ksg", "ross", "kl"]
)


def numbers(n):
    tame = hnp.arrays(np.float64, n, elements=st.floats(-1e6, 1e6, width=32))
    few = hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0, 2.0, 0.5]))
    nasty = hnp.arrays(np.float64, n, elements=st.one_of(st.sampled_from(NASTY), st.floats()))
    smooth = st.integers(0, 10**6).map(lambda s: np.random.default_rng(s).normal(size=n))
    scaled = st.tuples(smooth, st.sampled_from([1e-300, 1e-12, 1e12, 1e300])).map(lambda p: p[0] * p[1])
    single = smooth.map(lambda v: v.astype(np.float32))
    return st.one_of(smooth, scaled, single, tame, few, nasty)


def labels(n):
    words = st.lists(st.sampled_from(["a", "b", "", "ü", "a "]), min_size=n, max_size=n)
    gaps = st.lists(st.sampled_from(["a", "b", None, math.nan]), min_size=n, max_size=n)
    odd = st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=2)), min_size=n, max_size=n
    )
    whole = hnp.arrays(st.sampled_from([np.int8, np.uint64, np.int64, bool]), n)
    days = hnp.arrays("datetime64[D]", n, elements=st.datetimes().map(lambda d: np.datetime64(d, "D")))
    return st.one_of(words, gaps, odd, whole, days, st.just(np.array(["x"] * n)), st.just(np.arange(n)))


def columns(n):
    wide = st.integers(0, 10**6).map(lambda s: np.random.default_rng(s).normal(size=(n, 3)))
    deep = st.just(np.zeros((n, 2, 2)))
    empty = st.sampled_from([[], np.zeros((n, 0)), 3.0, "text", None, {}, object()])
    return st.one_of(numbers(n), numbers(n), labels(n), labels(n), wide, deep, empty)


@st.composite
def rows(draw, slots):
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 12, 40, 80]))
    return [draw(columns(n if draw(st.integers(0, 12)) else n + 1)) for _ in range(slots)]


def survives(verb, *args, **options):
    """Return what the verb gives, or None after an error that our own code raised in words."""
    try:
        return verb(*args, **options)
    except (ValueError, TypeError, KeyError) as error:
        caught = error
    frame = traceback.extract_tb(caught.__traceback__)[-1]
    assert frame.filename.startswith(HOME), f"raised by {frame.filename}:{frame.lineno}: {caught!r}"
    assert len(str(caught)) > 15
    return None


def sound(estimate):
    if estimate is None:
        return
    assert isinstance(estimate, Estimate)
    assert not math.isnan(estimate)
    if math.isinf(estimate):
        assert estimate.diagnostics
    if estimate.interval is not None:
        assert not any(math.isnan(end) for end in estimate.interval)
        assert estimate.interval[0] <= estimate.interval[1]
    if estimate.p_value is not None:
        assert 0 <= estimate.p_value <= 1
    repr(estimate)
    estimate.to_dict()
    assert all(len(d.message) > 15 for d in estimate.diagnostics)


@given(rows(2), METHODS, KINDS, MISSING)
@SETTINGS
def test_information(data, method, kinds, missing):
    x, y = data
    sound(survives(adami.information, x, y, method=method, kinds=kinds, missing=missing, permutations=3))


@given(
    rows(3),
    st.sampled_from(["auto", "plugin", "mesner_shalizi", "frenzel_pompe", "gaussian"]),
    KINDS,
    MISSING,
)
@SETTINGS
def test_conditional_information(data, method, kinds, missing):
    x, y, z = data
    sound(
        survives(
            adami.information, x, y, given=z, method=method, kinds=kinds, missing=missing, permutations=2
        )
    )


@given(rows(1), METHODS, KINDS, MISSING)
@SETTINGS
def test_entropy(data, method, kinds, missing):
    sound(survives(adami.entropy, data[0], method=method, kinds=kinds, missing=missing))


@given(rows(3), KINDS, MISSING)
@SETTINGS
def test_many_variables(data, kinds, missing):
    sound(survives(adami.total_correlation, data, kinds=kinds, missing=missing))
    sound(survives(adami.o_information, data, kinds=kinds, missing=missing))


@given(rows(2), st.integers(-1, 4), st.integers(-1, 3))
@SETTINGS
def test_transfer_entropy(data, lag, history):
    sound(survives(adami.transfer_entropy, *data, lag=lag, history=(history, 1)))


@given(rows(2), MISSING)
@SETTINGS
def test_pointwise(data, missing):
    local = survives(adami.pointwise, *data, missing=missing)
    assert local is None or (local.ndim == 1 and not np.isnan(local).any())


@given(rows(3), MISSING, st.sampled_from(["a", "b", "nowhere", 3]))
@settings(SETTINGS, max_examples=25)
def test_tables(data, missing, target):
    frame = dict(zip("abc", data))
    options = {"missing": missing, "permutations": 3}
    ranking = survives(adami.rank, frame, target, **options)
    if ranking is not None:
        for row in ranking.rows:
            sound(row.information)
    matrix = survives(adami.matrix, frame, missing=missing)
    if matrix is not None:
        # the diagonal has no number for continuous columns
        gaps = np.isnan(matrix.information) & ~np.eye(len(matrix.names), dtype=bool)
        assert matrix.diagnostics or not gaps.any()


@pytest.mark.parametrize("verb", ["information", "entropy", "pointwise"])
def test_names_without_a_frame_are_explained(verb):
    arguments = ("a", "b", "c") if verb != "entropy" else ("a", "b")
    with pytest.raises(TypeError, match="frame"):
        getattr(adami, verb)(*arguments)
