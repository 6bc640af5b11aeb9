"""The information bottleneck against closed forms, its limits and exhaustive search."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from adami.exact import binary_entropy, entropy, mutual_information
from adami.exact.bottleneck import information_bottleneck, information_bottleneck_curve

SYMMETRIC = np.array([[0.4, 0.1], [0.1, 0.4]])


def table(seed: int, n: int = 7, m: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(n * m, 0.4)).reshape(n, m)


@pytest.mark.parametrize("beta", [2.9, 4.0, 8.0])
def test_symmetric_pair_lies_on_its_curve(beta: float) -> None:
    # the optimal T is X seen through a binary symmetric channel (Mrs. Gerber's lemma)
    found = information_bottleneck(SYMMETRIC, beta, random_state=0)
    error = brentq(lambda a: binary_entropy(a) - (math.log(2) - found.rate), 1e-12, 0.5)
    mixed = error * 0.8 + (1 - error) * 0.2
    assert found.relevance == pytest.approx(math.log(2) - binary_entropy(mixed), abs=1e-8)
    # the slope of the curve there is 1 / beta
    slope = 0.6 * math.log((1 - mixed) / mixed) / math.log((1 - error) / error)
    assert slope == pytest.approx(1 / beta, rel=1e-4)


def test_nothing_is_kept_below_the_critical_beta() -> None:
    critical = 1 / 0.6**2
    assert information_bottleneck(SYMMETRIC, 0.95 * critical, random_state=0).rate < 1e-8
    assert information_bottleneck(SYMMETRIC, 1.05 * critical, random_state=0).rate > 0.01
    for variant in ("soft", "deterministic", "agglomerative"):
        assert information_bottleneck(table(0), 0.9, variant=variant, random_state=0).rate < 1e-8


def test_large_beta_keeps_the_minimal_sufficient_statistic() -> None:
    half = table(1, 4)
    # two values of X that say the same of Y are one class
    joint = np.concatenate([0.25 * half, 0.75 * half])
    found = information_bottleneck(joint, 1e4, random_state=0)
    assert found.relevance == pytest.approx(mutual_information(joint), abs=1e-6)
    assert found.rate == pytest.approx(entropy(half.sum(axis=1)), abs=1e-3)
    hard = information_bottleneck(joint, 1e4, variant="deterministic", random_state=0)
    assert hard.rate == pytest.approx(entropy(half.sum(axis=1)), abs=1e-12)


def test_soft_solutions_are_self_consistent_and_descend() -> None:
    joint = table(2)
    beta = 6.0
    found = information_bottleneck(joint, beta, random_state=0)
    assert found.converged
    assert np.diff(found.trace).max() <= 1e-12
    assert found.trace[-1] == pytest.approx(found.value, abs=1e-12)
    given_x = joint / joint.sum(axis=1, keepdims=True)
    used = found.cluster_law > 1e-9
    far = np.array([[np.sum(a * np.log(a / b)) for b in found.decoder[used]] for a in given_x])
    cells = found.cluster_law[used] * np.exp(-beta * far)
    assert np.abs(found.encoder[:, used] - cells / cells.sum(axis=1, keepdims=True)).max() < 1e-6
    assert found.value == pytest.approx(found.rate - beta * found.relevance, abs=1e-12)
    # a perturbed encoder is worse
    worse = 0.9 * found.encoder + 0.1 / len(joint)
    p_x = joint.sum(axis=1)
    loss = mutual_information(p_x[:, None] * worse) - beta * mutual_information(worse.T @ joint)
    assert loss > found.value + 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_hard_clusters_against_all_partitions(seed: int) -> None:
    joint = table(seed, 6, 3)
    beta = 8.0
    p_x = joint.sum(axis=1)
    best = math.inf
    for labels in itertools.product(range(3), repeat=6):
        hard = np.eye(3)[list(labels)]
        best = min(best, entropy(p_x @ hard) - beta * mutual_information(hard.T @ joint))
    found = information_bottleneck(joint, beta, 3, variant="deterministic", random_state=0)
    assert found.value == pytest.approx(best, abs=1e-9)
    assert set(np.unique(found.encoder)) <= {0.0, 1.0}
    merged = information_bottleneck(joint, beta, 3, variant="agglomerative")
    assert merged.value >= best - 1e-9
    assert merged.trace[-1] == pytest.approx(merged.value, abs=1e-10)
    # soft clusters contain the hard ones
    assert information_bottleneck(joint, beta, 3, random_state=0).value <= best + 1e-9


def test_agglomerative_counts_clusters() -> None:
    joint = table(5, 9, 5)
    assert information_bottleneck(joint, 1e6, 4, variant="agglomerative").encoder.shape == (9, 4)
    # each merger loses information, the data processing inequality
    kept = [information_bottleneck(joint, 1e6, k, variant="agglomerative").relevance for k in range(1, 10)]
    assert (np.diff(kept) >= -1e-12).all()
    assert kept[-1] == pytest.approx(mutual_information(joint))
    assert kept[0] == 0.0


def test_curve_is_concave_and_below_the_ceiling() -> None:
    joint = table(6)
    curve = information_bottleneck_curve(joint, np.geomspace(1, 60, 15), random_state=0)
    assert (np.diff(curve.rates) >= -1e-8).all()
    assert (curve.relevances <= curve.rates + 1e-9).all()
    assert curve.relevances[-1] <= mutual_information(joint) + 1e-9
    for beta, rate, relevance in zip(curve.betas, curve.rates, curve.relevances):
        # each point is the best of all points at its own beta
        assert (curve.rates - beta * curve.relevances >= rate - beta * relevance - 1e-7).all()


def test_units_zero_mass_and_repeats() -> None:
    joint = np.vstack([table(7), np.zeros(4)])
    nats = information_bottleneck(joint, 5.0, random_state=1)
    bits = information_bottleneck(joint, 5.0, base=2, random_state=1)
    assert nats.relevance == pytest.approx(bits.relevance * math.log(2))
    assert bits.unit == "bits"
    assert np.array_equal(nats.encoder, information_bottleneck(joint, 5.0, random_state=1).encoder)
    for variant in ("deterministic", "agglomerative"):
        assert np.isfinite(information_bottleneck(joint, 5.0, variant=variant, random_state=1).value)
    bare = information_bottleneck(joint[:-1], 5.0, random_state=1)
    assert bare.value == pytest.approx(nats.value, abs=1e-7)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="two variables"):
        information_bottleneck([0.5, 0.5], 2.0)
    with pytest.raises(ValueError, match="beta"):
        information_bottleneck(SYMMETRIC, 0.0)
    with pytest.raises(ValueError, match="n_clusters"):
        information_bottleneck(SYMMETRIC, 2.0, 3)
    with pytest.raises(ValueError, match="variant"):
        information_bottleneck(SYMMETRIC, 2.0, variant="other")
    with pytest.raises(ValueError, match="sums to"):
        information_bottleneck(2 * SYMMETRIC, 2.0)
    with pytest.raises(ValueError, match="betas"):
        information_bottleneck_curve(SYMMETRIC, [0.0, 1.0])
