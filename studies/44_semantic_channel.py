"""Semantic information: matched channels, the rate-verisimilitude function, what channel matching reaches."""

from __future__ import annotations

import warnings

import numpy as np

from adami.exact import (
    EnMMixture,
    MaxMIClassifier,
    SemanticChannel,
    binary_optimum,
    confirmation_degree,
    logistic_truth,
    match_channels,
    mutual_information,
)
from studies.study import Check, Scale, StudyResult


def run(scale: Scale, seed: int) -> StudyResult:
    quick = scale == "quick"
    rng = np.random.default_rng(seed)
    three, ours, baseline = three_classes(0.2 if quick else 0.1)
    checks = (
        *matched(rng, 100 if quick else 2000),
        *curve(),
        *medical_test(),
        *three,
        *tumours(),
        *mixture(),
        *confirmation(rng),
    )
    return StudyResult(
        claim="channel matching classifies unseen instances with more mutual information than the most "
        "probable class does",
        metric="bits between class and label, 3 normal classes in the plane",
        ours=ours,
        baseline=baseline,
        bar=baseline,
        holds=ours > baseline and all(c.holds for c in checks),
        note="The paper's plane problem and ages are not published in numbers: means, covariances and prior "
        "here are this study's. R = G at slope 1 needs the prior to be a mixture of the predictions, as with "
        "a label and its denial. The channel degree b* is 0 for every independent table; the prediction "
        "degree c* only if both hypotheses are equally likely.",
        checks=checks,
    )


def matched(rng: np.random.Generator, repeats: int) -> tuple[Check, ...]:
    """Compare semantic and Shannon information of random channels."""
    error, least, nearest = 0.0, np.inf, np.inf
    for _ in range(repeats):
        n, labels = (int(k) for k in rng.integers(2, 9, size=2))
        channel, prior = rng.dirichlet(np.ones(labels), size=n), rng.dirichlet(np.ones(n))
        fit = SemanticChannel.from_channel(channel, prior)
        shannon = float(fit.shannon_mi(channel))
        error = max(error, abs(float(fit.semantic_mi(channel)) - shannon))
        other = SemanticChannel(rng.uniform(0.01, 1, size=(n, labels)), prior, rescale=True)
        least = min(least, shannon - float(other.semantic_mi(channel)))
        # a small change of the matched truth is punished too
        bent = fit.truth * np.exp(-rng.uniform(0, 0.3, size=(n, labels)))
        near = SemanticChannel(bent, prior, rescale=True)
        nearest = min(nearest, shannon - float(near.semantic_mi(channel)))
    return (
        Check("matched truth: |G - I|, nats, at most", error, 1e-12, error < 1e-12),
        Check("any other truth: I - G, nats, above", least, 0.0, least > 0),
        Check("a truth near the matched: I - G, nats, above", nearest, 0.0, nearest > 0),
    )


def curve() -> tuple[Check, ...]:
    """Measure the slope and the efficiency of R(G) for an age and "adult" or "minor"."""
    x = np.arange(101.0)
    adult = logistic_truth(x, 0.5, 18.0)
    semantic = SemanticChannel(np.stack([adult, 1 - adult], axis=1), np.full(101, 1 / 101), rescale=True)
    worst, found = 0.0, {}
    for slope in (0.5, 1.0, 2.0, 4.0):
        left, found[slope], right = semantic.curve([slope - 1e-4, slope, slope + 1e-4])
        numeric = (right.rate - left.rate) / (right.verisimilitude - left.verisimilitude)
        worst = max(worst, abs(numeric - slope))
    apart = abs(found[1.0].rate - found[1.0].verisimilitude)
    best = max(point.efficiency for slope, point in found.items() if slope != 1)
    return (
        Check("slope of R(G) less s, worst of 4", worst, 1e-3, worst < 1e-3),
        Check("|R - G| at slope 1, nats", apart, 1e-6, apart < 1e-6),
        Check("efficiency at slopes 0.5, 2 and 4, largest", best, 1.0, best < 1),
        Check("efficiency at slope 0.5", found[0.5].efficiency, 1.0, found[0.5].efficiency < 1),
        Check("efficiency at slope 2", found[2.0].efficiency, 1.0, found[2.0].efficiency < 1),
    )


def medical_test() -> tuple[Check, ...]:
    """Find the threshold of a test, from three starts, and compare with every threshold."""
    z = np.arange(1001) / 10
    density = np.exp(-((z[None, :] - np.array([[30.0], [70.0]])) ** 2) / (2 * 15**2))
    likelihood = density / density.sum(axis=1, keepdims=True)
    ends = [match_channels([0.8, 0.2], likelihood, (z >= t).astype(int), base=2) for t in (10, 50, 80)]
    _, optimum = binary_optimum([0.8, 0.2], likelihood, base=2)
    lost = max(optimum - end.value for end in ends)
    thresholds = [z[end.partition == 1].min() for end in ends]
    off = max(abs(t - 53.9) for t in thresholds)
    rounds = max(end.rounds for end in ends)
    rises = min(float(np.diff(end.trace).min()) for end in ends)
    return (
        Check("medical test: bits short of the best threshold", lost, 1e-9, lost < 1e-9),
        Check("medical test: bits", ends[0].value, 0.38260, abs(ends[0].value - 0.38260) < 1e-5),
        Check("medical test: threshold off 53.9 by", off, 0.05, off < 0.05),
        Check("medical test: rounds", rounds, 9, rounds <= 9),
        Check("medical test: least rise in a round, bits", rises, 0.0, rises >= 0),
    )


