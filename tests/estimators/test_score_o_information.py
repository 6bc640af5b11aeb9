"""O-information by scores: closed forms, exact read-outs, gradients, one network for all terms."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import adami  # noqa: E402
from adami.estimators import ScoreOInformation, gaussian_system  # noqa: E402
from adami.estimators._nets.diffusion import VPSDE  # noqa: E402
from adami.estimators._nets.gaussian_denoiser import GaussianDenoiser  # noqa: E402
from adami.estimators._nets.score_reads import integrate  # noqa: E402
from adami.estimators._system_terms import gradient_of, system_integrands, system_shares  # noqa: E402

REDUNDANT = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
SYNERGY = np.array([[1, 0.5**0.5, 0.6 * 0.5**0.5], [0.5**0.5, 1, 0], [0.6 * 0.5**0.5, 0, 1]])
SMALL = {"steps": 20, "batch_size": 128, "passes": 5, "hidden": 16, "gaussian_start": True}


def rows(covariance, n=3000, seed=0):
    return np.random.default_rng(seed).multivariate_normal(np.zeros(len(covariance)), covariance, n)


def test_closed_forms():
    a, b = gaussian_system(REDUNDANT), gaussian_system(SYNERGY)
    assert np.allclose([a.total, a.dual, a.o], [0.5221, 0.3747, 0.1474], atol=5e-5)
    assert np.allclose([b.total, b.dual, b.o], [0.5697, 0.6936, -0.1239], atol=6e-5)
    assert a.s == a.total + a.dual
    both = np.zeros((6, 6))
    both[:3, :3], both[3:, 3:] = REDUNDANT, SYNERGY
    mixed = gaussian_system(both)
    assert mixed.o == pytest.approx(a.o + b.o)
    wide = gaussian_system(np.kron(SYNERGY, np.eye(2)), [2, 2, 2])
    assert (wide.total, wide.dual) == pytest.approx((2 * b.total, 2 * b.dual))


def test_gradient_identity_of_closed_forms():
    rng = np.random.default_rng(3)
    for n in (3, 4, 5):
        a = rng.normal(size=(n, n))
        covariance = a @ a.T + 0.2 * np.eye(n)

        def info(i, others, covariance=covariance):
            return 0.5 * (
                np.log(covariance[i, i])
                + np.linalg.slogdet(covariance[np.ix_(others, others)])[1]
                - np.linalg.slogdet(covariance[np.ix_([i, *others], [i, *others])])[1]
            )

        expected = []
        for i in range(n):
            rest = [j for j in range(n) if j != i]
            fewer = sum(info(i, [k for k in rest if k != j]) for j in rest)
            expected.append((2 - n) * info(i, rest) + fewer)
        assert np.allclose(gaussian_system(covariance).gradient, expected, atol=1e-12)


@pytest.mark.parametrize("covariance", [REDUNDANT, SYNERGY])
@pytest.mark.parametrize("importance", [True, False])
def test_exact_scores_reproduce_the_closed_forms(covariance, importance):
    truth = gaussian_system(covariance)
    data = torch.tensor(rows(covariance, 100_000), dtype=torch.float32)
    exact = GaussianDenoiser(covariance, (1, 1, 1))
    found = integrate(exact, data, (1, 1, 1), system_integrands(3, 2), VPSDE(importance), passes=2)
    assert found.value("total") == pytest.approx(truth.total, abs=0.015)
    assert found.value("dual") == pytest.approx(truth.dual, abs=0.015)
    gradient = gradient_of(found.rows, 3).mean(axis=0)
    assert np.allclose(gradient, truth.gradient, atol=0.015)


def test_patterns_and_how_often_they_are_trained():
    shares = system_shares(3, 1)
    assert len(shares) == 7
    assert len(system_shares(4, 2)) == 9 + 12
    assert [shares[p] for p in shares] == [3, 1, 1, 1, 2, 2, 2]
    # of two variables the one without the other is the one alone
    assert len(system_shares(2, 2)) == 5


@pytest.mark.parametrize("arch", ["mlp", "transformer"])
def test_measures_redundancy_and_synergy(arch):
    for covariance in (REDUNDANT, SYNERGY) if arch == "mlp" else (SYNERGY,):
        truth = gaussian_system(covariance)
        found = ScoreOInformation(arch=arch, **SMALL).system(list(rows(covariance).T))
        assert abs(found.o - truth.o) < 0.08
        assert found.o * truth.o > 0
        assert abs(found.total - truth.total) < 0.12
        assert found.errors["o"] < found.errors["s"]
        assert found.gradient is None


def test_gradient_by_scores():
    found = ScoreOInformation(order=2, **SMALL).system(list(rows(SYNERGY).T))
    assert np.allclose(found.gradient, gaussian_system(SYNERGY).gradient, atol=0.06)


def test_two_variables_have_no_o_information():
    x, y = rows(np.array([[1, 0.8], [0.8, 1]])).T
    for order in (1, 2):
        found = ScoreOInformation(order=order, **SMALL).system([x, y])
        assert found.o == 0
        assert found.total == found.dual
        assert found.total == pytest.approx(0.511, abs=0.08)
        if order == 2:
            assert np.allclose(found.gradient, 0)
    assert ScoreOInformation(**SMALL).estimate(x, y) == pytest.approx(found.total, abs=0.05)


def test_vectors_and_the_verbs():
    covariance = np.kron(REDUNDANT, np.eye(2))
    data = rows(covariance)
    xs = [data[:, 2 * i : 2 * i + 2] for i in range(3)]
    small = ScoreOInformation(**SMALL)
    found = adami.o_information(xs, method=small)
    assert found == pytest.approx(2 * 0.1474, abs=0.09)
    assert found.interval[0] < found < found.interval[1]
    assert found.method == "soi"
    assert adami.total_correlation(xs, method=small) == found.details["total_correlation"]
    assert small.o_information(xs) == found


def test_same_seed_same_answer():
    xs = list(rows(REDUNDANT, 400).T)
    a, b = (ScoreOInformation(**SMALL).system(xs).o for _ in range(2))
    assert a == b


def test_refusals():
    xs = list(rows(REDUNDANT, 200).T)
    with pytest.raises(ValueError, match="two variables"):
        ScoreOInformation(**SMALL).system(xs[:1])
    with pytest.raises(ValueError, match="unequal"):
        ScoreOInformation(**SMALL).system([xs[0], xs[1][:100]])
    with pytest.raises(TypeError, match="list"):
        ScoreOInformation(**SMALL).system(rows(REDUNDANT, 50))
    with pytest.raises(TypeError, match="discrete"):
        ScoreOInformation(**SMALL).system([xs[0], xs[1] > 0])
    with pytest.raises(ValueError, match="order"):
        ScoreOInformation(order=3, **SMALL).system(xs)
    with pytest.raises(ValueError, match="arch"):
        ScoreOInformation(arch="cnn", **SMALL).system(xs)
    constant = adami.variables.variable(np.zeros(200), kinds="continuous")
    with pytest.raises(ValueError, match="constant"):
        ScoreOInformation(**SMALL).system([*xs, constant])
    for covariance, sizes in (
        (np.ones((2, 3)), None),
        (np.ones((2, 2)), None),
        (np.eye(3), [1, 1]),
        (np.eye(1), None),
    ):
        with pytest.raises(ValueError):
            gaussian_system(covariance, sizes)
