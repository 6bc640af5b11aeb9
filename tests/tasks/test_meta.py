"""Laws drawn at random: their information against their own log ratio, their maps, and their stream."""

from __future__ import annotations

import numpy as np
import pytest

from adami.tasks import MetaDataset, draw_law
from adami.tasks import _gaussian as gaussian
from adami.tasks.meta import MAPS, ROTATED, SEEN, SHAPES, TRAINED, UNSEEN, _latent, _orthogonal


@pytest.mark.parametrize("family", sorted({*TRAINED, *SEEN, *UNSEEN, *ROTATED}))
def test_every_family_can_be_drawn(family: str) -> None:
    rng = np.random.default_rng(1)
    for d in (1, 2, 6):
        law = draw_law(family, d, d, rng)
        x, y = law.sample(50, rng)
        assert x.shape == y.shape == (50, d)
        assert np.isfinite(x).all()
        assert np.isfinite(y).all()
        assert law.mi >= -1e-12


def test_information_is_what_an_estimator_finds() -> None:
    from adami.estimators import KSG, Gaussian

    rng = np.random.default_rng(2)
    for family in ("normal-sparse-base", "normal-lvm-base", "normal-rotated-base"):
        law = draw_law(family, 3, 4, rng)
        assert abs(Gaussian().estimate(*law.sample(20000, rng)) - law.mi) < 0.03 + 0.02 * law.mi
    law = draw_law("additive-wiggly", 1, 1, rng)
    assert abs(KSG().estimate(*law.sample(5000, rng)) - law.mi) < 0.08


def test_published_values() -> None:
    # two pairs of strength 2: correlation 0.8 on each, whatever else is there
    for d in (2, 3, 5):
        matrix = _latent(d, d, 2, 0, 2, 0, 2)
        assert gaussian.gaussian_information(matrix, d) == pytest.approx(1.02165, abs=1e-5)
        assert np.allclose(matrix, gaussian.sparse_matrix(d, d, 2, 2.0))


def test_maps_increase() -> None:
    grid = np.linspace(-6, 6, 4001)
    for of_x, of_y in MAPS.values():
        assert (np.diff(of_x(grid)) > 0).all()
        assert (np.diff(of_y(grid)) > 0).all()


def test_rotations_are_rotations_and_shapes_are_laws() -> None:
    rng = np.random.default_rng(3)
    q = _orthogonal(5, rng)
    assert np.allclose(q @ q.T, np.eye(5))
    for make in SHAPES.values():
        matrix = make(3, 5, rng)
        assert np.allclose(np.diag(matrix), 1)
        assert np.linalg.eigvalsh(matrix).min() > 0


def test_the_stream_repeats() -> None:
    meta = MetaDataset(dims=(1, 4), n_range=(10, 30), seed=5)
    a, b = meta.batch(4, 7), meta.batch(4, 7)
    assert all(np.array_equal(u, v) for u, v in zip(a, b))
    assert not np.array_equal(a[2], meta.batch(4, 8)[2])
    first = next(iter(meta))
    assert np.array_equal(first[2], meta.batch(32, 0)[2])
    sizes = [meta.batch(1, i)[0].shape for i in range(200)]
    assert {s[2] for s in sizes} == {1, 2, 3, 4}
    assert min(s[1] for s in sizes) >= 10
    assert max(s[1] for s in sizes) <= 30


def test_wrong_families_are_named() -> None:
    rng = np.random.default_rng(0)
    for family in ("normal-dense-other", "other-dense-base", "normal-other-base", "dense"):
        with pytest.raises(ValueError, match="unknown family"):
            draw_law(family, 2, 2, rng)
    with pytest.raises(ValueError, match="must be equal"):
        draw_law("additive-base", 2, 3, rng)
