"""CPU time of one training step of a critic, beside SMILE's own code and bmi's.

python -m benchmarks.critics --smile FOLDER    # a checkout of the authors' repository, with estimators.py
python -m benchmarks.critics --bmi PYTHON      # an interpreter that has benchmark-mi
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmarks._harness import Case

DIM, HIDDEN, EMBEDDED, RATE = 20, 256, 32, 5e-4
ROUNDS = 5

BMI = """
import sys, time
import jax, jax.numpy as jnp, numpy as np
from bmi.estimators.neural import {name} as Estimator
dim, batch, steps = {dim}, {batch}, {steps}
rng = np.random.default_rng(0)
x = rng.normal(size=(8000, dim)); y = 0.5 * x + rng.normal(size=(8000, dim))
def run(n):
    begin = time.process_time()
    Estimator(batch_size=batch, max_n_steps=n, train_test_split=0.5, hidden_layers=(256, 256),
              learning_rate=5e-4, verbose=False, test_every_n_steps=100000).estimate(x, y)
    return time.process_time() - begin
run(20)
short, long = run(20), run(20 + steps)
print((long - short) / steps)
"""


def cases() -> list[Case]:
    """Return nothing: the peers are no installed packages, so this file is run by itself."""
    return []


def main() -> int:
    """Time all contestants in turn and print one row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.critics", description=__doc__)
    parser.add_argument("--smile", type=Path, help="folder with the authors' estimators.py and utils.py")
    parser.add_argument("--bmi", type=Path, help="Python interpreter with benchmark-mi installed")
    parser.add_argument("--batch", type=int, default=64)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    print("| critic | objective | who | ms a step | times ours |")
    print("| --- | --- | --- | ---: | ---: |")
    for critic, count in (("separable", 60), ("joint", 6)):
        for objective in ("smile", "infonce", "nwj"):
            running = {"adami": _ours(critic, objective, chosen.batch)}
            if chosen.smile is not None:
                running["SMILE's code"] = _theirs(chosen.smile, critic, objective, chosen.batch)
            times = _times(running, count)
            for who, seconds in times.items():
                ratio = statistics.median(t / own for t, own in zip(seconds, times["adami"]))
                spent = 1e3 * statistics.median(seconds)
                print(f"| {critic} | {objective} | {who} | {spent:.2f} | {ratio:.2f} |")
    if chosen.bmi is not None:
        _beside_bmi(chosen.bmi)
    return 0


def _ours(critic: str, objective: str, batch_size: int) -> Callable[[int], float]:
    import torch

    from adami.estimators import InfoNCELoss, JSLoss, NWJLoss
    from adami.estimators._nets.critics import make_critic
    from adami.estimators._nets.fit import batch, fit

    loss_of = {"smile": JSLoss, "infonce": InfoNCELoss, "nwj": NWJLoss}[objective]
    loss = loss_of(make_critic(critic, DIM, DIM, (HIDDEN,) * 3))
    x = torch.randn(10_000, DIM)
    y = 0.5 * x + torch.randn(10_000, DIM)

    def draw(generator: torch.Generator) -> torch.Tensor:
        rows = batch(len(x), batch_size, generator)
        return loss(x[rows], y[rows])

    def run(steps: int) -> float:
        begin = time.process_time()
        # as these objectives are trained in the estimators
        fit(loss, draw, steps=steps, learning_rate=RATE, clip=1.0 if objective == "nwj" else None)
        return (time.process_time() - begin) / steps

    return run


def _theirs(folder: Path, critic: str, objective: str, batch_size: int) -> Callable[[int], float]:
    import torch

    peer, parts = _load(folder / "estimators.py"), _load(folder / "utils.py")
    # the published functions name a GPU by default
    peer.logmeanexp_nodiag.__defaults__ = (None, "cpu")
    if critic == "separable":
        network = parts.SeparableCritic(DIM, HIDDEN, EMBEDDED, 2, "relu")
    else:
        network = parts.ConcatCritic(DIM, HIDDEN, 2, "relu")
    bound = {
        "smile": lambda f: peer.smile_lower_bound(f, 5.0),
        "infonce": peer.infonce_lower_bound,
        "nwj": peer.nwj_lower_bound,
    }[objective]
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)

    def step() -> None:
        optimizer.zero_grad()
        value = bound(network(*parts.sample_correlated_gaussian(0.5, DIM, batch_size)))
        (-value).backward()
        optimizer.step()
        value.item()

    def run(steps: int) -> float:
        begin = time.process_time()
        for _ in range(steps):
            step()
        return (time.process_time() - begin) / steps

    return run


def _beside_bmi(python: Path) -> None:
    """Time MINE with the same layers and batch in bmi's own interpreter, and ours before and after it."""
    import torch

    from adami.estimators import JointCritic, MINELoss
    from adami.estimators._nets.fit import batch, fit

    x = torch.randn(4000, DIM)
    y = 0.5 * x + torch.randn(4000, DIM)
    size, steps = 256, 200
    loss = MINELoss(JointCritic(DIM, DIM, (256, 256)), shifts=1)

    def draw(generator: torch.Generator) -> torch.Tensor:
        rows = batch(len(x), size, generator)
        return loss(x[rows], y[rows])

    def ours() -> float:
        begin = time.process_time()
        fit(loss, draw, steps=steps, learning_rate=RATE)
        return (time.process_time() - begin) / steps

    script = BMI.format(name="MINEEstimator", dim=DIM, batch=size, steps=steps)
    mine, theirs = [], []
    for _ in range(3):
        mine.append(ours())
        theirs.append(float(subprocess.check_output([str(python), "-c", script], text=True).split()[-1]))
    ratio = statistics.median(t / own for t, own in zip(theirs, mine))
    print(f"| joint, batch 256 | mine | adami | {1e3 * statistics.median(mine):.2f} | 1.00 |")
    print(f"| joint, batch 256 | mine | bmi | {1e3 * statistics.median(theirs):.2f} | {ratio:.2f} |")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"peer_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _times(running: dict[str, Callable[[int], float]], count: int) -> dict[str, list[float]]:
    """Time contestants in turn, round by round, so that a busy machine hits all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in running}
    for run in running.values():
        run(max(2, count // 5))
    for _ in range(ROUNDS):
        for name, run in running.items():
            times[name].append(run(count))
    return times


if __name__ == "__main__":
    raise SystemExit(main())
