"""Paper 16: the information of small margins as a stand-in for that of all variables, and its maximizers."""

from __future__ import annotations

import itertools
import math

import numpy as np

from adami.exact import (
    FactorizedMIMaximizer,
    factorized_mi,
    fmi_maximizers,
    maximize_fmi,
    mutual_information,
    total_correlation,
)
from studies.study import Check, Scale, StudyResult

PAIRS = [(0, 1), (0, 2), (1, 2)]
CHAIN = [(0, 1), (1, 2)]
FULL = [(0, 1, 2)]
BIPARTITE = [(0, 2), (0, 3), (1, 2), (1, 3)]
MATCHED = [(0, 2), (1, 3)]


def run(scale: Scale, seed: int) -> StudyResult:
    rng = np.random.default_rng(seed)
    quick = scale == "quick"
    n = 5 if quick else 7
    most = (n - 1) * math.log(2)
    chain = [(i, i + 1) for i in range(n - 1)]
    searches = [
        maximize_fmi((2,) * n, margins, restarts=20 if quick else 50, random_state=rng)
        for margins in (chain, [tuple(range(n))])
    ]
    ours, baseline = (max(float(total_correlation(p)) for p in found.pmfs) / most for found in searches)
    ended = [float(np.mean(found.trace > found.bound - 1e-4)) for found in searches]
    bar = 1 - 1e-4
    checks = (
        *_binary(rng),
        *_known_values(rng, 10_000),
        *_conditions(rng, 4 if quick else 6),
        *_blocks(rng),
        *_false_claims(),
    )
    return StudyResult(
        claim="maximizing the information of a connected set of pairs maximizes the multi-information",
        metric=f"multi-information of the best law found for {n} bits, share of its maximum",
        ours=ours,
        baseline=baseline,
        bar=bar,
        holds=ours >= bar and all(c.holds for c in checks),
        note=f"Ours maximizes {n - 1} pairs of {4 * (n - 1)} cells in all, the baseline the "
        f"multi-information of {2**n} cells itself; {ended[0]:.0%} and {ended[1]:.0%} of their random "
        "starts end in a maximum. The functional has local maxima, so where theory says that the bound is "
        "attained its law is taken instead of a search.",
        checks=checks,
    )


def _binary(rng: np.random.Generator) -> tuple[Check, ...]:
    checks = []
    for name, margins in (("pairs", PAIRS), ("a chain", CHAIN), ("all", FULL)):
        found = maximize_fmi((2, 2, 2), margins, restarts=30, random_state=rng)
        best = found.pmfs[found.trace > found.bound - 1e-4]
        different = len({tuple((2 * p).round().astype(int).ravel()) for p in best})
        off = found.bound - found.value
        described = fmi_maximizers((2, 2, 2), margins)
        copied = float(np.mean([total_correlation(p) for p in best]))
        gap = abs(copied - 2 * math.log(2))
        checks += [
            Check(f"three bits, {name}: nats below the bound", off, 1e-4, abs(off) <= 1e-4),
            Check(f"three bits, {name}: different maximizers of 30 searches", different, 4, different == 4),
            Check(
                f"three bits, {name}: maximizers by the description",
                described.count or 0,
                4,
                described.count == 4,
            ),
            Check(f"three bits, {name}: nats of multi-information off its maximum", gap, 1e-3, gap <= 1e-3),
        ]
    return tuple(checks)


