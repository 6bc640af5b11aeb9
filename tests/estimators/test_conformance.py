"""What every registered estimator has in common: one suite, run over all of them."""

from __future__ import annotations

import importlib
import inspect
import math

import numpy as np
import pytest
from sklearn.base import clone

from adami.estimators._base import Estimator
from adami.estimators.registry import CLASSES, get, names
from adami.estimators.resampling import assess
from adami.result import Estimate
from adami.variables import variable

N = 200
LABEL_METHODS = ("chao_shen", "grassberger", "jackknife", "miller_madow", "nsb", "plugin", "shrinkage")
NUMBER_METHODS = ("gaussian", "ksg", "lnc", "student_copula")
LEARNED = (
    *(
        "doe",
        "generative",
        "info_diffusion",
        "infonce",
        "lmi",
        "lossy",
        "minde",
        "mine",
        "mist",
        "nwj",
        "smile",
        "soi",
    ),
    *("coding_rate", "cs_qmi", "dse", "dsmi", "kde", "wasserstein", "weighted_kl"),
)
ANY_METHODS = ("auto", "frenzel_pompe", "mesner_shalizi", "mixed_ksg")
PAIRS = {
    **dict.fromkeys(LABEL_METHODS, ("dd",)),
    **dict.fromkeys(NUMBER_METHODS, ("cc", "vv")),
    **dict.fromkeys(ANY_METHODS, ("cc", "cd", "dd", "mm", "vv", "vd")),
    "gaussian_copula": ("cc", "cd", "vv", "vd"),
    "ross": ("cd", "vd"),
    "kl": (),
    # these have a suite of their own, test_learned_conformance
    **dict.fromkeys(LEARNED, ()),
}
"""Pairs of kinds that a method takes: c number, v two numbers, m zero-inflated number, d label."""
CONDITIONAL = (
    *LABEL_METHODS,
    "auto",
    "frenzel_pompe",
    "gaussian",
    "gaussian_copula",
    "mesner_shalizi",
    "student_copula",
)
ENTROPY = (*LABEL_METHODS, "auto", "gaussian", "kde", "kl", "weighted_kl")
PUBLISHED_BIAS = {
    ("frenzel_pompe", "mm"): 0.12,
    ("mesner_shalizi", "dd"): 0.04,
    ("mesner_shalizi", "mm"): 0.15,
    ("mixed_ksg", "mm"): 0.12,
}
"""Largest mean on independent data where the published formula itself is off zero at 200 rows."""
CLASSICAL = [name for name in CLASSES if name not in LEARNED]
CASES = [(name, pair) for name, pairs in PAIRS.items() for pair in pairs]
MEASURES = [name for name, pairs in PAIRS.items() if pairs]


def draw(pair, n=N, seed=0, strength=0.7):
    """Return x and y of these kinds that share a Gaussian factor of the given strength."""
    rng = np.random.default_rng([seed, n])
    factor = rng.normal(size=n)
    return tuple(_of_kind(kind, factor, strength, rng) for kind in pair)


def _of_kind(kind, factor, strength, rng):
    noisy = strength * factor + math.sqrt(1 - strength**2) * rng.normal(size=len(factor))
    if kind == "d":
        return np.digitize(noisy, [-0.5, 0.5])
    if kind == "m":
        return np.where(noisy > 0, noisy, 0.0)
    if kind == "v":
        return np.column_stack([noisy, rng.normal(size=len(factor))])
    return noisy


def close(a, b, tolerance=1e-9):
    return abs(float(a) - float(b)) <= tolerance


def usable(name, pair=None):
    """Return data for any method that measures information, of kinds that it takes."""
    return draw(pair or PAIRS[name][0])


def test_every_method_is_in_this_suite():
    assert sorted(PAIRS) == names() == sorted(CLASSES)


# -- an object as scikit-learn knows them ----------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_is_a_scikit_learn_style_object(name):
    estimator = get(name)
    assert isinstance(estimator, Estimator)
    assert estimator.name == name
    parameters = estimator.get_params()
    signature = inspect.signature(type(estimator)).parameters
    assert set(parameters) == set(signature)
    for key, value in parameters.items():
        assert signature[key].default is not inspect.Parameter.empty
        assert repr(value) == repr(signature[key].default)
        assert hasattr(estimator, key)
    twin = clone(estimator)
    assert type(twin) is type(estimator)
    assert twin is not estimator
    assert repr(twin) == repr(estimator) == f"{type(estimator).__name__}()"
    assert estimator.set_params(**parameters) is estimator
    with pytest.raises(ValueError, match="no parameter 'nonsense'"):
        estimator.set_params(nonsense=1)
    assert vars(twin) == {k: v for k, v in parameters.items() if "__" not in k}


@pytest.mark.parametrize("name", CLASSES)
def test_repr_names_what_was_changed(name):
    estimator = get(name)
    if "k" not in estimator.get_params():
        return
    assert repr(get(name, k=7)) in (f"{type(estimator).__name__}(k=7)", f"{type(estimator).__name__}()")
    assert clone(get(name, k=9)).k == 9


