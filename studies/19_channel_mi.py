"""Information of summaries about their contexts, beside what a task makes of the summaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from adami.estimators import (
    ChannelMI,
    CharacterChannel,
    MaskedExtractive,
    PPMDensity,
    RateDistortion,
    text_codes,
)
from studies.study import Check, Scale, StudyResult

KEEP = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FLIP = (0.0, 0.3, 0.6)
TRUTH = 0.5 * math.log(5)
BRACKET = ((4, 0.556, 1.595), (16, 0.719, 0.905), (64, 0.789, 0.835), (256, 0.800, 0.812))
"""Contexts, leave-in, leave-one-out; the latter at 4 contexts from three million draws, its tail is heavy."""
LEVELS, SLOTS = 3, 8
WORDS = 3
"""Words of a passage: few, since more than a few kept words tell any number of passages apart."""


def run(scale: Scale, seed: int) -> StudyResult:
    quick = scale == "quick"
    ours, baseline, digits, told = digit_summaries(seed, 100 if quick else 300)
    copied, proxy = boilerplate(seed, 12 if quick else 32)
    checks = (
        *sixteen(seed),
        *gaussian_channel(seed, 40 if quick else 400),
        *digits,
        *text_summaries(seed, 128 if quick else 256),
        *copied,
    )
    return StudyResult(
        claim="information between contexts and summaries ranks compressors as downstream accuracy does",
        metric="Spearman's rank correlation with a probe's accuracy, 27 compressors of digits' attributes",
        ours=ours,
        baseline=baseline,
        bar=0.9,
        holds=ours > 0.9 and ours > baseline and all(c.holds for c in checks),
        note="Extractive compressors with exact probabilities stand in for language models; the baseline "
        f"ranks them by the number of attributes that they keep. {told}{proxy}",
        checks=checks,
    )


def sixteen(seed: int) -> list[Check]:
    contexts = [tuple(int(b) for b in f"{k:04b}") for k in range(16)]

    def mean(epsilon: float, repeats: int) -> float:
        channel = MaskedExtractive(keep=1.0, flip=epsilon, values=2)
        found = [float(ChannelMI(channel, random_state=seed + r).estimate(contexts)) for r in range(repeats)]
        return float(np.mean(found))

    copied, lost, noisy = (mean(e, r) for e, r in ((0.0, 1), (1.0, 1), (0.3, 50)))
    truth = 4 * (math.log(2) + 0.15 * math.log(0.15) + 0.85 * math.log(0.85))
    return [
        Check(
            "1. 16 contexts copied: off ln 16",
            abs(copied - math.log(16)),
            1e-9,
            abs(copied - math.log(16)) <= 1e-9,
        ),
        Check("1. 16 contexts lost: information", abs(lost), 1e-9, abs(lost) <= 1e-9),
        Check(
            "1. attributes flipped with 0.15: off 1.0818",
            abs(noisy - truth),
            0.03,
            abs(noisy - truth) <= 0.03,
        ),
    ]


def gaussian_channel(seed: int, repeats: int) -> list[Check]:
    checks = []
    for n, inside, outside in BRACKET:
        rng = np.random.default_rng([seed, n])
        # few contexts vary more from draw to draw
        count = max(repeats * 64 // n, 12)
        found = [ChannelMI().from_scores(_gaussian_scores(rng, n, 1 if n < 64 else 4)) for _ in range(count)]
        brackets = np.array([f.details["bracket"] for f in found])
        means, errors = brackets.mean(axis=0), brackets.std(axis=0) / math.sqrt(count)
        for name, mean, error, wanted in zip(("leave-in", "leave-one-out"), means, errors, (inside, outside)):
            bar = 0.02 + 3 * float(error)
            off = abs(float(mean) - wanted)
            checks.append(
                Check(f"2. Gaussian channel, {n} contexts, {name}: off {wanted}", off, bar, off <= bar)
            )
        if n == 256:
            beyond = float(np.mean([f.details["extrapolated"] for f in found]))
            off = abs(beyond - TRUTH)
            checks.append(
                Check("2. extrapolated from 64, 128 and 256 contexts: off 0.8047", off, 0.02, off <= 0.02)
            )
    return checks


def digit_summaries(seed: int, n: int) -> tuple[float, float, list[Check], str]:
    X, y = load_digits(return_X_y=True)
    # 8 attributes of 3 levels: mean ink of blocks of 2 x 4 pixels, by thirds
    ink = X.reshape(-1, 4, 2, 2, 4).mean(axis=(2, 4)).reshape(len(X), SLOTS)
    edges = np.quantile(ink, [1 / 3, 2 / 3], axis=0)
    attributes = (ink[:, None, :] > edges).sum(axis=1)
    order = np.random.default_rng([seed, 3]).permutation(len(X))
    _, first = np.unique(attributes[order], axis=0, return_index=True)
    contexts = [tuple(row) for row in attributes[order][np.sort(first)[:n]].tolist()]
    values, accuracies, kept = [], [], []
    for flip in FLIP:
        for keep in KEEP:
            channel = MaskedExtractive(keep, flip, LEVELS)
            found = ChannelMI(channel, n_samples=2, random_state=seed).estimate(contexts)
            values.append(float(found) / found.details["tokens"])
            accuracies.append(_probe(channel, attributes[order], y[order], seed))
            kept.append(keep)
    ours, baseline = float(spearmanr(values, accuracies)[0]), float(spearmanr(kept, accuracies)[0])
    curve = RateDistortion().fit(values, 1 - np.array(accuracies))
    told = (
        f"D(R) = {curve.scale_:.2f} exp(-{curve.decay_:.2f} R) + {curve.floor_:.2f}, R in nats a token: r = "
        f"{curve.correlation_:.2f}, R2 = {curve.r2_:.2f}."
    )
    exact = spearmanr(values[: len(KEEP)], accuracies[: len(KEEP)])[0]
    return (
        ours,
        baseline,
        [
            Check(
                "3. digits: Spearman of information and accuracy, keep-rates 0.1 to 0.9",
                exact,
                0.9,
                exact > 0.9,
            ),
            Check(
                "3. digits: R2 of the rate-distortion curve, 27 compressors", curve.r2_, 0.8, curve.r2_ > 0.8
            ),
        ],
        told,
    )


def text_summaries(seed: int, n: int) -> list[Check]:
    rng = np.random.default_rng([seed, 4])
    largest = sorted(topics, key=lambda name: (-len(topics[name]), name))[:12]
    rows, labels = [], []
    for label, name in enumerate(largest):
        words = "".join(c if c.isalpha() else " " for c in topics[name].lower()).split()
        cut = [tuple(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]
        rows += cut
        labels += [label] * len(cut)
    order = rng.permutation(len(rows))
    known = {w: k for k, w in enumerate(sorted({w for row in rows for w in row}))}
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    probe = MultinomialNB(alpha=0.1).fit(_bags([rows[i] for i in train], known), np.array(labels)[train])
    contexts = list(dict.fromkeys(rows[i] for i in test))[:n]
    values, accuracies = [], []
    for keep in KEEP:
        channel = MaskedExtractive(keep)
        values.append(float(ChannelMI(channel, n_samples=2, random_state=seed).estimate(contexts)))
        drawn = [channel.sample(rows[i], None, 1, rng)[0] for i in test]
        accuracies.append(probe.score(_bags(drawn, known), np.array(labels)[test]))
    rank = float(spearmanr(values, accuracies)[0])
    fit = RateDistortion().fit(np.array(values) / WORDS, 1 - np.array(accuracies)).r2_
    return [
        Check("3. text: Spearman of information and accuracy of a topic probe", rank, 0.9, rank > 0.9),
        Check("3. text: R2 of the rate-distortion curve", fit, 0.8, fit > 0.8),
    ]


def boilerplate(seed: int, n: int) -> tuple[list[Check], str]:
    rng = np.random.default_rng([seed, 5])
    contexts = [tuple(row) for row in rng.integers(LEVELS, size=(64, SLOTS)).tolist()]
    plain, long = (
        ChannelMI(MaskedExtractive(0.4, boilerplate=extra), random_state=seed).estimate(contexts)
        for extra in (0, 40)
    )
    text = text_codes(" ".join(topics[name] for name in sorted(topics)))
    density = PPMDensity().fit(text[:150_000], 27)
    starts = 160_000 + 5_000 * np.arange(n)
    blocks = [text[s : s + 80] for s in starts]
    meter = ChannelMI(CharacterChannel(density, length=30), n_samples=1, random_state=seed)
    written = [CharacterChannel(density, length=30).sample(x, None, 1, rng) for x in blocks]
    short = meter.estimate(blocks, summaries=written)
    note = text_codes(" end of summary")
    meter.scorer = CharacterChannel(density, length=30, boilerplate=note)
    padded = meter.estimate(blocks, summaries=written)
    off = abs(float(plain) - float(long))
    moved = abs(float(short) - float(padded))
    rate = long.details["bits_per_token"] / plain.details["bits_per_token"]
    share = padded.details["bits_per_token"] / short.details["bits_per_token"]
    return [
        Check("4. boilerplate, extractive: information moved", off, 0.02, off <= 0.02),
        Check("4. boilerplate, extractive: share of bits a token left", rate, 0.5, rate < 0.5),
    ], (
        f" Told and not checked: a character model that learns from its context scores boilerplate it did "
        f"not write; its information moves by {moved:.3f} nats, and {share:.0%} of the "
        "bits a token are left."
    )


def _gaussian_scores(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Return scores of contexts of variance 1 and summaries with noise of variance 1/4."""
    x = rng.normal(size=n)
    z = x[:, None] + 0.5 * rng.normal(size=(n, m))
    return np.asarray(-2.0 * (z[:, :, None] - x) ** 2)


def _probe(channel: MaskedExtractive, attributes: np.ndarray, y: np.ndarray, seed: int) -> float:
    """Return the test accuracy of a linear classifier that sees summaries only, in training too."""
    rng = np.random.default_rng([seed, 6])
    drawn = [channel.sample(row, None, 1, rng)[0] for row in attributes.tolist()]
    codes = np.array([[LEVELS if v is None else v for v in z] for z in drawn])
    seen = np.eye(LEVELS + 1)[codes].reshape(len(codes), -1)
    half = 2 * len(seen) // 3
    return float(LogisticRegression(max_iter=300).fit(seen[:half], y[:half]).score(seen[half:], y[half:]))


def _bags(rows: Sequence[Sequence[Any]], known: dict[str, int]) -> np.ndarray:
    """Return counts of words, masks left out."""
    found = np.zeros((len(rows), len(known)))
    for i, row in enumerate(rows):
        for word in row:
            if word is not None:
                found[i, known[word]] += 1
    return found
