"""Paper 114: the account of training, held against a real coder, and what it says about sizes."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np

from adami.exact import (
    InformationLedger,
    KrichevskyTrofimov,
    arithmetic_encode,
    entropy_rate,
    landauer_joules,
    quantization_ok,
    scaling_capacity,
    solve_ic1,
)
from studies.study import Check, Scale, StudyResult

STATES = 8
LENGTHS = (1_000, 10_000, 100_000, 200_000)
SIZES = (2, 3, 4, 5, 6, 8)


def text(n: int) -> list[int]:
    """Return bytes of real text: what scikit-learn says about its data sets, or Python about itself."""
    if n <= 20_000:
        from sklearn import datasets

        loaders = (datasets.load_breast_cancer, datasets.load_diabetes, datasets.load_digits)
        words = "\n".join(load().DESCR for load in (*loaders, datasets.load_wine, datasets.load_iris))
    else:
        from pydoc_data.topics import topics

        words = "\n".join(topics.values())
    return list(words.encode())[:n]


def conservation(tokens: list[int], order: int) -> tuple[float, float]:
    """Return by how many bits the account misses the saving of a real coder, and so in the paper's units."""
    model = KrichevskyTrofimov(256, order)
    lengths = model.code_lengths(tokens)
    ledger = InformationLedger(256 ** (order + 1), 32, vocab_size=256)
    paper = InformationLedger(256 ** (order + 1), 32, vocab_size=256, unit="paper")
    with warnings.catch_warnings():
        # the table of single bytes is so small that eta passes 1, as it should
        warnings.simplefilter("ignore", UserWarning)
        for part in np.array_split(lengths, 20):
            ledger.update(part)
            paper.update(part * math.log(2))
    saved = 8 * len(tokens) - 8 * len(arithmetic_encode(tokens, model))
    return abs(ledger.transferred_bits - saved), abs(paper.transferred_bits - saved)


@dataclass(frozen=True)
class Learnt:
    """A source and what a counting code made of it."""

    rate: float
    loss: dict[int, float]
    regret: dict[int, float]
    eta: dict[int, float]
    warned: dict[int, bool]
    rise: dict[int, float]
    rise_nearest: dict[int, float]


def learn(seed: int, length: int) -> Learnt:
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(STATES, 0.3), size=STATES)
    ends = [row.cumsum()[:-1] for row in rows]
    states = [0]
    for u in rng.random(length - 1).tolist():
        states.append(int(ends[states[-1]].searchsorted(u, side="right")))
    tokens = np.array(states)
    own = np.concatenate([[math.log2(STATES)], -np.log2(rows[tokens[:-1], tokens[1:]])])
    coded = KrichevskyTrofimov(STATES).code_lengths(tokens)
    loss, regret, eta, warned = {}, {}, {}, {}
    for n in (n for n in LENGTHS if n <= length):
        ledger = InformationLedger(STATES**2, 32, vocab_size=STATES)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ledger.update(coded[:n])
        loss[n], eta[n], warned[n] = ledger.loss_bits, ledger.eta, bool(caught)
        regret[n] = ledger.regret_bits(own[:n])
    counts = np.full((STATES, STATES), 0.5)
    np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
    return Learnt(float(entropy_rate(rows, base=2)), loss, regret, eta, warned, *rises(counts))


def rises(counts: np.ndarray) -> tuple[dict[int, float], dict[int, float]]:
    """Return by how many bits a token costs more once the table's logarithms stand on an even grid.

    First with each row rounded to the best of its neighbours on the grid, then each entry to its nearest.
    """
    table = np.log2(counts / counts.sum(axis=1, keepdims=True))
    weights = counts / counts.sum()
    choices = np.array(list(product((0, 1), repeat=STATES)))
    best, nearest = {}, {}
    for bits in SIZES:
        step = (table.max() - table.min()) / (2**bits - 1)
        places = (table - table.min()) / step
        low = np.minimum(np.floor(places), 2**bits - 2)
        best[bits] = sum(
            float(cost(step * (low[i] + choices), table[i], weights[i]).min()) for i in range(STATES)
        )
        nearest[bits] = sum(
            float(cost(step * np.round(places[i]), table[i], weights[i])) for i in range(STATES)
        )
    return best, nearest


