"""What estimators that learn, code or use kernels have in common, each at a size for a test."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

from adami.estimators import get
from adami.estimators.registry import CLASSES
from adami.estimators.resampling import assess
from adami.result import Estimate
from adami.variables import variable

N = 240
CRITIC = {"steps": 60, "batch_size": 32, "every": 30, "hidden": (16,)}
DENOISER = {"steps": 60, "hidden": 16, "batch_size": 64}
SETTINGS = {
    "doe": {"steps": 150, "hidden": (16,), "batch_size": 64},
    "generative": {"components": 2},
    "info_diffusion": {**DENOISER, "n_alpha": 10},
    "infonce": CRITIC,
    "kde": {},
    "lmi": {"epochs": 4, "hidden": (16,), "latent": 2},
    "lossy": {},
    "minde": DENOISER,
    "mine": CRITIC,
    "mist": {},
    "nwj": CRITIC,
    "smile": CRITIC,
    "soi": DENOISER,
    "weighted_kl": {},
    "coding_rate": {},
    "cs_qmi": {},
    "dse": {},
    "dsmi": {},
    "wasserstein": {"derangements": 2},
}
OTHER_MEASURES = {"coding_rate", "cs_qmi", "dse", "dsmi", "wasserstein"}
ENTROPY_ONLY = {"kde", "weighted_kl", "dse"}
LABELLED = {"coding_rate", "dsmi"}
"""Methods that measure numbers against labels."""
PAIRED = sorted(set(SETTINGS) - ENTROPY_ONLY)


def small(name: str):
    return get(name, **SETTINGS[name])


def draw(name: str, strength: float = 0.9, n: int = N, seed: int = 0):
    rng = np.random.default_rng([seed, n])
    x = rng.normal(size=(n, 2))
    y = strength * x + math.sqrt(1 - strength**2) * rng.normal(size=(n, 2))
    return (x, (y[:, 0] > 0).astype(int)) if name in LABELLED else (x, y)


def test_every_learned_method_is_in_this_suite():
    from tests.estimators.test_conformance import PAIRS

    assert sorted({*SETTINGS, *PAIRS}) == sorted(CLASSES)
    assert not set(SETTINGS) & {name for name, pairs in PAIRS.items() if pairs}


@pytest.mark.parametrize("name", PAIRED)
def test_the_same_seed_gives_the_same_finite_number(name):
    x, y = draw(name)
    kept = x.copy(), y.copy()
    e = small(name).estimate(x, y)
    assert isinstance(e, Estimate)
    assert math.isfinite(e)
    assert (e.n, e.method) == (N, name)
    assert e.measure == ("shannon" if name not in OTHER_MEASURES else name)
    assert small(name).estimate(x, y).value == e.value
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    if e.interval is not None:
        assert e.interval[0] <= e.interval[1]
    if e.pointwise is not None:
        assert e.pointwise.shape == (N,)


@pytest.mark.parametrize("name", sorted(set(PAIRED) - LABELLED))
def test_dependence_is_more_than_none(name):
    strong = small(name).estimate(*draw(name, 0.95))
    none = small(name).estimate(*draw(name, 0.0))
    assert strong > none


@pytest.mark.parametrize("name", PAIRED)
def test_bad_rows_are_named(name):
    x, y = draw(name)
    with pytest.raises(ValueError, match=r"x.*240.*y.*239"):
        small(name).estimate(x, y[:-1])
    for poison in (np.nan, np.inf):
        wrong = x.copy()
        wrong[3, 0] = poison
        with pytest.raises(ValueError, match="'x"):
            small(name).estimate(wrong, y)


@pytest.mark.parametrize("name", PAIRED)
@pytest.mark.parametrize("rows", [2, 3, 6])
def test_too_few_rows_are_refused_or_answered(name, rows):
    x, y = draw(name)
    kinds = ("continuous", "discrete" if name in LABELLED else "continuous")
    vx, vy = (variable(v[:rows], s, kinds=k) for v, s, k in zip((x, y), "xy", kinds))
    try:
        told = "row" if math.isfinite(small(name).estimate(vx, vy)) else "not finite"
    except ValueError as error:
        told = str(error)
    assert "row" in told or "class" in told or "batch" in told


@pytest.mark.parametrize("name", sorted(set(PAIRED) - OTHER_MEASURES))
def test_a_constant_side_tells_nothing(name):
    x = draw(name)[0]
    e = assess(small(name), variable(x, "x"), variable(np.full(N, 3.7), "y"))
    assert e.value == 0.0
    assert "constant" in e.flags


@pytest.mark.parametrize("name", sorted(OTHER_MEASURES - ENTROPY_ONLY))
def test_other_measures_refuse_to_be_mixed(name):
    e = small(name).estimate(*draw(name))
    with pytest.raises((TypeError, ValueError)):
        e - get("gaussian").estimate(*draw("gaussian"))


@pytest.mark.parametrize(
    "name", sorted(n for n in PAIRED if "progress" in get(n).get_params() and n != "mist")
)
@pytest.mark.parametrize("checkpointed", [False, True])
def test_progress_callback_and_checkpoint(name, checkpointed, tmp_path):
    if name == "wasserstein":
        pytest.skip("its default counts pairs exactly and trains nothing; the critic has tests of its own")
    x, y = draw(name)
    done, told = [], []
    e = small(name).set_params(
        progress=lambda d, total, what: done.append((d, total, what)),
        callback=lambda step, numbers: told.append((step, dict(numbers))),
        checkpoint=tmp_path if checkpointed else None,
    )
    value = e.estimate(x, y).value
    assert done
    assert all(d <= total for d, total, _ in done)
    assert told
    assert value == small(name).estimate(x, y).value
    if checkpointed:
        # everything is done already: the second run only reads
        again = len(done)
        assert e.estimate(x, y).value == value
        assert len(done) == again