@pytest.mark.parametrize("name", CLASSES)
def test_is_documented_and_cites_its_paper(name):
    module, cls = CLASSES[name]
    text = getattr(importlib.import_module(f"adami.estimators.{module}"), cls).__doc__
    for section in ("References", "Examples"):
        assert section in text
    assert ">>>" in text


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_gives_a_complete_estimate(name, pair):
    x, y = draw(pair)
    kept = x.copy(), y.copy()
    e = get(name).estimate(x, y)
    assert isinstance(e, Estimate)
    assert math.isfinite(e)
    assert e > 0
    assert (e.n, e.method, e.quantity) == (N, name, "mutual information")
    assert len(e.kinds) == 2
    if e.interval is not None:
        assert e.interval[0] <= e.interval[1]
    if e.p_value is not None:
        assert 0 <= e.p_value <= 1
    if e.pointwise is not None:
        assert e.pointwise.shape == (N,)
        assert np.isfinite(e.pointwise).all()
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    assert get(name).estimate(x, y) == e


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_is_symmetric(name, pair):
    x, y = draw(pair)
    assert close(get(name).estimate(x, y), get(name).estimate(y, x), 1e-9)


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_does_not_depend_on_the_order_of_rows(name, pair):
    x, y = draw(pair)
    rows = np.random.default_rng(1).permutation(N)
    assert close(get(name).estimate(x, y), get(name).estimate(x[rows], y[rows]), 1e-9)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
@pytest.mark.parametrize(("name", "pair"), [(n, p) for n, p in CASES if set(p) & set("cvm")])
def test_does_not_depend_on_the_unit(name, pair, factor):
    x, y = draw(pair)
    plain = get(name).estimate(x, y)
    assert close(plain, get(name).estimate(x * factor if pair[0] != "d" else x, y), 1e-6)
    if pair[1] != "d":
        assert close(plain, get(name).estimate(x, y * factor), 1e-6)


@pytest.mark.parametrize(("name", "pair"), [(n, p) for n, p in CASES if "d" in p])
def test_does_not_depend_on_the_names_of_labels(name, pair):
    x, y = draw(pair)
    words = np.array(["zebra", "ant", "mouse"])[y]
    assert close(get(name).estimate(x, y), get(name).estimate(x, words), 1e-9)


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_the_container_does_not_matter(name, pair):
    import pandas as pd

    x, y = draw(pair)
    x, y = (v if v.dtype.kind == "i" else v.astype(np.float32).astype(np.float64) for v in (x, y))
    plain = get(name).estimate(x, y)
    lists = get(name).estimate(x.tolist(), y.tolist())
    single = get(name).estimate(*(v if v.dtype.kind == "i" else v.astype(np.float32) for v in (x, y)))
    frames = get(name).estimate(
        *(pd.DataFrame(v.reshape(N, -1), columns=list("pq")[: v[0].size]) for v in (x, y))
    )
    assert plain == lists == single == frames


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_independent_data_give_about_zero(name, pair):
    values = np.array([get(name).estimate(*draw(pair, seed=s, strength=0.0)) for s in range(12)])
    assert abs(values.mean()) <= PUBLISHED_BIAS.get((name, pair), 2 * values.std(ddof=1) + 1e-3)


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_more_dependence_gives_more_information(name, pair):
    weak, strong = (get(name).estimate(*draw(pair, strength=s)) for s in (0.3, 0.95))
    assert strong > weak + 0.05


# -- entropy and condition -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_entropy_works_or_says_what_to_use(name):
    x = draw("dd" if name in LABEL_METHODS else "cc")[0]
    if name in ("coding_rate", "dse", "minde", "info_diffusion"):
        return  # other measures, and entropies that take a training: in their own files
    if name not in ENTROPY:
        with pytest.raises(TypeError, match=f"{name!r} has no entropy; use"):
            get(name).estimate(x)
        return
    e = get(name).estimate(x)
    assert math.isfinite(e)
    assert e.n == N
    assert e.quantity == ("entropy" if name in LABEL_METHODS else "differential entropy")
    truth = 1.098 if name in LABEL_METHODS else 1.419
    assert abs(e - truth) < 0.25


@pytest.mark.parametrize("name", CLASSICAL)
def test_condition_works_or_says_what_to_use(name):
    kinds = "ddd" if name in LABEL_METHODS else "ccc"
    rng = np.random.default_rng(0)
    x, y, z = (_of_kind(k, rng.normal(size=400), 0.0, rng) for k in kinds)
    if name not in CONDITIONAL:
        with pytest.raises(TypeError, match="use"):
            get(name).estimate(x, y, z)
        return
    nothing = get(name).estimate(x, y, z)
    assert nothing.quantity == "conditional mutual information"
    assert len(nothing.kinds) == 3
    assert abs(nothing) < 0.15
    both = y + z if kinds == "ccc" else (y + z) % 3
    hidden = get(name).estimate(x if kinds == "ccc" else y, both if kinds == "ddd" else x + both, z)
    assert hidden > 0.2


