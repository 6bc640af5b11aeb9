"""Questions to estimators that need no ground truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import Gaussian, self_consistency


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(1500, 6, 2))


class Answering:
    """An estimator whose answers depend on the numbers of columns only, or on shuffling."""

    name = "answering"

    def __init__(self, answer):
        self.answer = answer

    def estimate(self, x, y):
        return self.answer(x, y)


def test_the_true_model_passes_everything(images):
    report = self_consistency(Gaussian(), images, rows=(2, 4, 6), noise=0.5)
    assert report.method == "gaussian"
    assert all(report.passed.values())
    assert list(report.passed) == ["ordering", "data processing", "additivity", "independence"]
    ordering = [a.ratio for a in report.answers if a.question == "ordering"]
    assert ordering == pytest.approx([1 / 3, 2 / 3, 1.0], abs=0.03)
    assert [a.rows for a in report.answers if a.question == "data processing"] == [4, 6]
    assert "| additivity | 6 | " in report.to_markdown()


def test_each_question_can_be_failed(images):
    def failed(answer):
        report = self_consistency(Answering(answer), images, rows=(2, 4, 6), noise=0.5)
        return {q for q, ok in report.passed.items() if not ok}

    # a constant knows neither two images from one nor shuffled views
    assert failed(lambda x, y: 1.0) == {"additivity", "independence"}
    # the more columns of y the less
    assert "ordering" in failed(lambda x, y: 20.0 - y.dim)
    # counts what it has seen already a second time
    assert "data processing" in failed(lambda x, y: float(y.dim))


def test_a_ceiling_fails_additivity(images):
    # what InfoNCE does near ln of its batch
    def capped(x, y):
        return min(float(Gaussian().estimate(x, y)), math.log(16))

    report = self_consistency(Answering(capped), images, rows=(6,), noise=0.1)
    assert report.passed == {
        "ordering": True,
        "data processing": True,
        "additivity": False,
        "independence": True,
    }


def test_constant_pixels_and_few_levels_are_taken_as_numbers():
    images = np.random.default_rng(0).integers(0, 5, size=(300, 4, 3)).astype(float)
    images[:, :, 0] = 0
    seen = []

    def answer(x, y):
        seen.append((x.kind, x.dim, y.dim))
        return 1.0

    self_consistency(Answering(answer), images, rows=(2, 4))
    assert {kind for kind, _, _ in seen} == {"continuous"}
    assert seen[0] == ("continuous", 8, 8)


def test_default_rows_and_bad_input(images):
    report = self_consistency(Answering(lambda x, y: 1.0), images)
    assert [a.rows for a in report.answers if a.question == "ordering"] == [1, 3, 4, 6]
    with pytest.raises(ValueError, match="height"):
        self_consistency(Gaussian(), images[:, 0])
    for rows in ((), (0, 2), (3, 2), (7,)):
        with pytest.raises(ValueError, match="rows"):
            self_consistency(Gaussian(), images, rows=rows)
    with pytest.raises(ValueError, match="noise"):
        self_consistency(Gaussian(), images, noise=-1)
    with pytest.raises(ValueError, match="constant"):
        self_consistency(Gaussian(), np.zeros((10, 2, 2)))
    with pytest.raises(ValueError, match="nothing can be compared"):
        self_consistency(Answering(lambda x, y: 0.0), images)
    with pytest.raises(ValueError, match="no number"):
        self_consistency(Answering(lambda x, y: float("nan")), images)
