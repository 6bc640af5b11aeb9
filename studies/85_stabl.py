"""StABL: regret in bursts of a changed world, against EXP3 and EXP3.S tuned to the horizon."""

from __future__ import annotations

import numpy as np

from adami.acquisition import EXP3, StABL, simulate
from adami.acquisition._restarts import draw, estimated_losses, laws
from adami.acquisition.environments import SwitchingBandit
from studies.study import Check, Scale, StudyResult

ARMS = 8
BURST = 1024
SIGMAS = 3.0
DRAWS = 1_000_000
"""Ten times those that were asked for; the exact mean over all pairs of looks is the sharper check."""


def run(scale: Scale, seed: int) -> StudyResult:
    horizons = (2**13, 2**15) if scale == "quick" else (2**13, 2**15, 2**17)
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(8)]
    found = {t: _bursts(t, seeds) for t in horizons}
    first, last = horizons[0], horizons[-1]
    ours = {t: found[t]["StABL"] for t in horizons}
    # the growth of EXP3.S with the horizon is what the bar at 2^17 rests on
    share = 0.65 if last == 2**17 else 0.85
    growth = ours[last] / ours[first]
    against = ours[last] / found[last]["EXP3.S"]
    classical = max(ours[t] / found[t]["EXP3"] for t in horizons)
    worst = max(_bias(seed, both, DRAWS) for both in (True, False))
    exact = max(_exact_bias(seed, both) for both in (True, False))
    calm, bound = _stationary(seeds, 2**13 if scale == "quick" else 2**15)
    checks = (
        Check(f"1. first burst, regret at T = {last} by that at {first}", growth, 1.6, growth <= 1.6),
        Check(f"1. first burst, regret by that of EXP3.S at T = {last}", against, share, against <= share),
        Check("1. first burst, regret by that of EXP3, largest over T", classical, 0.6, classical <= 0.6),
        Check(
            "2. mean of estimated losses over all pairs of looks, exactly: error",
            exact,
            1e-12,
            exact <= 1e-12,
        ),
        Check(
            "2. mean of 1e6 draws: largest of 16 errors, in standard errors", worst, SIGMAS, worst <= SIGMAS
        ),
        Check("3. losses that stay: regret by sqrt(n T ln n)", calm / bound, 4, calm <= 4 * bound),
    )
    table = "; ".join(
        f"T = {t}: " + ", ".join(f"{name} {value:.0f}" for name, value in found[t].items()) for t in horizons
    )
    return StudyResult(
        claim="with one more look a round, a bandit adapts to every interval: its regret in a burst hardly "
        "grows with the horizon",
        metric=f"regret in the first burst of {BURST} rounds, T = {last}",
        ours=ours[last],
        baseline=found[last]["EXP3.S"],
        bar=share * found[last]["EXP3.S"],
        holds=all(c.holds for c in checks),
        note=(
            f"{ARMS} arms, 8 seeds, losses of 0 and 1; quiet with arm 0 better by 0.3, bursts at T/2 and "
            f"3T/4 with another arm better by 0.8. First burst: {table}. EXP3.S knows the number of changes. "
            + ("" if share == 0.65 else "The bar of 0.65 belongs to T = 2^17, which runs at the full scale. ")
        ),
        checks=checks,
    )


def _world(horizon: int) -> SwitchingBandit:
    """Quiet, a burst at T/2, quiet, a burst at 3T/4, quiet."""
    quiet = np.full(ARMS, 0.5)
    quiet[0] = 0.2
    bursts = np.full((2, ARMS), 0.9)
    bursts[0, 3] = bursts[1, 6] = 0.1
    gap = horizon // 4 - BURST
    means = [quiet, bursts[0], quiet, bursts[1], quiet]
    return SwitchingBandit([horizon // 2, BURST, gap, BURST, gap], means)


def _bursts(horizon: int, seeds: list[int]) -> dict[str, float]:
    """Return the mean regret in the first burst of each policy."""
    policies = {
        "StABL": StABL(ARMS, horizon),
        "EXP3.S": EXP3(ARMS, horizon, switches=4),
        "EXP3": EXP3(ARMS, horizon),
    }
    world, at = _world(horizon), horizon // 2 // BURST
    found = {}
    for name, policy in policies.items():
        # what comes after the first burst does not change it
        curves = simulate(policy, world, seeds, rounds=horizon // 2 + BURST, looks=at + 1)
        found[name] = float((curves.regret[:, at] - curves.regret[:, at - 1]).mean())
    return found


def _bias(seed: int, both_looks: bool, draws: int) -> float:
    """Return how far the mean of the estimates lies from the losses, in standard errors."""
    rng = np.random.default_rng([seed, int(both_looks)])
    scores, weights = rng.normal(size=(1, 4, ARMS)), rng.random((1, 4))
    losses = rng.random(ARMS)
    now = laws(np.repeat(scores, draws, 0), np.repeat(weights, draws, 0))
    queries = np.stack([draw(now.play, rng.random(draws)), draw(now.look, rng.random(draws))], axis=1)
    found = estimated_losses(now, queries, losses[queries], both_looks)
    errors = (found.mean(0) - losses) / (found.std(0, ddof=1) / np.sqrt(draws))
    return float(np.abs(errors).max())


def _exact_bias(seed: int, both_looks: bool) -> float:
    """Return the largest error of the mean over all pairs of looks, each with its chance."""
    rng = np.random.default_rng([seed, 2])
    losses, pairs = rng.random(ARMS), ARMS**2
    now = laws(np.repeat(rng.normal(size=(1, 4, ARMS)), pairs, 0), np.repeat(rng.random((1, 4)), pairs, 0))
    queries = np.stack(np.divmod(np.arange(pairs), ARMS), axis=1)
    chances = (now.play[0][:, None] * now.look[0]).ravel()
    mean = chances @ estimated_losses(now, queries, losses[queries], both_looks)
    return float(np.abs(mean - losses).max())


def _stationary(seeds: list[int], horizon: int) -> tuple[float, float]:
    world = SwitchingBandit([horizon], [[0.2, *[0.5] * (ARMS - 1)]])
    curves = simulate(StABL(ARMS, horizon), world, seeds, rounds=horizon, looks=1)
    return float(curves.regret.mean()), float(np.sqrt(ARMS * horizon * np.log(ARMS)))
