"""Scaling of information between blocks: chains and Gaussian sequences in closed form, two-point decay."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import (
    BipartiteMI,
    GRUDensity,
    MarkovDensity,
    PPMDensity,
    TwoPointMI,
    gaussian_scaling,
    scaling_law,
    text_codes,
)
from adami.tasks._hierarchy import hierarchical_covariance, hierarchical_sequences

CHAIN = MarkovDensity([[0.85, 0.1, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])


def chain_information(chain: MarkovDensity, steps: int = 1) -> float:
    """Return the information between symbols `steps` apart, and so between neighbouring blocks."""
    joint = chain.initial_[:, None] * np.linalg.matrix_power(chain.transition_, steps)
    return float(np.sum(joint * np.log(joint / np.outer(chain.initial_, chain.initial_))))


def test_direct_estimate_of_a_chain() -> None:
    truth = chain_information(CHAIN)
    rows = CHAIN.sample(3000, 32, random_state=0)
    law = BipartiteMI(CHAIN, lengths=(2, 4, 8, 16)).estimate(rows)
    for point in law.points:
        assert abs(float(point) - truth) <= 3 * point.details["standard_error"]
        assert point.pointwise.mean() == pytest.approx(float(point))
    assert law.short_range
    assert abs(law.beta) < 0.1


def test_vclub_lies_above_even_with_the_exact_law() -> None:
    rows = CHAIN.sample(3000, 8, random_state=1)
    direct = BipartiteMI(CHAIN, lengths=(4,)).at(rows, 4)
    above = BipartiteMI(CHAIN, "vclub").at(rows, 4)
    assert above.bound == "upper"
    assert float(above) > float(direct) + 0.1
    # I + KL(p_x p_y || p_xy) for a chain: only the last symbol of x and the first of y meet
    joint = CHAIN.initial_[:, None] * CHAIN.transition_
    product = np.outer(CHAIN.initial_, CHAIN.initial_)
    wanted = float(np.sum((joint - product) * np.log(joint / product)))
    assert abs(float(above) - wanted) <= 4 * above.details["standard_error"]


def test_leaked_context_gives_nothing() -> None:
    class Leaky:
        def logprob(self, y, given=None):
            return CHAIN.logprob(y, np.zeros((len(y), 1), dtype=int))

    assert float(BipartiteMI(Leaky()).at(CHAIN.sample(200, 8), 4)) == 0


def test_identical_tokens() -> None:
    copies = MarkovDensity(np.eye(5), initial=np.full(5, 0.2))
    rows = copies.sample(2000, 16)
    law = BipartiteMI(copies, lengths=(2, 4, 8)).estimate(rows)
    assert [float(p) for p in law.points] == pytest.approx([math.log(5)] * 3)
    assert float(TwoPointMI().at(rows, 8)) == pytest.approx(math.log(5), abs=0.01)
    with pytest.raises(ValueError, match="probability 0"):
        BipartiteMI(copies, "vclub").at(rows, 4)
    with pytest.raises(ValueError, match="several stationary laws"):
        MarkovDensity(np.eye(5))


def test_start_correction_is_the_stated_mixture() -> None:
    rows = CHAIN.sample(500, 8)
    plain = BipartiteMI(CHAIN).at(rows, 4)
    mended = BipartiteMI(CHAIN, correct_start=True).at(rows, 4)
    first = CHAIN.logprob(rows[:, 4:])[:, :2].sum(axis=1).mean()
    pairs = rows[:, :-1] * 3 + rows[:, 1:]
    law = np.bincount(pairs.ravel()) / pairs.size
    entropy = -np.sum(law * np.log(law))
    assert float(mended) - float(plain) == pytest.approx(0.8 * (first + entropy), abs=5e-3)


def test_one_text_is_cut_without_overlap() -> None:
    text = CHAIN.sample(1, 1000)[0]
    assert BipartiteMI(CHAIN).at(text, 4).n == 125
    assert BipartiteMI(CHAIN, ratio=4).at(text, 4).n == 62


def test_gaussian_families() -> None:
    for family, beta in (("A", math.log(3, 4)), ("B", 0.0)):
        covariances = {n: hierarchical_covariance(n, family) for n in (4, 16, 64)}
        law = gaussian_scaling(covariances)
        assert law.beta == pytest.approx(beta, abs=1e-6)
        assert law.short_range == (family == "B")


def test_gaussian_estimator_from_rows() -> None:
    rows = hierarchical_sequences(4000, 16, "A", random_state=0)
    found = BipartiteMI(estimator="gaussian").at(rows, 8)
    assert float(found) == pytest.approx(0.8817, abs=0.05)


def test_fit_of_a_power_law() -> None:
    rng = np.random.default_rng(0)
    lengths = [2**k for k in range(1, 9)]
    noisy = [0.5 * n**0.6 * math.exp(0.05 * rng.normal()) for n in lengths]
    law = scaling_law(lengths, noisy)
    assert law.beta == pytest.approx(0.6, abs=0.05)
    assert law.se is not None
    assert 0 < law.se < 0.05
    assert law.r2 > 0.99
    assert law.predict(64) == pytest.approx(0.5 * 64**0.6, rel=0.1)
    assert law.to_dict()["short_range"] is False
    assert "non_positive" in {d.flag for d in scaling_law([2, 4, 8], [0.1, -0.1, 0.4]).diagnostics}
    with pytest.raises(ValueError, match="2 positive values"):
        scaling_law([2, 4], [0.1, -0.1])


def test_two_point_of_a_chain_and_its_offset() -> None:
    rows = CHAIN.sample(1, 60_000, random_state=3)
    law = TwoPointMI((1, 2, 3, 4, 5, 6)).estimate(rows)
    for d, point in zip(law.distances[:3], law.points):
        assert float(point) == pytest.approx(chain_information(CHAIN, d), abs=0.02)
    distances = np.array([1, 2, 4, 8, 16, 32, 64], dtype=float)
    from adami.estimators._scaling_fits import offset_law

    found = offset_law(distances, 0.3 * distances**-1.2 + 0.001)
    assert (found.alpha, found.amplitude, found.offset) == pytest.approx((1.2, 0.3, 0.001), rel=1e-3)
    plain = np.polyfit(np.log(distances), np.log(0.3 * distances**-1.2 + 0.001), 1)[0]
    assert abs(-plain - 1.2) > 0.05


def test_fitted_chain() -> None:
    rows = CHAIN.sample(2000, 20, random_state=4)
    fitted = MarkovDensity().fit(rows)
    assert np.abs(fitted.transition_ - CHAIN.transition_).max() < 0.03
    assert fitted.logprob(rows[:50]).sum() == pytest.approx(CHAIN.logprob(rows[:50]).sum(), rel=0.02)


def test_ppm_is_a_law_and_learns_from_the_sequence() -> None:
    rng = np.random.default_rng(5)
    text = rng.integers(4, size=3000)
    model = PPMDensity(order=2, local_order=6).fit(text, 4)
    sequence = rng.integers(4, size=(1, 12))
    for seen in (0, 1, 7, 12):
        rows = np.concatenate([np.repeat(sequence[:, :seen], 4, axis=0), np.arange(4)[:, None]], axis=1)
        assert np.exp(model.logprob(rows)[:, -1]).sum() == pytest.approx(1)
    word = np.tile(rng.integers(4, size=10), 6)[None]
    known = PPMDensity(order=2, local_order=0).fit(text, 4)
    assert model.logprob(word)[0, 30:].sum() > known.logprob(word)[0, 30:].sum() + 5
    # given is the same as having read it in one piece
    whole = model.logprob(word)
    assert model.logprob(word[:, 30:], word[:, :30]) == pytest.approx(whole[:, 30:])


def test_gru_density_learns_a_chain() -> None:
    pytest.importorskip("torch")
    text = CHAIN.sample(1, 6000, random_state=6)[0]
    model = GRUDensity(hidden=16, window=32, steps=120, learning_rate=2e-2, device="cpu").fit(text, 3)
    rows = CHAIN.sample(300, 16, random_state=7)
    loss, best = -model.logprob(rows)[:, 1:].mean(), -CHAIN.logprob(rows)[:, 1:].mean()
    assert best < loss < best + 0.08
    split = model.logprob(rows[:, 8:], rows[:, :8])
    assert split == pytest.approx(model.logprob(rows)[:, 8:], abs=1e-5)


def test_bad_input() -> None:
    rows = CHAIN.sample(20, 8)
    with pytest.raises(ValueError, match="at least 2 symbols"):
        BipartiteMI(CHAIN).at(rows, 1)
    with pytest.raises(ValueError, match="documents have 8 symbols"):
        BipartiteMI(CHAIN).at(rows, 8)
    with pytest.raises(ValueError, match="needs a density"):
        BipartiteMI().at(rows, 4)
    with pytest.raises(ValueError, match="estimator"):
        BipartiteMI(CHAIN, "other").estimate(rows)  # type: ignore[arg-type]
    short = MarkovDensity(CHAIN.transition_)
    short.context_window = 6  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="sees 6 symbols"):
        BipartiteMI(short).at(rows, 4)
    with pytest.raises(TypeError, match="text_codes"):
        CHAIN.logprob([[0.5]])
    with pytest.raises(ValueError, match=r"0\.\.2"):
        CHAIN.logprob([[3]])
    with pytest.raises(ValueError, match="distance"):
        TwoPointMI().at(rows, 8)
    with pytest.raises(ValueError, match="not been fitted"):
        PPMDensity().logprob([[0]])
    with pytest.raises(ValueError, match="do not fit"):
        PPMDensity(order=20).fit(text_codes("abc"), 27)