def _known_values(rng: np.random.Generator, laws: int) -> tuple[Check, ...]:
    checks = []
    known = (
        ("all of (2, 3, 3)", (2, 3, 3), FULL, 2 * math.log(1 + math.sqrt(2))),
        ("pairs of (2, 3, 3)", (2, 3, 3), PAIRS, math.log(1 + 2 ** (1 / 3))),
        ("all of (2, 3, 4)", (2, 3, 4), FULL, math.log(6)),
    )
    for name, sizes, margins, value in known:
        best = FactorizedMIMaximizer(sizes, margins, restarts=20, random_state=rng).fit()
        off = abs(best.value_ - value)
        # from nearly uniform to nearly deterministic laws
        spread = 10 ** rng.uniform(-2, 1, size=laws)
        draws = rng.standard_gamma(np.repeat(spread[:, None], math.prod(sizes), axis=1)) + 1e-300
        random = (draws / draws.sum(axis=1, keepdims=True)).reshape(-1, *sizes)
        highest = float(factorized_mi(random, margins, batch_dims=1, check=False).max())
        checks += [
            Check(f"{name}: nats off the known maximum", off, 1e-4, off <= 1e-4),
            Check(
                f"{name}: nats against the best of {laws:,} random laws",
                best.value_,
                highest,
                best.value_ >= highest,
            ),
        ]
    stuck = maximize_fmi((2, 3, 4), FULL, restarts=20, random_state=rng)
    checks.append(
        Check(
            "all of (2, 3, 4): theory against 20 searches, in nats",
            math.log(6),
            stuck.value,
            stuck.value <= math.log(6) + 1e-9,
        )
    )
    return tuple(checks)


def _conditions(rng: np.random.Generator, largest: int) -> tuple[Check, ...]:
    """The condition on three alphabets: a law on the bound where it holds, searches below it elsewhere."""
    off, closest = 0.0, math.inf
    for sizes in itertools.combinations_with_replacement(range(2, largest + 1), 3):
        best = FactorizedMIMaximizer(sizes, FULL, restarts=10, random_state=rng).fit()
        if sizes[2] >= sizes[0] + sizes[1] - math.gcd(sizes[0], sizes[1]):
            off = max(off, best.bound_ - best.value_)
        else:
            found = maximize_fmi(sizes, FULL, restarts=10, random_state=rng)
            closest = min(closest, best.bound_ - found.value)
    return (
        Check("nats below the bound where the condition on three alphabets holds", off, 1e-9, off <= 1e-9),
        Check("least nats below the bound where it fails", closest, 1e-3, closest >= 1e-3),
    )


def _blocks(rng: np.random.Generator) -> tuple[Check, ...]:
    copies = maximize_fmi((2,) * 4, BIPARTITE, restarts=20, random_state=rng, base=2)
    off = max(
        abs(float(mutual_information(p, (0, 1), (2, 3), base=2)) - 1)
        for p in copies.pmfs[copies.trace > copies.bound - 1e-4]
    )
    described = fmi_maximizers((2,) * 4, MATCHED, base=2)
    sampled = [described.sample(rng) for _ in range(200)]
    told = [float(mutual_information(p, (0, 1), (2, 3), base=2)) for p in sampled]
    uneven = max(abs(float(factorized_mi(p, MATCHED, base=2)) - 1) for p in sampled)
    low, high = described.information_range((0, 1), (2, 3))
    inside = max(low - min(told), max(told) - high)
    return (
        Check("all pairs between two blocks: bits of I(A;B) off 1", off, 1e-3, off <= 1e-3),
        Check("matched pairs: least bits of I(A;B) of 200 maximizers", min(told), 1.1, min(told) <= 1.1),
        Check("matched pairs: most bits of I(A;B) of 200 maximizers", max(told), 1.9, max(told) >= 1.9),
        Check("matched pairs: bits outside of the described range", inside, 1e-9, inside <= 1e-9),
        Check("matched pairs: largest change of the value, in bits", uneven, 1e-9, uneven <= 1e-9),
    )


def _false_claims() -> tuple[Check, ...]:
    described = fmi_maximizers((2,) * 4, MATCHED)
    codes = {
        "a bijection": np.eye(2) / 2,
        "a noisy code": np.array([[0.45, 0.05], [0.05, 0.45]]),
        "a constant code": np.array([[0.5, 0.0], [0.5, 0.0]]),
    }
    answers = {
        name: described.contains(np.einsum("ac,bd->abcd", code, np.eye(2) / 2))
        for name, code in codes.items()
    }
    return tuple(
        Check(
            f"whether {name} counts as a maximizer",
            answer,
            name == "a bijection",
            answer is (name == "a bijection"),
        )
        for name, answer in answers.items()
    )