def cost(rounded: np.ndarray, row: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what a row loses when it is read from rounded logarithms, normalised again."""
    logs = rounded - np.log2(np.exp2(rounded).sum(axis=-1, keepdims=True))
    return np.asarray((weights * (row - logs)).sum(axis=-1))


def run(scale: Scale, seed: int) -> StudyResult:
    quick = scale == "quick"
    tokens = text(20_000 if quick else 200_000)
    missed = {order: conservation(tokens, order) for order in (0, 1, 2)}
    ours, mixed = missed[1]
    paper, in_bits = scaling_capacity(unit="paper"), scaling_capacity()
    plan = solve_ic1(eta=0.2, N=7e9 * 16, H=10.0, L=2.0)
    joules = landauer_joules(plan.transferred_bits, 300)
    learnt = [learn(seed + i, LENGTHS[-1]) for i in range(20 if quick else 40)]
    # a tenfold of few tokens differs from source to source, and more sources are cheap there
    short = [learn(seed + 1000 + i, 10_000) for i in range(100 if quick else 400)]

    def mean(values: list[float]) -> float:
        return float(np.mean(values))

    regret = {n: mean([s.regret[n] for s in learnt]) for n in LENGTHS}
    eta = {n: mean([s.eta[n] for s in learnt]) for n in LENGTHS}
    rise = {b: mean([s.rise[b] for s in learnt]) for b in SIZES}
    below = mean([float(s.rise_nearest[6] < 1e-3) for s in learnt])
    nearest = {b: mean([s.rise_nearest[b] for s in learnt]) for b in SIZES}
    per_entry = regret[200_000] / STATES**2
    allowed = [b for b in SIZES if quantization_ok(per_entry / 32, 32, b)]
    naive = [b for b in SIZES if quantization_ok(eta[200_000], 32, b)]
    decades = (mean([s.regret[10_000] - s.regret[1_000] for s in short]), regret[100_000] - regret[10_000])
    gap = mean([abs(s.loss[100_000] - s.rate) for s in learnt])
    right = mean([float(s.warned[n] == (s.eta[n] > 1)) for s in learnt for n in LENGTHS])
    above = min(s.eta[n] for s in learnt for n in LENGTHS[1:])
    checks = (
        Check(
            "N/D of the scaling laws", paper.bits_per_token, 26.07, abs(paper.bits_per_token - 26.07) < 0.01
        ),
        Check("lowest eta of the paper", paper.eta_low, 0.115, abs(paper.eta_low - 0.115) < 5e-4),
        Check("highest eta of the paper", paper.eta_high, 0.268, abs(paper.eta_high - 0.268) < 6e-4),
        Check(
            "lowest eta with nats turned into bits",
            in_bits.eta_low,
            0.166,
            abs(in_bits.eta_low - 0.166) < 5e-4,
        ),
        Check("highest eta in bits", in_bits.eta_high, 0.387, abs(in_bits.eta_high - 0.387) < 5e-4),
        Check(
            "least energy of 7e9 16-bit parameters, 1e-11 J",
            joules * 1e11,
            6.43,
            abs(joules * 1e11 - 6.43) < 0.01,
        ),
        Check("tokens for them, 1e9", plan.D / 1e9, 2.8, abs(plan.D / 1e9 - 2.8) < 1e-6),
        *(
            Check(f"account against the real coder, contexts of {k} bytes (bits)", miss, 32, miss <= 32)
            for k, (miss, _) in missed.items()
        ),
        Check("loss of 1e5 tokens less the entropy rate (bits)", gap, 0.02, gap <= 0.02),
        Check("regret from 1e3 to 1e4 tokens (bits)", decades[0], 80, 80 <= decades[0] <= 100),
        Check("regret from 1e4 to 1e5 tokens (bits)", decades[1], 80, 80 <= decades[1] <= 100),
        Check("eta of D (H - L) at 1e3 tokens", eta[1_000], 1, eta[1_000] < 1),
        Check("least such eta from 1e4 tokens on (no parameter holds that)", above, 1, above > 1),
        Check("share of ledgers that warn when and only when eta is above 1", right, 1, right == 1),
        Check(
            "least bits per entry that the regret allows",
            min(allowed, default=0),
            6,
            min(allowed, default=0) == 6,
        ),
        *(
            Check(f"loss rise at {b} bits, allowed (bits/token)", rise[b], 1e-3, rise[b] < 1e-3)
            for b in allowed
        ),
        *(Check(f"loss rise at {b} bits (bits/token)", rise[b], 1e-2, rise[b] > 1e-2) for b in (2, 3, 4)),
        Check(
            "sizes up to 8 bits that D (H - L) would allow (8 bits do)",
            len(naive),
            0,
            not naive and rise[8] < 1e-3,
        ),
    )
    shown = [8, 6, 5, 4, 2]
    note = (
        "Baseline: the same account in the paper's units, nats set next to bits. The equation is an identity "
        "that defines eta. What was learnt is the regret; it grows with the logarithm of the tokens: "
        f"{', '.join(f'{regret[n]:.0f}' for n in LENGTHS)} bits at 1e3, 1e4, 1e5, 2e5 tokens, while eta of "
        f"D (H - L) is {', '.join(f'{eta[n]:.3g}' for n in LENGTHS)}. Logarithms are rounded on an even "
        "grid, each row to the best of its neighbours. Rounding each entry to its nearest costs "
        f"{', '.join(f'{nearest[b]:.2g}' for b in shown)} bits a token at {', '.join(map(str, shown))} bits "
        f"({below:.0%} of sources stay below 0.001 at 6): the condition is necessary, not sufficient. "
        f"Means of {len(learnt)} random sources, and of {len(short)} for the first tenfold."
    )
    return StudyResult(
        claim="eta N = D (H - L): what the account says was transferred is what a real adaptive coder saves",
        metric="bits by which the account misses the saving of an arithmetic coder on real text",
        ours=ours,
        baseline=mixed,
        bar=32,
        holds=ours <= 32 and all(c.holds for c in checks),
        note=note,
        checks=checks,
    )