def three_classes(step: float) -> tuple[tuple[Check, ...], float, float]:
    """Partition a plane in which three normal classes overlap."""
    line = np.arange(-4, 8, step)
    plane = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    prior = np.array([0.5, 0.3, 0.2])
    likelihood = []
    for mean, form in (
        ((0.0, 0.0), np.eye(2)),
        ((3.0, 0.0), 1.5 * np.eye(2)),
        ((1.5, 2.5), np.array([[1.0, 0.4], [0.4, 1.0]])),
    ):
        centred = plane - mean
        density = np.exp(-np.sum(centred @ np.linalg.inv(form) * centred, axis=1) / 2)
        likelihood.append(density / density.sum())
    cells = prior[:, None] * np.array(likelihood)
    probable = cells.argmax(axis=0)
    table = np.stack([cells[:, probable == y].sum(axis=1) for y in range(3)], axis=1)
    baseline = float(mutual_information(table, base=2))
    found = match_channels(prior, likelihood, probable, base=2)
    rises = float(np.diff(found.trace).min())
    gain = found.value - baseline
    return (
        (
            Check("plane: bits above the most probable class", gain, 0.0, gain > 0),
            Check("plane: least rise in a round, bits", rises, -1e-12, rises >= -1e-12),
        ),
        found.value,
        baseline,
    )


def tumours() -> tuple[Check, ...]:
    """Tell apart a rare finding in real measurements: tumours, thinned so that malignant ones are rare."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    # one feature that overlaps: the smoothness of a nucleus; class 0 is malignant
    X, ill = X[:, [4]], y == 0
    keep = ~ill | (np.cumsum(ill) % 4 == 0)
    X, ill = X[keep], ill[keep]
    half = np.arange(len(X)) % 2 == 0
    gains = []
    for train in (half, ~half):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = MaxMIClassifier().fit(X[train], ill[train])
        probable = found.classes_[found.class_probabilities(X[~train]).argmax(axis=1)]
        told = [_bits(ill[~train], label) for label in (found.predict(X[~train]), probable)]
        gains.append(told[0] - told[1])
    gain = float(np.mean(gains))
    return (Check("rare tumours, one feature: held-out bits above the most probable", gain, 0.0, gain > 0),)


def _bits(truth: np.ndarray, label: np.ndarray) -> float:
    table = np.zeros((2, 2))
    np.add.at(table, (truth.astype(int), label.astype(int)), 1 / len(truth))
    return float(mutual_information(table, base=2))


def mixture() -> tuple[Check, ...]:
    """Recover a mixture from its law on a grid."""
    x = np.arange(101.0)
    law = 0.7 * np.exp(-((x - 35) ** 2) / 128) / 8 + 0.3 * np.exp(-((x - 65) ** 2) / 288) / 12
    start = {"means_init": [[20.0], [80.0]], "covariances_init": [[[225.0]], [[225.0]]]}
    found = EnMMixture(2, n_inner=3, **start).fit(x[:, None], sample_weight=law)
    plain = EnMMixture(2, n_inner=0, **start).fit(x[:, None], sample_weight=law)
    scales = np.sqrt(found.covariances_.ravel())
    off = float(np.abs(np.concatenate([found.means_.ravel() - [35, 65], scales - [8, 12]])).max())
    share = float(abs(found.weights_[0] - 0.7))
    told = found.information(x[:, None], law, base=2)
    fall = float(np.diff(found.trace_).min())
    identity = abs(told.rate - told.verisimilitude - told.divergence)
    rounds, plain_rounds = found.n_iter_, plain.n_iter_
    return (
        Check("mixture: rounds, against plain EM", rounds, plain_rounds, rounds < plain_rounds),
        Check("mixture: means and scales off by", off, 0.3, off < 0.3),
        Check("mixture: weight off by", share, 0.01, share < 0.01),
        Check("mixture: divergence, bits", told.divergence, 1e-4, told.divergence < 1e-4),
        Check("mixture: R - G less the divergence, bits", identity, 1e-6, identity < 1e-6),
        Check("mixture: least fall of R - G in a round, nats", fall, 0.0, fall >= -1e-12),
    )


def confirmation(rng: np.random.Generator) -> tuple[Check, ...]:
    """Ask what independent tables confirm."""
    channel, prediction = 0.0, 0.0
    for h, e in rng.uniform(0.05, 0.95, size=(200, 2)):
        channel = max(channel, abs(confirmation_degree(np.outer([h, 1 - h], [e, 1 - e])).channel))
        even = confirmation_degree(np.outer([0.5, 0.5], [e, 1 - e]))
        prediction = max(prediction, abs(even.prediction))
    return (
        Check("independent tables: |b*|, largest", channel, 1e-12, channel < 1e-12),
        Check("independent tables with P(h) = 1/2: |c*|, largest", prediction, 1e-12, prediction < 1e-12),
    )
