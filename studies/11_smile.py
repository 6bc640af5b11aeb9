"""SMILE and its relatives: with the true density ratio, trained on Gaussian steps, asked for consistency.

The spreads that are compared after training are those of the bounds of one critic that a classifier's loss
trained, as in the published comparison: 2,000 steps at I = 10 alone give SMILE 0.47 to 0.51 and NWJ 12 to
16 on two seeds, where 0.51 and 13.9 are published. Only such a critic comes near the density ratio, of
which theory says that NWJ spreads and SMILE does not. One that NWJ itself trains stays at 2 to 4 nats of
10, so that its spread, 0.6 to 10, is told in the note and tells little. The errors that are compared are of
critics that each objective trained for itself.

The independence of shuffled views is asked of the critics as they are trained. `SMILE` and `InfoNCE` give 0
where a critic found nothing on held-out rows, which would pass without a look at the critic.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch

from adami.estimators import (
    KSG,
    SMILE,
    InfoNCE,
    InfoNCELoss,
    JSLoss,
    NWJLoss,
    SeparableCritic,
    SMILELoss,
    js_objective,
    mi_bounds,
    self_consistency,
)
from adami.estimators._critic_readout import read
from adami.estimators._nets.critic_training import scorer
from studies._ratio_theory import DIM, correlation
from studies._true_ratio import true_ratio
from studies.study import Check, Scale, StudyResult

LEVELS = (2.0, 4.0, 6.0, 8.0, 10.0)


def run(scale: Scale, seed: int) -> StudyResult:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        quick = scale == "quick"
        table, source = true_ratio(seed, *((200, 120) if quick else (4000, 400)))
        steps, errors, note = gaussian_steps(seed, quick)
        gradient = gradients(seed)
        consistency, said = consistent(seed, quick)
    finally:
        torch.set_num_threads(threads)
    checks = (*table, *steps, gradient, *consistency)
    ours, baseline = errors["smile"], min(errors["nwj"], errors["infonce"])
    return StudyResult(
        claim="clipping the density ratio gives the best bias and variance together at large information",
        metric="root mean squared error in nats over batches of 64, 20-d Gaussians"
        + (", mean over I = 4, 10" if quick else ", mean over I = 2, 4, 6, 8, 10"),
        ours=ours,
        baseline=baseline,
        bar=baseline,
        holds=all(c.holds for c in checks),
        note=f"Baseline is the better of NWJ and InfoNCE with the same critic. {note} {source} {said}",
        checks=checks,
    )


def gaussian_steps(seed: int, quick: bool) -> tuple[tuple[Check, ...], dict[str, float], str]:
    """Train a separable critic by each objective on fresh batches, level after level."""
    losses = {"smile": JSLoss, "nwj": NWJLoss, "infonce": InfoNCELoss}
    levels, steps, last = ((4.0, 10.0), 1000, 400) if quick else (LEVELS, 2000, 400)
    hidden = (128, 128) if quick else (256, 256, 256)
    read = {name: _trained(losses[name], levels, steps, last, seed, hidden) for name in losses}
    values = {name: [at[name] for at in found] for name, found in read.items()}
    errors = {
        name: float(np.mean([np.sqrt(np.mean((v[i] - level) ** 2)) for i, level in enumerate(levels)]))
        for name, v in values.items()
    }
    top = {name: v[-1] for name, v in values.items()}
    smile, nwj, infonce = (
        float(top["smile"].mean()),
        float(read["smile"][-1]["js_nwj"].std()),
        float(top["infonce"].mean()),
    )
    highest = float(max(v.max() for v in values["infonce"]))
    spread = float(top["smile"].std())
    checks = (
        Check("2. I = 10: deviation of SMILE over the last batches", spread, 1.0, spread < 1),
        Check("2. I = 10: deviation of NWJ of the same critic over the same batches", nwj, 3.0, nwj > 3),
        Check(
            "2. highest InfoNCE of any batch, against ln 64",
            highest,
            math.log(64),
            highest <= math.log(64) + 1e-5,
        ),
        Check("2. I = 10: SMILE at least", smile, 6.0, smile >= 6),
        Check("2. I = 10: InfoNCE below", infonce, 4.2, infonce < 4.2),
        Check(
            "2. error of SMILE below those of NWJ and InfoNCE",
            errors["smile"],
            min(errors["nwj"], errors["infonce"]),
            errors["smile"] < min(errors["nwj"], errors["infonce"]),
        ),
    )
    own = read["nwj"][-1]["nwj"]
    note = "Errors: " + ", ".join(f"{name} {e:.2f}" for name, e in errors.items()) + " nats. "
    note += f"At I = 10 a critic trained by NWJ says {own.mean():.1f} with a deviation of {own.std():.1f}."
    return checks, errors, note


def _trained(
    loss_of: Any,
    levels: tuple[float, ...],
    steps: int,
    last: int,
    seed: int,
    hidden: tuple[int, ...],
) -> list[dict[str, np.ndarray]]:
    """Return the values of the last batches at each level, by read-out."""
    out = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        loss = loss_of(SeparableCritic(DIM, DIM, hidden))
        optimizer = torch.optim.Adam(loss.parameters(), 5e-4, fused=True)
        for level in levels:
            rho = correlation(level)
            seen = []
            for step in range(steps):
                x = torch.randn(64, DIM)
                y = rho * x + math.sqrt(1 - rho**2) * torch.randn(64, DIM)
                optimizer.zero_grad()
                scores = loss.critic(x, y)
                loss.of_scores(scores).backward()
                optimizer.step()
                if step >= steps - last:
                    seen.append({name: float(v) for name, v in mi_bounds(scores.detach()).items()})
            out.append({name: np.array([at[name] for at in seen]) for name in seen[0]})
    return out


def gradients(seed: int) -> Check:
    generator = torch.Generator().manual_seed(seed)
    scores = (4 * torch.randn(64, 64, generator=generator, dtype=torch.float64)).requires_grad_()
    (found,) = torch.autograd.grad(SMILELoss(torch.nn.Identity(), 5.0).of_scores(scores), scores)
    (wanted,) = torch.autograd.grad(-js_objective(scores), scores)
    off = float((found - wanted).abs().max())
    return Check("3. gradient of SMILE's loss off that of its objective", off, 1e-7, off <= 1e-7)


class AfterPCA:
    """KSG of the leading principal components of x and y."""

    name = "ksg after PCA"

    def __init__(self, components: int = 3) -> None:
        self.components = components

    def estimate(self, x: Any, y: Any) -> float:
        from sklearn.decomposition import PCA

        parts = [PCA(min(self.components, v.dim), random_state=0).fit_transform(v.numbers) for v in (x, y)]
        return KSG(3).estimate(*parts).value


class EveryCritic:
    """A variational estimator whose critics are all read out, also where one found nothing."""

    def __init__(self, method: SMILE | InfoNCE) -> None:
        self.method = method
        self.name = method.name

    def estimate(self, x: Any, y: Any) -> float:
        fitted = self.method.fit(x, y)
        a, b = (columns.table(v) for columns, v in zip(fitted.columns_, (x, y)))
        size, how = fitted._readout_batch(), fitted._how()
        parts = [
            (len(c.held), read(scorer(c.loss, a[c.held], b[c.held]), len(c.held), size, how, fitted.tau))
            for c in fitted.critics_
        ]
        return sum(rows * reading.value for rows, reading in parts) / sum(rows for rows, _ in parts)


def consistent(seed: int, quick: bool) -> tuple[tuple[Check, ...], str]:
    """Ask three estimators for consistency on digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    images = load_digits().images
    settings = (
        {"hidden": (32,), "steps": 100, "every": 25, "learning_rate": 3e-3}
        if quick
        else {"hidden": (128, 128), "steps": 500, "every": 50, "learning_rate": 1e-3}
    )
    settings["random_state"] = seed
    began = time.process_time()
    checks, said = [], []
    for method in (AfterPCA(), EveryCritic(SMILE(**settings)), EveryCritic(InfoNCE(**settings))):
        report = self_consistency(
            method, images, rows=(8,) if quick else (2, 4, 6, 8), noise=0.25, random_state=seed
        )
        worst = max(abs(a.ratio) for a in report.answers if a.question == "independence")
        checks.append(
            Check(
                f"4. digits, {report.method}: information of shuffled views, share of the whole",
                worst,
                0.15,
                worst <= 0.15,
            )
        )
        passed = [q for q, ok in report.passed.items() if ok]
        said.append(f"{report.method} passes {', '.join(passed) or 'nothing'}")
    spent = time.process_time() - began
    checks.append(Check("4. CPU-seconds of the three suites", spent, 300.0, spent <= 300))
    return tuple(checks), "On digits with noise of 0.25 deviations " + "; ".join(said) + "."