@pytest.mark.parametrize("name", ANY_METHODS)
@pytest.mark.parametrize("kinds", ["cdc", "ccd", "dcd", "ddc", "mmc", "vcv"])
def test_condition_of_any_kind(name, kinds):
    if name == "mixed_ksg":
        return
    rng = np.random.default_rng(0)
    factor = rng.normal(size=400)
    slots = [_of_kind(k, factor, 0.6, rng) for k in kinds]
    e = get(name).estimate(*slots)
    assert math.isfinite(e)
    assert -0.2 < e < 0.6


@pytest.mark.parametrize("name", CLASSICAL)
def test_kinds_that_are_not_taken_are_refused_with_a_way_out(name):
    told = set()
    for pair in ("cc", "cd", "dd", "mm", "vv"):
        if pair in PAIRS[name]:
            continue
        x, y = draw(pair)
        try:
            assert math.isfinite(get(name).estimate(x, y))
        except TypeError as error:
            told.add(str(error))
    assert all("use" in message or "leave" in message for message in told)


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MEASURES)
def test_unequal_lengths(name):
    x, y = usable(name)
    with pytest.raises(ValueError, match=r"x.*200.*y.*199"):
        get(name).estimate(x, y[:-1])


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_missing_and_infinite_values_are_named(name, poison):
    x, y = usable(name)
    x = x.astype(float)
    x[(3,) + (0,) * (x.ndim - 1)] = poison
    with pytest.raises(ValueError, match=r"'x.*1|'x.*infinite"):
        get(name).estimate(x, y)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_too_few_rows_are_an_error_or_a_finite_number_with_a_warning(name, rows):
    x, y = usable(name)
    kinds = ["discrete" if v.dtype.kind == "i" else "continuous" for v in (x, y)]
    vx, vy = (variable(v[:rows], s, kinds=k) for v, s, k in zip((x, y), "xy", kinds))
    try:
        e = assess(get(name), vx, vy)
    except ValueError as error:
        told = str(error)
    else:
        told = "row" if math.isfinite(e) and (e.diagnostics or name in LABEL_METHODS) else repr(e)
    assert "row" in told


@pytest.mark.parametrize("name", MEASURES)
def test_no_rows_and_no_data(name):
    with pytest.raises(ValueError, match="no rows"):
        get(name).estimate([], [])
    with pytest.raises(TypeError, match="x: expected"):
        get(name).estimate(3.0, [1.0])


@pytest.mark.parametrize("name", MEASURES)
def test_a_constant_column_gives_exactly_zero(name):
    x, _ = usable(name)
    for constant in (np.full(N, 3.7), ["same"] * N):
        e = assess(get(name), variable(x, "x"), variable(constant, "y"))
        assert e.value == 0.0
        assert "constant" in e.flags


@pytest.mark.parametrize("name", [n for n in MEASURES if "vv" in PAIRS[n]])
def test_a_constant_column_in_a_vector_changes_nothing(name):
    x, y = draw("cc")
    with_constant = variable(np.column_stack([x, np.full(N, 5.0)]), "x", kinds="continuous")
    e = get(name).estimate(with_constant, y)
    assert close(e, get(name).estimate(x, y), 0.02)
    e = assess(get(name), variable(np.full(N, 5.0), "x", kinds="continuous"), variable(y, "y"))
    assert e.value == 0.0


@pytest.mark.parametrize("name", [n for n in MEASURES if "cc" in PAIRS[n]])
def test_a_copy_gives_no_plain_finite_number(name):
    x, _ = draw("cc")
    for y in (x, -2 * x + 1):
        e = assess(get(name), variable(x, "x"), variable(y, "y"))
        assert e.value == math.inf
        assert "perfect_dependence" in {d.flag for d in e.warnings}


@pytest.mark.parametrize("name", [n for n in MEASURES if "cc" in PAIRS[n]])
def test_duplicated_rows_do_not_crash(name):
    x, y = draw("cc")
    e = assess(get(name), variable(np.repeat(x, 2), "x"), variable(np.repeat(y, 2), "y"))
    assert math.isfinite(e)
    assert "ties" in e.flags


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_threads_do_not_change_the_number(name, pair):
    if "n_jobs" not in get(name).get_params():
        return
    x, y = draw(pair, n=3000)
    assert get(name, n_jobs=1).estimate(x, y) == get(name, n_jobs=2).estimate(x, y)


@pytest.mark.parametrize(("name", "pair"), CASES)
def test_assess_adds_an_interval_and_a_p_value(name, pair):
    x, y = (variable(v, s) for v, s in zip(draw(pair, strength=0.9), "xy"))
    e = assess(get(name), x, y, permutations=9, n_jobs=2)
    assert e.interval is not None
    assert e.interval[0] <= e.value <= e.interval[1]
    assert e.p_value == 0.1
    assert e == assess(get(name), x, y, permutations=9, n_jobs=1)
